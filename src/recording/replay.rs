//! Replay, VIEW: a session file as the feed of a screen (`sessions.md` §3). Nothing is executed, and nothing but the file
//! is needed; it may be damaged, foreign, or still being written.
//!
//! [`open`] gives a [`Link`] like a live session's. The replay opens at the end of the file. Forwards the screen gets
//! records, exactly as they were told live; any other motion brings the whole session of that moment as one
//! [`News::Jumped`](crate::link::News), folded here from the nearest snapshot. `Playback` says where it stands.

mod index;
mod player;
mod snapshots;
mod source;
mod stage;

use std::io;
use std::path::Path;
use std::thread::JoinHandle;

use crate::clock::Clock;
use crate::link::{Link, link};

use super::reader::ReadError;
use source::Source;

/// Why a recording cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// There is no thread, or no runtime, to read it on.
    #[error("no thread for the replay: {0}")]
    Thread(io::Error),
}

/// Opens a recording at its end. The replay runs on a thread of its own until the screen quits or drops the link.
///
/// # Errors
/// A file that cannot be read at all. Whatever is wrong inside it is told in `Playback::problems`.
pub fn open(path: &Path) -> Result<(Link, JoinHandle<()>), ReplayError> {
    let source = Source::open(path)?;
    let clock = Clock::start();
    let (screen, feed) = link(clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ReplayError::Thread)?;
    let thread = std::thread::Builder::new()
        .name("replay".into())
        .spawn(move || runtime.block_on(stage::run(source, feed, clock)))
        .map_err(ReplayError::Thread)?;
    Ok((screen, thread))
}
