//! Events of a server that wants something of the operator (MCP elicitation), in whichever way its era asks.

use serde::{Deserialize, Serialize};

use crate::protocol::{InputId, Json, ServerName};

/// Payload of `input.requested`; the record's call is the one that waits for it, if that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRequested {
    /// Ours, never used twice in a session.
    pub input: InputId,
    /// The server that asks.
    pub server: ServerName,
    /// Why, in the server's words.
    pub message: String,
    /// What it wants.
    pub wanted: Wanted,
}

/// What a server wants of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Values of a form.
    Form {
        /// JSON Schema of an object with primitive properties, as the server sent it.
        schema: Json,
    },
    /// A visit to a page; what is done there does not pass through us.
    Url {
        /// The whole address, as the server sent it.
        url: String,
    },
}

/// Payload of `input.answered`: comes exactly once for each that was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputAnswered {
    /// What is answered.
    pub input: InputId,
    /// How.
    pub action: InputAction,
    /// The values that were sent, an object; only of an accepted form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Json>,
    /// Why it was not the operator who answered, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The three answers that MCP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputAction {
    /// The form was sent, or the page will be visited.
    Accepted,
    /// The operator said no.
    Declined,
    /// The operator went away without an answer, or nobody waits for it any more.
    Cancelled,
}
