//! The messages of a conversation over all its turns, and what of them the model has already been sent.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{Message, asked};
use crate::protocol::{Event, Json};

use super::gate::Hearsay;
use super::prompt;

/// Messages, oldest first; the system prompt is not among them.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    messages: Vec<Arc<Message>>,
    /// Messages that an earlier request had.
    sent: usize,
    /// The last thing that others wrote.
    hearsay: Option<Hearsay>,
    /// What the operator has fetched since the last question: it may go with the next one.
    fetched: Option<Hearsay>,
}

impl Conversation {
    /// Adds a message at the end.
    pub fn push(&mut self, message: Message) {
        match &message {
            Message::User { .. } => self.hearsay = self.fetched.take().or_else(|| self.hearsay.take()),
            Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => {}
        }
        self.messages.push(Arc::new(message));
    }

    /// Takes note of a resource or a prompt that was fetched. Whether the next question holds its words, and how much of them,
    /// only the operator knows.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::ResourceRead(read) if read.result.is_some() => {
                self.fetched = Some(Hearsay::Resource { server: read.server.clone(), uri: read.uri.clone() });
            }
            Event::PromptGot(got) if got.result.is_some() => {
                self.fetched = Some(Hearsay::Prompt { server: got.server.clone(), name: got.name.clone() });
            }
            _ => {}
        }
    }

    /// Takes note of a result that others wrote; the model keeps it in mind as long as the conversation lasts.
    pub fn hear(&mut self, hearsay: Hearsay) {
        self.hearsay = Some(hearsay);
    }

    /// The last thing that others wrote.
    #[must_use]
    pub fn hearsay(&self) -> Option<&Hearsay> {
        self.hearsay.as_ref()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// All messages.
    #[must_use]
    pub fn messages(&self) -> &[Arc<Message>] {
        &self.messages
    }

    /// Messages, and the bytes of their texts.
    #[must_use]
    pub fn weight(&self) -> (usize, usize) {
        let bytes = |message: &Arc<Message>| match &**message {
            Message::System { text } | Message::Tool { text, .. } => text.len(),
            Message::User(question) => {
                question.text.len() + question.attached.iter().map(|attached| attached.text.len()).sum::<usize>()
            }
            Message::Assistant { text, calls, .. } => {
                text.len() + calls.iter().map(|call| call.arguments.len()).sum::<usize>()
            }
        };
        (self.messages.len(), self.messages.iter().map(bytes).sum())
    }

    /// The messages no request had yet, as JSON in the form of chat completions; they count as sent from now on.
    pub fn take_new(&mut self) -> Json {
        let new = in_json(&self.messages[self.sent..]);
        self.sent = self.messages.len();
        new
    }

    /// Cuts the results that are longest, because the conversation no longer fits the model. False if nothing is left to cut.
    pub fn shrink(&mut self) -> bool {
        let mut cut_any = false;
        for message in &mut self.messages {
            let too_long = matches!(&**message, Message::Tool { text, .. } if text.len() > prompt::SHRUNK_LIMIT);
            if too_long && let Message::Tool { text, .. } = Arc::make_mut(message) {
                *text = prompt::cut(text, prompt::SHRUNK_LIMIT);
                cut_any = true;
            }
        }
        cut_any
    }
}

/// Messages as a JSON array in the form of chat completions.
pub(super) fn in_json(messages: &[Arc<Message>]) -> Json {
    Json::from(Value::Array(messages.iter().map(|message| as_json(message)).collect()))
}

fn as_json(message: &Message) -> Value {
    match message {
        Message::System { text } => json!({"role": "system", "content": text}),
        Message::User(question) => json!({"role": "user", "content": asked::content(question)}),
        Message::Assistant { text, reasoning, calls } => {
            let mut value = json!({"role": "assistant", "content": text});
            if !reasoning.is_empty() {
                value["reasoning_content"] = Value::from(reasoning.as_str());
            }
            if !calls.is_empty() {
                value["tool_calls"] = calls
                    .iter()
                    .map(|call| json!({"id": call.provider_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}))
                    .collect();
            }
            value
        }
        Message::Tool { provider_id, text, .. } => {
            json!({"role": "tool", "tool_call_id": provider_id, "content": text})
        }
    }
}
