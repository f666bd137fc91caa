//! What has happened: every kind of event a session knows, on one screen (`sessions.md` §1, "Kinds").
//!
//! An event is a past participle. Its kind is the record's `k`, its payload the record's `d`; the turn, step and
//! call it belongs to stand beside them in the record. Within format v1 payloads only gain optional fields.

mod call;
mod gate;
mod input;
mod material;
mod model;
mod project;
mod server;
mod session;

pub use call::*;
pub use gate::*;
pub use input::*;
pub use material::*;
pub use model::*;
pub use project::*;
pub use server::*;
pub use session::*;

use serde_json::value::RawValue;

use super::Json;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal,)*) => {
        /// One event. `Foreign` is a kind this version does not know: kept, shown as a row, never an error.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $name($name),)*
            /// A kind of a later version.
            Foreign {
                /// Its `k`.
                kind: String,
                /// Its `d`, byte for byte.
                data: Json,
            },
        }

        impl Event {
            /// All known kinds, in the order of the table.
            pub const KINDS: &[&str] = &[$($kind),*];

            /// The record's `k`.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$name(_) => $kind,)*
                    Self::Foreign { kind, .. } => kind,
                }
            }

            /// The record's `d`.
            ///
            /// # Errors
            /// Never for our own payloads; serde_json's signature.
            pub fn data(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$name(payload) => serde_json::to_string(payload),)*
                    Self::Foreign { data, .. } => Ok(data.text().to_owned()),
                }
            }

            /// Reads a payload by its kind; unknown kinds become [`Event::Foreign`].
            ///
            /// # Errors
            /// The field of a known kind that does not have the expected form.
            pub fn from_parts(kind: &str, data: &RawValue) -> Result<Self, serde_json::Error> {
                match kind {
                    $($kind => serde_json::from_str::<$name>(data.get()).map(Self::$name),)*
                    _ => Ok(Self::Foreign { kind: kind.to_owned(), data: data.into() }),
                }
            }
        }

        $(impl From<$name> for Event {
            fn from(payload: $name) -> Self {
                Self::$name(payload)
            }
        })*
    };
}

events! {
    /// The first record: who runs, with what.
    SessionStarted = "session.started",
    /// The last record of a session that ended in order.
    SessionEnded = "session.ended",
    /// The operator asked a question.
    UserAsked = "user.asked",
    /// The operator stopped the turn.
    UserInterrupted = "user.interrupted",
    /// The conversation so far was forgotten.
    ConversationCleared = "conversation.cleared",
    /// A question began to be answered.
    TurnStarted = "turn.started",
    /// A turn came to its end.
    TurnEnded = "turn.ended",
    /// A turn waits before the model is asked, or after it answered.
    TurnHeld = "turn.held",
    /// It goes on.
    TurnResumed = "turn.resumed",
    /// Stepping was turned on or off.
    SteppingChanged = "stepping.changed",
    /// Breakpoints and log points were set or removed.
    BreakpointsChanged = "breakpoints.changed",
    /// A tool is not asked about any more.
    ToolAllowed = "tool.allowed",
    /// A tool is no longer what it was when it was first seen or last accepted.
    ToolChanged = "tool.changed",
    /// The definition of a tool that had changed counts from here on.
    ToolPinned = "tool.pinned",
    /// Another model answers from the next turn on.
    ModelSelected = "model.selected",
    /// The model was asked.
    ModelRequested = "model.requested",
    /// The model said a piece of its answer.
    ModelStreamed = "model.streamed",
    /// The model's answer is complete.
    ModelAnswered = "model.answered",
    /// The request failed for good.
    ModelFailed = "model.failed",
    /// The request failed and is tried again.
    ModelRetried = "model.retried",
    /// The model wants a call.
    CallProposed = "call.proposed",
    /// A call waits at the gate: it has not been sent.
    CallHeld = "call.held",
    /// Somebody or some rule decided a held call.
    CallDecided = "call.decided",
    /// An attempt of a call was handed to its server.
    CallStarted = "call.started",
    /// The server reported progress.
    CallProgressed = "call.progressed",
    /// The operator waits longer for a running call.
    CallExtended = "call.extended",
    /// An attempt brought a result that the model has not seen; the call is not over.
    CallReceived = "call.received",
    /// The call is over, exactly once for every call proposed.
    CallFinished = "call.finished",
    /// What the model really got.
    CallDelivered = "call.delivered",
    /// A server is not started: a project's file has it, and nobody has said yes to that file.
    ServerWithheld = "server.withheld",
    /// A server process or connection is being started.
    ServerStarting = "server.starting",
    /// A server runs or can be reached, and is asked how it speaks MCP.
    ServerProbing = "server.probing",
    /// A server is connected and speaks MCP.
    ServerReady = "server.ready",
    /// The server's tools became known, at first or after a change.
    ServerListed = "server.listed",
    /// Something of a connected server does not work.
    ServerDegraded = "server.degraded",
    /// A line of the server's stderr, or one on stdout that is no MCP.
    ServerLogged = "server.logged",
    /// The connection is gone, or never came to be.
    ServerLost = "server.lost",
    /// A server was stopped on purpose.
    ServerStopped = "server.stopped",
    /// A server's resources became known.
    ResourcesListed = "resources.listed",
    /// A server's prompts became known.
    PromptsListed = "prompts.listed",
    /// A resource was read, or could not be.
    ResourceRead = "resource.read",
    /// A prompt was made ready by its server, or could not be.
    PromptGot = "prompt.got",
    /// A server wants something of the operator.
    InputRequested = "input.requested",
    /// It has its answer, or no longer waits for one.
    InputAnswered = "input.answered",
    /// A project's server file waits for the operator's word.
    ProjectProposed = "project.proposed",
    /// The operator has said whether its servers may start.
    ProjectJudged = "project.judged",
    /// One JSON-RPC message on the wire.
    WireFramed = "wire.framed",
    /// A remark of the program or the operator.
    NoteTaken = "note.taken",
    /// The file was mended when it was opened for append after a crash.
    RecordingRepaired = "recording.repaired",
}
