//! Waiting for SQLite without falling asleep at once.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

/// How long a query is awaited awake. SQLx has a thread of its own for SQLite; to sleep and be woken by it takes longer than
/// most queries do.
const AWAKE: Duration = Duration::from_micros(100);

/// The answer of a query. The core is offered to SQLite's thread all the while: there may be no other.
pub(super) async fn awake<T>(query: impl Future<Output = T>) -> T {
    let mut query = pin!(query);
    let until = Instant::now() + AWAKE;
    poll_fn(|context| {
        loop {
            match query.as_mut().poll(context) {
                Poll::Pending if Instant::now() < until => thread::yield_now(),
                answer => return answer,
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_takes_longer_is_awaited_too() {
        assert_eq!(awake(std::future::ready(1)).await, 1);
        let slow = async {
            tokio::time::sleep(AWAKE * 50).await;
            2
        };
        assert_eq!(awake(slow).await, 2);
    }
}
