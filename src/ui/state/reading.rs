//! What the operator takes from servers besides tools: which list is open, what was asked for, what goes with a question.

use crate::protocol::ServerName;

/// Resources and prompts of a console.
#[derive(Debug, Default)]
pub struct Reading {
    /// The list that is open, for the servers whose names contain these words.
    pub list: Option<(Shelf, String)>,
    /// What this console asked for and has not come yet: each server, and a URI or name.
    pub awaited: Vec<(ServerName, String)>,
    /// Resources that go before the next question.
    pub attached: Vec<Attachment>,
}

/// What servers offer besides tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Resources.
    Resources,
    /// Prompts.
    Prompts,
}

/// The text of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The server it is from.
    pub server: ServerName,
    /// Its URI.
    pub uri: String,
    /// The beginning of its text, as the server gave it.
    pub text: String,
    /// How much of it is left out, bytes.
    pub left_out: usize,
}

impl Shelf {
    /// What the page is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Resources => "Resources",
            Self::Prompts => "Prompts",
        }
    }
}
