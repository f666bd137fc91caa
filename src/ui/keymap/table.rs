//! The table itself.

use crossterm::event::KeyCode::{BackTab, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};

use super::Binding;
use super::action::Action;
use super::chord::Chord;
use super::situation::{Place, Showing, Situation};

type S = Situation;

pub(super) const fn c(c: char) -> Chord {
    Chord::char(c)
}

const fn k(code: crossterm::event::KeyCode) -> Chord {
    Chord::key(code)
}

pub(super) const fn bind(
    action: Action,
    chords: &'static [Chord],
    when: fn(&S) -> bool,
    footer: u8,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, chords, when, label, help, footer }
}

fn first_screen(s: &S) -> bool {
    s.place == Place::Input && s.offering && !s.typed
}

/// The keys that move in time while viewing select while it is live.
fn live_pane(s: &S) -> bool {
    s.in_pane() && !s.viewing
}

fn scrolls(s: &S) -> bool {
    s.in_pane() || s.place == Place::Page
}

/// `/` filters or searches wherever that can be.
fn has_no_search(s: &S) -> bool {
    (s.place == Place::Chat && !s.viewing) || (s.place == Place::Data && !s.in_data())
}

fn can_suggest(s: &S) -> bool {
    s.suggestions && s.in_pane()
}

