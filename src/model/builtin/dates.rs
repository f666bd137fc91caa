//! Days and spans of days in words and numbers, relative to a given today.

use interim::{Dialect, parse_date_string};
use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

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
        ["between" | "from", tail @ ..] => {
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
            let tail_skip = usize::from(matches!(tail.first(), Some(&("from" | "on" | "the"))));
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
    let ahead = match tail.first()? {
        &("last" | "past" | "previous" | "recent") => false,
        &("next" | "coming" | "following" | "upcoming") => true,
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
        "h" | "hr" | "hrs" | "hour" | "hours" => Some((number / 24).max(1).days()),
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

/// First and last day of what is named: a day, month, quarter, year, week.
fn point(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
    let skip = usize::from(rest.first() == Some(&"the"));
    let rest = rest.get(skip..)?;
    let (days, used) = calendar(rest, today)
        .or_else(|| quarter(rest, today))
        .or_else(|| day(rest, today, direction))
        .or_else(|| month(rest, today, direction))?;
    Some((days, used + skip))
}

fn calendar(rest: &[&str], today: Date) -> Option<((Date, Date), usize)> {
    let one = |day: Date| (day, day);
    match rest {
        ["today" | "tonight", ..] => Some((one(today), 1)),
        ["yesterday", ..] => Some((one(today.yesterday().ok()?), 1)),
        ["tomorrow", ..] => Some((one(today.tomorrow().ok()?), 1)),
        ["last" | "past" | "previous", unit, ..] => Some((unit_around(unit, today, -1)?, 2)),
        ["this" | "current", unit, ..] => Some((unit_around(unit, today, 0)?, 2)),
        ["next" | "coming", unit, ..] => Some((unit_around(unit, today, 1)?, 2)),
        [year, ..] => {
            let year: i16 = year.parse().ok().filter(|year| (1990..=2099).contains(year))?;
            Some(((date(year, 1, 1), date(year, 12, 31)), 1))
        }
        [] => None,
    }
}

fn unit_around(unit: &str, today: Date, step: i32) -> Option<(Date, Date)> {
    match unit {
        "week" => {
            let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
            let monday = monday.checked_add(step.weeks()).ok()?;
            Some((monday, monday.checked_add(6.days()).ok()?))
        }
        "month" => {
            let first = today.first_of_month().checked_add(step.months()).ok()?;
            Some((first, first.last_of_month()))
        }
        "quarter" => {
            let first = date(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).checked_add((3 * step).months()).ok()?;
            Some((first, first.checked_add(2.months()).ok()?.last_of_month()))
        }
        "year" => {
            let first = today.first_of_year().checked_add(step.years()).ok()?;
            Some((first, first.last_of_year()))
        }
        _ => None,
    }
}

/// `q3`, `q3 2025`, `third quarter of 2025`, `quarter 3`.
fn quarter(rest: &[&str], today: Date) -> Option<((Date, Date), usize)> {
    let (number, used): (i8, usize) = match rest {
        ["q1", ..] => (1, 1),
        ["q2", ..] => (2, 1),
        ["q3", ..] => (3, 1),
        ["q4", ..] => (4, 1),
        ["first" | "1st", "quarter", ..] | ["quarter", "1" | "one", ..] => (1, 2),
        ["second" | "2nd", "quarter", ..] | ["quarter", "2" | "two", ..] => (2, 2),
        ["third" | "3rd", "quarter", ..] | ["quarter", "3" | "three", ..] => (3, 2),
        ["fourth" | "4th" | "last", "quarter", ..] | ["quarter", "4" | "four", ..] => (4, 2),
        _ => return None,
    };
    let (year, more) = year_after(rest.get(used..).unwrap_or_default());
    let year =
        year.unwrap_or_else(|| if number <= (today.month() - 1) / 3 + 1 { today.year() } else { today.year() - 1 });
    let first = date(year, number * 3 - 2, 1);
    Some(((first, first.checked_add(2.months()).ok()?.last_of_month()), used + more))
}

fn year_after(rest: &[&str]) -> (Option<i16>, usize) {
    let skip = usize::from(rest.first() == Some(&"of"));
    match rest.get(skip).and_then(|word| word.parse::<i16>().ok()).filter(|year| (1990..=2099).contains(year)) {
        Some(year) => (Some(year), skip + 1),
        None => (None, 0),
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month_number(word: &str) -> Option<i8> {
    let short = |name: &&str| {
        *name == word || (word.len() >= 3 && name.starts_with(word)) || (word == "sept" && *name == "september")
    };
    let index = MONTHS.iter().position(short)?;
    i8::try_from(index + 1).ok()
}

fn month(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
    let (lead, word) = match rest {
        ["last" | "this" | "next", word, ..] => (1, *word),
        [word, ..] => (0, *word),
        [] => return None,
    };
    // "may" and "mar" are words of their own unless a year follows.
    let number = month_number(word)?;
    let (year, more) = year_after(rest.get(lead + 1..).unwrap_or_default());
    let year = match (year, lead, direction) {
        (Some(year), ..) => year,
        (None, 1, _) if rest.first() == Some(&"next") && number <= today.month() => today.year() + 1,
        (None, 1, _) if rest.first() == Some(&"last") && number >= today.month() => today.year() - 1,
        (None, _, Direction::Past) if number > today.month() => today.year() - 1,
        (None, _, Direction::Future) if number < today.month() => today.year() + 1,
        (None, ..) => today.year(),
    };
    let first = date(year, number, 1);
    Some(((first, first.last_of_month()), lead + 1 + more))
}

/// One day, by the date-phrase parser, on the longest run of words that makes one.
fn day(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
    let first = rest.first()?;
    let weekday = weekday(first).or_else(|| rest.get(1).and_then(|word| weekday(word)).filter(|_| is_relative(rest)));
    let ago = amount(rest).filter(|(_, used)| rest.get(*used) == Some(&"ago"));
    if let Some((span, used)) = ago {
        let day = today.checked_sub(span).ok()?;
        return Some(((day, day), used + 1));
    }
    if let Some(weekday) = weekday {
        let lead = usize::from(is_relative(rest));
        let step =
            if lead == 1 && matches!(*first, "next" | "coming") || direction == Direction::Future { 1 } else { -1 };
        let day =
            if lead == 0 && today.weekday() == weekday { today } else { today.nth_weekday(step, weekday).ok()? };
        return Some(((day, day), lead + 1));
    }
    if let Some(day) = numeric(first) {
        return Some(((day, day), 1));
    }
    let mut cleaned: Vec<String> = Vec::new();
    let mut used = 0;
    let mut best = None;
    for word in rest.iter().take(4) {
        used += 1;
        if *word == "of" {
            continue;
        }
        cleaned.push(without_ordinal(word));
        let has_month = cleaned.iter().any(|word| month_number(word).is_some());
        let days = cleaned.iter().filter(|word| word.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))).count();
        if !has_month
            || days != 1
            || cleaned.iter().any(|word| month_number(word).is_none() && word.parse::<u16>().is_err())
        {
            continue;
        }
        let base = today.to_datetime(Time::midnight()).to_zoned(TimeZone::UTC).ok()?;
        if let Ok(found) = parse_date_string(&cleaned.join(" "), base, Dialect::Us) {
            let has_year = cleaned.len() == 3;
            best = Some((with_year(found.date(), has_year, today, direction), used));
        }
    }
    best.map(|(day, used)| ((day, day), used))
}

fn with_year(day: Date, has_year: bool, today: Date, direction: Direction) -> Date {
    let same_year = |year: i16| Date::new(year, day.month(), day.day()).unwrap_or(day);
    if has_year {
        return day;
    }
    let this_year = same_year(today.year());
    match direction {
        Direction::Past if this_year > today => same_year(today.year() - 1),
        Direction::Future if this_year < today => same_year(today.year() + 1),
        Direction::Past | Direction::Future => this_year,
    }
}

fn without_ordinal(word: &str) -> String {
    let cut = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).unwrap_or(word).to_owned()
}

/// `2025-10-02`, `02.10.2025`, `10/02/2025`.
fn numeric(word: &str) -> Option<Date> {
    if let Ok(day) = word.parse::<Date>() {
        return Some(day);
    }
    let dotted: Vec<i16> = word.split('.').map_while(|part| part.parse().ok()).collect();
    if let [day, month, year] = dotted[..] {
        return Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    }
    let slashed: Vec<i16> = word.split('/').map_while(|part| part.parse().ok()).collect();
    if let [a, b, year] = slashed[..] {
        let (month, day) = if a > 12 { (b, a) } else { (a, b) };
        return Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    }
    None
}

fn weekday(word: &str) -> Option<Weekday> {
    match word {
        "monday" | "mon" => Some(Weekday::Monday),
        "tuesday" | "tue" | "tues" => Some(Weekday::Tuesday),
        "wednesday" => Some(Weekday::Wednesday),
        "thursday" | "thu" | "thurs" => Some(Weekday::Thursday),
        "friday" | "fri" => Some(Weekday::Friday),
        "saturday" => Some(Weekday::Saturday),
        "sunday" => Some(Weekday::Sunday),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
        assert_eq!(past("older than 30 days"), "..2025-09-05 4");
        assert_eq!(past("3 days ago"), "2025-10-03..2025-10-03 3");
        assert_eq!(past("since last friday"), "2025-10-03.. 3");
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
