//! Calls and their results: what was called already, what has to be called, records out of JSON.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::access::{self, Access, Bindings, Bound};
use super::super::evidence::{Done, Outcome};
use super::super::frame::{Filter, Node, Test};
use super::super::knowledge::KindId;
use super::super::rows::{self, Row};
use super::super::sent;
use super::{Found, MOST_CALLS, MOST_PAGES, Planned, Problem, Rest, Run, State, problem};
use crate::protocol::CallId;

impl<'a> Run<'a> {
    pub(super) fn fetch(&mut self, node: &Node, filters: &[Filter], bindings: Bindings, said: &str) -> State {
        let choice = access::choose(self.knowledge, self.catalog, node.kind, &bindings, &node.wanted, self.today);
        let choice = choice.or_else(|| {
            // A condition with several values may be needed to be allowed to ask at all: one call for each.
            let mut wider = bindings.clone();
            for filter in filters.iter().filter(|filter| !filter.negated) {
                if let Test::In(values) = &filter.test {
                    wider.entry(filter.field.clone()).or_insert_with(|| Bound::Each(values.clone()));
                }
            }
            access::choose(self.knowledge, self.catalog, node.kind, &wider, &node.wanted, self.today)
        });
        let Some(access) = choice else {
            let served = access::served(self.knowledge, self.catalog, node.kind);
            return problem(if served {
                Problem::TooVague { kind: node.kind }
            } else {
                Problem::NoServer { kind: node.kind }
            });
        };
        if access.calls.len() > MOST_CALLS {
            return problem(Problem::TooMany { kind: node.kind, calls: access.calls.len() });
        }
        let mut found = Found::default();
        if !bindings.keys().any(|field| access.source.otherwise.contains_key(field)) {
            found.note = access.source.all_note.as_str().into();
        }
        if access.pushed.is_empty() && access.source.all && !access.source.rest.is_empty() {
            found.rest = Some(Box::new(Rest { says: access.source.rest.as_str().into(), ids: Vec::new() }));
        }
        let mut waiting = false;
        for arguments in &access.calls {
            waiting |= self.read(node, &access, arguments, said, &mut found);
        }
        if waiting {
            return State::Waiting;
        }
        if self.borrow(node, filters, &mut found.rows).is_none() {
            return State::Waiting;
        }
        found.rows = self.kept(node, filters, found.rows, &access.pushed);
        found.rows = self.without_doubles(node.kind, found.rows);
        State::Ready(found)
    }

    /// Reads one call's result and, if the list goes on, its further pages. True if a call has to be made first.
    pub(super) fn read(
        &mut self,
        node: &Node,
        access: &Access<'_>,
        arguments: &Map<String, Value>,
        said: &str,
        found: &mut Found,
    ) -> bool {
        let mut arguments = arguments.clone();
        let mut count = 0;
        for _ in 0..MOST_PAGES {
            let Some(done) = self.made(access, &arguments) else { return self.open };
            found.calls.push(done.call);
            let changes = sent::changes(access.source, done, &arguments);
            let said = if changes.is_empty() { said } else { "" };
            found.changed.extend(changes);
            // Further pages are pages of what was sent.
            arguments = done.sent.as_ref().and_then(Value::as_object).cloned().unwrap_or(arguments);
            let content = match &done.outcome {
                Outcome::Failed(failure) => {
                    let what = if said.is_empty() { subject(&arguments) } else { said.to_owned() };
                    let (call, kind, failure) = (done.call, node.kind, failure.clone());
                    found.problems.push(Problem::Failed { call, kind, failure, said: what });
                    return false;
                }
                Outcome::Content(content) => content.clone(),
            };
            let call = done.call;
            let rows = self.rows_of(node.kind, access, &arguments, &content, call);
            count += rows.len();
            let total = total(&content).filter(|_| place(access, &content).is_some_and(Value::is_array));
            found.rows.extend(rows);
            let pages = self.catalog.reading(&access.source.tool).is_some_and(|tool| tool.argument("offset").is_some());
            let more = total.is_some_and(|total| usize::try_from(total).is_ok_and(|total| total > count));
            let ranked = self.knowledge.kind(node.kind).ranked;
            if ranked {
                return false;
            }
            if !more || !pages || arguments.contains_key("limit") && node.limit.is_some() || count == 0 {
                found.total = total.filter(|_| more).or(found.total);
                return false;
            }
            arguments.insert("offset".to_owned(), json!(count));
        }
        false
    }

