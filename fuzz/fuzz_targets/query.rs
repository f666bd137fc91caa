//! Expressions: what is understood has a normal form that means the same, and nothing is completed into a panic.
#![no_main]

use std::cell::OnceCell;

use callboard::protocol::{Annotations, Json};
use callboard::query::{Query, Status, Subject, complete, word_at};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// Arguments and result of the call that is asked about.
fn payload() -> (Json, Json) {
    thread_local! {
        static MADE: OnceCell<(Json, Json)> = const { OnceCell::new() };
    }
    let make = || {
        let arguments = json!({"customer_id": "CUST-003", "limit": 10, "deep": {"a b": [1, 2]}});
        let tickets = json!([{"status": "open"}, {"status": "closed"}]);
        let result = json!({"total_count": 12, "amount": "12450.50", "tickets": tickets, "due": "2025-09-30",
                            "huge": 9_007_199_254_740_993_u64, "none": null});
        (Json::from(arguments), Json::from(json!({ "structuredContent": result })))
    };
    MADE.with(|made| made.get_or_init(make).clone())
}

fuzz_target!(|input: (u8, &str)| {
    let (place, text) = input;
    let cursor = usize::from(place).min(text.chars().count());
    let word = word_at(text, cursor);
    assert!(word.start <= word.end, "{word:?}");
    complete(text, cursor, &|_| vec!["billing".to_owned(), "a b".to_owned()]);
    let query = match text.parse::<Query>() {
        Ok(query) => query,
        Err(error) => {
            assert!(error.column <= text.chars().count(), "{error} in {text:?}");
            assert!(!error.expected.is_empty());
            return;
        }
    };
    let normal = query.to_string();
    let again: Query = normal.parse().unwrap_or_else(|error| panic!("{error} in {normal:?}, from {text:?}"));
    assert_eq!(again, query, "{normal:?}");
    let (arguments, result) = payload();
    let mut subject = Subject::of_kind("call");
    subject.server = Some("billing");
    subject.tool = Some("get_invoice");
    subject.model = Some("built-in");
    subject.status = Some(Status::Error);
    (subject.turn, subject.step, subject.call) = (Some(2), Some(3), Some(7));
    (subject.duration_us, subject.at_us) = (Some(640_000), Some(192_000_000));
    subject.annotations = Some(Annotations { read_only: true, ..Annotations::default() });
    (subject.arguments, subject.result) = (Some(&arguments), Some(&result));
    assert_eq!(query.matches(&subject), again.matches(&subject));
});
