//! The stdio transport under `rmcp`: bounded, tapped, and never talked into an answer by garbage.
//!
//! One task reads lines, one writes them; neither waits for the other. Every message passes as a `wire.framed` event.
//! Results of requests that we read ourselves (calls, listings) are kept as raw text, and `rmcp` gets an empty result in
//! their place, so that an unknown content type or a huge number cannot cost the whole answer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{
    ClientRequest, ErrorCode, ErrorData, GetExtensions, GetMeta, JsonRpcMessage, NumberOrString, ProgressToken,
    ServerResult,
};
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::protocol::{CallProgressed, Direction, Json, LogStream, Scope, ServerName, WireFramed};

use super::Signal;
use super::line::{Line, LineReader};
use super::stderr::{BYTES_PER_SECOND, Throttle, log};

/// Longest line a server may send, bytes.
pub const LONGEST_LINE: usize = 32 * 1024 * 1024;
/// How long a server may leave its stdin unread before it counts as gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Lines that may wait to be written.
const WRITE_CAPACITY: usize = 128;
/// Requests remembered until their answer comes; more than can ever be in flight together.
const MOST_REQUESTS: usize = 4096;

/// Marks a request (in its extensions) whose result we read ourselves, and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RawResult(pub Scope);

/// What the transport and the connection both know.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Requests whose answer has not come.
    open: HashMap<NumberOrString, Request>,
    /// Results that have come and were not fetched yet.
    results: HashMap<NumberOrString, Json>,
}

#[derive(Clone, Debug)]
struct Request {
    scope: Scope,
    token: Option<ProgressToken>,
    progress: f64,
    raw: bool,
}

impl Answers {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The raw result of a request that was marked with [`RawResult`] and has been answered.
    #[must_use]
    pub fn take(&self, id: &NumberOrString) -> Option<Json> {
        self.lock().results.remove(id)
    }

    /// Nobody waits for this answer any more; when it comes it is recorded and dropped.
    pub fn forget(&self, id: &NumberOrString) {
        let mut known = self.lock();
        known.results.remove(id);
        if let Some(request) = known.open.get_mut(id) {
            request.raw = false;
        }
    }
}

/// Why nothing could be sent.
#[derive(Debug, thiserror::Error)]
#[error("the server no longer reads its stdin")]
pub struct WireError;

/// The transport of one connection.
#[derive(Debug)]
pub struct Wire<R> {
    server: ServerName,
    reader: LineReader<R>,
    lines: mpsc::Sender<String>,
    signals: mpsc::Sender<Signal>,
    answers: Answers,
    /// Of lines that are no messages.
    throttle: Throttle,
    /// Of messages that answer nothing: notifications and requests.
    unasked: Throttle,
    /// Told when the server's stdout ends, which can be long before its process does.
    ended: Option<oneshot::Sender<()>>,
}

impl<R: AsyncRead + Send + Unpin> Wire<R> {
    /// A transport that reads `source` and writes to `sink`. The receiver resolves when `source` ends.
    pub fn new(
        server: ServerName,
        source: R,
        sink: impl AsyncWrite + Send + Unpin + 'static,
        signals: mpsc::Sender<Signal>,
    ) -> (Self, Answers, oneshot::Receiver<()>) {
        let (lines, queue) = mpsc::channel(WRITE_CAPACITY);
        tokio::spawn(write(sink, queue));
        let answers = Answers::default();
        let (ended, end) = oneshot::channel();
        let wire = Self {
            server,
            reader: LineReader::new(source, LONGEST_LINE),
            lines,
            signals,
            answers: answers.clone(),
            throttle: Throttle::new(),
            unasked: Throttle::new(),
            ended: Some(ended),
        };
        (wire, answers, end)
    }

    async fn junk(&mut self, text: String) {
        let (signals, server) = (self.signals.clone(), self.server.clone());
        log(&signals, &server, LogStream::Stdout, text, &mut self.throttle).await;
    }

    async fn tap(&mut self, scope: Scope, direction: Direction, text: &str) {
        let event = WireFramed { server: self.server.clone(), direction, text: text.to_owned() }.into();
        let _ = self.signals.send(Signal::Happened(scope, event)).await;
    }

