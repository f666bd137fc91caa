//! Secrets are replaced before a line is written: values the program itself knows, and key patterns of high specificity.
//!
//! A secret becomes `‹secret:kind:hash›`, so that equal secrets stay equal. Only string contents can match; property names
//! such as `api_key` are never touched.

mod cut;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::protocol::{Json, secret_mark, secret_marks};

/// Shorter known values would match ordinary text.
const SHORTEST: usize = 8;

/// Keys whose shape alone tells what they are; the name of each group is the kind, except for `before`: what ends the word
/// before a key. In JSON inside a string that may be an escape, whose letter is no part of the key.
static PATTERNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?s)(?P<before>^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9A-Fa-f]{4})(?:",
        r"(?P<openai>sk-(?:proj-|svcacct-|ant-)?[A-Za-z0-9_-]{20,})",
        r"|(?P<github>gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
        r"|(?P<aws>(?:AKIA|ASIA)[A-Z0-9]{16}\b)",
        r"|(?P<slack>xox[abprs]-[A-Za-z0-9-]{20,})",
        r"|(?P<google>AIza[A-Za-z0-9_-]{35})",
        r"|(?P<bearer>[Bb]earer [A-Za-z0-9._~+/-]{20,}=*))",
        r"|(?P<private_key>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----)",
    ))
    .ok()
});

/// How every key above begins, or an escape that can stand for a letter of it: a line without need not be looked at string
/// by string.
static BEGINNINGS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"sk-|gh[pousr]_|github_pat_|AKIA|ASIA|xox[abprs]-|AIza|earer |-----BEGIN|\\u00").ok());

/// What is to be kept out of a recording.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest value first, so that a secret containing another is replaced whole.
    known: Vec<Known>,
}

/// A value that is known to be secret.
#[derive(Clone)]
struct Known {
    value: String,
    /// As it stands in JSON that is itself a string, such as a message on the wire.
    nested: String,
    mark: String,
    /// Whether it stands in JSON as it is, unless its letters are written as `\u00..`.
    plain: bool,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.known.len())
    }
}

impl Redactor {
    /// Keeps `value` out from now on. `kind` is shown in its place, such as a variable's name. Values under 8 bytes are not
    /// taken, because they would also match ordinary text.
    pub fn add(&mut self, kind: &str, value: &str) {
        if value.len() < SHORTEST || self.known.iter().any(|known| known.value == value) {
            return;
        }
        // A name may be anything, and a mark is looked for again by its form.
        let kind: String = kind.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let plain = value.chars().all(|letter| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '/'));
        let known = Known { value: value.to_owned(), nested: inside(value), mark: mark(&kind, value), plain };
        self.known.push(known);
        self.known.sort_by_key(|known| std::cmp::Reverse(known.value.len()));
    }

    /// Keeps out what another one does, too.
    pub fn extend(&mut self, other: Self) {
        for known in other.known {
            if !self.known.iter().any(|other| other.value == known.value) {
                self.known.push(known);
            }
        }
        self.known.sort_by_key(|known| std::cmp::Reverse(known.value.len()));
    }

    /// `line`, one JSON value, without secrets; borrowed if there are none. Only the contents of strings are changed, so the
    /// line stays JSON: neither a number nor a property name can match.
    #[must_use]
    pub fn redact<'l>(&self, line: &'l str) -> Cow<'l, str> {
        match self.is_suspect(line) {
            true => self.redact_strings(line),
            false => Cow::Borrowed(line),
        }
    }

    /// Whether there may be a secret in `line`; quick, and never false if there is one.
    fn is_suspect(&self, line: &str) -> bool {
        BEGINNINGS.as_ref().is_none_or(|beginnings| beginnings.is_match(line))
            || self.known.iter().any(|known| !known.plain || line.contains(&known.value))
    }

    /// `written` over a text without secrets, with the secrets of `originals` again where their marks stand. The mark of
    /// another secret stays, and so does one that stands for two different texts.
    #[must_use]
    pub fn restore(&self, written: &Json, originals: &[Json]) -> Json {
        if secret_marks(&written.value()).is_empty() {
            return written.clone();
        }
        let mut secrets: Vec<(String, String)> = Vec::new();
        for original in originals {
            let mut keep = |mark: &str, secret: &str| secrets.push((mark.to_owned(), secret.to_owned()));
            drop(in_values(original.text(), |text| self.redact_text(text, &mut keep)));
        }
        let is_certain =
            |(mark, secret): &&(String, String)| secrets.iter().all(|(other, text)| other != mark || text == secret);
        let certain: Vec<_> = secrets.iter().filter(is_certain).collect();
        let restored = in_values(written.text(), |text| {
            // What was replaced last may have marks in it.
            let put = |text: String, (mark, secret): &&(String, String)| text.replace(mark, secret);
            let restored = certain.iter().rev().fold(text.to_owned(), put);
            (restored != text).then_some(restored)
        });
        Json::parse(&restored).unwrap_or_else(|_| written.clone())
    }

    fn redact_strings<'l>(&self, line: &'l str) -> Cow<'l, str> {
        in_values(line, |text| self.redact_text(text, &mut |_, _| ()))
    }

    /// A text without secrets; `None` if there are none. Tells of each mark and what it stands for.
    fn redact_text(&self, text: &str, tell: &mut impl FnMut(&str, &str)) -> Option<String> {
        let mut redacted = Cow::Borrowed(text);
        let mut changed = false;
        for known in &self.known {
            for form in [&known.value, &known.nested] {
                if redacted.contains(form.as_str()) {
                    tell(&known.mark, form);
                    redacted = Cow::Owned(redacted.replace(form.as_str(), &known.mark));
                    changed = true;
                }
            }
        }
        if let Some(patterns) = PATTERNS.as_ref()
            && let Cow::Owned(replaced) = patterns.replace_all(&redacted, |captures: &Captures<'_>| {
                let before = captures.name("before").map_or("", |before| before.as_str());
                let found = patterns.capture_names().flatten().filter(|name| *name != "before");
                let found = found.filter_map(|kind| Some((kind, captures.name(kind)?.as_str()))).next();
                let (kind, key) = found.unwrap_or(("key", &captures[0]));
                let mark = mark(kind, key);
                tell(&mark, key);
                format!("{before}{mark}")
            })
        {
            redacted = Cow::Owned(replaced);
            changed = true;
        }
        changed.then(|| redacted.into_owned())
    }
}

