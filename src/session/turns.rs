//! Turns and model steps as the records tell them.

use std::sync::Arc;

use crate::protocol::{
    Attachment, CallId, Ending, Event, Json, ModelFailed, ModelRetried, Record, StepId, StreamPart, TurnId, Usage,
};

use super::{CallState, Session, Span};

/// One question and what became of it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// The question, in the operator's own words.
    pub question: String,
    /// What went with it; shared with copies of the session.
    pub attached: Arc<[Attachment]>,
    /// Its model steps.
    pub steps: Vec<StepId>,
    /// Its calls, in order.
    pub calls: Vec<CallId>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Why, where the ending alone does not say it.
    pub reason: Option<String>,
    /// When it began, µs.
    pub started_us: u64,
    /// When it ended, µs.
    pub ended_us: Option<u64>,
    /// What the turns before it took together, µs; at least one each, the time between them not counted.
    pub before_us: u64,
    /// Whether the conversation was forgotten right before it.
    pub fresh: bool,
}

/// How many calls of a turn came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ended with a result.
    pub ok: usize,
    /// Ended with an error.
    pub failed: usize,
    /// Cancelled by the operator.
    pub cancelled: usize,
    /// Refused.
    pub denied: usize,
    /// Not over yet.
    pub open: usize,
}

/// One model request.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its turn.
    pub turn: TurnId,
    /// The model asked.
    pub model: String,
    /// Messages in the request.
    pub messages: u32,
    /// The messages no earlier request had.
    pub new_messages: Json,
    /// Tools offered.
    pub tools: u32,
    /// Text so far.
    pub text: String,
    /// Reasoning so far.
    pub reasoning: String,
    /// Where it stands.
    pub state: StepState,
    /// When it was asked, µs.
    pub requested_us: u64,
    /// When the first piece came, µs.
    pub first_us: Option<u64>,
    /// When it was over, µs.
    pub ended_us: Option<u64>,
    /// Tokens, if counted.
    pub usage: Option<Usage>,
    /// The provider's finish reason.
    pub finish_reason: Option<String>,
    /// Its calls, in the model's order.
    pub calls: Vec<CallId>,
    /// Retries so far.
    pub retries: u32,
}

/// Where a model request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Asked, nothing has come.
    Waiting,
    /// An attempt failed; the next one starts `retried.delay_ms` after `since_us`.
    Retrying {
        /// What is being waited for.
        retried: ModelRetried,
        /// When the wait began, µs.
        since_us: u64,
    },
    /// Text is coming.
    Streaming,
    /// Complete.
    Answered,
    /// Failed for good.
    Failed(ModelFailed),
    /// Given up because the operator stopped the turn.
    Stopped,
}

impl Turn {
    /// The step whose text is the answer: the last one, if it has no calls.
    #[must_use]
    pub fn answer<'a>(&self, session: &'a Session) -> Option<&'a Step> {
        self.steps.last().and_then(|id| session.step(*id)).filter(|step| step.calls.is_empty())
    }

    /// Its calls by outcome.
    #[must_use]
    pub fn tally(&self, session: &Session) -> Tally {
        let mut tally = Tally::default();
        for call in self.calls.iter().filter_map(|id| session.call(*id)) {
            match call.state {
                CallState::Ok => tally.ok += 1,
                CallState::Error => tally.failed += 1,
                CallState::Cancelled => tally.cancelled += 1,
                CallState::Denied => tally.denied += 1,
                CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Running => tally.open += 1,
            }
        }
        tally
    }
}

/// What the turns so far took together, if another one begins now, µs.
pub(super) fn before_us(session: &Session, now_us: u64) -> u64 {
    session.turns.last().map_or(0, |last| {
        let end_us = last.ended_us.unwrap_or(now_us);
        last.before_us + end_us.saturating_sub(last.started_us).max(1)
    })
}

