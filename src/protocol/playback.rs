//! The words of a replay: where it stands, and what can be asked of it (`sessions.md` §3, VIEW).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{CallId, RecordIndex, TurnId};

/// What the operator wants of a replay. A live session answers these with a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayCommand {
    /// Go on in time; from the end, start over.
    Play,
    /// Stand still.
    Pause,
    /// Whichever of the two it does not do now.
    Toggle,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// To the next or previous of something.
    Step(Stride, Way),
    /// To a place.
    GoTo(Place),
    /// Remember this position, or forget it if it is remembered.
    Bookmark,
    /// Step from call to call only among those an expression (`query`) holds of; an empty one takes the filter off.
    Filter(String),
}

/// What a step goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// Any record.
    Record,
    /// The end of a call, inside the filter.
    Call,
    /// The beginning of a turn.
    Turn,
    /// A failed call, request or turn, a lost server, or damage: a line that is no record, one behind a gap.
    Error,
    /// A bookmark.
    Bookmark,
    /// Where stepping stops: before a model request and after it, before a call and after it.
    Site,
    /// The end of a turn.
    TurnEnd,
}

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Later.
    Next,
    /// Earlier.
    Previous,
}

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Right after record `#i`.
    Record(u64),
    /// The end of a call.
    Call(CallId),
    /// The beginning of a turn.
    Turn(TurnId),
    /// This many µs after the session's start.
    Time(u64),
    /// This many tenths of the recording, 0 to 10.
    Tenths(u8),
    /// That many records from the start: what a click on the scrub bar means.
    Position(u64),
}

impl FromStr for Place {
    type Err = String;

    /// `#120` or `120`, `c17`, `t4`, `+03:12` or `3:12.5`, `50%`; capitals or not.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let place = match text.chars().next() {
            _ if text.contains(':') => clock_us(text.strip_prefix('+').unwrap_or(&text)).map(Self::Time),
            Some('#') => text[1..].parse().ok().map(Self::Record),
            Some('c') => text.parse().ok().map(Self::Call),
            Some('t') => text.parse().ok().map(Self::Turn),
            Some('+') => clock_us(&text[1..]).map(Self::Time),
            _ => match text.strip_suffix('%') {
                Some(percent) => percent
                    .parse::<u8>()
                    .ok()
                    .filter(|percent| *percent <= 100)
                    .map(|percent| Self::Tenths(percent / 10)),
                None => text.parse().ok().map(Self::Record),
            },
        };
        place.ok_or_else(|| format!("{text:?} is no place; write #120, c17, t4, +03:12 or 50%"))
    }
}

/// `03:12`, `1:02:03`, `0:17.8` or `75` as µs. Of a fraction everything up to its last digit, so that a time the bar shows
/// is the place where it shows it.
fn clock_us(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts = whole.split(':').map(|part| part.parse::<u64>().ok());
    let seconds = parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(part?))?;
    let us = seconds.checked_mul(1_000_000)?;
    if fraction.is_empty() {
        return (whole == text).then_some(us);
    }
    let is_fraction = fraction.len() <= 6 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits: u64 = format!("{fraction:9<6}").parse().ok().filter(|_| is_fraction)?;
    us.checked_add(digits)
}

/// How fast time goes, ×0.25 to ×64 in powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    quarters: u32,
}

impl Default for Speed {
    fn default() -> Self {
        Self { quarters: 4 }
    }
}

impl Speed {
    /// Twice as fast, up to ×64.
    #[must_use]
    pub fn faster(self) -> Self {
        Self { quarters: (self.quarters * 2).min(256) }
    }

    /// Half as fast, down to ×0.25.
    #[must_use]
    pub fn slower(self) -> Self {
        Self { quarters: (self.quarters / 2).max(1) }
    }

    /// Quarters of real time, 1 to 256.
    #[must_use]
    pub fn quarters(self) -> u64 {
        self.quarters.into()
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quarters {
            1 => f.write_str("×0.25"),
            2 => f.write_str("×0.5"),
            quarters => write!(f, "×{}", quarters / 4),
        }
    }
}

/// How a replay moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It stands still.
    #[default]
    Paused,
    /// Records come in their time, idle gaps cut to two seconds.
    Playing,
    /// It stays at the end of a file that is being read or still being written.
    Following,
}

/// How far the file is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// The first pass is under way.
    Indexing {
        /// Bytes read.
        done: u64,
        /// Bytes of the file.
        of: u64,
    },
    /// All of it.
    #[default]
    Complete,
    /// All of it so far: another process is writing.
    Growing,
}

