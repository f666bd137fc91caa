//! Sessions for tests, written as the records of a little story, and a console to look at them with.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::state::{Focus, Options, State};
use super::update::{Effect, Msg, update};
use super::view::view;
use crate::protocol::*;

/// The five bundled servers.
pub(super) const SERVERS: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];

/// A session in the making.
pub(super) struct Story {
    records: Vec<Arc<Record>>,
    at_us: u64,
    turn: u32,
    step: u32,
    call: u64,
}

pub(super) fn json(text: &str) -> Json {
    Json::parse(text).expect("test JSON")
}

impl Story {
    /// A session with the built-in assistant and the five servers, none of which has started.
    pub(super) fn begun() -> Self {
        Self::with("built-in", &SERVERS)
    }

    pub(super) fn with(model: &str, servers: &[&str]) -> Self {
        let mut story = Self { records: Vec::new(), at_us: 0, turn: 0, step: 0, call: 0 };
        story.say(SessionStarted {
            id: "01KAGF2Y7Q8M4N5P6R7S8T9V0W".to_owned().into(),
            app: "callboard 0.1.0".into(),
            model: model.into(),
            servers: servers.iter().map(|name| ServerName::from(*name)).collect(),
            trusted_files: Vec::new(),
        });
        story
    }

    /// The same, with all servers up.
    pub(super) fn ready() -> Self {
        let mut story = Self::begun();
        for (number, name) in SERVERS.iter().enumerate() {
            story.start(name);
            story.up(name, 4 - number % 2, 9 + number as u64);
        }
        story
    }

    pub(super) fn say(&mut self, event: impl Into<Event>) -> &mut Self {
        self.put(Scope::default(), event)
    }

    pub(super) fn put(&mut self, scope: Scope, event: impl Into<Event>) -> &mut Self {
        let index = RecordIndex(self.records.len() as u64);
        let record = Record { index, at_us: self.at_us, unix_ms: 0, scope, event: event.into() };
        self.records.push(Arc::new(record));
        self
    }

    fn here(&self) -> Scope {
        let id = |number: u32| (number > 0).then_some(number);
        Scope { turn: id(self.turn).map(TurnId), step: id(self.step).map(StepId), call: None }
    }

    pub(super) fn of(&self, call: u64) -> Scope {
        Scope { call: Some(CallId(call)), ..self.here() }
    }

    pub(super) fn wait_ms(&mut self, ms: u64) -> &mut Self {
        self.at_us += ms * 1000;
        self
    }

    pub(super) fn start(&mut self, server: &str) -> &mut Self {
        let command = format!("callboard serve {server}");
        self.say(ServerStarting { server: server.into(), attempt: 1, command })
    }

