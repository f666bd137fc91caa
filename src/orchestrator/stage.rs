//! The way out of the orchestrator: every event goes through here, so that the file and the screen see the same.

use tokio::sync::mpsc;

use crate::link::News;
use crate::protocol::{Event, NoteLevel, NoteTaken, Record, Scope};
use crate::recording::Recording;

/// Where everything that happens passes: first the recording, then the screen.
pub(super) struct Stage {
    pub recording: Recording,
    pub news: mpsc::Sender<News>,
}

impl Stage {
    pub async fn tell(&mut self, scope: Scope, event: impl Into<Event>) {
        let written = self.recording.append(scope, event.into());
        // A screen that is gone is noticed by its closed command queue.
        let _ = self.news.send(written.record.into()).await;
        if let Some(note) = written.note {
            let _ = self.news.send(note.into()).await;
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

    pub fn now_us(&self) -> u64 {
        self.recording.clock().now_us()
    }
}
