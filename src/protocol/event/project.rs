//! Events of a project's server file: it is shown, and the operator says whether its servers may start.

use serde::{Deserialize, Serialize};

use crate::protocol::ServerName;

/// Payload of `project.proposed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectProposed {
    /// The file's path.
    pub file: String,
    /// Whether something was said of it before it was changed.
    #[serde(default)]
    pub changed: bool,
    /// The servers written in it.
    pub servers: Vec<ServerName>,
    /// What it would do, in full: every command, argument, variable and address as it is written.
    pub lines: Vec<String>,
}

/// Payload of `project.judged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectJudged {
    /// The file's path.
    pub file: String,
    /// What the operator said.
    pub verdict: ProjectVerdict,
}

/// What the operator says of a project's server file as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectVerdict {
    /// Its servers may start.
    Approved,
    /// They may not.
    Refused,
}
