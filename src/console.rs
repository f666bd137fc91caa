//! The console as a command: a session, and the screen on its link.

use std::path::Path;

use crate::config::Settings;
use crate::failure::{Exit, Failure};
use crate::launch;
use crate::link::Link;
use crate::mcp::process;
use crate::model::builtin::{self, BuiltIn};
use crate::recording::replay;
use crate::ui::{self, Outcome, RunError};

/// Opens the console on a new session and returns when the operator leaves.
///
/// # Errors
/// No terminal, or a session that cannot be started.
pub fn open(settings: &Settings) -> Result<(), Failure> {
    if !ui::has_terminal() {
        return Err(Failure::usage(RunError::NoTerminal.to_string()));
    }
    let running = launch::start(settings)?;
    let runbooks = runbooks(&running.built_in);
    let (link, thread) = running.split();
    let options = ui::Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: "LIVE".to_owned(),
        examples: builtin::EXAMPLES.map(str::to_owned).into(),
        runbooks,
        theme: settings.theme,
        mouse: settings.mouse,
        ..ui::Options::default()
    };
    let outcome = show(link, options);
    // The servers stop with the orchestrator; a panic over there has been reported.
    let _ = thread.join();
    process::kill_all();
    outcome
}

/// Runs the screen until the operator leaves.
fn show(link: Link, options: ui::Options) -> Result<(), Failure> {
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime for the console: {error}")))?
        .block_on(ui::run(link, options));
    match outcome {
        Ok(Outcome::Quit) => Ok(()),
        Ok(Outcome::Signal(name)) => Err(Failure::failed(format!("ended by {name}"))),
        Err(error @ RunError::NoTerminal) => Err(Failure::usage(error.to_string())),
        Err(error @ RunError::Terminal(_)) => Err(Failure { exit: Exit::Failed, message: error.to_string() }),
    }
}

fn runbooks(assistant: &BuiltIn) -> Vec<ui::RunbookEntry> {
    let entry = |runbook: &builtin::Runbook| ui::RunbookEntry {
        name: runbook.name.clone(),
        parameters: runbook.usage(),
        summary: runbook.summary.clone(),
    };
    assistant.runbooks().iter().map(entry).collect()
}

/// Opens the console on a recording: nothing is executed, and nothing but the file is needed.
///
/// # Errors
/// No terminal, or a file that cannot be read at all.
pub fn replay(settings: &Settings, path: &Path) -> Result<(), Failure> {
    if !ui::has_terminal() {
        return Err(Failure::usage(RunError::NoTerminal.to_string()));
    }
    let (link, thread) = replay::open(path).map_err(|error| Failure::failed(error.to_string()))?;
    let outcome = show(link, viewing(settings));
    // It ends with its link; a panic over there has been reported.
    let _ = thread.join();
    outcome
}

fn viewing(settings: &Settings) -> ui::Options {
    ui::Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: "VIEW".to_owned(),
        theme: settings.theme,
        mouse: settings.mouse,
        focus: ui::Focus::Calls,
        ..ui::Options::default()
    }
}
