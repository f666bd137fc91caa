//! Calls as the records tell them.

use crate::protocol::{
    CallDelivered, CallFailure, CallFailureCode, CallHeld, CallId, CallProgressed, CallStatus, Direction, Event, Json,
    Record, ServerName, StepId, StopSite, ToolName, TurnId, Verdict,
};

use super::{Frame, Session, Span};

/// One tool call with all that is known of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Its turn, if it belongs to one.
    pub turn: Option<TurnId>,
    /// Its model step, if it belongs to one.
    pub step: Option<StepId>,
    /// Its server; the empty name if no server has the tool.
    pub server: ServerName,
    /// Its tool.
    pub tool: ToolName,
    /// What the model wanted to send.
    pub proposed: Json,
    /// What was or will be sent: the operator's edit, else what the model wanted.
    pub arguments: Json,
    /// Whether the tool counted as one that only reads.
    pub read_only: bool,
    /// Where it stands.
    pub state: CallState,
    /// Since when it has been held, or was when it was last held, µs.
    pub held_us: Option<u64>,
    /// Why it is or was held.
    pub held_reason: Option<String>,
    /// What would have let it pass when it was last held; empty where only the operator's own doing held it.
    pub held_remedy: String,
    /// What the model was told when the operator or a rule refused it.
    pub refusal: Option<String>,
    /// The decisions, oldest first, in words such as `edit by operator`.
    pub decisions: Vec<(Verdict, String)>,
    /// Attempts so far.
    pub attempts: u32,
    /// When the model wanted it, µs.
    pub proposed_us: u64,
    /// When the last attempt was sent, µs.
    pub started_us: Option<u64>,
    /// When it was over, µs.
    pub finished_us: Option<u64>,
    /// How long the last attempt took, µs.
    pub duration_us: Option<u64>,
    /// The time-out of the last attempt, ms.
    pub timeout_ms: Option<u64>,
    /// When it last began to count, µs: with the attempt, with progress, or because the operator waits longer.
    pub patience_us: Option<u64>,
    /// The last progress.
    pub progress: Option<CallProgressed>,
    /// The MCP `CallToolResult`.
    pub result: Option<Json>,
    /// Why there is no result.
    pub failure: Option<CallFailure>,
    /// The result the operator put in its place for the model.
    pub edited: Option<Json>,
    /// Where the result breaks the declared output schema.
    pub mismatch: Option<String>,
    /// What the model got.
    pub delivered: Option<CallDelivered>,
    /// Its JSON-RPC messages, in wire order.
    pub frames: Vec<Frame>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// The model wants it.
    Proposed,
    /// It waits at the gate and has not been sent (or its result has not been delivered).
    Held(StopSite),
    /// It may be sent, and waits for calls before it: it can still be changed or refused.
    Released,
    /// Its server has it.
    Running,
    /// It ended with a result.
    Ok,
    /// It ended with an error.
    Error,
    /// The operator cancelled it.
    Cancelled,
    /// It was refused.
    Denied,
}

impl CallState {
    /// Whether nothing more can come.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Proposed | Self::Held(_) | Self::Released | Self::Running => false,
            Self::Ok | Self::Error | Self::Cancelled | Self::Denied => true,
        }
    }

    /// Its word in `ask --json` and in exports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Held(_) => "held",
            Self::Released => "released",
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
        }
    }
}

impl Call {
    /// Whether the operator has changed its arguments, or its result.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.edited.is_some() || self.arguments != self.proposed
    }

    /// Whether there is a change that can still be taken back: of the result once it has come, before that of the arguments.
    #[must_use]
    pub fn can_revert(&self) -> bool {
        match self.state {
            CallState::Held(StopSite::AfterResult) => self.edited.is_some(),
            CallState::Held(_) | CallState::Released => self.is_changed(),
            CallState::Proposed | CallState::Running => false,
            CallState::Ok | CallState::Error | CallState::Cancelled | CallState::Denied => false,
        }
    }

    /// Whether its server has answered and the model was refused the result.
    #[must_use]
    pub fn is_kept_back(&self) -> bool {
        self.refusal.is_some() && self.was_sent()
    }

    /// Whether it has ever left for its server.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.started_us.is_some()
    }

    /// Whether it would not wait if its tool were allowed: only the mode holds it.
    #[must_use]
    pub fn may_be_allowed(&self) -> bool {
        self.held_remedy == CallHeld::BY_MODE
    }

    /// Whether the operator gave its result, and its server was never asked.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        let answered = self.decisions.iter().any(|(verdict, _)| *verdict == Verdict::Answer);
        answered && !self.was_sent() && self.state != CallState::Denied
    }

    /// A result, sharing its memory with the message that brought it.
    fn shared(&mut self, result: &Json) -> Json {
        let response = self.frames.iter_mut().rev().find(|frame| frame.direction == Direction::Received);
        response.map_or_else(|| result.clone(), |frame| frame.share(result))
    }

    /// What the operator has made of it, where its state does not say it.
    #[must_use]
    pub fn by_hand(&self) -> Option<&'static str> {
        match () {
            () if self.is_kept_back() => Some("kept back"),
            () if self.is_answered() => Some("answered by operator"),
            () if self.is_changed() => Some("edited"),
            () => None,
        }
    }
}

impl Session {
    /// The call of the same step that has to be over before this one can be sent.
    #[must_use]
    pub fn waits_for(&self, call: &Call) -> Option<CallId> {
        match call.state {
            CallState::Proposed | CallState::Released | CallState::Held(StopSite::BeforeCall) => {}
            CallState::Held(_) | CallState::Running => return None,
            CallState::Ok | CallState::Error | CallState::Cancelled | CallState::Denied => return None,
        }
        let step = self.step(call.step?)?;
        let earlier = step.calls.iter().take_while(|id| **id != call.id).filter_map(|id| self.call(*id));
        let mut open = earlier.filter(|other| !other.state.is_final());
        open.find(|other| !(call.read_only && other.read_only)).map(|other| other.id)
    }
}

