//! What the turn machine is told, and what it wants done.

use serde_json::{Map, Value};

use crate::mcp::CallEnd;
use crate::orchestrator::gate::Gate;
use crate::protocol::{CallId, Decision, Event, ModelAnswered, ModelFailed, Scope, ServerName, StepId, ToolName};

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// The model's answer is complete.
    ModelAnswered(ModelAnswered),
    /// The request failed for good.
    ModelFailed(ModelFailed),
    /// A call is over on its server; `duration_us` since it was sent.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        end: CallEnd,
        /// µs.
        duration_us: u64,
    },
    /// The operator decides a held call.
    Decide {
        /// The call.
        call: CallId,
        /// What becomes of it.
        decision: Decision,
    },
    /// The operator lets the turn go on that waits around the model.
    Proceed,
    /// The operator changed what waits.
    GateChanged(Box<Gate>),
    /// The operator cancels one call.
    CancelCall(CallId),
    /// The turn is stopped.
    Stop(StopReason),
    /// The recording that stands in for the servers has no answer for a call that was sent: nothing more can come.
    Missed,
}

/// Why a turn is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The operator wants no more of it.
    Operator,
    /// The session ends.
    Closing,
}

/// What the machine wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Record an event and show it.
    Tell(Scope, Event),
    /// Ask the model with the conversation as it is now.
    AskModel {
        /// The step.
        step: StepId,
        /// Whether it may call tools.
        tools: ToolUse,
    },
    /// Give up the running request.
    AbortModel,
    /// Hand a call to its server.
    SendCall {
        /// The call.
        call: CallId,
        /// Its scope.
        scope: Scope,
        /// The server.
        server: ServerName,
        /// The tool.
        tool: ToolName,
        /// The arguments.
        arguments: Map<String, Value>,
        /// Whether the tool only reads.
        read_only: bool,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// Tell a server to stop working on a call; its end has been told already.
    AbortCall {
        /// The call.
        call: CallId,
        /// Its server.
        server: ServerName,
    },
    /// The turn is over.
    End,
}

/// Whether a request may lead to calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolUse {
    /// All tools are offered.
    Offered,
    /// None is: the last request of a turn that has reached a limit.
    Withheld,
}

/// Counters of the session that a turn takes its numbers from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Turns so far.
    pub turns: u32,
    /// Model steps so far.
    pub steps: u32,
    /// Calls so far.
    pub calls: u64,
}
