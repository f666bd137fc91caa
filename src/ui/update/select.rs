//! Changing what is selected; the three panes follow.

use crate::protocol::{CallId, StepId};
use crate::session::{Call, CallState, Span};
use crate::ui::state::{Chat, Focus, Fold, Follow, Form, Scroll, Selected, State};

/// Selects, and brings it into view in all panes.
pub(super) fn select(state: &mut State, selected: Selected) {
    state.selected = selected;
    state.calls.reveal = true;
    state.follow = match selected {
        Selected::Span(span) if state.session.spans.last() == Some(&span) => Follow::Latest,
        Selected::Span(_) | Selected::Server(_) | Selected::Nothing | Selected::Request => Follow::Stay,
    };
    let turn = turn_of_selected(state);
    if let Some(turn) = turn {
        let in_view = state.chat.window.iter().any(|slice| slice.item == turn);
        if !in_view {
            let last = turn + 1 == state.session.turns.len();
            state.chat.scroll = if last { Scroll::End } else { Scroll::At(turn, 0) };
        }
    }
}

/// The position of the turn that what is selected belongs to.
pub(super) fn turn_of_selected(state: &State) -> Option<usize> {
    match state.selected {
        Selected::Span(Span::Call(id)) => state.session.call(id)?.turn.map(|turn| turn.index()),
        Selected::Span(Span::Step(id)) => state.session.step(id).map(|step| step.turn.index()),
        Selected::Server(_) | Selected::Nothing | Selected::Request => None,
    }
}

/// While following, a list that shows its end goes on showing it.
pub(super) fn stay_at_the_end(state: &mut State) {
    state.calls.reveal = true;
}

/// The next span of the list (or the one before).
pub(super) fn neighbour(state: &mut State, forward: bool) {
    let here = match state.selected {
        Selected::Span(span) => state.calls.position(span),
        Selected::Server(_) | Selected::Nothing | Selected::Request => None,
    };
    match state.calls.neighbour(here, forward) {
        Some(span) => select(state, Selected::Span(span)),
        None if state.calls.is_empty() => state.notice = Some("There are no calls yet.".to_owned()),
        None if forward => state.notice = Some("This is the newest.".to_owned()),
        None => state.notice = Some("This is the first.".to_owned()),
    }
}

/// The first or last span of the list.
pub(super) fn edge(state: &mut State, last: bool) {
    if let Some(span) = state.calls.neighbour(None, !last) {
        select(state, Selected::Span(span));
    }
}

/// The first call of the next turn (or the turn before).
pub(super) fn turn(state: &mut State, forward: bool) {
    let count = state.session.turns.len();
    let here = turn_of_selected(state);
    let wanted = match (here, forward) {
        (Some(here), true) => here + 1,
        (Some(here), false) => here.wrapping_sub(1),
        (None, _) => count.wrapping_sub(1),
    };
    let Some(turn) = state.session.turns.get(wanted) else {
        let which = if forward { "last" } else { "first" };
        state.notice = Some(format!("This is the {which} turn."));
        return;
    };
    let call = turn.calls.first().map(|call| Span::Call(*call));
    let step = turn.steps.first().map(|step| Span::Step(*step));
    if let Some(span) = call.or(step) {
        select(state, Selected::Span(span));
    }
    state.chat.scroll = Scroll::At(wanted, 0);
}

/// The next call that failed (or the one before).
pub(super) fn error(state: &mut State, forward: bool) {
    let failed = |call: &&Call| call.state == CallState::Error;
    let calls = &state.session.calls;
    let here = match state.selected {
        Selected::Span(Span::Call(id)) => Some(id.index()),
        Selected::Span(Span::Step(id)) => {
            state.session.step(id).and_then(|step| step.calls.first()).map(|id| id.index())
        }
        Selected::Server(_) | Selected::Nothing | Selected::Request => None,
    };
    let here = here.map(|here| here.min(calls.len().saturating_sub(1)));
    let found = match (here, forward) {
        (Some(here), true) => calls.iter_from(here + 1).find(failed),
        (Some(here), false) => calls.range(0, here).rev().find(failed),
        (None, _) => calls.iter().rev().find(failed),
    };
    match found.map(|call| call.id) {
        Some(id) => select(state, Selected::Span(Span::Call(id))),
        None => {
            let where_ = if forward { "after" } else { "before" };
            state.notice = Some(format!("No failed call {where_} this one."));
        }
    }
}

