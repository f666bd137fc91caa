//! Streamable HTTP under `rmcp`: its worker keeps sessions, streams and headers; requests, bounds, words and the recording of
//! what passes are ours.
//!
//! Redirects are followed nowhere, so that no header reaches another host. Every body is bounded.

mod body;
mod fault;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::{Client, RequestBuilder, Response};
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
    StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::{Sse, SseStream};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::web;

use super::Remote;
use super::tap::{Answering, LONGEST_MESSAGE, Tap, broken};
pub use fault::HttpFault;

/// How long a connection to the host may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Kept of the body of a refusal, bytes.
const LONGEST_REFUSAL: usize = 64 * 1024;
/// How long the words of a refusal are waited for.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);
/// Least time from the end of a stream of events to the try to find it again, whatever the server wishes, ms.
const SHORTEST_RETRY_MS: u64 = 200;
/// How long after a stream has broken off it is looked for.
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// Longest time between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

const SESSION: &str = "mcp-session-id";
const LAST_EVENT: &str = "last-event-id";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
/// Bodies as they are: what is packed small could be of any size.
const PLAIN: &str = "identity";

/// The transport of one connection.
pub type Http = StreamableHttpClientTransport<Post>;

/// Posts messages to one server.
#[derive(Clone, Debug)]
pub struct Post {
    http: Client,
    tap: Tap,
    /// Told when the server cannot be reached any more.
    gone: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

/// What a stream of events is for.
#[derive(Clone, Debug)]
enum Purpose {
    /// The answer to this request.
    Answer(RequestId),
    /// The rest of one, of a stream that broke off.
    Rest(RequestId),
    /// What the server says on its own.
    Own,
}

impl Purpose {
    fn request(&self) -> Option<&RequestId> {
        match self {
            Self::Answer(id) | Self::Rest(id) => Some(id),
            Self::Own => None,
        }
    }

