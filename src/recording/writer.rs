//! The only writer of a session file: stamps events, redacts, writes, and hands back what it wrote.

use std::fs::{self, DirBuilder, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Clock;
use crate::protocol::{CallStarted, Event, Json, NoteLevel, NoteTaken, Record, RecordIndex, RecordingRepaired, Scope};

use super::format::{BLOB_THRESHOLD, BlobRef, Header};
use super::redact::Redactor;
use super::tail::{OpenFile, after_tail, torn_tail};

/// Why a session file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file system said no.
    #[error(
        "cannot write the recording {path}: {source}; set XDG_STATE_HOME to a folder you can write to, or use --no-record"
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("{path} is being written by another callboard; open it read-only, or fork it")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it in a way this one must not continue.
    #[error("{path} needs features this version does not have: {features}; it can only be read")]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// What is missing.
        features: String,
    },
}

/// Bytes of records that wait for [`Recording::flush`] before they are written without it.
const MOST_UNWRITTEN: usize = 64 * 1024;

/// An open session file, or the wish not to have one: events are stamped either way.
///
/// Records gather in memory and are written together: by [`Recording::flush`], which belongs at the end of everything that
/// is done at one go, and before anything whose record must be on the disk first.
#[derive(Debug)]
pub struct Recording {
    file: Option<OpenFile>,
    clock: Clock,
    next: RecordIndex,
    redactor: Redactor,
    trouble: Option<String>,
}

impl Recording {
    /// Stamps events without writing them anywhere.
    #[must_use]
    pub fn off(clock: Clock, redactor: Redactor) -> Self {
        Self { file: None, clock, next: RecordIndex(0), redactor, trouble: None }
    }

    /// Creates the file of a new session below `dir` (`2026/11/22/<ulid>.jsonl`, 0600 in folders of 0700).
    ///
    /// # Errors
    /// [`RecordingError::Io`].
    pub fn create(dir: &Path, header: &Header, clock: Clock, redactor: Redactor) -> Result<Self, RecordingError> {
        let day = header.created.get(..10).unwrap_or("undated").replace('-', "/");
        let folder = dir.join(day);
        let path = folder.join(format!("{}.jsonl", header.id));
        let fail = |source| RecordingError::Io { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fail)?;
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
        file.try_lock().map_err(|error| lock_error(error, &path))?;
        let mut file = OpenFile::new(file, path.clone(), false);
        let line = serde_json::to_string(header).map_err(|error| fail(error.into()))?;
        file.put(&redactor.redact(&line));
        file.write().map_err(fail)?;
        Ok(Self { file: Some(file), clock, next: RecordIndex(0), redactor, trouble: None })
    }

    /// Opens a session for append: takes the lock, closes a torn last line and records that. Nothing is ever cut off.
    /// `next` is the index after the last record the reader found, `clock` goes on where it ended.
    ///
    /// # Errors
    /// Any [`RecordingError`].
    pub fn open(
        path: &Path,
        header: &Header,
        next: RecordIndex,
        clock: Clock,
        redactor: Redactor,
    ) -> Result<(Self, Option<Arc<Record>>), RecordingError> {
        let lacks = header.lacks_to_write();
        if !lacks.is_empty() {
            return Err(RecordingError::NewerFormat { path: path.into(), features: lacks.join(", ") });
        }
        let fail = |source| RecordingError::Io { path: path.into(), source };
        let mut file = OpenOptions::new().read(true).append(true).open(path).map_err(fail)?;
        file.try_lock().map_err(|error| lock_error(error, path))?;
        let torn_bytes = torn_tail(&mut file).map_err(fail)?;
        let next = next.max(after_tail(&mut file, torn_bytes).map_err(fail)?);
        let torn = torn_bytes > 0;
        let file = OpenFile::new(file, path.into(), torn);
        let mut recording = Self { file: Some(file), clock, next, redactor, trouble: None };
        let repaired = torn
            .then(|| recording.append(recording.stamp(), Scope::default(), RecordingRepaired { torn_bytes }.into()))
            .map(|written| written.record);
        Ok((recording, repaired))
    }

