//! A list of recorded sessions to choose from.

use std::path::{Path, PathBuf};

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
    /// Mock runs that have them too and are not shown.
    pub hidden: usize,
    /// The row the keys are on.
    pub at: usize,
    /// What the session under the keys is about.
    pub preview: Option<(PathBuf, Vec<String>)>,
}

impl Picker {
    /// A list that is still to come.
    #[must_use]
    pub fn new(choice: Choice) -> Self {
        Self { choice, query: String::new(), entries: None, shown: Vec::new(), hidden: 0, at: 0, preview: None }
    }

    /// Puts the keys on the session that is most likely wanted: never the one that is open, if there is another. To compare, the
    /// newest with the same questions; else the one before the open one, or the newest.
    pub fn prefer(&mut self, open: Option<&Path>) {
        let entries = self.entries.as_deref().unwrap_or_default();
        let here = entries.iter().position(|entry| Some(entry.file.as_path()) == open);
        let is_like = |at: &usize| here.is_some_and(|here| *at != here && entries[*at].words == entries[here].words);
        let alike = (0..entries.len()).find(is_like).filter(|_| self.choice == Choice::Compare);
        let is_older = |at: &usize| here.is_some_and(|here| *at > here);
        let wanted = |at: &usize| alike.map_or_else(|| is_older(at), |alike| *at == alike);
        self.at = self.shown.iter().position(wanted).unwrap_or(0);
    }

    /// Finds the sessions that have every word. A mock run has all the words of the session it was made from, so it is shown
    /// only to be compared, or to somebody who says `mock`.
    pub fn search(&mut self) {
        let words: Vec<String> = self.query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let entries = self.entries.as_deref().unwrap_or_default();
        let has = |entry: &Entry| {
            let all = format!("{} {} {} {} {}", entry.id, entry.created, entry.model, entry.about, entry.words)
                .to_lowercase();
            words.iter().all(|word| all.contains(word))
        };
        let wants_mocks = self.choice == Choice::Compare || words.iter().any(|word| word == "mock");
        let found = (0..entries.len()).filter(|at| has(&entries[*at]));
        let (shown, hidden): (Vec<usize>, Vec<usize>) = found.partition(|at| wants_mocks || !entries[*at].is_mock);
        (self.shown, self.hidden) = (shown, hidden.len());
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
