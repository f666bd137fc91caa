//! What passes between us and a server, whichever way it travels: every message is recorded as a `wire.framed` event, and
//! nothing a server sends costs more than itself.
//!
//! Results of requests that we read ourselves (calls, listings) are kept as raw text, and `rmcp` gets an empty result in
//! their place, so that an unknown content type or a huge number cannot cost the whole answer. So are the questions a
//! server has for the operator: the form is shown from what the server sent.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    ClientRequest, CustomRequest, ErrorCode, ErrorData, GetExtensions, GetMeta, JsonRpcMessage, NumberOrString,
    ProgressToken, ServerRequest, ServerResult,
};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use crate::protocol::{CallProgressed, Direction, Event, LogStream, Scope, ServerName, WireFramed};

use super::Signal;
use super::answers::{Answers, Patience, RawResult, Reading, Request};
use super::ends;
use super::stderr::{BYTES_PER_SECOND, Tail, Throttle, log};

/// Longest message a server may send, bytes: a line of its stdout, a body, an event of a stream (`hosting.md` §1).
pub(super) const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;

/// What a server asks the operator with.
const QUESTION: &str = "elicitation/create";
/// What `rmcp` is given in place of the form a server sends.
const EMPTY_QUESTION: &str = r#"{"message":"","requestedSchema":{"type":"object","properties":{}}}"#;

/// What `rmcp` is given in place of a request that is not served, with the `reason`.
pub(super) const REFUSED: &str = "callboard/refused";

/// Characters that are told of a line that is no message where it may explain why a server is lost.
const TOLD: usize = 200;
/// Longest id of a server's that is repeated, characters.
const LONGEST_ID: usize = 40;

/// Reads and records the messages of one connection.
#[derive(Clone, Debug)]
pub struct Tap {
    server: ServerName,
    signals: mpsc::Sender<Signal>,
    /// What is awaited.
    pub answers: Answers,
    /// How lists of tools are read.
    listings: Reading,
    /// The last things that were no messages.
    tail: Tail,
    throttles: Arc<Mutex<Throttles>>,
}

/// What an answer may be to, by where it comes from: over HTTP a stream answers the request that it was opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answering {
    /// Any request: there is one road for all.
    Any,
    /// This one and no other.
    Only(NumberOrString),
    /// None.
    Nothing,
}

