//! Words in the data pane: lines made at once, or a text that may be very long and is only cut where a line begins.

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::text;

/// Wrapped text.
#[derive(Debug, Default)]
pub struct TextView {
    /// The text as it is.
    pub source: String,
    /// The first line on the screen.
    pub top: usize,
    lines: Lines,
}

#[derive(Debug)]
enum Lines {
    Made(Vec<Line<'static>>),
    /// Where each begins in the source, bytes.
    Cut(Vec<usize>, Style),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Made(Vec::new())
    }
}

impl TextView {
    /// Text with its lines.
    #[must_use]
    pub fn of_lines(source: String, lines: Vec<Line<'static>>) -> Self {
        Self { source, top: 0, lines: Lines::Made(lines) }
    }

    /// Text of any length, cut every `columns`, so that every character of it can be scrolled to.
    #[must_use]
    pub fn cut(source: String, columns: usize, style: Style) -> Self {
        let starts = starts(&source, columns.max(1));
        Self { source, top: 0, lines: Lines::Cut(starts, style) }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.lines {
            Lines::Made(lines) => lines.len(),
            Lines::Cut(starts, _) => starts.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, as it is drawn.
    #[must_use]
    pub fn line(&self, at: usize) -> Option<Cow<'_, Line<'static>>> {
        match &self.lines {
            Lines::Made(lines) => lines.get(at).map(Cow::Borrowed),
            Lines::Cut(starts, style) => {
                let start = *starts.get(at)?;
                let end = starts.get(at + 1).copied().unwrap_or(self.source.len());
                let words = text::clean_line(self.source[start..end].trim_end_matches(['\n', '\r']));
                Some(Cow::Owned(Line::styled(words.into_owned(), *style)))
            }
        }
    }
}

/// Where lines of at most `columns` begin. Bytes of ASCII, which long texts mostly are, are not measured.
fn starts(source: &str, columns: usize) -> Vec<usize> {
    let mut starts = Vec::with_capacity(source.len() / columns + 1);
    let (mut at, mut used) = (0, usize::MAX);
    let bytes = source.as_bytes();
    while at < bytes.len() {
        let is_plain = bytes[at].is_ascii() && bytes.get(at + 1).is_none_or(u8::is_ascii) && bytes[at] != b'\r';
        let (length, width) = if is_plain {
            (1, 1)
        } else {
            let grapheme = source[at..].graphemes(true).next().unwrap_or_default();
            (grapheme.len().max(1), text::width(grapheme))
        };
        if used == usize::MAX || used + width > columns {
            starts.push(at);
            used = 0;
        }
        used = if source[at..at + length].ends_with('\n') { usize::MAX } else { used + width };
        at += length;
    }
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_ends_with_its_columns_or_its_line_break() {
        let view = TextView::cut("abcdef\ngh\n\n日本語e\u{301}x".to_owned(), 4, Style::default());
        let lines: Vec<String> = (0..view.len()).filter_map(|at| view.line(at)).map(|line| line.to_string()).collect();
        assert_eq!(lines, ["abcd", "ef", "gh", "", "日本", "語e\u{301}x"]);
        assert!(view.line(6).is_none() && TextView::cut(String::new(), 4, Style::default()).is_empty());
    }

    proptest! {
        #[test]
        fn every_character_stands_on_some_line_and_no_line_is_too_wide(source in "([a-c日é😀 ]\u{301}?){0,60}", columns in 2_usize..9) {
            let view = TextView::cut(source.clone(), columns, Style::default());
            let lines: Vec<String> = (0..view.len()).filter_map(|at| view.line(at)).map(|line| line.to_string()).collect();
            prop_assert_eq!(lines.concat(), text::clean_line(&source).into_owned());
            prop_assert!(lines.iter().all(|line| text::width(line) <= columns));
        }
    }
}
