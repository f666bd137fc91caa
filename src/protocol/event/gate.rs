//! Events of the gate: turns held around the model, breakpoints, tools allowed for good, tools that have changed.

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

/// Payload of `tool.changed`: the definition is not the one that was pinned, so calls of the tool wait for a yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolChanged {
    /// The server.
    pub server: ServerName,
    /// The tool.
    pub tool: ToolName,
    /// The hash of the definition as it is now.
    pub hash: String,
    /// What has changed, in a few words.
    pub summary: String,
    /// The places that differ, as far as the old definition was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Places that differ and are not listed.
    #[serde(default)]
    pub more: u64,
}

/// One place of a definition that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Where, such as `inputSchema.properties.to`.
    pub path: String,
    /// What stood there; absent if nothing did. Of long texts the part that differs, cut with a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now; absent if nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Payload of `tool.pinned`: the definition of a tool that had changed is the one that counts from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolPinned {
    /// The server.
    pub server: ServerName,
    /// The tool.
    pub tool: ToolName,
    /// The hash of that definition.
    pub hash: String,
    /// Who brought it about: `operator` by accepting it, `server` by taking its change back.
    pub by: String,
}
