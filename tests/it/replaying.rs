//! Recordings replayed, compared and exported: through the library for what must hold everywhere, and through the program.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::Arc;
use std::time::Duration;

use callboard::clock::Clock;
use callboard::link::{Link, News};
use callboard::orchestrator::Resumed;
use callboard::protocol::{
    CallFinished, CallId, CallProposed, CallStarted, CallStatus, Command, Ending, Json, MarkKind, ModelAnswered,
    ModelRequested, Pace, Place, Playback, Reading, Record, ReplayCommand, Scope, SessionEnded, SessionId,
    SessionStarted, StepId, Stride, TurnEnded, TurnId, TurnStarted, UserAsked, Way,
};
use callboard::recording::Recording;
use callboard::recording::format::{FORMAT, Header, VERSION};
use callboard::recording::reader::{Reader, Row};
use callboard::recording::redact::Redactor;
use callboard::recording::replay;
use callboard::session::Session;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

fn header() -> Header {
    Header {
        fmt: FORMAT.to_owned(),
        v: VERSION,
        need: Vec::new(),
        need_write: Vec::new(),
        id: SessionId::from("01TESTTESTTESTTESTTESTTEST"),
        created: "2026-11-22T10:00:00.000Z".to_owned(),
        app: "callboard test".to_owned(),
        model: "built-in".to_owned(),
        servers: [("billing".to_owned(), "callboard serve billing".to_owned())].into(),
        policy: "ask-writes".to_owned(),
        forked_from: None,
        mock_of: None,
        more: std::collections::BTreeMap::new(),
    }
}

/// A recording of `turns` turns with two calls each, the second of which fails in every third turn.
fn record(dir: &Path, turns: u32) -> PathBuf {
    let mut recording =
        Recording::create(dir, &header(), Clock::start(), Redactor::default()).expect("a folder to write to");
    begin(&mut recording);
    for turn in 1..=turns {
        record_turn(&mut recording, turn);
    }
    recording.append(recording.stamp(), Scope::default(), SessionEnded { reason: "quit".into() }.into());
    recording.path().expect("a file").to_path_buf()
}

fn begin(recording: &mut Recording) {
    let started = SessionStarted {
        id: header().id,
        app: header().app,
        model: header().model,
        servers: vec!["billing".into()],
        trusted_files: Vec::new(),
    };
    recording.append(recording.stamp(), Scope::default(), started.into());
    assert!(recording.flush().is_none());
}

fn record_turn(recording: &mut Recording, number: u32) {
    let turn = Scope { turn: Some(TurnId(number)), ..Scope::default() };
    let question = format!("What about CUST-{number:03}?");
    recording.append(recording.stamp(), Scope::default(), UserAsked { text: question.clone() }.into());
    recording.append(recording.stamp(), turn, TurnStarted { question, attached: Vec::new() }.into());
    let step = Scope { step: Some(StepId(number * 2 - 1)), ..turn };
    let requested = |messages| ModelRequested {
        model: "built-in".into(),
        messages,
        new_messages: Json::parse("[]").expect("JSON"),
        tools: 2,
        reason: None,
    };
    recording.append(recording.stamp(), step, requested(1).into());
    recording.append(recording.stamp(), step, ModelAnswered::default().into());
    for (offset, tool) in [(1, "get_invoice"), (0, "check_payment_status")] {
        let id = CallId(u64::from(number) * 2 - offset);
        let scope = Scope { call: Some(id), ..step };
        let arguments = Json::from(json!({"customer_id": format!("CUST-{number:03}")}));
        let proposed = CallProposed {
            server: "billing".into(),
            tool: tool.into(),
            arguments: arguments.clone(),
            provider_id: format!("call_{id}"),
            read_only: true,
        };
        recording.append(recording.stamp(), scope, proposed.into());
        recording.append(
            recording.stamp(),
            scope,
            CallStarted { attempt: 1, arguments, timeout_ms: 60_000, read_only: true }.into(),
        );
        let fails = offset == 0 && number.is_multiple_of(3);
        let body = json!({"customer_id": format!("CUST-{number:03}"), "amount": "12450.50", "contact": "jane.doe@example.com"});
        let result = json!({"content": [{"type": "text", "text": body.to_string()}], "structuredContent": body, "isError": fails});
        let finished = CallFinished {
            status: if fails { CallStatus::Error } else { CallStatus::Ok },
            duration_us: 1500,
            result: Some(result.into()),
            failure: None,
            mismatch: None,
        };
        recording.append(recording.stamp(), scope, finished.into());
    }
    let step = Scope { step: Some(StepId(number * 2)), ..turn };
    recording.append(recording.stamp(), step, requested(4).into());
    let text = format!("CUST-{number:03} owes $12,450.50.");
    recording.append(recording.stamp(), step, ModelAnswered { text, ..ModelAnswered::default() }.into());
    recording.append(recording.stamp(), turn, TurnEnded { ending: Ending::Answered, reason: None }.into());
    assert!(recording.flush().is_none());
}

