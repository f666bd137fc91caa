//! Whether an expression holds: total, without errors.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::protocol::Annotations;

use super::operand::{Claim, Operand};
use super::subject::Subject;
use super::syntax::{Expression, Field, Operator, Test, Word};

/// Whether `expression` holds of `subject`.
pub(super) fn holds(expression: &Expression, subject: &Subject<'_>) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| holds(part, subject)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, subject)),
        Expression::Not(part) => !holds(part, subject),
        Expression::Text(word) => subject.all_texts().any(|text| contains(text, word)),
        Expression::Test(test) => test_holds(test, subject),
    }
}

fn test_holds(test: &Test, subject: &Subject<'_>) -> bool {
    let number = |value: Option<u64>| in_range(test, value);
    match &test.field {
        Field::Server => named(test, subject.server),
        Field::Tool => named(test, subject.tool),
        Field::Model => named(test, subject.model),
        Field::Kind => named(test, Some(subject.kind)),
        Field::Text => match test.operator {
            Operator::Equal => subject.all_texts().any(|text| text == test.word.text()),
            Operator::Differ => !subject.all_texts().any(|text| contains(text, &test.word)),
            _ => subject.all_texts().any(|text| contains(text, &test.word)),
        },
        Field::Status => match (&test.operand, subject.status) {
            (Operand::Status(states), Some(status)) => states.contains(&status) != differs(test),
            _ => false,
        },
        Field::Ann => match (&test.operand, subject.annotations) {
            (Operand::Claim(claim), Some(annotations)) => claims(annotations, *claim) != differs(test),
            _ => false,
        },
        Field::Turn => number(subject.turn),
        Field::Step => number(subject.step),
        Field::Call => number(subject.call),
        Field::Dur => number(subject.duration_us),
        Field::At => {
            // A moment is a whole second of the clock when it is compared for equality.
            match (test.operator, &test.operand, subject.at_us) {
                (Operator::Match, Operand::Range(range), Some(at)) if range.start() == range.end() => {
                    (*range.start()..range.start().saturating_add(1_000_000)).contains(&at)
                }
                (_, _, at) => number(at),
            }
        }
        Field::Bytes => number(subject.bytes()),
        Field::Arg(path) => subject.arguments_value().is_some_and(|value| path_holds(value, path, test)),
        Field::Result(path) => subject.result_value().is_some_and(|value| path_holds(value, path, test)),
    }
}

fn differs(test: &Test) -> bool {
    test.operator == Operator::Differ
}

fn in_range(test: &Test, value: Option<u64>) -> bool {
    match (&test.operand, value) {
        (Operand::Range(range), Some(value)) => range.contains(&value) != differs(test),
        _ => false,
    }
}

fn named(test: &Test, name: Option<&str>) -> bool {
    let Some(name) = name else { return false };
    match test.operator {
        Operator::Equal => name == test.word.text(),
        Operator::Differ => name != test.word.text(),
        _ => whole(name, &test.word),
    }
}

fn claims(annotations: Annotations, claim: Claim) -> bool {
    match claim {
        Claim::ReadOnly => annotations.read_only,
        Claim::Destructive => annotations.destructive,
        Claim::Idempotent => annotations.idempotent,
        Claim::OpenWorld => annotations.open_world,
    }
}

/// Whether some value at `path` passes the test. A name on an array means any of its elements.
fn path_holds(value: &Value, path: &[Word], test: &Test) -> bool {
    let Some((first, rest)) = path.split_first() else { return leaf_holds(value, test) };
    match value {
        Value::Object(fields) => fields.get(first.text()).is_some_and(|field| path_holds(field, rest, test)),
        Value::Array(items) => match first.text().parse::<usize>() {
            Ok(index) => items.get(index).is_some_and(|item| path_holds(item, rest, test)),
            Err(_) => items.iter().any(|item| path_holds(item, path, test)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn leaf_holds(value: &Value, test: &Test) -> bool {
    if let (Value::Array(items), false) = (value, differs(test)) {
        let any = items.iter().any(|item| leaf_holds(item, test));
        return any || (test.operator == Operator::Match && contains(&value.to_string(), &test.word));
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    let order = || compare(&text, test.word.text());
    match (test.operator, &test.word) {
        (Operator::Match, Word::Bare(pattern)) if pattern.contains('*') => whole(&text, &test.word),
        (Operator::Match, word) => contains(&text, word),
        (Operator::Equal, _) => order() == Ordering::Equal,
        (Operator::Differ, _) => order() != Ordering::Equal,
        (Operator::Greater, _) => order() == Ordering::Greater,
        (Operator::AtLeast, _) => order() != Ordering::Less,
        (Operator::Less, _) => order() == Ordering::Less,
        (Operator::AtMost, _) => order() != Ordering::Greater,
    }
}

/// Numbers by value, anything else by its text.
fn compare(left: &str, right: &str) -> Ordering {
    let number = |text: &str| text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text)).ok();
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.cmp(right),
    }
}

/// Whether the pattern is the whole of `text`.
fn whole(text: &str, word: &Word) -> bool {
    let text = text.to_lowercase();
    match word {
        Word::Quoted(wanted) => text == wanted.to_lowercase(),
        Word::Bare(pattern) => {
            let pattern = pattern.to_lowercase();
            let Some((head, rest)) = pattern.split_once('*') else { return text == pattern };
            let Some(text) = text.strip_prefix(head) else { return false };
            let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
            let Some(text) = text.strip_suffix(tail) else { return false };
            in_order(text, middle)
        }
    }
}

/// Whether the pattern occurs somewhere in `text`.
fn contains(text: &str, word: &Word) -> bool {
    let text = text.to_lowercase();
    match word {
        Word::Quoted(wanted) => text.contains(&wanted.to_lowercase()),
        Word::Bare(pattern) => in_order(&text, &pattern.to_lowercase()),
    }
}

/// Whether the pieces between the stars of `pattern` come one after another in `text`.
fn in_order(mut text: &str, pattern: &str) -> bool {
    for piece in pattern.split('*').filter(|piece| !piece.is_empty()) {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::Json;
    use crate::query::Query;

    #[test]
    fn a_star_stands_for_any_characters_also_none() {
        let bare = |pattern: &str| Word::Bare(pattern.to_owned());
        assert!(whole("abc", &bare("*")) && whole("abc", &bare("a*")) && whole("abc", &bare("*b*")));
        assert!(whole("abc", &bare("a*b*c")) && !whole("abc", &bare("b*")) && !whole("ab", &bare("ab*b")));
        assert!(!whole("a", &bare("a*a")) && whole("aa", &bare("a*a")) && whole("a*", &Word::Quoted("a*".into())));
    }

    proptest! {
        #[test]
        fn every_expression_has_a_value_for_every_json(
            text in "(arg|result|server|dur|text)(\\.[a-c]{1,2})?[:=<>][a-c0-9*]{1,4}( \\| !?[a-c]{1,3})?",
            json in "(\\{\"a\":(1|\"b\"|\\[1,\\{\"b\":2\\}\\]|null|1e400)\\}|\\[\\]|null|\"a\"|3)",
        ) {
            let (Ok(query), Ok(json)) = (text.parse::<Query>(), Json::parse(&json)) else { return Ok(()) };
            let subject = Subject { arguments: Some(&json), result: Some(&json), ..Subject::of_kind("call") };
            let opposite: Query = format!("!({query})").parse().expect("a negation");
            prop_assert_ne!(query.matches(&subject), opposite.matches(&subject));
        }
    }
}
