//! The object of `ask --json`, with the facts of model and servers.

use serde_json::{Value, json};

use crate::protocol::Ending;
use crate::session::{Call, CallState, Server};

use super::Material;

/// The object on one line.
pub(super) fn render(material: &Material) -> String {
    let session = &material.session;
    let turns: Vec<Value> = material
        .turns()
        .iter()
        .map(|(turn, calls)| {
            json!({
                "question": turn.question,
                "answer": turn.answer(session).map(|step| step.text.as_str()).unwrap_or_default(),
                "ending": turn.ending.map_or("open", Ending::as_str),
                "reason": turn.reason,
                "calls": calls.iter().map(|call| call_value(call)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let header = &material.header;
    let whole = json!({
        "session": header.id, "created": header.created, "app": header.app, "model": session.model(),
        "policy": header.policy, "forked_from": header.forked_from,
        "servers": session.servers.iter().map(server_value).collect::<Vec<_>>(),
        "turns": turns, "removed": material.removed,
    });
    format!("{whole}\n")
}

fn server_value(server: &Server) -> Value {
    let ready = server.ready.as_ref();
    json!({
        "server": server.name, "name": ready.map(|ready| &ready.name), "version": ready.map(|ready| &ready.version),
        "protocol": ready.map(|ready| &ready.protocol), "startup_ms": ready.map(|ready| ready.startup_ms),
        "tools": server.tools.iter().map(|tool| json!({"tool": tool.tool, "hash": tool.hash})).collect::<Vec<_>>(),
    })
}

/// One call in the form of `ask --json`.
fn call_value(call: &Call) -> Value {
    json!({
        "id": call.id, "server": call.server, "tool": call.tool, "arguments": call.arguments, "status": status(call),
        "duration_us": call.duration_us, "result": call.result, "failure": call.failure,
    })
}

/// The word of `ask --json` for where a call stands.
pub(super) fn status(call: &Call) -> &'static str {
    match call.state {
        CallState::Ok => "ok",
        CallState::Denied => "denied",
        CallState::Cancelled => "cancelled",
        CallState::Error | CallState::Proposed | CallState::Released | CallState::Held(_) | CallState::Running => {
            "error"
        }
    }
}
