//! Events of a model request: one step of a turn.

use serde::{Deserialize, Serialize};

use crate::protocol::Json;

/// Payload of `model.selected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSelected {
    /// The model's name, or `built-in`.
    pub model: String,
}

/// Payload of `model.requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRequested {
    /// The model's name, or `built-in`.
    pub model: String,
    /// Messages in the request, those of earlier steps included.
    pub messages: u32,
    /// The messages that no earlier request of this conversation had, as a JSON array.
    pub new_messages: Json,
    /// Tools offered.
    pub tools: u32,
    /// Why the model is asked this way, such as `tool-free`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Payload of `model.streamed`: one merged delta, at most every 100 ms or 4 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelStreamed {
    /// Which of the model's texts it continues.
    pub part: StreamPart,
    /// The piece.
    pub text: String,
}

/// The two texts a model may stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamPart {
    /// The answer, or the words before its calls.
    Text,
    /// `reasoning_content`, shown folded.
    Reasoning,
}

/// Payload of `model.answered`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelAnswered {
    /// The whole text of this step.
    pub text: String,
    /// The whole reasoning, if the model shows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// The calls it wants, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ModelCall>,
    /// The provider's word, informative only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// Tokens, if the provider counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Whether a finish reason says that the model had more to write than it may in one answer: the field has several words for
/// it.
#[must_use]
pub fn is_output_limit(finish_reason: &str) -> bool {
    let limits = ["length", "max_tokens", "max_output_tokens", "max_completion_tokens"];
    limits.iter().any(|limit| finish_reason.eq_ignore_ascii_case(limit))
}

impl ModelAnswered {
    /// Why its text is not the whole of what the model would have said, and what to do; none if it is.
    #[must_use]
    pub fn cut_short(&self) -> Option<&'static str> {
        match self.finish_reason.as_deref()? {
            reason if is_output_limit(reason) => {
                Some("the answer ends where the endpoint lets the model write no more; ask it to go on")
            }
            reason if reason.eq_ignore_ascii_case("content_filter") => {
                Some("the endpoint's content filter cut the answer short")
            }
            _ => None,
        }
    }
}

/// One call as the model wrote it, before anything is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCall {
    /// The provider's id, made unique within the conversation.
    pub provider_id: String,
    /// The name the model used.
    pub name: String,
    /// The arguments as the model's text, which may be no JSON.
    pub arguments: String,
}

/// Token counts of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

/// Payload of `model.failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFailed {
    /// What kind of failure.
    pub code: ModelFailureCode,
    /// What happened, to what, and what to do.
    pub message: String,
    /// HTTP status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
}

/// The kinds of model failures a user can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelFailureCode {
    /// 401 or 403: the key.
    Unauthorised,
    /// 404: the model's name or a missing `/v1`.
    NotFound,
    /// 429 after all retries, or no quota.
    RateLimited,
    /// 400 or 422: the endpoint refused the request.
    BadRequest,
    /// The conversation is longer than the model takes.
    ContextOverflow,
    /// 5xx after all retries.
    ServerError,
    /// The endpoint did not begin to answer within the deadline.
    TimedOut,
    /// No connection could be made, or it broke before any answer.
    Unreachable,
    /// The answer broke off, fell silent or made no sense; nothing of it was run.
    BrokenStream,
    /// The model answered, but not in the protocol.
    Malformed,
}

/// Payload of `model.retried`: written before the wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRetried {
    /// The attempt that comes, from 2.
    pub attempt: u32,
    /// How many attempts there will be at most.
    pub of: u32,
    /// The wait in ms; a countdown can be shown from it.
    pub delay_ms: u64,
    /// Why the last attempt failed.
    pub reason: String,
}
