//! The console from end to end: keys in, screen out.

mod gate;
mod suspend;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::fleet::kill;
use crate::terminal::Console;

#[test]
fn a_question_is_answered_on_the_screen_and_the_terminal_is_restored() {
    let mut console = Console::open(40, 120, &[]);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    console.press("What are the critical tickets and who are the customers?\r");
    let contents = console.wait_for(
        |contents| {
            ["TKT-1012", "TKT-1014", "TKT-1015"].iter().all(|id| contents.contains(id)) && contents.contains("4 calls")
        },
        "three tickets and a tally of four calls",
    );
    for part in
        ["DataFlow Solutions", "Aurora Health Network", "Brightside Dental Group", "ticket", "customer", "built-in"]
    {
        assert!(contents.contains(part), "no {part} in:\n{contents}");
    }
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn ctrl_c_twice_quits() {
    let mut console = Console::open(24, 80, &["--model", "built-in"]);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    console.press("something typed");
    console.wait_for_text("something typed");
    console.press("\x03");
    console.wait_for(|contents| !contents.contains("something typed"), "an empty input");
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

/// The text of all recordings below a folder.
fn recordings(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let text = |path: std::path::PathBuf| match path.extension() {
        _ if path.is_dir() => recordings(&path),
        Some(extension) if extension == "jsonl" => std::fs::read_to_string(&path).expect("it can be read"),
        Some(_) | None => String::new(),
    };
    entries.map(text).collect()
}

#[test]
fn all_of_a_long_text_without_brackets_arrives_at_once() {
    let mut console = Console::open(60, 200, &["--model", "built-in"]);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    // No space: a letter that is lost or held back changes the count.
    let text = "abcdefghij".repeat(500);
    console.press("/note ");
    console.wait_for_text("/note");
    console.press(&format!("{text} END"));
    console.wait_for_text("END");
    console.press("\r");
    console.wait_for_text("Ask in plain words");
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
    let written = recordings(&console.home.path().join("state"));
    assert!(written.contains(&format!("{text} END")), "the text has changed");
}

#[test]
fn typing_works_while_a_server_never_answers_and_its_lane_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let servers = folder.path().join("mcp.json");
    let text = r#"{"mcpServers":{"sleepy":{"command":"sleep","args":["1000"]},"absent":{"command":"no-such-program-anywhere"}}}"#;
    std::fs::write(&servers, text).expect("written");
    let mut console = Console::open(60, 200, &["--servers", path(&servers)]);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    console.press("Show me customer CUST-001\r");
    console.wait_for_text("Show me customer CUST-001");
    console.wait_for_text("TechCorp Industries");
    console.wait_for(|contents| contents.contains("sleepy") && contents.contains("absent"), "the lanes of both");
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_projects_servers_wait_for_a_word_and_the_others_do_not() {
    let home = tempfile::tempdir().expect("a folder");
    let project = home.path().join("project");
    std::fs::create_dir(&project).expect("made");
    let kb = serde_json::json!({"command": env!("CARGO_BIN_EXE_callboard"), "args": ["serve", "kb"]});
    let servers = serde_json::json!({"mcpServers": {"theirs": kb, "kb": {"disabled": true}}});
    std::fs::write(project.join(".mcp.json"), servers.to_string()).expect("written");
    let mut console = Console::open_in(home, 40, 120, &[]);
    let parts =
        ["May this project's servers start?", "would start:", "theirs", "runs", "STOPS    the bundled server kb"];
    console.wait_for(|contents| parts.iter().all(|part| contents.contains(part)), "the whole card");
    // What was typed before it could be read decides nothing.
    console.press("y\r");
    console.press("\x1b");
    console.wait_for(|contents| !contents.contains("May this project's"), "the page is closed");
    console.press("Show me customer CUST-001\r");
    console.wait_for_text("TechCorp Industries");
    console.press("/trust yes\r");
    console.wait_for_text("✓ theirs");
    // The bundled one is not there any more, which is no failure.
    console.wait_for_text("⊘ kb");
    console.press("/restart kb\r");
    let contents = console.wait_for_text("kb is switched off in");
    assert!(!contents.contains('✗'), "{contents}");
    console.press("\x03");
    // And back: a yes is taken back where it was given.
    console.press(&format!("/trust no {}\r", project.join(".mcp.json").display()));
    console.wait_for(|contents| contents.contains("⊘ theirs") && contents.contains("✓ kb"), "the servers of before");
    console.press("/quit\r");
    assert_eq!(console.end(), 0);
    console.assert_restored();
    let records = recordings(&console.home.path().join("state"));
    for part in ["project.proposed", "\"verdict\":\"approved\"", "\"switched_off_in\":"] {
        assert!(records.contains(part), "no {part} in the recording");
    }
    assert!(!records.contains("server.lost"), "nothing was lost");
    let kept = std::fs::read_to_string(console.home.path().join("state/callboard/approvals.json")).expect("kept");
    assert!(kept.contains("refused") && !kept.contains("approved"), "{kept}");
}

#[test]
fn a_signal_that_ends_the_program_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::QUIT] {
        let mut console = Console::open(24, 80, &[]);
        console.wait_for(|_| console.is_alternate(), "the alternate screen");
        kill(console.id(), signal);
        assert_ne!(console.end(), 0);
        console.assert_restored();
    }
}

