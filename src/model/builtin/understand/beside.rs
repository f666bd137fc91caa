//! Records that somebody may think are counted and that are not: "open" tickets are not those in progress.

use super::super::frame::{Filter, Frame, Node, NodeId, Order, Test};
use super::super::knowledge::Knowledge;

/// Notes for each head what stands beside its records. A frame that was changed by a follow-up is noted anew.
pub(super) fn add(knowledge: &Knowledge, frame: &mut Frame) {
    for index in 0..frame.heads.len() {
        let Some(head) = frame.heads.get(index) else { continue };
        let counted = match &head.order {
            Some(Order::CountOf { node, .. }) => *node,
            Some(Order::Field { .. } | Order::Groups { .. } | Order::Totals { .. }) | None => head.node,
        };
        let node = frame.nodes.get(counted).and_then(|node| others(knowledge, node));
        let node = node.filter(|node| !is_asked(frame, counted, node));
        let beside = node.map(|node| frame.add(node));
        if let Some(head) = frame.heads.get_mut(index) {
            head.beside = beside;
        }
    }
}

/// The same records with the values beside those that were asked for.
fn others(knowledge: &Knowledge, node: &Node) -> Option<Node> {
    if node.named.is_some() {
        return None;
    }
    let (at, values) = node.filters.iter().enumerate().find_map(|(at, filter)| {
        let values = others_of(knowledge, node, filter);
        (!values.is_empty()).then_some((at, values))
    })?;
    let mut other = Node { limit: None, best: None, ..node.clone() };
    other.filters.get_mut(at)?.test = Test::In(values);
    Some(other)
}

/// The values that stand beside those of a condition and are not asked for themselves.
pub(in super::super) fn others_of(knowledge: &Knowledge, node: &Node, filter: &Filter) -> Vec<String> {
    let (Test::In(asked), false) = (&filter.test, filter.negated) else { return Vec::new() };
    let field = knowledge.kind(node.kind).field(&filter.field);
    let values = asked.iter().filter_map(|value| field?.beside.get(value)).flatten();
    values.filter(|value| !asked.contains(value)).cloned().collect()
}

/// "open tickets and tickets in progress": the others are shown anyway.
fn is_asked(frame: &Frame, counted: NodeId, other: &Node) -> bool {
    let shown = frame.heads.iter().filter(|head| head.node != counted).filter_map(|head| frame.nodes.get(head.node));
    shown.into_iter().any(|node| node.kind == other.kind && node.filters == other.filters)
}
