//! The program: dispatches commands. Everything else is in the library.

#![deny(clippy::print_stderr, clippy::print_stdout)]

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use callboard::cli::{Cli, DataTask, SessionsTask, Task};
use callboard::config::{self, Settings};
use callboard::doctor::{self, Depth};
use callboard::eval::Suite;
use callboard::export::Format;
use callboard::failure::{Failure, Form, waits_for_a_yes};
use callboard::headless::{self, Output};
use callboard::mcp::watcher;
use callboard::model::builtin::{Runbook, RunbookParameter};
use callboard::protocol::{Question, Unapproved};
use callboard::recorded::{self, Existing, ExportOrder, Mock, Privacy};
use callboard::recording::prune::{Bounds, Effect};
use callboard::sanitise::{clean_block, clean_line};
use callboard::stderr::tell;
use callboard::stdout::{say, say_json};
use callboard::wording::count;
use callboard::{conformance, console, direct, launch, setup};
use callboard_servers::{ServeError, ServeOptions};
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use serde_json::json;

fn main() -> ExitCode {
    let read = Cli::command().try_get_matches();
    let (matches, cli) = match read.and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (matches, cli))) {
        Ok(read) => read,
        // Who reads our output as JSON reads our errors so; help that was asked for is no error.
        Err(error) if error.use_stderr() && std::env::args().any(|word| word == "--json") => {
            let words = error.to_string();
            return Failure::usage(words.trim().trim_start_matches("error: ").to_owned()).report(Form::Json);
        }
        Err(error) => error.exit(),
    };
    // Whether it was said here and now: for the doctor that is a question, and a name of the environment is none.
    let asks_model = matches.value_source("model") == Some(ValueSource::CommandLine);
    let form = if cli.common.json { Form::Json } else { Form::Text };
    match run(cli, asks_model, form) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(form),
    }
}

