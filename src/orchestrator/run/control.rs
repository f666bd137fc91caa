//! What the operator asks of a session.

use crate::protocol::{
    Breakpoint, BreakpointsChanged, CallId, Command, ConversationCleared, Decision, Json, ModelSelected, NoteLevel,
    Scope, ServerStopped, Stepping, SteppingChanged, ToolAllowed, UserAsked,
};
use crate::query::ParseError;
use crate::session::Health;

use super::{Input, MOST_QUESTIONS, Resumed, Shell, StopReason};

impl Shell {
    pub(super) async fn obey(&mut self, command: Command) {
        match command {
            Command::Submit(question) => {
                if self.questions.len() >= MOST_QUESTIONS {
                    let attached: Vec<&str> = question.attached.iter().map(|attached| attached.uri.as_str()).collect();
                    let with = match attached.as_slice() {
                        [] => String::new(),
                        attached => format!(", with {} attached", attached.join(", ")),
                    };
                    let not_taken = format!(
                        "{MOST_QUESTIONS} questions are waiting already; this one was not taken{with}: {}",
                        question.text
                    );
                    return self.stage.note(NoteLevel::Error, not_taken).await;
                }
                self.stage.tell(Scope::default(), UserAsked { text: question.text.clone() }).await;
                self.questions.push_back(question);
            }
            Command::StopTurn if self.turn.is_none() => self.give_up().await,
            Command::StopTurn => self.advance(Input::Stop(StopReason::Operator)).await,
            Command::CancelCall { call } => self.advance(Input::CancelCall(call)).await,
            Command::Decide { call, decision } => {
                let decision = self.with_secrets(call, decision);
                self.advance(Input::Decide { call, decision }).await;
            }
            Command::RestartServer { server } => {
                if !self.servers.restart(&server) {
                    let text = format!("There is no server named {server} to restart.");
                    self.stage.note(NoteLevel::Warning, text).await;
                }
            }
            Command::WaitLonger { call } => self.wait_longer(call).await,
            // An answer that comes too late changes nothing: the record of its end is there.
            Command::AnswerInput { input, answer } => drop(self.servers.answer(input, answer)),
            Command::Fetch { server, material } => {
                if let Err(text) = self.servers.fetch(&server, material) {
                    self.stage.note(NoteLevel::Warning, text).await;
                }
            }
            Command::JudgeProject { file, verdict } => self.judge(file, verdict).await,
            Command::ClearConversation => {
                self.advance(Input::Stop(StopReason::Operator)).await;
                self.conversation.clear();
                self.stage.tell(Scope::default(), ConversationCleared {}).await;
            }
            Command::Proceed => self.advance(Input::Proceed).await,
            Command::Break { breakpoints } => self.set_breakpoints(breakpoints).await,
            Command::Allow { call } => self.allow(call).await,
            Command::AcceptTool { call, hash } => self.accept(call, &hash).await,
            Command::Step { stepping } => self.step(stepping).await,
            Command::SelectModel { name } => self.select(&name).await,
            Command::Note { text } => self.stage.note(NoteLevel::Info, text).await,
            Command::Replay(_) => {
                let text =
                    "This session is live; it can be replayed with `callboard replay last` once it is over.".into();
                self.stage.note(NoteLevel::Info, text).await;
            }
            // Taken by the loop.
            Command::Quit => {}
        }
    }

    /// The screen has marks for the secrets of a call, and so has what is written there; what it means has the secrets.
    fn with_secrets(&self, call: CallId, decision: Decision) -> Decision {
        let restored = |written: &Json| {
            let originals = self.turn.as_ref().map(|turn| turn.contents(call)).unwrap_or_default();
            self.stage.restore(written, &originals)
        };
        match decision {
            Decision::Edit { value } => Decision::Edit { value: restored(&value) },
            Decision::Answer { result } => Decision::Answer { result: restored(&result) },
            Decision::Run | Decision::Revert | Decision::Retry | Decision::Deny { .. } => decision,
        }
    }

