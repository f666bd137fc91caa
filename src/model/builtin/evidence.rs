//! The calls of the conversation with what came back: the only thing an answer may be made of.

use std::sync::Arc;

use serde_json::Value;

use crate::model::Message;
use crate::protocol::{CallId, DeliveredForm, Json};
use crate::wording::content_words;

/// A call that was answered.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub call: CallId,
    /// The tool's model name.
    pub name: String,
    /// What was asked for, by which the call is found again.
    pub arguments: Value,
    /// What it was made with instead, if the operator changed that.
    pub sent: Option<Value>,
    /// Who the result is from.
    pub form: DeliveredForm,
    pub outcome: Outcome,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// The result's content: structured, or the text as a string.
    Content(Value),
    /// It failed.
    Failed(Failure),
}

/// Why a call failed, in the server's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Failure {
    /// The server's code or sentence.
    pub error: String,
    pub reason: String,
    pub suggestions: Vec<String>,
    /// Strings in the payload's context, by their key: near ids and names among them.
    pub near: Vec<String>,
    /// Whether the payload says that what was asked for does not exist.
    pub not_found: bool,
    /// Whether the call, or its result, was refused at the gate; the reason is in the operator's words then.
    pub refused: bool,
}

/// One question with everything that followed it.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub question: String,
    /// How many resources went with it. Others wrote them, and nothing here reads prose.
    pub attached: usize,
    pub calls: Vec<Done>,
    /// The assistant's last text, empty while the turn runs.
    pub answer: String,
}

/// Splits a conversation at its questions; of a long one only the last `most` are read, so that a step takes no longer the
/// longer one talks.
pub(super) fn exchanges(messages: &[Arc<Message>], most: usize) -> Vec<Exchange> {
    let questions =
        messages.iter().enumerate().rev().filter(|(_, message)| matches!(&***message, Message::User { .. }));
    let start = questions.take(most).last().map_or(0, |(at, _)| at);
    let messages = messages.get(start..).unwrap_or_default();
    let mut out: Vec<Exchange> = Vec::new();
    let mut asked: Vec<(String, String, String)> = Vec::new();
    for message in messages {
        match &**message {
            Message::System { .. } => {}
            Message::User(question) => {
                let (question, attached) = (question.text.clone(), question.attached.len());
                out.push(Exchange { question, attached, ..Exchange::default() });
                asked.clear();
            }
            Message::Assistant { text, calls, .. } => {
                asked.extend(
                    calls.iter().map(|call| (call.provider_id.clone(), call.name.clone(), call.arguments.clone())),
                );
                if let Some(last) = out.last_mut() {
                    last.answer.clone_from(text);
                }
            }
            Message::Tool { provider_id, call, name, text, result, ok, sent, form } => {
                let arguments = asked
                    .iter()
                    .find(|(id, ..)| id == provider_id)
                    .map_or_else(|| Value::Null, |(.., arguments)| serde_json::from_str(arguments).unwrap_or_default());
                let outcome = outcome(text, result.as_ref(), *ok, *form);
                let sent = sent.as_ref().map(Json::value);
                if let Some(last) = out.last_mut() {
                    last.calls.push(Done { call: *call, name: name.clone(), arguments, sent, form: *form, outcome });
                    last.answer.clear();
                }
            }
        }
    }
    out
}

fn outcome(text: &str, result: Option<&Json>, ok: bool, form: DeliveredForm) -> Outcome {
    let text = body(text);
    if form == DeliveredForm::Denied {
        // Why somebody refuses says nothing of what there is.
        return Outcome::Failed(Failure { reason: text.trim().to_owned(), refused: true, ..Failure::default() });
    }
    let whole = result.map(Json::value).unwrap_or_default();
    let failed = !ok || whole.get("isError").and_then(Value::as_bool).unwrap_or_default();
    let content = content(&whole)
        .unwrap_or_else(|| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())));
    if failed { Outcome::Failed(failure(&content, text)) } else { Outcome::Content(content) }
}

/// What a model reads, without the line over it that says of which call it is.
fn body(text: &str) -> &str {
    match text.split_once('\n') {
        Some((line, body)) if line.starts_with("[call ") && line.ends_with(']') => body,
        Some(_) | None => text,
    }
}

/// Structured content, or the blocks as JSON or in words.
fn content(whole: &Value) -> Option<Value> {
    if let Some(structured) = whole.get("structuredContent").filter(|value| !value.is_null()) {
        return Some(structured.clone());
    }
    let blocks = whole.get("content")?.as_array()?;
    if blocks.is_empty() {
        return None;
    }
    let text = blocks.iter().map(content_words).collect::<Vec<_>>().join("\n");
    Some(serde_json::from_str(&text).ok().filter(Value::is_object).unwrap_or(Value::String(text)))
}

fn failure(content: &Value, text: &str) -> Failure {
    let string = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (error, reason) = (string("error"), string("reason"));
    if error.is_empty() && reason.is_empty() {
        let words = content.as_str().unwrap_or(text);
        return Failure { reason: words.trim().to_owned(), ..Failure::default() };
    }
    let context = content.get("context").cloned().unwrap_or_default();
    let mut near = Vec::new();
    if let Some(fields) = context.as_object() {
        for (key, value) in fields {
            if key.contains("near")
                || key.contains("similar")
                || key.contains("suggest")
                || key.contains("candidate")
                || key.contains("closest")
                || key.contains("match")
            {
                strings(value, &mut near);
            }
        }
    }
    let lower = format!("{error} {reason}").to_lowercase();
    let missing = ["not found", "not_found", "does not exist", "unknown", "no match", "there is no "];
    let not_found = missing.iter().any(|words| lower.contains(words)) || reason.to_lowercase().starts_with("no ");
    Failure {
        error,
        reason,
        suggestions: content
            .get("suggested_actions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        near,
        not_found,
        refused: false,
    }
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, out)),
        // An id and a name belong together.
        Value::Object(fields) => {
            let texts: Vec<&str> = fields.values().filter_map(Value::as_str).collect();
            match texts[..] {
                [id, name] => {
                    out.retain(|known| known != id);
                    out.push(format!("{name} ({id})"));
                }
                _ => fields.values().for_each(|field| strings(field, out)),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