fn rows(path: &Path) -> Vec<Row> {
    Reader::open(path).expect("a session").map(|row| row.expect("readable")).collect()
}

fn records(path: &Path) -> Vec<Arc<Record>> {
    let good = |row| match row {
        Row::Record(record) => Some(record),
        Row::Bad { .. } => None,
    };
    rows(path).into_iter().filter_map(good).collect()
}

/// Everything of a session that a screen shows, as text; the evidence has no order.
fn picture(session: &Session) -> String {
    let mut session = session.clone();
    session.evidence = callboard::session::Evidence::default();
    format!("{session:?}")
}

/// A screen without pixels: it does with news what every screen does.
struct Watcher {
    link: Link,
    session: Session,
    playback: Playback,
    jumps: usize,
}

impl Watcher {
    async fn open(path: &Path) -> Self {
        let (link, _thread) = replay::open(path).expect("a readable file");
        let mut watcher = Self { link, session: Session::default(), playback: Playback::default(), jumps: 0 };
        watcher.until(|playback| !matches!(playback.reading, Reading::Indexing { .. })).await;
        watcher
    }

    async fn ask(&mut self, command: ReplayCommand) {
        self.link.commands.send(Command::Replay(command)).await.expect("the replay runs");
        // A note is answered after everything before it: whatever was asked has begun.
        self.link.commands.send(Command::Note { text: String::new() }).await.expect("the replay runs");
        let is_answer = |playback: &Playback| {
            playback.notice.as_deref().is_some_and(|notice| notice.contains("nothing is executed"))
        };
        self.until(is_answer).await;
    }

    /// Takes news in until the picture belongs to the position and `done` holds.
    async fn until(&mut self, done: impl Fn(&Playback) -> bool) {
        loop {
            let news = tokio::time::timeout(Duration::from_secs(20), self.link.news.recv()).await;
            match news.expect("news in time").expect("the replay runs") {
                News::Record(record) => self.session.apply(&record),
                News::Jumped(session) => {
                    self.session = *session;
                    self.jumps += 1;
                }
                News::Playback(playback) => {
                    self.playback = *playback;
                    if !self.playback.is_seeking && done(&self.playback) {
                        return;
                    }
                }
            }
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

#[test]
fn a_recording_opens_at_its_end_and_plays_from_its_start_to_the_same_picture() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 4);
    let whole = Session::fold(&records(&path));
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        assert_eq!(picture(&watcher.session), picture(&whole));
        assert_eq!(watcher.playback.length, watcher.session.records);
        assert_eq!(watcher.playback.marks.len(), 4 + 1, "four turns and one failed call");
        watcher.ask(ReplayCommand::GoTo(Place::Tenths(0))).await;
        assert_eq!(picture(&watcher.session), picture(&Session::default()));
        for _ in 0..6 {
            watcher.ask(ReplayCommand::Faster).await;
        }
        watcher.ask(ReplayCommand::Play).await;
        let end = watcher.playback.length;
        watcher.until(|playback| playback.position == end && playback.pace == Pace::Paused).await;
        assert_eq!(picture(&watcher.session), picture(&whole));
    });
}

#[test]
fn a_step_lands_on_the_call_it_went_to() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 4);
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        watcher.ask(ReplayCommand::GoTo(Place::Turn(TurnId(2)))).await;
        assert_eq!(watcher.session.turns.len(), 2);
        watcher.ask(ReplayCommand::Filter("status:error".into())).await;
        watcher.link.commands.send(Command::Replay(ReplayCommand::Step(Stride::Call, Way::Next))).await.expect("sent");
        watcher.until(|playback| playback.landed.is_some()).await;
        assert_eq!(watcher.playback.landed, Some(CallId(6)));
        assert_eq!(watcher.playback.matching, Some(1));
        let call = watcher.session.call(CallId(6)).expect("the call is on the screen");
        assert!(call.state.is_final());
        watcher.link.commands.send(Command::Replay(ReplayCommand::Filter("status:".into()))).await.expect("sent");
        watcher.until(|playback| playback.notice.as_deref().is_some_and(|notice| notice.contains("column 8"))).await;
    });
}

#[test]
fn nothing_is_executed_and_the_file_stays_as_it_was() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 1);
    let before = std::fs::read(&path).expect("readable");
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        watcher.link.commands.send(Command::Submit("again?".into())).await.expect("sent");
        watcher
            .until(|playback| playback.notice.as_deref().is_some_and(|text| text.contains("nothing is executed")))
            .await;
        assert_eq!(watcher.session.turns.len(), 1);
        watcher.link.commands.send(Command::Quit).await.expect("sent");
        while watcher.link.news.recv().await.is_some() {}
    });
    assert_eq!(std::fs::read(&path).expect("readable"), before);
}

