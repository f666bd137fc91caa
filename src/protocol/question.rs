//! What the operator asks: their own words, and apart from them what others wrote and goes with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ServerName;

/// A question with what is attached to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The operator's own words.
    pub text: String,
    /// What goes with them: material that others wrote, never a part of the question.
    pub attached: Vec<Attachment>,
}

/// The text of a resource that goes with a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The server it is from.
    pub server: ServerName,
    /// Its URI.
    pub uri: String,
    /// The beginning of its text, as the server gave it.
    pub text: String,
    /// How much of it is left out, bytes.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub left_out: u64,
}

impl<T: Into<String>> From<T> for Question {
    fn from(text: T) -> Self {
        Self { text: text.into(), attached: Vec::new() }
    }
}

/// What it is called where it is only named: `note://today of far`.
impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.uri, self.server)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none_left_out(bytes: &u64) -> bool {
    *bytes == 0
}
