//! Records into state: the fold, and what the selection makes of new calls.

use std::sync::Arc;

use crate::protocol::{AfterLoss, CallId, Event, NoteLevel, Record, ServerLost, Stepping, StopSite, TurnHeld, Verdict};
use crate::query::{Query, Subject};
use crate::session::{Health, Span};
use crate::ui::state::{Focus, Follow, Scroll, Selected, State};

use super::{form, materials, projects, select};

/// Folds records and follows the newest call.
pub(super) fn absorb(state: &mut State, records: &[Arc<Record>]) {
    let mut touched = false;
    for record in records {
        let comes_back = comes_back(state, record);
        state.session.apply(record);
        if let Some(turn) = record.scope.turn {
            state.chat.forget(turn.index());
        }
        match &record.event {
            _ if state.is_viewing() => follow_replay(state, record),
            Event::CallProposed(_) | Event::CallHeld(_) if state.follow == Follow::Latest => {
                // What the operator is deciding over stays where it is.
                let deciding = state.held().map(|call| call.id).filter(|held| Some(*held) != record.scope.call);
                let call = record.scope.call.filter(|call| deciding.is_none() && state.session.call(*call).is_some());
                if let Some(call) = call {
                    show(state, call);
                    if let (Event::CallHeld(held), Focus::Input) = (&record.event, state.focus) {
                        state.notice = Some(waits(held.site, call));
                    }
                }
            }
            Event::CallHeld(_) => {
                let call = record.scope.call.map_or(0, |call| call.0);
                state.notice = Some(format!("Call {call} is held and waits for you."));
            }
            Event::CallDecided(decided) if decided.verdict != Verdict::Edit => {
                let here = state.call().map(|call| call.id);
                if here == record.scope.call {
                    match select::held_first(state, here) {
                        Some(next) => show(state, next),
                        // Nothing else waits: whatever is held next is looked at then.
                        None => state.follow = Follow::Latest,
                    }
                }
            }
            // What was news in the session that this one goes on from is none here.
            Event::SessionStarted(_) => state.notice = None,
            Event::SteppingChanged(changed) => state.notice = Some(stepping_words(changed.stepping).to_owned()),
            Event::ConversationCleared(_) => {
                state.notice = Some("The conversation is forgotten; what was recorded stays.".to_owned());
                state.chat.scroll = Scroll::End;
            }
            Event::ServerLost(lost) if has_been_well(state, lost) => {
                let why = lost.reason.lines().next().unwrap_or("");
                let next = match lost.next {
                    AfterLoss::Restarting { attempt, of, .. } => format!("starting it again, {attempt} of {of}"),
                    AfterLoss::Failed => format!("/restart {} tries again", lost.server),
                };
                state.notice = Some(format!("Server {} was lost: {why}; {next}.", lost.server));
            }
            Event::ServerListed(listed) => {
                if let Some(why) = comes_back {
                    state.notice = Some(format!("Server {} is back; it had been lost: {why}.", listed.server));
                }
            }
            Event::InputRequested(requested) => state.notice = Some(form::asks(requested)),
            Event::InputAnswered(answered) => form::ended(state, answered.input, answered.reason.as_deref()),
            Event::TurnHeld(held) => {
                if state.follow == Follow::Latest {
                    show_turn(state, held);
                }
                let reason = &held.reason;
                state.notice = Some(format!("The turn waits for you: {reason}. n goes on, outside the input."));
            }
            Event::TurnResumed(_) | Event::TurnEnded(_) if state.selected == Selected::Request => leave_request(state),
            Event::ProjectProposed(_) => projects::show(state),
            Event::NoteTaken(note) if note.level == NoteLevel::Info => state.notice = Some(note.text.clone()),
            Event::ModelRequested(_) if state.selected == Selected::Nothing => {
                let step = record.scope.step.filter(|step| state.session.step(*step).is_some());
                if let Some(step) = step {
                    state.selected = Selected::Span(Span::Step(step));
                    state.calls.reveal = true;
                }
            }
            _ => {}
        }
        materials::absorb(state, record);
        // The next record may have more to say.
        state.hear();
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

/// Selects what a turn waits with: the messages that would be sent, or the answer that would be taken.
fn show_turn(state: &mut State, held: &TurnHeld) {
    let step = state.session.steps.last().map(|step| Selected::Span(Span::Step(step.id)));
    let request = held.messages.is_some().then_some(Selected::Request);
    if let Some(selected) = request.or(step) {
        state.selected = selected;
        state.data.tab = None;
        state.calls.reveal = true;
    }
}

/// The messages have been sent, or the turn is over: the newest is what is looked at.
fn leave_request(state: &mut State) {
    state.selected = state.session.spans.last().map_or(Selected::Nothing, |span| Selected::Span(*span));
    state.data.tab = None;
    state.calls.reveal = true;
}

/// Selects a call without ceasing to follow.
fn show(state: &mut State, call: CallId) {
    state.selected = Selected::Span(Span::Call(call));
    state.data.tab = None;
    state.calls.reveal = true;
}

fn stepping_words(stepping: Stepping) -> &'static str {
    match stepping {
        Stepping::Off => "Stepping is off: calls wait only where the mode, a rule or a breakpoint says so.",
        Stepping::On => "Stepping is on: every call and every result waits for you.",
        Stepping::All => "Stepping is on, around the model too: everything waits for you.",
        Stepping::Out => "The turn goes on to its end; the next one is stepped through again.",
    }
}

/// Whether a loss is news: a server that does not even start is told of elsewhere.
fn has_been_well(state: &State, lost: &ServerLost) -> bool {
    state.session.server(&lost.server).is_some_and(|server| server.last_loss.is_some())
}

/// Why a server had been lost that a record brings back: with the first list after it has come up, and once.
fn comes_back(state: &State, record: &Record) -> Option<String> {
    let Event::ServerListed(listed) = &record.event else { return None };
    let server = state.session.server(&listed.server).filter(|server| server.health == Health::Listing)?;
    let loss = server.last_loss.as_ref().filter(|loss| loss.back_us.is_none())?;
    Some(loss.reason.lines().next().unwrap_or("").to_owned())
}

/// What is said to an operator who types while something waits.
fn waits(site: StopSite, call: CallId) -> String {
    let call = call.0;
    match site {
        StopSite::AfterResult => {
            format!(
                "The result of call {call} waits for you: Tab leaves the input, n lets the model see what is shown."
            )
        }
        StopSite::BeforeCall | StopSite::BeforeModel | StopSite::AfterModel => {
            format!("Call {call} waits for you: Tab leaves the input, n sends what is shown, d denies it.")
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
    match &record.event {
        Event::TurnHeld(held) if state.follow == Follow::Latest => show_turn(state, held),
        _ if state.selected == Selected::Request && state.request().is_none() => leave_request(state),
        _ => {}
    }
}

/// Applies the expression of the filter anew. While it is none, the rows stay as they are.
pub(super) fn refilter(state: &mut State) {
    let query = state.calls.filter.words.parse::<Query>();
    state.calls.filter.problem = query.as_ref().err().cloned();
    let Ok(query) = query else { return };
    let session = &state.session;
    state.calls.refilter(session, |span| match span {
        Span::Call(id) => session.call(id).is_some_and(|call| query.matches(&Subject::of_call(session, call))),
        Span::Step(id) => session.step(id).is_some_and(|step| query.matches(&Subject::of_step(step))),
    });
}
