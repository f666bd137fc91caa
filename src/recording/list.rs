//! The sessions on disk, newest first, from what stands in the first 4 MiB of each file and at its end.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::protocol::{Event, Record, SessionId};

use super::envelope::Envelope;
use super::format::{ForkedFrom, Header};
use super::reader;

/// Read at the beginning of each file, bytes: all of nearly every session.
const HEAD: u64 = 4 * 1024 * 1024;
/// Read at the end of a longer one, bytes.
const TAIL: u64 = 64 * 1024;
/// The kind of record that has a question.
const ASKED: &str = "user.asked";

/// Sessions in which nothing was asked that are passed over to find the last one with a question.
const MOST_EMPTY: usize = 200;

/// Sessions that are looked at for the questions asked in them.
const MOST_LOOKED_BACK: usize = 50;

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
    /// Every question in the first 4 MiB and the last 64 KiB, for searching.
    #[serde(skip)]
    pub questions: Vec<String>,
    /// The first question of a fork that is not its parent's.
    #[serde(skip)]
    pub went_on: Option<String>,
    /// Bytes between the two that were not looked at; 0 in all but the longest sessions.
    #[serde(skip)]
    pub unread: u64,
    /// Turns begun.
    pub turns: u32,
    /// Calls made.
    pub calls: u64,
    /// From the first record to the last, ms.
    pub duration_ms: u64,
    /// Size of the file in bytes, without large payloads.
    pub bytes: u64,
    /// The session and the record that it goes on from.
    pub forked_from: Option<ForkedFrom>,
    /// The session that it asked again of a model, tools answered from the recording.
    pub mock_of: Option<SessionId>,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Whether it is a recording at all, damaged or not.
    #[serde(skip)]
    pub is_recording: bool,
}

impl Listed {
    /// What it is about, in a line: what is wrong with it, else its first question; of a fork, the first of its own.
    #[must_use]
    pub fn about(&self) -> String {
        let about = self.problem.as_deref().or(self.asked()).unwrap_or("(nothing asked)");
        match (&self.mock_of, &self.forked_from) {
            (Some(of), _) => format!("[mock of …{}] {about}", of.tail()),
            (None, Some(from)) => format!("[fork of …{} at #{}] {about}", from.session.tail(), from.record),
            (None, None) => about.to_owned(),
        }
    }

    /// The first question that was asked in it, and not in the session that it goes on from.
    fn asked(&self) -> Option<&str> {
        let own = if self.forked_from.is_some() { &self.went_on } else { &self.question };
        own.as_deref()
    }
}

/// All sessions below `dir`, newest first; a folder that does not exist has none.
///
/// # Errors
/// The file system's words about `dir` itself; a session that cannot be read is listed with its problem.
pub fn sessions(dir: &Path) -> io::Result<Vec<Listed>> {
    Ok(files(dir)?.iter().map(|path| listed(path)).collect())
}

/// What was asked in the last sessions below `dir` but the one in the file `but`, the latest question last. Questions that a
/// mock run repeats, or that a fork has from its parent, come with those.
///
/// # Errors
/// The file system's words about `dir` itself.
pub fn last_questions(dir: &Path, but: Option<&Path>) -> io::Result<Vec<String>> {
    let others = files(dir)?.into_iter().filter(|path| Some(path.as_path()) != but);
    let own = others.take(MOST_LOOKED_BACK).map(|path| listed(&path)).map(|listed| {
        match (&listed.mock_of, &listed.went_on) {
            (Some(_), _) => Vec::new(),
            (None, Some(first)) => listed.questions.iter().skip_while(|question| *question != first).cloned().collect(),
            (None, None) if listed.forked_from.is_some() => Vec::new(),
            (None, None) => listed.questions,
        }
    });
    let mut sessions: Vec<Vec<String>> = own.collect();
    sessions.reverse();
    Ok(sessions.concat())
}

/// Why a session was not found.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// There is none at all.
    #[error("there are no sessions in {0} yet; ask something first, or name a file")]
    Empty(PathBuf),
    /// Neither a file nor the beginning or end of an id.
    #[error("{wanted:?} is neither a file nor the beginning or end of a session's id; `callboard sessions` lists them")]
    Unknown {
        /// What was asked for.
        wanted: String,
    },
    /// A part of several ids.
    #[error("{wanted:?} is the beginning or end of {} sessions ({}); write more of it", .ids.len(), .ids.join(", "))]
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

