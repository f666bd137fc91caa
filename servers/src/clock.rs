//! The day that counts as today. This is the only place that reads the wall clock, and only when asked to.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// Finds the day to reckon with: `wanted` (`YYYY-MM-DD` or `today`), otherwise the one of the data set.
///
/// # Errors
/// `wanted` is neither a date nor `today`.
pub(crate) fn as_of(wanted: Option<&str>, data_set: Date) -> Result<Date, jiff::Error> {
    match wanted {
        None => Ok(data_set),
        Some("today") => Ok(Zoned::now().date()),
        Some(day) => day.parse(),
    }
}

/// The day of a moment, in UTC.
pub(crate) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// How many days lie between two days; negative when `to` comes first.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    // Two civil dates differ by at most some seven million days, and a span in days has no other units.
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

/// The day `count` days before `day`, or the first day there is.
pub(crate) fn days_before(day: Date, count: i64) -> Date {
    day.saturating_sub(jiff::Span::new().days(count))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_data_sets_day_counts_unless_another_is_wanted() {
        let own = date(2025, 10, 6);
        assert_eq!(as_of(None, own).unwrap(), own);
        assert_eq!(as_of(Some("2025-01-31"), own).unwrap(), date(2025, 1, 31));
        assert!(as_of(Some("yesterday"), own).is_err());
    }

    #[test]
    fn days_are_counted_across_years_and_backwards() {
        assert_eq!(days_between(date(2024, 12, 31), date(2025, 1, 1)), 1);
        assert_eq!(days_between(date(2026, 1, 1), date(2024, 1, 1)), -731);
        assert_eq!(days_before(date(2025, 3, 1), 1), date(2025, 2, 28));
    }
}
