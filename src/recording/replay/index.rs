//! What is known of a file without reading its bodies: 32 bytes a line, found from the first bytes of each.

use crate::protocol::{CallId, Mark, MarkKind, RecordIndex, TurnId};
use crate::recording::envelope::Envelope;

/// Marks handed to the scrub bar at most.
const MOST_MARKS: usize = 4096;
/// Bytes of a payload that tell whether something failed.
const TELLING: usize = 64;

/// One line after the header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where it begins, bytes.
    pub offset: u64,
    /// The latest time of it and all before it, µs: never goes back, whatever the file says.
    pub at_us: u64,
    /// Its `i`; saturated far beyond any real session.
    pub index: u32,
    /// Its call, 0 for none.
    call: u32,
    /// Its turn, 0 for none.
    turn: u32,
    sort: Sort,
    /// Whether it tells of a failure, or is one.
    is_error: bool,
}

/// What a motion may look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// No record.
    Bad,
    TurnStarted,
    TurnEnded,
    CallFinished,
    /// Another place where stepping stops.
    Site,
    Other,
}

/// All lines known so far.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    /// Where the next line begins, bytes.
    end: u64,
    /// For each call, the position right after its end, or after its last record while it has none.
    calls: Vec<CallEnd>,
    /// Positions right after the beginning of each turn, with its number.
    turns: Vec<(u32, TurnId)>,
    /// Positions right after each failure and each damage.
    errors: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct CallEnd {
    position: u32,
    is_finished: bool,
}

impl Index {
    /// Lines.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is any line that looks like a record.
    pub fn has_records(&self) -> bool {
        self.entries.iter().any(|entry| entry.sort != Sort::Bad)
    }

    /// The bytes of lines `from..to`.
    pub fn bytes(&self, from: usize, to: usize) -> (u64, u64) {
        let start = |row: usize| self.entries.get(row).map_or(self.end, |entry| entry.offset);
        (start(from), start(to))
    }

    /// Where line `row` begins and ends, its line end included.
    pub fn span(&self, row: usize) -> (u64, u64) {
        self.bytes(row, row + 1)
    }

    /// Time of the last of the first `position` lines, µs.
    pub fn time(&self, position: usize) -> u64 {
        position.checked_sub(1).and_then(|row| self.entries.get(row)).map_or(0, |entry| entry.at_us)
    }

    /// Adds a line that begins where the last one ended. Gives back its number if it is a record at all.
    pub fn push(&mut self, line: &[u8], length: u64, blob_head: impl Fn(&str) -> Vec<u8>) -> Option<RecordIndex> {
        let envelope = Envelope::of(line);
        let at_us = self.time(self.len());
        let mut entry =
            Entry { offset: self.end, at_us, index: u32::MAX, call: 0, turn: 0, sort: Sort::Bad, is_error: true };
        if let Some(envelope) = &envelope {
            entry.at_us = at_us.max(envelope.at_us);
            entry.index = u32::try_from(envelope.index).unwrap_or(u32::MAX);
            entry.call = envelope.call.map_or(0, |call| u32::try_from(call.0).unwrap_or(0));
            entry.turn = envelope.turn.map_or(0, |turn| turn.0);
            entry.sort = match envelope.kind {
                "turn.started" => Sort::TurnStarted,
                "turn.ended" => Sort::TurnEnded,
                "call.finished" => Sort::CallFinished,
                "model.requested" | "model.answered" | "turn.held" | "turn.resumed" => Sort::Site,
                // What became of a call at the gate is seen step by step, as it was decided.
                "call.proposed" | "call.held" | "call.decided" => Sort::Site,
                _ => Sort::Other,
            };
            entry.is_error = tells_failure(envelope.kind, envelope.data, blob_head);
        }
        self.entries.push(entry);
        self.end += length;
        self.note(entry);
        envelope.map(|envelope| RecordIndex(envelope.index))
    }

    /// Takes note that records are missing before the last line, or that it stands in a wrong place.
    pub fn mark_displaced(&mut self) {
        let position = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if self.errors.last() != Some(&position) {
            self.errors.push(position);
        }
    }

    /// Takes note that the body of a line cannot be read. False if that was known.
    pub fn mark_bad(&mut self, row: usize) -> bool {
        let entry = self.entries.get_mut(row).filter(|entry| entry.sort != Sort::Bad);
        entry.map(|entry| entry.sort = Sort::Bad).is_some()
    }

