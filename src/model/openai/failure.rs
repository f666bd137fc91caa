//! Failures in words: what happened, to what, and what to do, and whether asking again may help. Pure.

use std::time::Duration;

use serde_json::Value;

use crate::protocol::{ModelFailed, ModelFailureCode};

use super::answer::Flaw;
use super::body::{Omittable, Refused};
use super::endpoint::Endpoint;
use super::fault::{Fault, quoted};
use super::reported::{Reported, clean};
use super::settings::ApiKey;

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What the user is told if this was the last attempt.
    pub failed: ModelFailed,
    /// A few words for the line that announces the next attempt.
    pub brief: String,
    /// What may help.
    pub remedy: Remedy,
}

/// What may help after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing we can do.
    None,
    /// Waiting a moment, or as long as the endpoint asks.
    Wait(Option<Duration>),
    /// Waiting until a limit of requests allows more, or as long as the endpoint asks.
    WaitForLimit(Option<Duration>),
    /// Asking without something the endpoint does not know.
    Without(Omittable),
}

/// Who is asked for what: everything the words need.
#[derive(Clone)]
pub(super) struct Asked {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The model.
    pub model: String,
    /// The key, only to keep it out of the words.
    pub key: Option<ApiKey>,
}

/// An HTTP answer that is a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// How long the endpoint asks to wait.
    pub retry_after: Option<Duration>,
    /// The first 64 KiB of the body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The failure for an HTTP refusal; `refused` is what was left out of the request already.
    pub fn refused(&self, refusal: &Refusal, refused: Refused) -> Failure {
        let reported = Reported::from_body(&refusal.body, &self.secrets());
        self.reported(refusal.status, refusal.retry_after, &reported, refused)
    }

    /// The failure for an error object in place of an answer or in the middle of one.
    pub fn error_event(&self, error: &Value, refused: Refused) -> Failure {
        let reported = Reported::from_value(error, &self.secrets());
        if let Some(status) = reported.status {
            return self.reported(status, None, &reported, refused);
        }
        if reported.is_overflow() {
            return self.overflow(200, &reported);
        }
        Failure {
            failed: failed(
                ModelFailureCode::BrokenStream,
                Some(200),
                format!(
                    "{} broke its answer off with an error{}. Nothing of it was run. Ask again.",
                    self.shown(),
                    quoted(&reported.sentence)
                ),
            ),
            brief: "an error instead of the answer".to_owned(),
            remedy: Remedy::Wait(None),
        }
    }

    /// The failure for a fault of the transport; `status` is that of the answer, if there was one.
    pub fn fault(&self, fault: &Fault, status: Option<u16>) -> Failure {
        let words = clean_words(&fault.words(&self.endpoint), &self.secrets());
        let remedy = if fault.may_pass() { Remedy::Wait(None) } else { Remedy::None };
        Failure { failed: failed(fault.code(status.is_some()), status, words), brief: fault.brief().to_owned(), remedy }
    }

    /// The failure for an answer that is none.
    pub fn flawed(&self, flaw: &Flaw) -> Failure {
        let (shown, model) = (self.shown(), &self.model);
        let (code, brief, words) = match flaw {
            Flaw::TooLong => return self.fault(&Fault::Oversize, Some(200)),
            Flaw::Foreign => return self.fault(&Fault::NotAnAnswer(String::new()), Some(200)),
            Flaw::Truncated => (
                ModelFailureCode::BrokenStream,
                "the answer was cut",
                format!("The answer of {shown} was cut before its end. Nothing of it was run. Ask again."),
            ),
            Flaw::OutputLimit => (
                ModelFailureCode::BrokenStream,
                "the output limit was reached",
                format!(
                    "{model} reached its output limit in the middle of a tool call. Nothing of it was run. \
                     Ask for less at once, or raise the endpoint's limit."
                ),
            ),
            Flaw::Empty(reason) => (
                ModelFailureCode::Malformed,
                "an empty answer",
                format!(
                    "{model} answered with neither text nor a tool call{}. Ask again in other words or try another model; \
                     some servers do this when the conversation is longer than their context.",
                    reason
                        .as_deref()
                        .map(|reason| format!(" (finish reason: {})", clean(reason, &[])))
                        .unwrap_or_default()
                ),
            ),
            Flaw::CallAsText => (
                ModelFailureCode::Malformed,
                "a tool call written as text",
                format!(
                    "{model} wrote its tool call as text, so it was not run. Start the server with its tool parser (vLLM: \
                     --enable-auto-tool-choice --tool-call-parser …; llama.cpp: --jinja), or use a model with tool support."
                ),
            ),
        };
        // Only a cut answer may be whole the next time.
        let remedy = if *flaw == Flaw::Truncated { Remedy::Wait(None) } else { Remedy::None };
        Failure { failed: failed(code, Some(200), words), brief: brief.to_owned(), remedy }
    }

    fn reported(&self, status: u16, retry_after: Option<Duration>, reported: &Reported, refused: Refused) -> Failure {
        if matches!(status, 400 | 413 | 422 | 429 | 500) && reported.is_overflow() {
            return self.overflow(status, reported);
        }
        if let Some(omittable) = to_omit(status, reported, refused) {
            return Failure {
                failed: failed(ModelFailureCode::BadRequest, Some(status), self.bad_request(status, reported)),
                brief: format!("the endpoint does not take {}; asking without", omittable.name()),
                remedy: Remedy::Without(omittable),
            };
        }
        let (code, words) = self.refusal_words(status, reported);
        let no_quota = status == 402 || reported.codes.contains("insufficient_quota");
        let remedy = match status {
            429 if no_quota => Remedy::None,
            429 => Remedy::WaitForLimit(retry_after),
            408 | 409 | 425 | 500 | 502..=504 | 520..=529 => Remedy::Wait(retry_after),
            _ => Remedy::None,
        };
        let said = if reported.sentence.is_empty() { String::new() } else { format!(": {}", reported.sentence) };
        Failure { failed: failed(code, Some(status), words), brief: format!("HTTP {status}{said}"), remedy }
    }

    fn refusal_words(&self, status: u16, reported: &Reported) -> (ModelFailureCode, String) {
        let (shown, model, said) = (self.shown(), &self.model, quoted(&reported.sentence));
        match status {
            401 if self.key.is_none() => (
                ModelFailureCode::Unauthorised,
                format!("{shown} wants a key (HTTP 401){said}. Set OPENAI_API_KEY and start again."),
            ),
            401 => (
                ModelFailureCode::Unauthorised,
                format!(
                    "{shown} did not accept the key in OPENAI_API_KEY (HTTP 401){said}. Set OPENAI_API_KEY to a valid key of this endpoint."
                ),
            ),
            403 => (
                ModelFailureCode::Unauthorised,
                format!(
                    "{shown} does not allow this (HTTP 403){said}. Check that the key in OPENAI_API_KEY may use the model {model}."
                ),
            ),
            300..=399 => (
                ModelFailureCode::NotFound,
                format!(
                    "{shown} redirects to another place (HTTP {status}). Set OPENAI_BASE_URL to where the endpoint really is."
                ),
            ),
            404 | 405 | 410 => (ModelFailureCode::NotFound, self.not_found(status, reported)),
            402 => (
                ModelFailureCode::RateLimited,
                format!("{shown} has no credit left for this key (HTTP 402){said}. Check plan and billing there."),
            ),
            429 if reported.codes.contains("insufficient_quota") => (
                ModelFailureCode::RateLimited,
                format!("The quota of the key at {shown} is used up (HTTP 429){said}. Check plan and billing there."),
            ),
            429 => (ModelFailureCode::RateLimited, format!("{shown} takes no more requests for now (HTTP 429){said}.")),
            408 => (
                ModelFailureCode::TimedOut,
                format!("{shown} gave up waiting for the request (HTTP 408){said}. Ask again."),
            ),
            500..=599 => (
                ModelFailureCode::ServerError,
                format!("{shown} failed (HTTP {status}){said}. It is not your question; ask again later."),
            ),
            _ => (ModelFailureCode::BadRequest, self.bad_request(status, reported)),
        }
    }

    fn not_found(&self, status: u16, reported: &Reported) -> String {
        let (shown, model, said) = (self.shown(), &self.model, quoted(&reported.sentence));
        let names_model = reported.codes.contains("model")
            || reported.sentence.to_lowercase().contains("model")
            || reported.sentence.contains(model.as_str());
        if names_model {
            let fetch = if self.endpoint.local {
                format!(" (Ollama: `ollama pull {model}` fetches it)")
            } else {
                String::new()
            };
            return format!(
                "{shown} has no model {model} (HTTP {status}){said}. Check --model or OPENAI_MODEL{fetch}."
            );
        }
        if self.endpoint.versioned {
            return format!(
                "{shown} has no chat completions for the model {model} (HTTP {status}){said}. Check OPENAI_BASE_URL, and the model's name in --model or OPENAI_MODEL."
            );
        }
        format!(
            "{shown} has no chat completions (HTTP {status}){said}. The base URL probably lacks /v1: set OPENAI_BASE_URL to {shown}/v1."
        )
    }

    fn bad_request(&self, status: u16, reported: &Reported) -> String {
        format!(
            "{} refused the request for {} (HTTP {status}){}. If it names a feature, try another model or endpoint.",
            self.shown(),
            self.model,
            quoted(&reported.sentence)
        )
    }

    fn overflow(&self, status: u16, reported: &Reported) -> Failure {
        let words = format!(
            "The conversation is longer than {} takes{}. Ask for less, start anew with /clear, or use a model with more context.",
            self.model,
            quoted(&reported.sentence)
        );
        Failure {
            failed: failed(ModelFailureCode::ContextOverflow, Some(status), words),
            brief: "the conversation is too long".to_owned(),
            remedy: Remedy::None,
        }
    }

    fn shown(&self) -> &str {
        &self.endpoint.shown
    }

    /// What must not be quoted.
    fn secrets(&self) -> Vec<&str> {
        let key = self.key.as_ref().map(ApiKey::expose);
        key.into_iter().chain(self.endpoint.password.as_deref()).collect()
    }
}

