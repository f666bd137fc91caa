//! What lies over the panes: help, pages to read, the palette.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::{popup, put_line};
use crate::ui::state::{Overlay, Page, Palette, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;
use crate::ui::update;

/// Where an overlay lies on a screen of `(columns, rows)`.
#[must_use]
pub fn overlay_area((columns, rows): (u16, u16)) -> Rect {
    let width = columns.saturating_sub(4).min(92);
    let height = rows.saturating_sub(2).min(40);
    Rect { x: (columns - width) / 2, y: (rows - height) / 2, width, height }
}

/// Where an overlay with so much to say lies.
#[must_use]
pub fn open_area(size: (u16, u16), overlay: &Overlay) -> Rect {
    let most = overlay_area(size);
    match overlay {
        Overlay::Palette(_) | Overlay::Picker(_) | Overlay::Form(_) => most,
        Overlay::Ask(ask) => super::ask::ask_area(size, ask),
        Overlay::Help(page) | Overlay::Page(page) => {
            let rows = u16::try_from(page.lines.len() + 3).unwrap_or(u16::MAX).max(6);
            let height = rows.min(most.height);
            Rect { y: most.y + (most.height - height) / 2, height, ..most }
        }
    }
}

/// Columns of a page's text.
#[must_use]
pub fn page_columns(size: (u16, u16)) -> u16 {
    overlay_area(size).width.saturating_sub(4)
}

/// Rows of a page's text.
#[must_use]
pub fn page_rows(size: (u16, u16)) -> u16 {
    overlay_area(size).height.saturating_sub(3)
}

/// The entry of the palette at a place on the screen.
#[must_use]
pub fn palette_row(size: (u16, u16), palette: &Palette, place: Position) -> Option<usize> {
    let area = overlay_area(size);
    let row = usize::from(place.y.checked_sub(area.y + 3)?);
    let at = first_entry(palette, usize::from(area.height.saturating_sub(4))) + row;
    (at < palette.entries.len()).then_some(at)
}

/// Draws the overlay, if there is one.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>) {
    match &state.overlay {
        None => {}
        Some(overlay @ (Overlay::Help(page) | Overlay::Page(page))) => {
            draw_page(state, page, open_area(state.size, overlay), frame);
        }
        Some(Overlay::Palette(palette)) => draw_palette(state, palette, frame),
        Some(Overlay::Ask(ask)) => super::ask::draw(state, ask, frame),
        Some(Overlay::Form(form)) => super::form::draw(state, form, frame),
        Some(Overlay::Picker(picker)) => super::picker::draw(state, picker, frame),
    }
}

fn draw_page(state: &State, page: &Page, area: Rect, frame: &mut Frame<'_>) {
    let theme = state.theme();
    let inner = popup(frame.buffer_mut(), area, theme, &page.title);
    let rows = usize::from(page_rows(state.size));
    let text_area = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    for (row, line) in page.lines.iter().skip(page.top).take(rows).enumerate() {
        put_line(frame.buffer_mut(), text_area.intersection(inner), row, line);
    }
    let mut pen = Pen::new(inner.width);
    let dim = theme.style(Role::Dim);
    let end = (page.top + rows).min(page.lines.len());
    let more = if page.lines.len() > rows {
        format!("{}–{end} of {}  ", page.top + 1, page.lines.len())
    } else {
        String::new()
    };
    pen.put(" Esc ", theme.style(Role::Name)).put("closes  ", dim);
    let is_unread = page.matters.iter().any(|matter| !state.read.contains(matter));
    if update::changed::is_shown(state) && !is_unread {
        pen.put("a ", theme.style(Role::Name)).put("accepts it for good  ", dim);
    }
    if !more.is_empty() {
        let words = if is_unread { "to its end, where the answers stand " } else { "scroll " };
        pen.put("↑↓ PgUp PgDn ", theme.style(Role::Name)).put(words, dim);
    }
    pen.at_end(&more, dim);
    put_line(frame.buffer_mut(), inner, usize::from(inner.height.saturating_sub(1)), &pen.line());
}

fn first_entry(palette: &Palette, rows: usize) -> usize {
    (palette.at + 1).saturating_sub(rows.max(1))
}

fn draw_palette(state: &State, palette: &Palette, frame: &mut Frame<'_>) {
    let theme = state.theme();
    let inner = popup(frame.buffer_mut(), overlay_area(state.size), theme, "Palette");
    if inner.is_empty() {
        return;
    }
    let mut pen = Pen::new(inner.width);
    pen.put(" › ", theme.style(Role::Name)).put(&palette.query, theme.style(Role::Strong));
    let column = u16::try_from(pen.used()).unwrap_or(0).min(inner.width - 1);
    if palette.query.is_empty() {
        pen.put(" what do you want to do?", theme.style(Role::Dim));
    }
    pen.at_end(&format!("{} ", palette.entries.len()), theme.style(Role::Dim));
    put_line(frame.buffer_mut(), inner, 0, &pen.line());
    frame.set_cursor_position(Position::new(inner.x + column, inner.y));
    let rows = usize::from(inner.height.saturating_sub(2));
    let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    let first = first_entry(palette, rows);
    for (row, entry) in palette.entries.iter().enumerate().skip(first).take(rows) {
        let mut pen = Pen::new(list.width);
        let key = text::fit(&entry.key, 24);
        let room = usize::from(list.width).saturating_sub(text::width(&key) + 4);
        pen.put("  ", theme.style(Role::Text)).put(&text::fit(&entry.label, room), theme.style(Role::Text));
        pen.at_end(&format!("{key} "), theme.style(Role::Name));
        put_line(frame.buffer_mut(), list, row - first, &pen.line());
        if row == palette.at {
            let y = list.y + u16::try_from(row - first).unwrap_or(0);
            frame.buffer_mut().set_style(Rect { y, height: 1, ..list }.intersection(list), theme.style(Role::Selected));
        }
    }
    if palette.entries.is_empty() {
        let mut pen = Pen::new(list.width);
        pen.put("  Nothing has this name.", theme.style(Role::Dim));
        put_line(frame.buffer_mut(), list, 0, &pen.line());
    }
}
