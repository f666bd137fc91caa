//! The fields of a form, from the schema that a server gives for it.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Choosable, Entry, Field, Parts};
use crate::schema::Schema;

/// Fields that a form shows; a schema with more is filled in as one text.
const MOST_FIELDS: usize = 64;

/// The fields of a form, with the server's defaults.
#[must_use]
pub fn of(source: &Value, schema: &Schema) -> (Vec<Field>, Parts) {
    let none = Map::new();
    let properties = source.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required: HashSet<&str> =
        source.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let is_described = required.iter().all(|name| properties.contains_key(*name));
    let is_enough = !properties.is_empty() || schema.violation(&Value::Object(Map::new())).is_none();
    if properties.len() > MOST_FIELDS || !is_described || !is_enough {
        return (vec![whole(properties, &required, schema)], Parts::Whole);
    }
    let field = |(name, property): (&String, &Value)| Field {
        name: name.clone(),
        title: text(property, "title").unwrap_or(name).to_owned(),
        description: text(property, "description").unwrap_or_default().to_owned(),
        required: required.contains(name.as_str()),
        format: text(property, "format").map(str::to_owned),
        entry: entry(property),
        problem: None,
    };
    (properties.iter().map(field).collect(), Parts::Properties)
}

/// The one field for everything.
fn whole(properties: &Map<String, Value>, required: &HashSet<&str>, schema: &Schema) -> Field {
    let undescribed = required.iter().filter(|name| !properties.contains_key(**name)).map(|name| (*name, &Value::Null));
    let all = properties.iter().map(|(name, property)| (name.as_str(), property)).chain(undescribed);
    let known = all.map(|(name, property)| {
        let kind = text(property, "type").unwrap_or("anything");
        let needed = if required.contains(name) { ", has to be given" } else { "" };
        format!("{name} ({kind}{needed})")
    });
    let known = known.collect::<Vec<_>>().join(", ");
    let defaults =
        properties.iter().filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())));
    let defaults: Map<String, Value> = defaults.collect();
    let written = if defaults.is_empty() { String::new() } else { Value::Object(defaults).to_string() };
    Field {
        name: String::new(),
        title: "All values, as one JSON object".to_owned(),
        description: if known.is_empty() { String::new() } else { format!("It takes: {known}") },
        required: schema.violation(&Value::Object(Map::new())).is_some(),
        format: None,
        entry: Entry::Json(written),
        problem: None,
    }
}

fn entry(property: &Value) -> Entry {
    let default = property.get("default");
    let written = || match default {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    if let Some(values) = choices(property) {
        let at = default.and_then(|default| values.iter().position(|choice| choice.value == *default));
        return Entry::One(values, at);
    }
    match text(property, "type") {
        Some("string") => Entry::Text(written()),
        Some("number") => Entry::Number(written()),
        Some("integer") => Entry::Integer(written()),
        Some("boolean") => Entry::Flag(default.and_then(Value::as_bool)),
        Some("array") => match property.get("items").and_then(choices) {
            Some(values) => {
                let is_default = |choice: &Choosable| {
                    default.and_then(Value::as_array).is_some_and(|taken| taken.contains(&choice.value))
                };
                Entry::Many(values.into_iter().map(|choice| (choice.clone(), is_default(&choice))).collect(), 0)
            }
            None => Entry::Json(written()),
        },
        Some(_) | None => Entry::Json(written()),
    }
}

/// The values of an `enum`, or of a `oneOf` or `anyOf` of constants, each with what it is called.
fn choices(property: &Value) -> Option<Vec<Choosable>> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        let names = property.get("enumNames").and_then(Value::as_array);
        let name = |at: usize| names.and_then(|names| names.get(at)).and_then(Value::as_str);
        let choice = |(at, value): (usize, &Value)| Choosable {
            value: value.clone(),
            label: name(at).map_or_else(|| shown(value), |name| format!("{name} ({})", shown(value))),
        };
        return Some(values.iter().enumerate().map(choice).collect());
    }
    let options = ["oneOf", "anyOf"].iter().find_map(|key| property.get(*key)).and_then(Value::as_array)?;
    options
        .iter()
        .map(|option| {
            let value = option.get("const")?.clone();
            let label =
                text(option, "title").map_or_else(|| shown(&value), |title| format!("{title} ({})", shown(&value)));
            Some(Choosable { value, label })
        })
        .collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
