//! One hostile server in a real console: what is done there, what is looked at, what must hold afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::escapes;
use crate::fleet::{hostile_program, is_alive};
use crate::terminal::Console;

/// How the hostile server is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// As a child of the console.
    Pipes,
    /// As a program that was there before, over HTTP.
    Http,
}

/// What a server or a call does, and what must be said of it.
pub struct Siege {
    /// How the server is reached.
    pub road: Road,
    /// What is wrong with the server.
    pub mode: &'static str,
    /// What goes wrong in a call of it; without one only a bundled server is called.
    pub deed: Option<&'static str>,
    /// The tools that are called so.
    pub tools: &'static [&'static str],
    /// Bytes of an argument that says nothing.
    pub load: usize,
    /// How long a call may take, ms.
    pub timeout_ms: u64,
    /// Pressed before the words are looked for.
    pub keys: &'static str,
    /// Words that must be on the screen together.
    pub words: &'static [&'static str],
    /// Memory the console may ever have had, MiB.
    pub most_memory: u64,
}

/// What no server may see, and no recording may hold.
const INHERITED: &str = "inherited-4711-secret";
/// A secret of the server's own configuration.
const TOKEN: &str = "configured-4711-token";
/// What begins every frame.
const FRAME: &[u8] = b"\x1b[?2026h";
/// How long a pressed key may take to be seen, whatever goes on. Far more than it takes on an idle machine.
const KEY: Duration = Duration::from_secs(20);

