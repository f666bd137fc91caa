//! The input under the conversation, and the commands that a word being typed may become.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::put_line;
use crate::ui::layout::Shape;
use crate::ui::state::{Focus, Scroll, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;
use crate::ui::update;

/// Commands listed above the input.
const MOST_LISTED: usize = 6;

/// Draws the input and puts the cursor there if it has the keys.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>) {
    let (outer, area) = (state.areas.input_frame, state.areas.input);
    if area.is_empty() {
        return;
    }
    let theme = state.theme();
    let focused = state.focus == Focus::Input && state.overlay.is_none();
    let buffer = frame.buffer_mut();
    if outer.height > area.height {
        let (role, border) =
            if focused { (Role::Focus, BorderType::Thick) } else { (Role::Border, BorderType::Rounded) };
        Block::bordered().border_type(border).border_style(theme.style(role)).render(outer, buffer);
        buffer.set_stringn(
            outer.x + 1,
            area.y,
            "›",
            usize::from(outer.width.saturating_sub(2)),
            theme.style(Role::Name),
        );
        if let Some(arrival) = state.arrivals.next() {
            let mut pen = Pen::new(outer.width.saturating_sub(4) / 2);
            pen.put(&format!(" ↑ {} ", text::fit(arrival.title(), 40)), theme.style(Role::Warn));
            put_line(buffer, Rect { x: outer.x + 2, width: outer.width.saturating_sub(4), ..outer }, 0, &pen.line());
        }
    }
    if state.areas.shape == Shape::Single && state.chat.scroll != Scroll::End && outer.height > area.height {
        let wide = u16::try_from(text::width(super::chat::MORE_BELOW)).unwrap_or(u16::MAX);
        let place = Rect { x: outer.x + outer.width.saturating_sub(wide.saturating_add(2)), width: wide, ..outer };
        let mut pen = Pen::new(wide);
        pen.put(super::chat::MORE_BELOW, theme.style(Role::Warn));
        put_line(buffer, place.intersection(outer), 0, &pen.line());
    }
    if outer.height > area.height {
        draw_attached(state, buffer);
    }
    state.input.area().render(area, buffer);
    draw_completions(state, buffer);
    if focused {
        let cursor = state.input.area().screen_cursor();
        let (top, left) = state.input.area().scroll_offset();
        let row = u16::try_from(cursor.row).unwrap_or(u16::MAX).saturating_sub(top).min(area.height - 1);
        let column = u16::try_from(cursor.col).unwrap_or(u16::MAX).saturating_sub(left).min(area.width - 1);
        frame.set_cursor_position(Position::new(area.x + column, area.y + row));
    }
}

/// What goes with the next question, in the frame: it must not be forgotten while the question is written.
fn draw_attached(state: &State, buffer: &mut ratatui::buffer::Buffer) {
    let attached = &state.reading.attached;
    let Some(newest) = attached.last() else { return };
    let outer = state.areas.input_frame;
    let more = match attached.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut pen = Pen::new(outer.width.saturating_sub(4));
    let room = usize::from(outer.width.saturating_sub(8)).saturating_sub(text::width(&more));
    let name = text::fit(&newest.to_string(), room);
    pen.put(&format!(" + {name}{more} "), state.theme().style(Role::Warn));
    put_line(buffer, Rect { x: outer.x + 2, ..outer }.intersection(outer), 0, &pen.line());
}

fn draw_completions(state: &State, buffer: &mut ratatui::buffer::Buffer) {
    if state.focus != Focus::Input || state.overlay.is_some() {
        return;
    }
    let found = update::candidates(state);
    let theme = state.theme();
    let outer = state.areas.input_frame;
    let rows = found.len().min(MOST_LISTED).min(usize::from(outer.y.saturating_sub(2)));
    let rows = u16::try_from(rows).unwrap_or(0);
    let area = Rect { x: outer.x + 1, y: outer.y - rows, width: outer.width.saturating_sub(2), height: rows };
    Clear.render(area, buffer);
    let named = |candidate: &update::Candidate| format!(" {} {}", candidate.line, candidate.arguments);
    let longest = found.iter().map(|candidate| text::width(&named(candidate)) + 1).max().unwrap_or(0);
    let names = longest.clamp(24, usize::from(area.width / 2).max(24));
    for (row, candidate) in found.iter().take(usize::from(rows)).enumerate() {
        let mut pen = Pen::new(area.width);
        pen.column(&named(candidate), names, theme.style(Role::Name)).put(&candidate.help, theme.style(Role::Dim));
        put_line(buffer, area, row, &pen.line());
    }
}
