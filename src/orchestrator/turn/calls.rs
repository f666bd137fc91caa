//! The calls of one model step: proposed, judged at the gate, sent, ended, delivered.

use serde_json::{Map, Value};

use crate::compare;
use crate::mcp::CallEnd;
use crate::model::Message;
use crate::orchestrator::conversation::Conversation;
use crate::orchestrator::gate::{Gate, Hearsay, Hold, Holder, Verdict as Judged, logged};
use crate::orchestrator::prompt;
use crate::orchestrator::toolbox::Toolbox;
use crate::protocol::{
    CallDecided, CallDelivered, CallFailure, CallFailureCode, CallFinished, CallHeld, CallId, CallProposed, CallStatus,
    DeliveredForm, Event, Json, ModelCall, NoteLevel, NoteTaken, Scope, ServerName, StopSite, ToolDefinition, ToolName,
    Verdict,
};
use crate::query::{Status, Subject};

use super::Effect;
use super::deciding::Why;

/// The longest note a log point takes, bytes.
const LONGEST_NOTE: usize = 2048;

/// A call that has been proposed.
#[derive(Debug)]
pub(super) struct Open {
    pub call: CallId,
    scope: Scope,
    pub wish: ModelCall,
    pub server: ServerName,
    tool: ToolName,
    read_only: bool,
    /// What the model asked for.
    asked: Json,
    pub arguments: Result<Map<String, Value>, CallFailure>,
    /// Attempts that were sent.
    pub attempts: u32,
    /// What the model had read of others when it wanted the call.
    hearsay: Option<Hearsay>,
}

/// Where a call of the step stands.
#[derive(Debug)]
pub(super) enum Stand {
    /// Waits for a decision; nothing has been sent.
    Held(Hold),
    /// May be sent when its turn comes; until then the operator may still change or refuse it.
    Queued,
    /// Its server has it.
    Running,
    /// Its result waits for a decision; the model has not seen it.
    Received(Received),
    /// Over: what the model gets, and in what form.
    Ended(CallEnd, DeliveredForm),
}

/// A result that waits.
#[derive(Debug)]
pub(super) struct Received {
    /// As it came.
    pub end: CallEnd,
    /// How long the attempt took, µs.
    pub duration_us: u64,
    /// What the operator puts in its place.
    pub given: Option<CallEnd>,
    /// For whom it waits.
    pub holder: Holder,
}

impl Received {
    /// The result as it is shown, which is what the model gets.
    pub(super) fn shown(&self) -> Option<Json> {
        self.given.as_ref().unwrap_or(&self.end).result.clone()
    }
}

/// The calls of one model step, in the model's order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub calls: Vec<(Open, Stand)>,
}

impl Open {
    /// Finds the tool, reads the arguments and tells of the proposal.
    pub(super) fn propose(
        call: CallId,
        scope: Scope,
        wish: ModelCall,
        (toolbox, hearsay): (&Toolbox, Option<&Hearsay>),
        effects: &mut Vec<Effect>,
    ) -> Self {
        let found = toolbox.find(&wish.name);
        let arguments =
            found.as_ref().map_err(Clone::clone).and_then(|tool| toolbox.arguments(&tool.model_name, &wish.arguments));
        let (server, tool, read_only) = match &found {
            Ok(tool) => (tool.server.clone(), tool.tool.clone(), tool.effects().read_only),
            Err(_) => (ServerName::from(""), ToolName::from(wish.name.as_str()), false),
        };
        let shown = match &arguments {
            Ok(object) => Json::from(Value::Object(object.clone())),
            Err(_) => Json::parse(&wish.arguments).unwrap_or_else(|_| Json::from(Value::from(wish.arguments.as_str()))),
        };
        let proposed = CallProposed {
            server: server.clone(),
            tool: tool.clone(),
            arguments: shown.clone(),
            provider_id: wish.provider_id.clone(),
            read_only,
        };
        effects.push(Effect::Tell(scope, proposed.into()));
        let hearsay = hearsay.cloned();
        Self { call, scope, wish, server, tool, read_only, asked: shown, arguments, attempts: 0, hearsay }
    }

    /// The same for two calls that ask the same.
    pub(super) fn signature(&self) -> String {
        let canonical = |object: &Map<String, Value>| compare::canonical(&Value::Object(object.clone()));
        let arguments = self.arguments.as_ref().map(canonical).unwrap_or_else(|_| self.wish.arguments.clone());
        format!("{}\0{arguments}", self.wish.name)
    }

    /// What the model calls the tool.
    pub(super) fn name(&self) -> &str {
        &self.wish.name
    }

