//! The way out of the orchestrator: every event goes through here, so that the file and the screen see the same.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::link::News;
use crate::protocol::{Event, NoteLevel, NoteTaken, Record, Scope};
use crate::recording::Recording;

/// Records that may wait before the screen gets them, whatever else there is to do.
const MOST_UNSENT: usize = 64;

/// Where everything that happens passes: at once to the recording, and to the screen when nothing is more urgent.
///
/// Waking the thread of the screen takes as long as sending a call, so it is not done in the middle of one.
pub(super) struct Stage {
    recording: Recording,
    news: mpsc::Sender<News>,
    unsent: Vec<Arc<Record>>,
}

impl Stage {
    pub fn new(recording: Recording, news: mpsc::Sender<News>) -> Self {
        Self { recording, news, unsent: Vec::new() }
    }

    pub async fn tell(&mut self, scope: Scope, event: impl Into<Event>) {
        let written = self.recording.append(scope, event.into());
        self.unsent.push(written.record);
        self.unsent.extend(written.note);
        if self.unsent.len() >= MOST_UNSENT {
            self.show().await;
        }
    }

    /// Passes on a record of another session as it is.
    pub async fn adopt(&mut self, record: &Record) {
        let written = self.recording.adopt(record);
        let _ = self.news.send(written.record.into()).await;
        if let Some(note) = written.note {
            let _ = self.news.send(note.into()).await;
        }
    }

    pub async fn note(&mut self, level: NoteLevel, text: String) {
        self.tell(Scope::default(), NoteTaken { level, text }).await;
    }

    /// Whether the screen lacks something.
    pub fn is_behind(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Gives the screen what it lacks.
    pub async fn show(&mut self) {
        for record in self.unsent.drain(..) {
            // A screen that is gone is noticed by its closed command queue.
            let _ = self.news.send(record.into()).await;
        }
    }

    pub fn now_us(&self) -> u64 {
        self.recording.clock().now_us()
    }

    pub fn today(&self) -> String {
        self.recording.clock().today()
    }

    /// Forces the recording to the disk.
    pub fn sync(&self) {
        // The disk's last word; the file has everything already, and nobody is left to tell.
        let _ = self.recording.sync();
    }
}
