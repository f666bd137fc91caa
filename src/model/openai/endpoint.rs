//! The base URL: what is asked, and how it is named in messages without its credentials.

use reqwest::Url;
use thiserror::Error;

use crate::web;

/// A base URL that was understood. Not `Debug`: it holds credentials.
#[derive(Clone)]
pub(super) struct Endpoint {
    /// Where completions are posted, query and credentials included.
    pub completions: Url,
    /// The base URL for messages: no credentials, no query.
    pub shown: String,
    /// The password in the base URL, which must not be echoed.
    pub password: Option<String>,
    /// Whether it is on this machine.
    pub local: bool,
    /// Whether the path ends in a version such as `/v1`.
    pub versioned: bool,
}

/// A base URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It has no scheme, or not one of the two.
    #[error(
        "the base URL {0:?} must start with http:// or https://, like http://localhost:11434/v1; check OPENAI_BASE_URL"
    )]
    Scheme(String),
    /// It is no URL.
    #[error("the base URL is no valid URL ({0}); check OPENAI_BASE_URL")]
    Invalid(String),
}

impl Endpoint {
    /// Reads a base URL. A trailing slash and a trailing `/chat/completions` are tolerated.
    ///
    /// # Errors
    /// In words that name the variable, never the credentials in it.
    pub fn parse(base_url: &str) -> Result<Self, EndpointError> {
        let base_url = base_url.trim();
        let Some((scheme, rest)) = base_url.split_once("://") else {
            return Err(EndpointError::Scheme(without_userinfo(base_url).to_owned()));
        };
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(EndpointError::Scheme(format!("{scheme}://{}", without_userinfo(rest))));
        }
        let mut url = Url::parse(base_url).map_err(|error| EndpointError::Invalid(error.to_string()))?;
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path).trim_end_matches('/').to_owned();

        let mut shown = url.clone();
        shown.set_path(&path);
        shown.set_query(None);
        let password = url.password().map(str::to_owned).filter(|password| !password.is_empty());
        // Both can only fail for URLs without a host, which http and https never are.
        let cleared = shown.set_username("").is_ok() && shown.set_password(None).is_ok();
        if !cleared {
            return Err(EndpointError::Invalid("it has no host".to_owned()));
        }
        let local = web::is_local(&url);
        url.set_path(&format!("{path}/chat/completions"));
        Ok(Self {
            completions: url,
            shown: shown.as_str().trim_end_matches('/').to_owned(),
            password,
            local,
            versioned: ends_in_version(&path),
        })
    }

    /// The host's name, for messages about finding it.
    pub fn host(&self) -> &str {
        self.completions.host_str().unwrap_or("the host")
    }
}

/// What stands after `user:password@`, if that is there.
pub(super) fn without_userinfo(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

fn ends_in_version(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    // Google's compatible endpoint ends in `/v1beta/openai`.
    last == "openai" || last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_the_full_path_are_tolerated() {
        for base in
            ["http://localhost:1234/v1", "http://localhost:1234/v1/", "http://localhost:1234/v1/chat/completions"]
        {
            let endpoint = Endpoint::parse(base).unwrap();
            assert_eq!(endpoint.completions.as_str(), "http://localhost:1234/v1/chat/completions");
            assert_eq!(endpoint.shown, "http://localhost:1234/v1");
            assert!(endpoint.local && endpoint.versioned);
        }
    }

    #[test]
    fn a_query_is_kept_for_the_request_and_not_shown() {
        let endpoint = Endpoint::parse("https://example.org/openai?api-version=7&sig=hush").unwrap();
        assert_eq!(endpoint.completions.as_str(), "https://example.org/openai/chat/completions?api-version=7&sig=hush");
        assert_eq!(endpoint.shown, "https://example.org/openai");
        assert!(!endpoint.local);
    }

    #[test]
    fn credentials_are_never_shown() {
        let endpoint = Endpoint::parse("https://ada:hush@example.org/v1").unwrap();
        assert_eq!(endpoint.shown, "https://example.org/v1");
        assert_eq!(endpoint.password.as_deref(), Some("hush"));
        for bad in
            ["ada:hush@example.org/v1", "ftp://ada:hush@example.org", "https://ada:hush@", "https://ada:hush@[x]/"]
        {
            let words = Endpoint::parse(bad).err().unwrap().to_string();
            assert!(words.contains("OPENAI_BASE_URL") && !words.contains("hush"), "{words}");
        }
    }

    #[test]
    fn a_missing_scheme_is_said_in_words() {
        let words = Endpoint::parse("localhost:11434/v1").err().unwrap().to_string();
        assert!(words.contains("http://") && words.contains("localhost:11434/v1"), "{words}");
    }

    #[test]
    fn loopback_addresses_are_local_and_others_are_not() {
        let local = |base: &str| Endpoint::parse(base).unwrap().local;
        assert!(local("http://127.0.0.1:8080/v1") && local("http://[::1]:8080/v1") && local("http://0.0.0.0:8080"));
        assert!(!local("http://192.168.1.5/v1") && !local("https://api.openai.com/v1"));
    }

    #[test]
    fn a_missing_version_in_the_path_is_noticed() {
        let versioned = |base: &str| Endpoint::parse(base).unwrap().versioned;
        assert!(!versioned("http://localhost:11434") && !versioned("https://example.org/video"));
        assert!(versioned("https://example.org/v1beta/openai/") && versioned("https://example.org/api/v1"));
    }
}
