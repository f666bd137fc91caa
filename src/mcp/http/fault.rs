//! What goes wrong between us and a server over HTTP, in words that say what to do.

use std::error::Error;

use http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};

use crate::web::page_title;

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
    #[error("it answered HTTP {status}{said}; {advice}")]
    Status {
        /// The status.
        status: u16,
        /// Its words, as an addition to a sentence.
        said: String,
        /// What to do about it.
        advice: String,
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
    /// The answer is packed in this way.
    #[error(
        "its answer is packed as {0}, although it was asked for as it is; whatever stands in front of it must not pack it"
    )]
    Coded(String),
    /// The session it gave has an id that cannot be sent back; this many bytes could be.
    #[error(
        "the session id it gave cannot be sent back: it must be visible ASCII of at most {0} bytes; its author can mend that"
    )]
    BadSession(usize),
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
                let said = quoted(page_title(body).or(Some(body)));
                Self::Status { status: status.as_u16(), said, advice: advice(status, header(RETRY_AFTER)) }
            }
        }
    }
}

/// What to do about a refusal; a server can say when to come again.
fn advice(status: StatusCode, after: Option<&str>) -> String {
    match after {
        Some(after) if after.bytes().all(|byte| byte.is_ascii_digit()) => format!("come again in {after} s"),
        Some(after) => format!("come again after {}", after.chars().take(LONGEST_QUOTE).collect::<String>()),
        None if status == StatusCode::TOO_MANY_REQUESTS => "wait a while: it wants fewer requests".to_owned(),
        None if status.is_server_error() => "the fault is its own: try again later, or look at its log".to_owned(),
        None => "it does not take what it was sent: check the address and the headers of its configuration".to_owned(),
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
        assert_eq!(busy, "it answered HTTP 503: come later; come again in 30 s");
        assert!(words(429, None, "").contains("wants fewer requests"));
        assert!(words(422, None, "no").contains("check the address"));
        let page = "<!DOCTYPE html><html><head><TITLE lang=en>502 Bad Gateway</TITLE></head><body><h1>nginx</h1>";
        assert!(words(502, None, page).starts_with("it answered HTTP 502: 502 Bad Gateway; the fault is its own"));
        assert!(words(500, None, &"x".repeat(5000)).len() < 400);
    }
}
