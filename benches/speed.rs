//! How quick the main job is, on real child processes: `cargo bench --bench speed` prints one figure a line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{self, Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use callboard::clock::Clock;
use callboard::link::{Link, link};
use callboard::mcp::{Era, Limits, Naming, Program, Reach, ServerSpec, Trust};
use callboard::model::{Delta, Message, Model, Request};
use callboard::orchestrator::{self, Policy, Projects, Setup};
use callboard::protocol::{Command, Event, ModelAnswered, ModelCall, ModelFailed, SessionId};
use callboard::recording::Recording;
use callboard::recording::format::{FORMAT, Header, VERSION};
use callboard::recording::redact::Redactor;
use callboard::session::Session;
use futures::future::{BoxFuture, ready};
use serde_json::json;
use tokio::sync::mpsc;

const TURNS: usize = 1500;
const STARTS: usize = 15;
/// Before each call of a bare client: as long as the rest of a turn with one call takes.
const PAUSE: Duration = Duration::from_micros(700);

/// Answers every question with the same calls, then with a word.
struct Steady(Vec<(&'static str, &'static str)>);

impl Model for Steady {
    fn name(&self) -> &str {
        "steady"
    }

    fn request(&self, request: Request, _: mpsc::Sender<Delta>) -> BoxFuture<'_, Result<ModelAnswered, ModelFailed>> {
        let asked = matches!(request.messages.last().map(|last| &**last), Some(Message::User { .. }));
        let call = |(position, (name, arguments)): (usize, &(&str, &str))| ModelCall {
            provider_id: format!("{}-{position}", request.messages.len()),
            name: (*name).to_owned(),
            arguments: (*arguments).to_owned(),
        };
        let calls = if asked { self.0.iter().enumerate().map(call).collect() } else { Vec::new() };
        Box::pin(ready(Ok(ModelAnswered { text: "done".into(), calls, ..ModelAnswered::default() })))
    }
}

fn specs() -> Vec<ServerSpec> {
    let spec = |name: &&str| ServerSpec {
        name: (*name).into(),
        reach: Reach::Program(Program {
            command: env!("CARGO_BIN_EXE_callboard").into(),
            args: vec!["serve".into(), (*name).into()],
            ..Program::default()
        }),
        era: Era::Modern,
        naming: Naming::Plain,
        limits: Limits::default(),
        restarts: 0,
        trust: Trust::Trusted,
    };
    callboard_servers::NAMES.iter().map(spec).collect()
}

fn start(dir: &Path, model: Steady) -> (Link, std::thread::JoinHandle<()>) {
    let clock = Clock::start();
    let id = SessionId::from(ulid::Ulid::generate().to_string());
    let header = Header {
        fmt: FORMAT.into(),
        v: VERSION,
        need: Vec::new(),
        need_write: Vec::new(),
        id: id.clone(),
        created: clock.now_rfc3339(),
        app: "bench".into(),
        model: "steady".into(),
        servers: BTreeMap::new(),
        policy: "auto".into(),
        forked_from: None,
        mock_of: None,
        more: BTreeMap::new(),
    };
    let recording = Recording::create(dir, &header, clock, Redactor::default()).expect("a recording");
    let (screen, feed) = link(clock);
    let setup = Setup {
        model: Arc::new(model),
        runbooks: Arc::new(callboard::model::scripted::Scripted::new(Vec::new())),
        models: Box::new(|_| Err("there is only one".into())),
        servers: specs().into(),
        recording,
        app: "bench".into(),
        session: id,
        pins: callboard::pins::Kept::default(),
        gate: Policy::Auto.into(),
        projects: Projects::default(),
        resumed: None,
        warnings: Vec::new(),
    };
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(orchestrator::run(setup, feed));
    });
    (screen, thread)
}

/// Folds records until `stop` says so; gives the session's time stamps in µs of what `pick` picks.
fn follow(link: &mut Link, session: &mut Session, mut stop: impl FnMut(&Event) -> bool) -> Vec<(&'static str, u64)> {
    let mut seen = Vec::new();
    while let Some(news) = link.news.blocking_recv() {
        let callboard::link::News::Record(record) = news else { continue };
        session.apply(&record);
        match &record.event {
            Event::CallProposed(_) => seen.push(("proposed", record.at_us)),
            Event::CallDelivered(_) => seen.push(("delivered", record.at_us)),
            _ => {}
        }
        if stop(&record.event) {
            break;
        }
    }
    seen
}

