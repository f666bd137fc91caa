//! Keys that end something, and how sure it is that this is meant.

/// How far the operator is with leaving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// Not at all.
    #[default]
    No,
    /// Ctrl+C once.
    Armed,
    /// The session is being ended.
    Asked,
}

/// Where leaving leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayOut {
    /// Out of the program.
    #[default]
    Program,
    /// To the session that waits behind this one.
    Back,
}

/// What Esc does to a running turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// It stops it.
    #[default]
    Stops,
    /// It asks first: the key before has closed something, so this one may have been meant for that.
    Asks,
}
