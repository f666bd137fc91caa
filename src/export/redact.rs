//! What must not leave the house: secrets, e-mail addresses, telephone numbers, home folders. Applied to whole records, so
//! that every format gets the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};
use serde::Serialize;
use serde_json::Value;

use crate::protocol::{Event, ModelStreamed, Record};
use crate::recording::format::Header;
use crate::recording::redact::{Redactor, in_strings};

/// Values that name a person; the name of each group is the kind.
static PERSONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let own = std::env::var("HOME").unwrap_or_default();
    let own = own.trim_end_matches('/');
    // A home that lies at the top, such as root's, has a name that other things have too: it counts as a beginning only.
    let own = if own.matches('/').count() > 1 { format!("{}|", regex::escape(own)) } else { String::new() };
    let patterns = [
        r"(?P<email>[\p{Latin}0-9._%+-]+@[\p{Latin}0-9-]+(?:\.[\p{Latin}0-9-]+)+)",
        // With a country code, or in the three groups of North America; anything looser also matches ids and dates.
        r"|(?P<phone>\+\d{1,3}(?:[ .-]?\(?\d{2,5}\)?){2,5}|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b)",
        r"|(?P<home>",
        &own,
        r#"/(?:home|Users)\\*/[^/\s"\\]+|(?:^|\B)/root\b)"#,
    ];
    Regex::new(&patterns.concat()).ok()
});

/// An escape of JSON that is itself a string, such as a message on the wire: its letters and digits are no part of the
/// value after it.
static ESCAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\\(?:[nrtbf]|u[0-9A-Fa-f]{4})").ok());

/// A mark that stands for something removed.
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"‹(?:secret:)?([A-Za-z0-9_]+):[0-9a-f]+›").ok());

/// What was removed of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// What kind of thing it was; stands in the marks `‹kind:…›`, which are equal for equal values.
    pub kind: String,
    /// How often one stood there.
    pub count: u64,
    /// How many of them were different.
    pub different: u64,
}

impl Removed {
    /// What and how often, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let what = match self.kind.as_str() {
            "email" => "e-mail addresses".to_owned(),
            "phone" => "telephone numbers".to_owned(),
            "home" => "home folders".to_owned(),
            kind => format!("secrets ({kind})"),
        };
        let times = if self.count == 1 { "once".to_owned() } else { format!("{} times", self.count) };
        format!("{what}: {times}, {} different", self.different)
    }
}

/// A recording without what must not leave the house.
#[derive(Debug)]
pub struct Redacted {
    /// Line 1.
    pub header: Header,
    /// The records.
    pub records: Vec<Arc<Record>>,
    /// Records left out whole, because without it they would be none any more.
    pub left_out: usize,
}

/// Replaces what must not leave the house by marks that are found again in whatever is made of it.
#[must_use]
pub fn redact(header: &Header, records: &[Arc<Record>]) -> Redacted {
    let mut pass = Pass::default();
    let header = serde_json::to_string(header)
        .ok()
        .and_then(|line| serde_json::from_str(&pass.line(&line)).ok())
        .unwrap_or_else(|| Header { servers: BTreeMap::new(), more: BTreeMap::new(), ..header.clone() });
    let whole = streamed(records);
    let (mut kept, mut left_out) = (Vec::with_capacity(records.len()), 0);
    for (at, record) in records.iter().enumerate() {
        let record = match whole.get(&at) {
            Some(None) => continue,
            Some(Some(streamed)) => &Arc::new(Record { event: streamed.clone().into(), ..(**record).clone() }),
            None => record,
        };
        let clean = record.to_line().ok().and_then(|line| Record::from_line(&pass.line(&line)).ok());
        left_out += usize::from(clean.is_none());
        kept.extend(clean.map(Arc::new));
    }
    Redacted { header, records: kept, left_out }
}

/// What the marks in a text stand for, by kind.
pub(super) fn marks(text: &str) -> Vec<Removed> {
    let Some(marks) = MARK.as_ref() else { return Vec::new() };
    let mut found: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for captures in marks.captures_iter(text) {
        let (mark, [kind]) = captures.extract();
        let (count, different) = found.entry(kind).or_default();
        *count += 1;
        different.insert(mark);
    }
    let removed = |(kind, (count, different)): (&str, (u64, BTreeSet<&str>))| Removed {
        kind: kind.to_owned(),
        count,
        different: different.len() as u64,
    };
    found.into_iter().map(removed).collect()
}

