//! Events of the session, its turns and its operator.

use serde::{Deserialize, Serialize};

use crate::protocol::{Attachment, ServerName, SessionId, Stepping};

/// Payload of `session.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The session's ULID.
    pub id: SessionId,
    /// Program name and version, such as `callboard 0.1.0`.
    pub app: String,
    /// The model's name, or `built-in`.
    pub model: String,
    /// The configured servers in lane order.
    pub servers: Vec<ServerName>,
    /// The project's server files that count without being asked about, first the one that counts most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_files: Vec<String>,
}

/// Payload of `session.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// `quit`, or what went wrong.
    pub reason: String,
}

/// Payload of `user.asked`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAsked {
    /// The question as it was typed.
    pub text: String,
}

/// Payload of `user.interrupted`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInterrupted {}

/// Payload of `conversation.cleared`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationCleared {}

/// Payload of `stepping.changed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteppingChanged {
    /// What holds from now on.
    pub stepping: Stepping,
}

/// Payload of `turn.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnStarted {
    /// The question, in the operator's own words.
    pub question: String,
    /// What goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attachment>,
}

/// Payload of `turn.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnEnded {
    /// How it ended.
    pub ending: Ending,
    /// Why, where the ending alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With an answer.
    Answered,
    /// The operator stopped it.
    Stopped,
    /// The model could not be asked, or its answer broke off.
    Failed,
    /// The limit of steps or of repeated calls was reached; there may be an answer.
    Limited,
}

impl Ending {
    /// The word in records and in `ask --json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Limited => "limited",
        }
    }
}

/// Payload of `note.taken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteTaken {
    /// How much it matters.
    pub level: NoteLevel,
    /// The remark.
    pub text: String,
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteLevel {
    /// Good to know.
    Info,
    /// Something was left out or cut.
    Warning,
    /// Something is broken; shown as a banner.
    Error,
}

/// Payload of `recording.repaired`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingRepaired {
    /// Length in bytes of the torn last line, which stays in the file.
    pub torn_bytes: u64,
}
