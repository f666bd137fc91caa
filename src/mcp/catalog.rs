//! Reads `tools/list` item by item, and names tools for the model.

mod headers;

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use crate::protocol::{Annotations, Json, RejectedTool, Rejection, ServerName, ToolDefinition, ToolName};

use super::{Naming, Trust};

/// Tools taken from one server (`hosting.md` §1).
pub const MOST_TOOLS: usize = 512;
/// Longest description, bytes.
pub const LONGEST_DESCRIPTION: usize = 64 * 1024;
/// Longest name a model API takes (`hosting.md` §5).
const LONGEST_MODEL_NAME: usize = 64;
/// Digits of the hash that a changed name ends in.
const HASH: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTool {
    name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    input_schema: Json,
    #[serde(default)]
    output_schema: Option<Json>,
    #[serde(default)]
    annotations: Option<RawAnnotations>,
    #[serde(default)]
    execution: Option<RawExecution>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawExecution {
    #[serde(default)]
    task_support: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawAnnotations {
    title: Option<String>,
    read_only_hint: Option<bool>,
    destructive_hint: Option<bool>,
    idempotent_hint: Option<bool>,
    open_world_hint: Option<bool>,
}

/// Takes what can be taken of `items`; the rest is told with why.
#[must_use]
pub fn read(
    server: &ServerName,
    naming: Naming,
    trust: Trust,
    items: &[Json],
) -> (Vec<ToolDefinition>, Vec<RejectedTool>) {
    let (mut tools, mut rejected) = (Vec::new(), Vec::new());
    let mut names = HashSet::new();
    for (position, item) in items.iter().enumerate() {
        let reject =
            |name: &str, kind, reason: String| RejectedTool { kind, ..RejectedTool::one(name.to_owned(), reason) };
        if tools.len() == MOST_TOOLS {
            let reason = format!("only the first {MOST_TOOLS} tools of a server are taken");
            rejected.push(RejectedTool::rest(items.len() - position, reason));
            break;
        }
        match definition(server, naming, trust, item) {
            Ok(tool) if names.insert(tool.tool.clone()) => tools.push(tool),
            Ok(tool) => {
                let reason = "the server lists this name twice".to_owned();
                rejected.push(reject(tool.tool.as_str(), Rejection::Fault, reason));
            }
            Err((kind, reason)) => {
                let value = item.value();
                let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                rejected.push(reject(&name, kind, reason));
            }
        }
    }
    (tools, rejected)
}

fn definition(
    server: &ServerName,
    naming: Naming,
    trust: Trust,
    item: &Json,
) -> Result<ToolDefinition, (Rejection, String)> {
    let fault = |reason: String| (Rejection::Fault, reason);
    let raw: RawTool = serde_json::from_str(item.text()).map_err(|error| fault(error.to_string()))?;
    if raw.name.is_empty() {
        return Err(fault("it has no name".into()));
    }
    let schema = raw.input_schema.value();
    if schema.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "object") {
        return Err(fault("its inputSchema does not describe an object".into()));
    }
    if let Some(reason) = headers::fault(&schema) {
        return Err(fault(reason));
    }
    drop(schema);
    if raw.execution.and_then(|execution| execution.task_support).as_deref() == Some("required") {
        return Err((Rejection::Unsupported, "it runs as a task only, and Callboard starts no tasks".into()));
    }
    let description = cut(raw.description.unwrap_or_default(), LONGEST_DESCRIPTION);
    let claims = raw.annotations.unwrap_or_default();
    let default = Annotations::default();
    let annotations = Annotations {
        read_only: claims.read_only_hint.unwrap_or(default.read_only),
        destructive: claims.destructive_hint.unwrap_or(default.destructive),
        idempotent: claims.idempotent_hint.unwrap_or(default.idempotent),
        open_world: claims.open_world_hint.unwrap_or(default.open_world),
    };
    let tool = ToolName::from(raw.name);
    let mut definition = ToolDefinition {
        model_name: model_name(server, &tool, naming),
        server: server.clone(),
        tool,
        title: raw.title.or(claims.title),
        description,
        input_schema: raw.input_schema,
        output_schema: raw.output_schema,
        annotations,
        believed: trust == Trust::Trusted,
        hash: String::new(),
    };
    definition.hash = blake3::hash(definition.said().to_string().as_bytes()).to_hex().to_string();
    Ok(definition)
}

/// The beginning of a text, at most so many bytes of it.
#[must_use]
pub fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

/// A name the model's API accepts, injective over all servers and tools: whatever had to be changed, or could be split in
/// two ways, or already ends like that, carries a hash of both names.
fn model_name(server: &ServerName, tool: &ToolName, naming: Naming) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let plain = match naming {
        Naming::Plain => tool.as_str().to_owned(),
        Naming::Prefixed => format!("{server}__{tool}"),
    };
    let ambiguous = match naming {
        Naming::Plain => false,
        Naming::Prefixed => plain.matches("__").count() > 1 || plain.contains("___"),
    };
    let is_unlike_others = !ambiguous && !ends_like_hashed(&plain);
    if plain.chars().all(allowed) && plain.len() <= LONGEST_MODEL_NAME && is_unlike_others {
        return plain;
    }
    let hash = blake3::hash(format!("{server}\0{tool}").as_bytes()).to_hex();
    let mut name: String = plain.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    name.truncate(LONGEST_MODEL_NAME - 1 - HASH);
    format!("{name}_{}", &hash[..HASH])
}

