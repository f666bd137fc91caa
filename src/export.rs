//! A recording in other people's formats (`sessions.md` §5): Markdown, JSON, OTLP and asciicast. Redacted unless asked
//! otherwise, with a list of what was removed.

mod cast;
mod json;
mod markdown;
mod otlp;
mod redact;

use std::sync::Arc;

use crate::protocol::{CallId, Record};
use crate::query::{Query, Subject};
use crate::recording::damage::Damage;
use crate::recording::format::Header;
use crate::session::{Call, CallState, Session, Turn, references};

pub use cast::{Frame, frames};
pub use json::turn_value;
pub use redact::{Redacted, Removed, redact};

/// What is exported.
#[derive(Debug)]
pub struct Material {
    /// Line 1 of the recording.
    pub header: Header,
    /// Its records, already redacted if they are to be.
    pub records: Vec<Arc<Record>>,
    /// Their fold.
    pub session: Session,
    /// Which calls are wanted; turns without one are left out, unless it is empty.
    pub select: Query,
    /// What is wrong with the recording.
    pub damage: Damage,
}

/// Why a turn or a call has no end.
const CUT: &str = "the recording ends here";
/// The ending of such a turn, and the status of a call that was with its server, in formats for machines.
const UNFINISHED: &str = "unfinished";

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A report for people.
    Markdown,
    /// The object of `ask --json`, with the facts of model and servers.
    Json,
    /// OTLP/JSON, one `ExportTraceServiceRequest` a line, one line a turn.
    Otlp,
    /// asciicast v2.
    Asciicast,
}

impl Format {
    /// The words of `--format`.
    pub const WORDS: [(&str, Self); 4] =
        [("md", Self::Markdown), ("json", Self::Json), ("otlp", Self::Otlp), ("asciicast", Self::Asciicast)];
}

impl Material {
    /// The export as text, ending with a line end, and what stands in it in place of something removed.
    #[must_use]
    pub fn render(&self, format: Format) -> (String, Vec<Removed>) {
        let text = match format {
            Format::Markdown => markdown::render(self),
            Format::Json => json::render(self, &[]),
            Format::Otlp => otlp::render(self),
            Format::Asciicast => cast::render(self),
        };
        // Asked of the text: a selection leaves out other things than the whole session does.
        let removed = redact::marks(&text);
        let whole = match format {
            Format::Markdown => text + &markdown::removed(&removed),
            Format::Json => json::render(self, &removed),
            Format::Otlp | Format::Asciicast => text,
        };
        (whole, removed)
    }

    /// Whether nothing of the session is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.turns().is_empty()
    }

    /// The wanted turns, each with its wanted calls.
    fn turns(&self) -> Vec<(&Turn, Vec<&Call>)> {
        let turns = self.session.turns.iter().map(|turn| {
            let calls = turn.calls.iter().filter_map(|id| self.session.call(*id));
            (turn, calls.filter(|call| self.wants(call)).collect::<Vec<_>>())
        });
        turns.filter(|(_, calls)| self.select.is_empty() || !calls.is_empty()).collect()
    }

    /// The calls that the answer of a turn refers to and the selection leaves out, each once.
    fn left_out(&self, turn: &Turn) -> Vec<CallId> {
        let answer = turn.answer(&self.session).map(|step| step.text.as_str()).unwrap_or_default();
        let mut calls: Vec<CallId> = references(answer).into_iter().map(|(_, id)| id).collect();
        calls.retain(|id| self.session.call(*id).is_some_and(|call| !self.wants(call)));
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// The same in words: references that lead nowhere in the export.
    fn left_out_words(&self, turn: &Turn) -> Option<String> {
        let calls: Vec<String> = self.left_out(turn).iter().map(|id| format!("[{}]", id.0)).collect();
        let (noun, verb) = if calls.len() == 1 { ("Call", "is") } else { ("Calls", "are") };
        let words = || format!("{noun} {} of the answer {verb} not in this selection.", calls.join(", "));
        (!calls.is_empty()).then(words)
    }

    fn wants(&self, call: &Call) -> bool {
        self.select.matches(&Subject::of_call(&self.session, call))
    }
}

