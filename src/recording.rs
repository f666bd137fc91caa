//! The file of a session: format, writer, reader and list (`sessions.md` §1).
//!
//! One writer, append-only JSON Lines. What is on a screen has gone through [`Recording::append`] first.

pub mod format;
pub mod list;
pub mod reader;
pub mod redact;
pub mod replay;
mod writer;

use std::path::PathBuf;

pub use writer::{Recording, RecordingError};

/// Where sessions are kept: `$XDG_STATE_HOME/callboard/sessions`, or its counterpart on systems without one.
#[must_use]
pub fn sessions_dir() -> Option<PathBuf> {
    dirs::state_dir().or_else(dirs::data_local_dir).map(|state| state.join("callboard").join("sessions"))
}
