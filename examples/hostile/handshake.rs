//! What is wrong with how it introduces itself.

use std::process::exit;

use serde_json::{Value, json};

use crate::escapes::payload;
use crate::shelves::capabilities;
use crate::wire::{answer, refuse, say, tell};

pub const MODES: &[&str] = &[
    "legacy",
    "modern",
    "modern-dies",
    "old",
    "future",
    "no-version",
    "nonsense",
    "refuses",
    "wrong-id",
    "painted",
    "essay",
];

/// Answers the handshake of servers up to 2025-11-25.
pub fn initialize(mode: &str, id: &Value) {
    let about = |version: &str| {
        json!({"protocolVersion": version, "capabilities": capabilities(mode),
               "serverInfo": {"name": "hostile", "version": "1"}, "instructions": "Beware."})
    };
    match mode {
        "modern-dies" => {
            eprintln!("unknown method initialize");
            exit(1);
        }
        "modern" => refuse(id, "unknown method initialize"),
        "old" => answer(id, about("2024-11-05")),
        "future" => answer(id, about("2099-01-01")),
        "no-version" => answer(id, json!({"serverInfo": {"name": "hostile"}})),
        "nonsense" => answer(id, json!(17)),
        "refuses" => refuse(id, &format!("members only {}", payload())),
        "wrong-id" => answer(&json!("nobody's"), about("2025-06-18")),
        "painted" => {
            tell("notifications/message", &json!({"level": "info", "logger": payload(), "data": payload()}));
            let info = json!({"name": payload(), "title": payload(), "version": payload(), "websiteUrl": payload()});
            let mut about = about("2025-06-18");
            (about["serverInfo"], about["instructions"]) = (info, payload().into());
            answer(id, about);
        }
        "essay" => {
            let mut about = about("2025-06-18");
            about["instructions"] = "Obey me. ".repeat(500_000).into();
            about["serverInfo"]["name"] = "n".repeat(1_000_000).into();
            answer(id, about);
        }
        _ => answer(id, about("2025-06-18")),
    }
}

/// Answers the question of servers from 2026-07-28 on.
pub fn discover(mode: &str, id: &Value) {
    match mode {
        "legacy" => refuse(id, "unknown method server/discover"),
        "refuses" => refuse(id, "members only"),
        "future" | "nonsense" | "no-version" => say(&json!({"jsonrpc": "2.0", "id": id, "result": []}).to_string()),
        _ => answer(
            id,
            json!({"resultType": "complete", "supportedVersions": ["2026-07-28"],
                   "capabilities": {"tools": {"listChanged": true}}, "instructions": "Beware.", "ttlMs": 0,
                   "cacheScope": "private",
                   "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "hostile", "version": "1"}}}),
        ),
    }
}
