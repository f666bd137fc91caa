//! The palette, the help and pages to read.

use crossterm::event::KeyEvent;

use crate::ui::command;
use crate::ui::keymap::{self, Action, Group, Place, Situation};
use crate::ui::state::{Focus, Overlay, Page, Palette, PaletteEntry, PaletteRun, State};
use crate::ui::text::{self, Piece};
use crate::ui::theme::{Role, Theme};

use super::typing::edit_words;
use super::{Effect, act, commands, select, under_overlay};

/// Opens the palette with everything that works here and now.
pub(super) fn open(state: &mut State) {
    let entries = entries(state, "");
    state.overlay = Some(Overlay::Palette(Palette { query: String::new(), entries, at: 0 }));
}

/// Types into the palette.
pub(super) fn type_into(state: &mut State, key: KeyEvent) {
    let Some(Overlay::Palette(palette)) = &mut state.overlay else { return };
    let mut query = std::mem::take(&mut palette.query);
    edit_words(&mut query, key);
    let entries = entries(state, &query);
    state.overlay = Some(Overlay::Palette(Palette { query, entries, at: 0 }));
}

/// Runs the entry the keys are on.
pub(super) fn run(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = state.overlay.take() else { return Vec::new() };
    match palette.entries.get(palette.at).map(|entry| entry.run.clone()) {
        Some(PaletteRun::Action(action)) => {
            let here = under_overlay(state);
            if !keymap::table().any(|binding| binding.action == action && (binding.when)(&here)) {
                select::focus(state, Focus::Calls);
            }
            act::act(state, action)
        }
        Some(PaletteRun::Command(word)) => match command::find(&word) {
            Ok(spec) if spec.arguments.is_empty() || spec.arguments.starts_with('[') => commands::run(state, spec, "")
                .unwrap_or_else(|words| {
                    state.notice = Some(words);
                    Vec::new()
                }),
            Ok(spec) => {
                act::prefill(state, &format!("/{} ", spec.word));
                Vec::new()
            }
            Err(words) => {
                state.notice = Some(words);
                Vec::new()
            }
        },
        Some(PaletteRun::Question(question)) => {
            act::prefill(state, &question);
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn entries(state: &State, query: &str) -> Vec<PaletteEntry> {
    let here = under_overlay(state);
    // From the input the panes are one key away, and so is what they can do; only what is held wants to be looked at first.
    let near = Situation { place: if here.place == Place::Input { Place::Calls } else { here.place }, ..here };
    let works = |binding: &&keymap::Binding| {
        let decides = matches!(binding.action, Action::Step(key) if key.decides());
        (binding.when)(&here) || ((binding.when)(&near) && !decides)
    };
    let small = |action: Action| {
        matches!(
            action,
            Action::Up
                | Action::Down
                | Action::Send
                | Action::NewLine
                | Action::OpenPalette
                | Action::Older
                | Action::Newer
                | Action::DeleteToStart
                | Action::Complete
                | Action::Close
        )
    };
    let actions = keymap::table().filter(|binding| works(binding) && !small(binding.action)).map(|binding| {
        let key = binding.chords.first().map(keymap::Chord::label).unwrap_or_default();
        let label = sentence(binding.label, binding.help);
        PaletteEntry { label, key, run: PaletteRun::Action(binding.action) }
    });
    let commands = command::COMMANDS.iter().map(|spec| PaletteEntry {
        label: spec.help.to_owned(),
        key: as_typed(spec).trim_end().to_owned(),
        run: PaletteRun::Command(spec.word.to_owned()),
    });
    let questions = state.options.examples.iter().map(|question| PaletteEntry {
        label: question.clone(),
        key: "ask".to_owned(),
        run: PaletteRun::Question(question.clone()),
    });
    let mut scored: Vec<(i32, PaletteEntry)> = actions
        .chain(commands)
        .chain(questions)
        .filter_map(|entry| {
            let by_label = text::fuzzy(query, &entry.label);
            let by_key = text::fuzzy(query, entry.key.trim_start_matches('/')).map(|score| score + 4);
            by_label.max(by_key).map(|score| (score, entry))
        })
        .collect();
    if !query.trim().is_empty() {
        scored.sort_by_key(|(score, _)| -score);
        // Letters scattered over a sentence are no match beside one that has the word.
        let best = scored.first().map_or(0, |(score, _)| *score);
        scored.retain(|(score, _)| *score > best - 90);
    }
    scored.into_iter().map(|(_, entry)| entry).collect()
}

/// The short name and the sentence of a binding.
fn sentence(label: &str, help: &str) -> String {
    let mut letters = label.chars();
    let capital: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    format!("{capital}{}: {help}", letters.as_str())
}

/// The help as a page, with what works here and now at its beginning.
pub(super) fn help_page(state: &State) -> Page {
    let theme = state.theme();
    let here = under_overlay(state);
    let mut paragraphs = vec![vec![Piece::new("Here and now", theme.style(Role::Strong))]];
    let columns = columns();
    let rows = keymap::footer(&here).into_iter();
    let rows = rows.map(|binding| row(&keymap::keys(binding), binding.help, columns, theme));
    paragraphs.extend(rows);
    paragraphs.push(Vec::new());
    paragraphs.extend(help_paragraphs(theme));
    titled("Help", paragraphs)
}

/// A command with its arguments.
fn as_typed(spec: &command::Spec) -> String {
    format!("/{} {}", spec.word, spec.arguments)
}

/// Columns that the longest key or command of the help takes, and one more.
fn columns() -> usize {
    let keys = keymap::table().map(keymap::keys).chain(command::COMMANDS.iter().map(as_typed));
    keys.map(|keys| text::width(&keys)).max().unwrap_or(0) + 1
}

/// A key or command with what it does, as one paragraph.
fn row(key: &str, help: &str, columns: usize, theme: Theme) -> Vec<Piece> {
    let gap = columns.saturating_sub(text::width(key));
    // One piece, so that the lines after the first hang under the words.
    vec![
        Piece::new(&format!("{key}{}", " ".repeat(gap)), theme.style(Role::Name)),
        Piece::new(help, theme.style(Role::Text)),
    ]
}

/// All keys and commands, from their tables.
#[must_use]
pub fn help_paragraphs(theme: Theme) -> Vec<Vec<Piece>> {
    let strong = theme.style(Role::Strong);
    let (plain, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let columns = columns();
    let row = |key: &str, help: &str| row(key, help, columns, theme);
    let mut paragraphs = vec![
        vec![Piece::new(
            "Three panes show the same call: Chat, Calls, Data. Select anywhere; the others follow. While the input has the keys, letters only type.",
            plain,
        )],
        Vec::new(),
        vec![Piece::new("Commands, in the input", strong)],
    ];
    for spec in command::COMMANDS.iter() {
        paragraphs.push(row(&as_typed(spec), spec.help));
    }
    for group in Group::ALL {
        paragraphs.push(Vec::new());
        paragraphs.push(vec![Piece::new(group.title(), strong)]);
        for binding in keymap::table().filter(|binding| binding.action.group() == group) {
            paragraphs.push(row(&keymap::keys(binding), binding.help));
        }
    }
    paragraphs.push(Vec::new());
    paragraphs.push(vec![Piece::new("Signs", strong)]);
    for (sign, help) in [
        ("✓ ok", "A call or server that is well"),
        ("✗ failed", "A call that failed, a server that is down"),
        ("◌ running", "Under way; its timer runs"),
        ("↻ lost", "A server that was lost: it is being restarted, or with a number, how often it was"),
        ("⏸ held", "Waits for you and has not been sent"),
        ("⊘ stopped", "Cancelled or denied"),
        ("[3]", "A statement of the answer comes from call 3"),
        ("⚠", "Something in the answer that no result of this session has"),
    ] {
        paragraphs.push(row(sign, help));
    }
    paragraphs.push(Vec::new());
    paragraphs.push(vec![Piece::new(
        "In the input the usual editing keys work too: Ctrl+A and Ctrl+E, Ctrl+W, Ctrl+K, Alt+B and Alt+F.",
        dim,
    )]);
    paragraphs
}

/// A page of plain text.
pub(super) fn page(state: &State, title: &str, words: &str) -> Page {
    let style = state.theme().style(Role::Text);
    let cleaned = text::clean_block(words);
    titled(title, cleaned.lines().map(|line| vec![Piece::new(line, style)]).collect())
}

/// A page of paragraphs.
pub(super) fn titled(title: &str, paragraphs: Vec<Vec<Piece>>) -> Page {
    Page { title: text::clean_line(title).into_owned(), paragraphs, ..Page::default() }
}
