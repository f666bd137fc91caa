//! Which calls wait for the operator (`sessions.md` §4).

use crate::protocol::ToolDefinition;

/// The approval mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Every call waits.
    AskAll,
    /// Calls of tools that are not known only to read wait.
    #[default]
    AskWrites,
    /// Nothing waits.
    Auto,
    /// Calls of tools that are not known only to read are refused.
    ReadOnly,
}

/// What the gate says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent.
    Pass,
    /// It waits, and why.
    Hold(String),
    /// It is refused, and why.
    Refuse(String),
}

impl Policy {
    /// The word in settings and in the recording's header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AskAll => "ask-all",
            Self::AskWrites => "ask-writes",
            Self::Auto => "auto",
            Self::ReadOnly => "read-only",
        }
    }

    /// Decides over one call.
    #[must_use]
    pub fn judge(self, tool: &ToolDefinition) -> Verdict {
        let reads = tool.annotations.read_only;
        match self {
            Self::Auto => Verdict::Pass,
            Self::AskAll => Verdict::Hold("every call is asked about".into()),
            Self::AskWrites if reads => Verdict::Pass,
            Self::AskWrites => Verdict::Hold(format!("{} on {} may change something", tool.tool, tool.server)),
            Self::ReadOnly if reads => Verdict::Pass,
            Self::ReadOnly => Verdict::Refuse(format!(
                "{} on {} may change something, and this session only reads",
                tool.tool, tool.server
            )),
        }
    }
}
