//! Calls that bring far too much of something; each is answered in the end.

use serde_json::{Value, json};

use crate::calls::Deed;
use crate::wire::{answer, ask, say, tell, text};

/// How often a short thing comes.
const OFTEN: u32 = 20_000;

pub const DEEDS: &[(&str, Deed)] = &[
    ("progress", |_, id, params| {
        for progress in [1, 2, 2, 1, 3] {
            progressed(params, progress, &format!("part {progress}"));
        }
        answer(id, text("all parts"));
    }),
    ("chatter", |_, id, params| {
        (1..OFTEN).for_each(|progress| progressed(params, progress, "on and on"));
        answer(id, text("said it all"));
    }),
    ("flood", |_, id, _| {
        let line = "x".repeat(200);
        (0..OFTEN).for_each(|_| eprintln!("{line}"));
        answer(id, text("dry again"));
    }),
    ("garbage", |_, id, _| {
        (0..OFTEN).for_each(|number| say(&format!("garbage {number}")));
        answer(id, text("swept up"));
    }),
    ("notes", |_, id, _| {
        for number in 0..OFTEN {
            tell("notifications/message", &json!({"level": "info", "data": format!("note {number}")}));
        }
        answer(id, text("all noted"));
    }),
    ("changes", |server, id, _| {
        for _ in 0..OFTEN {
            server.changed = !server.changed;
            tell("notifications/tools/list_changed", &json!({}));
        }
        answer(id, text("as before"));
    }),
    ("huge-notes", |_, id, _| {
        let data = "y".repeat(10 * 1024 * 1024);
        for method in ["message", "unheard-of"].repeat(5) {
            say(&format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{{"level":"info","data":"{data}"}}}}"#
            ));
        }
        answer(id, text("much noted"));
    }),
    ("requests", |_, id, _| {
        let question = json!({"messages": [], "maxTokens": 1, "message": "your password?", "requestedSchema": {}});
        for number in 0..OFTEN / 4 {
            for method in ["ping", "roots/list", "sampling/createMessage", "elicitation/create"] {
                ask(&json!(number), method, &question);
            }
        }
        answer(id, text("no more questions"));
    }),
    ("same-ids", |_, id, _| {
        for _ in 0..1000 {
            ask(&json!(1), "ping", &json!({}));
            ask(id, "ping", &json!({}));
        }
        answer(id, text("the same again"));
    }),
];

fn progressed(params: &Value, progress: u32, message: &str) {
    let token = &params["_meta"]["progressToken"];
    let params = json!({"progressToken": token, "progress": progress, "total": 3, "message": message});
    tell("notifications/progress", &params);
}
