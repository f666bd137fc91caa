//! Days and spans of days in words and numbers, relative to a given today.

mod point;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use point::{month_number, point, weekday};

use super::frame::DateSpan;
use super::text::{Gap, Word};

/// Which way a date without a year is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Created, reported, paid.
    Past,
    /// Due, expires.
    Future,
}

/// Whether a word is the full name of a month or of a day of the week.
pub(super) fn is_named(low: &str) -> bool {
    (low == "may" || low.len() > 4) && (month_number(low).is_some() || weekday(low).is_some())
}

/// A span and how many words it covers.
type Found = (DateSpan, usize);

/// The longest date phrase that starts at `at`.
pub(super) fn span_at(words: &[Word], at: usize, today: Date, direction: Direction) -> Option<Found> {
    let rest: Vec<&str> = words
        .get(at..)?
        .iter()
        .enumerate()
        .take_while(|(index, word)| *index == 0 || word.gap != Gap::Stop)
        .map(|(_, word)| word.low.as_str())
        .take(12)
        .collect();
    let (from, to, used) = phrase(&rest, today, direction)?;
    let said = words.get(at..at + used)?.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
    Some((DateSpan { from, to, said }, used))
}

type Open = (Option<Date>, Option<Date>, usize);

fn phrase(rest: &[&str], today: Date, direction: Direction) -> Option<Open> {
    match rest {
        ["over" | "during" | "at" | "on", "the", "weekend", ..] | ["over" | "during", "weekend", ..] => {
            let skip = if rest.get(1) == Some(&"the") { 2 } else { 1 };
            let (days, used) = point(rest.get(skip..)?, today, direction)?;
            Some((Some(days.0), Some(days.1), skip + used))
        }
        ["between" | "from", tail @ ..] => {
            if let Some(found) = days_of_one_month(tail, today, direction) {
                return Some(found);
            }
            let (first, used) = point(tail, today, direction)?;
            match tail.get(used) {
                Some(&("and" | "to" | "until" | "till" | "through" | "thru")) => {
                    let (second, more) = point(tail.get(used + 1..)?, today, direction)?;
                    let start = if first.0 > second.1 { first.0.checked_sub(1.year()).ok()? } else { first.0 };
                    Some((Some(start), Some(second.1), 2 + used + more))
                }
                _ if rest.first() == Some(&"from") => Some((Some(first.0), open_end(first, direction), 1 + used)),
                _ => None,
            }
        }
        ["since" | "starting" | "beginning", tail @ ..] => {
            let the = usize::from(matches!(tail.first(), Some(&("from" | "on" | "the"))));
            // "since the start of September"
            let edge = matches!(tail.get(the..), Some(["start" | "beginning" | "early", ..]));
            let of = usize::from(edge && tail.get(the + 1) == Some(&"of"));
            let tail_skip = the + usize::from(edge) + of;
            let (first, used) = point(tail.get(tail_skip..)?, today, direction)?;
            let start = if first.0 > today { first.0.checked_sub(1.year()).ok()? } else { first.0 };
            Some((Some(start), None, 1 + tail_skip + used))
        }
        ["after" | "past", tail @ ..] if !starts_with_amount(tail) => {
            let (first, used) = point(tail, today, direction)?;
            Some((Some(first.1.tomorrow().ok()?), None, 1 + used))
        }
        ["before" | "prior", tail @ ..] => {
            let skip = usize::from(tail.first() == Some(&"to"));
            let (first, used) = point(tail.get(skip..)?, today, direction)?;
            Some((None, Some(first.0.yesterday().ok()?), 1 + skip + used))
        }
        ["until" | "till" | "by" | "through", tail @ ..] => {
            let skip = if tail.starts_with(&["the", "end", "of"]) {
                3
            } else if tail.starts_with(&["end", "of"]) {
                2
            } else {
                0
            };
            let (first, used) = point(tail.get(skip..)?, today, Direction::Future)?;
            let start = (direction == Direction::Future).then_some(today);
            Some((start, Some(first.1), 1 + skip + used))
        }
        ["up", "to", tail @ ..] => {
            let (first, used) = point(tail, today, direction)?;
            Some((None, Some(first.1), 2 + used))
        }
        ["older", "than", tail @ ..] | ["more", "than", tail @ ..] | ["over", tail @ ..] => {
            let lead = rest.len() - tail.len();
            let (span, used) = amount(tail)?;
            let ago = usize::from(matches!(tail.get(used), Some(&("ago" | "old"))));
            if lead == 1 && ago == 0 {
                return None;
            }
            Some((None, Some(today.checked_sub(span).ok()?.yesterday().ok()?), lead + used + ago))
        }
        ["newer" | "younger", "than", tail @ ..] => {
            let (span, used) = amount(tail)?;
            Some((Some(today.checked_sub(span).ok()?), None, 2 + used))
        }
        ["within" | "in", tail @ ..] => {
            if let Some(found) = within(tail, today, direction) {
                return Some((found.0, found.1, found.2 + 1));
            }
            let skip = usize::from(tail.first() == Some(&"the"));
            let (days, used) = point(tail.get(skip..)?, today, direction)?;
            Some((Some(days.0), Some(days.1), 1 + skip + used))
        }
        ["during" | "on" | "of" | "for", tail @ ..] => {
            let skip = usize::from(tail.first() == Some(&"the"));
            let tail = tail.get(skip..)?;
            if let Some((from, to, used)) = within(tail, today, direction).filter(|_| is_relative(tail)) {
                return Some((from, to, used + 1 + skip));
            }
            let (days, used) = point(tail, today, direction)?;
            // "for 2025" may be anything; a year alone needs "in" or "during".
            Some((Some(days.0), Some(days.1), 1 + skip + used))
        }
        ["the", tail @ ..] if is_relative(tail) => {
            let (from, to, used) = phrase(tail, today, direction)?;
            Some((from, to, used + 1))
        }
        _ => {
            if is_relative(rest)
                && let Some(found) = within(rest, today, direction)
            {
                return Some(found);
            }
            let (days, used) = point(rest, today, direction)?;
            Some((Some(days.0), Some(days.1), used))
        }
    }
}

