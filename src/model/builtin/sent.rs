//! Calls that the operator changed before they were sent: what an answer says of records must be what they were asked for.
//!
//! The plan stays what it was, and finds its calls by what it asked for; only the words follow what was sent.

use serde_json::{Map, Value};

use super::evidence::Done;
use super::frame::{Filter, Frame, How, Link, Mention, Node, NodeId, Test};
use super::knowledge::{Kind, Knowledge, Source, Takes};
use super::rows::scalar;
use crate::protocol::CallId;

/// One field that a call was made with another value for than was planned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    pub call: CallId,
    pub field: String,
    /// What was planned, where that is one value.
    pub from: Option<String>,
    pub to: To,
}

/// What was sent instead.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum To {
    /// Nothing: the argument was taken out.
    Nothing,
    Value(String),
    /// Something that no condition says, in words: "with days ahead 60".
    Words(String),
}

/// The fields that a call was sent with other values for.
pub(super) fn changes(source: &Source, done: &Done, asked: &Map<String, Value>) -> Vec<Changed> {
    let Some(sent) = done.sent.as_ref().and_then(Value::as_object) else { return Vec::new() };
    let differs = |name: &&String| asked.get(*name) != sent.get(*name);
    let mut out = Vec::new();
    for (field, takes) in &source.takes {
        let names = match takes {
            Takes::Value(name) | Takes::DaysAhead { days_ahead: name } | Takes::Period { period: name } => vec![name],
            Takes::Span { from, to } => vec![from, to],
        };
        if !names.iter().any(differs) {
            continue;
        }
        let from = names.first().and_then(|name| scalar(asked.get(*name)?));
        let now: Vec<(&String, &Value)> = names.iter().filter_map(|name| Some((*name, sent.get(*name)?))).collect();
        let to = match (takes, now.as_slice()) {
            (_, []) => To::Nothing,
            (Takes::Value(_), [(_, value)]) if scalar(value).is_some() => To::Value(scalar(value).unwrap_or_default()),
            (_, now) => To::Words(with(now)),
        };
        out.push(Changed { call: done.call, field: field.clone(), from, to });
    }
    out
}

fn with(arguments: &[(&String, &Value)]) -> String {
    let one = |(name, value): &(&String, &Value)| {
        format!("{} {}", name.replace('_', " "), scalar(value).unwrap_or_else(|| value.to_string()))
    };
    format!("with {}", arguments.iter().map(one).collect::<Vec<_>>().join(" and "))
}

/// The values that calls were sent with for a field.
pub(super) fn values<'c>(changed: &'c [Changed], field: &str) -> impl Iterator<Item = &'c String> {
    changed.iter().filter(move |change| change.field == field).filter_map(|change| match &change.to {
        To::Value(value) => Some(value),
        To::Nothing | To::Words(_) => None,
    })
}

/// The frame that says what was really asked for: `changed` are the changes of the calls that were made for each node.
pub(super) fn spoken(knowledge: &Knowledge, frame: &Frame, changed: &[Vec<Changed>]) -> Frame {
    let mut out = frame.clone();
    for (id, changes) in changed.iter().enumerate() {
        let Some(node) = out.nodes.get_mut(id) else { continue };
        let kind = knowledge.kind(node.kind);
        let tied = |field: &str| {
            frame
                .nodes
                .get(id)
                .is_some_and(|node| node.links.iter().any(|link| ties(knowledge, frame, node, link, field)))
        };
        for change in changes.iter().filter(|change| !tied(&change.field)) {
            say(kind, node, change);
        }
    }
    for (id, node) in frame.nodes.iter().enumerate() {
        let changes = changed.get(id).map(Vec::as_slice).unwrap_or_default();
        let links =
            node.links.iter().filter_map(|link| retied(knowledge, frame, node, link, changes, &mut out)).collect();
        if let Some(node) = out.nodes.get_mut(id) {
            node.links = links;
        }
    }
    out
}

