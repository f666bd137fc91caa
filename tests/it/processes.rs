//! The real binary: what it prints, how it ends, and that nothing of it stays behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use callboard::protocol::{CallStatus, Event, Record};
use callboard::recording::reader::{Reader, Row};
use callboard::session::Session;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fleet::{CALLBOARD, DEADLINE, hostile_program, is_alive, kill, wait_until_gone};
use crate::mock_endpoint::{MockEndpoint, Reply};

/// A home of its own for the program.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program with these arguments, cut off from the settings and sessions of whoever runs the tests.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(CALLBOARD);
        command.args(args).env("XDG_STATE_HOME", self.path().join("state"));
        command.env("XDG_CONFIG_HOME", self.path().join("config")).env("HOME", self.path());
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "CALLBOARD_DATA"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).spawn().unwrap().wait_with_output().unwrap())
    }

    /// `ask` with a script as the model.
    pub fn ask(&self, script: &Value, args: &[&str]) -> Command {
        let model = format!("scripted:{}", self.file("script.json", &script.to_string()).display());
        self.command(&[&["ask", "--model", &model], args].concat())
    }

    /// A file in it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The only recorded session.
    fn recorded(&self) -> Session {
        let listed = callboard::recording::list::sessions(&self.path().join("state/callboard/sessions")).unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        let mut session = Session::default();
        for row in Reader::open(&listed[0].path).unwrap() {
            match row.unwrap() {
                Row::Record(record) => session.apply(&record),
                Row::Bad { line, reason } => panic!("line {line}: {reason}"),
            }
        }
        session
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code and the words of an error in JSON on stderr.
    pub fn error(&self) -> (String, String) {
        let line = self.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let word = |name: &str| error["error"][name].as_str().unwrap_or_default().to_owned();
        (word("code"), word("message"))
    }
}

pub fn finished(command: &mut Command) -> Ran {
    Ran::of(command.output().unwrap())
}

