//! Other people's programs: clients that drive the bundled servers, servers that Callboard drives, and the official conformance
//! suite. Ignored by default because they need packages from PyPI and npm; `.ci/run` installs them and runs these tests.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long other people's programs may take for anything: they start slowly, and more so on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn calls(server: &str) -> Value {
    match server {
        "ticket" => {
            json!({"get_ticket_details": {"ticket_id": "TKT-1001"}, "find_similar_tickets": {"ticket_id": "TKT-1001"}})
        }
        "customer" => json!({
            "lookup_customer": {"company_name": "TechCorp"}, "check_customer_status": {"customer_id": "CUST-001"},
            "get_sla_terms": {"customer_id": "CUST-001"}, "list_customer_contacts": {"customer_id": "CUST-001"},
        }),
        "billing" => json!({
            "get_invoice": {"customer_id": "CUST-002"}, "check_payment_status": {"customer_id": "CUST-002"},
            "get_billing_history": {"customer_id": "CUST-002"},
        }),
        "kb" => json!({
            "search_solutions": {"query": "blue screen"}, "get_article": {"article_id": "KB-001"},
            "find_related_articles": {"article_id": "KB-001"}, "get_common_fixes": {"product": "Windows"},
        }),
        "asset" => json!({
            "lookup_asset": {"customer_id": "CUST-001"}, "check_warranty": {"asset_id": "AST-SRV-001"},
            "get_software_licenses": {"customer_id": "CUST-001"}, "get_asset_history": {"asset_id": "AST-SRV-001"},
        }),
        other => panic!("no calls for {other}"),
    }
}

fn drive(mode: &str, server: &str) -> Value {
    let python =
        std::env::var("CALLBOARD_PYTHON").expect("CALLBOARD_PYTHON names a Python with the package mcp; see .ci/run");
    let output = Command::new(python)
        .args([
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/every_tool.py"),
            mode,
            env!("CARGO_BIN_EXE_callboard"),
            server,
        ])
        .arg(calls(server).to_string())
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{server} in mode {mode}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{server}: {error}: {errors}"))
}

#[test]
#[ignore = "needs the package mcp from PyPI; .ci/run installs it"]
fn real_peers_the_python_client_calls_every_tool_in_both_eras() {
    let mut tools = 0;
    for server in callboard_servers::NAMES {
        for (mode, protocol) in [("legacy", "2025-11-25"), ("auto", "2026-07-28")] {
            let report = drive(mode, server);
            assert_eq!(report["protocol"], protocol, "{server}");
            let called = report["tools"].as_object().expect("an object of tools");
            for (tool, result) in called {
                assert_eq!(
                    *result,
                    json!({"is_error": false, "structured": true, "read_only": true}),
                    "{server} {tool} in mode {mode}"
                );
            }
            tools += called.len();
        }
    }
    assert_eq!(tools, 40, "twenty tools, each in both eras");
}

/// A program from npm, as `.ci/run` installs them.
fn npm(program: &str) -> (String, String) {
    let peers =
        std::env::var("CALLBOARD_PEERS").expect("CALLBOARD_PEERS names the folder of tests/peers/npm; see .ci/run");
    (format!("{peers}/node_modules/.bin/node"), format!("{peers}/node_modules/.bin/{program}"))
}

