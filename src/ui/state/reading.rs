//! What the operator takes from servers besides tools: which list is open, what was asked for, what goes with a question.

use crate::protocol::{Attachment, ServerName};

/// Resources and prompts of a console.
#[derive(Debug, Default)]
pub struct Reading {
    /// The list that is open, for the servers whose names contain these words.
    pub list: Option<(Shelf, String)>,
    /// What this console asked for and has not come yet: each server, and a URI or name.
    pub awaited: Vec<(ServerName, String)>,
    /// Resources that go with the next question.
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
