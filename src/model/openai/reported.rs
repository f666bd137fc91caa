//! What an endpoint says went wrong: one readable sentence out of any error body. Pure.

use serde_json::{Map, Value};

use crate::sanitise::clean_line;
use crate::web::page_title;

/// The longest sentence that is quoted, in characters.
const MAX_SENTENCE: usize = 400;

/// An endpoint's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    /// One line in which control characters can be seen, at most 400 characters; empty if it said nothing.
    pub sentence: String,
    /// `type`, `code` and `param` in lower case, separated by spaces.
    pub codes: String,
    /// The status the error itself names, as errors inside a stream do.
    pub status: Option<u16>,
}

impl Reported {
    /// Reads an error body of any shape. `secrets` are never quoted.
    pub fn from_body(body: &[u8], secrets: &[&str]) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Self::from_value(&value, secrets),
            Err(_) => Self { sentence: clean(&without_markup(&text), secrets), ..Self::default() },
        }
    }

    /// Reads an error that is JSON already.
    pub fn from_value(value: &Value, secrets: &[&str]) -> Self {
        let mut found = Found::default();
        found.look(value);
        let mut codes = found.codes.join(" ").to_lowercase();
        let status = found.status.or_else(|| status_of(&codes));
        if let Some(raw) = found.raw {
            // A router's own words say only that its provider failed.
            found.sentences.push(Self::from_body(raw.as_bytes(), &[]).sentence);
        }
        codes.truncate(codes.floor_char_boundary(MAX_SENTENCE));
        found.sentences.dedup();
        Self { sentence: clean(&found.sentences.join(": "), secrets), codes, status }
    }

    /// Whether it says that the conversation is longer than the model takes.
    pub fn is_overflow(&self) -> bool {
        const CODES: [&str; 3] = ["context_length_exceeded", "exceed_context_size", "context_window_exceeded"];
        const WORDS: [&str; 18] = [
            "maximum context length",            // OpenAI, vLLM, DeepSeek, OpenRouter
            "maximum model length",              // vLLM
            "longer than the maximum",           // vLLM
            "max_model_len",                     // vLLM
            "available context size",            // llama.cpp
            "context size exceeded",             // llama.cpp
            "context size has been exceeded",    // LM Studio, MLX
            "context the overflows",             // LM Studio, as it spells it
            "context overflow",                  // LM Studio
            "greater than the context length",   // LM Studio
            "reached context length",            // LM Studio
            "exceeds the context length",        // Ollama
            "exceed context window",             // llama-cpp-python
            "context window of this model",      // compatible layers of others
            "prompt is too long",                // Anthropic
            "maximum number of tokens allowed",  // Google
            "reduce the length of the messages", // OpenAI, Groq
            "request too large",                 // OpenAI's limit per minute is below the request
        ];
        let sentence = self.sentence.to_lowercase();
        CODES.iter().any(|code| self.codes.contains(code)) || WORDS.iter().any(|words| sentence.contains(words))
    }
}

#[derive(Default)]
struct Found {
    sentences: Vec<String>,
    codes: Vec<String>,
    status: Option<u16>,
    raw: Option<String>,
}

impl Found {
    fn look(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.look_at_text(text),
            Value::Array(items) => items.iter().take(3).for_each(|item| self.look(item)),
            Value::Object(object) => self.look_at_object(object),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A message may be the whole JSON error of a server further up.
    fn look_at_text(&mut self, text: &str) {
        match serde_json::from_str::<Value>(text) {
            Ok(inner @ Value::Object(_)) => self.look(&inner),
            Ok(_) | Err(_) => self.sentences.push(text.to_owned()),
        }
    }

    fn look_at_object(&mut self, object: &Map<String, Value>) {
        for name in ["code", "status", "status_code"] {
            match object.get(name) {
                Some(Value::Number(number)) => self.status = self.status.or(number.as_u64().and_then(http_error)),
                Some(Value::String(code)) => {
                    self.status = self.status.or(code.parse().ok().and_then(http_error));
                    self.codes.push(code.clone());
                }
                Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {}
            }
        }
        for name in ["type", "param"] {
            self.codes.extend(object.get(name).and_then(Value::as_str).map(str::to_owned));
        }
        // FastAPI tells the place of a wrong member in `loc`.
        if let (Some(Value::Array(place)), Some(Value::String(words))) = (object.get("loc"), object.get("msg")) {
            let place: Vec<_> =
                place.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            self.sentences.push(format!("{}: {words}", place.join(".")));
            return;
        }
        let members =
            ["error", "errors", "detail", "details", "message", "msg", "error_description", "title", "reason"];
        let before = self.sentences.len();
        for name in members {
            if self.sentences.len() == before
                && let Some(inner) = object.get(name)
            {
                self.look(inner);
            }
        }
        let raw = object.get("metadata").and_then(|metadata| metadata.get("raw")).and_then(Value::as_str);
        self.raw = self.raw.take().or(raw.map(str::to_owned));
    }
}

fn http_error(number: u64) -> Option<u16> {
    u16::try_from(number).ok().filter(|number| (400..600).contains(number))
}

/// The HTTP status that stands for a named error.
fn status_of(codes: &str) -> Option<u16> {
    const KNOWN: [(&str, u16); 11] = [
        ("insufficient_quota", 429),
        ("rate_limit", 429),
        ("invalid_api_key", 401),
        ("authentication_error", 401),
        ("permission_error", 403),
        ("model_not_found", 404),
        ("not_found_error", 404),
        ("invalid_request_error", 400),
        ("overloaded", 503),
        ("server_error", 500),
        ("internal_error", 500),
    ];
    KNOWN.iter().find(|(code, _)| codes.contains(code)).map(|(_, status)| *status)
}

/// The text of a page: its title if it has one, else everything outside of tags.
fn without_markup(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    if let Some(title) = page_title(text) {
        return title.to_owned();
    }
    let mut words = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push(' ');
            }
            character if !in_tag => words.push(character),
            _ => {}
        }
    }
    words
}

