//! A small vocabulary for writing JSON Schemas: what tools take, what they answer, and what records look like.
//!
//! Everything is written inline: no references, no unions with null for optional arguments, only standard formats.

pub(crate) mod record;

use serde_json::{Map, Value, json};

use crate::tool_error::FIELDS;

/// An object schema under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Object {
    /// Adds a member that is always there.
    pub fn must(mut self, name: &'static str, schema: Value) -> Self {
        self.required.push(name);
        self.may(name, schema)
    }

    /// Adds a member that may be missing.
    pub fn may(mut self, name: &'static str, schema: Value) -> Self {
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// The object as it stands inside another schema; members that are not named here are allowed.
    pub fn described(self, description: &str) -> Value {
        with_description(self.open(), description)
    }

    /// The schema of an object that has no other members than these.
    pub fn closed(self) -> Value {
        let mut schema = self.open();
        schema["additionalProperties"] = Value::Bool(false);
        schema
    }

    fn open(self) -> Value {
        json!({ "type": "object", "properties": self.properties, "required": self.required })
    }
}

/// The members of `schema`'s pages of a list, to be added to the arguments of a tool that answers with one.
pub(crate) fn paged(arguments: Object, default_limit: u32) -> Object {
    arguments
        .may(
            "limit",
            json!({
                "type": "integer", "minimum": 1, "maximum": 200, "default": default_limit,
                "description": format!("How many entries to return at most; {default_limit} if not given."),
            }),
        )
        .may(
            "offset",
            json!({
                "type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0,
                "description": "How many entries to skip, to read on after a first page.",
            }),
        )
}

/// The schema of everything that a tool may put into `structuredContent`: one of `answers`, or a tool error.
///
/// The root is a plain object with the members of all answers, as older clients require; which of them
/// belong together is said by `anyOf`. The tool error is part of it because clients validate errors too.
pub(crate) fn output<const N: usize>(answers: [Object; N]) -> Value {
    let mut properties = Map::new();
    let mut kinds = Vec::new();
    for answer in answers {
        kinds.push(json!({ "required": answer.required }));
        properties.extend(answer.properties);
    }
    kinds.push(json!({ "title": "Tool error", "required": FIELDS }));
    json!({ "type": "object", "properties": properties, "anyOf": kinds })
}

/// Free text that is answered with.
pub(crate) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// Free text that is asked for.
pub(crate) fn words(description: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 500, "description": description })
}

/// One of a fixed set of words.
pub(crate) fn one_of(words: &[&str], description: &str) -> Value {
    json!({ "type": "string", "enum": words, "description": description })
}

/// An id that matches `pattern`.
pub(crate) fn id(pattern: &str, description: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description })
}

/// A day, `YYYY-MM-DD`.
pub(crate) fn date(description: &str) -> Value {
    json!({ "type": "string", "format": "date", "description": description })
}

/// A moment in UTC.
pub(crate) fn timestamp(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

/// A number of things, zero or more.
pub(crate) fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

/// A whole number that may be negative.
pub(crate) fn whole(description: &str) -> Value {
    json!({ "type": "integer", "description": description })
}

/// A number from 0 to 1 that says how well something fits.
pub(crate) fn score(description: &str) -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1, "description": description })
}

/// A number with decimals.
pub(crate) fn number(description: &str) -> Value {
    json!({ "type": "number", "description": description })
}

/// Yes or no.
pub(crate) fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

/// A list of `items`.
pub(crate) fn list(items: Value, description: &str) -> Value {
    json!({ "type": "array", "items": items, "description": description })
}

/// A list of plain texts.
pub(crate) fn texts(description: &str) -> Value {
    list(json!({ "type": "string" }), description)
}

/// A table of counts by name.
pub(crate) fn counts(description: &str) -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 }, "description": description })
}

/// The same schema, where null stands for "none". Only for answers.
pub(crate) fn or_null(mut schema: Value) -> Value {
    schema["type"] = json!([schema["type"].take(), "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    schema
}

/// The same schema with another description.
pub(crate) fn with_description(mut schema: Value, description: &str) -> Value {
    schema["description"] = Value::from(description);
    schema
}

/// The day that an answer's reckoning is made for.
pub(crate) fn as_of() -> Value {
    date("The day that counts as today for this answer.")
}
