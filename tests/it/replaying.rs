//! Recordings replayed, compared and exported: through the library for what must hold everywhere, and through the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use callboard::clock::Clock;
use callboard::link::{Link, News};
use callboard::protocol::{
    CallFinished, CallId, CallProposed, CallStarted, CallStatus, Command, Ending, Json, ModelAnswered, ModelRequested,
    Pace, Place, Playback, Reading, Record, ReplayCommand, Scope, SessionEnded, SessionId, SessionStarted, StepId,
    Stride, TurnEnded, TurnId, TurnStarted, UserAsked, Way,
};
use callboard::recording::Recording;
use callboard::recording::format::{FORMAT, Header, VERSION};
use callboard::recording::reader::{Reader, Row};
use callboard::recording::redact::Redactor;
use callboard::recording::replay;
use callboard::session::Session;
use proptest::prelude::*;
use serde_json::json;
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
    recording.append(Scope::default(), SessionEnded { reason: "quit".into() }.into());
    recording.path().expect("a file").to_path_buf()
}

fn begin(recording: &mut Recording) {
    let started =
        SessionStarted { id: header().id, app: header().app, model: header().model, servers: vec!["billing".into()] };
    recording.append(Scope::default(), started.into());
}

fn record_turn(recording: &mut Recording, number: u32) {
    let turn = Scope { turn: Some(TurnId(number)), ..Scope::default() };
    let question = format!("What about CUST-{number:03}?");
    recording.append(Scope::default(), UserAsked { text: question.clone() }.into());
    recording.append(turn, TurnStarted { question }.into());
    let step = Scope { step: Some(StepId(number * 2 - 1)), ..turn };
    let requested = |messages| ModelRequested {
        model: "built-in".into(),
        messages,
        new_messages: Json::parse("[]").expect("JSON"),
        tools: 2,
        reason: None,
    };
    recording.append(step, requested(1).into());
    recording.append(step, ModelAnswered::default().into());
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
        recording.append(scope, proposed.into());
        recording.append(scope, CallStarted { attempt: 1, arguments, timeout_ms: 60_000, read_only: true }.into());
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
        recording.append(scope, finished.into());
    }
    let step = Scope { step: Some(StepId(number * 2)), ..turn };
    recording.append(step, requested(4).into());
    let text = format!("CUST-{number:03} owes $12,450.50.");
    recording.append(step, ModelAnswered { text, ..ModelAnswered::default() }.into());
    recording.append(turn, TurnEnded { ending: Ending::Answered, reason: None }.into());
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
        watcher.until(|playback| playback.notice.as_deref().is_some_and(|notice| notice.contains("column 7"))).await;
    });
}

#[test]
fn nothing_is_executed_and_the_file_stays_as_it_was() {
    let dir = TempDir::new().expect("a folder");
    let path = record(dir.path(), 1);
    let before = std::fs::read(&path).expect("readable");
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
        watcher.link.commands.send(Command::Submit { text: "again?".into() }).await.expect("sent");
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
    std::fs::write(&path, lines.join(&b'\n')).expect("writable");
    block_on(async {
        let mut watcher = Watcher::open(&path).await;
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
fn a_foreign_file_opens_and_says_that_it_is_one() {
    let dir = TempDir::new().expect("a folder");
    let path = dir.path().join("foreign.jsonl");
    for (content, lines) in [("", 0), ("{\"hello\":1}\n[2]\n", 2), ("\u{0}\u{1}PK\n", 1)] {
        std::fs::write(&path, content).expect("writable");
        let watcher = block_on(Watcher::open(&path));
        assert_eq!(watcher.session.records, 0);
        assert_eq!(watcher.playback.problem_count, lines, "{:?}", watcher.playback.problems);
        assert!(watcher.playback.problems.first().is_none_or(|problem| problem.reason.contains("no header")));
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
