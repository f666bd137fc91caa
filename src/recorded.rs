//! Commands over recordings: compare two, re-run one against live servers, ask its questions again, export it.

mod diff;
mod export;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::failure::Failure;
use crate::orchestrator::Answers;
use crate::protocol::Record;
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
    let unreadable = |error: String| Failure::failed(format!("the recording {shown} cannot be read: {error}"));
    let reader = Reader::open(path).map_err(|error| unreadable(error.to_string()))?;
    let header = reader.header.clone();
    let (mut session, mut records) = (Session::default(), Vec::new());
    for row in reader {
        match row.map_err(|error| unreadable(error.to_string()))? {
            Row::Record(record) => {
                session.apply(&record);
                records.push(record);
            }
            Row::Bad { line, reason } => {
                tell(&clean_line(&format!("callboard: {shown}, line {line}: {reason}")));
            }
        }
    }
    Ok(Recorded { header, session, records })
}

/// What MOCK needs of a recording: its questions in order, and the answers of its tools.
///
/// # Errors
/// There is no such session, it cannot be read, or nothing was asked in it.
pub fn mock(wanted: &str) -> Result<(Vec<String>, Answers), Failure> {
    let recorded = read(wanted)?;
    let questions: Vec<String> = recorded.session.turns.iter().map(|turn| turn.question.clone()).collect();
    if questions.is_empty() {
        return Err(Failure::failed(format!("nothing was asked in session {}", recorded.header.id)));
    }
    Ok((questions, Answers::of(&recorded.session)))
}