/// What a program wrote to stdout; it must have gone well.
fn output(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Callboard with these servers, in a home of its own.
struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    fn with(mut servers: Value) -> Self {
        for server in servers.as_object_mut().into_iter().flat_map(|servers| servers.values_mut()) {
            for limit in ["start_timeout_ms", "list_timeout_ms", "timeout_ms"] {
                server[limit] = json!(PATIENCE.as_millis());
            }
        }
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("mcp.json"), json!({"mcpServers": servers}).to_string()).expect("written");
        Self { home }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command.args(args).args(["--policy", "auto", "--servers"]).arg(self.home.path().join("mcp.json"));
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.home.path());
        command.env("XDG_CONFIG_HOME", self.home.path());
        command
    }

    fn run(&self, args: &[&str]) -> String {
        output(&mut self.command(args))
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.run(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// What can be done with the reference server, whichever way it is reached.
fn everything(desk: &Desk) {
    assert_eq!(desk.run(&["call", "every", "echo", r#"{"message":"hi"}"#]), "Echo: hi\n");
    assert_eq!(desk.json(&["tools", "every"])["tools"].as_array().map(Vec::len), Some(14));
    let listed = desk.run(&["tools", "every"]);
    assert!(listed.lines().any(|line| line.contains("simulate-research-query") && line.contains("task")), "{listed}");
    let resources = desk.json(&["resources", "every"]);
    assert_eq!(resources["resources"].as_array().map(Vec::len), Some(9), "{resources}");
    let uri = resources["resources"][0]["uri"].as_str().expect("a URI");
    assert!(desk.run(&["resources", "every", uri]).contains('#'), "Markdown");
    assert_eq!(desk.json(&["prompts", "every"])["prompts"].as_array().map(Vec::len), Some(4));
    assert_eq!(desk.run(&["prompts", "every", "args-prompt", r#"{"city":"Oslo"}"#]), "What's weather in Oslo?\n");
    let arguments = r#"{"duration":1,"steps":3}"#;
    assert!(desk.run(&["call", "every", "trigger-long-running-operation", arguments]).contains("completed"));
    let asked = desk.command(&["call", "every", "trigger-elicitation-request"]).output().expect("it runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&asked.stdout), String::from_utf8_lossy(&asked.stderr));
    assert!(stderr.contains("declined") && stdout.contains("declined"), "{stdout}{stderr}");
}

#[test]
#[ignore = "needs packages from npm; .ci/run installs them"]
fn real_peers_server_everything_is_used_over_stdio_and_http() {
    let (node, program) = npm("mcp-server-everything");
    everything(&Desk::with(json!({"every": {"command": node, "args": [program]}})));

    let remote = Remote::start(&node, &program);
    everything(&Desk::with(json!({"every": {"url": format!("http://127.0.0.1:{}/mcp", remote.port)}})));
}

/// The reference server over HTTP; it is stopped when this is dropped.
struct Remote {
    child: Child,
    port: u16,
}

impl Remote {
    /// Starts it, and waits until it takes connections.
    fn start(node: &str, program: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut command = Command::new(node);
        command.args([program, "streamableHttp"]).env("PORT", port.to_string());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut remote = Self { child, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = remote.child.try_wait().expect("it can be looked at");
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "it does not come up: {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        remote
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs packages from npm; .ci/run installs them"]
fn real_peers_server_filesystem_reads_and_writes() {
    let (node, program) = npm("mcp-server-filesystem");
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::with(json!({"files": {"command": node, "args": [program, folder.path()]}}));
    let file = folder.path().join("note.txt");
    desk.run(&["call", "files", "write_file", &json!({"path": file, "content": "seven"}).to_string()]);
    assert_eq!(std::fs::read_to_string(&file).expect("written"), "seven");
    assert!(desk.run(&["call", "files", "read_text_file", &json!({"path": file}).to_string()]).contains("seven"));
    let outside =
        desk.command(&["call", "files", "read_text_file", r#"{"path":"/etc/hosts"}"#]).output().expect("it runs");
    assert_eq!(outside.status.code(), Some(5), "a tool that reports an error: {outside:?}");
}

#[test]
#[ignore = "needs the package mcp from PyPI; .ci/run installs it"]
fn real_peers_a_python_server_is_used_in_both_eras() {
    let python = std::env::var("CALLBOARD_PYTHON").expect("CALLBOARD_PYTHON names a Python with the package mcp");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/desk.py");
    for (era, protocol) in [("legacy", "2025-11-25"), ("modern", "2026-07-28")] {
        let desk = Desk::with(json!({"desk": {"command": python, "args": [program], "era": era}}));
        let checked = desk.json(&["check"]);
        let row = checked["servers"].as_array().and_then(|rows| rows.iter().find(|row| row["server"] == "desk"));
        assert_eq!(row.map(|row| &row["protocol"]), Some(&json!(protocol)), "{checked}");
        let sum = desk.json(&["call", "desk", "add", r#"{"a":2,"b":3}"#]);
        assert_eq!(sum["structuredContent"], json!({"result": 5}), "{sum}");
        assert_eq!(desk.run(&["resources", "desk", "desk://rules"]), "Be kind.\n");
        assert_eq!(desk.run(&["resources", "desk", "desk://rules/3"]), "Rule 3\n");
        assert_eq!(desk.json(&["resources", "desk"])["resources"].as_array().map(Vec::len), Some(2));
        assert_eq!(desk.run(&["prompts", "desk", "greet", r#"{"who":"Ann"}"#]), "Say hello to Ann.\n");
    }
    let desk = Desk::with(json!({"desk": {"command": python, "args": [program], "era": "legacy"}}));
    assert!(desk.run(&["call", "desk", "ask"]).contains("decline"));
}

#[test]
#[ignore = "needs packages from npm; .ci/run installs them"]
fn real_peers_the_inspector_drives_every_bundled_server() {
    let (node, inspector) = npm("mcp-inspector");
    let home = tempfile::tempdir().expect("a folder");
    for server in callboard_servers::NAMES {
        let drive = |args: &[&str]| {
            let mut command = Command::new(&node);
            command.args([&inspector, "--cli", env!("CARGO_BIN_EXE_callboard"), "serve", server]);
            command.args(args).args(["--connect-timeout", &PATIENCE.as_millis().to_string()]);
            let text = output(command.env("HOME", home.path()));
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{server}: {error}: {text}"))
        };
        let listed = drive(&["--method", "tools/list"]);
        let calls = calls(server);
        let calls = calls.as_object().expect("an object of calls");
        assert_eq!(listed["tools"].as_array().map(Vec::len), Some(4), "{listed}");
        let (tool, arguments) = calls.iter().next().expect("a call");
        let mut args = vec!["--method".to_owned(), "tools/call".to_owned(), "--tool-name".to_owned(), tool.clone()];
        for (name, value) in arguments.as_object().expect("an object") {
            args.extend(["--tool-arg".to_owned(), format!("{name}={}", value.as_str().expect("text"))]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let result = drive(&args);
        assert!(
            result["structuredContent"].is_object() && result["isError"] != json!(true),
            "{server} {tool}: {result}"
        );
    }
}

#[test]
#[ignore = "needs packages from npm; .ci/run installs them"]
fn real_peers_the_conformance_suite_finds_no_more_failures_than_are_known() {
    let (node, suite) = npm("conformance");
    let home = tempfile::tempdir().expect("a folder");
    let program = format!("{} conformance", env!("CARGO_BIN_EXE_callboard"));
    let expected = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/expected.yml");
    let mut command = Command::new(node);
    command.args([&suite, "client", "--command", &program, "--suite", "all", "--expected-failures", expected]);
    // It runs all scenarios at once.
    command.args(["--timeout", &PATIENCE.as_millis().to_string()]);
    command.current_dir(home.path()).env("HOME", home.path()).env("NO_COLOR", "1");
    let report = output(&mut command);
    let passed = report.lines().filter(|line| line.starts_with("✓ ") && !line.contains(": 0 passed")).count();
    assert_eq!(passed, 11, "scenarios that check something and pass: {report}");
}