fn run(cli: Cli, asks_model: bool, form: Form) -> Result<(), Failure> {
    // A server is started before anything else is set up: its stdout belongs to the protocol.
    if let Some(Task::Serve { name }) = &cli.command {
        let options = ServeOptions { data: cli.common.data, db: cli.common.db, as_of: cli.common.as_of };
        return callboard_servers::serve(name, &options).map_err(|error| match &error {
            ServeError::Runtime(_) => Failure::failed(error.to_string()),
            ServeError::UnknownServer(_) | ServeError::Data(_) | ServeError::AsOf { .. } | ServeError::Db(_) => {
                Failure::usage(error.to_string())
            }
        });
    }
    if let Some(Task::WatchServers) = cli.command {
        watcher::run();
        return Ok(());
    }
    if let Ok(program) = std::env::current_exe() {
        watcher::enable(program);
    }
    if cli.common.step && !matches!(cli.command, None | Some(Task::Fork { .. })) {
        let text = "--step holds calls for somebody at the console; `callboard --step` opens it";
        return Err(Failure::usage(text.to_owned()));
    }
    if let Some(Task::Doctor { patience }) = &cli.command {
        let patience = Duration::from_secs((*patience).max(1));
        let depth = if asks_model { Depth::Live(patience) } else { Depth::Configured };
        return attended(doctor::run(&cli.common, depth, form));
    }
    let settings = config::resolve(&cli.common)?;
    if asks_model && cli.common.model.as_deref() == Some("") {
        return Err(Failure::usage("--model needs the name of a model, such as built-in".into()));
    }
    match cli.command {
        None => console::open(&settings),
        Some(Task::Serve { .. } | Task::WatchServers | Task::Doctor { .. }) => Ok(()),
        Some(Task::Ask { events, questions }) => {
            let output = match (events, form) {
                (true, _) => Output::Events,
                (false, Form::Json) => Output::Json,
                (false, Form::Text) => Output::Text,
            };
            ask(&settings, questions_or_stdin(questions)?, output)
        }
        Some(Task::Examples) => {
            let questions: Vec<String> = callboard::model::builtin::EXAMPLES.map(str::to_owned).into();
            ask(&settings, questions, if form == Form::Json { Output::Json } else { Output::Text })
        }
        Some(Task::Run { name, arguments }) => runbook(settings, name.as_deref(), &arguments, form),
        Some(Task::Eval { suite, threshold, junit, out }) => {
            eval(&settings, &suite, threshold, junit.as_deref(), out.as_deref(), form)
        }
        Some(Task::Check) => with_fleet(&settings, async |fleet| direct::check(fleet, form).await),
        Some(Task::Tools { server }) => {
            with_fleet(&settings, async |fleet| direct::tools(fleet, server.as_deref(), form).await)
        }
        Some(Task::Call { server, tool, arguments }) => {
            let arguments = object_or_stdin(arguments)?;
            let order = direct::Order { server: &server, tool: &tool, arguments: &arguments };
            with_fleet(&settings, async |fleet| direct::call(fleet, &settings.gate, order, form).await)
        }
        Some(Task::Resources { server, uri }) => {
            with_fleet(&settings, async |fleet| direct::resources(fleet, server.as_deref(), uri.as_deref(), form).await)
        }
        Some(Task::Prompts { server, name, arguments }) => {
            let arguments = object_or_stdin(arguments)?;
            with_fleet(&settings, async |fleet| {
                direct::prompts(fleet, server.as_deref(), name.as_deref(), &arguments, form).await
            })
        }
        Some(Task::Conformance { url, scenario, protocol, context }) => {
            attended(conformance::run(url, &conformance::Setting { scenario, protocol, context }))
        }
        Some(Task::Sessions { task: None }) => recorded::sessions(form),
        Some(Task::Sessions { task: Some(SessionsTask::Prune { older_than, keep, dry_run }) }) => {
            let older_than = older_than.map(|days| Duration::from_hours(u64::from(days) * 24));
            let bounds = Bounds { older_than, keep: keep.unwrap_or(0) };
            recorded::prune_sessions(bounds, if dry_run { Effect::Told } else { Effect::Deleted }, form)
        }
        Some(Task::Mcp { task }) => setup::run(&settings, task, form),
        Some(Task::Data { task: DataTask::Check { dir } }) => data_check(dir.or(settings.data).as_deref(), form),
        Some(Task::Data { task: DataTask::Export { dir } }) => data_export(&dir, form),
        Some(Task::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "callboard", &mut script);
            say(String::from_utf8_lossy(&script).trim_end())
        }
        Some(Task::Replay { session, mock: false }) => console::replay(&settings, &recorded::resolve(&session)?),
        Some(Task::Replay { session, mock: true }) => {
            let output = if form == Form::Json { Output::Json } else { Output::Text };
            mock(&settings, &session, output)
        }
        Some(Task::Fork { session, at }) => console::fork(&settings, &recorded::resolve(&session)?, at),
        Some(Task::Diff { left, right }) => recorded::diff(&left, &right, form),
        Some(Task::Verify { session, junit }) => {
            with_fleet(&settings, async |fleet| recorded::verify(fleet, &session, form, junit.as_deref()).await)
        }
        Some(Task::Export { session, format, select, output, force, no_redact }) => {
            let format = export_format(format.as_deref(), form)?;
            let privacy = if no_redact { Privacy::Open } else { Privacy::Redacted };
            let existing = if force { Existing::Replaced } else { Existing::Kept };
            recorded::export(&ExportOrder { session, format, select, output, existing, privacy })
        }
    }
}

fn ask(settings: &Settings, questions: Vec<String>, output: Output) -> Result<(), Failure> {
    let questions: Vec<Question> = questions.into_iter().map(Question::from).collect();
    answer(launch::start(settings)?, &questions, output)
}

