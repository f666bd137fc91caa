//! A question of the console: its text, what may be written, and what is wrong with it.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use super::overlay::overlay_area;
use super::{popup, put_line};
use crate::ui::state::{Ask, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Where the question lies.
pub(super) fn ask_area(size: (u16, u16), ask: &Ask) -> Rect {
    let most = overlay_area(size);
    let rows = if ask.purpose.is_line() { 6 } else { u16::try_from(ask.area.lines().len() + 6).unwrap_or(u16::MAX) };
    let height = rows.min(most.height);
    Rect { y: most.y + (most.height - height) / 2, height, ..most }
}

/// Draws the question.
pub(super) fn draw(state: &State, ask: &Ask, frame: &mut Frame<'_>) {
    let theme = state.theme();
    let area = ask_area(state.size, ask);
    let inner = popup(frame.buffer_mut(), area, theme, &ask.title());
    if inner.height < 3 || inner.width < 4 {
        return;
    }
    let foot = 2 + u16::from(ask.problem.is_some() && inner.height > 4);
    let edited = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(foot),
        ..inner
    };
    ask.area.render(edited, frame.buffer_mut());
    let cursor = ask.area.screen_cursor();
    let (top, left) = ask.area.scroll_offset();
    let row = u16::try_from(cursor.row).unwrap_or(u16::MAX).saturating_sub(top).min(edited.height.saturating_sub(1));
    let column = u16::try_from(cursor.col).unwrap_or(u16::MAX).saturating_sub(left).min(edited.width - 1);
    frame.set_cursor_position(Position::new(edited.x + column, edited.y + row));
    let mut line = usize::from(inner.height - foot);
    if let Some(problem) = &ask.problem {
        let mut pen = Pen::new(inner.width);
        pen.put(" ✗ ", theme.style(Role::Bad)).put(problem, theme.style(Role::Bad));
        put_line(frame.buffer_mut(), inner, line, &pen.line());
        line += 1;
    }
    let mut pen = Pen::new(inner.width);
    if ask.offers.words().is_empty() {
        pen.put(&format!(" {}", text::fit(ask.purpose.hint(), usize::from(inner.width) - 2)), theme.style(Role::Dim));
    } else {
        pen.put(" ", theme.style(Role::Dim));
        super::offers(state, &ask.offers, &mut pen);
    }
    if ask.problem.is_none() || foot == 3 {
        put_line(frame.buffer_mut(), inner, line, &pen.line());
    }
    let mut pen = Pen::new(inner.width);
    let keys: &[(&str, &str)] = if ask.purpose.is_line() {
        &[("Enter", "takes it"), ("Esc", "closes")]
    } else if ask.purpose.is_expression() {
        &[("Enter", "takes it"), ("Alt+Enter", "line"), ("Tab", "complete"), ("Ctrl+O", "help"), ("Esc", "keeps it")]
    } else {
        &[
            ("Enter", "takes it"),
            ("Esc", "keeps it"),
            ("Alt+Enter", "new line"),
            ("Ctrl+G", "in $EDITOR"),
            ("Ctrl+R", "reverts"),
        ]
    };
    pen.put(" ", theme.style(Role::Text));
    for (key, label) in keys {
        pen.put(key, theme.style(Role::Name)).put(&format!(" {label}  "), theme.style(Role::Dim));
    }
    put_line(frame.buffer_mut(), inner, usize::from(inner.height - 1), &pen.line());
}
