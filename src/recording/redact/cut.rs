//! Where a text that goes on can be cut: a secret on both sides of the cut would be recognised on neither.

use std::sync::LazyLock;

use regex::Regex;

use super::{Known, Redactor};

/// The longest end of a text that is held back for what may follow, bytes: a key of 16384 bits has 13 KB.
const LONGEST_HELD: usize = 16 * 1024;

/// A private key, or the beginning of one that has no `end`.
static PRIVATE_KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?s)-----BEGIN [A-Z ]*(?:\z|PRIVATE KEY-----",
        r"(?:.*?(?P<end>-----END [A-Z ]*PRIVATE KEY-----)|.*))",
    ))
    .ok()
});

impl Redactor {
    /// How many bytes of `text` can be told before what follows is known, without telling a part of a secret. What has
    /// over 16 KiB to wait for the rest of is told all the same.
    #[must_use]
    pub fn complete(&self, text: &str) -> usize {
        let mut kept = words(text);
        loop {
            let begun = self.known.iter().filter_map(|known| begun(known, text, kept));
            let Some(earlier) = begun.chain(begun_key(&text[..kept])).min() else { break };
            kept = earlier;
        }
        if text.len() - kept > LONGEST_HELD { text.len() } else { kept }
    }
}

/// How many bytes there are without a last word that may go on. What no key contains ends a word: scripts without spaces flow.
fn words(text: &str) -> usize {
    let end = |text: &str| text.rfind(|c: char| !c.is_ascii_graphic()).map_or(0, |at| text.ceil_char_boundary(at + 1));
    let complete = end(text);
    let before = text[..complete].trim_end();
    // `Bearer` and what follows it are one secret.
    if before.ends_with("earer") { end(before) } else { complete }
}

/// Where a known value begins that a cut at `kept` would divide.
fn begun(known: &Known, text: &str, kept: usize) -> Option<usize> {
    [&known.value, &known.nested]
        .into_iter()
        .filter_map(|form| {
            let first = text.ceil_char_boundary((kept + 1).saturating_sub(form.len()));
            let divided = |at: &usize| text[*at..].starts_with(form.as_str()) || form.starts_with(&text[*at..]);
            (first..kept).filter(|at| text.is_char_boundary(*at)).find(divided)
        })
        .min()
}

/// Where a private key begins that has not ended.
fn begun_key(text: &str) -> Option<usize> {
    let mut keys = PRIVATE_KEY.as_ref()?.captures_iter(text);
    let open = keys.find(|key| key.name("end").is_none())?;
    open.get(0).map(|open| open.start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> &str {
        let mut redactor = Redactor::default();
        redactor.add("PASSPHRASE", "correct horse battery");
        redactor.add("ПАРОЛЬ", "пароль один");
        &text[..redactor.complete(text)]
    }

    #[test]
    fn what_may_become_a_secret_is_held_back_and_nothing_else() {
        for (text, expected) in [
            ("my key is sk-a1", "my key is "),
            ("send Authorization: Bearer ", "send Authorization: "),
            ("it says correct ", "it says "),
            ("it says correct horse battery", "it says "),
            ("it says correct horse battery, twice", "it says correct horse battery, "),
            ("that is correct, and ", "that is correct, and "),
            ("скажи пароль о", "скажи "),
            ("cert: -----BEGIN RSA ", "cert: "),
            ("cert: -----BEGIN CERTIFICATE----- ", "cert: -----BEGIN CERTIFICATE----- "),
            ("key: -----BEGIN PRIVATE KEY-----\nTUlJ\n", "key: "),
            ("key: -----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----", "key: "),
            (
                "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n",
            ),
            ("重要なチケット", "重要なチケット"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn what_waits_too_long_for_its_rest_is_told() {
        let begun = format!("-----BEGIN PRIVATE KEY-----\n{}", "x\n".repeat(LONGEST_HELD / 2));
        assert_eq!(told(&begun), begun);
        let word = "x".repeat(LONGEST_HELD);
        assert_eq!((told(&word), told(&format!("{word}x")).len()), ("", LONGEST_HELD + 1));
    }

    proptest! {
        #[test]
        fn a_secret_is_found_however_the_text_comes(
            secret in r"(correct horse battery|пароль один|sk-[a-z]{24}|Bearer [a-z.]{20,900}|-----BEGIN RSA PRIVATE KEY-----\n([A-Z]{9}\n){1,9}-----END RSA PRIVATE KEY-----)",
            before in r"([a-z .]{0,9} )?",
            after in r"( [a-z .]{0,9})?",
            length in 1_usize..40,
        ) {
            let mut redactor = Redactor::default();
            redactor.add("PASSPHRASE", "correct horse battery");
            redactor.add("ПАРОЛЬ", "пароль один");
            let redact = |text: &str| {
                let line = serde_json::Value::from(text).to_string();
                serde_json::from_str::<String>(&redactor.redact(&line)).expect("still JSON")
            };
            let whole = format!("{before}{secret}{after}");
            let (mut waiting, mut shown) = (String::new(), String::new());
            for piece in whole.chars().collect::<Vec<_>>().chunks(length) {
                waiting.extend(piece);
                let rest = waiting.split_off(redactor.complete(&waiting));
                shown.push_str(&redact(&std::mem::replace(&mut waiting, rest)));
            }
            shown.push_str(&redact(&waiting));
            prop_assert_eq!(shown, redact(&whole));
        }
    }
}
