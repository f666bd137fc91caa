//! What was not counted although it might be thought to be: "open" is not "in progress".

use minijinja::context;

use super::super::forms;
use super::super::frame::{Filter, Head, Node, Order, Test};
use super::super::heads::Answered;
use super::super::rows::Row;
use super::super::understand::others_of;
use super::references::refs;
use super::scribe::Scribe;
use crate::protocol::CallId;

/// How many records stand beside those that were counted; without a number where these only narrow others.
pub(super) fn note(scribe: &Scribe<'_>, head: &Head, answered: &Answered) -> Option<String> {
    let forms = &scribe.knowledge.forms;
    let counted = match &head.order {
        Some(Order::CountOf { node, .. }) => *node,
        Some(Order::Field { .. } | Order::Groups { .. } | Order::Totals { .. }) | None => head.node,
    };
    let found = answered.beside.as_ref().filter(|found| found.problems.is_empty());
    let (Some(found), Some(node)) = (found, head.beside.and_then(|node| scribe.frame.nodes.get(node))) else {
        let node = scribe.frame.nodes.get(counted)?;
        let (asked, others) = narrowing(scribe, node, 0)?;
        return Some(forms::fill(forms, "beside_alone", context! { asked, others }));
    };
    let own = scribe.frame.nodes.get(counted)?;
    let filter = node.filters.iter().find(|filter| !own.filters.contains(filter))?;
    let Test::In(values) = &filter.test else { return None };
    let parts: Vec<String> = values
        .iter()
        .map(|value| {
            let n = found.rows.iter().filter(|row| row.text(&filter.field).as_ref() == Some(value)).count();
            format!("{} {}", if n == 0 { "none".to_owned() } else { n.to_string() }, value.replace('_', " "))
        })
        .collect();
    let calls: Vec<CallId> = found.rows.iter().flat_map(Row::calls).collect();
    let refs = refs(if calls.is_empty() { &found.calls } else { &calls });
    Some(forms::fill(forms, "beside", context! { parts => parts.join(", "), refs }))
}

/// The condition, and what stands beside it, of records that only narrow these: "customers with open tickets".
fn narrowing(scribe: &Scribe<'_>, node: &Node, depth: usize) -> Option<(String, String)> {
    const DEEPEST: usize = 3;
    let said = |values: &[String]| values.join(" or ").replace('_', " ");
    let own = |filter: &Filter| {
        let others = others_of(scribe.knowledge, node, filter);
        let Test::In(asked) = &filter.test else { return None };
        (!others.is_empty()).then(|| (said(asked), said(&others)))
    };
    node.filters.iter().find_map(own).or_else(|| {
        let linked = node.links.iter().filter_map(|link| scribe.frame.nodes.get(link.to));
        linked.filter(|_| depth < DEEPEST).find_map(|linked| narrowing(scribe, linked, depth + 1))
    })
}
