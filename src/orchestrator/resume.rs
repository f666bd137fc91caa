//! A session that goes on from the records of another: what it knows from them, and how what was open there is closed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::mcp::CallEnd;
use crate::model::Message;
use crate::protocol::{
    CallDelivered, CallFailureCode, CallFinished, CallId, CallStatus, DeliveredForm, Ending, Event, InputAction,
    InputAnswered, Question, Record, Scope, TurnEnded,
};
use crate::session::{Call, CallState, Session};

use super::conversation::Conversation;
use super::gate::Hearsay;
use super::prompt;
use super::turn::Numbers;

/// Why what was open at the fork is over.
const FORKED: &str = "The session was forked here; what became of this is in the other one.";

/// Records that come before a session's own.
#[derive(Clone, Debug, Default)]
pub struct Resumed {
    /// The records, as the other session has them.
    pub records: Vec<Arc<Record>>,
}

/// What a session knows from the records before its own.
#[derive(Debug)]
pub(super) struct Before {
    /// The fold of them.
    pub session: Session,
    /// What was said.
    pub conversation: Conversation,
    /// Turns, steps and calls are counted on.
    pub numbers: Numbers,
    /// What closes what was open, in order.
    pub closing: Vec<(Scope, Event)>,
}

impl Resumed {
    /// The time the session goes on from, µs.
    #[must_use]
    pub fn end_us(&self) -> u64 {
        self.records.iter().map(|record| record.at_us).max().unwrap_or(0)
    }

    /// What closes what is open at the end of the records: every call finishes and is delivered, and the turn ends.
    #[must_use]
    pub fn closing(&self) -> Vec<(Scope, Event)> {
        closing(&Session::fold(&self.records))
    }

