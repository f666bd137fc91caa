//! What must not leave the house: secrets, e-mail addresses, telephone numbers, home folders. Applied to whole records, so
//! that every format gets the same.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};
use serde::Serialize;

use crate::protocol::Record;
use crate::recording::format::Header;
use crate::recording::redact::Redactor;

/// Values that name a person; the name of each group is the kind.
static PERSONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)",
        // With a country code, or in the three groups of North America; anything looser also matches ids and dates.
        r"|(?P<phone>\+\d{1,3}(?:[ .-]?\(?\d{2,5}\)?){2,5}|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b)",
        r#"|(?P<home>/(?:home|Users)/[^/\s"\\]+)"#,
    ))
    .ok()
});

/// A mark that stands for something removed.
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"‹(?:secret:)?([A-Za-z0-9_]+):[0-9a-f]+›").ok());

/// Something that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// What stands in its place; equal values have equal marks.
    pub mark: String,
    /// What kind of thing it was.
    pub kind: String,
    /// How often it stood there.
    pub count: u64,
}

/// The header and the records without what must not leave the house, and what was removed. A record that would no longer be
/// one is left out and counted as removed whole.
#[must_use]
pub fn redact(header: &Header, records: &[Arc<Record>]) -> (Header, Vec<Arc<Record>>, Vec<Removed>) {
    let mut pass = Pass::default();
    let clean_header = serde_json::to_string(header)
        .ok()
        .and_then(|line| serde_json::from_str(&pass.line(&line)).ok())
        .unwrap_or_else(|| Header { servers: BTreeMap::new(), more: BTreeMap::new(), ..header.clone() });
    let mut kept = Vec::with_capacity(records.len());
    for record in records {
        let clean = record.to_line().ok().and_then(|line| Record::from_line(&pass.line(&line)).ok());
        match clean {
            Some(record) => kept.push(Arc::new(record)),
            None => pass.count("‹record›", "record"),
        }
    }
    let removed = pass.removed.into_iter().map(|(mark, (kind, count))| Removed { mark, kind, count }).collect();
    (clean_header, kept, removed)
}

/// One export's redaction: the same value gets the same number throughout.
#[derive(Default)]
struct Pass {
    secrets: Redactor,
    numbers: BTreeMap<String, u64>,
    removed: BTreeMap<String, (String, u64)>,
}

impl Pass {
    fn line(&mut self, line: &str) -> String {
        let without_secrets = self.secrets.redact(line).into_owned();
        let mut clean = without_secrets;
        if let Some(personal) = PERSONAL.as_ref() {
            let numbers = &mut self.numbers;
            clean = personal
                .replace_all(&clean, |captures: &Captures<'_>| {
                    let kind = personal.capture_names().flatten().find(|name| captures.name(name).is_some());
                    let next = numbers.len() as u64 + 1;
                    // A number, not a hash: an address could be guessed from its hash.
                    let number = *numbers.entry(captures[0].to_owned()).or_insert(next);
                    format!("‹{}:{number}›", kind.unwrap_or("value"))
                })
                .into_owned();
        }
        if let Some(marks) = MARK.as_ref() {
            let found: Vec<(String, String)> =
                marks.captures_iter(&clean).map(|captures| (captures[0].to_owned(), captures[1].to_owned())).collect();
            found.iter().for_each(|(mark, kind)| self.count(mark, kind));
        }
        clean
    }

    fn count(&mut self, mark: &str, kind: &str) {
        self.removed.entry(mark.to_owned()).or_insert_with(|| (kind.to_owned(), 0)).1 += 1;
    }
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
        serde_json::from_str::<serde_json::Value>(&clean).expect("still JSON");
        let kinds: Vec<(&str, u64)> = pass.removed.values().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert!(
            kinds.contains(&("email", 2)) && kinds.contains(&("openai", 1)) && kinds.contains(&("home", 1)),
            "{kinds:?}"
        );
    }

    #[test]
    fn ids_dates_amounts_and_times_stay() {
        let line = r#"{"i":1,"t":192000000,"w":1763805600123,"d":{"id":"INV-2024-012","due":"2025-10-06T10:00:00Z","n":12450.5,"x":"CUST-001 10.20.30.40 v1.2.3 1e+10"}}"#;
        assert_eq!(Pass::default().line(line), line);
    }
}
