//! Whole sessions: a scripted model, the real bundled servers as child processes, and a screen made of assertions.

use std::sync::Arc;
use std::time::Duration;

use callboard::clock::Clock;
use callboard::link::{Link, News, link};
use callboard::mcp::{Naming, Reach, ServerSpec, Trust};
use callboard::model::Message;
use callboard::model::scripted::{Scripted, Step};
use callboard::orchestrator::{self, Judged, Policy, Projects, Resumed, Setup};
use callboard::pins::{Kept, Pins};
use callboard::protocol::*;
use callboard::recording::Recording;
use callboard::recording::redact::Redactor;
use callboard::session::{CallState, Health, Session};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fleet::{DEADLINE, bundled, hostile, hostile_program, kill, spec, wait_until_gone};

/// A running session and what has been seen of it.
struct Chat {
    link: Link,
    session: Session,
    records: Vec<Arc<Record>>,
    model: Arc<Scripted>,
    task: JoinHandle<()>,
}

impl Chat {
    fn start(steps: Vec<Step>, servers: Vec<ServerSpec>, policy: Policy) -> Self {
        Self::start_remembering(Kept::default(), steps, servers, policy)
    }

    fn start_remembering(pins: Kept, steps: Vec<Step>, servers: Vec<ServerSpec>, policy: Policy) -> Self {
        Self::start_in(pins, Projects::default(), steps, servers, policy)
    }

    fn start_in(pins: Kept, projects: Projects, steps: Vec<Step>, servers: Vec<ServerSpec>, policy: Policy) -> Self {
        Self::start_with(pins, projects, steps, servers, policy, Vec::new())
    }

    /// A session that goes on from these records, if there are any.
    fn start_with(
        pins: Kept,
        projects: Projects,
        steps: Vec<Step>,
        servers: Vec<ServerSpec>,
        policy: Policy,
        records: Vec<Arc<Record>>,
    ) -> Self {
        let model = Arc::new(Scripted::new(steps));
        let clock = Clock::start();
        let (link, feed) = link(clock);
        let setup = Setup {
            model: model.clone(),
            runbooks: Arc::new(Scripted::new(Vec::new())),
            models: Box::new(|_| Err("there is only one".into())),
            servers: servers.into(),
            recording: Recording::off(clock, Redactor::default()),
            app: "callboard test".into(),
            session: "01TEST".into(),
            gate: policy.into(),
            pins,
            projects,
            resumed: (!records.is_empty()).then_some(Resumed { records }),
            warnings: Vec::new(),
        };
        let task = tokio::spawn(orchestrator::run(setup, feed));
        Self { link, session: Session::default(), records: Vec::new(), model, task }
    }

    async fn send(&self, command: Command) {
        self.link.commands.send(command).await.unwrap();
    }

    async fn ask(&self, text: &str) {
        self.send(Command::Submit(text.into())).await;
    }

    /// Reads records until one of them brings what is waited for.
    async fn until(&mut self, what: &str, done: impl Fn(&Session) -> bool) {
        while !done(&self.session) {
            let news = timeout(DEADLINE, self.link.news.recv()).await;
            let news = news.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.records.last()));
            let news = news.unwrap_or_else(|| panic!("the session ended before {what}"));
            let News::Record(record) = news else { panic!("a live session sends only records: {news:?}") };
            self.session.apply(&record);
            assert_eq!(self.session.oddities, 0, "{record:?}");
            self.records.push(record);
        }
    }

    /// Waits until that many turns are over.
    async fn answered(&mut self, turns: usize) {
        let over = |session: &Session| session.turns.iter().filter(|turn| turn.ending.is_some()).count();
        self.until("end of the turn", |session| over(session) == turns).await;
    }

    async fn quit(mut self) -> Session {
        self.send(Command::Quit).await;
        self.until("end of the session", |session| session.ended.is_some()).await;
        assert!(timeout(DEADLINE, self.link.news.recv()).await.unwrap().is_none(), "nothing comes after the end");
        timeout(DEADLINE, self.task).await.unwrap().unwrap();
        wait_until_gone(&pids(&self.session)).await;
        self.session
    }

    fn endings(&self) -> Vec<Ending> {
        self.session.turns.iter().filter_map(|turn| turn.ending).collect()
    }

    fn states(&self) -> Vec<CallState> {
        self.session.calls.iter().map(|call| call.state).collect()
    }

    fn kinds(&self, call: u64) -> Vec<&str> {
        let of_call = self.records.iter().filter(|record| record.scope.call == Some(CallId(call)));
        of_call.map(|record| record.event.kind()).collect()
    }
}

