//! The names that results gave for ids.

use std::collections::HashMap;

use serde_json::Value;

use super::super::evidence::{Done, Outcome};
use super::super::knowledge::{Kind, KindId, Knowledge};
use crate::protocol::CallId;

/// Names by id.
#[derive(Default)]
pub(super) struct Names(HashMap<String, Name>);

struct Name {
    kind: KindId,
    name: String,
    call: CallId,
}

impl Names {
    /// Those in the results of these calls; of several for one id the first counts.
    pub(super) fn of(knowledge: &Knowledge, calls: &[&Done]) -> Self {
        let mut names = Self::default();
        for done in calls {
            if let Outcome::Content(content) = &done.outcome {
                names.learn(knowledge, content, done.call);
            }
        }
        names
    }

    /// The name of an id, with the call that gave it.
    pub(super) fn of_id(&self, id: &str) -> Option<(&str, CallId)> {
        self.0.get(id).map(|known| (known.name.as_str(), known.call))
    }

    /// The record of a kind whose name has `part` in it, in words.
    pub(super) fn with(&self, kind: KindId, part: &str) -> Option<String> {
        let low = part.to_lowercase();
        let mut own = self.0.iter().filter(|(_, known)| known.kind == kind);
        let found = own.find(|(_, known)| known.name.to_lowercase().contains(&low));
        found.map(|(id, known)| format!("{} ({id})", known.name))
    }

    fn learn(&mut self, knowledge: &Knowledge, value: &Value, call: CallId) {
        let named = |kind: &Kind| !kind.key.is_empty() && !kind.name_field.is_empty();
        match value {
            Value::Object(fields) => {
                for (kind, known) in knowledge.kinds.iter().enumerate().filter(|(_, kind)| named(kind)) {
                    if let (Some(Value::String(id)), Some(Value::String(name))) =
                        (fields.get(&known.key), fields.get(&known.name_field))
                    {
                        self.0.entry(id.clone()).or_insert_with(|| Name { kind, name: name.clone(), call });
                    }
                }
                fields.values().for_each(|field| self.learn(knowledge, field, call));
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(knowledge, item, call)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
