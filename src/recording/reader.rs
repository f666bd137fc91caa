//! Reads session files as bytes: a bad line is one visible bad row, a missing header or record a problem, never an abort.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::{Record, why_no_object};

use super::damage::{Damage, Sequence};
use super::format::{BlobRef, FORMAT, Header};
use super::writer::blob_dir;

/// Longest line that is read whole; longer ones are bad rows. Ours stay far below because payloads over 64 KiB are blobs.
pub(super) const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// Largest blob that is read back.
const LARGEST_BLOB: u64 = 256 * 1024 * 1024;

/// One line after the header.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A record.
    Record(Arc<Record>),
    /// A line that is none, with what is wrong; its bytes stay in the file.
    Bad {
        /// 1-based line number.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// Why a file cannot be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no file {0}; `callboard sessions` lists what is recorded")]
    Absent(PathBuf),
    /// It is a folder.
    #[error("{0} is a folder; name one of the recordings in it, a .jsonl file")]
    Folder(PathBuf),
    /// It is something else that has no beginning and end.
    #[error("{0} is no regular file, so it cannot be replayed; copy its content into one")]
    Irregular(PathBuf),
    /// The file system said no.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{0} is empty: nothing is recorded in it")]
    Empty(PathBuf),
    /// There is neither a header nor a record in it.
    #[error("{path} is not a Callboard recording: line 1 is no header of one, {reason}, and no line is a record")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with line 1.
        reason: String,
    },
}

impl ReadError {
    pub(super) fn new(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Absent(path.into()),
            io::ErrorKind::IsADirectory => Self::Folder(path.into()),
            _ => Self::Unreadable { path: path.into(), source },
        }
    }
}

/// An open session file.
#[derive(Debug)]
pub struct Reader {
    /// Line 1, or a stand-in if it is no header.
    pub header: Header,
    /// What is wrong with the file, as far as it has been read.
    pub damage: Damage,
    path: PathBuf,
    source: BufReader<File>,
    line: u64,
    sequence: Sequence,
}

impl Reader {
    /// Opens a file and reads its header. A file without one is read all the same if there is a record in it.
    ///
    /// # Errors
    /// Any [`ReadError`] but [`ReadError::Irregular`].
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let fail = |source| ReadError::new(path, source);
        let mut source = BufReader::new(File::open(path).map_err(fail)?);
        let first = next_line(&mut source).map_err(fail)?.ok_or_else(|| ReadError::Empty(path.into()))?;
        let mut damage = Damage::default();
        let (header, line) = match header(&first.bytes) {
            Ok(header) => {
                header.may_be_missing().into_iter().for_each(|reason| damage.add(1, reason));
                (header, 1)
            }
            Err(reason) => {
                source.rewind().map_err(fail)?;
                let record = first_record(path, &mut source).map_err(fail)?;
                let foreign = || ReadError::Foreign { path: path.into(), reason: reason.clone() };
                let header = Header::stand_in(path, &*record.ok_or_else(foreign)?);
                source.rewind().map_err(fail)?;
                damage.add(1, no_header(&reason));
                (header, 0)
            }
        };
        Ok(Self { header, damage, path: path.into(), source, line, sequence: Sequence::default() })
    }

    /// Whether somebody is writing the file right now.
    #[must_use]
    pub fn is_being_written(&self) -> bool {
        is_being_written(self.source.get_ref())
    }
}

