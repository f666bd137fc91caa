//! A client for tests: it checks every answer against the tool's own output schema.

use callboard_servers::{ServeOptions, serve_stream};
use rmcp::{
    RoleClient, ServiceError, ServiceExt,
    model::{CallToolRequestParams, CallToolResult, ProtocolVersion, Tool},
    service::{ClientLifecycleMode, ClientServiceExt, RunningService},
};
use serde_json::{Value, json};

/// How a client opens the conversation.
#[derive(Clone, Copy, Debug)]
pub enum Era {
    Legacy,
    Modern,
}

pub struct Client {
    pub running: RunningService<RoleClient, ()>,
    pub tools: Vec<Tool>,
}

/// Connects to a server with the sample data.
pub async fn connect(server: &str) -> Client {
    connect_with(server, ServeOptions::default(), Era::Modern).await
}

pub async fn connect_with(server: &str, options: ServeOptions, era: Era) -> Client {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let name = server.to_owned();
    tokio::spawn(async move { serve_stream(&name, &options, theirs).await.expect("the server starts") });
    let running = match era {
        Era::Legacy => ().serve(ours).await.expect("initialize is answered"),
        Era::Modern => {
            let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
            ().serve_with_lifecycle(ours, mode).await.expect("server/discover is answered")
        }
    };
    let tools = running.list_all_tools().await.expect("tools are listed");
    Client { running, tools }
}

impl Client {
    /// Calls a tool, whatever comes of it.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        let mut request = CallToolRequestParams::new(tool.to_owned());
        request.arguments = arguments.as_object().cloned();
        self.running.call_tool(request).await
    }

    /// Calls a tool that answers: checks text against structure and structure against the output schema.
    pub async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments.clone()).await.expect("the call is answered");
        let value = structured(&result);
        assert_eq!(result.is_error, Some(false), "{tool} {arguments}: {value}");
        self.matches(tool, strict_answers(self.output(tool)), &value);
        value
    }

    /// Calls a tool that refuses, and returns the payload of its error.
    pub async fn err(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments.clone()).await.expect("the call is answered");
        let value = structured(&result);
        assert_eq!(result.is_error, Some(true), "{tool} {arguments}: {value}");
        self.matches(tool, self.output(tool), &value);
        for (member, is_right) in [
            ("error", value["error"].is_string()),
            ("reason", value["reason"].is_string()),
            ("retryable", value["retryable"].is_boolean()),
            ("context", value["context"].is_object()),
            ("follow_up_tools", value["follow_up_tools"].is_array()),
            ("suggested_actions", value["suggested_actions"].as_array().is_some_and(|list| !list.is_empty())),
        ] {
            assert!(is_right, "{tool} {arguments}: {member} of {value}");
        }
        value
    }

    fn output(&self, tool: &str) -> Value {
        let tool = self.tools.iter().find(|known| known.name == tool).expect("the tool is listed");
        json!(tool.output_schema)
    }

    fn matches(&self, tool: &str, schema: impl std::borrow::Borrow<Value>, value: &Value) {
        let validator = jsonschema::options().should_validate_formats(true).build(schema.borrow()).expect("a schema");
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{tool}: {errors:#?} in {value:#}");
    }
}

/// The structure of a result, which its text repeats.
fn structured(result: &CallToolResult) -> Value {
    let value = result.structured_content.clone().expect("structured content");
    let text = result.content.first().and_then(|content| content.as_text()).expect("text");
    assert_eq!(serde_json::from_str::<Value>(&text.text).expect("the text is JSON"), value);
    value
}

/// An output schema without its tool error, in which members that are not declared are not allowed.
fn strict_answers(mut schema: Value) -> Value {
    let kinds = schema["anyOf"].as_array_mut().expect("kinds of answers");
    kinds.retain(|kind| kind["title"] != "Tool error");
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The values of one member of every item of a list.
pub fn column<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("a text")).collect()
}
