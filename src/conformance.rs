//! `callboard conformance URL`: the client that the official conformance suite starts, once for each of its scenarios.
//!
//! It is the client of every session: the same supervisor, connection and limits. Only what a person would do stands here:
//! which tools are called with what, and how a server is answered that wants something.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::servers::{RESTARTS, Secrets};
use crate::direct::{exit_of, muster};
use crate::failure::Failure;
use crate::mcp::{CallOrder, Era, Limits, Naming, Reach, Remote, RemoteKind, ServerSpec, Servers, Signal, Trust};
use crate::protocol::{
    CallId, CallStatus, Event, InputAnswer, InputRequested, Json, Material, Scope, ServerName, ToolDefinition, Wanted,
};
use crate::sanitise::clean_line;
use crate::stderr::tell;

/// What the suite says of a run: `MCP_CONFORMANCE_SCENARIO`, `_PROTOCOL_VERSION` and `_CONTEXT`.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The scenario's name.
    pub scenario: Option<String>,
    /// The revision of MCP to be spoken.
    pub protocol: Option<String>,
    /// Things that only this scenario needs, JSON.
    pub context: Option<String>,
}

/// The server under whose name everything is done.
const NAME: &str = "conformance";
/// The scenario whose server has nothing but a list of tools.
const ONLY_LIST: &str = "json-schema-ref-no-deref";
/// The tool that wants the input schema of another, as it was read.
const ECHO: (&str, &str) = ("json_schema_echo", "json_schema_2020_12_tool");

/// Lists and uses everything the server at `url` has.
///
/// # Errors
/// The server could not be reached, or something it offers could not be used.
pub async fn run(url: String, setting: &Setting) -> Result<(), Failure> {
    let era = match setting.protocol.as_deref() {
        Some(version) if version >= "2026-07-28" => Era::Modern,
        Some(_) => Era::Legacy,
        None => Era::Auto,
    };
    let spec = ServerSpec {
        name: NAME.into(),
        reach: Reach::Remote(Remote { url, headers: BTreeMap::new(), kind: RemoteKind::Streamable }),
        era,
        naming: Naming::Plain,
        limits: Limits::default(),
        restarts: RESTARTS,
        trust: Trust::Untrusted,
    };
    let (mut servers, muster) = muster(&[spec], &Secrets::default()).await;
    let name: ServerName = NAME.into();
    let worked = match (muster.listed.get(&name), muster.lost.get(&name)) {
        (_, Some(lost)) => Err(Failure { exit: exit_of(lost), message: lost.reason.clone() }),
        (Some(_), None) if setting.scenario.as_deref() == Some(ONLY_LIST) => Ok(()),
        (Some(listed), None) => use_all(&mut servers, &listed.tools, setting).await,
        (None, None) => Err(Failure::failed("the server was not connected".to_owned())),
    };
    drop(servers.stop().await);
    worked
}

async fn use_all(servers: &mut Servers, tools: &[ToolDefinition], setting: &Setting) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for (number, (tool, arguments)) in (1..).zip(calls(tools, setting)) {
        let call = CallId(number);
        let scope = Scope { call: Some(call), ..Scope::default() };
        let order = CallOrder { call, scope, tool: tool.as_str().into(), definition: None, arguments };
        servers.call(&NAME.into(), order).map_err(|failure| Failure::failed(failure.message))?;
        let end = loop {
            match next(servers).await? {
                Signal::Ended(_, end) => break end,
                Signal::Happened(..) => {}
            }
        };
        tell(&clean_line(&format!("{tool}: {:?}", end.status)));
        if let (CallStatus::Error, Some(failure)) = (end.status, end.failure) {
            failures.push(failure.message);
        }
    }
    for material in [Material::Resources, Material::Prompts] {
        for wanted in fetched(servers, material).await? {
            fetched(servers, wanted).await?;
        }
    }
    match failures.first() {
        None => Ok(()),
        Some(first) => Err(Failure::failed(format!("{} calls failed: {first}", failures.len()))),
    }
}

/// The calls of the scenario; where it does not say which, each tool once.
fn calls(tools: &[ToolDefinition], setting: &Setting) -> Vec<(String, Map<String, Value>)> {
    let context: Value =
        setting.context.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(calls) = context.get("toolCalls").and_then(Value::as_array) {
        let call = |call: &Value| Some((call.get("name")?.as_str()?.to_owned(), object(call.get("arguments"))));
        return calls.iter().filter_map(call).collect();
    }
    let arguments = |tool: &ToolDefinition| {
        if tool.tool.as_str() == ECHO.0
            && let Some(seen) = tools.iter().find(|tool| tool.tool.as_str() == ECHO.1)
        {
            return Map::from_iter([("schema".to_owned(), seen.input_schema.value())]);
        }
        values(&tool.input_schema.value())
    };
    tools.iter().map(|tool| (tool.tool.to_string(), arguments(tool))).collect()
}

/// Something for each property of an object's schema: its default if it has one.
fn values(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, property)| (name.clone(), value(property))).collect()
}

fn value(property: &Value) -> Value {
    if let Some(default) = property.get("default") {
        return default.clone();
    }
    let first = |list: &str| property.get(list).and_then(|list| list.get(0)).cloned();
    if let Some(choice) = first("enum").or_else(|| first("oneOf").and_then(|choice| choice.get("const").cloned())) {
        return choice;
    }
    match property.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => json!(2),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => Value::Object(values(property)),
        Some(_) | None => json!("text"),
    }
}

/// Fetches something and gives what can be fetched of it in turn.
async fn fetched(servers: &mut Servers, material: Material) -> Result<Vec<Material>, Failure> {
    servers.fetch(&NAME.into(), material).map_err(Failure::failed)?;
    loop {
        let Signal::Happened(_, event) = next(servers).await? else { continue };
        match event {
            Event::ResourcesListed(listed) => {
                return Ok(listed.resources.into_iter().map(|item| Material::Resource { uri: item.uri }).collect());
            }
            Event::PromptsListed(listed) => {
                let told = |name: &str| json!({ name: "text" });
                let prompts = listed.prompts.into_iter().map(|prompt| {
                    let arguments = prompt.arguments.iter().find(|argument| argument.required);
                    let arguments = arguments.map_or_else(|| json!({}), |argument| told(&argument.name));
                    Material::Prompt { name: prompt.name, arguments: Json::from(arguments) }
                });
                return Ok(prompts.collect());
            }
            Event::ResourceRead(_) | Event::PromptGot(_) => return Ok(Vec::new()),
            _ => {}
        }
    }
}

/// The next signal; a server that wants something is answered as a willing person would.
async fn next(servers: &mut Servers) -> Result<Signal, Failure> {
    let signal = servers.next().await.ok_or_else(|| Failure::failed("the server went away".to_owned()))?;
    if let Signal::Happened(_, Event::InputRequested(InputRequested { input, wanted, .. })) = &signal {
        let content = match wanted {
            Wanted::Form { schema } => Some(Json::from(Value::Object(values(&schema.value())))),
            Wanted::Url { .. } => None,
        };
        servers.answer(*input, InputAnswer::Accept { content });
    }
    Ok(signal)
}
