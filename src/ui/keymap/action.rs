//! What an operator can mean by a key.

use super::{StepKey, ViewKey};

/// What the operator means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send what was typed.
    Send,
    /// Begin a new line.
    NewLine,
    /// The line typed before.
    Older,
    /// The line typed after.
    Newer,
    /// Complete the command, or the word of an expression.
    Complete,
    /// What can be written in an expression.
    ExplainExpressions,
    /// Delete to the start of the line.
    DeleteToStart,
    /// The next question the first screen offers.
    NextExample,
    /// The one before.
    PreviousExample,
    /// Ask the question the first screen offers.
    AskExample,
    /// To the next pane.
    NextPane,
    /// To the pane before.
    PreviousPane,
    /// To the input.
    ToInput,
    /// To the input, to type a command.
    ToCommand,
    /// The focused pane takes the whole screen, or gives it back.
    ToggleZoom,
    /// Stop the running turn.
    StopTurn,
    /// Close what is open.
    Close,
    /// Clear the input; twice, leave.
    ClearOrQuit,
    /// Stop the program until the shell goes on with it.
    Suspend,
    /// The keys.
    Help,
    /// All actions by name.
    OpenPalette,
    /// Whose the mouse is.
    ToggleMouse,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One screen up.
    PageUp,
    /// One screen down.
    PageDown,
    /// To the start.
    First,
    /// To the end.
    Last,
    /// The conversation one screen up, from the input.
    ChatPageUp,
    /// The conversation one screen down, from the input.
    ChatPageDown,
    /// The next reference of the conversation.
    NextReference,
    /// The reference before.
    PreviousReference,
    /// What the cursor is on.
    Open,
    /// The next call.
    NextCall,
    /// The call before.
    PreviousCall,
    /// The next turn.
    NextTurn,
    /// The turn before.
    PreviousTurn,
    /// The next call that failed.
    NextError,
    /// The failed call before.
    PreviousError,
    /// The next server.
    NextServer,
    /// All lanes, also those that have no room, or only those that say something.
    ToggleLanes,
    /// The newest call, and stay with it.
    FollowLatest,
    /// List or timeline.
    ToggleTimeline,
    /// Turn or session on the time axis.
    ToggleWindow,
    /// Only calls with some words.
    Filter,
    /// The next side of what is selected.
    NextTab,
    /// The side before.
    PreviousTab,
    /// The server's log.
    ShowLog,
    /// Fold or unfold.
    ToggleFold,
    /// Unfold, or go in.
    Unfold,
    /// Fold, or go out.
    Fold,
    /// Fold or unfold everything.
    ToggleFoldAll,
    /// Tree or table.
    ToggleTable,
    /// Columns further right.
    ColumnsRight,
    /// Columns further left.
    ColumnsLeft,
    /// Search the data.
    Search,
    /// The next place found.
    NextMatch,
    /// The place before.
    PreviousMatch,
    /// Copy what the cursor is on.
    Copy,
    /// Copy everything as it came.
    CopyRaw,
    /// A suggested action, from 1.
    Suggest(u8),
    /// Cancel this call only.
    CancelCall,
    /// Give this call its whole time-out once more.
    WaitLonger,
    /// Why this call takes so long.
    AskWhy,
    /// Answer what a server asks.
    AnswerInput,
    /// Say no to what a server asks.
    DeclineInput,
    /// Say neither yes nor no to it.
    CancelInput,
    /// Restart a server.
    RestartServer,
    /// The recorded sessions.
    Sessions,
    /// Decide what is held.
    Step(StepKey),
    /// Move in a replay.
    View(ViewKey),
}

/// Where an action stands in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Works nearly everywhere.
    Everywhere,
    /// Typing.
    Input,
    /// The conversation.
    Chat,
    /// The calls.
    Calls,
    /// The data.
    Data,
    /// What can be done about a call or a server.
    Control,
    /// Stepping.
    Stepping,
    /// Moving in a recording.
    Replay,
}

impl Group {
    /// In the order of the help.
    pub const ALL: [Self; 8] = [
        Self::Everywhere,
        Self::Input,
        Self::Chat,
        Self::Calls,
        Self::Data,
        Self::Control,
        Self::Stepping,
        Self::Replay,
    ];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Input => "Input",
            Self::Chat => "Chat",
            Self::Calls => "Going through calls",
            Self::Data => "Data",
            Self::Control => "Acting on a call or a server",
            Self::Stepping => "Stepping through calls",
            Self::Replay => "Replaying a recording",
        }
    }
}

impl Action {
    /// Where it stands in the help.
    #[must_use]
    pub fn group(self) -> Group {
        match self {
            Self::NextPane
            | Self::PreviousPane
            | Self::ToInput
            | Self::ToCommand
            | Self::ToggleZoom
            | Self::StopTurn
            | Self::Close
            | Self::ClearOrQuit
            | Self::Suspend
            | Self::Help
            | Self::Sessions
            | Self::OpenPalette
            | Self::ToggleMouse
            | Self::Up
            | Self::Down
            | Self::PageUp
            | Self::PageDown
            | Self::First
            | Self::Last => Group::Everywhere,
            Self::Send
            | Self::NewLine
            | Self::Older
            | Self::Newer
            | Self::Complete
            | Self::ExplainExpressions
            | Self::DeleteToStart
            | Self::NextExample
            | Self::PreviousExample
            | Self::AskExample
            | Self::ChatPageUp
            | Self::ChatPageDown => Group::Input,
            Self::NextReference | Self::PreviousReference | Self::Open => Group::Chat,
            Self::NextCall
            | Self::PreviousCall
            | Self::NextTurn
            | Self::PreviousTurn
            | Self::NextError
            | Self::PreviousError
            | Self::NextServer
            | Self::ToggleLanes
            | Self::FollowLatest
            | Self::ToggleTimeline
            | Self::ToggleWindow
            | Self::Filter => Group::Calls,
            Self::NextTab
            | Self::PreviousTab
            | Self::ShowLog
            | Self::ToggleFold
            | Self::Unfold
            | Self::Fold
            | Self::ToggleFoldAll
            | Self::ToggleTable
            | Self::ColumnsRight
            | Self::ColumnsLeft
            | Self::Search
            | Self::NextMatch
            | Self::PreviousMatch
            | Self::Copy
            | Self::CopyRaw => Group::Data,
            Self::Suggest(_)
            | Self::CancelCall
            | Self::WaitLonger
            | Self::AskWhy
            | Self::AnswerInput
            | Self::DeclineInput
            | Self::CancelInput
            | Self::RestartServer => Group::Control,
            Self::Step(_) => Group::Stepping,
            Self::View(_) => Group::Replay,
        }
    }
}
