//! The sessions on disk, newest first, from the head and the tail of each file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::protocol::{Event, Record};

use super::format::Header;

/// Read at both ends of each file; a session's first question nearly always stands in the head.
const WINDOW: u64 = 64 * 1024;

/// One session on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The session's ULID, or the file's name if its header cannot be read.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// When it was created, RFC 3339.
    pub created: String,
    /// The model's name.
    pub model: String,
    /// The first question, if one stands in the first 64 KiB.
    pub question: Option<String>,
    /// Turns begun, as far as the last 64 KiB tell.
    pub turns: u32,
    /// Calls made, as far as the last 64 KiB tell.
    pub calls: u64,
    /// From the first record to the last, ms.
    pub duration_ms: u64,
    /// Size of the file in bytes, without large payloads.
    pub bytes: u64,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// All sessions below `dir`, newest first; a folder that does not exist has none.
///
/// # Errors
/// The file system's words about `dir` itself; a session that cannot be read is listed with its problem.
pub fn sessions(dir: &Path) -> io::Result<Vec<Listed>> {
    let mut files = Vec::new();
    match collect(dir, &mut files, 0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    }
    // A ULID's order is the order of creation.
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    Ok(files.iter().map(|path| listed(path)).collect())
}

/// The folders are year, month and day; nothing deeper and no link is followed.
fn collect(dir: &Path, files: &mut Vec<PathBuf>, depth: u32) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth < 3 {
            if collect(&path, files, depth + 1).is_err() {
                // A folder that cannot be read is listed with its problem, like a session.
                files.push(path);
            }
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    Ok(())
}

fn listed(path: &Path) -> Listed {
    let mut listed = Listed {
        id: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        path: path.into(),
        created: String::new(),
        model: String::new(),
        question: None,
        turns: 0,
        calls: 0,
        duration_ms: 0,
        bytes: 0,
        problem: None,
    };
    if let Err(error) = fill(&mut listed) {
        listed.problem = Some(error.to_string());
    }
    listed
}

fn fill(listed: &mut Listed) -> io::Result<()> {
    let mut file = File::open(&listed.path)?;
    listed.bytes = file.metadata()?.len();
    let head = window(&mut file, 0)?;
    let mut lines = head.lines();
    let header: Header = serde_json::from_str(lines.next().unwrap_or_default())
        .map_err(|error| io::Error::other(format!("line 1 is no header: {error}")))?;
    listed.id = header.id.to_string();
    listed.created = header.created;
    listed.model = header.model;
    for record in lines.filter_map(|line| Record::from_line(line).ok()) {
        take(listed, &record);
    }
    if listed.bytes > WINDOW {
        let tail = window(&mut file, listed.bytes - WINDOW)?;
        for record in tail.lines().filter_map(|line| Record::from_line(line).ok()) {
            take(listed, &record);
        }
    }
    Ok(())
}

fn take(listed: &mut Listed, record: &Record) {
    listed.duration_ms = listed.duration_ms.max(record.at_us / 1000);
    listed.turns = listed.turns.max(record.scope.turn.map_or(0, |turn| turn.0));
    listed.calls = listed.calls.max(record.scope.call.map_or(0, |call| call.0));
    if let (None, Event::UserAsked(asked)) = (&listed.question, &record.event) {
        listed.question = Some(asked.text.clone());
    }
}

fn window(file: &mut File, from: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
