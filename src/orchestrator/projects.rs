//! A project's server files that wait for the operator's word: what they say, and what becomes of the servers then.

use crate::mcp::ServerSpec;
use crate::protocol::{ProjectProposed, ProjectVerdict};

/// Keeps what the operator says of a file and gives the servers that are other ones from then on.
///
/// The word counts for this session even if it could not be kept, which the second value says.
pub type Judge = Box<dyn FnMut(&str, ProjectVerdict) -> (Vec<ServerSpec>, Result<(), String>) + Send>;

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
        Self { proposed: Vec::new(), judge: Box::new(|_, _| (Vec::new(), Ok(()))) }
    }
}
