//! What happens becomes state: pure, without I/O and clocks. What has to be done outside comes back as effects.

mod act;
mod around;
mod arrivals;
mod asking;
pub mod changed;
mod closing;
mod commands;
mod complete;
mod expression;
mod facts;
mod form;
mod inside;
mod materials;
mod mouse;
mod palette;
mod projects;
mod records;
mod scroll;
mod seen;
mod select;
mod settle;
mod source;
mod stepping;
mod typing;
mod viewing;
mod written;

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};

use super::keymap::{self, Action, Place, Showing, Situation};
use super::outside::{Answer, Request};
use super::state::{Content, Escape, FeedState, Focus, Form, Leaving, Mouse, Overlay, State, Zoom};
use crate::protocol::{Command, Pace, Playback, Record, StopSite};
use crate::session::{CallState, Note, Session};

pub use complete::{Candidate, candidates};
pub use palette::help_paragraphs;
pub use seen::shows_first;
pub use source::{Frames, frames, tab};

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// Records of the session, in order.
    Records(Vec<Arc<Record>>),
    /// The session at another moment: a replay has jumped.
    Jumped(Box<Session>),
    /// Where the replay stands.
    Playback(Box<Playback>),
    /// The time of the link's clock, µs; sent before each drawing.
    Tick(u64),
    /// A key.
    Key(KeyEvent),
    /// Text that was pasted.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal's new columns and rows.
    Resize(u16, u16),
    /// A command that could not be handed over, because too many wait.
    Refused(Command),
    /// No more records will come.
    FeedOver,
    /// What was written in `$EDITOR`, or why nothing was.
    Edited(Result<String, String>),
    /// What came of a request to the program around the console.
    Answered(Answer),
    /// Something the program around the console has to say.
    Alarm(String),
    /// A signal asks to suspend the program.
    Suspend,
    /// The program could not be suspended: nobody could go on with it.
    NotSuspended,
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand a command to the feed.
    Send(Command),
    /// Put text on the clipboard.
    Copy(String),
    /// Take the mouse, or leave it to the terminal.
    SetMouse(Mouse),
    /// Ask the program around the console; [`Msg::Answered`] brings what came of it.
    Ask(Request),
    /// Let the operator change a text in `$EDITOR`.
    EditOutside(String),
    /// Give the terminal back and stop the program until the shell goes on with it.
    Suspend,
    /// Leave the console now.
    Leave,
}

/// Takes in what happened. Rows and areas are up to date afterwards, except after records, which may come in floods:
/// the tick before the next drawing brings those up to date.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let effects = match msg {
        Msg::Records(records) => {
            records::absorb(state, &records);
            return Vec::new();
        }
        Msg::Jumped(session) => {
            viewing::jumped(state, *session);
            Vec::new()
        }
        Msg::Playback(playback) => {
            viewing::playback(state, *playback);
            Vec::new()
        }
        Msg::Tick(now_us) => {
            tick(state, now_us);
            Vec::new()
        }
        Msg::Key(key) => on_key(state, key),
        Msg::Paste(pasted) => {
            typing::paste(state, &pasted);
            Vec::new()
        }
        Msg::Mouse(event) => mouse::on_mouse(state, event),
        Msg::Resize(columns, rows) => {
            state.size = (columns, rows);
            asking::resized(state);
            Vec::new()
        }
        Msg::Refused(command) => {
            refused(state, command);
            Vec::new()
        }
        Msg::FeedOver => feed_over(state),
        Msg::Edited(edited) => {
            asking::edited(state, edited);
            Vec::new()
        }
        Msg::Answered(answer) => around::answered(state, answer),
        Msg::Alarm(text) => {
            state.alarm = Some(text);
            Vec::new()
        }
        Msg::Suspend => act::act(state, Action::Suspend),
        Msg::NotSuspended => {
            state.notice = Some("Not suspended: no shell started this console that could go on with it.".to_owned());
            Vec::new()
        }
    };
    arrivals::show(state);
    state.hear();
    settle::settle(state);
    effects
}

