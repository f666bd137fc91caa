//! The player: where a replay stands and where it goes, as `handle(Input) -> Vec<Effect>`. Pure: no I/O, no clock.
//!
//! A position is a number of lines from the start, 0 to the length. Playing, every record comes in its time; gaps in which
//! nothing happened are cut to two seconds.

use std::collections::BTreeSet;

use crate::protocol::{CallId, Moment, Pace, Place, Reading, ReplayCommand, Speed, Stride, Way};

use super::index::Index;

/// What the bar tells times apart by, µs.
const TENTH_US: u64 = 100_000;
/// The longest wait between two records at ×1, µs.
const LONGEST_GAP_US: u64 = 2_000_000;

/// What the player is told.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// The operator wants something.
    Asked(ReplayCommand),
    /// Time has passed.
    Passed,
    /// The index has grown, or more is known of how far it will.
    Read(Reading),
    /// The calls the filter holds of, by position in the session; or why there is no such filter.
    Matched(Result<Vec<bool>, String>),
}

/// What the player wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Bring the screen to this position.
    Show(usize),
    /// Find the calls this expression holds of; [`Input::Matched`] brings them.
    Match(String),
}

/// A replay.
#[derive(Debug)]
pub(super) struct Player {
    pub position: usize,
    pub pace: Pace,
    pub speed: Speed,
    pub reading: Reading,
    pub bookmarks: BTreeSet<usize>,
    pub landed: Option<CallId>,
    /// The place last asked for, if nothing was found for it.
    pub refused: Option<Place>,
    pub notice: Option<String>,
    pub filter: String,
    /// For each call, whether the filter holds; absent without a filter.
    pub matches: Option<Vec<bool>>,
    /// How much of the gap before the next record is over, µs at ×1.
    into_us: u64,
    /// The watcher's clock when that was so.
    since_us: u64,
}

impl Player {
    /// A replay that goes to the end of its file.
    pub fn at_end(reading: Reading) -> Self {
        Self {
            position: 0,
            pace: Pace::Following,
            speed: Speed::default(),
            reading,
            bookmarks: BTreeSet::new(),
            landed: None,
            refused: None,
            notice: None,
            filter: String::new(),
            matches: None,
            into_us: 0,
            since_us: 0,
        }
    }

    /// Takes one input at `now_us` of the watcher's clock.
    pub fn handle(&mut self, input: Input, index: &Index, now_us: u64) -> Vec<Effect> {
        let before = self.position;
        let mut effects = Vec::new();
        self.pass(index, now_us);
        match input {
            Input::Passed => {}
            Input::Read(reading) => self.read(reading, index),
            Input::Matched(Ok(matches)) => self.matches = Some(matches),
            Input::Matched(Err(reason)) => self.refuse_filter(reason),
            Input::Asked(command) => {
                self.notice = None;
                self.refused = None;
                self.landed = None;
                self.obey(command, index, &mut effects);
            }
        }
        if self.position != before {
            effects.insert(0, Effect::Show(self.position));
        }
        effects
    }

    /// When the next record comes, on the watcher's clock.
    pub fn due_us(&self, index: &Index) -> Option<u64> {
        if self.pace != Pace::Playing || self.position >= index.len() {
            return None;
        }
        let left = gap_us(index, self.position).saturating_sub(self.into_us);
        Some(self.since_us.saturating_add((left * 4).div_ceil(self.speed.quarters())))
    }

    /// The moment shown.
    pub fn moment(&self, index: &Index, now_us: u64) -> Moment {
        let (from_us, until_us) = (index.time(self.position), index.time(self.position + 1));
        let gap = gap_us(index, self.position).max(1);
        let way = u128::from(until_us.saturating_sub(from_us)) * u128::from(self.into_us.min(gap)) / u128::from(gap);
        let at_us = from_us + u64::try_from(way).unwrap_or(0);
        match self.due_us(index) {
            None => Moment { at_us, until_us: at_us, since_us: now_us, due_us: now_us },
            Some(due_us) => Moment { at_us, until_us, since_us: self.since_us, due_us },
        }
    }

