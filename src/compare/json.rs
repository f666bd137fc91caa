//! The structural difference of two JSON values, as a list of paths.

use serde::Serialize;
use serde_json::Value;

/// Characters of a value that are shown in a line.
const SHOWN: usize = 120;

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Where, such as `tickets[0].status`; `.` for the whole value.
    pub path: String,
    /// How.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// How a place differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only the second has it.
    Added {
        /// What the second has.
        after: Value,
    },
    /// Only the first has it.
    Removed {
        /// What the first has.
        before: Value,
    },
    /// Both have it, with other values.
    Changed {
        /// What the first has.
        before: Value,
        /// What the second has.
        after: Value,
    },
}

impl Change {
    /// One line of text: `+ path: value`, `- path: value`, `~ path: before → after`. Not sanitised.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.kind {
            ChangeKind::Added { after } => format!("+ {}: {}", self.path, short(after)),
            ChangeKind::Removed { before } => format!("- {}: {}", self.path, short(before)),
            ChangeKind::Changed { before, after } => format!("~ {}: {} → {}", self.path, short(before), short(after)),
        }
    }
}

/// Every place where `before` and `after` differ, in the order of `before`. Elements of arrays are compared by position.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk(before, after, &mut String::new(), &mut found);
    found
}

fn walk(before: &Value, after: &Value, path: &mut String, found: &mut Vec<Change>) {
    let length = path.len();
    match (before, after) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left {
                step_key(path, key);
                match right.get(key) {
                    Some(other) => walk(value, other, path, found),
                    None => push(path, ChangeKind::Removed { before: value.clone() }, found),
                }
                path.truncate(length);
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                step_key(path, key);
                push(path, ChangeKind::Added { after: value.clone() }, found);
                path.truncate(length);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for position in 0..left.len().max(right.len()) {
                path.push_str(&format!("[{position}]"));
                match (left.get(position), right.get(position)) {
                    (Some(value), Some(other)) => walk(value, other, path, found),
                    (Some(value), None) => push(path, ChangeKind::Removed { before: value.clone() }, found),
                    (None, Some(value)) => push(path, ChangeKind::Added { after: value.clone() }, found),
                    (None, None) => {}
                }
                path.truncate(length);
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            push(path, ChangeKind::Changed { before: before.clone(), after: after.clone() }, found);
        }
    }
}

fn step_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if is_plain { path.push_str(key) } else { path.push_str(&Value::from(key).to_string()) }
}

fn push(path: &str, kind: ChangeKind, found: &mut Vec<Change>) {
    let path = if path.is_empty() { "." } else { path };
    found.push(Change { path: path.to_owned(), kind });
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The value with sorted keys and no spaces: equal for two values that mean the same.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let fields: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&fields[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_that_differs_is_named() {
        let before = json!({"a": 1, "list": [{"x": 1}, 2], "gone": null, "odd key": 1});
        let after = json!({"list": [{"x": 2}], "new": [1], "a": 1, "odd key": "1"});
        let lines: Vec<String> = changes(&before, &after).iter().map(Change::line).collect();
        assert_eq!(
            lines,
            ["~ list[0].x: 1 → 2", "- list[1]: 2", "- gone: null", "~ \"odd key\": 1 → \"1\"", "+ new: [1]"]
        );
        assert_eq!(changes(&json!(1), &json!([]))[0].path, ".");
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_the_order_of_elements_does() {
        let value = |text: &str| canonical(&serde_json::from_str(text).expect("JSON"));
        assert_eq!(value(r#"{"b":[1,2],"a":{"d":1,"c":"x"}}"#), value(r#"{"a":{"c":"x","d":1}, "b":[1,2]}"#));
        assert_ne!(value("[1,2]"), value("[2,1]"));
    }
}
