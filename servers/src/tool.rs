//! What a tool is: its names, its schemas and the function behind it.

use std::pin::Pin;

use jiff::civil::Date;
use rmcp::model::{JsonObject, Tool as Listed, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{arguments::Arguments, data::IdPatterns, store::Store, tool_error::ToolError};

/// What a tool answers.
pub(crate) type Answer = Result<Value, ToolError>;

type Running = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What every tool works with.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub store: Store,
    /// The day that counts as today.
    pub as_of: Date,
}

/// One of the bundled servers.
pub(crate) struct Server {
    pub name: &'static str,
    /// What a model should know before it uses the tools.
    pub instructions: &'static str,
    /// Makes the tools, always in the same order.
    pub tools: fn(&IdPatterns) -> Vec<Tool>,
}

/// How a tool presents itself.
pub(crate) struct Card {
    pub name: &'static str,
    pub title: &'static str,
    /// What it returns and when to use it.
    pub description: &'static str,
    pub input: Value,
    pub output: Value,
    pub author: Author,
}

/// Who wrote what its results hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// Figures and short facts of a closed set of records.
    Ours,
    /// Texts that customers and authors wrote, which may say anything.
    Others,
}

/// A tool that can be listed and called.
pub(crate) struct Tool {
    pub listed: Listed,
    arguments: Arguments,
    run: Box<dyn Fn(Desk, Map<String, Value>) -> Running + Send + Sync>,
}

impl Tool {
    /// Joins a tool's card and the function that answers its calls with arguments of type `A`.
    pub fn new<A, F, R>(card: Card, answer: F) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(Desk, A) -> R + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        // Every bundled tool only reads.
        let annotations = ToolAnnotations::with_title(card.title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(card.author == Author::Others);
        let listed = Listed::new(card.name, card.description, object(&card.input))
            .with_title(card.title)
            .with_raw_output_schema(object(&card.output).into())
            .with_annotations(annotations);
        Self {
            listed,
            arguments: Arguments::of(card.input),
            run: Box::new(move |desk, arguments| match A::deserialize(Value::Object(arguments)) {
                Ok(arguments) => Box::pin(answer(desk, arguments)),
                Err(error) => {
                    let error = ToolError::new("invalid_arguments", format!("The arguments cannot be read: {error}"));
                    Box::pin(async { Err(error) })
                }
            }),
        }
    }

    /// Checks the arguments of a call.
    ///
    /// # Errors
    /// Says which arguments do not fit, and what was expected.
    pub fn check(&self, given: Map<String, Value>) -> Result<Map<String, Value>, ToolError> {
        self.arguments.check(given)
    }

    /// Answers a call whose arguments have been checked.
    pub async fn answer(&self, desk: Desk, checked: Map<String, Value>) -> Answer {
        (self.run)(desk, checked).await
    }
}

/// An answer whose member `place`, which it has already, is this list. `json!` would copy the list, record by record.
pub(crate) fn with_list(mut answer: Value, place: &str, list: Vec<Value>) -> Value {
    answer[place] = list.into();
    answer
}

fn object(schema: &Value) -> JsonObject {
    schema.as_object().cloned().unwrap_or_default()
}