/// `1 and 15 September`, `the 1st to the 3rd of October`, behind "between" or "from": the month is said once.
fn days_of_one_month(rest: &[&str], today: Date, direction: Direction) -> Option<Open> {
    let the = usize::from(rest.first() == Some(&"the"));
    let (first, joint) = (rest.get(the)?, rest.get(the + 1)?);
    if !matches!(*joint, "and" | "to" | "until" | "till" | "through" | "thru") {
        return None;
    }
    let (days, used) = point(rest.get(the + 2..)?, today, direction)?;
    let from = Date::new(days.0.year(), days.0.month(), point::bare_day(first)?).ok()?;
    (days.0 == days.1 && from <= days.0).then_some((Some(from), Some(days.1), the + 3 + used))
}

fn open_end(days: (Date, Date), direction: Direction) -> Option<Date> {
    // "from September" is that month; "from September 3 on" has no end.
    (days.0 != days.1 && direction == Direction::Past).then_some(days.1)
}

fn is_relative(rest: &[&str]) -> bool {
    matches!(
        rest.first(),
        Some(&("last" | "past" | "previous" | "next" | "coming" | "following" | "this" | "recent" | "upcoming"))
    )
}

fn starts_with_amount(rest: &[&str]) -> bool {
    amount(rest).is_some()
}

/// `the last 30 days`, `next two weeks`, `30 days`, `the next month`.
fn within(rest: &[&str], today: Date, direction: Direction) -> Option<Open> {
    let skip = usize::from(rest.first() == Some(&"the"));
    let tail = rest.get(skip..)?;
    let ahead = match *tail.first()? {
        "last" | "past" | "previous" | "recent" => false,
        "next" | "coming" | "following" | "upcoming" => true,
        _ => {
            let (span, used) = amount(tail)?;
            let from_now = usize::from(tail.get(used) == Some(&"from")) * 2;
            let past = direction == Direction::Past && from_now == 0;
            return Some(if past {
                (Some(today.checked_sub(span).ok()?), Some(today), skip + used)
            } else {
                (Some(today), Some(today.checked_add(span).ok()?), skip + used + from_now)
            });
        }
    };
    let after = tail.get(1..)?;
    let (span, used) = amount(after)?;
    let plural_or_counted = used > 1;
    if !plural_or_counted {
        return None;
    }
    Some(if ahead {
        (Some(today), Some(today.checked_add(span).ok()?), skip + 1 + used)
    } else {
        (Some(today.checked_sub(span).ok()?), Some(today), skip + 1 + used)
    })
}

/// `30 days`, `two weeks`, `a couple of months`, `days`.
fn amount(rest: &[&str]) -> Option<(Span, usize)> {
    let (number, used) = match rest {
        ["a", "couple", "of", ..] => (2, 3),
        ["couple", "of", ..] => (2, 2),
        ["a", "few", ..] => (3, 2),
        ["few", ..] => (3, 1),
        ["half", "a", "year", ..] => return Some((6.months(), 3)),
        [first, ..] => match number(first) {
            Some(number) => (number, 1),
            None if matches!(*first, "a" | "an") => (1, 1),
            None => {
                let digits = first.trim_end_matches(|c: char| c.is_alphabetic());
                let unit = first.get(digits.len()..)?;
                return Some((units(digits.parse().ok()?, unit)?, 1));
            }
        },
        [] => return None,
    };
    let skip = usize::from(matches!(rest.get(used), Some(&("business" | "calendar" | "full" | "whole"))));
    Some((units(number, rest.get(used + skip)?)?, used + skip + 1))
}

