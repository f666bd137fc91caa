//! What the operator does with the calls of a step: decide, change, cancel; and results that wait at the gate.

use serde_json::{Map, Value};

use crate::mcp::CallEnd;
use crate::orchestrator::gate::{Gate, Hold, Holder, Verdict as Judged};
use crate::orchestrator::toolbox::Toolbox;
use crate::protocol::{
    CallDecided, CallFailure, CallId, CallReceived, CallStatus, Decision, DeliveredForm, Json, NoteLevel, NoteTaken,
    Stepping, StopSite, Verdict,
};
use crate::schema::Schema;

use super::calls::{Batch, Open, Received, Stand, decided, denied, refused};
use super::{Effect, StopReason};

/// What the model would be told, and the turn ends with, where a recording has no answer for a call.
pub(super) const MISSED: &str = "The mock run ends here: the recording has no answer for a call.";

/// Why a call or a result waits that is again as it came.
const TAKEN_BACK: &str = "the operator's change was taken back";

/// Why a call ends before its server has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The operator cancelled it, or stopped the turn.
    Operator,
    /// The session ends.
    Closing,
    /// The recording that stands in for the servers has no answer.
    Missed,
}

impl From<StopReason> for Why {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Operator => Self::Operator,
            StopReason::Closing => Self::Closing,
        }
    }
}

impl Why {
    /// What is recorded, and the model told.
    fn words(self, stand: &Stand) -> &'static str {
        match (self, stand) {
            (Self::Operator, Stand::Running | Stand::Received(_) | Stand::Ended(..)) => {
                "The operator cancelled this call."
            }
            (Self::Operator, Stand::Held(_) | Stand::Queued) => "The operator cancelled this call before it was sent.",
            (Self::Closing, Stand::Held(_)) => "The console was closed while this call was held; it was never sent.",
            (Self::Closing, Stand::Queued) => "The console was closed before this call was sent.",
            (Self::Closing, Stand::Running | Stand::Received(_) | Stand::Ended(..)) => {
                "The console was closed while this call was running."
            }
            (Self::Missed, _) => MISSED,
        }
    }
}

impl Batch {
    /// A running call is over: it ends, or its result waits at the gate.
    pub(super) fn ended(
        &mut self,
        call: CallId,
        end: CallEnd,
        duration_us: u64,
        (gate, toolbox): (&Gate, &Toolbox),
        effects: &mut Vec<Effect>,
    ) {
        let Some((open, stand @ Stand::Running)) = self.find(call) else { return };
        *stand = received(open, end, duration_us, (gate, toolbox), effects);
    }

    /// The operator decides a call that is held, or that has not been sent yet: until then the last word counts.
    pub(super) fn decide(
        &mut self,
        call: CallId,
        decision: Decision,
        judges: (&Gate, &Toolbox),
        effects: &mut Vec<Effect>,
    ) {
        let Some((open, stand)) = self.find(call) else { return };
        match std::mem::replace(stand, Stand::Queued) {
            Stand::Held(hold) => *stand = decide_call(open, hold, decision, judges, effects),
            Stand::Queued => *stand = take_back(open, decision, judges, effects),
            Stand::Received(received) => *stand = decide_result(open, received, decision, judges, effects),
            other @ (Stand::Running | Stand::Ended(..)) => *stand = other,
        }
    }

    /// Lets calls go that only the gate held, and that it would not hold after its change. What a breakpoint has stopped
    /// or the operator has changed waits on, except where the operator wants the turn finished without another stop. A
    /// call that was let go and not sent waits again if its tool is not what it was any more. What is refused now is over.
    pub(super) fn judge_again(&mut self, (before, gate): (&Gate, &Gate), toolbox: &Toolbox, effects: &mut Vec<Effect>) {
        let may_go = |holder| holder == Holder::Gate || gate.stepping == Stepping::Out;
        let mut released = 0;
        for (open, stand) in &mut self.calls {
            // What a log point had to say was said when the call came.
            let mut said = Vec::new();
            let passes = match stand {
                Stand::Held(hold) if may_go(hold.holder) => match open.judge(gate, toolbox, &mut said) {
                    Ok(Judged::Hold(now)) => {
                        if now != *hold {
                            effects.push(open.held(StopSite::BeforeCall, &now));
                            *hold = now;
                        }
                        false
                    }
                    Ok(Judged::Refuse(reason)) => {
                        *stand = refused(open, reason, effects);
                        false
                    }
                    judged => judged == Ok(Judged::Pass),
                },
                Stand::Received(held) if may_go(held.holder) => {
                    match open.judge_end(&held.end, held.duration_us, gate, toolbox, &mut said) {
                        Some(now) => {
                            held.holder = now.holder;
                            false
                        }
                        None => true,
                    }
                }
                Stand::Queued => {
                    if let Some(reason) = open.refusal(gate, toolbox) {
                        *stand = refused(open, reason, effects);
                    } else if let Some(hold) = open.newly_changed(before, gate) {
                        effects.push(open.held(StopSite::BeforeCall, &hold));
                        *stand = Stand::Held(hold);
                    }
                    false
                }
                Stand::Held(_) | Stand::Received(_) | Stand::Running | Stand::Ended(..) => false,
            };
            if !passes {
                continue;
            }
            released += 1;
            effects.push(open.tell(decided(Verdict::Run, "gate", None)));
            *stand = match std::mem::replace(stand, Stand::Queued) {
                Stand::Received(received) => finished(open, received, effects),
                Stand::Held(_) | Stand::Queued | Stand::Running | Stand::Ended(..) => Stand::Queued,
            };
        }
        let text = match released {
            0 => return,
            1 => "1 held call was released: nothing holds it any more".to_owned(),
            count => format!("{count} held calls were released: nothing holds them any more"),
        };
        let scope = self.calls.first().map(|(open, _)| open.turn()).unwrap_or_default();
        effects.push(Effect::Tell(scope, NoteTaken { level: NoteLevel::Info, text }.into()));
    }