    /// Leaves out bytes at the start that are no line of a session.
    pub fn skip(&mut self, length: u64) {
        self.end += length;
    }

    fn note(&mut self, entry: Entry) {
        let position = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if entry.is_error {
            self.errors.push(position);
        }
        if entry.sort == Sort::TurnStarted && entry.turn > 0 {
            self.turns.push((position, TurnId(entry.turn)));
        }
        // A number that no file of this many lines can reach is damage, not a call.
        let number = usize::try_from(entry.call).unwrap_or(0);
        if number == 0 || number > self.entries.len() {
            return;
        }
        if self.calls.len() < number {
            self.calls.resize(number, CallEnd::default());
        }
        let end = &mut self.calls[number - 1];
        if !end.is_finished {
            *end = CallEnd { position, is_finished: entry.sort == Sort::CallFinished };
        }
    }

    /// The position right after record `#i`, or after the last before it.
    pub fn position_of(&self, index: u64) -> usize {
        let wanted = u32::try_from(index).unwrap_or(u32::MAX - 1);
        // Indices rise in every file one writer wrote; damaged lines have none.
        let exact = self.entries.iter().position(|entry| entry.index == wanted);
        let before = || self.entries.iter().rposition(|entry| entry.index < wanted);
        exact.or_else(before).map_or(0, |row| row + 1)
    }

    /// The number of the last record among the first `position` lines.
    pub fn last_number(&self, position: usize) -> Option<RecordIndex> {
        let before = self.entries.get(..position.min(self.len()))?;
        before.iter().rev().find(|entry| entry.index < u32::MAX).map(|entry| RecordIndex(entry.index.into()))
    }

    /// The number of the last record before `position`; nothing at the start, and nothing for a line that is no record.
    pub fn number(&self, position: usize) -> Option<u64> {
        let entry = self.entries.get(position.checked_sub(1)?)?;
        (entry.index < u32::MAX).then_some(entry.index.into())
    }

    /// The position with everything up to `us`.
    pub fn position_at(&self, us: u64) -> usize {
        self.entries.partition_point(|entry| entry.at_us <= us)
    }

    /// The end of a call.
    pub fn call_end(&self, call: CallId) -> Option<usize> {
        self.calls.get(call.index()).map(|end| end.position as usize).filter(|position| *position > 0)
    }

    /// The beginning of a turn.
    pub fn turn_start(&self, turn: TurnId) -> Option<usize> {
        self.turns.iter().find(|(_, id)| *id == turn).map(|(position, _)| *position as usize)
    }

    /// The ends of all calls that `wanted` holds of.
    pub fn calls(&self, wanted: impl Fn(CallId) -> bool) -> impl Iterator<Item = (usize, CallId)> {
        let calls = self.calls.iter().enumerate().filter(|(_, end)| end.position > 0);
        calls.map(|(at, end)| (end.position as usize, CallId::from_index(at))).filter(move |(_, id)| wanted(*id))
    }

    /// The beginnings of all turns, in order.
    pub fn turns(&self) -> impl Iterator<Item = usize> {
        self.turns.iter().map(|(position, _)| *position as usize)
    }

    /// Wherever stepping would stop, in order.
    pub fn sites(&self) -> impl Iterator<Item = usize> {
        self.positions(|sort| matches!(sort, Sort::Site | Sort::CallFinished))
    }

    /// The ends of all turns, in order.
    pub fn turn_ends(&self) -> impl Iterator<Item = usize> {
        self.positions(|sort| sort == Sort::TurnEnded)
    }

    fn positions(&self, wanted: impl Fn(Sort) -> bool) -> impl Iterator<Item = usize> {
        let rows = self.entries.iter().enumerate();
        rows.filter(move |(_, entry)| wanted(entry.sort)).map(|(row, _)| row + 1)
    }

    /// All failures and damages, in order.
    pub fn errors(&self) -> impl Iterator<Item = usize> {
        self.errors.iter().map(|position| *position as usize)
    }

    /// Turns and errors by position, evenly thinned out if there are too many.
    pub fn marks(&self) -> Vec<Mark> {
        let mark = |kind| move |position: usize| Mark { position: position as u64, kind };
        let every = |count: usize| count.div_ceil(MOST_MARKS / 2).max(1);
        let turns = self.turns().step_by(every(self.turns.len())).map(mark(MarkKind::Turn));
        let errors = self.errors().step_by(every(self.errors.len())).map(mark(MarkKind::Error));
        let mut marks: Vec<Mark> = turns.chain(errors).collect();
        marks.sort_by_key(|mark| mark.position);
        marks
    }
}

