//! Events of one tool call, from the model's wish to what the model got.

use serde::{Deserialize, Serialize};

use crate::protocol::{Json, ServerName, ToolName};

/// Payload of `call.proposed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallProposed {
    /// The server that has the tool; the empty name if no server has it.
    pub server: ServerName,
    /// The tool on that server, or the model's word for an unknown tool.
    pub tool: ToolName,
    /// What the model asked for, as it would be sent: an object, read once and written anew, so that of equal keys the last
    /// counts and integers beyond 64 bits are floats; or a string with text that is no object. The model's own text is in
    /// `model.answered`.
    pub arguments: Json,
    /// The provider's id.
    pub provider_id: String,
    /// Whether the tool counts as one that only reads: its server says so and is believed.
    #[serde(default)]
    pub read_only: bool,
}

/// Payload of `call.held`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallHeld {
    /// Where it waits.
    pub site: StopSite,
    /// Why it waits, in words.
    pub reason: String,
    /// What lets such a call pass where nobody can be asked, in words; empty where only the operator's own doing held it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl CallHeld {
    /// The remedy of a call that the mode holds: where somebody can be asked, allowing its tool is another.
    pub const BY_MODE: &str = "use --policy auto to allow it";
}

/// Where a turn can be stopped (`sessions.md` §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopSite {
    /// Before the call is sent.
    BeforeCall,
    /// After its result and before the model sees it.
    AfterResult,
    /// Before the model is asked.
    BeforeModel,
    /// After the model answered.
    AfterModel,
}

/// Payload of `call.decided`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDecided {
    /// What was decided.
    pub verdict: Verdict,
    /// Who decided: `operator`, or the rule.
    pub by: String,
    /// The denial's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Arguments or result before an edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// Arguments or result after an edit, or the operator's own result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// The verdict over a held call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Sent as it was.
    Run,
    /// Changed.
    Edit,
    /// Not sent: the operator gave the result.
    Answer,
    /// Not sent, or its result kept from the model: refused.
    Deny,
    /// Sent again.
    Retry,
}

impl Verdict {
    /// What was done with the call, for people: `by operator` may follow.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Run => "released",
            Self::Edit => "edited",
            Self::Answer => "answered instead of the server",
            Self::Deny => "denied",
            Self::Retry => "sent again",
        }
    }
}

/// Payload of `call.started`; written before the request leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStarted {
    /// The attempt, from 1.
    pub attempt: u32,
    /// The arguments that are sent.
    pub arguments: Json,
    /// The time-out in ms, restarted by progress.
    pub timeout_ms: u64,
    /// Whether the tool counts as one that only reads; one that does not is on the disk before it is sent.
    #[serde(default)]
    pub read_only: bool,
}

/// Payload of `call.progressed` (MCP `notifications/progress`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallProgressed {
    /// The progress so far, in the server's unit.
    pub progress: f64,
    /// The total, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// The server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Payload of `call.extended`: the operator lets a running call take its time-out once more, counted from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallExtended {
    /// The time-out in ms, restarted by progress.
    pub timeout_ms: u64,
}

/// Payload of `call.received`: the outcome of one attempt, held before the model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallReceived {
    /// How the attempt ended.
    pub status: CallStatus,
    /// From sending to the end, in µs.
    pub duration_us: u64,
    /// The MCP `CallToolResult` as it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Why it failed, where no result says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CallFailure>,
    /// Where the result does not match the tool's `outputSchema`, or the form of every tool's result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<String>,
}

/// Payload of `call.finished`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFinished {
    /// How it ended.
    pub status: CallStatus,
    /// From sending to the end, in µs; 0 for a call that was never sent.
    pub duration_us: u64,
    /// The MCP `CallToolResult` (`content`, `structuredContent`, `isError`) as it was received or given by the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Why it failed, where no result says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<CallFailure>,
    /// Where the result does not match the tool's `outputSchema`, or the form of every
    /// tool's result; it is shown all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<String>,
}

/// How a call ended; the words of `ask --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// With a result.
    Ok,
    /// With a tool error, or without any result.
    Error,
    /// The operator cancelled it.
    Cancelled,
    /// It was refused at the gate.
    Denied,
}

impl CallStatus {
    /// The word in records and in `ask --json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
        }
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailure {
    /// What kind of failure.
    pub code: CallFailureCode,
    /// What happened, to what, and what to do.
    pub message: String,
}

/// The kinds of failures of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallFailureCode {
    /// No connected server has such a tool.
    UnknownTool,
    /// The arguments are no object, or break the tool's input schema.
    BadArguments,
    /// The server is not connected.
    ServerUnavailable,
    /// The server went away while the call was running.
    ServerLost,
    /// No answer within the time-out.
    TimedOut,
    /// A JSON-RPC error instead of a result.
    ProtocolError,
    /// The operator or a rule refused it.
    Denied,
    /// The operator cancelled it.
    Cancelled,
    /// Too many calls were in flight, or one was repeated too often.
    LimitReached,
    /// Its tool became another one before it was sent.
    ToolChanged,
}

/// Payload of `call.delivered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDelivered {
    /// What the model got.
    pub form: DeliveredForm,
    /// Bytes the model got.
    pub bytes: u64,
    /// Bytes of the full result.
    pub full_bytes: u64,
}

/// How what the model got relates to what the server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveredForm {
    /// The server's result.
    Original,
    /// The operator changed it.
    Edited,
    /// No server gave it: an operator's answer or our own error.
    Synthetic,
    /// A refusal.
    Denied,
    /// The server's result, shortened in the middle.
    Truncated,
}
