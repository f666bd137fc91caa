//! Several named records in one clause: wanted together, each with its own, or left out.

use super::super::frame::{Filter, Head, How, Manner, Mention, Node, NodeId, Sense, Test};
use super::super::knowledge::Role;
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Conn, Part};

impl Builder<'_> {
    /// "TechCorp's tickets and DataFlow's invoices": of several named records of a kind each has its own.
    pub(super) fn is_owner(&self, clause: &Clause, items: &[Item], at: usize, named: NodeId, head: NodeId) -> bool {
        let kind = self.kind_of(named);
        let others: Vec<usize> = clause
            .named
            .iter()
            .filter(|(other, node, _)| *other != at && self.kind_of(*node) == kind)
            .map(|(other, ..)| *other)
            .collect();
        let Some(placed) = clause.placed.iter().find(|placed| placed.node == head).map(|placed| placed.at) else {
            return true;
        };
        let between = |a: usize, b: usize| others.iter().any(|other| (a.min(b)..a.max(b)).contains(other));
        let possessive = items.get(at).is_some_and(|item| item.possessive);
        others.is_empty() || (possessive == (placed > at)) && !between(at, placed)
    }

    /// Records named side by side are wanted together: "balances of TechCorp and DataFlow".
    pub(super) fn join_named(&mut self, clause: &mut Clause, items: &[Item]) {
        let mut out: Vec<(usize, NodeId, Conn)> = Vec::new();
        for (at, node, conn) in std::mem::take(&mut clause.named) {
            let before = out.last().copied().filter(|(first, other, _)| {
                // "does TechCorp owe more than DataFlow"
                let than = at
                    .checked_sub(1)
                    .and_then(|before| items.get(before))
                    .is_some_and(|item| item.raw.ends_with("than"));
                let apart = !than && clause.placed.iter().any(|placed| (*first..at).contains(&placed.at));
                !apart
                    && matches!(conn, Conn::And | Conn::Or | Conn::None | Conn::Of)
                    && self.kind_of(*other) == self.kind_of(node)
            });
            let both = before.and_then(|(_, other, _)| {
                Some((other, self.frame.nodes.get(other)?.named.clone()?, self.frame.nodes.get(node)?.named.clone()?))
            });
            let Some((other, first, second)) = both else {
                out.push((at, node, conn));
                continue;
            };
            let person = self.frame.nodes.get(node).is_some_and(|node| node.person);
            if let Some(known) = self.frame.nodes.get_mut(other) {
                let said = format!("{} and {}", first.said, second.said);
                let kind = first.kind;
                let mut all = match first.how {
                    How::Each(all) => all,
                    How::Ids(_) | How::OneOf(_) | How::Fields(..) => vec![first],
                };
                all.push(second);
                if let Some(last) = out.last_mut() {
                    last.0 = at;
                }
                known.named = Some(Mention { kind, said, how: How::Each(all) });
                known.person &= person;
            }
        }
        clause.named = out;
    }

    /// "customers with only resolved tickets": with such ones, and without any other.
    pub(super) fn nothing_else(&mut self, clause: &Clause, items: &[Item]) {
        for placed in &clause.placed {
            let Part::Narrows(anchor, Sense::Exists, Manner::With) = placed.part else { continue };
            let before = items.get(..placed.at).unwrap_or_default();
            let only = before.iter().rev().take_while(|item| !item.has(Role::With)).find(|item| item.has(Role::Only));
            let Some((only, node)) = only.zip(self.frame.nodes.get(placed.node)) else { continue };
            let [filter] = node.filters.as_slice() else {
                self.need(&only.raw);
                continue;
            };
            let other = Filter { negated: !filter.negated, ..filter.clone() };
            let others = self.frame.add(Node { filters: vec![other], ..Node::new(node.kind) });
            self.link(anchor, others, Sense::Missing, Manner::With, Vec::new());
        }
    }

    /// "more tickets in July or in August": the date whose months are compared.
    pub(super) fn months_apart(&self, node: NodeId) -> Option<String> {
        let month = |all: &Vec<Filter>| match all.as_slice() {
            [Filter { field, test: Test::Dates(span), negated: false, .. }] => {
                let whole = span
                    .from
                    .zip(span.to)
                    .is_some_and(|(from, to)| from == from.first_of_month() && to == from.last_of_month());
                whole.then(|| field.clone())
            }
            _ => None,
        };
        let fields: Vec<String> = self.frame.nodes.get(node)?.any.iter().map(month).collect::<Option<_>>()?;
        let first = fields.first().filter(|_| fields.len() > 1)?;
        fields.iter().all(|field| field == first).then(|| first.clone())
    }

    /// "all but TechCorp's"
    pub(super) fn exclude(&mut self, clause: &Clause, heads: &[Head], items: &[Item]) {
        for (at, node) in &clause.excluded {
            let mut tied = false;
            for head in heads {
                let or_else = self.other_readings(head.node, *node).into_iter().take(1).collect();
                tied |= self.link(head.node, *node, Sense::Missing, Manner::Of, or_else);
            }
            if !tied {
                self.leave_out(items, *at);
            }
        }
    }

    /// "invoices with a ticket": those that name one; "invoices without a ticket": those that name none, not those whose ticket does not exist.
    pub(super) fn missing_references(&mut self) {
        let knowledge = self.reader.knowledge;
        for index in 0..self.frame.nodes.len() {
            let Some(node) = self.frame.nodes.get(index).cloned() else { continue };
            let kind = knowledge.kind(node.kind);
            for link in node.links.iter().filter(|link| link.manner == Manner::With && link.count.is_none()) {
                let Some(to) = self.frame.nodes.get(link.to).filter(|to| to.is_free()) else { continue };
                let Some(field) = kind.refs.iter().find(|(_, target)| **target == to.kind).map(|(field, _)| field)
                else {
                    continue;
                };
                if let Some(known) = self.frame.nodes.get_mut(index) {
                    known.links.retain(|known| known.to != link.to);
                    let negated = link.sense == Sense::Exists;
                    known.filters.push(Filter { negated, ..Filter::new(field, Test::Missing) });
                }
            }
        }
    }
}
