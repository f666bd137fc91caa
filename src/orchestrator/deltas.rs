//! Merges streamed pieces to one record per 100 ms or 4 KiB (`sessions.md` §1), cut between words: a key cut in two would be
//! recognised in neither piece.

use std::time::Duration;

use tokio::time::Instant;

use crate::protocol::{ModelStreamed, StreamPart};

/// The longest a piece waits.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// The most bytes that wait.
const MOST_BYTES: usize = 4 * 1024;
/// The longest end of a piece that is held back as a word not yet complete, bytes.
const LONGEST_WORD: usize = 512;

/// What has been streamed and not been told.
#[derive(Debug, Default)]
pub struct Deltas {
    waiting: Option<ModelStreamed>,
    /// When complete words must be told; absent if there are none.
    due: Option<Instant>,
}

impl Deltas {
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

    /// What waits, without a last word that may go on.
    pub fn take_words(&mut self) -> Option<ModelStreamed> {
        self.due = None;
        let waiting = self.waiting.as_mut()?;
        let rest = waiting.text.split_off(words(&waiting.text));
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

/// How many bytes of `text` can be told without cutting a word. What no key contains ends one: scripts without spaces flow.
fn words(text: &str) -> usize {
    let end = |text: &str| text.rfind(|c: char| !c.is_ascii_graphic()).map_or(0, |at| text.ceil_char_boundary(at + 1));
    let complete = end(text);
    let before = text[..complete].trim_end();
    // `Bearer` and what follows it are one secret.
    let kept = if before.ends_with("earer") { end(before) } else { complete };
    if text.len() - kept > LONGEST_WORD { text.len() } else { kept }
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
    fn a_bearer_stays_with_its_token() {
        let mut deltas = Deltas::default();
        deltas.push(StreamPart::Text, "send Authorization: Bearer ");
        assert_eq!(text(deltas.take_words()), "send Authorization: ");
        deltas.push(StreamPart::Text, "a1B2 next");
        assert_eq!(text(deltas.take_words()), "Bearer a1B2 ");
    }

    #[test]
    fn what_is_too_long_for_a_word_and_what_has_no_spaces_flows_on() {
        let mut deltas = Deltas::default();
        deltas.push(StreamPart::Text, &"x".repeat(LONGEST_WORD + 1));
        assert_eq!(text(deltas.take_words()).len(), LONGEST_WORD + 1);
        deltas.push(StreamPart::Text, "重要なチケット");
        assert_eq!(text(deltas.take_words()), "重要なチケット");
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
