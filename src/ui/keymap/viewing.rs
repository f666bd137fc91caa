//! Keys of a replay: the motions of `sessions.md` §3, and those of the step debugger as far as nothing is executed.

use super::table::{bind, c};
use super::{Action, Binding, Situation};
use crate::protocol::{Place, ReplayCommand, Stride, Way};

/// What the operator means in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewKey {
    /// Go on in time, or stand still.
    PlayOrPause,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// The next record.
    NextRecord,
    /// The record before.
    PreviousRecord,
    /// The end of the next call, inside the filter.
    NextCall,
    /// The end of the call before.
    PreviousCall,
    /// The beginning of the next turn.
    NextTurn,
    /// The beginning of the turn before.
    PreviousTurn,
    /// The next failure.
    NextError,
    /// The failure before.
    PreviousError,
    /// The next bookmark.
    NextBookmark,
    /// The bookmark before.
    PreviousBookmark,
    /// Remember this moment, or forget it.
    Bookmark,
    /// So many tenths of the recording.
    Tenths(u8),
    /// A place by its name.
    GoTo,
    /// The end, and stay there while the file grows.
    ToEnd,
    /// Where a step would stop next.
    Step,
    /// On to the next call inside the filter, or play.
    Continue,
    /// The end of the turn.
    StepOut,
    /// A live session that goes on from here.
    Fork,
    /// The selected call again, on its live server.
    Again,
    /// What differs from another session.
    Compare,
}

impl ViewKey {
    /// What is asked of the replay at once; nothing for a key that asks the operator first, or that depends on more.
    #[must_use]
    pub fn command(self) -> Option<ReplayCommand> {
        let step = |stride, way| Some(ReplayCommand::Step(stride, way));
        match self {
            Self::PlayOrPause => Some(ReplayCommand::Toggle),
            Self::Faster => Some(ReplayCommand::Faster),
            Self::Slower => Some(ReplayCommand::Slower),
            Self::NextRecord => step(Stride::Record, Way::Next),
            Self::PreviousRecord => step(Stride::Record, Way::Previous),
            Self::NextCall => step(Stride::Call, Way::Next),
            Self::PreviousCall => step(Stride::Call, Way::Previous),
            Self::NextTurn => step(Stride::Turn, Way::Next),
            Self::PreviousTurn => step(Stride::Turn, Way::Previous),
            Self::NextError => step(Stride::Error, Way::Next),
            Self::PreviousError => step(Stride::Error, Way::Previous),
            Self::NextBookmark => step(Stride::Bookmark, Way::Next),
            Self::PreviousBookmark => step(Stride::Bookmark, Way::Previous),
            Self::Bookmark => Some(ReplayCommand::Bookmark),
            Self::Tenths(tenths) => Some(ReplayCommand::GoTo(Place::Tenths(tenths))),
            Self::ToEnd => Some(ReplayCommand::GoTo(Place::Tenths(10))),
            Self::Step => step(Stride::Site, Way::Next),
            Self::StepOut => step(Stride::TurnEnd, Way::Next),
            Self::GoTo | Self::Continue | Self::Fork | Self::Again | Self::Compare => None,
        }
    }
}

fn here(s: &Situation) -> bool {
    s.viewing && s.in_pane()
}

/// `n` goes to the next place found while the data is searched.
fn may_step(s: &Situation) -> bool {
    here(s) && !(s.in_data() && s.searched)
}

const fn v(
    key: ViewKey,
    chords: &'static [super::Chord],
    footer: u8,
    label: &'static str,
    help: &'static str,
) -> Binding {
    bind(Action::View(key), chords, here, footer, label, help)
}

/// Every key of a replay.
pub(super) static VIEWING: &[Binding] = &[
    v(ViewKey::PlayOrPause, &[c(' ')], 1, "play/pause", "Play the recording, or stand still"),
    v(ViewKey::NextRecord, &[c('.')], 2, "next record", "To the next record"),
    v(ViewKey::PreviousRecord, &[c(',')], 0, "record before", "To the record before"),
    v(ViewKey::NextCall, &[c(']')], 2, "next call", "To the end of the next call, inside the filter"),
    v(ViewKey::PreviousCall, &[c('[')], 0, "call before", "To the end of the call before, inside the filter"),
    v(ViewKey::NextTurn, &[c('}')], 3, "next turn", "To the beginning of the next turn"),
    v(ViewKey::PreviousTurn, &[c('{')], 0, "turn before", "To the beginning of the turn before"),
    v(ViewKey::NextError, &[c('e')], 3, "next error", "To the next failure or damage"),
    v(ViewKey::PreviousError, &[c('E')], 0, "error before", "To the failure before"),
    v(ViewKey::GoTo, &[c('g')], 4, "go to", "Go to a record, call, turn or time: #120, c17, t4, +03:12, 50%"),
    v(ViewKey::Faster, &[c('>')], 5, "faster", "Play twice as fast"),
    v(ViewKey::Slower, &[c('<')], 0, "slower", "Play half as fast"),
    v(ViewKey::Bookmark, &[c('m')], 6, "bookmark", "Set a bookmark here, or take it away"),
    v(ViewKey::NextBookmark, &[c('\'')], 0, "next bookmark", "To the next bookmark"),
    v(ViewKey::PreviousBookmark, &[c('"')], 0, "bookmark before", "To the bookmark before"),
    v(ViewKey::ToEnd, &[c('F')], 0, "to the end", "To the end, and stay there while the file still grows"),
    bind(
        Action::View(ViewKey::Step),
        &[c('n')],
        may_step,
        0,
        "step",
        "To where stepping would stop next: around a model request or a call",
    ),
    v(ViewKey::Continue, &[c('c')], 0, "continue", "To the next call inside the filter; without a filter, play"),
    v(ViewKey::StepOut, &[c('o')], 0, "turn's end", "To the end of the turn"),
    v(
        ViewKey::Again,
        &[c('R')],
        7,
        "make again",
        "LIVE: make the selected call again, as recorded or edited, and compare; what came of it last is shown first",
    ),
    v(ViewKey::Fork, &[c('C')], 8, "fork", "Go on from here in a new live session"),
    v(ViewKey::Compare, &[c('D')], 9, "compare", "Compare with another session"),
    v(ViewKey::Tenths(0), &[c('0')], 0, "start", "To the start"),
    v(ViewKey::Tenths(1), &[c('1')], 0, "10 %", "To one tenth of the recording; 2 to 9 likewise"),
    v(ViewKey::Tenths(2), &[c('2')], 0, "20 %", "… two tenths"),
    v(ViewKey::Tenths(3), &[c('3')], 0, "30 %", "… three tenths"),
    v(ViewKey::Tenths(4), &[c('4')], 0, "40 %", "… four tenths"),
    v(ViewKey::Tenths(5), &[c('5')], 0, "50 %", "… half of it"),
    v(ViewKey::Tenths(6), &[c('6')], 0, "60 %", "… six tenths"),
    v(ViewKey::Tenths(7), &[c('7')], 0, "70 %", "… seven tenths"),
    v(ViewKey::Tenths(8), &[c('8')], 0, "80 %", "… eight tenths"),
    v(ViewKey::Tenths(9), &[c('9')], 0, "90 %", "… nine tenths"),
];