/// Where a replay stands. Sent after everything that changes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playback {
    /// The file's name.
    pub file: String,
    /// Lines from the start up to here, those that are no records included.
    pub position: u64,
    /// Lines the file has behind its header, as far as it is known.
    pub length: u64,
    /// The record right before `position`; none at the start.
    pub here: Option<RecordIndex>,
    /// The last record of the file, as far as it is known; none if it has no record at all.
    pub last: Option<RecordIndex>,
    /// How far that is.
    pub reading: Reading,
    /// Whether the panes still show another moment, because the way to `position` is long.
    pub is_seeking: bool,
    /// How it moves.
    pub pace: Pace,
    /// How fast.
    pub speed: Speed,
    /// The time of the last record, µs since the session's start.
    pub end_us: u64,
    /// The moment shown.
    pub moment: Moment,
    /// Positions remembered, in order.
    pub bookmarks: Vec<u64>,
    /// Turns and errors on the scrub bar, by position; thinned out when there are thousands.
    pub marks: Arc<[Mark]>,
    /// The call the last step or `GoTo` went to; to be selected.
    pub landed: Option<CallId>,
    /// The filter in force, empty for none.
    pub filter: String,
    /// How many calls it holds of, if there is one.
    pub matching: Option<u64>,
    /// Why there is nothing of a recording in the file, once that is known.
    pub foreign: Option<String>,
    /// The first things wrong with the file.
    pub problems: Arc<[Problem]>,
    /// How many there are in all.
    pub problem_count: u64,
    /// The place of the last request, if there is none such in the file and none near it; `notice` says so.
    pub refused: Option<Place>,
    /// The answer to the last request, if it needs one.
    pub notice: Option<String>,
}

/// A moment of the session on the clock of the one who watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The session's time when this was sent, µs.
    pub at_us: u64,
    /// The session's time when the next record comes.
    pub until_us: u64,
    /// The link's clock when this was sent, µs.
    pub since_us: u64,
    /// The link's clock when the next record comes; `since_us` if nothing moves.
    pub due_us: u64,
}

impl Moment {
    /// The session's time when the link's clock shows `clock_us`: what timers of running calls count to.
    #[must_use]
    pub fn now_us(&self, clock_us: u64) -> u64 {
        let whole = self.due_us.saturating_sub(self.since_us);
        if whole == 0 {
            return self.at_us;
        }
        let passed = clock_us.saturating_sub(self.since_us).min(whole);
        let way = u128::from(self.until_us.saturating_sub(self.at_us)) * u128::from(passed) / u128::from(whole);
        self.at_us.saturating_add(u64::try_from(way).unwrap_or(u64::MAX))
    }
}

/// Something on the scrub bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Records up to and with it.
    pub position: u64,
    /// What it is.
    pub kind: MarkKind,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A turn began.
    Turn,
    /// Something failed.
    Error,
}

/// Something wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line number.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_the_operator_sees_them() {
        let place = |text: &str| text.parse::<Place>();
        assert_eq!(place("#120"), Ok(Place::Record(120)));
        assert_eq!(place(" 7 "), Ok(Place::Record(7)));
        assert_eq!(place("c17"), Ok(Place::Call(CallId(17))));
        assert_eq!(place("t4"), Ok(Place::Turn(TurnId(4))));
        assert_eq!(place("+03:12"), Ok(Place::Time(192_000_000)));
        assert_eq!(place("+1:00:00"), Ok(Place::Time(3_600_000_000)));
        assert_eq!([place("3:12"), place("03:12")], [place("+3:12"), place("+03:12")], "as the bar writes it");
        assert_eq!(place("0:17.8"), Ok(Place::Time(17_899_999)), "all that the bar shows as 0:17.8");
        assert_eq!([place("+0:21.6"), place("+21.65")], [Ok(Place::Time(21_699_999)), Ok(Place::Time(21_659_999))]);
        assert_eq!([place("C17"), place("T4")], [place("c17"), place("t4")]);
        assert_eq!(place("50%"), Ok(Place::Tenths(5)));
        for wrong in
            ["", "#", "c0", "x4", "+a", "1:2:x", "1:.", "0:1.x", "0:1.1234567", "+99999999999999999999", "101%", "é"]
        {
            assert!(place(wrong).is_err_and(|words| words.contains("c17")), "{wrong}");
        }
    }

    #[test]
    fn speed_stays_within_its_ends() {
        let fastest = (0..20).fold(Speed::default(), |speed, _| speed.faster());
        let slowest = (0..20).fold(Speed::default(), |speed, _| speed.slower());
        assert_eq!([fastest.to_string(), slowest.to_string(), Speed::default().to_string()], ["×64", "×0.25", "×1"]);
    }

    #[test]
    fn time_between_two_records_passes_on_the_watchers_clock() {
        let moment = Moment { at_us: 100, until_us: 1100, since_us: 5000, due_us: 5010 };
        assert_eq!([0, 5000, 5005, 9999].map(|clock| moment.now_us(clock)), [100, 100, 600, 1100]);
    }
}
