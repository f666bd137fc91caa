//! An MCP server that misbehaves, for the tests of everything that hosts servers.
//!
//! The first argument says what is wrong with it as a whole; a call's argument `do` says what goes wrong in that call.
//! Everything else works: both eras, the tools `echo` (only reads) and `write` (says nothing of itself).

use std::io::{BufRead, Write};
use std::process::{Command, Stdio, exit};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);
/// More than a host takes in one line.
const HUGE: usize = 40 * 1024 * 1024;

/// What the server keeps in mind.
struct Server {
    mode: String,
    /// Calls that are answered only when they are no longer wanted.
    late: Vec<Value>,
    /// Whether the list of tools has grown.
    grown: bool,
    /// Whether the list of tools is still given.
    lists: bool,
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    match mode.as_str() {
        "exits" => {
            eprintln!("reading the licence");
            eprintln!("no licence for this machine");
            exit(3);
        }
        "deaf" => sleep(FOR_EVER),
        "chatty" => say("*** Welcome to the server! ***\n{\"level\":\"info\",\"msg\":\"starting\"}\n[1,2]"),
        _ => {}
    }
    let mut server = Server { mode, late: Vec::new(), grown: false, lists: true };
    for line in std::io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line.unwrap_or_default()) else { continue };
        server.hear(&message);
    }
    if server.mode == "stubborn" {
        sleep(FOR_EVER);
    }
}

/// Writes a line; a host that is gone is the end.
fn say(line: &str) {
    say_bytes(line.as_bytes());
}

fn say_bytes(line: &[u8]) {
    let mut out = std::io::stdout().lock();
    if out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).is_err() {
        exit(0);
    }
}

fn answer(id: &Value, result: Value) {
    say(&json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string());
}

fn refuse(id: &Value, message: &str) {
    say(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": message}}).to_string());
}

fn tell(method: &str, params: &Value) {
    say(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
}

impl Server {
    fn hear(&mut self, message: &Value) {
        let (id, params) = (&message["id"], &message["params"]);
        if self.mode == "chatty" {
            say("{\"level\":\"debug\",\"msg\":\"a request\"}\n  thinking…");
        }
        match (message["method"].as_str().unwrap_or_default(), self.mode.as_str()) {
            ("initialize", "modern-dies") => {
                eprintln!("unknown method initialize");
                exit(1);
            }
            ("initialize", "modern") => refuse(id, "unknown method initialize"),
            ("initialize", _) => answer(
                id,
                json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": true}},
                       "serverInfo": {"name": "hostile", "version": "1"}, "instructions": "Beware."}),
            ),
            ("server/discover", "legacy") => refuse(id, "unknown method server/discover"),
            ("server/discover", _) => answer(
                id,
                json!({"resultType": "complete", "supportedVersions": ["2026-07-28"],
                       "capabilities": {"tools": {"listChanged": true}}, "instructions": "Beware.", "ttlMs": 0,
                       "cacheScope": "private",
                       "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "hostile", "version": "1"}}}),
            ),
            ("tools/list", _) if self.lists => answer(id, self.tools(params)),
            ("tools/call", _) => self.call(id, params),
            ("notifications/cancelled", _) => {
                for id in self.late.extract_if(.., |id| *id == params["requestId"]) {
                    answer(&id, text("too late"));
                }
            }
            _ => {}
        }
    }

    fn tools(&self, params: &Value) -> Value {
        let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
        let mut echo = tool("echo");
        echo["annotations"] = json!({"readOnlyHint": true});
        let (mut tools, mut next) = (vec![echo, tool("write")], Value::Null);
        let page: u64 = params["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        match self.mode.as_str() {
            "endless" => {
                tools = vec![tool(&format!("tool{page}"))];
                next = (page + 1).to_string().into();
            }
            "circle" => {
                tools = vec![tool(&format!("tool{page}"))];
                next = "1".into();
            }
            "twins" => tools.extend([tool("echo"), json!({"name": "no-schema"}), json!(17)]),
            _ => {}
        }
        if self.grown {
            tools.push(tool("grown"));
        }
        let mut result = json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools});
        if !next.is_null() {
            result["nextCursor"] = next;
        }
        result
    }

    fn call(&mut self, id: &Value, params: &Value) {
        let arguments = &params["arguments"];
        match arguments["do"].as_str().unwrap_or_default() {
            "crash" => {
                eprintln!("about to work");
                eprintln!("out of handles");
                exit(7);
            }
            "hang" => {}
            "late" => self.late.push(id.clone()),
            "huge" => {
                let body = "x".repeat(HUGE);
                say(&format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{body}"}}]}}}}"#
                ));
            }
            "bad-utf8" => {
                let whole = json!({"jsonrpc": "2.0", "id": id, "result": text("bad @ bytes")}).to_string();
                let at = whole.find('@').unwrap_or(0);
                say_bytes(&[&whole.as_bytes()[..at], b"\xff\xfe", &whole.as_bytes()[at + 1..]].concat());
            }
            "hologram" => say(&format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[{{"type":"hologram","data":1}},{{"type":"text","text":"seen"}}],"structuredContent":{{"big":123456789012345678901234567890}},"extra":[1]}}}}"#
            )),
            "deep" => {
                let nested = format!("{}{}", "[".repeat(400), "]".repeat(400));
                say(&format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"structuredContent":{nested}}}}}"#
                ));
            }
            "error" => say(
                &json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32000, "message": "no such thing", "data": {"a": 1}}})
                    .to_string(),
            ),
            "progress" => {
                let token = &params["_meta"]["progressToken"];
                for progress in [1, 2, 2, 1, 3] {
                    let message = format!("part {progress}");
                    tell(
                        "notifications/progress",
                        &json!({"progressToken": token, "progress": progress, "total": 3, "message": message}),
                    );
                }
                answer(id, text("all parts"));
            }
            "flood" => {
                let line = "x".repeat(200);
                for _ in 0..20_000 {
                    eprintln!("{line}");
                }
                answer(id, text("dry again"));
            }
            "chatter" => {
                let token = &params["_meta"]["progressToken"];
                for progress in 1..20_000 {
                    tell("notifications/progress", &json!({"progressToken": token, "progress": progress}));
                }
                answer(id, text("said it all"));
            }
            "stray" => {
                answer(&json!(4711), text("for nobody"));
                tell("notifications/unheard-of", &json!({"a": 1}));
                answer(id, text("for you"));
                answer(id, text("for you again"));
            }
            "grow" => {
                self.grown = true;
                tell("notifications/tools/list_changed", &json!({}));
                answer(id, text("grown"));
            }
            "grow-in-silence" => {
                self.lists = false;
                tell("notifications/tools/list_changed", &json!({}));
                answer(id, text("grown"));
            }
            "child" => {
                let child = Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
                answer(id, text(&child.map(|child| child.id().to_string()).unwrap_or_default()));
            }
            "environment" => {
                let names: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
                answer(id, text(&names.join("\n")));
            }
            _ => answer(
                id,
                json!({"resultType": "complete", "content": [{"type": "text", "text": arguments.to_string()}]}),
            ),
        }
    }
}

fn text(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}
