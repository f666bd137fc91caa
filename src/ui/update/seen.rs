//! Keys that decide are about what the operator has seen: what is not on the screen is shown instead, and what has only just
//! come up is not decided yet. The key may have been meant for what was there before.

use std::ops::Range;

use crate::protocol::StopSite;
use crate::session::{Call, CallState};
use crate::ui::state::{Content, Focus, Follow, Seen, Selected, State, Tab, Waiting};
use crate::ui::text;

use super::{select, source};

/// A key pressed sooner after something came up was meant for something else, µs. Longer than keyboards take to repeat a
/// key that is held down.
const READING_US: u64 = 600_000;
/// The least time between a key that came too soon and one that counts, µs: one that is held down never does.
const PAUSE_US: u64 = 250_000;

/// Takes note of what has come up. What comes up under something else is seen when that is gone.
pub(super) fn look(state: &mut State) {
    if state.overlay.is_some() {
        return;
    }
    let (waiting, on_screen, before) = (waiting(state), !shows_first(state), state.seen);
    let is_same = before.waiting == waiting && (before.on_screen || !on_screen);
    let since_us = if is_same { before.since_us } else { state.now_us };
    let read = if is_same { before.lines } else { 0 };
    // A jump over the middle shows nothing of it.
    let shown = text_of(state).filter(|(rows, _)| rows.start <= read);
    let lines = shown.map_or(read, |(rows, _)| read.max(rows.end));
    state.seen = Seen { waiting, on_screen, since_us, lines };
}

/// Whether a key may decide over what waits; if not, what waits is on the screen then, and the operator is told.
pub(super) fn may_decide(state: &mut State) -> bool {
    !is_unread(state) && !has_shown(state) && !has_more(state)
}

/// Of arguments that are shown as a text: the lines on the screen, and how many there are.
fn text_of(state: &State) -> Option<(Range<usize>, usize)> {
    let is_unsent = state.decidable().is_some_and(|call| call.state == CallState::Held(StopSite::BeforeCall));
    match &state.data.pane()?.content {
        Content::Text(text) if is_unsent && !shows_first(state) => {
            let end = (text.top + usize::from(state.areas.data.height)).min(text.len());
            Some((text.top..end, text.len()))
        }
        Content::Text(_) | Content::Empty(_) | Content::Json(..) | Content::Frames(_) | Content::Log(_) => None,
    }
}

/// Shows the next of what has not been on the screen yet, instead of deciding: an end that nobody has read may be the worst
/// of it. Says whether there was any.
fn has_more(state: &mut State) -> bool {
    let Some((_, all)) = text_of(state).filter(|(_, all)| state.seen.lines < *all) else { return false };
    let (from, height) = (state.seen.lines, usize::from(state.areas.data.height));
    if let Some(Content::Text(text)) = state.data.pane_mut().map(|pane| &mut pane.content) {
        text.top = from.min(all.saturating_sub(height));
    }
    state.seen.since_us = state.now_us;
    let left = all.saturating_sub(from + height);
    let rest = if left > 0 { format!(", {} are left", text::count(left, "line")) } else { String::new() };
    state.notice =
        Some(format!("There is more of it, which is on the screen now{rest}: read it, then press the key again."));
    true
}

/// Whether what waits came up so shortly ago that nobody can have read it; the operator is told.
pub(super) fn is_unread(state: &mut State) -> bool {
    let Some(waiting) = waiting(state) else { return false };
    let shown_us = state.now_us.saturating_sub(state.seen.since_us);
    if state.seen.waiting == Some(waiting) && shown_us >= READING_US {
        return false;
    }
    state.seen.since_us = state.seen.since_us.max(state.now_us.saturating_sub(READING_US - PAUSE_US));
    let what = state.decidable().map_or("This".to_owned(), |call| format!("Call {}", call.id.0));
    state.notice = Some(format!("{what} has only just come up: look first, then press the key again."));
    true
}

/// Whether a call is held for so short a time that nobody can have looked at it.
pub(super) fn is_new(state: &State, call: &Call) -> bool {
    call.held_us.is_some_and(|since_us| state.now_us.saturating_sub(since_us) < READING_US)
}

/// Whether what a key would decide about is not on the screen, so that the key shows it first.
#[must_use]
pub fn shows_first(state: &State) -> bool {
    let tab = match state.decidable().map(|call| call.state) {
        Some(CallState::Held(StopSite::AfterResult)) => Tab::Result,
        Some(_) => Tab::Arguments,
        None if state.request().is_none() => return false,
        None if state.selected != Selected::Request => return true,
        None => Tab::Arguments,
    };
    state.areas.data.is_empty() || source::tab(state) != tab
}

/// Brings what would be decided onto the screen if it is not there. Says whether it was not.
pub(super) fn show(state: &mut State) -> bool {
    let shows = shows_first(state);
    if shows {
        if state.decidable().is_none() {
            select::select(state, Selected::Request);
            state.follow = Follow::Latest;
        }
        state.data.tab = None;
        select::focus(state, Focus::Data);
    }
    shows
}

/// The same instead of deciding: what is shown is what is sent.
fn has_shown(state: &mut State) -> bool {
    if !show(state) {
        return false;
    }
    state.notice = Some(match state.decidable().map(|call| (call.state, call.id.0)) {
        Some((CallState::Held(StopSite::AfterResult), call)) => {
            format!("This is what the model would get of call {call}; press the key again to decide.")
        }
        Some((_, call)) => format!("This is what would be sent for call {call}; press the key again to decide."),
        None => "This is what the model would be sent; press the key again to send it.".to_owned(),
    });
    true
}

/// What a key that decides would be about.
fn waiting(state: &State) -> Option<Waiting> {
    let held_turn = state.session.held_turn.as_ref().filter(|_| !state.is_viewing());
    match (state.decidable(), held_turn) {
        (Some(call), _) => Some(Waiting::Call { call: call.id, held_us: call.held_us }),
        (None, Some(held)) => Some(Waiting::Turn { held_us: held.since_us }),
        (None, None) => None,
    }
}
