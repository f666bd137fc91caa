//! Where a time stands on the time axis: the turns of the window laid end to end.

use ratatui::layout::Rect;

use crate::session::{List, Turn};
use crate::ui::state::{Selected, State, Window, turn_of};

/// Columns of the lanes' names.
pub(super) const NAMES: u16 = 11;

/// Time that turns took, laid end to end: what lies between them takes no room.
pub(super) struct Axis<'s> {
    pub turns: &'s List<Turn>,
    /// Index of the first turn on it and of the one after the last, at least one apart.
    pub from: usize,
    pub to: usize,
    /// When a turn that runs ends, for now, µs.
    now_us: u64,
    /// Where the bars go.
    pub area: Rect,
}

impl Axis<'_> {
    pub fn start_us(&self) -> u64 {
        self.turns[self.from].started_us
    }

    pub fn end_us(&self) -> u64 {
        self.turn_end_us(self.to - 1)
    }

    fn turn_end_us(&self, index: usize) -> u64 {
        let turn = &self.turns[index];
        let took_us = match self.turns.get(index + 1) {
            Some(next) => next.before_us - turn.before_us,
            None => turn.ended_us.unwrap_or(self.now_us).saturating_sub(turn.started_us).max(1),
        };
        turn.started_us + took_us
    }

    /// What the turns on it before one took together.
    fn before_us(&self, index: usize) -> u64 {
        self.turns[index].before_us - self.turns[self.from].before_us
    }

    /// What all of it takes.
    pub fn whole_us(&self) -> u64 {
        self.before_us(self.to - 1) + (self.end_us() - self.turns[self.to - 1].started_us)
    }

    /// The last turn on it of which `begun` is true, which must be one that begins before the others.
    fn last_turn(&self, begun: impl Fn(&Turn) -> bool) -> usize {
        self.turns.partition_point(begun).clamp(self.from + 1, self.to) - 1
    }

    pub fn column(&self, at_us: u64) -> u16 {
        let index = self.last_turn(|turn| turn.started_us <= at_us);
        let within_us = at_us.min(self.turn_end_us(index)).saturating_sub(self.turns[index].started_us);
        self.column_at(self.before_us(index) + within_us)
    }

    /// The column of a time on the axis itself.
    fn column_at(&self, offset_us: u64) -> u16 {
        let last = u64::from(self.area.width.saturating_sub(1));
        let column = u128::from(offset_us) * u128::from(last) / u128::from(self.whole_us());
        self.area.x + u16::try_from(column).unwrap_or(0)
    }

    /// Where a turn begins, in columns of the axis.
    pub fn turn_column(&self, index: usize) -> usize {
        usize::from(self.column_at(self.before_us(index)) - self.area.x)
    }

    /// The first turn that begins at this column of the axis or after it; the one after the last if none does.
    pub fn first_turn_at(&self, column: usize) -> usize {
        let last = u128::from(self.area.width.saturating_sub(1)).max(1);
        let offset = (u128::from(self.whole_us()) * column as u128).div_ceil(last);
        let first_us = self.turns[self.from].before_us;
        let before = self.turns.partition_point(|turn| u128::from(turn.before_us.saturating_sub(first_us)) < offset);
        before.clamp(self.from, self.to)
    }

    pub fn time(&self, column: u16) -> u64 {
        let last = u128::from(self.area.width.saturating_sub(1)).max(1);
        let offset = u128::from(self.whole_us()) * u128::from(column) / last;
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        let first_us = self.turns[self.from].before_us;
        let index = self.last_turn(|turn| turn.before_us.saturating_sub(first_us) <= offset);
        self.turns[index].started_us + (offset - self.before_us(index))
    }
}

/// What the axis covers; nothing before the first turn.
pub(super) fn axis(state: &State) -> Option<Axis<'_>> {
    let area = state.areas.timeline;
    let bars = Rect { x: area.x + NAMES.min(area.width), width: area.width.saturating_sub(NAMES + 1), ..area };
    let session = &state.session;
    let last = session.turns.len().checked_sub(1)?;
    let (from, to) = match state.calls.window {
        Window::Session => (0, last + 1),
        Window::Turn => {
            let selected = match state.selected {
                Selected::Span(span) => turn_of(session, span),
                Selected::Server(_) | Selected::Nothing | Selected::Request => None,
            };
            let turn = selected.filter(|turn| *turn <= last).unwrap_or(last);
            (turn, turn + 1)
        }
    };
    Some(Axis { turns: &session.turns, from, to, now_us: state.now_us.max(session.last_us), area: bars })
}