    /// Lets time pass: shows every record whose time has come.
    fn pass(&mut self, index: &Index, now_us: u64) {
        let passed = now_us.saturating_sub(self.since_us);
        self.since_us = now_us;
        if self.pace != Pace::Playing {
            return;
        }
        self.into_us += passed.saturating_mul(self.speed.quarters()) / 4;
        while self.position < index.len() {
            let gap = gap_us(index, self.position);
            if self.into_us < gap {
                return;
            }
            self.into_us -= gap;
            self.position += 1;
        }
        self.arrive();
    }

    /// At the end of what there is.
    fn arrive(&mut self) {
        self.into_us = 0;
        self.pace = match self.reading {
            Reading::Complete => Pace::Paused,
            Reading::Indexing { .. } | Reading::Growing => Pace::Following,
        };
    }

    fn read(&mut self, reading: Reading, index: &Index) {
        self.reading = reading;
        if self.pace == Pace::Following {
            self.position = index.len();
            self.arrive();
        }
    }

    fn refuse_filter(&mut self, reason: String) {
        self.notice = Some(format!("No filter: {reason}"));
        self.filter.clear();
        self.matches = None;
    }

    fn obey(&mut self, command: ReplayCommand, index: &Index, effects: &mut Vec<Effect>) {
        match command {
            ReplayCommand::Play => self.play(index),
            ReplayCommand::Pause => self.pace = Pace::Paused,
            ReplayCommand::Toggle => match self.pace {
                Pace::Paused => self.play(index),
                Pace::Playing | Pace::Following => self.pace = Pace::Paused,
            },
            ReplayCommand::Faster => self.speed = self.speed.faster(),
            ReplayCommand::Slower => self.speed = self.speed.slower(),
            ReplayCommand::Step(stride, way) => self.step(stride, way, index),
            ReplayCommand::GoTo(place) => self.go_to(place, index),
            ReplayCommand::Bookmark => self.notice = Some(self.mark()),
            ReplayCommand::Filter(text) if text.trim().is_empty() => {
                self.filter.clear();
                self.matches = None;
            }
            ReplayCommand::Filter(text) => {
                self.filter.clone_from(&text);
                effects.push(Effect::Match(text));
            }
        }
    }

    /// Sets a bookmark, or takes it away; says which.
    fn mark(&mut self) -> String {
        if self.bookmarks.remove(&self.position) {
            return "The bookmark is gone.".to_owned();
        }
        self.bookmarks.insert(self.position);
        "Bookmark set, until this replay is closed; ' and \" go to the next and the one before.".to_owned()
    }

    fn play(&mut self, index: &Index) {
        if self.position >= index.len() {
            match self.reading {
                Reading::Complete => self.position = 0,
                Reading::Indexing { .. } | Reading::Growing => return self.arrive(),
            }
            self.into_us = 0;
        }
        self.pace = Pace::Playing;
    }

    fn step(&mut self, stride: Stride, way: Way, index: &Index) {
        let here = self.position;
        let beyond = |position: usize| match way {
            Way::Next => position > here,
            Way::Previous => position < here,
        };
        let nearest = |targets: &mut dyn Iterator<Item = usize>| {
            let beyond = targets.filter(|position| beyond(*position));
            match way {
                Way::Next => beyond.min(),
                Way::Previous => beyond.max(),
            }
        };
        let found = match stride {
            Stride::Record => match way {
                Way::Next => (here < index.len()).then_some(here + 1),
                Way::Previous => here.checked_sub(1),
            },
            Stride::Turn => nearest(&mut index.turns()),
            Stride::Site => nearest(&mut index.sites()),
            Stride::TurnEnd => nearest(&mut index.turn_ends()),
            Stride::Error => nearest(&mut index.errors()),
            Stride::Bookmark => nearest(&mut self.bookmarks.iter().copied()),
            Stride::Call => {
                let wanted = |call: CallId| {
                    self.matches.as_ref().is_none_or(|matches| matches.get(call.index()).copied().unwrap_or(false))
                };
                let calls = || index.calls(wanted);
                let found = nearest(&mut calls().map(|(position, _)| position));
                self.landed =
                    found.and_then(|position| calls().find(|(end, _)| *end == position)).map(|(_, call)| call);
                found
            }
        };
        match found {
            Some(position) => self.jump(position),
            None => self.notice = Some(nothing(stride, way, &self.filter)),
        }
    }

