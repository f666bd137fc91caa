//! The words everything else speaks: ids, commands, events, records. No behaviour, no I/O, no other module of ours.
//!
//! *session* one run · *turn* one question to its answer · *step* one model request · *call* one tool use ·
//! *attempt* one try of it · *record* a stamped event. Commands are imperatives, events past participles.

mod command;
mod event;
mod ids;
mod json;
mod playback;
mod question;
mod record;
mod secret;
mod tool;

pub use command::{Command, Decision, InputAnswer, Material, Stepping};
pub use event::*;
pub use ids::{CallId, InputId, RecordIndex, ServerName, SessionId, StepId, ToolName, TurnId};
pub use json::{Json, says_failed};
pub use playback::{
    Mark, MarkKind, Moment, Pace, Place, Playback, Problem, Reading, ReplayCommand, Speed, Stride, Way,
};
pub use question::{Attachment, Question};
pub use record::{Record, RecordError, Scope, why_no_object};
pub use secret::{secret_mark, secret_marks};
pub use tool::{Annotations, ToolDefinition};
