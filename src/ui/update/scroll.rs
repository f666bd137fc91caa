//! Up, down, a screen, to an end: in whatever has the keys.

use ratatui::layout::Rect;

use crate::ui::state::{Content, Focus, Form, FormStage, LinkAt, ListView, Overlay, Scroll, State, Target};

use super::{Effect, around, select};

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Lines(isize),
    Screens(isize),
    Start,
    End,
}

impl Motion {
    /// Where it leads from `at` in a list of `len`, with `height` rows a screen.
    pub(super) fn from(self, at: usize, len: usize, height: u16) -> usize {
        let last = len.saturating_sub(1);
        let screen = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        match self {
            Self::Lines(by) => at.saturating_add_signed(by).min(last),
            Self::Screens(by) => at.saturating_add_signed(by * screen).min(last),
            Self::Start => 0,
            Self::End => last,
        }
    }
}

/// Moves in the overlay, else in the focused pane.
pub(super) fn go(state: &mut State, motion: Motion) -> Vec<Effect> {
    match &mut state.overlay {
        Some(Overlay::Help(page) | Overlay::Page(page)) => {
            let room = usize::from(crate::ui::view::page_rows(state.size));
            let last = page.lines.len().saturating_sub(room);
            page.top = motion.from(page.top, last + 1, crate::ui::view::page_rows(state.size));
            return Vec::new();
        }
        Some(Overlay::Palette(palette)) => {
            palette.at = motion.from(palette.at, palette.entries.len(), 8);
            return Vec::new();
        }
        Some(Overlay::Picker(picker)) => {
            picker.at = motion.from(picker.at, picker.shown.len(), 8);
            return around::preview(state);
        }
        Some(Overlay::Form(form)) => {
            match motion {
                Motion::Lines(by) if matches!(form.stage, FormStage::Filling(_)) => form.step(by > 0),
                Motion::Lines(by) => form.top = form.top.saturating_add_signed(by),
                Motion::Screens(by) => form.top = form.top.saturating_add_signed(by * 10),
                Motion::Start | Motion::End => {}
            }
            return Vec::new();
        }
        Some(Overlay::Ask(_)) | None => {}
    }
    match state.focus {
        Focus::Input | Focus::Chat => chat(state, motion),
        Focus::Calls => calls(state, motion),
        Focus::Data => data(state, motion),
    }
    Vec::new()
}

/// Moves the conversation.
pub(super) fn chat(state: &mut State, motion: Motion) {
    state.chat.read = state.session.turns.len().checked_sub(1);
    let height = state.areas.chat.height;
    let screen = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
    let by = match motion {
        Motion::Start => {
            state.chat.scroll = Scroll::At(0, 0);
            return;
        }
        Motion::End => {
            state.chat.scroll = Scroll::End;
            return;
        }
        Motion::Lines(by) => by,
        Motion::Screens(by) => by * screen,
    };
    let Some((mut item, mut row)) = state.chat.window.first().map(|slice| (slice.item, slice.rows.start)) else {
        return;
    };
    if by < 0 {
        let mut left = by.unsigned_abs();
        while left > row {
            if item == 0 {
                (row, left) = (0, 0);
                break;
            }
            left -= row + 1;
            item -= 1;
            row = super::settle::item_rows(state, item).len().saturating_sub(1);
        }
        state.chat.scroll = Scroll::At(item, row - left);
        return;
    }
    if state.chat.scroll == Scroll::End {
        return;
    }
    row += by.unsigned_abs();
    loop {
        let rows = super::settle::item_rows(state, item).len();
        if row < rows || item + 1 >= select::items(state) {
            break;
        }
        row -= rows;
        item += 1;
    }
    state.chat.scroll = Scroll::At(item, row);
}

