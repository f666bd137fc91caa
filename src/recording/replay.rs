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
use crate::protocol::Place;

use super::reader::ReadError;
use source::{Look, Source};

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

/// How many lines of a recording come before the moment that `place` names, as a replay goes there.
///
/// # Errors
/// The file cannot be read, or has no such place; in words.
pub fn position(path: &Path, place: Place) -> Result<u64, String> {
    let mut source = Source::open(path).map_err(|error| error.to_string())?;
    while source.look().map_err(|error| format!("{} cannot be read further: {error}", path.display()))? == Look::More {}
    player::find(place, &source.index).map(|position| position as u64)
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