/// The processes of all servers that were ever ready.
fn pids(session: &Session) -> Vec<u32> {
    session.servers.iter().filter_map(|server| server.ready.as_ref().and_then(|ready| ready.pid)).collect()
}

fn all_five() -> Vec<ServerSpec> {
    callboard_servers::NAMES.iter().map(|name| bundled(name)).collect()
}

fn details(ticket: &str) -> (&'static str, serde_json::Value) {
    ("get_ticket_details", json!({"ticket_id": ticket}))
}

fn hang() -> (&'static str, serde_json::Value) {
    ("echo", json!({"do": "hang"}))
}

#[tokio::test]
async fn a_turn_asks_several_servers_and_answers() {
    let wishes = Step::calls([details("TKT-1001"), ("get_sla_terms", json!({"customer_id": "CUST-001"}))]);
    let mut chat = Chat::start(vec![wishes, Step::text("Found [1][2].")], all_five(), Policy::default());
    chat.ask("What is TKT-1001?").await;
    chat.answered(1).await;
    assert_eq!(chat.endings(), [Ending::Answered]);
    assert_eq!(chat.states(), [CallState::Ok, CallState::Ok]);
    assert_eq!(
        chat.kinds(1),
        ["call.proposed", "call.started", "wire.framed", "wire.framed", "call.finished", "call.delivered"]
    );
    let servers: Vec<&str> = chat.session.calls.iter().map(|call| call.server.as_str()).collect();
    assert_eq!(servers, ["ticket", "customer"]);
    assert_eq!(chat.session.calls[0].mismatch, None);
    let last = chat.model.requests().pop().unwrap();
    let results = last.messages.iter().filter(|message| matches!(&***message, Message::Tool { ok: true, .. }));
    assert_eq!(results.count(), 2);
    assert_eq!((last.tools.len(), last.briefings.len()), (20, 5));
    let indexes: Vec<u64> = chat.records.iter().map(|record| record.index.0).collect();
    assert_eq!(indexes, (0..chat.records.len() as u64).collect::<Vec<_>>(), "no record is missing");
    assert_eq!(pids(&chat.session).len(), 5);
    let session = chat.quit().await;
    assert_eq!(session.ended.as_deref(), Some("quit"));
    assert!(session.servers.iter().all(|server| server.health == Health::Stopped));
}

#[tokio::test]
async fn questions_wait_for_their_turn_and_share_a_conversation() {
    let steps = vec![Step::text("One.").after(Duration::from_millis(50)), Step::text("Two."), Step::text("Three.")];
    let mut chat = Chat::start(steps, vec![bundled("kb")], Policy::default());
    for question in ["first?", "second?", "third?"] {
        chat.ask(question).await;
    }
    chat.answered(3).await;
    let questions: Vec<&str> = chat.session.turns.iter().map(|turn| turn.question.as_str()).collect();
    assert_eq!(questions, ["first?", "second?", "third?"]);
    assert_eq!(chat.endings(), [Ending::Answered; 3]);
    let sizes: Vec<usize> = chat.model.requests().iter().map(|request| request.messages.len()).collect();
    assert_eq!(sizes, [2, 4, 6], "system prompt, then question and answer of each turn before");
    chat.quit().await;
}

