//! Merges streamed pieces to one record per 100 ms or 4 KiB (`sessions.md` §1), cut where no secret can be cut in two.

use std::time::Duration;

use tokio::time::Instant;

use crate::protocol::{ModelStreamed, StreamPart};
use crate::recording::redact::Redactor;

/// The longest a piece waits.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// So many bytes do not wait for the time.
const MOST_BYTES: usize = 4 * 1024;

/// What has been streamed and not been told.
#[derive(Debug, Default)]
pub struct Deltas {
    redactor: Redactor,
    waiting: Option<ModelStreamed>,
    /// When complete words must be told; absent if there are none.
    due: Option<Instant>,
}

impl Deltas {
    /// Nothing yet, of a recording that is kept free of these secrets.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, ..Self::default() }
    }

    /// Keeps these secrets whole, too, from now on.
    pub fn keep_out(&mut self, secrets: Redactor) {
        self.redactor.extend(secrets);
    }

    /// Takes a piece; gives back what must be told now.
    pub fn push(&mut self, part: StreamPart, text: &str) -> Option<ModelStreamed> {
        let other_part = self.waiting.as_ref().is_some_and(|waiting| waiting.part != part);
        let before = if other_part { self.take() } else { None };
        let waiting = self.waiting.get_or_insert_with(|| ModelStreamed { part, text: String::new() });
        waiting.text.push_str(text);
        self.due.get_or_insert_with(|| Instant::now() + LONGEST_WAIT);
        let full = waiting.text.len() >= MOST_BYTES;
        before.or_else(|| if full { self.take_words() } else { None })
    }

    /// What waits, without an end that may be the beginning of a secret.
    pub fn take_words(&mut self) -> Option<ModelStreamed> {
        self.due = None;
        let waiting = self.waiting.as_mut()?;
        let rest = waiting.text.split_off(self.redactor.complete(&waiting.text));
        let told = ModelStreamed { part: waiting.part, text: std::mem::replace(&mut waiting.text, rest) };
        self.waiting.take_if(|waiting| waiting.text.is_empty());
        (!told.text.is_empty()).then_some(told)
    }

    /// Everything that waits.
    pub fn take(&mut self) -> Option<ModelStreamed> {
        self.due = None;
        self.waiting.take()
    }

    /// When words must be told at the latest.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(streamed: Option<ModelStreamed>) -> String {
        streamed.map(|streamed| streamed.text).unwrap_or_default()
    }

    #[test]
    fn a_word_is_told_only_when_it_is_complete() {
        let mut deltas = Deltas::default();
        assert_eq!(deltas.push(StreamPart::Text, "my key is sk-a1"), None);
        assert!(deltas.due().is_some());
        assert_eq!(text(deltas.take_words()), "my key is ");
        assert!(deltas.due().is_none(), "there is nothing to tell yet");
        assert_eq!(deltas.push(StreamPart::Text, "B2, thanks"), None);
        assert_eq!(text(deltas.take_words()), "sk-a1B2, ");
        assert_eq!(text(deltas.take()), "thanks");
        assert_eq!(deltas.take(), None);
    }

    #[test]
    fn a_private_key_and_a_known_secret_are_told_whole_or_not_at_all() {
        let mut redactor = Redactor::default();
        redactor.add("PASSPHRASE", "correct horse battery");
        let mut deltas = Deltas::new(redactor);
        deltas.push(StreamPart::Text, "It is correct horse ");
        assert_eq!(text(deltas.take_words()), "It is ");
        deltas.push(StreamPart::Text, "battery.\n-----BEGIN PRIVATE KEY-----\n");
        assert_eq!(text(deltas.take_words()), "correct horse battery.\n");
        let lines = "TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0NC\n".repeat(100);
        assert_eq!(deltas.push(StreamPart::Text, &lines), None, "it is long, and not at its end");
        assert_eq!(deltas.take_words(), None);
        let told = text(deltas.push(StreamPart::Text, "-----END PRIVATE KEY-----\nDone"));
        assert!(told.starts_with("-----BEGIN") && told.ends_with("KEY-----\n"), "{told}");
    }

    #[test]
    fn another_part_ends_the_one_before() {
        let mut deltas = Deltas::default();
        deltas.push(StreamPart::Reasoning, "because");
        assert_eq!(text(deltas.push(StreamPart::Text, "So")), "because");
        assert_eq!(text(deltas.take()), "So");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_moved(pieces in prop::collection::vec(("[a-z ü\n]{0,9}|[x ]{5000}", any::<bool>()), 0..12)) {
            let mut deltas = Deltas::default();
            let (mut given, mut told) = (String::new(), String::new());
            for (piece, flush) in &pieces {
                given.push_str(piece);
                told.push_str(&text(deltas.push(StreamPart::Text, piece)));
                if *flush {
                    told.push_str(&text(deltas.take_words()));
                }
            }
            told.push_str(&text(deltas.take()));
            prop_assert_eq!(told, given);
        }
    }
}
