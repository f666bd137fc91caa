//! What we asked a server and have no answer to: who asked, how long it may take, and results kept as they came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{NumberOrString, ProgressToken};
use tokio::time::Instant;

use crate::protocol::{CallId, Json, Scope};

/// Requests remembered until their answer comes; far more than can ever be in flight together, so that only those that nobody
/// waits for any more can be so many.
const MOST_REQUESTS: usize = 4096;
/// Questions of a server to the operator that are remembered until they are put.
const MOST_QUESTIONS: usize = 32;

/// Marks a request (in its extensions) whose result we read ourselves, and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RawResult(pub Scope);

/// What the transport and the connection both know.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Requests whose answer has not come.
    open: HashMap<NumberOrString, Request>,
    /// Results that have come and were not fetched yet.
    results: HashMap<NumberOrString, Json>,
    /// Parameters of `elicitation/create` requests, as the server sent them.
    questions: HashMap<NumberOrString, Json>,
}

/// A request whose answer has not come.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// What it belongs to.
    pub scope: Scope,
    /// What its progress is told under.
    pub token: Option<ProgressToken>,
    /// The progress so far.
    pub progress: f64,
    /// How its result is read.
    pub reading: Reading,
    /// The last event of the stream over HTTP that brings its answer: a broken stream is found again by it.
    pub last_event: Option<String>,
    pub(super) patience: Patience,
}

/// Who reads the result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// `rmcp`.
    Typed,
    /// We, from its text.
    Raw,
    /// We, and `rmcp` too if it can: over HTTP it takes the headers of calls from the list of tools.
    Both,
    /// Nobody any more: it is recorded, and that is all.
    Nobody,
}

/// How long a request may take: counted anew from each progress and each answer of the operator; while the operator is
/// asked, time stands still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    begun: Instant,
    last: Instant,
    /// Questions of the server that the operator has not answered, and since when the first of them waits.
    asked: u32,
    paused: Instant,
}

impl Patience {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, asked: 0, paused: now }
    }

    fn due(&self, idle: Duration, total: Duration) -> Instant {
        if self.asked > 0 {
            return Instant::now() + idle;
        }
        (self.last + idle).min(self.begun + total)
    }

    fn pause(&mut self) {
        if self.asked == 0 {
            self.paused = Instant::now();
        }
        self.asked += 1;
    }

    fn go_on(&mut self) {
        self.asked = self.asked.saturating_sub(1);
        if self.asked == 0 {
            self.last = Instant::now();
            self.begun += self.paused.elapsed();
        }
    }
}

/// While this lives, the time-outs of a call stand still.
#[derive(Debug)]
pub struct Pause {
    answers: Answers,
    call: Option<CallId>,
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.answers.each_of(self.call, Patience::go_on);
    }
}

/// While this lives, somebody waits for the answer to a request.
#[derive(Debug)]
pub struct Awaited {
    answers: Answers,
    /// The request.
    pub id: NumberOrString,
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.answers.forget(&self.id);
    }
}

impl Answers {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a request that is about to be sent.
    pub(super) fn expect(&self, id: NumberOrString, request: Request) {
        let mut known = self.lock();
        if known.open.len() >= MOST_REQUESTS {
            known.open.retain(|_, request| request.reading != Reading::Nobody);
        }
        known.open.insert(id, request);
    }

    /// The request that has its answer now.
    pub(super) fn answered(&self, id: &NumberOrString) -> Option<Request> {
        self.lock().open.remove(id)
    }

    /// Whether this was asked and has not been answered; perhaps nobody wants the answer any more.
    pub(super) fn is_open(&self, id: &NumberOrString) -> bool {
        self.lock().open.contains_key(id)
    }

    /// Whether somebody waits for this.
    pub(super) fn awaits(&self, id: &NumberOrString) -> bool {
        self.lock().open.get(id).is_some_and(|request| request.reading != Reading::Nobody)
    }

    /// Takes note of the last event of the stream that brings an answer.
    pub(super) fn heard(&self, id: &NumberOrString, event: &str) {
        if let Some(request) = self.lock().open.get_mut(id) {
            request.last_event = Some(event.to_owned());
        }
    }

    /// The request whose stream had this event last.
    pub(super) fn of_event(&self, event: &str) -> Option<NumberOrString> {
        let known = self.lock();
        let of = known.open.iter().find(|(_, request)| request.last_event.as_deref() == Some(event));
        of.map(|(id, _)| id.clone())
    }

