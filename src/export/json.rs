//! The object of `ask --json`, with the facts of model and servers.

use serde_json::{Value, json};

use crate::protocol::Ending;
use crate::session::{Call, Server, Session, Turn, Worth};

use super::{CUT, Material, Removed, UNFINISHED, status};

/// The object on one line.
pub(super) fn render(material: &Material, removed: &[Removed]) -> String {
    let session = &material.session;
    let turn = |(turn, calls): (&Turn, Vec<&Call>)| {
        let mut value = turn_value(session, turn, &calls);
        if !material.select.is_empty() {
            value["not_selected"] = json!(material.left_out(turn));
        }
        value
    };
    let turns: Vec<Value> = material.turns().into_iter().map(turn).collect();
    let header = &material.header;
    let whole = json!({
        "session": header.id, "created": header.created, "app": header.app, "model": session.model(),
        "policy": header.policy, "forked_from": header.forked_from, "damage": material.damage.words(),
        "servers": session.servers.iter().map(server_value).collect::<Vec<_>>(),
        "turns": turns, "removed": removed,
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

/// One turn with some of its calls, here and in `ask --json`.
#[must_use]
pub fn turn_value(session: &Session, turn: &Turn, calls: &[&Call]) -> Value {
    let worth = Worth::of(session, turn);
    let mut value = json!({
        "question": turn.question,
        "answer": turn.answer(session).map(|step| step.text.as_str()).unwrap_or_default(),
        "ending": turn.ending.map_or(UNFINISHED, Ending::as_str),
        "reason": turn.reason.clone().or_else(|| turn.ending.is_none().then(|| format!("{CUT}, before the turn does"))),
        "unsupported": worth.unsupported,
        "standing": worth.standing.as_str(),
        "calls": calls.iter().map(|call| call_value(call)).collect::<Vec<_>>(),
    });
    if !turn.attached.is_empty() {
        value["attached"] = json!(&*turn.attached);
    }
    value
}

fn call_value(call: &Call) -> Value {
    json!({
        "id": call.id, "server": call.server, "tool": call.tool, "arguments": call.arguments,
        "status": status(call), "sent": call.was_sent(), "by_hand": call.by_hand(),
        "duration_us": call.duration_us, "result": call.result, "failure": call.failure,
    })
}
