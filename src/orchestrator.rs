//! Answers questions: runs the turn machine, carries out its effects, and tells everything that happens to the recording.
//!
//! It speaks to screens only over the [`Feed`](crate::link::Feed). Its own state machine is [`turn::Turn`], which is pure.

mod answers;
mod asking;
mod conversation;
mod deltas;
mod gate;
mod memory;
mod projects;
mod prompt;
mod resume;
mod roster;
mod run;
mod share;
mod stage;
mod toolbox;
pub mod turn;

use std::sync::Arc;

pub use answers::{Answers, Source};
pub use gate::{Gate, Others, Policy, Rules, Verdict};
pub use projects::{Judge, Judged, Projects};
pub use resume::Resumed;
pub use run::run;

use crate::model::Model;
use crate::pins::Kept;
use crate::recording::Recording;

/// Finds a model by its name, or says why there is none.
pub type Models = Box<dyn Fn(&str) -> Result<Arc<dyn Model>, String> + Send>;

/// What an orchestrator works with.
pub struct Setup {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Answers questions of the form `/run NAME ARGS`, whichever model is chosen.
    pub runbooks: Arc<dyn Model>,
    /// Finds another model by its name, when the operator asks for one.
    pub models: Models,
    /// The servers in lane order, or a recording in their place.
    pub servers: Source,
    /// Where events go first.
    pub recording: Recording,
    /// Program name and version.
    pub app: String,
    /// The session's ULID.
    pub session: crate::protocol::SessionId,
    /// Which calls need a yes.
    pub gate: Gate,
    /// Where it is remembered what the tools of configured servers were.
    pub pins: Kept,
    /// The records of another session that this one goes on from.
    pub resumed: Option<Resumed>,
    /// A project's server files that wait for the operator's word.
    pub projects: Projects,
    /// What was odd when all this was put together: told first.
    pub warnings: Vec<String>,
}
