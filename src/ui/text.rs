//! Text on its way to the screen: cleaned by the one sanitiser, measured by grapheme, cut and wrapped.
//!
//! Whatever comes from outside (questions, answers, arguments, results, names, stderr, errors) reaches a `Line` only through
//! [`Pen`] or [`wrap`], and both clean it. Raw bytes stay in the record.

mod pen;
mod wrap;

use ratatui::style::Style;
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use crate::sanitise::{clean_block, clean_json, clean_line, is_hidden};
pub use crate::wording::{bytes, count, duration, fence, first_line};
pub use pen::Pen;
pub use wrap::{Piece, flow, wrap};

/// Columns that cleaned `text` takes.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme_width).sum() }
}

/// Columns of one grapheme: at least one, so that nothing can hide between two cells.
#[must_use]
pub fn grapheme_width(grapheme: &str) -> usize {
    UnicodeWidthStr::width(grapheme).clamp(1, 2)
}

/// The longest head of cleaned `text` that fits `columns`, and the columns it takes.
#[must_use]
pub fn head(text: &str, columns: usize) -> (&str, usize) {
    if text.is_ascii() {
        let end = text.len().min(columns);
        return (&text[..end], end);
    }
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        let next = used + grapheme_width(grapheme);
        if next > columns {
            return (&text[..start], used);
        }
        used = next;
    }
    (text, used)
}

/// `text` cleaned and cut to `columns`, with `…` where something is missing.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    let text = clean_line(text);
    if width(&text) <= columns {
        return text.into_owned();
    }
    match columns {
        0 => String::new(),
        _ => format!("{}…", head(&text, columns - 1).0),
    }
}

/// A time in the session, `m:ss`.
#[must_use]
pub fn clock(at_us: u64) -> String {
    format!("{}:{:02}", at_us / 60_000_000, at_us / 1_000_000 % 60)
}

/// `text` cleaned and cut to what takes at most `rows` rows of `columns`, wherever its words break; `rest` follows where
/// something is missing.
#[must_use]
pub fn in_rows(text: &str, columns: usize, rows: usize, rest: &str) -> String {
    let room = columns.saturating_sub(12) * rows;
    let cleaned = clean_line(text);
    match width(&cleaned) <= room {
        true => cleaned.into_owned(),
        false => fit(&cleaned, room.saturating_sub(width(rest))) + rest,
    }
}

/// A message in lines of at most `columns` after a blank, and at most four of them: more would take the panes
/// away, and `/notices` has the rest.
#[must_use]
pub fn said(message: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    const MOST: usize = 4;
    let piece = Piece::new(&format!(" {}", in_rows(message, columns, MOST, " /notices")), style);
    flow(&[piece], columns.max(4), 1).into_iter().take(MOST).map(|(line, _)| line).collect()
}

/// How well `query` matches `text` as letters in order, higher is better; `None` if it does not.
#[must_use]
pub fn fuzzy(query: &str, text: &str) -> Option<i32> {
    let lower = text.to_lowercase();
    let whole = query.trim().to_lowercase();
    let mut score = if !whole.is_empty() && lower.contains(&whole) { 100 } else { 0 };
    let text: Vec<char> = lower.chars().collect();
    let mut at = 0;
    let mut last = None;
    for wanted in query.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        let found = at + text[at..].iter().position(|c| *c == wanted)?;
        let starts_word = found == 0 || !text[found - 1].is_alphanumeric();
        let follows = found > 0 && last == Some(found - 1);
        score += if follows { 8 } else { 0 } + if starts_word { 6 } else { 0 };
        score -= i32::try_from(found - at).unwrap_or(i32::MAX).min(6);
        last = Some(found);
        at = found + 1;
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis_at_a_grapheme() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn durations_and_sizes_read_like_words() {
        assert_eq!(
            [0, 999, 12_345, 3_456_789, 125_000_000].map(duration),
            ["0 µs", "999 µs", "12 ms", "3.4 s", "2 m 05 s"]
        );
        assert_eq!([12, 2048, 1_572_864].map(bytes), ["12 B", "2.0 KiB", "1.5 MiB"]);
    }

    #[test]
    fn fuzzy_prefers_starts_of_words_and_runs() {
        assert!(fuzzy("nc", "next call") > fuzzy("nc", "lantern ice"));
        assert_eq!(fuzzy("xyz", "next call"), None);
        assert!(fuzzy("", "anything").is_some());
    }
}
