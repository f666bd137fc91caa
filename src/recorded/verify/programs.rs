//! Servers that are not the programs any more that were recorded: what they answer may differ for that reason alone.

use std::path::Path;

use serde_json::Value;

use crate::config::servers::Secrets;
use crate::direct::Muster;
use crate::mcp::{Make, Program, Reach, ServerSpec};
use crate::protocol::{ServerName, ServerReady, secret_marks};
use crate::session::Session;

/// A server that was something else when it was recorded.
#[derive(Debug)]
pub(super) struct Replaced {
    /// The server.
    pub server: ServerName,
    /// What it is now by comparison.
    pub change: Replacement,
    /// What was recorded: the command line or address, and what it calls itself.
    pub then: String,
    /// The same now.
    pub now: String,
}

/// What a server is now that was something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replacement {
    /// Another command or address, or by its own words another program.
    Program,
    /// The same in another version.
    Version,
}

impl Replacement {
    pub fn word(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Version => "version",
        }
    }
}

impl Replaced {
    /// That in a line.
    pub fn line(&self) -> String {
        let Self { server, change, then, now } = self;
        format!("server {server} is another {} now: then {then}, now {now}", change.word())
    }
}

/// Those of `specs` that are not what `session` recorded, in their order and without `secrets`.
pub(super) fn replaced(session: &Session, specs: &[ServerSpec], muster: &Muster, secrets: &Secrets) -> Vec<Replaced> {
    let compare = |spec: &ServerSpec| {
        let recorded = session.server(&spec.name).filter(|server| !server.command.is_empty())?;
        let place = secrets.hide(&spec.place());
        let (before, after) = (recorded.ready.as_ref(), muster.ready.get(&spec.name));
        let differs = |part: fn(&ServerReady) -> &str| before.zip(after).is_some_and(|(a, b)| part(a) != part(b));
        let change = if !is_same_place(&recorded.command, &place, spec) || differs(|ready| &ready.name) {
            Replacement::Program
        } else if differs(|ready| &ready.version) {
            Replacement::Version
        } else {
            return None;
        };
        let (then, now) = (described(&recorded.command, before), described(&place, after));
        Some(Replaced { server: spec.name.clone(), change, then: secrets.hide(&then), now: secrets.hide(&now) })
    };
    specs.iter().filter_map(compare).collect()
}

/// Whether a recorded command line or address is that of a server now; another secret in it makes no other place.
fn is_same_place(then: &str, now: &str, spec: &ServerSpec) -> bool {
    if unmarked(then) == unmarked(now) {
        return true;
    }
    match &spec.reach {
        // Ours is the same wherever it is installed.
        Reach::Program(Program { make: Make::Bundled, command, args, .. }) => {
            let program = then.strip_suffix(&format!(" {}", args.join(" ")));
            program.is_some_and(|program| Path::new(program).file_name() == command.file_name())
        }
        Reach::Program(_) | Reach::Remote(_) | Reach::Nowhere(_) | Reach::Withheld(_) | Reach::SwitchedOff(_) => false,
    }
}

/// A text in which all secrets are alike.
fn unmarked(text: &str) -> String {
    let value = Value::String(text.to_owned());
    secret_marks(&value).into_iter().fold(text.to_owned(), |text, mark| text.replace(mark, "‹secret›"))
}

fn described(place: &str, ready: Option<&ServerReady>) -> String {
    let about = ready.map(|ready| format!("{} {}", ready.name, ready.version)).unwrap_or_default();
    match about.trim() {
        "" => format!("`{place}`"),
        about => format!("`{place}` ({about})"),
    }
}
