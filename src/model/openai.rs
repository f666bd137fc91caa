//! A model behind any OpenAI-compatible chat completions endpoint, streaming.
//!
//! Endpoints differ in everything the protocol leaves open and in much that it does not. What is read is read tolerantly
//! (`chunk`, `calls`), what is sent is what all of them take (`body`, `schema`), and what is no whole answer is never returned as
//! one (`answer`). Failures are put into words in one place (`failure`, `fault`, `reported`). Only `transport` does I/O.

mod answer;
mod body;
mod calls;
mod chunk;
mod endpoint;
mod failure;
mod fault;
mod framing;
mod outbox;
mod probe;
mod reported;
mod retry;
mod schema;
mod settings;
mod transport;

use std::collections::HashSet;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_openai::error::OpenAIError;
use futures::StreamExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::model::{Delta, Message, Model, Request};
use crate::protocol::{ModelAnswered, ModelFailed};

pub use body::MAX_TOOLS;
pub use endpoint::EndpointError;
pub use probe::Probed;
pub use settings::{ApiKey, DEFAULT_MODEL, OFFICIAL_BASE_URL, Pace, Retries, Settings, Timeouts};

use answer::{Answer, Ending};
use body::{Body, Omittable, Refused};
use endpoint::Endpoint;
use failure::{Asked, Failure, Remedy};
use fault::Fault;
use outbox::Outbox;
use transport::{Exchange, Halt, Incoming, Notes, excerpt};

/// How long an answer may go on without saying anything, whatever else comes to keep the connection alive.
const MOST_SILENCE: Duration = Duration::from_secs(600);
/// How long the rest (token counts, `[DONE]`) may take once the model has said that it is finished.
const REST_TIME: Duration = Duration::from_secs(2);

/// A model behind an endpoint.
pub struct OpenAi {
    settings: Settings,
    asked: Asked,
    http: OnceLock<reqwest::Client>,
    /// What the endpoint has refused so far, as bits of [`Refused`].
    refused: AtomicU8,
}

impl OpenAi {
    /// A model that connects with its first request.
    ///
    /// # Errors
    /// If the base URL cannot be used.
    pub fn new(settings: Settings) -> Result<Self, EndpointError> {
        let asked = Asked {
            endpoint: Endpoint::parse(&settings.base_url)?,
            model: settings.model.clone(),
            key: settings.api_key.clone(),
        };
        Ok(Self { settings, asked, http: OnceLock::new(), refused: AtomicU8::new(Refused::default().bits()) })
    }

