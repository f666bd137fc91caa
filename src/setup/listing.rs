//! `callboard mcp list`: every server with where it comes from and how it stands.

use serde_json::json;

use crate::config::Settings;
use crate::config::servers::{Entry, Source, Standing, place};
use crate::failure::{Failure, Form, waits_for_a_yes};
use crate::launch;
use crate::mcp::ServerSpec;
use crate::protocol::Unapproved;
use crate::sanitise::clean_line;
use crate::stderr::tell;
use crate::stdout::{say, say_json};

/// One server of one place.
struct Row {
    name: String,
    /// `bundled`, `user`, `project` or `--servers`.
    origin: &'static str,
    file: Option<String>,
    place: String,
    state: State,
    /// What keeps it from starting.
    reason: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Disabled,
    Shadowed,
    Unapproved,
    Refused,
    Unusable,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ok",
            Self::Disabled => "disabled",
            Self::Shadowed => "shadowed",
            Self::Unapproved => "unapproved",
            Self::Refused => "refused",
            Self::Unusable => "unusable",
        }
    }
}

/// Prints all servers, those that count first.
///
/// # Errors
/// A server file of the user's that cannot be read.
pub fn list(settings: &Settings, form: Form) -> Result<(), Failure> {
    let fleet = launch::fleet(settings)?;
    let sources = launch::sources(settings)?;
    let mut rows: Vec<Row> = Vec::new();
    for source in &sources.files {
        for (name, entry) in &source.file.entries {
            let mut row = configured(source, name, entry);
            let unusable = fleet.specs.iter().find(|spec| spec.name.as_str() == name).and_then(ServerSpec::obstacle);
            if row.state == State::Ready {
                (row.state, row.reason) = match (above(&rows, name), unusable) {
                    (Some(by), _) => (State::Shadowed, Some(by)),
                    (None, Some(reason)) => (State::Unusable, Some(reason)),
                    (None, None) => (State::Ready, None),
                };
            }
            rows.push(row);
        }
    }
    for name in callboard_servers::NAMES {
        let by = above(&rows, name);
        let state = if by.is_some() { State::Shadowed } else { State::Ready };
        let place = format!("callboard serve {name}");
        rows.push(Row { name: name.to_owned(), origin: "bundled", file: None, place, state, reason: by });
    }
    for warning in settings.warnings.iter().chain(&sources.warnings) {
        tell(&format!("callboard: {}", clean_line(warning)));
    }
    print(&rows, form)
}

fn configured(source: &Source, name: &str, entry: &Result<Entry, String>) -> Row {
    let (place, is_off) = entry.as_ref().map_or((String::new(), false), |entry| (place(entry), entry.disabled));
    let state = match (source.standing, is_off) {
        (Standing::Withheld(Unapproved::New | Unapproved::Changed), _) => State::Unapproved,
        (Standing::Withheld(Unapproved::Refused), _) => State::Refused,
        (Standing::Approved, true) => State::Disabled,
        (Standing::Approved, false) => State::Ready,
    };
    let reason = source.withheld().map(|by| waits_for_a_yes(&by));
    let file = Some(source.file.path.display().to_string());
    Row { name: name.to_owned(), origin: source.file.origin.as_str(), file, place, state, reason }
}

/// What stands above a server of this name and takes its place.
fn above(rows: &[Row], name: &str) -> Option<String> {
    let counts = |row: &&Row| row.name == name && !matches!(row.state, State::Unapproved | State::Refused);
    let row = rows.iter().find(counts)?;
    let verb = if row.state == State::Disabled { "switched off" } else { "replaced" };
    Some(format!("{verb} by {}", row.file.as_deref().unwrap_or(row.origin)))
}

fn print(rows: &[Row], form: Form) -> Result<(), Failure> {
    if form == Form::Json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "server": row.name, "origin": row.origin, "file": row.file, "place": row.place,
                    "state": row.state.as_str(), "reason": row.reason,
                })
            })
            .collect();
        return say_json(&json!({"servers": rows}).to_string());
    }
    for row in rows {
        let mut line = format!("{:<10} {:<16} {:<9} {}", row.state.as_str(), row.name, row.origin, row.place);
        if let Some(reason) = &row.reason {
            line.push_str(&format!("  ({reason})"));
        }
        say(&clean_line(line.trim_end()))?;
    }
    Ok(())
}
