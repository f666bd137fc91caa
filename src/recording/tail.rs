//! The end of a session file that is being written: what waits to be put there, and what an earlier end left.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::protocol::{Record, RecordIndex};

/// Bytes kept for a file that cannot be written just now; with more than that, they are given up.
const MOST_KEPT: usize = 1024 * 1024;

/// A session file, open for append, and the lines it lacks.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    path: PathBuf,
    /// Whole lines that are not in the file yet; after a write that broke off, the first is the rest of one.
    unwritten: Vec<u8>,
    /// Whether the file ends inside a line.
    torn: bool,
}

impl OpenFile {
    /// `torn` is whether the file ends inside a line, which is then closed first.
    pub fn new(file: File, path: PathBuf, torn: bool) -> Self {
        let unwritten = if torn { vec![b'\n'] } else { Vec::new() };
        Self { file, path, unwritten, torn }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something waits to be written.
    pub fn is_behind(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// How much waits, bytes.
    pub fn behind_bytes(&self) -> usize {
        self.unwritten.len()
    }

    /// Takes a line, without its end, to be written.
    pub fn put(&mut self, line: &str) {
        self.unwritten.extend_from_slice(line.as_bytes());
        self.unwritten.push(b'\n');
    }

    /// Writes what waits. What could not be written waits on, so that a disk with space again gets all of it, up to a limit.
    pub fn write(&mut self) -> io::Result<()> {
        let mut done = 0;
        let result = loop {
            if done == self.unwritten.len() {
                break Ok(());
            }
            match self.file.write(&self.unwritten[done..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        if let Some(last) = done.checked_sub(1) {
            self.torn = self.unwritten[last] != b'\n';
        }
        self.unwritten.drain(..done);
        if self.unwritten.len() > MOST_KEPT {
            self.unwritten.clear();
            if self.torn {
                self.unwritten.push(b'\n');
            }
        }
        result
    }

    /// Writes what waits and forces everything to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        self.file.sync_data()
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // The last words; whoever wanted to hear of trouble has called `flush`.
        let _ = self.write();
    }
}

/// Bytes after the last line end: 0 for a file that ends properly.
pub(super) fn torn_tail(file: &mut File) -> io::Result<u64> {
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
pub(super) fn after_tail(file: &mut File, torn_bytes: u64) -> io::Result<RecordIndex> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::End(0))?;
    let length = file.stream_position()?;
    file.seek(SeekFrom::Start(length - torn_bytes))?;
    file.take(torn_bytes).read_to_end(&mut tail)?;
    let record = std::str::from_utf8(&tail).ok().and_then(|line| Record::from_line(line).ok());
    Ok(record.map_or(RecordIndex(0), |record| RecordIndex(record.index.0.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use rustix::fs::{OFlags, fcntl_setfl};

    use super::*;

    /// A file that takes only as much as a pipe does, and what reads it.
    fn narrow() -> (OpenFile, io::PipeReader) {
        let (reader, writer) = io::pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        fcntl_setfl(&reader, OFlags::NONBLOCK).unwrap();
        (OpenFile::new(OwnedFd::from(writer).into(), PathBuf::new(), false), reader)
    }

    fn drain(reader: &mut io::PipeReader, into: &mut Vec<u8>) {
        let ended = reader.read_to_end(into);
        assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));
    }

    #[test]
    fn what_could_not_be_written_is_written_once_there_is_space() {
        let (mut file, mut reader) = narrow();
        let lines: Vec<String> = (0..3_000).map(|number| format!("{number} {}", "x".repeat(100))).collect();
        for line in &lines {
            file.put(line);
        }
        let (mut got, mut refused) = (Vec::new(), 0);
        while file.write().is_err() {
            refused += 1;
            drain(&mut reader, &mut got);
        }
        drain(&mut reader, &mut got);
        assert!(refused > 1);
        assert_eq!(String::from_utf8(got).unwrap().lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn lines_given_up_leave_whole_lines_behind_and_before_them() {
        let (mut file, mut reader) = narrow();
        let long = "y".repeat(1000);
        while file.behind_bytes() <= 2 * MOST_KEPT {
            file.put(&long);
        }
        assert!(file.write().is_err());
        let mut got = Vec::new();
        drain(&mut reader, &mut got);
        file.put("after");
        file.write().unwrap();
        drain(&mut reader, &mut got);
        let text = String::from_utf8(got).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.last(), Some(&"after"), "{:?}", lines.last());
        let cut = lines.len() - 2;
        assert!(lines[..cut].iter().all(|line| *line == long), "only the last may be cut");
    }
}