#[tokio::test]
async fn one_call_is_cancelled_and_the_turn_goes_on() {
    let steps = vec![Step::calls([hang(), ("echo", json!({"n": 1}))]), Step::text("Done.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::default());
    chat.ask("?").await;
    chat.until("second result", |session| session.calls.get(1).is_some_and(|call| call.state == CallState::Ok)).await;
    assert_eq!(chat.states()[0], CallState::Running);
    chat.send(Command::CancelCall { call: CallId(1) }).await;
    chat.answered(1).await;
    assert_eq!((chat.states(), chat.endings()), (vec![CallState::Cancelled, CallState::Ok], vec![Ending::Answered]));
    let cancelled = |record: &Arc<Record>| {
        matches!(&record.event, Event::WireFramed(frame)
            if frame.direction == Direction::Sent && frame.text.contains("notifications/cancelled"))
    };
    // The server is told after the call is over for us.
    while !chat.records.iter().any(cancelled) {
        let seen = chat.records.len();
        chat.until("word to the server", |session| session.records > seen as u64).await;
    }
    assert_eq!(chat.kinds(1).iter().filter(|kind| **kind == "call.finished").count(), 1);
    chat.quit().await;
}

#[tokio::test]
async fn a_stopped_turn_leaves_the_session_ready_for_the_next() {
    let steps =
        vec![Step::calls([hang()]), Step::text("never said").after(Duration::from_secs(600)), Step::text("Here I am.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::default());
    chat.ask("a call that hangs").await;
    chat.until("running call", |session| session.calls.first().is_some_and(|call| call.state == CallState::Running))
        .await;
    chat.send(Command::StopTurn).await;
    chat.answered(1).await;
    chat.ask("a model that hangs").await;
    chat.until("request", |session| session.steps.len() == 2).await;
    chat.send(Command::StopTurn).await;
    chat.answered(2).await;
    chat.ask("and now?").await;
    chat.answered(3).await;
    assert_eq!(chat.endings(), [Ending::Stopped, Ending::Stopped, Ending::Answered]);
    assert_eq!(chat.states(), [CallState::Cancelled]);
    chat.quit().await;
}

#[tokio::test]
async fn after_clear_the_model_knows_nothing_of_before() {
    let steps = vec![Step::text("One."), Step::text("Two.")];
    let mut chat = Chat::start(steps, vec![bundled("kb")], Policy::default());
    chat.ask("first?").await;
    chat.answered(1).await;
    chat.send(Command::ClearConversation).await;
    chat.ask("second?").await;
    chat.answered(2).await;
    let last = chat.model.requests().pop().unwrap();
    assert!(
        matches!(last.messages.iter().map(|message| &**message).collect::<Vec<_>>()[..], [Message::System { .. }, Message::User(question)] if question.text == "second?")
    );
    assert!(chat.session.turns[1].fresh && !chat.session.turns[0].fresh);
    chat.quit().await;
}

#[tokio::test]
async fn a_session_that_only_reads_never_sends_a_call_that_may_write() {
    let steps = vec![Step::calls([("write", json!({})), ("echo", json!({}))]), Step::text("Read only.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::ReadOnly);
    chat.ask("?").await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Denied, CallState::Ok]);
    assert_eq!(chat.kinds(1), ["call.proposed", "call.decided", "call.finished", "call.delivered"]);
    chat.quit().await;
}

#[tokio::test]
async fn a_call_that_may_write_waits_for_a_yes_and_what_is_sent_is_what_was_said_yes_to() {
    let steps = vec![Step::calls([("write", json!({"n": 1})), ("write", json!({"n": 2}))]), Step::text("Written.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::AskWrites);
    chat.ask("?").await;
    let held = |session: &Session| session.calls.iter().filter(|call| matches!(call.state, CallState::Held(_))).count();
    chat.until("held calls", |session| held(session) == 2).await;
    let sent =
        |record: &Arc<Record>| matches!(&record.event, Event::WireFramed(frame) if frame.text.contains("tools/call"));
    assert!(!chat.records.iter().any(sent), "a held call has not been sent");
    let arguments = Json::from(json!({"n": 7}));
    chat.send(Command::Decide { call: CallId(1), decision: Decision::Edit { value: arguments } }).await;
    chat.send(Command::Decide { call: CallId(1), decision: Decision::Run }).await;
    chat.send(Command::Decide { call: CallId(2), decision: Decision::Deny { reason: "enough".into() } }).await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Ok, CallState::Denied]);
    let frames = &chat.session.calls[0].frames;
    assert!(frames[0].text().contains(r#""arguments":{"n":7}"#), "{frames:?}");
    chat.quit().await;
}

#[tokio::test]
async fn what_is_written_over_marks_reaches_server_and_model_with_the_secrets() {
    let key = format!("sk-{}", "a1B2".repeat(8));
    let calls = [("echo", json!({"key": key, "n": 1})), ("echo", json!({"key": key, "n": 2}))];
    let mut chat = Chat::start(vec![Step::calls(calls), Step::text("Done.")], vec![hostile("well")], Policy::AskAll);
    chat.send(Command::Step { stepping: Stepping::On }).await;
    chat.ask("?").await;
    let held =
        |session: &Session, site| session.calls.iter().filter(|call| call.state == CallState::Held(site)).count();
    chat.until("held calls", |session| held(session, StopSite::BeforeCall) == 2).await;
    let shown = chat.session.calls[0].arguments.text().to_owned();
    assert!(!shown.contains(&key) && shown.contains("‹secret:openai:"), "{shown}");
    let edited = |from: &str, to: &str| Decision::Edit { value: Json::parse(&shown.replace(from, to)).unwrap() };
    let decide = |call, decision| Command::Decide { call: CallId(call), decision };
    for decision in [edited("\"n\":1", "\"n\":7"), Decision::Run] {
        chat.send(decide(1, decision)).await;
    }
    for decision in [edited("\"n\":1", "\"n\":8"), Decision::Revert, Decision::Run] {
        chat.send(decide(2, decision)).await;
    }
    chat.until("results", |session| held(session, StopSite::AfterResult) == 2).await;
    let result = chat.session.calls[0].result.as_ref().unwrap().text().to_owned();
    assert!(!result.contains(&key), "{result}");
    let value = Json::parse(&result.replace("\"content\":[", "\"seen\":true,\"content\":[")).unwrap();
    chat.send(decide(1, Decision::Edit { value })).await;
    for call in [1, 2] {
        chat.send(decide(call, Decision::Run)).await;
    }
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Ok; 2]);
    let requests = chat.model.requests();
    let read = |provider: usize| match &**requests[1].messages.iter().rev().nth(1 - provider).unwrap() {
        Message::Tool { text, result, .. } => format!("{text} {}", result.as_ref().unwrap().text()),
        other => panic!("{other:?}"),
    };
    for (call, n) in [(0, 7), (1, 2)] {
        let read = read(call).replace('\\', "");
        let sent = format!("{{\"key\":\"{key}\",\"n\":{n}}}");
        assert!(read.contains(&sent) && !read.contains("‹secret"), "{read}");
    }
    assert!(chat.records.iter().all(|record| !record.to_line().unwrap().contains(&key)), "no record has it");
    chat.quit().await;
}

#[tokio::test]
async fn a_session_that_goes_on_keeps_the_breakpoints_it_can_read_and_tells_of_the_others() {
    let points = ["tool:echo", "dur>"].map(|on| Breakpoint { on: on.to_owned(), action: BreakAction::Stop });
    let event = BreakpointsChanged { breakpoints: points.to_vec() }.into();
    let record = Record { index: RecordIndex(0), at_us: 1, unix_ms: 1, scope: Scope::default(), event };
    let steps = vec![Step::calls([("echo", json!({}))]), Step::text("Done.")];
    let (servers, policy, records) = (vec![hostile("well")], Policy::Auto, vec![Arc::new(record)]);
    let mut chat = Chat::start_with(Kept::default(), Projects::default(), steps, servers, policy, records);
    chat.ask("?").await;
    let held = |session: &Session| session.calls.iter().any(|call| matches!(call.state, CallState::Held(_)));
    chat.until("the breakpoint that can be read", held).await;
    assert_eq!(chat.session.breakpoints, points[..1]);
    let notes: Vec<String> = chat.session.notes.iter().map(|note| note.told.text.clone()).collect();
    assert!(notes.iter().any(|note| note.starts_with("No breakpoint at dur>: ")), "{notes:?}");
    assert_eq!(chat.session.notes_before, 0, "this session says it, not the one before");
    chat.send(Command::Decide { call: CallId(1), decision: Decision::Run }).await;
    chat.answered(1).await;
    chat.quit().await;
}

#[tokio::test]
async fn a_mark_that_a_model_repeats_from_a_recording_reaches_no_server() {
    let mark = secret_mark("openai", "0123456789");
    let steps = vec![Step::calls([("echo", json!({"in": [{"key": mark}]}))]), Step::text("Done.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::Auto);
    chat.ask("?").await;
    chat.answered(1).await;
    let failure = chat.session.calls[0].failure.clone().unwrap();
    assert_eq!(failure.code, CallFailureCode::BadArguments);
    assert!(failure.message.contains("stands for a secret that was kept out of a recording"), "{}", failure.message);
    assert!(chat.session.calls[0].frames.is_empty(), "nothing was sent");
    chat.quit().await;
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_call_costs_that_call_and_no_more() {
    let steps = vec![
        Step::calls([hang(), details("TKT-1001")]),
        Step::calls([("echo", json!({"back": true}))]),
        Step::text("Both are well."),
    ];
    let servers = vec![ServerSpec { restarts: 3, ..hostile("well") }, bundled("ticket")];
    let mut chat = Chat::start(steps, servers, Policy::default());
    chat.ask("?").await;
    chat.until("one result", |session| session.calls.get(1).is_some_and(|call| call.state == CallState::Ok)).await;
    let pid = pids(&chat.session)[0];
    kill(pid, rustix::process::Signal::KILL);
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Error, CallState::Ok, CallState::Ok]);
    let failure = chat.session.calls[0].failure.clone().unwrap();
    assert_eq!(failure.code, CallFailureCode::ServerLost);
    assert!(failure.message.contains("killed by signal 9"), "{}", failure.message);
    assert_ne!(pids(&chat.session)[0], pid, "it was started again");
    assert_eq!(chat.endings(), [Ending::Answered]);
    chat.quit().await;
}

#[tokio::test]
async fn four_servers_work_when_one_is_missing() {
    let mut servers = all_five();
    servers[2] = spec("billing", "/no/such/program", &[]);
    let wishes = Step::calls([details("TKT-1001"), ("get_invoice", json!({"invoice_id": "INV-2024-001"}))]);
    let mut chat = Chat::start(vec![wishes, Step::text("Without the invoice.")], servers, Policy::default());
    chat.ask("?").await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Ok, CallState::Error]);
    assert_eq!(chat.session.calls[1].failure.as_ref().unwrap().code, CallFailureCode::UnknownTool);
    let Health::Failed { reason } = &chat.session.servers[2].health else { panic!("{:?}", chat.session.servers[2]) };
    assert!(reason.contains("/no/such/program") && reason.contains("not found"), "{reason}");
    assert_eq!(pids(&chat.session).len(), 4);
    chat.quit().await;
}

#[tokio::test]
async fn a_planned_call_waits_for_its_server_that_is_still_starting_and_can_be_given_up() {
    let slow = |seconds: &str| {
        let script = format!(r#"sleep {seconds}; exec "$0" well"#);
        let program = hostile_program();
        let spec = spec("hostile", "/bin/sh", &["-c", &script, program.to_str().unwrap()]);
        ServerSpec { naming: Naming::Prefixed, trust: Trust::Trusted, ..spec }
    };
    let mut chat = Chat::start(Vec::new(), vec![slow("6")], Policy::Auto);
    chat.ask("/call hostile__echo {}").await;
    chat.answered(1).await;
    let at = |kind: &str| chat.records.iter().position(|record| record.event.kind() == kind).unwrap();
    assert!(at("server.listed") < at("turn.started"), "longer than other questions wait");
    chat.quit().await;
    let mut chat = Chat::start(Vec::new(), vec![slow("600")], Policy::Auto);
    for (at, question) in ["Why?", "/call hostile__echo {}"].into_iter().enumerate() {
        chat.ask(question).await;
        chat.until("waiting question", |session| !session.waiting.is_empty()).await;
        chat.send(Command::StopTurn).await;
        chat.answered(at + 1).await;
    }
    assert_eq!((chat.endings(), chat.states()), (vec![Ending::Stopped; 2], vec![]));
    assert!(chat.session.steps.is_empty(), "nobody was asked");
    chat.quit().await;
}

#[tokio::test]
async fn a_server_can_be_started_again_by_the_operator() {
    let steps = vec![Step::calls([("echo", json!({}))]), Step::text("It works.")];
    let mut chat = Chat::start(steps, vec![hostile("well")], Policy::default());
    let ready = |session: &Session| session.servers.first().is_some_and(|server| !server.tools.is_empty());
    chat.until("list of tools", ready).await;
    let before = pids(&chat.session)[0];
    chat.send(Command::RestartServer { server: "hostile".into() }).await;
    chat.send(Command::RestartServer { server: "nobody".into() }).await;
    chat.until("new process", |session| pids(session).first().is_some_and(|pid| *pid != before)).await;
    wait_until_gone(&[before]).await;
    assert!(chat.session.notes.iter().any(|note| note.told.text.contains("nobody")));
    chat.ask("?").await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Ok]);
    chat.quit().await;
}

#[tokio::test]
async fn quit_in_the_middle_of_everything_stops_everything() {
    let mut servers = all_five();
    servers.push(hostile("well"));
    let mut chat = Chat::start(vec![Step::calls([hang()])], servers, Policy::default());
    chat.ask("?").await;
    chat.until("running call", |session| session.calls.first().is_some_and(|call| call.state == CallState::Running))
        .await;
    chat.ask("still waiting").await;
    assert_eq!(pids(&chat.session).len(), 6);
    let session = chat.quit().await;
    assert_eq!(session.calls[0].state, CallState::Cancelled);
    assert_eq!(session.turns[0].ending, Some(Ending::Stopped));
}

#[tokio::test]
async fn a_screen_that_goes_away_ends_the_session() {
    let mut chat = Chat::start(vec![], all_five(), Policy::default());
    let ready = |session: &Session| pids(session).len() == 5;
    chat.until("all servers", ready).await;
    let (pids, Chat { link, task, .. }) = (pids(&chat.session), chat);
    drop(link);
    timeout(DEADLINE, task).await.unwrap().unwrap();
    wait_until_gone(&pids).await;
}

#[tokio::test]
async fn a_model_that_fails_ends_its_turn_and_not_the_session() {
    let steps = vec![Step::fail(ModelFailureCode::Unauthorised, "The key is not accepted."), Step::text("Better.")];
    let mut chat = Chat::start(steps, vec![bundled("kb")], Policy::default());
    chat.ask("one").await;
    chat.ask("two").await;
    chat.answered(2).await;
    assert_eq!(chat.endings(), [Ending::Failed, Ending::Answered]);
    assert_eq!(chat.session.turns[0].reason.as_deref(), Some("The key is not accepted."));
    chat.quit().await;
}

fn foreign() -> ServerSpec {
    ServerSpec { naming: Naming::Prefixed, trust: Trust::Untrusted, ..hostile("well") }
}

fn call_held(session: &Session) -> bool {
    session.calls.iter().any(|call| matches!(call.state, CallState::Held(_)))
}

/// Keeps pins of the hostile server as an earlier session would have, when `echo` said something else of itself.
fn keep_pins_of_another_echo(dir: &std::path::Path) {
    let schema = || Json::from(json!({"type": "object"}));
    let echo = ToolDefinition {
        model_name: String::new(),
        server: "hostile".into(),
        tool: "echo".into(),
        title: None,
        description: "Says what it hears.".into(),
        input_schema: schema(),
        output_schema: None,
        annotations: Annotations::default(),
        believed: false,
        hash: "of other words".into(),
    };
    let (mut kept, mut pins) = (Kept::inside(dir), Pins::default());
    pins.see(&echo);
    kept.keep(&"hostile".into(), &foreign().place(), &pins).unwrap();
}

#[tokio::test]
async fn a_tool_that_is_not_what_it_was_in_an_earlier_session_waits_until_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    keep_pins_of_another_echo(dir.path());
    let session = || Kept::inside(dir.path());
    let steps = || vec![Step::calls([("hostile__echo", json!({}))]), Step::text("Echoed.")];
    let mut chat = Chat::start_remembering(session(), steps(), vec![foreign()], Policy::Auto);
    chat.ask("?").await;
    chat.until("held call", call_held).await;
    let change = chat.session.change(&"hostile".into(), &"echo".into()).expect("told").clone();
    let paths: Vec<&str> = change.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["annotations.readOnlyHint", "description"]);
    let reason = chat.session.calls[0].held_reason.clone().unwrap();
    assert!(reason.contains("not what it was: its annotations and description have changed"), "{reason}");
    chat.send(Command::AcceptTool { call: CallId(1), hash: change.hash }).await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Ok]);
    assert!(chat.quit().await.changed.is_empty());

    let mut next = Chat::start_remembering(session(), steps(), vec![foreign()], Policy::Auto);
    next.ask("?").await;
    next.answered(1).await;
    assert_eq!(next.states(), [CallState::Ok], "what was accepted is remembered");
    next.quit().await;
}