fn turns(model: Steady) -> (Vec<u64>, Vec<u64>) {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut link, thread) = start(dir.path(), model);
    let mut session = Session::default();
    let mut listed = 0;
    follow(&mut link, &mut session, |event| {
        listed += usize::from(matches!(event, Event::ServerListed(_)));
        listed == 5
    });
    let (mut calls, mut whole) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        // A conversation that grows for ever would measure the growing.
        if turn % 20 == 0 {
            link.commands.blocking_send(Command::ClearConversation).expect("running");
        }
        let asked = Instant::now();
        link.commands.blocking_send(Command::Submit("?".into())).expect("running");
        let seen = follow(&mut link, &mut session, |event| matches!(event, Event::TurnEnded(_)));
        whole.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
        let at = |word: &str| seen.iter().find(|(seen, _)| *seen == word).map_or(0, |(_, at)| *at);
        calls.push(at("delivered") - at("proposed"));
    }
    link.commands.blocking_send(Command::Quit).expect("running");
    follow(&mut link, &mut session, |event| matches!(event, Event::SessionEnded(_)));
    drop(link);
    thread.join().expect("an orderly end");
    (calls, whole)
}

fn starts() -> Vec<u64> {
    (0..STARTS)
        .map(|_| {
            let begun = Instant::now();
            let output = process::Command::new(env!("CARGO_BIN_EXE_callboard")).arg("check").output().expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
        })
        .collect()
}

/// A process and its pipes.
struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(program: &str, args: &[&str]) -> Self {
        let mut process = process::Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let (requests, answers) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
        Self { process, requests, answers: BufReader::new(answers).lines() }
    }

    /// Sends a line and waits for one; gives the µs that took.
    fn ask(&mut self, line: &str) -> u64 {
        let asked = Instant::now();
        self.requests.write_all(line.as_bytes()).expect("it listens");
        let answer = self.answers.next().expect("an answer").expect("text");
        let took = asked.elapsed();
        assert!(answer.contains("\"result\""), "{answer}");
        u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
    }

    /// The same for each of `lines`, each [`PAUSE`] after the last answer.
    fn ask_all(mut self, lines: impl Iterator<Item = String>) -> Vec<u64> {
        let mut times = Vec::new();
        for line in lines {
            let until = Instant::now() + PAUSE;
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            times.push(self.ask(&line));
        }
        drop(self.requests);
        self.process.wait().expect("it ends");
        times
    }
}

/// The same call by a client that does nothing but write and wait: what the server and the machine take.
fn bare() -> Vec<u64> {
    let request = |id: usize, method: &str, mut params: serde_json::Value| {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "bare", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
    };
    let mut server = Peer::start(env!("CARGO_BIN_EXE_callboard"), &["serve", "ticket"]);
    server.ask(&request(0, "server/discover", json!({})));
    server.ask(&request(1, "tools/list", json!({})));
    let search = json!({"name": "search_tickets", "arguments": {"ticket_id": "TKT-1001"}});
    server.ask_all((0..TURNS).map(|turn| request(turn + 2, "tools/call", search.clone())))
}

/// A short line there and back through `cat`: what the machine takes alone.
fn echo() -> Vec<u64> {
    Peer::start("cat", &[]).ask_all((0..TURNS).map(|_| "{\"result\":0}\n".to_owned()))
}

fn show(what: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let at = |part: f64| {
        let position = ((times.len() - 1) as f64 * part).round() as usize;
        times[position] as f64 / 1000.0
    };
    println!("{what:<60} p50 {:>8.3} ms   p99 {:>8.3} ms   n {}", at(0.5), at(0.99), times.len());
}

fn main() {
    show("process start, five servers listed and stopped again", starts());
    let (calls, _) = turns(Steady(vec![("search_tickets", r#"{"ticket_id":"TKT-1001"}"#)]));
    show("one search_tickets call, proposed to delivered", calls);
    show("the same call by a bare client", bare());
    show("a line there and back through cat", echo());
    let three = vec![
        ("search_tickets", r#"{"priority":"critical"}"#),
        ("lookup_customer", r#"{"customer_id":"CUST-001"}"#),
        ("calculate_outstanding_balance", r#"{"customer_id":"CUST-001"}"#),
    ];
    let (_, whole) = turns(Steady(three));
    show("a turn of two model steps and three calls, as the screen sees", whole);
}