/// The format of an export, whichever way it is asked for.
fn export_format(word: Option<&str>, form: Form) -> Result<Format, Failure> {
    let format = word.and_then(|word| Format::WORDS.iter().find(|(known, _)| *known == word)).map(|found| found.1);
    match (format, form) {
        (Some(format), Form::Text) => Ok(format),
        (None, Form::Text) => Ok(Format::Markdown),
        (None | Some(Format::Json), Form::Json) => Ok(Format::Json),
        (Some(Format::Markdown | Format::Otlp | Format::Asciicast), Form::Json) => {
            let word = word.unwrap_or_default();
            Err(Failure::usage(format!("--json is --format json, and --format {word} asks for something else")))
        }
    }
}

/// Asks the questions of a recording again, its tools answered from it.
fn mock(settings: &Settings, session: &str, output: Output) -> Result<(), Failure> {
    let Mock { of, model, questions, answers, damage } = recorded::mock(session)?;
    let running = launch::start_mock(settings, of.clone(), model, answers)?;
    let told = (output == Output::Text).then(|| running.id.clone());
    let recorded = told.clone().filter(|_| running.file.is_some());
    if told.is_some() {
        tell(&clean_line(&format!("mock run of {of}: no server is started, its recording answers instead of them")));
    }
    let result = answer(running, &questions, output);
    if let Some(id) = recorded {
        tell(&clean_line(&format!("mock run of {of} recorded as {id}; to compare: callboard diff {session} {id}")));
    }
    result?;
    recorded::unless_damaged(&of, &damage, "asked again")
}

fn answer(running: launch::Running, questions: &[Question], output: Output) -> Result<(), Failure> {
    let (link, thread) = running.split();
    let result = block_on(headless::ask(link, questions, output));
    // A panic over there has been reported, and the session counts as broken off.
    let _ = thread.join();
    result
}

fn runbook(mut settings: Settings, name: Option<&str>, arguments: &[String], form: Form) -> Result<(), Failure> {
    let assistant = launch::built_in(&settings)?;
    let Some(name) = name else {
        let listed = assistant.runbooks().iter();
        if form == Form::Json {
            let row = |runbook: &Runbook| json!({"name": runbook.name, "parameters": runbook.usage(), "summary": runbook.summary});
            return say_json(&json!({"runbooks": listed.map(row).collect::<Vec<_>>()}).to_string());
        }
        for runbook in listed {
            let line = format!("{:<16} {:<12} {}", runbook.name, runbook.usage(), runbook.summary);
            say(&clean_line(&line))?;
        }
        return Ok(());
    };
    let Some(runbook) = assistant.runbooks().iter().find(|runbook| runbook.name == name) else {
        let known: Vec<&str> = assistant.runbooks().iter().map(|runbook| runbook.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no runbook {name:?}; there are {}", known.join(", "))));
    };
    let needed = |parameter: &&RunbookParameter| parameter.required && parameter.default.is_none();
    if let Some(missing) = runbook.parameters.iter().skip(arguments.len()).find(needed) {
        let (usage, missing) = (runbook.usage(), missing.name.to_uppercase());
        return Err(Failure::usage(format!("the runbook needs {missing}: callboard run {name} {usage}")));
    }
    // A runbook is a plan already: no language model is asked, whatever is configured.
    settings.model = Some("built-in".to_owned());
    let question = format!("/run {name} {}", arguments.join(" "));
    let output = if form == Form::Json { Output::Json } else { Output::Text };
    ask(&settings, vec![question.trim_end().to_owned()], output)
}

fn eval(
    settings: &Settings,
    path: &Path,
    threshold: u32,
    junit: Option<&Path>,
    out: Option<&Path>,
    form: Form,
) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("the suite {shown} cannot be read: {error}")))?;
    let suite = Suite::parse(&shown, &text).map_err(|error| Failure::usage(error.to_string()))?;
    let (link, thread) = launch::start(settings)?.split();
    let report = block_on(callboard::evaluate::run(link, &suite, &shown));
    // A panic over there has been reported, and the session counts as broken off.
    let _ = thread.join();
    let report = report?;
    match form {
        Form::Json => say_json(&report.json().to_string())?,
        Form::Text => say(&clean_block(&report.table()))?,
    }
    for (file, text) in [(junit, report.junit()), (out, report.json().to_string())] {
        if let Some(file) = file {
            std::fs::write(file, text)
                .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", file.display())))?;
        }
    }
    if report.reaches(threshold) {
        return Ok(());
    }
    let (passed, total) = (report.passed(), report.results.len());
    Err(Failure::failed(format!("{passed} of {total} conversations went well; {threshold} % were asked for")))
}