    /// Ends one call as cancelled, and says why; what its server still says is ignored. A result that waits stays what it is.
    pub(super) fn cancel(&mut self, call: CallId, why: Why, effects: &mut Vec<Effect>) {
        let Some((open, stand)) = self.find(call) else { return };
        match std::mem::replace(stand, Stand::Queued) {
            ended @ Stand::Ended(..) => *stand = ended,
            Stand::Received(received) => *stand = finished(open, received, effects),
            before @ (Stand::Held(_) | Stand::Queued | Stand::Running) => {
                let end = CallEnd::cancelled(why.words(&before).to_owned());
                open.finish(&end, 0, effects);
                if matches!(before, Stand::Running) {
                    effects.push(Effect::AbortCall { call, server: open.server.clone() });
                }
                *stand = Stand::Ended(end, DeliveredForm::Synthetic);
            }
        }
    }
}

/// The outcome of an attempt, or what the operator gave in its place: it waits at the gate, or the call is over.
fn received(
    open: &Open,
    end: CallEnd,
    duration_us: u64,
    (gate, toolbox): (&Gate, &Toolbox),
    effects: &mut Vec<Effect>,
) -> Stand {
    let held = open.judge_end(&end, duration_us, gate, toolbox, effects);
    let holder = held.as_ref().map_or(Holder::Gate, |hold| hold.holder);
    let Some(hold) = held else {
        return finished(open, Received { end, duration_us, given: None, holder }, effects);
    };
    effects.push(open.tell(CallReceived {
        status: end.status,
        duration_us,
        result: end.result.clone(),
        failure: end.failure.clone(),
        mismatch: end.mismatch.clone(),
    }));
    effects.push(open.held(StopSite::AfterResult, &hold));
    Stand::Received(Received { end, duration_us, given: None, holder })
}

/// A call that the operator holds.
fn kept(reason: &str) -> Hold {
    Hold { holder: Holder::Operator, reason: reason.to_owned(), remedy: "" }
}

/// Decides a call that may be sent and waits for others: whatever does not end it holds it again.
fn take_back(open: &mut Open, decision: Decision, judges: (&Gate, &Toolbox), effects: &mut Vec<Effect>) -> Stand {
    match decision {
        Decision::Run | Decision::Retry => Stand::Queued,
        Decision::Edit { .. } | Decision::Revert | Decision::Answer { .. } | Decision::Deny { .. } => {
            decide_call(open, kept("taken back by the operator"), decision, judges, effects)
        }
    }
}

/// Decides a call that waits for a decision.
fn decide_call(
    open: &mut Open,
    hold: Hold,
    decision: Decision,
    (gate, toolbox): (&Gate, &Toolbox),
    effects: &mut Vec<Effect>,
) -> Stand {
    let hold = match decision {
        Decision::Run => {
            if let Some(reason) = open.refusal(gate, toolbox) {
                effects.push(open.not_sent(&reason));
                return Stand::Held(hold);
            }
            effects.push(open.tell(decided(Verdict::Run, "operator", None)));
            return Stand::Queued;
        }
        Decision::Edit { value } => {
            let arguments = toolbox.arguments(&open.wish.name, value.text());
            rewritten(open, arguments, "changed by the operator", (gate, toolbox), effects)
        }
        Decision::Revert => {
            let arguments = toolbox.arguments(&open.wish.name, &open.wish.arguments);
            rewritten(open, arguments, TAKEN_BACK, (gate, toolbox), effects)
        }
        Decision::Retry => Hold { reason: "it has not been sent yet, so it cannot be sent again".to_owned(), ..hold },
        Decision::Answer { result } => {
            let after = Some(result.clone());
            effects.push(open.tell(CallDecided { after, ..decided(Verdict::Answer, "operator", None) }));
            return received(open, by_hand(open, result, toolbox), 0, (gate, toolbox), effects);
        }
        Decision::Deny { reason } => {
            effects.push(open.tell(decided(Verdict::Deny, "operator", Some(reason.clone()))));
            let end = denied(reason);
            open.finish(&end, 0, effects);
            return Stand::Ended(end, DeliveredForm::Denied);
        }
    };
    effects.push(open.held(StopSite::BeforeCall, &hold));
    Stand::Held(hold)
}