/// [`in_strings`], with the names of properties as they are.
fn in_values(line: &str, mut change: impl FnMut(&str) -> Option<String>) -> Cow<'_, str> {
    in_strings(line, |part, text| match part {
        Part::Name => None,
        Part::Value => change(text),
    })
}

/// What a string of a JSON text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of a property.
    Name,
    /// A value.
    Value,
}

/// `line`, one JSON value, with what `change` makes of the texts of its strings, escapes undone; borrowed if it leaves all
/// of them as they are (`None`). A string that cannot be read cannot be searched either, and is replaced by a mark.
pub fn in_strings(line: &str, mut change: impl FnMut(Part, &str) -> Option<String>) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(string) = next_string(line, from) {
        from = string.end;
        let part = if line[string.end..].trim_start().starts_with(':') { Part::Name } else { Part::Value };
        let quoted = &line[string.clone()];
        let changed = match unescaped(quoted) {
            Some(text) => change(part, &text),
            None => Some(mark("unreadable", quoted)),
        };
        if let Some(changed) = changed {
            out.push_str(&line[copied..string.start]);
            out.push_str(&format!("\"{}\"", inside(&changed)));
            copied = string.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[copied..]);
    Cow::Owned(out)
}

/// The text of a JSON string, which is given with its quotes; `None` if it is none.
fn unescaped(quoted: &str) -> Option<Cow<'_, str>> {
    if !quoted.contains('\\') {
        return Some(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
    }
    let text = serde_json::from_str(quoted).or_else(|_| serde_json::from_str(&without_lone_halves(quoted)));
    text.ok().map(Cow::Owned)
}

/// The range of the next string of a JSON text with its quotes.
fn next_string(line: &str, from: usize) -> Option<Range<usize>> {
    let start = from + line[from..].find('"')?;
    let mut escaped = false;
    let length = line.as_bytes()[start + 1..].iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    Some(start..start + length + 2)
}

