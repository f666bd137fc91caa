//! What differs: two JSON values, two outcomes of a call, two sessions. Pure; nothing is executed and nothing printed.

mod json;
mod outcome;
mod sessions;

pub use json::{Change, ChangeKind, canonical, changes};
pub use outcome::{Outcome, Verdict, body, unanswered, verdict};
pub use sessions::{AnswerDiff, Comparison, Fate, Line, Pair, Side, compare, text_lines};
