//! A JSON Schema to check values against: arguments before they are sent, results when they come.

use std::sync::OnceLock;

use serde_json::Value;

use crate::protocol::Json;

/// Largest schema that is compiled for checking, bytes.
const LARGEST_SCHEMA: usize = 256 * 1024;

/// A schema to check against, compiled when it is first needed.
#[derive(Debug)]
pub struct Schema {
    source: Json,
    /// Absent if the source is no schema, or too large to trust.
    compiled: OnceLock<Option<jsonschema::Validator>>,
}

impl Schema {
    /// A schema of draft-07 or 2020-12. References to other documents are never followed.
    #[must_use]
    pub fn new(source: Json) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn compile(&self) -> Option<jsonschema::Validator> {
        let trusted = self.source.bytes() <= LARGEST_SCHEMA;
        trusted.then(|| jsonschema::options().build(&self.source.value()).ok())?
    }

    /// The first place where `value` breaks the schema, in words: where and what was expected.
    #[must_use]
    pub fn violation(&self, value: &Value) -> Option<String> {
        let error = self.compiled.get_or_init(|| self.compile()).as_ref()?.iter_errors(value).next()?;
        let place = error.instance_path().to_string();
        Some(if place.is_empty() { error.to_string() } else { format!("{place}: {error}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).expect("test JSON")
    }

    #[test]
    fn a_violation_names_the_place() {
        let schema = Schema::new(json(r#"{"type":"object","properties":{"limit":{"type":"integer"}}}"#));
        let violation = schema.violation(&serde_json::json!({"limit":"ten"})).expect("a violation");
        assert!(violation.starts_with("/limit: ") && violation.contains("integer"), "{violation}");
        assert_eq!(schema.violation(&serde_json::json!({"limit":10})), None);
    }
}
