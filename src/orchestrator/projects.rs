//! A project's server files that wait for the operator's word: what they say, and what becomes of the servers then.

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
    /// What has to be kept out of the recording from now on, besides what is already.
    pub secrets: Redactor,
    /// Whether the word was kept; it counts for this session even if not.
    pub kept: Result<(), String>,
}

/// The files that wait.
pub struct Projects {
    /// What they say, first the one that counts most.
    pub proposed: Vec<ProjectProposed>,
    /// Takes the operator's word.
    pub judge: Judge,
}

impl Default for Projects {
    /// None at all.
    fn default() -> Self {
        Self {
            proposed: Vec::new(),
            judge: Box::new(|_, _| Judged { moved: Vec::new(), secrets: Redactor::default(), kept: Ok(()) }),
        }
    }
}
