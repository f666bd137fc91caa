//! What goes to the host: lines on stdout.

use std::io::Write;
use std::process::exit;

use serde_json::{Value, json};

/// Writes a line; a host that is gone is the end.
pub fn say(line: &str) {
    say_bytes(line.as_bytes());
}

pub fn say_bytes(line: &[u8]) {
    let mut out = std::io::stdout().lock();
    if out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).is_err() {
        exit(0);
    }
}

pub fn answer(id: &Value, result: Value) {
    say(&json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string());
}

pub fn refuse(id: &Value, message: &str) {
    say(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": message}}).to_string());
}

pub fn tell(method: &str, params: &Value) {
    say(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
}

pub fn ask(id: &Value, method: &str, params: &Value) {
    say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
}

/// A result of one text.
pub fn text(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}