    /// Takes the records of another session over, and closes what was open at their end. Returns its breakpoints, which are this
    /// session's to set.
    pub(super) async fn go_on_from(&mut self, resumed: &Resumed) -> Vec<Breakpoint> {
        let before = resumed.read();
        for record in &resumed.records {
            self.stage.adopt(record).await;
        }
        for (scope, event) in before.closing {
            self.stage.tell(scope, event).await;
        }
        // The servers of the session before are not here; those that are configured start on their own.
        for server in before.session.servers.iter().filter(|server| server.health != Health::Stopped) {
            let left = ServerStopped::plain(server.name.clone(), "left behind in the session before");
            self.stage.tell(Scope::default(), left).await;
        }
        self.conversation = before.conversation;
        self.numbers = before.numbers;
        self.told_stepping = before.session.stepping;
        self.inputs = before.session.inputs.len() as u64;
        before.session.allowed.into_iter().for_each(|allowed| self.gate.allow(allowed));
        before.session.breakpoints
    }

    /// Sets the breakpoints of another session. What cannot be read here is left out, and said so.
    pub(super) async fn take_breakpoints(&mut self, mut breakpoints: Vec<Breakpoint>) {
        let recorded = breakpoints.len();
        while let Err((text, error)) = self.gate.set_breakpoints(&breakpoints) {
            breakpoints.retain(|point| point.on != text);
            self.no_breakpoint(&text, &error).await;
        }
        if breakpoints.len() < recorded {
            self.stage.tell(Scope::default(), BreakpointsChanged { breakpoints }).await;
        }
    }

    async fn no_breakpoint(&mut self, text: &str, error: &ParseError) {
        self.stage.note(NoteLevel::Warning, format!("No breakpoint at {text}: {error}")).await;
    }

    async fn step(&mut self, stepping: Stepping) {
        // There is nothing to step out of.
        let stepping = if self.turn.is_none() && stepping == Stepping::Out { Stepping::On } else { stepping };
        self.gate.stepping = stepping;
        self.stage.tell(Scope::default(), SteppingChanged { stepping }).await;
        self.gate_changed().await;
    }

    async fn set_breakpoints(&mut self, breakpoints: Vec<Breakpoint>) {
        match self.gate.set_breakpoints(&breakpoints) {
            Ok(()) => {
                self.stage.tell(Scope::default(), BreakpointsChanged { breakpoints }).await;
                self.gate_changed().await;
            }
            Err((text, error)) => self.no_breakpoint(&text, &error).await,
        }
    }

    /// Does not ask about the tool of a held call any more, as the turn knows it.
    async fn allow(&mut self, call: CallId) {
        let Some(tool) = self.turn.as_ref().and_then(|turn| turn.tool(call)).cloned() else { return };
        let allowed = ToolAllowed { server: tool.server, tool: tool.tool, hash: tool.hash };
        self.gate.allow(allowed.clone());
        self.stage.tell(Scope::default(), allowed).await;
        self.gate_changed().await;
        if self.turn.as_ref().is_some_and(|turn| turn.held().contains(&call)) {
            let text = format!("Its tool is not asked about any more, but call {} waits for another reason.", call.0);
            self.stage.note(NoteLevel::Info, text).await;
        }
    }

    pub(super) async fn gate_changed(&mut self) {
        self.advance(Input::GateChanged(Box::new(self.gate.clone()))).await;
    }

    async fn select(&mut self, name: &str) {
        match (self.models)(name) {
            Ok(model) => {
                let model_name = model.name().to_owned();
                self.model = model;
                self.warned_of_tools = false;
                self.stage.tell(Scope::default(), ModelSelected { model: model_name }).await;
            }
            Err(reason) => {
                let text = format!("The model {name:?} cannot be used: {reason}");
                self.stage.note(NoteLevel::Warning, text).await;
            }
        }
    }
}
