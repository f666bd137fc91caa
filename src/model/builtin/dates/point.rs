//! One day or one named stretch of days: a date, weekday, week, month, quarter, year.

use interim::{Dialect, parse_date_string};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;

use super::{Direction, amount, is_relative};

/// First and last day of what is named: a day, month, quarter, year, week.
pub(super) fn point(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
    let skip = usize::from(rest.first() == Some(&"the"));
    let rest = rest.get(skip..)?;
    if let ["end" | "start" | "beginning" | "middle", "of", tail @ ..] = rest {
        let ((first, last), used) = point(tail, today, direction)?;
        // Of a stretch of days; of the middle nobody can say where it is.
        let day = match rest.first() {
            Some(&"end") => last,
            Some(&("start" | "beginning")) => first,
            Some(_) | None => return None,
        };
        return Some(((day, day), 2 + used + skip));
    }
    if let ["year" | "month" | "quarter" | "week", ..] = rest
        && skip == 1
    {
        return Some((unit_around(rest.first()?, today, 0)?, 2));
    }
    let (days, used) = calendar(rest, today)
        .or_else(|| quarter(rest, today))
        .or_else(|| day(rest, today, direction))
        .or_else(|| month(rest, today, direction))?;
    Some((days, used + skip))
}

pub(super) fn calendar(rest: &[&str], today: Date) -> Option<((Date, Date), usize)> {
    let one = |day: Date| (day, day);
    match rest {
        ["today" | "tonight", ..] => Some((one(today), 1)),
        ["yesterday", ..] => Some((one(today.yesterday().ok()?), 1)),
        ["tomorrow", ..] => Some((one(today.tomorrow().ok()?), 1)),
        ["weekend", ..] => Some((weekend(today)?, 1)),
        ["last" | "past" | "previous" | "this", "weekend", ..] => Some((weekend(today)?, 2)),
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

/// The last Saturday and Sunday, today included.
fn weekend(today: Date) -> Option<(Date, Date)> {
    let back = match today.weekday() {
        Weekday::Saturday => 0,
        day => i64::from(day.to_monday_zero_offset()) + 2,
    };
    let back = if today.weekday() == Weekday::Sunday { 1 } else { back };
    let saturday = today.checked_sub(back.days()).ok()?;
    Some((saturday, saturday.tomorrow().ok()?))
}

pub(super) fn unit_around(unit: &str, today: Date, step: i32) -> Option<(Date, Date)> {
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
pub(super) fn quarter(rest: &[&str], today: Date) -> Option<((Date, Date), usize)> {
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

pub(super) fn year_after(rest: &[&str]) -> (Option<i16>, usize) {
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

pub(super) fn month_number(word: &str) -> Option<i8> {
    let short = |name: &&str| {
        *name == word || (word.len() >= 3 && name.starts_with(word)) || (word == "sept" && *name == "september")
    };
    let index = MONTHS.iter().position(short)?;
    i8::try_from(index + 1).ok()
}

pub(super) fn month(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
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
pub(super) fn day(rest: &[&str], today: Date, direction: Direction) -> Option<((Date, Date), usize)> {
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

/// A day of a month that is not said: `1`, `15th`.
pub(super) fn bare_day(word: &str) -> Option<i8> {
    without_ordinal(word).parse().ok().filter(|day| (1..=31).contains(day))
}

pub(super) fn with_year(day: Date, has_year: bool, today: Date, direction: Direction) -> Date {
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

pub(super) fn without_ordinal(word: &str) -> String {
    let cut = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())).unwrap_or(word).to_owned()
}

/// `2025-10-02`, `02.10.2025`, `10/02/2025`.
pub(super) fn numeric(word: &str) -> Option<Date> {
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

pub(super) fn weekday(word: &str) -> Option<Weekday> {
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
