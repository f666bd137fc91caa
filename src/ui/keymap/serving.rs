//! Keys for servers: calls that take long, servers that fail, and what a server asks of the operator.

use super::table::{bind, c};
use super::{Action, Binding, Chord, Place};

/// The keys.
pub(super) static SERVING: &[Binding] = &[
    bind(
        Action::CancelCall,
        &[c('x')],
        |s| s.under_way && s.in_pane(),
        2,
        "cancel call",
        "Cancel this call only; the turn goes on. Where another is selected, press it twice",
    ),
    bind(
        Action::WaitLonger,
        &[c('W')],
        |s| s.under_way && s.in_pane(),
        3,
        "wait longer",
        "Give this call its whole time-out once more, counted from now",
    ),
    bind(
        Action::AnswerInput,
        &[c('Q')],
        |s| s.asked && s.in_pane(),
        1,
        "answer a server",
        "Open what a server asks you: a form, or a page it wants visited; /answer does the same",
    ),
    bind(
        Action::DeclineInput,
        &[Chord::ctrl('d')],
        |s| s.place == Place::Form,
        4,
        "decline",
        "Say no to what the server asks",
    ),
    bind(
        Action::CancelInput,
        &[Chord::ctrl('x')],
        |s| s.place == Place::Form,
        4,
        "cancel",
        "Say neither yes nor no: the server is told that you closed its question",
    ),
    bind(
        Action::Copy,
        &[Chord::ctrl('y')],
        |s| s.place == Place::Form,
        5,
        "copy",
        "Copy the address, or the values of the form",
    ),
    bind(
        Action::AskWhy,
        &[c('H')],
        |s| s.under_way && s.in_pane(),
        0,
        "why is it waiting",
        "What the call waits for: its last messages, its server's process and stderr; shown by itself after three seconds",
    ),
    bind(
        Action::RestartServer,
        &[c('r')],
        |s| s.down && !s.held && s.in_pane(),
        2,
        "restart",
        "Restart the server that failed or keeps you waiting",
    ),
    bind(
        Action::RestartServer,
        &[c('r')],
        |s| s.restartable && !s.down && !s.held && s.in_pane(),
        3,
        "restart",
        "Restart the selected server",
    ),
    bind(
        Action::ShowLog,
        &[c('S')],
        |s| s.in_pane() && (s.under_way || s.restartable),
        4,
        "log",
        "Show the log of the server",
    ),
];