/// A project's file, with what its one server is once the operator has said a word about it.
fn project(after: impl Fn() -> ServerSpec + Send + 'static) -> Projects {
    let (file, servers) = ("/p/.mcp.json".to_owned(), vec!["hostile".into()]);
    let proposed = vec![ProjectProposed { file, changed: false, servers, lines: Vec::new() }];
    Projects {
        proposed,
        trusted: vec!["/p/trusted.json".to_owned()],
        judge: Box::new(move |file, verdict| Judged {
            moved: vec![after()],
            withdrawn: match verdict {
                ProjectVerdict::Approved => Vec::new(),
                ProjectVerdict::Refused => vec![refused(file)],
            },
            secrets: Redactor::default(),
            kept: Ok(()),
        }),
    }
}

fn refused(file: &str) -> ServerSpec {
    let by = Withheld { file: file.to_owned(), why: Unapproved::Refused };
    ServerSpec { reach: Reach::Withheld(by), ..foreign() }
}

fn approve() -> Command {
    Command::JudgeProject { file: "/p/.mcp.json".into(), verdict: ProjectVerdict::Approved }
}

fn nowhere() -> ServerSpec {
    ServerSpec { reach: Reach::Nowhere("nobody has approved it".into()), ..foreign() }
}

#[tokio::test]
async fn a_tool_that_has_changed_is_not_new_because_its_server_was_approved_only_now() {
    let dir = tempfile::tempdir().unwrap();
    keep_pins_of_another_echo(dir.path());
    let kept = Kept::inside(dir.path());
    let steps = vec![Step::calls([("hostile__echo", json!({}))]), Step::text("Echoed.")];
    let mut chat = Chat::start_in(kept, project(foreign), steps, vec![nowhere()], Policy::Auto);
    chat.send(approve()).await;
    chat.until("tools", |session| session.servers.iter().any(|server| !server.tools.is_empty())).await;
    chat.ask("?").await;
    chat.until("held call", call_held).await;
    assert!(chat.session.change(&"hostile".into(), &"echo".into()).is_some());
    assert!(chat.session.calls[0].held_reason.as_ref().unwrap().contains("not what it was"));
    chat.quit().await;
}

