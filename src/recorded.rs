//! Commands over recordings: compare two, re-run one against live servers, ask its questions again, export it.

mod diff;
mod export;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::Failure;
use crate::orchestrator::Answers;
use crate::protocol::{Problem, Record, SessionId};
use crate::recording::format::Header;
use crate::recording::list;
use crate::recording::reader::{Reader, Row};
use crate::recording::sessions_dir;
use crate::sanitise::clean_line;
use crate::session::Session;
use crate::stderr::tell;

pub use diff::{diff, lines as diff_lines};
pub use export::{ExportOrder, Privacy, export};
pub use verify::{Checked, Finding, verify};

/// A recording, read whole.
#[derive(Debug)]
pub struct Recorded {
    /// Line 1.
    pub header: Header,
    /// The state at its end.
    pub session: Session,
    /// Its records, for what a fold does not keep.
    pub records: Vec<Arc<Record>>,
    /// Lines that cannot be understood, which have been told on stderr.
    pub damage: Vec<Problem>,
}

/// The file of `last`, a path, or the beginning of an id.
///
/// # Errors
/// There is no such session, with what to do.
pub fn resolve(wanted: &str) -> Result<PathBuf, Failure> {
    list::resolve(wanted, sessions_dir().as_deref()).map_err(|error| Failure::failed(error.to_string()))
}

/// Reads a recording; bad lines are told on stderr and left out.
///
/// # Errors
/// There is no such session, or it cannot be read.
pub fn read(wanted: &str) -> Result<Recorded, Failure> {
    read_file(&resolve(wanted)?)
}

fn read_file(path: &Path) -> Result<Recorded, Failure> {
    let shown = path.display();
    let reader = Reader::open(path).map_err(|error| Failure::failed(error.to_string()))?;
    let header = reader.header.clone();
    let (mut session, mut records, mut damage) = (Session::default(), Vec::new(), Vec::new());
    let mut harm = |line: u64, reason: String| {
        let problem = Problem { line, reason };
        tell(&clean_line(&format!("callboard: {shown}, {problem}")));
        damage.push(problem);
    };
    if let Some(reason) = header.may_be_missing() {
        harm(1, reason);
    }
    for row in reader {
        match row.map_err(|error| Failure::failed(format!("{shown} cannot be read further: {error}")))? {
            Row::Record(record) => {
                session.apply(&record);
                records.push(record);
            }
            Row::Bad { line, reason } => harm(line, reason),
        }
    }
    Ok(Recorded { header, session, records, damage })
}

/// What MOCK needs of a recording.
#[derive(Debug)]
pub struct Mock {
    /// The session.
    pub of: SessionId,
    /// The model that answers in it last.
    pub model: String,
    /// Its questions in order.
    pub questions: Vec<String>,
    /// The answers of its tools.
    pub answers: Answers,
}

/// Reads what MOCK needs of a recording.
///
/// # Errors
/// There is no such session, it cannot be read, or nothing was asked in it.
pub fn mock(wanted: &str) -> Result<Mock, Failure> {
    let Recorded { header, session, .. } = read(wanted)?;
    let questions: Vec<String> = session.turns.iter().map(|turn| turn.question.clone()).collect();
    if questions.is_empty() {
        return Err(Failure::failed(format!("nothing was asked in session {}", header.id)));
    }
    Ok(Mock { of: header.id, model: session.model().to_owned(), questions, answers: Answers::of(&session) })
}
