//! A question of the console: its text, what may be written, and what is wrong with it.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::overlay::overlay_area;
use super::{popup, put_line};
use crate::ui::state::{Ask, State};
use crate::ui::text::{self, Pen, Piece};
use crate::ui::theme::Role;

/// What stands under the text, section by section.
struct Foot {
    problem: Vec<Line<'static>>,
    hint: Vec<Line<'static>>,
    keys: Vec<Line<'static>>,
}

/// Lines of a problem; a schema can have much to say.
const MOST_PROBLEM: usize = 8;

impl Foot {
    fn of(ask: &Ask, columns: u16, style: impl Fn(Role) -> Style) -> Self {
        let columns = usize::from(columns).saturating_sub(1).max(4);
        let flowed = |pieces: &[Piece], hang: usize| -> Vec<Line<'static>> {
            text::flow(pieces, columns, hang).into_iter().map(|(line, _)| line).collect()
        };
        let problem = ask.problem.as_ref().map(|problem| Piece::new(&format!(" ✗ {problem}"), style(Role::Bad)));
        let mut problem = problem.map(|piece| flowed(&[piece], 3)).unwrap_or_default();
        problem.truncate(MOST_PROBLEM);
        let hint = flowed(&[Piece::new(&format!(" {}", ask.purpose.hint()), style(Role::Dim))], 1);
        let mut keys = vec![Piece::new(" ", style(Role::Text))];
        for (key, label) in keys_of(ask) {
            keys.push(Piece::new(key, style(Role::Name)));
            // A key and its words stay on one line.
            keys.push(Piece::new(&format!("\u{a0}{}  ", label.replace(' ', "\u{a0}")), style(Role::Dim)));
        }
        Self { problem, hint, keys: flowed(&keys, 1) }
    }

    fn len(&self) -> usize {
        self.problem.len() + self.hint.len() + self.keys.len()
    }

    /// The lines that fit `rows`: keys first, then what is wrong, then what may be written.
    fn fitted(mut self, rows: usize) -> Vec<Line<'static>> {
        self.keys.truncate(rows);
        self.problem.truncate(rows - self.keys.len());
        self.hint.truncate(rows - self.keys.len() - self.problem.len());
        [self.problem, self.hint, self.keys].concat()
    }
}

fn keys_of(ask: &Ask) -> &'static [(&'static str, &'static str)] {
    if ask.purpose.is_line() {
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
            ("Ctrl+L", "empties"),
        ]
    }
}

/// Where the question lies.
pub(super) fn ask_area(size: (u16, u16), ask: &Ask) -> Rect {
    let most = overlay_area(size);
    let foot = Foot::of(ask, most.width.saturating_sub(2), |_| Style::default()).len();
    let written = if ask.purpose.is_line() { 0 } else { ask.area.lines().len() };
    let height = u16::try_from(written + foot + 4).unwrap_or(u16::MAX).min(most.height);
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
    let mut foot = Foot::of(ask, inner.width, |role| theme.style(role));
    if !ask.offers.words().is_empty() {
        let mut pen = Pen::new(inner.width);
        pen.put(" ", theme.style(Role::Dim));
        super::offers(state, &ask.offers, &mut pen);
        foot.hint = vec![pen.line()];
    }
    // The line with the cursor stays in view whatever there is to say.
    let foot = foot.fitted(usize::from(inner.height - 1));
    let rows = u16::try_from(foot.len()).unwrap_or(u16::MAX);
    let edited = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(rows),
        ..inner
    };
    ask.area.render(edited, frame.buffer_mut());
    let cursor = ask.area.screen_cursor();
    let (top, left) = ask.area.scroll_offset();
    let row = u16::try_from(cursor.row).unwrap_or(u16::MAX).saturating_sub(top).min(edited.height.saturating_sub(1));
    let column = u16::try_from(cursor.col).unwrap_or(u16::MAX).saturating_sub(left).min(edited.width - 1);
    frame.set_cursor_position(Position::new(edited.x + column, edited.y + row));
    for (row, line) in foot.iter().enumerate() {
        put_line(frame.buffer_mut(), inner, usize::from(edited.height) + row, line);
    }
}