    /// Reads what a session knows from the records.
    pub(super) fn read(&self) -> Before {
        let mut session = Session::fold(&self.records);
        let mut told: Vec<Arc<Record>> = self.records.clone();
        let closing = closing(&session);
        for (scope, event) in &closing {
            let index = session.last_index.unwrap_or_default();
            let record = Record {
                index,
                at_us: self.end_us(),
                unix_ms: session.last_unix_ms,
                scope: *scope,
                event: event.clone(),
            };
            session.apply(&record);
            told.push(Arc::new(record));
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let numbers = Numbers {
            turns: count(session.turns.len()),
            steps: count(session.steps.len()),
            calls: session.calls.len() as u64,
        };
        let conversation = conversation(&session, &told);
        Before { session, conversation, numbers, closing }
    }
}

fn closing(session: &Session) -> Vec<(Scope, Event)> {
    let mut events = Vec::new();
    let scope = |call: &Call| Scope { turn: call.turn, step: call.step, call: Some(call.id) };
    let (text, full) = prompt::result_text(CallId(0), &CallEnd::cancelled(FORKED.into()), None);
    let delivered = CallDelivered { form: DeliveredForm::Synthetic, bytes: text.len() as u64, full_bytes: full as u64 };
    for call in &session.calls {
        if !call.state.is_final() {
            let end = CallEnd::cancelled(FORKED.into());
            let finished = CallFinished {
                status: end.status,
                duration_us: call.duration_us.unwrap_or(0),
                result: None,
                failure: end.failure,
                mismatch: None,
            };
            events.push((scope(call), finished.into()));
        }
        if call.delivered.is_none() {
            events.push((scope(call), delivered.clone().into()));
        }
    }
    for input in session.open_inputs() {
        let (input, call) = (input.requested.input, input.call);
        let (action, reason) = (InputAction::Cancelled, Some(FORKED.to_owned()));
        let answered = InputAnswered { input, action, content: None, reason };
        events.push((Scope { call, ..Scope::default() }, answered.into()));
    }
    if let Some(turn) = session.running_turn() {
        let ended = TurnEnded { ending: Ending::Stopped, reason: Some(FORKED.to_owned()) };
        events.push((Scope { turn: Some(turn.id), ..Scope::default() }, ended.into()));
    }
    events
}

/// The messages of the conversation, from the records that made them.
fn conversation(session: &Session, records: &[Arc<Record>]) -> Conversation {
    let mut conversation = Conversation::default();
    let mut wishes: HashMap<String, String> = HashMap::new();
    let mut providers: HashMap<CallId, String> = HashMap::new();
    for record in records {
        match (&record.event, record.scope.call) {
            (Event::ConversationCleared(_), _) => conversation.clear(),
            (event @ (Event::ResourceRead(_) | Event::PromptGot(_)), _) => conversation.note(event),
            (Event::TurnStarted(started), _) => {
                let (text, attached) = (started.question.clone(), started.attached.clone());
                conversation.push(Message::User(Question { text, attached }));
            }
            (Event::ModelAnswered(answer), _) => {
                // Only calls that were proposed have results; the records may end between two of them, or before the first.
                let step = record.scope.step.and_then(|step| session.step(step));
                let proposed = step.map_or(0, |step| step.calls.len());
                let calls: Vec<_> = answer.calls.iter().take(proposed).cloned().collect();
                wishes.extend(calls.iter().map(|wish| (wish.provider_id.clone(), wish.name.clone())));
                let (text, reasoning) = (answer.text.clone(), answer.reasoning.clone());
                conversation.push(Message::Assistant { text, reasoning, calls });
            }
            (Event::CallProposed(proposed), Some(id)) => {
                providers.insert(id, proposed.provider_id.clone());
            }
            (Event::CallDelivered(delivered), Some(id)) => {
                let Some(call) = session.call(id) else { continue };
                let form = origin(call, delivered.form);
                let end = delivered_end(call, form);
                let provider_id = providers.get(&id).cloned().unwrap_or_default();
                let name = wishes.get(&provider_id).cloned().unwrap_or_else(|| call.tool.to_string());
                let ok = end.status == CallStatus::Ok;
                if is_hearsay(session, call, delivered.form) {
                    let (server, tool) = (call.server.clone(), call.tool.clone());
                    conversation.hear(Hearsay::Result { call: id, server, tool });
                }
                let was_made = call.was_sent() || end.result.is_some();
                let sent = (was_made && call.arguments != call.proposed).then(|| call.arguments.clone());
                let (text, _) = prompt::result_text(id, &end, sent.as_ref());
                conversation.push(Message::Tool {
                    provider_id,
                    call: id,
                    name,
                    text,
                    ok,
                    result: end.result,
                    sent,
                    form,
                });
            }
            _ => {}
        }
    }
    conversation
}

/// Who a result is from, where the record only says that it was cut.
fn origin(call: &Call, form: DeliveredForm) -> DeliveredForm {
    match form {
        DeliveredForm::Truncated if call.edited.is_some() => DeliveredForm::Edited,
        DeliveredForm::Truncated if !call.was_sent() => DeliveredForm::Synthetic,
        DeliveredForm::Truncated => DeliveredForm::Original,
        DeliveredForm::Original | DeliveredForm::Edited | DeliveredForm::Synthetic | DeliveredForm::Denied => form,
    }
}

/// Whether the model has read what others wrote with the result of a call, as far as the records tell.
fn is_hearsay(session: &Session, call: &Call, form: DeliveredForm) -> bool {
    let is_closed = session.tool_of(call).is_some_and(|tool| !tool.effects().open_world);
    let has_words = matches!(call.state, CallState::Ok | CallState::Error) && form != DeliveredForm::Denied;
    call.started_us.is_some() && has_words && !is_closed
}

/// What the model got of a call.
fn delivered_end(call: &Call, form: DeliveredForm) -> CallEnd {
    let status = match call.state {
        CallState::Ok => CallStatus::Ok,
        CallState::Cancelled => CallStatus::Cancelled,
        CallState::Denied => CallStatus::Denied,
        CallState::Error | CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Running => {
            CallStatus::Error
        }
    };
    match form {
        DeliveredForm::Edited => {
            CallEnd { status: CallStatus::Ok, result: call.edited.clone(), failure: None, mismatch: None }
        }
        DeliveredForm::Denied => {
            let reason = call.failure.as_ref().map_or("refused", |failure| &failure.message);
            let denied = CallEnd::failed(CallFailureCode::Denied, reason.to_owned());
            CallEnd { status: CallStatus::Denied, ..denied }
        }
        DeliveredForm::Original | DeliveredForm::Synthetic | DeliveredForm::Truncated => {
            CallEnd { status, result: call.result.clone(), failure: call.failure.clone(), mismatch: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Attachment, RecordIndex, TurnId, TurnStarted};

    #[test]
    fn a_question_is_taken_up_again_with_what_was_attached_to_it() {
        let attachment =
            Attachment { server: "far".into(), uri: "note://1".into(), text: "Be kind.".into(), left_out: 7 };
        let scope = Scope { turn: Some(TurnId(1)), ..Scope::default() };
        let started = TurnStarted { question: "Why?".into(), attached: vec![attachment.clone()] };
        let record = Record { index: RecordIndex(0), at_us: 0, unix_ms: 0, scope, event: started.into() };
        let written = Record::from_line(&record.to_line().expect("writable")).expect("readable");
        let records = [Arc::new(written)];
        let asked = Question { text: "Why?".into(), attached: vec![attachment] };
        assert_eq!(*conversation(&Session::default(), &records).messages()[0], Message::User(asked));
    }
}
