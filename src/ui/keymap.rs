//! Every key, once: the table that feeds dispatch, footer, help, palette and README.
//!
//! An action says what the operator means, never which key it is. Keys of one situation are unique; a test goes through
//! all situations. Letters do nothing but type while the input has the focus.

mod action;
mod chord;
mod serving;
mod situation;
mod stepping;
mod table;
mod viewing;

use std::fmt::Write as _;

use crossterm::event::KeyEvent;

pub use action::{Action, Group};
pub use chord::Chord;
pub use situation::{Place, Showing, Situation};
pub use stepping::StepKey;
pub use viewing::ViewKey;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What the operator means.
    pub action: Action,
    /// Its keys; the first one is shown.
    pub chords: &'static [Chord],
    /// Where it works.
    pub when: fn(&Situation) -> bool,
    /// A word or two for the footer and the palette.
    pub label: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
    /// Its rank in the footer from 1; 0 keeps it out.
    pub footer: u8,
}

/// Every key of the console.
pub fn table() -> impl Iterator<Item = &'static Binding> + Clone {
    stepping::STEPPING.iter().chain(serving::SERVING).chain(table::TABLE).chain(viewing::VIEWING)
}

/// The action of a key here and now.
#[must_use]
pub fn resolve(key: &KeyEvent, situation: &Situation) -> Option<Action> {
    let pressed = Chord::from(key);
    table().find(|binding| binding.chords.contains(&pressed) && (binding.when)(situation)).map(|binding| binding.action)
}

/// What a key would decide over a held call, if there were one.
#[must_use]
pub fn decides(key: &KeyEvent) -> Option<(StepKey, &'static str)> {
    let pressed = Chord::from(key);
    let mut bindings = stepping::STEPPING.iter().filter(|binding| binding.chords.contains(&pressed));
    bindings.find_map(|binding| match binding.action {
        Action::Step(key) if key.decides() => Some((key, binding.label)),
        _ => None,
    })
}

/// What works here and now, most useful first.
#[must_use]
pub fn footer(situation: &Situation) -> Vec<&'static Binding> {
    let mut bindings: Vec<_> = table().filter(|binding| binding.footer > 0 && (binding.when)(situation)).collect();
    bindings.sort_by_key(|binding| binding.footer);
    bindings
}

/// The keys of a binding in words, such as `↑ k`.
#[must_use]
pub fn keys(binding: &Binding) -> String {
    binding.chords.iter().map(Chord::label).collect::<Vec<_>>().join(" ")
}

/// The table as Markdown, for the README.
#[must_use]
pub fn keys_markdown() -> String {
    let mut out = String::new();
    for group in Group::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n**{}**\n\n| key | does |\n| --- | --- |", group.title());
        for binding in table().filter(|binding| binding.action.group() == group) {
            let keys: Vec<_> = binding.chords.iter().map(|chord| format!("`{}`", chord.label())).collect();
            let _ = writeln!(out, "| {} | {} |", keys.join(" ").replace('|', "\\|"), binding.help);
        }
    }
    out.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_situation() {
        let situations: Vec<Situation> = Situation::all().collect();
        for (number, one) in table().enumerate() {
            for other in table().skip(number + 1) {
                let Some(shared) = one.chords.iter().find(|chord| other.chords.contains(chord)) else { continue };
                let both = situations.iter().find(|situation| (one.when)(situation) && (other.when)(situation));
                assert!(both.is_none(), "{}: {} and {} in {both:?}", shared.label(), one.label, other.label);
            }
            let mut chords = one.chords.to_vec();
            chords.dedup();
            assert_eq!(chords.len(), one.chords.len(), "{}", one.label);
        }
    }

    #[test]
    fn every_binding_works_somewhere() {
        for binding in table() {
            assert!(Situation::all().any(|situation| (binding.when)(&situation)), "{}", binding.label);
        }
    }

    #[test]
    fn letters_type_while_a_text_has_the_focus() {
        let typing = |situation: &Situation| match situation.place {
            Place::Prompt | Place::Editor | Place::Form | Place::Palette => true,
            Place::Input => situation.typed,
            Place::Chat | Place::Calls | Place::Timeline | Place::Data | Place::Page => false,
        };
        let situations: Vec<Situation> = Situation::all().filter(typing).collect();
        for binding in table().filter(|binding| binding.chords.iter().any(Chord::types)) {
            assert!(!situations.iter().any(|situation| (binding.when)(situation)), "{}", binding.label);
        }
    }

    #[test]
    fn nothing_depends_on_keys_that_terminals_swallow() {
        for binding in table() {
            let robust = |chord: &&Chord| {
                let swallowed = chord.modifiers == KeyModifiers::CONTROL
                    && matches!(chord.code, KeyCode::Char('m' | 'i' | 'h' | 's' | 'q' | 'b'));
                !swallowed && !matches!(chord.code, KeyCode::F(_))
            };
            assert!(binding.chords.iter().any(|chord| robust(&chord)), "{}", binding.label);
        }
    }

    #[test]
    fn every_action_is_in_the_readme_table() {
        let markdown = keys_markdown();
        for binding in table() {
            assert!(markdown.contains(binding.help), "{}", binding.help);
        }
    }
}
