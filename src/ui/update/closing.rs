//! What is open, and closing it piece by piece.

use crate::ui::state::{Focus, State, Zoom};

use super::{Effect, asking, records, viewing};

/// How many things are open that Esc closes.
pub(super) fn open_things(state: &State) -> usize {
    let search = state.data.search.typing || !state.data.search.words.is_empty();
    let filter = state.calls.filter.typing || state.calls.is_filtered();
    let open = [state.overlay.is_some(), filter, search, state.zoom == Zoom::In];
    open.into_iter().filter(|is_open| *is_open).count()
}

/// What may be open that is closed by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Overlay,
    Filter,
    Search,
    Zoom,
    Banner,
}

/// What is closed next: what lies over the rest is first, and the banner last.
pub(super) fn closed_next(state: &State) -> Open {
    if state.overlay.is_some() {
        Open::Overlay
    } else if state.calls.filter.typing || (state.focus == Focus::Calls && state.calls.is_filtered()) {
        Open::Filter
    } else if state.data.search.typing || (state.focus == Focus::Data && !state.data.search.words.is_empty()) {
        Open::Search
    } else if state.zoom == Zoom::In {
        Open::Zoom
    } else {
        Open::Banner
    }
}

/// Closes what is closed next.
pub(super) fn close(state: &mut State) -> Vec<Effect> {
    match closed_next(state) {
        Open::Overlay => drop(asking::put_away(state)),
        Open::Filter => {
            state.calls.filter.typing = false;
            state.calls.filter.words.clear();
            records::refilter(state);
            state.calls.reveal = true;
            return viewing::filter(state);
        }
        Open::Search => {
            state.data.search.typing = false;
            state.data.search.words.clear();
        }
        Open::Zoom => {
            state.zoom = Zoom::Out;
            state.calls.reveal = true;
        }
        Open::Banner => {
            if state.alarm.take().is_none() {
                state.notes_seen = state.session.notes.len();
            }
        }
    }
    Vec::new()
}