/// Where a call stands at the end of the recording, in formats for machines.
fn status(call: &Call) -> &'static str {
    if call.state == CallState::Running { UNFINISHED } else { call.state.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two turns with a call each, the second of which fails.
    pub(super) fn material(select: &str) -> Material {
        let header = r#"{"fmt":"callboard.session","v":1,"id":"01TEST","created":"2026-11-22T10:00:00.000Z","app":"callboard 0.1.0","model":"built-in","servers":{},"policy":"auto"}"#;
        let mut lines = vec![
            r#""k":"session.started","d":{"id":"01TEST","app":"callboard 0.1.0","model":"built-in","servers":["billing"]}"#.to_owned(),
        ];
        for (turn, status) in [(1, "ok"), (2, "error")] {
            let (asked, answered) = (turn * 2 - 1, turn * 2);
            let requested = r#""d":{"model":"built-in","messages":1,"new_messages":[],"tools":1}"#;
            let call = format!(r#""turn":"t{turn}","step":"s{asked}","call":"c{turn}""#);
            lines.extend([
                format!(r#""k":"turn.started","turn":"t{turn}","d":{{"question":"What about CUST-00{turn}?"}}"#),
                format!(r#""k":"model.requested","turn":"t{turn}","step":"s{asked}",{requested}"#),
                format!(r#""k":"model.answered","turn":"t{turn}","step":"s{asked}","d":{{"text":"","finish_reason":"tool_calls","usage":{{"input_tokens":9,"output_tokens":2}}}}"#),
                format!(r#""k":"call.proposed",{call},"d":{{"server":"billing","tool":"get_invoice","arguments":{{"customer_id":"CUST-00{turn}"}},"provider_id":"p","read_only":true}}"#),
                format!(r#""k":"call.started",{call},"d":{{"attempt":1,"arguments":{{"customer_id":"CUST-00{turn}"}},"timeout_ms":1000,"read_only":true}}"#),
                format!(r#""k":"call.finished",{call},"d":{{"status":"{status}","duration_us":1500,"result":{{"content":[],"structuredContent":{{"mail":"jane@example.com"}}}}}}"#),
                format!(r#""k":"model.requested","turn":"t{turn}","step":"s{answered}",{requested}"#),
                format!(r#""k":"model.streamed","turn":"t{turn}","step":"s{answered}","d":{{"part":"text","text":"Write to jane@example.com\nor call."}}"#),
                format!(r#""k":"model.answered","turn":"t{turn}","step":"s{answered}","d":{{"text":"Write to jane@example.com\nor call."}}"#),
                format!(r#""k":"turn.ended","turn":"t{turn}","d":{{"ending":"answered"}}"#),
            ]);
        }
        let record = |(i, rest): (usize, &String)| {
            let line = format!(r#"{{"i":{i},"t":{},"w":{},{rest}}}"#, i * 5_000_000, 1_763_805_600_000 + i * 5000);
            Arc::new(Record::from_line(&line).unwrap_or_else(|error| panic!("{line}: {error}")))
        };
        let records: Vec<_> = lines.iter().enumerate().map(record).collect();
        let session = Session::fold(&records);
        assert_eq!(session.oddities, 0);
        let header = serde_json::from_str(header).expect("a header");
        let select = select.parse().expect("an expression");
        Material { header, records, session, select, damage: Damage::default() }
    }

    #[test]
    fn a_report_has_a_command_for_each_call() {
        let report = material("").render(Format::Markdown).0;
        assert!(report.contains("callboard call billing get_invoice '{\"customer_id\":\"CUST-001\"}'"), "{report}");
        assert!(report.contains("### [2] billing get_invoice: error, 1 ms"), "{report}");
        let selected = material("call:c1").render(Format::Markdown).0;
        assert!(selected.contains("CUST-001") && !selected.contains("CUST-002"), "{selected}");
    }

    /// The same without what must not leave the house.
    fn redacted(select: &str) -> Material {
        let open = material(select);
        let Redacted { header, records, left_out } = redact(&open.header, &open.records);
        assert_eq!(left_out, 0);
        Material { session: Session::fold(&records), header, records, ..open }
    }

    #[test]
    fn no_format_shows_what_was_removed_and_each_tells_of_it() {
        for (_, format) in Format::WORDS {
            let (text, removed) = redacted("").render(format);
            assert!(!text.contains("jane") && text.contains("‹email:1›"), "{format:?}: {text}");
            let [email] = &removed[..] else { panic!("{format:?}: {removed:?}") };
            assert_eq!((email.kind.as_str(), email.different), ("email", 1));
        }
        let (text, removed) = redacted("").render(Format::Json);
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["removed"], serde_json::json!(removed));
        assert_eq!(json["turns"][1]["calls"][0]["status"], "error");
    }

    #[test]
    fn a_selection_tells_only_of_what_was_removed_from_it() {
        let count = |select: &str| redacted(select).render(Format::Json).1.first().map_or(0, |removed| removed.count);
        assert_eq!((count(""), count("call:c1"), count("tool:nothing")), (4, 2, 0));
    }

    #[test]
    fn a_call_that_was_with_its_server_when_the_recording_ended_is_not_said_to_be_running() {
        let whole = material("");
        let is_start = |record: &Arc<Record>| record.event.kind() == "call.started";
        let end = whole.records.iter().position(is_start).expect("a call") + 1;
        let records = whole.records[..end].to_vec();
        let cut = Material { session: Session::fold(&records), records, ..whole };
        let report = cut.render(Format::Markdown).0;
        assert!(report.contains("[1] billing get_invoice: running when the recording ends"), "{report}");
        for format in [Format::Json, Format::Otlp] {
            let text = cut.render(format).0;
            assert!(text.contains("unfinished") && !text.contains("\"running\""), "{text}");
        }
    }

    #[test]
    fn a_reference_to_a_call_that_was_not_selected_is_told_as_that() {
        let whole = material("");
        let records: Vec<_> = whole
            .records
            .iter()
            .map(|record| record.to_line().expect("a line").replace("or call.", "or call [1], [2] [1] and [77]."))
            .map(|line| Arc::new(Record::from_line(&line).expect("a record")))
            .collect();
        let session = Session::fold(&records);
        let select = "call:c2".parse().expect("an expression");
        let selected = Material { session, records, select, ..whole };
        let words = "Call [1] of the answer is not in this selection.";
        for format in [Format::Markdown, Format::Asciicast] {
            let text = selected.render(format).0;
            assert!(text.contains(words), "{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&selected.render(Format::Json).0).expect("JSON");
        assert_eq!(json["turns"][0]["not_selected"], serde_json::json!(["c1"]));
        let all = Material { select: "".parse().expect("everything"), ..selected };
        assert!(!all.render(Format::Markdown).0.contains("selection"));
    }

    /// A turn with a call that was denied, one answered by hand, and one that is held at the end.
    fn decided() -> Material {
        let scope = |call: u8| format!(r#""turn":"t1","step":"s1","call":"c{call}""#);
        let mut rest = vec![
            r#""k":"turn.started","turn":"t1","d":{"question":"Who pays?"}"#.to_owned(),
            r#""k":"model.requested","turn":"t1","step":"s1","d":{"model":"m","messages":1,"new_messages":[],"tools":1}"#.to_owned(),
            r#""k":"model.answered","turn":"t1","step":"s1","d":{"text":""}"#.to_owned(),
        ];
        for call in 1..=3 {
            let scope = scope(call);
            rest.push(format!(r#""k":"call.proposed",{scope},"d":{{"server":"desk","tool":"close","arguments":{{"n":{call}}},"provider_id":"p","read_only":false}}"#));
            rest.push(format!(r#""k":"call.held",{scope},"d":{{"site":"before_call","reason":"it writes"}}"#));
        }
        for (call, decided, finished) in [
            (
                1,
                r#""verdict":"deny","by":"operator","reason":"not today""#,
                r#""status":"denied","duration_us":0,"failure":{"code":"denied","message":"not today"}"#,
            ),
            (2, r#""verdict":"answer","by":"operator""#, r#""status":"ok","duration_us":0,"result":{"content":[]}"#),
        ] {
            let scope = scope(call);
            rest.push(format!(r#""k":"call.decided",{scope},"d":{{{decided}}}"#));
            rest.push(format!(r#""k":"call.finished",{scope},"d":{{{finished}}}"#));
        }
        let line = |(i, rest): (usize, &String)| format!(r#"{{"i":{i},"t":{i},"w":1,{rest}}}"#);
        let lines = rest.iter().enumerate().map(line);
        let records: Vec<_> = lines
            .map(|line| Arc::new(Record::from_line(&line).unwrap_or_else(|error| panic!("{line}: {error}"))))
            .collect();
        let session = Session::fold(&records);
        assert_eq!(session.oddities, 0);
        Material { session, records, ..material("") }
    }

    #[test]
    fn a_report_and_a_cast_say_what_was_never_sent_and_why() {
        let report = decided().render(Format::Markdown).0;
        for words in [
            "[1] desk close: denied, never sent",
            "the model told: not today",
            "[2] desk close: ok, answered by operator, never sent",
            "- answered instead of the server by operator",
            "[3] desk close: held when the recording ends, never sent",
            "It waited for a decision: it writes",
            "None: the recording ends here, before the turn does.",
        ] {
            assert!(report.contains(words), "{words} is not in {report}");
        }
        assert!(!report.contains("failed") && !report.contains("error"), "{report}");
        let cast = decided().render(Format::Asciicast).0;
        for words in [
            "[1] denied and was never sent: not today",
            "[2] ok and was never sent",
            "[3] held: it writes",
            "(the recording ends here, before t1 does)",
        ] {
            assert!(cast.contains(words), "{words} is not in {cast}");
        }
    }

    #[test]
    fn json_and_traces_say_what_was_never_sent_and_why() {
        let json: serde_json::Value = serde_json::from_str(&decided().render(Format::Json).0).expect("JSON");
        let calls = &json["turns"][0]["calls"];
        let told =
            |call: usize| (calls[call]["status"].clone(), calls[call]["sent"].clone(), calls[call]["by_hand"].clone());
        let expected = |status: &str, by_hand: Option<&str>| (status.into(), false.into(), by_hand.into());
        assert_eq!(told(0), expected("denied", None));
        assert_eq!(told(1), expected("ok", Some("answered by operator")));
        assert_eq!(told(2), expected("held", None));
        let turn = &json["turns"][0];
        assert_eq!(
            (&turn["ending"], &turn["reason"]),
            (&"unfinished".into(), &"the recording ends here, before the turn does".into())
        );
        let otlp: serde_json::Value = serde_json::from_str(&decided().render(Format::Otlp).0).expect("OTLP/JSON");
        let spans = otlp["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
        let calls: Vec<_> = spans.iter().filter(|span| span["name"] == "execute_tool close").collect();
        let value = |span: &serde_json::Value, key: &str| {
            let found = span["attributes"].as_array()?.iter().find(|attribute| attribute["key"] == key)?;
            found["value"]["stringValue"].as_str().map(str::to_owned)
        };
        let told = |key: &str| calls.iter().map(|span| value(span, key)).collect::<Vec<_>>();
        let some = |words: [Option<&str>; 3]| words.map(|word| word.map(str::to_owned)).to_vec();
        assert_eq!(told("callboard.call.status"), some([Some("denied"), Some("ok"), Some("held")]));
        assert_eq!(told("callboard.call.by_hand"), some([None, Some("answered by operator"), None]));
        assert_eq!(told("error.type"), some([Some("denied"), None, None]));
        assert_eq!(told("mcp.method.name"), some([None, None, None]), "no server was called");
    }
}