impl Siege {
    /// A server that is wrong as a whole.
    pub const fn server(mode: &'static str, words: &'static [&'static str]) -> Self {
        Self {
            road: Road::Pipes,
            mode,
            deed: None,
            tools: &[],
            load: 0,
            timeout_ms: 60_000,
            keys: "",
            words,
            most_memory: 64,
        }
    }

    /// A call that goes wrong.
    pub const fn call(deed: &'static str, words: &'static [&'static str]) -> Self {
        Self { mode: "well", deed: Some(deed), tools: &["echo"], ..Self::server("well", words) }
    }

    /// Over HTTP.
    pub const fn over_http(self) -> Self {
        Self { road: Road::Http, ..self }
    }

    /// With keys that are pressed before the words are looked for.
    pub const fn press(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    /// With a memory of its own, MiB.
    pub const fn within(self, most_memory: u64) -> Self {
        Self { most_memory, ..self }
    }

    /// With these tools called, one after another.
    pub const fn with(self, tools: &'static [&'static str]) -> Self {
        Self { tools, ..self }
    }

    /// With calls that are given up after two seconds.
    pub const fn impatient(self) -> Self {
        Self { timeout_ms: 2000, ..self }
    }

    /// With so many bytes sent.
    pub const fn loaded(self, load: usize) -> Self {
        Self { load, ..self }
    }

    /// In a server of this mode.
    pub const fn of(self, mode: &'static str) -> Self {
        Self { mode, ..self }
    }

    /// Goes through it in a console and checks all that must hold of any.
    pub fn survive(&self) {
        let opened = Instant::now();
        let away = match self.road {
            Road::Pipes => None,
            Road::Http => Some(Away::start(self.mode)),
        };
        let mut console = self.open(away.as_ref());
        console.wait_for_text("✓ ticket");
        if self.deed.is_some() {
            // Ready is said before the tools are known.
            let has_tools =
                |line: &str| line.contains("✓ hostile") && line.contains(" tools, ") && !line.contains(" 0 tools");
            console.wait_for(|contents| contents.lines().any(has_tools), "the hostile server's tools");
        }
        console.press("Look at TKT-1001\r");
        console.wait_for_text("t1  Look at TKT-1001");
        let asked = Instant::now();
        console.press("still here");
        console.wait_for_text("still here");
        let key = asked.elapsed();
        console.wait_for_text("TKT-1001 was looked at");
        console.wait_for_text("✓ [1] ticket get_ticket_details");
        // Once empties the input.
        console.press("\x03");
        console.wait_for(|contents| !contents.contains("still here"), "an empty input");
        console.press(self.keys);
        console
            .wait_for(|contents| self.words.iter().all(|word| contents.contains(word)), &format!("{:?}", self.words));
        let memory = peak_memory(console.id());
        let home = console.home.path().to_owned();
        let before = processes_of(&home);
        // Out of whatever the keys have opened.
        for key in ["\x1b", "\x1b", "i", "\x03"] {
            console.press(key);
            std::thread::sleep(Duration::from_millis(40));
        }
        console.press("/quit\r");
        let asked = Instant::now();
        assert_eq!(console.end(), 0);
        let quit = asked.elapsed();
        console.assert_restored();
        wait_until_none_is_left(&home, &before);
        let lasted = opened.elapsed();
        let sent = console.sent();
        let frames = sent.windows(FRAME.len()).filter(|bytes| *bytes == FRAME).count();
        println!(
            "siege {}{} {}: {memory} MiB, a key {} ms, {frames} frames and {} kB in {} ms, of which quitting {} ms",
            match self.road {
                Road::Pipes => "",
                Road::Http => "http ",
            },
            self.mode,
            self.deed.unwrap_or("-"),
            key.as_millis(),
            sent.len() / 1000,
            lasted.as_millis(),
            quit.as_millis(),
        );
        assert!(frames > 1 && frames as u128 <= lasted.as_millis() / 16 + 2, "{frames} frames in {lasted:?}");
        escapes::assert_only_ours(&sent);
        assert!(key < KEY, "a key took {key:?}");
        assert!(memory <= self.most_memory, "{memory} MiB");
        let recorded = recordings(&home);
        assert!(recorded.contains("TKT-1001"), "nothing was recorded");
        assert!(!recorded.contains(INHERITED) && !recorded.contains(TOKEN), "a secret was recorded");
        if let Some(away) = away {
            assert_eq!(away.end(), "", "somebody followed a redirect");
        }
    }

    fn open(&self, away: Option<&Away>) -> Console {
        let home = tempfile::tempdir().expect("a folder");
        let mut servers = json!({"hostile": {"timeout_ms": self.timeout_ms}});
        let more = match away {
            None => json!({"command": hostile_program(), "args": [self.mode], "env": {"HOSTILE_TOKEN": TOKEN}}),
            Some(away) => json!({"url": away.address, "headers": {"Authorization": format!("Bearer {TOKEN}")}}),
        };
        for (key, value) in more.as_object().into_iter().flatten() {
            servers["hostile"][key] = value.clone();
        }
        for other in callboard_servers::NAMES.iter().filter(|name| **name != "ticket") {
            servers[other] = json!({"command": "", "disabled": true});
        }
        let mut calls = vec![json!({"name": "get_ticket_details", "arguments": {"ticket_id": "TKT-1001"}})];
        calls.extend(self.tools.iter().map(|tool| {
            let arguments = json!({"do": self.deed, "load": "l".repeat(self.load)});
            json!({"name": format!("hostile__{tool}"), "arguments": arguments})
        }));
        let script = json!({"steps": [{"calls": calls}, {"text": "TKT-1001 was looked at [1]."}]});
        let file = |name: &str, content: serde_json::Value| {
            let path = home.path().join(name);
            fs::write(&path, content.to_string()).expect("written");
            path.to_str().expect("an ordinary path").to_owned()
        };
        let servers = file("servers.json", json!({ "mcpServers": servers }));
        let model = format!("scripted:{}", file("script.json", script));
        let args = ["--model", &model, "--servers", &servers, "--policy", "auto"];
        Console::open_with(home, 60, 200, &args, &[("CALLBOARD_SECRET", INHERITED)])
    }
}

/// The hostile server over HTTP.
struct Away {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

impl Away {
    fn start(mode: &str) -> Self {
        let mut child =
            Command::new(hostile_program()).args(["http", mode]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut address = String::new();
        out.read_line(&mut address).expect("an address");
        Self { child, out, address: address.trim().to_owned() }
    }

    /// Ends it, and gives what it had to say.
    fn end(mut self) -> String {
        self.child.kill().expect("it can be stopped");
        let mut said = String::new();
        self.out.read_to_string(&mut said).expect("text");
        said
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        // Ended already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory a process ever had, MiB.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a high-water mark");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") / 1024
}

/// Processes that were started with this home, or belong to the session of one that was.
fn processes_of(home: &std::path::Path) -> BTreeSet<u32> {
    let mark = format!("HOME={}", home.display());
    let pids =
        || fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_marked = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let marked: BTreeSet<u32> = pids().filter(is_marked).collect();
    let sessions: BTreeSet<u32> = marked.iter().filter_map(|pid| session_of(*pid)).collect();
    pids().filter(|pid| marked.contains(pid) || session_of(*pid).is_some_and(|of| sessions.contains(&of))).collect()
}

fn session_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(3)?.parse().ok()
}

fn wait_until_none_is_left(home: &std::path::Path, before: &BTreeSet<u32>) {
    assert!(before.len() > 1, "the console and its servers were not found");
    let begun = Instant::now();
    loop {
        let left: Vec<u32> = processes_of(home).union(before).copied().filter(|pid| is_alive(*pid)).collect();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "still there after the console: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All that was recorded, payloads beside the sessions too.
fn recordings(home: &std::path::Path) -> String {
    let mut text = String::new();
    let mut folders = vec![home.join("state")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                text.push_str(&String::from_utf8_lossy(&fs::read(path).expect("readable")));
            }
        }
    }
    text
}
