//! Requests that may take long, that the operator can cancel, and for which the server may want something of him.

use std::time::Duration;

use rmcp::model::{CancelledNotificationParam, RequestId};
use rmcp::service::{Peer, PeerRequestOptions, RequestHandle, RoleClient};
use tokio::time::{Instant, sleep_until, timeout};

use crate::mcp::Limits;
use crate::mcp::answers::{Answers, Awaited};
use crate::mcp::inputs::Inputs;
use crate::protocol::{Json, Scope, ServerName};
use crate::wording;

use super::asking::{Reply, Required, Wish};
use super::{is_lost, service_error};

/// How often a server may want something before it answers.
const MOST_ROUNDS: usize = 8;

/// What a request needs while the connection does other things.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) server: ServerName,
    pub(super) peer: Peer<RoleClient>,
    pub(super) answers: Answers,
    pub(super) inputs: Inputs,
    pub(super) limits: Limits,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// The operator no longer wants it, for this reason; the server was told.
    Cancelled(String),
    /// It took too long; the server was told.
    TimedOut(String),
    /// The connection is of no use any more, for this reason.
    Lost(String),
    /// The server refused, or its answer cannot be used.
    Refused(String, Option<Json>),
}

impl Caller {
    /// Sends a wish and waits for its answer; what the server wants in between is put to the operator.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask(
        &self,
        scope: Scope,
        wish: &Wish,
        cancelled: &mut (impl Future<Output = String> + Unpin),
    ) -> Result<Json, NoAnswer> {
        let mut reply = Reply::default();
        for _ in 0..MOST_ROUNDS {
            let result = self.once(scope, wish, reply, cancelled).await?;
            let required = match Required::read(&result) {
                Ok(None) => return Ok(result),
                Ok(Some(required)) => required,
                Err(reason) => return Err(NoAnswer::Refused(format!("{}: {reason}.", wish.name()), Some(result))),
            };
            let mut responses = std::collections::BTreeMap::new();
            for (key, question) in required.questions {
                let answer = tokio::select! {
                    answer = self.inputs.put(scope, &self.server, question) => answer,
                    reason = &mut *cancelled => return Err(NoAnswer::Cancelled(reason)),
                };
                responses.insert(key, answer);
            }
            reply = Reply { responses: (!responses.is_empty()).then_some(responses), state: required.state };
        }
        let words = format!("{} wanted something {MOST_ROUNDS} times without an answer of its own.", wish.name());
        Err(NoAnswer::Refused(words, None))
    }

    async fn once(
        &self,
        scope: Scope,
        wish: &Wish,
        reply: Reply,
        cancelled: &mut (impl Future<Output = String> + Unpin),
    ) -> Result<Json, NoAnswer> {
        // The deadlines are ours: time stands still while the operator is asked.
        let sent = self.peer.send_cancellable_request(wish.request(scope, reply), PeerRequestOptions::no_options());
        let handle = match sent.await {
            Ok(handle) => handle,
            Err(error) => return Err(NoAnswer::Lost(service_error(&error))),
        };
        let awaited = self.answers.awaited(handle.id.clone());
        tokio::select! {
            answer = self.answer(handle) => answer,
            reason = cancelled => {
                self.stop(awaited, &reason).await;
                Err(NoAnswer::Cancelled(reason))
            }
            () = self.overdue(&awaited.id) => {
                let words = format!(
                    "{} gave no answer for {}; the server was told that nobody waits for it any more.",
                    wish.name(),
                    wording::limit(self.limits.call)
                );
                self.stop(awaited, "request timeout").await;
                Err(NoAnswer::TimedOut(words))
            }
        }
    }

    async fn answer(&self, handle: RequestHandle<RoleClient>) -> Result<Json, NoAnswer> {
        let id = handle.id.clone();
        match handle.await_response().await {
            Ok(_) => self
                .answers
                .take(&id)
                .ok_or_else(|| NoAnswer::Refused("The server answered without a result.".into(), None)),
            Err(error) => {
                let words = service_error(&error);
                Err(if is_lost(&error) { NoAnswer::Lost(words) } else { NoAnswer::Refused(words, None) })
            }
        }
    }

    async fn overdue(&self, id: &RequestId) {
        let Limits { call, call_total, .. } = self.limits;
        let unknown = Instant::now() + call;
        loop {
            let due = self.answers.due(id, call, call_total).unwrap_or(unknown);
            if due <= Instant::now() {
                return;
            }
            sleep_until(due).await;
        }
    }

    /// Tells the server that nobody waits any more.
    async fn stop(&self, awaited: Awaited, reason: &str) {
        let id = awaited.id.clone();
        drop(awaited);
        let params = CancelledNotificationParam::new(Some(id), Some(reason.to_owned()));
        // If the server cannot be told, it is gone, and the request is over all the same.
        let _ = timeout(Duration::from_secs(1), self.peer.notify_cancelled(params)).await;
    }
}
