//! One exchange with the endpoint. Thin: async-openai frames and parses the events, and below it, in its middleware, we address
//! the request, keep every deadline and bound, and note what its stream cannot tell (status, headers, `[DONE]`, faults).

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};
use reqwest::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::Clock;
use crate::web;

use super::body::Body;
use super::chunk::Chunk;
use super::endpoint::Endpoint;
use super::failure::Refusal;
use super::fault::{Fault, deepest};
use super::framing::{Framing, Opening, as_event};
use super::reported::clean;
use super::retry::retry_after;
use super::settings::{ApiKey, Timeouts};

/// The most bytes of an error body that are read.
const MAX_ERROR_BODY: usize = 64 * 1024;
/// The most bytes of a whole JSON answer that are read.
const MAX_WHOLE_ANSWER: usize = 8 * 1024 * 1024;
/// How long an error body may take; without it the status alone must do.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// A body as it arrives.
type Pieces = BoxStream<'static, reqwest::Result<Vec<u8>>>;

/// What one exchange needs.
#[derive(Clone)]
pub(super) struct Exchange {
    http: reqwest::Client,
    endpoint: Endpoint,
    key: Option<ApiKey>,
    timeouts: Timeouts,
    notes: Notes,
}

/// The chunks of an answer, with what its stream cannot tell.
pub(super) struct Incoming {
    /// The chunks.
    pub chunks: BoxStream<'static, Result<Chunk, OpenAIError>>,
    /// To be read after the last chunk.
    pub notes: Notes,
}

/// Why there is no answer to read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    /// The endpoint refused.
    #[error("HTTP {}", .0.status)]
    Refused(Refusal),
    /// Something failed before the answer began, with the HTTP status if there was one.
    #[error("{0:?}")]
    Fault(Fault, Option<u16>),
}

/// What the middleware saw, readable beside the parsed stream.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    done: bool,
    error: Option<String>,
    fault: Option<Fault>,
}

/// A client for one endpoint; costs some milliseconds, so it is made once.
///
/// # Errors
/// [`Fault::NoClient`], mostly because this machine has no certificates.
pub(super) fn client(endpoint: &Endpoint, timeouts: &Timeouts) -> Result<reqwest::Client, Fault> {
    let builder = web::client_for(&endpoint.completions, timeouts.connect);
    builder.build().map_err(|error| Fault::NoClient(deepest(&error)))
}

/// The header that shows a key.
///
/// # Errors
/// [`Fault::UnusableKey`].
pub(super) fn bearer(key: &ApiKey) -> Result<HeaderValue, Fault> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| Fault::UnusableKey)?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

impl Exchange {
    /// An exchange that has not begun.
    pub fn new(http: reqwest::Client, endpoint: &Endpoint, key: Option<&ApiKey>, timeouts: Timeouts) -> Self {
        Self { http, endpoint: endpoint.clone(), key: key.cloned(), timeouts, notes: Notes::default() }
    }

    /// Sends the request and returns when the answer's body has begun.
    ///
    /// # Errors
    /// [`Halt`].
    pub async fn open(self, body: Body) -> Result<Incoming, Halt> {
        let notes = self.notes.clone();
        let http = self.http.clone();
        let connect = self.timeouts.connect;
        // Nothing of this configuration is used but the form: the request is addressed below.
        let config =
            OpenAIConfig::new().with_api_base("http://localhost").with_api_key("").with_org_id("").with_project_id("");
        let service = tower::service_fn(move |factory: HttpRequestFactory| {
            let exchange = self.clone();
            async move { exchange.run(factory).await.map_err(|halt| OpenAIError::Boxed(Box::new(halt))) }
        });
        let client = Client::build(http, config).with_http_service(service);
        match client.chat().create_stream_byot::<_, Chunk>(body).await {
            Ok(chunks) => Ok(Incoming { chunks, notes }),
            Err(OpenAIError::Boxed(error)) => Err(match error.downcast::<Halt>() {
                Ok(halt) => *halt,
                Err(other) => Halt::Fault(Fault::Broken(other.to_string()), None),
            }),
            Err(OpenAIError::Reqwest(error)) => Err(Halt::Fault(Fault::from_request(error, connect), None)),
            Err(other) => Err(Halt::Fault(Fault::Broken(other.to_string()), None)),
        }
    }

