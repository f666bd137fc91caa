//! What is wrong with what it offers besides tools: resources and prompts.

use serde_json::{Value, json};

use crate::escapes::payload;
use crate::wire::{answer, refuse};

/// All of them say that they have resources and prompts.
pub const MODES: &[&str] = &["library", "endless-library", "huge-library", "silent-library"];

/// What goes with the tools in what the server says it has.
pub fn capabilities(mode: &str) -> Value {
    match MODES.contains(&mode) {
        true => json!({"tools": {"listChanged": true}, "resources": {}, "prompts": {}}),
        false => json!({"tools": {"listChanged": true}}),
    }
}

/// Answers what is asked of resources and prompts.
pub fn answer_of(mode: &str, method: &str, id: &Value, params: &Value) {
    let page: u64 = params["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    match (mode, method) {
        ("silent-library", _) => {}
        (_, "resources/templates/list") => answer(id, json!({"resourceTemplates": 17})),
        ("endless-library", "resources/list") => {
            let item = json!({"uri": format!("a:{page}"), "name": "page"});
            answer(id, json!({"resources": [item], "nextCursor": (page + 1).to_string()}));
        }
        ("endless-library", "prompts/list") => {
            answer(id, json!({"prompts": [{"name": format!("p{page}")}], "nextCursor": (page + 1).to_string()}));
        }
        ("huge-library", "resources/list") => {
            let items: Vec<Value> = (0..20_000)
                .map(|number| json!({"uri": format!("a:{number}"), "name": "x".repeat(200), "description": payload()}))
                .collect();
            answer(id, json!({ "resources": items }));
        }
        (_, "resources/list") => answer(id, json!({ "resources": resources() })),
        (_, "prompts/list") => answer(id, json!({ "prompts": prompts() })),
        (_, "resources/read") => read(id, params["uri"].as_str().unwrap_or_default()),
        (_, "prompts/get") => get(id, params["name"].as_str().unwrap_or_default()),
        _ => refuse(id, "unknown method"),
    }
}

fn resources() -> Vec<Value> {
    let paint = payload();
    vec![
        json!({"uri": paint, "name": paint, "title": paint, "description": paint, "mimeType": paint}),
        json!({"uri": "file:///etc/passwd", "name": "yours"}),
        json!({"uri": "u".repeat(100_000), "name": "too long to be shown"}),
        json!({"uri": 17, "name": "no text"}),
        json!("nothing"),
        json!({"uri": "a:named", "name": "n".repeat(100_000), "title": "t".repeat(100_000)}),
    ]
}

fn read(id: &Value, uri: &str) {
    let of = |content: Value| answer(id, json!({"contents": [content]}));
    match uri {
        "a:15-mib" => of(json!({"uri": uri, "text": "line after line\n".repeat(15 * 1024 * 1024 / 17)})),
        "a:one-line" => of(json!({"uri": uri, "text": "x".repeat(8 * 1024 * 1024)})),
        "a:blob" => of(json!({"uri": uri, "mimeType": payload(), "blob": format!("%%% no base64 %%% {}", payload())})),
        "a:paint" => of(json!({"uri": payload(), "mimeType": "text/plain", "text": payload()})),
        "a:many" => {
            let contents: Vec<Value> =
                (0..100_000).map(|number| json!({"uri": format!("a:{number}"), "text": "x"})).collect();
            answer(id, json!({ "contents": contents }));
        }
        "a:none" => answer(id, json!({"contents": "none of your business"})),
        "a:hang" => {}
        other => of(json!({"uri": uri, "text": format!("the server was asked for {other}")})),
    }
}

fn prompts() -> Vec<Value> {
    let paint = payload();
    let arguments: Vec<Value> =
        (0..1000).map(|number| json!({"name": format!("a{number}"), "required": true})).collect();
    vec![
        json!({"name": "crowded", "arguments": arguments}),
        json!({"name": paint, "title": paint, "description": paint,
            "arguments": [{"name": paint, "description": paint}]}),
        json!({"name": "n".repeat(100_000)}),
        json!({"title": "no name"}),
    ]
}

fn get(id: &Value, name: &str) {
    let of = |words: String| {
        let messages = json!([{"role": "user", "content": {"type": "text", "text": words}}]);
        answer(id, json!({ "messages": messages }));
    };
    match name {
        "essay" => of("word ".repeat(1_000_000)),
        "commands" => of(format!("/quit\n\r/clear\n{}", payload())),
        _ => refuse(id, &payload()),
    }
}
