//! What a server is to us: how it is reached, how long we wait for it, and whether it is believed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::protocol::{ServerName, Withheld};

use super::process;

/// What is said of a server that speaks the transport before streamable HTTP.
pub(super) const OLD_HTTP: &str = "it is configured as \"sse\", the HTTP with server-sent events of before 2025-03-26, \
                                   which cannot be used; if the server also speaks streamable HTTP, set \"type\": \
                                   \"http\" and that address";

/// One server as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// Its configured name.
    pub name: ServerName,
    /// How it is reached.
    pub reach: Reach,
    /// Which revision of MCP it speaks.
    pub era: Era,
    /// How its tools are named for the model.
    pub naming: Naming,
    /// Deadlines.
    pub limits: Limits,
    /// Restarts after a loss, within two minutes, before it counts as failed.
    pub restarts: u32,
    /// Whether what it says of its tools is believed.
    pub trust: Trust,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A child process, on its stdin and stdout.
    Program(Program),
    /// Over HTTP.
    Remote(Remote),
    /// Not at all, for this reason: its lane says so, and starting it again changes nothing.
    Nowhere(String),
    /// Not before the operator has said yes to the file that has it.
    Withheld(Withheld),
    /// Not as long as the server file at this path switches it off.
    SwitchedOff(String),
}

/// A program that speaks MCP on its stdin and stdout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its file; looked up in `PATH` if it has no slash.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables it gets besides the allow-list ([`super::process::ALLOWED`]).
    pub env: BTreeMap<String, String>,
    /// Its working directory; ours if absent.
    pub cwd: Option<PathBuf>,
    /// Whose it is.
    pub make: Make,
}

/// Whose a program is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Make {
    /// Somebody else's: it may start processes of its own.
    #[default]
    Foreign,
    /// One of ours, which starts nothing.
    Bundled,
}

/// A server that is reached over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its one endpoint, `http:` or `https:`, with variables put in.
    pub url: String,
    /// Sent with every request, variables put in; names and values are valid in HTTP. The values are secrets.
    pub headers: BTreeMap<String, String>,
    /// Which of MCP's two transports over HTTP it speaks.
    pub kind: RemoteKind,
}

/// MCP's transports over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteKind {
    /// Streamable HTTP, since 2025-03-26: `http` or `streamable-http` in files.
    #[default]
    Streamable,
    /// HTTP with server-sent events, up to 2024-11-05: `sse` in files.
    Sse,
}

/// Whether what a server says of its tools is believed, such as that they only read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// As long as it does not say something else later.
    Trusted,
    /// Never: each of its tools counts as one that writes.
    #[default]
    Untrusted,
}

/// Which kind of connection a server wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    /// `initialize` first; refused or exited, a new process is asked with `server/discover`.
    #[default]
    Auto,
    /// 2026-07-28: `server/discover`, no handshake.
    Modern,
    /// Up to 2025-11-25: `initialize`.
    Legacy,
}

/// How a server's tools are named for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By the tool's own name: only for the bundled servers, whose names are unique.
    Plain,
    /// By server and tool.
    Prefixed,
}

/// Deadlines of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From spawning to the end of the handshake.
    pub start: Duration,
    /// One page of a listing.
    pub list: Duration,
    /// A call, counted from its last progress.
    pub call: Duration,
    /// A call, whatever progress it makes.
    pub call_total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(30),
            list: Duration::from_secs(15),
            call: Duration::from_secs(60),
            call_total: Duration::from_secs(600),
        }
    }
}

impl ServerSpec {
    /// What keeps it from being started, as far as that can be told without trying.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        match &self.reach {
            Reach::Program(program) => process::missing(program),
            Reach::Remote(Remote { kind: RemoteKind::Sse, .. }) => Some(OLD_HTTP.to_owned()),
            Reach::Nowhere(reason) => Some(reason.clone()),
            Reach::Remote(_) | Reach::Withheld(_) | Reach::SwitchedOff(_) => None,
        }
    }

    /// Where it is, as it is shown: the command line without variables, or the address without headers.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.reach {
            Reach::Program(program) => program.command_line(),
            Reach::Remote(remote) => remote.url.clone(),
            Reach::Nowhere(_) | Reach::Withheld(_) | Reach::SwitchedOff(_) => String::new(),
        }
    }
}

impl Program {
    /// The command line as it is shown: no variables.
    #[must_use]
    pub fn command_line(&self) -> String {
        let mut line = self.command.display().to_string();
        for arg in &self.args {
            line.push(' ');
            line.push_str(arg);
        }
        line
    }
}
