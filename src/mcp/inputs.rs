//! What servers want of the operator, in both eras: put as an event, answered by a command, each exactly once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::protocol::{
    Event, InputAction, InputAnswer, InputAnswered, InputId, InputRequested, Json, LogStream, Scope, ServerLogged,
    ServerName, Wanted,
};

use super::Signal;

/// Questions of one server that may wait for the operator together.
const MOST_OPEN: usize = 8;
/// Longest message of a server to the operator, characters.
const LONGEST_MESSAGE: usize = 8 * 1024;
/// Largest schema of a form, bytes.
const LARGEST_SCHEMA: usize = 64 * 1024;
/// Longest address of a page, bytes: the operator is to read all of it.
const LONGEST_URL: usize = 2048;

/// The questions of all servers.
#[derive(Clone, Debug)]
pub struct Inputs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    signals: mpsc::Sender<Signal>,
    /// The last number given.
    last: AtomicU64,
    open: Mutex<BTreeMap<InputId, Open>>,
}

#[derive(Debug)]
struct Open {
    server: ServerName,
    reply: oneshot::Sender<InputAnswer>,
}

/// What a server wants, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    message: String,
    wanted: Wanted,
}

impl Question {
    /// Reads the parameters of `elicitation/create`.
    ///
    /// # Errors
    /// Why the operator cannot be asked this, in words.
    pub fn read(params: &Value) -> Result<Self, String> {
        let text = |key: &str| params.get(key).and_then(Value::as_str);
        let wanted = match text("mode") {
            None | Some("form") => {
                let schema = params.get("requestedSchema").filter(|schema| schema.is_object());
                let schema = Json::from(schema.ok_or("its form has no requestedSchema")?);
                if schema.bytes() > LARGEST_SCHEMA {
                    return Err(format!("the schema of its form has over {LARGEST_SCHEMA} bytes"));
                }
                Wanted::Form { schema }
            }
            Some("url") => {
                let url = text("url").ok_or("it names no url")?;
                if url.len() > LONGEST_URL {
                    return Err(format!("its address has over {LONGEST_URL} bytes"));
                }
                Wanted::Url { url: url.to_owned() }
            }
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                return Err(format!("it asks in the mode {other:?}, which is neither form nor url"));
            }
        };
        Ok(Self { message: text("message").unwrap_or_default().chars().take(LONGEST_MESSAGE).collect(), wanted })
    }
}

