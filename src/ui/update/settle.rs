//! After every change: areas, rows in view, the document on the screen. Costly things only where their source changed.

use std::rc::Rc;

use crate::ui::layout::{Areas, Lanes, Wish};
use crate::ui::state::{
    Advice, CallRow, Chat, Content, Item, Lineup, Matter, Overlay, Page, Row, Scroll, Selected, Shows, Slice, State,
    Tab, Urgency,
};
use crate::ui::{text, view};

use super::{commands, form, inside, scroll, seen, source};

/// Brings everything derived up to date.
pub(super) fn settle(state: &mut State) {
    let urgencies = Urgency::of_all(&state.session);
    state.areas = Areas::new(state.size, wish(state, &urgencies));
    lanes(state, &urgencies);
    data(state);
    chat(state);
    calls(state);
    overlay(state);
    form::settle(state);
    seen::look(state);
}

/// The rows of an item, made if they are not kept.
pub(super) fn item_rows(state: &mut State, item: usize) -> Rc<Vec<Row>> {
    let width = state.areas.chat.width;
    state.chat.set_width(width);
    if let Some(rows) = state.chat.kept(item) {
        return rows;
    }
    let rows = match Chat::item(&state.session, item) {
        Item::Greeting => view::greeting_rows(state, width),
        Item::Turn(turn) => view::turn_rows(state, turn, width),
        Item::Queue => view::queue_rows(state, width),
    };
    state.chat.keep(item, rows)
}

/// Lanes that the time axis has room for, whether they have calls or not.
const AXIS_LANES: usize = 6;

fn wish(state: &State, urgencies: &[Urgency]) -> Wish {
    let columns = usize::from(state.areas.input.width).max(1);
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    // The model has a lane of its own.
    let lanes = urgencies.len() + 1;
    let selected = state.lane();
    let tells = |(lane, urgency): &(usize, &Urgency)| **urgency < Urgency::Idle || selected == Some(*lane);
    let told = urgencies.iter().enumerate().filter(tells).count() + 1;
    let used = state.session.servers.iter().filter(|server| !server.calls.is_empty()).count() + 1;
    let is_calm = |urgency: &Urgency| match urgency {
        Urgency::Trouble | Urgency::Coming => false,
        Urgency::Waiting | Urgency::Working | Urgency::Used | Urgency::Idle => true,
    };
    Wish {
        focus: state.focus,
        zoom: state.zoom,
        input_rows: rows(state.input.height(columns)),
        banner_rows: rows(view::banner_lines(state, state.size.0).len()),
        footer_rows: rows(view::notice_lines(state, state.size.0).len()),
        scrub_rows: if state.is_viewing() { 2 } else { 0 },
        lane_rows: rows(lanes),
        told_rows: rows(told),
        axis_rows: rows(lanes.min(used.max(AXIS_LANES))),
        fold: state.calls.fold,
        list_rows: rows(state.calls.len()),
        lanes: if urgencies.iter().all(is_calm) { Lanes::Calm } else { Lanes::Telling },
        form: state.calls.form,
    }
}

/// Which lanes are shown between the model's and the rule.
fn lanes(state: &mut State, urgencies: &[Urgency]) {
    let rows = usize::from(state.areas.lanes.height.saturating_sub(2));
    state.calls.lineup = Lineup::new(urgencies, state.lane(), rows, state.calls.fold);
}

fn chat(state: &mut State) {
    let count = Chat::count(&state.session);
    // What waits and the first screen change without a turn changing.
    state.chat.forget(count - 1);
    if state.session.turns.is_empty() {
        state.chat.forget(0);
    }
    if state.chat.link.is_some_and(|link| link.item >= count) {
        state.chat.link = None;
    }
    let height = usize::from(state.areas.chat.height);
    let mut window = Vec::new();
    if height > 0 {
        if let Scroll::At(item, row) = state.chat.scroll {
            let rows: usize = fill_down(state, item.min(count - 1), row, height, &mut window);
            if rows < height {
                state.chat.scroll = Scroll::End;
            }
        }
        if let Some((item, row)) = unread(state, height) {
            state.chat.read = Some(item);
            state.chat.scroll = Scroll::At(item, row);
            fill_down(state, item, row, height, &mut window);
        }
        if state.chat.scroll == Scroll::End {
            window.clear();
            fill_up(state, count, height, &mut window);
        }
    }
    state.chat.window = window;
}

/// Where the last answer begins, if its end is on the screen and it is too long for both: it is read from its beginning.
fn unread(state: &mut State, height: usize) -> Option<(usize, usize)> {
    let item = state.session.turns.len().checked_sub(1)?;
    // Under one that is forgotten stands that it is.
    let forgotten = state.session.cleared_at == state.session.turns.len();
    if state.chat.scroll != Scroll::End || state.chat.read == Some(item) || forgotten {
        return None;
    }
    let rows = item_rows(state, item);
    let start = rows.iter().rposition(|row| row.begins)?;
    let last = rows.iter().rposition(|row| !row.is_blank())?;
    (last + 1 - start > height).then_some((item, start))
}

/// Slices from a row downwards; gives how many rows there are.
fn fill_down(state: &mut State, item: usize, row: usize, height: usize, window: &mut Vec<Slice>) -> usize {
    let count = Chat::count(&state.session);
    let mut filled = 0;
    let mut from = row;
    for item in item..count {
        let all = item_rows(state, item);
        let start = from.min(all.len());
        let end = all.len().min(start + height - filled);
        filled += end - start;
        window.push(Slice { item, rows: start..end, all });
        from = 0;
        if filled >= height {
            break;
        }
    }
    filled
}

