//! Calls that one server has and that have not ended: each of them ends exactly once, whatever becomes of the server.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::oneshot;

use crate::protocol::{CallFailureCode, CallId};

use super::connection::Connection;
use super::{CallEnd, CallOrder};

/// Calls in flight.
#[derive(Default)]
pub struct InFlight {
    ends: FuturesUnordered<BoxFuture<'static, (CallId, CallEnd)>>,
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
        let (call, caller) = (order.call, connection.caller(&order.tool));
        self.open.insert(call, Some(sender));
        self.ends.push(Box::pin(async move { (call, caller.call(order, cancelled).await) }));
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

    /// The next call that ends, with its end; `None` if the connection is gone, and with it all of them. Cancel-safe.
    pub async fn next(&mut self) -> Option<(CallId, CallEnd)> {
        let Some((call, end)) = self.ends.next().await else { return std::future::pending().await };
        if lost_with_server(&end) {
            // It stays open: its end is told when the exit status is known.
            return None;
        }
        self.open.remove(&call);
        Some((call, end))
    }

    /// Ends everything now: what has its answer already keeps it, the rest fails with `message`.
    pub fn end_all(mut self, message: &str) -> Vec<(CallId, CallEnd)> {
        let mut ends = Vec::new();
        while let Some(Some((call, end))) = self.ends.next().now_or_never() {
            if !lost_with_server(&end) && self.open.remove(&call).is_some() {
                ends.push((call, end));
            }
        }
        let lost = |call| (call, CallEnd::failed(CallFailureCode::ServerLost, message.to_owned()));
        ends.extend(self.open.into_keys().map(lost));
        ends
    }
}

fn lost_with_server(end: &CallEnd) -> bool {
    end.failure.as_ref().is_some_and(|failure| failure.code == CallFailureCode::ServerLost)
}
