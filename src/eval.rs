//! Evaluation of a model: a suite of questions with what must come of them, a judgement of each outcome, a summary.
//!
//! Pure: it asks nobody. Whoever runs a suite asks the questions (each phrasing is a conversation of its own), hands the
//! last turn's calls and answer to [`judge`], collects the [`Result`]s in a [`Report`] and writes it out.

mod judge;
mod junit;
mod report;
mod suite;

pub use judge::{CallMade, Outcome, judge};
pub use report::{IntentSummary, Report, Result};
pub use suite::{Intent, Suite, SuiteError};