/// Whether a payload tells of something that failed, from its first field.
fn tells_failure(kind: &str, data: &[u8], blob_head: impl Fn(&str) -> Vec<u8>) -> bool {
    let word = match kind {
        "model.failed" | "server.lost" => return true,
        "call.finished" => b"\"error\"".as_slice(),
        "turn.ended" => b"\"failed\"",
        "note.taken" => b"\"error\"",
        _ => return false,
    };
    let says = |data: &[u8]| {
        let first = data.split(|byte| *byte == b':').nth(1).unwrap_or_default();
        first.starts_with(word)
    };
    match data.strip_prefix(b"{\"$blob\":\"").and_then(|rest| std::str::from_utf8(rest.get(..TELLING)?).ok()) {
        Some(hash) => says(&blob_head(hash)),
        None => says(&data[..data.len().min(TELLING)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(lines: &[&str]) -> Index {
        let mut index = Index::default();
        for line in lines {
            index.push(line.as_bytes(), line.len() as u64 + 1, |_| Vec::new());
        }
        index
    }

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Entry>(), 32);
    }

    #[test]
    fn a_line_of_any_key_order_is_understood_and_damage_is_a_failure() {
        let index = index(&[
            r#"{"i":0,"t":5,"w":-1,"k":"turn.started","turn":"t1","d":{"question":"q"}}"#,
            r#"{"i":1,"t":9,"w":0,"k":"call.finished","turn":"t1","step":"s1","call":"c1","d":{"status":"error"}}"#,
            r#"{"k":"call.finished", "call":"c2", "d":{"status":"ok"}, "w":0, "t":7, "i":2}"#,
            r#"{"i":3,"t":20,"w":0,"k":"note.taken","d":{"level":"in"#,
            r#"{"i":4,"t":21,"w":0,"k":"later.kind","call":"c9","d":{"a":1}}"#,
        ]);
        assert_eq!(index.errors().collect::<Vec<_>>(), [2, 4]);
        assert_eq!(index.turn_start(TurnId(1)), Some(1));
        assert_eq!([1, 2, 9].map(|call| index.call_end(CallId(call))), [Some(2), Some(3), None]);
        assert_eq!(
            [0, 1, 2, 3, 4, 5].map(|position| index.time(position)),
            [0, 5, 9, 9, 9, 21],
            "time never goes back"
        );
        assert_eq!([0, 1, 3, 4, 99].map(|i| index.position_of(i)), [1, 2, 3, 5, 5]);
        assert_eq!([0, 5, 8, 9, 30].map(|us| index.position_at(us)), [0, 1, 1, 4, 5]);
        assert_eq!(index.span(1).0, index.span(0).1);
    }

    #[test]
    fn stepping_stops_where_a_call_was_held_and_decided() {
        let line = |(i, kind): (usize, &str)| {
            format!(r#"{{"i":{i},"t":1,"w":0,"k":"{kind}","turn":"t1","call":"c1","d":{{}}}}"#)
        };
        let kinds = ["call.proposed", "call.held", "call.decided", "call.started", "wire.framed", "call.finished"];
        let lines: Vec<String> = kinds.into_iter().enumerate().map(line).collect();
        let index = index(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(index.sites().collect::<Vec<_>>(), [1, 2, 3, 6]);
    }

    #[test]
    fn the_number_before_a_place_is_that_of_the_nearest_record() {
        let index = index(&[
            r#"{"i":7,"t":5,"w":0,"k":"turn.started","turn":"t1","d":{"question":"q"}}"#,
            "no record",
            r#"{"i":9,"t":5,"w":0,"k":"turn.ended","turn":"t1","d":{}}"#,
        ]);
        let numbers = [0, 1, 2, 3, 99].map(|position| index.last_number(position).map(|index| index.0));
        assert_eq!(numbers, [None, Some(7), Some(7), Some(9), Some(9)]);
    }

    #[test]
    fn the_number_of_marks_is_bounded() {
        let line = r#"{"i":0,"t":5,"w":0,"k":"model.failed","d":{}}"#;
        let marks = index(&vec![line; 3 * MOST_MARKS]).marks();
        assert!(marks.len() <= MOST_MARKS && marks.len() > MOST_MARKS / 4, "{}", marks.len());
    }
}