#[test]
fn leaving_at_once_does_not_wait_for_a_stubborn_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = r#"trap "" TERM; echo x >&2; sleep 600 & wait; sleep 600"#;
    let servers = serde_json::json!({"mcpServers": {"stubborn": {"command": "/bin/sh", "args": ["-c", script]}}});
    let file = dir.path().join("servers.json");
    std::fs::write(&file, servers.to_string()).expect("written");
    for by_signal in [true, false] {
        let mut console = Console::open(40, 120, &["--servers", path(&file)]);
        console.wait_for_text("stubborn");
        if by_signal {
            kill(console.id(), Signal::TERM);
        } else {
            console.press("\x03\x03");
            console.wait_for_text("leaves at once");
            console.press("\x03");
        }
        let asked = Instant::now();
        assert_eq!(console.end(), u32::from(by_signal));
        assert!(asked.elapsed() < Duration::from_millis(3000), "it waited for a stubborn server");
        console.assert_restored();
    }
}

#[test]
fn every_size_is_drawn_and_resizing_keeps_what_was_typed() {
    let mut console = Console::open(24, 80, &[]);
    console.wait_for(|_| console.is_alternate(), "the alternate screen");
    console.press("half a question");
    console.wait_for_text("half a question");
    for (rows, cols) in [(60, 200), (5, 20), (1, 1), (40, 120)] {
        console.resize(rows, cols);
        std::thread::sleep(Duration::from_millis(100));
    }
    console.wait_for_text("half a question");
    console.press("\x03\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn without_a_terminal_the_console_says_what_to_do() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_callboard"))
        .stdin(std::process::Stdio::null())
        .env("XDG_STATE_HOME", "/nonexistent")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("terminal") && errors.contains("callboard ask"), "{errors}");
}

