//! The data pane: one tab of what is selected, taken apart once and kept with its folds and cursor.

use super::{Selected, TextView};
use crate::ui::json::{Table, Tree};

/// Panes kept with their folds and cursors, besides the one on the screen.
const MOST_KEPT: usize = 23;
/// The most text behind them, bytes; a tree takes several times that.
const MOST_KEPT_BYTES: usize = 8 * 1024 * 1024;

/// A side of what is selected. For a server: its tools, its state, its wire, its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    /// What was sent.
    Arguments,
    /// What came back.
    Result,
    /// The JSON-RPC messages.
    Wire,
    /// The server's log.
    Log,
}

impl Tab {
    /// All of them, in screen order.
    pub const ALL: [Self; 4] = [Self::Arguments, Self::Result, Self::Wire, Self::Log];

    /// The tab `by` places further, around the end.
    #[must_use]
    pub fn turned(self, by: usize) -> Self {
        let here = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(here + by) % Self::ALL.len()]
    }
}

/// What a pane was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaneKey {
    /// What is selected.
    pub selected: Selected,
    /// Which side of it.
    pub tab: Tab,
    /// Changes when the source does.
    pub version: u64,
    /// The width text was wrapped for.
    pub width: u16,
}

/// A tab's content.
#[derive(Debug)]
pub struct Pane {
    /// What it was made from.
    pub key: PaneKey,
    /// What it shows.
    pub content: Content,
}

/// What a tab shows.
#[derive(Debug)]
pub enum Content {
    /// Nothing, and why.
    Empty(String),
    /// JSON as a tree, and as a table where it is shown as one.
    Json(Box<Tree>, Option<Table>),
    /// Words.
    Text(TextView),
    /// The messages of what is selected.
    Frames(ListView),
    /// The lines the server logged.
    Log(ListView),
}

impl Content {
    /// The length of the text it was made from, bytes.
    fn bytes(&self) -> usize {
        match self {
            Self::Empty(_) | Self::Frames(_) | Self::Log(_) => 0,
            Self::Json(tree, _) => tree.doc.json().bytes(),
            Self::Text(view) => view.source.len(),
        }
    }
}

/// A list that lives in the session; only its position is kept here.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListView {
    /// The row the cursor is on.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
}

/// Words searched for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The words; empty for no search.
    pub words: String,
    /// Whether they are being typed.
    pub typing: bool,
    /// Whether what is on the screen has them.
    pub found: bool,
    /// What that is known of.
    pub looked_at: Option<PaneKey>,
}

/// The data pane.
#[derive(Debug, Default)]
pub struct Data {
    /// The operator's choice of a tab; without one, what is most telling.
    pub tab: Option<Tab>,
    /// What is searched for.
    pub search: Search,
    /// Something to put the cursor on as soon as the content is there.
    pub seek: Option<String>,
    /// What the selected call's error says.
    pub advice: Option<super::Advice>,
    kept: Vec<Pane>,
}

impl Data {
    /// The pane on the screen.
    #[must_use]
    pub fn pane(&self) -> Option<&Pane> {
        self.kept.last()
    }

    /// The pane on the screen, to move in it.
    pub fn pane_mut(&mut self) -> Option<&mut Pane> {
        self.kept.last_mut()
    }

    /// Whether content has to be made for `key`: only text is made for a width.
    #[must_use]
    pub fn needs(&self, key: &PaneKey) -> bool {
        !self.kept.iter().any(|pane| serves(pane, key))
    }

    /// Puts the pane for `key` on the screen, with `made` content where it needs some.
    pub fn show(&mut self, key: PaneKey, made: Option<Content>) {
        let same = |pane: &Pane| (pane.key.selected, pane.key.tab) == (key.selected, key.tab);
        let old = self.kept.iter().rposition(same).map(|at| self.kept.remove(at));
        let content = match (old, made) {
            (Some(old), Some(made)) => carry_over(old.content, made),
            (Some(old), None) => old.content,
            (None, Some(made)) => made,
            (None, None) => return,
        };
        let mut bytes = 0;
        let fits = |pane: &Pane| {
            bytes += pane.content.bytes();
            bytes <= MOST_KEPT_BYTES
        };
        let kept = self.kept.iter().rev().take(MOST_KEPT).map(fits).take_while(|fits| *fits).count();
        self.kept.drain(..self.kept.len() - kept);
        self.kept.push(Pane { key, content });
    }

    /// Forgets everything that was taken apart.
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}

fn serves(pane: &Pane, key: &PaneKey) -> bool {
    let any_width = PaneKey { width: key.width, ..pane.key };
    pane.key == *key || (any_width == *key && !matches!(pane.content, Content::Text(_)))
}

/// Keeps the place in a list or text that has grown.
fn carry_over(old: Content, new: Content) -> Content {
    match (old, new) {
        (Content::Text(old), Content::Text(mut new)) => {
            new.top = old.top;
            Content::Text(new)
        }
        (Content::Frames(old), Content::Frames(_)) => Content::Frames(old),
        (Content::Log(old), Content::Log(_)) => Content::Log(old),
        (_, new) => new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(data: &mut Data, server: usize, bytes: usize) {
        let key = PaneKey { selected: Selected::Server(server), tab: Tab::Result, version: 0, width: 80 };
        let mut view = TextView::default();
        view.source = "x".repeat(bytes);
        data.show(key, Some(Content::Text(view)));
    }

    #[test]
    fn panes_are_forgotten_oldest_first_once_they_are_many_or_long() {
        let mut data = Data::default();
        for server in 0..100 {
            shown(&mut data, server, 1);
        }
        assert_eq!(data.kept.len(), MOST_KEPT + 1);
        shown(&mut data, 100, MOST_KEPT_BYTES);
        assert_eq!(data.kept.len(), MOST_KEPT + 1);
        shown(&mut data, 101, 1);
        assert_eq!(data.kept.len(), 2, "what is on the screen and the long one before it");
        shown(&mut data, 102, 2 * MOST_KEPT_BYTES);
        shown(&mut data, 103, 1);
        assert_eq!(data.kept.len(), 1, "what is on the screen is always there");
    }
}
