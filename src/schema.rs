//! A JSON Schema to check values against: arguments before they are sent, results when they come.

use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::protocol::Json;

/// Largest schema that is compiled for checking, bytes.
const LARGEST_SCHEMA: usize = 256 * 1024;

/// Most subschemas a schema may come to when its references are followed: beyond, checking could take for ever.
const MOST_SUBSCHEMAS: usize = 20_000;
/// How deep references are followed to count them. A schema that refers to itself once comes to little even so; one that
/// refers to itself twice doubles at each of them.
const DEEPEST: usize = 32;
/// How long a regular expression may try, in steps back.
const BACKTRACKING: usize = 100_000;
/// A violation longer than this is told without the value, bytes.
const LONGEST: usize = 1000;

/// A schema to check against, compiled when it is first needed.
#[derive(Debug)]
pub struct Schema {
    source: Json,
    /// Whether a `format` must be kept, and not only noted.
    keeps_formats: bool,
    /// Absent if the source is no schema, or too large to trust.
    compiled: OnceLock<Option<jsonschema::Validator>>,
}

impl Schema {
    /// A schema of draft-07 or 2020-12. References to other documents are never followed.
    #[must_use]
    pub fn new(source: Json) -> Self {
        Self { source, keeps_formats: false, compiled: OnceLock::new() }
    }

    /// The schema of a form, in which a `format` such as `email` is meant as a rule (MCP 2025-11-25, Elicitation).
    #[must_use]
    pub fn of_form(source: Json) -> Self {
        Self { source, keeps_formats: true, compiled: OnceLock::new() }
    }

    fn compile(&self) -> Option<jsonschema::Validator> {
        if self.source.bytes() > LARGEST_SCHEMA {
            return None;
        }
        let schema = self.source.value();
        let mut left = MOST_SUBSCHEMAS;
        count(&schema, &schema, DEEPEST, &mut left)?;
        let patterns = jsonschema::PatternOptions::fancy_regex().backtrack_limit(BACKTRACKING);
        let options = jsonschema::options().with_pattern_options(patterns);
        options.should_validate_formats(self.keeps_formats).build(&schema).ok()
    }

    /// The first place where `value` breaks the schema, in words: where and what was expected.
    #[must_use]
    pub fn violation(&self, value: &Value) -> Option<String> {
        let error = self.compiled.get_or_init(|| self.compile()).as_ref()?.iter_errors(value).next()?;
        let place = error.instance_path().to_string();
        let options = match error.kind() {
            ValidationErrorKind::Enum { options } => options.as_array(),
            _ => None,
        };
        let words = match options {
            Some(options) => none_of(error.instance(), options),
            None => {
                let whole = error.to_string();
                // The model and the operator need what is wrong, not all of a value that goes on for pages.
                if whole.len() > LONGEST { error.masked_with("the value").to_string() } else { whole }
            }
        };
        Some(if place.is_empty() { words } else { format!("{place}: {words}") })
    }

    /// Where a successful `CallToolResult` does not have the form that this schema, a tool's `outputSchema`, declares.
    #[must_use]
    pub fn missed_by(&self, result: &Json) -> Option<String> {
        let [structured] = result.members(["structuredContent"]);
        self.missed_by_content(structured)
    }

    /// The same for the `structuredContent` of such a result.
    #[must_use]
    pub fn missed_by_content(&self, structured: Option<&RawValue>) -> Option<String> {
        match structured {
            Some(body) => self.violation(&Json::from(body).value()),
            None => Some("structuredContent is missing, although the tool declares an outputSchema".into()),
        }
    }
}