#[test]
fn a_turn_is_stepped_through_edited_denied_and_finished() {
    let mut console = Console::open(40, 120, &["--model", "built-in", "--step"]);
    console.wait_for(|contents| contents.contains("LIVE") && contents.contains("STEP"), "stepping");
    console.press("What are the critical tickets and who are the customers?\r");
    console.wait_for(|contents| contents.contains("Held: it has not been sent"), "a held call");
    // Everything else works while it is held.
    console.press("\t\t?");
    console.wait_for_text("All keys and commands");
    console.press("\x1b");
    console.wait_for(|contents| !contents.contains("All keys and commands"), "no help");
    console.decide("e", |contents| contents.contains("Arguments of call 1"), "Arguments of call 1");
    // Only the tickets that are open are asked for.
    console.press("\x1b[200~{\"priority\":\"critical\",\"bogus\":1}\x1b[201~\r");
    console.wait_for(|contents| contents.contains("no JSON") || contents.contains("does not take"), "a refusal");
    console.press("\x12\x07");
    console.wait_for(|contents| contents.contains("\"priority\": \"high\""), "what the editor wrote");
    console.press("\x12");
    console.press(", \"status\": \"open\"\r");
    console
        .wait_for(|contents| contents.contains("changed by the operator") && contents.contains("\"open\""), "the edit");
    console.decide("n", |contents| contents.contains("the model has not seen the result"), "the result, held");
    let contents = console.contents();
    assert!(contents.contains("TKT-1015") && !contents.contains("TKT-1012"), "the edit was not sent:\n{contents}");
    console.decide("n", |contents| contents.contains("Held: it has not been sent"), "the next call");
    console.press("d");
    console.wait_for_text("why?");
    console.press("no customers today\r");
    console.wait_for_text("no customers today");
    console.decide("c", |contents| contents.contains("denied") || contents.contains("not read"), "the end of the turn");
    console.press("i/quit\r");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

/// A home with a recording of two turns, one of which fails.
fn recorded() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["--model", "built-in", "ask", "sla cust-004", "Show me customer CUST-999"])
        .env("XDG_STATE_HOME", home.path().join("state"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .output()
        .expect("it runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    home
}

#[test]
fn a_recording_is_replayed_with_nothing_but_its_file() {
    let mut console = Console::open_in(recorded(), 40, 120, &["replay", "last"]);
    console.wait_for(|contents| contents.contains("VIEW") && contents.contains("CUST-999"), "the recording's end");
    console.press("0");
    console.wait_for(|contents| contents.contains(" start of #"), "the start");
    console.press("]");
    console.wait_for(|contents| contents.contains("[1] customer get_sla_terms ✓ ok"), "the first call");
    console.press("]");
    console.wait_for(|contents| contents.contains("[2] customer lookup_customer ✗ failed"), "the second call");
    console.press("gt1\r");
    console.wait_for(|contents| contents.contains("sla cust-004") && !contents.contains("CUST-999"), "the first turn");
    console.press(" ");
    console.wait_for(|contents| contents.contains("CUST-999 [2]") && contents.contains("paused"), "the end, played");
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_breakpoint_on_a_result_retries_it_and_one_on_arguments_answers_by_hand() {
    let mut console = Console::open(40, 120, &["--model", "built-in"]);
    let ready = ["ticket", "customer", "billing", "kb", "asset"].map(|name| format!("✓ {name}"));
    console.wait_for(|contents| ready.iter().all(|name| contents.contains(name)), "all servers");
    console.press("\t\tB");
    console.wait_for_text("Breakpoints");
    console.press("tool:lookup_c\t arg.cust\t=CUST-002\x1b\rtool:search_tickets result.total_count>2\x1b\r");
    console.wait_for_text("tool:lookup_customer arg.customer_id=CUST-002");
    console.press("log tool:lookup_customer\r");
    console.wait_for(|contents| !contents.contains("Breakpoints"), "the breakpoints taken");
    console.press("iWhat are the critical tickets and who are the customers?\r");
    console.wait_for(|contents| contents.contains("the model has not seen the result"), "the result, held");
    console.press("\t\t");
    console.decide("r", |contents| contents.contains("sent again by operator"), "the second attempt");
    console.decide(
        "n",
        |contents| contents.contains("has not been sent") && contents.contains("arg.customer_id=CUST-002"),
        "the call of the second breakpoint",
    );
    console.decide("x", |contents| contents.contains("in place of its server"), "in place of its server");
    console.press("{\"customer_id\":\"CUST-002\",\"company_name\":\"Written By Hand\",\"status\":\"active\"}\r");
    // It is not all that the tool promises, and meant all the same.
    console.wait_for_text("Enter again gives it all the same");
    console.press("\r");
    let contents = console.wait_for_text("Written By Hand CUST-002 [4]");
    assert!(contents.contains("answered instead of the server by operator"), "{contents}");
    console.press("i/quit\r");
    assert_eq!(console.end(), 0);
    console.assert_restored();
    let file = recording_in(console.home.path());
    let text = std::fs::read_to_string(&file).expect("a recording");
    assert_eq!(text.matches("log point tool:lookup_customer").count(), 3, "a note for each call");
    let attempts = text.lines().filter(|line| line.contains("\"call.started\"") && line.contains("\"call\":\"c1\""));
    assert_eq!(attempts.count(), 2, "sent twice");
    assert!(
        !text.lines().any(|line| line.contains("\"call.started\"") && line.contains("\"call\":\"c4\"")),
        "never sent"
    );
}

/// The only recording of a home.
fn recording_in(home: &Path) -> std::path::PathBuf {
    let mut folders = vec![home.join("state")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|end| end == "jsonl") => return path,
                _ => {}
            }
        }
    }
    panic!("no recording in {}", home.display());
}

