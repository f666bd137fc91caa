//! The mouse: a click selects what is under it, the wheel scrolls what is under it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::protocol::{Place as ReplayPlace, ReplayCommand};
use crate::ui::state::{CallRow, Content, Focus, Overlay, Selected, State};
use crate::ui::view;

use super::scroll::{self, Motion};
use super::{Effect, act, select};

/// Rows a notch of the wheel scrolls.
const NOTCH: isize = 3;

/// Takes in a click or a turn of the wheel.
pub(super) fn on_mouse(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let place = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollUp => return wheel(state, place, -NOTCH),
        MouseEventKind::ScrollDown => return wheel(state, place, NOTCH),
        MouseEventKind::Down(MouseButton::Left) => return click(state, place),
        _ => {}
    }
    Vec::new()
}

fn wheel(state: &mut State, place: Position, by: isize) -> Vec<Effect> {
    if state.overlay.is_some() {
        return scroll::go(state, Motion::Lines(by));
    }
    match state.focus_at(place) {
        Some(Focus::Chat | Focus::Input) => scroll::chat(state, Motion::Lines(by)),
        Some(Focus::Calls) => {
            let last = state.calls.len().saturating_sub(usize::from(state.areas.calls.height));
            state.calls.top = state.calls.top.saturating_add_signed(by).min(last);
        }
        Some(Focus::Data) => {
            let focus = std::mem::replace(&mut state.focus, Focus::Data);
            let effects = scroll::go(state, Motion::Lines(by));
            state.focus = focus;
            return effects;
        }
        None => {}
    }
    Vec::new()
}

fn click(state: &mut State, place: Position) -> Vec<Effect> {
    state.notice = None;
    if let Some(overlay) = &mut state.overlay {
        let inside = view::open_area(state.size, overlay).contains(place);
        match overlay {
            Overlay::Palette(palette) if inside => {
                if let Some(at) = view::palette_row(state.size, palette, place) {
                    palette.at = at;
                    return super::palette::run(state);
                }
            }
            Overlay::Picker(picker) if inside => {
                if let Some(at) = view::picker_row(state.size, picker, place) {
                    picker.at = at;
                    return super::around::choose(state);
                }
            }
            Overlay::Help(_) | Overlay::Page(_) | Overlay::Ask(_) | Overlay::Form(_) if inside => {}
            Overlay::Help(_)
            | Overlay::Page(_)
            | Overlay::Palette(_)
            | Overlay::Ask(_)
            | Overlay::Form(_)
            | Overlay::Picker(_) => {
                super::asking::put_away(state);
            }
        }
        return Vec::new();
    }
    let areas = state.areas;
    if areas.scrub.contains(place) {
        let position = view::scrub_position(state, place);
        let go = |position| super::viewing::replay(ReplayCommand::GoTo(ReplayPlace::Position(position)));
        return position.map(go).into_iter().collect();
    }
    if areas.title.contains(place) {
        if let Some(lane) = view::title_lane(state, place.x) {
            state.data.tab = None;
            select::select(state, Selected::Server(lane));
        }
        return Vec::new();
    }
    if areas.tabs.contains(place) {
        if let Some(focus) = view::pane_tab(state, place.x) {
            select::focus(state, focus);
        }
        return Vec::new();
    }
    if areas.data_tabs.contains(place) {
        if let Some(tab) = view::data_tab(state, place.x) {
            state.data.tab = Some(tab);
            select::focus(state, Focus::Data);
        }
        return Vec::new();
    }
    if areas.lanes.contains(place) {
        // The model's lane is the first.
        let row = usize::from(place.y - areas.lanes.y).checked_sub(1);
        let lane = row.and_then(|row| state.calls.lineup.shown.get(row).copied());
        match (lane, row) {
            (Some(lane), _) => {
                state.data.tab = None;
                select::select(state, Selected::Server(lane));
            }
            // The line for those that have no room; where all are shown, the rule stands there.
            (None, Some(row)) if row == state.calls.lineup.shown.len() && !state.calls.lineup.is_whole() => {
                select::toggle_fold(state);
            }
            (None, _) => {}
        }
        return Vec::new();
    }
    if areas.card.contains(place) {
        let rows = view::card_rows(state, areas.card.width);
        let target = rows.get(usize::from(place.y - areas.card.y)).and_then(|row| row.target.clone());
        return target.map(|target| act::follow(state, target)).unwrap_or_default();
    }
    match state.focus_at(place) {
        Some(Focus::Input) => select::focus(state, Focus::Input),
        Some(Focus::Chat) => return click_chat(state, place),
        Some(Focus::Calls) => click_calls(state, place),
        Some(Focus::Data) => click_data(state, place),
        None => {}
    }
    Vec::new()
}

fn click_chat(state: &mut State, place: Position) -> Vec<Effect> {
    let area = state.areas.chat;
    let Some((_, _, row)) = state.chat.row_at(row_of(area, place)) else { return Vec::new() };
    let column = usize::from(place.x - area.x);
    let link = row.links.iter().find(|link| link.columns.start <= column + 1 && column <= link.columns.end).cloned();
    let target = row.target.clone();
    if let Some(link) = link {
        select::focus(state, Focus::Chat);
        act::follow_link(state, &link);
        return Vec::new();
    }
    if !matches!(target, Some(crate::ui::state::Target::Example(_))) {
        select::focus(state, Focus::Chat);
    }
    target.map(|target| act::follow(state, target)).unwrap_or_default()
}

fn click_calls(state: &mut State, place: Position) {
    select::focus(state, Focus::Calls);
    if state.areas.timeline.contains(place) {
        if let Some(span) = view::timeline_hit(state, place) {
            select::select(state, Selected::Span(span));
        }
        return;
    }
    let position = state.calls.top + row_of(state.areas.calls, place);
    let span = match state.calls.row(position) {
        Some(CallRow::Span(span)) => Some(span),
        Some(CallRow::Turn(_)) => state.calls.neighbour(Some(position), true),
        None => None,
    };
    if let Some(span) = span {
        select::select(state, Selected::Span(span));
    }
}

fn click_data(state: &mut State, place: Position) {
    select::focus(state, Focus::Data);
    let row = row_of(state.areas.data, place);
    let entries = super::source::entries(state);
    let Some(pane) = state.data.pane_mut() else { return };
    match &mut pane.content {
        Content::Empty(_) | Content::Text(_) => {}
        Content::Json(_, Some(table)) => {
            if let Some(row) = row.checked_sub(1).map(|row| table.top + row).filter(|row| *row < table.len()) {
                table.cursor = row;
            }
        }
        Content::Json(tree, None) => {
            let row = tree.top + row;
            if row < tree.len() {
                // A second click on a row folds it.
                if tree.cursor == row {
                    tree.toggle();
                }
                tree.cursor = row;
            }
        }
        Content::Frames(list) | Content::Log(list) => {
            list.cursor = (list.top + row).min(entries.saturating_sub(1));
        }
    }
}

fn row_of(area: Rect, place: Position) -> usize {
    usize::from(place.y.saturating_sub(area.y))
}
