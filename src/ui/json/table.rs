//! An array of objects as a table: columns chosen from the data, widths fitted, scrolled sideways by column.

use super::{Doc, Kind};
use crate::ui::text;

/// Rows looked at to choose columns and widths.
const SAMPLE: usize = 200;
/// The most columns.
const MOST_COLUMNS: usize = 40;
/// The widest column.
const WIDEST: usize = 36;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The key.
    pub key: String,
    /// Its width, columns.
    pub width: usize,
    /// Whether all its values are numbers, which stand at the right.
    pub numeric: bool,
}

/// One array of objects in a document.
#[derive(Clone, Debug)]
pub struct Table {
    /// The array.
    pub array: usize,
    /// Its columns.
    pub columns: Vec<Column>,
    rows: Vec<Vec<Option<u32>>>,
    /// The row the cursor is on.
    pub cursor: usize,
    /// The first row on the screen.
    pub top: usize,
    /// The first column after the pinned one.
    pub left: usize,
}

impl Table {
    /// The array of objects nearest to `node`: it, one around it, one in it, else the longest of the document.
    #[must_use]
    pub fn find(doc: &Doc, node: usize) -> Option<usize> {
        let mut at = node;
        loop {
            if is_table(doc, at) {
                return Some(at);
            }
            let parent = doc.nodes().get(at)?.parent as usize;
            if parent == at {
                break;
            }
            at = parent;
        }
        let length = |node: usize| match doc.nodes()[node].kind {
            Kind::Array(count) => count,
            _ => 0,
        };
        (0..doc.nodes().len()).filter(|node| is_table(doc, *node)).max_by_key(|node| (length(*node), usize::MAX - node))
    }

    /// The table of an array.
    #[must_use]
    pub fn new(doc: &Doc, array: usize) -> Self {
        let mut keys: Vec<String> = Vec::new();
        for row in doc.children(array).take(SAMPLE) {
            for field in doc.children(row) {
                let Some(key) = doc.key(field) else { continue };
                if keys.len() < MOST_COLUMNS && !keys.iter().any(|known| known == key) {
                    keys.push(key.to_owned());
                }
            }
        }
        let rows: Vec<Vec<Option<u32>>> = doc
            .children(array)
            .map(|row| {
                let mut cells = vec![None; keys.len()];
                for field in doc.children(row) {
                    let place = doc.key(field).and_then(|key| keys.iter().position(|known| known == key));
                    if let Some(place) = place {
                        cells[place] = u32::try_from(field).ok();
                    }
                }
                cells
            })
            .collect();
        let columns = keys.into_iter().enumerate().map(|(place, key)| column(doc, &rows, place, key)).collect();
        Self { array, columns, rows, cursor: 0, top: 0, left: 0 }
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The node of a cell.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<usize> {
        self.rows.get(row)?.get(column)?.map(|node| node as usize)
    }

    /// The node of the row under the cursor.
    #[must_use]
    pub fn node(&self, doc: &Doc) -> usize {
        doc.children(self.array).nth(self.cursor).unwrap_or(self.array)
    }

    /// The first row after the cursor (or before it) that has `needle`, which is lower case; wraps around.
    #[must_use]
    pub fn find_row(&self, doc: &Doc, needle: &str, forward: bool) -> Option<usize> {
        let count = self.len();
        (1..=count)
            .map(|step| if forward { (self.cursor + step) % count } else { (self.cursor + count - step) % count })
            .find(|row| {
                self.rows[*row]
                    .iter()
                    .flatten()
                    .any(|node| cell_text(doc, *node as usize).to_lowercase().contains(needle))
            })
    }
}

/// What a cell shows: a scalar's text without quotes, or the size of a container.
#[must_use]
pub fn cell_text(doc: &Doc, node: usize) -> String {
    match doc.nodes()[node].kind {
        Kind::Object(count) => format!("{{{count}}}"),
        Kind::Array(count) => scalars(doc, node).unwrap_or_else(|| format!("[{count}]")),
        Kind::String => doc.string(node).unwrap_or_else(|| doc.text(node).to_owned()),
        Kind::Number | Kind::Word => doc.text(node).to_owned(),
    }
}

/// A short list of scalars, written out.
fn scalars(doc: &Doc, array: usize) -> Option<String> {
    let items: Vec<usize> = doc.children(array).take(6).collect();
    let plain = items.len() < 6 && items.iter().all(|item| !doc.nodes()[*item].kind.is_container());
    plain.then(|| items.iter().map(|item| cell_text(doc, *item)).collect::<Vec<_>>().join(", "))
}

fn is_table(doc: &Doc, node: usize) -> bool {
    matches!(doc.nodes()[node].kind, Kind::Array(1..))
        && doc.children(node).take(SAMPLE).all(|item| matches!(doc.nodes()[item].kind, Kind::Object(_)))
}

fn column(doc: &Doc, rows: &[Vec<Option<u32>>], place: usize, key: String) -> Column {
    let sample = || rows.iter().take(SAMPLE).filter_map(|row| row[place]).map(|node| node as usize);
    let widest = sample().map(|node| text::width(&text::clean_line(&cell_text(doc, node)))).max().unwrap_or(0);
    let width = widest.max(text::width(&text::clean_line(&key))).clamp(1, WIDEST);
    let numeric = sample().all(|node| doc.nodes()[node].kind == Kind::Number);
    Column { key, width, numeric }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Json;

    fn doc(text: &str) -> Doc {
        Doc::parse(&Json::parse(text).expect("test JSON")).expect("small")
    }

    #[test]
    fn columns_are_the_union_of_keys_with_fitted_widths() {
        let doc = doc(r#"{"rows":[{"id":"A","n":10},{"id":"LONGER","tags":["x","y"]}]}"#);
        let table = Table::new(&doc, Table::find(&doc, 0).expect("one array"));
        let columns: Vec<_> = table.columns.iter().map(|c| (c.key.as_str(), c.width, c.numeric)).collect();
        assert_eq!(columns, [("id", 6, false), ("n", 2, true), ("tags", 4, false)]);
        assert_eq!(table.cell(0, 2), None);
        assert_eq!(table.cell(1, 2).map(|node| cell_text(&doc, node)), Some("x, y".to_owned()));
    }

    #[test]
    fn the_array_around_the_cursor_wins_over_a_longer_one() {
        let doc = doc(r#"{"a":[{"x":1}],"b":[{"y":1},{"y":2}]}"#);
        assert_eq!(Table::find(&doc, 3).map(|node| doc.path(node)), Some(".a".to_owned()));
        assert_eq!(Table::find(&doc, 0).map(|node| doc.path(node)), Some(".b".to_owned()));
    }

    #[test]
    fn scalars_make_no_table() {
        let doc = doc(r#"{"a":[1,2],"b":[]}"#);
        assert_eq!(Table::find(&doc, 0), None);
    }
}
