//! An answer as rows: Markdown laid out, references to calls found, claims that no result supports marked.

mod tables;

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use tui_markdown::{Options, StyleSheet};

use super::state::{Link, Row};
use super::text::{self, Piece};
use super::theme::{Role, Theme};
use crate::protocol::CallId;
use crate::session::{Claim, Evidence, Mark};

/// What the answer is held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// What results have said; absent while the answer is still coming.
    pub evidence: Option<&'a Evidence>,
    /// Calls in the session: a reference beyond them leads nowhere.
    pub calls: usize,
}

/// Brackets that Markdown leaves alone stand for those of a reference while it is laid out.
const OPEN: char = '⟦';
const CLOSE: char = '⟧';

/// Rows of `source` in at most `columns`, indented by `indent`.
#[must_use]
pub fn rows(source: &str, columns: usize, indent: usize, theme: Theme, against: Against<'_>) -> Vec<Row> {
    let columns = columns.saturating_sub(indent).max(8);
    let protected = protect(&text::clean_block(source));
    let protected = tables::fitted(&protected, columns);
    let table_width = u16::try_from(columns).unwrap_or(u16::MAX);
    let options = Options::new(Sheet(theme)).table_width(table_width);
    let laid_out = tui_markdown::from_str_with_options(&protected, &options);
    let mut rows: Vec<Row> = Vec::new();
    for line in laid_out.lines {
        let base = laid_out.style.patch(line.style);
        let pieces: Vec<Piece> = line
            .spans
            .iter()
            .map(|span| {
                let shown = span.content.replace(OPEN, "[").replace(CLOSE, "]");
                Piece::new(&shown, base.patch(span.style))
            })
            .collect();
        // Fences and the blank lines around them are layout, not words.
        let blank = pieces.iter().all(|piece| piece.text.trim().is_empty());
        if blank && rows.last().is_none_or(Row::is_blank) {
            continue;
        }
        line_rows(&pieces, columns, indent, theme, against, &mut rows);
    }
    while rows.last().is_some_and(Row::is_blank) {
        rows.pop();
    }
    rows
}

/// References `[3]`, `[1, 2]` in a text: byte range of each number and the call it names.
#[must_use]
pub fn references(text: &str) -> Vec<(Range<usize>, CallId)> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = text[rest..].find('[').map(|at| rest + at) {
        rest = open + 1;
        let Some(close) = text[rest..].find(']').map(|at| rest + at) else { break };
        let inner = &text[rest..close];
        let mut start = rest;
        let numbers: Option<Vec<_>> = inner
            .split(',')
            .map(|part| {
                let from = start + (part.len() - part.trim_start().len());
                start += part.len() + 1;
                let digits = part.trim();
                let plain = !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|b| b.is_ascii_digit());
                let number = digits.parse().ok().filter(|number| plain && *number > 0)?;
                Some((from..from + digits.len(), CallId(number)))
            })
            .collect();
        if let Some(numbers) = numbers {
            found.extend(numbers);
            rest = close;
        }
    }
    found
}

fn protect(source: &str) -> String {
    let mut out = source.to_owned();
    // From the end, so that earlier ranges stay true.
    let mut brackets: Vec<(usize, char)> = Vec::new();
    for (range, _) in references(source) {
        let open = source[..range.start].rfind('[');
        let close = source[range.end..].find(']').map(|at| range.end + at);
        brackets.extend(open.map(|at| (at, OPEN)));
        brackets.extend(close.map(|at| (at, CLOSE)));
    }
    brackets.sort_unstable();
    brackets.dedup();
    for (at, bracket) in brackets.into_iter().rev() {
        out.replace_range(at..=at, bracket.encode_utf8(&mut [0; 4]));
    }
    out
}

fn line_rows(pieces: &[Piece], columns: usize, indent: usize, theme: Theme, against: Against<'_>, rows: &mut Vec<Row>) {
    let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let drawn = joined.trim_start().starts_with(['│', '┌', '├', '└', '╭', '╰']);
    let claims = against.evidence.map(|evidence| evidence.check(&joined)).unwrap_or_default();
    let known = |call: CallId| call.index() < against.calls;
    let mut marks: Vec<(Range<usize>, Style)> = Vec::new();
    let links: Vec<(Range<usize>, CallId)> = references(&joined);
    for (range, call) in &links {
        let style = if known(*call) { theme.style(Role::Link) } else { unsupported(theme) };
        let from = joined[..range.start].rfind('[').unwrap_or(range.start);
        let to = joined[range.end..].find(']').map_or(range.end, |at| range.end + at + 1);
        marks.push((from..to, style));
    }
    marks.extend(
        claims
            .iter()
            .filter(|claim| claim.mark == Mark::Unsupported)
            .map(|claim| (claim.range.clone(), unsupported(theme))),
    );
    let marked = overlay(pieces, &marks);
    let hang = if drawn { 0 } else { hanging(&joined) };
    let lines = if drawn {
        vec![(text::flow(&marked, usize::MAX, 0).remove(0).0, 0..joined.len())]
    } else {
        text::flow(&marked, columns, hang)
    };
    for (number, (mut line, range)) in lines.into_iter().enumerate() {
        line.spans.insert(0, " ".repeat(indent).into());
        let shift = indent + if number > 0 { hang } else { 0 };
        let links =
            links.iter().filter(|(place, call)| place.start >= range.start && place.end <= range.end && known(*call));
        let links = links
            .map(|(place, call)| {
                let start = shift + text::width(&joined[range.start..place.start]);
                Link { columns: start..start + place.len(), call: *call, hint: hint(&joined, &claims, place, *call) }
            })
            .collect();
        rows.push(Row { line, links, target: None });
    }
}

