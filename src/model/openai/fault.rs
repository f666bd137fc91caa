//! What can go wrong between here and the endpoint, before and beside its answer, with the words for it.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::protocol::ModelFailureCode;

use super::endpoint::Endpoint;

/// A fault of the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing listens there.
    Refused,
    /// The name could not be resolved.
    NoSuchHost,
    /// The secure connection could not be made, in the TLS library's words.
    Tls(String),
    /// No connection within the deadline.
    ConnectTimedOut(Duration),
    /// No connection for another reason.
    NoConnection(String),
    /// The request was sent and nothing came.
    NoAnswer(Duration),
    /// The answer began and nothing more came.
    Stalled(Duration),
    /// The connection broke.
    Broken(String),
    /// The body was no answer: a page, or plain text, with its first words.
    NotAnAnswer(String),
    /// An event was no JSON, with its first words.
    NotJson(String),
    /// The answer is longer than any answer can be.
    Oversize,
    /// The key cannot stand in a header.
    UnusableKey,
    /// The client could not be set up.
    NoClient(String),
}

impl Fault {
    /// The fault behind a client error that came before any answer.
    pub fn from_request(error: reqwest::Error, connect: Duration) -> Self {
        if error.is_builder() {
            return Self::NoClient(error.without_url().to_string());
        }
        if !error.is_connect() {
            return Self::Broken(deepest(&error));
        }
        if error.is_timeout() {
            return Self::ConnectTimedOut(connect);
        }
        for cause in causes(&error) {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.to_string());
            }
            if cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
                return Self::Refused;
            }
            if cause.to_string().contains("dns error") {
                return Self::NoSuchHost;
            }
        }
        Self::NoConnection(deepest(&error))
    }

    /// Its kind.
    /// `has_begun` is whether the endpoint had begun to answer: an answer that falls silent is broken like one that is cut, and
    /// a connection that breaks before it is none.
    pub fn code(&self, has_begun: bool) -> ModelFailureCode {
        match self {
            Self::Broken(_) if !has_begun => ModelFailureCode::Unreachable,
            Self::Refused | Self::NoSuchHost | Self::Tls(_) | Self::NoConnection(_) | Self::NoClient(_) => {
                ModelFailureCode::Unreachable
            }
            Self::ConnectTimedOut(_) | Self::NoAnswer(_) => ModelFailureCode::TimedOut,
            Self::Stalled(_) | Self::Broken(_) | Self::Oversize | Self::NotJson(_) => ModelFailureCode::BrokenStream,
            Self::NotAnAnswer(_) => ModelFailureCode::Malformed,
            Self::UnusableKey => ModelFailureCode::Unauthorised,
        }
    }

    /// Whether another attempt may help without anybody doing anything. A silent endpoint is not asked again:
    /// the deadline was long, and a local model would only have to start over.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::ConnectTimedOut(_) | Self::NoConnection(_) | Self::Broken(_) => true,
            Self::Refused
            | Self::NoSuchHost
            | Self::Tls(_)
            | Self::NoAnswer(_)
            | Self::Stalled(_)
            | Self::NotAnAnswer(_)
            | Self::NotJson(_)
            | Self::Oversize
            | Self::UnusableKey
            | Self::NoClient(_) => false,
        }
    }

    /// What happened, to what, and what to do.
    pub fn words(&self, endpoint: &Endpoint) -> String {
        let shown = &endpoint.shown;
        match self {
            Self::Refused if endpoint.local => format!(
                "Nothing listens at {shown}. Start the model server (Ollama: `ollama serve`; llama.cpp: `llama-server --jinja`; \
                 LM Studio: its Developer tab), or set OPENAI_BASE_URL to where it is."
            ),
            Self::Refused => {
                format!("{shown} refused the connection. Check OPENAI_BASE_URL and that the endpoint is running.")
            }
            Self::NoSuchHost => {
                format!("The host {} was not found. Check the network and OPENAI_BASE_URL ({shown}).", endpoint.host())
            }
            Self::Tls(said) => {
                let advice = if endpoint.local {
                    "A local endpoint is mostly http://, not https://."
                } else {
                    "Check OPENAI_BASE_URL, the clock and the certificates."
                };
                format!("No secure connection to {shown}: {said}. {advice}")
            }
            Self::ConnectTimedOut(limit) => {
                format!("No connection to {shown} within {}. Check the network and OPENAI_BASE_URL.", seconds(*limit))
            }
            Self::NoConnection(said) => {
                format!("No connection to {shown}: {said}. Check the network and OPENAI_BASE_URL.")
            }
            Self::NoAnswer(limit) => {
                let advice = if endpoint.local { "The model may still be loading; ask again." } else { "Ask again." };
                format!("{shown} took the question and sent nothing for {}. {advice}", seconds(*limit))
            }
            Self::Stalled(limit) => format!(
                "{shown} began to answer and then sent nothing for {}. Nothing of the answer was run. Ask again.",
                seconds(*limit)
            ),
            Self::Broken(said) => {
                format!("The connection to {shown} broke ({said}). Nothing of the answer was run. Ask again.")
            }
            Self::NotAnAnswer(said) => format!(
                "{shown} answered, but not with a chat completion{}. Check OPENAI_BASE_URL{}.",
                quoted(said),
                if endpoint.versioned { String::new() } else { format!("; it probably lacks /v1: {shown}/v1") }
            ),
            Self::NotJson(said) => {
                format!(
                    "{shown} sent something that is no part of an answer{}. Nothing of it was run. Ask again.",
                    quoted(said)
                )
            }
            Self::Oversize => {
                format!(
                    "{shown} sent more than an answer can hold. Nothing of it was run. Ask for less, or try another model."
                )
            }
            Self::UnusableKey => {
                "The key in OPENAI_API_KEY has characters no key has, such as a line break. Set it again.".to_owned()
            }
            Self::NoClient(said) => {
                format!("No client for {shown} could be set up: {said}. Check the certificates of this machine.")
            }
        }
    }

    /// A few words for the line that announces the next attempt.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::NoSuchHost => "host not found",
            Self::Tls(_) => "no secure connection",
            Self::ConnectTimedOut(_) => "no connection in time",
            Self::NoConnection(_) => "no connection",
            Self::NoAnswer(_) => "no answer in time",
            Self::Stalled(_) => "the answer stalled",
            Self::Broken(_) => "the connection broke",
            Self::NotAnAnswer(_) => "no chat completion",
            Self::NotJson(_) => "an event was no JSON",
            Self::Oversize => "the answer was too long",
            Self::UnusableKey => "the key cannot be used",
            Self::NoClient(_) => "no client",
        }
    }
}

