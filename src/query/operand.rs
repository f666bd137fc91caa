//! What a value means for its field: a pattern, a range of numbers, one of a few words.

use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::subject::Status;
use super::syntax::{Field, Operator, Word};

/// A value as its field understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// Compared as text.
    Text,
    /// States of a call.
    Status(Vec<Status>),
    /// A claim of the server about the tool.
    Claim(Claim),
    /// A whole number within these bounds.
    Range(RangeInclusive<u64>),
}

/// What a server may claim of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    ReadOnly,
    Destructive,
    Idempotent,
    OpenWorld,
}

/// The claims by name.
pub(super) const CLAIMS: &[(&str, Claim)] = &[
    ("read_only", Claim::ReadOnly),
    ("destructive", Claim::Destructive),
    ("idempotent", Claim::Idempotent),
    ("open_world", Claim::OpenWorld),
];

/// The states by name.
pub(super) const STATES: &[(&str, &[Status])] = &[
    ("ok", &[Status::Ok]),
    ("error", &[Status::Error]),
    ("cancelled", &[Status::Cancelled]),
    ("denied", &[Status::Denied]),
    ("held", &[Status::Held]),
    ("running", &[Status::Running]),
    ("proposed", &[Status::Proposed]),
    ("open", &[Status::Held, Status::Running, Status::Proposed]),
];

impl Operand {
    /// Reads a value for its field, or says what should stand there.
    pub(super) fn read(field: &Field, operator: Operator, word: &Word) -> Result<Self, &'static str> {
        let text = word.text();
        match field {
            Field::Server | Field::Tool | Field::Model | Field::Kind | Field::Text => Ok(Self::Text),
            Field::Arg(_) | Field::Result(_) => Ok(Self::Text),
            Field::Status => find(STATES, text)
                .map(|states| Self::Status(states.to_vec()))
                .ok_or("a state: ok, error, cancelled, denied, held, running, proposed or open"),
            Field::Ann => {
                find(CLAIMS, text).map(Self::Claim).ok_or("a claim: read_only, destructive, idempotent or open_world")
            }
            Field::Turn => range(text, operator, |text| numbered(text, 't')).ok_or("a turn such as 2, t2 or 2..4"),
            Field::Step => range(text, operator, |text| numbered(text, 's')).ok_or("a step such as 3, s3 or 3..5"),
            Field::Call => range(text, operator, |text| numbered(text, 'c')).ok_or("a call such as 7, c7 or 7..9"),
            Field::Dur => range(text, operator, duration).ok_or("a duration such as 500ms, 1.5s or 1s..5s"),
            Field::At => range(text, operator, moment).ok_or("a time since the start such as +03:12 or 90s"),
            Field::Bytes => range(text, operator, size).ok_or("a size in bytes such as 2000, 10k or 1MiB"),
        }
    }
}

fn find<T: Copy>(table: &[(&str, T)], text: &str) -> Option<T> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, found)| *found)
}

/// The numbers an operator admits; an empty range for what no number can be.
fn range(text: &str, operator: Operator, read: impl Fn(&str) -> Option<u64>) -> Option<Operand> {
    let bounds = match text.split_once("..") {
        Some((from, to)) => {
            let from = if from.is_empty() { Some(0) } else { read(from) };
            let to = if to.is_empty() { Some(u64::MAX) } else { read(to) };
            from?..=to?
        }
        None => {
            let number = read(text)?;
            number..=number
        }
    };
    let (from, to) = bounds.into_inner();
    Some(Operand::Range(match operator {
        Operator::Match | Operator::Equal | Operator::Differ => from..=to,
        Operator::Greater => to.checked_add(1)?..=u64::MAX,
        Operator::AtLeast => from..=u64::MAX,
        Operator::AtMost => 0..=to,
        #[expect(clippy::reversed_empty_ranges, reason = "nothing is less than 0")]
        Operator::Less => from.checked_sub(1).map_or(1..=0, |last| 0..=last),
    }))
}

/// `7` or `c7`.
fn numbered(text: &str, prefix: char) -> Option<u64> {
    text.strip_prefix(prefix).unwrap_or(text).parse().ok()
}

/// A duration in µs; a bare number is ms.
fn duration(text: &str) -> Option<u64> {
    let units = [("us", 1), ("µs", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)];
    scaled(text, &units, 1000)
}

/// `+03:12`, `1:02:03`, or a duration; in µs.
fn moment(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if !text.contains(':') {
        return scaled(
            text,
            &[("us", 1), ("ms", 1000), ("m", 60_000_000), ("h", 3_600_000_000), ("s", 1_000_000)],
            1_000_000,
        );
    }
    let mut seconds = Decimal::ZERO;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60.into())?.checked_add(plain(part)?)?;
    }
    seconds.checked_mul(1_000_000.into())?.to_u64()
}

/// A size in bytes.
fn size(text: &str) -> Option<u64> {
    let units = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("k", 1000),
        ("m", 1_000_000),
        ("g", 1_000_000_000),
        ("b", 1),
    ];
    scaled(&text.to_lowercase(), &units, 1)
}

/// A number with one of `units`, the first that fits; `bare` scales a number without one.
fn scaled(text: &str, units: &[(&str, u64)], bare: u64) -> Option<u64> {
    let fitting = units.iter().find_map(|(unit, scale)| Some((plain(text.strip_suffix(unit)?)?, *scale)));
    let (number, scale) = fitting.or_else(|| Some((plain(text)?, bare)))?;
    number.checked_mul(scale.into())?.to_u64()
}

/// Digits with at most one point: no sign, no exponent.
fn plain(text: &str) -> Option<Decimal> {
    let shaped = text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    shaped.then(|| text.parse().ok())?
}