    /// What is kept out of it.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(OpenFile::path)
    }

    /// The clock that stamps.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Keeps more secrets out of what is written from now on.
    pub fn keep_out(&mut self, secrets: Redactor) {
        self.redactor.extend(secrets);
    }

    /// What the clock says.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { at_us: self.clock.now_us(), unix_ms: self.clock.unix_ms() }
    }

    /// What the operator has written over a record, with the secrets of `originals` where their marks stand.
    #[must_use]
    pub fn restore(&self, written: &Json, originals: &[Json]) -> Json {
        self.redactor.restore(written, originals)
    }

    /// Gives `event` its index and gives back the record as it will stand in the file, secrets replaced. It is written by the next
    /// [`Recording::flush`]; a decision, and the start of a call that may write, is on the disk when this returns. A file that
    /// cannot be written does not stop the session: the first failure, and each new one, comes back as a note to show.
    pub fn append(&mut self, stamp: Stamp, scope: Scope, event: Event) -> Written {
        let durable = if comes_first(&event) { Durability::Synced } else { Durability::Gathered };
        let record = self.next_record(stamp, scope, event);
        let (record, line) = match self.to_redacted_line(record) {
            Ok(pair) => pair,
            Err(record) => (*record, None),
        };
        let result = match line {
            Some(line) => self.store(&line, durable),
            None => Err(io::Error::other("the event cannot be written as JSON")),
        };
        Written { record: Arc::new(record), note: self.judge(result) }
    }

    /// Takes over a record of another session as it is, times and all; what comes after is counted on from it.
    pub fn adopt(&mut self, record: &Record) -> Written {
        self.next = RecordIndex(self.next.0.max(record.index.0.saturating_add(1)));
        let result = match record.to_line() {
            Ok(line) => self.store(&line, Durability::Gathered),
            Err(error) => Err(error.into()),
        };
        Written { record: Arc::new(record.clone()), note: self.judge(result) }
    }

    /// Whether records wait for [`Recording::flush`]; those of a file in trouble wait for the next record instead.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.trouble.is_none() && self.file.as_ref().is_some_and(|open| open.is_behind())
    }

    /// Writes what waits; gives a note to show if it cannot be written and the reason is new.
    pub fn flush(&mut self) -> Option<Arc<Record>> {
        let result = self.file.as_mut().map_or(Ok(()), OpenFile::write);
        self.judge(result)
    }

    /// Forces everything to the disk.
    ///
    /// # Errors
    /// The file system's words.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        open.sync()
    }

    fn to_redacted_line(&self, record: Record) -> Result<(Record, Option<String>), Box<Record>> {
        let Ok(line) = record.to_line() else { return Err(Box::new(record)) };
        if is_decided_by_reading(&record.event) {
            return Ok((record, Some(line)));
        }
        let redacted = match self.redactor.redact(&line) {
            std::borrow::Cow::Borrowed(_) => None,
            std::borrow::Cow::Owned(redacted) => Some(redacted),
        };
        let Some(redacted) = redacted else { return Ok((record, Some(line))) };
        // The screen shows what the file has, so that a replay looks the same.
        match Record::from_line(&redacted) {
            Ok(same) => Ok((same, Some(redacted))),
            Err(_) => Err(Box::new(record)),
        }
    }

    fn store(&mut self, line: &str, durable: Durability) -> io::Result<()> {
        let reference = match split_payload(line) {
            Some((envelope, payload)) if payload.len() > BLOB_THRESHOLD && self.file.is_some() => {
                Some(format!("{envelope}{}}}", self.store_blob(payload)?))
            }
            _ => None,
        };
        let Some(open) = &mut self.file else { return Ok(()) };
        open.put(reference.as_deref().unwrap_or(line));
        let now = self.trouble.is_some() || open.behind_bytes() > MOST_UNWRITTEN;
        match durable {
            Durability::Synced => self.sync(),
            Durability::Gathered if now => open.write(),
            Durability::Gathered => Ok(()),
        }
    }

    fn store_blob(&self, payload: &str) -> io::Result<String> {
        let hash = blake3::hash(payload.as_bytes()).to_hex().to_string();
        if let Some(open) = &self.file {
            let folder = blob_dir(open.path());
            DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let (path, part) = (folder.join(&hash), folder.join(format!("{hash}.part")));
            // Only a whole payload ever has the name, also after a crash or on a full disk.
            if !path.exists() {
                let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
                file.write_all(payload.as_bytes())?;
                fs::rename(&part, &path)?;
            }
        }
        let reference = BlobRef { hash, bytes: payload.len() as u64 };
        Ok(serde_json::to_string(&reference)?)
    }

    fn judge(&mut self, result: io::Result<()>) -> Option<Arc<Record>> {
        match result {
            Ok(()) => {
                // That a record could be gathered says nothing of the file.
                if self.file.as_ref().is_none_or(|open| !open.is_behind()) {
                    self.trouble = None;
                }
                None
            }
            Err(error) => self.report(&error),
        }
    }

    fn report(&mut self, error: &io::Error) -> Option<Arc<Record>> {
        let text = error.to_string();
        if self.trouble.as_deref() == Some(&text) {
            return None;
        }
        let path = self.path().map(|path| path.display().to_string()).unwrap_or_default();
        self.trouble = Some(text.clone());
        let note = NoteTaken {
            level: NoteLevel::Error,
            text: format!(
                "This session is not being recorded: {path}: {text}. It goes on without; free some space or check the folder."
            ),
        };
        let note = self.next_record(self.stamp(), Scope::default(), note.into());
        // It waits with the others for space: a number that is not in the file would look like damage.
        if let (Some(open), Ok(line)) = (&mut self.file, note.to_line()) {
            open.put(&line);
        }
        Some(Arc::new(note))
    }

    fn next_record(&mut self, stamp: Stamp, scope: Scope, event: Event) -> Record {
        let index = self.next;
        self.next.0 += 1;
        Record { index, at_us: stamp.at_us, unix_ms: stamp.unix_ms, scope, event }
    }
}

