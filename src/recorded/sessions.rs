//! `callboard sessions`: lists recordings, and deletes what is not wanted any more.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::clock::Clock;
use crate::failure::{Failure, Form};
use crate::recording::prune::{Bounds, Effect, Pruned, prune};
use crate::recording::{list, sessions_dir};
use crate::sanitise::clean_line;
use crate::stderr::tell;
use crate::stdout::{say, say_json};
use crate::wording::{bytes, count};

/// Lists every recording, newest first.
///
/// # Errors
/// There is no home folder, or the recordings' folder cannot be read.
pub fn sessions(form: Form) -> Result<(), Failure> {
    let dir = folder()?;
    let sessions = list::sessions(&dir)
        .map_err(|error| Failure::failed(format!("{} cannot be listed: {error}", dir.display())))?;
    if form == Form::Json {
        return say_json(&json!({"sessions": sessions}).to_string());
    }
    for session in &sessions {
        let line = format!(
            "{}  {}  {:<12} {:>9} {:>10}  {}",
            session.id,
            minute(&session.created),
            session.model,
            count(session.turns as usize, "turn"),
            count(usize::try_from(session.calls).unwrap_or(usize::MAX), "call"),
            session.about()
        );
        say(&clean_line(&line))?;
    }
    if sessions.is_empty() {
        tell(&clean_line(&format!("no sessions in {} yet", dir.display())));
    }
    Ok(())
}

/// `callboard sessions prune`: deletes recordings with their payloads, or says which would be.
///
/// # Errors
/// There is no home folder, the recordings' folder cannot be read, or a recording cannot be deleted; the others are then.
pub fn prune_sessions(bounds: Bounds, effect: Effect, form: Form) -> Result<(), Failure> {
    let dir = folder()?;
    let now_ms = u64::try_from(Clock::start().unix_ms()).unwrap_or_default();
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms);
    let pruned = prune(&dir, bounds, effect, now)
        .map_err(|error| Failure::failed(format!("{} cannot be listed: {error}", dir.display())))?;
    match form {
        Form::Json => {
            let (is_told, bytes) = (effect == Effect::Told, pruned.bytes());
            let Pruned { deleted, spared, failed, kept } = &pruned;
            let whole = json!({
                "dry_run": is_told, "deleted": deleted, "bytes": bytes, "spared": spared, "failed": failed, "kept": kept,
            });
            say_json(&whole.to_string())?;
        }
        Form::Text => say_pruned(&pruned, effect)?,
    }
    match pruned.failed.len() {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("{} could not be deleted", count(failed, "recording")))),
    }
}

fn say_pruned(pruned: &Pruned, effect: Effect) -> Result<(), Failure> {
    let size = |count: u64| bytes(usize::try_from(count).unwrap_or(usize::MAX));
    for gone in &pruned.deleted {
        let line = format!("{}  {}  {:>10}  {}", gone.id, minute(&gone.created), size(gone.bytes), gone.about);
        say(&clean_line(&line))?;
    }
    let verb = match effect {
        Effect::Deleted => "deleted",
        Effect::Told => "would be deleted",
    };
    let (gone, stay) = (count(pruned.deleted.len(), "session"), pruned.kept + pruned.spared.len());
    say(&format!("{gone} {verb}, {}; {} stay", size(pruned.bytes()), stay + pruned.failed.len()))?;
    for stays in pruned.spared.iter().chain(&pruned.failed) {
        tell(&clean_line(&format!("{} stays: {}", stays.id, stays.reason)));
    }
    Ok(())
}

fn folder() -> Result<PathBuf, Failure> {
    sessions_dir().ok_or_else(|| Failure::failed("there is no home folder; set XDG_STATE_HOME".into()))
}

/// `2026-11-22 10:00` of a time stamp.
fn minute(created: &str) -> String {
    created.get(..16).unwrap_or(created).replace('T', " ")
}