    /// The only request that is awaited.
    pub(super) fn only(&self) -> Option<NumberOrString> {
        let known = self.lock();
        let mut awaited = known.open.iter().filter(|(_, request)| request.reading != Reading::Nobody);
        match (awaited.next(), awaited.next()) {
            (Some((id, _)), None) => Some(id.clone()),
            _ => None,
        }
    }

    /// What a request that is awaited belongs to.
    #[must_use]
    pub fn scope_of(&self, id: &NumberOrString) -> Scope {
        self.lock().open.get(id).map(|request| request.scope).unwrap_or_default()
    }

    /// What the only call that is awaited belongs to; nothing if there are several, or none.
    #[must_use]
    pub fn only_call(&self) -> Scope {
        let known = self.lock();
        let awaited = known.open.values().filter(|request| request.reading != Reading::Nobody);
        let mut calls = awaited.map(|request| request.scope).filter(|scope| scope.call.is_some());
        match (calls.next(), calls.next()) {
            (Some(scope), None) => scope,
            _ => Scope::default(),
        }
    }

    /// Takes note of progress; says what it belongs to if it is more than before.
    pub(super) fn progressed(&self, token: &ProgressToken, progress: f64) -> Option<Scope> {
        let mut known = self.lock();
        let request = known.open.values_mut().find(|request| request.token.as_ref() == Some(token))?;
        if progress <= request.progress {
            return None;
        }
        request.progress = progress;
        request.patience.last = Instant::now();
        Some(request.scope)
    }

    /// Keeps a result until it is fetched.
    pub(super) fn keep(&self, id: NumberOrString, result: Json) {
        self.lock().results.insert(id, result);
    }

    /// The raw result of a request that was marked with [`RawResult`] and has been answered.
    #[must_use]
    pub fn take(&self, id: &NumberOrString) -> Option<Json> {
        self.lock().results.remove(id)
    }

    /// Waits for the answer to a request that was sent.
    #[must_use]
    pub fn awaited(&self, id: NumberOrString) -> Awaited {
        Awaited { answers: self.clone(), id }
    }

    /// Nobody waits for this answer any more; when it comes it is recorded and dropped.
    fn forget(&self, id: &NumberOrString) {
        let mut known = self.lock();
        known.results.remove(id);
        if let Some(request) = known.open.get_mut(id) {
            request.reading = Reading::Nobody;
        }
    }

    /// Keeps what a server wants of the operator until it is put to him; false if too much waits already.
    pub(super) fn keep_question(&self, id: NumberOrString, params: Json) -> bool {
        let mut known = self.lock();
        let has_room = known.questions.len() < MOST_QUESTIONS;
        if has_room {
            known.questions.insert(id, params);
        }
        has_room
    }

    /// What a server wanted of the operator.
    #[must_use]
    pub fn take_question(&self, id: &NumberOrString) -> Option<Json> {
        self.lock().questions.remove(id)
    }

    /// Until when an answer is waited for: `idle` after the last sign of life, `total` after the start. `None` if it is not
    /// awaited.
    #[must_use]
    pub fn due(&self, id: &NumberOrString, idle: Duration, total: Duration) -> Option<Instant> {
        self.lock().open.get(id).map(|request| request.patience.due(idle, total))
    }

    /// Gives a call its whole time once more.
    pub fn wait_longer(&self, call: CallId) {
        self.each_of(Some(call), |patience| *patience = Patience { asked: patience.asked, ..Patience::new() });
    }

    /// Lets the time of a call stand still.
    #[must_use]
    pub fn pause(&self, call: Option<CallId>) -> Pause {
        self.each_of(call, Patience::pause);
        Pause { answers: self.clone(), call }
    }

    fn each_of(&self, call: Option<CallId>, change: impl Fn(&mut Patience)) {
        let is_of = |request: &&mut Request| call.is_some() && request.scope.call == call;
        self.lock().open.values_mut().filter(is_of).for_each(|request| change(&mut request.patience));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_never_answered_leave_room_for_the_next() {
        let answers = Answers::default();
        let request = || Request {
            scope: Scope::default(),
            token: None,
            progress: 0.0,
            reading: Reading::Raw,
            last_event: None,
            patience: Patience::new(),
        };
        let numbers = 0..i64::try_from(MOST_REQUESTS).expect("a small number");
        for number in numbers.map(NumberOrString::Number) {
            answers.expect(number.clone(), request());
            drop(answers.awaited(number));
        }
        let next = NumberOrString::Number(-1);
        answers.expect(next.clone(), request());
        assert!(answers.awaits(&next));
        assert_eq!(answers.only(), Some(next));
    }
}
