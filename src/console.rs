//! The console as a command: a session, and the screen on its link.

use std::path::Path;
use std::sync::Arc;

use crate::around::Around;
use crate::config::Settings;
use crate::failure::{Exit, Failure};
use crate::launch::{self, Running};
use crate::link::Link;
use crate::mcp::process;
use crate::model::builtin::{self, BuiltIn};
use crate::protocol::Place;
use crate::recording::reader::Reader;
use crate::recording::replay;
use crate::ui::{self, Outcome, RunError};

/// Opens the console on a new session and returns when the operator leaves.
///
/// # Errors
/// No terminal, or a session that cannot be started.
pub fn open(settings: &Settings) -> Result<(), Failure> {
    need_terminal("`callboard ask QUESTION` asks in scripts and pipes")?;
    show_live(settings, launch::start(settings)?)
}

/// Opens the console on a new session that goes on from a place in a recording, or from its end.
///
/// # Errors
/// No terminal, a recording that cannot be read or has no such place, or a session that cannot be started.
pub fn fork(settings: &Settings, path: &Path, at: Option<Place>) -> Result<(), Failure> {
    need_terminal(
        "`callboard replay --mock` asks the questions of a recording again, `callboard export` writes it as a report, and \
         `callboard ask --events QUESTION` asks anew in scripts and pipes",
    )?;
    let records = at.map(|place| replay::position(path, place)).transpose();
    let records = records.map_err(|reason| Failure::usage(format!("--at: {reason}")))?;
    show_live(settings, launch::start_fork(settings, path, records)?)
}

/// Fails where the console cannot be shown; `otherwise` is what can be done there.
fn need_terminal(otherwise: &str) -> Result<(), Failure> {
    let words = format!("{}; {otherwise}", RunError::NoTerminal);
    ui::has_terminal().then_some(()).ok_or_else(|| Failure::usage(words))
}

fn show_live(settings: &Settings, running: Running) -> Result<(), Failure> {
    let options = live(settings, &running);
    let (link, thread) = running.split();
    let outcome = show(settings, link, options);
    // The servers stop with the orchestrator; a panic over there has been reported.
    let _ = thread.join();
    process::kill_all();
    outcome
}

/// How the console shows a live session.
pub(crate) fn live(settings: &Settings, running: &Running) -> ui::Options {
    let from = running.forked_from.as_ref();
    ui::Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: from.map_or_else(|| "LIVE".to_owned(), |from| format!("LIVE, fork of …{}", from.session.tail())),
        examples: builtin::EXAMPLES.map(str::to_owned).into(),
        runbooks: runbooks(&running.built_in),
        theme: settings.theme,
        mouse: settings.mouse,
        file: running.file.clone(),
        ..ui::Options::default()
    }
}

/// Runs the screen until the operator leaves.
fn show(settings: &Settings, link: Link, options: ui::Options) -> Result<(), Failure> {
    let around = Arc::new(Around::new(settings.clone()));
    let outside: Arc<dyn ui::Outside> = Arc::clone(&around) as Arc<dyn ui::Outside>;
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime for the console: {error}")))?
        .block_on(ui::run(link, options, outside));
    // Only who waits for the end of a session waits for stubborn servers.
    if !matches!(outcome, Ok(Outcome::Quit)) {
        process::kill_all();
    }
    around.join();
    match outcome {
        Ok(Outcome::Quit | Outcome::Left) => Ok(()),
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
    need_terminal(
        "`callboard replay --mock` asks its questions again, `callboard export` writes it as a report or as JSON, and \
         `callboard verify` and `callboard diff` compare, all in scripts and pipes",
    )?;
    let (link, thread) = replay::open(path).map_err(|error| Failure::failed(error.to_string()))?;
    let outcome = show(settings, link, viewing(settings, path));
    // It ends with its link; a panic over there has been reported.
    let _ = thread.join();
    outcome
}

/// How the console shows a recording.
pub(crate) fn viewing(settings: &Settings, path: &Path) -> ui::Options {
    // Whatever is wrong with the header is told by the replay.
    let header = Reader::open(path).ok().map(|reader| reader.header);
    let (mock_of, forked_from) = header.map_or((None, None), |header| (header.mock_of, header.forked_from));
    let origin = match (mock_of, forked_from) {
        (Some(of), _) => format!(", mock of …{}", of.tail()),
        (None, Some(from)) => format!(", fork of …{}", from.session.tail()),
        (None, None) => String::new(),
    };
    ui::Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: format!("VIEW{origin}"),
        theme: settings.theme,
        mouse: settings.mouse,
        focus: ui::Focus::Calls,
        file: Some(path.to_path_buf()),
        ..ui::Options::default()
    }
}
