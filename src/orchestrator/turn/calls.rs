//! The calls of one model step: proposed, judged at the gate, sent, ended, delivered.

use serde_json::{Map, Value};

use crate::mcp::CallEnd;
use crate::model::Message;
use crate::orchestrator::conversation::Conversation;
use crate::orchestrator::gate::{Policy, Verdict as Gate};
use crate::orchestrator::prompt;
use crate::orchestrator::toolbox::Toolbox;
use crate::protocol::{
    CallDecided, CallDelivered, CallFailure, CallFailureCode, CallFinished, CallHeld, CallId, CallProposed, CallStatus,
    Decision, DeliveredForm, Event, Json, ModelCall, Scope, ServerName, StopSite, ToolName, Verdict,
};

use super::Effect;

/// A call that has been proposed.
#[derive(Debug)]
pub(super) struct Open {
    call: CallId,
    scope: Scope,
    wish: ModelCall,
    server: ServerName,
    tool: ToolName,
    read_only: bool,
    arguments: Result<Map<String, Value>, CallFailure>,
}

/// Where a call of the step stands.
#[derive(Debug)]
enum Stand {
    /// Waits for a decision; nothing has been sent.
    Held,
    /// May be sent when its turn comes.
    Queued,
    /// Its server has it.
    Running,
    /// Over.
    Ended(CallEnd, DeliveredForm),
}

/// The calls of one model step, in the model's order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    calls: Vec<(Open, Stand)>,
}

impl Open {
    /// Finds the tool, reads the arguments and tells of the proposal.
    pub(super) fn propose(
        call: CallId,
        scope: Scope,
        wish: ModelCall,
        toolbox: &Toolbox,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let found = toolbox.find(&wish.name);
        let arguments =
            found.as_ref().map_err(Clone::clone).and_then(|tool| toolbox.arguments(&tool.model_name, &wish.arguments));
        let (server, tool, read_only) = match &found {
            Ok(tool) => (tool.server.clone(), tool.tool.clone(), tool.annotations.read_only),
            Err(_) => (ServerName::from(""), ToolName::from(wish.name.as_str()), false),
        };
        let shown = match &arguments {
            Ok(object) => Json::from(Value::Object(object.clone())),
            Err(_) => Json::parse(&wish.arguments).unwrap_or_else(|_| Json::from(Value::from(wish.arguments.as_str()))),
        };
        let proposed = CallProposed {
            server: server.clone(),
            tool: tool.clone(),
            arguments: shown,
            provider_id: wish.provider_id.clone(),
            read_only,
        };
        effects.push(Effect::Tell(scope, proposed.into()));
        Self { call, scope, wish, server, tool, read_only, arguments }
    }

    /// The same for two calls that ask the same.
    pub(super) fn signature(&self) -> String {
        let arguments = self.arguments.as_ref().map(sorted).unwrap_or_else(|_| self.wish.arguments.clone());
        format!("{}\0{arguments}", self.wish.name)
    }

    /// What the model calls the tool.
    pub(super) fn name(&self) -> &str {
        &self.wish.name
    }

    /// What the gate says; a call that cannot be made is refused with its own reason.
    pub(super) fn judge(&self, policy: Policy, toolbox: &Toolbox) -> Result<Gate, CallFailure> {
        self.arguments.as_ref().map_err(Clone::clone)?;
        Ok(policy.judge(toolbox.find(&self.wish.name)?))
    }

    fn tell(&self, event: impl Into<Event>) -> Effect {
        Effect::Tell(self.scope, event.into())
    }

    fn finish(&self, end: &CallEnd, duration_us: u64, effects: &mut Vec<Effect>) {
        effects.push(self.tell(CallFinished {
            status: end.status,
            duration_us,
            result: end.result.clone(),
            failure: end.failure.clone(),
            mismatch: end.mismatch.clone(),
        }));
    }
}

impl Batch {
    /// Takes a call in as the gate decided.
    pub(super) fn admit(&mut self, open: Open, gate: Result<Gate, CallFailure>, effects: &mut Vec<Effect>) {
        match gate {
            Ok(Gate::Pass) => self.calls.push((open, Stand::Queued)),
            Ok(Gate::Hold(reason)) => {
                effects.push(open.tell(CallHeld { site: StopSite::BeforeCall, reason }));
                self.calls.push((open, Stand::Held));
            }
            Ok(Gate::Refuse(reason)) => {
                effects.push(open.tell(decided(Verdict::Deny, "policy", Some(reason.clone()))));
                let end = denied(reason);
                open.finish(&end, 0, effects);
                self.calls.push((open, Stand::Ended(end, DeliveredForm::Denied)));
            }
            Err(failure) => self.refuse(open, failure, effects),
        }
    }

    /// Takes in a call that is never sent.
    pub(super) fn refuse(&mut self, open: Open, failure: CallFailure, effects: &mut Vec<Effect>) {
        let end = CallEnd::failed(failure.code, failure.message);
        open.finish(&end, 0, effects);
        self.calls.push((open, Stand::Ended(end, DeliveredForm::Synthetic)));
    }

    /// Sends every call whose turn has come: reading ones at once, others alone and in order.
    pub(super) fn send_ready(&mut self, effects: &mut Vec<Effect>) {
        let mut earlier_open = false;
        let mut writer_open = false;
        for (open, stand) in &mut self.calls {
            let may_send = if open.read_only { !writer_open } else { !earlier_open };
            if let (Stand::Queued, true, Ok(arguments)) = (&*stand, may_send, &open.arguments) {
                effects.push(Effect::SendCall {
                    call: open.call,
                    scope: open.scope,
                    server: open.server.clone(),
                    tool: open.tool.clone(),
                    arguments: arguments.clone(),
                    read_only: open.read_only,
                });
                *stand = Stand::Running;
            }
            let is_open = !matches!(stand, Stand::Ended(..));
            earlier_open |= is_open;
            writer_open |= is_open && !open.read_only;
        }
    }

