//! Inside the data pane: folds, the table form, search, opening and copying.

use crate::protocol::Json;
use crate::ui::json::{Doc, Table, Tree};
use crate::ui::state::{Content, Overlay, State};
use crate::ui::text;

use super::{Effect, form, palette, source};

/// The most that is put on the clipboard, bytes; terminals take less.
const MOST_COPIED: usize = 1024 * 1024;

/// Moves in the tree on the screen.
pub(super) fn tree(state: &mut State, motion: impl FnOnce(&mut Tree)) {
    if let Some(Content::Json(tree, None)) = state.data.pane_mut().map(|pane| &mut pane.content) {
        motion(tree);
    }
}

/// Shows the nearest array of objects as a table, or the tree again.
pub(super) fn toggle_table(state: &mut State) {
    let Some(Content::Json(tree, table)) = state.data.pane_mut().map(|pane| &mut pane.content) else { return };
    if let Some(shown) = table.take() {
        let node = shown.node(&tree.doc);
        tree.reveal(node);
        return;
    }
    match Table::find(&tree.doc, tree.node()) {
        Some(array) => {
            let mut made = Table::new(&tree.doc, array);
            let here = tree.node();
            let row = tree.doc.children(array).take_while(|row| *row <= here).count();
            made.cursor = row.saturating_sub(1);
            *table = Some(made);
        }
        None => state.notice = Some("There is no list of objects in it.".to_owned()),
    }
}

/// Moves the table sideways by columns.
pub(super) fn columns(state: &mut State, by: isize) {
    if let Some(Content::Json(_, Some(table))) = state.data.pane_mut().map(|pane| &mut pane.content) {
        let last = table.columns.len().saturating_sub(2);
        table.left = table.left.saturating_add_signed(by).min(last);
    }
}

/// Goes to the first place with the words being typed, the cursor's own included.
pub(super) fn find_from_here(state: &mut State) {
    let words = state.data.search.words.to_lowercase();
    // Other words may be there or not.
    state.data.search.looked_at = None;
    if words.is_empty() || here_matches(state, &words) {
        return;
    }
    find(state, true);
}

fn here_matches(state: &State, words: &str) -> bool {
    match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Json(tree, None)) => tree.has(tree.node(), words),
        _ => false,
    }
}

/// Goes to the next place with the words (or the one before).
pub(super) fn find(state: &mut State, forward: bool) {
    let words = state.data.search.words.to_lowercase();
    if words.is_empty() {
        return;
    }
    let lines = listed(state);
    let Some(pane) = state.data.pane_mut() else { return };
    let found = match &mut pane.content {
        Content::Empty(_) => false,
        Content::Json(tree, Some(table)) => {
            let row = table.find_row(&tree.doc, &words, forward);
            table.cursor = row.unwrap_or(table.cursor);
            row.is_some()
        }
        Content::Json(tree, None) => {
            let node = tree.find(&words, forward);
            if let Some(node) = node {
                tree.reveal(node);
            }
            node.is_some()
        }
        Content::Text(view) => {
            let all = (0..view.len()).filter_map(|at| view.line(at));
            let lines: Vec<String> = all.map(|line| line.to_string().to_lowercase()).collect();
            let row = next(&lines, view.top, &words, forward);
            view.top = row.unwrap_or(view.top);
            row.is_some()
        }
        Content::Frames(view) | Content::Log(view) => {
            let row = next(&lines, view.cursor, &words, forward);
            view.cursor = row.unwrap_or(view.cursor);
            row.is_some()
        }
    };
    if !found {
        state.notice = Some(format!("Nothing here has “{}”.", text::fit(&words, 40)));
    }
}

fn next(lines: &[String], here: usize, words: &str, forward: bool) -> Option<usize> {
    let count = lines.len();
    (1..=count)
        .map(|step| if forward { (here + step) % count } else { (here + count - step % count) % count })
        .find(|line| lines[*line].contains(words))
}

/// Looks whether what came on the screen has the words searched for.
pub(super) fn look(state: &mut State) {
    let key = state.data.pane().map(|pane| pane.key);
    let words = state.data.search.words.to_lowercase();
    if words.is_empty() || state.data.search.looked_at == key {
        return;
    }
    let found = match state.data.pane().map(|pane| &pane.content) {
        None | Some(Content::Empty(_)) => false,
        Some(Content::Json(tree, _)) => (0..tree.doc.nodes().len()).any(|node| tree.has(node, &words)),
        Some(Content::Text(view)) => view.source.to_lowercase().contains(&words),
        Some(Content::Frames(_) | Content::Log(_)) => listed(state).iter().any(|line| line.contains(&words)),
    };
    state.data.search.found = found;
    state.data.search.looked_at = key;
}

