//! Turns that wait around a model request: before the model is asked, and before its answer is taken.

use crate::orchestrator::conversation::Conversation;
use crate::protocol::{StopSite, TurnHeld, TurnResumed};
use crate::wording::count;

use super::{Effect, Input, Next, Phase, ToolUse, Turn};

impl Turn {
    /// A turn that waits around the model goes on, ends, or waits on.
    pub(super) fn held_around_model(
        &mut self,
        next: Next,
        input: &Input,
        conversation: &mut Conversation,
        effects: &mut Vec<Effect>,
    ) {
        let goes_on = match input {
            Input::Proceed => true,
            Input::GateChanged(_) => !self.gate.stops_at_model(),
            Input::Stop(reason) => return self.stop(*reason, effects, |_| ()),
            Input::ModelAnswered(_)
            | Input::ModelFailed(_)
            | Input::CallEnded { .. }
            | Input::Decide { .. }
            | Input::Missed
            | Input::CancelCall(_) => false,
        };
        if !goes_on {
            self.phase = Phase::Held(next);
            return;
        }
        effects.push(self.tell(TurnResumed {}));
        match next {
            Next::Ask(tools) => self.request(conversation, tools, effects),
            Next::Take(step, answer) => self.take(step, answer, conversation, effects),
        }
    }

    pub(super) fn hold(&mut self, site: StopSite, reason: String, next: Next, effects: &mut Vec<Effect>) {
        // What would be sent has a part that is not the machine's: the shell puts it together.
        effects.push(self.tell(TurnHeld { site, reason, messages: None }));
        self.phase = Phase::Held(next);
    }

    /// Asks the model, or waits for the operator before it.
    pub(super) fn ask(&mut self, conversation: &mut Conversation, tools: ToolUse, effects: &mut Vec<Effect>) {
        if !self.gate.stops_at_model() {
            return self.request(conversation, tools, effects);
        }
        let (messages, bytes) = conversation.weight();
        let messages = count(messages, "message");
        let reason =
            format!("{} is about to be asked with its standing instructions and {messages}, {bytes} bytes", self.model);
        self.hold(StopSite::BeforeModel, reason, Next::Ask(tools), effects);
    }
}