/// The file of a session: `last` (the newest in which something was asked and that is no mock run), a path, or the beginning or end of an id below `dir`, capitals or not.
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
        // A mock run is made from a session, and the session is what is meant; of a console or a fork in which nothing has
        // been asked there is nothing to see, unless there is nothing else.
        let all = files.iter().map(|path| listed(path)).enumerate();
        let mut empty = None;
        let asked = all.filter(|(_, listed)| listed.mock_of.is_none()).take(MOST_EMPTY).find(|(at, listed)| {
            empty = empty.or(Some(*at));
            listed.asked().is_some()
        });
        let at = asked.map(|(at, _)| at).or(empty).unwrap_or(0);
        return Ok(files.swap_remove(at));
    }
    let id = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // As a screen writes the end of an id.
    let part = wanted.trim_start_matches('…').to_uppercase();
    let is_meant = |id: &str| !part.is_empty() && (id.starts_with(&part) || id.ends_with(&part));
    files.retain(|path| is_meant(&id(path).to_uppercase()));
    match files.len() {
        0 => Err(ResolveError::Unknown { wanted: wanted.to_owned() }),
        1 => Ok(files.remove(0)),
        _ => Err(ResolveError::Ambiguous { wanted: wanted.to_owned(), ids: files.iter().map(id).collect() }),
    }
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
        went_on: None,
        unread: 0,
        turns: 0,
        calls: 0,
        duration_ms: 0,
        bytes: 0,
        forked_from: None,
        mock_of: None,
        problem: None,
        is_recording: false,
    };
    if let Err(error) = fill(&mut listed) {
        listed.problem = Some(error.to_string());
    }
    listed
}

fn fill(listed: &mut Listed) -> io::Result<()> {
    let mut file = File::open(&listed.path)?;
    listed.bytes = file.metadata()?.len();
    let mut lines = BufReader::new((&mut file).take(HEAD)).split(b'\n');
    let first = lines.next().ok_or_else(|| io::Error::other("it is empty"))??;
    let rest = lines.collect::<io::Result<Vec<_>>>()?;
    let header = match reader::header(&first) {
        Ok(header) => header,
        Err(reason) => {
            let record = std::iter::once(&first).chain(&rest).find_map(|line| record(line));
            let foreign = || io::Error::other(format!("not a recording: line 1 is no header of one, {reason}"));
            listed.problem = Some(reader::no_header(&reason));
            Header::stand_in(&listed.path, &record.ok_or_else(foreign)?)
        }
    };
    listed.is_recording = true;
    listed.id = header.id.to_string();
    listed.created = header.created;
    listed.model = header.model;
    listed.forked_from = header.forked_from;
    listed.mock_of = header.mock_of;
    rest.iter().for_each(|line| take(listed, line));
    if listed.bytes > HEAD {
        let tail = HEAD.max(listed.bytes.saturating_sub(TAIL));
        listed.unread = tail - HEAD;
        file.seek(SeekFrom::Start(tail))?;
        for line in BufReader::new(file.take(TAIL)).split(b'\n') {
            take(listed, &line?);
        }
    }
    Ok(())
}

fn record(line: &[u8]) -> Option<Record> {
    Record::from_line(&String::from_utf8_lossy(line)).ok()
}

