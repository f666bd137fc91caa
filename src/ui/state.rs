//! Everything the screen is drawn from: the session's fold, and what the operator looks at.
//!
//! `update` changes it, `view` reads it. What is costly to make (rows of answers, documents) is kept here and made again
//! by `update::settle` only where something changed.

mod advice;
mod arrivals;
mod ask;
mod calls;
mod chat;
mod data;
mod form;
mod input;
mod lanes;
mod leaving;
mod notices;
mod offers;
mod options;
mod overlay;
mod picker;
mod reading;
mod replaying;
mod seen;
mod text;

use std::collections::BTreeMap;

use ratatui::layout::Position;

pub use advice::Advice;
pub use arrivals::{Arrival, Arrivals, Prompt};
pub use ask::{Ask, Drafts, Purpose};
pub use calls::{CallRow, Calls, Filter, Form, Window, turn_of};
pub use chat::{Chat, Item, Link, LinkAt, Row, Scroll, Slice, Target};
pub use data::{Content, Data, ListView, Pane, PaneKey, Search, Tab};
pub use form::{Choosable, Entry, Faulty, Field, FormStage, Inquiry, Parts, Sought};
pub use input::{Input, Swap};
pub use lanes::{Fold, Lineup, Urgency, asks, open_calls, trouble_first};
pub use leaving::{Escape, Leaving, WayOut};
pub use notices::Notices;
pub use offers::Offers;
pub use options::{Mouse, Options, RunbookEntry};
pub use overlay::{Matter, Overlay, Page, Palette, PaletteEntry, PaletteRun, Shows};
pub use picker::{Choice, Picker};
pub use reading::{Reading, Shelf};
pub use replaying::Replaying;
pub use seen::{Seen, Waiting};
pub use text::TextView;

use super::layout::Areas;
use super::theme::Theme;
use crate::protocol::{self, CallId, InputId, Json, Pace, Playback, ServerName};
use crate::session::{Call, CallState, Health, Server, Session, Span, Step, Turn};

/// Which part of the screen the keys belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The input under the conversation.
    #[default]
    Input,
    /// The conversation.
    Chat,
    /// The list or timeline of calls.
    Calls,
    /// The data of what is selected.
    Data,
}

/// What the three panes show together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Selected {
    /// Nothing yet.
    #[default]
    Nothing,
    /// A model step or a call.
    Span(Span),
    /// What the model would be sent, while the turn waits before that.
    Request,
    /// A server, by its lane.
    Server(usize),
}

/// Whether new calls become selected by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// The newest call is selected.
    #[default]
    Latest,
    /// The operator's choice stays.
    Stay,
}

/// Whether one pane takes the whole screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// As the size allows.
    #[default]
    Out,
    /// Only the pane with the focus.
    In,
}

/// Whether the feed still says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedState {
    /// Records may come.
    #[default]
    Open,
    /// The session is over.
    Over,
}

/// Everything the screen is drawn from.
#[derive(Debug, Default)]
pub struct State {
    /// The fold of the session's records.
    pub session: Session,
    /// What the program told us.
    pub options: Options,
    /// Where the replay stands; absent in a live session.
    pub playback: Option<Box<Playback>>,
    /// The session's time, µs, of the last tick.
    pub now_us: u64,
    /// The link's clock, µs, of the last tick.
    pub clock_us: u64,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Where everything is, for this size and focus.
    pub areas: Areas,
    /// Whose the keys are.
    pub focus: Focus,
    /// Whether the focused pane takes the whole screen.
    pub zoom: Zoom,
    /// What the panes show together.
    pub selected: Selected,
    /// Whether new calls become selected.
    pub follow: Follow,
    /// The conversation.
    pub chat: Chat,
    /// The calls.
    pub calls: Calls,
    /// The data of what is selected.
    pub data: Data,
    /// What is being typed.
    pub input: Input,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Forms that were closed before they were answered, with what was written.
    pub forms: BTreeMap<InputId, Inquiry>,
    /// The running call that was asked about before it had taken long.
    pub asked_why: Option<CallId>,
    /// What the operator has read to its end, and may say yes to.
    pub read: Vec<Matter>,
    /// What was being written in editors that were closed.
    pub drafts: Drafts,
    /// Resources and prompts.
    pub reading: Reading,
    /// Pages and prompts that have come and wait to be shown.
    pub arrivals: Arrivals,
    /// One line above the footer, until the next key.
    pub notice: Option<String>,
    /// What was said there before.
    pub notices: Notices,
    /// Notes seen by the operator; later warnings and errors are shown as a banner.
    pub notes_seen: usize,
    /// Something only this screen has to say in the banner.
    pub alarm: Option<String>,
    /// Whose the mouse is.
    pub mouse: Mouse,
    /// How far leaving has come.
    pub leaving: Leaving,
    /// Where it leads.
    pub way_out: WayOut,
    /// What was asked of the recording that is shown.
    pub replaying: Replaying,
    /// What Esc does to a running turn.
    pub escape: Escape,
    /// What a key that decides would be about, and since when it could be read.
    pub seen: Seen,
    /// Whether records still come.
    pub feed: FeedState,
}

