//! How a turn begins.

use super::{Effect, Numbers, Phase, StopReason, ToolUse, Turn};
use crate::model::Message;
use crate::orchestrator::conversation::Conversation;
use crate::orchestrator::gate::Gate;
use crate::orchestrator::toolbox::Toolbox;
use crate::protocol::{Question, TurnId, TurnStarted};

impl Turn {
    /// Begins a turn with `question`.
    pub fn begin(
        question: Question,
        model: String,
        toolbox: Toolbox,
        gate: Gate,
        numbers: Numbers,
        conversation: &mut Conversation,
    ) -> (Self, Vec<Effect>) {
        let (mut turn, mut effects) = Self::started(&question, model, toolbox, gate, numbers);
        conversation.push(Message::User(question));
        turn.ask(conversation, ToolUse::Offered, &mut effects);
        (turn, effects)
    }

    /// The turn of a question that the operator gives up before it has begun: it is over, and the model never hears of it.
    pub fn given_up(
        question: &Question,
        model: String,
        toolbox: Toolbox,
        gate: Gate,
        numbers: Numbers,
    ) -> (Self, Vec<Effect>) {
        let (mut turn, mut effects) = Self::started(question, model, toolbox, gate, numbers);
        turn.stop(StopReason::Operator, &mut effects, |_| {});
        (turn, effects)
    }

    fn started(
        question: &Question,
        model: String,
        toolbox: Toolbox,
        gate: Gate,
        mut numbers: Numbers,
    ) -> (Self, Vec<Effect>) {
        numbers.turns += 1;
        let turn = Self {
            id: TurnId(numbers.turns),
            numbers,
            model,
            toolbox,
            gate,
            phase: Phase::Over,
            steps: 0,
            limited: None,
            shrunk: false,
            repeats: std::collections::HashMap::new(),
        };
        let told = TurnStarted { question: question.text.clone(), attached: question.attached.clone() };
        let effects = vec![turn.tell(told)];
        (turn, effects)
    }
}