/// A JSON string whose escaped surrogates all have their other half: JavaScript also writes such as have not, where it cut
/// a text between the two.
fn without_lone_halves(quoted: &str) -> String {
    let half = |at: usize| {
        let digits = quoted.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(quoted.len());
    let mut at = 0;
    while let Some(length) = quoted[at..].find('\\') {
        let escape = at + length;
        let (kept, taken) = match (half(escape), half(escape + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&quoted[escape..escape + 12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            _ => {
                let second = quoted[escape + 1..].chars().next().map_or(0, char::len_utf8);
                (&quoted[escape..escape + 1 + second], 1 + second)
            }
        };
        out.push_str(&quoted[at..escape]);
        out.push_str(kept);
        at = escape + taken;
    }
    out.push_str(&quoted[at..]);
    out
}

/// A text as JSON writes it, without the quotes around it.
fn inside(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

fn mark(kind: &str, value: &str) -> String {
    secret_mark(kind, &blake3::hash(value.as_bytes()).to_hex())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_value_is_replaced_wherever_it_stands_and_equal_secrets_stay_equal() {
        let mut redactor = Redactor::default();
        redactor.add("OPENAI_API_KEY", "local-\"quoted\"-key");
        let line = r#"{"a":"local-\"quoted\"-key","b":"x local-\"quoted\"-key y"}"#;
        let redacted = redactor.redact(line);
        assert!(!redacted.contains("quoted"), "{redacted}");
        assert_eq!(redacted.matches("‹secret:OPENAI_API_KEY:").count(), 2);
        let marks: Vec<&str> = redacted.split('‹').skip(1).filter_map(|part| part.split('›').next()).collect();
        assert_eq!(marks[0], marks[1]);
        serde_json::from_str::<serde_json::Value>(&redacted).expect("still JSON");
    }

    #[test]
    fn keys_of_a_known_shape_are_replaced() {
        let key = format!("sk-{}", "a1B2".repeat(8));
        let line = format!(r#"{{"text":"my key is {key}, thanks"}}"#);
        let redacted = Redactor::default().redact(&line).into_owned();
        assert!(redacted.contains("‹secret:openai:") && !redacted.contains(&key), "{redacted}");
    }

    #[test]
    fn a_key_of_every_kind_is_found_after_a_line_break_however_deep_it_is_nested() {
        let keys = [
            ("openai", format!("sk-proj-{}", "a1B2".repeat(8))),
            ("github", format!("ghp_{}", "a1B2".repeat(9))),
            ("github", format!("github_pat_{}", "a1B2_".repeat(11))),
            ("aws", format!("AKIA{}", "A1B2".repeat(4))),
            ("slack", format!("xoxb-{}", "a1B2-".repeat(5))),
            ("google", format!("AIza{}-", "a1".repeat(17))),
            ("bearer", format!("Bearer {}", "a1B2".repeat(6))),
            ("private_key", "-----BEGIN RSA PRIVATE KEY-----\nTUlJRXZR\n-----END RSA PRIVATE KEY-----".to_owned()),
        ];
        for (kind, key) in keys {
            for before in ["\n", "\r", "\t", "\u{8}", "\u{c}", "\u{1b}", " ", "_", "/", "\"", "", "ü"] {
                let start = if before.is_empty() { "" } else { "x" };
                let mut line = serde_json::json!({ "text": format!("{start}{before}{key}\nx") }).to_string();
                for depth in 0..=2 {
                    let redacted = Redactor::default().redact(&line).into_owned();
                    let secret = key.split('\n').nth(1).unwrap_or(&key);
                    let shown = format!("{kind} after {before:?} at {depth}: {redacted}");
                    assert!(redacted.contains(&format!("‹secret:{kind}:")) && !redacted.contains(secret), "{shown}");
                    assert_eq!(redacted.replace('‹', "").len() + "‹".len(), redacted.len(), "{shown}");
                    serde_json::from_str::<serde_json::Value>(&redacted).expect("still JSON");
                    line = serde_json::json!({ "text": line }).to_string();
                }
            }
        }
    }

    #[test]
    fn a_string_with_half_a_character_is_redacted_like_any_other() {
        let key = format!("sk-{}", "a1B2".repeat(8));
        let mut redactor = Redactor::default();
        redactor.add("TOKEN", "s3cret-value");
        for cut in [r"\ud83d", r"\uDE00", r"\ud83d\ud83d\ude00", r"\\\ud83d"] {
            let line = format!(r#"{{"text":"{key} s3cret-value {cut} end \ud83d\ude00"}}"#);
            let redacted = redactor.redact(&line).into_owned();
            assert!(!redacted.contains(&key) && !redacted.contains("s3cret-value"), "{redacted}");
            assert!(redacted.contains('\u{fffd}') && redacted.ends_with("end 😀\"}"), "{redacted}");
            serde_json::from_str::<serde_json::Value>(&redacted).expect("now JSON that everybody reads");
        }
    }

    #[test]
    fn a_string_that_cannot_be_read_is_replaced_whole() {
        let line = format!(r#"{{"text":"\q sk-{}"}}"#, "a1B2".repeat(8));
        let redacted = Redactor::default().redact(&line).into_owned();
        assert!(redacted.starts_with("{\"text\":\"‹secret:unreadable:"), "{redacted}");
    }

    #[test]
    fn what_was_written_over_marks_has_the_secrets_again() {
        let key = format!("sk-{}", "a1B2".repeat(8));
        let mut redactor = Redactor::default();
        redactor.add("TOKEN", "a \"quoted\" token");
        let original = serde_json::json!({
            "key": key, "text": format!("use {key}\nor a \"quoted\" token"), "big": 1,
            "pem": "-----BEGIN A PRIVATE KEY-----\na \"quoted\" token\n-----END A PRIVATE KEY-----",
        });
        let original = Json::from(original);
        let shown = redactor.redact(original.text()).into_owned();
        assert!(!shown.contains("a1B2") && !shown.contains("quoted"), "{shown}");
        let written = shown.replace("\"big\":1", "\"big\":123456789012345678901234567890");
        let restored = redactor.restore(&Json::parse(&written).expect("JSON"), std::slice::from_ref(&original));
        assert_eq!(restored.text().replace("123456789012345678901234567890", "1"), original.text());
    }

    #[test]
    fn a_mark_that_stands_for_nothing_here_or_for_two_texts_stays() {
        let key = format!("sk-{}", "a1B2".repeat(8));
        let written = Redactor::default().redact(&format!("[\"{key}\"]")).into_owned();
        let written = Json::parse(&written).expect("JSON");
        assert_eq!(Redactor::default().restore(&written, &[Json::default()]), written);
        let mut redactor = Redactor::default();
        redactor.add("TOKEN", "one \"value\"");
        let both = Json::from(serde_json::json!(["one \"value\"", "{\"in\":\"one \\\"value\\\"\"}"]));
        let shown = Json::parse(&redactor.redact(both.text())).expect("JSON");
        assert_eq!(redactor.restore(&shown, &[both]), shown);
    }

    #[test]
    fn property_names_and_ordinary_text_stay() {
        let mut redactor = Redactor::default();
        redactor.add("SHORT", "ticket");
        let line = r#"{"api_key":{"type":"string"},"text":"risk-taking about the ticket"}"#;
        assert!(matches!(redactor.redact(line), Cow::Borrowed(same) if same == line));
    }

    #[test]
    fn a_line_stays_json_whatever_is_secret() {
        let line = r#"{"i":12345678,"k":"x\n0tsecret","a":"\n0tsecret\"","d":{"12345678":"12345678 \"quote","w":[123456789]}}"#;
        for (secret, hits) in [("12345678", 1), ("n0tsecret", 0), ("0tsecret\"", 1), ("8 \"quote", 1)] {
            let mut redactor = Redactor::default();
            redactor.add("it\"s", secret);
            let redacted = redactor.redact(line).into_owned();
            assert_eq!(redacted.matches("‹secret").count(), hits, "{secret}: {redacted}");
            let value: serde_json::Value = serde_json::from_str(&redacted).expect("still JSON");
            assert_eq!((&value["i"], &value["d"]["w"][0]), (&12_345_678.into(), &123_456_789.into()));
            assert!(value["d"].get("12345678").is_some(), "property names stay: {redacted}");
        }
    }

    proptest! {
        #[test]
        fn a_quick_look_misses_nothing(
            secret in r#"(a-plain-secret|a "quoted" one|with/a/slash|a\\backslash|sk-[a-z]{20}|ghp_[a-z]{36}|Bearer [a-z]{20}|ASIA[A-Z]{16})"#,
            around in r#"[a-z "\\/\n]{0,6}"#,
            escaped in 0..24_usize,
            nested: bool,
        ) {
            let mut redactor = Redactor::default();
            redactor.add("KNOWN", &secret);
            let text = format!("{around} {secret} {around}");
            let mut line = serde_json::json!({ "text": text }).to_string();
            if let Some(letter) = secret.chars().nth(escaped).filter(char::is_ascii_alphanumeric) {
                let whole = inside(&secret);
                let escape = whole.replacen(letter, &format!("\\u{:04x}", letter as u32), 1);
                line = line.replace(&whole, &escape);
            }
            if nested {
                line = serde_json::json!({ "text": line }).to_string();
            }
            prop_assert_eq!(redactor.redact(&line), redactor.redact_strings(&line));
            prop_assert_eq!(Redactor::default().redact(&line), Redactor::default().redact_strings(&line));
            if !nested {
                prop_assert!(redactor.redact(&line).contains("‹secret"), "{line}");
            }
        }
    }

    #[test]
    fn a_value_with_escapes_is_found_in_a_message_inside_a_message() {
        let mut redactor = Redactor::default();
        redactor.add("CREDENTIALS", "{\"user\":\"a\"}\n");
        let message = serde_json::json!({"env": "{\"user\":\"a\"}\n"}).to_string();
        let line = serde_json::json!({"text": message}).to_string();
        let redacted = redactor.redact(&line).into_owned();
        assert!(redacted.contains("‹secret:CREDENTIALS:") && !redacted.contains("user"), "{redacted}");
    }
}