#[test]
fn a_file_that_is_still_being_written_is_followed() {
    let dir = TempDir::new().expect("a folder");
    let mut recording =
        Recording::create(dir.path(), &header(), Clock::start(), Redactor::default()).expect("a folder to write to");
    begin(&mut recording);
    let path = recording.path().expect("a file").to_path_buf();
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        assert_eq!(watcher.playback.reading, Reading::Growing);
        record_turn(&mut recording, 1);
        watcher.until(|playback| playback.position == 14).await;
        assert_eq!(picture(&watcher.session), picture(&Session::fold(&records(&path))));
        drop(recording);
        watcher.until(|playback| playback.reading == Reading::Complete && playback.pace == Pace::Paused).await;
    });
}

#[test]
fn a_recording_cut_at_any_byte_opens_and_says_what_is_missing() {
    let dir = TempDir::new().expect("a folder");
    let whole = std::fs::read(record(dir.path(), 1)).expect("readable");
    let first = whole.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
    let path = dir.path().join("cut.jsonl");
    block_on(async {
        for cut in first..=whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("writable");
            let complete = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64 - 1;
            let watcher = Watcher::open(&path).await;
            assert_eq!(watcher.session.records, complete, "cut at {cut}");
            let is_torn = whole[cut - 1] != b'\n';
            assert_eq!(watcher.playback.problem_count, u64::from(is_torn), "cut at {cut}");
            assert!(watcher.playback.problems.iter().all(|problem| problem.line == complete + 2), "cut at {cut}");
        }
    });
}

/// Numbers the lines that look like records from 0 on.
fn renumber(lines: &mut [Vec<u8>]) {
    let is_record = |line: &&mut Vec<u8>| line.starts_with(b"{\"i\":");
    for (number, line) in lines.iter_mut().filter(is_record).enumerate() {
        let rest = line.iter().position(|byte| *byte == b',').expect("more keys");
        *line = [format!("{{\"i\":{number}").as_bytes(), &line[rest..]].concat();
    }
}

#[test]
fn damage_is_shown_with_its_line_and_everything_else_is_there() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 2);
    let text = std::fs::read_to_string(&path).expect("readable");
    let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    let good = lines.len() as u64 - 1;
    lines.insert(3, b"\0\0\0\0".to_vec());
    lines.insert(5, br#"{"i":3,"t":9,"w":0,"k":"call.proposed","call":"c1","d":{"server":7}}"#.to_vec());
    lines.insert(7, vec![b'"', 0xff, b'"']);
    lines.insert(9, br#"{"i":3,"t":9,"w":0,"k":"from.the.future","d":{"x":[1]}}"#.to_vec());
    renumber(&mut lines);
    std::fs::write(&path, lines.join(&b'\n')).expect("writable");
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        assert_eq!(watcher.playback.foreign, None, "damaged, but a recording");
        let last_line_has_no_end = 1;
        assert_eq!(watcher.session.records, good - last_line_has_no_end + 1);
        assert_eq!(watcher.session.foreign, 1);
        let mut where_: Vec<u64> = watcher.playback.problems.iter().map(|problem| problem.line).collect();
        where_.sort_unstable();
        assert_eq!(where_, [4, 6, 8, lines.len() as u64], "{:?}", watcher.playback.problems);
        // Going there and back again does not find them twice.
        watcher.ask(ReplayCommand::GoTo(Place::Tenths(0))).await;
        watcher.ask(ReplayCommand::GoTo(Place::Tenths(10))).await;
        assert_eq!(watcher.playback.problem_count, 4);
    });
}

#[test]
fn records_that_are_missing_twice_there_or_swapped_are_damage_in_every_reading() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 1);
    let text = std::fs::read_to_string(&path).expect("readable");
    let lines: Vec<&str> = text.lines().collect();
    let without = |gone: &[usize]| {
        let left = lines.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        left.map(|(_, line)| *line).collect::<Vec<_>>()
    };
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    let mut twice = lines.clone();
    twice.insert(4, lines[3]);
    let cases = [
        (without(&[4]), vec![(5, "record #3 is missing before this one, #4")]),
        (without(&[1, 2]), vec![(2, "2 records are missing before this one, #2: #0 to #1")]),
        (swapped, vec![(5, "record #3 is missing before this one, #4"), (6, "record #3 stands behind #4")]),
        (twice, vec![(5, "record #2 stands here a second time")]),
        (without(&[0]), vec![(1, "no header of a session: it has no `fmt`")]),
    ];
    let path = dir.path().join("damaged.jsonl");
    for (lines, expected) in cases {
        std::fs::write(&path, lines.join("\n") + "\n").expect("writable");
        let mut reader = Reader::open(&path).expect("it opens as far as it can");
        let read = (&mut reader).filter(|row| matches!(row, Ok(Row::Record(_)))).count();
        assert_eq!(reader.header.id, header().id);
        let watcher = block_on(Watcher::open(&path));
        assert_eq!(watcher.session.records, read as u64);
        for problems in [&reader.damage.first[..], &watcher.playback.problems] {
            assert_eq!(problems.len(), expected.len(), "{problems:?}");
            for (problem, (line, words)) in problems.iter().zip(&expected) {
                assert!(problem.line == *line && problem.reason.starts_with(words), "{problem}, not {line} {words}");
            }
        }
        let errors = watcher.playback.marks.iter().filter(|mark| mark.kind == MarkKind::Error).count();
        assert_eq!(errors, expected.iter().filter(|(line, _)| *line > 1).count(), "a step to the next error finds it");
    }
}

