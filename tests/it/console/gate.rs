//! Rules, log points, calls made again and forks, in the real program with real servers.

use std::path::Path;

use serde_json::json;

use super::{Console, path, recorded, recording_in};
use crate::fleet::hostile_program;

/// A home with these settings, and a trusted server whose tool `write` may change something.
fn home(settings: &str) -> tempfile::TempDir {
    settled(tempfile::tempdir().expect("a folder"), settings)
}

fn settled(home: tempfile::TempDir, settings: &str) -> tempfile::TempDir {
    let folder = home.path().join("config/callboard");
    std::fs::create_dir_all(&folder).expect("a folder");
    let servers = json!({"mcpServers": {"desk": {"command": hostile_program(), "args": ["modern"], "trust": true}}});
    std::fs::write(folder.join("mcp.json"), servers.to_string()).expect("written");
    std::fs::write(folder.join("config.toml"), format!("servers = \"mcp.json\"\n{settings}")).expect("written");
    home
}

/// A model that makes these calls in one answer, and then answers.
fn script(home: &Path, calls: &[(&str, serde_json::Value)]) -> String {
    let calls: Vec<_> = calls.iter().map(|(name, arguments)| json!({"name": name, "arguments": arguments})).collect();
    let file = home.join("script.json");
    std::fs::write(&file, json!({"steps": [{"calls": calls}, {"text": "All is done."}]}).to_string()).expect("written");
    format!("scripted:{}", path(&file))
}

fn quit(mut console: Console) {
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_rule_asks_about_a_call_that_only_reads() {
    let home = home("policy = \"auto\"\n[rules]\nask = [\"tool:search_tickets\"]\n");
    let mut console = Console::open_in(home, 40, 120, &["--model", "built-in"]);
    console.wait_for_text("✓ desk");
    console.press("What are the critical tickets and who are the customers?\r");
    let screen = console.wait_for_text("Held: it has not been sent");
    assert!(screen.contains("a rule asks: tool:search_tickets"), "{screen}");
    console.press("\t");
    console.decide("n", |contents| contents.contains("There are 3 critical tickets"), "the answer");
    quit(console);
}

#[test]
fn a_rule_allows_a_call_that_may_write_and_another_is_asked_about() {
    let home = home("[rules]\nallow = [\"tool:write arg.n=1\"]\n");
    let model = script(home.path(), &[("desk__write", json!({"n": 1})), ("desk__write", json!({"n": 2}))]);
    let mut console = Console::open_in(home, 40, 120, &["--model", &model]);
    console.wait_for_text("✓ desk");
    console.press("Write it down\r");
    console.wait_for(
        |contents| {
            ["write on desk may change something", "⏸   2 desk", "✓   1 desk"]
                .iter()
                .all(|part| contents.contains(part))
        },
        "the first call made and the second one held",
    );
    console.press("\td");
    console.wait_for_text("why?");
    console.press("one is enough\r");
    console.wait_for_text("All is done.");
    quit(console);
}

#[test]
fn a_log_point_is_noted_and_listed_and_nothing_waits() {
    let home = home("");
    let model = script(home.path(), &[("desk__echo", json!({"n": 7}))]);
    let mut console = Console::open_in(home, 40, 120, &["--model", &model]);
    console.wait_for_text("✓ desk");
    console.press("\t\tB");
    console.wait_for_text("Breakpoints");
    console.press("log tool:echo arg.n=7\r");
    console.wait_for(|contents| !contents.contains("Breakpoints"), "the log point taken");
    console.press("iSay it\r");
    console.wait_for_text("All is done.");
    console.press("\t");
    console.press("i/notices\r");
    let screen = console.wait_for_text("Notices");
    assert!(screen.contains("log point tool:echo arg.n=7: desk echo {\"n\":7}"), "{screen}");
    console.press("\x1b");
    console.wait_for(|contents| !contents.contains("Notices"), "the page closed");
    quit(console);
}

#[test]
fn a_call_is_not_made_again_against_a_rule() {
    let home = settled(recorded(), "[rules]\ndeny = [\"tool:get_sla_terms\"]\n");
    let mut console = Console::open_in(home, 40, 120, &["--model", "built-in", "replay", "last"]);
    console.wait_for_text("CUST-999");
    console.press("gc1\r");
    console.wait_for_text("[1] customer get_sla_terms ✓ ok");
    console.press("R\r");
    console.wait_for_text("call 1 was not made again: a rule refuses it: tool:get_sla_terms");
    quit(console);
}

/// The screen of a recorded call that was just made again on the server that `command` and `args` start.
fn made_again_on(command: &str, args: &[&str]) -> Console {
    let home = recorded();
    let servers = home.path().join("other.json");
    let other = json!({"mcpServers": {"customer": {"command": command, "args": args}}});
    std::fs::write(&servers, other.to_string()).expect("written");
    let file = path(&servers).to_owned();
    let mut console = Console::open_in(home, 40, 120, &["--servers", &file, "replay", "last"]);
    console.wait_for_text("CUST-999");
    console.press("gc1\r");
    console.wait_for_text("[1] customer get_sla_terms ✓ ok");
    console.press("R\r");
    console
}

#[test]
fn a_slow_server_of_a_call_made_again_is_waited_for_without_a_word_across_the_screen() {
    // Longer than a command waits before it tells for whom.
    let slowly = format!("sleep 3; exec {} modern", hostile_program().display());
    let console = made_again_on("/bin/sh", &["-c", &slowly]);
    console.wait_for_text("call 1 was not made again: server customer has no tool get_sla_terms any more");
    let sent = String::from_utf8_lossy(&console.sent()).into_owned();
    assert!(!sent.contains("waiting for"), "{sent}");
    quit(console);
}

#[test]
fn a_call_of_a_tool_that_is_gone_is_not_made_again() {
    let console = made_again_on(path(&hostile_program()), &["modern"]);
    console.wait_for_text("call 1 was not made again: server customer has no tool get_sla_terms any more");
    quit(console);
}

#[test]
fn a_fork_beyond_the_end_is_refused_and_one_of_a_file_that_grows_warns() {
    let home = recorded();
    let file = recording_in(home.path());
    let records = std::fs::read_to_string(&file).expect("a recording").lines().count() - 1;
    let mut console = Console::open_in(home, 24, 120, &["fork", path(&file), "--at", "9999"]);
    assert_eq!(console.end(), 2);
    let screen = console.contents();
    let words = format!("There is no record #9999 in this recording; #{} is its last.", records - 1);
    assert!(screen.contains("--at: ") && screen.contains(&words), "{screen}");
    let home = recorded();
    let file = recording_in(home.path());
    let writer = std::fs::OpenOptions::new().append(true).open(&file).expect("it can be written");
    // The lock is how others know that somebody writes.
    writer.lock().expect("nobody else has it");
    let console = Console::open_in(home, 40, 120, &["--model", "built-in", "fork", path(&file)]);
    let screen = console.wait_for_text("is still being written");
    assert!(screen.contains("⚠ forked at #") && screen.contains("LIVE"), "{screen}");
    quit(console);
}

#[test]
fn what_is_no_recording_is_opened_and_told_as_that() {
    for (content, words) in [("", "is not a Callboard recording: it is empty"), ("a,b\n", "not a Callboard recording")]
    {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("some.csv");
        std::fs::write(&file, content).expect("written");
        let console = Console::open_in(home, 24, 120, &["replay", path(&file)]);
        let screen = console.wait_for_text(words);
        assert!(screen.contains("VIEW") && !screen.contains("damaged"), "{screen}");
        quit(console);
    }
}
