//! Setting up servers of one's own with the real program, a project's approval, and the doctor.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fleet::hostile_program;
use crate::mock_endpoint::{MockEndpoint, Reply};
use crate::processes::{Home, Ran};

/// A home with a project in it that has a server file.
struct Project {
    home: Home,
    folder: PathBuf,
}

impl Project {
    fn new() -> Self {
        let home = Home::new();
        let folder = home.path().join("project");
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::create_dir(folder.join(".git")).unwrap();
        let project = Self { home, folder };
        project.write(&["well"]);
        project
    }

    /// With two servers of the user's, one with a secret in its address and one with a secret in its arguments.
    fn with_secrets() -> Self {
        let project = Self::new();
        let url = "http://127.0.0.1:9/mcp?token=tok-query-4242";
        assert_eq!(project.run(&["mcp", "add", "far", "--url", url]).code, Some(0));
        assert_eq!(project.run(&["mcp", "add", "near", "--", "/bin/false", "--api-key", "my-own-key"]).code, Some(0));
        project
    }

    /// A server of the project's own, which tells by a file that it was started.
    fn write(&self, args: &[&str]) {
        self.write_server("hostile", json!({"command": hostile_program(), "args": args}));
    }

    fn write_server(&self, name: &str, entry: Value) {
        fs::write(self.file(), json!({"mcpServers": {name: entry}}).to_string()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.join(".mcp.json")
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.home.command(args);
        command.current_dir(self.folder.join("inner"));
        Ran::of(command.output().unwrap())
    }

    /// The rows of `mcp list` of a name, as `origin state`.
    fn listed(&self, name: &str) -> Vec<String> {
        let ran = self.run(&["mcp", "list", "--json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let rows = ran.json()["servers"].as_array().unwrap().clone();
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let of_name = rows.iter().filter(|row| row["server"] == name);
        of_name.map(|row| format!("{} {}", word(row, "origin"), word(row, "state"))).collect()
    }
}

#[test]
fn a_projects_server_of_a_name_that_is_taken_is_told_of_until_it_is_refused() {
    let project = Project::new();
    project.write_server("ticket", json!({"command": hostile_program(), "args": ["well"]}));
    let told = "server ticket is not the one that the project has: it comes from the project's file";
    let checked = project.run(&["check"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(checked.stderr.matches(told).count(), 1, "{checked:?}");
    assert!(checked.stdout.contains("ok      ticket"), "{checked:?}");
    assert_eq!(project.run(&["mcp", "trust", "--no"]).code, Some(0));
    let refused = project.run(&["check"]);
    assert_eq!((refused.code, refused.stderr.as_str()), (Some(0), ""), "{refused:?}");
}

#[test]
fn who_waits_for_a_server_is_told_for_which() {
    let project = Project::new();
    let entry = json!({"command": hostile_program(), "args": ["silent-list"], "list_timeout_ms": 3000});
    project.write_server("slow", entry);
    let checked = project.run(&["check", "--trust-project"]);
    assert_eq!(checked.code, Some(4), "{checked:?}");
    assert_eq!(checked.stderr.lines().next(), Some("callboard: waiting for slow"), "{checked:?}");
}

#[test]
fn a_projects_servers_start_only_after_a_yes_and_a_change_is_asked_about_again() {
    let project = Project::new();
    let refused = project.run(&["tools", "hostile"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    let file = project.file().canonicalize().unwrap().display().to_string();
    for part in [&file, "not approved yet", "callboard mcp trust"] {
        assert!(refused.stderr.contains(part), "no {part} in {}", refused.stderr);
    }
    let checked = project.run(&["check", "--json"]);
    let rows = checked.json()["servers"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["server"] == "hostile").unwrap();
    assert_eq!((&row["withheld"]["why"], &row["problem"]), (&json!("new"), &Value::Null), "{row}");
    let told = project.run(&["check"]);
    assert!(told.stdout.contains("waits   hostile") && !told.stdout.contains("FAILED"), "{told:?}");
    assert!(told.stderr.contains("waits for your word: hostile"), "{told:?}");
    let asked = project.run(&["ask", "What are the critical tickets?"]);
    let words: Vec<&str> = asked.stderr.lines().filter(|line| line.contains("hostile")).collect();
    assert!(
        matches!(words[..], [line] if line.contains("--trust-project") && line.contains("not started")),
        "{words:?}"
    );
    assert_eq!(project.run(&["tools", "ticket"]).code, Some(0), "the others start");
    assert_eq!(project.run(&["tools", "hostile", "--trust-project"]).code, Some(0));
    assert_eq!(project.listed("hostile"), ["project unapproved"], "trusting it once is not approving it");

    let unasked = project.run(&["mcp", "trust"]);
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    assert!(unasked.stdout.contains("runs") && unasked.stdout.contains("hostile well"), "{unasked:?}");
    let approved = project.run(&["mcp", "trust", "--yes"]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    assert_eq!(project.run(&["tools", "hostile"]).code, Some(0));
    assert_eq!(project.listed("hostile"), ["project ok"]);
    let kept = project.home.path().join("state/callboard/approvals.json");
    assert_eq!(fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);

    project.write(&["well", "more"]);
    let changed = project.run(&["tools", "hostile"]);
    assert_eq!(changed.code, Some(4), "{changed:?}");
    assert!(changed.stderr.contains("has changed since"), "{changed:?}");
    assert_eq!(project.run(&["mcp", "trust", &file, "--no"]).code, Some(0));
    assert_eq!(project.listed("hostile"), ["project refused"]);
}

#[test]
fn a_project_that_cannot_be_read_costs_nothing_but_its_own_servers() {
    let project = Project::new();
    fs::write(project.file(), "{ no").unwrap();
    let ran = project.run(&["tools", "ticket"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("line 1, column 3, is no JSON") && ran.stderr.contains("left out"), "{}", ran.stderr);
}

#[test]
fn an_escape_sequence_of_a_project_file_reaches_no_terminal() {
    let project = Project::new();
    let servers =
        json!({"mcpServers": {"a\u{1b}[2J": {"command": "x", "args": ["\u{1b}]52;c;eA==\u{7}", "\u{202e}"]}}});
    fs::write(project.file(), servers.to_string()).unwrap();
    for args in [&["mcp", "trust", "--no"][..], &["mcp", "list"], &["check"], &["doctor"]] {
        let ran = project.run(args);
        for stream in [&ran.stdout, &ran.stderr] {
            assert!(!stream.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{args:?}: {stream:?}");
        }
    }
}

#[test]
fn ordinary_words_of_a_server_file_mask_nothing() {
    let project = Project::new();
    let env = json!({"A": "-c", "C": "/bin/bash", "D": "customer", "G": "critical", "P": "${workspaceFolder}"});
    let servers = json!({"mcpServers": {"theirs": {"command": "/bin/bash", "args": ["-c", "exit"], "env": env}}});
    fs::write(project.file(), servers.to_string()).unwrap();
    let add = ["mcp", "add", "mine", "--env", "LOG_LEVEL=critical", "--", "/bin/false"];
    assert_eq!(project.run(&add).code, Some(0));
    for args in [&["ask", "--events", "What are the critical tickets?"][..], &["replay", "last", "--mock"]] {
        let asked = project.run(args);
        assert_eq!(asked.code, Some(0), "{asked:?}");
        assert!(asked.stdout.contains("critical") && !asked.stdout.contains("‹secret:"), "{}", asked.stdout);
    }
}

#[test]
fn the_doctor_says_by_name_which_values_are_masked_and_which_words_are() {
    let project = Project::new();
    let env = ["--env", "TOK=plain-look", "--env", "API_TOKEN=production", "--env", "MY_KEY=a8f3-99x1-qq"];
    let hostile = hostile_program().display().to_string();
    let add = [&["mcp", "add", "mine"][..], &env, &["--", &hostile, "well"]].concat();
    assert_eq!(project.run(&add).code, Some(0));
    let doctor = project.run(&["doctor", "--json"]).json();
    let rows = doctor["checks"].as_array().unwrap().clone();
    let of = |what: &str| {
        let row = rows
            .iter()
            .find(|row| row["area"] == "secrets" && row["what"] == what)
            .unwrap_or_else(|| panic!("{rows:?}"));
        (row["mark"].as_str().unwrap().to_owned(), row["says"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("mine"), ("ok".to_owned(), "masked: API_TOKEN, MY_KEY; shown: TOK".to_owned()));
    assert_eq!(of("API_TOKEN").0, "warn");
    assert!(!rows.iter().any(|row| row["area"] == "secrets" && row["what"] == "MY_KEY"), "{rows:?}");
}

#[test]
fn secrets_in_an_address_or_an_argument_are_not_recorded() {
    let project = Project::with_secrets();
    let asked = project.run(&["ask", "--events", "What are the critical tickets?"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(asked.stdout.contains("http://127.0.0.1:9/mcp?‹secret:query:"), "{}", asked.stdout);
    let exported = project.run(&["export", "--format", "json", "--no-redact"]);
    for text in
        [&asked.stdout, &exported.stdout, &project.run(&["mcp", "list"]).stdout, &project.run(&["doctor"]).stdout]
    {
        assert!(text.contains("near") && !text.contains("tok-query") && !text.contains("my-own-key"), "{text}");
    }
}

#[test]
fn what_a_server_says_of_its_failure_is_told_without_its_secrets() {
    let project = Project::new();
    let words = "echo cannot log in with $API_TOKEN >&2; exit 3";
    let add = ["mcp", "add", "leaky", "--env", "API_TOKEN=tok-Leaky-4242", "--", "/bin/sh", "-c", words];
    assert_eq!(project.run(&add).code, Some(0));
    for args in [
        &["check"][..],
        &["check", "--json"],
        &["doctor"],
        &["tools", "leaky"],
        &["call", "leaky", "any"],
        &["call", "leaky", "any", "--json"],
    ] {
        let ran = project.run(args);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("cannot log in with ‹secret:") && !told.contains("Leaky"), "{ran:?}");
    }
}

#[test]
fn the_doctor_says_that_arguments_and_addresses_have_secrets() {
    let project = Project::with_secrets();
    let doctor = project.run(&["doctor"]).stdout;
    for told in ["masked: parts of the address", "masked: arguments"] {
        assert!(doctor.contains(told), "no {told} in {doctor}");
    }
}

#[test]
fn the_doctor_names_what_a_file_switches_off() {
    let project = Project::new();
    project.write_server("kb", json!({"disabled": true}));
    assert_eq!(project.run(&["mcp", "trust", "--yes"]).code, Some(0));
    let doctor = project.run(&["doctor"]).stdout;
    assert!(doctor.contains(".mcp.json: 1 server; switched off: kb"), "{doctor}");
}

#[test]
fn a_wrong_command_line_is_told_in_json_where_json_is_wanted() {
    let home = Home::new();
    for args in [&["--json", "nosuch"][..], &["call", "--json", "ticket"]] {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.error().0.as_str(), ran.stdout.as_str()), (Some(2), "usage", ""), "{ran:?}");
    }
    let help = home.run(&["--json", "--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{help:?}");
}

#[test]
fn servers_are_added_listed_replaced_and_removed() {
    let project = Project::new();
    let hostile = hostile_program().display().to_string();
    let add = ["mcp", "add", "mine", "--env", "TOKEN=hush-hush-hush", "--", &hostile, "well"];
    let added = project.run(&add);
    assert_eq!(added.code, Some(0), "{added:?}");
    let file = project.home.path().join("config/callboard/mcp.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let wanted = json!({"command": hostile, "args": ["well"], "env": {"TOKEN": "hush-hush-hush"}});
    assert_eq!(written, json!({"mcpServers": {"mine": wanted}}));
    assert_eq!(project.run(&["tools", "mine"]).code, Some(0));

    let again = project.run(&add);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("already") && again.stderr.contains("--replace"), "{again:?}");
    let http =
        ["mcp", "add", "far", "--url", "http://127.0.0.1:9/mcp?key=hush", "--header", "Authorization: Bearer ${T}"];
    assert_eq!(project.run(&http).code, Some(0));
    assert_eq!(project.run(&["mcp", "add", "ticket", "--scope", "project", "--", "x"]).code, Some(0));

    assert_eq!(project.listed("mine"), ["user ok"]);
    assert_eq!(project.listed("far"), ["user unusable"], "its variable is not set");
    assert_eq!(project.listed("ticket"), ["project unapproved", "bundled ok"], "the file was not approved before");
    let shown = project.run(&["mcp", "list"]);
    assert!(shown.stdout.contains("http://127.0.0.1:9/mcp?…") && !shown.stdout.contains("hush"), "{}", shown.stdout);
    project.run(&["mcp", "trust", "--yes"]);
    assert_eq!(project.listed("ticket"), ["project unusable", "bundled shadowed"], "there is no program x");
    assert_eq!(project.run(&["mcp", "add", "more", "--scope", "project", "--", "/bin/true"]).code, Some(0));
    assert_eq!(project.listed("more"), ["project ok"], "one's own change needs no second yes");

    assert_eq!(project.run(&["mcp", "remove", "mine"]).code, Some(0));
    assert_eq!(project.listed("mine"), [""; 0]);
    let missing = project.run(&["mcp", "remove", "kb"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.stderr.contains("switched off with"), "{missing:?}");
    let theirs = project.run(&["mcp", "remove", "more"]);
    assert!(theirs.stderr.contains("`callboard mcp remove more --scope project`"), "{theirs:?}");
}

#[test]
fn a_folder_that_is_not_there_is_not_told_as_a_missing_program() {
    let project = Project::new();
    let hostile = hostile_program().display().to_string();
    assert_eq!(project.run(&["mcp", "add", "mine", "--cwd", "/nowhere/at/all", "--", &hostile, "well"]).code, Some(0));
    let ran = project.run(&["tools", "mine"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("/nowhere/at/all: there is no such folder; check cwd"), "{}", ran.stderr);
}

#[test]
fn the_readme_names_every_variable_that_every_server_gets() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("**What a server gets of your environment** is ").unwrap();
    let (list, _) = rest.split_once(", and what its").unwrap();
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, callboard::mcp::process::ALLOWED);
}

#[test]
fn what_cannot_be_a_server_is_not_written_down() {
    let home = Home::new();
    for args in [
        &["mcp", "add", "a"][..],
        &["mcp", "add", "a", "--url", "ftp://x"],
        &["mcp", "add", "a", "--url", "http://x", "--", "y"],
        &["mcp", "add", "a", "--env", "NOVALUE", "--", "y"],
        &["mcp", "add", "a", "--url", "http://x", "--header", "a b: c"],
        &["mcp", "add", "", "--", "y"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
    }
    assert!(!home.path().join("config").exists());
}

#[test]
fn servers_of_other_programs_are_taken_over() {
    let home = Home::new();
    fs::create_dir_all(home.path().join(".cursor")).unwrap();
    let servers = json!({"mcpServers": {
        "one": {"command": "x", "note": 1}, "two": {"url": "http://127.0.0.1:9/"}, "three": {"command": "${input:key}"}
    }});
    home.file(".cursor/mcp.json", &servers.to_string());
    home.file(".claude.json", r#"{"mcpServers": {"four": {"command": "y"}}}"#);
    let offered = home.run(&["mcp", "import", "--json"]).json();
    let names: Vec<&Value> = offered["importable"].as_array().unwrap().iter().map(|row| &row["servers"]).collect();
    assert_eq!(names, [&json!(["four"]), &json!(["one", "two", "three"])]);

    let ran = home.run(&["mcp", "import", "cursor"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("left out") && ran.stderr.contains("${input:key}"), "{}", ran.stderr);
    assert_eq!(home.run(&["mcp", "import", "claude-code", "four"]).code, Some(0));
    let text = fs::read_to_string(home.path().join("config/callboard/mcp.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    let taken = &written["mcpServers"];
    assert_eq!(taken["one"], servers["mcpServers"]["one"], "unknown fields come along");
    assert_eq!((&taken["four"]["command"], taken.get("three")), (&json!("y"), None));
    assert_eq!(home.run(&["mcp", "import", "cursor", "five"]).code, Some(2));
    assert_eq!(home.run(&["mcp", "import", "/no/such/file"]).code, Some(2));
}

/// The checks of `doctor --json` as `area what mark`.
fn checks(ran: &Ran) -> Vec<String> {
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let report = ran.json();
    let rows = report["checks"].as_array().unwrap();
    rows.iter().map(|row| ["area", "what", "mark"].map(|key| word(row, key)).join(" ")).collect()
}

#[test]
fn the_doctor_finds_all_well_where_all_is_well() {
    let home = Home::new();
    let ran = home.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let found = checks(&ran);
    for name in callboard_servers::NAMES {
        assert!(found.contains(&format!("server {name} ok")), "{found:?}");
    }
    for wanted in
        ["terminal tty warn", "settings config.toml ok", "folders sessions ok", "clock time ok", "model endpoint ok"]
    {
        assert!(found.contains(&wanted.to_owned()), "no {wanted} in {found:?}");
    }
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let project = Project::new();
    let home = &project.home;
    fs::create_dir_all(home.path().join("config/callboard")).unwrap();
    home.file("config/callboard/config.toml", "colour = 1\n");
    let servers =
        json!({"mcpServers": {"gone": {"command": "no-such-program-anywhere"}, "unset": {"command": "${NOPE}"}}});
    home.file("config/callboard/mcp.json", &servers.to_string());
    home.file("state", "a file in the way");
    let ran = project.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let found = checks(&ran);
    for wanted in [
        "settings config.toml warn",
        "folders sessions fail",
        "files project warn",
        "files user ok",
        "server gone fail",
        "server unset fail",
        "server ticket ok",
    ] {
        assert!(found.contains(&wanted.to_owned()), "no {wanted} in {found:?}");
    }
    let report = ran.json();
    let advised = report["checks"].as_array().unwrap().iter().filter(|row| row["mark"] != "ok");
    assert!(advised.clone().all(|row| row["advice"].as_str().is_some_and(|advice| !advice.is_empty())), "{report}");
    let text = project.run(&["doctor"]).stdout;
    assert!(text.contains("callboard mcp trust") && text.contains("NOPE is not set"), "{text}");
}

fn chunk(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn call(index: Option<u64>, id: &str, name: &str, arguments: Value) -> Value {
    let mut call = json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    if let Some(index) = index {
        call["index"] = index.into();
    }
    chunk(json!({"tool_calls": [call]}))
}

fn models(names: &[&str]) -> Reply {
    let data: Vec<Value> = names.iter().map(|name| json!({"id": name})).collect();
    Reply::status(200, json!({"data": data}).to_string())
}

fn ready() -> Reply {
    Reply::events(&[chunk(json!({"content": "rea"})), chunk(json!({"content": "dy"})), finish("stop")])
}

/// What the doctor finds of an endpoint with these replies, without what it finds elsewhere.
async fn examined(replies: Vec<Reply>) -> (Option<i32>, Vec<String>, Vec<String>, usize) {
    let endpoint = MockEndpoint::start(replies).await;
    let home = Home::new();
    let mut command = home.command(&["doctor", "--model", "--patience", "10", "--json"]);
    command.env("OPENAI_BASE_URL", &endpoint.base_url).env("OPENAI_MODEL", "m").env("OPENAI_API_KEY", "hush-hush-hush");
    let ran = tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap();
    assert!(!ran.stdout.contains("hush"), "{ran:?}");
    let found = checks(&ran).into_iter().filter_map(|row| row.strip_prefix("model ").map(str::to_owned)).collect();
    let report = ran.json();
    let protocol = report["checks"].as_array().unwrap().iter().filter(|row| row["what"] == "protocol");
    let deviations = protocol.map(|row| row["says"].as_str().unwrap_or_default().to_owned()).collect();
    (ran.code, found, deviations, endpoint.asked().len())
}

#[tokio::test]
async fn the_doctor_finds_an_endpoint_that_keeps_to_the_protocol() {
    let calls = [
        call(Some(0), "a", "look_up_weather", json!("{\"city\":\"Oslo\"}")),
        call(Some(1), "b", "look_up_time", json!("{\"city\":\"Lima\"}")),
        finish("tool_calls"),
    ];
    let (code, found, deviations, asked) = examined(vec![models(&["m", "n"]), ready(), Reply::events(&calls)]).await;
    assert_eq!((code, asked), (Some(0), 3));
    assert_eq!(found, ["endpoint ok", "models ok", "streaming ok", "tools ok", "parallel ok"]);
    assert_eq!(deviations, [""; 0]);
}

#[tokio::test]
async fn the_doctor_tells_of_every_deviation_it_sees() {
    let whole = json!({"choices": [{"index": 0, "message": {"content": "ready"}, "finish_reason": "stop"}]});
    let calls = [
        call(None, "a", "look_up_weather", json!({"city": "Oslo"})),
        call(None, "a", "look_up_time", json!({"city": "Lima"})),
        finish("tool_use"),
    ];
    let replies = vec![models(&["n"]), Reply::status(200, whole.to_string()), Reply::events_without_done(&calls)];
    let (code, found, deviations, _) = examined(replies).await;
    assert_eq!(code, Some(0));
    assert_eq!(found[..5], ["endpoint ok", "models warn", "streaming warn", "tools ok", "parallel ok"]);
    let wanted = [
        "arguments come as an object, not as text",
        "calls come without an index",
        "calls share an id",
        "the finish reason \"tool_use\" is unknown",
        "the stream ends without [DONE]",
    ];
    assert_eq!(deviations, wanted);
}

#[tokio::test]
async fn the_doctor_fails_where_the_console_would() {
    let refusal = || Reply::status(401, r#"{"error":{"message":"bad key"}}"#);
    let (code, found, ..) = examined(vec![refusal(), refusal()]).await;
    assert_eq!(
        (code, found.as_slice()),
        (Some(3), ["endpoint ok", "models fail", "answer fail"].map(String::from).as_slice())
    );

    let words = Reply::events(&[chunk(json!({"content": "It rains."})), finish("stop")]);
    let (code, found, ..) = examined(vec![Reply::status(404, "no list"), ready(), words]).await;
    assert_eq!(code, Some(1));
    assert_eq!(found, ["endpoint ok", "models warn", "streaming ok", "tools fail"]);
}

#[test]
fn the_doctor_fails_where_nothing_listens_and_where_none_is_set() {
    let home = Home::new();
    let ran =
        Ran::of(home.command(&["doctor", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"]).output().unwrap());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stdout.contains("Nothing listens at http://127.0.0.1:9/v1"), "{}", ran.stdout);
    assert_eq!(home.run(&["doctor", "--model"]).code, Some(2));
    assert_eq!(home.run(&["ask", "--model=", "x"]).code, Some(2), "a name is wanted elsewhere");
}