fn units(number: i64, unit: &str) -> Option<Span> {
    if !(0..=4000).contains(&number) {
        return None;
    }
    match unit {
        "d" | "day" | "days" => Some(number.days()),
        "w" | "wk" | "wks" | "week" | "weeks" => Some(number.weeks()),
        "fortnight" | "fortnights" => Some((2 * number).weeks()),
        "mo" | "month" | "months" => Some(number.months()),
        "quarter" | "quarters" => Some((3 * number).months()),
        "y" | "yr" | "yrs" | "year" | "years" => Some(number.years()),
        "h" | "hr" | "hrs" | "hour" | "hours" if number % 24 == 0 && number > 0 => Some((number / 24).days()),
        _ => None,
    }
}

/// A number in figures or words.
pub(super) fn number(word: &str) -> Option<i64> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    if let Some(index) = WORDS.iter().position(|known| *known == word) {
        return i64::try_from(index).ok();
    }
    match word {
        "thirty" => Some(30),
        "forty" => Some(40),
        "fifty" => Some(50),
        "sixty" => Some(60),
        "ninety" => Some(90),
        "hundred" => Some(100),
        _ => word.parse().ok().filter(|number| (0..=1_000_000).contains(number)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::super::text::words;
    use super::*;

    fn read(question: &str, direction: Direction) -> String {
        let words = words(question, &BTreeMap::new());
        match span_at(&words, 0, date(2025, 10, 6), direction) {
            Some((span, used)) => format!(
                "{}..{} {used}",
                span.from.map(|day| day.to_string()).unwrap_or_default(),
                span.to.map(|day| day.to_string()).unwrap_or_default()
            ),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn spans_in_words_and_numbers_are_understood() {
        let past = |question| read(question, Direction::Past);
        assert_eq!(past("since October 2"), "2025-10-02.. 3");
        assert_eq!(past("since the 2nd of October"), "2025-10-02.. 5");
        assert_eq!(past("since the start of September"), "2025-09-01.. 5");
        assert_eq!(past("last 30 days"), "2025-09-06..2025-10-06 3");
        assert_eq!(past("in the last two weeks"), "2025-09-22..2025-10-06 5");
        assert_eq!(past("in September 2025"), "2025-09-01..2025-09-30 3");
        assert_eq!(past("in september"), "2025-09-01..2025-09-30 2");
        assert_eq!(past("in november"), "2024-11-01..2024-11-30 2");
        assert_eq!(past("in the third quarter"), "2025-07-01..2025-09-30 4");
        assert_eq!(past("Q3 2025"), "2025-07-01..2025-09-30 2");
        assert_eq!(past("last month"), "2025-09-01..2025-09-30 2");
        assert_eq!(past("last week"), "2025-09-29..2025-10-05 2");
        assert_eq!(past("this year"), "2025-01-01..2025-12-31 2");
        assert_eq!(past("yesterday"), "2025-10-05..2025-10-05 1");
        assert_eq!(past("before 2025-09-01"), "..2025-08-31 2");
        assert_eq!(past("after September 30"), "2025-10-01.. 3");
        assert_eq!(past("between September 1 and September 15"), "2025-09-01..2025-09-15 6");
        assert_eq!(past("between 1 and 15 september"), "2025-09-01..2025-09-15 5");
        assert_eq!(past("from the 1st to the 3rd of october"), "2025-10-01..2025-10-03 8");
        assert_eq!(past("from 1st to 3rd october"), "2025-10-01..2025-10-03 5");
        assert_eq!(past("before the end of the year"), "..2025-12-30 6");
        assert_eq!(past("before the start of september"), "..2025-08-31 5");
        assert_eq!(past("older than 30 days"), "..2025-09-05 4");
        assert_eq!(past("3 days ago"), "2025-10-03..2025-10-03 3");
        assert_eq!(past("since last friday"), "2025-10-03.. 3");
        assert_eq!(past("over the weekend"), "2025-10-04..2025-10-05 3");
        assert_eq!(past("last weekend"), "2025-10-04..2025-10-05 2");
        assert_eq!(past("for customer"), "none");
    }

    #[test]
    fn spans_of_things_that_lie_ahead_look_ahead() {
        let future = |question| read(question, Direction::Future);
        assert_eq!(future("within 30 days"), "2025-10-06..2025-11-05 3");
        assert_eq!(future("in the next 60 days"), "2025-10-06..2025-12-05 5");
        assert_eq!(future("next month"), "2025-11-01..2025-11-30 2");
        assert_eq!(future("by the end of november"), "2025-10-06..2025-11-30 5");
        assert_eq!(future("in November"), "2025-11-01..2025-11-30 2");
        assert_eq!(future("this week"), "2025-10-06..2025-10-12 2");
    }
}