fn calls(state: &mut State, motion: Motion) {
    let height = state.areas.calls.height;
    match (state.calls.form, motion) {
        (Form::Timeline, Motion::Lines(by)) => select::lane(state, by > 0),
        (_, Motion::Lines(by)) => select::neighbour(state, by > 0),
        (_, Motion::Start) => select::edge(state, false),
        (_, Motion::End) => select::edge(state, true),
        (_, Motion::Screens(by)) => {
            for _ in 1..height.max(2) {
                select::neighbour(state, by > 0);
            }
            state.notice = None;
        }
    }
}

fn data(state: &mut State, motion: Motion) {
    let area = state.areas.data;
    let entries = crate::ui::update::source::entries(state);
    let Some(pane) = state.data.pane_mut() else { return };
    match &mut pane.content {
        Content::Empty(_) => {}
        Content::Json(_, Some(table)) => {
            let height = area.height.saturating_sub(1);
            table.cursor = motion.from(table.cursor, table.len(), height);
            keep(&mut table.top, table.cursor, height);
        }
        Content::Json(tree, None) => {
            tree.cursor = motion.from(tree.cursor, tree.len(), area.height);
            keep(&mut tree.top, tree.cursor, area.height);
        }
        Content::Text(view) => {
            let last = view.len().saturating_sub(usize::from(area.height));
            view.top = motion.from(view.top, last + 1, area.height);
        }
        Content::Frames(view) | Content::Log(view) => move_list(view, motion, entries, area),
    }
}

fn move_list(view: &mut ListView, motion: Motion, entries: usize, area: Rect) {
    view.cursor = motion.from(view.cursor, entries, area.height);
    keep(&mut view.top, view.cursor, area.height);
}

/// Moves `top` as little as it takes for `cursor` to be on a screen of `height`.
pub(super) fn keep(top: &mut usize, cursor: usize, height: u16) {
    let height = usize::from(height.max(1));
    if cursor < *top {
        *top = cursor;
    } else if cursor >= *top + height {
        *top = cursor + 1 - height;
    }
}

/// Goes to the next reference or choice of the conversation (or the one before).
pub(super) fn reference(state: &mut State, forward: bool) {
    /// Items looked through in one go.
    const FAR: usize = 64;
    let count = select::items(state);
    let start = state.chat.link;
    let first = match (start, forward) {
        (Some(link), _) => link.item,
        (None, true) => state.chat.window.first().map_or(0, |slice| slice.item),
        (None, false) => state.chat.window.last().map_or(0, |slice| slice.item),
    };
    let items: Vec<usize> =
        if forward { (first..count).take(FAR).collect() } else { (0..=first).rev().take(FAR).collect() };
    for item in items {
        let rows = super::settle::item_rows(state, item);
        let stops = rows.iter().enumerate().flat_map(|(row, shown)| {
            let stops = shown.links.len().max(usize::from(shown.target.as_ref().is_some_and(is_choice)));
            (0..stops).map(move |link| LinkAt { item, row, link })
        });
        let found = match (start, forward) {
            (Some(start), true) => stops.into_iter().find(|stop| *stop > start),
            (Some(start), false) => stops.into_iter().filter(|stop| *stop < start).max(),
            (None, true) => stops.into_iter().next(),
            (None, false) => stops.into_iter().max(),
        };
        if let Some(found) = found {
            state.chat.link = Some(found);
            show_row(state, found.item, found.row);
            return;
        }
    }
    state.notice = Some(if forward { "No more references below." } else { "No more references above." }.to_owned());
}

fn is_choice(target: &Target) -> bool {
    match target {
        Target::Action(_) | Target::Example(_) | Target::Span(_) | Target::Server(_) => true,
    }
}

fn show_row(state: &mut State, item: usize, row: usize) {
    let in_view = state.chat.window.iter().any(|slice| slice.item == item && slice.rows.contains(&row));
    if !in_view {
        let third = usize::from(state.areas.chat.height / 3);
        state.chat.scroll = Scroll::At(item, row.saturating_sub(third));
    }
}