/// A JSON object of the command line; an empty one if absent.
fn object_or_stdin(arguments: Option<String>) -> Result<String, Failure> {
    match arguments.as_deref() {
        Some("-") => stdin(),
        Some(_) | None => Ok(arguments.unwrap_or_else(|| "{}".to_owned())),
    }
}

fn questions_or_stdin(questions: Vec<String>) -> Result<Vec<String>, Failure> {
    let from_stdin = questions.is_empty() || questions == ["-"];
    if !from_stdin {
        if questions.iter().any(|question| question.trim().is_empty()) {
            return Err(Failure::usage(
                "a question is empty; try: callboard ask \"What are the critical tickets?\"".into(),
            ));
        }
        return Ok(questions);
    }
    if questions.is_empty() && std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no question; try: callboard ask \"What are the critical tickets?\"".into(),
        ));
    }
    let question = stdin()?.trim().to_owned();
    if question.is_empty() {
        return Err(Failure::usage("standard input holds no question".into()));
    }
    Ok(vec![question])
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    Ok(text)
}

fn fleet(settings: &Settings) -> Result<launch::Fleet, Failure> {
    let fleet = launch::fleet(settings)?;
    for warning in settings.warnings.iter().chain(&fleet.warnings) {
        tell(&format!("callboard: {}", clean_line(warning)));
    }
    for (name, by) in fleet.passed_over.iter().filter(|(_, by)| by.why != Unapproved::Refused) {
        let words = format!("server {name} is not the one that the project has: {}", waits_for_a_yes(by));
        tell(&format!("callboard: {}", clean_line(&words)));
    }
    Ok(fleet)
}

/// Does what the servers of these settings are needed for. What they say of a failure may have the secrets in it that they
/// were given.
fn with_fleet(
    settings: &Settings,
    work: impl AsyncFnOnce(&launch::Fleet) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let fleet = fleet(settings)?;
    let done = attended(work(&fleet));
    done.map_err(|failure| Failure { message: fleet.secrets.hide(&failure.message), ..failure })
}

/// Blocks on work with servers, which are not left behind if a signal ends it.
fn attended<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    block_on(headless::unless_interrupted(work))
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))?
        .block_on(work)
}

fn data_check(dir: Option<&Path>, form: Form) -> Result<(), Failure> {
    let problems = callboard_servers::check(dir);
    let shown = dir.map_or_else(|| "the bundled data set".to_owned(), |dir| dir.display().to_string());
    if form == Form::Json {
        let rows: Vec<_> = problems
            .iter()
            .map(|problem| json!({"file": problem.file, "line": problem.line, "field": problem.field, "message": problem.message}))
            .collect();
        say_json(&json!({"problems": rows}).to_string())?;
    } else {
        for problem in &problems {
            say(&clean_line(&problem.to_string()))?;
        }
    }
    match problems.len() {
        0 => {
            tell(&clean_line(&format!("{shown} is sound")));
            Ok(())
        }
        found => Err(Failure::failed(format!("{shown} has {}", count(found, "problem")))),
    }
}

fn data_export(dir: &Path, form: Form) -> Result<(), Failure> {
    let files = callboard_servers::export(dir)
        .map_err(|error| Failure::failed(format!("the data cannot be written to {}: {error}", dir.display())))?;
    match form {
        Form::Json => say_json(&json!({"files": files}).to_string()),
        Form::Text => {
            say(&clean_line(&format!("{} written to {}", count(files.len(), "file"), dir.display())))?;
            say(&clean_line(&format!("use them with: callboard --data {}", dir.display())))
        }
    }
}
