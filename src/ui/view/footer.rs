//! The last line: what there is to say, else the keys that work here and now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::put_line;
use crate::ui::keymap::{self, Action, StepKey};
use crate::ui::state::{Focus, Leaving, State};
use crate::ui::text::{self, Pen};
use crate::ui::theme::Role;
use crate::ui::update;

/// How many calls are held, and the key that leads to the next one.
fn held_words(state: &State) -> String {
    let way = match (state.focus, state.held().is_some()) {
        _ if state.overlay.is_some() => "",
        (Focus::Input, true) => ": Tab",
        (Focus::Input, false) => ": Tab F",
        (Focus::Chat | Focus::Calls | Focus::Data, _) => ": F next",
    };
    match (update::held(state), state.held().is_some()) {
        (0, _) => String::new(),
        (1, true) if state.focus != Focus::Input => " ⏸ 1 held ".to_owned(),
        (count, _) => format!(" ⏸ {count} held{way} "),
    }
}

/// What there is to say, at most so many lines that the panes can still be used.
#[must_use]
pub fn notice_lines(state: &State, width: u16) -> Vec<Line<'static>> {
    let Some(notice) = &state.notice else { return Vec::new() };
    let room = usize::from(width).saturating_sub(text::width(&held_words(state)) + 1);
    text::said(notice, room, state.theme().style(Role::Warn))
}

/// Draws the footer.
pub(super) fn draw(state: &State, buffer: &mut Buffer) {
    let area = state.areas.footer;
    let theme = state.theme();
    let held = held_words(state);
    let room = usize::from(area.width).saturating_sub(text::width(&held));
    let mut end = Pen::new(area.width);
    end.at_end(&held, theme.style(Role::Warn));
    put_line(buffer, area, 0, &end.line());
    let lines = notice_lines(state, area.width);
    for (row, line) in lines.iter().enumerate() {
        put_line(buffer, area, row, line);
    }
    if !lines.is_empty() {
        return;
    }
    let area = Rect { width: u16::try_from(room).unwrap_or(area.width), ..area };
    let mut pen = Pen::new(area.width);
    pen.put(" ", theme.style(Role::Text));
    if state.leaving == Leaving::Asked {
        pen.put("Ending the session and its servers… Ctrl+C leaves at once.", theme.style(Role::Warn));
        put_line(buffer, area, 0, &pen.line());
        return;
    }
    let situation = update::situation(state);
    for binding in keymap::footer(&situation) {
        let key = binding.chords.first().map(keymap::Chord::label).unwrap_or_default();
        let label = match (binding.action, state.restartable()) {
            (Action::Step(StepKey::Step), _) if update::shows_first(state) => "show what waits".to_owned(),
            (Action::RestartServer, Some(name)) => format!("restart {}", text::fit(name.as_str(), 16)),
            _ => binding.label.to_owned(),
        };
        // A key without its words helps nobody.
        if text::width(&key) + text::width(&label) + 3 > pen.room() {
            break;
        }
        pen.put(&key, theme.style(Role::Name)).put(" ", theme.style(Role::Text));
        pen.put(&label, theme.style(Role::Dim)).put("  ", theme.style(Role::Text));
    }
    put_line(buffer, area, 0, &pen.line());
}