    fn go_to(&mut self, place: Place, index: &Index) {
        let found = seek(place, index);
        if let (Some(_), Place::Call(call)) = (found, place) {
            self.landed = Some(call);
        }
        match found {
            Some(position) => self.jump(position),
            None => self.refused = Some(place),
        }
        if let (Some(position), Place::Time(us)) = (found, place) {
            self.into_us = into_us(index, position, us);
        }
        self.notice = elsewhere(place, found, index);
    }

    /// Stands still at `position`, which is as far as it goes, and says why.
    pub fn stay(&mut self, position: usize, reason: String) {
        self.position = position;
        self.into_us = 0;
        self.pace = Pace::Paused;
        self.notice = Some(reason);
    }

    /// To be somewhere else ends following; a replay that plays goes on from there.
    fn jump(&mut self, position: usize) {
        self.position = position;
        self.into_us = 0;
        if self.pace == Pace::Following {
            self.pace = Pace::Paused;
        }
    }
}

/// The wait before the record after `position`, at ×1.
fn gap_us(index: &Index, position: usize) -> u64 {
    if position == 0 {
        return 0;
    }
    index.time(position + 1).saturating_sub(index.time(position)).min(LONGEST_GAP_US)
}

/// How much of the gap after `position` is over at `us` of the session, µs at ×1.
fn into_us(index: &Index, position: usize, us: u64) -> u64 {
    let (from, to) = (index.time(position), index.time(position + 1).max(index.time(position) + 1));
    let way = u128::from(gap_us(index, position)) * u128::from(us.saturating_sub(from).min(to - from));
    u64::try_from(way / u128::from(to - from)).unwrap_or(0)
}

/// The position of a place, or, why there is none, in words.
pub(super) fn find(place: Place, index: &Index) -> Result<usize, String> {
    let found = seek(place, index);
    match (elsewhere(place, found, index), found) {
        (None, Some(position)) => Ok(position),
        (reason, _) => Err(reason.unwrap_or_else(|| "There is no such place in this recording.".to_owned())),
    }
}

/// The position of a place, or of the one nearest to it.
fn seek(place: Place, index: &Index) -> Option<usize> {
    let length = index.len();
    match place {
        Place::Record(number) => Some(index.position_of(number)),
        Place::Time(us) => Some(index.position_at(us)),
        Place::Tenths(tenths) => Some((length * usize::from(tenths.min(10))).div_ceil(10)),
        Place::Position(position) => Some(usize::try_from(position).unwrap_or(length).min(length)),
        Place::Turn(turn) => index.turn_start(turn),
        Place::Call(call) => index.call_end(call),
    }
}

/// That there is no such place, and what is shown in its stead.
fn elsewhere(place: Place, found: Option<usize>, index: &Index) -> Option<String> {
    match (place, found) {
        (Place::Turn(turn), None) => Some(format!("There is no turn {turn} in this recording.")),
        (Place::Call(call), None) => Some(format!("There is no call {call} in this recording.")),
        (Place::Record(number), Some(position)) if index.number(position) != Some(number) => {
            Some(match index.number(position) {
                None => format!("There is no record #{number} in this recording; this is its start."),
                Some(last) if position == index.len() => {
                    format!("There is no record #{number} in this recording; #{last} is its last.")
                }
                Some(before) => {
                    format!("There is no record #{number} in this recording; this is #{before}, before it.")
                }
            })
        }
        (Place::Time(us), Some(_)) if us / TENTH_US > index.time(index.len()) / TENTH_US => {
            Some("The recording is not that long; this is its end.".to_owned())
        }
        (Place::Record(_) | Place::Time(_) | Place::Turn(_), _) => None,
        (Place::Call(_) | Place::Tenths(_) | Place::Position(_), _) => None,
    }
}