/// Whether a name could be one that was changed.
fn ends_like_hashed(name: &str) -> bool {
    let is_hash = |end: &str| end.len() == HASH && end.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    name.rsplit_once('_').is_some_and(|(_, end)| is_hash(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).expect("test JSON")
    }

    #[test]
    fn one_bad_tool_does_not_cost_the_others() {
        let items = [
            json(r#"{"name":"good","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}"#),
            json(r#"{"name":"no-schema"}"#),
            json(r#"{"name":"good","inputSchema":{}}"#),
            json(r#"17"#),
        ];
        let (tools, rejected) = read(&"s".into(), Naming::Plain, Trust::Trusted, &items);
        assert_eq!(tools.len(), 1);
        assert!(tools[0].annotations.read_only && tools[0].annotations.destructive);
        let names: Vec<&str> = rejected.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["no-schema", "good", ""]);
    }

    #[test]
    fn the_rest_of_a_list_that_is_too_long_is_counted() {
        let tool = |number| json(&format!(r#"{{"name":"t{number}","inputSchema":{{}}}}"#));
        let items: Vec<Json> = (0..MOST_TOOLS + 88).map(tool).collect();
        let (tools, rejected) = read(&"s".into(), Naming::Plain, Trust::Trusted, &items);
        assert_eq!((tools.len(), rejected.len()), (MOST_TOOLS, 1));
        assert_eq!((RejectedTool::total(&rejected), rejected[0].label()), (88, "88 more".to_owned()));
    }

    #[test]
    fn a_tool_that_runs_as_a_task_only_is_not_offered_and_is_no_fault() {
        let listed = |support: &str| {
            let item = format!(r#"{{"name":"dig","inputSchema":{{}},"execution":{{"taskSupport":"{support}"}}}}"#);
            read(&"s".into(), Naming::Plain, Trust::Trusted, &[json(&item)])
        };
        let (tools, rejected) = listed("required");
        assert!(tools.is_empty());
        assert_eq!((rejected[0].name.as_str(), rejected[0].kind), ("dig", Rejection::Unsupported));
        for support in ["optional", "forbidden"] {
            assert_eq!(listed(support).0.len(), 1, "{support}");
        }
    }

    #[test]
    fn names_for_the_model_are_valid_and_never_the_same_for_two_tools() {
        let pairs = [
            ("a", "b"),
            ("a__b", "c"),
            ("a", "b__c"),
            ("a", "b c"),
            ("a", "b_c"),
            ("a", "bé"),
            ("a_", "b"),
            ("a", "_b"),
        ];
        let long = "x".repeat(100);
        let names: HashSet<String> = pairs
            .iter()
            .copied()
            .chain([("a", long.as_str()), ("b", long.as_str())])
            .map(|(server, tool)| model_name(&server.into(), &tool.into(), Naming::Prefixed))
            .collect();
        assert_eq!(names.len(), pairs.len() + 2, "{names:?}");
        let changed = model_name(&"a b".into(), &"c".into(), Naming::Prefixed);
        let (server, tool) = changed.split_once("__").expect("a prefix");
        assert_ne!(model_name(&server.into(), &tool.into(), Naming::Prefixed), changed);
        for ordinary in ["search_tickets", "get_2025_10", "read_deadbeef0", "add_facade"] {
            assert_eq!(model_name(&"desk".into(), &ordinary.into(), Naming::Prefixed), format!("desk__{ordinary}"));
        }
        assert!(
            names
                .iter()
                .all(|name| name.len() <= 64
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
        );
    }
}
