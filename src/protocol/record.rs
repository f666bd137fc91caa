//! A stamped event and its line in the file (`sessions.md` §1).

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{CallId, Event, RecordIndex, StepId, TurnId};

/// What an event belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The turn.
    pub turn: Option<TurnId>,
    /// The model step.
    pub step: Option<StepId>,
    /// The call.
    pub call: Option<CallId>,
}

/// One line of a session after the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Position in the session, 0-based.
    pub index: RecordIndex,
    /// µs since the session started, from a monotonic clock.
    pub at_us: u64,
    /// Unix time in ms, from the wall clock.
    pub unix_ms: i64,
    /// What it belongs to.
    pub scope: Scope,
    /// What happened.
    pub event: Event,
}

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not the expected JSON object.
    #[error("not a record: {0}")]
    Line(String),
    /// A known kind with a payload of another form.
    #[error("record of kind {kind}: {reason}")]
    Payload {
        /// Its `k`.
        kind: String,
        /// serde_json's words.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Line<'a> {
    i: u64,
    t: u64,
    w: i64,
    #[serde(borrow)]
    k: std::borrow::Cow<'a, str>,
    #[serde(default)]
    turn: Option<TurnId>,
    #[serde(default)]
    step: Option<StepId>,
    #[serde(default)]
    call: Option<CallId>,
    #[serde(borrow)]
    d: &'a RawValue,
}

impl Record {
    /// The line without its end: keys in the order `i t w k turn step call d`, so that a scanner finds the first four unparsed.
    ///
    /// # Errors
    /// If the payload cannot be written as JSON, which our own payloads always can.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        let data = self.event.data()?;
        let mut line = String::with_capacity(data.len() + 96);
        let kind = serde_json::to_string(self.event.kind())?;
        // Writing to a String cannot fail.
        let _ = write!(line, r#"{{"i":{},"t":{},"w":{},"k":{kind}"#, self.index.0, self.at_us, self.unix_ms);
        if let Some(turn) = self.scope.turn {
            let _ = write!(line, r#","turn":"{turn}""#);
        }
        if let Some(step) = self.scope.step {
            let _ = write!(line, r#","step":"{step}""#);
        }
        if let Some(call) = self.scope.call {
            let _ = write!(line, r#","call":"{call}""#);
        }
        let _ = write!(line, r#","d":{data}}}"#);
        Ok(line)
    }

    /// Reads one line.
    ///
    /// # Errors
    /// [`RecordError`] for anything that is not a record; the caller shows it as one bad row.
    pub fn from_line(line: &str) -> Result<Self, RecordError> {
        let line: Line = serde_json::from_str(line).map_err(|error| RecordError::Line(why_no_object(line, &error)))?;
        let event = Event::from_parts(&line.k, line.d)
            .map_err(|error| RecordError::Payload { kind: line.k.to_string(), reason: without_place(&error) })?;
        Ok(Self {
            index: RecordIndex(line.i),
            at_us: line.t,
            unix_ms: line.w,
            scope: Scope { turn: line.turn, step: line.step, call: line.call },
            event,
        })
    }
}

/// Why a line is not the JSON object it should be, in words for people; `error` is what the parser says of it.
#[must_use]
pub fn why_no_object(line: &str, error: &serde_json::Error) -> String {
    if !line.trim_start().starts_with('{') {
        return "it is no JSON object".to_owned();
    }
    match error.classify() {
        Category::Eof => "it breaks off in the middle of its JSON".to_owned(),
        Category::Syntax | Category::Io => format!("it is no JSON from column {} on", error.column()),
        Category::Data => without_place(error),
    }
}

/// What a parser says, without the place: a record is one line, and only part of it was parsed.
fn without_place(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    words.strip_prefix("missing field ").map_or_else(|| words.to_owned(), |field| format!("it has no {field}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_record_is_told_without_the_words_of_a_parser() {
        let why = |line: &str| Record::from_line(line).expect_err("no record").to_string();
        for (line, words) in [
            ("a,b", "not a record: it is no JSON object"),
            ("[1,2]", "not a record: it is no JSON object"),
            ("", "not a record: it is no JSON object"),
            ("{\"i\":1,,", "not a record: it is no JSON from column 8 on"),
            ("{\"i\":1,\"t\":", "not a record: it breaks off in the middle of its JSON"),
            ("{\"i\":1}", "not a record: it has no `t`"),
            (r#"{"i":1,"t":1,"w":1,"k":"user.asked","d":{}}"#, "record of kind user.asked: it has no `text`"),
        ] {
            assert_eq!(why(line), words);
        }
    }
}