    pub(super) fn up(&mut self, server: &str, tools: usize, startup_ms: u64) -> &mut Self {
        self.say(ServerReady {
            server: server.into(),
            protocol: "2026-07-28".into(),
            name: format!("callboard-{server}"),
            version: "0.1.0".into(),
            instructions: "Data as of 2025-10-06.".into(),
            pid: Some(4242),
            startup_ms,
        });
        let names = ["search_tickets", "get_ticket_details", "get_ticket_metrics", "find_similar_tickets"];
        let tools = names[..tools].iter().map(|name| ToolDefinition {
            model_name: (*name).into(),
            server: server.into(),
            tool: (*name).into(),
            title: None,
            description: format!("Does what {name} says.\nAnd more."),
            input_schema: json(r#"{"type":"object","properties":{"query":{"type":"string"}}}"#),
            output_schema: None,
            annotations: Annotations { read_only: true, ..Annotations::default() },
            believed: true,
            hash: String::new(),
        });
        self.say(ServerListed { server: server.into(), tools: tools.collect(), rejected: Vec::new() })
    }

    pub(super) fn lose(&mut self, server: &str, reason: &str, next: AfterLoss) -> &mut Self {
        self.say(ServerLost { server: server.into(), reason: reason.into(), cause: LossCause::Other, next })
    }

    pub(super) fn log(&mut self, server: &str, line: &str) -> &mut Self {
        self.say(ServerLogged { server: server.into(), stream: LogStream::Stderr, line: line.into() })
    }

    pub(super) fn asked(&mut self, question: &str) -> &mut Self {
        self.say(UserAsked { text: question.into() })
    }

    pub(super) fn turn(&mut self, question: &str) -> &mut Self {
        self.asked(question);
        self.turn += 1;
        let scope = Scope { step: None, ..self.here() };
        self.put(scope, TurnStarted { question: question.into(), attached: Vec::new() })
    }

    pub(super) fn request(&mut self, model: &str) -> &mut Self {
        self.step += 1;
        let scope = self.here();
        let messages = json(r#"[{"role":"user","content":"What are all the critical priority tickets?"}]"#);
        self.put(
            scope,
            ModelRequested { model: model.into(), messages: 2, new_messages: messages, tools: 20, reason: None },
        )
    }

    pub(super) fn stream(&mut self, text: &str) -> &mut Self {
        let scope = self.here();
        self.put(scope, ModelStreamed { part: StreamPart::Text, text: text.into() })
    }

    pub(super) fn answer(&mut self, text: &str) -> &mut Self {
        let scope = self.here();
        let usage = Some(Usage { input_tokens: 812, output_tokens: 96 });
        self.put(scope, ModelAnswered { text: text.into(), usage, ..ModelAnswered::default() })
    }

    pub(super) fn fail(&mut self, code: ModelFailureCode, message: &str, http_status: Option<u16>) -> &mut Self {
        let scope = self.here();
        self.put(scope, ModelFailed { code, message: message.into(), http_status })
    }

    pub(super) fn retry(&mut self, reason: &str) -> &mut Self {
        let scope = self.here();
        self.put(scope, ModelRetried { attempt: 2, of: 4, delay_ms: 5_000, reason: reason.into() })
    }

    pub(super) fn end(&mut self, ending: Ending, reason: Option<&str>) -> &mut Self {
        let scope = Scope { step: None, ..self.here() };
        self.put(scope, TurnEnded { ending, reason: reason.map(Into::into) })
    }

    pub(super) fn propose(&mut self, server: &str, tool: &str, arguments: &str) -> u64 {
        self.call += 1;
        let scope = self.of(self.call);
        self.put(
            scope,
            CallProposed {
                server: server.into(),
                tool: tool.into(),
                arguments: json(arguments),
                provider_id: format!("p{}", self.call),
                read_only: !tool.starts_with("update"),
            },
        );
        self.call
    }

    /// The mode holds a call.
    pub(super) fn hold(&mut self, call: u64, reason: &str) -> &mut Self {
        self.hold_until(call, reason, CallHeld::BY_MODE)
    }

    /// Something holds a call that only `remedy` would have let pass; nothing if the operator holds it.
    pub(super) fn hold_until(&mut self, call: u64, reason: &str, remedy: &str) -> &mut Self {
        let scope = self.of(call);
        self.put(scope, CallHeld { site: StopSite::BeforeCall, reason: reason.into(), remedy: remedy.into() })
    }

    /// The operator changes the arguments of a held call.
    pub(super) fn edit(&mut self, call: u64, arguments: &str) -> &mut Self {
        let scope = self.of(call);
        let after = Some(json(arguments));
        self.put(
            scope,
            CallDecided { verdict: Verdict::Edit, by: "operator".into(), reason: None, before: None, after },
        );
        self.hold_until(call, "changed by the operator", "")
    }

    /// The operator refuses a held call.
    pub(super) fn deny(&mut self, call: u64, reason: &str) -> &mut Self {
        let scope = self.of(call);
        let (verdict, by, reason) = (Verdict::Deny, "operator".to_owned(), Some(reason.to_owned()));
        self.put(scope, CallDecided { verdict, by, reason: reason.clone(), before: None, after: None });
        let failure = Some(CallFailure { code: CallFailureCode::Denied, message: reason.unwrap_or_default() });
        let (status, duration_us, result, mismatch) = (CallStatus::Denied, 0, None, None);
        self.put(scope, CallFinished { status, duration_us, result, failure, mismatch })
    }

    pub(super) fn run(&mut self, server: &str, call: u64, arguments: &str) -> &mut Self {
        let scope = self.of(call);
        self.put(scope, CallStarted { attempt: 1, arguments: json(arguments), timeout_ms: 60_000, read_only: true });
        let sent =
            format!(r#"{{"jsonrpc":"2.0","id":{call},"method":"tools/call","params":{{"arguments":{arguments}}}}}"#);
        self.put(scope, WireFramed { server: server.into(), direction: Direction::Sent, text: sent })
    }

    pub(super) fn finish(&mut self, server: &str, call: u64, status: CallStatus, ms: u64, body: &str) -> &mut Self {
        let scope = self.of(call);
        let error = status == CallStatus::Error;
        let result =
            format!(r#"{{"content":[{{"type":"text","text":"…"}}],"structuredContent":{body},"isError":{error}}}"#);
        let received = format!(r#"{{"jsonrpc":"2.0","id":{call},"result":{result}}}"#);
        self.put(scope, WireFramed { server: server.into(), direction: Direction::Received, text: received });
        self.put(
            scope,
            CallFinished { status, duration_us: ms * 1000, result: Some(json(&result)), failure: None, mismatch: None },
        );
        let bytes = result.len() as u64;
        self.put(scope, CallDelivered { form: DeliveredForm::Original, bytes, full_bytes: bytes })
    }

    /// One whole call.
    pub(super) fn call(&mut self, server: &str, tool: &str, arguments: &str, ms: u64, body: &str) -> &mut Self {
        let call = self.propose(server, tool, arguments);
        self.run(server, call, arguments);
        self.wait_ms(ms);
        self.finish(server, call, CallStatus::Ok, ms, body)
    }

    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.records.clone()
    }

    /// The console that shows it, at the time of the last record.
    pub(super) fn console(&self, columns: u16, rows: u16) -> Console {
        let mut console = Console::new(columns, rows);
        console.tell(self.records(), self.at_us);
        console
    }
}

/// Five tickets as the ticket server gives them.
pub(super) const TICKETS: &str = r#"{"tickets":[
{"ticket_id":"TKT-1001","customer_id":"CUST-001","subject":"Windows server crashes with a blue screen every night","priority":"critical","status":"open","created_date":"2025-10-01T08:15:00Z","tags":["bsod","server"],"age_days":5},
{"ticket_id":"TKT-1005","customer_id":"CUST-004","subject":"Database replication is 40 minutes behind","priority":"critical","status":"in_progress","created_date":"2025-10-03T11:02:00Z","tags":["database"],"age_days":3},
{"ticket_id":"TKT-1009","customer_id":"CUST-002","subject":"VPN down for the whole Zürich office — 日本語 too","priority":"critical","status":"open","created_date":"2025-10-05T06:40:00Z","tags":["vpn","network"],"age_days":1}
],"total_count":3,"filters_applied":{"priority":"critical"}}"#;

/// A finished turn with calls to two servers.
pub(super) fn finished() -> Story {
    let mut story = Story::ready();
    story.wait_ms(2_000);
    story.turn("What are the critical tickets and who are the customers?");
    story.request("built-in").wait_ms(2);
    story.answer("I look up the critical tickets, then the customer of each.");
    story.call("ticket", "search_tickets", r#"{"priority":"critical"}"#, 12, TICKETS);
    for (id, name) in
        [("CUST-001", "TechCorp Industries"), ("CUST-004", "DataFlow Solutions"), ("CUST-002", "Alpine Retail")]
    {
        let body = format!(r#"{{"customer_id":"{id}","company_name":"{name}","tier":"premium","balance":12450.50}}"#);
        story.call("customer", "check_customer_status", &format!(r#"{{"customer_id":"{id}"}}"#), 4, &body);
    }
    story.request("built-in").wait_ms(3);
    story.answer(
        "There are **3 critical tickets** [1], of three customers:\n\n\
         | ticket | customer | subject |\n| --- | --- | --- |\n\
         | TKT-1001 | TechCorp Industries | Windows server crashes with a blue screen every night |\n\
         | TKT-1005 | DataFlow Solutions | Database replication is 40 minutes behind |\n\
         | TKT-1009 | Alpine Retail | VPN down for the whole Zürich office |\n\n\
         - TKT-1001 is open since 2025-10-01 [1]; TechCorp Industries is a premium customer [2] with $12,450.50 outstanding.\n\
         - TKT-1005 belongs to CUST-004 [3].\n\
         - TKT-2222 may be related, at $99.00 a month.",
    );
    story.end(Ending::Answered, None);
    story
}

/// A call whose result waits before the model sees it.
pub(super) fn result_held() -> Story {
    let mut story = Story::ready();
    story.turn("How many critical tickets are there?").request("gpt-4o").answer("");
    story.say(SteppingChanged { stepping: Stepping::On });
    let call = story.propose("ticket", "get_ticket_metrics", r#"{"priority":"critical"}"#);
    story.run("ticket", call, r#"{"priority":"critical"}"#).wait_ms(12);
    let result = json(r#"{"content":[],"structuredContent":{"total_count":3},"isError":false}"#);
    let scope = story.of(call);
    let (status, duration_us) = (CallStatus::Ok, 12_000);
    story.put(scope, CallReceived { status, duration_us, result: Some(result), failure: None, mismatch: None });
    story.put(scope, CallHeld { site: StopSite::AfterResult, reason: "stepping".into(), remedy: String::new() });
    story
}

/// A console in a test.
pub(super) struct Console {
    pub(super) state: State,
    now_us: u64,
}

/// The options the tests use.
pub(super) fn options() -> Options {
    Options {
        version: "0.1.0".into(),
        mode: "LIVE".into(),
        examples: vec![
            "What are all the critical priority tickets?".into(),
            "Show me customer CUST-001's information and SLA terms".into(),
            "Check warranty status for asset AST-SRV-001".into(),
        ],
        ..Options::default()
    }
}

impl Console {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let mut state = State::new(options());
        update(&mut state, Msg::Resize(columns, rows));
        Self { state, now_us: 0 }
    }

    pub(super) fn tell(&mut self, records: Vec<Arc<Record>>, now_us: u64) -> &mut Self {
        update(&mut self.state, Msg::Records(records));
        self.now_us = now_us;
        update(&mut self.state, Msg::Tick(now_us));
        self
    }

    /// Makes it a replay that stands at `position` of `length`, with a turn, an error and a bookmark on its bar.
    pub(super) fn view(&mut self, position: u64, length: u64) -> &mut Self {
        self.state.options.mode = "VIEW".into();
        self.state.options.examples.clear();
        self.state.focus = Focus::Calls;
        let mark = |position, kind| Mark { position, kind };
        self.play(Playback {
            file: "/sessions/one.jsonl".into(),
            position,
            length,
            here: position.checked_sub(1).map(RecordIndex),
            last: length.checked_sub(1).map(RecordIndex),
            end_us: 63_700_000,
            moment: Moment { at_us: self.now_us, ..Moment::default() },
            marks: [mark(12, MarkKind::Turn), mark(33, MarkKind::Error), mark(52, MarkKind::Turn)].into(),
            bookmarks: vec![25],
            ..Playback::default()
        })
    }

    /// Tells it where the replay stands.
    pub(super) fn play(&mut self, playback: Playback) -> &mut Self {
        update(&mut self.state, Msg::Playback(Box::new(playback)));
        update(&mut self.state, Msg::Tick(self.now_us));
        self
    }

    pub(super) fn later_ms(&mut self, ms: u64) -> &mut Self {
        self.now_us += ms * 1000;
        update(&mut self.state, Msg::Tick(self.now_us));
        self
    }

    /// Something more happens to a call.
    pub(super) fn happens(&mut self, call: u64, event: impl Into<Event>) -> &mut Self {
        self.hears(Scope { turn: Some(TurnId(1)), step: Some(StepId(1)), call: Some(CallId(call)) }, event)
    }

    /// Something more happens.
    pub(super) fn hears(&mut self, scope: Scope, event: impl Into<Event>) -> &mut Self {
        let index = RecordIndex(self.state.session.records);
        let record = Record { index, at_us: self.now_us, unix_ms: 0, scope, event: event.into() };
        self.tell(vec![Arc::new(record)], self.now_us);
        self
    }

    /// Presses keys by name, separated by blanks: `Tab Ctrl+P j Enter`.
    pub(super) fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split_whitespace().flat_map(|name| update(&mut self.state, Msg::Key(key(name)))).collect()
    }

    /// Presses the mouse's left button at a column and a row of the screen.
    pub(super) fn click(&mut self, column: usize, row: usize) -> Vec<Effect> {
        let cell = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let kind = MouseEventKind::Down(MouseButton::Left);
        let modifiers = KeyModifiers::NONE;
        let event = MouseEvent { kind, column: cell(column), row: cell(row), modifiers };
        update(&mut self.state, Msg::Mouse(event))
    }

    /// Types text, as keys.
    pub(super) fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            update(&mut self.state, Msg::Key(KeyEvent::from(KeyCode::Char(c))));
        }
        self
    }

    /// What is on the screen.
    pub(super) fn screen(&self) -> String {
        let (columns, rows) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test backend");
        terminal.draw(|frame| view(&self.state, frame)).expect("a test backend");
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..rows {
            let mut line = String::new();
            let mut x = 0;
            while x < columns {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += u16::try_from(super::text::width(symbol).max(1)).unwrap_or(1);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('+') {
        Some(("Ctrl", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("Alt", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Space" => KeyCode::Char(' '),
        "Backspace" => KeyCode::Backspace,
        name => KeyCode::Char(name.chars().next().expect("a key")),
    };
    KeyEvent::new(code, modifiers)
}
