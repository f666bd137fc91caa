//! Records into state: the fold, and what the selection makes of new calls.

use std::sync::Arc;

use crate::protocol::{Event, NoteLevel, Record};
use crate::session::{Call, CallState, Span, Step};
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
            Event::CallProposed(_) | Event::CallHeld(_) if state.follow == Follow::Latest => {
                if let (Event::CallHeld(_), Focus::Input, Some(call)) = (&record.event, state.focus, record.scope.call)
                {
                    let call = call.0;
                    state.notice =
                        Some(format!("Call {call} waits for you: Tab leaves the input, n runs it, d denies it."));
                }
                if let Some(call) = record.scope.call.filter(|call| state.session.call(*call).is_some()) {
                    state.selected = Selected::Span(Span::Call(call));
                    state.data.tab = None;
                    state.calls.reveal = true;
                }
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

/// Applies the words of the filter anew.
pub(super) fn refilter(state: &mut State) {
    let words: Vec<String> = state.calls.filter.words.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let session = &state.session;
    state.calls.refilter(|span| match span {
        Span::Call(id) => session.call(id).is_some_and(|call| call_has(call, &words)),
        Span::Step(id) => session.step(id).is_some_and(|step| step_has(step, &words)),
    });
}

fn call_has(call: &Call, words: &[String]) -> bool {
    words.iter().all(|word| {
        contains(call.tool.as_str(), word)
            || contains(call.server.as_str(), word)
            || contains(state_word(call.state), word)
            || contains(call.arguments.text(), word)
    })
}

fn step_has(step: &Step, words: &[String]) -> bool {
    words.iter().all(|word| contains(&step.model, word) || contains("model", word))
}

/// The word of a state, as the list shows it.
fn state_word(state: CallState) -> &'static str {
    match state {
        CallState::Proposed => "proposed",
        CallState::Held(_) => "held",
        CallState::Running => "running",
        CallState::Ok => "ok",
        CallState::Error => "failed error",
        CallState::Cancelled => "cancelled",
        CallState::Denied => "denied",
    }
}

/// Case-insensitive for ASCII without making a copy; `word` is lower case.
fn contains(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    word.is_empty() || text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}
