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
mod text;
mod understand;

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

pub use knowledge::{LoadError, Runbook, RunbookParameter};

use super::{Delta, Message, Model, Request};
use crate::protocol::{ModelAnswered, ModelFailed, StreamPart};
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

/// Longest question that is read, characters; planning takes longer than its length grows.
const LONGEST_QUESTION: usize = 1000;

/// Words that leave something out. To leave out a named record is not understood, and the opposite would be a false answer.
const EXCLUSIONS: [&str; 5] = [" except ", " excluding ", " other than ", " apart from ", " but not "];

/// Text is streamed in pieces of about this many characters.
const PIECE: usize = 240;

/// The assistant.
#[derive(Debug)]
pub struct BuiltIn {
    knowledge: Knowledge,
}

impl BuiltIn {
    /// The assistant with the knowledge that is part of the program, extended or replaced by the `.toml` files of a
    /// folder: a file of the same name replaces, any other adds.
    ///
    /// # Errors
    /// With file, line and field of the first mistake, or why a file cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        Knowledge::load(folder).map(|knowledge| Self { knowledge })
    }

    /// The runbooks that `/run` knows, in the order of their files.
    #[must_use]
    pub fn runbooks(&self) -> &[Runbook] {
        &self.knowledge.runbooks
    }

    /// One step, without streaming: pure.
    #[must_use]
    pub fn step(&self, request: &Request) -> ModelAnswered {
        match unfit(request) {
            Some(text) => ModelAnswered { text, ..ModelAnswered::default() },
            None => plan::step(&self.knowledge, request),
        }
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
            let answered = self.step(&request);
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

/// What is said of a question that must not be planned, because of its length or because it would be misread.
fn unfit(request: &Request) -> Option<String> {
    let length = |text: &str| text.chars().count();
    let mut questions = request.messages.iter().filter_map(|message| match message {
        Message::User { text } => Some(text.as_str()),
        Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => None,
    });
    let longest = questions.clone().map(length).max().unwrap_or(0);
    if longest > LONGEST_QUESTION {
        return Some(format!(
            "This conversation has a question of {longest} characters; the built-in assistant reads at most \
             {LONGEST_QUESTION}. Ask in fewer words; if an earlier question was that long, begin anew with `/clear`."
        ));
    }
    let last = questions.next_back()?.to_lowercase();
    let word = EXCLUSIONS.iter().find(|word| last.contains(*word))?.trim();
    Some(format!(
        "I do not understand what “{word}” leaves out, and would rather say so than answer for the wrong records. Ask for all \
         of them, or name the ones you want."
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<String> {
        unfit(&Request {
            messages: vec![Message::User { text: text.to_owned() }],
            tools: [].into(),
            briefings: [].into(),
            today: "2025-10-06".to_owned(),
        })
    }

    #[test]
    fn a_question_that_is_too_long_is_told_so_instead_of_planned() {
        assert!(asked(&"any P1 cases? ".repeat(7300)).is_some_and(|text| text.contains("102200 characters")));
        assert_eq!(asked("any P1 cases?"), None);
    }

    #[test]
    fn an_exclusion_is_not_answered_with_its_opposite() {
        assert!(asked("overdue invoices except TechCorp").is_some_and(|text| text.contains("except")));
    }
}
