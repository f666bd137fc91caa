//! The list of recorded sessions, with what the one under the keys is about.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::overlay::overlay_area;
use super::{popup, put_line};
use crate::ui::state::{Choice, Picker, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;

/// Rows of the preview.
const PREVIEW: u16 = 9;

/// Where the list of sessions is, without the preview under it.
fn list_area(inner: Rect) -> Rect {
    let preview = if inner.height > PREVIEW + 8 { PREVIEW } else { 0 };
    Rect { y: inner.y + 2, height: inner.height.saturating_sub(3 + preview), ..inner }
}

fn first(picker: &Picker, rows: usize) -> usize {
    (picker.at + 1).saturating_sub(rows.max(1))
}

/// The row of the list at a place on the screen.
#[must_use]
pub fn picker_row(size: (u16, u16), picker: &Picker, place: Position) -> Option<usize> {
    let area = overlay_area(size);
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let list = list_area(inner);
    let row = first(picker, usize::from(list.height)) + usize::from(place.y.checked_sub(list.y)?);
    (list.contains(place) && row < picker.shown.len()).then_some(row)
}

/// Draws the list.
pub(super) fn draw(state: &State, picker: &Picker, frame: &mut Frame<'_>) {
    let theme = state.theme();
    let (plain, dim, name) = (theme.style(Role::Text), theme.style(Role::Dim), theme.style(Role::Name));
    let title = match picker.choice {
        Choice::Open => "Recorded sessions",
        Choice::Compare => "Compare with",
    };
    let inner = popup(frame.buffer_mut(), overlay_area(state.size), theme, title);
    if inner.height < 4 || inner.width == 0 {
        return;
    }
    let mut pen = Pen::new(inner.width);
    pen.put(" › ", name).put(&picker.query, theme.style(Role::Strong));
    let column = u16::try_from(pen.used()).unwrap_or(0).min(inner.width - 1);
    if picker.query.is_empty() {
        pen.put(" words of the question, the day, the model, the id", dim);
    }
    pen.at_end(&format!("{}{} ", in_part(picker), picker.shown.len()), dim);
    put_line(frame.buffer_mut(), inner, 0, &pen.line());
    frame.set_cursor_position(Position::new(inner.x + column, inner.y));
    let list = list_area(inner);
    let entries = picker.entries.as_deref().unwrap_or_default();
    let from = first(picker, usize::from(list.height));
    let shown = picker.shown.iter().enumerate().skip(from).take(usize::from(list.height));
    for (row, entry) in shown.filter_map(|(row, at)| Some((row, entries.get(*at)?))) {
        let mut pen = Pen::new(list.width);
        pen.put(&format!(" {}", Picker::line(entry, usize::from(list.width).saturating_sub(2))), plain);
        put_line(frame.buffer_mut(), list, row - from, &pen.line());
        if row == picker.at {
            let y = list.y + u16::try_from(row - from).unwrap_or(0);
            frame.buffer_mut().set_style(Rect { y, height: 1, ..list }.intersection(list), theme.style(Role::Selected));
        }
    }
    if picker.shown.is_empty() {
        let words = match (&picker.entries, picker.query.is_empty()) {
            (None, _) => " Looking…",
            (Some(_), _) if picker.hidden > 0 => " Only mock runs are like this.",
            (Some(_), true) => " Nothing has been recorded yet.",
            (Some(_), false) => " No session has these words.",
        };
        let mut pen = Pen::new(list.width);
        pen.put(words, dim);
        put_line(frame.buffer_mut(), list, 0, &pen.line());
    }
    preview(
        state,
        picker,
        Rect { y: list.bottom(), height: inner.bottom().saturating_sub(list.bottom() + 1), ..inner },
        frame,
    );
    let mut pen = Pen::new(inner.width);
    let verb = match picker.choice {
        Choice::Open => "replays it",
        Choice::Compare => "compares",
    };
    pen.put(" Enter ", name)
        .put(verb, dim)
        .put("  ↑↓ ", name)
        .put("choose", dim)
        .put("  Esc ", name)
        .put("closes", dim);
    if picker.hidden > 0 {
        let words = format!("{} hidden: write mock ", text::count(picker.hidden, "mock run"));
        pen.at_end(&words, dim);
    }
    put_line(frame.buffer_mut(), inner, usize::from(inner.height - 1), &pen.line());
}

/// That not every word of every session is searched.
fn in_part(picker: &Picker) -> String {
    let long = picker.entries.iter().flatten().filter(|entry| entry.is_in_part).count();
    match (long, picker.query.is_empty()) {
        (0, _) | (_, true) => String::new(),
        (long, false) => format!("{} searched only at both ends  ", text::count(long, "long session")),
    }
}

fn preview(state: &State, picker: &Picker, area: Rect, frame: &mut Frame<'_>) {
    let theme = state.theme();
    if area.height < 2 {
        return;
    }
    let mut pen = Pen::new(area.width);
    pen.put(&"─".repeat(usize::from(area.width)), theme.style(Role::Border));
    put_line(frame.buffer_mut(), area, 0, &pen.line());
    let Some((_, lines)) =
        picker.preview.as_ref().filter(|(file, _)| picker.entry().is_some_and(|entry| entry.file == *file))
    else {
        return;
    };
    for (row, line) in lines.iter().take(usize::from(area.height) - 1).enumerate() {
        let mut pen = Pen::new(area.width);
        pen.put(&format!(" {}", text::fit(line, usize::from(area.width) - 2)), theme.style(Role::Text));
        put_line(frame.buffer_mut(), area, row + 1, &pen.line());
    }
}
