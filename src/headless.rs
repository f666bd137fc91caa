//! The other screen: questions from the command line, answers as text, JSON or records. It uses a link like the console.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::export::turn_value;
use crate::failure::{Exit, Failure, waits_for_a_yes};
use crate::link::{Link, News};
use crate::mcp::process;
use crate::protocol::{
    CallHeld, CallId, Command, Decision, Ending, Event, InputAnswer, InputRequested, ProjectProposed, Question, Record,
    TurnId, Unapproved, Wanted, Withheld,
};
use crate::sanitise::{clean_block, clean_line};
use crate::session::{Call, CallState, Health, Session, StepState, Turn, Worth, reason_of};
use crate::stderr::tell;
use crate::stdout::{say, say_json};
use crate::wording::{count, duration};

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Answers on stdout; calls on stderr as they end.
    Text,
    /// One object at the end.
    Json,
    /// The session's records as they happen, a line each.
    Events,
}

/// Asks `questions` as turns of one conversation and prints what comes.
///
/// # Errors
/// The first turn that did not end with an answer, with the exit code of its reason.
pub async fn ask(mut link: Link, questions: &[Question], output: Output) -> Result<(), Failure> {
    let mut session = Session::default();
    let mut interrupt = Interrupt::listen()?;
    let mut asked = 0;
    let mut stopped = None;
    let mut quitting = false;
    let (mut unprinted, mut no_server) = (None, None);
    loop {
        let done = session.turns.iter().filter(|turn| turn.ended_us.is_some()).count();
        if !quitting && (stopped.is_some() || unprinted.is_some() || done == questions.len()) {
            quitting = true;
            // Afterwards every server has been stopped, and the reasons are gone.
            no_server = unreachable(&session);
            send(&link, Command::Quit).await;
        } else if !quitting && asked == done {
            send(&link, Command::Submit(questions[asked].clone())).await;
            asked += 1;
        }
        let news = tokio::select! {
            news = link.news.recv() => news,
            name = interrupt.next() => {
                if stopped.is_some() {
                    // Whoever says it twice does not wait for a stubborn server.
                    process::kill_all();
                    return Err(stopped_by(name));
                }
                stopped = Some(name);
                send(&link, Command::StopTurn).await;
                continue;
            }
        };
        let record = match news {
            None => break,
            Some(News::Record(record)) => record,
            // Questions are asked of live sessions, which neither jump nor play.
            Some(News::Jumped(_) | News::Playback(_)) => continue,
        };
        session.apply(&record);
        if let (None, Err(failure)) = (&unprinted, print(&session, &record, output, questions.len())) {
            unprinted = Some(failure);
        }
        if let Event::InputRequested(requested) = &record.event {
            tell(&clean_block(&declined(requested)));
            send(&link, Command::AnswerInput { input: requested.input, answer: InputAnswer::Decline }).await;
        }
        if let (Event::CallHeld(held), Some(call)) = (&record.event, record.scope.call) {
            send(&link, deny(call, held)).await;
        }
    }
    if let Some(failure) = unprinted {
        return Err(failure);
    }
    if output == Output::Json {
        say_json(&as_json(&session).to_string())?;
    }
    match stopped {
        Some(name) => Err(stopped_by(name)),
        None if session.ended.is_none() => Err(Failure::failed("the session broke off; see the messages above".into())),
        None => {
            let failed = session.turns.iter().find_map(|turn| failure(&session, turn));
            failed.or(no_server).map_or(Ok(()), Err)
        }
    }
}

/// What is said of a server that wants something where there is nobody to ask.
#[must_use]
pub fn declined(requested: &InputRequested) -> String {
    let InputRequested { server, message, wanted, .. } = requested;
    let what = match wanted {
        Wanted::Form { .. } => "a form to be filled in".to_owned(),
        Wanted::Url { url } => format!("a visit to {url}"),
    };
    format!("server {server} wants {what} ({message}); nobody is there to ask, so it was declined; the console asks")
}

/// The answer to a held call where there is nobody to ask.
#[must_use]
pub fn deny(call: CallId, held: &CallHeld) -> Command {
    let reason = unasked(&held.reason, &held.remedy);
    Command::Decide { call, decision: Decision::Deny { reason } }
}

