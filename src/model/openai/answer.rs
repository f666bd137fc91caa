//! An answer put together from its chunks, and the decision whether it is one. Pure.

use std::collections::HashSet;

use crate::protocol::{ModelAnswered, StreamPart, Usage, is_output_limit};

use super::calls::Calls;
use super::chunk::{Arguments, CallPiece, Chunk, Piece};

/// The most bytes of text, reasoning and calls one answer may have.
pub(super) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What a call costs beside its text, so that a flood of empty calls meets the bound as well.
const CALL_OVERHEAD: usize = 128;

/// An answer so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    text: String,
    reasoning: String,
    calls: Calls,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    extent: Extent,
    bytes: usize,
}

/// What kind of thing the answer is, as far as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Extent {
    /// No chunk came.
    #[default]
    Nothing,
    /// JSON came, but no completion.
    Foreign,
    /// A stream of deltas.
    Streamed,
    /// A whole message in one piece.
    Whole,
}

/// How the stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With `[DONE]`.
    Done,
    /// The connection ended without it.
    Closed,
}

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Longer than [`MAX_ANSWER_BYTES`].
    TooLong,
    /// JSON that is no chat completion.
    Foreign,
    /// It ended without an end.
    Truncated,
    /// The output limit was reached in the middle of a call.
    OutputLimit,
    /// Neither text nor calls, with the finish reason.
    Empty(Option<String>),
    /// The model wrote its call as text.
    CallAsText,
}

impl Answer {
    /// Adds a chunk and gives what can be shown of it.
    ///
    /// # Errors
    /// [`Flaw::TooLong`].
    pub fn add(&mut self, chunk: Chunk) -> Result<Vec<(StreamPart, String)>, Flaw> {
        self.usage = chunk.usage.or(self.usage);
        self.finish_reason = chunk.finish_reason.map(shortened).or_else(|| self.finish_reason.take());
        let mut shown = Vec::new();
        self.extent = match (chunk.is_completion, self.extent) {
            (true, Extent::Nothing | Extent::Foreign) => Extent::Streamed,
            (false, Extent::Nothing) => Extent::Foreign,
            (_, extent) => extent,
        };
        if let Some(delta) = chunk.delta {
            self.take(delta, &mut shown)?;
        }
        // A whole message at the end of a stream only repeats it.
        if let Some(message) = chunk.message.filter(|_| self.bytes == 0) {
            self.extent = Extent::Whole;
            self.take(message, &mut shown)?;
        }
        Ok(shown)
    }

    /// Whether the model said that it is finished.
    pub fn is_finished(&self) -> bool {
        self.finish_reason.is_some() || self.extent == Extent::Whole
    }

    /// Whether any part of a completion came.
    pub fn has_begun(&self) -> bool {
        matches!(self.extent, Extent::Streamed | Extent::Whole)
    }

    /// The answer, if it is one. `taken` are the ids of calls in the conversation, `tools` the number of tools offered.
    ///
    /// # Errors
    /// What is wrong with it; then nothing of it may be used.
    pub fn finish(self, ending: Ending, tools: usize, taken: HashSet<String>) -> Result<ModelAnswered, Flaw> {
        match self.extent {
            Extent::Nothing if ending == Ending::Closed => return Err(Flaw::Truncated),
            Extent::Foreign => return Err(Flaw::Foreign),
            Extent::Streamed if ending == Ending::Closed && self.finish_reason.is_none() => {
                return Err(Flaw::Truncated);
            }
            Extent::Nothing | Extent::Streamed | Extent::Whole => {}
        }
        let reason = self.finish_reason.as_deref().map(str::to_ascii_lowercase).unwrap_or_default();
        if reason == "error" {
            return Err(Flaw::Truncated);
        }
        if self.calls.any_is_cut() && is_output_limit(&reason) {
            return Err(Flaw::OutputLimit);
        }
        if self.calls.is_empty() {
            if self.text.trim().is_empty() {
                return Err(Flaw::Empty(self.finish_reason));
            }
            if tools > 0 && looks_like_a_call(&self.text) {
                return Err(Flaw::CallAsText);
            }
        }
        Ok(ModelAnswered {
            text: self.text,
            reasoning: self.reasoning,
            calls: self.calls.finish(taken),
            finish_reason: self.finish_reason,
            usage: self.usage,
        })
    }

