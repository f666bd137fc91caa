//! Something the console asks the operator for: one line, or a text of several.

use tui_textarea::{CursorMove, TextArea, WrapMode};

use super::Offers;
use crate::protocol::CallId;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Answers kept that were put away.
const MOST_DRAFTS: usize = 16;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A place in a recording.
    GoTo,
    /// Why a held call is refused.
    Deny(CallId),
    /// Other arguments for a held call.
    Arguments(CallId),
    /// Another result for a call whose own is held.
    Result(CallId),
    /// The result of a call that is not sent.
    Answer(CallId),
    /// All breakpoints and log points.
    Breakpoints,
    /// The arguments with which a recorded call that only reads is made again.
    Again(CallId),
    /// The same for a call that may change something.
    AgainWriting(CallId),
}

impl Purpose {
    /// The heading over the text.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::GoTo => "Go to".to_owned(),
            Self::Deny(call) => format!("Deny call {} — why?", call.0),
            Self::Arguments(call) => format!("Arguments of call {}", call.0),
            Self::Result(call) => format!("Result of call {}, as the model will see it", call.0),
            Self::Answer(call) => format!("Answer call {} in place of its server", call.0),
            Self::Breakpoints => "Breakpoints".to_owned(),
            Self::Again(call) => format!("LIVE: make call {} again", call.0),
            Self::AgainWriting(call) => format!("LIVE: make call {} again, WHICH MAY CHANGE SOMETHING", call.0),
        }
    }

    /// What may be written.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::GoTo => "#120 a record · c17 a call · t4 a turn · +03:12 a time · 50%",
            Self::Deny(_) => "The model gets this as an error; empty says that you refused it.",
            Self::Arguments(_) => "It stays held: n sends what you see then.",
            Self::Result(_) => "It stays held: n gives the model what you see then. The record keeps both.",
            Self::Answer(_) => "JSON or words; empty is an empty result. Ctrl+R: the last result of this tool.",
            Self::Again(_) => {
                "Its server is started and really called; a recorded result is compared with the new one."
            }
            Self::AgainWriting(_) => {
                "Its server is started and really called: what it changes stays changed. Asked every time."
            }
            Self::Breakpoints => "One expression a line (/query); `log EXPR` takes a note instead of stopping.",
        }
    }

    /// Whether an answer that is put away is kept to go on with.
    #[must_use]
    pub fn keeps_drafts(self) -> bool {
        self != Self::GoTo
    }

    /// Whether its lines are expressions.
    #[must_use]
    pub fn is_expression(self) -> bool {
        self == Self::Breakpoints
    }

    /// Whether one line is all there is to write.
    #[must_use]
    pub fn is_line(self) -> bool {
        match self {
            Self::GoTo | Self::Deny(_) => true,
            Self::Arguments(_)
            | Self::Result(_)
            | Self::Answer(_)
            | Self::Breakpoints
            | Self::Again(_)
            | Self::AgainWriting(_) => false,
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
    /// The answer of which something doubtful was told: the same once more is meant.
    pub doubted: Option<String>,
    /// What may stand in place of the word at the cursor.
    pub offers: Offers,
    /// The answer it began with.
    given: String,
    /// Whether it goes on with what was put away before.
    pub is_draft: bool,
}

/// Answers that were put away, each for what it was meant for.
#[derive(Debug, Default)]
pub struct Drafts(Vec<(Purpose, String)>);

impl Drafts {
    /// Keeps an answer if there is something in it that would be lost. Says whether there was.
    pub fn keep(&mut self, ask: &Ask) -> bool {
        let is_worth = ask.purpose.keeps_drafts() && (ask.is_draft || ask.is_changed());
        if is_worth {
            self.0.push((ask.purpose, ask.text()));
        }
        if self.0.len() > MOST_DRAFTS {
            self.0.remove(0);
        }
        is_worth
    }

    /// Takes out what was put away.
    pub fn take(&mut self, purpose: Purpose) -> Option<String> {
        let at = self.0.iter().position(|(kept, _)| *kept == purpose)?;
        Some(self.0.remove(at).1)
    }
}

impl Ask {
    /// A question with `text` as the answer so far.
    #[must_use]
    pub fn new(purpose: Purpose, text: &str, theme: Theme) -> Self {
        let mut area = TextArea::default();
        area.set_wrap_mode(WrapMode::Glyph);
        area.set_cursor_line_style(theme.style(Role::Text));
        area.set_cursor_style(theme.style(Role::Text));
        let given = String::new();
        let (problem, doubted) = (None, None);
        let mut ask = Self { purpose, area, problem, doubted, offers: Offers::default(), given, is_draft: false };
        ask.set(text);
        ask.given = ask.text();
        ask
    }

    /// Whether the answer is another one than it began with.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.text() != self.given
    }

    /// The heading over the text.
    #[must_use]
    pub fn title(&self) -> String {
        let draft = if self.is_draft { " — as you left it" } else { "" };
        format!("{}{draft}", self.purpose.title())
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

    /// Replaces the whole answer, and goes to where it is most likely to be changed.
    pub fn set(&mut self, text: &str) {
        self.cut();
        self.insert(text);
        self.refill();
        self.problem = None;
        // Before the brace that ends an object is where the next field is written.
        if text.ends_with("\n}") {
            self.area.move_cursor(CursorMove::Up);
            self.area.move_cursor(CursorMove::End);
        }
    }

    /// Takes everything out, or puts in again what was taken out last.
    pub fn empty(&mut self) {
        if self.area.is_empty() {
            self.area.paste();
        } else {
            self.cut();
        }
        self.refill();
        self.problem = None;
    }

    fn cut(&mut self) {
        self.area.select_all();
        self.area.cut();
        self.area.cancel_selection();
    }

    /// Forgets which lines are on the screen, so that the next time as many are as there is room for: the text area itself
    /// only ever moves its window as far as the cursor needs.
    pub fn refill(&mut self) {
        let cursor = self.area.cursor();
        for _ in 0..2 {
            self.area.scroll((-i16::MAX, 0));
        }
        self.go_to(cursor.0, cursor.1);
    }

    /// Moves the cursor to a place, both 0-based, the column in characters.
    pub fn go_to(&mut self, row: usize, column: usize) {
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(number(row), number(column)));
    }

    /// The answer.
    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }
}
