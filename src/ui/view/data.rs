//! The data pane: tabs, what there is to say about the selected call, and the tab's content.

use std::ops::Range;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Focused, card, frame, marks, put_line, tree};
use crate::protocol::{Direction, LogStream};
use crate::ui::json::cell_text;
use crate::ui::state::{Content, Focus, ListView, Selected, State, Tab, TextView};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;
use crate::ui::update;

/// Draws the pane.
pub(super) fn draw(state: &State, drawn: &mut Frame<'_>) {
    let outer = state.areas.data_frame;
    if outer.is_empty() {
        return;
    }
    let buffer = drawn.buffer_mut();
    let theme = state.theme();
    let mut title = Pen::new(outer.width.saturating_sub(4));
    title.put(" Data ", theme.style(Role::Strong)).put(&headline(state), theme.style(Role::Dim));
    title.put(" ", theme.style(Role::Dim));
    let focused = Focused::of(state, &[Focus::Data]);
    frame(state, buffer, outer, focused, &mut title, &mut Pen::new(0_usize));
    let (mut pen, _) = tabs(state);
    put_line(buffer, state.areas.data_tabs, 0, &pen.line());
    let area = state.areas.card;
    if !area.is_empty() {
        for (row, shown) in card::card_rows(state, area.width).iter().enumerate() {
            put_line(buffer, area, row, &shown.line);
        }
    }
    let area = state.areas.data;
    match state.data.pane().map(|pane| &pane.content) {
        None => {}
        Some(Content::Empty(words)) => {
            let pieces = [text::Piece::new(words, theme.style(Role::Dim))];
            let lines = text::flow(&pieces, usize::from(area.width.saturating_sub(2)).max(4), 0);
            for (row, (line, _)) in lines.into_iter().enumerate() {
                let mut line = line;
                line.spans.insert(0, " ".into());
                put_line(buffer, area, row, &line);
            }
        }
        Some(Content::Json(shown, None)) => tree::draw(state, shown, focused == Focused::Yes, buffer),
        Some(Content::Json(shown, Some(table))) => {
            tree::draw_table(state, &shown.doc, table, focused == Focused::Yes, buffer);
        }
        Some(Content::Text(view)) => words(state, view, buffer),
        Some(Content::Frames(list)) => frames(state, *list, focused == Focused::Yes, buffer),
        Some(Content::Log(list)) => log(state, *list, focused == Focused::Yes, buffer),
    }
    foot(state, buffer);
}

/// The tab under a column of the line of tabs.
#[must_use]
pub fn data_tab(state: &State, column: u16) -> Option<Tab> {
    let (_, places) = tabs(state);
    let column = usize::from(column.saturating_sub(state.areas.data_tabs.x));
    places.into_iter().find(|(columns, _)| columns.contains(&column)).map(|(_, tab)| tab)
}

fn tabs(state: &State) -> (Pen, Vec<(Range<usize>, Tab)>) {
    let theme = state.theme();
    let here = update::tab(state);
    let mut pen = Pen::new(state.areas.data_tabs.width);
    let mut places = Vec::new();
    for tab in Tab::ALL {
        let label = match (tab, state.selected) {
            (Tab::Arguments, Selected::Server(_)) => "Tools",
            (Tab::Result, Selected::Server(_)) => "State",
            (Tab::Arguments, _) if state.step().is_some() || state.selected == Selected::Request => "Messages",
            (Tab::Result, _) if state.step().is_some() || state.selected == Selected::Request => "Answer",
            (Tab::Arguments, _) => "Arguments",
            (Tab::Result, _) => "Result",
            (Tab::Wire, _) => "Wire",
            (Tab::Log, _) => "Log",
        };
        let start = pen.used();
        let role = if tab == here { Role::Focus } else { Role::Dim };
        let sign = if tab == here { "▸" } else { " " };
        pen.put(sign, theme.style(role)).put(label, theme.style(role)).put(" ", theme.style(role));
        places.push((start..pen.used(), tab));
    }
    (pen, places)
}

/// What is selected, in one line.
pub(super) fn headline(state: &State) -> String {
    match state.selected {
        Selected::Nothing => String::new(),
        Selected::Request => format!("{} ⏸ held", state.session.model()),
        Selected::Server(_) => state.server().map_or(String::new(), |server| {
            format!("{} · {}", server.name, marks::health(&state.session, server).word)
        }),
        Selected::Span(_) => match (state.call(), state.step()) {
            (Some(call), _) => {
                let shown = marks::call(call.state);
                let time = state.call_us(call).map(|us| format!(" {}", text::duration(us))).unwrap_or_default();
                let lane = marks::lane(call.server.as_str());
                format!("[{}] {lane} {} {} {}{time}", call.id.0, call.tool, shown.sign, shown.word)
            }
            (None, Some(step)) => {
                let shown = marks::step(&step.state);
                format!("{} {} {} {}", step.model, shown.sign, shown.word, text::duration(state.step_us(step)))
            }
            (None, None) => String::new(),
        },
    }
}

fn words(state: &State, view: &TextView, buffer: &mut Buffer) {
    let area = state.areas.data;
    let lines = (view.top..).map_while(|at| view.line(at)).take(usize::from(area.height));
    for (row, line) in lines.enumerate() {
        put_line(buffer, area, row, &line);
    }
}