/// That a value is none of those there are, which are named as far as they are told in a moment.
fn none_of(value: &Value, options: &[Value]) -> String {
    let value =
        Some(value.to_string()).filter(|words| words.len() <= LONGEST).unwrap_or_else(|| "the value".to_owned());
    let mut room = LONGEST;
    let fits = |words: &String| {
        room = room.saturating_sub(words.len() + 2);
        room > 0
    };
    let mut named: Vec<String> = options.iter().map(Value::to_string).take_while(fits).collect();
    match options.len() - named.len() {
        0 => {}
        left if named.is_empty() => return format!("{value} is none of the {left} values that it may be"),
        left => named.push(format!("{left} others")),
    }
    let last = named.pop().unwrap_or_default();
    let or = if named.is_empty() { "" } else { " or " };
    format!("{value} is not one of {}{or}{last}", named.join(", "))
}

/// Counts what a schema comes to with its references followed `deep` levels; `None` when there are more than are `left`,
/// or a reference is none that can be followed here.
fn count(root: &Value, schema: &Value, deep: usize, left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    match schema {
        Value::Array(items) => items.iter().try_for_each(|item| count(root, item, deep, left)),
        Value::Object(members) => members.iter().try_for_each(|(name, member)| match (name.as_str(), member) {
            ("$ref", Value::String(place)) => {
                let target = root.pointer(place.strip_prefix('#')?)?;
                if deep == 0 { Some(()) } else { count(root, target, deep - 1, left) }
            }
            ("$dynamicRef" | "$recursiveRef", Value::String(_)) => None,
            // Values, not schemas.
            ("enum" | "const" | "default" | "examples", _) => Some(()),
            _ => count(root, member, deep, left),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(()),
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

    #[test]
    fn a_value_that_is_none_of_those_there_are_is_told_all_of_them() {
        let told = |options: Value, value: &str| {
            Schema::new(Json::from(serde_json::json!({"enum": options}))).violation(&value.into()).expect("a violation")
        };
        let four = serde_json::json!(["critical", "high", "medium", "low"]);
        assert_eq!(told(four, "bogus"), r#""bogus" is not one of "critical", "high", "medium" or "low""#);
        assert_eq!(told(serde_json::json!([7]), "bogus"), r#""bogus" is not one of 7"#);
        let long = told((0..1000).collect(), &"word ".repeat(100_000));
        assert!(long.starts_with("the value is not one of 0, 1, ") && long.ends_with(" others"), "{long}");
        assert!(long.len() < 2 * LONGEST, "{long}");
        let huge = told(serde_json::json!(["word ".repeat(1000), 7]), "bogus");
        assert_eq!(huge, r#""bogus" is none of the 2 values that it may be"#);
    }

    #[test]
    fn a_violation_does_not_repeat_a_long_value() {
        let schema = Schema::new(json(r#"{"properties":{"query":{"maxLength":500}}}"#));
        let violation = schema.violation(&serde_json::json!({"query": "word ".repeat(100_000)})).expect("a violation");
        assert_eq!(violation, "/query: the value is longer than 500 characters");
    }

    #[test]
    fn a_schema_that_doubles_at_each_level_is_not_checked_against() {
        let mut bomb = serde_json::json!({"type": "object", "$ref": "#/$defs/l0", "$defs": {}});
        for level in 0..40 {
            let next = format!("#/$defs/l{}", level + 1);
            bomb["$defs"][format!("l{level}")] = serde_json::json!({"allOf": [{"$ref": next}, {"$ref": next}]});
        }
        bomb["$defs"]["l40"] = serde_json::json!({"required": ["x"]});
        assert_eq!(Schema::new(Json::from(bomb)).violation(&serde_json::json!({})), None);
        let twice = serde_json::json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["x"]});
        assert_eq!(Schema::new(Json::from(twice)).violation(&serde_json::json!({})), None);
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_checked_against() {
        let tree = serde_json::json!({"type": "object", "properties": {"children": {"items": {"$ref": "#"}}}});
        let schema = Schema::new(Json::from(tree));
        let nested = serde_json::json!({"children": [{"children": [7]}]});
        assert!(schema.violation(&nested).is_some_and(|violation| violation.starts_with("/children/0/children/0")));
    }
}
