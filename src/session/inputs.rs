//! What servers wanted of the operator, as the records tell it.

use crate::protocol::{CallId, Event, InputAnswered, InputRequested, Record};

use super::Session;

/// Something a server wanted of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it wanted.
    pub requested: InputRequested,
    /// The call that waits for it, if that is known.
    pub call: Option<CallId>,
    /// When it asked, µs.
    pub at_us: u64,
    /// The answer, once there is one.
    pub answered: Option<InputAnswered>,
}

/// Applies an event of an input; `None` if it contradicts the state.
pub(super) fn apply(session: &mut Session, record: &Record) -> Option<()> {
    match &record.event {
        Event::InputRequested(requested) => {
            let input =
                Input { requested: requested.clone(), call: record.scope.call, at_us: record.at_us, answered: None };
            session.inputs.push(input);
        }
        Event::InputAnswered(answered) => {
            let is_open = |input: &Input| input.requested.input == answered.input && input.answered.is_none();
            let position = session.inputs.iter().position(is_open)?;
            session.inputs.get_mut(position)?.answered = Some(answered.clone());
        }
        _ => return None,
    }
    Some(())
}
