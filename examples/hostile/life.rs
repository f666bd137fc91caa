//! What is wrong with the process: how it starts, what it does beside its work, how it ends.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio, exit};
use std::thread::{sleep, spawn};
use std::time::Duration;

use serde_json::{Value, json};

use crate::escapes::payload;
use crate::wire::{say, say_bytes, tell};

/// Longer than any test.
pub const FOR_EVER: Duration = Duration::from_secs(600);

pub const MODES: &[&str] = &[
    "well",
    "exits",
    "exits-in-colour",
    "crash-loop",
    "deaf",
    "slow",
    "half-a-line",
    "closes-stdout",
    "stops-reading",
    "stubborn",
    "immortal",
    "orphan",
    "terminal",
    "chatty",
    "screams",
    "babbles",
    "endless-line",
];

/// Does what the mode does before anything is read.
pub fn begin(mode: &str) {
    match mode {
        "exits" => {
            eprintln!("reading the licence");
            eprintln!("no licence for this machine");
            exit(3);
        }
        "exits-in-colour" => {
            eprintln!("{}", payload());
            exit(5);
        }
        "deaf" => sleep(FOR_EVER),
        "slow" => {
            eprintln!("warming up");
            sleep(Duration::from_secs(5));
        }
        "half-a-line" => {
            // What asks first is answered in part.
            let mut byte = [0];
            while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0 && byte[0] != b'\n') {}
            let mut out = std::io::stdout();
            let _ = out.write_all(br#"{"jsonrpc":"2.0","id":0,"result":{"protocolVer"#).and_then(|()| out.flush());
            eprintln!("the disk is full");
            exit(9);
        }
        "immortal" if std::env::args().nth(2).is_none() => {
            // An ignored signal stays ignored over exec.
            let script = r#"trap "" TERM HUP INT; exec "$0" immortal again"#;
            let program = std::env::current_exe().unwrap_or_default();
            eprintln!("no shell: {}", Command::new("/bin/sh").arg("-c").arg(script).arg(program).exec());
            exit(1);
        }
        "orphan" => {
            // It keeps our pipes open, so that nobody sees the end of our output.
            let script = r#"trap "" TERM HUP INT; sleep 600"#;
            let _ = Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::null()).spawn();
            eprintln!("the parent leaves");
            exit(4);
        }
        "terminal" => {
            let attack = std::fs::OpenOptions::new().write(true).open("/dev/tty").and_then(|mut tty| {
                tty.write_all(payload().as_bytes()).and_then(|()| tty.write_all(&payload().into_bytes()))
            });
            eprintln!("the terminal says {}", attack.map_or_else(|error| error.to_string(), |()| "welcome".into()));
        }
        "chatty" => {
            say("*** Welcome to the server! ***\n{\"level\":\"info\",\"msg\":\"starting\"}\n[1,2]");
            say_bytes(b"\xff\xfe bytes");
            say(&payload());
        }
        "screams" => drop(spawn(|| {
            let line = [payload().as_bytes(), b" ", &[b'x'; 200], b"\n"].concat().repeat(50);
            while std::io::stderr().write_all(&line).is_ok() {}
        })),
        "babbles" => drop(spawn(|| {
            loop {
                tell("notifications/message", &json!({"level": "info", "data": "x".repeat(200)}));
                tell("notifications/tools/list_changed", &json!({}));
                say("no message at all");
            }
        })),
        "endless-line" => {
            let block = [b'x'; 64 * 1024];
            let _ = std::io::stdout().write_all(&block);
            drop(spawn(move || while std::io::stdout().write_all(&block).is_ok() {}));
        }
        _ => {}
    }
}

/// Does what the mode does beside answering a message.
pub fn hear(mode: &str, message: &Value) {
    let method = message["method"].as_str().unwrap_or_default();
    match (mode, method) {
        ("chatty", _) => say("{\"level\":\"debug\",\"msg\":\"a request\"}\n  thinking…"),
        ("crash-loop", "tools/call" | "notifications/initialized") => drop(spawn(|| {
            sleep(Duration::from_millis(300));
            eprintln!("segmentation fault, as always");
            exit(139);
        })),
        ("closes-stdout", "tools/call") => {
            // The process lives on as another program whose output goes nowhere.
            let sleeper = Command::new("sleep").arg("600").stdout(Stdio::null()).exec();
            eprintln!("{sleeper}");
        }
        _ => {}
    }
}

/// Does what the mode does when its stdin has ended.
pub fn end(mode: &str) {
    if matches!(mode, "stubborn" | "immortal") {
        sleep(FOR_EVER);
    }
}
