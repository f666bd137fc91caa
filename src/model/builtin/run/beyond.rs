//! What heads need beyond their own records: names beside ids, records by their keys, what a condition rests on.

use serde_json::Value;

use super::super::access::{self, Bindings, Bound};
use super::super::evidence::Outcome;
use super::super::frame::{Manner, Node, NodeId, Sense};
use super::super::heads::Evidence;
use super::super::knowledge::{KindId, Knowledge};
use super::super::rows::{self, Row};
use super::{Found, Run, State};

impl<'a> Run<'a> {
    pub(in crate::model::builtin) fn knowledge(&self) -> &'a Knowledge {
        self.knowledge
    }

    pub(in crate::model::builtin) fn kind_of(&self, node: NodeId) -> KindId {
        self.frame.nodes.get(node).map_or(0, |node| node.kind)
    }

    /// The records that a node's "with" conditions rest on.
    pub(in crate::model::builtin) fn evidence(&mut self, node: NodeId) -> Vec<Evidence> {
        let Some(known) = self.frame.nodes.get(node) else { return Vec::new() };
        let with = known.links.iter().filter(|link| link.sense == Sense::Exists && link.manner == Manner::With);
        let mut out = Vec::new();
        for link in with {
            let (Some(on), State::Ready(found)) =
                (self.knowledge.join(known.kind, self.kind_of(link.to)), self.resolve(link.to))
            else {
                continue;
            };
            out.push(Evidence { node: link.to, on, rows: found.rows });
        }
        out
    }

    /// What was found of the owner that the question gave a named record to.
    pub(in crate::model::builtin) fn owner(&mut self, node: NodeId) -> Option<Found> {
        match self.resolve(self.frame.nodes.get(node)?.owner?) {
            State::Ready(found) => Some(found),
            State::Waiting => None,
        }
    }

    /// Whether a node has conditions besides its tie to another.
    pub(in crate::model::builtin) fn narrows_itself(&self, node: NodeId, besides: NodeId) -> bool {
        self.frame.nodes.get(node).is_some_and(|node| {
            !node.filters.is_empty()
                || !node.any.is_empty()
                || node.named.is_some()
                || node.known.is_some()
                || node.links.iter().any(|link| link.to != besides)
        })
    }

    /// Records of a kind by the values of one field; none while calls have to be made first.
    pub(in crate::model::builtin) fn by_keys(&mut self, kind: KindId, field: &str, values: Bound) -> Option<Found> {
        let wanted = match &values {
            Bound::Each(values) => values.clone(),
            _ => Vec::new(),
        };
        let node = Node::new(kind);
        let by_key = Bindings::from([(field.to_owned(), values)]);
        let calls = |bindings: &Bindings| {
            access::choose(self.knowledge, self.catalog, kind, bindings, &[], self.today)
                .map(|access| access.calls.len())
        };
        // Listing everything may need fewer calls than asking for each.
        let by_list = match (calls(&by_key), calls(&Bindings::new())) {
            (Some(each), Some(all)) => all < each,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let bindings = if by_list { Bindings::new() } else { by_key };
        match self.fetch(&node, &[], bindings, "") {
            State::Waiting => None,
            State::Ready(mut found) => {
                found.rows.retain(|row| {
                    rows::distinct(std::slice::from_ref(row), field).iter().any(|value| wanted.contains(value))
                });
                Some(found)
            }
        }
    }

    /// Sees to it that the names of the records that rows refer to are in the results.
    pub(in crate::model::builtin) fn names(&mut self, kind: KindId, names: KindId, rows: &[Row]) -> Option<()> {
        let (field, other) = self.knowledge.join(kind, names)?;
        let label = &self.knowledge.kind(names).label;
        let known = self.known_names(names, &other, label);
        let missing: Vec<String> = rows
            .iter()
            .filter(|row| row.get(label).is_none())
            .filter_map(|row| row.text(&field))
            .filter(|id| !known.contains(id))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        if missing.is_empty() || !access::served(self.knowledge, self.catalog, names) {
            return Some(());
        }
        self.by_keys(names, &other, Bound::Each(missing)).map(|_| ())
    }

    /// Ids whose names stand in a result of this turn already.
    fn known_names(&self, _names: KindId, key: &str, label: &str) -> Vec<String> {
        let mut out = Vec::new();
        for done in self.done {
            if let Outcome::Content(content) = &done.outcome {
                collect(content, key, label, &mut out);
            }
        }
        out
    }
}

fn collect(value: &Value, key: &str, label: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::String(id)), Some(_)) = (fields.get(key), fields.get(label)) {
                out.push(id.clone());
            }
            fields.values().for_each(|field| collect(field, key, label, out));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, label, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
