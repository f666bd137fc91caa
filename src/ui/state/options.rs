//! What the console is told at its start.

use std::path::PathBuf;

use super::Focus;
use crate::ui::theme::Theme;

/// What the program tells the console at its start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The program's version, such as `0.1.0`.
    pub version: String,
    /// The word in the title bar that says whether anything is executed: `LIVE`, `VIEW`.
    pub mode: String,
    /// Questions the first screen offers.
    pub examples: Vec<String>,
    /// Colours.
    pub theme: Theme,
    /// Whether the mouse belongs to the terminal from the start.
    pub mouse: Mouse,
    /// The session's file, if it has one.
    pub file: Option<PathBuf>,
    /// Whose the keys are at first.
    pub focus: Focus,
    /// Runbooks by name, each with its parameters and what it finds out.
    pub runbooks: Vec<RunbookEntry>,
}

/// Whose the mouse is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    /// Clicks and the wheel are ours.
    #[default]
    Captured,
    /// The terminal selects text with it.
    Free,
}

/// A runbook as the console lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunbookEntry {
    /// Its name, as typed after `/run`.
    pub name: String,
    /// Its parameters, such as `CUSTOMER [DAYS]`.
    pub parameters: String,
    /// One sentence on what it finds out.
    pub summary: String,
}