    fn answering(&self) -> Answering {
        self.request().cloned().map_or(Answering::Nothing, Answering::Only)
    }
}

type Failed = StreamableHttpError<HttpFault>;
type Events = BoxStream<'static, Result<Sse, SseError>>;

/// A transport to `remote` that tells `gone` when its stream of events breaks off and the server cannot be reached.
///
/// # Errors
/// The address or a header cannot be used, or there are no certificates.
pub fn http(remote: &Remote, tap: Tap, gone: oneshot::Sender<()>) -> Result<Http, String> {
    let url = remote.url.parse().map_err(|error| format!("the address {} cannot be used: {error}", remote.url))?;
    let http = web::client_for(&url, CONNECT).build().map_err(|error| format!("there is no HTTP client: {error}"))?;
    let mut headers = HashMap::new();
    for (name, value) in &remote.headers {
        let name = HeaderName::try_from(name).map_err(|_| format!("the header {name:?} cannot be used"))?;
        let mut value =
            HeaderValue::try_from(value).map_err(|_| format!("the value of the header {name} cannot be used"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let mut config = StreamableHttpClientTransportConfig::with_uri(remote.url.as_str())
        .custom_headers(headers)
        .max_concurrent_requests(64)
        .max_sse_event_size(LONGEST_MESSAGE)
        .max_json_response_size(LONGEST_MESSAGE);
    let mut retry = ExponentialBackoff::default();
    retry.max_delay = Some(LONGEST_RETRY);
    config.retry_config = Arc::new(retry);
    let post = Post { http, tap, gone: Arc::new(Mutex::new(Some(gone))) };
    Ok(StreamableHttpClientTransport::with_client(post, config))
}

impl Post {
    async fn send(
        &self,
        request: RequestBuilder,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Response, Failed> {
        let headers: HeaderMap = headers.into_iter().collect();
        let response = request.headers(headers).send().await.map_err(|error| {
            let fault = HttpFault::of_request(&error);
            if matches!(fault, HttpFault::Unreachable(_)) {
                self.is_gone();
            }
            StreamableHttpError::Client(fault)
        })?;
        Ok(response)
    }

    fn is_gone(&self) {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The receiver may be gone with the connection.
        let _ = gone.map(|gone| gone.send(()));
    }

    /// The events of a stream; messages in them are read and recorded, and `rmcp` gets what is left for it to read.
    fn events(&self, response: Response, purpose: Purpose) -> Events {
        let pieces = body::bounded_events(response.bytes_stream(), LONGEST_MESSAGE);
        // A stream whose events have ids can be found again; the end of any other is the end of its request.
        let can_resume = Arc::new(AtomicBool::new(!matches!(purpose, Purpose::Answer(_))));
        let (tap, resumable) = (self.tap.clone(), Arc::clone(&can_resume));
        let request = purpose.request().cloned();
        let cut = move |tap: &Tap, words: String| {
            let request = request.clone().filter(|id| tap.answers.awaits(id));
            let request = request.filter(|_| !resumable.load(Ordering::Relaxed));
            request.map(|id| body::broken_event(id, words))
        };
        let (ending, end) = (self.tap.clone(), cut.clone());
        let events = SseStream::from_bytes_stream(pieces).then(move |event| {
            let (tap, cut, can_resume, purpose) = (tap.clone(), cut.clone(), Arc::clone(&can_resume), purpose.clone());
            async move {
                let mut event = match event {
                    Ok(event) => event,
                    Err(error) => {
                        // It would be as long the next time.
                        if body::is_too_long(&error) {
                            can_resume.store(false, Ordering::Relaxed);
                        }
                        if let Some(event) = cut(&tap, body::words(&error)) {
                            return Ok(event);
                        }
                        // The next try follows at once.
                        sleep(FIRST_RETRY).await;
                        return Err(error);
                    }
                };
                event.retry = event.retry.map(|wish| wish.max(SHORTEST_RETRY_MS));
                event.id = event.id.filter(|id| body::is_id(id));
                if let Some(event) = &event.id {
                    can_resume.store(true, Ordering::Relaxed);
                    purpose.request().inspect(|request| tap.answers.heard(request, event));
                }
                let is_message = matches!(event.event.as_deref(), None | Some("" | "message"));
                let text = event.data.take().filter(|text| is_message && !text.trim().is_empty());
                if let Some(text) = text {
                    let message = tap.received(&text, &purpose.answering()).await;
                    event.data = message.and_then(|message| serde_json::to_string(&message).ok());
                }
                Ok(event)
            }
        });
        let last =
            stream::once(async move { end(&ending, "the server's answer ended before it was complete".to_owned()) });
        events.chain(last.filter_map(|event| async move { event.map(Ok) })).boxed()
    }

    /// What a refusal says: a JSON-RPC error is the server's answer, anything else is a fault.
    async fn refusal(
        &self,
        response: Response,
        message: &ClientJsonRpcMessage,
        session: Option<String>,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let status = response.status();
        if status.is_redirection() || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(StreamableHttpError::Client(HttpFault::of_status(status, response.headers(), "")));
        }
        let headers = response.headers().clone();
        let text = match body::coding(&response) {
            None => body::head(response, LONGEST_REFUSAL, REFUSAL_PATIENCE).await,
            Some(_) => String::new(),
        };
        if let (Some(answer), JsonRpcMessage::Request(request)) = (body::error_answer(&text, message), message) {
            let read = self.tap.received(&answer, &Answering::Only(request.id.clone())).await;
            let read = read.unwrap_or_else(|| broken(request.id.clone(), text));
            return Ok(StreamableHttpPostResponse::Json(read, session));
        }
        Err(StreamableHttpError::Client(HttpFault::of_status(status, &headers, &text)))
    }

    async fn answer(
        &self,
        response: Response,
        message: &ClientJsonRpcMessage,
    ) -> Result<Option<ServerJsonRpcMessage>, Failed> {
        let bytes = body::whole(response, LONGEST_MESSAGE).await.map_err(StreamableHttpError::Client)?;
        let text = String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
        if text.trim().is_empty() {
            return Ok(None);
        }
        let JsonRpcMessage::Request(request) = message else {
            return Ok(self.tap.received(&text, &Answering::Nothing).await);
        };
        let read = self.tap.received(&text, &Answering::Only(request.id.clone())).await;
        let answer = read.filter(|read| matches!(read, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_)));
        let words = || "what the server sent is no answer to this; see its log".to_owned();
        Ok(Some(answer.unwrap_or_else(|| broken(request.id.clone(), words()))))
    }
}

impl StreamableHttpClient for Post {
    type Error = HttpFault;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let text = self.tap.sent(&message).await?;
        let mut request = self.http.post(uri.as_ref()).header(ACCEPT, format!("{JSON}, {EVENTS}"));
        request = request.header(ACCEPT_ENCODING, PLAIN).header(CONTENT_TYPE, JSON).body(text);
        if let Some(session) = &session {
            request = request.header(SESSION, session.as_ref());
        }
        let response = self.send(request, headers).await?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND && session.is_some() {
            self.tap.junk("it has forgotten the session (HTTP 404); a new one is begun".to_owned()).await;
            return Err(StreamableHttpError::SessionExpired);
        }
        let given = body::session(&response, SESSION).map_err(StreamableHttpError::Client)?;
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if !status.is_success() {
            return self.refusal(response, &message, given).await;
        }
        if let Some(coding) = body::coding(&response) {
            return Err(StreamableHttpError::Client(HttpFault::Coded(coding)));
        }
        let purpose = match &message {
            JsonRpcMessage::Request(request) => Purpose::Answer(request.id.clone()),
            _ => Purpose::Own,
        };
        if body::is(&response, EVENTS) {
            return Ok(StreamableHttpPostResponse::Sse(self.events(response, purpose), given));
        }
        if purpose.request().is_some() && !body::is(&response, JSON) {
            let kind = body::kind(&response);
            return Err(StreamableHttpError::Client(HttpFault::NotMcp(kind)));
        }
        Ok(match self.answer(response, &message).await? {
            Some(answer) => StreamableHttpPostResponse::Json(answer, given),
            None => StreamableHttpPostResponse::Accepted,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failed> {
        let request = self.http.delete(uri.as_ref()).header(SESSION, session.as_ref());
        // A server that keeps its sessions for itself says so, which changes nothing.
        self.send(request, headers).await.map(drop)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<Events, Failed> {
        let mut request = self.http.get(uri.as_ref()).header(ACCEPT, EVENTS).header(ACCEPT_ENCODING, PLAIN);
        if let Some(session) = &session {
            request = request.header(SESSION, session.as_ref());
        }
        if let Some(last_event) = &last_event {
            request = request.header(LAST_EVENT, last_event);
        }
        let response = self.send(request, headers).await?;
        let status = response.status();
        if status.is_success() && body::is(&response, EVENTS) && body::coding(&response).is_none() {
            let request = last_event.as_deref().and_then(|event| self.tap.answers.of_event(event));
            return Ok(self.events(response, request.map_or(Purpose::Own, Purpose::Rest)));
        }
        // Whether a server has a stream of its own is up to it; a stream that was begun must be found again.
        match last_event {
            None => Err(StreamableHttpError::ServerDoesNotSupportSse),
            Some(_) => {
                let fault = HttpFault::of_status(status, response.headers(), "");
                Err(StreamableHttpError::Client(fault))
            }
        }
    }
}