    async fn read(&mut self, text: &str) -> Option<RxJsonRpcMessage<RoleClient>> {
        let envelope = match serde_json::from_str::<Envelope<'_>>(text) {
            Ok(envelope) if envelope.is_message() => envelope,
            other => {
                self.junk(text.chars().take(4096).collect()).await;
                let error = other.err().filter(|error| !error.is_data() && text.contains(r#""jsonrpc""#))?;
                return self.spoilt(id_in(text.as_bytes())?, format!("the server's answer is no JSON: {error}"));
            }
        };
        let id = envelope.id.map(|id| id.get()).and_then(parse_id);
        if let Some(method) = envelope.method.as_deref() {
            match self.unasked.admit(text.len()) {
                // Nothing else says that the tools have changed, and hearing it a thousand times costs nothing.
                (false, _) if method == "notifications/tools/list_changed" => return self.typed(text, None).await,
                (false, _) if text.len() > BYTES_PER_SECOND => {
                    self.junk(format!("a message {method} of {} bytes was not taken", text.len())).await;
                    return None;
                }
                (false, _) => return None,
                (true, 0) => {}
                (true, dropped) => self.junk(format!("{dropped} messages were not taken: too many a second")).await,
            }
            let scope = self.note_progress(&envelope).await;
            self.tap(scope, Direction::Received, text).await;
            return self.typed(text, None).await;
        }
        let id = id?;
        let request = self.answers.lock().open.remove(&id);
        self.tap(request.as_ref().map(|request| request.scope).unwrap_or_default(), Direction::Received, text).await;
        match (request, envelope.result) {
            (Some(Request { raw: true, .. }), Some(result)) => {
                self.answers.lock().results.insert(id.clone(), result.into());
                Some(JsonRpcMessage::response(ServerResult::empty(()), id))
            }
            (Some(_), _) => self.typed(text, Some(id)).await,
            // An answer nobody waits for any more: it is in the recording, and that is all.
            (None, _) => None,
        }
    }

    /// Reads a message by `rmcp`'s types; an answer they do not take becomes an error for whoever waits for it.
    async fn typed(&mut self, text: &str, answered: Option<NumberOrString>) -> Option<RxJsonRpcMessage<RoleClient>> {
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
    async fn note_progress(&mut self, envelope: &Envelope<'_>) -> Scope {
        if envelope.method.as_deref() != Some("notifications/progress") {
            return Scope::default();
        }
        let Some(params) = envelope.params.and_then(|raw| serde_json::from_str::<Progress>(raw.get()).ok()) else {
            return Scope::default();
        };
        let scope = {
            let mut known = self.answers.lock();
            let found = known.open.values_mut().find(|request| request.token.as_ref() == Some(&params.progress_token));
            match found {
                Some(request) if params.progress > request.progress => {
                    request.progress = params.progress;
                    request.scope
                }
                _ => return Scope::default(),
            }
        };
        let event = CallProgressed { progress: params.progress, total: params.total, message: params.message };
        if scope.call.is_some() {
            let _ = self.signals.send(Signal::Happened(scope, event.into())).await;
        }
        scope
    }

    /// An answer too long to take fails the request it belongs to.
    fn too_long(&self, head: &[u8], tail: &[u8], bytes: u64) -> Option<RxJsonRpcMessage<RoleClient>> {
        let id = {
            let open = &self.answers.lock().open;
            let only = (open.len() == 1).then(|| open.keys().next().cloned()).flatten();
            id_in(head).or_else(|| id_in(tail)).filter(|id| open.contains_key(id)).or(only)?
        };
        self.spoilt(id, format!("the server's answer has {bytes} bytes; at most {LONGEST_LINE} are taken"))
    }

    /// An answer that cannot be taken fails its request, if that is still open.
    fn spoilt(&self, id: NumberOrString, why: String) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.answers.lock().open.remove(&id)?;
        Some(broken(id, why))
    }
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

impl<R: AsyncRead + Send + Unpin> Transport<RoleClient> for Wire<R> {
    type Error = WireError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), WireError>> + Send + 'static {
        let mut scope = Scope::default();
        if let JsonRpcMessage::Request(request) = &item {
            let (token, raw) = marks(&request.request);
            scope = raw.map(|raw| raw.0).unwrap_or_default();
            let mut known = self.answers.lock();
            if known.open.len() < MOST_REQUESTS {
                let entry = Request { scope, token, progress: f64::NEG_INFINITY, raw: raw.is_some() };
                known.open.insert(request.id.clone(), entry);
            }
        }
        let (server, signals, lines) = (self.server.clone(), self.signals.clone(), self.lines.clone());
        async move {
            let text = serde_json::to_string(&item).map_err(|_| WireError)?;
            let event = WireFramed { server, direction: Direction::Sent, text: text.clone() }.into();
            let _ = signals.send(Signal::Happened(scope, event)).await;
            lines.send(text).await.map_err(|_| WireError)
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let Some(line) = self.reader.next().await else {
                // The receiver may be gone with the connection.
                let _ = self.ended.take().map(|ended| ended.send(()));
                return None;
            };
            let message = match line {
                Line::Whole(bytes) => match std::str::from_utf8(&bytes) {
                    Ok(text) if text.trim().is_empty() => None,
                    Ok(text) => self.read(text).await,
                    Err(error) => {
                        let place = error.valid_up_to();
                        self.junk(format!("the next message was not UTF-8 at byte {place}; bad bytes became \u{fffd}"))
                            .await;
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        self.read(&text).await
                    }
                },
                Line::TooLong { head, tail, bytes } => {
                    self.junk(format!("a line of {bytes} bytes was not taken")).await;
                    self.too_long(&head, &tail, bytes)
                }
                Line::Torn(bytes) => {
                    self.junk(format!("stdout ended inside a line of {} bytes", bytes.len())).await;
                    None
                }
            };
            if message.is_some() {
                return message;
            }
        }
    }

    async fn close(&mut self) -> Result<(), WireError> {
        Ok(())
    }
}

/// The progress token and our mark of a request that `rmcp` is about to send.
fn marks(request: &ClientRequest) -> (Option<ProgressToken>, Option<RawResult>) {
    let token = request.get_meta().get_progress_token();
    (token, request.extensions().get::<RawResult>().copied())
}

async fn write(mut sink: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<String>) {
    while let Some(mut line) = lines.recv().await {
        line.push('\n');
        let writing = async {
            sink.write_all(line.as_bytes()).await?;
            sink.flush().await
        };
        if !matches!(timeout(WRITE_PATIENCE, writing).await, Ok(Ok(()))) {
            // The queue closes with us; whoever sends next is told.
            return;
        }
    }
}

fn broken(id: NumberOrString, message: String) -> RxJsonRpcMessage<RoleClient> {
    JsonRpcMessage::error(ErrorData::new(ErrorCode::INTERNAL_ERROR, message, None), Some(id))
}

fn parse_id(text: &str) -> Option<NumberOrString> {
    serde_json::from_str(text).ok()
}

/// The id in a piece of a message that cannot be parsed.
fn id_in(piece: &[u8]) -> Option<NumberOrString> {
    let text = String::from_utf8_lossy(piece);
    let after = text.split(r#""id":"#).nth(1)?.trim_start();
    let end = after.find([',', '}']).unwrap_or(after.len());
    parse_id(after[..end].trim())
}
