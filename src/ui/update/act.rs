//! Actions carried out.

use crate::protocol::{Command, InputAnswer};
use crate::ui::keymap::Action;
use crate::ui::state::{
    Choice, Escape, FeedState, Focus, Follow, Form, Leaving, Mouse, Overlay, Selected, State, Tab, Target, WayOut,
    Window, Zoom,
};

use super::asking::Laid;
use super::scroll::{self, Motion};
use super::{
    Effect, around, arrivals, asking, closing, commands, complete, expression, form, inside, palette, select, stepping,
    viewing,
};

/// Carries out an action.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Send => return commands::send(state),
        Action::NewLine => match &mut state.overlay {
            Some(Overlay::Ask(ask)) => ask.area.insert_newline(),
            Some(_) | None => state.input.area_mut().insert_newline(),
        },
        Action::Older => return older(state),
        Action::Newer => newer(state),
        Action::Complete if state.is_writing_expression() => expression::complete(state),
        Action::Complete => complete::complete(state),
        Action::ExplainExpressions => expression::explain(state),
        Action::DeleteToStart => {
            state.input.area_mut().delete_line_by_head();
        }
        Action::NextExample => example(state, true),
        Action::PreviousExample => example(state, false),
        Action::AskExample => {
            let question = state.chat.example.take().and_then(|at| state.options.examples.get(at).cloned());
            return question.map(|question| commands::submit(state, question)).unwrap_or_default();
        }
        Action::NextPane => turn_focus(state, 1),
        Action::PreviousPane => turn_focus(state, 3),
        Action::ToInput => select::focus(state, Focus::Input),
        Action::ToCommand => {
            select::focus(state, Focus::Input);
            if state.input.is_blank() {
                state.input.set("/");
            }
        }
        Action::ToggleZoom => {
            state.zoom = match state.zoom {
                Zoom::In => Zoom::Out,
                Zoom::Out => Zoom::In,
            };
            state.calls.reveal = true;
        }
        Action::StopTurn if state.escape == Escape::Asks => {
            state.notice = Some("Esc again stops the turn.".to_owned());
        }
        Action::StopTurn => return vec![Effect::Send(Command::StopTurn)],
        Action::Close => return closing::close(state),
        Action::ClearOrQuit => return clear_or_quit(state),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Help => state.overlay = Some(Overlay::Help(palette::help_page(state))),
        Action::OpenPalette => palette::open(state),
        Action::ToggleMouse => return toggle_mouse(state),
        Action::Up => return scroll::go(state, Motion::Lines(-1)),
        Action::Down => return scroll::go(state, Motion::Lines(1)),
        Action::PageUp => return scroll::go(state, Motion::Screens(-1)),
        Action::PageDown => return scroll::go(state, Motion::Screens(1)),
        Action::First => return scroll::go(state, Motion::Start),
        Action::Last => return scroll::go(state, Motion::End),
        Action::ChatPageUp => scroll::chat(state, Motion::Screens(-1)),
        Action::ChatPageDown => scroll::chat(state, Motion::Screens(1)),
        Action::NextReference => scroll::reference(state, true),
        Action::PreviousReference => scroll::reference(state, false),
        Action::Open => return open(state),
        Action::NextCall => select::neighbour(state, true),
        Action::PreviousCall => select::neighbour(state, false),
        Action::NextTurn => select::turn(state, true),
        Action::PreviousTurn => select::turn(state, false),
        Action::NextError => select::error(state, true),
        Action::PreviousError => select::error(state, false),
        Action::NextServer => select::next_server(state),
        Action::ToggleLanes => select::toggle_fold(state),
        Action::FollowLatest => {
            state.data.tab = None;
            select::latest(state);
        }
        Action::ToggleTimeline => {
            state.calls.form = match state.calls.form {
                Form::List => Form::Timeline,
                Form::Timeline => Form::List,
            };
            state.calls.reveal = true;
        }
        Action::ToggleWindow => {
            state.calls.window = match state.calls.window {
                Window::Turn => Window::Session,
                Window::Session => Window::Turn,
            };
        }
        Action::Filter => {
            select::focus(state, Focus::Calls);
            state.calls.form = Form::List;
            state.calls.filter.typing = true;
            expression::look(state);
        }
        Action::NextTab => state.data.tab = Some(super::tab(state).turned(1)),
        Action::PreviousTab => state.data.tab = Some(super::tab(state).turned(3)),
        Action::ShowLog => {
            show_log(state);
        }
        Action::ToggleFold => inside::tree(state, crate::ui::json::Tree::toggle),
        Action::Unfold => inside::tree(state, crate::ui::json::Tree::open),
        Action::Fold => inside::tree(state, crate::ui::json::Tree::close),
        Action::ToggleFoldAll => inside::tree(state, crate::ui::json::Tree::toggle_all),
        Action::ToggleTable => inside::toggle_table(state),
        Action::ColumnsRight => inside::columns(state, 1),
        Action::ColumnsLeft => inside::columns(state, -1),
        Action::Search => {
            state.data.search.words.clear();
            state.data.search.typing = true;
        }
        Action::NextMatch => inside::find(state, true),
        Action::PreviousMatch => inside::find(state, false),
        Action::Copy => return inside::copy(state),
        Action::CopyRaw => return inside::copy_raw(state),
        Action::Suggest(number) => suggest(state, number),
        Action::CancelCall => {
            let selected = state.call().map(|call| call.id);
            let Some(call) = select::take_under_way(state) else { return Vec::new() };
            if Some(call) != selected {
                // The one that was meant may have ended just now.
                state.notice = state.notice.take().map(|words| format!("{words} Press the key again to cancel it."));
                return Vec::new();
            }
            return vec![Effect::Send(Command::CancelCall { call })];
        }
        Action::WaitLonger => {
            let call = select::take_under_way(state);
            state.notice = call.map(|call| format!("Call {} has its whole time-out once more.", call.0));
            return call.map(|call| Effect::Send(Command::WaitLonger { call })).into_iter().collect();
        }
        Action::AnswerInput => form::open(state),
        Action::DeclineInput => return form::answer(state, InputAnswer::Decline),
        Action::CancelInput => return form::answer(state, InputAnswer::Cancel),
        Action::AskWhy => {
            state.asked_why = select::take_under_way(state);
            select::focus(state, Focus::Data);
        }
        Action::RestartServer => return restart(state),
        Action::Sessions => return around::pick(state, Choice::Open),
        Action::Step(key) => return stepping::act(state, key),
        Action::View(key) => return viewing::act(state, key),
    }
    Vec::new()
}