#[test]
fn a_recording_that_still_grows_is_followed_until_the_operator_looks_elsewhere() {
    let home = recorded();
    let whole = std::fs::read_to_string(recording_in(home.path())).expect("a recording");
    let first_end = whole.find("CUST-999").map_or(0, |at| whole[..at].rfind('\n').map_or(0, |line| line + 1));
    let file = home.path().join("growing.jsonl");
    std::fs::write(&file, &whole[..first_end]).expect("it can be written");
    let mut writer = std::fs::OpenOptions::new().append(true).open(&file).expect("it can be written");
    // The lock is how a reader knows that somebody writes.
    writer.lock().expect("nobody else has it");
    let mut console = Console::open_in(home, 40, 120, &["replay", path(&file)]);
    console.wait_for(|contents| contents.contains("VIEW") && contents.contains("sla cust-004"), "the first turn");
    // Not at a line's end: half a record is none yet.
    let middle = first_end + (whole.len() - first_end) / 2;
    writer.write_all(&whole.as_bytes()[first_end..middle]).expect("it can be written");
    console.wait_for_text("Show me customer CUST-999");
    console.press("0");
    console.wait_for(|contents| contents.contains(" start of #"), "the start");
    writer.write_all(&whole.as_bytes()[middle..]).expect("it can be written");
    let records = whole.lines().count() - 1;
    let last = records - 1;
    console.wait_for_text(&format!(" start of #{last}"));
    console.press("F");
    console.wait_for_text(&format!(" #{last} of #{last}"));
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_recording_is_forked_and_its_call_made_again() {
    let mut console = Console::open_in(recorded(), 40, 120, &["--model", "built-in", "replay", "last"]);
    console.wait_for(|contents| contents.contains("VIEW") && contents.contains("CUST-999"), "the recording's end");
    console.press("gc1\r");
    console.wait_for(|contents| contents.contains("[1] customer get_sla_terms ✓ ok"), "the first call");
    console.press("R\r");
    console.wait_for_text("verdict: identical");
    console.press("\x1b");
    console.wait_for(|contents| !contents.contains("verdict: identical"), "the page closed");
    console.press("gt2\r");
    console.wait_for(|contents| contents.contains("t2  Show me customer CUST-999"), "the second turn");
    console.press("C");
    console.wait_for(|contents| contents.contains("LIVE, fork of …") && contents.contains("forked here"), "the fork");
    console.wait_for_text("from here on this session is live");
    console.press("and their invoices?\r");
    console.wait_for(|contents| contents.contains("t3  and their invoices?") && contents.contains("INV-"), "an answer");
    console.press("\x03");
    console.wait_for_text("Ctrl+C again goes back to the session before.");
    console.press("\x03");
    console.wait_for_text("Back in the session before");
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
    console.assert_restored();
}

#[test]
fn a_call_that_was_answered_by_hand_is_made_again_without_a_verdict() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("byhand.jsonl");
    let call = r#""turn":"t1","step":"s1","call":"c1""#;
    let lines = [
        r#"{"fmt":"callboard.session","v":1,"id":"01BYHAND","created":"","app":"","model":"m","servers":{},"policy":"auto"}"#.to_owned(),
        r#"{"i":0,"t":1,"w":1,"k":"turn.started","turn":"t1","d":{"question":"Who is it?"}}"#.to_owned(),
        r#"{"i":1,"t":1,"w":1,"k":"model.requested","turn":"t1","step":"s1","d":{"model":"m","messages":1,"new_messages":[],"tools":1}}"#.to_owned(),
        r#"{"i":2,"t":1,"w":1,"k":"model.answered","turn":"t1","step":"s1","d":{"text":""}}"#.to_owned(),
        format!(r#"{{"i":3,"t":1,"w":1,"k":"call.proposed",{call},"d":{{"server":"customer","tool":"get_sla_terms","arguments":{{"customer_id":"CUST-004"}},"provider_id":"p","read_only":true}}}}"#),
        format!(r#"{{"i":4,"t":2,"w":1,"k":"call.held",{call},"d":{{"site":"before_call","reason":"stepping"}}}}"#),
        format!(r#"{{"i":5,"t":3,"w":1,"k":"call.decided",{call},"d":{{"verdict":"answer","by":"operator"}}}}"#),
        format!(r#"{{"i":6,"t":4,"w":1,"k":"call.finished",{call},"d":{{"status":"ok","duration_us":0,"result":{{"content":[],"structuredContent":{{"made":"up"}}}}}}}}"#),
    ];
    std::fs::write(&file, lines.join("\n") + "\n").expect("writable");
    let mut console = Console::open_in(home, 40, 120, &["replay", path(&file)]);
    console.wait_for(|contents| contents.contains("VIEW") && contents.contains("get_sla_terms"), "the recording's end");
    console.press("gc1\r");
    console.wait_for(|contents| contents.contains("[1] customer get_sla_terms ✓ ok"), "the call");
    console.press("R\r");
    console.wait_for_text("no verdict, there is nothing to compare with: it was never sent");
    assert!(
        console.contents().contains("result, ok") && !console.contents().contains("drift"),
        "{}",
        console.contents()
    );
    console.press("\x1b");
    console.wait_for(|contents| !contents.contains("no verdict"), "the page closed");
    console.press("\x03\x03");
    assert_eq!(console.end(), 0);
}

fn path(path: &Path) -> &str {
    path.to_str().expect("an ordinary path")
}
