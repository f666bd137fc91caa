//! Wrapping of styled text at words, with a hanging indent, by grapheme where a word is too long.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::{clean_line, grapheme_width, width};

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The text, without line breaks.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

impl Piece {
    /// A run of cleaned text.
    #[must_use]
    pub fn new(text: &str, style: Style) -> Self {
        Self { text: clean_line(text).into_owned(), style }
    }
}

/// Pieces as screen lines of at most `columns`, each with its byte range in the joined text; lines after the first
/// are indented by `hang`.
#[must_use]
pub fn flow(pieces: &[Piece], columns: usize, hang: usize) -> Vec<(Line<'static>, Range<usize>)> {
    let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let hang = if hang < columns / 2 { hang } else { 0 };
    let lines = wrap(&joined, columns, hang).into_iter().enumerate();
    lines
        .map(|(number, range)| {
            let mut spans = Vec::new();
            if number > 0 && hang > 0 {
                spans.push(Span::raw(" ".repeat(hang)));
            }
            let mut start = 0;
            for piece in pieces {
                let end = start + piece.text.len();
                let from = range.start.clamp(start, end) - start;
                let to = range.end.clamp(start, end) - start;
                if from < to {
                    spans.push(Span::styled(piece.text[from..to].to_owned(), piece.style));
                }
                start = end;
            }
            (Line::from(spans), range)
        })
        .collect()
}

/// Byte ranges of the joined pieces that make up each screen line; the first may be `columns` wide, the others
/// `columns - hang`.
#[must_use]
pub fn wrap(text: &str, columns: usize, hang: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let hang = if hang < columns / 2 { hang } else { 0 };
    let mut lines = Vec::new();
    let mut start = 0;
    let mut room = columns;
    let mut used = 0;
    for (at, word) in words(text) {
        let wide = width(word);
        if used + wide <= room {
            used += wide;
            continue;
        }
        if word.trim().is_empty() {
            // Blanks at the end of a line hang over its edge.
            lines.push(start..at);
            start = at + word.len();
            (room, used) = (columns - hang, 0);
            continue;
        }
        if used > 0 && wide <= columns - hang {
            lines.push(start..at);
            start = at;
            (room, used) = (columns - hang, wide);
            continue;
        }
        let mut joint = None;
        for (offset, grapheme) in word.grapheme_indices(true) {
            let (here, wide) = (at + offset, grapheme_width(grapheme));
            while used + wide > room && used > 0 {
                let sensible = joint.take().filter(|cut| width(&text[start..*cut]) * 3 >= room);
                let cut = sensible.unwrap_or(here);
                lines.push(start..cut);
                start = cut;
                (room, used) = (columns - hang, width(&text[cut..here]));
            }
            used += wide;
            if matches!(grapheme, "@" | "." | "-" | "_" | "/" | ":" | ",") {
                joint = Some(here + grapheme.len());
            }
        }
    }
    if start < text.len() || lines.is_empty() {
        lines.push(start..text.len());
    }
    for line in &mut lines {
        let kept = text[line.clone()].trim_end().len();
        line.end = line.start + kept;
    }
    lines
}

/// Runs of blanks, words, and single wide characters: ids, paths and amounts stay in one piece.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut bounds = text.split_word_bound_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = bounds.next()?;
        let (mut end, mut last) = (start + first.len(), first);
        // Only the last bound is looked at: looking at the whole word again for each would take for ever in a long one.
        while let Some((_, next)) = bounds.next_if(|(_, next)| joins(last, next)) {
            (end, last) = (end + next.len(), next);
        }
        Some((start, &text[start..end]))
    })
}

fn joins(last: &str, next: &str) -> bool {
    let narrow = |text: &str| text.is_ascii() || width(text) == text.chars().count();
    // A no-break space does not break.
    let blank = |text: &str| text.ends_with(|c: char| c.is_whitespace() && c != '\u{a0}');
    !blank(last) && !blank(next) && narrow(last) && narrow(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, columns: usize, hang: usize) -> Vec<&str> {
        wrap(text, columns, hang).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn lines_break_at_words() {
        assert_eq!(lines("the quick brown fox", 10, 0), ["the quick", "brown fox"]);
        assert_eq!(lines("- the quick brown fox", 12, 2), ["- the quick", "brown fox"]);
    }

    #[test]
    fn an_id_stays_in_one_piece() {
        assert_eq!(lines("see CUST-009?", 9, 0), ["see", "CUST-009?"]);
    }

    #[test]
    fn a_long_word_is_cut_by_grapheme() {
        assert_eq!(lines("abcdefgh", 3, 0), ["abc", "def", "gh"]);
        assert_eq!(lines("日本語", 4, 0), ["日本", "語"]);
    }

    #[test]
    fn an_address_breaks_at_its_joints() {
        assert_eq!(lines("maria.santos@dataflow.example", 16, 0), ["maria.santos@", "dataflow.example"]);
        assert_eq!(lines("INV-2024-012-0099", 10, 0), ["INV-2024-", "012-0099"]);
    }

    #[test]
    fn a_long_word_of_strange_characters_takes_no_longer_than_its_length() {
        // Looked at again for each of its parts, this would take minutes.
        let text = "␛⟨U+202E⟩]52;".repeat(20_000);
        assert_eq!(wrap(&text, 40, 0).last().map(|line| line.end), Some(text.len()));
    }

    #[test]
    fn an_empty_text_is_one_line() {
        assert_eq!(lines("", 5, 0), [""]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_line_is_wider_than_asked(text in "[a-z 日é@.-]{0,60}", columns in 2_usize..20, hang in 0_usize..4) {
            for range in wrap(&text, columns, hang) {
                prop_assert!(width(&text[range]) <= columns);
            }
        }
    }
}