fn frames(state: &State, list: ListView, focused: bool, buffer: &mut Buffer) {
    let Some(frames) = update::frames(state) else { return };
    let area = state.areas.data;
    let theme = state.theme();
    if frames.is_empty() {
        let mut pen = Pen::new(area.width);
        pen.put(" No message has gone over the wire.", theme.style(Role::Dim));
        put_line(buffer, area, 0, &pen.line());
    }
    for row in 0..usize::from(area.height) {
        let Some(frame) = frames.get(list.top + row) else { break };
        let (sign, role) = match frame.direction {
            Direction::Sent => ("→", Role::Name),
            Direction::Received => ("←", Role::Good),
        };
        let at = clock(frame.at_us);
        let words = frame.start(row_bytes(area));
        entry(state, (sign, role), &at, &words, row, focused && list.top + row == list.cursor, buffer);
    }
}

/// Bytes of words that fill a row whatever they are: a character has up to four, and some take no column.
fn row_bytes(area: Rect) -> usize {
    usize::from(area.width) * 8
}

fn log(state: &State, list: ListView, focused: bool, buffer: &mut Buffer) {
    let Some(server) = state.server() else { return };
    let area = state.areas.data;
    let theme = state.theme();
    if server.log.is_empty() {
        let mut pen = Pen::new(area.width);
        pen.put(" The server has not logged anything.", theme.style(Role::Dim));
        put_line(buffer, area, 0, &pen.line());
    }
    for row in 0..usize::from(area.height) {
        let Some(line) = server.log.get(list.top + row) else { break };
        let sign = match line.stream {
            LogStream::Stderr => ("err", Role::Dim),
            LogStream::Stdout => ("out", Role::Warn),
            LogStream::Mcp => ("mcp", Role::Name),
        };
        let selected = focused && list.top + row == list.cursor;
        entry(state, sign, &clock(line.at_us), &line.text, row, selected, buffer);
    }
}

fn entry(state: &State, sign: (&str, Role), at: &str, words: &str, row: usize, selected: bool, buffer: &mut Buffer) {
    let area = state.areas.data;
    let theme = state.theme();
    let mut pen = Pen::new(area.width);
    let words = &words[..words.ceil_char_boundary(row_bytes(area))];
    pen.put(" ", theme.style(Role::Text)).put(sign.0, theme.style(sign.1)).put(" ", theme.style(Role::Text));
    pen.put(at, theme.style(Role::Dim)).put(" ", theme.style(Role::Text)).put(words, theme.style(Role::Text));
    put_line(buffer, area, row, &pen.line());
    if selected {
        let y = area.y + u16::try_from(row).unwrap_or(0);
        buffer.set_style(Rect { y, height: 1, ..area }, theme.style(Role::Selected));
    }
}

/// A time in the session, `m:ss.mmm`.
fn clock(at_us: u64) -> String {
    format!("{}:{:02}.{:03}", at_us / 60_000_000, at_us / 1_000_000 % 60, at_us / 1000 % 1000)
}

/// Where the cursor is, or what is searched for.
fn foot(state: &State, buffer: &mut Buffer) {
    let area = state.areas.data_foot;
    if area.is_empty() {
        return;
    }
    let theme = state.theme();
    let (dim, name) = (theme.style(Role::Dim), theme.style(Role::Name));
    let mut pen = Pen::new(area.width);
    let search = &state.data.search;
    if search.typing || !search.words.is_empty() {
        let cursor = if search.typing { "▏" } else { "" };
        pen.put(" / ", name).put(&search.words, theme.style(Role::Strong)).put(cursor, name).put("  ", dim);
    }
    let Some(pane) = state.data.pane() else { return };
    let (place, position) = match &pane.content {
        Content::Empty(_) => (String::new(), String::new()),
        Content::Json(tree, None) => {
            let node = tree.node();
            (tree.doc.path(node), format!("{}/{}", tree.cursor + 1, tree.len()))
        }
        Content::Json(tree, Some(table)) => {
            let cell = table.cell(table.cursor, 0).map(|node| cell_text(&tree.doc, node)).unwrap_or_default();
            (format!("{} {cell}", tree.doc.path(table.array)), format!("{}/{}", table.cursor + 1, table.len()))
        }
        Content::Text(view) => {
            let below = view.len().saturating_sub(view.top + usize::from(state.areas.data.height));
            let rest = if below > 0 { format!("{} below", text::count(below, "line")) } else { String::new() };
            (rest, format!("{}/{}", (view.top + 1).min(view.len()), view.len()))
        }
        Content::Frames(list) => {
            let count = update::frames(state).map_or(0, update::Frames::len);
            (text::count(count, "message"), format!("{}/{count}", (list.cursor + 1).min(count)))
        }
        Content::Log(list) => {
            let (count, dropped) = state.server().map_or((0, 0), |server| (server.log.len(), server.log_dropped));
            let older = if dropped > 0 { format!(", {dropped} older in the recording") } else { String::new() };
            (format!("{}{older}", text::count(count, "line")), format!("{}/{count}", (list.cursor + 1).min(count)))
        }
    };
    let room = pen.room().saturating_sub(text::width(&position) + 2);
    pen.put(" ", dim).put(&text::fit(&place, room.saturating_sub(1)), dim).at_end(&format!("{position} "), dim);
    put_line(buffer, area, 0, &pen.line());
}
