//! What a screen asks of whatever feeds it.

use super::{CallId, Json, ReplayCommand, ServerName};

/// One request of the operator. Commands travel over a bounded queue and are answered by records only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask `text` as the next turn; while a turn runs it waits for its end.
    Submit {
        /// What the operator typed.
        text: String,
    },
    /// Stop the running turn: the model request and every open call end as cancelled.
    StopTurn,
    /// Cancel one call; the turn goes on with its result "cancelled".
    CancelCall {
        /// The call.
        call: CallId,
    },
    /// Decide a held call.
    Decide {
        /// The call that waits.
        call: CallId,
        /// What becomes of it.
        decision: Decision,
    },
    /// Stop and start one server again, also after it failed for good.
    RestartServer {
        /// Its configured name.
        server: ServerName,
    },
    /// Hold every call, or only those the session's policy holds.
    Step {
        /// Which.
        stepping: Stepping,
    },
    /// Ask another model from the next turn on.
    SelectModel {
        /// Its name, `built-in` for the assistant without a model.
        name: String,
    },
    /// Forget the conversation so far: the next question starts a new one. The recording goes on.
    ClearConversation,
    /// Put a note of the operator into the recording.
    Note {
        /// Free text.
        text: String,
    },
    /// End the session: stop the turn, the servers and the recording, in this order.
    Quit,
    /// Move within a recording.
    Replay(ReplayCommand),
}

/// Whether every call waits for the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stepping {
    /// Calls wait only where the policy says so.
    #[default]
    Off,
    /// Every call waits.
    On,
}

/// What the operator (or a rule) decides for a held call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it as it is.
    Run,
    /// Send it with other arguments.
    Edit {
        /// The new arguments, an object.
        arguments: Json,
    },
    /// Do not send it; this is its result.
    Answer {
        /// The result the model gets.
        result: Json,
    },
    /// Do not send it; the model gets an error with this reason.
    Deny {
        /// Why, in the operator's words.
        reason: String,
    },
}