/// When something happened, by both clocks of a record.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Since the session began, µs.
    pub at_us: u64,
    /// Since 1970, ms.
    pub unix_ms: i64,
}

/// A record as it stands in the file, and a note to show if it could not be written.
#[derive(Debug)]
pub struct Written {
    /// The record.
    pub record: Arc<Record>,
    /// New trouble with the file.
    pub note: Option<Arc<Record>>,
}

/// What must be true of a record before its effect happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// In memory, until the next flush.
    Gathered,
    /// On the disk.
    Synced,
}

/// Whether an event is what the operator reads before saying yes: a mark in it could hide what the yes is for.
fn is_decided_by_reading(event: &Event) -> bool {
    matches!(event, Event::ProjectProposed(_))
}

/// Whether the record of an event must be on the disk before the event takes effect: decisions, and starts of calls that may
/// write (`sessions.md` §1).
#[must_use]
pub fn comes_first(event: &Event) -> bool {
    matches!(event, Event::CallDecided(_) | Event::CallStarted(CallStarted { read_only: false, .. }))
}

/// The folder of a session's large payloads.
#[must_use]
pub(super) fn blob_dir(path: &Path) -> PathBuf {
    path.with_extension("blobs")
}

/// Splits a line of ours before its payload, which is always last.
fn split_payload(line: &str) -> Option<(&str, &str)> {
    // The envelope's strings are ids and kinds of ours and hold no quote, so the first match is the key.
    let at = line.find(r#","d":"#)? + 5;
    Some((&line[..at], line.get(at..line.len() - 1)?))
}

fn lock_error(error: TryLockError, path: &Path) -> RecordingError {
    match error {
        TryLockError::WouldBlock => RecordingError::Locked { path: path.into() },
        TryLockError::Error(source) => RecordingError::Io { path: path.into(), source },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use rustix::fs::{OFlags, fcntl_setfl};

    use super::*;

    #[test]
    fn once_there_is_space_again_no_number_is_missing_from_the_file() {
        // A pipe takes only so much until it is read, like a disk until something is deleted.
        let (mut reader, writer) = io::pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        fcntl_setfl(&reader, OFlags::NONBLOCK).unwrap();
        let file = OpenFile::new(OwnedFd::from(writer).into(), PathBuf::new(), false);
        let (clock, redactor) = (Clock::start(), Redactor::default());
        let mut recording = Recording { file: Some(file), clock, next: RecordIndex(0), redactor, trouble: None };
        let note = || NoteTaken { level: NoteLevel::Info, text: "x".repeat(1000) };
        let mut write = || {
            let written = recording.append(recording.stamp(), Scope::default(), note().into());
            written.note.or_else(|| recording.flush())
        };
        while write().is_none() {}
        let mut got = Vec::new();
        let mut drain = || drop(reader.read_to_end(&mut got));
        drain();
        assert!(write().is_none(), "there is space");
        drain();
        let text = String::from_utf8(got).unwrap();
        let numbers: Vec<u64> = text.lines().map(|line| Record::from_line(line).unwrap().index.0).collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
        assert!(text.contains("This session is not being recorded"));
    }
}