/// An error and its causes. An I/O error's own source skips the error it wraps, so that one is looked at first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The innermost cause: the outer ones only say that a request failed, and name the URL.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The endpoint's words as an addition to a sentence.
pub(super) fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" (it said: {said})") }
}

/// A duration as people say it.
pub(super) fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1 => "1 second".to_owned(),
        seconds @ 2..=119 => format!("{seconds} seconds"),
        seconds @ 120..=7_140 => format!("{} minutes", seconds.div_ceil(60)),
        // Rather a little late than too early.
        seconds => match (seconds.div_ceil(60) / 60, seconds.div_ceil(60) % 60) {
            (hours, 0) => format!("{hours} hours"),
            (hours, minutes) => format!("{hours} hours {minutes} min"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(base: &str, fault: &Fault) -> String {
        fault.words(&Endpoint::parse(base).unwrap())
    }

    #[test]
    fn a_refused_local_endpoint_is_told_how_to_start() {
        let said = words("http://me:hush@localhost:11434/v1", &Fault::Refused);
        assert!(said.contains("http://localhost:11434/v1") && said.contains("ollama serve"), "{said}");
        assert!(!said.contains("hush"), "{said}");
        assert!(!words("https://example.org/v1", &Fault::Refused).contains("ollama"));
    }

    #[test]
    fn a_page_instead_of_an_answer_hints_at_the_missing_version() {
        let fault = Fault::NotAnAnswer("Ollama is running".to_owned());
        assert!(words("http://localhost:11434", &fault).contains("http://localhost:11434/v1"));
        assert!(!words("http://localhost:11434/v1", &fault).contains("lacks"));
    }

    #[test]
    fn an_answer_that_falls_silent_is_broken_like_one_that_is_cut_and_no_answer_is_none_however_it_failed_to_come() {
        let (silent, cut) = (Fault::Stalled(Duration::from_secs(1)), Fault::Broken("reset".to_owned()));
        assert_eq!([silent.code(true), cut.code(true)], [ModelFailureCode::BrokenStream; 2]);
        let exit = |code| crate::failure::Failure::of_model(code, String::new()).exit;
        let none = Fault::NoAnswer(Duration::from_secs(1));
        assert_eq!([exit(none.code(false)), exit(cut.code(false))], [crate::failure::Exit::Unreachable; 2]);
        assert_eq!(exit(silent.code(true)), crate::failure::Exit::Failed);
    }

    #[test]
    fn waits_are_said_as_people_say_them() {
        let said = |ms: u64| seconds(Duration::from_millis(ms));
        assert_eq!(
            (said(20).as_str(), said(1000).as_str(), said(60_000).as_str()),
            ("20 ms", "1 second", "60 seconds")
        );
        assert_eq!(said(300_000), "5 minutes");
        assert_eq!((said(7_140_000).as_str(), said(7_200_000).as_str()), ("119 minutes", "2 hours"));
        assert_eq!((said(86_400_000).as_str(), said(86_401_000).as_str()), ("24 hours", "24 hours 1 min"));
    }
}