impl State {
    /// The state before the first record.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let input = Input::new(options.theme);
        Self { mouse: options.mouse, focus: options.focus, input, options, ..Self::default() }
    }

    /// Takes note of what the screen says now, to be listed later.
    pub fn hear(&mut self) {
        self.notices.look(self.now_us.max(self.session.last_us), self.notice.as_ref(), self.alarm.as_ref());
    }

    /// The colours.
    #[must_use]
    pub fn theme(&self) -> Theme {
        self.options.theme
    }

    /// The selected call.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match self.selected {
            Selected::Span(Span::Call(id)) => self.session.call(id),
            Selected::Span(Span::Step(_)) | Selected::Nothing | Selected::Request | Selected::Server(_) => None,
        }
    }

    /// The selected model step.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        match self.selected {
            Selected::Span(Span::Step(id)) => self.session.step(id),
            Selected::Span(Span::Call(_)) | Selected::Nothing | Selected::Request | Selected::Server(_) => None,
        }
    }

    /// The server of what is selected.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match self.selected {
            Selected::Server(lane) => self.session.servers.get(lane),
            Selected::Span(Span::Call(id)) => self.session.call(id).and_then(|call| self.session.server(&call.server)),
            Selected::Span(Span::Step(_)) | Selected::Nothing | Selected::Request => None,
        }
    }

    /// The lane of the server of what is selected.
    #[must_use]
    pub fn lane(&self) -> Option<usize> {
        let name = &self.server()?.name;
        self.session.servers.iter().position(|server| server.name == *name)
    }

    /// Whether it is a replay: nothing is executed.
    #[must_use]
    pub fn is_viewing(&self) -> bool {
        self.playback.is_some()
    }

    /// Whether it is a replay that stands at the end of a recording to which nothing more comes.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        let at_end = |playback: &Playback| {
            playback.reading == protocol::Reading::Complete
                && !playback.is_seeking
                && playback.position == playback.length
        };
        self.playback.as_deref().is_some_and(at_end)
    }

    /// Whether what is being typed is an expression.
    #[must_use]
    pub fn is_writing_expression(&self) -> bool {
        match &self.overlay {
            Some(Overlay::Ask(ask)) => ask.purpose.is_expression(),
            Some(Overlay::Help(_) | Overlay::Page(_) | Overlay::Palette(_) | Overlay::Picker(_) | Overlay::Form(_)) => {
                false
            }
            None => self.focus == Focus::Calls && self.calls.filter.typing,
        }
    }

    /// The selected call, if it waits at the gate.
    #[must_use]
    pub fn held(&self) -> Option<&Call> {
        self.call().filter(|_| !self.is_viewing()).filter(|call| matches!(call.state, CallState::Held(_)))
    }

    /// The selected call, if it can still be decided: it waits at the gate, or may be sent and waits for others.
    #[must_use]
    pub fn decidable(&self) -> Option<&Call> {
        let open = |call: &&Call| matches!(call.state, CallState::Held(_) | CallState::Released);
        self.call().filter(|_| !self.is_viewing()).filter(open)
    }

    /// What the model would be sent, while the turn waits before that.
    #[must_use]
    pub fn request(&self) -> Option<&Json> {
        self.session.held_turn.as_ref().and_then(|held| held.told.messages.as_ref())
    }

    /// The server a restart would be for: the selected one; or that of the selected call, if it is not well or is being
    /// waited for; else one that failed. A selected server that may not be started stands for no other.
    #[must_use]
    pub fn restartable(&self) -> Option<&ServerName> {
        if self.is_viewing() {
            return None;
        }
        let chosen = matches!(self.selected, Selected::Server(_))
            || self.call().is_some_and(|call| call.state == CallState::Running)
            || self.server().is_some_and(|server| server.health != Health::Ready);
        let may_start = |server: &&Server| !matches!(server.health, Health::Withheld(_) | Health::SwitchedOff(_));
        let failed = || self.session.servers.iter().find(|server| matches!(server.health, Health::Failed { .. }));
        let wanted = self.server().filter(|_| chosen).or_else(failed);
        wanted.filter(may_start).map(|server| &server.name)
    }

    /// How long a call has been going on, is held, or took, µs; none for one that was never sent.
    #[must_use]
    pub fn call_us(&self, call: &Call) -> Option<u64> {
        match call.state {
            CallState::Running => call.started_us.map(|start| self.now_us.saturating_sub(start)),
            CallState::Proposed | CallState::Released => None,
            CallState::Held(_) => call.held_us.map(|since| self.now_us.saturating_sub(since)),
            CallState::Ok | CallState::Error | CallState::Cancelled => {
                call.duration_us.filter(|_| call.started_us.is_some())
            }
            CallState::Denied => None,
        }
    }

    /// How long a model step has been going on, or took, µs.
    #[must_use]
    pub fn step_us(&self, step: &Step) -> u64 {
        step.ended_us.unwrap_or(self.now_us).saturating_sub(step.requested_us)
    }

    /// How long a turn took, µs; while it runs, how long it has been going on, once there is anything to tell.
    #[must_use]
    pub fn turn_us(&self, turn: &Turn) -> Option<u64> {
        let so_far = || Some(self.going_on_us(self.now_us.saturating_sub(turn.started_us))).filter(|us| *us > 0);
        turn.ended_us.map(|ended| ended.saturating_sub(turn.started_us)).or_else(so_far)
    }

    /// A time that goes on, µs, as it is shown: in tenths of a second where it moves, so that not every frame differs.
    #[must_use]
    pub fn going_on_us(&self, us: u64) -> u64 {
        if self.is_moving() { us / 100_000 * 100_000 } else { us }
    }

    /// Whether anything on the screen changes with time alone.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        if let Some(playback) = &self.playback {
            return self.feed == FeedState::Open && playback.pace == Pace::Playing;
        }
        let starting = |server: &Server| match server.health {
            Health::Starting | Health::Probing | Health::Listing | Health::Restarting { .. } => true,
            Health::Unknown | Health::Withheld(_) | Health::SwitchedOff(_) => false,
            Health::Ready | Health::Failed { .. } | Health::Stopped => false,
        };
        self.feed == FeedState::Open
            && (self.session.running_turn().is_some()
                || self.session.servers.iter().any(starting)
                || matches!(&self.overlay, Some(Overlay::Page(Page { shows: Shows::Servers(..), .. })))
                || self.call().is_some_and(|call| !call.state.is_final()))
    }

    /// A call's number as people write it.
    #[must_use]
    pub fn number(call: CallId) -> String {
        call.0.to_string()
    }

    /// Which pane is under a place on the screen.
    #[must_use]
    pub fn focus_at(&self, place: Position) -> Option<Focus> {
        let areas = &self.areas;
        let panes = [
            (Focus::Input, areas.input),
            (Focus::Chat, areas.chat),
            (Focus::Calls, areas.calls),
            (Focus::Calls, areas.timeline),
            (Focus::Data, areas.data),
        ];
        panes.into_iter().find(|(_, area)| area.contains(place)).map(|(focus, _)| focus)
    }
}
