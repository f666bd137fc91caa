//! Which endpoint is asked, with which key and model, and how patiently.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::endpoint::without_userinfo;

/// Where OpenAI itself answers.
pub const OFFICIAL_BASE_URL: &str = "https://api.openai.com/v1";
/// The model that is asked for when none is named.
pub const DEFAULT_MODEL: &str = "gpt-4.1";

/// Everything an endpoint needs to be asked.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// Base URL up to and including `/v1`; `/chat/completions` is added.
    pub base_url: String,
    /// The key; local endpoints need none.
    pub api_key: Option<ApiKey>,
    /// The model's name as the endpoint knows it.
    pub model: String,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How often to try and how long to wait in between.
    pub retries: Retries,
    /// More members of the request, such as `reasoning_effort` or `temperature`; they cannot replace messages, model or tools.
    pub extra: Map<String, Value>,
}

/// A secret that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// From sending the request to the first byte of the answer's body.
    pub first_byte: Duration,
    /// Between two pieces of the answer; comments count as pieces.
    pub idle: Duration,
}

/// How often to try, and how long to wait in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts at most, the first included.
    pub attempts: u32,
    /// The wait before the second attempt; each later one is twice as long.
    pub first_delay: Duration,
    /// The longest wait of our own choice.
    pub longest_delay: Duration,
    /// The longest `Retry-After` that is obeyed; beyond it the request fails.
    pub longest_obeyed: Duration,
}

impl Settings {
    /// Settings from `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `OPENAI_MODEL`; unset or blank ones are defaults.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let defaults = Self::default();
        Self {
            base_url: given("OPENAI_BASE_URL").unwrap_or(defaults.base_url),
            api_key: given("OPENAI_API_KEY").and_then(ApiKey::new),
            model: given("OPENAI_MODEL").unwrap_or(defaults.model),
            timeouts: defaults.timeouts,
            retries: defaults.retries,
            extra: defaults.extra,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: OFFICIAL_BASE_URL.to_owned(),
            api_key: None,
            model: DEFAULT_MODEL.to_owned(),
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            extra: Map::new(),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), first_byte: Duration::from_secs(60), idle: Duration::from_secs(60) }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(2),
            longest_obeyed: Duration::from_secs(60),
        }
    }
}

impl ApiKey {
    /// A key without surrounding white space; nothing if there is nothing else.
    pub fn new(text: impl AsRef<str>) -> Option<Self> {
        let text = text.as_ref().trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the request header and for finding it in text that must not show it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Without the credentials a base URL may have.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("base_url", &without_userinfo(&self.base_url))
            .field("api_key", &self.api_key)
            .field("model", &self.model)
            .field("timeouts", &self.timeouts)
            .field("retries", &self.retries)
            .field("extra", &self.extra)
            .finish()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(‹not shown›)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Settings {
        Settings::from_variables(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_variables_the_official_endpoint_is_asked() {
        assert_eq!(from(&[]), Settings::default());
        assert_eq!(from(&[("OPENAI_API_KEY", "  "), ("OPENAI_BASE_URL", "")]), Settings::default());
    }

    #[test]
    fn variables_win_and_are_trimmed() {
        let settings = from(&[
            ("OPENAI_API_KEY", " secret\n"),
            ("OPENAI_BASE_URL", " http://localhost:11434/v1 "),
            ("OPENAI_MODEL", "qwen3"),
        ]);
        assert_eq!(settings.api_key.as_ref().map(ApiKey::expose), Some("secret"));
        assert_eq!(settings.base_url, "http://localhost:11434/v1");
        assert_eq!(settings.model, "qwen3");
    }

    #[test]
    fn debug_output_shows_no_credentials() {
        let variables = [("OPENAI_API_KEY", "hush-hush"), ("OPENAI_BASE_URL", "http://ada:hush@localhost/v1")];
        let shown = format!("{:?}", from(&variables));
        assert!(shown.contains("localhost/v1"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
