//! What goes wrong in one call.

use std::process::{Command, Stdio, exit};

use serde_json::{Value, json};

use crate::Server;
use crate::escapes::payload;
use crate::wire::{answer, refuse, say, say_bytes, tell, text};

/// What is done with a call: the server, the request's id, its parameters.
pub type Deed = fn(&mut Server, &Value, &Value);

/// More than a host takes in one line.
const TOO_MUCH: usize = 50 * 1024 * 1024;
/// Just what it may take.
const MUCH: usize = 15 * 1024 * 1024;

pub const DEEDS: &[(&str, Deed)] = &[
    ("crash", |_, _, _| {
        eprintln!("about to work");
        eprintln!("out of handles");
        exit(7);
    }),
    ("hang", |_, _, _| {}),
    ("late", |server, id, _| server.late.push(id.clone())),
    ("huge", |_, id, _| say(&long(id, TOO_MUCH))),
    ("large", |_, id, _| say(&long(id, MUCH))),
    ("half", |_, id, _| {
        use std::io::Write as _;
        let line = long(id, 100_000);
        let mut out = std::io::stdout();
        let _ = out.write_all(&line.as_bytes()[..50_000]).and_then(|()| out.flush());
        eprintln!("the cable was pulled");
        exit(8);
    }),
    ("bad-utf8", |_, id, _| {
        let whole = json!({"jsonrpc": "2.0", "id": id, "result": text("bad @ bytes")}).to_string();
        let at = whole.find('@').unwrap_or(0);
        say_bytes(&[&whole.as_bytes()[..at], b"\xff\xfe", &whole.as_bytes()[at + 1..]].concat());
    }),
    ("controls", |_, id, _| {
        // As bytes, where JSON has no place for them, and as the one byte that begins a sequence.
        let text = format!("{} and ", payload());
        let line =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#);
        say_bytes(&[line.replace(['\r', '\n'], "").as_bytes(), b"\x9b8;4711;4711t"].concat());
    }),
    ("hologram", |_, id, _| {
        say(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[{{"type":"hologram","data":1}},{{"type":"text","text":"seen"}}],"structuredContent":{{"big":123456789012345678901234567890}},"extra":[1]}}}}"#
        ));
    }),
    ("deep", |_, id, _| say(&nested(id, 400))),
    ("abyss", |_, id, _| say(&nested(id, 200_000))),
    ("no-json", |_, id, _| {
        say(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"structuredContent":NaN}}}}"#));
    }),
    ("no-content", |_, id, _| answer(id, json!({"resultType": "complete"}))),
    ("no-object", |_, id, _| answer(id, json!("just text"))),
    ("both", |_, id, _| {
        say(&json!({"jsonrpc": "2.0", "id": id, "result": text("yes"), "error": {"code": 1, "message": "no"}})
            .to_string());
    }),
    ("wants-input", |_, id, _| answer(id, json!({"resultType": "input_required", "inputRequests": {}}))),
    ("error", |_, id, _| {
        let error = json!({"code": -32000, "message": "no such thing", "data": {"a": 1}});
        say(&json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
    }),
    ("odd-error", |_, id, _| {
        say(&json!({"jsonrpc": "2.0", "id": id, "error": "it broke"}).to_string());
    }),
    ("long-error", |_, id, _| {
        let error = json!({"code": -32000, "message": format!("no {} and the end", "such thing, ".repeat(100_000))});
        say(&json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string());
    }),
    ("painted", |_, id, _| {
        let paint = payload();
        eprintln!("{paint}");
        tell("notifications/message", &json!({"level": "error", "data": paint}));
        tell(&format!("notifications/{paint}"), &json!({ &paint: paint }));
        answer(
            id,
            json!({"resultType": "complete", "structuredContent": {&paint: paint}, "content": [
                {"type": "text", "text": paint},
                {"type": "resource_link", "uri": format!("file:///{paint}"), "name": paint, "description": paint},
                {"type": "resource", "resource": {"uri": paint, "mimeType": paint, "text": paint}},
                {"type": "image", "mimeType": paint, "data": paint}
            ]}),
        );
    }),
    ("painted-error", |_, id, _| refuse(id, &payload())),
    ("painted-failure", |_, id, _| {
        let mut result = text(&payload());
        result["isError"] = true.into();
        answer(id, result);
    }),
    ("long-failure", |_, id, _| {
        let mut result = text(&payload().repeat(10_000));
        result["isError"] = true.into();
        answer(id, result);
    }),
    ("stray", |_, id, _| {
        answer(&json!(4711), text("for nobody"));
        answer(&json!("4711"), text("for nobody"));
        answer(&json!(null), text("for nobody"));
        answer(&json!(1.5), text("for nobody"));
        answer(&json!({"a": 1}), text("for nobody"));
        tell("notifications/unheard-of", &json!({"a": 1}));
        say(&json!([{"jsonrpc": "2.0", "id": id, "result": {}}]).to_string());
        answer(id, text("for you"));
        answer(id, text("for you again"));
    }),
    ("id-as-text", |_, id, _| answer(&json!(id.to_string()), text("with quotes"))),
    ("grow", |server, id, _| {
        server.changed = true;
        tell("notifications/tools/list_changed", &json!({}));
        answer(id, text("grown"));
    }),
    ("grow-in-silence", |server, id, _| {
        server.lists = false;
        tell("notifications/tools/list_changed", &json!({}));
        answer(id, text("grown"));
    }),
    ("child", |_, id, _| {
        let child = Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        answer(id, text(&child.map(|child| child.id().to_string()).unwrap_or_default()));
    }),
    ("brood", |_, id, _| {
        // They hold every pipe open and ignore what can be ignored.
        for _ in 0..5 {
            let script = r#"trap "" TERM HUP INT; sleep 600 & sleep 600"#;
            let _ = Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::null()).spawn();
        }
        answer(id, text("all hatched"));
    }),
    ("environment", |_, id, _| {
        let names: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
        answer(id, text(&names.join("\n")));
    }),
    ("secret", |_, id, _| {
        let secret = std::env::var("HOSTILE_TOKEN").unwrap_or_default();
        eprintln!("using {secret}");
        answer(id, text(&format!("your token is {secret}")));
    }),
];

fn long(id: &Value, bytes: usize) -> String {
    let body = "x".repeat(bytes);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{body}"}}]}}}}"#)
}

fn nested(id: &Value, levels: usize) -> String {
    let nest = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"structuredContent":{nest}}}}}"#)
}