fn nothing(stride: Stride, way: Way, filter: &str) -> String {
    let what = match stride {
        Stride::Record => "record",
        Stride::Call => "call",
        Stride::Turn => "turn",
        Stride::Error => "error",
        Stride::Bookmark => "bookmark",
        Stride::Site => "request or call",
        Stride::TurnEnd => "end of a turn",
    };
    let side = match way {
        Way::Next => "after",
        Way::Previous => "before",
    };
    match (stride, filter) {
        (Stride::Call, filter) if !filter.is_empty() => format!("No call {side} this one matches {filter}"),
        _ => format!("There is no {what} {side} this."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::TurnId;

    /// Ten records: a turn with two calls, a long idle gap, a turn with one failed call.
    fn index() -> Index {
        let lines = [
            (0, r#""k":"session.started","d":{}"#),
            (1_000_000, r#""k":"turn.started","turn":"t1","d":{}"#),
            (1_500_000, r#""k":"call.proposed","turn":"t1","call":"c1","d":{}"#),
            (1_500_000, r#""k":"call.proposed","turn":"t1","call":"c2","d":{}"#),
            (1_800_000, r#""k":"call.finished","turn":"t1","call":"c2","d":{"status":"ok"}"#),
            (2_000_000, r#""k":"call.finished","turn":"t1","call":"c1","d":{"status":"ok"}"#),
            (602_000_000, r#""k":"turn.started","turn":"t2","d":{}"#),
            (602_100_000, r#""k":"call.proposed","turn":"t2","call":"c3","d":{}"#),
            (602_200_000, r#""k":"call.finished","turn":"t2","call":"c3","d":{"status":"error"}"#),
            (602_300_000, r#""k":"turn.ended","turn":"t2","d":{"ending":"answered"}"#),
        ];
        let mut index = Index::default();
        for (number, (t, rest)) in lines.iter().enumerate() {
            let line = format!("{{\"i\":{number},\"t\":{t},\"w\":0,{rest}}}");
            assert!(index.push(line.as_bytes(), line.len() as u64 + 1, |_| Vec::new()).is_some(), "{line}");
        }
        index
    }

    fn opened(index: &Index) -> Player {
        let mut player = Player::at_end(Reading::Indexing { done: 0, of: 1 });
        assert_eq!(player.handle(Input::Read(Reading::Complete), index, 0), [Effect::Show(10)]);
        assert_eq!(player.pace, Pace::Paused);
        player
    }

    fn ask(player: &mut Player, index: &Index, command: ReplayCommand) -> usize {
        player.handle(Input::Asked(command), index, 0);
        player.position
    }

    #[test]
    fn play_from_the_end_starts_over_and_cuts_idle_gaps() {
        let (index, mut player) = (index(), opened(&index()));
        let begin = 5_000_000;
        assert_eq!(player.handle(Input::Asked(ReplayCommand::Play), &index, begin), [Effect::Show(0)]);
        let mut shown = Vec::new();
        let mut now = begin;
        while let Some(due) = player.due_us(&index) {
            assert!(due >= now);
            now = due;
            player.handle(Input::Passed, &index, now);
            shown.push((player.position, now - begin));
        }
        let expected = [
            (1, 0),
            (2, 1_000_000),
            (4, 1_500_000),
            (5, 1_800_000),
            (6, 2_000_000),
            (7, 4_000_000),
            (8, 4_100_000),
            (9, 4_200_000),
            (10, 4_300_000),
        ];
        assert_eq!(shown, expected, "ten minutes of nothing take two seconds");
        assert_eq!(player.pace, Pace::Paused);
    }

    #[test]
    fn speed_changes_count_from_where_they_are_made() {
        let (index, mut player) = (index(), opened(&index()));
        player.handle(Input::Asked(ReplayCommand::Play), &index, 0);
        player.handle(Input::Passed, &index, 500_000);
        assert_eq!(player.position, 1);
        player.handle(Input::Asked(ReplayCommand::Faster), &index, 500_000);
        assert_eq!(player.due_us(&index), Some(750_000));
        player.handle(Input::Asked(ReplayCommand::Pause), &index, 600_000);
        assert_eq!((player.position, player.due_us(&index)), (1, None));
    }

    #[test]
    fn timers_of_the_session_run_through_a_cut_gap() {
        let (index, mut player) = (index(), opened(&index()));
        ask(&mut player, &index, ReplayCommand::GoTo(Place::Position(6)));
        player.handle(Input::Asked(ReplayCommand::Play), &index, 0);
        player.handle(Input::Passed, &index, 1_000_000);
        let moment = player.moment(&index, 1_000_000);
        assert_eq!((moment.at_us, moment.until_us, moment.due_us), (302_000_000, 602_000_000, 2_000_000));
        assert_eq!(moment.now_us(1_500_000), 452_000_000);
    }

    #[test]
    fn steps_go_to_the_next_of_their_kind_and_say_when_there_is_none() {
        let (index, mut player) = (index(), opened(&index()));
        let step = |stride, way| ReplayCommand::Step(stride, way);
        assert_eq!(ask(&mut player, &index, step(Stride::Error, Way::Previous)), 9);
        assert_eq!(ask(&mut player, &index, step(Stride::Error, Way::Previous)), 9);
        assert!(player.notice.as_deref().is_some_and(|notice| notice.contains("no error before")));
        assert_eq!(ask(&mut player, &index, step(Stride::Call, Way::Previous)), 6);
        assert_eq!(player.landed, Some(CallId(1)));
        assert_eq!(ask(&mut player, &index, step(Stride::Call, Way::Previous)), 5);
        assert_eq!(player.landed, Some(CallId(2)));
        assert_eq!(ask(&mut player, &index, step(Stride::Turn, Way::Next)), 7);
        assert_eq!(player.landed, None);
        assert_eq!(ask(&mut player, &index, step(Stride::Record, Way::Next)), 8);
        assert_eq!(ask(&mut player, &index, step(Stride::Record, Way::Previous)), 7);
    }

    #[test]
    fn places_are_found_also_beyond_the_ends() {
        let (index, mut player) = (index(), opened(&index()));
        let at = |place| ReplayCommand::GoTo(place);
        assert_eq!(ask(&mut player, &index, at(Place::Record(4))), 5);
        assert_eq!(ask(&mut player, &index, at(Place::Call(CallId(3)))), 9);
        assert_eq!(ask(&mut player, &index, at(Place::Turn(TurnId(1)))), 2);
        assert_eq!(ask(&mut player, &index, at(Place::Time(1_500_000))), 4);
        assert_eq!(ask(&mut player, &index, at(Place::Tenths(5))), 5);
        assert_eq!(ask(&mut player, &index, at(Place::Tenths(200))), 10);
        assert_eq!(ask(&mut player, &index, at(Place::Position(u64::MAX))), 10);
        assert_eq!(ask(&mut player, &index, at(Place::Record(u64::MAX))), 10);
        let told = |player: &Player, words: &str| {
            assert!(player.notice.as_deref().is_some_and(|notice| notice.contains(words)), "{:?}", player.notice);
        };
        ask(&mut player, &index, at(Place::Record(9999)));
        told(&player, "no record #9999 in this recording; #9 is its last");
        ask(&mut player, &index, at(Place::Time(603_000_000)));
        told(&player, "not that long");
        ask(&mut player, &index, at(Place::Time(602_399_999)));
        assert_eq!((player.position, &player.notice), (10, &None), "the bar shows no more of the time of its end");
        ask(&mut player, &index, at(Place::Record(9)));
        assert_eq!(player.notice, None);
        assert_eq!(ask(&mut player, &index, at(Place::Call(CallId(9)))), 10);
        assert!(player.notice.as_deref().is_some_and(|notice| notice.contains("c9")));
        assert_eq!(player.refused, Some(Place::Call(CallId(9))));
        ask(&mut player, &index, at(Place::Record(9999)));
        assert_eq!((player.position, player.refused), (10, None), "the place next to it was found");
    }

    #[test]
    fn a_time_inside_a_gap_is_shown_as_that_time_and_play_goes_on_from_it() {
        let (index, mut player) = (index(), opened(&index()));
        assert_eq!(ask(&mut player, &index, ReplayCommand::GoTo(Place::Time(302_000_000))), 6);
        assert_eq!(player.moment(&index, 0).at_us, 302_000_000, "half of ten minutes");
        player.handle(Input::Asked(ReplayCommand::Play), &index, 0);
        assert_eq!(player.due_us(&index), Some(1_000_000), "half of the two seconds that they take");
        player.handle(Input::Asked(ReplayCommand::Pause), &index, 500_000);
        assert_eq!(player.moment(&index, 0).at_us, 452_000_000, "where it stands still");
        assert_eq!(ask(&mut player, &index, ReplayCommand::GoTo(Place::Position(6))), 6);
        assert_eq!(player.moment(&index, 0).at_us, 2_000_000);
    }

    #[test]
    fn calls_are_stepped_through_inside_the_filter() {
        let (index, mut player) = (index(), opened(&index()));
        let effects = player.handle(Input::Asked(ReplayCommand::Filter("status:error".into())), &index, 0);
        assert_eq!(effects, [Effect::Match("status:error".into())]);
        player.handle(Input::Matched(Ok(vec![false, false, true])), &index, 0);
        let previous = || ReplayCommand::Step(Stride::Call, Way::Previous);
        assert_eq!(ask(&mut player, &index, previous()), 9);
        assert_eq!(ask(&mut player, &index, previous()), 9);
        assert!(player.notice.as_deref().is_some_and(|notice| notice.contains("status:error")));
        ask(&mut player, &index, ReplayCommand::Filter(" ".into()));
        assert_eq!(ask(&mut player, &index, previous()), 6);
    }

    #[test]
    fn a_growing_file_is_followed_until_the_operator_looks_elsewhere() {
        let index = index();
        let mut player = Player::at_end(Reading::Growing);
        assert_eq!(player.handle(Input::Read(Reading::Growing), &index, 0), [Effect::Show(10)]);
        assert_eq!(player.pace, Pace::Following);
        ask(&mut player, &index, ReplayCommand::Step(Stride::Record, Way::Previous));
        assert_eq!(player.pace, Pace::Paused);
        assert_eq!(player.handle(Input::Read(Reading::Growing), &index, 1), []);
        ask(&mut player, &index, ReplayCommand::Play);
        player.handle(Input::Passed, &index, 3_000_000);
        assert_eq!((player.position, player.pace), (10, Pace::Following));
    }

    #[test]
    fn a_bookmark_is_set_found_and_removed() {
        let (index, mut player) = (index(), opened(&index()));
        ask(&mut player, &index, ReplayCommand::GoTo(Place::Position(3)));
        ask(&mut player, &index, ReplayCommand::Bookmark);
        assert!(player.notice.as_deref().is_some_and(|notice| notice.contains("until this replay is closed")));
        ask(&mut player, &index, ReplayCommand::GoTo(Place::Tenths(10)));
        assert_eq!(ask(&mut player, &index, ReplayCommand::Step(Stride::Bookmark, Way::Previous)), 3);
        ask(&mut player, &index, ReplayCommand::Bookmark);
        assert!(player.bookmarks.is_empty());
        assert_eq!(player.notice.as_deref(), Some("The bookmark is gone."));
    }
}