#[test]
fn a_foreign_file_opens_and_says_that_it_is_one() {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("foreign.jsonl");
    for (content, lines) in [("", 0), ("{\"hello\":1}\n[2]\n", 2), ("\u{0}\u{1}PK\n", 1), ("a,b", 1)] {
        std::fs::write(&path, content).expect("writable");
        let watcher = block_on(Watcher::open(&path));
        assert_eq!(watcher.session.records, 0);
        assert_eq!(watcher.playback.problem_count, lines, "{:?}", watcher.playback.problems);
        let why = watcher.playback.foreign.as_deref().expect("it is no recording");
        assert_eq!(why.contains("empty"), content.is_empty(), "{why}");
    }
    let error = replay::open(&dir.path().join("absent.jsonl")).expect_err("no file").to_string();
    assert!(error.contains("absent.jsonl"), "{error}");
}

#[test]
fn a_long_recording_jumps_by_snapshots_to_the_fold_of_its_prefix() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 800);
    let records = records(&path);
    assert!(records.len() > 9000);
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        for position in [9000, 20, 4096, 4095, 2049, 8000, 0, 9602] {
            watcher.ask(ReplayCommand::GoTo(Place::Position(position))).await;
            let folded = Session::fold(&records[..position as usize]);
            assert_eq!(picture(&watcher.session), picture(&folded), "at {position}");
        }
        assert!(watcher.jumps >= 8);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn after_any_motions_the_screen_shows_the_fold_of_what_is_before_it(
        motions in prop::collection::vec((0_u8..8, 0_u64..110), 1..12)
    ) {
        let dir = TempDir::new().expect("a folder");
        let path = record(dir.path(), 8);
        let records = records(&path);
        block_on(async {
            let mut watcher = Watcher::open(&path).await;
            for (motion, number) in motions {
                let way = if number % 2 == 0 { Way::Next } else { Way::Previous };
                watcher.ask(match motion {
                    0 => ReplayCommand::GoTo(Place::Position(number)),
                    1 => ReplayCommand::GoTo(Place::Record(number)),
                    2 => ReplayCommand::Step(Stride::Record, way),
                    3 => ReplayCommand::Step(Stride::Call, way),
                    4 => ReplayCommand::Step(Stride::Turn, way),
                    5 => ReplayCommand::Step(Stride::Error, way),
                    6 => ReplayCommand::GoTo(Place::Call(CallId(number + 1))),
                    _ => ReplayCommand::GoTo(Place::Time(number * 10)),
                }).await;
                let position = usize::try_from(watcher.playback.position).expect("small");
                assert_eq!(picture(&watcher.session), picture(&Session::fold(&records[..position])));
            }
        });
    }
}

/// The program with a home of its own.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: TempDir::new().expect("a folder") }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Process::new(env!("CARGO_BIN_EXE_callboard"))
            .args(arguments)
            .env("XDG_STATE_HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.dir.path())
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_BASE_URL")
            .env_remove("OPENAI_MODEL")
            .output()
            .expect("the program runs")
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Standard output and error of a command that ends with exit code 1.
    fn fail(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), errors)
    }

    /// A model that asks for the customer's contacts and invoices and then answers.
    fn script(&self, customer: &str, answer: &str) -> String {
        let path = self.dir.path().join(format!("{customer}.json"));
        let script = json!({"steps": [
            {"calls": [
                {"name": "list_customer_contacts", "arguments": {"customer_id": customer}},
                {"name": "get_billing_history", "arguments": {"customer_id": customer}},
            ]},
            {"text": answer},
        ]});
        std::fs::write(&path, script.to_string()).expect("writable");
        format!("scripted:{}", path.display())
    }

    /// Asks and gives back the recording's file.
    fn ask(&self, customer: &str, answer: &str) -> String {
        self.succeed(&["ask", "--model", &self.script(customer, answer), "Who pays?"]);
        self.last()
    }

    fn last(&self) -> String {
        let sessions: Value = serde_json::from_str(&self.succeed(&["sessions", "--json"])).expect("JSON");
        sessions["sessions"][0]["path"].as_str().expect("a path").to_owned()
    }
}

