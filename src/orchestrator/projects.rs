//! A project's server files: those that wait for the operator's word, those that have it, and what becomes of the servers with
//! another.

use crate::mcp::ServerSpec;
use crate::protocol::{ProjectProposed, ProjectVerdict};
use crate::recording::redact::Redactor;

/// Keeps what the operator says of a file.
pub type Judge = Box<dyn FnMut(&str, ProjectVerdict) -> Judged + Send>;

/// What becomes of the servers with the operator's word on a file.
#[derive(Debug)]
pub struct Judged {
    /// The servers that are other ones from now on.
    pub moved: Vec<ServerSpec>,
    /// Those that ran by the file's word and may not any more, as they are until others take their places.
    pub withdrawn: Vec<ServerSpec>,
    /// What has to be kept out of the recording from now on, besides what is already.
    pub secrets: Redactor,
    /// Whether the word was kept; it counts for this session even if not.
    pub kept: Result<(), String>,
}

/// The files of the project.
pub struct Projects {
    /// What those say that wait, first the one that counts most.
    pub proposed: Vec<ProjectProposed>,
    /// The paths of those that count without being asked about, in the same order.
    pub trusted: Vec<String>,
    /// Takes the operator's word.
    pub judge: Judge,
}

impl Default for Projects {
    /// None at all.
    fn default() -> Self {
        Self {
            proposed: Vec::new(),
            trusted: Vec::new(),
            judge: Box::new(|_, _| Judged {
                moved: Vec::new(),
                withdrawn: Vec::new(),
                secrets: Redactor::default(),
                kept: Ok(()),
            }),
        }
    }
}

impl Projects {
    /// Whether the operator can say something of this file.
    #[must_use]
    pub fn has(&self, file: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted == file) || self.proposed.iter().any(|proposed| proposed.file == file)
    }
}
