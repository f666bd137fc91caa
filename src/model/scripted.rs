//! A model that answers from a script: for tests, demonstrations and measurements. It decides nothing.
//!
//! A script is a list of steps, one a request, in code or as JSON:
//! `{"steps":[{"text":"…","calls":[{"name":"…","arguments":{…}}],"delay_ms":0},{"fail":{"code":"rate_limited","message":"…"}}]}`.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::model::{Delta, Model, Request};
use crate::protocol::{ModelAnswered, ModelCall, ModelFailed, ModelFailureCode, StreamPart};

/// Bytes of a piece of streamed text, about.
const PIECE: usize = 12;

/// A model with a script.
#[derive(Debug)]
pub struct Scripted {
    name: String,
    steps: Vec<Step>,
    requests: Mutex<Vec<Request>>,
}

/// What is answered to one request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// The text, streamed in pieces.
    pub text: String,
    /// The reasoning, streamed before the text.
    pub reasoning: String,
    /// The calls.
    pub calls: Vec<Call>,
    /// The wait before anything comes, in ms.
    pub delay_ms: u64,
    /// A failure in place of the answer; text is streamed before it.
    pub fail: Option<Failing>,
}

/// A call in a script.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tool's model name.
    pub name: String,
    /// The arguments; a string is taken as the very text the model writes, so that broken JSON can be scripted.
    #[serde(default)]
    pub arguments: Value,
}

/// A failure in a script.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Its kind.
    pub code: ModelFailureCode,
    /// Its words.
    pub message: String,
}

/// A script that cannot be used.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("the script {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file is no script; the words name line and column.
    #[error("{0} is no script: {1}")]
    Malformed(String, serde_json::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    steps: Vec<Step>,
}

impl Scripted {
    /// A model that answers its n-th request with the n-th step.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Self { name: "scripted".to_owned(), steps, requests: Mutex::default() }
    }

    /// A model with the script in a JSON file.
    ///
    /// # Errors
    /// If the file cannot be read or is no script.
    pub fn from_file(path: &Path) -> Result<Self, ScriptError> {
        let shown = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| ScriptError::Unreadable(shown.clone(), error))?;
        Self::from_json(&text, &shown)
    }

    /// A model with a script in JSON; `origin` names it in errors.
    ///
    /// # Errors
    /// If it is no script.
    pub fn from_json(text: &str, origin: &str) -> Result<Self, ScriptError> {
        let script: Script =
            serde_json::from_str(text).map_err(|error| ScriptError::Malformed(origin.to_owned(), error))?;
        Ok(Self::new(script.steps))
    }

    /// The requests so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the request and gives its position, 0-based.
    fn keep(&self, request: Request) -> usize {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(request);
        requests.len() - 1
    }

    fn over(&self, index: usize) -> ModelFailed {
        let message = format!(
            "The script is over: it has {} steps and this is request {}. Add a step to the script.",
            self.steps.len(),
            index + 1
        );
        ModelFailed { code: ModelFailureCode::Malformed, message, http_status: None }
    }
}

impl Step {
    /// A step that answers with text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A step that wants calls.
    #[must_use]
    pub fn calls(calls: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let call = |(name, arguments): (&str, Value)| Call { name: name.to_owned(), arguments };
        Self { calls: calls.into_iter().map(call).collect(), ..Self::default() }
    }

    /// A step that fails.
    pub fn fail(code: ModelFailureCode, message: impl Into<String>) -> Self {
        Self { fail: Some(Failing { code, message: message.into() }), ..Self::default() }
    }

    /// The same step after a wait.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), ..self }
    }
}

impl Model for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn request(
        &self,
        request: Request,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>> {
        // Kept before the first poll: the order of requests is that of the calls of this function.
        let index = self.keep(request);
        Box::pin(async move {
            let step = self.steps.get(index).ok_or_else(|| self.over(index))?;
            if step.delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(step.delay_ms)).await;
            }
            for (part, text) in [(StreamPart::Reasoning, &step.reasoning), (StreamPart::Text, &step.text)] {
                for piece in pieces(text) {
                    // Nobody listening is no error; the answer itself is returned.
                    let _closed = deltas.send(Delta::Text(part, piece.to_owned())).await;
                }
            }
            match &step.fail {
                Some(failing) => {
                    Err(ModelFailed { code: failing.code, message: failing.message.clone(), http_status: None })
                }
                None => Ok(answered(step, index)),
            }
        })
    }
}