/// The same recording with another text in place of one.
fn altered(path: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(path).expect("readable");
    assert!(text.contains(from), "{from:?} is not in {path}");
    let other = format!("{path}.altered.jsonl");
    std::fs::write(&other, text.replace(from, to)).expect("writable");
    other
}

#[test]
fn diff_tells_equal_sessions_from_others_by_its_exit_code() {
    let home = Home::new();
    let first = home.ask("CUST-001", "They do.");
    let second = home.ask("CUST-001", "They do.");
    home.succeed(&["diff", &first, &second]);
    let third = home.ask("CUST-002", "They do not.");
    let (text, errors) = home.fail(&["diff", &first, &third]);
    assert!(text.contains("removed") && text.contains("added"), "{text}");
    assert!(text.contains("t1    t1    other answer   > Who pays?") && text.contains("- They do."), "{text}");
    assert!(errors.contains("differ: 4 of 4 calls, 1 turn"), "{errors}");
    let (text, _) = home.fail(&["diff", "--json", &first, &third]);
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&whole["same"], whole["calls"].as_array().map(Vec::len)), (&json!(false), Some(4)));
}

#[test]
fn the_same_question_is_compared_with_itself_wherever_it_was_asked() {
    let home = Home::new();
    home.succeed(&["ask", "--model", "built-in", "sla cust-004", "any P1 cases?"]);
    let first = home.last();
    // The first makes a call of the same words for another question.
    home.succeed(&["ask", "--model", "built-in", "critical tickets", "sla cust-004", "any P1 cases?"]);
    let second = home.last();
    let (text, errors) = home.fail(&["diff", &first, &second]);
    let turns: Vec<&str> = text.lines().filter(|line| line.contains(" > ")).collect();
    assert_eq!(turns, ["-     t1    added          > critical tickets"], "{text}");
    assert!(errors.contains("differ: 1 of 3 calls, 1 turn"), "{errors}");
}

#[test]
fn verify_finds_what_comes_out_otherwise() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let text = home.succeed(&["verify", "last"]);
    assert_eq!(text.matches("identical").count(), 2, "{text}");
    let other = altered(&path, r#"\"customer_id\":\"CUST-001\",\""#, r#"\"x\":1,\""#);
    // Only the text beside the structured content was touched, which counts for nothing.
    home.succeed(&["verify", &other]);
    let other = altered(&path, r#""isError":false"#, r#""isError":false,"note":1"#);
    home.succeed(&["verify", &other]);
    let other = altered(&path, r#""structuredContent":{"#, r#""structuredContent":{"old":1,"#);
    let junit = home.dir.path().join("report.xml");
    let (text, errors) = home.fail(&["verify", &other, "--junit", &junit.display().to_string()]);
    assert!(text.contains("schema drift") && text.contains("- old: 1"), "{text}");
    assert!(errors.contains("2 of 2 calls"), "{errors}");
    let report = std::fs::read_to_string(&junit).expect("a report");
    assert!(report.contains("failures=\"2\"") && report.contains("<failure message=\"schema drift\">"), "{report}");
    let (text, _) = home.fail(&["verify", "--json", &other]);
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&whole["ok"], &whole["calls"][0]["finding"]), (&json!(false), &json!("schema drift")));
    let other =
        altered(&path, r#""structuredContent":{"customer_id":"CUST-001""#, r#""structuredContent":{"customer_id":"X""#);
    let (text, _) = home.fail(&["verify", &other]);
    assert!(text.contains("FAILED  c1    values differ"), "a failure reads as one: {text}");
}

#[test]
fn verify_says_once_of_each_server_that_it_is_another_program_and_keeps_its_secrets() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let text = home.succeed(&["verify", "last"]);
    assert!(!text.contains("another"), "nothing is: {text}");
    // The same program, installed elsewhere.
    let elsewhere = altered(&path, env!("CARGO_BIN_EXE_callboard"), "/opt/callboard");
    assert!(!home.succeed(&["verify", &elsewhere]).contains("another"));
    let older =
        altered(&path, r#""name":"callboard-customer","version":""#, r#""name":"callboard-customer","version":"0.0."#);
    let text = home.succeed(&["verify", &older]);
    assert_eq!(text.matches("note    server customer is another version now").count(), 1, "{text}");
    let other =
        altered(&path, env!("CARGO_BIN_EXE_callboard"), "/opt/other --token sk-proj-0123456789abcdefghijklmnop");
    let junit = home.dir.path().join("report.xml");
    let text = home.succeed(&["verify", &other, "--junit", &junit.display().to_string()]);
    for server in ["customer", "billing"] {
        let line = format!("note    server {server} is another program now: then `/opt/other --token ‹secret:");
        assert_eq!(text.matches(&line).count(), 1, "{text}");
    }
    assert!(!text.contains("sk-proj-0123"), "{text}");
    assert!(std::fs::read_to_string(&junit).expect("a report").contains("<system-out>server customer is another"));
    let json: Value = serde_json::from_str(&home.succeed(&["verify", "--json", &other])).expect("JSON");
    assert_eq!(
        (&json["replaced"][0]["server"], &json["replaced"][0]["change"]),
        (&json!("customer"), &json!("program"))
    );
}

#[test]
fn a_mock_answers_the_same_calls_and_stops_at_any_other() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let model = home.script("CUST-001", "They do.");
    let output = home.run(&["replay", "--mock", &path, "--model", &model]);
    let (text, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("They do."), "{text}");
    let mock = home.last();
    assert_ne!(mock, path);
    let id = Path::new(&mock).file_stem().map(|stem| stem.to_string_lossy().into_owned()).expect("an id");
    assert!(told.starts_with("mock run of ") && told.contains("no server is started"), "{told}");
    assert!(told.contains(&format!("recorded as {id}; to compare: callboard diff {path} {id}")), "{told}");
    home.succeed(&["diff", &path, &mock]);
    let kinds = std::fs::read_to_string(&mock).expect("readable");
    assert!(!kinds.contains("server.starting") && !kinds.contains("wire.framed"), "nothing was started");
    let other = home.script("CUST-002", "They do.");
    let (text, errors) = home.fail(&["replay", "--mock", &path, "--model", &other]);
    assert!(!text.contains("They do.") && !errors.contains("operator"), "{text}\n{errors}");
    assert!(
        errors.contains("The nearest is c1") && errors.contains("\n  ~ customer_id: \"CUST-001\" → \"CUST-002\"\n"),
        "{errors}"
    );
}