/// Waits for a child that should be ending, and not for ever.
fn ends(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if begun.elapsed() > DEADLINE {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn one_call() -> Value {
    json!({"steps": [
        {"text": "Let me look.", "calls": [{"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}}]},
        {"text": "TKT-1001 was found [1]."}
    ]})
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn ask_json_prints_one_object_of_the_promised_shape() {
    let home = Home::new();
    let script = json!({"steps": [
        {"calls": [
            {"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}},
            {"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-9999"}}
        ]},
        {"text": "One of two."},
        {"text": "Again."}
    ]});
    let ran = finished(&mut home.ask(&script, &["--json", "Which?", "Sure?"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 1);
    let answer = ran.json();
    assert_eq!(keys(&answer), ["session", "model", "turns"]);
    assert_eq!(answer["model"], "scripted");
    assert_eq!(answer["session"].as_str().map(str::len), Some(26));
    let turns = answer["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 2);
    for key in ["question", "answer", "ending", "calls"] {
        assert!(turns.iter().all(|turn| turn.get(key).is_some()), "{key}");
    }
    assert_eq!((&turns[0]["question"], &turns[0]["answer"]), (&json!("Which?"), &json!("One of two.")));
    assert_eq!((&turns[1]["ending"], &turns[1]["calls"]), (&json!("answered"), &json!([])));
    let calls = turns[0]["calls"].as_array().unwrap();
    for key in ["id", "server", "tool", "arguments", "status", "duration_us", "result"] {
        assert!(calls.iter().all(|call| call.get(key).is_some()), "{key}");
    }
    let statuses: Vec<_> = calls.iter().map(|call| (call["id"].as_str(), call["status"].as_str())).collect();
    assert_eq!(statuses, [(Some("c1"), Some("ok")), (Some("c2"), Some("error"))]);
    assert_eq!(calls[0]["arguments"], json!({"ticket_id": "TKT-1001"}));
    assert_eq!(calls[0]["result"]["structuredContent"]["ticket_id"], "TKT-1001");
    assert!(calls[0]["duration_us"].as_u64().is_some_and(|us| us > 0));
    assert_eq!(calls[1]["result"]["isError"], true);
}

#[test]
fn ask_prints_the_answer_on_stdout_and_the_calls_on_stderr() {
    let home = Home::new();
    let ran = finished(&mut home.ask(&one_call(), &["Which?"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "TKT-1001 was found [1].\n"));
    assert!(ran.stderr.contains("[1] ticket get_ticket_details"), "{}", ran.stderr);
}

#[test]
fn ask_events_prints_the_very_records_of_the_file() {
    let home = Home::new();
    let ran = finished(&mut home.ask(&one_call(), &["--events", "Which?"]));
    assert_eq!(ran.code, Some(0));
    let records: Vec<Record> = ran.stdout.lines().map(|line| Record::from_line(line).unwrap()).collect();
    assert!(matches!(records[0].event, Event::SessionStarted(_)));
    assert!(matches!(records.last().unwrap().event, Event::SessionEnded(_)));
    let ended = records.iter().filter_map(|record| match &record.event {
        Event::CallFinished(finished) => Some(finished.status),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [CallStatus::Ok]);
    let mut printed = Session::default();
    records.iter().for_each(|record| printed.apply(record));
    let recorded = home.recorded();
    assert_eq!((printed.records, printed.oddities), (recorded.records, 0));
    assert_eq!(format!("{:?}", printed.calls), format!("{:?}", recorded.calls));
}

#[test]
fn a_question_can_come_from_standard_input() {
    let home = Home::new();
    let mut child = home.ask(&one_call(), &["-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"Which?\n").unwrap();
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).stdout, "TKT-1001 was found [1].\n");
    assert_eq!(home.recorded().turns[0].question, "Which?");
}

#[test]
fn without_recording_nothing_is_written() {
    let home = Home::new();
    assert_eq!(finished(&mut home.ask(&one_call(), &["--no-record", "Which?"])).code, Some(0));
    assert!(!home.path().join("state").exists());
}

#[test]
fn a_failing_model_is_exit_1_and_its_words_are_on_stderr() {
    let home = Home::new();
    let script = json!({"steps": [{"fail": {"code": "rate_limited", "message": "Too many questions."}}]});
    let ran = finished(&mut home.ask(&script, &["--json", "Why?"]));
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.error(), ("failed".into(), "Too many questions.".into()));
    assert_eq!(ran.json()["turns"][0]["ending"], "failed");
}

#[test]
fn wrong_use_is_exit_2() {
    let home = Home::new();
    let cases: [&[&str]; 16] = [
        &["no-such-command"],
        &["ask", "--data", "/no/such/folder", "Why?"],
        &["check", "--data", "/no/such/folder"],
        &["ask", "--policy", "never", "Why?"],
        &["ask", "--model", "scripted:/no/such/file", "Why?"],
        &["ask", "--config", "/no/such/file", "Why?"],
        &["check", "--servers", "/no/such/file"],
        &["call", "ticket", "get_ticket_details", "[1]"],
        &["call", "ticket", "no_such_tool", "{}"],
        &["call", "no_such_server", "x", "{}"],
        &["serve", "no_such_server"],
        &["ask", "--as-of", "wat", "Why?"],
        &["check", "--as-of", "wat"],
        &["run", "customer-360"],
        &["run", "no-such-runbook"],
        &["ask", "--model", "gpt-9", "Why?"],
    ];
    for args in cases {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?} {ran:?}");
        assert!(!ran.stderr.trim().is_empty(), "{args:?}");
    }
    let ran = home.run(&["call", "ticket", "no_such_tool", "--json"]);
    let (code, message) = ran.error();
    assert!(code == "usage" && message.contains("search_tickets"), "{message}");
}

#[test]
fn a_model_without_an_endpoint_says_what_to_set() {
    let ran = Home::new().run(&["ask", "--model", "gpt-9", "Why?"]);
    assert!(ran.stderr.contains("OPENAI_API_KEY") && ran.stderr.contains("OPENAI_BASE_URL"), "{}", ran.stderr);
}

#[test]
fn call_obeys_the_policy_and_sends_nothing_that_it_does_not_let_pass() {
    let home = Home::new();
    let servers = json!({"mcpServers": {"hostile": {"command": hostile_program(), "args": ["well"]}}});
    let servers = home.file("servers.json", &servers.to_string());
    let call = |policy: &str| {
        let servers = servers.to_str().unwrap();
        home.run(&["call", "hostile", "write", r#"{"do":"echo"}"#, "--servers", servers, "--policy", policy])
    };
    let refused = call("read-only");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
    assert!(refused.stderr.contains("only reads"), "{}", refused.stderr);
    for policy in ["ask-writes", "ask-all"] {
        let unasked = call(policy);
        assert_eq!((unasked.code, unasked.stdout.as_str()), (Some(1), ""), "{unasked:?}");
        assert!(unasked.stderr.contains("use --policy auto"), "{}", unasked.stderr);
    }
    assert_eq!(call("auto").code, Some(0));
    let reading =
        home.run(&["call", "ticket", "get_ticket_details", r#"{"ticket_id":"TKT-1001"}"#, "--policy", "read-only"]);
    assert_eq!(reading.code, Some(0), "{reading:?}");
}

#[test]
fn a_question_of_which_every_call_was_refused_is_exit_1() {
    let home = Home::new();
    let ran = finished(&mut home.ask(&one_call(), &["--policy", "ask-all", "Which?"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("Nobody is there to say yes") && !ran.stderr.contains("operator"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(" 0 ms"), "{}", ran.stderr);
}

#[test]
fn a_runbook_of_which_every_call_failed_is_exit_1() {
    let ran = Home::new().run(&["run", "customer-360", "CUST-999"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn check_fails_when_a_server_cannot_be_used_and_tells_of_odd_settings() {
    let home = Home::new();
    let servers = home.file("servers.json", r#"{"mcpServers":{"broken":{"args":[]}}}"#);
    let settings = home.file("config.toml", "theme = \"pink\"\ncolour = 1\n");
    let settings = settings.to_str().unwrap();
    let ran = home.run(&["check", "--servers", servers.to_str().unwrap(), "--config", settings]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let row = format!("FAILED  broken       {}, field \"command\" is missing (or \"url\")", servers.display());
    assert!(ran.stdout.contains(&row), "{}", ran.stdout);
    for part in ["1 of 6 servers is not well: broken", "pink", "colour"] {
        assert!(ran.stderr.contains(part), "no {part} in {}", ran.stderr);
    }
    assert_eq!(home.run(&["check", "--config", settings]).code, Some(0));
}

#[tokio::test]
async fn a_refused_key_is_exit_3_and_stays_secret() {
    let home = Home::new();
    let key = "not-a-real-key-0123456789";
    let endpoint = MockEndpoint::start([Reply::status(
        401,
        json!({"error": {"message": format!("Incorrect API key provided: {key}"), "code": "invalid_api_key"}})
            .to_string(),
    )])
    .await;
    let mut command = home.command(&["ask", "--json", "Why?"]);
    command.env("OPENAI_API_KEY", key).env("OPENAI_BASE_URL", &endpoint.base_url);
    let ran = Ran::of(tokio::process::Command::from(command).output().await.unwrap());
    assert_eq!((ran.code, ran.error().0.as_str()), (Some(3), "not_authorised"), "{ran:?}");
    assert!(endpoint.asked()[0].head.contains(key));
    let mut everything = vec![ran.stdout, ran.stderr];
    let listed = callboard::recording::list::sessions(&home.path().join("state/callboard/sessions")).unwrap();
    everything.extend(listed.iter().map(|session| fs::read_to_string(&session.path).unwrap()));
    assert!(everything.len() == 3 && everything.iter().all(|text| !text.contains(key)), "{everything:?}");
}

#[test]
fn an_endpoint_that_is_not_there_is_exit_4() {
    let home = Home::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/v1");
    let ran = home.run(&["ask", "--json", "--base-url", &url, "--model", "m", "Why?"]);
    assert_eq!((ran.code, ran.error().0.as_str()), (Some(4), "unreachable"), "{ran:?}");
}

#[test]
fn without_any_server_ask_is_exit_4_and_says_why_once() {
    let home = Home::new();
    let dir = home.path().join("data");
    fs::create_dir(&dir).unwrap();
    let ran =
        home.run(&["ask", "--json", "--data", dir.to_str().unwrap(), "What are all the critical priority tickets?"]);
    let (code, message) = ran.error();
    assert_eq!((ran.code, code.as_str()), (Some(4), "unreachable"), "{ran:?}");
    assert_eq!(message.matches("exited with status 2").count(), 1, "{message}");
    assert_eq!(ran.json()["turns"][0]["calls"], json!([]));
}

#[test]
fn a_tool_that_no_server_has_makes_no_server_reachable() {
    let home = Home::new();
    let dir = home.path().join("data");
    fs::create_dir(&dir).unwrap();
    let script = json!({"steps": [{"calls": [{"name": "invented", "arguments": {}}]}, {"text": "I do not know."}]});
    let ran = finished(&mut home.ask(&script, &["--json", "--data", dir.to_str().unwrap(), "Which?"]));
    assert_eq!((ran.code, ran.error().0.as_str()), (Some(4), "unreachable"), "{ran:?}");
}

#[test]
fn what_cannot_be_written_to_stdout_is_a_failure() {
    let home = Home::new();
    for args in [["ask", "Hello"], ["sessions", "--json"], ["tools", "kb"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut child = home.command(&args).stdout(full).spawn().unwrap();
        assert_eq!(ends(&mut child), Some(1), "{args:?}");
        let mut words = String::new();
        child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert!(words.contains("standard output cannot be written"), "{args:?} {words}");
    }
}

#[test]
fn a_tool_that_reports_an_error_is_exit_5() {
    let home = Home::new();
    let ran = home.run(&["call", "ticket", "get_ticket_details", r#"{"ticket_id":"TKT-9999"}"#, "--json"]);
    assert_eq!((ran.code, ran.error().0.as_str()), (Some(5), "tool_error"), "{ran:?}");
    assert_eq!(ran.json()["isError"], true);
}

#[test]
fn call_prints_the_result() {
    let home = Home::new();
    let arguments = r#"{"ticket_id":"TKT-1001"}"#;
    let ran = home.run(&["call", "ticket", "get_ticket_details", arguments, "--json"]);
    assert_eq!((ran.code, &ran.json()["structuredContent"]["ticket_id"]), (Some(0), &json!("TKT-1001")));
    let ran = home.run(&["call", "ticket", "get_ticket_details", arguments]);
    assert_eq!(ran.json()["ticket_id"], "TKT-1001", "for people, the structured content alone");
    let mut child = home.command(&["call", "ticket", "get_ticket_details", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(arguments.as_bytes()).unwrap();
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).json()["ticket_id"], "TKT-1001");
}

#[test]
fn tools_lists_all_twenty_or_those_of_one_server() {
    let home = Home::new();
    let ran = home.run(&["tools", "--json"]);
    assert_eq!((ran.code, ran.json()["tools"].as_array().map(Vec::len)), (Some(0), Some(20)));
    let ran = home.run(&["tools", "kb"]);
    assert_eq!(ran.stdout.lines().count(), 5);
    assert!(ran.stdout.starts_with("kb\n  search_solutions"), "{}", ran.stdout);
}

#[test]
fn check_says_that_all_five_are_well() {
    let home = Home::new();
    let ran = home.run(&["check", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let servers = ran.json()["servers"].clone();
    let rows: Vec<_> = servers
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["server"].as_str().unwrap(), &row["ok"], &row["tools"]))
        .collect();
    let (yes, four) = (json!(true), json!(4));
    assert_eq!(rows, callboard_servers::NAMES.map(|name| (name, &yes, &four)));
    assert_eq!(home.run(&["check"]).stdout.lines().filter(|line| line.starts_with("ok ")).count(), 5);
}

#[test]
fn check_names_the_servers_that_are_not_well() {
    let home = Home::new();
    let hostile = hostile_program();
    let servers = json!({"mcpServers": {
        "exits": {"command": hostile, "args": ["exits"]},
        "twins": {"command": hostile, "args": ["twins"]},
        "billing": {"command": "/no/such/program"},
        "kb": {"command": "x", "disabled": true}
    }});
    let path = home.file("servers.json", &servers.to_string());
    let ran = home.run(&["check", "--json", "--servers", path.to_str().unwrap()]);
    let (code, message) = ran.error();
    assert_eq!((ran.code, code.as_str()), (Some(1), "failed"));
    assert!(message.starts_with("3 of 6 servers are not well"), "{message}");
    let rows = ran.json()["servers"].as_array().unwrap().clone();
    let row = |name: &str| rows.iter().find(|row| row["server"] == name).unwrap();
    let problem = row("exits")["problem"].as_str().unwrap();
    assert!(problem.contains("exited with status 3") && problem.contains("no licence for this machine"), "{problem}");
    assert!(row("billing")["problem"].as_str().unwrap().contains("was not found"));
    assert_eq!(row("twins")["rejected"].as_array().map(Vec::len), Some(3));
    assert_eq!(row("ticket")["ok"], true);
}

#[test]
fn the_runbooks_are_one_document() {
    let listed = Home::new().run(&["run", "--json"]).json();
    let runbooks = listed["runbooks"].as_array().unwrap();
    assert!(runbooks.iter().any(|runbook| runbook["name"] == "customer-360"), "{listed}");
    assert!(runbooks.iter().all(|runbook| keys(runbook) == ["name", "parameters", "summary"]), "{listed}");
}

#[test]
fn sessions_lists_what_was_asked() {
    let home = Home::new();
    let none = home.run(&["sessions"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    assert_eq!(finished(&mut home.ask(&one_call(), &["Which?"])).code, Some(0));
    let listed = home.run(&["sessions", "--json"]).json();
    let session = &listed["sessions"][0];
    assert_eq!((&session["question"], &session["turns"], &session["calls"]), (&json!("Which?"), &json!(1), &json!(1)));
    assert!(home.run(&["sessions"]).stdout.contains("Which?"));
}

#[test]
fn data_check_finds_a_broken_reference_in_a_copy() {
    let home = Home::new();
    assert_eq!(home.run(&["data", "check"]).code, Some(0));
    let dir = home.path().join("data");
    let dir = dir.to_str().unwrap();
    assert_eq!(home.run(&["data", "export", dir]).code, Some(0));
    assert_eq!(home.run(&["data", "check", dir]).code, Some(0));
    let path = home.path().join("data/tickets.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("CUST-001", "CUST-999", 1)).unwrap();
    let ran = home.run(&["data", "check", dir, "--json"]);
    assert_eq!(ran.code, Some(1));
    let problems = ran.json()["problems"].clone();
    let problem = &problems[0];
    assert!(problem["file"].as_str().unwrap().contains("tickets.toml") && problem["line"].is_u64(), "{problems}");
    assert!(problem["message"].as_str().unwrap().contains("CUST-999"), "{problems}");
    let warned = home.run(&["ask", "--data", dir, "What are all the critical priority tickets?"]);
    assert!(warned.code == Some(0) && warned.stderr.contains("CUST-999"), "{warned:?}");
    let again = home.run(&["data", "export", dir]);
    assert_eq!(again.code, Some(1), "what somebody may have edited is not overwritten");
    assert!(fs::read_to_string(&path).unwrap().contains("CUST-999"));
}

/// A bundled server as any MCP client sees it.
struct Served {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Served {
    fn start(home: &Home) -> Self {
        let mut child = home.command(&["serve", "ticket"]).stdin(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn say(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).and_then(|()| stdin.write_all(b"\n")).and_then(|()| stdin.flush()).unwrap();
    }

    fn request(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.say(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string().as_bytes());
        loop {
            let line = self.lines.recv_timeout(DEADLINE).unwrap();
            let message: Value = serde_json::from_str(&line).expect("stdout carries JSON-RPC only");
            assert_eq!(message["jsonrpc"], "2.0");
            if message["id"] == id {
                return message;
            }
        }
    }

    fn initialize(&mut self) {
        let params =
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let answer = self.request(1, "initialize", params);
        assert_eq!(answer["result"]["serverInfo"]["name"], "callboard-ticket");
        self.say(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    }

    fn tools(&mut self, id: u64) -> usize {
        self.request(id, "tools/list", json!({}))["result"]["tools"].as_array().map_or(0, Vec::len)
    }
}

#[test]
fn serve_survives_whatever_stands_on_its_stdin() {
    let home = Home::new();
    let mut served = Served::start(&home);
    for garbage in [&b"hello"[..], b"", b"{", b"[]", b"\xff\xfe\0", br#"{"jsonrpc":"2.0","method":"no/such"}"#] {
        served.say(garbage);
    }
    served.initialize();
    assert_eq!(served.tools(2), 4);
    let huge = "x".repeat(50 * 1024 * 1024);
    served.say(huge.as_bytes());
    assert_eq!(served.tools(3), 4);
    let answer = served.request(4, "no/such/method", json!({}));
    assert!(answer["error"]["code"].is_i64(), "{answer}");
    let answer = served.request(5, "tools/call", json!({"name": "search_tickets", "arguments": {"limit": "many"}}));
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    drop(served.child.stdin.take());
    assert_eq!(ends(&mut served.child), Some(0));
}

#[test]
fn serve_ends_in_order_when_its_stdin_ends() {
    let home = Home::new();
    let mut idle = Served::start(&home);
    drop(idle.child.stdin.take());
    assert_eq!(ends(&mut idle.child), Some(0), "before anything was asked");
    let mut used = Served::start(&home);
    used.initialize();
    // The first call opens the records, which takes longer on a busy machine than a server has for its last words.
    used.request(2, "tools/call", json!({"name": "search_tickets", "arguments": {}}));
    used.say(br#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search_tickets","arguments":{}}}"#);
    drop(used.child.stdin.take());
    assert_eq!(ends(&mut used.child), Some(0));
    let answers: Vec<String> = used.lines.iter().collect();
    assert!(answers.iter().any(|line| line.contains("\"id\":3")), "what was asked is still answered: {answers:?}");
}

#[test]
fn serve_ends_when_nobody_reads_its_stdout() {
    let home = Home::new();
    let mut child = home.command(&["serve", "ticket"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"x","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    // The server may be gone before all of this is written.
    let _ = stdin.write_all(request).and_then(|()| stdin.write_all(b"\n"));
    ends(&mut child);
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert!(!words.contains("panicked"), "{words}");
}

/// A running `ask --events` that is in the middle of a call, with the processes of its servers.
fn in_the_middle_of_a_call(home: &Home) -> (Child, BufReader<std::process::ChildStdout>, Vec<u32>) {
    // What it claims is believed, so that its calls are not asked about.
    let hostile = json!({"command": hostile_program(), "args": ["well"], "trust": true});
    let servers = home.file("servers.json", &json!({"mcpServers": {"hostile": hostile}}).to_string());
    let script = json!({"steps": [
        {"calls": [{"name": "hostile__echo", "arguments": {"do": "child"}}]},
        {"calls": [{"name": "hostile__echo", "arguments": {"do": "hang"}}]}
    ]});
    let mut child = home.ask(&script, &["--events", "--servers", servers.to_str().unwrap(), "Why?"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut pids, mut started) = (Vec::new(), 0);
    let mut line = String::new();
    while started < 2 {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended too early");
        match Record::from_line(&line).unwrap().event {
            Event::ServerReady(ready) => pids.extend(ready.pid),
            Event::CallStarted(_) => started += 1,
            Event::CallFinished(finished) => {
                // The server has started a process of its own, and says which.
                let result = finished.result.unwrap().value();
                pids.push(result["content"][0]["text"].as_str().unwrap().parse().unwrap());
            }
            _ => {}
        }
    }
    assert_eq!(pids.len(), 7);
    assert!(pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    (child, out, pids)
}

#[tokio::test]
async fn an_interrupt_ends_the_turn_and_leaves_no_process_and_a_whole_recording() {
    let home = Home::new();
    let (mut child, mut out, pids) = in_the_middle_of_a_call(&home);
    kill(child.id(), Signal::INT);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(ends(&mut child), Some(1));
    assert!(rest.lines().last().unwrap().contains("session.ended"), "{rest}");
    wait_until_gone(&pids).await;
    let session = home.recorded();
    assert_eq!(session.ended.as_deref(), Some("quit"));
    assert!(session.calls.iter().all(|call| call.state.is_final()));
}

#[tokio::test]
async fn killed_it_leaves_no_server_behind_and_what_was_recorded_can_be_read() {
    let home = Home::new();
    let (mut child, _out, pids) = in_the_middle_of_a_call(&home);
    kill(child.id(), Signal::KILL);
    child.wait().unwrap();
    // The last of them was started by a server: once that is gone, nobody is left to know it.
    let (grandchild, servers) = pids.split_last().unwrap();
    wait_until_gone(servers).await;
    if is_alive(*grandchild) {
        kill(*grandchild, Signal::KILL);
    }
    let session = home.recorded();
    assert_eq!((session.ended, session.calls.len(), session.oddities), (None, 2, 0));
}

#[tokio::test]
async fn after_ask_no_server_is_left() {
    let home = Home::new();
    let ran = finished(&mut home.ask(&one_call(), &["--events", "Which?"]));
    let pids: Vec<u32> = ran
        .stdout
        .lines()
        .filter_map(|line| match Record::from_line(line).unwrap().event {
            Event::ServerReady(ready) => ready.pid,
            _ => None,
        })
        .collect();
    assert_eq!(pids.len(), 5);
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
}

#[test]
fn nobody_reading_stderr_is_no_reason_to_panic() {
    let home = Home::new();
    let mut child = home.ask(&one_call(), &["Which?"]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(home.recorded().ended.as_deref(), Some("quit"));
}

/// A server file with one server that neither the end of its stdin nor SIGTERM ends.
fn stubborn(home: &Home, mode: &str) -> String {
    let script = r#"trap "" TERM; exec "$0" "$1""#;
    let args = json!(["-c", script, hostile_program(), mode]);
    // What it claims is believed, so that its calls are not asked about.
    let mut servers = json!({"stubborn": {"command": "/bin/sh", "args": args, "trust": true}});
    for bundled in ["ticket", "customer", "billing", "kb", "asset"] {
        servers[bundled] = json!({"disabled": true});
    }
    home.file("servers.json", &json!({"mcpServers": servers}).to_string()).display().to_string()
}

/// Processes whose parent is this one.
fn children(parent: u32) -> Vec<u32> {
    let stat = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("stat")).ok()?;
        let parent = text.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok()?;
        Some((entry.file_name().to_str()?.parse::<u32>().ok()?, parent))
    };
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(stat);
    all.filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

#[tokio::test]
async fn an_interrupt_stops_the_servers_of_every_command_at_once() {
    for args in [&["check"][..], &["tools"], &["call", "stubborn", "echo"], &["eval", "suite.toml"]] {
        let home = Home::new();
        let servers = stubborn(&home, "deaf");
        let suite = "[[intent]]\nname = \"one\"\nphrasings = [[\"Which tickets are critical?\"]]\n";
        home.file("suite.toml", suite);
        let mut command = home.command(&[args, &["--servers", &servers]].concat());
        let mut child = command.current_dir(home.path()).spawn().unwrap();
        let begun = Instant::now();
        let mut pids = Vec::new();
        while pids.is_empty() {
            assert!(begun.elapsed() < DEADLINE, "no server comes: {args:?}");
            std::thread::sleep(Duration::from_millis(20));
            pids = children(child.id());
        }
        std::thread::sleep(Duration::from_millis(100));
        kill(child.id(), Signal::INT);
        if args[0] == "eval" {
            std::thread::sleep(Duration::from_millis(200));
            kill(child.id(), Signal::INT);
        }
        let asked = Instant::now();
        assert_eq!(ends(&mut child), Some(1), "{args:?}");
        assert!(asked.elapsed() < Duration::from_millis(3500), "{args:?} waited for a stubborn server");
        wait_until_gone(&pids).await;
        let mut words = String::new();
        child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert!(words.contains("stopped by an interrupt"), "{args:?}: {words}");
    }
}

/// A session that calls `echo` with `arguments` on a server with a child in a group of its own, which SIGTERM does not end;
/// that one's number stands in the file `child`.
fn asks_a_parent(home: &Home, arguments: Value) -> Child {
    let starts = r#"set -m; (trap "" TERM HUP; exec sleep 1000) & echo $! > "$1"; exec "$0" well"#;
    let entry = json!({"command": "/bin/bash", "args": ["-c", starts, hostile_program(), home.path().join("child")]});
    let servers = home.file("servers.json", &json!({"mcpServers": {"parent": entry}}).to_string());
    let script = json!({"steps": [{"calls": [{"name": "parent__echo", "arguments": arguments}]}, {"text": "Done."}]});
    let servers = servers.display().to_string();
    let args = ["--events", "--policy", "auto", "--trust-results", "--servers", &servers, "Why?"];
    home.ask(&script, &args).spawn().unwrap()
}

fn grandchild(home: &Home) -> u32 {
    fs::read_to_string(home.path().join("child")).unwrap().trim().parse().unwrap()
}

/// The same in the middle of the call.
fn waits_for_a_parent(home: &Home) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = asks_a_parent(home, json!({"do": "hang"}));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("call.started") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended too early");
    }
    (child, out)
}

#[tokio::test]
async fn what_a_server_has_started_does_not_outlive_a_console_that_is_killed() {
    let home = Home::new();
    let (mut child, _out) = waits_for_a_parent(&home);
    let mut pids = children(child.id());
    assert!(is_alive(grandchild(&home)));
    pids.push(grandchild(&home));
    kill(child.id(), Signal::KILL);
    ends(&mut child);
    wait_until_gone(&pids).await;
}

#[tokio::test]
async fn what_a_server_leaves_behind_is_ended_with_it() {
    let home = Home::new();
    let mut child = asks_a_parent(&home, json!({}));
    std::io::copy(&mut child.stdout.take().unwrap(), &mut std::io::sink()).unwrap();
    assert_eq!(ends(&mut child), Some(0));
    wait_until_gone(&[grandchild(&home)]).await;
}

#[test]
fn a_question_that_waits_for_a_server_costs_nothing() {
    let home = Home::new();
    let entry = json!({"command": "/bin/sleep", "args": ["600"], "timeout": 60_000});
    let servers = home.file("servers.json", &json!({"mcpServers": {"slow": entry}}).to_string());
    let servers = servers.display().to_string();
    let mut child = home.command(&["ask", "--servers", &servers, "/call slow__echo {}"]).spawn().unwrap();
    // Other questions have stopped waiting for it by then.
    std::thread::sleep(Duration::from_secs(6));
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let before = ticks();
    std::thread::sleep(Duration::from_secs(1));
    let used = ticks() - before;
    kill(child.id(), Signal::INT);
    ends(&mut child);
    assert!(used < 20, "{used} of 100 ticks of a second in which nothing happened");
}

#[tokio::test]
async fn who_watches_for_the_end_of_the_console_goes_with_it_and_has_nothing_of_its_terminal() {
    let home = Home::new();
    let (mut child, _out) = waits_for_a_parent(&home);
    let is_watcher = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("watch-servers"))
    };
    let watchers: Vec<u32> = children(child.id()).into_iter().filter(is_watcher).collect();
    let [watcher] = watchers[..] else { panic!("{watchers:?}") };
    for descriptor in fs::read_dir(format!("/proc/{watcher}/fd")).unwrap().flatten() {
        let target = fs::read_link(descriptor.path()).unwrap();
        let is_pipe = target.to_string_lossy().starts_with("pipe:");
        let is_input = descriptor.file_name() == "0";
        assert!(if is_input { is_pipe } else { target == Path::new("/dev/null") }, "{descriptor:?} is {target:?}");
    }
    kill(child.id(), Signal::INT);
    std::thread::sleep(Duration::from_millis(100));
    kill(child.id(), Signal::INT);
    ends(&mut child);
    wait_until_gone(&[watcher]).await;
}

#[tokio::test]
async fn a_second_interrupt_does_not_wait_for_a_stubborn_server() {
    let home = Home::new();
    let servers = stubborn(&home, "stubborn");
    let script = json!({"steps": [{"calls": [{"name": "stubborn__echo", "arguments": {"do": "hang"}}]}]});
    let mut child = home.ask(&script, &["--events", "--servers", &servers, "Why?"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("call.started") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended too early");
    }
    kill(child.id(), Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    kill(child.id(), Signal::INT);
    let asked = Instant::now();
    assert_eq!(ends(&mut child), Some(1));
    assert!(asked.elapsed() < Duration::from_millis(3000), "it waited for a stubborn server");
    assert!(home.recorded().ended.is_some());
}

#[test]
fn json_hides_nothing_from_who_reads_it_in_a_terminal() {
    let home = Home::new();
    let ran = home.run(&["check", "--json", "--data", "x\u{202e}y\u{200b}"]);
    assert!(!ran.stderr.contains(['\u{202e}', '\u{200b}']) && ran.stderr.contains("\\u202e"), "{ran:?}");
    assert!(ran.error().1.contains("x\u{202e}y\u{200b}"), "{ran:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let home = Home::new();
    let mut child = home.ask(&one_call(), &["--events", "Which?"]).spawn().unwrap();
    drop(child.stdout.take());
    ends(&mut child);
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert!(!words.contains("panicked"), "{words}");
    assert_eq!(home.recorded().turns.len(), 1);
}
