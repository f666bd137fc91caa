//! The calls pane: rows grouped under their turns, grown as records come and never rebuilt for a frame.

use std::collections::BTreeMap;

use super::{Fold, Lineup, Offers};
use crate::protocol::{CallId, ServerName, StepId};
use crate::query::ParseError;
use crate::session::{List, Server, Session, Span};

/// One row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRow {
    /// The turn at this position.
    Turn(usize),
    /// A step or a call.
    Span(Span),
}

/// How calls are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One row each.
    #[default]
    List,
    /// Bars on a time axis, one lane a server.
    Timeline,
}

/// What the time axis covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// The turn of what is selected.
    #[default]
    Turn,
    /// The whole session.
    Session,
}

/// Rows that an expression holds of.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The expression; empty for no filter.
    pub words: String,
    /// Whether they are being typed.
    pub typing: bool,
    /// Why they are no expression; the rows shown are those of the last one that was.
    pub problem: Option<ParseError>,
    /// What may stand in place of the word being typed.
    pub offers: Offers,
    /// What matches.
    kept: Kept,
}

/// What matches a filter.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// Positions of the rows.
    rows: Vec<u32>,
    /// The steps among them.
    steps: List<StepId>,
    /// The calls among them, by server.
    calls: BTreeMap<ServerName, List<CallId>>,
}

/// The calls pane.
#[derive(Debug, Default)]
pub struct Calls {
    /// How calls are shown.
    pub form: Form,
    /// What the time axis covers.
    pub window: Window,
    /// What becomes of lanes that have no room.
    pub fold: Fold,
    /// Which lanes are shown over the list.
    pub lineup: Lineup,
    /// Which rows are shown.
    pub filter: Filter,
    /// The first row on the screen.
    pub top: usize,
    /// Whether the selected row has to come into view.
    pub reveal: bool,
    /// Rows that were on the screen.
    pub height: u16,
    rows: Vec<CallRow>,
    spans_seen: usize,
    turns_seen: usize,
    of_step: Vec<u32>,
    of_call: Vec<u32>,
}

impl Calls {
    /// Forgets all rows: another session, or another moment of it, takes the place of the one shown.
    pub fn start_over(&mut self) {
        let kept = Filter { kept: Kept::default(), ..std::mem::take(&mut self.filter) };
        *self = Self { form: self.form, window: self.window, fold: self.fold, filter: kept, ..Self::default() };
    }

    /// Appends rows for what is new in the session.
    pub fn absorb(&mut self, session: &Session) {
        for span in session.spans.iter_from(self.spans_seen) {
            let turn = turn_of(session, *span);
            while turn.is_some_and(|turn| self.turns_seen <= turn) {
                self.rows.push(CallRow::Turn(self.turns_seen));
                self.turns_seen += 1;
            }
            let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            match span {
                Span::Step(_) => self.of_step.push(row),
                Span::Call(_) => self.of_call.push(row),
            }
            self.rows.push(CallRow::Span(*span));
        }
        self.spans_seen = session.spans.len();
        while self.turns_seen < session.turns.len() {
            self.rows.push(CallRow::Turn(self.turns_seen));
            self.turns_seen += 1;
        }
    }

    /// Makes the filtered rows again. A turn's heading stays if one of its rows does.
    pub fn refilter(&mut self, session: &Session, matches: impl Fn(Span) -> bool) {
        let mut kept = Kept::default();
        let mut heading = None;
        let wanted = if self.is_filtered() { self.rows.as_slice() } else { &[] };
        for (position, row) in wanted.iter().enumerate() {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            match row {
                CallRow::Turn(_) => heading = Some(position),
                CallRow::Span(span) if matches(*span) => {
                    kept.rows.extend(heading.take());
                    kept.rows.push(position);
                    match span {
                        Span::Step(id) => kept.steps.push(*id),
                        Span::Call(id) => {
                            if let Some(call) = session.call(*id) {
                                kept.calls.entry(call.server.clone()).or_default().push(*id);
                            }
                        }
                    }
                }
                CallRow::Span(_) => {}
            }
        }
        self.filter.kept = kept;
    }

    /// The steps that the filter lets through; none without a filter, where all are shown.
    #[must_use]
    pub fn kept_steps(&self) -> Option<&List<StepId>> {
        self.is_filtered().then_some(&self.filter.kept.steps)
    }

    /// The calls of a server that are shown; none where the filter hides them all.
    #[must_use]
    pub fn shown_of<'a>(&'a self, server: &'a Server) -> Option<&'a List<CallId>> {
        if self.is_filtered() { self.filter.kept.calls.get(&server.name) } else { Some(&server.calls) }
    }

    /// Whether only some rows are shown.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filter.words.trim().is_empty()
    }

    /// Rows shown.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.is_filtered() { self.filter.kept.rows.len() } else { self.rows.len() }
    }

    /// Whether nothing is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a shown row is.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<CallRow> {
        let position = if self.is_filtered() { *self.filter.kept.rows.get(position)? as usize } else { position };
        self.rows.get(position).copied()
    }

    /// The shown row of a span; the one before it if a filter hides it.
    #[must_use]
    pub fn position(&self, span: Span) -> Option<usize> {
        let row = match span {
            Span::Step(id) => *self.of_step.get(id.index())?,
            Span::Call(id) => *self.of_call.get(id.index())?,
        };
        if !self.is_filtered() {
            return Some(row as usize);
        }
        self.filter.kept.rows.partition_point(|shown| *shown <= row).checked_sub(1)
    }

    /// The next shown span after (or before) a row.
    #[must_use]
    pub fn neighbour(&self, position: Option<usize>, forward: bool) -> Option<Span> {
        let span = |position: usize| match self.row(position)? {
            CallRow::Span(span) => Some(span),
            CallRow::Turn(_) => None,
        };
        match (position, forward) {
            (Some(position), true) => (position + 1..self.len()).find_map(span),
            (Some(position), false) => (0..position).rev().find_map(span),
            (None, true) => (0..self.len()).find_map(span),
            (None, false) => (0..self.len()).rev().find_map(span),
        }
    }
}

/// The position of the turn a span belongs to.
#[must_use]
pub fn turn_of(session: &Session, span: Span) -> Option<usize> {
    match span {
        Span::Step(id) => session.step(id).map(|step| step.turn.index()),
        Span::Call(id) => session.call(id).and_then(|call| call.turn).map(|turn| turn.index()),
    }
}
