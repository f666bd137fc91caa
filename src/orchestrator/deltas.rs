//! Merges streamed pieces to one record per 100 ms or 4 KiB (`sessions.md` §1).

use std::time::Duration;

use tokio::time::Instant;

use crate::protocol::{ModelStreamed, StreamPart};

/// The longest a piece waits.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// The most bytes that wait.
const MOST_BYTES: usize = 4 * 1024;

/// What has been streamed and not been told.
#[derive(Debug, Default)]
pub struct Deltas {
    waiting: Option<(ModelStreamed, Instant)>,
}

impl Deltas {
    /// Takes a piece; gives back what must be told now.
    pub fn push(&mut self, part: StreamPart, text: &str) -> Option<ModelStreamed> {
        let other_part = self.waiting.as_ref().is_some_and(|(waiting, _)| waiting.part != part);
        let before = if other_part { self.take() } else { None };
        let (waiting, _) = self
            .waiting
            .get_or_insert_with(|| (ModelStreamed { part, text: String::new() }, Instant::now() + LONGEST_WAIT));
        waiting.text.push_str(text);
        let full = waiting.text.len() >= MOST_BYTES;
        before.or_else(|| if full { self.take() } else { None })
    }

    /// Everything that waits.
    pub fn take(&mut self) -> Option<ModelStreamed> {
        self.waiting.take().map(|(streamed, _)| streamed)
    }

    /// When something must be told at the latest.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|(_, due)| *due)
    }
}
