//! Events of the gate: turns held around the model, breakpoints, tools allowed for good.

use serde::{Deserialize, Serialize};

use super::StopSite;
use crate::protocol::{Json, ServerName, ToolName};

/// Payload of `turn.held`: the turn waits before the model is asked, or after it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnHeld {
    /// Where it waits.
    pub site: StopSite,
    /// What comes next, in words.
    pub reason: String,
    /// Before the model is asked: everything it would be sent, as a JSON array of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Json>,
}

/// Payload of `turn.resumed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnResumed {}

/// Payload of `breakpoints.changed`: all that are in force from here on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakpointsChanged {
    /// In the order they were set.
    pub breakpoints: Vec<Breakpoint>,
}

/// Calls to stop at, or to tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakpoint {
    /// Which calls: an expression of `query`.
    pub on: String,
    /// What happens at such a call.
    pub action: BreakAction,
}

/// What a breakpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakAction {
    /// The call is held.
    Stop,
    /// A note is taken, and the call goes on.
    Log,
}

/// Payload of `tool.allowed`: calls of this tool are not asked about any more, as long as its definition stays the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolAllowed {
    /// The server.
    pub server: ServerName,
    /// The tool.
    pub tool: ToolName,
    /// The hash of its definition.
    pub hash: String,
}
