//! The lanes of servers: how much each has to say, and which of them are shown where not all have room.

use crate::protocol::Unapproved;
use crate::session::{Call, CallState, Health, Server, Session};

/// A server's newest calls are the ones that may be under way: so many are looked at.
const NEWEST: usize = 64;

/// How much a server's lane has to say, most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It does not work, or not as it should.
    Trouble,
    /// A call of it is held, or it asks the operator something.
    Waiting,
    /// A call of it is under way, or waits for others.
    Working,
    /// It is not there yet; perhaps it waits for the operator's word.
    Coming,
    /// It has had calls, or was lost once.
    Used,
    /// All is well, and nothing was asked of it.
    Idle,
}

impl Urgency {
    /// How much a server of the session has to say.
    #[must_use]
    pub fn of(session: &Session, server: &Server) -> Self {
        let at_rest = match &server.health {
            Health::Failed { .. } | Health::Restarting { .. } => Self::Trouble,
            Health::Stopped if session.ended.is_none() => Self::Trouble,
            Health::Ready if session.trouble(server).is_some() => Self::Trouble,
            Health::Unknown | Health::Starting | Health::Probing | Health::Listing => Self::Coming,
            Health::Withheld(by) => match by.why {
                Unapproved::New | Unapproved::Changed => Self::Coming,
                Unapproved::Refused => Self::Idle,
            },
            Health::SwitchedOff(_) => Self::Idle,
            Health::Ready | Health::Stopped if server.losses > 0 || !server.calls.is_empty() => Self::Used,
            Health::Ready | Health::Stopped => Self::Idle,
        };
        if at_rest == Self::Trouble {
            return at_rest;
        }
        let has_held = || open_calls(session, server).any(|call| matches!(call.state, CallState::Held(_)));
        if asks(session, server) || has_held() {
            Self::Waiting
        } else if open_calls(session, server).next().is_some() {
            Self::Working
        } else {
            at_rest
        }
    }

    /// Of every server of the session, by lane.
    #[must_use]
    pub fn of_all(session: &Session) -> Vec<Self> {
        session.servers.iter().map(|server| Self::of(session, server)).collect()
    }
}

/// Calls of a server that are not over, newest first.
pub fn open_calls<'a>(session: &'a Session, server: &'a Server) -> impl Iterator<Item = &'a Call> {
    let newest = server.calls.iter().rev().take(NEWEST).filter_map(|id| session.call(*id));
    newest.filter(|call| session.ended.is_none() && !call.state.is_final())
}

/// Whether a server waits for an answer of the operator.
#[must_use]
pub fn asks(session: &Session, server: &Server) -> bool {
    session.ended.is_none() && session.open_inputs().any(|input| input.requested.server == server.name)
}

/// All lanes: those in trouble, those that are not there yet, the others; each as they are configured.
#[must_use]
pub fn trouble_first(urgencies: &[Urgency]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..urgencies.len()).collect();
    order.sort_by_key(|lane| match urgencies[*lane] {
        Urgency::Trouble => 0,
        Urgency::Coming => 1,
        // Calls come and go, and a lane that moved with each could not be read.
        Urgency::Waiting | Urgency::Working | Urgency::Used | Urgency::Idle => 2,
    });
    order
}

/// What becomes of lanes that have no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// Those that say least are folded into one line.
    #[default]
    Quiet,
    /// All are gone through, as many at once as there is room for.
    Open,
}

/// Which lanes are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineup {
    /// All lanes in the order in which they are gone through.
    pub order: Vec<usize>,
    /// Those that are shown, in that order. If some are not, one more row says what those are.
    pub shown: Vec<usize>,
}

impl Lineup {
    /// The lanes for so many rows. The selected one is always among them if there is a row for any.
    #[must_use]
    pub fn new(urgencies: &[Urgency], selected: Option<usize>, rows: usize, fold: Fold) -> Self {
        if urgencies.len() <= rows {
            let order: Vec<usize> = (0..urgencies.len()).collect();
            return Self { shown: order.clone(), order };
        }
        let order = trouble_first(urgencies);
        let rows = rows.saturating_sub(1);
        let shown = match fold {
            Fold::Quiet => {
                let is_selected = |lane: usize| selected == Some(lane);
                let tells = |lane: &usize| urgencies[*lane] < Urgency::Idle || is_selected(*lane);
                let mut told: Vec<usize> = order.iter().copied().filter(tells).collect();
                told.sort_by_key(|lane| (!is_selected(*lane), urgencies[*lane]));
                told.truncate(rows);
                order.iter().copied().filter(|lane| told.contains(lane)).collect()
            }
            Fold::Open => {
                let here = selected.and_then(|lane| order.iter().position(|other| *other == lane)).unwrap_or(0);
                let top = (here + 1).saturating_sub(rows);
                order.iter().copied().skip(top).take(rows).collect()
            }
        };
        Self { order, shown }
    }

    /// The lanes that are not shown, in order.
    pub fn rest(&self) -> impl Iterator<Item = usize> {
        self.order.iter().copied().filter(|lane| !self.shown.contains(lane))
    }

    /// Whether all lanes are shown.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.shown.len() == self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Urgency::{Coming, Idle, Trouble, Used, Waiting, Working};
    use super::*;

    const MANY: [Urgency; 8] = [Idle, Used, Idle, Trouble, Coming, Working, Idle, Trouble];

    fn shown(selected: Option<usize>, rows: usize, fold: Fold) -> Vec<usize> {
        Lineup::new(&MANY, selected, rows, fold).shown
    }

    #[test]
    fn all_lanes_stand_as_configured_where_they_have_room() {
        assert_eq!(shown(None, 8, Fold::Quiet), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(Lineup::new(&MANY, None, 8, Fold::Open).is_whole());
    }

    #[test]
    fn the_idle_are_folded_first_and_trouble_last() {
        assert_eq!(shown(None, 7, Fold::Quiet), [3, 7, 4, 1, 5], "nothing is shown only to fill a row");
        assert_eq!(
            shown(None, 5, Fold::Quiet),
            [3, 7, 4, 5],
            "what works says more than what comes, and what comes more than what has worked"
        );
        assert_eq!(shown(None, 4, Fold::Quiet), [3, 7, 5]);
        assert_eq!(shown(None, 3, Fold::Quiet), [3, 7]);
        assert_eq!(shown(None, 1, Fold::Quiet), [0; 0]);
        let rest: Vec<usize> = Lineup::new(&MANY, None, 4, Fold::Quiet).rest().collect();
        assert_eq!(rest, [4, 0, 1, 2, 6]);
    }

    #[test]
    fn what_waits_for_the_operator_is_folded_after_what_works() {
        let urgencies = [Working, Working, Waiting, Trouble, Working];
        assert_eq!(Lineup::new(&urgencies, None, 3, Fold::Quiet).shown, [3, 2]);
    }

    #[test]
    fn the_selected_lane_is_shown_whatever_it_says() {
        assert_eq!(shown(Some(6), 4, Fold::Quiet), [3, 7, 6]);
        assert_eq!(shown(Some(6), 2, Fold::Quiet), [6]);
    }

    #[test]
    fn open_lanes_are_gone_through_to_the_selected_one() {
        let order = [3, 7, 4, 0, 1, 2, 5, 6];
        assert_eq!(shown(None, 4, Fold::Open), order[..3]);
        assert_eq!(shown(Some(0), 4, Fold::Open), order[1..4]);
        assert_eq!(shown(Some(1), 4, Fold::Open), order[2..5]);
        assert_eq!(shown(Some(6), 4, Fold::Open), order[5..]);
    }
}
