//! Stand-ins for what a damaged recording no longer tells: a turn, step or call whose first record cannot be read must not
//! cost everything after it.

use crate::protocol::{CallFailure, CallFailureCode, CallId, Ending, Event, Json, Record, StepId, TurnId};

use super::turns::before_us;
use super::{Call, CallState, Session, Span, Step, StepState, Turn};

/// Stand-ins made at one record; a larger gap is a lie, not damage.
const MOST: usize = 10_000;
/// In place of what cannot be read any more, or is missing.
const LOST: &str = "(not in the recording)";

/// Whether what a record belongs to is over already, as far as is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// More of it comes with this record.
    Comes,
    /// Nothing of it is left.
    Gone,
}

impl Call {
    /// Whether it stands in for a call whose first record cannot be read or is missing: what it was is not known.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.tool.as_str() == LOST
    }
}

/// Makes stand-ins for everything that `record` builds on and that is not there.
pub(super) fn fill(session: &mut Session, record: &Record) {
    let (scope, at_us) = (record.scope, record.at_us);
    if let Some(id) = scope.turn {
        let begins = matches!(record.event, Event::TurnStarted(_));
        for (index, rest) in gap(session.turns.len(), id.index(), begins) {
            let before_us = before_us(session, at_us);
            session.turns.push(Turn { before_us, ..turn(TurnId::from_index(index), at_us, rest) });
        }
    }
    if let (Some(id), Some(turn)) = (scope.step, scope.turn.filter(|turn| turn.index() < session.turns.len())) {
        let begins = matches!(record.event, Event::ModelRequested(_));
        for (index, rest) in gap(session.steps.len(), id.index(), begins) {
            let id = StepId::from_index(index);
            session.steps.push(step(id, turn, at_us, rest));
            session.spans.push(Span::Step(id));
            if let Some(turn) = session.turns.get_mut(turn.index()) {
                turn.steps.push(id);
            }
        }
    }
    if let Some(id) = scope.call {
        let begins = matches!(record.event, Event::CallProposed(_));
        for (index, rest) in gap(session.calls.len(), id.index(), begins) {
            let id = CallId::from_index(index);
            session.calls.push(call(id, record, rest));
            session.spans.push(Span::Call(id));
            if let Some(turn) = scope.turn.and_then(|turn| session.turns.get_mut(turn.index())) {
                turn.calls.push(id);
            }
            if let Some(step) = scope.step.and_then(|step| session.steps.get_mut(step.index())) {
                step.calls.push(id);
            }
        }
    }
}

/// The places from `known` to `wanted`, that one only if the record does not begin it itself.
fn gap(known: usize, wanted: usize, begins: bool) -> impl Iterator<Item = (usize, Rest)> {
    let end = if begins { wanted } else { wanted.saturating_add(1) };
    let end = if end.saturating_sub(known) > MOST { known } else { end };
    (known..end).map(move |index| (index, if index == wanted { Rest::Comes } else { Rest::Gone }))
}

fn turn(id: TurnId, at_us: u64, rest: Rest) -> Turn {
    Turn {
        id,
        question: LOST.to_owned(),
        attached: [].into(),
        steps: Vec::new(),
        calls: Vec::new(),
        ending: (rest == Rest::Gone).then_some(Ending::Failed),
        reason: (rest == Rest::Gone).then(|| LOST.to_owned()),
        started_us: at_us,
        ended_us: (rest == Rest::Gone).then_some(at_us),
        before_us: 0,
        fresh: false,
    }
}

fn step(id: StepId, turn: TurnId, at_us: u64, rest: Rest) -> Step {
    Step {
        id,
        turn,
        model: String::new(),
        messages: 0,
        new_messages: Json::default(),
        tools: 0,
        text: String::new(),
        reasoning: String::new(),
        state: if rest == Rest::Gone { StepState::Stopped } else { StepState::Waiting },
        requested_us: at_us,
        first_us: None,
        ended_us: (rest == Rest::Gone).then_some(at_us),
        usage: None,
        finish_reason: None,
        calls: Vec::new(),
        retries: 0,
    }
}

fn call(id: CallId, record: &Record, rest: Rest) -> Call {
    let failure = CallFailure { code: CallFailureCode::ProtocolError, message: LOST.to_owned() };
    Call {
        id,
        turn: record.scope.turn,
        step: record.scope.step,
        server: "".into(),
        tool: LOST.into(),
        proposed: Json::default(),
        arguments: Json::default(),
        read_only: false,
        state: if rest == Rest::Gone { CallState::Error } else { CallState::Proposed },
        held_us: None,
        held_reason: None,
        held_remedy: String::new(),
        decisions: Vec::new(),
        attempts: 0,
        proposed_us: record.at_us,
        started_us: None,
        finished_us: (rest == Rest::Gone).then_some(record.at_us),
        duration_us: None,
        timeout_ms: None,
        patience_us: None,
        progress: None,
        result: None,
        failure: (rest == Rest::Gone).then_some(failure),
        edited: None,
        refusal: None,
        mismatch: None,
        delivered: None,
        frames: Vec::new(),
    }
}