/// The claim that a reference stands behind: the last one before it that its call's result has, else the last one.
fn hint(joined: &str, claims: &[Claim], place: &Range<usize>, call: CallId) -> Option<String> {
    let before = || claims.iter().rev().filter(|claim| claim.range.end <= place.start);
    before()
        .find(|claim| claim.mark == Mark::Supported(call))
        .or_else(|| before().next())
        .or_else(|| claims.first())
        .map(|claim| joined[claim.range.clone()].to_owned())
}

fn unsupported(theme: Theme) -> Style {
    theme.style(Role::Bad).add_modifier(Modifier::UNDERLINED)
}

/// Pieces with further styles laid over byte ranges of the joined text.
fn overlay(pieces: &[Piece], marks: &[(Range<usize>, Style)]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.text.len();
        let mut cuts: Vec<usize> = vec![start, end];
        for (range, _) in marks {
            cuts.extend([range.start, range.end].into_iter().filter(|at| (start..end).contains(at)));
        }
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let over = marks.iter().filter(|(range, _)| range.start <= pair[0] && pair[1] <= range.end);
            let style = over.fold(piece.style, |style, (_, mark)| style.patch(*mark));
            out.push(Piece { text: piece.text[pair[0] - start..pair[1] - start].to_owned(), style });
        }
        start = end;
    }
    out
}

/// Columns under which the text of a list item continues.
fn hanging(line: &str) -> usize {
    let indent = line.len() - line.trim_start().len();
    let item = &line[indent..];
    let marker = match item.split_once(' ') {
        Some(("-" | "*" | "•", _)) => 2,
        Some((word, _)) if word.len() < 5 && word.ends_with('.') && word.starts_with(|c: char| c.is_ascii_digit()) => {
            word.len() + 1
        }
        _ => 0,
    };
    indent + marker
}

#[derive(Clone, Copy)]
struct Sheet(Theme);

impl StyleSheet for Sheet {
    fn heading(&self, _level: u8) -> Style {
        self.0.style(Role::Key).add_modifier(Modifier::BOLD)
    }
    fn heading_marker(&self, _level: u8) -> &str {
        ""
    }
    fn code(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn code_block_fence(&self) -> &str {
        ""
    }
    fn link(&self) -> Style {
        self.0.style(Role::Text).add_modifier(Modifier::ITALIC)
    }
    fn blockquote(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn heading_meta(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn metadata_block(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn html(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn math_inline(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn math_display(&self) -> Style {
        self.0.style(Role::Code)
    }
    fn alert(&self, _kind: tui_markdown::AlertKind) -> Style {
        self.0.style(Role::Warn)
    }
    fn alert_icon(&self, _kind: tui_markdown::AlertKind) -> &str {
        "!"
    }
    fn table_header(&self) -> Style {
        self.0.style(Role::Strong)
    }
    fn table_border(&self) -> Style {
        self.0.style(Role::Dim)
    }
    fn list_marker(&self) -> Style {
        self.0.style(Role::Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Json;

    const NOTHING: Against<'_> = Against { evidence: None, calls: 9 };

    fn shown(source: &str, columns: usize) -> Vec<String> {
        rows(source, columns, 0, Theme::Plain, NOTHING).iter().map(|row| row.line.to_string()).collect()
    }

    #[test]
    fn references_are_found_alone_and_in_lists() {
        let found: Vec<_> = references("a [3], b [1, 2] c [x] [0] [] [4").into_iter().map(|(_, call)| call.0).collect();
        assert_eq!(found, [3, 1, 2]);
    }

    #[test]
    fn a_reference_that_looks_like_a_link_definition_stays() {
        assert_eq!(shown("[1]: the tickets", 40), ["[1]: the tickets"]);
        assert_eq!(shown("see [2](x)", 40), ["see [2](x)"]);
    }

    #[test]
    fn headings_lists_and_code_read_as_text() {
        let rows = shown("# Title\n\n- one two three\n- four\n\n```sql\nselect 1\n```\n\nend", 12);
        assert_eq!(rows, ["Title", "", "- one two", "  three", "- four", "", "select 1", "", "end"]);
    }

    #[test]
    fn a_link_knows_its_columns_and_the_claim_before_it() {
        let mut evidence = Evidence::default();
        let result = Json::parse(r#"{"structuredContent":{"id":"TKT-1001"}}"#).expect("test JSON");
        evidence.add(CallId(2), &result);
        let against = Against { evidence: Some(&evidence), calls: 2 };
        let rows = rows("Ticket TKT-1001 [2], TKT-1002 [7]", 60, 2, Theme::Plain, against);
        let link = &rows[0].links[0];
        assert_eq!((link.columns.clone(), link.call, link.hint.as_deref()), (19..20, CallId(2), Some("TKT-1001")));
        assert_eq!(rows[0].links.len(), 1, "a reference to no call leads nowhere");
        let marked: Vec<_> = rows[0]
            .line
            .spans
            .iter()
            .filter(|span| span.style == unsupported(Theme::Plain))
            .map(|span| span.content.as_ref())
            .collect();
        assert_eq!(marked, ["TKT-1002", "[7]"]);
    }

    #[test]
    fn escapes_in_an_answer_are_shown() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c", 40), ["a␛[2Jb⟨U+202E⟩c"]);
    }
}
