//! What goes wrong between us and a server over HTTP, in words that say what to do.

use std::error::Error;

use http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};

/// Longest piece of a server's own words in ours, characters.
const LONGEST_QUOTE: usize = 300;

/// A fault of one request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// 401, with the server's challenge.
    #[error(
        "it wants authorisation (HTTP 401{0}); give it a header in its configuration, such as \
         \"headers\": {{\"Authorization\": \"Bearer ${{TOKEN}}\"}}, and see that the token is right"
    )]
    Unauthorised(String),
    /// 403, with what it said.
    #[error("it forbids this (HTTP 403{0}); its token may not do it, or it does not take requests from here")]
    Forbidden(String),
    /// 404 or 405: nothing speaks streamable HTTP there.
    #[error(
        "there is no MCP endpoint at this address (HTTP {0}); check the path, which often ends in /mcp. Servers that only \
         speak the older HTTP with server-sent events (until 2024-11-05) cannot be used"
    )]
    NoEndpoint(u16),
    /// A redirect, with its goal.
    #[error("it sends us to {0}, where we do not follow; if that is right, configure that address")]
    Redirected(String),
    /// Any other refusal, with what it said.
    #[error("it answered HTTP {status}{said}{again}")]
    Status {
        /// The status.
        status: u16,
        /// Its words, as an addition to a sentence.
        said: String,
        /// When to come again, as an addition to a sentence.
        again: String,
    },
    /// There was no connection, for this reason.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The answer broke off.
    #[error("its answer broke off: {0}")]
    Broken(String),
    /// The answer is too long.
    #[error("its answer has over {0} bytes, which is too much")]
    TooLong(usize),
    /// The answer has another type, this one.
    #[error("it answered with {0}, which is no MCP; check the address")]
    NotMcp(String),
}

impl HttpFault {
    /// Of a request that had no answer.
    #[must_use]
    pub fn of_request(error: &reqwest::Error) -> Self {
        let reason = Self::reason(error);
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => Self::Unreachable("the connection took too long".to_owned()),
            (true, false) => Self::Unreachable(reason),
            (false, _) => Self::Broken(reason),
        }
    }

    /// The innermost words of an error, which say most.
    #[must_use]
    pub fn reason(error: &reqwest::Error) -> String {
        let deepest = std::iter::successors(Some(error as &dyn Error), |error| (*error).source()).last();
        deepest.map(ToString::to_string).unwrap_or_default()
    }

    /// Of a refusal with its headers and body.
    #[must_use]
    pub fn of_status(status: StatusCode, headers: &HeaderMap, body: &str) -> Self {
        let header = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let quoted = |text: Option<&str>| {
            let text: String = text.unwrap_or_default().trim().chars().take(LONGEST_QUOTE).collect();
            if text.is_empty() { text } else { format!(": {text}") }
        };
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorised(quoted(header(WWW_AUTHENTICATE))),
            StatusCode::FORBIDDEN => Self::Forbidden(quoted(header(WWW_AUTHENTICATE))),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::NoEndpoint(status.as_u16()),
            _ if status.is_redirection() => {
                Self::Redirected(header(LOCATION).unwrap_or("another address").chars().take(LONGEST_QUOTE).collect())
            }
            _ => {
                let again = header(RETRY_AFTER).map(|after| format!("; come again after {after}")).unwrap_or_default();
                Self::Status { status: status.as_u16(), said: quoted(Some(body)), again }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_refusal_says_what_to_do() {
        let words = |status: u16, header: Option<(http::HeaderName, &'static str)>, body: &str| {
            let headers: HeaderMap =
                header.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
            HttpFault::of_status(StatusCode::from_u16(status).expect("a status"), &headers, body).to_string()
        };
        let unauthorised = words(401, Some((WWW_AUTHENTICATE, "Bearer realm=x")), "");
        assert!(
            unauthorised.contains("HTTP 401: Bearer realm=x") && unauthorised.contains("${TOKEN}"),
            "{unauthorised}"
        );
        assert!(words(404, None, "").contains("often ends in /mcp"));
        assert!(
            words(302, Some((LOCATION, "https://evil.example/")), "")
                .contains("https://evil.example/, where we do not")
        );
        let busy = words(503, Some((RETRY_AFTER, "30")), " come later ");
        assert_eq!(busy, "it answered HTTP 503: come later; come again after 30");
        assert!(words(500, None, &"x".repeat(5000)).len() < 400);
    }
}
