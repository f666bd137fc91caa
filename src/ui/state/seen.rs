//! What waits for the operator's word on this screen, and since when it could be read.

use crate::protocol::CallId;

/// What a key that decides would be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The selected call.
    Call {
        /// Which.
        call: CallId,
        /// Since when it has been held, µs.
        held_us: Option<u64>,
    },
    /// The turn, around the model.
    Turn {
        /// Since when it has been held, µs.
        held_us: u64,
    },
}

/// What waits, and since when it could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What waits.
    pub waiting: Option<Waiting>,
    /// Whether what would be sent, or given to the model, is on the screen.
    pub on_screen: bool,
    /// When it came up, or onto the screen, µs of the session.
    pub since_us: u64,
    /// Of a text, how many lines from its beginning have been on the screen.
    pub lines: usize,
}
