//! A recording in other people's formats (`sessions.md` §5): Markdown, JSON, OTLP and asciicast. Redacted unless asked
//! otherwise, with a list of what was removed.

mod cast;
mod json;
mod markdown;
mod otlp;
mod redact;

use std::sync::Arc;

use crate::protocol::Record;
use crate::query::{Query, Subject};
use crate::recording::format::Header;
use crate::session::{Call, Session, Turn};

pub use cast::{Frame, frames};
pub use redact::{Removed, redact};

/// What is exported.
#[derive(Debug)]
pub struct Material {
    /// Line 1 of the recording.
    pub header: Header,
    /// Its records, already redacted if they are to be.
    pub records: Vec<Arc<Record>>,
    /// Their fold.
    pub session: Session,
    /// What was removed from them.
    pub removed: Vec<Removed>,
    /// Which calls are wanted; turns without one are left out, unless it is empty.
    pub select: Query,
}

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A report for people.
    Markdown,
    /// The object of `ask --json`, with the facts of model and servers.
    Json,
    /// OTLP/JSON, one `ExportTraceServiceRequest` a line, one line a turn.
    Otlp,
    /// asciicast v3.
    Asciicast,
}

impl Format {
    /// The words of `--format`.
    pub const WORDS: [(&str, Self); 4] =
        [("md", Self::Markdown), ("json", Self::Json), ("otlp", Self::Otlp), ("asciicast", Self::Asciicast)];
}

impl Material {
    /// The export as text, ending with a line end.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Markdown => markdown::render(self),
            Format::Json => json::render(self),
            Format::Otlp => otlp::render(self),
            Format::Asciicast => cast::render(self),
        }
    }

    /// The wanted turns, each with its wanted calls.
    fn turns(&self) -> Vec<(&Turn, Vec<&Call>)> {
        let turns = self.session.turns.iter().map(|turn| {
            let calls = turn.calls.iter().filter_map(|id| self.session.call(*id));
            (turn, calls.filter(|call| self.wants(call)).collect::<Vec<_>>())
        });
        turns.filter(|(_, calls)| self.select.is_empty() || !calls.is_empty()).collect()
    }

    fn wants(&self, call: &Call) -> bool {
        self.select.matches(&Subject::of_call(&self.session, call))
    }
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
        Material { header, records, session, removed: Vec::new(), select: select.parse().expect("an expression") }
    }

    #[test]
    fn a_report_has_a_command_for_each_call() {
        let report = material("").render(Format::Markdown);
        assert!(report.contains("callboard call billing get_invoice '{\"customer_id\":\"CUST-001\"}'"), "{report}");
        assert!(report.contains("### [2] billing get_invoice: error, 1 ms"), "{report}");
        let selected = material("call:c1").render(Format::Markdown);
        assert!(selected.contains("CUST-001") && !selected.contains("CUST-002"), "{selected}");
    }

    #[test]
    fn no_format_shows_what_was_removed_and_each_is_told_of_it() {
        let open = material("");
        let (header, records, removed) = redact(&open.header, &open.records);
        assert_eq!(removed, [Removed { mark: "‹email:1›".into(), kind: "email".into(), count: 6 }]);
        let session = Session::fold(&records);
        let material = Material { header, records, session, removed, select: open.select };
        for (_, format) in Format::WORDS {
            let text = material.render(format);
            assert!(!text.contains("jane") && text.contains("‹email:1›"), "{format:?}: {text}");
        }
        let json: serde_json::Value = serde_json::from_str(&material.render(Format::Json)).expect("JSON");
        assert_eq!(json["removed"][0]["count"], 6);
        assert_eq!(json["turns"][1]["calls"][0]["status"], "error");
    }
}
