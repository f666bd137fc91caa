//! Records into state: the fold, and what the selection makes of new calls.

use std::sync::Arc;

use crate::protocol::{CallId, Event, NoteLevel, Record, StopSite};
use crate::query::{Query, Subject};
use crate::session::Span;
use crate::ui::state::{Focus, Follow, Selected, State};

use super::select;

/// Folds records and follows the newest call.
pub(super) fn absorb(state: &mut State, records: &[Arc<Record>]) {
    let mut touched = false;
    for record in records {
        state.session.apply(record);
        if let Some(turn) = record.scope.turn {
            state.chat.forget(turn.index());
        }
        match &record.event {
            _ if state.is_viewing() => follow_replay(state, record),
            Event::CallProposed(_) | Event::CallHeld(_) if state.follow == Follow::Latest => {
                if let (Event::CallHeld(held), Focus::Input, Some(call)) =
                    (&record.event, state.focus, record.scope.call)
                {
                    state.notice = Some(waits(held.site, call));
                }
                if let Some(call) = record.scope.call.filter(|call| state.session.call(*call).is_some()) {
                    state.selected = Selected::Span(Span::Call(call));
                    state.data.tab = None;
                    state.calls.reveal = true;
                }
            }
            Event::TurnHeld(held) => {
                let reason = &held.reason;
                state.notice = Some(format!("The turn waits for you: {reason}. n goes on, outside the input."));
            }
            Event::NoteTaken(note) if note.level == NoteLevel::Info => state.notice = Some(note.text.clone()),
            Event::CallHeld(_) => {
                let call = record.scope.call.map_or(0, |call| call.0);
                state.notice = Some(format!("Call {call} is held and waits for you: F goes there."));
            }
            Event::ModelRequested(_) if state.selected == Selected::Nothing => {
                let step = record.scope.step.filter(|step| state.session.step(*step).is_some());
                if let Some(step) = step {
                    state.selected = Selected::Span(Span::Step(step));
                    state.calls.reveal = true;
                }
            }
            _ => {}
        }
        touched |= record.scope.call.is_some() || record.scope.step.is_some();
    }
    state.calls.absorb(&state.session);
    if touched && state.calls.is_filtered() {
        refilter(state);
    }
    if state.follow == Follow::Latest && touched {
        select::stay_at_the_end(state);
    }
}

/// What is said to an operator who types while something waits.
fn waits(site: StopSite, call: CallId) -> String {
    let call = call.0;
    match site {
        StopSite::AfterResult => {
            format!("The result of call {call} waits for you: Tab leaves the input, n lets the model see it.")
        }
        StopSite::BeforeCall | StopSite::BeforeModel | StopSite::AfterModel => {
            format!("Call {call} waits for you: Tab leaves the input, n sends it, d denies it.")
        }
    }
}

/// In a replay nothing waits for the operator: what a record is about is selected.
fn follow_replay(state: &mut State, record: &Record) {
    let call = record.scope.call.filter(|call| state.session.call(*call).is_some()).map(Span::Call);
    let step = record.scope.step.filter(|step| state.session.step(*step).is_some()).map(Span::Step);
    if let (Some(span), Follow::Latest) = (call.or(step), state.follow) {
        state.selected = Selected::Span(span);
        state.calls.reveal = true;
    }
}

/// Applies the expression of the filter anew. While it is none, the rows stay as they are.
pub(super) fn refilter(state: &mut State) {
    let query = state.calls.filter.words.parse::<Query>();
    state.calls.filter.problem = query.as_ref().err().cloned();
    let Ok(query) = query else { return };
    let session = &state.session;
    state.calls.refilter(|span| match span {
        Span::Call(id) => session.call(id).is_some_and(|call| query.matches(&Subject::of_call(session, call))),
        Span::Step(id) => session.step(id).is_some_and(|step| query.matches(&Subject::of_step(step))),
    });
}