    /// What the gate says, and which log points the call meets; a call that cannot be made is refused with its own reason.
    pub(super) fn judge(&self, gate: &Gate, toolbox: &Toolbox, log: &mut Vec<Effect>) -> Result<Judged, CallFailure> {
        self.arguments.as_ref().map_err(Clone::clone)?;
        let (tool, shown) = (toolbox.find(&self.wish.name)?, self.shown());
        let subject = self.subject(tool, &shown);
        for point in gate.log_points(&subject, None) {
            let text = logged(&point, &self.server, self.tool.as_str(), shown.text());
            log.push(self.tell(NoteTaken { level: NoteLevel::Info, text }));
        }
        Ok(gate.judge(tool, &subject, self.hearsay.as_ref()))
    }

    /// Why the result of a call waits before the model sees it.
    pub(super) fn judge_end(
        &self,
        end: &CallEnd,
        duration_us: u64,
        gate: &Gate,
        toolbox: &Toolbox,
        log: &mut Vec<Effect>,
    ) -> Option<Hold> {
        let (tool, shown) = (toolbox.find(&self.wish.name).ok()?, self.shown());
        let before = self.subject(tool, &shown);
        let status = match end.status {
            CallStatus::Ok => Status::Ok,
            CallStatus::Error => Status::Error,
            CallStatus::Cancelled => Status::Cancelled,
            CallStatus::Denied => Status::Denied,
        };
        let failure = end.failure.as_ref().map(|failure| failure.message.as_str());
        let after = self.subject(tool, &shown).ended(status, duration_us, end.result.as_ref(), failure);
        for point in gate.log_points(&after, Some(&before)) {
            let words = end.failure.as_ref().map_or("", |failure| &failure.message);
            let text = logged(&point, &self.server, self.tool.as_str(), end.result.as_ref().map_or(words, Json::text));
            log.push(self.tell(NoteTaken { level: NoteLevel::Info, text: prompt::cut(&text, LONGEST_NOTE) }));
        }
        gate.judge_result(&before, &after)
    }

    /// Why it is not sent whoever says yes to it.
    pub(super) fn refusal(&self, gate: &Gate, toolbox: &Toolbox) -> Option<String> {
        let (tool, shown) = (toolbox.find(&self.wish.name).ok()?, self.shown());
        gate.refusal(tool, &self.subject(tool, &shown))
    }

    /// Why it is not sent again because the operator says so: it is refused, or its tool is not what it was.
    pub(super) fn no_retry(&self, gate: &Gate, toolbox: &Toolbox) -> Option<String> {
        let unaccepted = || gate.unaccepted(&self.server, &self.tool).map(|hold| hold.reason);
        self.refusal(gate, toolbox).or_else(unaccepted)
    }

    fn subject<'a>(&self, tool: &'a ToolDefinition, arguments: &'a Json) -> Subject<'a> {
        let turn = self.scope.turn.map(|turn| turn.0.into());
        let step = self.scope.step.map(|step| step.0.into());
        Subject::of_proposal(tool, arguments).numbered(turn, step, self.call.0)
    }

    /// The arguments as they are shown, which is what is sent.
    pub(super) fn shown(&self) -> Json {
        self.arguments.as_ref().map(|object| Json::from(Value::Object(object.clone()))).unwrap_or_default()
    }

    /// Whether it has ever left for its server.
    pub(super) fn was_sent(&self) -> bool {
        self.attempts > 0
    }

    /// The arguments that the operator has put in place of the model's, if the call was made with them.
    fn changed(&self, end: &CallEnd) -> Option<Json> {
        let was_made = self.was_sent() || end.result.is_some();
        (was_made && self.arguments.is_ok()).then(|| self.shown()).filter(|shown| *shown != self.asked)
    }

    pub(super) fn tell(&self, event: impl Into<Event>) -> Effect {
        Effect::Tell(self.scope, event.into())
    }

    /// The scope of its turn.
    pub(super) fn turn(&self) -> Scope {
        Scope { turn: self.scope.turn, ..Scope::default() }
    }

    /// That it waits, and why.
    pub(super) fn held(&self, site: StopSite, hold: &Hold) -> Effect {
        self.tell(CallHeld { site, reason: hold.reason.clone(), remedy: hold.remedy.to_owned() })
    }

    /// That the operator's word does not send it, and why.
    pub(super) fn not_sent(&self, reason: &str) -> Effect {
        let text = format!("Call {} was not sent: {reason}.", self.call.0);
        self.tell(NoteTaken { level: NoteLevel::Info, text })
    }

    /// Why a call that was let go waits again after a change of the gate.
    pub(super) fn newly_changed(&self, before: &Gate, gate: &Gate) -> Option<Hold> {
        gate.newly_changed(before, &self.server, &self.tool)
    }

