//! The ends of calls that were never sent.

use std::time::Duration;

use super::IN_FLIGHT;
use crate::mcp::{CallEnd, ServerSpec, waiting};
use crate::protocol::{CallFailureCode, ToolName};
use crate::wording;

/// The end of a call that its server was never ready for.
pub(super) fn not_ready(spec: &ServerSpec) -> CallEnd {
    let (server, limit) = (&spec.name, wording::limit(spec.limits.call));
    let message = format!("Server {server} was not ready for the call within {limit}; nothing was sent.");
    CallEnd::failed(CallFailureCode::ServerUnavailable, message)
}

/// The end of a call that found too many others waiting.
pub(super) fn no_room(spec: &ServerSpec) -> CallEnd {
    CallEnd::failed(CallFailureCode::LimitReached, waiting::full(&spec.name))
}

/// The end of a call whose tool is not the one any more by which it was let go.
pub(super) fn another_tool(tool: &ToolName) -> CallEnd {
    let message = format!(
        "Its server changed or took away the tool {tool} just before the call was sent, so it was not sent. Call again \
         if it is still wanted."
    );
    CallEnd::failed(CallFailureCode::ToolChanged, message)
}

/// The end of a call whose turn did not come in time.
pub(super) fn crowded_out(limit: Duration) -> CallEnd {
    let limit = wording::limit(limit);
    let message = format!("{IN_FLIGHT} other calls were running for {limit}; nothing was sent. Call again.");
    CallEnd::failed(CallFailureCode::LimitReached, message)
}
