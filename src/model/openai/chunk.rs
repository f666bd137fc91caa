//! One event of an answer, read tolerantly: whatever has an unknown form is taken as absent, nothing fails.
//!
//! A whole (non-streaming) completion is read by the same type: its `message` stands where a chunk has its `delta`.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::protocol::Usage;

/// One `chat.completion.chunk`, or one whole `chat.completion`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chunk {
    /// Whether it has `choices` at all, so that it can be told from other JSON.
    pub is_completion: bool,
    /// What it adds to the first choice; other choices were not asked for.
    pub delta: Option<Piece>,
    /// The whole message of the first choice, as non-streaming answers have it.
    pub message: Option<Piece>,
    /// Why the answer ends, if it does.
    pub finish_reason: Option<String>,
    /// Tokens so far.
    pub usage: Option<Usage>,
    /// An error instead of an answer, in whatever form.
    pub error: Option<Value>,
}

/// A part of a message, or all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Piece {
    /// Text, refusals included.
    pub text: String,
    /// Reasoning under any of its names.
    pub reasoning: String,
    /// Parts of calls.
    pub calls: Vec<CallPiece>,
}

/// A part of one call, or all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CallPiece {
    /// The call's position, where the back end tells.
    pub index: Option<u64>,
    /// The call's id, where the back end tells; never empty.
    pub id: Option<String>,
    /// The function's name; never empty.
    pub name: Option<String>,
    /// What it adds to the arguments.
    pub arguments: Arguments,
}

/// The two forms arguments come in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Arguments {
    /// None in this piece.
    #[default]
    Absent,
    /// A fragment of JSON text.
    Text(String),
    /// All of them as JSON, not as text in JSON.
    Whole(String),
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::read)
    }
}

impl Chunk {
    fn read(mut object: Map<String, Value>) -> Self {
        let mut chunk = Self {
            is_completion: object.get("choices").is_some_and(Value::is_array),
            usage: object.get("usage").and_then(usage),
            error: error(&object),
            ..Self::default()
        };
        let Some(Value::Array(choices)) = object.remove("choices") else { return chunk };
        let first = choices.into_iter().filter_map(into_object).find(|choice| {
            // Several choices come only if somebody configured `n`.
            choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0
        });
        let Some(mut choice) = first else { return chunk };
        chunk.finish_reason = string(choice.remove("finish_reason"));
        chunk.error = chunk.error.or_else(|| choice.remove("error").filter(says_something));
        chunk.delta = choice.remove("delta").and_then(into_object).map(Piece::read);
        chunk.message = choice.remove("message").and_then(into_object).map(Piece::read);
        chunk
    }
}

impl Piece {
    fn read(mut object: Map<String, Value>) -> Self {
        let mut piece = Self::default();
        piece.read_content(object.remove("content"));
        piece.text.push_str(&string(object.remove("refusal")).unwrap_or_default());
        // Some back ends send the same reasoning under two names.
        let names = ["reasoning_content", "reasoning", "thinking"];
        if let Some(reasoning) = names.iter().find_map(|name| string(object.remove(*name))) {
            piece.reasoning.push_str(&reasoning);
        }
        if let Some(Value::Array(calls)) = object.remove("tool_calls") {
            piece.calls.extend(calls.into_iter().filter_map(into_object).map(CallPiece::read));
        }
        // The predecessor of `tool_calls`: one call, without id and index.
        if let Some(call) = object.remove("function_call").and_then(into_object) {
            piece.calls.push(CallPiece::read(call));
        }
        piece
    }

    fn read_content(&mut self, content: Option<Value>) {
        match content {
            Some(Value::String(text)) => self.text.push_str(&text),
            Some(Value::Array(parts)) => parts.into_iter().for_each(|part| self.read_content(Some(part))),
            Some(Value::Object(mut part)) => {
                if let Some(text) = ["text", "refusal"].iter().find_map(|name| string(part.remove(*name))) {
                    self.text.push_str(&text);
                }
                if let Some(thinking) = part.remove("thinking") {
                    let mut inner = Self::default();
                    inner.read_content(Some(thinking));
                    self.reasoning.push_str(&inner.text);
                }
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_)) | None => {}
        }
    }
}

impl CallPiece {
    fn read(mut object: Map<String, Value>) -> Self {
        let index = object.get("index").and_then(index);
        let id = string(object.remove("id"));
        // Some back ends leave out the `function` level.
        let mut function = object.remove("function").and_then(into_object).unwrap_or(object);
        Self {
            index,
            id,
            name: string(function.remove("name")),
            arguments: match function.remove("arguments") {
                None | Some(Value::Null) => Arguments::Absent,
                Some(Value::String(text)) if text.is_empty() => Arguments::Absent,
                Some(Value::String(text)) => Arguments::Text(text),
                Some(value @ (Value::Object(_) | Value::Array(_) | Value::Number(_) | Value::Bool(_))) => {
                    Arguments::Whole(value.to_string())
                }
            },
        }
    }
}

