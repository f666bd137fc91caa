//! The file of a session: format, writer, reader and list (`sessions.md` §1).
//!
//! One writer, append-only JSON Lines. What is on a screen has gone through [`Recording::append`] first.

pub mod damage;
mod envelope;
pub mod format;
pub mod list;
pub mod prune;
pub mod reader;
pub mod redact;
pub mod replay;
mod tail;
mod writer;

use std::path::PathBuf;

pub use writer::{Recording, RecordingError, Stamp, comes_first};

use crate::folders;

/// Where sessions are kept: `$XDG_STATE_HOME/callboard/sessions`, or `~/.local/state/callboard/sessions`.
#[must_use]
pub fn sessions_dir() -> Option<PathBuf> {
    folders::state().map(|state| state.join("callboard").join("sessions"))
}
