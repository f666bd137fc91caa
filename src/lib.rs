//! Callboard: a full-screen terminal support console that shows every MCP tool call an assistant makes.
//!
//! ```text
//!         keys, paste, resize, tick                                   questions, decisions, cancel, quit
//!                  │                                                                │ Command (bounded)
//!                  ▼                                                                ▼
//!   ┌──────────── ui ─────────────┐   Command    ┌───────────────── orchestrator ─────────────────┐
//!   │ update(&mut State, Msg)     ├─────────────►│ Turn::handle(Input) -> Vec<Effect>     (pure)  │
//!   │   -> Vec<Effect>   (pure)   │              │ run: model request, tool calls, timers (async) │
//!   │ view(&State, Frame) (pure)  │◄─────────────┤                                                │
//!   └─────────────────────────────┘   Record     └────────┬───────────────────────┬───────────────┘
//!             ▲                         ▲                 ▼                       ▼
//!             │                  ┌──────┴──────┐    model: openai,          mcp: a supervisor for each
//!             └── Session (fold) │  recording  │    built-in, scripted      server, stdio or HTTP
//!                                │ stamp,write │
//!                                └──────┬──────┘
//!                                       └──► session.jsonl
//! ```
//!
//! [`link::Link`] is the only seam between a screen and what feeds it; the console and `ask` each use one. The orchestrator
//! runs on a thread of its own with a runtime of one thread, which keeps notifications in order. So does
//! [`recording::replay`], which feeds a screen from a file: records forwards, whole sessions for any other motion.
//!
//! A recording can be looked at ([`recording::replay`]), compared ([`compare`]), made again ([`recorded`]), asked again with
//! recorded answers ([`orchestrator::Answers`]), gone on from ([`orchestrator::Resumed`]) and taken elsewhere ([`export`]).
//! Filters everywhere are a [`query`]; which calls wait for the operator is decided in one place, [`orchestrator::Gate`]. What
//! a console wants of other sessions it asks of the program [`around`] it ([`ui::Outside`]), which may take its time.
//!
//! A server that is not ours leads a session of its own. [`mcp::process`] ends its group on every way we end by ourselves; for
//! the others, and for what stands in other groups, there is [`mcp::watcher`], a second process that ends what is left of those
//! sessions.
//!
//! # Invariants
//!
//! 1. A screen and the orchestrator share words ([`protocol`]), not memory.
//! 2. What a screen shows of a session comes from records: [`session::Session`] is the fold of them.
//! 3. A live and a replayed session differ only in who makes the link.
//! 4. Folding a prefix of a recording gives the state of that moment.
//! 5. `update`, `view`, `layout`, `Session::apply` and `Turn::handle` do no I/O and read no clock; [`clock`] reads it.
//! 6. What is on the screen is already in the file.
//! 7. A held call has not been sent.
//! 8. Every proposed call finishes exactly once.
//! 9. No queue is unbounded, and final states are never dropped.
//! 10. A failing server never stops the session.
//! 11. Every key stands once in one table, which feeds dispatch, footer, help and README.
//! 12. The stdout of `serve` carries JSON-RPC only.
//! 13. No text from outside reaches the terminal unsanitised: [`sanitise`] is the one function.
//!
//! Who may name whom is held by `tests/it/tidy.rs`.
//!
//! # Words
//!
//! *session* one run · *turn* one question to its answer · *step* one model request · *call* one tool use · *attempt* one try
//! of it · *span* a step or call on the time axis · *lane* a server's row · *held* waiting at the gate · *record* a stamped
//! event · *recording* the file. One verb has one meaning: `apply` folds, `update` is the screen's, `handle` the machine's,
//! `view` and `draw` paint.
//!
//! # Adding …
//!
//! * **an event**: its payload in `protocol/event/`, a line in the table of [`protocol::Event`], its arm in
//!   [`session::Session::apply`]. Old readers keep it unread; see [`recording::format`] for what they must not ignore.
//! * **a bundled server**: its module in `servers/src/`, a line in `NAMES`, its records in the data set.
//! * **a key**: one row in the key table of the screen; footer, help, palette and README follow.

#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod around;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod config;
pub mod conformance;
pub mod console;
pub mod direct;
pub mod doctor;
pub mod eval;
pub mod evaluate;
pub mod export;
pub mod failure;
pub mod folders;
pub mod headless;
pub mod launch;
pub mod link;
pub mod mcp;
pub mod model;
pub mod orchestrator;
pub mod pins;
pub mod protocol;
pub mod query;
pub mod recorded;
pub mod recording;
pub mod sanitise;
pub mod schema;
pub mod session;
pub mod setup;
pub mod stderr;
pub mod stdout;
pub mod ui;
pub mod web;
pub mod wording;
