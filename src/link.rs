//! The only seam between a screen and what feeds it: commands one way, records the other.
//!
//! The orchestrator makes one, replay makes one; the console and `ask` each use one, and cannot tell which it is.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::protocol::{Command, Record};

/// Commands that may wait; a screen that is ahead by more is told so by `try_send`.
pub const COMMAND_CAPACITY: usize = 64;

/// Records that may wait; a feed that is ahead by more waits for the screen, so final states are never dropped.
pub const RECORD_CAPACITY: usize = 4096;

/// The screen's end.
#[derive(Debug)]
pub struct Link {
    /// What the operator wants.
    pub commands: mpsc::Sender<Command>,
    /// What has happened, in order. Closed when the session is over.
    pub records: mpsc::Receiver<Arc<Record>>,
    /// The session's clock, for timers of things that still run.
    pub clock: Clock,
}

/// The feed's end.
#[derive(Debug)]
pub struct Feed {
    /// What the operator wants. Closed when the screen is gone.
    pub commands: mpsc::Receiver<Command>,
    /// Where records go.
    pub records: mpsc::Sender<Arc<Record>>,
}

/// Both ends of a new link.
#[must_use]
pub fn link(clock: Clock) -> (Link, Feed) {
    let (command_sender, command_receiver) = mpsc::channel(COMMAND_CAPACITY);
    let (record_sender, record_receiver) = mpsc::channel(RECORD_CAPACITY);
    (
        Link { commands: command_sender, records: record_receiver, clock },
        Feed { commands: command_receiver, records: record_sender },
    )
}
