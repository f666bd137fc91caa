//! JSON Schemas as chat completion back ends take them: an object at the top, no dialect, only well-known formats.
//!
//! This loosens a schema and never tightens it; the server's own schema is what arguments are checked against.

use serde_json::{Map, Value, json};

/// Formats of JSON Schema 2020-12. Others (`uint32`, `double`, …) make some back ends refuse the whole request.
const FORMATS: [&str; 19] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// Members that say something about the document, not about arguments.
const DOCUMENT_MEMBERS: [&str; 4] = ["$schema", "$id", "$comment", "$vocabulary"];

/// Alternatives at the top level, which OpenAI refuses there.
const TOP_LEVEL_ALTERNATIVES: [&str; 5] = ["oneOf", "anyOf", "allOf", "not", "enum"];

/// The parameters of a function from a tool's input schema.
pub(super) fn parameters(schema: &Value) -> Value {
    let Value::Object(schema) = schema else { return json!({ "type": "object", "properties": {} }) };
    let mut cleaned = clean_object(schema);
    for name in TOP_LEVEL_ALTERNATIVES {
        cleaned.remove(name);
    }
    cleaned.insert("type".to_owned(), "object".into());
    let properties = cleaned.entry("properties").or_insert_with(|| json!({}));
    if !properties.is_object() {
        *properties = json!({});
    }
    Value::Object(cleaned)
}

fn clean(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(clean_object(object)),
        Value::Array(schemas) => schemas.iter().map(clean).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn clean_object(object: &Map<String, Value>) -> Map<String, Value> {
    let mut cleaned = Map::new();
    for (name, value) in object {
        let value = match name.as_str() {
            name if DOCUMENT_MEMBERS.contains(&name) => continue,
            "format" if !value.as_str().is_some_and(|format| FORMATS.contains(&format)) => continue,
            // Names in here are the tool's own words, whatever they look like.
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => clean_members(value),
            "enum" | "const" | "default" | "examples" | "required" => value.clone(),
            _ => clean(value),
        };
        cleaned.insert(name.clone(), value);
    }
    cleaned
}

fn clean_members(members: &Value) -> Value {
    let Value::Object(members) = members else { return members.clone() };
    Value::Object(members.iter().map(|(name, schema)| (name.clone(), clean(schema))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_and_odd_formats_go_at_every_depth() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "limit": { "type": ["integer", "null"], "format": "uint32", "minimum": 0 },
                "since": { "type": "string", "format": "date" },
                "rows": { "type": "array", "items": { "type": "number", "format": "double" } }
            },
            "required": ["limit"],
            "additionalProperties": false
        });
        assert_eq!(
            parameters(&schema),
            json!({
                "type": "object",
                "properties": {
                    "limit": { "type": ["integer", "null"], "minimum": 0 },
                    "since": { "type": "string", "format": "date" },
                    "rows": { "type": "array", "items": { "type": "number" } }
                },
                "required": ["limit"],
                "additionalProperties": false
            })
        );
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        let schema = json!({
            "type": "object",
            "properties": { "format": { "type": "string" }, "$schema": { "type": "string" }, "enum": { "enum": ["format"] } },
            "required": ["format"]
        });
        assert_eq!(parameters(&schema), schema);
    }

    #[test]
    fn what_is_no_object_schema_becomes_an_empty_one() {
        let empty = json!({ "type": "object", "properties": {} });
        for odd in [json!(null), json!(true), json!("text"), json!({}), json!({ "type": "object", "properties": [] })] {
            assert_eq!(parameters(&odd), empty);
        }
    }

    #[test]
    fn alternatives_go_at_the_top_and_stay_below() {
        let schema = json!({
            "type": "object",
            "properties": { "id": { "anyOf": [{ "type": "string" }, { "type": "integer", "format": "int64" }] } },
            "anyOf": [{ "required": ["id"] }]
        });
        assert_eq!(
            parameters(&schema),
            json!({ "type": "object", "properties": { "id": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } } })
        );
    }
}
