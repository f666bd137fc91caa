//! The sign, the word and the role of every state: colour is never the only sign.

use crate::protocol::Unapproved;
use crate::session::{CallState, Health, Server, Session, StepState};
use crate::ui::state::Urgency;
use crate::ui::theme::Role;

/// The sign of what the operator has made of a call.
pub(super) const BY_HAND: &str = "✎";

/// A state as it is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub sign: &'static str,
    pub word: &'static str,
    pub role: Role,
}

const fn shown(sign: &'static str, word: &'static str, role: Role) -> Shown {
    Shown { sign, word, role }
}

pub(super) fn call(state: CallState) -> Shown {
    match state {
        CallState::Proposed => shown("·", "proposed", Role::Dim),
        CallState::Held(_) => shown("⏸", "held", Role::Warn),
        CallState::Released => shown("▷", "released", Role::Busy),
        CallState::Running => shown("◌", "running", Role::Busy),
        CallState::Ok => shown("✓", "ok", Role::Good),
        CallState::Error => shown("✗", "failed", Role::Bad),
        CallState::Cancelled => shown("⊘", "cancelled", Role::Dim),
        CallState::Denied => shown("⊘", "denied", Role::Dim),
    }
}

pub(super) fn step(state: &StepState) -> Shown {
    match state {
        StepState::Waiting => shown("◌", "asked", Role::Busy),
        StepState::Retrying { .. } => shown("◌", "retrying", Role::Warn),
        StepState::Streaming => shown("◌", "answering", Role::Busy),
        StepState::Answered => shown("✓", "answered", Role::Good),
        StepState::Failed(_) => shown("✗", "failed", Role::Bad),
        StepState::Stopped => shown("⊘", "stopped", Role::Dim),
    }
}

/// How a server is; one that is ready and has a trouble is degraded.
pub(super) fn health(session: &Session, server: &Server) -> Shown {
    match &server.health {
        Health::Ready if session.trouble(server).is_some() => shown("▲", "degraded", Role::Warn),
        Health::Unknown => shown("·", "waiting", Role::Dim),
        Health::Withheld(by) => match by.why {
            Unapproved::New | Unapproved::Changed => shown("?", "unapproved", Role::Warn),
            Unapproved::Refused => shown("⊘", "refused", Role::Dim),
        },
        Health::Starting => shown("◌", "starting", Role::Busy),
        Health::Probing => shown("◍", "probing", Role::Busy),
        Health::Listing => shown("◌", "listing", Role::Busy),
        Health::Ready => shown("✓", "ready", Role::Good),
        Health::Restarting { .. } => shown("↻", "restarting", Role::Warn),
        Health::Failed { .. } => shown("✗", "failed", Role::Bad),
        // Nothing has become of it: the session is over.
        Health::Stopped if session.ended.is_some() => shown("·", "ended", Role::Dim),
        Health::Stopped => shown("⊘", "stopped", Role::Dim),
        Health::SwitchedOff(_) => shown("⊘", "switched off", Role::Dim),
    }
}

/// Servers in the same state.
pub(super) struct Group {
    pub shown: Shown,
    /// The most urgent of them.
    pub urgency: Urgency,
    pub lanes: Vec<usize>,
}

/// Servers by their state: those that failed first, then others in trouble, those that are coming, and the rest.
pub(super) fn groups(session: &Session, lanes: impl Iterator<Item = usize>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for lane in lanes {
        let Some(server) = session.servers.get(lane) else { continue };
        let (shown, urgency) = (health(session, server), Urgency::of(session, server));
        match groups.iter_mut().find(|group| group.shown.word == shown.word) {
            Some(group) => {
                group.urgency = group.urgency.min(urgency);
                group.lanes.push(lane);
            }
            None => groups.push(Group { shown, urgency, lanes: vec![lane] }),
        }
    }
    groups.sort_by_key(|group| match group.urgency {
        Urgency::Trouble if group.shown.role == Role::Bad => 0,
        Urgency::Trouble => 1,
        Urgency::Coming => 2,
        Urgency::Waiting | Urgency::Working | Urgency::Used | Urgency::Idle => 3,
    });
    groups
}

/// How many servers are in which state: `1 failed · 29 ready`.
pub(super) fn census(session: &Session, lanes: impl Iterator<Item = usize>) -> String {
    let words = |group: &Group| format!("{} {}", group.lanes.len(), group.shown.word);
    groups(session, lanes).iter().map(words).collect::<Vec<_>>().join(" · ")
}

/// How often a server has been lost, as ` ↻1`; nothing for one that never was.
pub(super) fn losses(server: &Server) -> String {
    if server.losses == 0 { String::new() } else { format!(" ↻{}", server.losses) }
}

/// The server of a call; a tool that the model made up has none.
pub(super) fn lane(name: &str) -> &str {
    if name.is_empty() { "(no server)" } else { name }
}
