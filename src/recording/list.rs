//! The sessions on disk, newest first, from the head and the tail of each file.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::protocol::{Event, Record, SessionId};

use super::format::Header;
use super::reader;

/// Read at both ends of each file.
const WINDOW: u64 = 64 * 1024;
/// How the record of a question is known without reading it.
const KIND: &[u8] = br#""k":"user.asked""#;
/// Searched for the first question: what servers say of themselves and their tools stands before it.
const LONGEST_PRELUDE: u64 = 4 * 1024 * 1024;

/// Sessions in which nothing was asked that are passed over to find the last one with a question.
const MOST_EMPTY: usize = 200;

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
    /// The first question, if one stands in the first 4 MiB.
    pub question: Option<String>,
    /// Every question in the first and the last 64 KiB, for searching.
    #[serde(skip)]
    pub questions: Vec<String>,
    /// Turns begun, as far as the last 64 KiB tell.
    pub turns: u32,
    /// Calls made, as far as the last 64 KiB tell.
    pub calls: u64,
    /// From the first record to the last, ms.
    pub duration_ms: u64,
    /// Size of the file in bytes, without large payloads.
    pub bytes: u64,
    /// The session that it asked again of a model, tools answered from the recording.
    pub mock_of: Option<SessionId>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Listed {
    /// What it is about, in a line: what is wrong with it, else its first question.
    #[must_use]
    pub fn about(&self) -> String {
        let about = self.problem.as_deref().or(self.question.as_deref()).unwrap_or("(nothing asked)");
        match &self.mock_of {
            Some(of) => format!("[mock of …{}] {about}", of.tail()),
            None => about.to_owned(),
        }
    }
}

/// All sessions below `dir`, newest first; a folder that does not exist has none.
///
/// # Errors
/// The file system's words about `dir` itself; a session that cannot be read is listed with its problem.
pub fn sessions(dir: &Path) -> io::Result<Vec<Listed>> {
    Ok(files(dir)?.iter().map(|path| listed(path)).collect())
}

/// Why a session was not found.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is none at all.
    #[error("there are no sessions in {0} yet; ask something first, or name a file")]
    Empty(PathBuf),
    /// Neither a file nor the beginning of an id.
    #[error("{wanted:?} is neither a file nor the beginning of a session's id; `callboard sessions` lists them")]
    Unknown {
        /// What was asked for.
        wanted: String,
    },
    /// The beginning of several ids.
    #[error("{wanted:?} is the beginning of {} sessions ({}); write more of it", .ids.len(), .ids.join(", "))]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The ids, newest first.
        ids: Vec<String>,
    },
    /// There is nowhere to look.
    #[error("there is no home folder to look for sessions in; set XDG_STATE_HOME, or name a file")]
    Homeless,
    /// The folder cannot be read.
    #[error("{path} cannot be listed: {source}")]
    Unlisted {
        /// The folder.
        path: PathBuf,
        /// The file system's words.
        source: io::Error,
    },
}

/// The file of a session: `last` (the newest in which something was asked and that is no mock run), a path, or the beginning of an id below `dir`, capitals or not.
///
/// # Errors
/// [`ResolveError`].
pub fn resolve(wanted: &str, dir: Option<&Path>) -> Result<PathBuf, ResolveError> {
    let path = Path::new(wanted);
    let is_path = path.is_file() || wanted.contains('/') || (path.is_dir() && wanted != "last");
    if is_path {
        // What cannot be opened is told by whoever opens it.
        return Ok(path.to_path_buf());
    }
    let dir = dir.ok_or(ResolveError::Homeless)?;
    let mut files = files(dir).map_err(|source| ResolveError::Unlisted { path: dir.into(), source })?;
    if files.is_empty() {
        return Err(ResolveError::Empty(dir.into()));
    }
    if wanted == "last" {
        // A mock run is made from a session, and the session is what is meant; of a console in which nothing has been asked
        // there is nothing to see, unless there is nothing else.
        let own = || (0..files.len()).filter(|at| !is_mock(&files[*at]));
        let asked = own().take(MOST_EMPTY).find(|at| has_question(&files[*at]));
        let at = asked.or_else(|| own().next()).unwrap_or(0);
        return Ok(files.swap_remove(at));
    }
    let id = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let upper = wanted.to_uppercase();
    files.retain(|path| !wanted.is_empty() && id(path).to_uppercase().starts_with(&upper));
    match files.len() {
        0 => Err(ResolveError::Unknown { wanted: wanted.to_owned() }),
        1 => Ok(files.remove(0)),
        _ => Err(ResolveError::Ambiguous { wanted: wanted.to_owned(), ids: files.iter().map(id).collect() }),
    }
}

/// Whether a file is the recording of a mock run; one that cannot be read is not.
fn is_mock(path: &Path) -> bool {
    let head = File::open(path).and_then(|mut file| window(&mut file, 0)).unwrap_or_default();
    let header = head.lines().next().and_then(|line| reader::header(line.as_bytes()).ok());
    header.is_some_and(|header| header.mock_of.is_some())
}

/// Whether something was asked in a session, as far as is known without reading all of it.
fn has_question(path: &Path) -> bool {
    File::open(path).and_then(|mut file| first_question(&mut file)).is_ok_and(|question| question.is_some())
}