    fn take(&mut self, piece: Piece, shown: &mut Vec<(StreamPart, String)>) -> Result<(), Flaw> {
        let calls: usize = piece.calls.iter().map(size).sum();
        self.bytes += piece.text.len() + piece.reasoning.len() + calls;
        if self.bytes > MAX_ANSWER_BYTES {
            return Err(Flaw::TooLong);
        }
        piece.calls.into_iter().for_each(|call| self.calls.add(call));
        if !piece.reasoning.is_empty() {
            self.reasoning.push_str(&piece.reasoning);
            shown.push((StreamPart::Reasoning, piece.reasoning));
        }
        if !piece.text.is_empty() {
            self.text.push_str(&piece.text);
            shown.push((StreamPart::Text, piece.text));
        }
        Ok(())
    }
}

fn size(call: &CallPiece) -> usize {
    let arguments = match &call.arguments {
        Arguments::Absent => 0,
        Arguments::Text(text) | Arguments::Whole(text) => text.len(),
    };
    CALL_OVERHEAD + arguments + call.id.as_ref().map_or(0, String::len) + call.name.as_ref().map_or(0, String::len)
}

fn shortened(reason: String) -> String {
    reason.chars().take(64).collect()
}

/// How models begin a call as text when their server does not know their tool format.
fn looks_like_a_call(text: &str) -> bool {
    const OPENINGS: [&str; 7] = [
        "<tool_call>",
        "[TOOL_REQUEST]",
        "[TOOL_CALLS]",
        "<|python_tag|>",
        "<function=",
        "<function_call>",
        "<｜tool▁calls▁begin｜>",
    ];
    let text = text.trim_start();
    OPENINGS.iter().any(|opening| text.starts_with(opening))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn add(answer: &mut Answer, chunk: Value) -> Vec<(StreamPart, String)> {
        answer.add(serde_json::from_value(chunk).unwrap()).unwrap()
    }

    fn finished(chunks: &[Value], ending: Ending) -> Result<ModelAnswered, Flaw> {
        let mut answer = Answer::default();
        for chunk in chunks {
            add(&mut answer, chunk.clone());
        }
        answer.finish(ending, 1, HashSet::new())
    }

    fn text(text: &str) -> Value {
        json!({ "choices": [{ "delta": { "content": text } }] })
    }

    fn finish(reason: &str) -> Value {
        json!({ "choices": [{ "delta": {}, "finish_reason": reason }] })
    }

    fn call(arguments: &str) -> Value {
        json!({ "choices": [{ "delta": { "tool_calls": [
            { "index": 0, "id": "a", "function": { "name": "f", "arguments": arguments } }
        ] } }] })
    }

    #[test]
    fn the_text_is_what_was_shown() {
        let mut answer = Answer::default();
        let mut shown = String::new();
        for chunk in [text("Three "), json!({ "choices": [] }), text("tickets."), finish("stop")] {
            for (part, piece) in add(&mut answer, chunk) {
                assert_eq!(part, StreamPart::Text);
                shown.push_str(&piece);
            }
        }
        let answered = answer.finish(Ending::Done, 0, HashSet::new()).unwrap();
        assert_eq!((answered.text.as_str(), answered.finish_reason.as_deref()), ("Three tickets.", Some("stop")));
        assert_eq!(shown, answered.text);
    }

    #[test]
    fn text_and_a_call_in_one_delta_are_both_taken() {
        let both = json!({ "choices": [{ "delta": { "content": "Looking.", "reasoning": "hm", "tool_calls": [
            { "function": { "name": "f", "arguments": {} } }
        ] } }] });
        let answered = finished(&[both, finish("stop")], Ending::Done).unwrap();
        assert_eq!((answered.text.as_str(), answered.reasoning.as_str()), ("Looking.", "hm"));
        assert_eq!(answered.calls.len(), 1);
    }

    #[test]
    fn calls_count_whatever_the_finish_reason_says() {
        for reason in ["stop", "tool_calls", "function_call", "eos_token_found"] {
            let answered = finished(&[call("{}"), finish(reason)], Ending::Done).unwrap();
            assert_eq!((answered.calls.len(), answered.finish_reason.as_deref()), (1, Some(reason)));
        }
    }

    #[test]
    fn done_may_be_missing_after_a_finish_reason_and_the_reason_before_done() {
        assert!(finished(&[text("a"), finish("stop")], Ending::Closed).is_ok());
        assert!(finished(&[text("a")], Ending::Done).is_ok());
        assert_eq!(finished(&[text("a")], Ending::Closed), Err(Flaw::Truncated));
        assert_eq!(finished(&[call("{}")], Ending::Closed), Err(Flaw::Truncated));
        assert_eq!(finished(&[], Ending::Closed), Err(Flaw::Truncated));
    }

    #[test]
    fn the_output_limit_in_a_call_runs_nothing_and_in_text_is_an_answer() {
        for cut in ["", r#"{"id":"#] {
            assert_eq!(finished(&[call(cut), finish("length")], Ending::Done), Err(Flaw::OutputLimit));
        }
        assert_eq!(finished(&[call("{}"), finish("length")], Ending::Done).unwrap().calls.len(), 1);
        assert_eq!(finished(&[text("half a"), finish("length")], Ending::Done).unwrap().text, "half a");
    }

    #[test]
    fn broken_arguments_without_the_limit_are_left_to_be_answered_with_an_error() {
        assert_eq!(finished(&[call("{x"), finish("stop")], Ending::Done).unwrap().calls[0].arguments, "{x");
    }

    #[test]
    fn a_whole_completion_is_an_answer() {
        let whole = json!({
            "object": "chat.completion",
            "choices": [{ "index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "Looking.",
                "tool_calls": [{ "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } }]
            } }],
            "usage": { "prompt_tokens": 3, "completion_tokens": 4 }
        });
        let answered = finished(&[whole], Ending::Closed).unwrap();
        assert_eq!((answered.text.as_str(), answered.calls.len()), ("Looking.", 1));
        assert_eq!(answered.usage, Some(Usage { input_tokens: 3, output_tokens: 4 }));
    }

    #[test]
    fn a_message_after_the_deltas_is_not_taken_twice() {
        let last = json!({ "choices": [{ "message": { "content": "Hello" }, "finish_reason": "stop" }] });
        assert_eq!(finished(&[text("Hello"), last], Ending::Done).unwrap().text, "Hello");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert_eq!(finished(&[json!({ "status": "ok" })], Ending::Closed), Err(Flaw::Foreign));
        assert_eq!(
            finished(&[finish("content_filter")], Ending::Done),
            Err(Flaw::Empty(Some("content_filter".to_owned())))
        );
        assert_eq!(finished(&[], Ending::Done), Err(Flaw::Empty(None)));
        assert_eq!(finished(&[text("a"), finish("error")], Ending::Done), Err(Flaw::Truncated));
    }

    #[test]
    fn a_call_written_as_text_is_refused_only_where_tools_were_offered() {
        let mut answer = Answer::default();
        add(&mut answer, text("\n<tool_call>{\"name\":\"f\"}</tool_call>"));
        assert_eq!(answer.clone().finish(Ending::Done, 1, HashSet::new()), Err(Flaw::CallAsText));
        assert!(answer.finish(Ending::Done, 0, HashSet::new()).is_ok());
        assert!(finished(&[text("Models write <tool_call> first.")], Ending::Done).is_ok());
    }

    #[test]
    fn an_endless_answer_meets_the_bound() {
        let mut answer = Answer::default();
        let chunk: Chunk = serde_json::from_value(text(&"x".repeat(1024 * 1024))).unwrap();
        for _ in 0..4 {
            answer.add(chunk.clone()).unwrap();
        }
        assert_eq!(answer.add(chunk), Err(Flaw::TooLong));
        let mut answer = Answer::default();
        let flood: Vec<_> = (0..1000).map(|_| json!({})).collect();
        let flood: Chunk =
            serde_json::from_value(json!({ "choices": [{ "delta": { "tool_calls": flood } }] })).unwrap();
        assert!((0..100).any(|_| answer.add(flood.clone()).is_err()));
    }
}