/// The first line that is a record, wherever it stands.
fn first_record(path: &Path, source: &mut BufReader<File>) -> io::Result<Option<Arc<Record>>> {
    while let Some(line) = next_line(source)? {
        if let Row::Record(record) = row(path, 1, &line.bytes, line.end) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// What is wrong with a line 1 that is no header, for `reason`.
pub(super) fn no_header(reason: &str) -> String {
    format!("no header of a session: {reason}")
}

/// Whether a writer holds the file.
pub(super) fn is_being_written(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            // Ours only for the moment of the question; dropping the file would release it too.
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

/// Reads line 1, or says why it is no header.
pub(super) fn header(line: &[u8]) -> Result<Header, String> {
    let why = |error| why_no_object(&String::from_utf8_lossy(line), &error);
    let header: Header = serde_json::from_slice(line).map_err(why)?;
    if header.fmt != FORMAT {
        return Err(format!("fmt is {:?}, expected {FORMAT:?}", header.fmt));
    }
    Ok(header)
}

/// Reads one line of `path` (without its end) as a row; `end` is how the line ends.
pub(super) fn row(path: &Path, line: u64, bytes: &[u8], end: End) -> Row {
    let bad = |reason: String| Row::Bad { line, reason };
    match end {
        End::Whole => {}
        End::Torn => return bad("the line breaks off; the writer was stopped while writing it".into()),
        End::TooLong => return bad(format!("the line is longer than {} MiB", LONGEST_LINE >> 20)),
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return bad(format!("not UTF-8 at byte {}", error.valid_up_to())),
    };
    let record = match with_payload(path, text) {
        Ok(Some(whole)) => Record::from_line(&whole),
        Ok(None) => Record::from_line(text),
        Err(reason) => return bad(reason),
    };
    match record {
        Ok(record) => Row::Record(Arc::new(record)),
        Err(error) => bad(error.to_string()),
    }
}

/// The line with the payload that is kept beside the file, whatever its kind; `None` if it has its payload itself.
fn with_payload(path: &Path, text: &str) -> Result<Option<String>, String> {
    // Nearly every line is answered here.
    if !text.contains(r#""$blob""#) {
        return Ok(None);
    }
    let Ok(Payload { d }) = serde_json::from_str::<Payload<'_>>(text) else { return Ok(None) };
    let Some(reference) = BlobRef::parse(d.get()) else { return Ok(None) };
    let path = blob_dir(path).join(&reference.hash);
    let fail = |reason: String| format!("payload {}: {reason}", path.display());
    let payload = read_blob(&path).map_err(|error| fail(error.to_string()))?;
    if blake3::hash(payload.as_bytes()).to_hex().as_str() != reference.hash {
        return Err(fail("its content does not match its name".into()));
    }
    // A line of ours ends with its payload.
    let at = text.rfind(d.get()).unwrap_or(text.len());
    Ok(Some(format!("{}{payload}{}", &text[..at], &text[at + d.get().len()..])))
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    d: &'a RawValue,
}

impl Iterator for Reader {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match next_line(&mut self.source) {
            Ok(line) => line?,
            Err(error) => return Some(Err(error)),
        };
        if line.end == End::Torn && self.is_being_written() {
            return None;
        }
        self.line += 1;
        let row = row(&self.path, self.line, &line.bytes, line.end);
        match &row {
            Row::Record(record) => {
                let missing = self.sequence.follow(record.index);
                missing.into_iter().for_each(|reason| self.damage.add(self.line, reason));
            }
            Row::Bad { reason, .. } => {
                self.sequence.unread();
                // Of a line 1 that should be a header this has been told.
                if self.line > 1 {
                    self.damage.add(self.line, reason.clone());
                }
            }
        }
        Some(Ok(row))
    }
}

struct RawLine {
    bytes: Vec<u8>,
    end: End,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    Whole,
    /// With the file.
    Torn,
    /// Beyond what is read; the rest has been skipped.
    TooLong,
}

fn next_line(source: &mut BufReader<File>) -> io::Result<Option<RawLine>> {
    let mut bytes = Vec::new();
    let read = source.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        return Ok(Some(RawLine { bytes, end: End::Whole }));
    }
    let more = if read as u64 == LONGEST_LINE { source.skip_until(b'\n')? } else { 0 };
    let end = if more > 0 { End::TooLong } else { End::Torn };
    Ok(Some(RawLine { bytes, end }))
}

fn read_blob(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST_BLOB).read_to_string(&mut text)?;
    Ok(text)
}
