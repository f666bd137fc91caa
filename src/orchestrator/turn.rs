//! The turn machine: one question to its answer, as `handle(Input) -> Vec<Effect>`. Pure: no I/O, no clock, no runtime.
//!
//! Asking → Calling → Asking → … → Over. A call is held, queued, running or ended; calls that only read run side by side,
//! others one after another in the model's order. Whatever happens, every proposed call finishes exactly once, and every
//! call of the model gets exactly one result message in its order.

mod beginning;
mod calls;
mod deciding;
#[cfg(test)]
mod playbooks;
mod waiting;
mod words;

use crate::model::Message;
use crate::protocol::{
    CallFailure, CallFailureCode, CallId, Ending, Event, Json, ModelAnswered, ModelFailed, ModelFailureCode,
    ModelRequested, NoteLevel, NoteTaken, Scope, StepId, StopSite, ToolDefinition, TurnEnded, TurnId, UserInterrupted,
};

use super::conversation::Conversation;
use super::gate::Gate;
use super::toolbox::Toolbox;
use calls::{Batch, Open};
use deciding::{MISSED, Why};
pub use words::{Effect, Input, Numbers, StopReason, ToolUse};

/// Model steps in one turn (`hosting.md` §5).
pub const MOST_STEPS: u32 = 25;
/// The same call that often in one turn stops it.
pub const MOST_REPEATS: u32 = 3;
/// Calls of one model answer.
pub const MOST_CALLS: usize = 128;

/// One running turn.
#[derive(Debug)]
pub struct Turn {
    id: TurnId,
    numbers: Numbers,
    model: String,
    toolbox: Toolbox,
    gate: Gate,
    phase: Phase,
    steps: u32,
    /// Limit reached: why, told at the end.
    limited: Option<String>,
    shrunk: bool,
    repeats: std::collections::HashMap<String, u32>,
}

#[derive(Debug)]
enum Phase {
    /// Waits for the operator around the model.
    Held(Next),
    Asking {
        step: StepId,
    },
    Calling {
        step: StepId,
        batch: Batch,
    },
    Over,
}

/// What comes when a turn goes on.
#[derive(Debug)]
enum Next {
    /// The model is asked.
    Ask(ToolUse),
    /// Its answer is taken.
    Take(StepId, ModelAnswered),
}

impl Turn {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> TurnId {
        self.id
    }

    /// The session's counters after what has happened so far.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// Whether the turn is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// The tool of one of the calls of the running step.
    #[must_use]
    pub fn tool(&self, call: CallId) -> Option<&ToolDefinition> {
        match &self.phase {
            Phase::Calling { batch, .. } => {
                let open = batch.calls.iter().map(|(open, _)| open).find(|open| open.call == call)?;
                self.toolbox.find(&open.wish.name).ok()
            }
            Phase::Held(_) | Phase::Asking { .. } | Phase::Over => None,
        }
    }

    /// What one of the calls of the running step has in it: its arguments and its result, as they came and as changed.
    #[must_use]
    pub fn contents(&self, call: CallId) -> Vec<Json> {
        match &self.phase {
            Phase::Calling { batch, .. } => batch.contents(call),
            Phase::Held(_) | Phase::Asking { .. } | Phase::Over => Vec::new(),
        }
    }

    /// The calls that wait for a decision, in order.
    #[must_use]
    pub fn held(&self) -> Vec<CallId> {
        match &self.phase {
            Phase::Calling { batch, .. } => batch.held(),
            Phase::Held(_) | Phase::Asking { .. } | Phase::Over => Vec::new(),
        }
    }