    /// The base URL without credentials and query, for display.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.asked.endpoint.shown
    }

    /// One attempt. Once something was shown of an answer no remedy is left.
    async fn attempt(&self, request: &Request, deltas: &mpsc::Sender<Delta>) -> Result<ModelAnswered, Failure> {
        let refused = self.refused();
        let mut outbox = Outbox::new(deltas);
        let result = match self.open(request, refused).await {
            Ok(incoming) => self.receive(incoming, request, refused, &mut outbox).await,
            Err(failure) => Err(failure),
        };
        outbox.flush().await;
        result.map_err(|mut failure| {
            if outbox.was_used() {
                failure.remedy = Remedy::None;
            }
            if let Remedy::Without(omittable) = failure.remedy {
                self.refuse(omittable);
            }
            failure
        })
    }

    async fn open(&self, request: &Request, refused: Refused) -> Result<Incoming, Failure> {
        let http = self.http().map_err(|fault| self.asked.fault(&fault, None))?;
        let body = Body::build(&self.settings.model, request, refused);
        let exchange =
            Exchange::new(http, &self.asked.endpoint, self.settings.api_key.as_ref(), self.settings.timeouts);
        exchange.open(body).await.map_err(|halt| match halt {
            Halt::Fault(fault, status) => self.asked.fault(&fault, status),
            Halt::Refused(refusal) => self.asked.refused(&refusal, refused),
        })
    }

    /// Reads the answer to its end, however it ends.
    async fn receive(
        &self,
        incoming: Incoming,
        request: &Request,
        refused: Refused,
        outbox: &mut Outbox<'_>,
    ) -> Result<ModelAnswered, Failure> {
        let Incoming { mut chunks, notes } = incoming;
        let mut answer = Answer::default();
        let mut last_chunk = Instant::now();
        let fault = loop {
            let item = tokio::select! {
                biased;
                () = outbox.send_one(), if !outbox.is_empty() => continue,
                item = chunks.next() => item,
                () = sleep_until(last_chunk + REST_TIME), if answer.is_finished() => break None,
                () = sleep_until(last_chunk + MOST_SILENCE) => break Some(Fault::Stalled(MOST_SILENCE)),
            };
            let chunk = match item {
                None => break None,
                Some(Err(error)) => break broken(error, &notes, &answer),
                Some(Ok(chunk)) => chunk,
            };
            last_chunk = Instant::now();
            if let Some(error) = &chunk.error {
                return Err(self.asked.error_event(error, refused));
            }
            for (part, text) in answer.add(chunk).map_err(|flaw| self.asked.flawed(&flaw))? {
                outbox.push(part, text);
            }
        };
        if let Some(error) = notes.error() {
            let error = serde_json::from_str(&error).unwrap_or(Value::String(error));
            return Err(self.asked.error_event(&error, refused));
        }
        // After its finish reason an answer is whole, whatever happens to the connection.
        if let Some(fault) = fault.filter(|_| !answer.is_finished()) {
            return Err(self.asked.fault(&fault, Some(200)));
        }
        let ending = if notes.is_done() { Ending::Done } else { Ending::Closed };
        answer.finish(ending, request.tools.len(), ids(request)).map_err(|flaw| self.asked.flawed(&flaw))
    }

    fn http(&self) -> Result<reqwest::Client, Fault> {
        if let Some(http) = self.http.get() {
            return Ok(http.clone());
        }
        let http = transport::client(&self.asked.endpoint, &self.settings.timeouts)?;
        Ok(self.http.get_or_init(|| http).clone())
    }

    /// Leaves something out from now on.
    fn refuse(&self, omittable: Omittable) {
        self.refused.fetch_or(Refused::default().with(omittable).bits(), Ordering::Relaxed);
    }

    fn refused(&self) -> Refused {
        Refused::from_bits(self.refused.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("endpoint", &self.endpoint()).field("settings", &self.settings).finish()
    }
}

impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.settings.model
    }

    fn most_tools(&self) -> usize {
        MAX_TOOLS
    }

    fn request(
        &self,
        request: Request,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>> {
        Box::pin(async move {
            retry::with_retries(&self.settings.retries, &deltas, || self.attempt(&request, &deltas)).await
        })
    }
}

/// The fault behind an error of the stream; none if it was only an unusual end.
fn broken(error: OpenAIError, notes: &Notes, answer: &Answer) -> Option<Fault> {
    match error {
        OpenAIError::JSONDeserialize(_, text) if text.trim() == "[DONE]" => None,
        OpenAIError::JSONDeserialize(_, text) if answer.has_begun() => Some(Fault::NotJson(excerpt(text.as_bytes()))),
        OpenAIError::JSONDeserialize(_, text) => Some(Fault::NotAnAnswer(excerpt(text.as_bytes()))),
        other => Some(notes.fault().unwrap_or_else(|| Fault::Broken(other.to_string()))),
    }
}

/// The ids of all calls of the conversation.
fn ids(request: &Request) -> HashSet<String> {
    let calls = request.messages.iter().flat_map(|message| match &**message {
        Message::Assistant { calls, text: _, reasoning: _ } => calls.as_slice(),
        Message::System { .. } | Message::User { .. } | Message::Tool { .. } => &[],
    });
    calls.map(|call| call.provider_id.clone()).collect()
}
