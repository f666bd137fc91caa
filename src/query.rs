//! The one expression grammar: filter, search, breakpoints, approval rules and export selection (`sessions.md` §4).
//!
//! ```text
//! expression = conjunction { "|" conjunction }        conjunction = part { part }
//! part       = "!" part | "(" expression ")" | field operator value | word
//! operator   = ":" | "=" | "!=" | ">" | ">=" | "<" | "<="        word, value = bare characters or "…"
//! ```
//!
//! A space is AND and binds closer than `|`; `!` binds closest. An empty expression is true of everything.

mod complete;
mod evaluate;
mod operand;
mod parse;
mod subject;
mod syntax;

use std::fmt;
use std::str::FromStr;

pub use complete::{complete, word_at};
pub use subject::{Status, Subject};

use syntax::Expression;

/// A parsed expression. `Display` prints its normal form, which parses to the same expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Expression);

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {}: expected {expected}", column + 1)]
pub struct ParseError {
    /// Where, as a 0-based character position; the text's length if it ends too early.
    pub column: usize,
    /// What should have stood there, in words.
    pub expected: String,
}

impl Query {
    /// Whether the expression is true of `subject`. What the subject does not have makes a test false, never an error.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        evaluate::holds(&self.0, subject)
    }

    /// Whether it is true of everything because nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Expression::All(parts) if parts.is_empty())
    }
}