/// A chat whose first call hangs, and which makes a second one.
async fn in_the_middle_of_a_call(projects: Projects) -> Chat {
    let steps = vec![
        Step::calls([("hostile__echo", json!({"do": "hang"}))]),
        Step::calls([("hostile__echo", json!({"n": 1}))]),
        Step::text("Done."),
    ];
    let mut chat = Chat::start_in(Kept::default(), projects, steps, vec![foreign()], Policy::Auto);
    chat.ask("?").await;
    let is_running = |session: &Session| session.calls.first().is_some_and(|call| call.state == CallState::Running);
    chat.until("running call", is_running).await;
    chat
}

#[tokio::test]
async fn a_server_moves_only_between_turns() {
    let mut chat = in_the_middle_of_a_call(project(nowhere)).await;
    chat.send(approve()).await;
    chat.until("a word about it", |session| session.projects[0].verdict.is_some()).await;
    chat.send(Command::CancelCall { call: CallId(1) }).await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Cancelled, CallState::Ok]);
    chat.until("move", |session| matches!(session.servers[0].health, Health::Failed { .. })).await;
    chat.quit().await;
}

#[tokio::test]
async fn a_yes_that_is_taken_back_stops_its_server_at_once_and_the_one_it_replaced_comes_back_after_the_turn() {
    let mut chat = in_the_middle_of_a_call(project(foreign)).await;
    assert_eq!(chat.session.trusted, ["/p/trusted.json"]);
    let file = "/p/trusted.json".to_owned();
    chat.send(Command::JudgeProject { file, verdict: ProjectVerdict::Refused }).await;
    chat.until("held call", call_held).await;
    chat.send(Command::Decide { call: CallId(2), decision: Decision::Run }).await;
    chat.answered(1).await;
    let message = |call: usize| chat.session.calls[call].failure.as_ref().unwrap().message.clone();
    assert_eq!(message(0), "The server was stopped: you took back your yes to /p/trusted.json.");
    assert!(message(1).contains("/p/trusted.json, which you have refused"), "{}", message(1));
    assert!(chat.session.trusted.is_empty());
    chat.until("the other one", |session| session.servers[0].health == Health::Ready).await;
    assert_eq!(chat.session.servers[0].starts, 2);
    let last = chat.quit().await;
    assert_eq!(last.oddities, 0);
}