fn answered(step: &Step, index: usize) -> ModelAnswered {
    let calls = step.calls.iter().enumerate().map(|(position, call)| ModelCall {
        provider_id: format!("call_{}_{}", index + 1, position + 1),
        name: call.name.clone(),
        arguments: match &call.arguments {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            arguments @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                arguments.to_string()
            }
        },
    });
    let calls: Vec<_> = calls.collect();
    ModelAnswered {
        text: step.text.clone(),
        reasoning: step.reasoning.clone(),
        finish_reason: Some(if calls.is_empty() { "stop" } else { "tool_calls" }.to_owned()),
        calls,
        usage: None,
    }
}

/// The text in pieces of about [`PIECE`] bytes, cut between characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::model::Message;

    fn ask(question: &str) -> Request {
        Request {
            messages: vec![Arc::new(Message::User(question.into()))],
            tools: Arc::from([]),
            briefings: Arc::from([]),
            today: "2026-11-22".to_owned(),
        }
    }

    /// The result of a request and the text that was streamed.
    async fn asked(model: &Scripted, question: &str) -> (Result<ModelAnswered, ModelFailed>, String, usize) {
        let (deltas, mut received) = mpsc::channel(64);
        let result = model.request(ask(question), deltas).await;
        let (mut text, mut count) = (String::new(), 0);
        while let Some(delta) = received.recv().await {
            match delta {
                Delta::Text(StreamPart::Text, piece) => text.push_str(&piece),
                Delta::Text(StreamPart::Reasoning, _) | Delta::Retried(_) => {}
            }
            count += 1;
        }
        (result, text, count)
    }

    #[tokio::test]
    async fn a_script_in_json_is_played_step_by_step() {
        let model = Scripted::from_json(
            r#"{"steps":[
                {"text":"Grüße aus dem Skript.","reasoning":"hm","calls":[
                    {"name":"search_tickets","arguments":{"priority":"critical"}},
                    {"name":"broken","arguments":"{\"x\":"},
                    {"name":"plain"}
                ]},
                {"fail":{"code":"rate_limited","message":"Slow down."}}
            ]}"#,
            "a script",
        )
        .unwrap();
        let (result, text, count) = asked(&model, "one").await;
        let answered = result.unwrap();
        assert_eq!((answered.text.as_str(), text.as_str()), ("Grüße aus dem Skript.", "Grüße aus dem Skript."));
        assert!(count > 2, "the text comes in pieces");
        let calls: Vec<_> =
            answered.calls.iter().map(|call| (call.provider_id.as_str(), call.arguments.as_str())).collect();
        assert_eq!(calls, [("call_1_1", r#"{"priority":"critical"}"#), ("call_1_2", "{\"x\":"), ("call_1_3", "")]);
        let (result, ..) = asked(&model, "two").await;
        assert_eq!(result.unwrap_err().code, ModelFailureCode::RateLimited);
        let questions: Vec<_> = model.requests().into_iter().map(|request| request.messages).collect();
        assert_eq!(questions, [ask("one").messages, ask("two").messages]);
    }

    #[tokio::test]
    async fn after_the_last_step_it_says_so() {
        let model = Scripted::new(vec![Step::text("a")]);
        let _first = asked(&model, "one").await;
        let failed = asked(&model, "two").await.0.unwrap_err();
        assert_eq!(failed.code, ModelFailureCode::Malformed);
        assert!(failed.message.contains("1 steps") && failed.message.contains("request 2"), "{failed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_is_waited_for() {
        let started = Instant::now();
        let model = Scripted::new(vec![Step::calls([("f", json!({}))]).after(Duration::from_secs(90))]);
        assert_eq!(asked(&model, "one").await.0.unwrap().calls.len(), 1);
        assert!(started.elapsed() >= Duration::from_secs(90));
    }

    #[tokio::test]
    async fn text_before_a_failure_is_streamed() {
        let step = Step { text: "Half an ans".to_owned(), ..Step::fail(ModelFailureCode::BrokenStream, "Cut.") };
        let (result, text, _) = asked(&Scripted::new(vec![step]), "one").await;
        assert_eq!((result.unwrap_err().message.as_str(), text.as_str()), ("Cut.", "Half an ans"));
    }

    #[test]
    fn a_broken_script_names_file_and_line() {
        let words = Scripted::from_json("{\"steps\":[\n{\"txt\":\"a\"}]}", "demo.json").unwrap_err().to_string();
        assert!(words.contains("demo.json") && words.contains("line 2") && words.contains("txt"), "{words}");
        let words = Scripted::from_file(Path::new("/no/such/script.json")).unwrap_err().to_string();
        assert!(words.contains("/no/such/script.json"), "{words}");
    }
}
