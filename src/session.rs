//! The state of a session as a fold over its records: the only way the view of a session comes to be, live or replayed.
//!
//! `Session::apply` does no I/O and reads no clock; a prefix of the records gives the state at that moment. Records that
//! make no sense (an unknown call, a second end) are counted in `oddities`, never fatal.

mod calls;
mod documents;
mod evidence;
mod frame;
mod inputs;
mod list;
mod lost;
mod projects;
mod servers;
mod tool_error;
mod turns;
mod worth;

use std::sync::Arc;

pub use calls::{Call, CallState};
pub use documents::Document;
pub use evidence::{Claim, Evidence, Mark, Totals};
pub use frame::Frame;
pub use inputs::Input;
pub use list::List;
pub use projects::Project;
pub use servers::{Health, LogLine, Loss, Server};
pub use tool_error::{content_text, reason_of};
pub use turns::{Step, StepState, Tally, Turn};
pub use worth::{Standing, Worth, references};

use crate::protocol::CallId;
use crate::protocol::{
    Breakpoint, Event, NoteLevel, NoteTaken, Record, RecordIndex, ServerName, SessionStarted, StepId, Stepping,
    ToolAllowed, ToolChanged, ToolName, TurnHeld, TurnId,
};

/// One bar on the time axis: a model step or a tool call. The three panes of the console select one of these together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Span {
    /// A model request, in the lane of the model.
    Step(StepId),
    /// A tool call, in the lane of its server.
    Call(CallId),
}

/// Everything a screen shows of a session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Who runs with what; absent until the first record.
    pub started: Option<SessionStarted>,
    /// How far the operator steps.
    pub stepping: Stepping,
    /// Where the running turn waits around the model.
    pub held_turn: Option<HeldTurn>,
    /// Breakpoints and log points in force.
    pub breakpoints: Vec<Breakpoint>,
    /// Tools that are not asked about any more.
    pub allowed: Vec<ToolAllowed>,
    /// Tools that are no longer what they were, and wait for a yes.
    pub changed: Vec<ToolChanged>,
    /// The model chosen since the start.
    pub selected_model: Option<String>,
    /// Why it ended, once it has.
    pub ended: Option<String>,
    /// Turns in order; `TurnId::index` is the position.
    pub turns: List<Turn>,
    /// Model steps in order; `StepId::index` is the position.
    pub steps: List<Step>,
    /// Calls in order; `CallId::index` is the position.
    pub calls: List<Call>,
    /// Steps and calls in the order in which they came to be.
    pub spans: List<Span>,
    /// Servers in lane order, with the calls of each.
    pub servers: Vec<Server>,
    /// Resources and prompts that were fetched, in order.
    pub documents: List<Document>,
    /// What servers wanted of the operator, in order.
    pub inputs: List<Input>,
    /// A project's server files that were asked about, in order.
    pub projects: Vec<Project>,
    /// The project's server files that count, by an earlier word or by one of this session.
    pub trusted: Vec<String>,
    /// Notes, oldest first.
    pub notes: List<Note>,
    /// How many of them are of the session that this one goes on from.
    pub notes_before: usize,
    /// Whose tool the last record told a change of, if it did.
    pub just_changed: Option<ServerName>,
    /// Questions asked whose turn has not begun yet.
    pub waiting: Vec<String>,
    /// Turns that were over when the conversation was last forgotten.
    pub cleared_at: usize,
    /// What results have said so far, to mark claims of an answer.
    pub evidence: Evidence,
    /// Time of the last record, µs since the start.
    pub last_us: u64,
    /// Wall clock of the last record, Unix ms.
    pub last_unix_ms: i64,
    /// Records applied.
    pub records: u64,
    /// The last record applied.
    pub last_index: Option<RecordIndex>,
    /// Records of kinds that this version does not know.
    pub foreign: u64,
    /// Records that contradict what came before.
    pub oddities: u64,
}

/// A note of the recording.
#[derive(Clone, Debug)]
pub struct Note {
    /// When it was taken, µs.
    pub at_us: u64,
    /// What it says.
    pub told: NoteTaken,
    /// The server of whose changed tools it warns: a warning that follows the record of a change is about that.
    of_changes: Option<ServerName>,
}

/// A turn that waits around the model.
#[derive(Clone, Debug)]
pub struct HeldTurn {
    /// Where, and what comes next.
    pub told: TurnHeld,
    /// Since when, µs.
    pub since_us: u64,
}

