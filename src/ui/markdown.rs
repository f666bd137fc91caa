//! An answer as rows: Markdown laid out, references to calls found, claims that no result supports marked.

mod line;
mod sheet;
mod table;

use ratatui::style::Modifier;
use ratatui::text::Line;
use tui_markdown::Options;

use self::line::{Laid, laid};
use self::sheet::Sheet;
use self::table::{Fit, Part, Table};
use super::state::{Link, Row};
use super::text::{self, Piece};
use super::theme::{Role, Theme};
use crate::protocol::TurnId;
use crate::session::{Evidence, Totals, references};

/// What the answer is held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// What results have said; absent while the answer is still coming.
    pub evidence: Option<&'a Evidence>,
    /// The turn it answers.
    pub turn: TurnId,
    /// Calls in the session: a reference beyond them leads nowhere.
    pub calls: usize,
}

/// The same for a line of it: what its tables add up to is known of the whole answer only.
#[derive(Clone, Copy)]
struct Held<'a> {
    against: Against<'a>,
    totals: &'a Totals,
}

/// How the tables of an answer are laid out.
#[derive(Clone, Copy)]
enum Form {
    /// In columns.
    Grid,
    /// Each row as a little paragraph.
    Stacked,
}

/// Brackets that Markdown leaves alone stand for those of a reference while it is laid out.
const OPEN: char = '⟦';
const CLOSE: char = '⟧';

/// Rows of `source` in at most `columns`, indented by `indent`.
#[must_use]
pub fn rows(source: &str, columns: usize, indent: usize, theme: Theme, against: Against<'_>) -> Vec<Row> {
    let columns = columns.saturating_sub(indent).max(8);
    let protected = protect(&text::clean_block(source));
    let mut rows: Vec<Row> = Vec::new();
    let parts = table::parts(&protected);
    // One form for all tables of an answer, so that they can be read in one way.
    let fits = |part: &Part<'_>| !matches!(part, Part::Table(table) if table::fit(table, columns).is_none());
    let form = if parts.iter().all(fits) { Form::Grid } else { Form::Stacked };
    let totals = against.evidence.map(|evidence| evidence.totals(source)).unwrap_or_default();
    let held = Held { against, totals: &totals };
    for part in parts {
        match part {
            Part::Text(words) => text_rows(words, columns, theme, held, &mut rows),
            Part::Table(table) => {
                if rows.last().is_some_and(|row| !row.is_blank()) {
                    rows.push(Row::default());
                }
                match form {
                    Form::Grid => table_rows(&table, columns, theme, held, &mut rows),
                    Form::Stacked => stacked_rows(&table, columns, theme, held, &mut rows),
                }
                rows.push(Row::default());
            }
        }
    }
    while rows.last().is_some_and(Row::is_blank) {
        rows.pop();
    }
    for row in rows.iter_mut().filter(|row| !row.is_blank()) {
        row.line.spans.insert(0, " ".repeat(indent).into());
        for link in &mut row.links {
            link.columns = link.columns.start + indent..link.columns.end + indent;
        }
    }
    rows
}

fn text_rows(source: &str, columns: usize, theme: Theme, held: Held<'_>, rows: &mut Vec<Row>) {
    let table_width = u16::try_from(columns).unwrap_or(u16::MAX);
    let options = Options::new(Sheet(theme)).table_width(table_width);
    let laid_out = tui_markdown::from_str_with_options(source, &options);
    for line in laid_out.lines {
        let pieces = pieces(&line, laid_out.style);
        // Fences and the blank lines around them are layout, not words.
        let blank = pieces.iter().all(|piece| piece.text.trim().is_empty());
        if blank && rows.last().is_none_or(Row::is_blank) {
            continue;
        }
        let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let found = laid(&pieces, columns, hanging(&joined), theme, held, None);
        rows.extend(found.into_iter().map(|laid| Row { line: laid.line, links: laid.links, ..Row::default() }));
    }
}

