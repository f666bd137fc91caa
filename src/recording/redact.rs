//! Secrets are replaced before a line is written: values the program itself knows, and key patterns of high specificity.
//!
//! A secret becomes `‹secret:kind:hash›`, so that equal secrets stay equal. Only string contents can match; property names
//! such as `api_key` are never touched.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Shorter known values would match ordinary text.
const SHORTEST: usize = 8;

/// Keys whose shape alone tells what they are; the name of each group is the kind.
static PATTERNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<openai>\bsk-(?:proj-|svcacct-|ant-)?[A-Za-z0-9_-]{20,})",
        r"|(?P<github>\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{50,})",
        r"|(?P<aws>\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)",
        r"|(?P<slack>\bxox[abprs]-[A-Za-z0-9-]{20,})",
        r"|(?P<google>\bAIza[A-Za-z0-9_-]{35}\b)",
        r"|(?P<bearer>\b[Bb]earer [A-Za-z0-9._~+/-]{20,}=*)",
        r"|(?P<private_key>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----)",
    ))
    .ok()
});

/// What is to be kept out of a recording.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Kind and value, longest value first so that a secret containing another is replaced whole.
    known: Vec<(String, String)>,
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
        if value.len() < SHORTEST {
            return;
        }
        // In a line the value stands as JSON wrote it.
        let escaped = serde_json::to_string(value).unwrap_or_default();
        self.known.push((kind.to_owned(), escaped.trim_matches('"').to_owned()));
        self.known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    }

    /// `line` without secrets; borrowed if there are none.
    #[must_use]
    pub fn redact<'l>(&self, line: &'l str) -> Cow<'l, str> {
        let mut line = Cow::Borrowed(line);
        for (kind, value) in &self.known {
            if line.contains(value.as_str()) {
                line = Cow::Owned(line.replace(value.as_str(), &mark(kind, value)));
            }
        }
        let Some(patterns) = PATTERNS.as_ref() else { return line };
        match patterns.replace_all(&line, |captures: &Captures<'_>| {
            let kind = patterns.capture_names().flatten().find(|name| captures.name(name).is_some());
            mark(kind.unwrap_or("key"), &captures[0])
        }) {
            Cow::Borrowed(_) => line,
            Cow::Owned(replaced) => Cow::Owned(replaced),
        }
    }
}

fn mark(kind: &str, value: &str) -> String {
    let hash = blake3::hash(value.as_bytes()).to_hex();
    format!("‹secret:{kind}:{}›", &hash[..8])
}

#[cfg(test)]
mod tests {
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
    fn property_names_and_ordinary_text_stay() {
        let mut redactor = Redactor::default();
        redactor.add("SHORT", "ticket");
        let line = r#"{"api_key":{"type":"string"},"text":"risk-taking about the ticket"}"#;
        assert!(matches!(redactor.redact(line), Cow::Borrowed(same) if same == line));
    }
}
