//! Asking again: visible, bounded, and only while nothing has been shown of an answer.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use http::HeaderMap;
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::model::Delta;
use crate::protocol::{ModelFailed, ModelRetried};

use super::failure::{Failure, Remedy};
use super::fault::seconds;
use super::settings::{Pace, Retries};

/// Runs `attempt` until it succeeds or nothing may help any more. Every further attempt is announced before its wait.
/// An attempt that has shown something must give [`Remedy::None`].
///
/// # Errors
/// The last attempt's failure, with the number of attempts if there were several.
pub(super) async fn with_retries<T, F>(
    retries: &Retries,
    deltas: &mpsc::Sender<Delta>,
    attempt: impl Fn() -> F,
) -> Result<T, ModelFailed>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut tried = 1;
    // Attempts that ask differently are not counted against the limit: each can happen only once.
    let mut adapted = 0;
    let began = Instant::now();
    loop {
        let failure = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let (pace, asked) = match failure.remedy {
            Remedy::None => return Err(failure.failed),
            Remedy::Without(_) => (&retries.fault, None),
            Remedy::Wait(asked) => (&retries.fault, asked),
            Remedy::WaitForLimit(asked) => (&retries.limit, asked),
        };
        let delay = if let Remedy::Without(_) = failure.remedy {
            adapted += 1;
            Duration::ZERO
        } else if let Some(asked) = asked.filter(|asked| *asked > retries.longest_obeyed) {
            return Err(with_note(failure, &format!("It asks to wait {} before the next request.", seconds(asked))));
        } else if tried < pace.attempts {
            tried += 1;
            // Who says how long to wait is believed, as long as it does not mean at once.
            let least = backoff(if asked.is_some() { &retries.fault } else { pace }, tried - 1, random_permille());
            least.max(asked.unwrap_or_default())
        } else {
            let took = seconds(began.elapsed());
            // Only here it is known that nobody said how long to wait.
            let advice =
                if let Remedy::WaitForLimit(_) = failure.remedy { " Wait a little and ask again." } else { "" };
            return Err(with_note(failure, &format!("Tried {tried} times within {took}.{advice}")));
        };
        let retried = ModelRetried {
            attempt: tried + adapted,
            of: pace.attempts + adapted,
            delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            reason: failure.brief,
        };
        // Nobody listening is no reason to give up: the answer itself is returned.
        let _closed = deltas.send(Delta::Retried(retried)).await;
        tokio::time::sleep(delay).await;
    }
}

/// How long an answer's headers ask to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
/// `now_ms` is Unix time; the answer's own `Date` is preferred, since clocks differ.
pub(super) fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let asked = text("retry-after")?;
    if let Ok(seconds) = asked.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let unix_ms = |text: &str| DateTimeParser::new().parse_timestamp(text).ok().map(|time| time.as_millisecond());
    let now_ms = text("date").and_then(unix_ms).unwrap_or(now_ms);
    Some(Duration::from_millis(u64::try_from(unix_ms(asked)?.saturating_sub(now_ms)).unwrap_or(0)))
}

/// The wait after the `failed`-th failure, doubled each time, times `permille` / 1000.
fn backoff(pace: &Pace, failed: u32, permille: u32) -> Duration {
    let doubled = pace.first_delay.saturating_mul(1 << failed.saturating_sub(1).min(16));
    doubled.min(pace.longest_delay) * permille / 1000
}

/// 750 to 1250, so that clients that failed together do not come back together.
fn random_permille() -> u32 {
    // The standard library's only source of randomness: every `RandomState` has new keys.
    let random = RandomState::new().hash_one(());
    750 + u32::try_from(random % 501).unwrap_or(0)
}