/// Why a call is refused that would wait for a yes, where there is nobody to ask.
#[must_use]
pub fn unasked(reason: &str, remedy: &str) -> String {
    let remedy = if remedy.is_empty() { String::new() } else { format!("; {remedy}") };
    format!("{reason}. Nobody is there to say yes{remedy}.")
}

/// Hands a command over, waiting for room.
pub async fn send(link: &Link, command: Command) {
    // A closed queue means the session is over; the loop sees its records end.
    let _ = link.commands.send(command).await;
}

/// Does `work` until a signal asks for the end; then every server is killed, and what they started.
///
/// # Errors
/// Those of `work`, or that it was stopped.
pub async fn unless_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut interrupt = Interrupt::listen()?;
    tokio::select! {
        result = work => result,
        name = interrupt.next() => {
            process::kill_all();
            Err(stopped_by(name))
        }
    }
}

/// How a command fails that a signal has stopped.
#[must_use]
pub fn stopped_by(signal: &str) -> Failure {
    Failure::failed(format!("stopped by {signal}"))
}

/// The signals that ask a command to end.
#[derive(Debug)]
pub struct Interrupt {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Interrupt {
    /// Takes the signals from their default, which is to end the program at once.
    ///
    /// # Errors
    /// The operating system does not let them be watched.
    pub fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::failed(format!("signals cannot be watched: {error}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one; says which. Cancel-safe.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "an interrupt",
            _ = self.terminate.recv() => "a request to terminate",
            _ = self.hangup.recv() => "a hang-up",
        }
    }
}

fn print(session: &Session, record: &Arc<Record>, output: Output, questions: usize) -> Result<(), Failure> {
    match output {
        Output::Json => Ok(()),
        Output::Events => {
            let line = record.to_line().map_err(|error| Failure::failed(format!("an event is no JSON: {error}")))?;
            say_json(&line)
        }
        Output::Text => print_text(session, record, questions),
    }
}

fn print_text(session: &Session, record: &Record, questions: usize) -> Result<(), Failure> {
    match &record.event {
        Event::TurnStarted(started) if questions > 1 => {
            let space = if session.turns.len() > 1 { "\n" } else { "" };
            say(&format!("{space}> {}\n", clean_block(&started.question)))?;
        }
        Event::CallFinished(_) => {
            if let Some(call) = record.scope.call.and_then(|call| session.call(call)) {
                tell(&clean_line(&call_line(call)));
            }
        }
        Event::ProjectProposed(proposed) => tell(&clean_line(&wait_for_a_word(proposed))),
        Event::ServerWithheld(withheld) if withheld.by.why == Unapproved::Refused => {
            tell(&clean_line(&format!("server {}: not started: {}", withheld.server, waits_for_a_yes(&withheld.by))));
        }
        Event::ServerLost(lost) => tell(&clean_line(&format!("server {}: {}", lost.server, lost.reason))),
        Event::NoteTaken(note) => tell(&clean_block(note.text.trim_end())),
        Event::ModelRetried(retried) => {
            let text =
                format!("attempt {} of {} in {} ms: {}", retried.attempt, retried.of, retried.delay_ms, retried.reason);
            tell(&clean_line(&text));
        }
        Event::ModelAnswered(answered) if !answered.calls.is_empty() && !answered.text.trim().is_empty() => {
            tell(&clean_block(answered.text.trim_end()));
        }
        Event::TurnEnded(_) => {
            if let Some(turn) = record.scope.turn.and_then(|turn: TurnId| session.turn(turn)) {
                print_answer(session, turn)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn print_answer(session: &Session, turn: &Turn) -> Result<(), Failure> {
    let Some(answer) = turn.answer(session).filter(|step| !step.text.trim().is_empty()) else { return Ok(()) };
    say(&clean_block(answer.text.trim_end()))?;
    if let (Some(Ending::Limited), Some(reason)) = (turn.ending, &turn.reason) {
        tell(&clean_line(&format!("callboard: a limit was reached: {reason}")));
    }
    // On stdout: whoever passes the answer on passes on what is wrong with it.
    let warnings = Worth::of(session, turn).warnings();
    if !warnings.is_empty() {
        say(&format!("\n{}", clean_block(&warnings.join("\n"))))?;
    }
    Ok(())
}

fn call_line(call: &Call) -> String {
    let took = match (call.started_us, call.duration_us) {
        (Some(_), Some(us)) => format!(" {}", duration(us)),
        _ => String::new(),
    };
    let word = match call.state {
        CallState::Ok => "ok",
        CallState::Error => "FAILED",
        CallState::Cancelled => "cancelled",
        CallState::Denied => "denied",
        CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Running => "open",
    };
    let why = match (&call.failure, &call.result) {
        (Some(failure), _) => format!(": {}", failure.message),
        (None, Some(result)) if call.state == CallState::Error => {
            format!(": {}", reason_of(&result.value()))
        }
        (None, _) => String::new(),
    };
    format!("[{}] {} {} {} {word}{took}{why}", call.id.0, call.server, call.tool, call.arguments.text())
}

/// The object of `ask --json` (`product.md`, "Commands").
fn as_json(session: &Session) -> Value {
    let started = session.started.as_ref();
    let turns: Vec<Value> = session
        .turns
        .iter()
        .map(|turn| {
            let calls: Vec<&Call> = turn.calls.iter().filter_map(|id| session.call(*id)).collect();
            turn_value(session, turn, &calls)
        })
        .collect();
    json!({"session": started.map(|started| &started.id), "model": session.model(), "turns": turns})
}

/// That the servers of a project's file were not started, and what lets them where there is no console.
fn wait_for_a_word(proposed: &ProjectProposed) -> String {
    let names: Vec<&str> = proposed.servers.iter().map(|server| server.as_str()).collect();
    let why = if proposed.changed { Unapproved::Changed } else { Unapproved::New };
    let by = Withheld { file: proposed.file.clone(), why };
    format!("{} not started ({}): {}", count(names.len(), "server"), names.join(", "), waits_for_a_yes(&by))
}

/// Whatever was answered, it came from no server at all.
fn unreachable(session: &Session) -> Option<Failure> {
    let mut reasons = Vec::new();
    for server in &session.servers {
        let reason = match &server.health {
            Health::Failed { reason } | Health::Restarting { reason, .. } => reason.clone(),
            Health::Withheld(by) => waits_for_a_yes(by),
            Health::SwitchedOff(file) => format!("it is switched off in {file}"),
            Health::Unknown
            | Health::Starting
            | Health::Probing
            | Health::Listing
            | Health::Ready
            | Health::Stopped => return None,
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let what = format!("none of the servers could be reached: {}", reasons.join("; "));
    (!reasons.is_empty()).then_some(Failure { exit: Exit::Unreachable, message: what })
}

/// An answer that no call stands behind, although there should be one.
fn unserved(session: &Session, turn: &Turn) -> Option<Failure> {
    let tally = turn.tally(session);
    let is_runbook = turn.question.starts_with("/run ");
    match turn.calls.len() {
        0 if is_runbook => Some(Failure::usage("the runbook made no call; its answer says what it needs".into())),
        0 => None,
        calls if tally.denied == calls => {
            Some(Failure::failed("every call was refused; see the messages above".into()))
        }
        _ if is_runbook && tally.ok == 0 => Some(Failure::failed("every call of the runbook failed".into())),
        _ => None,
    }
}

fn failure(session: &Session, turn: &Turn) -> Option<Failure> {
    let reason = turn.reason.clone().unwrap_or_default();
    let has_answer = turn.answer(session).is_some_and(|step| !step.text.trim().is_empty());
    match turn.ending {
        Some(Ending::Limited) if !has_answer => {
            Some(Failure::failed(format!("there is no answer, because a limit was reached: {reason}")))
        }
        Some(Ending::Answered) if !has_answer => {
            Some(Failure::failed("there is no answer: the model ended the turn without a word".into()))
        }
        Some(Ending::Answered | Ending::Limited) => unserved(session, turn),
        Some(Ending::Stopped) => Some(Failure::failed("the turn was stopped".into())),
        None => Some(Failure::failed("the turn has no end".into())),
        Some(Ending::Failed) => {
            let step = turn.steps.last().and_then(|id| session.step(*id));
            match step.map(|step| &step.state) {
                Some(StepState::Failed(failed)) => Some(Failure::of_model(failed.code, failed.message.clone())),
                _ => Some(Failure::failed(reason)),
            }
        }
    }
}
