//! Something the console asks the operator for: one line, or a text of several.

use tui_textarea::{CursorMove, TextArea, WrapMode};

use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A place in a recording.
    GoTo,
}

impl Purpose {
    /// The heading over the text.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::GoTo => "Go to".to_owned(),
        }
    }

    /// What may be written.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::GoTo => "#120 a record · c17 a call · t4 a turn · +03:12 a time · 50%",
        }
    }

    /// Whether one line is all there is to write.
    #[must_use]
    pub fn is_line(&self) -> bool {
        match self {
            Self::GoTo => true,
        }
    }
}

/// A question of the console.
#[derive(Debug)]
pub struct Ask {
    /// What it is for.
    pub purpose: Purpose,
    /// The answer so far.
    pub area: TextArea<'static>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Ask {
    /// A question with `text` as the answer so far.
    #[must_use]
    pub fn new(purpose: Purpose, text: &str, theme: Theme) -> Self {
        let mut area = TextArea::default();
        area.set_wrap_mode(WrapMode::Glyph);
        area.set_cursor_line_style(theme.style(Role::Text));
        area.set_cursor_style(theme.style(Role::Text));
        let mut ask = Self { purpose, area, problem: None };
        ask.insert(text);
        if !ask.purpose.is_line() {
            ask.area.move_cursor(CursorMove::Top);
            ask.area.move_cursor(CursorMove::Head);
        }
        ask
    }

    /// Puts text in at the cursor, without what cannot be seen.
    pub fn insert(&mut self, text: &str) {
        let is_line = self.purpose.is_line();
        let keep = |c: &char| (*c == '\n' && !is_line) || !text::is_hidden(*c);
        let kept: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(keep).collect();
        if !kept.is_empty() {
            self.area.insert_str(&kept);
        }
    }

    /// Replaces the whole answer.
    pub fn set(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.area.cancel_selection();
        self.insert(text);
    }

    /// The answer.
    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }
}
