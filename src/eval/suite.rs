//! The suite file: intents with their phrasings and what is expected.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A suite of questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// Its intents, in the file's order.
    pub intents: Vec<Intent>,
}

/// Several ways to ask for one thing, and what must come of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// Its name, unique in the suite.
    pub name: String,
    /// Tools that must be called in the last turn; more may be.
    pub tools: Vec<String>,
    /// For each tool the sets of arguments that some call must contain.
    pub arguments: BTreeMap<String, Vec<Map<String, Value>>>,
    /// At least so many calls in the last turn.
    pub min_calls: usize,
    /// At most so many calls in the last turn.
    pub max_calls: usize,
    /// Texts that must be in the answer, letter case aside; of several in one entry one is enough.
    pub contains: Vec<Vec<String>>,
    /// Texts that must not be in the answer.
    pub not_contains: Vec<String>,
    /// The turns of each conversation; the last one is judged.
    pub phrasings: Vec<Vec<String>>,
}

/// Why a suite cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SuiteError {
    /// The file's name.
    pub file: String,
    /// The line, from 1; 0 if unknown.
    pub line: usize,
    /// The field, such as `intent.phrasings`.
    pub field: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}: {}", self.field, self.message)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSuite {
    #[serde(default)]
    intent: Vec<toml::Spanned<RawIntent>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIntent {
    name: String,
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    arguments: BTreeMap<String, OneOrMany<Map<String, Value>>>,
    #[serde(default)]
    min_calls: usize,
    #[serde(default = "many")]
    max_calls: usize,
    #[serde(default)]
    contains: Vec<OneOrMany<String>>,
    #[serde(default)]
    not_contains: Vec<String>,
    phrasings: Vec<OneOrMany<String>>,
}

fn many() -> usize {
    usize::MAX
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl Suite {
    /// Reads a suite file; `file` is its name for errors.
    ///
    /// # Errors
    /// With line and field of the first mistake.
    pub fn parse(file: &str, text: &str) -> Result<Self, SuiteError> {
        let raw: RawSuite = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            let message = error.message().trim().replace('\n', ", ");
            SuiteError { file: file.to_owned(), line, field: field_at(text, line), message }
        })?;
        let fail = |line: usize, field: &str, message: String| SuiteError {
            file: file.to_owned(),
            line,
            field: field.to_owned(),
            message,
        };
        if raw.intent.is_empty() {
            return Err(fail(0, "intent", "there is none; a suite needs at least one [[intent]]".to_owned()));
        }
        let mut intents: Vec<Intent> = Vec::new();
        for spanned in raw.intent {
            let line = line_of(text, spanned.span().start);
            let intent = intent(spanned.into_inner());
            if intents.iter().any(|known| known.name == intent.name) {
                return Err(fail(line, "intent.name", format!("{:?} stands twice; names are unique", intent.name)));
            }
            if intent.phrasings.is_empty() || intent.phrasings.iter().any(Vec::is_empty) {
                return Err(fail(
                    line,
                    "intent.phrasings",
                    format!("{:?} has an empty one; give at least one question", intent.name),
                ));
            }
            if intent.min_calls > intent.max_calls {
                return Err(fail(
                    line,
                    "intent.min_calls",
                    format!("{} is more than max_calls {}", intent.min_calls, intent.max_calls),
                ));
            }
            if let Some(tool) = intent.arguments.keys().find(|tool| !intent.tools.contains(tool)) {
                return Err(fail(line, "intent.arguments", format!("{tool:?} is not among the intent's tools")));
            }
            intents.push(intent);
        }
        Ok(Self { intents })
    }

    /// How many conversations it holds.
    #[must_use]
    pub fn phrasings(&self) -> usize {
        self.intents.iter().map(|intent| intent.phrasings.len()).sum()
    }
}

fn intent(raw: RawIntent) -> Intent {
    Intent {
        name: raw.name,
        tools: raw.tools,
        arguments: raw.arguments.into_iter().map(|(tool, sets)| (tool, sets.into_vec())).collect(),
        min_calls: raw.min_calls,
        max_calls: raw.max_calls,
        contains: raw.contains.into_iter().map(OneOrMany::into_vec).collect(),
        not_contains: raw.not_contains,
        phrasings: raw.phrasings.into_iter().map(OneOrMany::into_vec).collect(),
    }
}

fn line_of(text: &str, position: usize) -> usize {
    text.as_bytes().iter().take(position).filter(|byte| **byte == b'\n').count() + 1
}

/// Table and key on or before a line.
fn field_at(text: &str, line: usize) -> String {
    let rows = text.lines().take(line);
    let key = rows.clone().filter_map(|row| row.split_once('=')).map(|(key, _)| key.trim()).last().unwrap_or_default();
    if rows.clone().any(|row| row.trim() == "[[intent]]") { format!("intent.{key}") } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_read_with_turns_and_alternatives() {
        let text = r#"
            [[intent]]
            name = "sla"
            tools = ["get_sla_terms"]
            arguments = { get_sla_terms = { customer_id = "CUST-001" } }
            max_calls = 2
            contains = ["platinum", ["1 h", "1 hour"]]
            phrasings = ["sla cust-001", ["show CUST-001", "and their SLA?"]]
        "#;
        let suite = Suite::parse("s.toml", text).unwrap();
        assert_eq!(suite.phrasings(), 2);
        assert_eq!(suite.intents[0].phrasings[1].len(), 2);
        assert_eq!(suite.intents[0].contains[1], ["1 h", "1 hour"]);
    }

    #[test]
    fn a_mistake_is_named_with_file_line_and_field() {
        for (text, expected) in [
            ("[[intent]]\nname = \"a\"\nphrasing = [\"x\"]\n", "s.toml:3: intent.phrasing: unknown field"),
            (
                "[[intent]]\nname = \"a\"\nphrasings = [\"x\"]\nmin_calls = \"2\"\n",
                "s.toml:4: intent.min_calls: invalid type",
            ),
            ("[[intent]]\nname = \"a\"\nphrasings = []\n", "s.toml:1: intent.phrasings: \"a\" has an empty one"),
            (
                "[[intent]]\nname = \"a\"\nphrasings = [\"x\"]\nmin_calls = 2\nmax_calls = 1\n",
                "s.toml:1: intent.min_calls: 2 is more",
            ),
            ("", "s.toml: intent: there is none"),
        ] {
            let error = Suite::parse("s.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
