//! What an expression is asked about: a call, a proposed call, or a model step.

use std::cell::OnceCell;

use serde_json::Value;

use crate::protocol::{Annotations, Json, ToolDefinition};
use crate::session::{Call, CallState, Session, Step, StepState};

/// Where a call or step stands, in the words of `status:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It ended well.
    Ok,
    /// It failed.
    Error,
    /// The operator cancelled it.
    Cancelled,
    /// It was refused.
    Denied,
    /// It waits at the gate.
    Held,
    /// Somebody works on it.
    Running,
    /// It has only been asked for.
    Proposed,
}

/// Everything that can be tested; what is absent matches nothing.
#[derive(Debug, Default)]
pub struct Subject<'a> {
    /// `call` or `step`.
    pub kind: &'a str,
    /// The server's name.
    pub server: Option<&'a str>,
    /// The tool's name on it.
    pub tool: Option<&'a str>,
    /// The model that asked.
    pub model: Option<&'a str>,
    /// Where it stands.
    pub status: Option<Status>,
    /// The number of its turn.
    pub turn: Option<u64>,
    /// The number of its step.
    pub step: Option<u64>,
    /// Its own number.
    pub call: Option<u64>,
    /// How long it took, µs.
    pub duration_us: Option<u64>,
    /// When it began, µs since the session's start.
    pub at_us: Option<u64>,
    /// What is to be expected of the tool.
    pub annotations: Option<Annotations>,
    /// The arguments.
    pub arguments: Option<&'a Json>,
    /// The MCP `CallToolResult`; paths begin at its `structuredContent`, if it has one.
    pub result: Option<&'a Json>,
    /// More text that words are looked for in.
    pub texts: Vec<&'a str>,
    pub(super) parsed: Parsed,
}

/// JSON is parsed when the first path asks for it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    arguments: OnceCell<Value>,
    result: OnceCell<Value>,
}

impl<'a> Subject<'a> {
    /// A subject of which only the kind is known.
    #[must_use]
    pub fn of_kind(kind: &'a str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// A call of a session.
    #[must_use]
    pub fn of_call(session: &'a Session, call: &'a Call) -> Self {
        let listed = session.tool_of(call).map(ToolDefinition::effects);
        let claimed = Annotations { read_only: call.read_only, ..Annotations::default() };
        Self {
            server: Some(call.server.as_str()),
            tool: Some(call.tool.as_str()),
            model: call.step.and_then(|id| session.step(id)).map(|step| step.model.as_str()),
            status: Some(status_of(call.state)),
            turn: call.turn.map(|turn| turn.0.into()),
            step: call.step.map(|step| step.0.into()),
            call: Some(call.id.0),
            duration_us: call.duration_us,
            at_us: Some(call.started_us.unwrap_or(call.proposed_us)),
            annotations: Some(listed.unwrap_or(claimed)),
            arguments: Some(&call.arguments),
            result: call.result.as_ref(),
            texts: call.failure.iter().map(|failure| failure.message.as_str()).collect(),
            ..Self::of_kind("call")
        }
    }

    /// A call that is only asked for: what a breakpoint or an approval rule sees.
    #[must_use]
    pub fn of_proposal(tool: &'a ToolDefinition, arguments: &'a Json) -> Self {
        Self {
            server: Some(tool.server.as_str()),
            tool: Some(tool.tool.as_str()),
            status: Some(Status::Proposed),
            annotations: Some(tool.effects()),
            arguments: Some(arguments),
            ..Self::of_kind("call")
        }
    }

    /// The same call with the numbers it has in its session.
    #[must_use]
    pub fn numbered(self, turn: Option<u64>, step: Option<u64>, call: u64) -> Self {
        Self { turn, step, call: Some(call), ..self }
    }

    /// The same call with its outcome; `failure` says why it has no result.
    #[must_use]
    pub fn ended(self, status: Status, duration_us: u64, result: Option<&'a Json>, failure: Option<&'a str>) -> Self {
        let (status, duration_us) = (Some(status), Some(duration_us));
        let texts = failure.into_iter().collect();
        Self { status, duration_us, result, texts, parsed: Parsed::default(), ..self }
    }

    /// A model step of a session.
    #[must_use]
    pub fn of_step(step: &'a Step) -> Self {
        Self {
            model: Some(&step.model),
            status: Some(match &step.state {
                StepState::Waiting | StepState::Retrying { .. } | StepState::Streaming => Status::Running,
                StepState::Answered => Status::Ok,
                StepState::Failed(_) => Status::Error,
                StepState::Stopped => Status::Cancelled,
            }),
            turn: Some(step.turn.0.into()),
            step: Some(step.id.0.into()),
            duration_us: step.ended_us.map(|ended| ended.saturating_sub(step.requested_us)),
            at_us: Some(step.requested_us),
            texts: vec![&step.text, &step.reasoning],
            ..Self::of_kind("step")
        }
    }

    /// Bytes of arguments and result together.
    pub(super) fn bytes(&self) -> Option<u64> {
        let parts = [self.arguments, self.result];
        let known = parts.into_iter().flatten().map(|json| json.bytes() as u64);
        parts.iter().any(Option::is_some).then(|| known.sum())
    }

    pub(super) fn arguments_value(&self) -> Option<&Value> {
        self.arguments.map(|json| self.parsed.arguments.get_or_init(|| json.value()))
    }

    pub(super) fn result_value(&self) -> Option<&Value> {
        let value = self.result.map(|json| self.parsed.result.get_or_init(|| json.value()))?;
        Some(value.get("structuredContent").filter(|body| !body.is_null()).unwrap_or(value))
    }

    /// Every text a bare word is looked for in.
    pub(super) fn all_texts(&self) -> impl Iterator<Item = &str> {
        let names = [self.server, self.tool, self.model];
        let bodies = [self.arguments, self.result].into_iter().flatten().map(Json::text);
        names.into_iter().flatten().chain(bodies).chain(self.texts.iter().copied())
    }
}

fn status_of(state: CallState) -> Status {
    match state {
        CallState::Proposed | CallState::Released => Status::Proposed,
        CallState::Held(_) => Status::Held,
        CallState::Running => Status::Running,
        CallState::Ok => Status::Ok,
        CallState::Error => Status::Error,
        CallState::Cancelled => Status::Cancelled,
        CallState::Denied => Status::Denied,
    }
}
