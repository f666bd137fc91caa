//! The only reader of clocks. Everything else is handed times.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clock of one session: monotonic µs since its start, and the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    origin_us: u64,
}

impl Clock {
    /// A clock that starts at 0 now.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// A clock that shows `us` now: for a recording that is continued.
    #[must_use]
    pub fn start_at(us: u64) -> Self {
        Self { origin: Instant::now(), origin_us: us }
    }

    /// µs since the session's start.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.origin_us.saturating_add(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Today in the operator's time zone, `YYYY-MM-DD`.
    #[must_use]
    pub fn today(&self) -> String {
        jiff::Zoned::now().date().to_string()
    }

    /// Now, RFC 3339 in UTC, to the ms.
    #[must_use]
    pub fn now_rfc3339(&self) -> String {
        rfc3339(self.unix_ms())
    }

    /// Unix time in ms.
    #[must_use]
    pub fn unix_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A Unix time in ms as RFC 3339 in UTC, to the ms; empty for a time beyond the calendar.
#[must_use]
pub fn rfc3339(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map(|time| format!("{time:.3}")).unwrap_or_default()
}
