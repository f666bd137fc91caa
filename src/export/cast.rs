//! An asciicast v2 from a recording, which every player of them opens, on a virtual clock: the conversation and its calls as
//! plain lines.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::protocol::{CallFinished, Event, NoteLevel, Record, StreamPart};
use crate::sanitise::{clean_block, clean_line};
use crate::session::{Turn, Worth};
use crate::wording::duration;

use super::{CUT, Material};

/// The size of the terminal that is pretended.
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;
/// Longest wait between two frames, µs.
const LONGEST_GAP_US: u64 = 2_000_000;

/// Something that appears on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When, µs on a clock whose idle gaps are cut.
    pub at_us: u64,
    /// The bytes a terminal gets.
    pub output: String,
    /// The chapter that begins here.
    pub marker: Option<String>,
}

/// The cast as text.
pub(super) fn render(material: &Material) -> String {
    let header = &material.header;
    let timestamp = material.records.first().map_or(0, |record| record.unix_ms / 1000);
    let head = json!({
        "version": 2, "width": COLUMNS, "height": ROWS, "timestamp": timestamp,
        "title": format!("Callboard session {}", header.id), "env": {"TERM": "xterm-256color"},
    });
    let mut out = format!("{head}\n");
    let mut last_us = 0;
    for frame in frames(&material.records, |record| wanted(material, record)) {
        if let Some(marker) = &frame.marker {
            event(&mut out, frame.at_us, "m", marker);
        }
        event(&mut out, frame.at_us, "o", &frame.output);
        last_us = frame.at_us;
    }
    for line in closing(material) {
        event(&mut out, last_us, "o", &format!("\r\n{line}\r\n"));
    }
    out
}

/// What is said under it all: what is wrong with answers, calls the answers refer to that are not shown, and that the recording ends in a turn.
fn closing(material: &Material) -> Vec<String> {
    let turns = material.turns();
    let warnings = |turn: &Turn| Worth::of(&material.session, turn).warnings();
    let told = turns.iter().flat_map(|(turn, _)| warnings(turn).into_iter().map(|line| (turn.id, line)));
    let mut lines: Vec<String> = told.map(|(id, line)| clean_line(&format!("{id}: {line}")).into_owned()).collect();
    lines.extend(turns.iter().filter_map(|(turn, _)| material.left_out_words(turn)));
    let unfinished = turns.iter().filter(|(turn, _)| turn.ending.is_none());
    lines.extend(unfinished.map(|(turn, _)| format!("({CUT}, before {} does)", turn.id)));
    lines
}

/// Whether a record belongs to a wanted turn and, if it is a call's, to a wanted call.
fn wanted(material: &Material, record: &Record) -> bool {
    if material.select.is_empty() {
        return true;
    }
    let session = &material.session;
    let call = record.scope.call.and_then(|id| session.call(id)).is_none_or(|call| material.wants(call));
    let turn = record
        .scope
        .turn
        .and_then(|id| session.turn(id))
        .is_some_and(|turn| turn.calls.iter().filter_map(|id| session.call(*id)).any(|call| material.wants(call)));
    call && turn
}

fn event(out: &mut String, at_us: u64, code: &str, data: &str) {
    // Written by hand: seconds with six decimals, exactly.
    let (seconds, rest) = (at_us / 1_000_000, at_us % 1_000_000);
    let _ = writeln!(out, "[{seconds}.{rest:06}, \"{code}\", {}]", Value::from(data));
}

/// What appears when, of the `wanted` records. Another renderer takes the place of this one without touching the format.
pub fn frames(records: &[Arc<Record>], wanted: impl Fn(&Record) -> bool) -> Vec<Frame> {
    let mut frames = Vec::new();
    let (mut now_us, mut last_us) = (0, None);
    let (mut is_in_line, mut is_streamed) = (false, false);
    let mut sent = HashSet::new();
    for record in records.iter().filter(|record| wanted(record)) {
        let streams = matches!(record.event, Event::ModelStreamed(_));
        if let Event::ModelRequested(_) = record.event {
            is_streamed = false;
        }
        if let (Event::CallStarted(_), Some(call)) = (&record.event, record.scope.call) {
            sent.insert(call);
        }
        let was_sent = record.scope.call.is_some_and(|call| sent.contains(&call));
        let Some((text, marker)) = shown(record, is_streamed, was_sent) else { continue };
        is_streamed |= streams;
        if text.is_empty() && !is_in_line {
            continue;
        }
        let gap = record.at_us.saturating_sub(last_us.unwrap_or(record.at_us));
        last_us = Some(record.at_us);
        now_us += gap.min(LONGEST_GAP_US);
        let breaks = if is_in_line && !streams { "\n" } else { "" };
        let end = if streams || text.is_empty() { "" } else { "\n" };
        is_in_line = streams && !text.ends_with('\n');
        let output = format!("{breaks}{text}{end}").replace('\n', "\r\n");
        frames.push(Frame { at_us: now_us, output, marker });
    }
    frames
}

