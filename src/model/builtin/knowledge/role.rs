//! The roles that small words can have.

use serde::Deserialize;

/// What a small word does in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Nothing.
    Ignore,
    /// Nothing, and no misspelt word is taken for it.
    Filler,
    /// Turns the next condition round.
    Not,
    /// The next records must not exist.
    No,
    /// The next records must exist.
    With,
    /// Belonging to.
    Of,
    /// What follows is searched as text.
    About,
    /// One more of the same.
    And,
    /// Another possibility.
    Or,
    /// Something already spoken of.
    Pronoun,
    /// The records already spoken of, narrowed.
    Ones,
    /// Asks for a person or a company.
    Who,
    /// Asks how many.
    Count,
    /// Asks for a total.
    Sum,
    /// Asks for a mean.
    Average,
    /// Asks how large a part something is.
    Share,
    /// Everything of a kind.
    Every,
    /// Narrows what was asked.
    Only,
    /// The last question again, of something else.
    WhatAbout,
    /// Groups.
    Per,
    /// More of the same.
    More,
    /// A greeting.
    Greet,
    /// Thanks or good-bye.
    Thanks,
    /// Asks what the assistant can do.
    Abilities,
    /// Asks for a change of data.
    Change,
    /// Opens a question that is answered with yes or no.
    Yesno,
    /// What follows is left out.
    Except,
    /// Asks for the day it is.
    Today,
    /// Asks for something that cannot be worked out here.
    Beyond,
    /// Says something of records that none of them holds.
    Unrecorded,
    /// Tells the assistant to be something else.
    Orders,
    /// Somebody, anybody: stands for whoever it may be.
    Anyone,
}
