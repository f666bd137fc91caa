//! What stands in a recording, and on the screen, where a secret was: `‹secret:KIND:HASH›`, the same for equal secrets.

use serde_json::Value;

const OPENING: &str = "‹secret:";
const CLOSING: char = '›';
/// Hexadecimal digits of a hash.
const DIGITS: usize = 8;

/// The mark of a secret: its kind, such as a variable's name, and its hash as hexadecimal digits.
#[must_use]
pub fn secret_mark(kind: &str, hash: &str) -> String {
    format!("{OPENING}{kind}:{hash:.DIGITS$}{CLOSING}")
}

/// The marks in the strings of a value, in order. Property names are never marked.
#[must_use]
pub fn secret_marks(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.match_indices(OPENING).filter_map(|(at, _)| mark_at(&text[at..])).collect(),
        Value::Array(items) => items.iter().flat_map(secret_marks).collect(),
        Value::Object(fields) => fields.values().flat_map(secret_marks).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The mark that a text begins with, if it does.
fn mark_at(text: &str) -> Option<&str> {
    let inside = &text[OPENING.len()..];
    let end = inside.find(CLOSING)?;
    let (_, hash) = inside[..end].rsplit_once(':')?;
    let is_mark = hash.len() == DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_mark.then(|| &text[..OPENING.len() + end + CLOSING.len_utf8()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_are_found_in_every_string_and_nowhere_else() {
        let (key, token) = (secret_mark("openai", "0123456789abcdef"), secret_mark("a: b", "89abcdef"));
        assert_eq!(key, "‹secret:openai:01234567›");
        let value = json!({"a": format!("{key} and {key}"), "b": [1, {"c": format!("x{token}›")}], key.clone(): null});
        assert_eq!(secret_marks(&value), [key.as_str(), &key, &token]);
        for words in ["‹secret:›", "‹secret:openai:0123›", "‹secret:openai:01234567", "‹email:1›", "secret:a:01234567›"]
        {
            assert_eq!(secret_marks(&json!(words)), [""; 0], "{words}");
        }
    }
}