    /// The answered call that was made with these arguments, or in place of one with them; or a note that it has to be made.
    pub(super) fn made(&mut self, access: &Access<'_>, arguments: &Map<String, Value>) -> Option<&'a Done> {
        let arguments = Value::Object(arguments.clone());
        let mut done = self.done.iter().filter(|done| done.name == access.tool);
        let made = done.clone().find(|done| same(done.sent.as_ref().unwrap_or(&done.arguments), &arguments));
        let found = made.or_else(|| done.find(|done| same(&done.arguments, &arguments)));
        if found.is_none() && self.open {
            let planned = Planned { tool: access.tool.clone(), arguments, why: access.source.why.clone() };
            let same = |known: &Planned| known.tool == planned.tool && known.arguments == planned.arguments;
            if !self.planned.iter().any(same) {
                self.planned.push(planned);
            }
        }
        found
    }

    pub(super) fn rows_of(
        &self,
        kind: KindId,
        access: &Access<'_>,
        arguments: &Map<String, Value>,
        content: &Value,
        call: CallId,
    ) -> Vec<Row> {
        records(access, content)
            .into_iter()
            .filter_map(|(record, parent)| record.as_object().map(|object| (object, parent)))
            .map(|(object, parent)| {
                let mut fields = object.clone();
                for name in &access.source.carry {
                    if let (None, Some(value)) = (fields.get(name), parent.get(name)) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                for name in &access.source.stamp {
                    let argument = access.source.takes.get(name).and_then(|takes| match takes {
                        super::super::knowledge::Takes::Value(argument) => arguments.get(argument),
                        _ => None,
                    });
                    if let (None, Some(value)) = (fields.get(name), argument) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                for (from, to) in &access.source.renames {
                    if let Some(value) = fields.shift_remove(from) {
                        fields.insert(to.clone(), value);
                    }
                }
                self.work_out(kind, &mut fields);
                Row { kind, fields: Arc::new(fields), call, beside: None }
            })
            .collect()
    }

    /// The rows that meet the conditions the server did not take care of.
    pub(super) fn kept(&self, node: &Node, filters: &[Filter], rows: Vec<Row>, pushed: &[String]) -> Vec<Row> {
        let kind = self.knowledge.kind(node.kind);
        let left: Vec<&Filter> =
            filters.iter().filter(|filter| filter.negated || !pushed.contains(&filter.field)).collect();
        rows.into_iter().filter(|row| left.iter().all(|filter| rows::meets(kind, row, filter))).collect()
    }

    /// Each record once, by its key; records without a key are all different.
    pub(super) fn without_doubles(&self, kind: KindId, rows: Vec<Row>) -> Vec<Row> {
        let key = &self.knowledge.kind(kind).key;
        let mut seen: Vec<String> = Vec::new();
        rows.into_iter()
            .filter(|row| match row.text(key) {
                Some(id) if seen.contains(&id) => false,
                Some(id) => {
                    seen.push(id);
                    true
                }
                None => true,
            })
            .collect()
    }
}

/// Two argument objects are the same whatever the order of their members.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key) == Some(value))
        }
        _ => a == b,
    }
}

/// The first text among the arguments: what the call was about.
fn subject(arguments: &Map<String, Value>) -> String {
    arguments.values().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// Where in a result the records are.
fn place<'v>(access: &Access<'_>, content: &'v Value) -> Option<&'v Value> {
    access.source.rows.iter().find_map(|path| {
        let outer = path.split(".*.").next().unwrap_or(path);
        if outer.is_empty() { Some(content) } else { content.get(outer) }
    })
}

/// The records in a result, each with the object around it: `customers.*.contacts` are those of each customer.
fn records<'v>(access: &Access<'_>, content: &'v Value) -> Vec<(&'v Value, &'v Value)> {
    for path in &access.source.rows {
        if let Some((outer, inner)) = path.split_once(".*.") {
            let Some(list) = content.get(outer).and_then(Value::as_array) else { continue };
            let each = |parent: &'v Value| {
                let items = parent.get(inner).and_then(Value::as_array).into_iter().flatten();
                items.map(move |item| (item, parent)).collect::<Vec<_>>()
            };
            return list.iter().flat_map(each).collect();
        }
        match if path.is_empty() { Some(content) } else { content.get(path) } {
            Some(Value::Array(items)) => return items.iter().map(|item| (item, content)).collect(),
            Some(value @ Value::Object(_)) => return vec![(value, content)],
            Some(_) | None => {}
        }
    }
    Vec::new()
}

fn total(content: &Value) -> Option<u64> {
    let fields = content.as_object()?;
    fields
        .iter()
        .find(|(key, value)| key.starts_with("total_") && value.is_u64() && !key.ends_with("_events"))
        .and_then(|(_, value)| value.as_u64())
}