/// Slices that end with the last row.
fn fill_up(state: &mut State, count: usize, height: usize, window: &mut Vec<Slice>) {
    let mut left = height;
    for item in (0..count).rev() {
        let all = item_rows(state, item);
        let start = all.len().saturating_sub(left);
        left -= all.len() - start;
        window.push(Slice { item, rows: start..all.len(), all });
        if left == 0 {
            break;
        }
    }
    window.reverse();
    // The first screen begins at its top, until a question waits under it.
    let greeting = state.session.turns.is_empty() && state.session.waiting.is_empty();
    if let (Some(first), true) = (window.first_mut(), greeting) {
        let end = first.all.len().min(height);
        first.rows = 0..end;
        window.truncate(1);
    }
}

fn calls(state: &mut State) {
    let height = state.areas.calls.height;
    let len = state.calls.len();
    let before = std::mem::replace(&mut state.calls.height, height);
    if (std::mem::take(&mut state.calls.reveal) || height != before) && height > 0 {
        let position = match state.selected {
            Selected::Span(span) => state.calls.position(span),
            Selected::Server(_) | Selected::Nothing | Selected::Request => None,
        };
        if let Some(position) = position {
            scroll::keep(&mut state.calls.top, position, height);
            // A heading right above the first row in view belongs to it.
            let heading = position.checked_sub(1).filter(|above| *above + 1 == state.calls.top);
            let is_turn = |above: &usize| matches!(state.calls.row(*above), Some(CallRow::Turn(_)));
            if let Some(above) = heading.filter(is_turn) {
                state.calls.top = above;
            }
        }
    }
    state.calls.top = state.calls.top.min(len.saturating_sub(usize::from(height.max(1))));
}

fn data(state: &mut State) {
    let advice = state.call().and_then(Advice::of);
    state.data.advice = advice;
    let key = source::key(state);
    let mut seek = state.data.seek.take();
    let made = state.data.needs(&key).then(|| source::content(state, &key));
    state.data.show(key, made);
    inside::look(state);
    let card = view::card_rows(state, state.areas.data.width).len();
    state.areas = state.areas.with_card(u16::try_from(card).unwrap_or(u16::MAX));
    let height = state.areas.data.height;
    // Without a frame on the screen, the list goes on with its end.
    let entries = source::entries(state);
    let follow = state.focus != crate::ui::state::Focus::Data;
    let Some(pane) = state.data.pane_mut() else { return };
    match &mut pane.content {
        Content::Empty(_) => {}
        Content::Json(tree, table) => {
            if let Some(node) = seek.take().and_then(|words| find_value(tree, &words)) {
                tree.reveal(node);
                *table = None;
            }
            scroll::keep(&mut tree.top, tree.cursor, height);
            tree.top = tree.top.min(tree.len().saturating_sub(usize::from(height.max(1))));
            if let Some(table) = table {
                let rows = height.saturating_sub(1);
                scroll::keep(&mut table.top, table.cursor, rows);
                table.top = table.top.min(table.len().saturating_sub(usize::from(rows.max(1))));
            }
        }
        Content::Text(text) => {
            text.top = text.top.min(text.len().saturating_sub(usize::from(height)));
        }
        Content::Frames(list) | Content::Log(list) => {
            let last = entries.saturating_sub(1);
            list.cursor = if follow && pane.key.tab == Tab::Log { last } else { list.cursor.min(last) };
            scroll::keep(&mut list.top, list.cursor, height);
            list.top = list.top.min(entries.saturating_sub(usize::from(height.max(1))));
        }
    }
}

/// The node that has a claim's value, written as it is or as a plain number.
fn find_value(tree: &crate::ui::json::Tree, words: &str) -> Option<usize> {
    let plain: String = words.trim_start_matches(['$', '€', '£']).replace(',', "");
    let short = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
    [words, &plain, short].into_iter().find_map(|form| {
        let form = form.to_lowercase();
        let nodes = 0..tree.doc.nodes().len();
        (!form.is_empty()).then(|| nodes.into_iter().find(|node| tree.has(*node, &form)))?
    })
}

fn overlay(state: &mut State) {
    let width = view::page_columns(state.size);
    let rows = usize::from(view::page_rows(state.size));
    let is_old = |page: &Page| match page.shows {
        Shows::Once => false,
        Shows::Servers(records, at_us) => (records, at_us) != (state.session.records, state.going_on_us(state.now_us)),
    };
    let anew = matches!(&state.overlay, Some(Overlay::Page(page)) if is_old(page)).then(|| commands::servers(state));
    if let (Some(Overlay::Page(page)), Some(anew)) = (&mut state.overlay, anew) {
        let top = page.top;
        *page = Page { top, ..anew };
    }
    let Some(Overlay::Help(page) | Overlay::Page(page)) = &mut state.overlay else { return };
    if page.width != width {
        page.width = width;
        page.lines = page
            .paragraphs
            .iter()
            .flat_map(|paragraph| {
                let hang =
                    paragraph.first().map_or(0, |piece| if paragraph.len() > 1 { text::width(&piece.text) } else { 0 });
                text::flow(paragraph, usize::from(width), hang)
            })
            .map(|(line, _)| line)
            .collect();
    }
    page.top = page.top.min(page.lines.len().saturating_sub(rows));
    if rows > 0 && page.top + rows >= page.lines.len() {
        let new = page.matters.iter().filter(|matter| !state.read.contains(matter)).cloned();
        let new: Vec<Matter> = new.collect();
        state.read.extend(new);
    }
}
