//! The built-in assistant: a planner over the tools it is given, with no language model behind it.
//!
//! ```text
//!   question ─► words ─► items ─► frame ─► calls ─► records ─► Markdown
//!               text    reading   understand  run     rows       answer
//! ```
//!
//! It is deterministic and keeps nothing between requests: the conversation is worked through again each time
//! (`dialogue`), a call that was made is found by its tool and arguments, and what is not found is called next. What it
//! knows of tickets, customers and the rest stands in the files of `data/assistant` (`knowledge`); tools that no file
//! speaks of are found by their names and schemas (`foreign`). It says nothing that is in no result.

mod access;
mod answer;
mod catalog;
mod dates;
mod dialogue;
mod directory;
mod evidence;
mod foreign;
mod forms;
mod frame;
mod heads;
mod knowledge;
mod lexicon;
mod mention;
mod plan;
mod reading;
mod rows;
mod run;
mod runbook;
mod sent;
mod suggestion;
mod text;
mod understand;

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

pub use knowledge::{LoadError, Runbook, RunbookParameter};

use super::{Delta, Model, Request};
use crate::protocol::{ModelAnswered, ModelFailed, ModelFailureCode, StreamPart};
use knowledge::Knowledge;

/// The seven questions of `callboard examples`.
pub const EXAMPLES: [&str; 7] = [
    "What are all the critical priority tickets? Show their ids, subjects and status",
    "Show me customer CUST-001's information with SLA terms and contacts",
    "Show all overdue invoices and who has outstanding balances",
    "Find KB articles about Windows BSOD issues and the recommended solutions",
    "Which assets have a warranty that has expired or ends within 30 days?",
    "CUST-002: show tickets, outstanding invoices, assets, and what needs attention now",
    "Find tickets similar to TKT-1001 and an article that could resolve it",
];

/// Text is streamed in pieces of about this many characters.
const PIECE: usize = 240;

/// The assistant.
#[derive(Debug)]
pub struct BuiltIn {
    knowledge: Arc<Knowledge>,
}

impl BuiltIn {
    /// The assistant with the knowledge that is part of the program, extended or replaced by the `.toml` files of a
    /// folder: a file of the same name replaces, any other adds.
    ///
    /// # Errors
    /// With file, line and field of the first mistake, or why a file cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        Knowledge::load(folder).map(|knowledge| Self { knowledge: Arc::new(knowledge) })
    }

    /// The runbooks that `/run` knows, in the order of their files.
    #[must_use]
    pub fn runbooks(&self) -> &[Runbook] {
        &self.knowledge.runbooks
    }

    /// One step, without streaming: pure.
    #[must_use]
    pub fn step(&self, request: &Request) -> ModelAnswered {
        plan::step(&self.knowledge, request)
    }
}

impl Model for BuiltIn {
    fn name(&self) -> &str {
        "built-in"
    }

    fn request(
        &self,
        request: Request,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>> {
        async move {
            // Planning is work for the processor; whoever listens to servers and keys must not wait for it.
            let knowledge = Arc::clone(&self.knowledge);
            let planned = tokio::task::spawn_blocking(move || plan::step(&knowledge, &request)).await;
            let answered = planned.map_err(|error| ModelFailed {
                code: ModelFailureCode::BrokenStream,
                message: format!(
                    "The built-in assistant could not plan this question ({error}). Ask it in other words."
                ),
                http_status: None,
            })?;
            for piece in pieces(&answered.text) {
                // Nobody listening is no error.
                if deltas.send(Delta::Text(StreamPart::Text, piece)).await.is_err() {
                    break;
                }
            }
            Ok(answered)
        }
        .boxed()
    }
}

/// A text in a few pieces that end at line or word ends; joined they are the text.
fn pieces(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_inclusive([' ', '\n']) {
        match out.last_mut() {
            Some(piece) if piece.len() + word.len() <= PIECE => piece.push_str(word),
            _ => out.push(word.to_owned()),
        }
    }
    out
}