impl From<CallStatus> for CallState {
    fn from(status: CallStatus) -> Self {
        match status {
            CallStatus::Ok => Self::Ok,
            CallStatus::Error => Self::Error,
            CallStatus::Cancelled => Self::Cancelled,
            CallStatus::Denied => Self::Denied,
        }
    }
}

/// Applies an event of a call; `None` if it contradicts the state.
pub(super) fn apply(session: &mut Session, record: &Record) -> Option<()> {
    let id = record.scope.call?;
    if let Event::CallProposed(proposed) = &record.event {
        if id.index() != session.calls.len() {
            return None;
        }
        session.calls.push(Call {
            id,
            turn: record.scope.turn,
            step: record.scope.step,
            server: proposed.server.clone(),
            tool: proposed.tool.clone(),
            proposed: proposed.arguments.clone(),
            arguments: proposed.arguments.clone(),
            read_only: proposed.read_only,
            state: CallState::Proposed,
            held_us: None,
            held_reason: None,
            held_remedy: String::new(),
            refusal: None,
            decisions: Vec::new(),
            attempts: 0,
            proposed_us: record.at_us,
            started_us: None,
            finished_us: None,
            duration_us: None,
            timeout_ms: None,
            patience_us: None,
            progress: None,
            result: None,
            failure: None,
            edited: None,
            mismatch: None,
            delivered: None,
            frames: Vec::new(),
        });
        session.spans.push(Span::Call(id));
        if let Some(turn) = record.scope.turn.and_then(|turn| session.turns.get_mut(turn.index())) {
            turn.calls.push(id);
        }
        if let Some(step) = record.scope.step.and_then(|step| session.steps.get_mut(step.index())) {
            step.calls.push(id);
        }
        // A tool that no server has is nobody's lane.
        if !proposed.server.as_str().is_empty() {
            session.server_mut(&proposed.server).calls.push(id);
        }
        return Some(());
    }
    let call = session.calls.get_mut(id.index())?;
    match &record.event {
        Event::CallHeld(held) if !call.state.is_final() => {
            // One that is held anew, because it was changed, has waited since it came up.
            if call.state != CallState::Held(held.site) {
                call.held_us = Some(record.at_us);
            }
            call.state = CallState::Held(held.site);
            call.held_reason = Some(held.reason.clone());
            call.held_remedy.clone_from(&held.remedy);
        }
        Event::CallDecided(decided) => {
            call.decisions.push((decided.verdict, decided.by.clone()));
            if decided.verdict == Verdict::Deny {
                call.refusal = Some(decided.reason.clone().unwrap_or_default());
            }
            match (decided.verdict, call.state, &decided.after) {
                (Verdict::Run, CallState::Held(StopSite::BeforeCall), _) => call.state = CallState::Released,
                (
                    Verdict::Edit,
                    CallState::Held(StopSite::BeforeCall) | CallState::Released | CallState::Proposed,
                    Some(after),
                ) => call.arguments = after.clone(),
                (Verdict::Edit, CallState::Held(StopSite::AfterResult), after) => {
                    // Back to what came is no edit.
                    call.edited = after.clone().filter(|after| Some(after) != call.result.as_ref());
                }
                _ => {}
            }
        }
        Event::CallStarted(started) if !call.state.is_final() => {
            call.state = CallState::Running;
            call.attempts = started.attempt;
            // Nearly always what was proposed: kept once.
            if call.arguments != started.arguments {
                call.arguments = started.arguments.clone();
            }
            call.started_us = Some(record.at_us);
            call.timeout_ms = Some(started.timeout_ms);
            call.patience_us = Some(record.at_us);
            // Another attempt: what the last one brought is not what this one will.
            (call.result, call.edited, call.failure, call.mismatch) = (None, None, None, None);
            (call.duration_us, call.progress) = (None, None);
        }
        Event::CallProgressed(progressed) if !call.state.is_final() => {
            call.progress = Some(progressed.clone());
            call.patience_us = Some(record.at_us);
        }
        Event::CallExtended(extended) if !call.state.is_final() => {
            call.timeout_ms = Some(extended.timeout_ms);
            call.patience_us = Some(record.at_us);
        }
        Event::CallReceived(received) if !call.state.is_final() => {
            call.duration_us = Some(received.duration_us);
            call.result = received.result.as_ref().map(|result| call.shared(result));
            call.failure.clone_from(&received.failure);
            call.mismatch.clone_from(&received.mismatch);
        }
        Event::CallFinished(finished) if !call.state.is_final() => {
            call.state = finished.status.into();
            call.finished_us = Some(record.at_us);
            call.duration_us = Some(finished.duration_us);
            call.result = finished.result.as_ref().map(|result| call.shared(result));
            call.failure.clone_from(&finished.failure);
            call.mismatch.clone_from(&finished.mismatch);
            if let Some(result) = &finished.result {
                session.evidence.add(id, result);
            }
            let late = finished.failure.as_ref().is_some_and(|failure| failure.code == CallFailureCode::TimedOut);
            let (server, answered) = (call.server.clone(), finished.result.is_some());
            if let Some(server) = session.servers.iter_mut().find(|known| known.name == server)
                && (late || answered)
            {
                server.unanswered = late.then_some(id);
            }
        }
        Event::CallDelivered(delivered) => call.delivered = Some(delivered.clone()),
        _ => return None,
    }
    Some(())
}
