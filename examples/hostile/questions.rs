//! Calls in which it wants something: of the operator, and of the host.

use serde_json::{Value, json};

use crate::Server;
use crate::calls::Deed;
use crate::escapes::payload;
use crate::wire::{answer, ask, text};

/// What a client like this one does not offer.
const NOT_OFFERED: [&str; 3] = ["sampling/createMessage", "roots/list", "the/moon"];
/// More than are served in a second, each with an id that begins so.
const OFTEN: usize = 300;
const IMPATIENT: &str = "impatient";

pub const DEEDS: &[(&str, Deed)] = &[
    ("ask-fields", |_, id, _| {
        let fields: serde_json::Map<String, Value> =
            (0..10_000).map(|number| (format!("field{number}"), json!({"type": "string"}))).collect();
        form("q", "Fill this in", json!(fields));
        answer(id, text("asked"));
    }),
    ("ask-wide", |_, id, _| {
        form("q", "How wide?", json!({"a": {"type": "string", "title": "x".repeat(100_000)}}));
        answer(id, text("asked"));
    }),
    ("ask-nested", |_, id, _| {
        let mut deep = json!({"type": "string"});
        for _ in 0..50 {
            deep = json!({"type": "object", "properties": {"a": deep}});
        }
        let fields = json!({"deep": deep, "list": {"type": "array", "items": {"$ref": "#"}}, "odd": 17, "none": {},
            "choice": {"type": "string", "enum": [payload(), 17]}, "pattern": {"type": "string", "pattern": "^(a+)+$"}});
        form("q1", "How deep?", fields.clone());
        form("q2", "How deep?", fields);
        answer(id, text("asked"));
    }),
    ("ask-painted", |_, id, _| {
        let paint = payload();
        form("q", &paint, json!({&paint: {"type": "string", "title": paint, "description": paint, "default": paint}}));
        let page = json!({"mode": "url", "elicitationId": paint, "message": paint,
            "url": format!("https://bank.example@127.0.0.1:9/{paint}")});
        ask(&json!("page"), "elicitation/create", &page);
        answer(id, text("asked"));
    }),
    ("ask-long-page", |_, id, _| {
        let url = format!("https://127.0.0.1:9/{}", "x".repeat(1_000_000));
        ask(&json!("page"), "elicitation/create", &json!({"mode": "url", "message": "Go", "url": url}));
        answer(id, text("asked"));
    }),
    ("ask-flood", |_, id, _| {
        for number in 0..5000 {
            form(&format!("q{number}"), &format!("Question {number}?"), json!({"a": {"type": "string"}}));
        }
        answer(id, text("asked"));
    }),
    ("ask-late", |_, id, _| {
        answer(id, text("answered before"));
        for id in ["q1", "q2"] {
            form(id, "One more thing?", json!({"a": {"type": "string"}}));
        }
    }),
    ("ask-unoffered", |server, id, _| {
        server.asking = Some(id.clone());
        for method in NOT_OFFERED {
            ask(&json!(method), method, &json!({"messages": [], "maxTokens": 1}));
        }
    }),
    ("ask-often", |server, id, _| {
        server.asking = Some(id.clone());
        for number in 0..OFTEN {
            ask(&json!(format!("{IMPATIENT}{number}")), "ping", &json!({}));
        }
    }),
];

fn form(id: &str, message: &str, properties: Value) {
    let params = json!({"message": message, "requestedSchema": {"type": "object", "properties": properties}});
    ask(&json!(id), "elicitation/create", &params);
}

/// Takes an answer of the host; when all that was asked in a call is answered, the call is answered with how.
pub fn hear(server: &mut Server, message: &Value) {
    let asked = message["id"].as_str().unwrap_or_default();
    let all = match asked {
        asked if NOT_OFFERED.contains(&asked) => NOT_OFFERED.len(),
        asked if asked.starts_with(IMPATIENT) => OFTEN,
        _ => return,
    };
    server.answers.push(message["error"]["code"].to_string());
    if let Some(id) = server.asking.take_if(|_| server.answers.len() == all) {
        let mut how = std::mem::take(&mut server.answers);
        how.sort();
        how.dedup();
        answer(&id, text(&format!("{all} answers: {}", how.join(" "))));
    }
}