impl Session {
    /// Folds one record into the state.
    pub fn apply(&mut self, record: &Record) {
        self.last_us = self.last_us.max(record.at_us);
        self.last_unix_ms = record.unix_ms;
        self.last_index = Some(record.index);
        self.records += 1;
        lost::fill(self, record);
        let just_changed = self.just_changed.take();
        let known = match &record.event {
            Event::SessionStarted(started) => {
                for name in &started.servers {
                    self.server_mut(name);
                }
                self.started = Some(started.clone());
                // A session that goes on from another asks anew.
                self.projects.clear();
                self.trusted.clone_from(&started.trusted_files);
                self.changed.clear();
                self.notes_before = self.notes.len();
                self.servers.iter_mut().for_each(Server::begin_anew);
                Some(())
            }
            Event::SteppingChanged(changed) => {
                self.stepping = changed.stepping;
                Some(())
            }
            Event::TurnHeld(held) => {
                self.held_turn = Some(HeldTurn { told: held.clone(), since_us: record.at_us });
                Some(())
            }
            Event::TurnResumed(_) => {
                self.held_turn = None;
                Some(())
            }
            Event::BreakpointsChanged(changed) => {
                self.breakpoints.clone_from(&changed.breakpoints);
                Some(())
            }
            Event::ToolAllowed(allowed) => {
                self.allowed.push(allowed.clone());
                Some(())
            }
            Event::ToolChanged(changed) => {
                self.settle(&changed.server, &changed.tool);
                self.changed.push(changed.clone());
                self.just_changed = Some(changed.server.clone());
                Some(())
            }
            Event::ToolPinned(pinned) => {
                self.settle(&pinned.server, &pinned.tool);
                Some(())
            }
            Event::ModelSelected(selected) => {
                self.selected_model = Some(selected.model.clone());
                Some(())
            }
            Event::SessionEnded(ended) => {
                self.ended = Some(ended.reason.clone());
                Some(())
            }
            Event::UserAsked(_)
            | Event::UserInterrupted(_)
            | Event::ConversationCleared(_)
            | Event::TurnStarted(_)
            | Event::TurnEnded(_)
            | Event::ModelRequested(_)
            | Event::ModelStreamed(_)
            | Event::ModelAnswered(_)
            | Event::ModelFailed(_)
            | Event::ModelRetried(_) => turns::apply(self, record),
            Event::CallProposed(_)
            | Event::CallHeld(_)
            | Event::CallDecided(_)
            | Event::CallStarted(_)
            | Event::CallProgressed(_)
            | Event::CallExtended(_)
            | Event::CallReceived(_)
            | Event::CallFinished(_)
            | Event::CallDelivered(_) => calls::apply(self, record),
            Event::ServerWithheld(_)
            | Event::ServerStarting(_)
            | Event::ServerProbing(_)
            | Event::ServerReady(_)
            | Event::ServerListed(_)
            | Event::ServerDegraded(_)
            | Event::ServerLogged(_)
            | Event::ServerLost(_)
            | Event::ServerStopped(_)
            | Event::ResourcesListed(_)
            | Event::PromptsListed(_)
            | Event::WireFramed(_) => servers::apply(self, record),
            Event::ProjectProposed(_) | Event::ProjectJudged(_) => projects::apply(self, record),
            Event::ResourceRead(read) => {
                self.documents.push(Document::Resource(read.clone()));
                Some(())
            }
            Event::PromptGot(got) => {
                self.documents.push(Document::Prompt(got.clone()));
                Some(())
            }
            Event::InputRequested(_) | Event::InputAnswered(_) => inputs::apply(self, record),
            Event::NoteTaken(note) => {
                let of_changes = just_changed.filter(|_| note.level == NoteLevel::Warning);
                self.notes.push(Note { at_us: record.at_us, told: note.clone(), of_changes });
                Some(())
            }
            Event::RecordingRepaired(_) => Some(()),
            Event::Foreign { .. } => {
                self.foreign += 1;
                Some(())
            }
        };
        if known.is_none() {
            self.oddities += 1;
        }
    }

    /// The state after all of `records`.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Arc<Record>>) -> Self {
        let mut session = Self::default();
        for record in records {
            session.apply(record);
        }
        session
    }

    /// The turn that is being answered.
    #[must_use]
    pub fn running_turn(&self) -> Option<&Turn> {
        self.turns.last().filter(|turn| turn.ended_us.is_none())
    }

    /// Whether a turn is being answered, or a question waits for one.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.running_turn().is_some() || !self.waiting.is_empty()
    }

    /// A turn by its id.
    #[must_use]
    pub fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.turns.get(id.index())
    }

    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.get(id.index())
    }

    /// A call by its id.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(id.index())
    }

    /// What servers want of the operator and have no answer to yet, oldest first.
    pub fn open_inputs(&self) -> impl Iterator<Item = &Input> {
        self.inputs.iter().filter(|input| input.answered.is_none())
    }

    /// A server by its name.
    #[must_use]
    pub fn server(&self, name: &ServerName) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == *name)
    }

    /// How a tool differs from what it was, while that waits for a yes.
    #[must_use]
    pub fn change(&self, server: &ServerName, tool: &ToolName) -> Option<&ToolChanged> {
        self.changed.iter().find(|changed| (&changed.server, &changed.tool) == (server, tool))
    }

    /// Whether what a note says is still so: changed tools that wait for a yes may have been accepted, or be what they were.
    #[must_use]
    pub fn holds(&self, note: &Note) -> bool {
        let waits = |server: &ServerName| self.changed.iter().any(|changed| changed.server == *server);
        note.of_changes.as_ref().is_none_or(waits)
    }

    fn settle(&mut self, server: &ServerName, tool: &ToolName) {
        self.changed.retain(|changed| (&changed.server, &changed.tool) != (server, tool));
    }

    /// A project's server files of which the operator has said nothing yet.
    pub fn open_projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().filter(|project| project.verdict.is_none())
    }

    /// The name of the model that answers the next turn.
    #[must_use]
    pub fn model(&self) -> &str {
        let first = self.started.as_ref().map_or("", |started| &started.model);
        self.selected_model.as_deref().unwrap_or(first)
    }

    fn server_mut(&mut self, name: &ServerName) -> &mut Server {
        let position = self.servers.iter().position(|server| server.name == *name);
        let position = position.unwrap_or_else(|| {
            self.servers.push(Server::named(name.clone()));
            self.servers.len() - 1
        });
        &mut self.servers[position]
    }
}