/// The facts that a key's meaning depends on.
#[must_use]
pub fn situation(state: &State) -> Situation {
    let place = place(state);
    let showing = match state.data.pane().map(|pane| &pane.content) {
        None | Some(Content::Empty(_)) => Showing::Nothing,
        Some(Content::Json(_, Some(_))) => Showing::Table,
        Some(Content::Json(tree, None)) if tree.has_table => Showing::TreeOrTable,
        Some(Content::Json(_, None)) => Showing::Tree,
        Some(Content::Text(_)) => Showing::Text,
        Some(Content::Frames(_) | Content::Log(_)) => Showing::List,
    };
    let viewing = state.is_viewing();
    let running = is_running(state);
    let input = &state.input;
    let offering = !viewing
        && state.session.turns.is_empty()
        && state.session.waiting.is_empty()
        && !state.options.examples.is_empty();
    let filtered = state.focus == Focus::Calls && state.calls.is_filtered();
    let searched = !state.data.search.words.is_empty() && !state.data.search.typing;
    Situation {
        place,
        showing,
        viewing,
        open: state.zoom == Zoom::In
            || filtered
            || (searched && state.focus == Focus::Data)
            || (!running && banner(state).is_some()),
        running,
        asked: !viewing && state.session.open_inputs().next().is_some(),
        held: state.decidable().is_some(),
        changed: state.decidable().is_some_and(crate::session::Call::can_revert),
        altered: state.decidable().is_some_and(|call| changed::of_call(state, call).is_some()),
        allowable: state.decidable().is_some_and(crate::session::Call::may_be_allowed),
        told_change: changed::is_shown(state),
        held_result: state.held().is_some_and(|call| call.state == CallState::Held(StopSite::AfterResult)),
        paused: !viewing && state.session.held_turn.is_some() && state.decidable().is_none(),
        under_way: select::meant_under_way(state).is_some(),
        restartable: state.restartable().is_some(),
        down: state.restartable().is_some_and(|name| needs_restart(state, name)),
        suggestions: !viewing && state.data.advice.as_ref().is_some_and(|advice| !advice.actions.is_empty()),
        searched: searched && state.data.search.found,
        typed: !input.area().is_empty(),
        command: !candidates(state).is_empty(),
        expression: state.is_writing_expression(),
        first_line: input.on_first_line(),
        last_line: input.on_last_line(),
        offering,
        chosen: offering && state.chat.example.is_some(),
    }
}

/// Whether a turn is being answered, or a replay plays.
fn is_running(state: &State) -> bool {
    match &state.playback {
        Some(playback) => playback.pace != Pace::Paused,
        None => state.session.is_busy(),
    }
}

/// Whether Esc closes the banner here and now: while a turn runs it stops that, and whatever else is open is closed before.
#[must_use]
pub fn closes_banner(state: &State) -> bool {
    !is_running(state) && closing::closed_next(state) == closing::Open::Banner
}

/// Whether a server is down, or a call of it is being waited for.
fn needs_restart(state: &State, name: &crate::protocol::ServerName) -> bool {
    use crate::session::Health;
    let health = state.session.server(name).map(|server| &server.health);
    let well = matches!(
        health,
        Some(
            Health::Ready
                | Health::Withheld(_)
                | Health::SwitchedOff(_)
                | Health::Starting
                | Health::Probing
                | Health::Listing
                | Health::Unknown
        )
    );
    !well || state.call().is_some_and(|call| call.state == CallState::Running && call.server == *name)
}

/// How many calls wait at the gate.
#[must_use]
pub fn held(state: &State) -> usize {
    select::held(state).count()
}

/// What the banner says: something of our own, else the last warning or error of this session that is still so and was not
/// closed.
#[must_use]
pub fn banner(state: &State) -> Option<(&str, crate::protocol::NoteLevel)> {
    use crate::protocol::NoteLevel;
    if let Some(alarm) = &state.alarm {
        return Some((alarm, NoteLevel::Error));
    }
    let is_worth = |note: &&Note| note.told.level != NoteLevel::Info && state.session.holds(note);
    let first = state.notes_seen.max(state.session.notes_before);
    let worth = state.session.notes.iter_from(first).rev().find(is_worth);
    worth.map(|note| (note.told.text.as_str(), note.told.level))
}

