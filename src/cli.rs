//! The command line: what can be asked for, and nothing of how it is done.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::protocol::Place;

/// A terminal console that answers support questions by calling MCP tools, and shows every call.
#[derive(Debug, Parser)]
#[command(
    name = "callboard",
    version,
    about,
    after_help = "Without a command the console opens. Without OPENAI_API_KEY or OPENAI_BASE_URL the built-in assistant answers.\n\
                  Exit codes: 0 ok, 1 failed, 2 usage, 3 not authorised, 4 unreachable, 5 the tool reported an error."
)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Task>,
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// The model's name; `built-in` is the assistant without a model, `scripted:FILE` plays answers from a JSON file
    #[arg(long, global = true, value_name = "NAME", env = "OPENAI_MODEL", num_args = 0..=1, default_missing_value = "")]
    pub model: Option<String>,
    /// An OpenAI-compatible endpoint, such as http://localhost:11434/v1
    #[arg(long, global = true, value_name = "URL", env = "OPENAI_BASE_URL")]
    pub base_url: Option<String>,
    /// A folder with a data set of your own for the bundled servers (see `data export`)
    #[arg(long, global = true, value_name = "DIR", env = "CALLBOARD_DATA")]
    pub data: Option<PathBuf>,
    /// Keep the bundled servers' records in this SQLite file, shared by all of them
    #[arg(long, global = true, value_name = "PATH")]
    pub db: Option<PathBuf>,
    /// The day the bundled servers count as today: YYYY-MM-DD, or `today`; by default the data set's own day
    #[arg(long, global = true, value_name = "DATE")]
    pub as_of: Option<String>,
    /// A folder that adds to or replaces the built-in assistant's knowledge
    #[arg(long, global = true, value_name = "DIR")]
    pub assistant: Option<PathBuf>,
    /// A file with `mcpServers`: more servers, or others in place of bundled ones of the same name
    #[arg(long, global = true, value_name = "FILE")]
    pub servers: Option<PathBuf>,
    /// Start the servers of the project's own files (.mcp.json and others) without asking about them first
    #[arg(long, global = true)]
    pub trust_project: bool,
    /// Settings file instead of the user's own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which calls wait for a yes: ask-all, ask-writes (default), auto, read-only
    #[arg(long, global = true, value_name = "MODE")]
    pub policy: Option<String>,
    /// Let the policy alone decide over calls that may change something, also after the model has read what others wrote
    #[arg(long, global = true)]
    pub trust_results: bool,
    /// Hold every call, and every result before the model sees it, from the start
    #[arg(long, global = true)]
    pub step: bool,
    /// Do not record the session
    #[arg(long, global = true)]
    pub no_record: bool,
    /// Print JSON for machines; errors too, on stderr
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do instead of opening the console.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Ask without the screen; several questions are turns of one conversation
    Ask {
        /// Print the session's records as they happen, one JSON object a line
        #[arg(long, conflicts_with = "json")]
        events: bool,
        /// The questions; `-`, or none with a pipe, reads one from standard input
        questions: Vec<String>,
    },
    /// Ask the seven example questions, one after another
    Examples,
    /// Start every server, list its tools, stop; exit 0 only if all are well
    Check,
    /// List the tools of all servers, or of one
    Tools {
        /// The server
        server: Option<String>,
    },
    /// Call one tool and print its result; a call that would wait for a yes is refused, `--policy auto` lets it pass
    Call {
        /// The server
        server: String,
        /// The tool
        tool: String,
        /// The arguments, a JSON object; `-` reads them from standard input
        arguments: Option<String>,
    },
    /// List the resources of all servers, or of one; with a URI, read one
    Resources {
        /// The server
        server: Option<String>,
        /// What to read
        uri: Option<String>,
    },
    /// List the prompts of all servers, or of one; with a name, get one
    Prompts {
        /// The server
        server: Option<String>,
        /// The prompt
        name: Option<String>,
        /// What it is told, a JSON object of texts; `-` reads it from standard input
        arguments: Option<String>,
    },
    /// Run one bundled server on stdin and stdout, for any MCP client
    Serve {
        /// ticket, customer, billing, kb or asset
        name: String,
    },
    /// Watch, on standard input, what is to be ended when the console has been killed: only for itself
    #[command(name = crate::mcp::watcher::COMMAND, hide = true)]
    WatchServers,
    /// Run a runbook: a named plan over several servers; without a name, list them
    Run {
        /// Its name
        name: Option<String>,
        /// Its arguments, such as a customer's id
        arguments: Vec<String>,
    },
    /// Ask a suite of questions and judge calls and answers; exit 1 under the threshold
    Eval {
        /// The suite, a TOML file such as data/eval/everyday.toml
        suite: PathBuf,
        /// How many per cent of the conversations must go well
        #[arg(long, default_value_t = 100, value_name = "PERCENT")]
        threshold: u32,
        /// Write the results as JUnit XML
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Write the results as JSON
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List recorded sessions, newest first; `prune` deletes old ones
    Sessions {
        #[command(subcommand)]
        task: Option<SessionsTask>,
    },
    /// Set up servers of your own: add, list, remove, import, approve a project's
    Mcp {
        #[command(subcommand)]
        task: McpTask,
    },
    /// Check terminal, settings, folders, every server, and with --model the endpoint; say what to do; exit 0 if nothing fails
    Doctor {
        /// With `--model`: seconds that each question to the endpoint may take
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        patience: u64,
    },
    /// Check or export the bundled servers' data set
    Data {
        #[command(subcommand)]
        task: DataTask,
    },
    /// Be the client of the official MCP conformance suite, which starts this once for each scenario (see the README)
    Conformance {
        /// The server's address; the suite adds it
        url: String,
        /// The scenario
        #[arg(long, env = "MCP_CONFORMANCE_SCENARIO", value_name = "NAME")]
        scenario: Option<String>,
        /// The revision of MCP to speak
        #[arg(long, env = "MCP_CONFORMANCE_PROTOCOL_VERSION", value_name = "REVISION")]
        protocol: Option<String>,
        /// What only this scenario needs
        #[arg(long, env = "MCP_CONFORMANCE_CONTEXT", value_name = "JSON", hide_env_values = true)]
        context: Option<String>,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Open the console on a recording; nothing is executed
    Replay {
        /// `last` (the newest in which something was asked, mock runs aside), the beginning or end of a session's id, or a file
        #[arg(default_value = "last")]
        session: String,
        /// Ask the recorded questions again without the screen, tools answered from the recording; exit 1 on a call it has not, or if it is damaged
        #[arg(long)]
        mock: bool,
    },
    /// Open the console on a new session that goes on from a recording
    Fork {
        /// `last`, the beginning or end of a session's id, or a file
        #[arg(default_value = "last")]
        session: String,
        /// Go on from here, as `g` in a replay: #120 or 120 (after this record), c17, t4, 3:12, 50%; from its end if absent
        #[arg(long, value_name = "PLACE")]
        at: Option<Place>,
    },
    /// Compare two recordings: calls and answers; exit 1 if they differ or one is damaged
    Diff {
        /// `last`, the beginning or end of a session's id, or a file
        left: String,
        /// The other one
        right: String,
    },
    /// Make the read-only calls of a recording again and compare; exit 1 if one differs, nothing was compared, or it is damaged
    Verify {
        /// `last`, the beginning or end of a session's id, or a file
        #[arg(default_value = "last")]
        session: String,
        /// Write a JUnit report for CI here
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Write a recording as a report or for another program, without secrets and personal data; exit 1 if it is damaged
    Export {
        /// `last`, the beginning or end of a session's id, or a file
        #[arg(default_value = "last")]
        session: String,
        /// A Markdown report (default), JSON (also --json), OTLP/JSON lines for OpenTelemetry, or an asciicast v2 to play in a terminal
        #[arg(long, value_parser = ["md", "json", "otlp", "asciicast"])]
        format: Option<String>,
        /// Only calls an expression holds of (`/query` in the console, or the README), such as `status:error dur>500ms`, and the turns that have one; exit 1 if there is none
        #[arg(long, value_name = "EXPR", default_value = "")]
        select: String,
        /// A new file; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write over the file if it exists
        #[arg(long, requires = "output")]
        force: bool,
        /// Leave secrets, e-mail addresses, telephone numbers and home folders in
        #[arg(long)]
        no_redact: bool,
    },
}

/// Where a server is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Your own file beside config.toml
    #[default]
    User,
    /// The project's .mcp.json, for everybody who works on it
    Project,
}

/// What to do with servers of one's own.
#[derive(Debug, Subcommand)]
pub enum McpTask {
    /// Add a server: `callboard mcp add NAME -- COMMAND ARGUMENTS`, or `callboard mcp add NAME --url URL`
    Add(NewServer),
    /// List every server with where it comes from, and what keeps it from starting; no secrets are shown
    List,
    /// Take a server out of your file, or out of the project's
    Remove {
        /// Its name
        name: String,
        /// Where it is written down
        #[arg(long, value_enum, default_value_t)]
        scope: Scope,
    },
    /// Take over servers from another program; without arguments, list what there is
    Import {
        /// claude-desktop, claude-code, cursor, vscode, or a file
        from: Option<String>,
        /// Only these servers; all if absent
        names: Vec<String>,
        /// Where they are written down
        #[arg(long, value_enum, default_value_t)]
        scope: Scope,
        /// Put them in place of servers of the same names
        #[arg(long)]
        replace: bool,
    },
    /// Show a project's server file in full, and approve or refuse it as it is now
    Trust {
        /// The file; all of this project's if absent
        file: Option<PathBuf>,
        /// Approve without asking
        #[arg(long, conflicts_with = "no")]
        yes: bool,
        /// Refuse without asking, also what was approved before
        #[arg(long)]
        no: bool,
    },
}

/// A server as it is written on the command line.
#[derive(Debug, Args)]
pub struct NewServer {
    /// What it is called in lanes and tool names
    pub name: String,
    /// Where it is written down
    #[arg(long, value_enum, default_value_t)]
    pub scope: Scope,
    /// A variable for the program, `${VAR}` inside VALUE is looked up at each start
    #[arg(long = "env", value_name = "NAME=VALUE", requires = "command")]
    pub env: Vec<String>,
    /// The program's working folder
    #[arg(long, value_name = "DIR", requires = "command")]
    pub cwd: Option<String>,
    /// The address of a server over HTTP
    #[arg(long, conflicts_with = "command")]
    pub url: Option<String>,
    /// A header for it, such as 'Authorization: Bearer ${TOKEN}'
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "url")]
    pub headers: Vec<String>,
    /// It speaks the older transport, HTTP with server-sent events
    #[arg(long, requires = "url")]
    pub sse: bool,
    /// Believe what it says of its tools, such as that they only read
    #[arg(long)]
    pub trust: bool,
    /// Put it in place of a server of the same name
    #[arg(long)]
    pub replace: bool,
    /// The program and its arguments, after `--`
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// What to do with recordings.
#[derive(Debug, Subcommand)]
pub enum SessionsTask {
    /// Delete recordings and the payloads beside them; what is being written, or gone on from by a fork that stays, stays
    #[command(group(ArgGroup::new("bounds").required(true).multiple(true).args(["older_than", "keep"])))]
    Prune {
        /// Only those to which nothing has been written for this many days
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Not the newest of all, this many of them; with --older-than both must let a recording go
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
        /// Delete nothing; say what would be
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to do with a data set.
#[derive(Debug, Subcommand)]
pub enum DataTask {
    /// Report every broken reference, duplicate id, bad date and sum; exit 1 if there is one
    Check {
        /// The folder; the bundled sample if absent
        dir: Option<PathBuf>,
    },
    /// Write the bundled sample out, to edit
    Export {
        /// A folder; files that exist are never overwritten
        dir: PathBuf,
    },
}
