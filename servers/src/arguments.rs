//! Checks the arguments of a call against the tool's own schema, and says in words what does not fit.

use std::sync::OnceLock;

use jiff::civil::Date;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

use crate::{
    store::{Words, is_blank},
    tool_error::{Complaint, ToolError},
};

/// A received value longer than this is not repeated in an error.
const LONGEST_ECHO: usize = 200;

/// An input schema that is compiled when the first call comes.
pub(crate) struct Arguments {
    schema: Value,
    validator: OnceLock<Option<Validator>>,
}

impl Arguments {
    pub fn of(schema: Value) -> Self {
        Self { schema, validator: OnceLock::new() }
    }

    /// Checks `given` and returns it in the one form that tools read.
    ///
    /// Optional arguments that are null count as not given and get their default; 5.0 is the whole number 5.
    ///
    /// # Errors
    /// One complaint for each argument that does not fit.
    pub fn check(&self, mut given: Map<String, Value>) -> Result<Map<String, Value>, ToolError> {
        given.retain(|name, value| !value.is_null() || !self.is_optional(name));
        for value in given.values_mut() {
            make_whole(value);
        }
        let given = Value::Object(given);
        let Some(validator) = self.validator.get_or_init(|| compile(&self.schema)) else {
            return Err(ToolError::new("broken_schema", "The tool's own schema cannot be compiled")
                .suggest("Check the id patterns in dataset.toml"));
        };
        let mut complaints: Vec<Complaint> = Vec::new();
        for error in validator.iter_errors(&given) {
            for complaint in self.complaints(&error, &given) {
                if !complaints.iter().any(|known| known.argument == complaint.argument) {
                    complaints.push(complaint);
                }
            }
        }
        match given {
            Value::Object(given) if complaints.is_empty() => Ok(self.with_defaults(given)),
            _ => Err(ToolError::bad_arguments(&complaints)),
        }
    }

    /// Adds what the schema says about arguments that were not given.
    fn with_defaults(&self, mut given: Map<String, Value>) -> Map<String, Value> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            if let (Some(default), false) = (schema.get("default"), given.contains_key(name)) {
                given.insert(name.clone(), default.clone());
            }
        }
        given
    }

    fn property(&self, name: &str) -> Option<&Value> {
        self.schema.get("properties")?.get(name)
    }

    fn names(&self) -> Vec<&str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.map_or_else(Vec::new, |properties| properties.keys().map(String::as_str).collect())
    }

    fn is_optional(&self, name: &str) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|required| required.iter().any(|other| other == name));
        !is_required && self.property(name).is_some()
    }

    fn complaints(&self, error: &ValidationError<'_>, given: &Value) -> Vec<Complaint> {
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|name| self.stranger(name)).collect()
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                vec![Complaint {
                    argument: name.to_owned(),
                    problem: "is required".to_owned(),
                    expected: self.property(name).map_or_else(String::new, expected),
                    received: None,
                }]
            }
            // Every other keyword concerns one argument; what it should have been is in its schema.
            _ => {
                let name = error.instance_path().as_str().split('/').nth(1).unwrap_or_default();
                let received = given.get(name).cloned().unwrap_or_default();
                vec![Complaint {
                    argument: name.to_owned(),
                    problem: format!("is {}", shortened(&received)),
                    expected: self.property(name).map_or_else(String::new, expected),
                    received: Some(received).filter(|value| value.to_string().len() <= LONGEST_ECHO),
                }]
            }
        }
    }

    fn stranger(&self, name: &str) -> Complaint {
        let names = self.names();
        let near = crate::nearest::nearest(name, names.iter().copied(), 1);
        let guess = match near.first() {
            Some(near) if strsim::jaro_winkler(near, name) > 0.8 => {
                format!(", perhaps {near} is meant")
            }
            Some(_) | None => String::new(),
        };
        Complaint {
            argument: shortened(&Value::from(name)).trim_matches('"').to_owned(),
            problem: format!("is not an argument of this tool{guess} (it takes {})", names.join(", ")),
            expected: "no such argument".to_owned(),
            received: None,
        }
    }
}