#[test]
fn a_mock_run_is_marked_and_last_is_the_session_it_was_made_from() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let model = home.script("CUST-001", "They do.");
    home.succeed(&["replay", "--mock", "last", "--model", &model]);
    let mock = home.last();
    assert_ne!(mock, path);
    let listed = home.succeed(&["sessions"]);
    let first = listed.lines().next().expect("a session");
    assert!(first.contains("[mock of …") && first.contains("Who pays?"), "{listed}");
    let exported = home.succeed(&["export", "last", "--format", "json"]);
    let exported: Value = serde_json::from_str(&exported).expect("JSON");
    assert!(path.contains(exported["session"].as_str().expect("an id")), "last is {exported}, not {path}");
    home.succeed(&["replay", "--mock", &mock, "--model", &model]);
}

#[test]
fn a_mock_by_another_model_says_so() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let output = home.run(&["replay", "--mock", &path, "--model", "built-in"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("was answered by scripted, and this mock run by built-in"), "{errors}");
    let model = home.script("CUST-001", "They do.");
    let output = home.run(&["replay", "--mock", &path, "--model", &model]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("mock run by"));
}

#[test]
fn a_mock_of_a_call_that_was_never_answered_says_what_became_of_it() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let model = home.script("CUST-001", "They do.");
    let started = |line: &&str| line.contains("\"call.started\"") && line.contains("\"call\":\"c1\"");
    let text = std::fs::read_to_string(&path).expect("readable");
    let cut: Vec<&str> = text.lines().take_while(|line| !started(line)).collect();
    let held = cut.last().expect("lines").replace("call.proposed", "call.held");
    let held = held.replace("\"call\":\"c2\"", "\"call\":\"c1\"");
    let (head, _) = held.split_once(",\"d\":").expect("a payload");
    let held = format!("{head},\"d\":{{\"site\":\"before_call\",\"reason\":\"stepping\"}}}}");
    let file = home.dir.path().join("held.jsonl").display().to_string();
    std::fs::write(&file, format!("{}\n{held}\n", cut.join("\n"))).expect("writable");
    let (_, errors) = home.fail(&["replay", "--mock", &file, "--model", &model]);
    assert!(errors.contains("it was held at the end, and never sent"), "{errors}");
    assert!(!errors.contains("operator"), "{errors}");
}

