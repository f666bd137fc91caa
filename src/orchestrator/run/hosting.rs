//! What the shell makes of servers: what they say, where they are reached, and which of their calls may take longer.

use std::sync::Arc;

use tokio::time::Instant;

use crate::mcp::{ServerSpec, Signal};
use crate::orchestrator::Judged;
use crate::orchestrator::memory::Known;
use crate::orchestrator::roster::Finding;
use crate::protocol::{CallExtended, CallId, NoteLevel, ProjectJudged, ProjectVerdict, Scope};

use super::{PATIENCE, Shell, Turn};

impl Shell {
    pub(super) async fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::Happened(scope, event) => {
                let findings = self.roster.note(&event);
                self.conversation.note(&event);
                self.stage.tell(scope, event).await;
                self.act_on(findings).await;
            }
            Signal::Ended(call, end) => {
                let effects = self.end_call(call, end);
                self.carry_out(effects).await;
            }
        }
    }

    async fn act_on(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Tell(event) => self.stage.tell(Scope::default(), event).await,
                Finding::Warn(text) => self.stage.note(NoteLevel::Warning, text).await,
                Finding::Repinned(server) => {
                    let kept = self.roster.known(&server).map_or(Ok(()), |known| known.keep(&mut self.kept, &server));
                    if let Err(text) = kept {
                        self.stage.note(NoteLevel::Warning, text).await;
                    }
                }
            }
        }
        self.take_changed().await;
    }

    /// Takes the operator's word on a project's file. What may not run any more is stopped at once; its other servers move when
    /// no turn runs.
    pub(super) async fn judge(&mut self, file: String, verdict: ProjectVerdict) {
        if !self.projects.has(&file) {
            let text = format!("This project has no server file {file} that waits for a word or has one.");
            return self.stage.note(NoteLevel::Warning, text).await;
        }
        let Judged { moved, withdrawn, secrets, kept } = (self.projects.judge)(&file, verdict);
        let why = format!("you took back your yes to {file}");
        self.deltas.keep_out(secrets.clone());
        self.stage.keep_out(secrets);
        self.stage.tell(Scope::default(), ProjectJudged { file, verdict }).await;
        if let Err(reason) = kept {
            self.stage.note(NoteLevel::Warning, format!("This counts for this session only: {reason}.")).await;
        }
        // What waits to move has not been started by the file's word: whatever runs under its name is another one.
        let waits = |spec: &ServerSpec| self.moving.iter().any(|waiting| waiting.name == spec.name);
        let withdrawn: Vec<ServerSpec> = withdrawn.into_iter().filter(|spec| !waits(spec)).collect();
        for spec in &withdrawn {
            // Nobody has said anything of it yet.
            self.roster.meet(spec.name.clone(), spec.place(), Known::default());
            self.servers.withdraw(spec, &why);
        }
        self.take_changed().await;
        let moved: Vec<ServerSpec> = moved.into_iter().filter(|spec| !withdrawn.contains(spec)).collect();
        if self.turn.is_some() && !moved.is_empty() {
            self.stage.note(NoteLevel::Info, "The servers change once the running turn is over.".to_owned()).await;
        }
        // What was to move before may not do so any more.
        self.moving.retain(|before| !withdrawn.iter().chain(&moved).any(|spec| spec.name == before.name));
        self.moving.extend(moved);
    }

    /// Lets calls wait for the tools that are not what they were, as they are known now.
    async fn take_changed(&mut self) {
        if self.gate.changed != *self.roster.changed() {
            self.gate.changed = Arc::clone(self.roster.changed());
            self.gate_changed().await;
        }
    }

    /// Puts servers in the place of others between two turns, so that no call reaches another server than the one whose tool
    /// the model was offered.
    pub(super) async fn move_servers(&mut self) {
        if self.turn.is_some() || self.moving.is_empty() {
            return;
        }
        let mut warnings = Vec::new();
        for spec in std::mem::take(&mut self.moving) {
            let known = Known::of(&spec, &mut self.kept, &mut warnings);
            self.roster.meet(spec.name.clone(), spec.place(), known);
            self.servers.change(&spec);
        }
        for text in warnings {
            self.stage.note(NoteLevel::Warning, text).await;
        }
        self.gate.changed = Arc::clone(self.roster.changed());
        self.patience = Instant::now() + PATIENCE;
    }

    pub(super) async fn wait_longer(&mut self, call: CallId) {
        let server = self.turn.as_ref().and_then(|turn| turn.tool(call)).map(|tool| tool.server.clone());
        if let Some(server) = server.filter(|_| self.running.contains_key(&call)) {
            self.servers.wait_longer(&server, call);
            let timeout_ms = u64::try_from(self.servers.call_timeout(&server).as_millis()).unwrap_or(u64::MAX);
            let turn = self.turn.as_ref().map(Turn::id);
            self.stage.tell(Scope { turn, step: None, call: Some(call) }, CallExtended { timeout_ms }).await;
        }
    }

    /// Takes the tool of a held call as its server defines it now, whatever the turn began with, if that is what was seen.
    pub(super) async fn accept(&mut self, call: CallId, hash: &str) {
        let Some(tool) = self.turn.as_ref().and_then(|turn| turn.tool(call)) else { return };
        let findings = self.roster.accept(&tool.server.clone(), &tool.tool.clone(), hash);
        self.act_on(findings).await;
    }
}
