//! A frame of 200×60 with 100,000 calls in the session, and what a key press costs there.
//!
//! `cargo bench --bench frame` prints divan's table and, before it, p50 and p99 of a loop that scrolls and draws.

use std::sync::Arc;
use std::time::{Duration, Instant};

use callboard::protocol::*;
use callboard::ui::{Msg, Options, State, update, view};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const TURNS: u32 = 5_000;
const CALLS_A_TURN: u64 = 20;
const SERVERS: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];
const SIZE: (u16, u16) = (200, 60);

fn main() {
    for form in [Form::List, Form::Timeline] {
        let mut state = session();
        let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test backend");
        prepare(&mut state, form);
        let mut times: Vec<Duration> = (0..2_000).map(|step| frame(&mut state, &mut terminal, step)).collect();
        times.sort_unstable();
        println!(
            "{form:?}: key, tick and frame with {} calls: p50 {:?}, p99 {:?}, max {:?}",
            u64::from(TURNS) * CALLS_A_TURN,
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[times.len() - 1]
        );
    }
    divan::main();
}

#[derive(Clone, Copy, Debug)]
enum Form {
    List,
    Timeline,
}

/// A running turn at the end, so that timers run too.
fn session() -> State {
    let mut records = Vec::new();
    let mut at_us = 0;
    let mut put = |scope: Scope, event: Event| {
        at_us += 50;
        let index = RecordIndex(records.len() as u64);
        records.push(Arc::new(Record { index, at_us, unix_ms: 0, scope, event }));
    };
    let servers = SERVERS.map(ServerName::from).to_vec();
    let started = SessionStarted {
        id: "01KAGF2Y7Q8M4N5P6R7S8T9V0W".to_owned().into(),
        app: "bench".into(),
        model: "built-in".into(),
        servers,
        trusted_files: Vec::new(),
    };
    put(Scope::default(), started.into());
    let json = |text: &str| Json::parse(text).expect("bench JSON");
    let arguments = json(r#"{"customer_id":"CUST-001","priority":"critical"}"#);
    let rows = vec![r#"{"ticket_id":"TKT-1001","subject":"Server down","priority":"critical","age_days":5}"#; 40];
    let result = json(&format!(r#"{{"content":[],"structuredContent":{{"tickets":[{}]}}}}"#, rows.join(",")));
    for turn in 1..=TURNS {
        let of_turn = Scope { turn: Some(TurnId(turn)), ..Scope::default() };
        let of_step = Scope { step: Some(StepId(turn)), ..of_turn };
        let question = format!("Question {turn} about critical tickets and their customers");
        put(of_turn, TurnStarted { question, attached: Vec::new() }.into());
        let request =
            ModelRequested { model: "built-in".into(), messages: 2, new_messages: json("[]"), tools: 20, reason: None };
        put(of_step, request.into());
        for number in 0..CALLS_A_TURN {
            let call = u64::from(turn - 1) * CALLS_A_TURN + number + 1;
            let scope = Scope { call: Some(CallId(call)), ..of_step };
            let server = ServerName::from(SERVERS[(call % 5) as usize]);
            let proposed = CallProposed {
                server,
                tool: "search_tickets".into(),
                arguments: arguments.clone(),
                provider_id: String::new(),
                read_only: true,
            };
            put(scope, proposed.into());
            put(
                scope,
                CallStarted { attempt: 1, arguments: arguments.clone(), timeout_ms: 60_000, read_only: true }.into(),
            );
            if turn < TURNS {
                let finished = CallFinished {
                    status: CallStatus::Ok,
                    duration_us: 120,
                    result: Some(result.clone()),
                    failure: None,
                    mismatch: None,
                };
                put(scope, finished.into());
            }
        }
        if turn < TURNS {
            let text = "There are **3** tickets [1]:\n\n- TKT-1001 is open [1]\n- TKT-1005 too".to_owned();
            put(of_step, ModelAnswered { text, ..ModelAnswered::default() }.into());
            put(of_turn, TurnEnded { ending: Ending::Answered, reason: None }.into());
        }
    }
    let mut state = State::new(Options { version: "bench".into(), mode: "LIVE".into(), ..Options::default() });
    update(&mut state, Msg::Resize(SIZE.0, SIZE.1));
    update(&mut state, Msg::Records(records));
    update(&mut state, Msg::Tick(at_us + 5_000_000));
    state
}

fn press(state: &mut State, code: KeyCode) {
    update(state, Msg::Key(KeyEvent::from(code)));
}

/// Focus on the calls; the timeline over the whole session.
fn prepare(state: &mut State, form: Form) {
    press(state, KeyCode::Tab);
    press(state, KeyCode::Tab);
    match form {
        Form::List => {}
        Form::Timeline => {
            press(state, KeyCode::Char('v'));
            press(state, KeyCode::Char('w'));
        }
    }
}

/// One key, one tick, one frame. The keys go up and down through calls, turns and screens.
fn frame(state: &mut State, terminal: &mut Terminal<TestBackend>, step: u64) -> Duration {
    let key = match step % 10 {
        0 => KeyCode::PageUp,
        1 => KeyCode::Char('{'),
        2..5 => KeyCode::Char('['),
        5 => KeyCode::Char('v'),
        6 => KeyCode::Char('v'),
        _ => KeyCode::Char(']'),
    };
    let start = Instant::now();
    press(state, key);
    let now_us = state.now_us + 100_000;
    update(state, Msg::Tick(now_us));
    terminal.draw(|frame| view(state, frame)).expect("a test backend");
    start.elapsed()
}

#[divan::bench]
fn draw_only(bencher: divan::Bencher<'_, '_>) {
    let mut state = session();
    prepare(&mut state, Form::List);
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test backend");
    bencher.bench_local(|| {
        terminal.draw(|frame| view(&state, frame)).expect("a test backend");
    });
}

#[divan::bench]
fn tick_and_draw(bencher: divan::Bencher<'_, '_>) {
    let mut state = session();
    prepare(&mut state, Form::List);
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test backend");
    bencher.bench_local(|| {
        let now_us = state.now_us + 100_000;
        update(&mut state, Msg::Tick(now_us));
        terminal.draw(|frame| view(&state, frame)).expect("a test backend");
    });
}
