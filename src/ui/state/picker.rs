//! A list of recorded sessions to choose from.

use std::path::PathBuf;

use crate::protocol::SessionId;
use crate::ui::outside::Entry;
use crate::ui::text;

/// What becomes of the chosen session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is replayed.
    Open,
    /// It is compared with the one shown.
    Compare,
}

/// The list.
#[derive(Debug)]
pub struct Picker {
    /// What the choice is for.
    pub choice: Choice,
    /// What was typed.
    pub query: String,
    /// All sessions; absent until they are known.
    pub entries: Option<Vec<Entry>>,
    /// Those that have the words, by position.
    pub shown: Vec<usize>,
    /// The row the keys are on.
    pub at: usize,
    /// What the session under the keys is about.
    pub preview: Option<(PathBuf, Vec<String>)>,
}

impl Picker {
    /// A list that is still to come.
    #[must_use]
    pub fn new(choice: Choice) -> Self {
        Self { choice, query: String::new(), entries: None, shown: Vec::new(), at: 0, preview: None }
    }

    /// Finds the sessions that have every word.
    pub fn search(&mut self) {
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let entries = self.entries.as_deref().unwrap_or_default();
        let has = |entry: &Entry| {
            let all = format!("{} {} {} {} {}", entry.id, entry.created, entry.model, entry.about, entry.words)
                .to_lowercase();
            words.iter().all(|word| all.contains(word))
        };
        self.shown = (0..entries.len()).filter(|at| has(&entries[*at])).collect();
        self.at = self.at.min(self.shown.len().saturating_sub(1));
    }

    /// The session under the keys.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.as_deref()?.get(*self.shown.get(self.at)?)
    }

    /// The session's line, for a width.
    #[must_use]
    pub fn line(entry: &Entry, columns: usize) -> String {
        text::fit(
            &format!(
                "…{}  {}  {:<10} {:>9}  {}",
                SessionId::from(entry.id.as_str()).tail(),
                entry.created,
                text::fit(&entry.model, 10),
                entry.size,
                entry.about
            ),
            columns,
        )
    }
}
