//! Arguments that a tool wants as HTTP headers too (`x-mcp-header`, 2026-07-28): a tool that asks for what cannot be is not
//! taken.

use std::collections::HashSet;

use serde_json::{Map, Value};

const KEY: &str = "x-mcp-header";
/// Where a schema holds data or names, not schemas.
const NOT_SCHEMAS: &[&str] = &["default", "const", "enum", "examples", "dependentRequired"];
/// Characters of an HTTP token besides letters and digits.
const TOKEN_MARKS: &str = "!#$%&'*+-.^_`|~";

/// What is wrong with the headers an input schema asks for.
#[must_use]
pub fn fault(schema: &Value) -> Option<String> {
    let schema = schema.as_object()?;
    if schema.contains_key(KEY) {
        return Some(format!("its inputSchema has {KEY} at its root"));
    }
    of_properties(schema, "", &mut HashSet::new())
}

/// Looks at the properties of an object's schema and at those of their objects; nowhere else may a header be named.
fn of_properties(schema: &Map<String, Value>, path: &str, seen: &mut HashSet<String>) -> Option<String> {
    for (key, value) in schema {
        match (key.as_str(), value.as_object()) {
            ("properties", Some(properties)) => {
                for (name, property) in properties {
                    let path = format!("{path}{name}");
                    let Some(property) = property.as_object() else { continue };
                    let own = property.get(KEY).and_then(|header| of_header(header, property, &path, seen));
                    if let Some(fault) = own.or_else(|| of_properties(property, &format!("{path}."), seen)) {
                        return Some(fault);
                    }
                }
            }
            (KEY, _) => {}
            (key, _) if NOT_SCHEMAS.contains(&key) => {}
            (key, _) if mentions(value) => return Some(format!("{KEY} stands under {path}{key}, where it cannot")),
            _ => {}
        }
    }
    None
}

fn of_header(header: &Value, property: &Map<String, Value>, path: &str, seen: &mut HashSet<String>) -> Option<String> {
    let Some(header) = header.as_str() else { return Some(format!("the {KEY} of {path} is no text")) };
    let is_token = |c: char| c.is_ascii_alphanumeric() || TOKEN_MARKS.contains(c);
    if header.is_empty() || !header.chars().all(is_token) {
        return Some(format!("the {KEY} of {path} is no name of a header: {header:?}"));
    }
    if !seen.insert(header.to_ascii_lowercase()) {
        return Some(format!("the {KEY} of {path} is another property's too: {header:?}"));
    }
    let kind = property.get("type").and_then(Value::as_str).unwrap_or("nothing in particular");
    let is_plain = matches!(kind, "string" | "integer" | "boolean");
    (!is_plain).then(|| format!("{path} has an {KEY}, but is {kind}, which does not go into a header"))
}

/// Whether a header is named anywhere in it.
fn mentions(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.iter().any(|(key, value)| key == KEY || (!NOT_SCHEMAS.contains(&key.as_str()) && mentions(value)))
        }
        Value::Array(items) => items.iter().any(mentions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_plain_properties_can_be_headers_each_under_its_own_name() {
        let of = |properties: Value| fault(&json!({"type": "object", "properties": properties}));
        let good = json!({"a": {"type": "string", "x-mcp-header": "Region"},
            "o": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "Count"}}}});
        assert_eq!(of(good), None);
        for (bad, word) in [
            (json!({"a": {"type": "string", "x-mcp-header": ""}}), "no name"),
            (json!({"a": {"type": "string", "x-mcp-header": "a b"}}), "no name"),
            (json!({"a": {"type": "string", "x-mcp-header": 1}}), "no text"),
            (json!({"a": {"type": "number", "x-mcp-header": "A"}}), "is number"),
            (
                json!({"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}}),
                "too",
            ),
            (json!({"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}}), "a.items"),
        ] {
            let found = of(bad);
            assert!(found.as_ref().is_some_and(|fault| fault.contains(word)), "{word}: {found:?}");
        }
        assert_eq!(of(json!({"a": {"default": {"x-mcp-header": "data"}}})), None);
    }
}
