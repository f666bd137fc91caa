//! Commands over recordings: list and delete them, compare two, re-run one against live servers, ask its questions again,
//! export it.

mod diff;
mod export;
mod sessions;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::Failure;
use crate::orchestrator::Answers;
use crate::protocol::{Question, Record, SessionId};
use crate::recording::damage::Damage;
use crate::recording::format::Header;
use crate::recording::list;
use crate::recording::reader::{Reader, Row};
use crate::recording::sessions_dir;
use crate::sanitise::clean_line;
use crate::session::{Session, Turn};
use crate::stderr::tell;

pub use diff::{diff, lines as diff_lines};
pub use export::{Existing, ExportOrder, Privacy, export};
pub use sessions::{prune_sessions, sessions};
pub use verify::{Checked, Finding, verify};

/// A recording, read whole.
#[derive(Debug)]
pub struct Recorded {
    /// Line 1, or a stand-in if it is no header.
    pub header: Header,
    /// The state at its end.
    pub session: Session,
    /// Its records, for what a fold does not keep.
    pub records: Vec<Arc<Record>>,
    /// What is wrong with it.
    pub damage: Damage,
}

/// The file of `last`, a path, or the beginning or end of an id.
///
/// # Errors
/// There is no such session, with what to do.
pub fn resolve(wanted: &str) -> Result<PathBuf, Failure> {
    list::resolve(wanted, sessions_dir().as_deref()).map_err(|error| Failure::failed(error.to_string()))
}

/// Reads a recording for a command: what is wrong with it is told on stderr, and the rest is there.
///
/// # Errors
/// There is no such session, or it cannot be read.
pub fn read(wanted: &str) -> Result<Recorded, Failure> {
    let path = resolve(wanted)?;
    let recorded = read_file(&path)?;
    let (shown, damage) = (path.display(), &recorded.damage);
    for problem in &damage.first {
        tell(&clean_line(&format!("callboard: {shown}, {problem}")));
    }
    let more = damage.untold();
    if more > 0 {
        tell(&clean_line(&format!("callboard: {shown}: {more} more like these")));
    }
    Ok(recorded)
}

/// Reads a recording without a word.
///
/// # Errors
/// It cannot be read.
pub fn read_file(path: &Path) -> Result<Recorded, Failure> {
    let mut reader = Reader::open(path).map_err(|error| Failure::failed(error.to_string()))?;
    let (mut session, mut records) = (Session::default(), Vec::new());
    for row in &mut reader {
        let shown = path.display();
        match row.map_err(|error| Failure::failed(format!("{shown} cannot be read further: {error}")))? {
            Row::Record(record) => {
                session.apply(&record);
                records.push(record);
            }
            // The reader keeps what is wrong with it.
            Row::Bad { .. } => {}
        }
    }
    Ok(Recorded { header: reader.header, session, records, damage: reader.damage })
}

/// The rule for damaged recordings: a command goes as far as it can, and then fails. `done` is what it did with the rest.
///
/// # Errors
/// The recording is damaged.
pub fn unless_damaged(id: &SessionId, damage: &Damage, done: &str) -> Result<(), Failure> {
    match damage.words() {
        None => Ok(()),
        Some(words) => Err(Failure::failed(format!("{id} is damaged, {words}; {done} is what could be read of it"))),
    }
}

/// What MOCK needs of a recording.
#[derive(Debug)]
pub struct Mock {
    /// The session.
    pub of: SessionId,
    /// The model that answers in it last.
    pub model: String,
    /// Its questions in order.
    pub questions: Vec<Question>,
    /// The answers of its tools.
    pub answers: Answers,
    /// What is wrong with its recording.
    pub damage: Damage,
}

/// Reads what MOCK needs of a recording.
///
/// # Errors
/// There is no such session, it cannot be read, or nothing was asked in it.
pub fn mock(wanted: &str) -> Result<Mock, Failure> {
    let Recorded { header, session, damage, .. } = read(wanted)?;
    let asked = |turn: &Turn| Question { text: turn.question.clone(), attached: turn.attached.to_vec() };
    let questions: Vec<Question> = session.turns.iter().map(asked).collect();
    if questions.is_empty() {
        return Err(Failure::failed(format!("nothing was asked in session {}", header.id)));
    }
    let (model, answers) = (session.model().to_owned(), Answers::of(&session));
    Ok(Mock { of: header.id, model, questions, answers, damage })
}