/// The next server's lane.
pub(super) fn next_server(state: &mut State) {
    let count = state.session.servers.len();
    if count == 0 {
        state.notice = Some("There are no servers.".to_owned());
        return;
    }
    let next = match state.selected {
        Selected::Server(lane) => {
            let here = state.calls.lineup.order.iter().position(|other| *other == lane);
            here.map_or(0, |here| (here + 1) % count)
        }
        Selected::Span(_) | Selected::Nothing | Selected::Request => {
            let lane = state.lane();
            state.calls.lineup.order.iter().position(|other| Some(*other) == lane).unwrap_or(0)
        }
    };
    let Some(next) = state.calls.lineup.order.get(next).copied() else { return };
    state.data.tab = None;
    select(state, Selected::Server(next));
}

/// Opens the lanes that have no room, or folds them. Where the time axis has the pane to itself no lane can be seen.
pub(super) fn toggle_fold(state: &mut State) {
    if state.calls.form == Form::Timeline && !state.areas.timeline.is_empty() && state.areas.lanes.is_empty() {
        state.notice = Some("The lanes of servers stand over the list: v shows it.".to_owned());
        return;
    }
    state.calls.fold = match state.calls.fold {
        Fold::Open => Fold::Quiet,
        Fold::Quiet if state.calls.lineup.is_whole() => {
            state.notice = Some("The lanes of all servers are shown.".to_owned());
            return;
        }
        Fold::Quiet => Fold::Open,
    };
}

/// Calls of the running step, in order: only they can be held or under way.
fn running(state: &State) -> impl Iterator<Item = &Call> {
    let session = &state.session;
    let turn = session.running_turn().filter(|_| !state.is_viewing());
    let step = turn.and_then(|turn| session.step(*turn.steps.last()?));
    step.into_iter().flat_map(|step| &step.calls).filter_map(|id| session.call(*id))
}

/// Calls at the gate, in order.
pub(super) fn held(state: &State) -> impl Iterator<Item = CallId> {
    running(state).filter(|call| matches!(call.state, CallState::Held(_))).map(|call| call.id)
}

/// Calls under way, in order.
pub(super) fn under_way(state: &State) -> impl Iterator<Item = CallId> {
    running(state).filter(|call| is_under_way(call)).map(|call| call.id)
}

fn is_under_way(call: &Call) -> bool {
    matches!(call.state, CallState::Running | CallState::Proposed)
}

/// The call that keys for a call under way are about: the selected one; where that is none they could be about and nothing
/// waits at the gate, the only one there is.
pub(super) fn meant_under_way(state: &State) -> Option<CallId> {
    let selected = state.call().filter(|call| !state.is_viewing() && is_under_way(call)).map(|call| call.id);
    let only = || {
        let mut all = under_way(state);
        all.next().filter(|_| all.next().is_none() && state.decidable().is_none() && held(state).next().is_none())
    };
    selected.or_else(only)
}

/// The same, selected and told if it was not.
pub(super) fn take_under_way(state: &mut State) -> Option<CallId> {
    let call = meant_under_way(state)?;
    if state.call().is_none_or(|selected| selected.id != call) {
        state.data.tab = None;
        select(state, Selected::Span(Span::Call(call)));
        state.notice = Some(format!("Call {} is the only one under way, and now selected.", call.0));
    }
    Some(call)
}

