//! Keys and pasted text that become words: in the input, a filter, a search.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::ui::keymap::Place;
use crate::ui::state::{Focus, Overlay, State};
use crate::ui::text;

use super::{around, expression, form, inside, palette, place, records};

/// A key in the input.
pub(super) fn into_input(state: &mut State, key: KeyEvent) {
    let typed = match key.code {
        KeyCode::Enter | KeyCode::Tab | KeyCode::BackTab | KeyCode::Esc => return,
        KeyCode::Char(c) if text::is_hidden(c) => return,
        _ => state.input.area_mut().input(key),
    };
    if typed {
        state.chat.example = None;
    }
}

/// A key in a filter or search.
pub(super) fn into_prompt(state: &mut State, key: KeyEvent) {
    let words = match state.focus {
        Focus::Calls => &mut state.calls.filter.words,
        Focus::Input | Focus::Chat | Focus::Data => &mut state.data.search.words,
    };
    edit_words(words, key);
    if state.focus == Focus::Calls {
        records::refilter(state);
        expression::look(state);
        state.calls.reveal = true;
    } else {
        inside::find_from_here(state);
    }
}

/// One-line editing, as far as a filter or search needs it.
pub(super) fn edit_words(words: &mut String, key: KeyEvent) {
    match key.code {
        KeyCode::Backspace => {
            words.pop();
        }
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => words.clear(),
        KeyCode::Char('w') if key.modifiers.contains(KeyModifiers::CONTROL) => {
            let kept = words.trim_end().rfind(' ').map_or(0, |at| at + 1);
            words.truncate(kept);
        }
        KeyCode::Char(c)
            if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) && !text::is_hidden(c) =>
        {
            words.push(c);
        }
        _ => {}
    }
}

/// Pasted text, wherever the keys go.
pub(super) fn paste(state: &mut State, pasted: &str) {
    state.notice = None;
    if let Some(Overlay::Ask(ask)) = &mut state.overlay {
        ask.insert(pasted);
        expression::look(state);
        return;
    }
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        return form::paste(form, pasted);
    }
    match place(state) {
        Place::Prompt | Place::Palette => {
            let line: String = pasted.chars().filter(|c| !text::is_hidden(*c)).collect();
            for c in line.chars() {
                let key = KeyEvent::from(KeyCode::Char(c));
                if matches!(state.overlay, Some(Overlay::Picker(_))) {
                    // The next key asks for the preview.
                    drop(around::type_into(state, key));
                } else if place(state) == Place::Palette {
                    palette::type_into(state, key);
                } else {
                    into_prompt(state, key);
                }
            }
        }
        Place::Page | Place::Editor | Place::Form => {}
        Place::Input | Place::Chat | Place::Calls | Place::Timeline | Place::Data => {
            state.focus = Focus::Input;
            let swap = state.input.insert(pasted);
            state.chat.example = None;
            if swap.dropped > 0 {
                let what = text::count(swap.dropped, "invisible character");
                state.notice = Some(format!("{what} of the pasted text left out."));
            }
        }
    }
}
