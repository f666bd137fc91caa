//! A session file as bytes: indexed block by block from the front, rows read back where they are wanted. Never written.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::protocol::Problem;
use crate::recording::damage::{Damage, Sequence};
use crate::recording::reader::{self, End, LONGEST_LINE, ReadError, Row};
use crate::recording::writer::blob_dir;

use super::index::Index;

/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// An open file with what is known of it.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    path: PathBuf,
    pub index: Index,
    pub damage: Damage,
    sequence: Sequence,
    /// Whether line 1 has been looked at.
    header: Head,
    /// Bytes read so far, the unfinished line included.
    read: u64,
    /// Bytes of the file when it was last looked at.
    length: u64,
    /// The line that has not ended yet.
    open_line: Vec<u8>,
    /// Bytes of it, more than are kept if it is endless.
    open_length: u64,
    /// What was last read to make rows of; kept because fresh memory costs more than the reading.
    block: Vec<u8>,
}

#[derive(Debug)]
enum Head {
    Unread,
    Read,
    /// There is none: line 1 is a row like any other.
    Absent,
}

/// What another look at the file brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Lines were added, and there is more.
    More,
    /// Everything that is there has been read.
    End,
}

impl Source {
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let fail = |source| ReadError::new(path, source);
        // Asked before it is opened: to open a pipe may wait for ever.
        let kind = fs::metadata(path).map_err(fail)?.file_type();
        match () {
            () if kind.is_dir() => return Err(ReadError::Folder(path.into())),
            () if !kind.is_file() => return Err(ReadError::Irregular(path.into())),
            () => {}
        }
        let file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        Ok(Self {
            file,
            path: path.into(),
            index: Index::default(),
            damage: Damage::default(),
            sequence: Sequence::default(),
            header: Head::Unread,
            read: 0,
            length,
            open_line: Vec::new(),
            open_length: 0,
            block: Vec::new(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes read, and bytes there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.read, self.length)
    }

    /// Whether the file has grown since it was last read to its end.
    pub fn has_grown(&mut self) -> io::Result<bool> {
        self.length = self.file.metadata()?.len();
        Ok(self.length > self.read)
    }

    /// Whether a writer holds the file.
    pub fn is_being_written(&self) -> bool {
        reader::is_being_written(&self.file)
    }

    /// Indexes the next block.
    pub fn look(&mut self) -> io::Result<Look> {
        let mut block = vec![0; BLOCK];
        let count = self.file.read_at(&mut block, self.read)?;
        self.read += count as u64;
        let mut rest = &block[..count];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            self.keep(line);
            self.open_length += 1;
            self.end_line();
            rest = &after[1..];
        }
        self.keep(rest);
        self.length = self.length.max(self.read);
        Ok(if count == 0 { Look::End } else { Look::More })
    }

    fn keep(&mut self, piece: &[u8]) {
        self.open_length += piece.len() as u64;
        if self.open_length <= LONGEST_LINE {
            self.open_line.extend_from_slice(piece);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open_line);
        let length = std::mem::take(&mut self.open_length);
        if matches!(self.header, Head::Unread) {
            match reader::header(&line) {
                Ok(header) => {
                    self.header = Head::Read;
                    if let Some(reason) = header.may_be_missing() {
                        self.damage.add(1, reason);
                    }
                    self.index.skip(length);
                    return;
                }
                Err(reason) => {
                    self.header = Head::Absent;
                    self.damage.add(1, reader::no_header(&reason));
                }
            }
        }
        let blobs = blob_dir(&self.path);
        let record = self.index.push(&line, length, |hash| blob_head(&blobs, hash));
        let number = self.line(self.index.len() - 1);
        let Some(record) = record else {
            self.sequence.unread();
            // Line 1 has had its problem told.
            if let (2.., Row::Bad { reason, .. }) = (number, reader::row(&self.path, number, &line, End::Whole)) {
                self.damage.add(number, reason);
            }
            return;
        };
        if let Some(reason) = self.sequence.follow(record) {
            self.index.mark_displaced();
            self.damage.add(number, reason);
        }
    }

    /// A last line without an end, once nobody is writing it any more.
    pub fn torn(&self) -> Option<Problem> {
        (self.open_length > 0).then(|| Problem {
            line: self.line(self.index.len()),
            reason: format!("{} bytes break off; the writer was stopped while writing the line", self.open_length),
        })
    }

    /// Why there is nothing of a recording in the file, once it has been read to its end.
    pub fn foreign(&self) -> Option<String> {
        match self.header {
            Head::Read => None,
            Head::Unread | Head::Absent if self.index.has_records() => None,
            Head::Unread if self.open_length == 0 => Some("it is empty".to_owned()),
            Head::Unread | Head::Absent => Some("it has neither the header of one nor any record".to_owned()),
        }
    }

    /// The 1-based line number of a row.
    fn line(&self, row: usize) -> u64 {
        let first = if matches!(self.header, Head::Absent) { 1 } else { 2 };
        row as u64 + first
    }

    /// Reads rows `from..to`; both within the index.
    pub fn rows(&mut self, from: usize, to: usize) -> io::Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(to - from);
        let (mut block_start, mut block_end) = (0, 0);
        for row in from..to {
            let (start, end) = self.index.span(row);
            if end - start > LONGEST_LINE {
                rows.push(Row::Bad { line: self.line(row), reason: format!("{} bytes in one line", end - start) });
                continue;
            }
            if start < block_start || end > block_end {
                let (_, last) = self.index.bytes(row, to);
                let size = (last - start).min((BLOCK as u64).max(end - start));
                let length = usize::try_from(size).unwrap_or(BLOCK);
                if self.block.len() < length {
                    self.block.resize(length, 0);
                }
                self.file.read_exact_at(&mut self.block[..length], start)?;
                (block_start, block_end) = (start, start + size);
            }
            let at = |offset: u64| usize::try_from(offset - block_start).unwrap_or(usize::MAX);
            let line = &self.block[at(start)..at(end) - 1];
            rows.push(reader::row(&self.path, self.line(row), line, End::Whole));
        }
        // The memory of an uncommonly long line is given back.
        if self.block.len() > BLOCK {
            self.block = Vec::new();
        }
        Ok(rows)
    }

    /// Takes note of a row whose body could not be read; told once.
    pub fn note_bad(&mut self, row: usize, line: u64, reason: String) {
        if self.index.mark_bad(row) {
            self.damage.add(line, reason);
        }
    }
}

/// The first bytes of a payload kept beside the file: enough to see how a call ended.
fn blob_head(folder: &Path, hash: &str) -> Vec<u8> {
    let mut head = vec![0; 64];
    let is_name = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let file = is_name.then(|| File::open(folder.join(hash)).ok()).flatten();
    let count = file.and_then(|file| file.read_at(&mut head, 0).ok());
    head.truncate(count.unwrap_or(0));
    head
}
