//! The sanitiser: characters that could move the cursor, reorder, hide or impersonate text become visible.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// Combining marks kept on one base character; more are only ever meant to paint over other lines.
const MOST_MARKS: usize = 4;

/// Columns between tab stops.
const TAB: usize = 4;

/// One line of text from outside, safe to draw: line breaks are shown as `␊`.
#[must_use]
pub fn clean_line(text: &str) -> Cow<'_, str> {
    clean(text, LineBreaks::Shown)
}

/// Several lines of text from outside, safe to draw line by line: `\n` stays, `\r\n` becomes `\n`.
#[must_use]
pub fn clean_block(text: &str) -> Cow<'_, str> {
    clean(text, LineBreaks::Kept)
}

/// JSON as it can be put on a terminal: what is hidden, and marks piled up on a character, are written as `\uXXXX`, which is
/// the same value.
#[must_use]
pub fn clean_json(text: &str) -> Cow<'_, str> {
    // Below that there are no controls but white space between values: a string has them escaped.
    let is_open = |c: char| c >= '\u{7f}' && is_hidden(c);
    if !text.contains(|c: char| is_open(c) || c.width() == Some(0)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut marks = 0;
    for c in text.chars() {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        if is_open(c) || marks > MOST_MARKS {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character has no place on the screen as it is: controls, bidi, zero-width and blank look-alikes.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineBreaks {
    Kept,
    Shown,
}

fn clean(text: &str, breaks: LineBreaks) -> Cow<'_, str> {
    let plain = |b: u8| (0x20..0x7f).contains(&b) || (b == b'\n' && breaks == LineBreaks::Kept);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    let mut marks = 0;
    let mut last = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before = out.len();
        match c {
            '\n' if breaks == LineBreaks::Kept => {
                out.push('\n');
                column = 0;
                marks = 0;
                last = None;
                continue;
            }
            '\r' if breaks == LineBreaks::Kept && chars.peek() == Some(&'\n') => continue,
            '\t' => out.extend(std::iter::repeat_n(' ', TAB - column % TAB)),
            // A single selector after a drawn character only picks its look; a run of them can carry a message.
            '\u{fe0e}' | '\u{fe0f}' if last.is_some_and(|last| !is_hidden(last)) => {
                last = Some(c);
                continue;
            }
            c if is_hidden(c) => show(&mut out, c),
            c if c.width() == Some(0) => {
                marks += 1;
                if last.is_none() {
                    out.push('◌');
                }
                if marks <= MOST_MARKS {
                    out.push(c);
                } else {
                    show(&mut out, c);
                }
            }
            c => out.push(c),
        }
        if c.width() != Some(0) {
            marks = 0;
        }
        last = Some(c);
        column += out[before..].chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
    }
    Cow::Owned(out)
}

fn show(out: &mut String, c: char) {
    let code = u32::from(c);
    match code {
        0..0x20 => out.push(char::from_u32(0x2400 + code).unwrap_or('�')),
        0x7f => out.push('␡'),
        // Writing to a String cannot fail.
        _ => {
            let _ = write!(out, "⟨U+{code:04X}⟩");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_controls_become_pictures() {
        assert_eq!(clean_line("\u{1b}[31mred\u{7}\n"), "␛[31mred␇␊");
        assert_eq!(clean_line("\u{9b}2J\u{7f}"), "⟨U+009B⟩2J␡");
    }

    #[test]
    fn bidi_and_zero_width_characters_are_named() {
        assert_eq!(clean_line("a\u{202e}b\u{200b}c\u{feff}"), "a⟨U+202E⟩b⟨U+200B⟩c⟨U+FEFF⟩");
        assert_eq!(clean_line("\u{e0041}"), "⟨U+E0041⟩");
    }

    #[test]
    fn a_block_keeps_its_lines_and_expands_tabs() {
        assert_eq!(clean_block("a\tb\r\n\tc"), "a   b\n    c");
    }

    #[test]
    fn an_emoji_selector_vanishes_but_a_run_of_them_is_shown() {
        assert_eq!(clean_line("⚠\u{fe0f} ok"), "⚠ ok");
        assert_eq!(clean_line("⚠\u{fe0f}\u{fe0f}"), "⚠⟨U+FE0F⟩");
    }

    #[test]
    fn a_pile_of_marks_is_cut_down_and_a_lone_one_gets_a_base() {
        assert_eq!(clean_line("\u{301}a"), "◌\u{301}a");
        assert!(clean_line(&format!("a{}", "\u{301}".repeat(9))).contains("⟨U+0301⟩"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!clean_line(&text).chars().any(is_hidden));
            prop_assert!(!clean_block(&text).chars().any(|c| c != '\n' && is_hidden(c)));
        }

        #[test]
        fn json_keeps_its_value_and_hides_nothing(text in any::<String>(), more in "[a\u{7f}-\u{9f}\u{202e}\u{200b}\u{e0041}\u{fe0f}\u{301}]{0,19}") {
            let value = serde_json::json!({ &more: text, "more": more });
            let cleaned = clean_json(&value.to_string()).into_owned();
            prop_assert!(!cleaned.chars().any(is_hidden), "{cleaned}");
            prop_assert_eq!(clean_line(&cleaned), cleaned.as_str(), "it is measured as it is drawn");
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&cleaned).expect("JSON"), value);
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in "[\\x00-\\x1fa-z\u{200b}-\u{202e}\u{fe0f}\u{301}\u{1f600}]{0,40}") {
            let once = clean_line(&text).into_owned();
            prop_assert_eq!(clean_line(&once), once.as_str());
        }
    }
}
