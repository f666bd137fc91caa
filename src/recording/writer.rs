//! The only writer of a session file: stamps events, redacts, writes, and hands back what it wrote.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Clock;
use crate::protocol::{CallStarted, Event, NoteLevel, NoteTaken, Record, RecordIndex, RecordingRepaired, Scope};

use super::format::{BLOB_THRESHOLD, BlobRef, Header};
use super::redact::Redactor;

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

/// An open session file, or the wish not to have one: events are stamped either way.
#[derive(Debug)]
pub struct Recording {
    file: Option<OpenFile>,
    clock: Clock,
    next: RecordIndex,
    redactor: Redactor,
    trouble: Option<String>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    path: PathBuf,
    /// Whether the last write broke off inside a line.
    torn: bool,
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
        let mut recording = Self {
            file: Some(OpenFile { file, path: path.clone(), torn: false }),
            clock,
            next: RecordIndex(0),
            redactor,
            trouble: None,
        };
        let line = serde_json::to_string(header).map_err(|error| fail(error.into()))?;
        let line = recording.redactor.redact(&line).into_owned();
        recording.write_line(&line).map_err(fail)?;
        Ok(recording)
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
        let file = OpenFile { file, path: path.into(), torn: torn_bytes > 0 };
        let mut recording = Self { file: Some(file), clock, next, redactor, trouble: None };
        let repaired = (torn_bytes > 0)
            .then(|| recording.append(Scope::default(), RecordingRepaired { torn_bytes }.into()))
            .map(|written| written.record);
        Ok((recording, repaired))
    }

    /// The file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|open| open.path.as_path())
    }

    /// The clock that stamps.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Stamps `event`, writes it and gives back the record as it stands in the file, secrets replaced. A file that cannot be
    /// written does not stop the session: the first failure, and each new one, comes back as a note to show.
    pub fn append(&mut self, scope: Scope, event: Event) -> Written {
        let durable = needs_sync(&event);
        let record =
            Record { index: self.next, at_us: self.clock.now_us(), unix_ms: self.clock.unix_ms(), scope, event };
        self.next.0 += 1;
        let (record, line) = match self.to_redacted_line(record) {
            Ok(pair) => pair,
            Err(record) => (*record, None),
        };
        let result = match line {
            Some(line) => self.store(&line, durable),
            None => Err(io::Error::other("the event cannot be written as JSON")),
        };
        let note = match result {
            Ok(()) => {
                self.trouble = None;
                None
            }
            Err(error) => self.report(&error),
        };
        Written { record: Arc::new(record), note }
    }

    /// Takes over a record of another session as it is, times and all; what comes after is counted on from it.
    pub fn adopt(&mut self, record: &Record) -> Written {
        self.next = RecordIndex(self.next.0.max(record.index.0.saturating_add(1)));
        let result = match record.to_line() {
            Ok(line) => self.store(&line, Durability::Written),
            Err(error) => Err(error.into()),
        };
        let note = result.err().and_then(|error| self.report(&error));
        Written { record: Arc::new(record.clone()), note }
    }

    /// Forces everything to the disk.
    ///
    /// # Errors
    /// The file system's words.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |open| open.file.sync_data())
    }

    fn to_redacted_line(&self, record: Record) -> Result<(Record, Option<String>), Box<Record>> {
        let Ok(line) = record.to_line() else { return Err(Box::new(record)) };
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
        if self.file.is_none() {
            return Ok(());
        }
        match split_payload(line) {
            Some((envelope, payload)) if payload.len() > BLOB_THRESHOLD => {
                let reference = self.store_blob(payload)?;
                self.write_line(&format!("{envelope}{reference}}}"))?;
            }
            _ => self.write_line(line)?,
        }
        match durable {
            Durability::Synced => self.sync(),
            Durability::Written => Ok(()),
        }
    }

    fn store_blob(&self, payload: &str) -> io::Result<String> {
        let hash = blake3::hash(payload.as_bytes()).to_hex().to_string();
        if let Some(open) = &self.file {
            let folder = blob_dir(&open.path);
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

    fn write_line(&mut self, line: &str) -> io::Result<()> {
        let Some(open) = &mut self.file else { return Ok(()) };
        let mut bytes = Vec::with_capacity(line.len() + 2);
        if open.torn {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        open.torn = true;
        open.file.write_all(&bytes)?;
        open.torn = false;
        Ok(())
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
        let record = Record {
            index: self.next,
            at_us: self.clock.now_us(),
            unix_ms: self.clock.unix_ms(),
            scope: Scope::default(),
            event: note.into(),
        };
        self.next.0 += 1;
        Some(Arc::new(record))
    }
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
    /// Handed to the operating system.
    Written,
    /// On the disk.
    Synced,
}

fn needs_sync(event: &Event) -> Durability {
    match event {
        Event::CallDecided(_) => Durability::Synced,
        Event::CallStarted(CallStarted { read_only: false, .. }) => Durability::Synced,
        _ => Durability::Written,
    }
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

/// Bytes after the last line end: 0 for a file that ends properly.
fn torn_tail(file: &mut File) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = length;
    let mut block = vec![0_u8; 64 * 1024];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let size = usize::try_from(end - start).unwrap_or(block.len());
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block[..size])?;
        if let Some(position) = block[..size].iter().rposition(|byte| *byte == b'\n') {
            return Ok(length - (start + position as u64 + 1));
        }
        end = start;
    }
    Ok(length)
}

/// The index after a last line that lacks nothing but its end: once it is closed, it is a record like any other.
fn after_tail(file: &mut File, torn_bytes: u64) -> io::Result<RecordIndex> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::End(0))?;
    let length = file.stream_position()?;
    file.seek(SeekFrom::Start(length - torn_bytes))?;
    file.take(torn_bytes).read_to_end(&mut tail)?;
    let record = std::str::from_utf8(&tail).ok().and_then(|line| Record::from_line(line).ok());
    Ok(record.map_or(RecordIndex(0), |record| RecordIndex(record.index.0.saturating_add(1))))
}

fn lock_error(error: TryLockError, path: &Path) -> RecordingError {
    match error {
        TryLockError::WouldBlock => RecordingError::Locked { path: path.into() },
        TryLockError::Error(source) => RecordingError::Io { path: path.into(), source },
    }
}
