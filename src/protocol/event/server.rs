//! Events of a server: its life, its tools, its stderr and its wire.

use serde::{Deserialize, Serialize};

use crate::protocol::{ServerName, ToolDefinition};

/// Payload of `server.withheld`; a start ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerWithheld {
    /// The server.
    pub server: ServerName,
    /// What it waits for.
    #[serde(flatten)]
    pub by: Withheld,
}

/// What keeps a project's server from being started: nobody has said yes to the file that has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The file's path.
    pub file: String,
    /// How the file stands.
    pub why: Unapproved,
}

/// How a project's file stands that nobody has said yes to as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unapproved {
    /// Nothing has been said of it yet.
    New,
    /// Something was said of it, and it is no longer the same.
    Changed,
    /// The operator said no.
    Refused,
}

impl Withheld {
    /// How such a server is.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.why {
            Unapproved::New => "waiting for your word",
            Unapproved::Changed => "waiting for your word: its file has changed",
            Unapproved::Refused => "refused by you",
        }
    }

    /// Why it is not started.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("it comes from the project's file {}, which {}", self.file, self.why.words())
    }
}

impl Unapproved {
    /// What can be said of such a file.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "you have not approved yet",
            Self::Changed => "has changed since you last decided about it",
            Self::Refused => "you have refused",
        }
    }
}

/// Payload of `server.starting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStarting {
    /// The server.
    pub server: ServerName,
    /// How often it has been started in this session, from 1.
    pub attempt: u32,
    /// The command line or URL, environment by name only.
    pub command: String,
}

/// Payload of `server.probing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerProbing {
    /// The server.
    pub server: ServerName,
    /// The request that begins the handshake: `initialize` or `server/discover`.
    pub method: String,
    /// Process id of the child, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// Payload of `server.degraded`; a listing or another start ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerDegraded {
    /// The server.
    pub server: ServerName,
    /// What does not work, and what holds meanwhile.
    pub why: String,
}

/// Payload of `server.ready`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerReady {
    /// The server.
    pub server: ServerName,
    /// MCP protocol revision in use, such as `2026-07-28`.
    pub protocol: String,
    /// What the server calls itself.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Its `instructions`, cut at 8 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// Process id of the child, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// From spawning to here, in ms.
    pub startup_ms: u64,
}

/// Payload of `server.listed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerListed {
    /// The server.
    pub server: ServerName,
    /// Its usable tools in its order.
    pub tools: Vec<ToolDefinition>,
    /// Tools that could not be taken, each with why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedTool>,
}

/// A tool of `tools/list` that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedTool {
    /// Its name, as far as it has one.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
    /// How many it stands for: of a list that is too long the rest is told at once, without names.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
    /// Whose matter that is.
    #[serde(default, skip_serializing_if = "Rejection::is_fault")]
    pub kind: Rejection,
}

impl RejectedTool {
    /// One tool that is at fault, by its name as far as it has one.
    #[must_use]
    pub fn one(name: String, reason: String) -> Self {
        Self { name, reason, count: 1, kind: Rejection::Fault }
    }

    /// The last `count` of a list.
    #[must_use]
    pub fn rest(count: usize, reason: String) -> Self {
        Self { count: count as u64, ..Self::one(String::new(), reason) }
    }

    /// What it is called in a list.
    #[must_use]
    pub fn label(&self) -> String {
        match (self.name.as_str(), self.count) {
            ("", 1) => "(without a name)".to_owned(),
            ("", count) => format!("{count} more"),
            (name, _) => name.to_owned(),
        }
    }

    /// How many tools `rejected` stands for.
    #[must_use]
    pub fn total<'a>(rejected: impl IntoIterator<Item = &'a Self>) -> usize {
        let count: u64 = rejected.into_iter().map(|tool| tool.count).sum();
        usize::try_from(count).unwrap_or(usize::MAX)
    }
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_one(count: &u64) -> bool {
    *count == 1
}

/// Why something listed is not offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// What the server says of it cannot be taken: the server is not well.
    #[default]
    Fault,
    /// It wants something of a client that this one has not; nothing is wrong with the server.
    Unsupported,
}

impl Rejection {
    /// Whether the server is at fault.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        *self == Self::Fault
    }
}

/// Payload of `server.logged`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerLogged {
    /// The server.
    pub server: ServerName,
    /// Where the line came from.
    pub stream: LogStream,
    /// The line without its end, cut at 4 KiB.
    pub line: String,
}

/// Where a line of a server came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Its stderr.
    Stderr,
    /// Its stdout, but it was no MCP message: shown, never answered.
    Stdout,
    /// An MCP `notifications/message`.
    Mcp,
}

/// Payload of `server.lost`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerLost {
    /// The server.
    pub server: ServerName,
    /// What happened, with exit status and the last lines of stderr.
    pub reason: String,
    /// What kind of thing that was.
    #[serde(default, skip_serializing_if = "LossCause::is_other")]
    pub cause: LossCause,
    /// What comes next.
    pub next: AfterLoss,
}

/// Why a server was lost, as far as it matters for what to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossCause {
    /// Its reason says it.
    #[default]
    Other,
    /// It did not take our token, or wants one.
    Unauthorised,
}

impl LossCause {
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// What becomes of a lost server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterLoss {
    /// It is started again.
    Restarting {
        /// This restart, from 1.
        attempt: u32,
        /// How many there will be at most.
        of: u32,
        /// The wait before it, in ms.
        delay_ms: u64,
    },
    /// It stays down until the operator restarts it.
    Failed,
}

/// Payload of `server.stopped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStopped {
    /// The server.
    pub server: ServerName,
    /// How it went down: `exited`, `terminated`, `killed`; `disconnected` if it is not ours to stop; in
    /// words where a fork goes on without it.
    pub how: String,
    /// The server file that switches it off, if one does: it is not started any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_off_in: Option<String>,
}

impl ServerStopped {
    /// One that went down like this, and that no file switches off.
    #[must_use]
    pub fn plain(server: ServerName, how: &str) -> Self {
        Self { server, how: how.to_owned(), switched_off_in: None }
    }
}

/// Payload of `wire.framed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireFramed {
    /// The server.
    pub server: ServerName,
    /// Which way it went.
    pub direction: Direction,
    /// The JSON-RPC message as text, one line, byte for byte (invalid UTF-8 replaced).
    pub text: String,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From us to the server.
    Sent,
    /// From the server to us.
    Received,
}
