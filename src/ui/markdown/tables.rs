//! Tables that are too wide for the pane become lists: a record an item, its first two cells first, the others with
//! their column's name. A table whose every cell is broken over five lines tells nobody anything.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::ui::text;

struct Table {
    range: Range<usize>,
    /// Cells as they stand in the source; the first row is the header.
    rows: Vec<Vec<String>>,
}

/// `source` with every table that does not fit `columns` as a list.
#[must_use]
pub fn fitted(source: &str, columns: usize) -> Cow<'_, str> {
    if !source.contains('|') {
        return Cow::Borrowed(source);
    }
    let wide: Vec<Table> = tables(source).into_iter().filter(|table| natural_width(table) > columns).collect();
    if wide.is_empty() {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len());
    let mut done = 0;
    // Another bullet begins another list, so that two tables do not become one.
    for (table, bullet) in wide.into_iter().zip(['-', '*'].into_iter().cycle()) {
        out.push_str(&source[done..table.range.start]);
        write_list(&mut out, &table, bullet);
        done = table.range.end;
    }
    out.push_str(&source[done..]);
    Cow::Owned(out)
}

fn tables(source: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut cell: Option<Range<usize>> = None;
    for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Table { range, rows: Vec::new() }),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                if let Some(table) = tables.last_mut() {
                    table.rows.push(Vec::new());
                }
            }
            Event::Start(Tag::TableCell) => cell = Some(range),
            Event::End(TagEnd::TableCell) => {
                let row = tables.last_mut().and_then(|table| table.rows.last_mut());
                if let (Some(row), Some(range)) = (row, cell.take()) {
                    row.push(source[range].trim().trim_matches('|').trim().replace("\\|", "|"));
                }
            }
            _ => {}
        }
    }
    tables
}

/// Columns of the table if no cell is wrapped, with its borders.
fn natural_width(table: &Table) -> usize {
    let count = table.rows.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        table.rows.iter().filter_map(|row| row.get(column)).map(|cell| text::width(cell)).max().unwrap_or(0)
    };
    (0..count).map(|column| widest(column) + 3).sum::<usize>() + 1
}

fn write_list(out: &mut String, table: &Table, bullet: char) {
    let Some((header, rows)) = table.rows.split_first() else { return };
    for row in rows {
        let first = row.first().map_or("", String::as_str);
        let second = row.get(1).map_or("", String::as_str);
        // Writing to a String cannot fail.
        let _ = write!(out, "{bullet} **{first}** {second}");
        for (name, value) in header.iter().zip(row).skip(2).filter(|(_, value)| !value.is_empty()) {
            let _ = write!(out, " · {name}: {value}");
        }
        out.push('\n');
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Three:\n\n| id | subject | status |\n| --- | --- | --- |\n| TKT-1 ⟦1⟧ | A `b\\|c` d | open |\n| TKT-2 | x |  |\n\nEnd";

    #[test]
    fn a_table_that_fits_stays() {
        assert!(matches!(fitted(TABLE, 60), Cow::Borrowed(same) if same == TABLE));
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_a_list_with_nothing_lost() {
        let list = fitted(TABLE, 20);
        assert_eq!(list, "Three:\n\n- **TKT-1 ⟦1⟧** A `b|c` d · status: open\n- **TKT-2** x\n\n\nEnd");
    }

    #[test]
    fn bars_outside_of_tables_are_left_alone() {
        let text = "a | b\n\n```\n| x | y |\n```\n";
        assert_eq!(fitted(text, 1), text);
    }
}