/// What a record puts on the screen, cleaned, and the chapter it begins. `is_streamed` if the answer's text is there already,
/// `was_sent` if its call has left for its server.
fn shown(record: &Record, is_streamed: bool, was_sent: bool) -> Option<(String, Option<String>)> {
    // As answers refer to it.
    let id = || record.scope.call.map(|call| format!("[{}]", call.0)).unwrap_or_default();
    let line = |text: String| Some((clean_line(&text).into_owned(), None));
    match &record.event {
        Event::TurnStarted(started) => {
            let question = clean_block(&started.question).into_owned();
            Some((format!("\n> {question}"), Some(question)))
        }
        Event::ModelStreamed(streamed) if streamed.part == StreamPart::Text => {
            Some((clean_block(&streamed.text).into_owned(), None))
        }
        Event::ModelAnswered(answered) if !is_streamed && !answered.text.is_empty() => {
            Some((clean_block(answered.text.trim_end()).into_owned(), None))
        }
        // The end of a streamed answer ends its line.
        Event::ModelAnswered(_) if is_streamed => Some((String::new(), None)),
        Event::ModelFailed(failed) => line(format!("the model failed: {}", failed.message)),
        Event::CallStarted(started) => line(format!("  {} sent {}", id(), started.arguments.text())),
        Event::CallProposed(proposed) => line(format!("  {} {} {}", id(), proposed.server, proposed.tool)),
        Event::CallHeld(held) => line(format!("  {} held: {}", id(), held.reason)),
        Event::CallDecided(decided) => line(format!("  {} {} by {}", id(), decided.verdict.words(), decided.by)),
        Event::CallFinished(finished) => line(format!("  {} {}", id(), ended(finished, was_sent))),
        Event::ServerWithheld(withheld) => line(format!("server {} {}", withheld.server, withheld.by.words())),
        Event::ServerLost(lost) => line(format!("server {} lost: {}", lost.server, lost.reason)),
        Event::NoteTaken(note) if note.level != NoteLevel::Info => line(note.text.clone()),
        _ => None,
    }
}

fn ended(finished: &CallFinished, was_sent: bool) -> String {
    let why = finished.failure.as_ref().map(|failure| format!(": {}", failure.message)).unwrap_or_default();
    let took =
        if was_sent { format!("in {}", duration(finished.duration_us)) } else { "and was never sent".to_owned() };
    format!("{} {took}{why}", finished.status.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::material;

    #[test]
    fn a_cast_has_the_header_of_version_2_and_events_whose_times_never_go_back() {
        let rendered = render(&material(""));
        let lines: Vec<Value> = rendered.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((&lines[0]["version"], &lines[0]["width"]), (&json!(2), &json!(COLUMNS)));
        let mut before = 0.0;
        for line in &lines[1..] {
            let at = line[0].as_f64().expect("seconds");
            assert!((before..=before + 2.0).contains(&at), "{line} after {before}");
            before = at;
            assert!(["o", "m"].contains(&line[1].as_str().expect("a code")) && line[2].is_string(), "{line}");
        }
        let text: String =
            lines[1..].iter().filter(|line| line[1] == "o").filter_map(|line| line[2].as_str()).collect();
        assert!(text.contains("> What about CUST-001?\r\n") && text.contains("[1] ok in 1 ms\r\n"), "{text}");
        assert!(!text.replace("\r\n", "").contains('\n'), "every line end returns the carriage");
    }

    #[test]
    fn a_streamed_answer_is_shown_once_however_it_ends() {
        use crate::protocol::{ModelAnswered, ModelStreamed, RecordIndex, Scope};
        for streamed in [&["Plan: look.\n"][..], &["Plan:", " look."], &["Plan: look.", "\n"]] {
            let part = |text: &&str| ModelStreamed { part: StreamPart::Text, text: (*text).into() }.into();
            let answered = ModelAnswered { text: "Plan: look.\n".into(), ..ModelAnswered::default() };
            let events = streamed.iter().map(part).chain([answered.into()]);
            let records: Vec<Arc<Record>> = (0..)
                .zip(events)
                .map(|(index, event)| (RecordIndex(index), Scope::default(), event))
                .map(|(index, scope, event)| Arc::new(Record { index, at_us: 0, unix_ms: 0, scope, event }))
                .collect();
            let shown: String = frames(&records, |_| true).into_iter().map(|frame| frame.output).collect();
            assert_eq!(shown, "Plan: look.\r\n", "{streamed:?}");
        }
    }

    #[test]
    fn a_selection_leaves_out_other_calls_and_turns() {
        let rendered = render(&material("status:error"));
        assert!(rendered.contains("CUST-002") && !rendered.contains("CUST-001"), "{rendered}");
    }
}