/// The facts as they will be when nothing lies over the panes any more.
fn under_overlay(state: &State) -> Situation {
    Situation { place: pane_place(state), ..situation(state) }
}

fn place(state: &State) -> Place {
    match &state.overlay {
        Some(Overlay::Palette(_) | Overlay::Picker(_)) => Place::Palette,
        Some(Overlay::Help(_) | Overlay::Page(_)) => Place::Page,
        Some(Overlay::Ask(ask)) if ask.purpose.is_line() => Place::Prompt,
        Some(Overlay::Ask(_)) => Place::Editor,
        Some(Overlay::Form(_)) => Place::Form,
        None => pane_place(state),
    }
}

fn pane_place(state: &State) -> Place {
    match state.focus {
        Focus::Input => Place::Input,
        Focus::Chat => Place::Chat,
        Focus::Calls if state.calls.filter.typing => Place::Prompt,
        Focus::Calls => match state.calls.form {
            Form::List => Place::Calls,
            Form::Timeline => Place::Timeline,
        },
        Focus::Data if state.data.search.typing => Place::Prompt,
        Focus::Data => Place::Data,
    }
}

fn tick(state: &mut State, now_us: u64) {
    state.clock_us = now_us;
    state.now_us = match &state.playback {
        Some(playback) => playback.moment.now_us(now_us),
        None => state.now_us.max(now_us),
    };
    if state.session.running_turn().is_some() {
        // Timers and countdowns stand among its rows.
        state.chat.forget(state.session.turns.len() - 1);
    }
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    state.notice = None;
    let open = closing::open_things(state);
    let effects = press(state, key);
    state.escape = if closing::open_things(state) < open { Escape::Asks } else { Escape::Stops };
    effects
}

fn press(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let situation = situation(state);
    let action = keymap::resolve(&key, &situation);
    if state.leaving == Leaving::Armed && action != Some(Action::ClearOrQuit) {
        state.leaving = Leaving::No;
    }
    if let Some(action) = action {
        return act::act(state, action);
    }
    match situation.place {
        Place::Input => typing::into_input(state, key),
        Place::Editor => asking::type_into(state, key),
        Place::Form => form::type_into(state, key),
        Place::Prompt if matches!(state.overlay, Some(Overlay::Ask(_))) => asking::type_into(state, key),
        Place::Prompt => typing::into_prompt(state, key),
        Place::Palette if matches!(state.overlay, Some(Overlay::Picker(_))) => return around::type_into(state, key),
        Place::Palette => palette::type_into(state, key),
        Place::Chat | Place::Calls | Place::Timeline | Place::Data => {
            if let Some((key, label)) = keymap::decides(&key).filter(|_| !situation.viewing) {
                return stepping::elsewhere(state, key, label);
            }
        }
        Place::Page => {}
    }
    Vec::new()
}

fn refused(state: &mut State, command: Command) {
    state.notice = Some(match state.feed {
        FeedState::Over => "Not sent: the session is over. Ctrl+C twice leaves.".to_owned(),
        FeedState::Open => "Not sent: too many requests are waiting. Try again in a moment.".to_owned(),
    });
    match command {
        Command::Submit(question) => {
            state.reading.attached.extend(question.attached);
            if state.input.is_blank() {
                state.input.set(&question.text);
            }
        }
        Command::Note { text } if state.input.is_blank() => {
            state.input.set(&text);
        }
        Command::Quit => state.leaving = Leaving::Armed,
        _ => {}
    }
}

fn feed_over(state: &mut State) -> Vec<Effect> {
    state.feed = FeedState::Over;
    if state.leaving == Leaving::Asked {
        return vec![Effect::Leave];
    }
    let why = state.session.ended.as_deref().filter(|reason| *reason != "quit");
    state.alarm = Some(match why {
        Some(reason) => format!("The session is over: {reason}. What is on the screen stays; Ctrl+C twice leaves."),
        None => "The session is over. What is on the screen stays; Ctrl+C twice leaves.".to_owned(),
    });
    Vec::new()
}
