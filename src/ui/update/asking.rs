//! The console's own questions: typing the answer, and what becomes of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::CursorMove;

use crate::protocol::{Place, ReplayCommand};
use crate::ui::state::{Ask, Overlay, Purpose, State};
use crate::ui::text;

use super::{Effect, around, expression, form, viewing, written};

/// Opens a question with `text` as its answer so far, or with what was put away before.
pub(super) fn open(state: &mut State, purpose: Purpose, text: &str) {
    let mut ask = Ask::new(purpose, text, state.theme());
    if let Some(draft) = state.drafts.take(purpose) {
        ask.set(&draft);
        ask.is_draft = true;
    }
    state.overlay = Some(Overlay::Ask(Box::new(ask)));
    expression::look(state);
}

/// What lay on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Laid {
    /// Something over the panes.
    Overlay,
    /// The panes.
    Panes,
}

/// Closes what lies over the panes, and goes back to what was under it. What was written is kept for the next time.
pub(super) fn put_away(state: &mut State) -> Laid {
    let Some(closed) = state.overlay.take() else { return Laid::Panes };
    match closed {
        Overlay::Ask(ask) => {
            if state.drafts.keep(&ask) {
                let original = if ask.purpose.is_line() { "" } else { "; Ctrl+R there goes back to the original" };
                state.notice = Some(format!("What you wrote is kept: the same key brings it back{original}."));
            }
        }
        Overlay::Form(form) => form::put_away(state, *form),
        Overlay::Page(page) => state.overlay = page.under.map(Overlay::Ask),
        Overlay::Help(_) | Overlay::Palette(_) | Overlay::Picker(_) => {}
    }
    Laid::Overlay
}

/// Shows as much of the answer as there is room for now.
pub(super) fn resized(state: &mut State) {
    if let Some(Overlay::Ask(ask)) = &mut state.overlay {
        ask.refill();
    }
}

/// Types into the answer.
pub(super) fn type_into(state: &mut State, key: KeyEvent) {
    let Some(Overlay::Ask(ask)) = &mut state.overlay else { return };
    let is_line = ask.purpose.is_line();
    let typed = match key.code {
        KeyCode::Enter | KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => false,
        KeyCode::Char(c) if text::is_hidden(c) => false,
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => ask.area.delete_line_by_head(),
        KeyCode::Home | KeyCode::End if key.modifiers.contains(KeyModifiers::CONTROL) => {
            let (row, column) = match key.code {
                KeyCode::Home => (CursorMove::Top, CursorMove::Head),
                _ => (CursorMove::Bottom, CursorMove::End),
            };
            ask.area.move_cursor(row);
            ask.area.move_cursor(column);
            false
        }
        KeyCode::Char('j' | 'm') if is_line && key.modifiers.contains(KeyModifiers::CONTROL) => false,
        _ => ask.area.input(key),
    };
    if typed {
        ask.problem = None;
        expression::look(state);
    }
}

/// Takes the answer; one that cannot be taken stays, with what is wrong, and a doubtful one until it is given twice.
pub(super) fn take(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Ask(mut ask)) = state.overlay.take() else { return Vec::new() };
    if let Some(call) = written::unchanged(state, &ask) {
        state.notice = Some(format!("Nothing was changed: call {} is held as it was.", call.0));
        return Vec::new();
    }
    let answer = answer(state, &ask);
    let text = ask.text();
    let doubt = written::doubt(state, &ask).filter(|_| answer.is_ok() && ask.doubted.as_ref() != Some(&text));
    if let Some(doubt) = doubt {
        ask.problem = Some(format!("{doubt}. Enter again gives it all the same."));
        ask.doubted = Some(text);
        state.overlay = Some(Overlay::Ask(ask));
        return Vec::new();
    }
    match answer {
        Ok(effects) => {
            match ask.purpose {
                Purpose::Breakpoints => state.notice = Some(written::told(&text)),
                Purpose::GoTo => state.replaying.sought = text.parse().ok().map(|place| (place, text)),
                Purpose::Deny(_)
                | Purpose::Arguments(_)
                | Purpose::Result(_)
                | Purpose::Answer(_)
                | Purpose::Again(_)
                | Purpose::AgainWriting(_) => {}
            }
            effects
        }
        Err(problem) => {
            ask.problem = Some(problem);
            point(&mut ask);
            state.overlay = Some(Overlay::Ask(ask));
            Vec::new()
        }
    }
}

/// Asks again for the place that was written, if a replay has `refused` it, with its `problem`.
pub(super) fn refused(state: &mut State, refused: Place, problem: Option<&str>) {
    let is_refused = |(place, _): &mut (Place, String)| *place == refused;
    let Some((_, written)) = state.replaying.sought.take_if(is_refused) else { return };
    if state.overlay.is_none() {
        open(state, Purpose::GoTo, &written);
        state.notice = None;
        if let Some(Overlay::Ask(ask)) = &mut state.overlay {
            ask.problem = problem.map(str::to_owned);
        }
    }
}

/// Takes in what was written in `$EDITOR`.
pub(super) fn edited(state: &mut State, edited: Result<String, String>) {
    match (&mut state.overlay, edited) {
        (Some(Overlay::Ask(ask)), Ok(text)) => {
            ask.set(text.trim_end());
            ask.problem = None;
        }
        (Some(Overlay::Ask(ask)), Err(problem)) => ask.problem = Some(problem),
        (Some(_) | None, Err(problem)) => state.notice = Some(problem),
        (Some(_) | None, Ok(_)) => {}
    }
}

/// Moves the cursor to where the answer goes wrong, if that is a place.
fn point(ask: &mut Ask) {
    let place = if ask.purpose.is_expression() { expression::mistake(ask) } else { written::mistake(ask) };
    if let Some((row, column)) = place {
        ask.go_to(row, column);
    }
}

fn answer(state: &State, ask: &Ask) -> Result<Vec<Effect>, String> {
    match ask.purpose {
        Purpose::GoTo => ask.text().parse::<Place>().map(|place| vec![viewing::replay(ReplayCommand::GoTo(place))]),
        Purpose::Again(call) | Purpose::AgainWriting(call) => around::send_again(state, call, &ask.text()),
        Purpose::Deny(_) | Purpose::Arguments(_) | Purpose::Result(_) | Purpose::Answer(_) | Purpose::Breakpoints => {
            written::answer(state, ask)
        }
    }
}