#[test]
fn what_cannot_be_read_is_told_in_words_about_reading() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let place = |name: &str| home.dir.path().join(name).display().to_string();
    std::fs::write(place("empty.jsonl"), "").expect("writable");
    std::fs::write(place("foreign.csv"), "a,b\n1,2\n").expect("writable");
    let files = [
        (place("absent.jsonl"), "there is no file"),
        (place("."), "is a folder"),
        (place("empty.jsonl"), "is empty"),
        (place("foreign.csv"), "is not a Callboard recording"),
    ];
    for (file, words) in &files {
        for command in [
            &["diff", file, &path][..],
            &["diff", &path, file],
            &["verify", file],
            &["export", file],
            &["replay", "--mock", file],
        ] {
            let (_, errors) = home.fail(command);
            assert!(errors.contains(words) && errors.contains(file.as_str()), "{command:?}: {errors}");
            assert!(!errors.contains("XDG_STATE_HOME") && !errors.contains("write"), "{command:?}: {errors}");
        }
    }
    for (file, words) in [&files[0], &files[1]] {
        let error = replay::open(Path::new(file)).expect_err("unreadable").to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn verify_fails_where_it_proves_nothing() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let text = std::fs::read_to_string(&path).expect("readable");
    let damaged = home.dir.path().join("damaged.jsonl").display().to_string();
    std::fs::write(&damaged, format!("{text}nonsense\n")).expect("writable");
    let empty = home.dir.path().join("empty.jsonl").display().to_string();
    std::fs::write(&empty, text.lines().next().expect("a header")).expect("writable");
    let unread = altered(&path, "\"read_only\":true", "\"read_only\":false");
    let newer = home.dir.path().join("newer.jsonl").display().to_string();
    std::fs::write(&newer, text.replacen("\"need\":[]", "\"need\":[\"zstd\"]", 1)).expect("writable");
    for (file, why, errors) in [
        (&damaged, "the recording is damaged, line ", 1),
        (&empty, "there is nothing to compare: the recording has no calls", 1),
        (&unread, "there is nothing to compare: 2 calls skipped", 1),
        (&newer, "the recording is damaged, line 1: it needs zstd", 1),
    ] {
        let junit = format!("{file}.xml");
        let (table, told) = home.fail(&["verify", file, "--junit", &junit]);
        assert!(table.contains(&format!("FAILED  {why}")) && told.contains(why), "{table}\n{told}");
        let report = std::fs::read_to_string(&junit).expect("a report");
        assert!(report.contains(&format!("errors=\"{errors}\"")) && report.contains(why), "{report}");
        let (json, _) = home.fail(&["verify", "--json", file]);
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["ok"], false);
        assert!(json["problems"][0].as_str().is_some_and(|problem| problem.contains(why)), "{json}");
    }
}

#[test]
fn every_command_goes_as_far_as_it_can_with_a_damaged_recording_and_then_fails() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let model = home.script("CUST-001", "They do.");
    let text = std::fs::read_to_string(&path).expect("readable");
    let is_note = |line: &&str| line.contains("\"wire.framed\"");
    let gone = text.lines().filter(is_note).nth(2).expect("frames").to_owned() + "\n";
    let place = |name: &str| home.dir.path().join(name).display().to_string();
    let (gap, headless) = (place("gap.jsonl"), place("headless.jsonl"));
    std::fs::write(&gap, text.replacen(&gone, "", 1)).expect("writable");
    std::fs::write(&headless, text.split_once('\n').expect("lines").1).expect("writable");
    for (file, words) in [(&gap, "is missing before this one"), (&headless, "line 1: no header of a session")] {
        for (command, done) in [
            (&["diff", &path, file][..], "compared is what could be read"),
            (&["diff", file, &path], "compared is what could be read"),
            (&["verify", file], "identical"),
            (&["export", file], "[1] customer list_customer_contacts"),
            (&["replay", "--mock", file, "--model", &model], "They do."),
        ] {
            let (text, errors) = home.fail(command);
            assert!(errors.contains(words) && errors.contains("damaged"), "{command:?}: {errors}");
            assert!(text.contains(done) || errors.contains(done), "{command:?}: {text}\n{errors}");
            assert!(!errors.contains("expected value at"), "{command:?}: {errors}");
        }
    }
    let (report, _) = home.fail(&["export", &gap]);
    assert!(report.contains("| damaged | line "), "{report}");
}

#[test]
fn a_skipped_call_is_neither_ok_nor_failed() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let text = std::fs::read_to_string(&path).expect("readable");
    let of_second = |line: &str| line.contains("\"call\":\"c2\"");
    let changed = text.lines().map(|line| {
        let line =
            if of_second(line) { line.replace("\"read_only\":true", "\"read_only\":false") } else { line.to_owned() };
        line + "\n"
    });
    let file = home.dir.path().join("half.jsonl").display().to_string();
    std::fs::write(&file, changed.collect::<String>()).expect("writable");
    let table = home.succeed(&["verify", &file]);
    let skipped = table.lines().find(|line| line.contains("skipped")).expect("a row");
    assert!(skipped.starts_with("- ") && !skipped.contains("ok") && !skipped.contains("ms"), "{table}");
    assert!(table.ends_with("2 calls: 1 ok, 0 failed, 1 skipped\n"), "{table}");
    let json: Value = serde_json::from_str(&home.succeed(&["verify", "--json", &file])).expect("JSON");
    assert_eq!((&json["calls"][0]["ok"], &json["calls"][1]["ok"]), (&json!(true), &Value::Null));
}