impl Inputs {
    /// Nothing is asked yet; numbers go on after `before`.
    #[must_use]
    pub fn new(signals: mpsc::Sender<Signal>, before: u64) -> Self {
        Self(Arc::new(Shared { signals, last: AtomicU64::new(before), open: Mutex::default() }))
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<InputId, Open>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a question; false if nobody waits for it any more.
    pub fn answer(&self, input: InputId, answer: InputAnswer) -> bool {
        let open = self.open().remove(&input);
        open.is_some_and(|open| open.reply.send(answer).is_ok())
    }

    /// The server is gone, and nobody waits for answers to its questions any more.
    pub fn withdraw(&self, server: &ServerName) {
        self.open().retain(|_, open| open.server != *server);
    }

    /// Puts a question to the operator and waits for the answer as MCP has it. Dropped, the question is withdrawn.
    pub async fn put(&self, scope: Scope, server: &ServerName, question: Question) -> Value {
        let Some(answer) = self.begin(scope, server, question) else {
            let line = format!("it has {MOST_OPEN} questions for the operator already; one more was declined");
            self.tell(scope, ServerLogged { server: server.clone(), stream: LogStream::Mcp, line }).await;
            return json!({"action": "decline"});
        };
        match answer.await {
            Ok(InputAnswer::Accept { content: Some(content) }) => {
                json!({"action": "accept", "content": content.value()})
            }
            Ok(InputAnswer::Accept { content: None }) => json!({"action": "accept"}),
            Ok(InputAnswer::Decline) => json!({"action": "decline"}),
            Ok(InputAnswer::Cancel) | Err(_) => json!({"action": "cancel"}),
        }
    }

    fn begin(&self, scope: Scope, server: &ServerName, question: Question) -> Option<oneshot::Receiver<InputAnswer>> {
        let (reply, replied) = oneshot::channel();
        let (mut answers, answer) = oneshot::channel();
        let input = InputId(self.0.last.fetch_add(1, Ordering::Relaxed) + 1);
        {
            let mut open = self.open();
            if open.values().filter(|open| open.server == *server).count() >= MOST_OPEN {
                return None;
            }
            open.insert(input, Open { server: server.clone(), reply });
        }
        let Question { message, wanted } = question;
        let requested = InputRequested { input, server: server.clone(), message, wanted };
        let inputs = self.clone();
        // A task of its own: whoever waits may be dropped at any time, and the end must be told all the same.
        tokio::spawn(async move {
            inputs.tell(scope, requested).await;
            let (answer, reason) = tokio::select! {
                replied = replied => match replied {
                    Ok(answer) => (answer, None),
                    Err(_) => (InputAnswer::Cancel, Some("the connection to the server ended")),
                },
                () = answers.closed() => (InputAnswer::Cancel, Some("the server no longer waits for it")),
            };
            inputs.open().remove(&input);
            let (action, content) = match &answer {
                InputAnswer::Accept { content } => (InputAction::Accepted, content.clone()),
                InputAnswer::Decline => (InputAction::Declined, None),
                InputAnswer::Cancel => (InputAction::Cancelled, None),
            };
            inputs.tell(scope, InputAnswered { input, action, content, reason: reason.map(str::to_owned) }).await;
            // Nobody may wait any more.
            let _ = answers.send(answer);
        });
        Some(answer)
    }

    async fn tell(&self, scope: Scope, event: impl Into<Event>) {
        let _ = self.0.signals.send(Signal::Happened(scope, event.into())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_or_a_page_can_be_asked_for_and_nothing_else() {
        let form = Question::read(&json!({"message": "who?", "requestedSchema": {"type": "object"}}));
        assert!(matches!(form, Ok(Question { wanted: Wanted::Form { .. }, .. })), "{form:?}");
        let page = Question::read(&json!({"mode": "url", "message": "go", "url": "https://x.example/?a=1"}));
        assert_eq!(page.map(|page| page.wanted), Ok(Wanted::Url { url: "https://x.example/?a=1".into() }));
        let long = json!({"mode": "url", "url": "x".repeat(LONGEST_URL + 1)});
        assert!(Question::read(&long).is_err_and(|words| words.contains("2048 bytes")));
        assert!(Question::read(&json!({"mode": "voice"})).is_err_and(|words| words.contains("\"voice\"")));
        assert!(Question::read(&json!({"message": "x"})).is_err_and(|words| words.contains("requestedSchema")));
        let huge = json!({"requestedSchema": {"x": "y".repeat(LARGEST_SCHEMA)}});
        assert!(Question::read(&huge).is_err_and(|words| words.contains("bytes")));
    }

    #[tokio::test]
    async fn each_question_has_exactly_one_end_whoever_goes_first() {
        let (signals, mut told) = mpsc::channel(16);
        let inputs = Inputs::new(signals, 4);
        let question = || Question { message: "m".into(), wanted: Wanted::Url { url: "u".into() } };
        let mut next = async || match told.recv().await {
            Some(Signal::Happened(_, event)) => event,
            other => panic!("{other:?}"),
        };
        let put = tokio::spawn({
            let inputs = inputs.clone();
            async move { inputs.put(Scope::default(), &"s".into(), question()).await }
        });
        assert!(matches!(next().await, Event::InputRequested(asked) if asked.input == InputId(5)));
        assert!(inputs.answer(InputId(5), InputAnswer::Decline));
        assert_eq!(put.await.ok(), Some(json!({"action": "decline"})));
        assert!(matches!(next().await, Event::InputAnswered(end) if end.action == InputAction::Declined));
        assert!(!inputs.answer(InputId(5), InputAnswer::Cancel));

        let dropped = inputs.begin(Scope::default(), &"s".into(), question());
        assert!(matches!(next().await, Event::InputRequested(asked) if asked.input == InputId(6)));
        drop(dropped);
        let end = next().await;
        assert!(
            matches!(&end, Event::InputAnswered(end) if end.reason.as_deref() == Some("the server no longer waits for it")),
            "{end:?}"
        );

        let put = inputs.begin(Scope::default(), &"s".into(), question()).expect("room");
        next().await;
        inputs.withdraw(&"s".into());
        assert_eq!(put.await.ok(), Some(InputAnswer::Cancel));
    }
}