/// One line in which control, direction and invisible characters can be seen, without secrets, of bounded length.
pub(super) fn clean(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(*secret, "‹key›");
    }
    let words: Vec<_> = text.split_whitespace().map(|word| if is_key(word) { "‹key›" } else { word }).collect();
    let line = clean_line(&words.join(" ")).into_owned();
    if line.chars().count() <= MAX_SENTENCE {
        return line;
    }
    line.chars().take(MAX_SENTENCE - 1).chain(['…']).collect()
}

/// Keys of common forms, also those an endpoint has masked in the middle: their ends are still nobody's business.
fn is_key(word: &str) -> bool {
    let inner = word.trim_start_matches(|character: char| !character.is_ascii_alphanumeric());
    let prefixed = ["sk-", "sk_", "gsk_", "xai-", "hf_", "AIza", "key-"].iter().any(|prefix| inner.starts_with(prefix));
    (prefixed && inner.len() >= 12)
        || word.contains("***")
        || word.contains("...sk")
        || (prefixed && word.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(body: &str) -> String {
        Reported::from_body(body.as_bytes(), &["hush"]).sentence
    }

    #[test]
    fn every_shape_of_error_body_becomes_one_sentence() {
        for (body, expected) in [
            (
                r#"{"error":{"message":"No such model.","type":"invalid_request_error","code":"model_not_found"}}"#,
                "No such model.",
            ),
            (r#"{"error":{"message":"Bad.","code":400}}"#, "Bad."),
            (r#"{"error":"model 'x' not found"}"#, "model 'x' not found"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
                "body.stream_options: Extra inputs are not permitted",
            ),
            (r#"{"object":"error","message":"Too long.","code":40303}"#, "Too long."),
            (r#"[{"error":{"code":400,"message":"From an array.","status":"INVALID_ARGUMENT"}}]"#, "From an array."),
            (r#"{"error":{"message":"{\"error\":{\"message\":\"Inner.\"}}"}}"#, "Inner."),
            (
                r#"{"error":{"message":"Provider failed","metadata":{"raw":"{\"error\":\"no GPU\"}"}}}"#,
                "Provider failed: no GPU",
            ),
            ("<html><head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
            ("<h1>Oops</h1><p>Try\nlater</p>", "Oops Try later"),
            ("upstream connect error", "upstream connect error"),
            ("", ""),
            ("{}", ""),
        ] {
            assert_eq!(sentence(body), expected, "{body}");
        }
    }

    #[test]
    fn control_and_direction_characters_can_be_seen() {
        assert_eq!(sentence("{\"error\":\"a\\u001b[31mb\\u202ec\\u2800\\r\\nd\"}"), "a␛[31mb⟨U+202E⟩c⟨U+2800⟩ d");
    }

    #[test]
    fn keys_are_never_quoted_whole_or_in_part() {
        let said =
            r#"{"error":{"message":"Incorrect API key provided: sk-proj-abcdefgh1234. Also hush and sk-ab***yz"}}"#;
        assert_eq!(sentence(said), "Incorrect API key provided: ‹key› Also ‹key› and ‹key›");
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(sentence(&"ä".repeat(5000)).chars().count(), 400);
    }

    #[test]
    fn statuses_are_read_from_numbers_and_names() {
        let status = |body: &str| Reported::from_body(body.as_bytes(), &[]).status;
        assert_eq!(status(r#"{"error":{"code":429,"message":"slow"}}"#), Some(429));
        assert_eq!(status(r#"{"error":{"code":"503","message":"busy"}}"#), Some(503));
        assert_eq!(status(r#"{"error":{"type":"overloaded_error","message":"busy"}}"#), Some(503));
        assert_eq!(status(r#"{"error":{"code":40303,"message":"odd"}}"#), None);
    }

    #[test]
    fn overflow_is_recognised_in_the_words_of_each_back_end() {
        for body in [
            r#"{"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 9000","code":400}"#,
            r#"{"error":{"message":"The decoder prompt (length 5000) is longer than the maximum model length of 4096.","code":400}}"#,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            r#"{"error":"Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens"}"#,
            r#"{"error":"The number of tokens to keep from the initial prompt is greater than the context length."}"#,
        ] {
            assert!(Reported::from_body(body.as_bytes(), &[]).is_overflow(), "{body}");
        }
        assert!(!Reported::from_body(br#"{"error":"temperature must be below the maximum"}"#, &[]).is_overflow());
    }
}