/// The entries of the list on the screen, lower case, for searching.
fn listed(state: &State) -> Vec<String> {
    match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Frames(_)) => {
            let frames = source::frames(state);
            let count = frames.map_or(0, source::Frames::len);
            (0..count).filter_map(|at| frames?.get(at)).map(|frame| frame.text().to_lowercase()).collect()
        }
        Some(Content::Log(_)) => {
            let log = state.server().map(|server| &server.log);
            log.into_iter().flatten().map(|line| line.text.to_lowercase()).collect()
        }
        Some(Content::Empty(_) | Content::Json(..) | Content::Text(_)) | None => Vec::new(),
    }
}

/// Opens what the cursor is on: folds a container, shows a long value or message on its own page.
pub(super) fn open(state: &mut State) {
    let entry = listed_entry(state);
    let Some(pane) = state.data.pane_mut() else { return };
    match &mut pane.content {
        Content::Empty(_) | Content::Text(_) => {}
        Content::Json(_, Some(_)) => toggle_table(state),
        Content::Json(tree, None) => {
            let node = tree.node();
            let Some(found) = tree.doc.nodes().get(node) else { return };
            if found.kind.is_container() {
                tree.toggle();
                return;
            }
            let title = tree.doc.path(node);
            let words = tree.doc.string(node).unwrap_or_else(|| tree.doc.text(node).to_owned());
            state.overlay = Some(Overlay::Page(palette::page(state, &title, &words)));
        }
        Content::Frames(_) => {
            let pretty = Json::parse(&entry).ok().and_then(|json| Doc::parse(&json)).map(|doc| doc.pretty(0));
            let words = pretty.unwrap_or(entry);
            state.overlay = Some(Overlay::Page(palette::page(state, "Message", &words)));
        }
        Content::Log(_) => {
            state.overlay = Some(Overlay::Page(palette::page(state, "Log line", &entry)));
        }
    }
}

/// The text of the list entry under the cursor.
fn listed_entry(state: &State) -> String {
    match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Frames(view)) => {
            let frame = source::frames(state).and_then(|frames| frames.get(view.cursor));
            frame.map(|frame| frame.text().into_owned()).unwrap_or_default()
        }
        Some(Content::Log(view)) => {
            let line = state.server().and_then(|server| server.log.get(view.cursor));
            line.map(|line| line.text.clone()).unwrap_or_default()
        }
        Some(Content::Empty(_) | Content::Json(..) | Content::Text(_)) | None => String::new(),
    }
}

/// Copies what the cursor is on.
pub(super) fn copy(state: &mut State) -> Vec<Effect> {
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        let copied = form::copied(form);
        return put(state, copied);
    }
    let copied = match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Json(tree, table)) => {
            let node = table.as_ref().map_or_else(|| tree.node(), |table| table.node(&tree.doc));
            tree.doc.string(node).unwrap_or_else(|| tree.doc.pretty(node))
        }
        Some(Content::Text(view)) => view.source.clone(),
        Some(Content::Frames(_) | Content::Log(_)) => listed_entry(state),
        Some(Content::Empty(_)) | None => String::new(),
    };
    put(state, copied)
}

/// Copies the whole tab as it came.
pub(super) fn copy_raw(state: &mut State) -> Vec<Effect> {
    let copied = match state.data.pane().map(|pane| &pane.content) {
        Some(Content::Json(tree, _)) => tree.doc.json().text().to_owned(),
        Some(Content::Text(view)) => view.source.clone(),
        Some(Content::Frames(_)) => {
            let frames = source::frames(state);
            let count = frames.map_or(0, source::Frames::len);
            let texts = (0..count).filter_map(|at| frames?.get(at)).map(|frame| frame.text().into_owned());
            texts.collect::<Vec<_>>().join("\n")
        }
        Some(Content::Log(_)) => {
            let log = state.server().map(|server| &server.log);
            log.into_iter().flatten().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
        }
        Some(Content::Empty(_)) | None => String::new(),
    };
    put(state, copied)
}

fn put(state: &mut State, copied: String) -> Vec<Effect> {
    let size = text::bytes(copied.len());
    if copied.is_empty() {
        state.notice = Some("There is nothing to copy.".to_owned());
        return Vec::new();
    }
    if copied.len() > MOST_COPIED {
        state.notice = Some(format!("{size} is more than a terminal takes; nothing copied."));
        return Vec::new();
    }
    state.notice = Some(format!("Copied {size}, if the terminal allows it (OSC 52)."));
    vec![Effect::Copy(copied)]
}
