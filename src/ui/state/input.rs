//! What is being typed, and what was typed before.

use tui_textarea::{CursorMove, TextArea, WrapMode};

use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Questions kept for going back to.
const MOST_HISTORY: usize = 1000;

/// The input under the conversation.
#[derive(Debug, Default)]
pub struct Input {
    area: TextArea<'static>,
    history: Vec<String>,
    /// The line of the history that is shown; past its end, what was being typed.
    at: usize,
    draft: String,
    past: Past,
}

/// What is known of the questions of earlier sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Past {
    #[default]
    Unknown,
    /// They were asked for, because somebody wanted to go back to them when this stood in the input.
    Wanted(String),
    Known,
}

/// What becomes of characters that cannot be seen when text is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Hidden characters left out.
    pub dropped: usize,
}

impl Input {
    /// Says what can be typed while nothing is.
    pub fn invite(&mut self, words: &str) {
        self.area.set_placeholder_text(words);
    }

    /// An empty input.
    #[must_use]
    pub fn new(theme: Theme) -> Self {
        let mut area = TextArea::default();
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(theme.style(Role::Text));
        area.set_cursor_style(theme.style(Role::Text));
        area.set_placeholder_style(theme.style(Role::Dim));
        area.set_placeholder_text("Ask in plain words, or / for commands");
        Self { area, ..Self::default() }
    }

    /// The widget and what it edits.
    #[must_use]
    pub fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The same, to edit.
    pub fn area_mut(&mut self) -> &mut TextArea<'static> {
        &mut self.area
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether there is nothing but blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// Screen lines the text takes at a width.
    #[must_use]
    pub fn height(&self, columns: usize) -> usize {
        self.area.lines().iter().map(|line| text::width(line) / columns.max(1) + 1).sum()
    }

    /// Whether the cursor is on the first line.
    #[must_use]
    pub fn on_first_line(&self) -> bool {
        self.area.cursor().0 == 0
    }

    /// Whether the cursor is on the last line.
    #[must_use]
    pub fn on_last_line(&self) -> bool {
        self.area.cursor().0 + 1 >= self.area.lines().len()
    }

    /// Puts text in at the cursor, without what cannot be seen.
    pub fn insert(&mut self, text: &str) -> Swap {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let keep = |c: &char| *c == '\n' || !text::is_hidden(*c);
        let kept: String = text.chars().filter(keep).collect();
        let dropped = text.chars().count() - kept.chars().count();
        if !kept.is_empty() {
            self.area.insert_str(&kept);
        }
        Swap { dropped }
    }

    /// Replaces the whole text.
    pub fn set(&mut self, text: &str) -> Swap {
        // Selecting ends at a column that fits 16 bits, however long the line is.
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(0, 0));
        self.area.delete_str(self.text().chars().count());
        let swap = self.insert(text);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
        swap
    }

    /// Takes the text out and remembers it.
    pub fn take(&mut self) -> String {
        let text = self.text();
        self.set("");
        self.remember(&text);
        text
    }

    /// Remembers a line for going back to, after what was being typed when an older one was shown.
    pub fn remember(&mut self, text: &str) {
        let draft = std::mem::take(&mut self.draft);
        self.keep(&draft);
        self.keep(text);
        self.at = self.history.len();
    }

    /// Whether the line before the first one of this session is wanted, and not known: it is to be asked for.
    pub fn wants_past(&mut self) -> bool {
        let wants = self.at == 0 && self.past != Past::Known;
        if wants {
            self.past = Past::Wanted(self.text());
        }
        wants
    }

    /// Takes in the lines of earlier sessions, the latest last, and shows that if nothing has been done meanwhile.
    pub fn take_past(&mut self, lines: Vec<String>) {
        // Else it is the answer to another session's input, or a second one.
        let Past::Wanted(text) = &self.past else { return };
        let waits = self.at == 0 && *text == self.text();
        self.past = Past::Known;
        let mut lines: Vec<String> = lines.into_iter().filter(|line| !line.trim().is_empty()).collect();
        lines.dedup();
        let over = (lines.len() + self.history.len()).saturating_sub(MOST_HISTORY).min(lines.len());
        lines.drain(..over);
        self.at += lines.len();
        self.history.splice(0..0, lines);
        if waits {
            self.older();
        }
    }

    /// Shows the line typed before.
    pub fn older(&mut self) {
        if self.at == 0 {
            return;
        }
        self.set_aside();
        // Where the history is full, that has taken away its oldest line.
        self.at = self.at.saturating_sub(1);
        let text = self.history[self.at].clone();
        self.set(&text);
    }

    /// Shows the line typed after, at the end what was being typed.
    pub fn newer(&mut self) {
        if self.at >= self.history.len() {
            return;
        }
        self.set_aside();
        self.at += 1;
        let text = self.history.get(self.at).cloned().unwrap_or_else(|| std::mem::take(&mut self.draft));
        self.set(&text);
    }

    /// Keeps what is in the input, unless it is a line of the history: an older line that was changed is what is being
    /// typed now, and what was being typed before becomes a line.
    fn set_aside(&mut self) {
        let text = self.text();
        if self.history.get(self.at) == Some(&text) {
            return;
        }
        let before = std::mem::replace(&mut self.draft, text);
        if self.at < self.history.len() {
            self.keep(&before);
        }
    }

    fn keep(&mut self, text: &str) {
        if !text.trim().is_empty() && self.history.last().is_none_or(|last| last != text) {
            self.history.push(text.to_owned());
        }
        if self.history.len() > MOST_HISTORY {
            self.history.remove(0);
            self.at = self.at.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_goes_back_and_returns_to_the_draft() {
        let mut input = Input::new(Theme::Plain);
        input.remember("one");
        input.remember("two");
        input.set("dra");
        input.older();
        input.older();
        input.older();
        assert_eq!(input.text(), "one");
        input.newer();
        input.newer();
        assert_eq!(input.text(), "dra");
    }

    #[test]
    fn nothing_that_was_typed_is_lost_on_the_way_through_the_history() {
        let mut input = Input::new(Theme::Plain);
        input.remember("one");
        input.remember("two");
        input.set("draft");
        input.older();
        input.set("two, changed");
        input.older();
        assert_eq!((input.text().as_str(), input.history.len()), ("one", 3));
        input.set("one, changed");
        assert_eq!(input.take(), "one, changed");
        let mut seen = Vec::new();
        for _ in 0..5 {
            input.older();
            seen.push(input.text());
        }
        assert_eq!(seen, ["one, changed", "two, changed", "draft", "two", "one"]);
    }

    #[test]
    fn a_line_of_any_length_is_taken_out_whole() {
        let mut input = Input::default();
        input.insert(&format!("{}\nand more", "x".repeat(70_000)));
        assert_eq!(input.take().len(), 70_009);
        assert_eq!(input.text(), "");
        input.set("plain");
        assert_eq!(input.text(), "plain");
    }

    #[test]
    fn a_paste_keeps_its_lines_and_loses_what_cannot_be_seen() {
        let mut input = Input::default();
        assert_eq!(input.insert("a\r\nb\u{202e}\u{1b}c"), Swap { dropped: 2 });
        assert_eq!(input.text(), "a\nbc");
    }

    #[test]
    fn what_is_sent_is_remembered_once() {
        let mut input = Input::new(Theme::Plain);
        input.remember("again");
        input.set("again");
        assert_eq!(input.take(), "again");
        input.older();
        input.older();
        assert_eq!(input.text(), "again");
        assert!(input.history.len() == 1);
    }
}