#[tokio::test]
async fn a_yes_that_is_taken_back_before_anything_came_of_it_stops_nothing() {
    let mut chat = in_the_middle_of_a_call(project(foreign)).await;
    chat.send(approve()).await;
    let file = "/p/.mcp.json".to_owned();
    chat.send(Command::JudgeProject { file, verdict: ProjectVerdict::Refused }).await;
    let is_refused = |session: &Session| session.projects[0].verdict == Some(ProjectVerdict::Refused);
    chat.until("both words", is_refused).await;
    assert_eq!(chat.states(), [CallState::Running]);
    chat.send(Command::CancelCall { call: CallId(1) }).await;
    chat.answered(1).await;
    assert_eq!(chat.states(), [CallState::Cancelled, CallState::Ok]);
    chat.quit().await;
}

#[tokio::test]
async fn a_foreign_server_is_not_believed_that_its_tool_only_reads_and_its_words_make_writing_calls_wait() {
    let steps = || {
        vec![
            Step::calls([("hostile__echo", json!({}))]),
            Step::calls([("hostile__write", json!({}))]),
            Step::text("Written."),
        ]
    };
    let mut careful = Chat::start(steps(), vec![foreign()], Policy::AskWrites);
    careful.ask("?").await;
    careful.until("held call", call_held).await;
    assert!(careful.session.calls[0].held_reason.as_ref().unwrap().contains("is not trusted"));
    careful.quit().await;

    let mut chat = Chat::start(steps(), vec![foreign()], Policy::Auto);
    chat.ask("?").await;
    chat.until("held call", call_held).await;
    assert_eq!(chat.states()[0], CallState::Ok);
    let reason = chat.session.calls[1].held_reason.clone().unwrap();
    assert!(reason.contains("the model has read what others wrote: [1], echo on hostile"), "{reason}");
    chat.send(Command::Allow { call: CallId(2) }).await;
    let is_told =
        |session: &Session| session.notes.iter().any(|note| note.told.text.contains("call 2 waits for another"));
    chat.until("word that it still waits", is_told).await;
    assert!(call_held(&chat.session));
    chat.quit().await;
}