    /// What the model reads of others with the result of this call.
    fn brings(&self, end: &CallEnd, toolbox: &Toolbox) -> Option<Hearsay> {
        // What was never sent, refused or cancelled is told in our own words.
        let has_words = self.attempts > 0 && matches!(end.status, CallStatus::Ok | CallStatus::Error);
        let tool = toolbox.find(&self.wish.name).ok().filter(|tool| has_words && tool.effects().open_world)?;
        Some(Hearsay::Result { call: self.call, server: tool.server.clone(), tool: tool.tool.clone() })
    }

    pub(super) fn finish(&self, end: &CallEnd, duration_us: u64, effects: &mut Vec<Effect>) {
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
    pub(super) fn admit(&mut self, open: Open, gate: Result<Judged, CallFailure>, effects: &mut Vec<Effect>) {
        match gate {
            Ok(Judged::Pass) => self.calls.push((open, Stand::Queued)),
            Ok(Judged::Hold(hold)) => {
                effects.push(open.held(StopSite::BeforeCall, &hold));
                self.calls.push((open, Stand::Held(hold)));
            }
            Ok(Judged::Refuse(reason)) => {
                let stand = refused(&open, reason, effects);
                self.calls.push((open, stand));
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
                    attempt: open.attempts + 1,
                });
                open.attempts += 1;
                *stand = Stand::Running;
            }
            let is_open = !matches!(stand, Stand::Ended(..));
            earlier_open |= is_open;
            writer_open |= is_open && !open.read_only;
        }
    }

    /// Ends every open call as cancelled, and says why.
    pub(super) fn cancel_all(&mut self, why: Why, effects: &mut Vec<Effect>) {
        let calls: Vec<CallId> = self.calls.iter().map(|(open, _)| open.call).collect();
        for call in calls {
            self.cancel(call, why, effects);
        }
    }

    /// Whether every call is over.
    pub(super) fn is_done(&self) -> bool {
        self.calls.iter().all(|(_, stand)| matches!(stand, Stand::Ended(..)))
    }

    /// The calls that wait for a decision.
    pub(super) fn held(&self) -> Vec<CallId> {
        let waits = |stand: &Stand| matches!(stand, Stand::Held(_) | Stand::Received(_));
        self.calls.iter().filter(|(_, stand)| waits(stand)).map(|(open, _)| open.call).collect()
    }

    /// What a call has in it.
    pub(super) fn contents(&self, call: CallId) -> Vec<Json> {
        let Some((open, stand)) = self.calls.iter().find(|(open, _)| open.call == call) else { return Vec::new() };
        let results = match stand {
            Stand::Received(received) => [received.end.result.clone(), received.shown()],
            Stand::Held(_) | Stand::Queued | Stand::Running | Stand::Ended(..) => [None, None],
        };
        [open.asked.clone(), open.shown()].into_iter().chain(results.into_iter().flatten()).collect()
    }

    /// Gives every result to the conversation, in the model's order.
    pub(super) fn deliver(self, toolbox: &Toolbox, conversation: &mut Conversation, effects: &mut Vec<Effect>) {
        for (open, stand) in self.calls {
            let Stand::Ended(end, form) = stand else { continue };
            let sent = open.changed(&end);
            let (text, full) = prompt::result_text(open.call, &end, sent.as_ref());
            let told = if full > prompt::RESULT_LIMIT { DeliveredForm::Truncated } else { form };
            effects.push(open.tell(CallDelivered { form: told, bytes: text.len() as u64, full_bytes: full as u64 }));
            if let Some(hearsay) = open.brings(&end, toolbox) {
                conversation.hear(hearsay);
            }
            conversation.push(Message::Tool {
                provider_id: open.wish.provider_id,
                call: open.call,
                name: open.wish.name,
                text,
                ok: end.status == CallStatus::Ok,
                result: end.result,
                sent,
                form,
            });
        }
    }

    pub(super) fn find(&mut self, call: CallId) -> Option<&mut (Open, Stand)> {
        self.calls.iter_mut().find(|(open, _)| open.call == call)
    }
}

pub(super) fn decided(verdict: Verdict, by: &str, reason: Option<String>) -> CallDecided {
    CallDecided { verdict, by: by.to_owned(), reason, before: None, after: None }
}

/// The end of a call that the gate refuses.
pub(super) fn refused(open: &Open, reason: String, effects: &mut Vec<Effect>) -> Stand {
    effects.push(open.tell(decided(Verdict::Deny, "policy", Some(reason.clone()))));
    let end = denied(reason);
    open.finish(&end, 0, effects);
    Stand::Ended(end, DeliveredForm::Denied)
}

pub(super) fn denied(reason: String) -> CallEnd {
    CallEnd { status: CallStatus::Denied, ..CallEnd::failed(CallFailureCode::Denied, reason) }
}