    async fn run(self, factory: HttpRequestFactory) -> Result<Response, Halt> {
        let request = self.address(factory).await?;
        let deadline = Instant::now() + self.timeouts.first_byte;
        let unanswered = || Halt::Fault(Fault::NoAnswer(self.timeouts.first_byte), None);
        let response = match timeout_at(deadline, self.http.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Halt::Fault(Fault::from_request(error, self.timeouts.connect), None)),
            Err(_) => return Err(unanswered()),
        };
        if !response.status().is_success() {
            return Err(Halt::Refused(refusal(response).await));
        }
        let status = response.status().as_u16();
        self.begin(response, deadline).await.map_err(|fault| Halt::Fault(fault, Some(status)))
    }

    /// The request with its real address and key. The client's own configuration can carry neither a query nor credentials,
    /// and panics on a key that is no header value.
    async fn address(&self, factory: HttpRequestFactory) -> Result<reqwest::Request, Halt> {
        let broken = |error: &(dyn std::error::Error + 'static)| Halt::Fault(Fault::NoClient(deepest(error)), None);
        let mut written = factory.build().await.map_err(|error| broken(&error))?;
        let builder = self
            .http
            .post(self.endpoint.completions.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream, application/json")
            .header(USER_AGENT, concat!("callboard/", env!("CARGO_PKG_VERSION")));
        let mut request = builder.build().map_err(|error| broken(&error.without_url()))?;
        *request.body_mut() = written.body_mut().take();
        if let Some(key) = &self.key {
            let bearer = bearer(key).map_err(|fault| Halt::Fault(fault, None))?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    /// Looks at the first bytes and makes an event stream of whatever the body is.
    async fn begin(self, response: Response, deadline: Instant) -> Result<Response, Fault> {
        let headers = response.headers();
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_lowercase();
        let mut bytes: Pieces = response.bytes_stream().map(|piece| piece.map(Vec::from)).boxed();
        let mut head = Vec::new();
        let opening = loop {
            match Opening::of(&head, &content_type) {
                Opening::Blank if head.len() < MAX_ERROR_BODY => {}
                opening => break opening,
            }
            match timeout_at(deadline, bytes.next()).await {
                Ok(Some(Ok(piece))) => head.extend_from_slice(&piece),
                Ok(Some(Err(error))) => return Err(Fault::Broken(deepest(&error))),
                Ok(None) => break Opening::Blank,
                Err(_) => return Err(Fault::NoAnswer(self.timeouts.first_byte)),
            }
        };
        match opening {
            Opening::Events => {
                let events = self.regular(stream::once(async { Ok(head) }).chain(bytes).boxed());
                Ok(http::Response::new(reqwest::Body::wrap_stream(events)).into())
            }
            Opening::Json => {
                let document = self.collect(head, bytes, MAX_WHOLE_ANSWER).await?;
                let event = as_event(&document).map_err(|_| Fault::NotAnAnswer(excerpt(&document)))?;
                Ok(http::Response::new(reqwest::Body::from(event)).into())
            }
            Opening::Foreign => {
                // Its first words are worth more than an error about the rest.
                let page = self.collect(head.clone(), bytes, MAX_ERROR_BODY).await.unwrap_or(head);
                Err(Fault::NotAnAnswer(excerpt(&page)))
            }
            Opening::Blank => Err(Fault::NotAnAnswer("nothing".to_owned())),
        }
    }

    async fn collect(&self, mut body: Vec<u8>, mut bytes: Pieces, most: usize) -> Result<Vec<u8>, Fault> {
        loop {
            if body.len() > most {
                return Err(Fault::Oversize);
            }
            match timeout(self.timeouts.idle, bytes.next()).await {
                Ok(Some(Ok(piece))) => body.extend_from_slice(&piece),
                Ok(Some(Err(error))) => return Err(Fault::Broken(deepest(&error))),
                Ok(None) => return Ok(body),
                Err(_) => return Err(Fault::Stalled(self.timeouts.idle)),
            }
        }
    }

    /// The bytes with regular line ends, a deadline for each piece, and notes of what happens to them.
    fn regular(self, bytes: Pieces) -> impl Stream<Item = Result<Vec<u8>, io::Error>> + Send + 'static {
        let idle = self.timeouts.idle;
        let notes = self.notes;
        stream::unfold(Some((bytes, Framing::default())), move |state| {
            let notes = notes.clone();
            async move {
                let (mut bytes, mut framing) = state?;
                let piece = match timeout(idle, bytes.next()).await {
                    Ok(Some(Ok(piece))) => framing.push(&piece).map_err(|_| Fault::Oversize),
                    Ok(Some(Err(error))) => Err(Fault::Broken(deepest(&error))),
                    Ok(None) => {
                        let end = framing.end().to_vec();
                        notes.framed(&framing);
                        return Some((Ok(end), None));
                    }
                    Err(_) => Err(Fault::Stalled(idle)),
                };
                notes.framed(&framing);
                Some(match piece {
                    Ok(piece) => (Ok(piece), Some((bytes, framing))),
                    Err(fault) => {
                        notes.failed(fault);
                        (Err(io::Error::other("the stream was given up")), None)
                    }
                })
            }
        })
    }
}

impl Notes {
    /// Whether `[DONE]` came.
    pub fn is_done(&self) -> bool {
        self.read(|noted| noted.done)
    }

    /// The error in a field of its own, if one came.
    pub fn error(&self) -> Option<String> {
        self.read(|noted| noted.error.clone())
    }

    /// The fault behind an error of the stream.
    pub fn fault(&self) -> Option<Fault> {
        self.read(|noted| noted.fault.clone())
    }

    fn framed(&self, framing: &Framing) {
        self.read(|noted| {
            noted.done = framing.is_done();
            if noted.error.is_none() {
                noted.error = framing.error().map(str::to_owned);
            }
        });
    }

    fn failed(&self, fault: Fault) {
        self.read(|noted| noted.fault = Some(fault));
    }

    fn read<T>(&self, read: impl FnOnce(&mut Noted) -> T) -> T {
        // Notes are plain values, whole after each write, whatever happened to another holder.
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn refusal(mut response: Response) -> Refusal {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), Clock::start().unix_ms());
    let mut body = Vec::new();
    // A body that breaks off or takes too long is used as far as it came.
    let _late = timeout(ERROR_BODY_TIME, async {
        while let Ok(Some(piece)) = response.chunk().await {
            if fill(&mut body, &piece) == MAX_ERROR_BODY {
                break;
            }
        }
    })
    .await;
    Refusal { status, retry_after, body }
}

/// Adds what of the piece has room in an error body and gives the new length.
fn fill(body: &mut Vec<u8>, piece: &[u8]) -> usize {
    let room = MAX_ERROR_BODY - body.len();
    body.extend_from_slice(&piece[..piece.len().min(room)]);
    body.len()
}

/// The first words of something, for a message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]);
    let line = clean(&text, &[]);
    if line.chars().count() <= 120 { line } else { line.chars().take(119).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_is_kept_up_to_its_bound() {
        let mut body = Vec::new();
        assert_eq!(fill(&mut body, &[b'x'; 60_000]), 60_000);
        assert_eq!(fill(&mut body, &[b'y'; 60_000]), 65_536);
        assert_eq!(fill(&mut body, b"z"), 65_536);
        assert!(body.starts_with(b"xx") && body.ends_with(b"yy"));
    }

    #[test]
    fn an_excerpt_is_short_and_in_one_line() {
        assert_eq!(excerpt(b"Ollama\nis\trunning"), "Ollama is running");
        assert_eq!(excerpt("ä".repeat(4000).as_bytes()).chars().count(), 120);
    }
}