/// The words of a query.
///
/// # Errors
/// There is nothing in it that could be looked for.
pub(crate) fn searchable(argument: &str, text: &str) -> Result<Words, ToolError> {
    if is_blank(text) {
        let problem = "has no letter or digit to look for";
        return Err(ToolError::bad_argument(argument, problem, "one or more words"));
    }
    Ok(Words::of(text))
}

/// Refuses a period that ends before it begins.
///
/// # Errors
/// Names `start_date`, which is the argument that is wrong then.
pub(crate) fn in_order(start: Option<Date>, end: Option<Date>) -> Result<(), ToolError> {
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        let problem = format!("is {start}, after end_date {end}");
        return Err(ToolError::bad_argument("start_date", problem, format!("a date up to {end}")));
    }
    Ok(())
}

fn compile(schema: &Value) -> Option<Validator> {
    jsonschema::options().should_validate_formats(true).build(schema).ok()
}

/// What a schema asks for, in words.
fn expected(schema: &Value) -> String {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return format!("one of {}", words.join(", "));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        return format!("an id that matches {pattern}");
    }
    match (schema.get("type").and_then(Value::as_str), schema.get("format").and_then(Value::as_str)) {
        (_, Some("date")) => "a date that exists, as YYYY-MM-DD".to_owned(),
        (Some("integer"), _) => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(least), None) => format!("a whole number from {least}"),
            (None, _) => "a whole number".to_owned(),
        },
        (Some("boolean"), _) => "true or false".to_owned(),
        (Some("string"), _) => match schema.get("maxLength") {
            Some(most) => format!("a text of 1 to {most} characters"),
            None => "a text".to_owned(),
        },
        (Some(other), _) => other.to_owned(),
        (None, _) => "another value".to_owned(),
    }
}

/// A value as it is repeated in a message, cut if it is long.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_ECHO) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn make_whole(value: &mut Value) {
    let whole = value.as_f64().filter(|number| value.is_f64() && number.fract() == 0.0 && number.abs() < 1e15);
    if let Some(whole) = whole {
        *value = Value::from(whole as i64);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{self, Object};

    fn arguments() -> Arguments {
        let schema = Object::default()
            .must("ticket_id", schema::id(r"^TKT-\d{4}$", "A ticket."))
            .may("since", schema::date("A day."))
            .may("status", schema::one_of(&["open", "closed"], "A status."));
        Arguments::of(schema::paged(schema, 50).closed())
    }

    fn complaint(given: Value) -> ToolError {
        arguments().check(given.as_object().unwrap().clone()).unwrap_err()
    }

    #[test]
    fn null_is_not_given_and_whole_floats_are_whole_numbers() {
        let given = json!({"ticket_id": "TKT-1001", "since": null, "limit": 5.0});
        let checked = arguments().check(given.as_object().unwrap().clone()).unwrap();
        assert_eq!(Value::Object(checked), json!({"ticket_id": "TKT-1001", "limit": 5, "offset": 0}));
    }

    #[test]
    fn a_required_argument_may_not_be_null() {
        assert_eq!(
            complaint(json!({"ticket_id": null})).payload()["reason"],
            r"ticket_id is null; expected an id that matches ^TKT-\d{4}$"
        );
    }

    #[test]
    fn each_bad_argument_is_named_with_what_was_expected() {
        let error = complaint(json!({"since": "2025-02-30", "status": "done", "limit": 0, "tiket_id": "x"})).payload();
        assert_eq!(error["error"], "invalid_arguments");
        let reason = error["reason"].as_str().unwrap();
        let said = |part: &str| assert!(reason.contains(part), "{part:?} not in {reason:?}");
        said(r"ticket_id is required; expected an id that matches ^TKT-\d{4}$");
        said("since is \"2025-02-30\"; expected a date that exists, as YYYY-MM-DD");
        said("status is \"done\"; expected one of open, closed");
        said("limit is 0; expected a whole number from 1 to 200");
        said("tiket_id is not an argument of this tool, perhaps ticket_id is meant");
    }

    #[test]
    fn a_huge_value_is_not_repeated() {
        let error = complaint(json!({"ticket_id": "x".repeat(100_000)}));
        assert!(error.payload().to_string().len() < 2_000);
    }
}