fn with_note(failure: Failure, note: &str) -> ModelFailed {
    let mut failed = failure.failed;
    failed.message = format!("{} {note}", failed.message);
    failed
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::model::openai::body::Omittable;
    use crate::protocol::ModelFailureCode;
    use http::HeaderValue;

    fn failure(remedy: Remedy) -> Failure {
        let failed = ModelFailed {
            code: ModelFailureCode::ServerError,
            message: "It failed.".to_owned(),
            http_status: Some(500),
        };
        Failure { failed, brief: "HTTP 500".to_owned(), remedy }
    }

    /// Plays failures one after another, then succeeds; gives the result, what was announced, and the time it took.
    async fn played(remedies: &[Remedy]) -> (Result<&'static str, ModelFailed>, Vec<ModelRetried>, Duration) {
        let started = Instant::now();
        let (deltas, mut received) = mpsc::channel(16);
        let rest = RefCell::new(remedies.iter());
        let result = with_retries(&Retries::default(), &deltas, || {
            let next = rest.borrow_mut().next().map(|remedy| failure(*remedy));
            async move { next.map_or(Ok("answer"), Err) }
        })
        .await;
        drop(deltas);
        let mut announced = Vec::new();
        while let Some(delta) = received.recv().await {
            match delta {
                Delta::Retried(retried) => announced.push(retried),
                Delta::Text(..) => panic!("no text was sent"),
            }
        }
        (result, announced, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn every_retry_is_announced_with_its_wait() {
        let (result, announced, took) = played(&[Remedy::Wait(None), Remedy::Wait(None)]).await;
        assert_eq!(result, Ok("answer"));
        let attempts: Vec<_> = announced.iter().map(|retried| (retried.attempt, retried.of)).collect();
        assert_eq!(attempts, [(2, 3), (3, 3)]);
        assert!((375..=625).contains(&announced[0].delay_ms), "{announced:?}");
        assert!((750..=1250).contains(&announced[1].delay_ms), "{announced:?}");
        let waited = announced.iter().map(|retried| retried.delay_ms).sum();
        assert!(took >= Duration::from_millis(waited), "waited {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn three_attempts_are_the_limit() {
        let (result, announced, _) = played(&[Remedy::Wait(None); 5]).await;
        let message = result.unwrap_err().message;
        assert!(message.starts_with("It failed. Tried 3 times within "), "{message}");
        assert_eq!(announced.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_requests_is_given_the_better_part_of_a_minute() {
        let (result, announced, took) = played(&[Remedy::WaitForLimit(None); 9]).await;
        let message = result.unwrap_err().message;
        assert!(message.starts_with("It failed. Tried 6 times within "), "{message}");
        assert!(message.ends_with(". Wait a little and ask again."), "{message}");
        assert_eq!(announced.iter().map(|retried| retried.of).collect::<Vec<_>>(), [6; 5]);
        assert!((37..=63).contains(&took.as_secs()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waiting_cannot_help_fails_at_once() {
        let (result, announced, _) = played(&[Remedy::None]).await;
        assert_eq!(result.unwrap_err().message, "It failed.");
        assert!(announced.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_obeyed_up_to_a_minute() {
        let (result, announced, took) = played(&[Remedy::Wait(Some(Duration::from_secs(60)))]).await;
        assert_eq!((result, announced[0].delay_ms), (Ok("answer"), 60_000));
        assert!(took >= Duration::from_secs(60));
        let (result, announced, _) = played(&[Remedy::Wait(Some(Duration::from_secs(600)))]).await;
        assert_eq!(result.unwrap_err().message, "It failed. It asks to wait 10 minutes before the next request.");
        assert!(announced.is_empty());
        let (result, ..) = played(&[Remedy::WaitForLimit(Some(Duration::from_secs(86_400)))]).await;
        assert_eq!(result.unwrap_err().message, "It failed. It asks to wait 24 hours before the next request.");
    }

    #[tokio::test(start_paused = true)]
    async fn asking_differently_costs_no_attempt_and_no_wait() {
        let without = Remedy::Without(Omittable::StreamOptions);
        let (result, announced, _) = played(&[without, Remedy::Wait(None), Remedy::Wait(None)]).await;
        assert_eq!(result, Ok("answer"));
        let attempts: Vec<_> = announced.iter().map(|retried| (retried.attempt, retried.of)).collect();
        assert_eq!(attempts, [(2, 4), (3, 4), (4, 4)]);
        assert_eq!(announced[0].delay_ms, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_listening_does_not_stop_the_retries() {
        let (deltas, received) = mpsc::channel(1);
        drop(received);
        let first = RefCell::new(Some(failure(Remedy::Wait(None))));
        let result = with_retries(&Retries::default(), &deltas, || {
            let next = first.borrow_mut().take();
            async move { next.map_or(Ok(()), Err) }
        })
        .await;
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let wait = |failed| backoff(&Retries::default().fault, failed, 1000).as_millis();
        assert_eq!([wait(1), wait(2), wait(3), wait(4), wait(40)], [500, 1000, 2000, 2000, 2000]);
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            let headers =
                pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
            retry_after(&headers, 784_111_777_000)
        };
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(read(&[("retry-after", "7"), ("retry-after-ms", "20")]), Some(Duration::from_millis(20)));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]), Some(Duration::from_secs(60)));
        let dated = [("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), ("date", "Sun, 06 Nov 1994 08:50:30 GMT")];
        assert_eq!(read(&dated), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "NaN", "1e300"] {
            assert_eq!(read(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }
}