#[derive(Debug)]
struct Throttles {
    /// Of what is no message.
    junk: Throttle,
    /// Of messages that nobody waits for: notifications, and answers to nothing.
    unasked: Throttle,
    /// Of requests, which shall not suffer from how much else is told.
    requests: Throttle,
    /// Of requests that are refused for being too many.
    refused: Throttle,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    jsonrpc: Cow<'a, str>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

impl Envelope<'_> {
    fn is_message(&self) -> bool {
        let answer = self.result.is_some() || self.error.is_some();
        self.jsonrpc == "2.0" && (self.method.is_some() || (answer && self.id.is_some()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    progress_token: ProgressToken,
    progress: f64,
    #[serde(default)]
    total: Option<f64>,
    #[serde(default)]
    message: Option<String>,
}

impl Tap {
    /// A tap that nothing has passed through yet; `listings` is how lists of tools are read.
    #[must_use]
    pub(super) fn new(server: ServerName, signals: mpsc::Sender<Signal>, listings: Reading, tail: Tail) -> Self {
        let [junk, unasked, requests, refused] = std::array::from_fn(|_| Throttle::new());
        let throttles = Arc::new(Mutex::new(Throttles { junk, unasked, requests, refused }));
        Self { server, signals, answers: Answers::default(), listings, tail, throttles }
    }

    /// Records what is no message, unless there is too much of it.
    pub async fn junk(&self, text: String) {
        let verdict = self.admit(text.len(), |throttles| &mut throttles.junk);
        log(&self.signals, &self.server, LogStream::Stdout, text, verdict).await;
    }

    fn admit(&self, bytes: usize, which: impl Fn(&mut Throttles) -> &mut Throttle) -> (bool, u64) {
        which(&mut self.throttles.lock().unwrap_or_else(PoisonError::into_inner)).admit(bytes)
    }

    async fn tell(&self, scope: Scope, event: impl Into<Event>) {
        let _ = self.signals.send(Signal::Happened(scope, event.into())).await;
    }

    async fn frame(&self, scope: Scope, direction: Direction, text: &str) {
        self.tell(scope, WireFramed { server: self.server.clone(), direction, text: text.to_owned() }).await;
    }

    /// Takes note of a message that is about to be sent and records it; gives its text.
    pub fn sent(
        &self,
        item: &TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<String, serde_json::Error>> + Send + use<> {
        let mut scope = Scope::default();
        if let JsonRpcMessage::Request(request) = item {
            let (token, raw) = marks(&request.request);
            scope = raw.map(|raw| raw.0).unwrap_or_default();
            let reading = match (raw, &request.request) {
                (Some(_), ClientRequest::ListToolsRequest(_)) => self.listings,
                (Some(_), _) => Reading::Raw,
                (None, _) => Reading::Typed,
            };
            let (progress, patience) = (f64::NEG_INFINITY, Patience::new());
            let open = Request { scope, token, progress, reading, last_event: None, patience };
            self.answers.expect(request.id.clone(), open);
        }
        let (tap, text) = (self.clone(), serde_json::to_string(item));
        async move {
            let text = text?;
            tap.frame(scope, Direction::Sent, &text).await;
            Ok(text)
        }
    }

    /// Records what has come, and reads it; `None` for what `rmcp` has nothing to do with. An answer to what is not asked, or
    /// not there, is recorded and told, and that is all.
    pub async fn received(&self, text: &str, answering: &Answering) -> Option<RxJsonRpcMessage<RoleClient>> {
        let envelope = match serde_json::from_str::<Envelope<'_>>(text) {
            Ok(envelope) if envelope.is_message() => envelope,
            other => {
                let start: String = text.chars().take(TOLD).collect();
                self.tail.push(&format!("stdout: {start}"));
                self.junk(text.chars().take(4096).collect()).await;
                let error = other.err().filter(|error| !error.is_data() && text.contains(r#""jsonrpc""#))?;
                let id = self.asked(Some(ends::id(text.as_bytes(), text.as_bytes())?), answering).await?;
                return self.spoilt(id, format!("the server's answer is no JSON: {error}"));
            }
        };
        let id = envelope.id.map(|id| id.get()).and_then(parse_id);
        if let Some(method) = envelope.method.as_deref() {
            let has_room = match &id {
                Some(_) => self.has_room(text, |throttles| &mut throttles.requests).await,
                None => self.has_room(text, |throttles| &mut throttles.unasked).await,
            };
            if !has_room {
                return self.turned_away(text, method, id).await;
            }
            let scope = self.note_progress(&envelope).await;
            self.frame(scope, Direction::Received, text).await;
            return self.unasked(text, &envelope, id).await;
        }
        let Some(id) = self.asked(id, answering).await else {
            if self.has_room(text, |throttles| &mut throttles.unasked).await {
                self.frame(Scope::default(), Direction::Received, text).await;
            }
            return None;
        };
        let request = self.answers.answered(&id);
        self.frame(request.as_ref().map(|request| request.scope).unwrap_or_default(), Direction::Received, text).await;
        match (request.map(|request| request.reading), envelope.result) {
            (Some(reading @ (Reading::Raw | Reading::Both)), Some(result)) => {
                self.answers.keep(id.clone(), result.into());
                let empty = JsonRpcMessage::response(ServerResult::empty(()), id);
                let typed = (reading == Reading::Both).then(|| serde_json::from_str(text).ok()).flatten();
                Some(typed.unwrap_or(empty))
            }
            (Some(Reading::Typed | Reading::Raw | Reading::Both), _) => self.typed(text, Some(id)).await,
            (Some(Reading::Nobody) | None, _) => None,
        }
    }

    /// Whether a message that nobody waits for may pass; tells how many could not before it.
    async fn has_room(&self, text: &str, which: impl Fn(&mut Throttles) -> &mut Throttle) -> bool {
        let (admitted, dropped) = self.admit(text.len(), which);
        if dropped > 0 {
            self.junk(format!("{dropped} messages were not taken: too many a second")).await;
        }
        admitted
    }

    /// What is left of a notification or request that may not pass.
    async fn turned_away(
        &self,
        text: &str,
        method: &str,
        id: Option<NumberOrString>,
    ) -> Option<RxJsonRpcMessage<RoleClient>> {
        let reason = if text.len() > BYTES_PER_SECOND {
            let name: String = method.chars().take(LONGEST_ID).collect();
            let words = format!("a message {name} of {} bytes was not taken", text.len());
            self.junk(words.clone()).await;
            words
        } else {
            "too many requests a second; ask again later".to_owned()
        };
        match id {
            // Nothing else says that the tools have changed, and hearing it a thousand times costs nothing.
            None if method == "notifications/tools/list_changed" => self.typed(text, None).await,
            None => None,
            // Who asks hears of it. But answers are not free, and who asks still more may not even read them.
            Some(id) => {
                let (is_told, _) = self.admit(reason.len(), |throttles| &mut throttles.refused);
                is_told.then(|| refused(id, reason))
            }
        }
    }

    /// The request that an answer is to. What answers nothing that is open, or comes from elsewhere, answers none, which is
    /// told.
    async fn asked(&self, id: Option<NumberOrString>, answering: &Answering) -> Option<NumberOrString> {
        let meant = id.as_ref().and_then(|id| self.meant(id));
        let is_here = match answering {
            Answering::Any => true,
            Answering::Only(here) => meant.as_ref() == Some(here),
            Answering::Nothing => false,
        };
        let said: String = id.as_ref().map(ToString::to_string).unwrap_or_default().chars().take(LONGEST_ID).collect();
        let note = match &meant {
            None => format!("it answered request {said:?}, which is not open; nothing was done with that"),
            Some(meant) if !is_here => {
                format!("it answered request {meant} where another is answered, or none; nothing was done with that")
            }
            Some(meant) if id.as_ref() != Some(meant) => {
                format!("it answered request {meant} with the number as a text, which was taken all the same")
            }
            Some(_) => return meant,
        };
        self.junk(note).await;
        meant.filter(|_| is_here)
    }

    /// The open request with this id. Ours are numbers; some servers give them back as text, which can mean nothing else.
    fn meant(&self, id: &NumberOrString) -> Option<NumberOrString> {
        if self.answers.is_open(id) {
            return Some(id.clone());
        }
        let NumberOrString::String(text) = id else { return None };
        let number = text.parse().ok().filter(|number: &i64| number.to_string() == **text)?;
        Some(NumberOrString::Number(number)).filter(|number| self.answers.is_open(number))
    }

    /// A notification or a request of the server.
    async fn unasked(
        &self,
        text: &str,
        envelope: &Envelope<'_>,
        id: Option<NumberOrString>,
    ) -> Option<RxJsonRpcMessage<RoleClient>> {
        let (Some(QUESTION), Some(id), Some(params)) = (envelope.method.as_deref(), id, envelope.params) else {
            return self.typed(text, None).await;
        };
        let kept = serde_json::to_string(&id).ok().filter(|_| self.answers.keep_question(id.clone(), params.into()));
        let Some(kept) = kept else {
            let reason = "too many questions for the operator";
            self.junk(format!("{reason}; this one is refused")).await;
            return Some(refused(id, reason.to_owned()));
        };
        let plain = format!(r#"{{"jsonrpc":"2.0","id":{kept},"method":"{QUESTION}","params":{EMPTY_QUESTION}}}"#);
        self.typed(&plain, None).await
    }

    /// Reads a message by `rmcp`'s types; an answer they do not take becomes an error for whoever waits for it.
    async fn typed(&self, text: &str, answered: Option<NumberOrString>) -> Option<RxJsonRpcMessage<RoleClient>> {
        match (serde_json::from_str(text), answered) {
            (Ok(message), _) => Some(message),
            (Err(error), Some(id)) => Some(broken(id, format!("the server's answer cannot be read: {error}"))),
            (Err(error), None) => {
                self.junk(format!("message not understood ({error}): {}", text.chars().take(512).collect::<String>()))
                    .await;
                None
            }
        }
    }

    /// Turns a progress notification of one of our calls into an event; only increasing progress counts.
    async fn note_progress(&self, envelope: &Envelope<'_>) -> Scope {
        if envelope.method.as_deref() != Some("notifications/progress") {
            return Scope::default();
        }
        let Some(params) = envelope.params.and_then(|raw| serde_json::from_str::<Progress>(raw.get()).ok()) else {
            return Scope::default();
        };
        let Some(scope) = self.answers.progressed(&params.progress_token, params.progress) else {
            return Scope::default();
        };
        if scope.call.is_some() {
            let Progress { progress, total, message, .. } = params;
            self.tell(scope, CallProgressed { progress, total, message }).await;
        }
        scope
    }

    /// An answer too long to take fails the request it belongs to; a request that is too long is refused.
    pub fn too_long(&self, head: &[u8], tail: &[u8], bytes: u64) -> Option<RxJsonRpcMessage<RoleClient>> {
        let why = |what: &str| format!("the server's {what} has {bytes} bytes; at most {LONGEST_MESSAGE} are taken");
        let id = ends::id(head, tail);
        if ends::has_method(head) {
            return Some(refused(id?, why("request")));
        }
        let id = match id {
            Some(id) => self.meant(&id)?,
            None => self.answers.only()?,
        };
        self.spoilt(id, why("answer"))
    }

    /// An answer that cannot be taken fails its request, if that is still open.
    fn spoilt(&self, id: NumberOrString, why: String) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.answers.answered(&id)?;
        Some(broken(id, why))
    }
}

/// The progress token and our mark of a request that `rmcp` is about to send.
fn marks(request: &ClientRequest) -> (Option<ProgressToken>, Option<RawResult>) {
    let token = request.get_meta().get_progress_token();
    (token, request.extensions().get::<RawResult>().copied())
}

/// The code of an error that is ours and not the server's: JSON-RPC leaves none so small to anybody.
pub const OURS: ErrorCode = ErrorCode(i32::MIN);

/// An error in place of an answer that cannot be used.
#[must_use]
pub fn broken(id: NumberOrString, message: String) -> RxJsonRpcMessage<RoleClient> {
    JsonRpcMessage::error(ErrorData::new(OURS, message, None), Some(id))
}

/// A request of the server that is not served: `rmcp` gets another one, which is answered with the reason.
fn refused(id: NumberOrString, reason: String) -> RxJsonRpcMessage<RoleClient> {
    let request = CustomRequest::new(REFUSED, Some(json!({ "reason": reason })));
    JsonRpcMessage::request(ServerRequest::CustomRequest(request), id)
}

fn parse_id(text: &str) -> Option<NumberOrString> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use rmcp::model::ListToolsRequest;

    use super::*;

    /// A tap, what it tells, and one request that is open.
    fn tap(open: i64) -> (Tap, mpsc::Receiver<Signal>) {
        let (signals, told) = mpsc::channel(100_000);
        let tap = Tap::new("s".into(), signals, Reading::Raw, Tail::default());
        let mut request = ListToolsRequest::default();
        request.extensions.insert(RawResult(Scope::default()));
        let request = ClientRequest::ListToolsRequest(request);
        drop(tap.sent(&JsonRpcMessage::request(request, NumberOrString::Number(open))));
        (tap, told)
    }

    /// Frames and bytes of them that were recorded.
    fn recorded(told: &mut mpsc::Receiver<Signal>) -> (usize, usize) {
        let frames = std::iter::from_fn(|| told.try_recv().ok()).filter_map(|signal| match signal {
            Signal::Happened(_, Event::WireFramed(frame)) => Some(frame.text.len()),
            Signal::Happened(..) | Signal::Ended(..) => None,
        });
        frames.fold((0, 0), |(count, bytes), more| (count + 1, bytes + more))
    }

    /// The request that an error is for.
    fn failed(message: Option<RxJsonRpcMessage<RoleClient>>) -> Option<NumberOrString> {
        match message {
            Some(JsonRpcMessage::Error(error)) => error.id,
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_to_nothing_are_not_recorded_without_end() {
        let (tap, mut told) = tap(1);
        let large = format!(r#"{{"jsonrpc":"2.0","id":999,"result":"{}"}}"#, "x".repeat(1024 * 1024));
        for _ in 0..3 {
            assert!(tap.received(&large, &Answering::Any).await.is_none());
        }
        assert_eq!(recorded(&mut told), (0, 0));
        for _ in 0..1000 {
            assert!(tap.received(r#"{"jsonrpc":"2.0","id":999,"result":{}}"#, &Answering::Any).await.is_none());
        }
        assert_eq!(recorded(&mut told).0, 200);
        let answer = tap.received(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, &Answering::Any).await;
        assert!(matches!(answer, Some(JsonRpcMessage::Response(_))), "{answer:?}");
        assert_eq!(recorded(&mut told).0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_among_too_many_is_refused_and_suffers_from_no_notes() {
        let (tap, mut told) = tap(1);
        for _ in 0..1000 {
            tap.received(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#, &Answering::Any).await;
        }
        let (mut served, mut refused) = (0, 0);
        for number in 0..1000 {
            let ping = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"ping"}}"#);
            match tap.received(&ping, &Answering::Any).await {
                Some(JsonRpcMessage::Request(request)) => match request.request {
                    ServerRequest::PingRequest(_) => served += 1,
                    ServerRequest::CustomRequest(request) if request.method == REFUSED => refused += 1,
                    other => panic!("{other:?}"),
                },
                None => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((served, refused), (200, 200));
        assert_eq!(recorded(&mut told).0, 400);
    }

    #[tokio::test]
    async fn a_refusal_survives_being_written_out() {
        let (tap, _told) = tap(1);
        let ping = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#, "x".repeat(300_000));
        let refused = tap.received(&ping, &Answering::Any).await.expect("something for rmcp");
        let written = serde_json::to_string(&refused).expect("JSON");
        let Ok(JsonRpcMessage::Request(read)) = serde_json::from_str::<RxJsonRpcMessage<RoleClient>>(&written) else {
            panic!("{written}")
        };
        let ServerRequest::CustomRequest(CustomRequest { method, params, .. }) = read.request else {
            panic!("{written}")
        };
        assert_eq!(method, REFUSED);
        assert_eq!(params, Some(json!({"reason": format!("a message ping of {} bytes was not taken", ping.len())})));
    }

    #[tokio::test]
    async fn an_answer_too_long_fails_its_own_request_and_no_other() {
        let (tap, _told) = tap(5);
        let too_long = |head: &str, tail: &str| failed(tap.too_long(head.as_bytes(), tail.as_bytes(), 99));
        // An id inside the result, one that nobody asked, and a note: nobody's answers.
        assert_eq!(too_long(r#"{"result":{"id":5,"a":"#, r#"},"id":6}"#), None);
        assert_eq!(too_long(r#"{"id":6,"result":{"a":"#, "}}"), None);
        assert_eq!(too_long(r#"{"method":"notifications/message","params":{"a":"#, "}}"), None);
        let refused = tap.too_long(br#"{"method":"ping","id":5,"params":{"a":"#, b"}}", 99);
        assert!(matches!(refused, Some(JsonRpcMessage::Request(_))), "{refused:?}");
        assert_eq!(too_long(r#"{"result":{"id":7,"a":"#, r#"},"id":5}"#), Some(NumberOrString::Number(5)));
    }

    #[tokio::test]
    async fn an_answer_too_long_without_an_id_fails_the_only_request() {
        let (tap, _told) = tap(5);
        assert_eq!(failed(tap.too_long(b"xxx", b"xxx", 99)), Some(NumberOrString::Number(5)));
        assert_eq!(failed(tap.too_long(b"xxx", b"xxx", 99)), None);
    }
}