/// What to leave out of the request the next time; nothing that was left out already.
fn to_omit(status: u16, reported: &Reported, refused: Refused) -> Option<Omittable> {
    if !matches!(status, 400 | 422) {
        return None;
    }
    let words = format!("{} {}", reported.sentence.to_lowercase(), reported.codes);
    Omittable::ALL.into_iter().find(|omittable| !refused.has(*omittable) && omittable.is_refused_in(&words))
}

fn failed(code: ModelFailureCode, http_status: Option<u16>, message: String) -> ModelFailed {
    ModelFailed { code, message, http_status }
}

/// Our own words around a quotation: secrets and control characters go, the length stays.
fn clean_words(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(*secret, "‹key›");
    }
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(base: &str, key: &str) -> Asked {
        Asked { endpoint: Endpoint::parse(base).unwrap(), model: "gpt-x".to_owned(), key: ApiKey::new(key) }
    }

    fn refused(base: &str, key: &str, status: u16, body: &str) -> Failure {
        let refusal = Refusal { status, retry_after: None, body: body.as_bytes().to_vec() };
        asked(base, key).refused(&refusal, Refused::default())
    }

    fn official(status: u16, body: &str) -> Failure {
        refused("https://api.openai.com/v1", "hush", status, body)
    }

    #[test]
    fn each_status_has_its_code_and_keeps_its_number() {
        use ModelFailureCode as Code;
        for (status, code) in [
            (301, Code::NotFound),
            (400, Code::BadRequest),
            (401, Code::Unauthorised),
            (402, Code::RateLimited),
            (403, Code::Unauthorised),
            (404, Code::NotFound),
            (405, Code::NotFound),
            (408, Code::TimedOut),
            (418, Code::BadRequest),
            (422, Code::BadRequest),
            (429, Code::RateLimited),
            (500, Code::ServerError),
            (529, Code::ServerError),
        ] {
            let failure = official(status, "");
            assert_eq!((failure.failed.code, failure.failed.http_status), (code, Some(status)));
            assert!(failure.failed.message.contains(&format!("HTTP {status}")), "{failure:?}");
        }
    }

    #[test]
    fn a_rejected_key_names_the_variable_and_not_the_key() {
        let said = official(401, r#"{"error":{"message":"Incorrect API key provided: hush."}}"#).failed.message;
        assert!(said.contains("OPENAI_API_KEY") && said.contains("https://api.openai.com/v1"), "{said}");
        assert!(!said.contains("hush"), "{said}");
        let said = refused("https://api.openai.com/v1", "", 401, "").failed.message;
        assert!(said.contains("wants a key"), "{said}");
    }

    #[test]
    fn not_found_tells_a_wrong_model_from_a_wrong_path() {
        let said = refused("http://localhost:11434/v1", "", 404, r#"{"error":{"message":"model 'gpt-x' not found"}}"#);
        assert!(said.failed.message.contains("ollama pull gpt-x"), "{said:?}");
        let said = refused("http://localhost:11434", "", 404, "404 page not found");
        assert!(said.failed.message.contains("http://localhost:11434/v1"), "{said:?}");
        let said = official(404, r#"{"detail":"Not Found"}"#);
        assert!(said.failed.message.contains("OPENAI_BASE_URL") && said.failed.message.contains("OPENAI_MODEL"));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let limited = official(429, "");
        assert_eq!(limited.remedy, Remedy::WaitForLimit(None));
        // How long to wait is said by who knows what the endpoint asks for.
        assert!(limited.failed.message.ends_with("(HTTP 429)."), "{}", limited.failed.message);
        for status in [408, 500, 502, 503, 504, 529] {
            assert_eq!(official(status, "").remedy, Remedy::Wait(None), "{status}");
        }
        for status in [301, 400, 401, 402, 403, 404, 422, 501] {
            assert_eq!(official(status, "").remedy, Remedy::None, "{status}");
        }
        let no_quota = official(429, r#"{"error":{"message":"No quota.","code":"insufficient_quota"}}"#);
        assert_eq!(no_quota.remedy, Remedy::None);
        assert!(no_quota.failed.message.contains("billing"));
    }

    #[test]
    fn an_overflow_is_one_whatever_the_status() {
        let body = r#"{"error":{"message":"maximum context length is 8 tokens"}}"#;
        for status in [400, 413, 422, 500] {
            let failure = official(status, body);
            assert_eq!(
                (failure.failed.code, failure.failed.http_status),
                (ModelFailureCode::ContextOverflow, Some(status))
            );
        }
        assert_eq!(official(401, body).failed.code, ModelFailureCode::Unauthorised);
    }

    #[test]
    fn an_unknown_parameter_is_left_out_once() {
        let body = r#"{"error":{"message":"Unrecognized request argument supplied: parallel_tool_calls"}}"#;
        assert_eq!(official(400, body).remedy, Remedy::Without(Omittable::ParallelToolCalls));
        let refusal = Refusal { status: 400, retry_after: None, body: body.as_bytes().to_vec() };
        let again = asked("https://api.openai.com/v1", "")
            .refused(&refusal, Refused::default().with(Omittable::ParallelToolCalls));
        assert_eq!((again.remedy, again.failed.code), (Remedy::None, ModelFailureCode::BadRequest));
        let fastapi = r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs"}]}"#;
        assert_eq!(official(422, fastapi).remedy, Remedy::Without(Omittable::StreamOptions));
    }

    #[test]
    fn an_error_event_is_judged_by_what_it_says() {
        let event = |error: Value| asked("https://api.openai.com/v1", "").error_event(&error, Refused::default());
        let limited = event(json!({ "code": 429, "message": "slow down" }));
        assert_eq!((limited.failed.code, limited.remedy), (ModelFailureCode::RateLimited, Remedy::WaitForLimit(None)));
        let overflow = event(json!("context size exceeded"));
        assert_eq!((overflow.failed.code, overflow.failed.http_status), (ModelFailureCode::ContextOverflow, Some(200)));
        let other = event(json!({ "message": "GPU fell off" }));
        assert_eq!(other.failed.code, ModelFailureCode::BrokenStream);
        assert!(other.failed.message.contains("GPU fell off"));
    }

    #[test]
    fn a_flaw_says_that_nothing_was_run() {
        let asked = asked("https://api.openai.com/v1", "");
        let limit = asked.flawed(&Flaw::OutputLimit);
        assert_eq!((limit.failed.code, limit.remedy), (ModelFailureCode::BrokenStream, Remedy::None));
        assert!(limit.failed.message.contains("output limit") && limit.failed.message.contains("Nothing"), "{limit:?}");
        assert_eq!(asked.flawed(&Flaw::Truncated).remedy, Remedy::Wait(None));
        assert_eq!(asked.flawed(&Flaw::Empty(None)).failed.code, ModelFailureCode::Malformed);
        assert_eq!(asked.flawed(&Flaw::Foreign).failed.code, ModelFailureCode::Malformed);
        assert_eq!(asked.flawed(&Flaw::TooLong).failed.code, ModelFailureCode::BrokenStream);
        assert!(asked.flawed(&Flaw::CallAsText).failed.message.contains("--jinja"));
    }
}
