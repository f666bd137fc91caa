//! Which endpoint is asked, with which key and model, and how patiently.

use std::fmt;
use std::time::Duration;

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
    /// After a fault, which mostly passes at once or not at all.
    pub fault: Pace,
    /// After a refusal because of too many requests (429): such limits count by the minute.
    pub limit: Pace,
    /// The longest `Retry-After` that is obeyed; beyond it the request fails.
    pub longest_obeyed: Duration,
}

/// How often to try after one kind of failure, where the endpoint does not say how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Attempts at most, the first included.
    pub attempts: u32,
    /// The wait before the second attempt; each later one is twice as long.
    pub first_delay: Duration,
    /// The longest wait.
    pub longest_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: OFFICIAL_BASE_URL.to_owned(),
            api_key: None,
            model: DEFAULT_MODEL.to_owned(),
            timeouts: Timeouts::default(),
            retries: Retries::default(),
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
            fault: Pace { attempts: 3, first_delay: Duration::from_millis(500), longest_delay: Duration::from_secs(2) },
            limit: Pace { attempts: 6, first_delay: Duration::from_secs(2), longest_delay: Duration::from_secs(20) },
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

    #[test]
    fn debug_output_shows_no_credentials() {
        let settings = Settings {
            api_key: ApiKey::new(" hush-hush\n"),
            base_url: "http://ada:hush@localhost/v1".to_owned(),
            ..Settings::default()
        };
        assert_eq!(settings.api_key.as_ref().map(ApiKey::expose), Some("hush-hush"));
        assert_eq!(ApiKey::new("  "), None);
        let shown = format!("{settings:?}");
        assert!(shown.contains("localhost/v1"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
