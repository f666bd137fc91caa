//! Tables of an answer: found in the Markdown, given widths that keep ids, dates and amounts whole.

use unicode_segmentation::UnicodeSegmentation;

use crate::ui::text;

/// Words up to this length are cut only where the table would not fit otherwise.
const WHOLE: usize = 12;
/// Words up to this length, such as dates, are never cut to make columns fit.
const NARROWEST: usize = 10;
/// A single word is not kept whole beyond this.
const LONGEST_WORD: usize = 24;

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Markdown without tables.
    Text(&'a str),
    /// A table, its heading first.
    Table(Table),
}

/// A table as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Its headings.
    pub heading: Vec<String>,
    /// Its rows, each as long as the heading.
    pub rows: Vec<Vec<String>>,
    /// Whether a column stands at the right.
    pub right: Vec<bool>,
}

/// Takes a text apart into tables and what is between them. Fenced code stays text.
pub(super) fn parts(source: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut fence = None;
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        let mark = line.trim_start().get(..3).filter(|mark| matches!(*mark, "```" | "~~~"));
        match (mark, fence) {
            (Some(mark), None) => fence = Some(mark),
            (Some(mark), Some(open)) if mark == open => fence = None,
            _ => {}
        }
        let columns = lines.get(number + 1).and_then(|next| alignments(next));
        let heading = columns.filter(|_| fence.is_none() && line.contains('|')).map(|right| (cells(line), right));
        let Some((heading, right)) = heading.filter(|(heading, right)| heading.len() == right.len()) else {
            at += line.len();
            number += 1;
            continue;
        };
        if start < at {
            parts.push(Part::Text(&source[start..at]));
        }
        let body = lines[number + 2..].iter().take_while(|line| line.contains('|')).count();
        let rows = lines[number + 2..number + 2 + body].iter().map(|line| {
            let mut row = cells(line);
            row.resize(heading.len(), String::new());
            row
        });
        parts.push(Part::Table(Table { rows: rows.collect(), heading, right }));
        at += lines[number..number + 2 + body].iter().map(|line| line.len()).sum::<usize>();
        number += 2 + body;
        start = at;
    }
    if start < source.len() {
        parts.push(Part::Text(&source[start..]));
    }
    parts
}

/// Where the columns of a table stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// The width of each.
    pub widths: Vec<usize>,
    /// Blanks between two of them.
    pub gap: usize,
}

/// Widths that fit `columns` together with the gaps, as roomy as they can be; `None` if too much would have to be cut.
pub(super) fn fit(table: &Table, columns: usize) -> Option<Fit> {
    [(2, WHOLE), (1, WHOLE), (1, NARROWEST)]
        .into_iter()
        .find_map(|(gap, narrowest)| widths(table, columns, gap, narrowest).map(|widths| Fit { widths, gap }))
}

fn widths(table: &Table, columns: usize, gap: usize, narrowest: usize) -> Option<Vec<usize>> {
    let count = table.heading.len();
    let room = columns.checked_sub(gap * count.saturating_sub(1))?;
    let all = || table.rows.iter().chain([&table.heading]);
    let most = |column: usize, size: fn(&str) -> usize| all().map(|row| size(&row[column])).max().unwrap_or(0).max(1);
    let natural: Vec<usize> = (0..count).map(|column| most(column, shown_width)).collect();
    let mut widths: Vec<usize> = (0..count).map(|column| most(column, longest_word).min(LONGEST_WORD)).collect();
    while widths.iter().sum::<usize>() > room {
        let widest = widths.iter_mut().max().filter(|width| **width > narrowest)?;
        *widest -= 1;
    }
    // What is left goes where most is missing.
    for _ in widths.iter().sum::<usize>()..room {
        let missing = |column: &usize| natural[*column].saturating_sub(widths[*column]);
        let Some(column) = (0..count).max_by_key(missing).filter(|column| missing(column) > 0) else { break };
        widths[column] += 1;
    }
    Some(widths)
}

/// Columns of a cell without the signs of Markdown, which are not drawn.
fn shown_width(cell: &str) -> usize {
    text::width(&cell.replace(['*', '`'], ""))
}

fn longest_word(cell: &str) -> usize {
    cell.split(' ').map(shown_width).max().unwrap_or(0)
}

/// The columns of a line such as `| --- | ---: |`: whether each stands at the right.
fn alignments(line: &str) -> Option<Vec<bool>> {
    let dashes = |cell: &String| {
        let inner = cell.trim_start_matches(':').trim_end_matches(':');
        !inner.is_empty() && inner.bytes().all(|b| b == b'-')
    };
    let found = cells(line);
    (line.contains('|') && !found.is_empty() && found.iter().all(dashes))
        .then(|| found.iter().map(|cell| cell.ends_with(':') && !cell.starts_with(':')).collect())
}

/// The cells of a line; `\|` is no border.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for grapheme in line.graphemes(true) {
        match grapheme {
            "|" if !escaped => cells.push(String::new()),
            _ => {
                let cell = cells.last_mut();
                if let Some(cell) = cell {
                    if escaped && grapheme == "|" {
                        cell.pop();
                    }
                    cell.push_str(grapheme);
                }
            }
        }
        escaped = grapheme == "\\" && !escaped;
    }
    if line.ends_with('|') && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_between_texts_but_not_in_code() {
        let source = "a\n\n| x | n |\n|---|--:|\n| 1 | 2 |\n| 3 |\n\nb\n```\n| x |\n|---|\n```\n";
        let parts = parts(source);
        let table = Table {
            heading: vec!["x".into(), "n".into()],
            rows: vec![vec!["1".into(), "2".into()], vec!["3".into(), String::new()]],
            right: vec![false, true],
        };
        assert_eq!(parts, [Part::Text("a\n\n"), Part::Table(table), Part::Text("\nb\n```\n| x |\n|---|\n```\n")]);
    }

    #[test]
    fn ids_and_dates_stay_whole_and_words_give_way() {
        let row = ["TKT-1015 [1]", "Nobody can log in to the domain since the power cut", "2025-10-05"];
        let table = Table {
            heading: vec!["id".into(), "subject".into(), "created".into()],
            rows: vec![row.map(str::to_owned).to_vec()],
            right: vec![false; 3],
        };
        assert_eq!(fit(&table, 120), Some(Fit { widths: vec![12, 51, 10], gap: 2 }));
        let narrow = fit(&table, 46).expect("it fits").widths;
        assert!(narrow[0] >= 8 && narrow[2] == 10 && narrow.iter().sum::<usize>() == 42, "{narrow:?}");
        assert_eq!(fit(&table, 12), None);
    }

    #[test]
    fn an_escaped_border_is_text() {
        assert_eq!(cells(r"| a \| b | c |"), ["a | b", "c"]);
    }
}
