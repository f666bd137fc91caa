//! What a screen asks of whatever feeds it.

use super::{Breakpoint, CallId, InputId, Json, ProjectVerdict, Question, ReplayCommand, ServerName};

/// One request of the operator. Commands travel over a bounded queue and are answered by records only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ask a question as the next turn; while a turn runs it waits for its end.
    Submit(Question),
    /// Stop the running turn: the model request and every open call end as cancelled.
    StopTurn,
    /// Cancel one call; the turn goes on with its result "cancelled".
    CancelCall {
        /// The call.
        call: CallId,
    },
    /// Decide a held call.
    Decide {
        /// The call that waits.
        call: CallId,
        /// What becomes of it.
        decision: Decision,
    },
    /// Stop and start one server again, also after it failed for good.
    RestartServer {
        /// Its configured name.
        server: ServerName,
    },
    /// Give a running call its whole time-out once more, counted from now.
    WaitLonger {
        /// The call.
        call: CallId,
    },
    /// Answer what a server wants of the operator; ignored if it no longer waits.
    AnswerInput {
        /// What is answered.
        input: InputId,
        /// How.
        answer: InputAnswer,
    },
    /// Ask a server for something it offers besides tools; the answer is a record.
    Fetch {
        /// The server.
        server: ServerName,
        /// What.
        material: Material,
    },
    /// Say whether the servers of a project's file may start, as it is now.
    JudgeProject {
        /// The file's path, as it was proposed.
        file: String,
        /// Whether they may.
        verdict: ProjectVerdict,
    },
    /// Let a turn go on that waits around the model.
    Proceed,
    /// Set all breakpoints and log points anew.
    Break {
        /// All of them.
        breakpoints: Vec<Breakpoint>,
    },
    /// Do not ask about the tool of a call any more in this session, as long as its definition stays the same.
    Allow {
        /// The call.
        call: CallId,
    },
    /// Take the changed tool of a call as the operator has seen it; ignored if it has changed again since.
    AcceptTool {
        /// The call.
        call: CallId,
        /// The hash of the definition that was seen.
        hash: String,
    },
    /// Hold every call, or only those the session's policy holds.
    Step {
        /// Which.
        stepping: Stepping,
    },
    /// Ask another model from the next turn on.
    SelectModel {
        /// Its name, `built-in` for the assistant without a model.
        name: String,
    },
    /// Forget the conversation so far: the next question starts a new one. The recording goes on.
    ClearConversation,
    /// Put a note of the operator into the recording.
    Note {
        /// Free text.
        text: String,
    },
    /// End the session: stop the turn, the servers and the recording, in this order.
    Quit,
    /// Move within a recording.
    Replay(ReplayCommand),
}

/// How far the operator steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stepping {
    /// Calls wait only where the policy says so.
    #[default]
    Off,
    /// Every call waits before it is sent, and its result before the model sees it.
    On,
    /// The turn waits around each model request too.
    All,
    /// Neither stepping nor breakpoints hold anything until the turn is over; then stepping is on again.
    Out,
}

/// What a server offers besides tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// The list of its resources and templates; answered by `resources.listed`.
    Resources,
    /// The list of its prompts; answered by `prompts.listed`.
    Prompts,
    /// One resource; answered by `resource.read`.
    Resource {
        /// Its URI.
        uri: String,
    },
    /// One prompt; answered by `prompt.got`.
    Prompt {
        /// Its name.
        name: String,
        /// What it is told: an object of texts.
        arguments: Json,
    },
}

/// What the operator answers a server that wants something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputAnswer {
    /// Yes: with the values of the form, an object; without any for a page to be visited.
    Accept {
        /// The values, which should match the form's schema.
        content: Option<Json>,
    },
    /// No.
    Decline,
    /// Neither yes nor no: the form was closed.
    Cancel,
}

/// What the operator (or a rule) decides for a held call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Let it go on as it is shown: send it, or give its result to the model.
    Run,
    /// Change it: the arguments of a call that has not been sent, the result of one that has. It stays held. A mark of a
    /// secret of the call stands for that secret.
    Edit {
        /// The arguments, an object; or the MCP `CallToolResult`.
        value: Json,
    },
    /// Take back what the operator has made of the arguments, or of the result. It stays held.
    Revert,
    /// Do not send it; this is its result.
    Answer {
        /// The result the model gets.
        result: Json,
    },
    /// Send it again; for a call whose result is held.
    Retry,
    /// Do not send it, or keep its result back; the model gets an error with this reason.
    Deny {
        /// Why, in the operator's words.
        reason: String,
    },
}