/// Streamed texts in which something has to go may have it in two pieces: the whole text comes in place of the last
/// piece, and nothing in place of the others. By position among the records.
fn streamed(records: &[Arc<Record>]) -> HashMap<usize, Option<ModelStreamed>> {
    let mut texts: HashMap<_, (String, Vec<usize>)> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        if let Event::ModelStreamed(streamed) = &record.event {
            let (text, pieces) = texts.entry((record.scope.step, streamed.part)).or_default();
            text.push_str(&streamed.text);
            pieces.push(at);
        }
    }
    let mut replaced = HashMap::new();
    for ((_, part), (text, pieces)) in texts {
        let line = Value::from(text.as_str()).to_string();
        if Pass::default().line(&line) == line {
            continue;
        }
        let last = pieces.last().copied();
        replaced.extend(pieces.into_iter().map(|at| (at, None)));
        replaced.extend(last.map(|at| (at, Some(ModelStreamed { part, text }))));
    }
    replaced
}

/// One export's redaction: the same value gets the same number throughout.
#[derive(Default)]
struct Pass {
    secrets: Redactor,
    numbers: BTreeMap<String, u64>,
}

impl Pass {
    /// One JSON value without what must not leave the house.
    fn line(&mut self, line: &str) -> String {
        let without_secrets = self.secrets.redact(line);
        let numbers = &mut self.numbers;
        // A name of a property can be an address as well.
        in_strings(&without_secrets, |_, text| without_persons(numbers, text)).into_owned()
    }
}