/// Takes what a line tells; to read the payload of each for a few questions would take longer than all the rest.
fn take(listed: &mut Listed, line: &[u8]) {
    let Some(envelope) = Envelope::of(line) else { return };
    listed.duration_ms = listed.duration_ms.max(envelope.at_us / 1000);
    listed.turns = listed.turns.max(envelope.turn.map_or(0, |turn| turn.0));
    listed.calls = listed.calls.max(envelope.call.map_or(0, |call| call.0));
    if envelope.kind != ASKED {
        return;
    }
    let Some(Event::UserAsked(asked)) = record(line).map(|record| record.event) else { return };
    listed.question.get_or_insert_with(|| asked.text.clone());
    if listed.forked_from.as_ref().is_some_and(|from| envelope.index > from.record) {
        listed.went_on.get_or_insert_with(|| asked.text.clone());
    }
    if !listed.questions.contains(&asked.text) {
        listed.questions.push(asked.text);
    }
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
        let text =
            format!("{header}\n{long}{}{long}{}{long}{}", asked(1, "First?"), asked(3, "Second?"), asked(5, "Third?"));
        fs::write(&path, &text).expect("a file");
        let found = listed(&path);
        assert_eq!((found.question.as_deref(), found.unread), (Some("First?"), 0));
        assert_eq!(found.questions, ["First?", "Second?", "Third?"], "those in the middle are found too");
        let filling = long.repeat(22);
        fs::write(&path, format!("{text}{filling}{}{filling}{}", asked(6, "Lost?"), asked(7, "Last?")))
            .expect("a file");
        let found = listed(&path);
        assert_eq!(found.questions, ["First?", "Second?", "Third?", "Last?"]);
        assert!(found.unread > 0, "what was not looked at is told");
    }

    #[test]
    fn a_fork_is_about_what_was_asked_in_it_and_one_without_a_question_is_not_the_last() {
        let dir = tempfile::tempdir().expect("a folder");
        let header = |id: &str, more: &str| {
            format!(
                r#"{{"fmt":"callboard.session","v":1,"id":"{id}","created":"","app":"","model":"m","servers":{{}},"policy":"auto"{more}}}"#
            )
        };
        let asked = |index: usize, text: &str| {
            format!(r#"{{"i":{index},"t":1,"w":1,"k":"user.asked","d":{{"text":"{text}"}}}}"#)
        };
        let turn = r#"{"i":4,"t":1,"w":1,"k":"turn.started","turn":"t3","d":{"question":"Who pays?"}}"#;
        let parent = format!("{}\n{turn}\n", asked(3, "Who pays?"));
        let fork = r#","forked_from":{"session":"01PARENT","record":4}"#;
        let write = |id: &str, text: String| {
            let path = dir.path().join(format!("{id}.jsonl"));
            fs::write(&path, text).expect("a file");
            path
        };
        let own = write("01PARENT", format!("{}\n{parent}", header("01PARENT", "")));
        let still = write("02FORK", format!("{}\n{parent}", header("02FORK", fork)));
        let found = listed(&still);
        assert_eq!((found.about().as_str(), found.turns), ("[fork of …PARENT at #4] (nothing asked)", 3));
        assert_eq!(resolve("last", Some(dir.path())).ok(), Some(own));
        let gone_on = write("02FORK", format!("{}\n{parent}{}\n", header("02FORK", fork), asked(5, "And how?")));
        assert_eq!(listed(&gone_on).about(), "[fork of …PARENT at #4] And how?");
        assert_eq!(listed(&gone_on).questions, ["Who pays?", "And how?"], "what it took over is searched as well");
        assert_eq!(resolve("last", Some(dir.path())).ok(), Some(gone_on.clone()));
        let mock = header("03MOCK", r#","mock_of":"01PARENT""#);
        write("03MOCK", format!("{mock}\n{parent}"));
        let past = |but: Option<&Path>| last_questions(dir.path(), but).expect("a folder");
        assert_eq!(past(None), ["Who pays?", "And how?"], "each once, the latest last");
        assert_eq!(past(Some(&gone_on)), ["Who pays?"]);
        assert_eq!(last_questions(&dir.path().join("none"), None).expect("nothing"), Vec::<String>::new());
    }

    #[test]
    fn a_session_is_found_by_last_by_either_end_of_its_id_and_by_its_file() {
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
        assert_eq!(found("…1ab").ok(), found("01AB").ok(), "as a screen shows the end of an id");
        assert_eq!(found("1AC").ok().and_then(stem).as_deref(), Some("01AC"));
        assert!(matches!(found("1A"), Err(ResolveError::Unknown { .. })), "the middle of an id is no name");
        assert!(matches!(found("zz"), Err(ResolveError::Unknown { .. })));
        assert!(matches!(found(""), Err(ResolveError::Unknown { .. })));
        assert!(matches!(resolve("01", None), Err(ResolveError::Homeless)));
    }
}
