//! What may lie over the panes.

use ratatui::text::Line;

use super::{Ask, Inquiry, Picker};
use crate::protocol::ProjectProposed;
use crate::ui::keymap::Action;
use crate::ui::text::Piece;

/// One thing over the panes.
#[derive(Debug)]
pub enum Overlay {
    /// The keys.
    Help(Page),
    /// Something to read.
    Page(Page),
    /// All actions and commands, by name.
    Palette(Palette),
    /// Something the console asks for.
    Ask(Box<Ask>),
    /// Something a server asks for.
    Form(Box<Inquiry>),
    /// The recorded sessions, to choose one.
    Picker(Box<Picker>),
}

/// Text to read.
#[derive(Debug, Default)]
pub struct Page {
    /// What it is.
    pub title: String,
    /// Its paragraphs.
    pub paragraphs: Vec<Vec<Piece>>,
    /// Its lines at `width`.
    pub lines: Vec<Line<'static>>,
    /// The width the lines were made for.
    pub width: u16,
    /// The first line on the screen.
    pub top: usize,
    /// What it shows, to be brought up to date.
    pub shows: Shows,
    /// What was being asked when it was opened, to go back to.
    pub under: Option<Box<Ask>>,
    /// What has been read once its last line has been on the screen.
    pub matters: Vec<Matter>,
}

/// What a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// What was so when it was opened.
    #[default]
    Once,
    /// All servers, as the session stood after so many records, and at that time, µs.
    Servers(u64, u64),
}

/// Something that counts only once the operator has read what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A project's server file.
    Project(ProjectProposed),
    /// A tool that has changed, by the hash of what it is now.
    Change(String),
}

/// The command palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub query: String,
    /// What matches, best first.
    pub entries: Vec<PaletteEntry>,
    /// The entry the keys are on.
    pub at: usize,
}

/// One line of the palette.
#[derive(Clone, Debug)]
pub struct PaletteEntry {
    /// What it does.
    pub label: String,
    /// Its key or command.
    pub key: String,
    /// What happens.
    pub run: PaletteRun,
}

/// What a line of the palette does.
#[derive(Clone, Debug)]
pub enum PaletteRun {
    /// An action of the key table.
    Action(Action),
    /// Text for the input: run at once, or waiting for its arguments.
    Command(String),
    /// A question for the input.
    Question(String),
}
