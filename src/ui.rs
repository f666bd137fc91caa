//! The console: a full-screen terminal program over one [`Link`](crate::link::Link).
//!
//! ```text
//! keys, paste, mouse, resize ─┐                              ┌─► Effect ─► shell: commands, clipboard, mouse
//! records (drained, batched) ─┼─► update(&mut State, Msg) ───┤
//! ticks while something runs ─┘        settle: rows, areas   └─► State ─► view(&State, Frame), at most 60 a second
//! ```
//!
//! `update` and `view` are pure: no I/O, no clock. `shell` is the only async part, `terminal` the only one that switches
//! modes. `keymap` holds every key once; `text` cleans and measures; `theme` holds every colour.

mod command;
mod editor;
pub mod json;
pub mod keymap;
pub mod layout;
mod markdown;
mod outside;
mod shell;
mod signals;
pub mod state;
mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod screens;

pub use keymap::keys_markdown;
pub use outside::{Answer, Entry, Nobody, Outside, Request};
pub use shell::{Outcome, RunError, run};
pub use state::{Focus, Mouse, Options, RunbookEntry, State};
pub use terminal::is_there as has_terminal;
pub use theme::Theme;
pub use update::{Effect, Msg, update};
pub use view::view;