/// Whether a link gave the values that records were fetched by in this field.
fn ties(knowledge: &Knowledge, frame: &Frame, node: &Node, link: &Link, field: &str) -> bool {
    let target = frame.nodes.get(link.to);
    target.and_then(|target| knowledge.join(node.kind, target.kind)).is_some_and(|(own, _)| own == field)
}

/// A link as it is after the changes; none if the records need not belong together any more.
fn retied(
    knowledge: &Knowledge,
    frame: &Frame,
    node: &Node,
    link: &Link,
    changes: &[Changed],
    out: &mut Frame,
) -> Option<Link> {
    let target = frame.nodes.get(link.to)?;
    let own = changes.iter().filter(|change| ties(knowledge, frame, node, link, &change.field));
    let own: Vec<&Changed> = own.collect();
    // Ids that were given lead to the calls at once; other records had to be fetched first, and were followed as they came.
    let key = &knowledge.kind(target.kind).key;
    let by_ids = matches!(&target.named, Some(Mention { how: How::Ids(_), .. }))
        && target.filters.is_empty()
        && knowledge.join(node.kind, target.kind).is_some_and(|(_, other)| other == *key);
    if !by_ids {
        return own.is_empty().then(|| link.clone());
    }
    let mut meant = target.clone();
    for change in own {
        // The field has its own name at each end.
        rename(key, &mut meant, &Changed { field: key.clone(), ..change.clone() });
    }
    let is_same = out.nodes.get(link.to).is_some_and(|now| now.named == meant.named);
    let to: NodeId = if is_same { link.to } else { out.add(meant) };
    Some(Link { to, ..link.clone() })
}

/// Says a change in the conditions of the node whose records were fetched.
fn say(kind: &Kind, node: &mut Node, change: &Changed) {
    if node.named.is_some() && rename(&kind.key, node, change) {
        return;
    }
    if change.field == "text" {
        node.text = match &change.to {
            To::Nothing => String::new(),
            To::Value(words) | To::Words(words) => words.clone(),
        };
        return;
    }
    let now = match &change.to {
        To::Nothing => None,
        To::Value(value) => Some(Filter::new(&change.field, Test::In(vec![value.clone()]))),
        To::Words(words) => Some(Filter { say: words.clone(), ..Filter::new(&change.field, Test::In(Vec::new())) }),
    };
    let is_it = |filter: &Filter| filter.field == change.field && !filter.negated;
    let was = |filter: &Filter| {
        is_it(filter)
            && match (&filter.test, &change.from) {
                (Test::In(values), Some(from)) => values.contains(from),
                _ => true,
            }
    };
    let mut is_said = false;
    for alternative in &mut node.any {
        if alternative.iter().any(was) {
            alternative.retain(|filter| !was(filter));
            alternative.extend(now.clone());
            is_said = true;
        }
    }
    if !is_said {
        node.filters.retain(|filter| !is_it(filter));
        node.filters.extend(now);
    }
}

/// Names a record by what was sent instead. False if it was not named by that field.
fn rename(key: &str, node: &mut Node, change: &Changed) -> bool {
    let Some(mention) = &mut node.named else { return false };
    let To::Value(to) = &change.to else { return false };
    renamed(key, mention, change, to)
}

fn renamed(key: &str, mention: &mut Mention, change: &Changed, to: &str) -> bool {
    match &mut mention.how {
        How::Ids(ids) | How::OneOf(ids) if change.field == key => {
            for id in ids.iter_mut().filter(|id| change.from.as_ref() == Some(*id)) {
                to.clone_into(id);
            }
            let mut seen: Vec<String> = Vec::new();
            ids.retain(|id| {
                !seen.contains(id) && {
                    seen.push(id.clone());
                    true
                }
            });
        }
        How::Fields(fields, value) if fields.contains(&change.field) => {
            *fields = vec![change.field.clone()];
            to.clone_into(value);
        }
        How::Each(mentions) => {
            let mut any = false;
            for mention in mentions {
                any |= renamed(key, mention, change, to);
            }
            return any;
        }
        How::Ids(_) | How::OneOf(_) | How::Fields(..) => return false,
    }
    to.clone_into(&mut mention.said);
    true
}