fn pieces(line: &Line<'_>, base: ratatui::style::Style) -> Vec<Piece> {
    let base = base.patch(line.style);
    let piece = |span: &ratatui::text::Span<'_>| {
        let shown = span.content.replace(OPEN, "[").replace(CLOSE, "]");
        Piece::new(&shown, base.patch(span.style))
    };
    let mut pieces: Vec<Piece> = Vec::with_capacity(line.spans.len());
    for span in &line.spans {
        pieces.push(piece(span));
        if let [before @ .., open, address, close] = pieces.as_slice()
            && (open.text.as_str(), close.text.as_str()) == (" (", ")")
            && address.style.add_modifier.contains(Modifier::ITALIC)
        {
            // A link that is written as its own address says it once.
            let label: String = before.iter().map(|piece| piece.text.as_str()).collect();
            let plain = address.text.strip_prefix("mailto:").unwrap_or(&address.text);
            if label.ends_with(plain) {
                pieces.truncate(before.len());
            }
        }
    }
    pieces
}

/// A table without borders: what is narrow stays whole, what is wide is wrapped in its column.
fn table_rows(table: &Table, columns: usize, theme: Theme, held: Held<'_>, rows: &mut Vec<Row>) {
    let Some(fit) = table::fit(table, columns) else { return };
    let mut heading = grid_rows(&table.heading, table, &fit, theme, held);
    for span in heading.iter_mut().flat_map(|row| &mut row.line.spans) {
        span.style = span.style.patch(theme.style(Role::Strong));
    }
    rows.append(&mut heading);
    let rules = fit.widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>();
    let rule = Piece::new(&rules.join(&" ".repeat(fit.gap)), theme.style(Role::Dim));
    rows.extend(text::flow(&[rule], usize::MAX, 0).into_iter().map(|(line, _)| Row::from(line)));
    for row in &table.rows {
        rows.append(&mut grid_rows(row, table, &fit, theme, held));
    }
}

/// One row of a table: as many lines as its tallest cell.
fn grid_rows(row: &[String], table: &Table, fit: &Fit, theme: Theme, held: Held<'_>) -> Vec<Row> {
    let subject = row.first().map(|cell| text::clean_line(cell).replace(['*', '`'], ""));
    let subject = subject.map(|words| words.split(' ').next().unwrap_or("").to_owned());
    let cells: Vec<Vec<Laid>> = row
        .iter()
        .zip(&fit.widths)
        .map(|(cell, width)| laid(&cell_pieces(cell, theme), *width, 0, theme, held, subject.as_deref()))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut rows = Vec::with_capacity(height);
    for number in 0..height {
        let mut line = Line::default();
        let mut links = Vec::new();
        let mut at = 0;
        let mut start = 0;
        for ((cell, width), right) in cells.iter().zip(&fit.widths).zip(&table.right) {
            if let Some(laid) = cell.get(number) {
                let from = start + if *right { width.saturating_sub(laid.width) } else { 0 };
                line.spans.push(" ".repeat(from.saturating_sub(at)).into());
                line.spans.extend(laid.line.spans.iter().cloned());
                links.extend(
                    laid.links.iter().map(|link| Link {
                        columns: link.columns.start + from..link.columns.end + from,
                        ..link.clone()
                    }),
                );
                at = from + laid.width;
            }
            start += width + fit.gap;
        }
        rows.push(Row { line, links, ..Row::default() });
    }
    rows
}

/// A table that is too wide for its columns: each row as a little paragraph under its first cell.
fn stacked_rows(table: &Table, columns: usize, theme: Theme, held: Held<'_>, rows: &mut Vec<Row>) {
    let dim = theme.style(Role::Dim);
    for row in &table.rows {
        let Some((first, rest)) = row.split_first() else { continue };
        let subject = first.split(' ').next();
        let mut put = |pieces: &[Piece], hang| {
            let found = laid(pieces, columns, hang, theme, held, subject);
            rows.extend(found.into_iter().map(|laid| Row { line: laid.line, links: laid.links, ..Row::default() }));
        };
        let mut heading = cell_pieces(first, theme);
        for piece in &mut heading {
            piece.style = piece.style.patch(theme.style(Role::Strong));
        }
        put(&heading, 0);
        let mut pieces = vec![Piece::new("  ", dim)];
        for (name, cell) in table.heading.iter().skip(1).zip(rest).filter(|(_, cell)| !cell.is_empty()) {
            let between = if pieces.len() > 1 { " · " } else { "" };
            pieces.push(Piece::new(&format!("{between}{name}: "), dim));
            pieces.extend(cell_pieces(cell, theme));
        }
        put(&pieces, 2);
    }
}

