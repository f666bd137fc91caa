//! Pieces of text on their way to whoever shows them. A slow reader gets fewer, longer pieces; the stream is never held up,
//! so what waits is bounded by the longest answer.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::model::Delta;
use crate::protocol::StreamPart;

/// The pieces that wait.
pub(super) struct Outbox<'a> {
    deltas: &'a mpsc::Sender<Delta>,
    waiting: VecDeque<(StreamPart, String)>,
    used: bool,
}

impl<'a> Outbox<'a> {
    /// An empty one.
    pub fn new(deltas: &'a mpsc::Sender<Delta>) -> Self {
        Self { deltas, waiting: VecDeque::new(), used: false }
    }

    /// Adds a piece; it is merged with the last one if it continues it.
    pub fn push(&mut self, part: StreamPart, text: String) {
        self.used = true;
        match self.waiting.back_mut() {
            Some((last, merged)) if *last == part => merged.push_str(&text),
            Some(_) | None => self.waiting.push_back((part, text)),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether anything was ever added.
    pub fn was_used(&self) -> bool {
        self.used
    }

    /// Sends the first piece when there is room. Can be dropped while it waits without losing anything.
    pub async fn send_one(&mut self) {
        match self.deltas.reserve().await {
            Ok(permit) => {
                if let Some((part, text)) = self.waiting.pop_front() {
                    permit.send(Delta::Text(part, text));
                }
            }
            // Nobody listens any more; the answer itself is still returned.
            Err(_) => self.waiting.clear(),
        }
    }

    /// Sends everything.
    pub async fn flush(&mut self) {
        while !self.is_empty() {
            self.send_one().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_gets_merged_pieces_in_order() {
        let (deltas, mut received) = mpsc::channel(8);
        let mut outbox = Outbox::new(&deltas);
        outbox.push(StreamPart::Reasoning, "hm".to_owned());
        outbox.push(StreamPart::Text, "a".to_owned());
        outbox.push(StreamPart::Text, "b".to_owned());
        outbox.flush().await;
        assert_eq!(received.recv().await, Some(Delta::Text(StreamPart::Reasoning, "hm".to_owned())));
        assert_eq!(received.recv().await, Some(Delta::Text(StreamPart::Text, "ab".to_owned())));
        assert!(outbox.was_used() && outbox.is_empty());
    }

    #[tokio::test]
    async fn nobody_listening_is_no_error() {
        let (deltas, received) = mpsc::channel(1);
        drop(received);
        let mut outbox = Outbox::new(&deltas);
        outbox.push(StreamPart::Text, "a".to_owned());
        outbox.flush().await;
        assert!(outbox.is_empty());
    }
}
