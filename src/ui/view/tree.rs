//! JSON on the screen: the tree row by row, and an array of objects as a table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put_line;
use crate::ui::json::{Doc, Kind, Table, Tree, cell_text};
use crate::ui::state::State;
use crate::ui::text::Pen;
use crate::ui::theme::{Role, Theme};

/// Bytes of a folded value's preview that are looked at.
const PREVIEW: usize = 400;

/// Draws the rows of the tree that are in view.
pub(super) fn draw(state: &State, tree: &Tree, focused: bool, buffer: &mut Buffer) {
    let area = state.areas.data;
    let theme = state.theme();
    let needle = state.data.search.words.to_lowercase();
    for row in 0..usize::from(area.height) {
        let Some(node) = tree.node_at(tree.top + row) else { break };
        let found = !needle.is_empty() && tree.has(node, &needle);
        let line = tree_row(tree, node, area.width, theme, found).line();
        put_line(buffer, area, row, &line);
        if focused && tree.top + row == tree.cursor {
            mark(area, row, theme, buffer);
        }
    }
}

fn mark(area: Rect, row: usize, theme: Theme, buffer: &mut Buffer) {
    let y = area.y + u16::try_from(row).unwrap_or(0);
    buffer.set_style(Rect { y, height: 1, ..area }, theme.style(Role::Selected));
}

/// Whether all of a tree can be seen in rows of `width`: nothing is folded, and no row is cut.
#[must_use]
pub fn is_whole(tree: &Tree, width: u16, theme: Theme) -> bool {
    let nodes = tree.doc.nodes();
    let fits = |node: usize| {
        let is_begun = !nodes[node].kind.is_container() && nodes[node].text.len() > looked_at(width);
        !is_begun && !tree_row(tree, node, width, theme, false).is_cut()
    };
    tree.len() == nodes.len() && (0..nodes.len()).all(fits)
}

/// Bytes of a value that are looked at for a row of `width`: most of them take a column each.
fn looked_at(width: u16) -> usize {
    usize::from(width) * 4
}

fn tree_row(tree: &Tree, node: usize, width: u16, theme: Theme, found: bool) -> Pen {
    let doc = &tree.doc;
    let mut pen = Pen::new(width);
    let Some(shown) = doc.nodes().get(node) else { return pen };
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let sign = match (shown.kind, tree.is_folded(node)) {
        (Kind::Object(0) | Kind::Array(0) | Kind::String | Kind::Number | Kind::Word, _) => "  ",
        (Kind::Object(_) | Kind::Array(_), true) => "▸ ",
        (Kind::Object(_) | Kind::Array(_), false) => "▾ ",
    };
    // Deep nesting must leave room for the value.
    let indent = (usize::from(shown.depth) * 2).min(usize::from(width) / 2);
    pen.put(" ", plain).blank(indent).put(sign, dim);
    let key_style = theme.style(if found { Role::Found } else { Role::Key });
    match (doc.key(node), node) {
        (Some(key), _) => {
            pen.put(key, key_style).put("  ", plain);
        }
        (None, 0) => {}
        (None, _) => {
            pen.put(&shown.position.to_string(), dim).put("  ", plain);
        }
    }
    let source = doc.text(node);
    match shown.kind {
        Kind::Object(count) => {
            pen.put(&format!("{{{count}}}"), dim);
            preview(tree, node, &mut pen, theme);
        }
        Kind::Array(count) => {
            pen.put(&format!("[{count}]"), dim);
            preview(tree, node, &mut pen, theme);
        }
        Kind::String | Kind::Number | Kind::Word => {
            let role = match (found, shown.kind) {
                (true, _) => Role::Found,
                (false, Kind::String) => Role::String,
                (false, Kind::Number) => Role::Number,
                (false, Kind::Word | Kind::Object(_) | Kind::Array(_)) => Role::Word,
            };
            pen.put(beginning(source, looked_at(width)), theme.style(role));
        }
    }
    pen
}

/// What a folded container begins with.
fn preview(tree: &Tree, node: usize, pen: &mut Pen, theme: Theme) {
    let doc = &tree.doc;
    if !tree.is_folded(node) || pen.room() < 8 {
        return;
    }
    let mut words = String::new();
    for child in doc.children(node) {
        let Some(shown) = doc.nodes().get(child) else { break };
        if words.len() > PREVIEW {
            break;
        }
        let value = match shown.kind {
            Kind::Object(count) => format!("{{{count}}}"),
            Kind::Array(count) => format!("[{count}]"),
            Kind::String | Kind::Number | Kind::Word => beginning(doc.text(child), 80).to_owned(),
        };
        match doc.key(child) {
            Some(key) => words.push_str(&format!("  {key}: {value}")),
            None => words.push_str(&format!("  {value}")),
        }
    }
    pen.put(&words, theme.style(Role::Dim));
}

fn beginning(source: &str, bytes: usize) -> &str {
    &source[..source.floor_char_boundary(bytes)]
}

/// Draws the heading and the rows of the table that are in view; the first column stays where it is.
pub(super) fn draw_table(state: &State, doc: &Doc, table: &Table, focused: bool, buffer: &mut Buffer) {
    let area = state.areas.data;
    let theme = state.theme();
    let columns: Vec<usize> = (0..table.columns.len()).filter(|column| *column == 0 || *column > table.left).collect();
    let mut pen = Pen::new(area.width);
    pen.put(" ", theme.style(Role::Text));
    for column in &columns {
        let shown = &table.columns[*column];
        let style = theme.style(Role::Key).add_modifier(ratatui::style::Modifier::UNDERLINED);
        if shown.numeric {
            pen.right(&shown.key, shown.width, style);
        } else {
            pen.column(&shown.key, shown.width, style);
        }
        pen.put("  ", theme.style(Role::Text));
    }
    put_line(buffer, area, 0, &pen.line());
    let needle = state.data.search.words.to_lowercase();
    for row in 0..usize::from(area.height.saturating_sub(1)) {
        let number = table.top + row;
        if number >= table.len() {
            break;
        }
        let mut pen = Pen::new(area.width);
        pen.put(" ", theme.style(Role::Text));
        for column in &columns {
            if pen.room() == 0 {
                break;
            }
            let shown = &table.columns[*column];
            let (words, role) = match table.cell(number, *column) {
                Some(node) => (cell_text(doc, node), role_of(doc, node)),
                None => ("·".to_owned(), Role::Dim),
            };
            let found = !needle.is_empty() && words.to_lowercase().contains(&needle);
            let style = theme.style(if found { Role::Found } else { role });
            let words = beginning(&words, 400);
            if shown.numeric {
                pen.right(words, shown.width, style);
            } else {
                pen.column(words, shown.width, style);
            }
            pen.put("  ", theme.style(Role::Text));
        }
        put_line(buffer, area, row + 1, &pen.line());
        if focused && number == table.cursor {
            mark(area, row + 1, theme, buffer);
        }
    }
}

fn role_of(doc: &Doc, node: usize) -> Role {
    match doc.nodes().get(node).map(|node| node.kind) {
        Some(Kind::Number) => Role::Number,
        Some(Kind::Word) => Role::Word,
        Some(Kind::Object(_) | Kind::Array(_)) => Role::Dim,
        Some(Kind::String) | None => Role::Text,
    }
}
