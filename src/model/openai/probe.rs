//! Questions to an endpoint about itself: which models it has, and how its answers differ from what the protocol says.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::model::Request;
use crate::protocol::{ModelAnswered, ModelFailed};

use super::body::Omittable;
use super::chunk::{Arguments, Chunk};
use super::failure::{Refusal, Remedy};
use super::fault::{Fault, deepest};
use super::outbox::Outbox;
use super::transport::{Incoming, bearer};
use super::{OpenAi, Refused};

/// Bytes of a list of models that are read.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// How an answer may end.
const FINISH_REASONS: &[&str] = &["stop", "tool_calls", "length", "content_filter", "function_call"];

/// An answer, and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What was made of it.
    pub answered: ModelAnswered,
    /// Whether it came in pieces.
    pub is_streamed: bool,
    /// Its events.
    pub pieces: usize,
    /// From the request to its end.
    pub took: Duration,
    /// Where it was not what the protocol says, in words; all of it was put right.
    pub deviations: Vec<String>,
}

/// What was seen of an answer on its way.
#[derive(Default)]
struct Seen {
    pieces: usize,
    is_whole: bool,
    finish_reason: Option<String>,
    /// Ids and indexes of the pieces that begin a call.
    ids: Vec<Option<String>>,
    indexes: Vec<Option<u64>>,
    has_object_arguments: bool,
}

impl Seen {
    fn note(&mut self, chunk: &Chunk) {
        self.pieces += 1;
        self.is_whole |= chunk.message.is_some() && chunk.delta.is_none();
        self.finish_reason = chunk.finish_reason.clone().or_else(|| self.finish_reason.take());
        for piece in chunk.delta.iter().chain(&chunk.message).flat_map(|piece| &piece.calls) {
            self.has_object_arguments |= matches!(piece.arguments, Arguments::Whole(_));
            if piece.name.is_some() {
                self.ids.push(piece.id.clone());
                self.indexes.push(piece.index);
            }
        }
    }

    /// What is unusual, the stream's end included.
    fn deviations(&self, is_done: bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut add = |is_so: bool, words: &str| found.extend(is_so.then(|| words.to_owned()));
        let repeats = |count: usize, distinct: usize| distinct < count;
        let ids: BTreeSet<&String> = self.ids.iter().flatten().collect();
        let indexes: BTreeSet<u64> = self.indexes.iter().copied().flatten().collect();
        let (with_id, with_index) = (self.ids.iter().flatten().count(), self.indexes.iter().flatten().count());
        add(!self.is_whole && with_index < self.indexes.len(), "calls come without an index");
        add(!self.is_whole && repeats(with_index, indexes.len()), "calls share an index");
        add(with_id < self.ids.len(), "calls come without an id");
        add(repeats(with_id, ids.len()), "calls share an id");
        add(self.has_object_arguments, "arguments come as an object, not as text");
        add(!self.is_whole && !is_done, "the stream ends without [DONE]");
        match &self.finish_reason {
            None => add(!self.is_whole, "no finish reason is given"),
            Some(reason) if !FINISH_REASONS.contains(&reason.as_str()) => {
                add(true, &format!("the finish reason {reason:?} is unknown"));
            }
            Some(reason) => {
                add(reason == "stop" && !self.ids.is_empty(), "the finish reason is \"stop\" although there are calls");
            }
        }
        found
    }
}

