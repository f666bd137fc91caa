//! What a console asks of the program around it: other sessions, and calls made outside of any session.
//!
//! The console knows neither files nor servers. A request is answered on a thread that may block, and meanwhile everything
//! goes on.

use std::path::PathBuf;

use super::state::Options;
use crate::link::Link;
use crate::protocol::{CallId, Json};

/// The program around a console.
pub trait Outside: Send + Sync {
    /// Answers one request; may take its time.
    fn answer(&self, request: Request) -> Answer;
}

/// What a console wants to know or have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The recorded sessions, newest first.
    Sessions,
    /// What a session is about, in a few lines.
    Preview(PathBuf),
    /// What was asked in the last sessions but this one, to go back to.
    Questions {
        /// The file of this one, if it has one.
        but: Option<PathBuf>,
    },
    /// A replay of a session.
    Open(PathBuf),
    /// A live session that goes on from a recording.
    Fork {
        /// The recording.
        file: PathBuf,
        /// How many of its records belong to the new session.
        records: u64,
    },
    /// A recorded call made again on its live server, as recorded or with other arguments.
    Again {
        /// The recording.
        file: PathBuf,
        /// The call in it.
        call: CallId,
        /// What is sent.
        arguments: Json,
    },
    /// What differs between two sessions.
    Compare {
        /// The one.
        left: PathBuf,
        /// The other.
        right: PathBuf,
    },
}

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    /// The sessions.
    Sessions(Vec<Entry>),
    /// Lines about a session.
    Preview(PathBuf, Vec<String>),
    /// What was asked, the latest question last.
    Questions(Vec<String>),
    /// What came of a call that was made again, line by line as in a page.
    Made {
        /// The call.
        call: CallId,
        /// What is said of it, not sanitised.
        lines: Vec<String>,
    },
    /// Something to read; a line that begins with `+`, `-`, `~` is a difference.
    Page {
        /// What it is.
        title: String,
        /// Its lines, not sanitised.
        lines: Vec<String>,
    },
    /// Another session to show; the one before waits behind it.
    Scene(Box<(Link, Options)>),
    /// It could not be done, and why.
    Failed(String),
}

/// A recorded session in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its file.
    pub file: PathBuf,
    /// Its ULID.
    pub id: String,
    /// When it was created, `2026-11-22 10:00`.
    pub created: String,
    /// The model.
    pub model: String,
    /// Its first question, or what is wrong with it.
    pub about: String,
    /// Turns and calls, as far as they are known.
    pub size: String,
    /// What is searched besides: its questions.
    pub words: String,
    /// Whether it is so long that only questions near its beginning and its end are among them.
    pub is_in_part: bool,
    /// Whether it asked another session's questions again.
    pub is_mock: bool,
}

/// Nobody around: every request fails.
#[derive(Debug, Default)]
pub struct Nobody;

impl Outside for Nobody {
    fn answer(&self, _: Request) -> Answer {
        Answer::Failed("There is nothing outside of this session.".to_owned())
    }
}
