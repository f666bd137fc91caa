//! The conversation: draws the rows in view, with what is selected and where the keys are on top.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Focused, frame};
use crate::ui::state::{Focus, Scroll, Selected, State, Target};
use crate::ui::text::Pen;
use crate::ui::theme::Role;

/// Said where the conversation goes on under what is shown.
pub(super) const MORE_BELOW: &str = " more below: PgDn ";

/// Draws the pane.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let area = state.areas.chat;
    if area.is_empty() {
        return;
    }
    let theme = state.theme();
    let outer = state.areas.chat_frame;
    let focused = Focused::of(state, &[Focus::Chat]);
    let mut title = Pen::new(outer.width.saturating_sub(4));
    title.put(" Chat ", theme.style(Role::Strong));
    let mut foot = Pen::new(outer.width.saturating_sub(4));
    if state.chat.scroll != Scroll::End {
        foot.put(MORE_BELOW, theme.style(Role::Warn));
    }
    frame(state, buffer, outer, focused, &mut title, &mut foot);
    let mut y = area.y;
    for slice in &state.chat.window {
        for number in slice.rows.clone() {
            let Some(row) = slice.all.get(number) else { continue };
            if y >= area.bottom() {
                return;
            }
            let place = Rect { y, height: 1, ..area };
            buffer.set_line(place.x, place.y, &row.line, place.width);
            if is_selected(state, row.target.as_ref()) {
                buffer.set_style(place, theme.style(Role::Strong));
                buffer.set_string(place.x, place.y, "▸", theme.style(Role::Name));
            }
            let here =
                state.chat.link.filter(|link| (link.item, link.row) == (slice.item, number) && focused == Focused::Yes);
            if let Some(at) = here {
                let style = theme.style(Role::Selected);
                match row.links.get(at.link) {
                    Some(link) => {
                        let start = u16::try_from(link.columns.start.saturating_sub(1)).unwrap_or(u16::MAX);
                        let wide = u16::try_from(link.columns.len() + 2).unwrap_or(u16::MAX);
                        let x = place.x.saturating_add(start);
                        buffer.set_style(Rect { x, width: wide, ..place }.intersection(place), style);
                    }
                    None => buffer.set_style(place, style),
                }
            }
            y += 1;
        }
    }
}

fn is_selected(state: &State, target: Option<&Target>) -> bool {
    match (target, state.selected) {
        (Some(Target::Span(target)), Selected::Span(selected)) => *target == selected,
        (Some(Target::Server(target)), Selected::Server(selected)) => *target == selected,
        (Some(Target::Action(_) | Target::Example(_) | Target::Span(_) | Target::Server(_)) | None, _) => false,
    }
}