/// Every key of the console.
pub(super) static TABLE: &[Binding] = &[
    bind(
        Action::Suggest(1),
        &[c('1')],
        can_suggest,
        0,
        "suggestion 1",
        "Put the first suggested action into the input",
    ),
    bind(Action::Suggest(2), &[c('2')], can_suggest, 0, "suggestion 2", "… the second"),
    bind(Action::Suggest(3), &[c('3')], can_suggest, 0, "suggestion 3", "… the third"),
    bind(Action::Suggest(4), &[c('4')], can_suggest, 0, "suggestion 4", "… the fourth"),
    bind(Action::Suggest(5), &[c('5')], can_suggest, 0, "suggestion 5", "… the fifth"),
    // Typing.
    bind(
        Action::Complete,
        &[k(Tab)],
        |s| (s.place == Place::Input && s.command) || s.expression,
        3,
        "complete",
        "Complete the command being typed, or the field or value of an expression; again for the next one",
    ),
    bind(
        Action::ExplainExpressions,
        &[Chord::ctrl('o')],
        |s| s.expression,
        4,
        "expressions",
        "What can be written in a filter or a breakpoint, while it is being typed",
    ),
    bind(
        Action::AskExample,
        &[k(Enter)],
        |s| first_screen(s) && s.chosen,
        3,
        "ask it",
        "Ask the question chosen on the first screen",
    ),
    bind(
        Action::Send,
        &[k(Enter)],
        |s| s.place == Place::Input && s.typed,
        3,
        "send",
        "Send the question or run the command",
    ),
    bind(
        Action::NewLine,
        &[Chord::alt(Enter), Chord::ctrl('j')],
        |s| (s.place == Place::Input && s.typed) || s.place == Place::Editor,
        9,
        "new line",
        "Begin a new line in the input or editor",
    ),
    bind(
        Action::NextExample,
        &[k(Down)],
        first_screen,
        4,
        "choose a question",
        "Choose a question on the first screen",
    ),
    bind(
        Action::PreviousExample,
        &[k(Up)],
        |s| first_screen(s) && s.chosen,
        0,
        "question before",
        "The question before on the first screen",
    ),
    bind(
        Action::Older,
        &[k(Up)],
        |s| s.place == Place::Input && s.first_line && !(first_screen(s) && s.chosen),
        12,
        "history",
        "What has come meanwhile, else the line typed before, at last those of earlier sessions; from the first line of the input",
    ),
    bind(
        Action::Newer,
        &[k(Down)],
        |s| s.place == Place::Input && s.last_line && !first_screen(s),
        0,
        "history on",
        "The line typed after, from the last line of the input",
    ),
    bind(
        Action::DeleteToStart,
        &[Chord::ctrl('u')],
        |s| s.place == Place::Input,
        0,
        "delete to start",
        "Delete to the start of the line",
    ),
    bind(
        Action::ChatPageUp,
        &[k(PageUp)],
        |s| s.place == Place::Input,
        0,
        "chat up",
        "Scroll the conversation up while typing",
    ),
    bind(
        Action::ChatPageDown,
        &[k(PageDown)],
        |s| s.place == Place::Input,
        0,
        "chat down",
        "Scroll the conversation down while typing",
    ),
    // The conversation.
    bind(
        Action::NextReference,
        &[k(Right), c('l')],
        |s| s.place == Place::Chat,
        4,
        "next reference",
        "Go to the next reference or choice of the conversation",
    ),
    bind(
        Action::PreviousReference,
        &[k(Left), c('h')],
        |s| s.place == Place::Chat,
        0,
        "reference before",
        "Go to the reference or choice before",
    ),
    bind(
        Action::Open,
        &[k(Enter)],
        |s| s.in_pane(),
        5,
        "open",
        "Open the reference, call, value or message under the cursor",
    ),
    // Going through calls, from any pane.
    bind(Action::NextCall, &[c(']')], live_pane, 6, "next call", "Select the next call or model step"),
    bind(Action::PreviousCall, &[c('[')], live_pane, 0, "call before", "Select the call or model step before"),
    bind(Action::NextCall, &[k(Right), c('l')], |s| s.place == Place::Timeline, 5, "next call", "… on the time axis"),
    bind(
        Action::PreviousCall,
        &[k(Left), c('h')],
        |s| s.place == Place::Timeline,
        0,
        "call before",
        "… on the time axis, backwards",
    ),
    bind(Action::NextTurn, &[c('}')], live_pane, 0, "next turn", "Select the first call of the next turn"),
    bind(Action::PreviousTurn, &[c('{')], live_pane, 0, "turn before", "Select the first call of the turn before"),
    bind(
        Action::NextError,
        &[c('e')],
        |s| live_pane(s) && !s.held,
        0,
        "next error",
        "Select the next call that failed",
    ),
    bind(Action::PreviousError, &[c('E')], live_pane, 0, "error before", "Select the failed call before"),
    bind(
        Action::NextServer,
        &[c('s')],
        S::in_pane,
        10,
        "server",
        "Select the next server: its tools, state, messages and log",
    ),
    bind(
        Action::ToggleLanes,
        &[c('+')],
        S::in_pane,
        0,
        "all servers",
        "Show the lanes of all servers where not all have room, and only those that say something again",
    ),
    bind(
        Action::FollowLatest,
        &[c('F')],
        live_pane,
        0,
        "follow",
        "Select the next held call, else the newest, and stay with the newest",
    ),
    bind(
        Action::ToggleTimeline,
        &[c('v')],
        |s| matches!(s.place, Place::Calls | Place::Timeline),
        5,
        "list/timeline",
        "Show calls as a list or on a time axis",
    ),
    bind(
        Action::ToggleWindow,
        &[c('w')],
        |s| s.place == Place::Timeline,
        6,
        "turn/session",
        "Show one turn or the whole session on the time axis",
    ),
    bind(
        Action::Filter,
        &[c('/')],
        |s| matches!(s.place, Place::Calls | Place::Timeline) || (s.viewing && s.place == Place::Chat),
        7,
        "filter",
        "Show only calls an expression holds of; /query says what can be written",
    ),
    // The data.
    bind(
        Action::NextTab,
        &[c('t')],
        S::in_pane,
        6,
        "next tab",
        "The next side of what is selected: arguments, result, wire, log",
    ),
    bind(Action::PreviousTab, &[c('T')], S::in_pane, 0, "tab before", "The side before"),
    bind(
        Action::ToggleFold,
        &[c(' ')],
        |s| s.in_tree() && !s.viewing,
        7,
        "fold",
        "Fold or unfold what the cursor is on",
    ),
    bind(Action::Unfold, &[k(Right), c('l')], S::in_tree, 0, "unfold", "Unfold, or go to the first thing inside"),
    bind(Action::Fold, &[k(Left), c('h')], S::in_tree, 0, "fold/out", "Fold, or go to what it is in"),
    bind(Action::ToggleFoldAll, &[c('z')], S::in_tree, 0, "fold all", "Fold or unfold everything"),
    bind(
        Action::ToggleTable,
        &[c('v')],
        |s| s.place == Place::Data && matches!(s.showing, Showing::TreeOrTable | Showing::Table),
        4,
        "tree/table",
        "Show an array of objects as a tree or as a table",
    ),
    bind(Action::ColumnsRight, &[k(Right), c('l')], S::in_table, 6, "columns", "Show columns further right"),
    bind(Action::ColumnsLeft, &[k(Left), c('h')], S::in_table, 0, "columns left", "Show columns further left"),
    bind(Action::Search, &[c('/')], S::in_data, 7, "search", "Search the data"),
    bind(
        Action::NextMatch,
        &[c('n')],
        |s| s.in_data() && s.searched && !s.held && !s.paused,
        3,
        "next match",
        "Go to the next place found",
    ),
    bind(
        Action::PreviousMatch,
        &[c('N')],
        |s| s.in_data() && s.searched,
        0,
        "match before",
        "Go to the place found before",
    ),
    bind(Action::Copy, &[c('y')], S::in_data, 8, "copy", "Copy what the cursor is on to the clipboard"),
    bind(Action::CopyRaw, &[c('Y')], S::in_data, 0, "copy raw", "Copy the whole tab as it came"),
    // Everywhere.
    bind(
        Action::StopTurn,
        &[k(Esc)],
        |s| s.on_screen() && s.running && !s.open,
        2,
        "stop",
        "Stop the running turn, or give up a question that waits; just after it closed something, press it again",
    ),
    bind(Action::Close, &[k(Esc)], |s| s.open || !s.on_screen(), 3, "close", "Close what is open"),
    bind(
        Action::ToInput,
        &[k(Esc)],
        |s| s.in_pane() && !s.open && !s.running,
        11,
        "type",
        "Back to the input, where nothing is open and no turn runs",
    ),
    bind(Action::ToInput, &[c('i')], S::in_pane, 0, "type", "Back to the input"),
    bind(
        Action::NextPane,
        &[k(Tab)],
        |s| s.on_screen() && !(s.place == Place::Input && s.command),
        8,
        "next pane",
        "To the next pane: input, chat, calls, data",
    ),
    bind(Action::PreviousPane, &[k(BackTab)], S::on_screen, 0, "pane before", "To the pane before"),
    bind(Action::ToCommand, &[c(':')], S::in_pane, 0, "command", "Type a command"),
    bind(Action::ToCommand, &[c('/')], has_no_search, 0, "command", "… where there is nothing to filter or to search"),
    bind(Action::ToggleZoom, &[c('f')], S::in_pane, 11, "full screen", "Give the pane the whole screen, and back"),
    bind(
        Action::ToggleMouse,
        &[c('M')],
        S::in_pane,
        0,
        "mouse",
        "Leave the mouse to the terminal, to select text with it, and take it back",
    ),
    bind(Action::Sessions, &[c('O')], S::in_pane, 0, "sessions", "Choose a recorded session to replay"),
    bind(Action::OpenPalette, &[Chord::ctrl('p')], S::on_screen, 10, "palette", "Find any action or command by name"),
    bind(Action::Help, &[c('?')], |s| s.in_pane() || (s.place == Place::Input && !s.typed), 9, "help", "All keys"),
    bind(
        Action::ClearOrQuit,
        &[Chord::ctrl('c')],
        |_| true,
        13,
        "quit",
        "Clear the input; with nothing in it, twice to quit",
    ),
    bind(
        Action::Suspend,
        &[Chord::ctrl('z')],
        |_| true,
        0,
        "suspend",
        "Back to the shell until its `fg`; a running turn waits, and its time-outs go on",
    ),
    bind(Action::Up, &[k(Up), c('k')], scrolls, 0, "up", "One line up"),
    bind(Action::Down, &[k(Down), c('j')], scrolls, 0, "down", "One line down"),
    bind(Action::PageUp, &[k(PageUp), Chord::alt(Up)], scrolls, 0, "page up", "One screen up"),
    bind(Action::PageDown, &[k(PageDown), Chord::alt(Down)], scrolls, 0, "page down", "One screen down"),
    bind(Action::First, &[k(Home)], scrolls, 0, "start", "To the start"),
    bind(Action::Last, &[k(End), c('G')], scrolls, 0, "end", "To the end"),
    // In the palette, in prompts and forms, where letters type.
    bind(Action::Up, &[k(Up)], |s| s.place == Place::Palette, 0, "up", "The entry before, in the palette"),
    bind(Action::Down, &[k(Down)], |s| s.place == Place::Palette, 0, "down", "The next entry, in the palette"),
    bind(
        Action::Up,
        &[k(Up), k(BackTab)],
        |s| s.place == Place::Form,
        0,
        "field before",
        "The field before, in a form",
    ),
    bind(Action::Down, &[k(Down), k(Tab)], |s| s.place == Place::Form, 4, "next field", "The next field, in a form"),
    bind(Action::PageUp, &[k(PageUp)], |s| s.place == Place::Form, 0, "page up", "One screen up, in a form"),
    bind(Action::PageDown, &[k(PageDown)], |s| s.place == Place::Form, 0, "page down", "One screen down, in a form"),
    bind(
        Action::Open,
        &[k(Enter)],
        |s| matches!(s.place, Place::Palette | Place::Prompt | Place::Editor | Place::Form),
        3,
        "go",
        "Run the entry; keep the filter; find the words; take what was written; look over what a form sends, then send it",
    ),
];
