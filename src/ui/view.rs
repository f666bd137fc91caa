//! The state on the screen: pure, draws only what is in view, changes nothing.

mod ask;
mod calls;
mod card;
mod chat;
mod data;
mod footer;
mod form;
mod greeting;
mod input;
mod lanes;
mod marks;
mod overlay;
mod picker;
mod scrub;
mod timeline;
mod title;
mod tree;
mod turn;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

pub use card::card_rows;
pub use data::data_tab;
pub use footer::notice_lines;
pub use form::{form_height, form_rows};
pub(in crate::ui) use greeting::server_words;
pub use greeting::{greeting_rows, queue_rows};
pub use overlay::{open_area, page_columns, page_rows, palette_row};
pub use picker::picker_row;
pub use scrub::scrub_position;
pub use timeline::timeline_hit;
pub use title::{banner_lines, pane_tab, title_lane};
pub use tree::is_whole;
pub use turn::turn_rows;

use super::layout::Shape;
use super::state::{Focus, Offers, State};
use super::text::Pen;
use super::theme::{Role, Theme};

/// Draws everything.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let screen = frame.area();
    // Between a resize and the next frame the two may differ; nothing may be drawn outside.
    if screen.width != state.size.0 || screen.height != state.size.1 || screen.is_empty() {
        return;
    }
    title::draw(state, frame.buffer_mut());
    chat::draw(state, frame.buffer_mut());
    input::draw(state, frame);
    calls::draw(state, frame.buffer_mut());
    timeline::draw(state, frame.buffer_mut());
    data::draw(state, frame);
    scrub::draw(state, frame.buffer_mut());
    footer::draw(state, frame.buffer_mut());
    overlay::draw(state, frame);
}

/// One line at a row of an area.
fn put_line(buffer: &mut Buffer, area: Rect, row: usize, line: &Line<'_>) {
    let Ok(row) = u16::try_from(row) else { return };
    if row < area.height && area.width > 0 {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Words that may stand in place of the one being typed, the one taken last marked.
fn offers(state: &State, offers: &Offers, pen: &mut Pen) {
    let theme = state.theme();
    for (at, word) in offers.words().iter().enumerate() {
        let role = if offers.taken() == Some(at) { Role::Name } else { Role::Dim };
        pen.put(word, theme.style(role)).put("  ", theme.style(Role::Dim));
    }
}

/// A pane's frame with its title; none where the pane has the screen to itself.
fn frame(state: &State, buffer: &mut Buffer, area: Rect, focused: Focused, title: &mut Pen, foot: &mut Pen) {
    if state.areas.shape == Shape::Single || area.is_empty() {
        return;
    }
    let (role, border) = match focused {
        Focused::Yes => (Role::Focus, BorderType::Thick),
        Focused::No => (Role::Border, BorderType::Rounded),
    };
    let block = Block::bordered()
        .border_type(border)
        .border_style(state.theme().style(role))
        .title_top(title.line())
        .title_bottom(foot.line());
    block.render(area, buffer);
}

/// Whether a pane has the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Focused {
    Yes,
    No,
}

impl Focused {
    fn of(state: &State, panes: &[Focus]) -> Self {
        if panes.contains(&state.focus) && state.overlay.is_none() { Self::Yes } else { Self::No }
    }
}

/// An empty box over everything else.
fn popup(buffer: &mut Buffer, area: Rect, theme: Theme, title: &str) -> Rect {
    Clear.render(area, buffer);
    let mut pen = Pen::new(area.width.saturating_sub(2));
    pen.put(&format!(" {title} "), theme.style(Role::Strong));
    let block =
        Block::bordered().border_type(BorderType::Rounded).border_style(theme.style(Role::Focus)).title_top(pen.line());
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}
