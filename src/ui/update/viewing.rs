//! A replay: where it stands, the session of another moment, and the keys that move in it.

use crate::protocol::{Command, Playback, Reading, ReplayCommand, Stride, Way};
use crate::session::{Session, Span};
use crate::ui::keymap::ViewKey;
use crate::ui::state::{Choice, Follow, Purpose, Scroll, Selected, State};

use super::{Effect, around, asking, records, select};

/// Takes the session of another moment in place of the one shown.
pub(super) fn jumped(state: &mut State, session: Session) {
    state.session = session;
    state.calls.start_over();
    state.calls.absorb(&state.session);
    if state.calls.is_filtered() {
        records::refilter(state);
    }
    state.chat.forget_all();
    state.chat.link = None;
    state.data.forget();
    state.notes_seen = state.session.notes.len();
    let is_there = match state.selected {
        Selected::Nothing => false,
        Selected::Request => state.request().is_some(),
        Selected::Span(Span::Call(id)) => state.session.call(id).is_some(),
        Selected::Span(Span::Step(id)) => state.session.step(id).is_some(),
        Selected::Server(lane) => state.session.servers.get(lane).is_some(),
    };
    if !is_there || state.follow == Follow::Latest {
        state.selected = state.session.spans.last().map_or(Selected::Nothing, |span| Selected::Span(*span));
        state.follow = Follow::Latest;
        state.chat.scroll = Scroll::End;
    }
    state.calls.reveal = true;
}

/// Takes in where the replay stands.
pub(super) fn playback(state: &mut State, playback: Playback) {
    if let Some(notice) = &playback.notice {
        state.notice = Some(notice.clone());
    }
    if let Some(place) = playback.refused {
        asking::refused(state, place, playback.notice.as_deref());
    }
    let told = state.playback.as_ref().map_or(0, |before| before.problem_count);
    if let Some(reason) = &playback.foreign {
        let list = if playback.problem_count > 0 { " /problems lists what is in it." } else { "" };
        state.alarm = Some(format!("This file is not a Callboard recording: {reason}.{list}"));
    } else if let (Some(problem), true) = (playback.problems.first(), playback.problem_count > told) {
        let more = match playback.problem_count {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        state.alarm = Some(format!("This file is damaged, {problem}{more}. /problems lists all."));
    }
    let has_landed = |before: &Playback| {
        before.is_seeking || before.landed != playback.landed || before.position != playback.position
    };
    let is_new = state.playback.as_deref().is_none_or(has_landed);
    if let (Some(call), true, false) = (playback.landed, is_new, playback.is_seeking)
        && state.session.call(call).is_some()
    {
        select::select(state, Selected::Span(Span::Call(call)));
        // The next motion may lead anywhere; its call is what is looked at then.
        state.follow = Follow::Latest;
    }
    if state.playback.is_none() {
        state.input.invite("Nothing is asked in a recording; / for commands");
    }
    state.playback = Some(Box::new(playback));
}

/// Carries out a key of a replay.
pub(super) fn act(state: &mut State, key: ViewKey) -> Vec<Effect> {
    if let Some(command) = key.command() {
        let mut effects = vec![replay(command)];
        let grows = state.playback.as_ref().is_some_and(|playback| playback.reading == Reading::Growing);
        if key == ViewKey::ToEnd && grows {
            effects.push(replay(ReplayCommand::Play));
        }
        return effects;
    }
    match key {
        ViewKey::Continue => {
            let filtered = state.playback.as_ref().is_some_and(|playback| !playback.filter.is_empty());
            let command = if filtered { ReplayCommand::Step(Stride::Call, Way::Next) } else { ReplayCommand::Play };
            return vec![replay(command)];
        }
        ViewKey::GoTo => asking::open(state, Purpose::GoTo, ""),
        ViewKey::Fork => return around::fork(state),
        ViewKey::Again => return around::again(state),
        ViewKey::Compare => return around::pick(state, Choice::Compare),
        _ => {}
    }
    Vec::new()
}

/// The filter of the list also says which calls a replay steps to.
pub(super) fn filter(state: &State) -> Vec<Effect> {
    match &state.playback {
        Some(playback) if playback.filter != state.calls.filter.words => {
            vec![replay(ReplayCommand::Filter(state.calls.filter.words.clone()))]
        }
        Some(_) | None => Vec::new(),
    }
}

/// A request to the replay.
pub(super) fn replay(command: ReplayCommand) -> Effect {
    Effect::Send(Command::Replay(command))
}
