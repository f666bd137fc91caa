//! Other sessions and calls made again: asking the program around the console, and taking in what it says.

use crossterm::event::KeyEvent;

use crate::protocol::{CallId, secret_marks};
use crate::ui::json::Doc;
use crate::ui::outside::{Answer, Request};
use crate::ui::state::{Arrival, Choice, Overlay, Page, Picker, Purpose, State};
use crate::ui::text::Piece;
use crate::ui::theme::Role;

use super::typing::edit_words;
use super::{Effect, arrivals, asking, palette, written};

/// Opens the list of sessions.
pub(super) fn pick(state: &mut State, choice: Choice) -> Vec<Effect> {
    if choice == Choice::Compare && state.options.file.is_none() {
        state.notice = Some("This session has no file to compare.".to_owned());
        return Vec::new();
    }
    state.overlay = Some(Overlay::Picker(Box::new(Picker::new(choice))));
    vec![Effect::Ask(Request::Sessions)]
}

/// Asks for the questions of earlier sessions.
pub(super) fn look_back(state: &State) -> Vec<Effect> {
    vec![Effect::Ask(Request::Questions { but: state.options.file.clone() })]
}

/// Types into the search of the list.
pub(super) fn type_into(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(Overlay::Picker(picker)) = &mut state.overlay {
        edit_words(&mut picker.query, key);
        picker.at = 0;
        picker.search();
    }
    preview(state)
}

/// Asks what the session under the keys is about.
pub(super) fn preview(state: &State) -> Vec<Effect> {
    let Some(Overlay::Picker(picker)) = &state.overlay else { return Vec::new() };
    let file = picker.entry().map(|entry| entry.file.clone());
    let is_known = picker.preview.as_ref().map(|(file, _)| file) == file.as_ref();
    file.filter(|_| !is_known).map(|file| Effect::Ask(Request::Preview(file))).into_iter().collect()
}

/// Takes the session under the keys.
pub(super) fn choose(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Picker(picker)) = state.overlay.take() else { return Vec::new() };
    let Some(file) = picker.entry().map(|entry| entry.file.clone()) else { return Vec::new() };
    match (picker.choice, state.options.file.clone()) {
        (Choice::Open, _) => vec![Effect::Ask(Request::Open(file))],
        (Choice::Compare, Some(left)) => {
            state.notice = Some("Comparing…".to_owned());
            vec![Effect::Ask(Request::Compare { left, right: file })]
        }
        (Choice::Compare, None) => Vec::new(),
    }
}

/// Takes in what came of a request.
pub(super) fn answered(state: &mut State, answer: Answer) -> Vec<Effect> {
    if let Answer::Questions(lines) = answer {
        state.input.take_past(lines);
        return Vec::new();
    }
    state.notice = None;
    match (answer, &mut state.overlay) {
        (Answer::Sessions(entries), Some(Overlay::Picker(picker))) => {
            picker.entries = Some(entries);
            picker.search();
            if picker.query.is_empty() {
                picker.prefer(state.options.file.as_deref());
            }
            return preview(state);
        }
        (Answer::Preview(file, lines), Some(Overlay::Picker(picker))) => picker.preview = Some((file, lines)),
        // The list has been closed meanwhile.
        (Answer::Sessions(_) | Answer::Preview(..), _) => {}
        (Answer::Made { call, lines }, _) => {
            state.replaying.made_again += 1;
            let shown = made_page(state, call, &lines);
            state.replaying.made.insert(call, lines);
            arrivals::arrive(state, Arrival::Page(shown));
        }
        (Answer::Page { title, lines }, _) => {
            let shown = page(state, &title, &lines);
            arrivals::arrive(state, Arrival::Page(shown));
        }
        // Taken above, and by the shell.
        (Answer::Questions(_) | Answer::Scene(_), _) => {}
        (Answer::Failed(reason), _) => state.notice = Some(reason),
    }
    Vec::new()
}

/// What came of a call that was made again.
fn made_page(state: &State, call: CallId, lines: &[String]) -> Page {
    page(state, &format!("LIVE: call {} made again", call.0), lines)
}

/// Something to read.
fn page(state: &State, title: &str, lines: &[String]) -> Page {
    let theme = state.theme();
    let role = |line: &str| match line.trim_start().chars().next() {
        Some('+') => Role::Good,
        Some('-') => Role::Bad,
        Some('~') => Role::Warn,
        _ => Role::Text,
    };
    let paragraphs = lines.iter().map(|line| vec![Piece::new(line, theme.style(role(line)))]).collect();
    palette::titled(title, paragraphs)
}

/// Goes on from this moment of a recording in a live session.
pub(super) fn fork(state: &mut State) -> Vec<Effect> {
    let place = state.playback.as_ref().map(|playback| (playback.file.clone().into(), playback.position));
    let Some((file, records)) = place else { return Vec::new() };
    state.notice = Some("Starting a session that goes on from here…".to_owned());
    vec![Effect::Ask(Request::Fork { file, records })]
}

/// Asks for the arguments with which the selected call is made again; what came of it the last time lies over that.
pub(super) fn again(state: &mut State) -> Vec<Effect> {
    let Some(call) = state.call() else {
        state.notice = Some("Select a call first.".to_owned());
        return Vec::new();
    };
    let arguments = Doc::parse(&call.arguments).map_or_else(|| call.arguments.text().to_owned(), |doc| doc.pretty(0));
    let purpose = if call.read_only { Purpose::Again(call.id) } else { Purpose::AgainWriting(call.id) };
    let made = state.replaying.made.get(&call.id).map(|lines| {
        let way = ["", "Esc goes on to making it once more."].map(str::to_owned);
        made_page(state, call.id, &[lines.as_slice(), &way].concat())
    });
    asking::open(state, purpose, &arguments);
    if let Some(made) = made
        && let Some(Overlay::Ask(ask)) = state.overlay.take()
    {
        state.overlay = Some(Overlay::Page(Page { under: Some(ask), ..made }));
    }
    Vec::new()
}

/// Makes a call again with these arguments.
pub(super) fn send_again(state: &State, call: CallId, text: &str) -> Result<Vec<Effect>, String> {
    let arguments = written::object(text)?;
    if let Some(mark) = secret_marks(&arguments.value()).first() {
        return Err(written::unknown_secret(mark));
    }
    let file = state.options.file.clone().ok_or("This session has no file.")?;
    Ok(vec![Effect::Ask(Request::Again { file, call, arguments })])
}
