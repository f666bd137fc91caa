//! What plans the calls and writes the answer: one trait, streaming, with three makers of it.
//!
//! A model is asked once per step with the whole conversation and the tools; it answers with text, calls, or both.
//! It keeps no state between requests: what it needs to know stands in the conversation.

pub mod asked;
pub mod builtin;
pub mod openai;
pub mod scripted;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::protocol::{
    CallId, DeliveredForm, Json, ModelAnswered, ModelCall, ModelFailed, ModelRetried, Question, ServerName, StreamPart,
    ToolDefinition,
};

/// One request: a step of a turn.
#[derive(Clone, Debug)]
pub struct Request {
    /// The conversation, oldest first: system prompt, then user, assistant and tool messages; shared, as it grows with every step.
    pub messages: Vec<Arc<Message>>,
    /// What may be called, in lane order. Empty for a last request without tools.
    pub tools: Arc<[ToolDefinition]>,
    /// What the connected servers say about themselves, in lane order.
    pub briefings: Arc<[Briefing]>,
    /// Today by the operator's wall clock, `YYYY-MM-DD`; a server whose data has another "now" says so in its briefing.
    pub today: String,
}

/// A connected server's own words (MCP `instructions`): untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    /// The server.
    pub server: ServerName,
    /// Its instructions, at most 8 KiB; the bundled servers say `Data as of YYYY-MM-DD.` in theirs.
    pub instructions: String,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Standing instructions.
    System {
        /// The text.
        text: String,
    },
    /// A question of the operator, with what is attached to it; [`asked::content`] is both as a language model reads them.
    User(Question),
    /// An earlier answer of the model, with the calls it wanted.
    Assistant {
        /// Its text.
        text: String,
        /// Its reasoning, sent back to endpoints that want it.
        reasoning: String,
        /// Its calls, each answered by exactly one `Tool` message, in this order.
        calls: Vec<ModelCall>,
    },
    /// The result of one call.
    Tool {
        /// The provider's id of the call.
        provider_id: String,
        /// Our number, which answers refer to as `[n]`.
        call: CallId,
        /// The tool's model name.
        name: String,
        /// What the model is given to read: the result as text, possibly shortened, or the error.
        text: String,
        /// The whole MCP `CallToolResult`, if there is one; for a model that reads JSON instead of text.
        result: Option<Json>,
        /// Whether the call succeeded.
        ok: bool,
        /// The arguments that the operator put in place of the model's; none where the call went out as it was asked for.
        sent: Option<Json>,
        /// Who the result is from; how much of it was cut stands in the text.
        form: DeliveredForm,
    },
}

/// What comes while a request runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// A piece of text.
    Text(StreamPart, String),
    /// An attempt failed; the next comes after its delay.
    Retried(ModelRetried),
}

/// Something that can be asked.
pub trait Model: Send + Sync {
    /// The name shown wherever a model's name stands.
    fn name(&self) -> &str;

    /// Tools it takes in one request; more are left out, and the operator is told.
    fn most_tools(&self) -> usize {
        usize::MAX
    }

    /// Runs one request. Deltas are sent while it runs (a closed channel is not an error); dropping the future cancels it.
    /// The text of the answer is the concatenation of the text deltas.
    ///
    /// # Errors
    /// [`ModelFailed`] in words for the user; nothing of a broken answer is ever returned as an answer.
    fn request(
        &self,
        request: Request,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>>;
}
