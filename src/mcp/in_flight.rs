//! Calls that one server has and that have not ended: each of them ends exactly once, whatever becomes of the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::protocol::{CallFailureCode, CallId, CallStatus, Json, says_failed};
use crate::schema::Schema;

use super::connection::{Connection, NoAnswer, Wish};
use super::{CallEnd, CallOrder};

/// How a call ended; an error is why the connection is of no use any more.
type End = Result<CallEnd, String>;

/// Calls in flight.
#[derive(Default)]
pub struct InFlight {
    ends: FuturesUnordered<BoxFuture<'static, (CallId, End)>>,
    /// The open calls; whoever takes the sender has cancelled the call.
    open: BTreeMap<CallId, Option<oneshot::Sender<String>>>,
}

impl InFlight {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Sends a call.
    pub fn send(&mut self, order: CallOrder, connection: &Connection) {
        let (sender, cancelled) = oneshot::channel();
        let (caller, output) = (connection.caller(), connection.output(&order.tool));
        let CallOrder { call, scope, tool, definition: _, arguments } = order;
        self.open.insert(call, Some(sender));
        self.ends.push(Box::pin(async move {
            let mut cancelled = cancelled.map(|reason| reason.unwrap_or_else(|_| "no longer needed".into()));
            let answer = caller.ask(scope, &Wish::Tool { tool, arguments }, &mut cancelled).await;
            (call, end_of(answer, output))
        }));
    }

    /// Cancels a call; its end comes from [`InFlight::next`]. False if it is not in flight.
    pub fn cancel(&mut self, call: CallId, reason: String) -> bool {
        let Some(sender) = self.open.get_mut(&call) else { return false };
        if let Some(sender) = sender.take() {
            // A failed send means that the call has ended this very moment.
            let _ = sender.send(reason);
        }
        true
    }

    /// The next call that ends, with its end. Cancel-safe.
    ///
    /// # Errors
    /// Why the connection is gone, and with it all of them.
    pub async fn next(&mut self) -> Result<(CallId, CallEnd), String> {
        let Some((call, end)) = self.ends.next().await else { return std::future::pending().await };
        // A lost call stays open: its end is told when more is known.
        let end = end?;
        self.open.remove(&call);
        Ok((call, end))
    }

    /// Ends everything now: what has its answer already keeps it, the rest fails with `message`.
    pub fn end_all(mut self, message: &str) -> Vec<(CallId, CallEnd)> {
        let mut ends = Vec::new();
        while let Some(Some((call, end))) = self.ends.next().now_or_never() {
            if let Ok(end) = end
                && self.open.remove(&call).is_some()
            {
                ends.push((call, end));
            }
        }
        let lost = |call| (call, CallEnd::failed(CallFailureCode::ServerLost, message.to_owned()));
        ends.extend(self.open.into_keys().map(lost));
        ends
    }
}

/// Where a result with these members is no `CallToolResult` (MCP, Tools), if it is none: a model may read something else in it
/// than is meant.
fn misshapen(content: Option<&RawValue>, is_error: Option<&RawValue>) -> Option<String> {
    let begins = |text: &str, letter: char| text.trim_start().starts_with(letter);
    let is_list = content.is_some_and(|content| begins(content.get(), '['));
    let is_flag = is_error.is_none_or(|flag| matches!(flag.get().trim(), "true" | "false"));
    match (is_list, is_flag) {
        (true, true) => None,
        (false, _) => Some("content is missing or no list, as every result of a tool has it".into()),
        (true, false) => Some("isError is neither true nor false".into()),
    }
}

fn end_of(answer: Result<Json, NoAnswer>, output: Option<Arc<Schema>>) -> End {
    match answer {
        Ok(result) => {
            let [content, is_error, structured] = result.members(["content", "isError", "structuredContent"]);
            let status = if says_failed(is_error) { CallStatus::Error } else { CallStatus::Ok };
            let promised = output.filter(|_| status == CallStatus::Ok);
            let mismatch = misshapen(content, is_error).or_else(|| promised?.missed_by_content(structured));
            Ok(CallEnd { status, mismatch, result: Some(result), failure: None })
        }
        Err(NoAnswer::Cancelled(reason)) => Ok(CallEnd::cancelled(reason)),
        Err(NoAnswer::TimedOut(words)) => Ok(CallEnd::failed(CallFailureCode::TimedOut, words)),
        Err(NoAnswer::Refused(message, result)) => {
            Ok(CallEnd { result, ..CallEnd::failed(CallFailureCode::ProtocolError, message) })
        }
        Err(NoAnswer::Lost(reason)) => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_of_another_form_is_marked() {
        let marked = |text: &str| {
            let result = Json::parse(text).expect("JSON");
            let [content, is_error] = result.members(["content", "isError"]);
            misshapen(content, is_error).is_some()
        };
        assert!(!marked(r#"{"content": []}"#) && !marked(r#"{"content":[{"type":"text"}],"isError":true,"more":1}"#));
        for wrong in [r#"{"content":"text","isError":false}"#, "{}", "[1]", r#"{"content":[],"isError":"maybe"}"#] {
            assert!(marked(wrong), "{wrong}");
        }
    }
}
