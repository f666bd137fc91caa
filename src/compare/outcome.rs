//! Two outcomes of one call, and the verdict over them (`sessions.md` §3, LIVE).

use serde::Serialize;
use serde_json::Value;

use crate::mcp::CallEnd;
use crate::protocol::{CallStatus, Json};
use crate::session::{Call, CallState};

use super::json::{Change, ChangeKind, changes};

/// How a call came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its status; `Error` for a call that has no end.
    pub status: CallStatus,
    /// The MCP `CallToolResult`.
    pub result: Option<Json>,
    /// Why there is none.
    pub failure: Option<String>,
}

/// How two outcomes relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same, but for the order of keys.
    Identical,
    /// The same keys and types; some values are others, or lists longer or shorter. Null may stand for any type.
    ValuesDiffer,
    /// A key came or went, or a value is of another type.
    SchemaDrift,
    /// One succeeded, the other did not.
    StatusFlip,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::ValuesDiffer => "values differ",
            Self::SchemaDrift => "schema drift",
            Self::StatusFlip => "status flip",
        }
    }
}

impl Outcome {
    /// The outcome of a recorded call.
    #[must_use]
    pub fn of_call(call: &Call) -> Self {
        let status = match call.state {
            CallState::Ok => CallStatus::Ok,
            CallState::Cancelled => CallStatus::Cancelled,
            CallState::Denied => CallStatus::Denied,
            CallState::Error | CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Running => {
                CallStatus::Error
            }
        };
        let failure = call.failure.as_ref().map(|failure| failure.message.clone());
        Self { status, result: call.result.clone(), failure }
    }

    /// The outcome of a call that was made just now.
    #[must_use]
    pub fn of_end(end: &CallEnd) -> Self {
        let failure = end.failure.as_ref().map(|failure| failure.message.clone());
        Self { status: end.status, result: end.result.clone(), failure }
    }

    /// What it brought: what counts of its result, else why there is none.
    #[must_use]
    pub fn value(&self) -> Value {
        match (&self.result, &self.failure) {
            (Some(result), _) => body(result),
            (None, Some(failure)) => Value::from(failure.as_str()),
            (None, None) => Value::Null,
        }
    }
}

/// What counts of a `CallToolResult`: its `structuredContent`, of which `content` is only the text, or else all of it.
#[must_use]
pub fn body(result: &Json) -> Value {
    let mut value = result.value();
    match value.get_mut("structuredContent").map(Value::take) {
        Some(body) if !body.is_null() => body,
        _ => result.value(),
    }
}

/// Why what the recording has of a call is no server's answer, so that there is nothing to compare another outcome with.
#[must_use]
pub fn unanswered(call: &Call) -> Option<&'static str> {
    if call.is_lost() {
        return Some("what it was stands in a record that is damaged or missing");
    }
    call.started_us.is_none().then_some("it was never sent")
}

/// The verdict over two outcomes, with every place where they differ.
#[must_use]
pub fn verdict(before: &Outcome, after: &Outcome) -> (Verdict, Vec<Change>) {
    let changes = changes(&before.value(), &after.value());
    let verdict = if before.status != after.status {
        Verdict::StatusFlip
    } else {
        changes.iter().map(judge).max_by_key(|verdict| *verdict as u8).unwrap_or(Verdict::Identical)
    };
    (verdict, changes)
}

fn judge(change: &Change) -> Verdict {
    let keeps_shape = match &change.kind {
        // An element of a list, and no key of an object.
        ChangeKind::Added { .. } | ChangeKind::Removed { .. } => change.path.ends_with(']'),
        ChangeKind::Changed { before, after } => {
            before.is_null() || after.is_null() || std::mem::discriminant(before) == std::mem::discriminant(after)
        }
    };
    if keeps_shape { Verdict::ValuesDiffer } else { Verdict::SchemaDrift }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(status: CallStatus, body: Value) -> Outcome {
        Outcome { status, result: Some(json!({"content": [], "structuredContent": body}).into()), failure: None }
    }

    #[test]
    fn a_verdict_is_the_worst_of_what_differs() {
        let recorded = outcome(CallStatus::Ok, json!({"count": 2, "items": [1, 2], "note": null, "inner": {"a": "x"}}));
        let judge = |body: Value| verdict(&recorded, &outcome(CallStatus::Ok, body)).0;
        assert_eq!(judge(json!({"inner": {"a": "x"}, "note": null, "items": [1, 2], "count": 2})), Verdict::Identical);
        assert_eq!(
            judge(json!({"count": 3, "items": [1, 9], "note": null, "inner": {"a": "y"}})),
            Verdict::ValuesDiffer
        );
        assert_eq!(judge(json!({"count": 3, "items": [1], "note": null, "inner": {"a": "y"}})), Verdict::ValuesDiffer);
        assert_eq!(
            judge(json!({"count": 2, "items": [1, 2], "note": "n", "inner": {"a": "x"}})),
            Verdict::ValuesDiffer
        );
        assert_eq!(
            judge(json!({"count": "2", "items": [1, 2], "note": null, "inner": {"a": "x"}})),
            Verdict::SchemaDrift
        );
        assert_eq!(judge(json!({"count": 2, "items": [], "note": null, "inner": {"b": "x"}})), Verdict::SchemaDrift);
        let failed = outcome(CallStatus::Error, json!({"count": 2}));
        assert_eq!(verdict(&recorded, &failed).0, Verdict::StatusFlip);
    }

    #[test]
    fn a_result_without_structured_content_is_compared_as_a_whole() {
        let text = |text: &str| Outcome {
            status: CallStatus::Ok,
            result: Some(json!({"content": [{"type": "text", "text": text}]}).into()),
            failure: None,
        };
        let (verdict, changes) = verdict(&text("a"), &text("b"));
        assert_eq!((verdict, changes[0].path.as_str()), (Verdict::ValuesDiffer, "content[0].text"));
    }
}