/// All session files below `dir`, newest first.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    match collect(dir, &mut files, 0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        other => other?,
    }
    // A ULID's order is the order of creation.
    files.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    Ok(files)
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
        questions: Vec::new(),
        turns: 0,
        calls: 0,
        duration_ms: 0,
        bytes: 0,
        mock_of: None,
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
    let first = lines.next().ok_or_else(|| io::Error::other("it is empty"))?;
    let header = match reader::header(first.as_bytes()) {
        Ok(header) => header,
        Err(reason) => {
            let record = head.lines().find_map(|line| Record::from_line(line).ok());
            let foreign = || io::Error::other(format!("not a recording: line 1 is no header of one, {reason}"));
            listed.problem = Some(reader::no_header(&reason));
            Header::stand_in(&listed.path, &record.ok_or_else(foreign)?)
        }
    };
    listed.id = header.id.to_string();
    listed.created = header.created;
    listed.model = header.model;
    listed.mock_of = header.mock_of;
    for record in lines.filter_map(|line| Record::from_line(line).ok()) {
        take(listed, &record);
    }
    if listed.question.is_none() {
        listed.question = first_question(&mut file)?;
        listed.questions.extend(listed.question.clone());
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
    if let Event::UserAsked(asked) = &record.event {
        listed.question.get_or_insert_with(|| asked.text.clone());
        // Of a short file both windows have the middle.
        if !listed.questions.contains(&asked.text) {
            listed.questions.push(asked.text.clone());
        }
    }
}

/// The first question, looked for beyond the first window.
fn first_question(file: &mut File) -> io::Result<Option<String>> {
    file.seek(SeekFrom::Start(0))?;
    let mut lines = BufReader::new(file.take(LONGEST_PRELUDE));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // To parse every line for one would take longer than all the rest.
        if line.get(..200.min(line.len())).is_some_and(|head| head.windows(KIND.len()).any(|part| part == KIND))
            && let Ok(record) = Record::from_line(String::from_utf8_lossy(&line).trim_end())
            && let Event::UserAsked(asked) = record.event
        {
            return Ok(Some(asked.text));
        }
        line.clear();
    }
    Ok(None)
}

fn window(file: &mut File, from: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(WINDOW).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_question_is_found_behind_what_servers_say_of_their_tools() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("01AB.jsonl");
        let header = r#"{"fmt":"callboard.session","v":1,"id":"01AB","created":"","app":"","model":"m","servers":{},"policy":"auto"}"#;
        let line = |index: usize, kind: &str, data: &str| {
            format!("{{\"i\":{index},\"t\":1,\"w\":1,\"k\":\"{kind}\",\"d\":{data}}}\n")
        };
        let long = line(0, "note.taken", &format!(r#"{{"level":"info","text":"{}"}}"#, "x".repeat(3 * 64 * 1024)));
        let asked = |index, text: &str| line(index, "user.asked", &format!(r#"{{"text":"{text}"}}"#));
        let text = format!("{header}\n{long}{}{long}{}", asked(1, "First?"), asked(3, "Second?"));
        fs::write(&path, text).expect("a file");
        assert_eq!(listed(&path).question.as_deref(), Some("First?"));
    }

    #[test]
    fn a_session_is_found_by_last_by_the_beginning_of_its_id_and_by_its_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let found = |wanted: &str| resolve(wanted, Some(dir.path()));
        assert!(matches!(found("last"), Err(ResolveError::Empty(_))));
        for id in ["01AB", "01AC", "02AA"] {
            let day = dir.path().join("2026/11/22");
            fs::create_dir_all(&day).expect("a folder");
            fs::write(day.join(format!("{id}.jsonl")), "").expect("a file");
        }
        let header = |id: &str, of: &str| {
            format!(
                r#"{{"fmt":"callboard.session","v":1,"id":"{id}","created":"","app":"","model":"m","servers":{{}},"policy":"auto"{of}}}"#
            )
        };
        let mock = dir.path().join("2026/11/22/03AA.jsonl");
        fs::write(&mock, header("03AA", r#","mock_of":"02AA""#)).expect("a file");
        let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        assert_eq!(found("last").ok().and_then(stem).as_deref(), Some("02AA"), "nothing has been asked in any");
        let asked = r#"{"i":0,"t":1,"w":1,"k":"user.asked","d":{"text":"Who pays?"}}"#;
        let file = dir.path().join("2026/11/22/01AC.jsonl");
        fs::write(file, format!("{}\n{asked}\n", header("01AC", ""))).expect("a file");
        assert_eq!(found("last").ok().and_then(stem).as_deref(), Some("01AC"), "an empty console is not meant");
        assert_eq!(found("01ac").ok().and_then(stem).as_deref(), Some("01AC"));
        assert_eq!(found("03").ok().and_then(stem).as_deref(), Some("03AA"), "a mock run is found by its id");
        let about = listed(&mock).about();
        assert!(about.starts_with("[mock of …02AA]"), "{about}");
        let file = dir.path().join("2026/11/22/01AB.jsonl");
        assert_eq!(found(&file.display().to_string()).ok(), Some(file));
        let words = found("01").expect_err("two sessions").to_string();
        assert!(words.contains("2 sessions (01AC, 01AB)"), "{words}");
        assert!(matches!(found("zz"), Err(ResolveError::Unknown { .. })));
        assert!(matches!(found(""), Err(ResolveError::Unknown { .. })));
        assert!(matches!(resolve("01", None), Err(ResolveError::Homeless)));
    }
}