/// Goes to where a row of the conversation leads.
pub(super) fn follow(state: &mut State, target: Target) -> Vec<Effect> {
    match target {
        Target::Span(span) => {
            state.data.tab = None;
            select::select(state, Selected::Span(span));
        }
        Target::Server(lane) => {
            state.data.tab = None;
            select::select(state, Selected::Server(lane));
        }
        Target::Action(words) => prefill(state, &words),
        Target::Example(at) => {
            let question = state.options.examples.get(at).cloned().unwrap_or_default();
            prefill(state, &question);
        }
    }
    Vec::new()
}

/// Opens a reference: its call, its result, the place it stands for.
pub(super) fn follow_link(state: &mut State, link: &crate::ui::state::Link) {
    state.data.tab = None;
    state.data.seek.clone_from(&link.hint);
    select::select(state, Selected::Span(crate::session::Span::Call(link.call)));
    state.follow = Follow::Stay;
}

/// Puts text into the input and the keys there.
pub(super) fn prefill(state: &mut State, words: &str) {
    fill(state, words);
    select::focus(state, Focus::Input);
}

/// Puts text into the input. What was being typed there is kept.
pub(super) fn fill(state: &mut State, words: &str) {
    if !state.input.is_blank() {
        state.notice = Some("What you had typed is kept: ↑ brings it back.".to_owned());
    }
    state.input.take();
    state.input.set(words);
    state.chat.example = None;
}

/// Selects the log tab: of the call under way or the server to be restarted if nothing of a server is selected.
fn show_log(state: &mut State) {
    if state.server().is_none() {
        select::take_under_way(state);
    }
    let lane =
        state.restartable().and_then(|name| state.session.servers.iter().position(|server| server.name == *name));
    if let (None, Some(lane)) = (state.server(), lane) {
        select::select(state, Selected::Server(lane));
    }
    state.data.tab = Some(Tab::Log);
    select::focus(state, Focus::Data);
}

fn older(state: &mut State) -> Vec<Effect> {
    state.chat.example = None;
    match state.arrivals.next() {
        Some(_) => arrivals::bring(state),
        None if state.input.wants_past() => return around::look_back(state),
        None => state.input.older(),
    }
    Vec::new()
}

fn newer(state: &mut State) {
    state.input.newer();
}

fn example(state: &mut State, forward: bool) {
    let count = state.options.examples.len();
    state.chat.example = match (state.chat.example, forward) {
        (None, true) => Some(0),
        (Some(at), true) => Some((at + 1).min(count.saturating_sub(1))),
        (Some(at), false) => at.checked_sub(1),
        (None, false) => None,
    };
}

