//! What a tool error says in words: the payload every bundled server gives, read with tolerance.

use serde_json::Value;

use crate::session::{Call, CallState, reason_of};

/// An error longer than this is only data, bytes.
const MOST_BYTES: usize = 256 * 1024;

/// A tool error as people read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// What went wrong.
    pub reason: String,
    /// What the server suggests, at most nine.
    pub actions: Vec<String>,
    /// Tools that may help.
    pub tools: Vec<String>,
    /// Whether the same call may work later.
    pub retryable: bool,
}

impl Advice {
    /// What a failed call says; `None` for a call that did not fail.
    #[must_use]
    pub fn of(call: &Call) -> Option<Self> {
        if call.state != CallState::Error {
            return None;
        }
        if let Some(failure) = &call.failure {
            return Some(Self { reason: failure.message.clone(), ..Self::default() });
        }
        let result = call.result.as_ref().filter(|result| result.bytes() < MOST_BYTES)?.value();
        let reason = reason_of(&result);
        let Some(body) = result.get("structuredContent").filter(|body| body.is_object()) else {
            return Some(Self { reason, ..Self::default() });
        };
        Some(Self {
            reason,
            actions: words(body, "suggested_actions"),
            tools: words(body, "follow_up_tools"),
            retryable: body.get("retryable").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

fn words(body: &Value, key: &str) -> Vec<String> {
    let items = body.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).take(9).map(str::to_owned).collect()
}
