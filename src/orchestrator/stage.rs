//! The way out of the orchestrator: every event goes through here, so that the file and the screen see the same.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::link::News;
use crate::protocol::{Event, Json, NoteLevel, NoteTaken, Record, Scope};
use crate::recording::redact::Redactor;
use crate::recording::{self, Recording, Stamp};

/// Records that may wait before the screen gets them, whatever else there is to do.
const MOST_UNSENT: usize = 64;

/// Where everything that happens passes: to the recording, and to the screen, when nothing is more urgent.
///
/// To put an event on record takes as long as to send a call, and so does waking the thread of the screen: neither is done in
/// the middle of one, unless the record must be on the disk first.
pub(super) struct Stage {
    recording: Recording,
    news: mpsc::Sender<News>,
    /// What happened and is not on record yet.
    happened: Vec<(Stamp, Scope, Event)>,
    /// What is on record and not on the screen yet.
    unsent: Vec<Arc<Record>>,
}

impl Stage {
    pub fn new(recording: Recording, news: mpsc::Sender<News>) -> Self {
        Self { recording, news, happened: Vec::new(), unsent: Vec::new() }
    }

    pub async fn tell(&mut self, scope: Scope, event: impl Into<Event>) {
        let event = event.into();
        let first = recording::comes_first(&event);
        self.happened.push((self.recording.stamp(), scope, event));
        if first {
            self.record();
        }
        if self.happened.len() + self.unsent.len() >= MOST_UNSENT {
            self.show().await;
        }
    }

    /// Passes on a record of another session as it is.
    pub async fn adopt(&mut self, record: &Record) {
        self.record();
        let written = self.recording.adopt(record);
        let _ = self.news.send(written.record.into()).await;
        if let Some(note) = written.note {
            let _ = self.news.send(note.into()).await;
        }
    }

    /// The inverse of what happens to an event on its way to the screen, as far as `originals` tell.
    pub fn restore(&self, written: &Json, originals: &[Json]) -> Json {
        self.recording.restore(written, originals)
    }

    pub async fn note(&mut self, level: NoteLevel, text: String) {
        self.tell(Scope::default(), NoteTaken { level, text }).await;
    }

    /// Keeps more secrets out of the recording from now on.
    pub fn keep_out(&mut self, secrets: Redactor) {
        self.recording.keep_out(secrets);
    }

    /// Whether something is not on record.
    pub fn is_unrecorded(&self) -> bool {
        !self.happened.is_empty()
    }

    /// Puts everything on record.
    pub fn record(&mut self) {
        for (stamp, scope, event) in self.happened.drain(..) {
            let written = self.recording.append(stamp, scope, event);
            self.unsent.push(written.record);
            self.unsent.extend(written.note);
        }
        self.unsent.extend(self.recording.flush());
    }

    /// Whether the screen lacks something.
    pub fn is_behind(&self) -> bool {
        !self.happened.is_empty() || !self.unsent.is_empty()
    }

    /// Gives the screen what it lacks, once it is on record.
    pub async fn show(&mut self) {
        self.record();
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
    pub fn sync(&mut self) {
        // The disk's last word; the file has everything already, and nobody is left to tell.
        let _ = self.recording.sync();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Also when the thread panics, what happened before is on record.
        self.record();
    }
}
