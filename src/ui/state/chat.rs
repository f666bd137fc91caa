//! The conversation as rows: one item a turn, made when it comes into view and kept until it changes.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use ratatui::text::Line;

use crate::protocol::CallId;
use crate::session::{Session, Span};

/// Items whose rows are kept; those in view always are.
const MOST_KEPT: usize = 256;

/// One row of the conversation.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What is drawn.
    pub line: Line<'static>,
    /// References in it.
    pub links: Vec<Link>,
    /// What Enter or a click on it is for.
    pub target: Option<Target>,
    /// Whether an answer begins here.
    pub begins: bool,
}

impl Row {
    /// Whether nothing is to be seen.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.line.spans.iter().all(|span| span.content.trim().is_empty())
    }
}

impl From<Line<'static>> for Row {
    fn from(line: Line<'static>) -> Self {
        Self { line, ..Self::default() }
    }
}

/// A reference to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Columns in the row.
    pub columns: Range<usize>,
    /// The call.
    pub call: CallId,
    /// What stands before it and should be found in the result.
    pub hint: Option<String>,
}

/// What a row leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A call or step to select.
    Span(Span),
    /// One of the first screen's questions.
    Example(usize),
    /// A suggested action that goes into the input.
    Action(String),
    /// A server's lane.
    Server(usize),
}

/// One part of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The first screen.
    Greeting,
    /// A turn by its position.
    Turn(usize),
    /// Questions that wait.
    Queue,
}

/// Where the view stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scroll {
    /// At the end, wherever it is.
    #[default]
    End,
    /// With this row of this item on top.
    At(usize, usize),
}

/// A part of an item that is in view.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The item.
    pub item: usize,
    /// Its rows in view.
    pub rows: Range<usize>,
    /// All its rows.
    pub all: Rc<Vec<Row>>,
}

/// Where a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkAt {
    /// The item.
    pub item: usize,
    /// The row in it.
    pub row: usize,
    /// Which link of the row.
    pub link: usize,
}

/// The conversation pane.
#[derive(Debug, Default)]
pub struct Chat {
    kept: HashMap<usize, Rc<Vec<Row>>>,
    width: u16,
    /// Where the view stands.
    pub scroll: Scroll,
    /// What is in view, top first.
    pub window: Vec<Slice>,
    /// The reference the keys are on.
    pub link: Option<LinkAt>,
    /// The question of the first screen the keys are on.
    pub example: Option<usize>,
    /// The turn whose answer has been shown from its beginning, or whose reader has scrolled.
    pub read: Option<usize>,
}

impl Chat {
    /// How many items there are.
    #[must_use]
    pub fn count(session: &Session) -> usize {
        session.turns.len().max(1) + 1
    }

    /// What an item is.
    #[must_use]
    pub fn item(session: &Session, index: usize) -> Item {
        match index {
            0 if session.turns.is_empty() => Item::Greeting,
            _ if index < session.turns.len() => Item::Turn(index),
            _ => Item::Queue,
        }
    }

    /// Forgets the rows of an item that changed.
    pub fn forget(&mut self, item: usize) {
        self.kept.remove(&item);
    }

    /// Forgets all rows.
    pub fn forget_all(&mut self) {
        self.kept.clear();
    }

    /// Takes note of the width; all rows are made for one.
    pub fn set_width(&mut self, width: u16) {
        if self.width != width {
            self.width = width;
            self.forget_all();
        }
    }

    /// The rows of an item, if they are kept.
    #[must_use]
    pub fn kept(&self, item: usize) -> Option<Rc<Vec<Row>>> {
        self.kept.get(&item).map(Rc::clone)
    }

    /// Keeps the rows of an item.
    pub fn keep(&mut self, item: usize, rows: Vec<Row>) -> Rc<Vec<Row>> {
        if self.kept.len() > MOST_KEPT {
            self.kept.clear();
        }
        let rows = Rc::new(rows);
        self.kept.insert(item, Rc::clone(&rows));
        rows
    }

    /// The slice and the row that a screen row of the pane shows.
    #[must_use]
    pub fn row_at(&self, screen_row: usize) -> Option<(usize, usize, &Row)> {
        let mut left = screen_row;
        for slice in &self.window {
            if left < slice.rows.len() {
                let row = slice.rows.start + left;
                return Some((slice.item, row, slice.all.get(row)?));
            }
            left -= slice.rows.len();
        }
        None
    }
}