/// A text without what names a person; `None` if there is nothing of that kind.
fn without_persons(numbers: &mut BTreeMap<String, u64>, text: &str) -> Option<String> {
    let (personal, escape) = (PERSONAL.as_ref()?, ESCAPE.as_ref()?);
    if !personal.is_match(text) && !text.contains('\\') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut put = |words: &str| {
        out.push_str(&personal.replace_all(words, |captures: &Captures<'_>| {
            let kind = personal.capture_names().flatten().find(|name| captures.name(name).is_some());
            let next = numbers.len() as u64 + 1;
            // A number, not a hash: an address could be guessed from its hash.
            let number = *numbers.entry(captures[0].to_owned()).or_insert(next);
            format!("‹{}:{number}›", kind.unwrap_or("value"))
        }));
    };
    let mut from = 0;
    for escaped in escape.find_iter(text) {
        put(&text[from..escaped.start()]);
        put(escaped.as_str());
        from = escaped.end();
    }
    put(&text[from..]);
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_and_secrets_go_and_equal_ones_stay_equal() {
        let mut pass = Pass::default();
        let key = format!("sk-{}", "a1B2".repeat(8));
        let line = format!(
            r#"{{"a":"jane.doe@example.com, +44 20 7946 0958, (555) 010-4477","b":"jane.doe@example.com","c":"/home/jane/x","d":"{key}"}}"#
        );
        let clean = pass.line(&line);
        for gone in ["jane", "7946", "4477", key.as_str()] {
            assert!(!clean.contains(gone), "{gone} in {clean}");
        }
        assert_eq!(clean.matches("‹email:1›").count(), 2, "{clean}");
        serde_json::from_str::<Value>(&clean).expect("still JSON");
        let found = marks(&clean);
        let words: Vec<String> = found.iter().map(Removed::words).collect();
        assert_eq!(
            words,
            [
                "e-mail addresses: 2 times, 1 different",
                "home folders: once, 1 different",
                "secrets (openai): once, 1 different",
                "telephone numbers: 2 times, 2 different"
            ]
        );
    }

    #[test]
    fn what_names_a_person_goes_after_a_line_break_too_however_deep_it_is_nested() {
        let personal = [
            "jane.doe@example.com",
            "nora@example.com",
            "jürgen@müller.example",
            "555-010-4477",
            "+44 20 7946 0958",
            "/home/jane",
        ];
        for value in personal {
            for before in ["\n", "\t", "\r", "\u{8}", "\u{c}", "\u{1b}", " ", "\"", "(", ""] {
                let mut line = serde_json::json!({ "text": format!("Contacts:{before}{value}\nEnd") }).to_string();
                if before.is_empty() {
                    line = serde_json::json!({ value: true }).to_string();
                }
                for depth in 0..=2 {
                    let clean = Pass::default().line(&line);
                    let shown = format!("{value} after {before:?} at {depth}: {clean}");
                    assert!(!clean.contains(value) && clean.contains(":1›"), "{shown}");
                    let rest = clean.replace("\\\\", "\\").replace(['\\', '"'], " ");
                    assert!(before.is_empty() || (rest.contains("Contacts:") && rest.contains("End")), "{shown}");
                    let mut inner = clean.clone();
                    for _ in 0..=depth {
                        let read: Value = serde_json::from_str(&inner).expect("still JSON, at each depth");
                        inner = read["text"].as_str().unwrap_or_default().to_owned();
                    }
                    line = serde_json::json!({ "text": line }).to_string();
                }
            }
        }
        assert_eq!(Pass::default().line(r#"{"a":"jane\u0040example.com"}"#), r#"{"a":"‹email:1›"}"#);
        assert!(!Pass::default().line(r#"{"a":"{\"b\":\"\\/home\\/jane\\/x\"}"}"#).contains("jane"));
    }

    #[test]
    fn the_home_of_root_and_ones_own_go_wherever_they_are() {
        let own = std::env::var("HOME").expect("a home");
        for path in ["/root/.pyenv/x", "file:///root/x", &format!("{own}/x")] {
            let line = serde_json::json!({ "a": path }).to_string();
            assert!(Pass::default().line(&line).contains("‹home:1›"), "{path}");
        }
        for path in ["/api/root/x", "/rootfs/x"] {
            let line = serde_json::json!({ "a": path }).to_string();
            assert_eq!(Pass::default().line(&line), line);
        }
    }

    #[test]
    fn a_record_with_an_address_after_a_line_break_is_kept_without_it() {
        let line = r#"{"i":0,"t":1,"w":1,"k":"user.asked","d":{"text":"Contacts:\njane@example.com\n555-010-4477"}}"#;
        let clean = redact(&header(), &[Arc::new(Record::from_line(line).expect("a record"))]);
        let lines: Vec<_> = clean.records.iter().map(|record| record.to_line().expect("a line")).collect();
        assert_eq!(clean.left_out, 0);
        assert!(lines[0].contains(r#""Contacts:\n‹email:1›\n‹phone:2›""#), "{lines:?}");
    }

    fn header() -> Header {
        let header = r#"{"fmt":"callboard.session","v":1,"id":"01T","created":"2026","app":"a","model":"m","servers":{},"policy":"auto"}"#;
        serde_json::from_str(header).expect("a header")
    }

    #[test]
    fn an_address_in_two_pieces_of_a_streamed_answer_goes_too() {
        let piece = |text: &str| {
            let line = format!(
                r#"{{"i":1,"t":1,"w":1,"k":"model.streamed","turn":"t1","step":"s1","d":{{"part":"text","text":"{text}"}}}}"#
            );
            Arc::new(Record::from_line(&line).expect("a record"))
        };
        let texts = |pieces: &[&str]| {
            let records: Vec<_> = pieces.iter().map(|text| piece(text)).collect();
            let clean = redact(&header(), &records);
            assert_eq!(clean.left_out, 0);
            clean.records.iter().map(|record| record.to_line().expect("a line")).collect::<Vec<_>>()
        };
        let clean = texts(&["Write to jane@exa", "mple.com", " now."]);
        assert!(clean.len() == 1 && clean[0].contains("Write to ‹email:1› now."), "{clean:?}");
        assert_eq!(texts(&["Write", " now."]).len(), 2, "the rest is streamed as it was");
    }

    #[test]
    fn ids_dates_amounts_and_times_stay() {
        let line = r#"{"i":1,"t":192000000,"w":1763805600123,"d":{"id":"INV-2024-012","due":"2025-10-06T10:00:00Z","n":12450.5,"x":"CUST-001 10.20.30.40 v1.2.3 1e+10"}}"#;
        assert_eq!(Pass::default().line(line), line);
    }
}