#[test]
fn every_export_is_readable_and_without_personal_data() {
    let home = Home::new();
    let path = home.ask("CUST-001", "Write to someone@example.org.");
    assert!(std::fs::read_to_string(&path).expect("readable").contains(".example"), "the contacts have addresses");
    for format in ["md", "json", "otlp", "asciicast"] {
        let text = home.succeed(&["export", "last", "--format", format]);
        assert!(!text.contains(".example") && !text.contains("555-01"), "{format}: {text}");
        assert!(text.contains("‹email:"), "{format}: {text}");
        if format != "md" {
            for line in text.lines() {
                serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{format}: {error}: {line}"));
            }
        }
    }
    let open = home.succeed(&["export", "--no-redact", "--select", "tool:*contacts"]);
    assert!(open.contains(".example") && !open.contains("get_billing_history"), "{open}");
    let file = home.dir.path().join("report.md").display().to_string();
    let (text, told) = home.fail(&["export", "--select", "status:held", "-o", &file]);
    assert!(told.contains("has status:held, so nothing is written") && !told.contains("removed"), "{told}");
    assert!(text.is_empty() && !Path::new(&file).exists(), "{text}");
    let told = String::from_utf8(home.run(&["export", &path, "-o", &file]).stderr).expect("UTF-8");
    assert_eq!(told.matches("removed e-mail addresses: ").count(), 1, "{told}");
    let before = std::fs::read(&file).expect("a report");
    let (_, errors) = home.fail(&["export", &path, "--format", "json", "-o", &file]);
    assert!(errors.contains("report.md exists already; --force writes over it"), "{errors}");
    assert_eq!(std::fs::read(&file).expect("a report"), before);
    home.succeed(&["export", &path, "--format", "json", "-o", &file, "--force"]);
    assert!(std::fs::read(&file).expect("a report").starts_with(b"{"));
    let output = home.run(&["export", "--select", "tool:x (status:eror"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors.contains("column 16") && errors.contains("\n  tool:x (status:eror\n                 ^"), "{errors}");
}

#[test]
fn an_export_says_what_it_cannot_do_with_its_options() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    let exported = home.succeed(&["export", &path, "--json"]);
    assert!(serde_json::from_str::<Value>(&exported).is_ok_and(|json| json["turns"].is_array()), "{exported}");
    let folder = home.dir.path().display().to_string();
    for (arguments, words) in [
        (&["--format", "md", "--json"][..], "--format md asks for something else"),
        (&["-o", &folder], "is a folder; name a file in it"),
        (&["-o", &folder, "--force"], "is a folder; name a file in it"),
    ] {
        let output = home.run(&[&["export", &path][..], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(words), "{errors}");
    }
}

#[test]
fn without_a_terminal_a_replay_and_a_fork_say_what_can_be_done_instead() {
    let home = Home::new();
    let path = home.ask("CUST-001", "They do.");
    for command in ["replay", "fork"] {
        let output = home.run(&[command, &path]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("replay --mock") && errors.contains("callboard export"), "{command}: {errors}");
    }
}

#[test]
fn a_session_that_is_not_there_is_told_with_what_to_do() {
    let home = Home::new();
    for command in [&["export", "last"][..], &["verify"], &["diff", "last", "last"], &["replay", "--mock"], &["replay"]]
    {
        let (_, errors) = home.fail(command);
        assert!(errors.contains("no sessions in"), "{command:?}: {errors}");
    }
}

#[test]
fn a_fork_at_any_record_closes_what_was_open_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = record(dir.path(), 3);
    let rows = Reader::open(&path).expect("a recording").map(|row| row.expect("readable"));
    let records: Vec<_> = rows
        .filter_map(|row| match row {
            Row::Record(record) => Some(record),
            Row::Bad { .. } => None,
        })
        .collect();
    for length in 0..=records.len() {
        let resumed = Resumed { records: records[..length].to_vec() };
        let mut session = Session::fold(&resumed.records);
        let oddities = session.oddities;
        for (scope, event) in resumed.closing() {
            let index = session.last_index.unwrap_or_default();
            session.apply(&Record { index, at_us: session.last_us, unix_ms: 0, scope, event });
        }
        assert_eq!(session.oddities, oddities, "at {length}");
        assert!(session.calls.iter().all(|call| call.state.is_final() && call.delivered.is_some()), "at {length}");
        assert!(session.running_turn().is_none(), "at {length}");
    }
}