impl FromStr for Query {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse::expression(text).map(Self)
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The help page: what can be written, and what it means.
pub const HELP: &[(&str, &str)] = &[
    ("printer", "the word stands in the name, the arguments, the result or the error"),
    ("\"blue screen\"", "these words together; in quotes every character stands for itself"),
    ("a b   a | b   !a   (a | b) c", "and, or, not, grouping"),
    ("server:billing  tool:get_*", "a whole name, * for any characters, capitals do not matter"),
    ("model:gpt*  kind:call", "the model that asked; kind is call or step"),
    ("status:error", "ok, error, cancelled, denied, held, running, proposed, or open for the last three"),
    ("turn:2  step:3..5  call:c7..", "by number: one, from-to, from on"),
    ("dur>500ms  dur:1s..5s", "how long it took: us, ms, s, m, h"),
    ("bytes>10k", "the size of arguments and result together: k, M, KiB, MiB"),
    ("at>+03:12", "when it began, since the session's start"),
    ("ann:read_only", "what is believed of the tool: read_only, destructive, idempotent, open_world"),
    ("arg.customer_id=CUST-003", "a value of the arguments; = is exact, : is contained, or a pattern with *"),
    ("result.total_count>10", "a value of the result; < > compare numbers as numbers, anything else as text"),
    ("result.tickets.status:open", "an array on the way: any of its elements; tickets.0 is the first"),
    ("text:refund", "the same as the bare word"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{Annotations, Json};

    fn subject<'a>(arguments: &'a Json, result: &'a Json) -> Subject<'a> {
        Subject {
            server: Some("billing"),
            tool: Some("get_invoice"),
            model: Some("built-in"),
            status: Some(Status::Error),
            turn: Some(2),
            step: Some(3),
            call: Some(7),
            duration_us: Some(640_000),
            at_us: Some(192_000_000),
            annotations: Some(Annotations { read_only: true, ..Annotations::default() }),
            arguments: Some(arguments),
            result: Some(result),
            ..Subject::of_kind("call")
        }
    }

    fn holds(text: &str) -> bool {
        let arguments = Json::from(json!({"customer_id": "CUST-003", "limit": 10, "deep": {"a b": [1, 2]}}));
        let result = Json::from(json!({"structuredContent": {
            "total_count": 12, "amount": "12450.50", "tickets": [{"status": "open"}, {"status": "closed"}], "due": "2025-09-30",
            "huge": 9_007_199_254_740_993_u64, "none": null
        }}));
        text.parse::<Query>().unwrap_or_else(|error| panic!("{text}: {error}")).matches(&subject(&arguments, &result))
    }

    #[test]
    fn every_example_of_the_specification_is_understood() {
        assert!(holds("server:billing tool:get_*"));
        assert!(holds("arg.customer_id=CUST-003"));
        assert!(holds("status:error dur>500ms"));
        assert!(holds("result.total_count>10"));
        assert!(!holds("!ann:read_only"));
        for (example, _) in HELP.iter().filter(|(example, _)| *example != "a b   a | b   !a   (a | b) c") {
            for part in example.split("  ") {
                part.trim().parse::<Query>().unwrap_or_else(|error| panic!("{part}: {error}"));
            }
        }
    }

    #[test]
    fn names_are_whole_and_text_is_contained() {
        assert!(holds("SERVER:Billing") && !holds("server:bill") && holds("server:bill*") && holds("tool:*inv*"));
        assert!(!holds("server=Billing") && holds("server=billing") && holds("server!=asset"));
        assert!(holds("invoice") && holds("cust-003") && holds("\"CUST-003\"") && !holds("\"get_*\""));
        assert!(holds("get*voice") && holds("text:12450") && !holds("text:absent"));
    }

    #[test]
    fn numbers_take_units_and_ranges() {
        assert!(
            holds("turn:2") && holds("turn:t1..t3") && !holds("turn:..1") && holds("call:c7..") && holds("call!=c8")
        );
        assert!(holds("dur>=0.64s") && holds("dur:600ms..1s") && !holds("dur<640000us") && holds("dur<=640ms"));
        assert!(holds("at:3:12") && holds("at>+03:11") && holds("at<4m") && holds("bytes<2KiB") && holds("bytes>100"));
    }

    #[test]
    fn paths_reach_into_arguments_and_results() {
        assert!(holds("arg.limit=10") && holds("arg.limit=10.0") && holds("arg.limit>9") && !holds("arg.limit>10"));
        assert!(holds("arg.deep.\"a b\".1=2") && holds("arg.deep.\"a b\"=1") && !holds("arg.deep.\"a b\".0=2"));
        assert!(holds("result.tickets.status:open") && holds("result.tickets.1.status=closed"));
        assert!(holds("result.amount>12450.5") == holds("result.amount>12450.50") && holds("result.amount=12450.5"));
        assert!(holds("result.due<2025-10-01") && !holds("result.due<2025-09-01"));
        assert!(holds("result.huge=9007199254740993") && !holds("result.huge=9007199254740992"));
        assert!(holds("result.none=null") && holds("result.none:*") && !holds("result.absent:*"));
        assert!(!holds("result.absent!=1") && holds("!result.absent=1"));
    }

    #[test]
    fn not_binds_closest_and_or_weakest() {
        assert!(holds("server:asset | server:billing tool:get_*"));
        assert!(!holds("(server:asset | server:billing) tool:put_*"));
        assert!(holds("!server:asset tool:get_*") && holds("!(server:asset tool:get_*)") && holds("!!server:billing"));
        assert!(holds("") && holds("   "));
    }

    #[test]
    fn an_error_points_at_the_column_and_says_what_was_expected() {
        let error = |text: &str| text.parse::<Query>().expect_err(text);
        assert_eq!(error("status:eror").column, 7);
        assert!(error("status:eror").expected.contains("cancelled"), "{}", error("status:eror"));
        assert_eq!(error("tool:get (a | b").column, 15);
        assert_eq!(error("a | ").column, 4);
        assert_eq!(error("ä servr:x").column, 2);
        assert!(error("servr:x").expected.contains("server"), "{}", error("servr:x"));
        assert_eq!(error("server>billing").column, 6);
        assert_eq!(error("dur>5lightyears").column, 4);
        assert_eq!(error("a )").column, 2);
        assert_eq!(error("a \"b").column, 4);
        assert_eq!(error("!").column, 1);
        assert_eq!(error("arg.=3").column, 4);
        assert_eq!(error("tool:").column, 5);
        assert_eq!(error(&"(".repeat(100_000)).column, syntax::DEEPEST);
    }
}