    /// A running call is over.
    pub(super) fn ended(&mut self, call: CallId, end: CallEnd, duration_us: u64, effects: &mut Vec<Effect>) {
        if let Some((open, stand @ Stand::Running)) = self.find(call) {
            open.finish(&end, duration_us, effects);
            let form = if end.result.is_some() { DeliveredForm::Original } else { DeliveredForm::Synthetic };
            *stand = Stand::Ended(end, form);
        }
    }

    /// The operator decides a held call.
    pub(super) fn decide(&mut self, call: CallId, decision: Decision, toolbox: &Toolbox, effects: &mut Vec<Effect>) {
        let Some((open, stand @ Stand::Held)) = self.find(call) else { return };
        match decision {
            Decision::Run => {
                effects.push(open.tell(decided(Verdict::Run, "operator", None)));
                *stand = Stand::Queued;
            }
            Decision::Edit { arguments } => {
                let before = open.arguments.as_ref().ok().map(|object| Json::from(Value::Object(object.clone())));
                let checked = toolbox.arguments(&open.wish.name, arguments.text());
                let (after, reason) = (Some(arguments), checked.as_ref().err().map(|failure| failure.message.clone()));
                if let Ok(object) = checked {
                    effects.push(open.tell(CallDecided { before, after, ..decided(Verdict::Edit, "operator", None) }));
                    open.arguments = Ok(object);
                    *stand = Stand::Queued;
                } else {
                    // It stays held; the reason says what is wrong with the edit.
                    let reason = reason.unwrap_or_default();
                    effects.push(open.tell(CallHeld { site: StopSite::BeforeCall, reason }));
                }
            }
            Decision::Answer { result } => {
                let after = Some(result.clone());
                effects.push(open.tell(CallDecided { after, ..decided(Verdict::Answer, "operator", None) }));
                let end = CallEnd { status: CallStatus::Ok, result: Some(result), failure: None, mismatch: None };
                open.finish(&end, 0, effects);
                *stand = Stand::Ended(end, DeliveredForm::Synthetic);
            }
            Decision::Deny { reason } => {
                effects.push(open.tell(decided(Verdict::Deny, "operator", Some(reason.clone()))));
                let end = denied(reason);
                open.finish(&end, 0, effects);
                *stand = Stand::Ended(end, DeliveredForm::Denied);
            }
        }
    }

    /// Ends one call as cancelled; what its server still says is ignored.
    pub(super) fn cancel(&mut self, call: CallId, effects: &mut Vec<Effect>) {
        let Some((open, stand)) = self.find(call) else { return };
        if matches!(stand, Stand::Ended(..)) {
            return;
        }
        let end = CallEnd::cancelled("The operator cancelled this call.".into());
        open.finish(&end, 0, effects);
        if matches!(stand, Stand::Running) {
            effects.push(Effect::AbortCall { call, server: open.server.clone() });
        }
        *stand = Stand::Ended(end, DeliveredForm::Synthetic);
    }

    /// Ends every open call as cancelled.
    pub(super) fn cancel_all(&mut self, effects: &mut Vec<Effect>) {
        let calls: Vec<CallId> = self.calls.iter().map(|(open, _)| open.call).collect();
        for call in calls {
            self.cancel(call, effects);
        }
    }

    /// Whether every call is over.
    pub(super) fn is_done(&self) -> bool {
        self.calls.iter().all(|(_, stand)| matches!(stand, Stand::Ended(..)))
    }

    /// The calls that wait for a decision.
    pub(super) fn held(&self) -> Vec<CallId> {
        self.calls.iter().filter(|(_, stand)| matches!(stand, Stand::Held)).map(|(open, _)| open.call).collect()
    }

    /// Gives every result to the conversation, in the model's order.
    pub(super) fn deliver(self, conversation: &mut Conversation, effects: &mut Vec<Effect>) {
        for (open, stand) in self.calls {
            let Stand::Ended(end, form) = stand else { continue };
            let (text, full) = prompt::result_text(open.call, &end);
            let form = if full > prompt::RESULT_LIMIT { DeliveredForm::Truncated } else { form };
            effects.push(open.tell(CallDelivered { form, bytes: text.len() as u64, full_bytes: full as u64 }));
            conversation.push(Message::Tool {
                provider_id: open.wish.provider_id,
                call: open.call,
                name: open.wish.name,
                text,
                ok: end.status == CallStatus::Ok,
                result: end.result,
            });
        }
    }

    fn find(&mut self, call: CallId) -> Option<&mut (Open, Stand)> {
        self.calls.iter_mut().find(|(open, _)| open.call == call)
    }
}

fn decided(verdict: Verdict, by: &str, reason: Option<String>) -> CallDecided {
    CallDecided { verdict, by: by.to_owned(), reason, before: None, after: None }
}

fn denied(reason: String) -> CallEnd {
    CallEnd { status: CallStatus::Denied, ..CallEnd::failed(CallFailureCode::Denied, reason) }
}

/// JSON with sorted keys, so that the order a model wrote them in does not matter.
fn sorted(object: &Map<String, Value>) -> String {
    let mut keys: Vec<&String> = object.keys().collect();
    keys.sort();
    let fields: Vec<String> = keys
        .into_iter()
        .map(|key| match &object[key] {
            Value::Object(inner) => format!("{key}:{}", sorted(inner)),
            other => format!("{key}:{other}"),
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}