/// The held call that comes first: the oldest of those that could be sent at once, else the oldest; never `decided`, which may
/// be over in a moment.
pub(super) fn held_first(state: &State, decided: Option<CallId>) -> Option<CallId> {
    let waits = |id: &CallId| state.session.call(*id).is_some_and(|call| state.session.waits_for(call).is_some());
    held(state).filter(|id| Some(*id) != decided).min_by_key(|id| (waits(id), *id))
}

/// The next call at the gate after one, around the end; never that one itself if there is another.
pub(super) fn held_after(state: &State, here: Option<CallId>) -> Option<CallId> {
    held(state).find(|call| here.is_none_or(|here| here < *call)).or_else(|| held(state).next())
}

/// The next held call, else the newest call, and stay with the newest.
pub(super) fn latest(state: &mut State) {
    let held = match state.held().map(|call| call.id) {
        Some(here) => held_after(state, Some(here)),
        None => held_first(state, None),
    };
    let newest = || state.session.spans.last().map(|span| Selected::Span(*span));
    let request = || state.request().is_some().then_some(Selected::Request);
    if let Some(selected) = held.map(|call| Selected::Span(Span::Call(call))).or_else(request).or_else(newest) {
        select(state, selected);
    }
    state.follow = Follow::Latest;
    state.chat.scroll = Scroll::End;
}

/// The nearest span in the next lane (or the one before) that has any in the same stretch of time.
pub(super) fn lane(state: &mut State, down: bool) {
    let session = &state.session;
    let lanes = session.servers.len() + 1;
    let (here, at_us) = match state.selected {
        Selected::Span(Span::Step(id)) => (0, session.step(id).map_or(0, |step| step.requested_us)),
        Selected::Span(Span::Call(id)) => {
            let call = session.call(id);
            let lane = call.and_then(|call| session.servers.iter().position(|server| server.name == call.server));
            (lane.map_or(0, |lane| lane + 1), call.map_or(0, |call| call.proposed_us))
        }
        Selected::Server(lane) => (lane + 1, session.last_us),
        Selected::Nothing | Selected::Request => (0, session.last_us),
    };
    let next = |by: usize| if down { (here + by) % lanes } else { (here + lanes * 2 - by) % lanes };
    let found = (1..lanes).map(next).find_map(|lane| match lane.checked_sub(1) {
        None => nearest_step(state, at_us).map(Span::Step),
        Some(server) => nearest_call(state, server, at_us).map(Span::Call),
    });
    if let Some(span) = found {
        select(state, Selected::Span(span));
    }
}

/// The step that was asked for last before a time, of those that are shown.
fn nearest_step(state: &State, at_us: u64) -> Option<StepId> {
    let session = &state.session;
    let asked_us = |id: &StepId| session.step(*id).map_or(0, |step| step.requested_us);
    match state.calls.kept_steps() {
        Some(ids) => ids.get(ids.partition_point(|id| asked_us(id) <= at_us).saturating_sub(1)).copied(),
        None => {
            let after = session.steps.partition_point(|step| step.requested_us <= at_us);
            session.steps.get(after.saturating_sub(1)).map(|step| step.id)
        }
    }
}

/// The call of a server that was made nearest to a time, of those that are shown.
fn nearest_call(state: &State, server: usize, at_us: u64) -> Option<CallId> {
    let calls = state.calls.shown_of(state.session.servers.get(server)?)?;
    let time = |id: &CallId| state.session.call(*id).map_or(0, |call| call.proposed_us);
    let after = calls.partition_point(|id| time(id) <= at_us);
    let candidates = [after.checked_sub(1), Some(after)];
    let near = candidates.into_iter().flatten().filter_map(|at| calls.get(at));
    near.min_by_key(|id| time(id).abs_diff(at_us)).copied()
}

/// Puts the keys where something was opened.
pub(super) fn focus(state: &mut State, focus: Focus) {
    state.focus = focus;
    state.calls.filter.typing = false;
    state.data.search.typing = false;
}

/// How many items the conversation has.
pub(super) fn items(state: &State) -> usize {
    Chat::count(&state.session)
}