/// A cell's own Markdown, on one line.
fn cell_pieces(cell: &str, theme: Theme) -> Vec<Piece> {
    if !cell.contains(['*', '`', '_', '<', '&', '\\']) {
        let shown = cell.replace(OPEN, "[").replace(CLOSE, "]");
        return vec![Piece::new(&shown, theme.style(Role::Text))];
    }
    let laid_out = tui_markdown::from_str_with_options(cell, &Options::new(Sheet(theme)));
    let lines = laid_out.lines.iter().take(1);
    lines.flat_map(|line| pieces(line, laid_out.style)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{CallId, Json};

    const NOTHING: Against<'_> = Against { evidence: None, turn: TurnId(1), calls: 9 };

    fn shown(source: &str, columns: usize) -> Vec<String> {
        rows(source, columns, 0, Theme::Plain, NOTHING).iter().map(|row| row.line.to_string()).collect()
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
        let against = Against { evidence: Some(&evidence), turn: TurnId(1), calls: 2 };
        let rows = rows("Ticket TKT-1001 [2], TKT-1002 [7]", 60, 2, Theme::Plain, against);
        let link = &rows[0].links[0];
        assert_eq!((link.columns.clone(), link.call, link.hint.as_deref()), (19..20, CallId(2), Some("TKT-1001")));
        assert_eq!(rows[0].links.len(), 1, "a reference to no call leads nowhere");
        let marked: Vec<_> = rows[0]
            .line
            .spans
            .iter()
            .filter(|span| span.style == line::unsupported(Theme::Plain))
            .map(|span| span.content.as_ref())
            .collect();
        assert_eq!(marked, ["TKT-1002", "[7]"]);
    }

    #[test]
    fn a_total_is_not_marked_where_its_table_stands_in_another_part_of_the_answer() {
        let mut evidence = Evidence::default();
        let result = Json::parse(r#"{"structuredContent":{"a":"10.10","b":"20.20"}}"#).expect("test JSON");
        evidence.add(CallId(1), &result);
        let against = Against { evidence: Some(&evidence), turn: TurnId(1), calls: 1 };
        let marked = |sum: &str| {
            let source = format!("{sum} in all\n\n| id | sum |\n| --- | --- |\n| x | 10.10 |\n| y | 20.20 |");
            let rows = rows(&source, 60, 0, Theme::Plain, against);
            let spans = rows.iter().flat_map(|row| &row.line.spans);
            spans.filter(|span| span.style == line::unsupported(Theme::Plain)).count()
        };
        assert_eq!((marked("30.30"), marked("30.31")), (0, 1));
    }

    #[test]
    fn an_address_that_is_its_own_text_is_printed_once() {
        assert_eq!(shown("write to <mail@example.com> now", 60), ["write to mail@example.com now"]);
        assert_eq!(shown("see <https://example.com/a>", 60), ["see https://example.com/a"]);
        assert_eq!(shown("see [the page](https://example.com/a)", 60), ["see the page (https://example.com/a)"]);
        let table = "| id | mail |\n|---|---|\n| 1 | <mail@example.com> |";
        assert_eq!(shown(table, 60)[2].trim_end(), "1   mail@example.com");
    }

    #[test]
    fn tables_of_one_answer_have_one_form() {
        let wide = format!("|{}\n|{}\n|{}", " column |".repeat(9), "---|".repeat(9), " indivisible |".repeat(9));
        let rows = shown(&format!("| a | b |\n|---|---|\n| 1 | 2 |\n\nand\n\n{wide}"), 60);
        assert!(!rows.iter().any(|row| row.contains('─')) && rows.contains(&"  b: 2".to_owned()), "{rows:?}");
    }

    #[test]
    fn escapes_in_an_answer_are_shown() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c", 40), ["a␛[2Jb⟨U+202E⟩c"]);
    }
}
