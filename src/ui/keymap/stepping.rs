//! Keys of the step debugger (`sessions.md` §4).

use super::table::{bind, c};
use super::{Action, Binding, Chord, Place, Situation};

/// What the operator means about something held, or about what will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKey {
    /// Let it go on, and stop at the next place.
    Step,
    /// Let everything held go on.
    StepAll,
    /// Let it go on, and stop only at breakpoints.
    Continue,
    /// Let it go on to the end of the turn.
    StepOut,
    /// Change the arguments, or the result.
    Edit,
    /// What the model wanted, or the server said.
    Revert,
    /// Give the result in place of the server.
    Answer,
    /// Refuse it.
    Deny,
    /// Send it again.
    Retry,
    /// Do not ask about this tool any more.
    Allow,
    /// Take its changed tool as it is now.
    Accept,
    /// Stop at calls of this tool.
    Break,
    /// Tell of calls of this tool.
    Log,
    /// All breakpoints and log points.
    Breakpoints,
    /// Stop the turn.
    StopTurn,
    /// Stepping on or off.
    Toggle,
    /// Write the text in `$EDITOR`.
    Outside,
    /// Put the text back to what it was.
    Original,
    /// Take the whole text out.
    Empty,
}

impl StepKey {
    /// Whether it is about something that is held.
    #[must_use]
    pub fn decides(self) -> bool {
        match self {
            Self::Step | Self::StepAll | Self::Continue | Self::StepOut | Self::Edit | Self::Revert => true,
            Self::Answer | Self::Deny | Self::Retry | Self::Allow | Self::Accept => true,
            Self::Break | Self::Log | Self::Breakpoints | Self::StopTurn | Self::Toggle => false,
            Self::Outside | Self::Original | Self::Empty => false,
        }
    }
}

fn waits(s: &Situation) -> bool {
    (s.held || s.paused) && s.in_pane()
}

fn held(s: &Situation) -> bool {
    s.held && s.in_pane()
}

fn changed(s: &Situation) -> bool {
    held(s) && s.changed
}

fn unsent(s: &Situation) -> bool {
    held(s) && !s.held_result
}

fn answered(s: &Situation) -> bool {
    held(s) && s.held_result
}

fn live(s: &Situation) -> bool {
    s.in_pane() && !s.viewing
}

fn editor(s: &Situation) -> bool {
    s.place == Place::Editor
}

const fn k(
    key: StepKey,
    chords: &'static [Chord],
    when: fn(&Situation) -> bool,
    footer: u8,
    label: &'static str,
    help: &'static str,
) -> Binding {
    bind(Action::Step(key), chords, when, footer, label, help)
}

/// Every key of the step debugger. Deciding comes first in the footer, because somebody waits for it.
pub(super) static STEPPING: &[Binding] = &[
    k(StepKey::Step, &[c('n')], waits, 1, "step", "Let what is held go on, and stop at the next place"),
    k(
        StepKey::Deny,
        &[c('d')],
        held,
        1,
        "deny",
        "Refuse the held call, or keep its result back; the model is told why",
    ),
    k(StepKey::Edit, &[c('e')], held, 1, "edit", "Change the arguments of a held call, or its result"),
    k(StepKey::Answer, &[c('x')], unsent, 1, "answer", "Give the result yourself; the call is not sent"),
    k(StepKey::Retry, &[c('r')], answered, 1, "retry", "Send the call again"),
    k(StepKey::Continue, &[c('c')], waits, 2, "continue", "Go on to the next breakpoint; stepping is off then"),
    k(
        StepKey::StepOut,
        &[c('o')],
        waits,
        2,
        "step out",
        "Finish the turn without stopping, and step again in the next",
    ),
    k(StepKey::StepAll, &[c('A')], waits, 2, "all go on", "Let everything that is held go on"),
    k(StepKey::Revert, &[c('V')], changed, 2, "revert", "Back to what the model wanted, or what the server said"),
    k(
        StepKey::Accept,
        &[c('a')],
        |s| (held(s) && s.altered) || s.told_change,
        1,
        "change",
        "See how the call's tool differs from what it was; again, take it as it is now",
    ),
    k(
        StepKey::Allow,
        &[c('a')],
        |s| unsent(s) && !s.altered && s.allowable,
        2,
        "always",
        "Do not ask about this tool any more, while its definition stays the same",
    ),
    k(StepKey::StopTurn, &[c('K')], |s| live(s) && s.running, 0, "stop turn", "Stop the turn"),
    k(
        StepKey::Break,
        &[c('b')],
        live,
        0,
        "breakpoint",
        "Stop at calls of the selected call's tool, or do not any more",
    ),
    k(
        StepKey::Log,
        &[c('L')],
        live,
        0,
        "log point",
        "Take a note at calls of the selected call's tool, or do not any more",
    ),
    k(StepKey::Breakpoints, &[c('B')], live, 0, "breakpoints", "All breakpoints and log points, to change"),
    k(StepKey::Toggle, &[c('p')], live, 0, "step on/off", "Hold every call and every result, or stop doing so"),
    k(StepKey::Outside, &[Chord::ctrl('g')], editor, 2, "$EDITOR", "Write the text in $EDITOR"),
    k(
        StepKey::Original,
        &[Chord::ctrl('r')],
        editor,
        2,
        "revert",
        "Put the text back to what it was, or to the last result of the tool",
    ),
    k(StepKey::Empty, &[Chord::ctrl('l')], editor, 2, "empty", "Take the whole text out; once more puts it in again"),
];
