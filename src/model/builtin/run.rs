//! The plan at work: which records are there, which calls are needed next.
//!
//! Nothing is kept between steps. The same question with the same results always gives the same calls, so a call
//! that was made is found again by its tool and arguments, and what is not found is what has to be called now.

mod added;
mod beyond;
mod exact;
mod fetch;
mod listed;
mod named;
mod readings;

use jiff::civil::Date;
use serde_json::Value;

use super::access::{self};
use super::catalog::Catalog;
use super::evidence::{Done, Failure};
use super::frame::{Frame, NodeId};
use super::knowledge::{KindId, Knowledge};
use super::rows::{self, Row};
use super::sent::{self, Changed};
use crate::protocol::CallId;

/// A call to be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Planned {
    pub tool: String,
    pub arguments: Value,
    /// What for, from the knowledge files.
    pub why: String,
}

/// What became of a node so far.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Calls have to be made first.
    Waiting,
    Ready(Found),
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub rows: Vec<Row>,
    pub problems: Vec<Problem>,
    /// The calls that were looked at.
    pub calls: Vec<CallId>,
    /// What of these calls was sent otherwise than planned.
    pub changed: Vec<Changed>,
    /// How many the server says there are, if more than were read.
    pub total: Option<u64>,
    /// What was said and what was taken instead, if the name was not quite right.
    pub instead: Option<Box<(String, String)>>,
    /// A name that none of them belongs to, and that was looked for in their text.
    pub spoken_of: Option<Box<str>>,
    /// What must be said of how the list was made.
    pub note: Box<str>,
    /// Those asked about that a list without criteria leaves out, with what that means.
    pub rest: Option<Box<Rest>>,
    /// Records found by a search that fit much less well than the best.
    pub weaker: Vec<Row>,
    /// Ids that none of the records names, although they were asked for: the records only have the same owner.
    pub loose: Option<Box<str>>,
}

/// Records that a list leaves out.
#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    /// What holds for them.
    pub says: Box<str>,
    pub ids: Vec<String>,
}

/// Why something could not be found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem {
    /// A call for records of this kind failed; `said` is what it was about.
    Failed { call: CallId, kind: KindId, failure: Failure, said: String },
    /// No connected server gives such records.
    NoServer { kind: KindId },
    /// No tool gives such records without more being known.
    TooVague { kind: KindId },
    /// A name fits several records.
    Ambiguous { said: String, rows: Vec<Row> },
    /// What was said has not the form of such an id; an example of one that has.
    Malformed { said: String, kind: KindId },
    /// There would be more calls than make sense.
    TooMany { kind: KindId, calls: usize },
}

/// More calls than this for one list are not made.
const MOST_CALLS: usize = 25;
/// Of records ranked by fitness only so many are looked at more closely.
const MOST_BEST: usize = 3;
/// How many pages of a list are read.
const MOST_PAGES: usize = 5;

/// One evaluation of a frame.
pub(super) struct Run<'a> {
    knowledge: &'a Knowledge,
    catalog: &'a Catalog<'a>,
    frame: &'a Frame,
    today: Date,
    done: &'a [Done],
    /// Whether calls can still be made.
    open: bool,
    memo: Vec<Option<State>>,
    planned: Vec<Planned>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        knowledge: &'a Knowledge,
        catalog: &'a Catalog<'a>,
        frame: &'a Frame,
        today: Date,
        done: &'a [Done],
        open: bool,
    ) -> Self {
        Self { knowledge, catalog, frame, today, done, open, memo: vec![None; frame.nodes.len()], planned: Vec::new() }
    }

    /// The calls to be made before the heads are complete.
    pub(super) fn planned(self) -> Vec<Planned> {
        self.planned
    }

    /// What was found for a node, if it was looked for.
    pub(super) fn known(&self, id: NodeId) -> Option<&Found> {
        match self.memo.get(id)?.as_ref()? {
            State::Ready(found) => Some(found),
            State::Waiting => None,
        }
    }

    /// What is known of a node now; notes the calls it still needs.
    pub(super) fn resolve(&mut self, id: NodeId) -> State {
        if let Some(Some(state)) = self.memo.get(id) {
            return state.clone();
        }
        // A tie in a circle says nothing; it must not be followed for ever.
        if let Some(slot) = self.memo.get_mut(id) {
            *slot = Some(State::Ready(Found::default()));
        }
        let state = self.fresh(id);
        if let Some(slot) = self.memo.get_mut(id) {
            *slot = Some(state.clone());
        }
        state
    }

    fn fresh(&mut self, id: NodeId) -> State {
        let Some(node) = self.frame.nodes.get(id) else { return State::Ready(Found::default()) };
        if let Some(rows) = &node.known {
            let calls = calls_of(rows);
            let mut rows = rows.clone();
            if self.borrow(node, &node.filters, &mut rows).is_none() {
                return State::Waiting;
            }
            let rows = self.kept(node, &node.filters, rows, &[]);
            return State::Ready(Found { rows, calls, ..Found::default() });
        }
        if !access::served(self.knowledge, self.catalog, node.kind) && self.open {
            return problem(Problem::NoServer { kind: node.kind });
        }
        match &node.named {
            Some(mention) => {
                // Both are asked for side by side.
                let (own, owner) = (self.named(node, mention), node.owner.map(|owner| self.resolve(owner)));
                if matches!(owner, Some(State::Waiting)) { State::Waiting } else { own }
            }
            None => self.listed(node),
        }
    }
}

/// What is known of the values of a node's field.
enum Keys {
    Waiting,
    Known(Vec<String>),
    None(Found),
}

impl Found {
    /// Planned values of a field, and those that calls were sent with in their place.
    fn asked_for(&self, field: &str, mut values: Vec<String>) -> Vec<String> {
        values.extend(sent::values(&self.changed, field).cloned());
        values
    }

    /// Notes which of the wanted values of a field a whole list of all does not have.
    fn leave_out(&mut self, field: &str, wanted: &[String]) {
        let whole = self.total.is_none() && self.problems.is_empty() && self.changed.is_empty();
        let Some(rest) = self.rest.as_mut().filter(|_| whole) else { return };
        let listed = rows::distinct(&self.rows, field);
        rest.ids.extend(wanted.iter().filter(|value| !listed.contains(value)).cloned());
    }

    /// Whether the server said that there is no such record.
    pub(super) fn is_missing(&self) -> bool {
        self.rows.is_empty()
            && self
                .problems
                .iter()
                .any(|problem| matches!(problem, Problem::Failed { failure, .. } if failure.not_found))
    }
}

fn problem(problem: Problem) -> State {
    State::Ready(Found { problems: vec![problem], ..Found::default() })
}

fn calls_of(rows: &[Row]) -> Vec<CallId> {
    let mut calls: Vec<CallId> = rows.iter().map(|row| row.call).collect();
    calls.sort_unstable();
    calls.dedup();
    calls
}