    /// Takes one input. Whatever comes too late, or for something unknown, is ignored.
    pub fn handle(&mut self, mut input: Input, conversation: &mut Conversation) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Input::GateChanged(gate) = &mut input {
            // From here on the input has the gate as it was.
            std::mem::swap(&mut self.gate, gate);
        }
        match (std::mem::replace(&mut self.phase, Phase::Over), input) {
            (Phase::Over, _) => {}
            (Phase::Asking { step }, Input::ModelAnswered(answer)) => {
                self.answered(step, answer, conversation, &mut effects)
            }
            (Phase::Asking { step }, Input::ModelFailed(failure)) => {
                self.failed(step, failure, conversation, &mut effects)
            }
            (Phase::Asking { .. }, Input::Stop(reason)) => {
                effects.push(Effect::AbortModel);
                self.stop(reason, &mut effects, |_| ());
            }
            (Phase::Held(next), input) => self.held_around_model(next, &input, conversation, &mut effects),
            (
                phase @ Phase::Asking { .. },
                Input::CallEnded { .. }
                | Input::Decide { .. }
                | Input::Proceed
                | Input::GateChanged(_)
                | Input::Missed
                | Input::CancelCall(_),
            ) => {
                self.phase = phase;
            }
            (Phase::Calling { step, batch }, input) => self.calling(step, batch, input, conversation, &mut effects),
        }
        effects
    }

    fn calling(
        &mut self,
        step: StepId,
        mut batch: Batch,
        input: Input,
        conversation: &mut Conversation,
        effects: &mut Vec<Effect>,
    ) {
        match input {
            Input::CallEnded { call, end, duration_us } => {
                batch.ended(call, end, duration_us, (&self.gate, &self.toolbox), effects);
            }
            Input::Decide { call, decision } => batch.decide(call, decision, (&self.gate, &self.toolbox), effects),
            Input::GateChanged(before) => batch.judge_again((&before, &self.gate), &self.toolbox, effects),
            Input::CancelCall(call) => batch.cancel(call, Why::Operator, effects),
            Input::Stop(reason) => {
                let toolbox = self.toolbox.clone();
                return self.stop(reason, effects, |effects| {
                    batch.cancel_all(Why::from(reason), effects);
                    batch.deliver(&toolbox, conversation, effects);
                });
            }
            Input::Missed => {
                batch.cancel_all(Why::Missed, effects);
                batch.deliver(&self.toolbox, conversation, effects);
                self.end(Ending::Failed, Some(MISSED.to_owned()), effects);
                return;
            }
            // The request of this step is over; nothing of it can come twice.
            Input::ModelAnswered(_) | Input::ModelFailed(_) | Input::Proceed => {}
        }
        self.advance(step, batch, conversation, effects);
    }

    /// Sends what may be sent; when all calls are over, their results go to the model.
    fn advance(&mut self, step: StepId, mut batch: Batch, conversation: &mut Conversation, effects: &mut Vec<Effect>) {
        batch.send_ready(effects);
        if !batch.is_done() {
            self.phase = Phase::Calling { step, batch };
            return;
        }
        batch.deliver(&self.toolbox, conversation, effects);
        let tools = if self.limited.is_some() { ToolUse::Withheld } else { ToolUse::Offered };
        self.ask(conversation, tools, effects);
    }

    fn request(&mut self, conversation: &mut Conversation, tools: ToolUse, effects: &mut Vec<Effect>) {
        self.steps += 1;
        let mut tools = tools;
        if self.steps == MOST_STEPS && tools == ToolUse::Offered {
            self.limited = Some(format!("{MOST_STEPS} model steps were not enough; ask again to go on from here"));
            tools = ToolUse::Withheld;
        }
        self.numbers.steps += 1;
        let step = StepId(self.numbers.steps);
        let requested = ModelRequested {
            model: self.model.clone(),
            messages: u32::try_from(conversation.messages().len()).unwrap_or(u32::MAX),
            new_messages: conversation.take_new(),
            tools: match tools {
                ToolUse::Offered => u32::try_from(self.toolbox.offered.len()).unwrap_or(u32::MAX),
                ToolUse::Withheld => 0,
            },
            reason: (tools == ToolUse::Withheld)
                .then(|| "limit reached: asked for an answer without more calls".into()),
        };
        effects.push(Effect::Tell(self.scope(Some(step)), requested.into()));
        effects.push(Effect::AskModel { step, tools });
        self.phase = Phase::Asking { step };
    }

    fn answered(
        &mut self,
        step: StepId,
        mut answer: ModelAnswered,
        conversation: &mut Conversation,
        effects: &mut Vec<Effect>,
    ) {
        if self.limited.is_some() {
            // Nothing was offered, so nothing is called.
            answer.calls.clear();
        }
        effects.push(Effect::Tell(self.scope(Some(step)), answer.clone().into()));
        if !self.gate.stops_at_model() {
            return self.take(step, answer, conversation, effects);
        }
        let reason = match answer.calls.len() {
            0 => "the model has answered, and wants no calls".to_owned(),
            1 => "the model has answered, and wants 1 call".to_owned(),
            count => format!("the model has answered, and wants {count} calls"),
        };
        self.hold(StopSite::AfterModel, reason, Next::Take(step, answer), effects);
    }

    /// Takes an answer into the conversation, and makes its calls.
    fn take(
        &mut self,
        step: StepId,
        answer: ModelAnswered,
        conversation: &mut Conversation,
        effects: &mut Vec<Effect>,
    ) {
        conversation.push(Message::Assistant {
            text: answer.text.clone(),
            reasoning: answer.reasoning.clone(),
            calls: answer.calls.clone(),
        });
        if answer.calls.is_empty() {
            let reason = self.limited.take().or_else(|| answer.cut_short().map(str::to_owned));
            let ending = if reason.is_some() { Ending::Limited } else { Ending::Answered };
            return self.end(ending, reason, effects);
        }
        let mut batch = Batch::default();
        for wish in answer.calls {
            self.numbers.calls += 1;
            let call = CallId(self.numbers.calls);
            let scope = Scope { call: Some(call), ..self.scope(Some(step)) };
            let open = Open::propose(call, scope, wish, (&self.toolbox, conversation.hearsay()), effects);
            let repeats = *self.repeats.entry(open.signature()).and_modify(|count| *count += 1).or_insert(1);
            if repeats >= MOST_REPEATS && self.limited.is_none() {
                let text = format!(
                    "the same call of {} came {MOST_REPEATS} times; rephrase the question, or ask to go on",
                    open.name()
                );
                effects.push(self.note(text.clone()));
                self.limited = Some(text);
            }
            let too_much = if repeats >= MOST_REPEATS {
                Some("The same call with the same arguments was made before in this turn; use its result.".to_owned())
            } else {
                let full = batch.calls.len() >= MOST_CALLS;
                full.then(|| format!("One answer may ask for {MOST_CALLS} calls; this one was not made."))
            };
            if let Some(message) = too_much {
                batch.refuse(open, CallFailure { code: CallFailureCode::LimitReached, message }, effects);
                continue;
            }
            let gate = open.judge(&self.gate, &self.toolbox, effects);
            batch.admit(open, gate, effects);
        }
        self.advance(step, batch, conversation, effects);
    }

    fn failed(
        &mut self,
        step: StepId,
        failure: ModelFailed,
        conversation: &mut Conversation,
        effects: &mut Vec<Effect>,
    ) {
        let overflow = failure.code == ModelFailureCode::ContextOverflow;
        let message = failure.message.clone();
        effects.push(Effect::Tell(self.scope(Some(step)), failure.into()));
        if overflow && !self.shrunk && conversation.shrink() {
            self.shrunk = true;
            effects.push(
                self.note("the conversation no longer fits the model: its largest results were shortened".into()),
            );
            let tools = if self.limited.is_some() { ToolUse::Withheld } else { ToolUse::Offered };
            return self.ask(conversation, tools, effects);
        }
        self.end(Ending::Failed, Some(message), effects);
    }

    /// Ends the turn before its answer, and `open` before it.
    fn stop(&mut self, reason: StopReason, effects: &mut Vec<Effect>, open: impl FnOnce(&mut Vec<Effect>)) {
        let words = match reason {
            StopReason::Operator => {
                effects.push(self.tell(UserInterrupted {}));
                None
            }
            StopReason::Closing => Some("the console was closed".to_owned()),
        };
        open(effects);
        self.end(Ending::Stopped, words, effects);
    }

    fn end(&mut self, ending: Ending, reason: Option<String>, effects: &mut Vec<Effect>) {
        self.phase = Phase::Over;
        effects.push(self.tell(TurnEnded { ending, reason }));
        effects.push(Effect::End);
    }

    fn note(&self, text: String) -> Effect {
        self.tell(NoteTaken { level: NoteLevel::Warning, text })
    }

    fn tell(&self, event: impl Into<Event>) -> Effect {
        Effect::Tell(self.scope(None), event.into())
    }

    fn scope(&self, step: Option<StepId>) -> Scope {
        Scope { turn: Some(self.id), step, call: None }
    }
}