fn into_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

fn string(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        Some(_) | None => None,
    }
}

fn index(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn usage(value: &Value) -> Option<Usage> {
    let count = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)?.as_u64());
    Some(Usage {
        input_tokens: count(["prompt_tokens", "input_tokens"])?,
        output_tokens: count(["completion_tokens", "output_tokens"]).unwrap_or(0),
    })
}

/// An error stands under `error`; without choices, `object: "error"`, `detail` and a bare `message` are errors too.
fn error(object: &Map<String, Value>) -> Option<Value> {
    if let Some(error) = object.get("error").filter(|error| says_something(error)) {
        return Some(error.clone());
    }
    if object.get("choices").is_some_and(Value::is_array) {
        return None;
    }
    let named = object.get("object").is_some_and(|kind| kind == "error");
    let bare = ["detail", "message", "errors"].iter().any(|name| object.get(*name).is_some_and(says_something));
    // A native Ollama answer has a `message` as well, but it is an object with a role.
    let native = object.get("message").is_some_and(|message| message.get("role").is_some());
    (named || (bare && !native)).then(|| Value::Object(object.clone()))
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Array(array) => !array.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chunk(value: Value) -> Chunk {
        serde_json::from_value(value).unwrap()
    }

    fn delta(delta: Value) -> Piece {
        chunk(json!({ "choices": [{ "delta": delta }] })).delta.unwrap()
    }

    #[test]
    fn empty_choices_with_usage_are_a_completion_with_nothing_to_add() {
        let last = chunk(json!({ "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 2 } }));
        assert!(last.is_completion && last.delta.is_none());
        assert_eq!(last.usage, Some(Usage { input_tokens: 7, output_tokens: 2 }));
    }

    #[test]
    fn content_may_be_text_parts_or_null() {
        assert_eq!(delta(json!({ "content": "a" })).text, "a");
        assert_eq!(delta(json!({ "content": null })).text, "");
        let parts = json!([
            { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
            { "type": "text", "text": "b" }, "c", 5
        ]);
        let piece = delta(json!({ "content": parts }));
        assert_eq!((piece.text.as_str(), piece.reasoning.as_str()), ("bc", "hm"));
        assert_eq!(delta(json!({ "refusal": "No." })).text, "No.");
    }

    #[test]
    fn reasoning_under_two_names_is_taken_once() {
        for name in ["reasoning_content", "reasoning", "thinking"] {
            assert_eq!(delta(json!({ name: "why" })).reasoning, "why");
        }
        assert_eq!(delta(json!({ "reasoning": "why", "reasoning_content": "why" })).reasoning, "why");
        assert_eq!(delta(json!({ "reasoning": { "odd": 1 }, "thinking": "why" })).reasoning, "why");
    }

    #[test]
    fn calls_are_read_in_every_form() {
        let piece = delta(json!({ "tool_calls": [
            { "index": "1", "id": "a", "function": { "name": "f", "arguments": "{" } },
            { "id": "", "function": { "name": "", "arguments": { "x": 1 } } },
            { "name": "g", "arguments": null },
            null
        ], "function_call": { "name": "h", "arguments": "{}" } }));
        let forms: Vec<_> =
            piece.calls.iter().map(|call| (call.index, call.id.as_deref(), call.name.as_deref())).collect();
        assert_eq!(
            forms,
            [(Some(1), Some("a"), Some("f")), (None, None, None), (None, None, Some("g")), (None, None, Some("h"))]
        );
        assert_eq!(piece.calls[1].arguments, Arguments::Whole(r#"{"x":1}"#.to_owned()));
        assert_eq!(piece.calls[2].arguments, Arguments::Absent);
    }

    #[test]
    fn errors_are_found_in_every_form_and_empty_ones_are_none() {
        for error in [
            json!({ "error": { "message": "no" } }),
            json!({ "error": "no" }),
            json!({ "object": "error", "message": "no", "code": 400 }),
            json!({ "detail": "no" }),
            json!({ "choices": [{ "error": { "message": "no" }, "finish_reason": "error" }] }),
        ] {
            assert!(chunk(error.clone()).error.is_some(), "{error}");
        }
        for fine in [
            json!({ "error": null, "choices": [] }),
            json!({ "error": {}, "choices": [] }),
            json!({ "choices": [], "message": "x" }),
            json!({ "message": { "role": "assistant", "content": "native" } }),
        ] {
            assert_eq!(chunk(fine).error, None);
        }
    }

    #[test]
    fn other_choices_and_odd_types_are_ignored() {
        let odd = chunk(json!({ "choices": [7, { "index": 1, "delta": { "content": "other" } }], "usage": "many" }));
        assert!(odd.delta.is_none() && odd.usage.is_none() && odd.is_completion);
        assert_eq!(delta(json!({ "content": 5, "tool_calls": {}, "role": [] })), Piece::default());
    }
}
