//! What a tool error says in words: the payload every bundled server gives, read with tolerance.

use serde_json::Value;

use crate::session::{Call, CallState};

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
        let structured = result.get("structuredContent").filter(|body| body.is_object());
        let Some(body) = structured else {
            return Some(Self { reason: content_text(&result), ..Self::default() });
        };
        let word = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let reason = word("reason").or_else(|| word("message")).or_else(|| word("error"));
        Some(Self {
            reason: reason.map_or_else(|| content_text(&result), str::to_owned),
            actions: words(body, "suggested_actions"),
            tools: words(body, "follow_up_tools"),
            retryable: body.get("retryable").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

/// The text blocks of an MCP result, joined.
#[must_use]
pub fn content_text(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array);
    let texts = blocks.into_iter().flatten().filter_map(|block| block.get("text").and_then(Value::as_str));
    texts.collect::<Vec<_>>().join("\n")
}

fn words(body: &Value, key: &str) -> Vec<String> {
    let items = body.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).take(9).map(str::to_owned).collect()
}