/// Puts other arguments in place of a call's, if they can be taken: the reason says what is wrong with them, or `done`.
fn rewritten(
    open: &mut Open,
    arguments: Result<Map<String, Value>, CallFailure>,
    done: &str,
    (gate, toolbox): (&Gate, &Toolbox),
    effects: &mut Vec<Effect>,
) -> Hold {
    match arguments {
        Ok(object) => {
            let before = Some(open.shown());
            open.arguments = Ok(object);
            let after = Some(open.shown());
            effects.push(open.tell(CallDecided { before, after, ..decided(Verdict::Edit, "operator", None) }));
            kept(open.refusal(gate, toolbox).as_deref().unwrap_or(done))
        }
        Err(failure) => kept(&failure.message),
    }
}

/// Decides a call whose result has come.
fn decide_result(
    open: &mut Open,
    mut received: Received,
    decision: Decision,
    (gate, toolbox): (&Gate, &Toolbox),
    effects: &mut Vec<Effect>,
) -> Stand {
    match decision {
        Decision::Run => {
            effects.push(open.tell(decided(Verdict::Run, "operator", None)));
            finished(open, received, effects)
        }
        Decision::Edit { value } | Decision::Answer { result: value } => {
            let given = match matches!(value.value(), Value::Object(_)) {
                // What a server did stays in the record as it was.
                true if open.was_sent() => given_end(value),
                true => by_hand(open, value, toolbox),
                false => {
                    received.holder = Holder::Operator;
                    effects.push(open.held(StopSite::AfterResult, &kept("a result is an object; nothing was changed")));
                    return Stand::Received(received);
                }
            };
            replaced(open, received, Some(given), effects)
        }
        Decision::Revert => replaced(open, received, None, effects),
        Decision::Retry => {
            if let Some(reason) = open.no_retry(gate, toolbox) {
                effects.push(open.not_sent(&reason));
                return Stand::Received(received);
            }
            effects.push(open.tell(decided(Verdict::Retry, "operator", None)));
            Stand::Queued
        }
        Decision::Deny { reason } => {
            effects.push(open.tell(decided(Verdict::Deny, "operator", Some(reason.clone()))));
            let end = denied(reason);
            // What a server did stays in the record; only the model is not told.
            open.finish(if open.was_sent() { &received.end } else { &end }, received.duration_us, effects);
            Stand::Ended(end, DeliveredForm::Denied)
        }
    }
}

/// Puts what the operator gives in place of a result, or takes it away again.
fn replaced(open: &Open, mut received: Received, given: Option<CallEnd>, effects: &mut Vec<Effect>) -> Stand {
    let reason = if given.is_some() { "changed by the operator" } else { TAKEN_BACK };
    let before = received.shown();
    (received.given, received.holder) = (given, Holder::Operator);
    let after = received.shown();
    effects.push(open.tell(CallDecided { before, after, ..decided(Verdict::Edit, "operator", None) }));
    effects.push(open.held(StopSite::AfterResult, &kept(reason)));
    Stand::Received(received)
}

/// The end of a call: what happened, and what the model gets of it.
fn finished(open: &Open, received: Received, effects: &mut Vec<Effect>) -> Stand {
    let Received { end, duration_us, given, holder: _ } = received;
    if !open.was_sent() {
        let end = given.unwrap_or(end);
        open.finish(&end, duration_us, effects);
        return Stand::Ended(end, DeliveredForm::Synthetic);
    }
    open.finish(&end, duration_us, effects);
    match given {
        Some(given) => Stand::Ended(given, DeliveredForm::Edited),
        None if end.result.is_some() => Stand::Ended(end, DeliveredForm::Original),
        None => Stand::Ended(end, DeliveredForm::Synthetic),
    }
}

/// How a call ends whose result the operator gives.
fn by_hand(open: &Open, result: Json, toolbox: &Toolbox) -> CallEnd {
    let end = given_end(result);
    let tool = toolbox.find(open.name()).ok().and_then(|tool| tool.output_schema.clone());
    let mismatch = tool.and_then(|schema| Schema::new(schema).missed_by(end.result.as_ref()?));
    CallEnd { mismatch: mismatch.filter(|_| end.status == CallStatus::Ok), ..end }
}

/// What the model is told instead.
fn given_end(result: Json) -> CallEnd {
    let is_error = result.is_tool_error();
    let status = if is_error { CallStatus::Error } else { CallStatus::Ok };
    CallEnd { status, result: Some(result), failure: None, mismatch: None }
}