fn turn_focus(state: &mut State, by: usize) {
    const ORDER: [Focus; 4] = [Focus::Input, Focus::Chat, Focus::Calls, Focus::Data];
    let here = ORDER.iter().position(|focus| *focus == state.focus).unwrap_or(0);
    select::focus(state, ORDER[(here + by) % ORDER.len()]);
    state.calls.reveal = true;
}

fn clear_or_quit(state: &mut State) -> Vec<Effect> {
    if state.leaving == Leaving::Asked {
        return vec![Effect::Leave];
    }
    if asking::put_away(state) == Laid::Overlay {
        return Vec::new();
    }
    if !state.input.area().is_empty() {
        // Up brings it back.
        state.input.take();
        return Vec::new();
    }
    if state.leaving == Leaving::No {
        state.leaving = Leaving::Armed;
        let words = match state.way_out {
            WayOut::Program => "Ctrl+C again quits.",
            WayOut::Back => "Ctrl+C again goes back to the session before.",
        };
        state.notice = Some(words.to_owned());
        return Vec::new();
    }
    quit(state)
}

/// Ends the session, or leaves at once if it is over already.
pub(super) fn quit(state: &mut State) -> Vec<Effect> {
    state.leaving = Leaving::Asked;
    match state.feed {
        FeedState::Over => vec![Effect::Leave],
        FeedState::Open => {
            state.notice = Some("Ending the session and its servers… Ctrl+C leaves at once.".to_owned());
            vec![Effect::Send(Command::Quit)]
        }
    }
}

fn toggle_mouse(state: &mut State) -> Vec<Effect> {
    let (mouse, words) = match state.mouse {
        Mouse::Captured => (Mouse::Free, "The mouse belongs to the terminal: select text with it. M takes it back."),
        Mouse::Free => (Mouse::Captured, "Clicks select, the wheel scrolls."),
    };
    state.mouse = mouse;
    state.notice = Some(words.to_owned());
    vec![Effect::SetMouse(mouse)]
}

fn open(state: &mut State) -> Vec<Effect> {
    if matches!(state.overlay, Some(Overlay::Palette(_))) {
        return palette::run(state);
    }
    if matches!(state.overlay, Some(Overlay::Picker(_))) {
        return around::choose(state);
    }
    if matches!(state.overlay, Some(Overlay::Ask(_))) {
        return asking::take(state);
    }
    if matches!(state.overlay, Some(Overlay::Form(_))) {
        return form::go_on(state);
    }
    if state.calls.filter.typing {
        // The foot of the pane has no room for all of it.
        if let Some(problem) = &state.calls.filter.problem {
            state.notice = Some(format!("This filter cannot be read: {problem}."));
            return Vec::new();
        }
        state.calls.filter.typing = false;
        return viewing::filter(state);
    }
    if state.data.search.typing {
        state.data.search.typing = false;
        return Vec::new();
    }
    match state.focus {
        Focus::Input => Vec::new(),
        Focus::Chat => open_in_chat(state),
        Focus::Calls => {
            if state.selected == Selected::Nothing {
                select::neighbour(state, true);
            } else {
                select::focus(state, Focus::Data);
            }
            Vec::new()
        }
        Focus::Data => {
            inside::open(state);
            Vec::new()
        }
    }
}

fn open_in_chat(state: &mut State) -> Vec<Effect> {
    let Some(at) = state.chat.link else {
        scroll::reference(state, true);
        return Vec::new();
    };
    let rows = super::settle::item_rows(state, at.item);
    let Some(row) = rows.get(at.row) else { return Vec::new() };
    match (row.links.get(at.link), row.target.clone()) {
        (Some(link), _) => {
            follow_link(state, link);
            Vec::new()
        }
        (None, Some(target)) => follow(state, target),
        (None, None) => Vec::new(),
    }
}

fn suggest(state: &mut State, number: u8) {
    let actions = state.data.advice.as_ref().map(|advice| advice.actions.clone()).unwrap_or_default();
    match actions.get(usize::from(number).wrapping_sub(1)) {
        Some(action) => prefill(state, action),
        None => state.notice = Some(format!("There is no suggestion {number}.")),
    }
}

fn restart(state: &mut State) -> Vec<Effect> {
    let Some(server) = state.restartable().cloned() else { return Vec::new() };
    state.notice = Some(format!("Restarting {}…", crate::ui::text::fit(server.as_str(), 40)));
    vec![Effect::Send(Command::RestartServer { server })]
}