impl OpenAi {
    /// Asks once, leaving out what the endpoint refuses, and watches how the answer comes.
    ///
    /// # Errors
    /// Those of a request; nothing is tried again.
    pub async fn probe(&self, request: Request) -> Result<Probed, ModelFailed> {
        let begun = Instant::now();
        loop {
            let refused = self.refused();
            // Nobody reads the pieces.
            let (deltas, _) = mpsc::channel(1);
            let seen = Arc::new(Mutex::new(Seen::default()));
            let result = match self.open(&request, refused).await {
                Err(failure) => Err(failure),
                Ok(Incoming { chunks, notes }) => {
                    let watched = Arc::clone(&seen);
                    let chunks = chunks.inspect(move |chunk| {
                        if let Ok(chunk) = chunk {
                            watched.lock().unwrap_or_else(PoisonError::into_inner).note(chunk);
                        }
                    });
                    let incoming = Incoming { chunks: chunks.boxed(), notes: notes.clone() };
                    let answered = self.receive(incoming, &request, refused, &mut Outbox::new(&deltas)).await;
                    answered.map(|answered| (answered, notes.is_done()))
                }
            };
            match result {
                Ok((answered, is_done)) => {
                    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut deviations = seen.deviations(is_done);
                    deviations.extend(not_taken(self.refused()));
                    let (is_streamed, pieces) = (!seen.is_whole, seen.pieces);
                    return Ok(Probed { answered, is_streamed, pieces, took: begun.elapsed(), deviations });
                }
                Err(failure) => match failure.remedy {
                    Remedy::Without(omittable) if !refused.has(omittable) => self.refuse(omittable),
                    Remedy::Without(_) | Remedy::None | Remedy::Wait(_) | Remedy::WaitForLimit(_) => {
                        return Err(failure.failed);
                    }
                },
            }
        }
    }

    /// The names of the endpoint's models.
    ///
    /// # Errors
    /// It cannot be reached, refuses the key, or has no such list.
    pub async fn list(&self) -> Result<Vec<String>, ModelFailed> {
        let fault = |fault: Fault, status| self.asked.fault(&fault, status).failed;
        let http = self.http().map_err(|error| fault(error, None))?;
        let mut url = self.asked.endpoint.completions.clone();
        let path = url.path().trim_end_matches("/chat/completions").to_owned();
        url.set_path(&format!("{path}/models"));
        let mut asking = http.get(url);
        if let Some(key) = &self.settings.api_key {
            asking = asking.header(AUTHORIZATION, bearer(key).map_err(|error| fault(error, None))?);
        }
        let connect = self.settings.timeouts.connect;
        let mut response = asking.send().await.map_err(|error| fault(Fault::from_request(error, connect), None))?;
        let status = response.status();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) if body.len() + piece.len() <= LONGEST_LIST => body.extend_from_slice(&piece),
                Ok(Some(_)) => return Err(fault(Fault::Oversize, Some(status.as_u16()))),
                Ok(None) => break,
                Err(error) => return Err(fault(Fault::Broken(deepest(&error)), Some(status.as_u16()))),
            }
        }
        if !status.is_success() {
            let refusal = Refusal { status: status.as_u16(), retry_after: None, body };
            return Err(self.asked.refused(&refusal, self.refused()).failed);
        }
        let list: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some(models) = list.get("data").and_then(Value::as_array) else {
            return Err(fault(Fault::NotAnAnswer(super::excerpt(&body)), Some(status.as_u16())));
        };
        Ok(models.iter().filter_map(|model| model.get("id")?.as_str().map(str::to_owned)).collect())
    }
}

fn not_taken(refused: Refused) -> impl Iterator<Item = String> {
    let words = [
        (Omittable::StreamOptions, "it does not take stream_options, so tokens are not counted"),
        (Omittable::ParallelToolCalls, "it does not take parallel_tool_calls"),
        (Omittable::ReasoningContent, "it does not take reasoning back"),
        (Omittable::LongDescriptions, "it takes descriptions of tools up to 1024 characters only"),
    ];
    words.into_iter().filter(move |(which, _)| refused.has(*which)).map(|(_, words)| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openai::{ApiKey, Settings};
    use crate::protocol::ModelFailureCode;

    #[tokio::test]
    async fn a_key_that_cannot_stand_in_a_header_is_told_as_that() {
        let settings = Settings { api_key: ApiKey::new("sk-one\ntwo"), ..Settings::default() };
        let failed = OpenAi::new(settings).expect("the official endpoint").list().await.expect_err("no key");
        assert_eq!(failed.code, ModelFailureCode::Unauthorised);
        assert!(
            failed.message.contains("line break") && !failed.message.contains("certificates"),
            "{}",
            failed.message
        );
    }
}