/// Applies an event of a turn or a step; `None` if it contradicts the state.
pub(super) fn apply(session: &mut Session, record: &Record) -> Option<()> {
    match &record.event {
        Event::UserAsked(asked) => session.waiting.push(asked.text.clone()),
        Event::ConversationCleared(_) => session.cleared_at = session.turns.len(),
        Event::UserInterrupted(_) => {}
        Event::TurnStarted(started) => {
            let id = record.scope.turn?;
            if id.index() != session.turns.len() {
                return None;
            }
            if let Some(position) = session.waiting.iter().position(|text| *text == started.question) {
                session.waiting.remove(position);
            }
            session.evidence.add_question(id, &started.question);
            session.turns.push(Turn {
                id,
                question: started.question.clone(),
                attached: started.attached.as_slice().into(),
                steps: Vec::new(),
                calls: Vec::new(),
                ending: None,
                reason: None,
                started_us: record.at_us,
                ended_us: None,
                before_us: before_us(session, record.at_us),
                fresh: session.cleared_at == id.index() && id.index() > 0,
            });
        }
        Event::TurnEnded(ended) => {
            let turn = session.turns.get_mut(record.scope.turn?.index())?;
            if turn.ended_us.is_some() {
                return None;
            }
            turn.ending = Some(ended.ending);
            turn.reason.clone_from(&ended.reason);
            turn.ended_us = Some(record.at_us);
            session.held_turn = None;
            let open = turn.steps.last().copied();
            let step = open.and_then(|id| session.steps.get_mut(id.index()));
            if let Some(step) = step.filter(|step| step.ended_us.is_none()) {
                step.ended_us = Some(record.at_us);
                step.state = StepState::Stopped;
            }
        }
        Event::ModelRequested(requested) => {
            let (turn_id, id) = (record.scope.turn?, record.scope.step?);
            if id.index() != session.steps.len() {
                return None;
            }
            session.turns.get_mut(turn_id.index())?.steps.push(id);
            session.spans.push(Span::Step(id));
            session.steps.push(Step {
                id,
                turn: turn_id,
                model: requested.model.clone(),
                messages: requested.messages,
                new_messages: requested.new_messages.clone(),
                tools: requested.tools,
                text: String::new(),
                reasoning: String::new(),
                state: StepState::Waiting,
                requested_us: record.at_us,
                first_us: None,
                ended_us: None,
                usage: None,
                finish_reason: None,
                calls: Vec::new(),
                retries: 0,
            });
        }
        Event::ModelStreamed(streamed) => {
            let step = open_step(session, record)?;
            step.first_us.get_or_insert(record.at_us);
            step.state = StepState::Streaming;
            match streamed.part {
                StreamPart::Text => step.text.push_str(&streamed.text),
                StreamPart::Reasoning => step.reasoning.push_str(&streamed.text),
            }
        }
        Event::ModelAnswered(answered) => {
            let step = open_step(session, record)?;
            step.first_us.get_or_insert(record.at_us);
            step.text.clone_from(&answered.text);
            step.reasoning.clone_from(&answered.reasoning);
            step.usage = answered.usage;
            step.finish_reason.clone_from(&answered.finish_reason);
            step.state = StepState::Answered;
            step.ended_us = Some(record.at_us);
        }
        Event::ModelFailed(failed) => {
            let step = open_step(session, record)?;
            step.state = StepState::Failed(failed.clone());
            step.ended_us = Some(record.at_us);
        }
        Event::ModelRetried(retried) => {
            let step = open_step(session, record)?;
            step.retries += 1;
            step.state = StepState::Retrying { retried: retried.clone(), since_us: record.at_us };
        }
        _ => return None,
    }
    Some(())
}

fn open_step<'a>(session: &'a mut Session, record: &Record) -> Option<&'a mut Step> {
    let step = session.steps.get_mut(record.scope.step?.index())?;
    step.ended_us.is_none().then_some(step)
}
