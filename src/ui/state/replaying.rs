//! What this console asked for while it shows a recording.

use std::collections::BTreeMap;

use crate::protocol::{CallId, Place};

/// What was asked of a replay, and of the servers outside of it.
#[derive(Debug, Default)]
pub struct Replaying {
    /// The place the replay was last asked to go to, and as it was written.
    pub sought: Option<(Place, String)>,
    /// Calls made again on their live servers while this recording was shown.
    pub made_again: usize,
    /// What came of each of them the last time, line by line.
    pub made: BTreeMap<CallId, Vec<String>>,
}
