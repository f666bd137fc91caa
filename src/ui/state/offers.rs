//! Words that may stand in place of the one being typed, taken one after another.

use std::ops::Range;

/// What may stand in place of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    words: Vec<String>,
    start: usize,
    taken: Option<usize>,
}

impl Offers {
    /// Words, best first, each for what begins at character `start`.
    #[must_use]
    pub fn new(words: Vec<String>, start: usize) -> Self {
        Self { words, start, taken: None }
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The position of the one taken last.
    #[must_use]
    pub fn taken(&self) -> Option<usize> {
        self.taken
    }

    /// The next word, after the last one the first, and the characters up to `cursor` that it replaces.
    pub fn take(&mut self, cursor: usize) -> Option<(Range<usize>, &str)> {
        let next = self.taken.map_or(0, |taken| taken + 1) % self.words.len().max(1);
        let word = self.words.get(next)?;
        self.taken = Some(next);
        Some((self.start..cursor.max(self.start), word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_in_turn_and_begin_again() {
        let mut offers = Offers::new(vec!["server:".to_owned(), "status:".to_owned()], 2);
        assert_eq!(offers.take(3), Some((2..3, "server:")));
        assert_eq!(offers.take(9), Some((2..9, "status:")));
        assert_eq!(offers.taken(), Some(1));
        assert_eq!(offers.take(9), Some((2..9, "server:")));
        assert_eq!(Offers::default().take(0), None);
    }
}
