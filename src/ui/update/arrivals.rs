//! Pages and prompts that come of requests made a while ago: nothing that is being typed makes way for them.

use crate::ui::state::{Arrival, Focus, Overlay, Prompt, State};
use crate::ui::text;

use super::act;

/// An Enter sooner after a prompt came into the input was on its way before, µs.
const ON_ITS_WAY_US: u64 = 600_000;

/// Takes in something that has come; it waits if the operator is at something else, and that is told.
pub(super) fn arrive(state: &mut State, arrival: Arrival) {
    let title = text::fit(arrival.title(), 60);
    state.arrivals.keep(arrival);
    show(state);
    if state.arrivals.next().is_some() {
        let how = if state.overlay.is_some() { "it is shown when you close this" } else { "↑ in the input shows it" };
        let said = state.notice.take().map(|said| format!("{said} ")).unwrap_or_default();
        state.notice = Some(format!("{said}{title} is here: {how}."));
    }
}

/// Shows what has come, as far as nothing is in its way.
pub(super) fn show(state: &mut State) {
    while state.arrivals.next().is_some_and(|arrival| has_way(state, arrival)) {
        bring(state);
    }
}

/// Shows what came first, whatever is being typed: that can be brought back.
pub(super) fn bring(state: &mut State) {
    match state.arrivals.take() {
        Some(Arrival::Page(page)) => state.overlay = Some(Overlay::Page(page)),
        Some(Arrival::Prompt(prompt)) => put_in(state, &prompt),
        None => {}
    }
}

/// Whether a page takes no keys that are meant for something else: nothing is open, and nothing is being typed.
pub(super) fn is_free(state: &State) -> bool {
    let is_typing = state.calls.filter.typing
        || state.data.search.typing
        || (state.focus == Focus::Input && !state.input.is_blank());
    state.overlay.is_none() && !is_typing
}

/// Whether what is in the input is a prompt that came so shortly ago that Enter cannot be meant to send it.
pub(super) fn has_just_come(state: &State) -> bool {
    state.arrivals.put_in.as_ref().is_some_and(|(text, since_us)| {
        state.now_us.saturating_sub(*since_us) < ON_ITS_WAY_US && state.input.text().starts_with(text)
    })
}

fn has_way(state: &State, arrival: &Arrival) -> bool {
    match arrival {
        Arrival::Page(_) => is_free(state),
        Arrival::Prompt(_) => state.input.is_blank(),
    }
}

fn put_in(state: &mut State, Prompt { title, text, left_out }: &Prompt) {
    // The keys stay where they are: those on their way were meant for that.
    act::fill(state, text);
    state.arrivals.put_in = Some((state.input.text(), state.now_us));
    let rest = match left_out {
        0 => String::new(),
        left_out => format!(" Its last {} are left out.", text::bytes(*left_out)),
    };
    let kept = state.notice.take().map(|kept| format!(" {kept}")).unwrap_or_default();
    state.notice = Some(format!("{title} is in the input.{rest} Others wrote it: read it before you send it.{kept}"));
}
