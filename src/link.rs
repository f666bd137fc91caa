//! The only seam between a screen and what feeds it: commands one way, news the other.
//!
//! The orchestrator makes one, replay makes one; the console and `ask` each use one. A live session sends only records.
//! A replay also sends where it stands, and after a jump the whole session of that moment: a screen never folds backwards.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::protocol::{Command, Playback, Record};
use crate::session::Session;

/// Commands that may wait; a screen that is ahead by more is told so by `try_send`.
pub const COMMAND_CAPACITY: usize = 64;

/// News that may wait; a feed that is ahead by more waits for the screen, so final states are never dropped.
pub const NEWS_CAPACITY: usize = 4096;

/// What a feed tells a screen, in order.
#[derive(Clone, Debug)]
pub enum News {
    /// The next record, to be folded into the session.
    Record(Arc<Record>),
    /// The session at another moment, in place of the one shown. Only a replay jumps.
    Jumped(Box<Session>),
    /// Where the replay stands; the first news of every replay, and never sent by a live session.
    Playback(Box<Playback>),
}

impl From<Arc<Record>> for News {
    fn from(record: Arc<Record>) -> Self {
        Self::Record(record)
    }
}

/// The screen's end.
#[derive(Debug)]
pub struct Link {
    /// What the operator wants.
    pub commands: mpsc::Sender<Command>,
    /// What has happened, in order. Closed when the session is over.
    pub news: mpsc::Receiver<News>,
    /// The clock of the feed, for timers of things that still run; see `Moment::now_us` for a replay.
    pub clock: Clock,
}

/// The feed's end.
#[derive(Debug)]
pub struct Feed {
    /// What the operator wants. Closed when the screen is gone.
    pub commands: mpsc::Receiver<Command>,
    /// Where news goes.
    pub news: mpsc::Sender<News>,
}

/// Both ends of a new link.
#[must_use]
pub fn link(clock: Clock) -> (Link, Feed) {
    let (command_sender, command_receiver) = mpsc::channel(COMMAND_CAPACITY);
    let (news_sender, news_receiver) = mpsc::channel(NEWS_CAPACITY);
    (
        Link { commands: command_sender, news: news_receiver, clock },
        Feed { commands: command_receiver, news: news_sender },
    )
}
