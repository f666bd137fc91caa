//! The tools of the connected servers, with their schemas parsed.

use serde_json::Value;

use crate::protocol::ToolDefinition;

/// All tools that may be called now.
pub(super) struct Catalog<'a> {
    pub tools: Vec<Tool<'a>>,
}

/// One tool.
pub(super) struct Tool<'a> {
    pub definition: &'a ToolDefinition,
    /// The arguments it takes, in the schema's order.
    pub arguments: Vec<Argument>,
}

/// One argument of a tool.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub name: String,
    pub required: bool,
    pub description: String,
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`.
    pub kind: String,
    pub values: Vec<String>,
    pub pattern: Option<String>,
    pub format: Option<String>,
    pub maximum: Option<i64>,
}

impl<'a> Catalog<'a> {
    pub(super) fn new(tools: &'a [ToolDefinition]) -> Self {
        Self {
            tools: tools
                .iter()
                .map(|definition| Tool { definition, arguments: arguments(&definition.input_schema.value()) })
                .collect(),
        }
    }

    /// The tool a server calls by this name, if it only reads.
    pub(super) fn reading(&self, name: &str) -> Option<&Tool<'a>> {
        self.tools.iter().find(|tool| tool.definition.tool.as_str() == name && tool.definition.annotations.read_only)
    }
}

impl Tool<'_> {
    /// The argument of that name.
    pub(super) fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}

fn arguments(schema: &Value) -> Vec<Argument> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    properties
        .iter()
        .map(|(name, property)| {
            let property = resolved(schema, property);
            Argument {
                name: name.clone(),
                required: required.contains(&name.as_str()),
                description: text(property, "description"),
                kind: kind(property),
                values: strings(property.get("enum")),
                pattern: property.get("pattern").and_then(Value::as_str).map(str::to_owned),
                format: property.get("format").and_then(Value::as_str).map(str::to_owned),
                maximum: property.get("maximum").and_then(Value::as_i64),
            }
        })
        .collect()
}

/// Follows a `$ref` inside the schema, and takes the first real alternative of `anyOf`.
fn resolved<'s>(schema: &'s Value, property: &'s Value) -> &'s Value {
    if let Some(path) = property.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#')) {
        return schema.pointer(path).unwrap_or(property);
    }
    let alternatives = property.get("anyOf").or_else(|| property.get("oneOf")).and_then(Value::as_array);
    alternatives
        .and_then(|all| all.iter().find(|one| one.get("type").and_then(Value::as_str) != Some("null")))
        .map_or(property, |one| resolved(schema, one))
}

fn kind(property: &Value) -> String {
    match property.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string").to_owned()
        }
        _ => "string".to_owned(),
    }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
