//! Calls that wait for their server to come up, or for earlier calls to be done; none of them waits for ever.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::protocol::{CallId, ServerName};

use super::CallOrder;

/// Calls that may wait for one server.
pub const MOST: usize = 256;

/// Calls in the order they came.
#[derive(Debug)]
pub struct Waiting {
    /// With when each was to be sent at the latest; the first is the first to be overdue.
    orders: VecDeque<(Instant, CallOrder)>,
    longest: Duration,
}

impl Waiting {
    /// Calls that wait for `longest` at most.
    #[must_use]
    pub fn new(longest: Duration) -> Self {
        Self { orders: VecDeque::new(), longest }
    }

    /// Adds a call at the end.
    ///
    /// # Errors
    /// The call, if there is no room for it.
    pub fn push(&mut self, order: CallOrder) -> Result<(), CallId> {
        if self.orders.len() >= MOST {
            return Err(order.call);
        }
        self.orders.push_back((Instant::now() + self.longest, order));
        Ok(())
    }

    /// The call that has waited longest.
    pub fn pop(&mut self) -> Option<CallOrder> {
        self.orders.pop_front().map(|(_, order)| order)
    }

    /// Takes a call out. False if it does not wait.
    pub fn remove(&mut self, call: CallId) -> bool {
        let position = self.orders.iter().position(|(_, order)| order.call == call);
        position.is_some_and(|position| self.orders.remove(position).is_some())
    }

    /// Waits until the call that has waited longest has waited too long; it stays until it is popped. Cancel-safe.
    pub async fn overdue(&self) {
        at(self.orders.front().map(|(until, _)| *until)).await;
    }
}

/// Waits for a moment, if there is one to wait for. Cancel-safe.
pub async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What is told of a call that finds no room, in words.
#[must_use]
pub fn full(server: &ServerName) -> String {
    format!("Server {server} has {MOST} calls waiting; try again when some are done.")
}
