//! Records spoken of before: in the same clause, in an earlier clause, in an earlier question.

use super::super::dialogue::mention_of;
use super::super::frame::{Filter, Head, Manner, Node, NodeId, Sense, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::Item;
use super::super::rows::Row;
use super::Builder;
use super::clause::{Clause, Part};

/// More records than this are not shown again in full.
const MOST_REPEATED: usize = 3;
/// More records than this are not carried over into the next question.
const MOST_CARRIED: usize = 25;

impl Builder<'_> {
    /// "their", "those", "any similar ones", "who are the customers": records spoken of before.
    pub(super) fn tie_earlier(&mut self, clause: &Clause, heads: &[Head], items: &[Item]) {
        let pronoun = clause.roles.contains(&Role::Pronoun) || clause.roles.contains(&Role::Ones);
        let begins = items.first().is_some_and(|item| item.has(Role::And) || item.has(Role::WhatAbout))
            || clause.roles.contains(&Role::WhatAbout);
        let every =
            clause.roles.contains(&Role::Every) && !items.iter().any(|item| item.low == "any" || item.low == "each");
        for head in heads {
            let Some(kind) = self.kind_of(head.node) else { continue };
            if pronoun && clause.named.is_empty() && self.same_again(kind, head.node) {
                continue;
            }
            let node = self.frame.nodes.get(head.node);
            let open = node.is_some_and(|node| {
                node.named.is_none() && node.known.is_none() && !node.links.iter().any(|link| link.manner == Manner::Of)
            });
            if !open || !clause.named.is_empty() {
                continue;
            }
            let free = node.is_some_and(Node::is_free);
            let searched = node.is_some_and(|node| !node.text.is_empty());
            let dependent = self.reader.knowledge.kind(kind).of.is_some() && !self.can_list(kind);
            let own = clause.roles.contains(&Role::Who) && clause.roles.contains(&Role::With);
            let asked = pronoun || begins || (dependent && !every) || (free && head.order.is_none() && !every && !own);
            if searched && !pronoun {
                continue;
            }
            // "outlook asks for a password - what is the fix?"
            let text = self
                .frame
                .heads
                .iter()
                .filter_map(|head| self.frame.nodes.get(head.node))
                .map(|node| node.text.clone())
                .find(|text| !text.is_empty());
            if let (true, false, Some(text)) = (free && self.reader.knowledge.kind(kind).text, dependent, text) {
                if let Some(node) = self.frame.nodes.get_mut(head.node) {
                    node.text = text;
                }
                continue;
            }
            // In one sentence the records just spoken of are meant unless the new ones are fully described.
            // "articles and the recommended solutions": a facet of what stands beside it.
            let beside = heads
                .iter()
                .map(|other| other.node)
                .find(|other| dependent && self.kind_of(*other) == self.reader.knowledge.kind(kind).of);
            if let Some(beside) = beside {
                self.link(head.node, beside, Sense::Exists, Manner::Of, Vec::new());
                continue;
            }
            // "critical tickets and the customers": those the tickets before speak of.
            if free
                && !every
                && let Some(before) = self.referring(clause, kind, head.node)
            {
                self.link(head.node, before, Sense::Exists, Manner::Of, Vec::new());
                continue;
            }
            let earlier =
                self.earlier_here(kind, head.node, heads).filter(|_| asked || (!self.named.is_empty() && !every));
            if let Some(earlier) = earlier {
                self.link(head.node, earlier, Sense::Exists, Manner::Of, Vec::new());
                continue;
            }
            let short = items.iter().filter(|item| item.is_content()).count() <= 2;
            // "any P1 cases and their customers?" is a whole question of its own.
            let any = items.first().is_some_and(|item| item.low == "any") && heads.len() == 1;
            let focused = self.context.is_some_and(|context| context.named.len() == 1);
            // "who is the customer?": a definite one, so one that was spoken of.
            let at = clause.placed.iter().find(|placed| placed.node == head.node);
            let plain = clause.roles.contains(&Role::Who) && items.iter().filter(|item| item.is_content()).count() == 1;
            let definite = free
                && at.is_some_and(|placed| {
                    (!placed.plural || plain)
                        && placed.at > 0
                        && items.get(placed.at - 1).is_some_and(|item| item.low == "the")
                });
            let carry = definite
                || pronoun
                || begins
                || dependent && !every
                || (focused && !every && (any || (free && short && items.len() <= 4)));
            if carry && self.frame.heads.is_empty() {
                self.tie_to_context(kind, head.node);
            }
        }
    }

    /// "tell me more about it": the records of the last answer, each in full.
    pub(super) fn again(&mut self, clause: &Clause, heads: &mut Vec<Head>) {
        let asked = clause.roles.contains(&Role::Pronoun) || clause.roles.contains(&Role::More);
        let Some(context) = self
            .context
            .filter(|_| asked && heads.is_empty() && clause.texts.is_empty() && clause.composites.is_empty())
        else {
            return;
        };
        let knowledge = self.reader.knowledge;
        let few = |rows: &&Vec<Row>| !rows.is_empty() && rows.len() <= MOST_REPEATED;
        let rows = context.heads.iter().chain(&context.named).map(|(_, rows)| rows).find(few);
        for mention in rows.into_iter().flatten().filter_map(|row| mention_of(knowledge, row)) {
            let mut node = Node::new(mention.kind);
            node.named = Some(mention);
            let node = self.frame.add(node);
            heads.push(Head::list(node));
        }
    }

    /// "… and how much of that is unpaid": the same records as in the clause before, narrowed.
    fn same_again(&mut self, kind: KindId, node: NodeId) -> bool {
        let before = self
            .frame
            .heads
            .iter()
            .map(|head| head.node)
            .find(|other| *other != node && self.kind_of(*other) == Some(kind));
        let Some(before) = before.and_then(|other| self.frame.nodes.get(other)).cloned() else { return false };
        if before.named.is_some() {
            return false;
        }
        let Some(known) = self.frame.nodes.get_mut(node) else { return false };
        let fresh: Vec<Filter> =
            before.filters.into_iter().filter(|old| !known.filters.iter().any(|own| own.field == old.field)).collect();
        known.filters.extend(fresh);
        known.links.extend(before.links);
        if known.text.is_empty() {
            known.text = before.text;
        }
        true
    }

    /// "… in July and how many in September?": the records of the part before, of other days.
    pub(super) fn other_days_too(&mut self, clause: &mut Clause, heads: &mut Vec<Head>) {
        let nothing = clause.placed.is_empty() && clause.named.is_empty() && clause.texts.is_empty();
        let alone = nothing && heads.is_empty() && clause.fields.is_empty() && clause.roles.contains(&Role::Count);
        let last = self.frame.heads.last().filter(|_| alone).cloned();
        let ([(_, span)], Some(last)) = (clause.days.as_slice(), last) else { return };
        let Some(mut node) = self.frame.nodes.get(last.node).cloned() else { return };
        let dated = node.filters.iter_mut().find(|filter| matches!(filter.test, Test::Dates(_)) && !filter.negated);
        let Some(dated) = dated else { return };
        dated.test = Test::Dates(span.clone());
        clause.days.clear();
        let node = self.frame.add(node);
        heads.push(Head { node, ..last });
    }

    /// Whether the records can be listed without naming whose.
    pub(super) fn can_list(&self, kind: KindId) -> bool {
        self.reader
            .knowledge
            .sources
            .iter()
            .any(|source| source.kind == kind && source.needs.is_empty() && (source.all || source.cover.is_some()))
    }

    /// Records wanted before in the same clause, each of which refers to one of this kind.
    pub(super) fn referring(&self, clause: &Clause, kind: KindId, node: NodeId) -> Option<NodeId> {
        let key = &self.reader.knowledge.kind(kind).key;
        let at = clause.placed.iter().find(|placed| placed.node == node)?.at;
        let before = clause.placed.iter().rev().filter(|placed| placed.at < at && placed.part == Part::Head);
        before.map(|placed| placed.node).find(|other| {
            let join = self.kind_of(*other).and_then(|other| self.reader.knowledge.join(kind, other));
            join.is_some_and(|(field, _)| field == *key)
                && self
                    .kind_of(*other)
                    .is_some_and(|other| self.reader.knowledge.kind(other).refs.values().any(|target| *target == kind))
        })
    }

    /// Records named or wanted in an earlier clause of the same question.
    pub(super) fn earlier_here(&self, kind: KindId, node: NodeId, heads: &[Head]) -> Option<NodeId> {
        let mine = |other: &NodeId| *other != node && !heads.iter().any(|head| head.node == *other);
        let ties =
            |other: &NodeId| self.kind_of(*other).is_some_and(|other| other != kind && self.can_link(kind, other));
        let direct = |other: &NodeId| {
            self.kind_of(*other).is_some_and(|other| other != kind && self.reader.knowledge.reaches(kind, other))
        };
        let named = self.named.iter().rev().copied().filter(mine);
        let wanted = self.frame.heads.iter().map(|head| head.node).filter(mine);
        let all: Vec<NodeId> = named.chain(wanted).collect();
        all.iter().copied().find(|other| direct(other)).or_else(|| all.iter().copied().find(|other| ties(other)))
    }

    pub(super) fn tie_to_context(&mut self, kind: KindId, node: NodeId) {
        let Some(context) = self.context else { return };
        let known_kind = self.reader.knowledge.kind(kind);
        let all: Vec<(KindId, Vec<Row>)> = context
            .named
            .iter()
            .chain(&context.heads)
            .filter(|(_, rows)| !rows.is_empty() && rows.len() <= MOST_CARRIED)
            .cloned()
            .collect();
        if let Some((_, rows)) = all
            .iter()
            .find(|(known, _)| *known == kind && (known_kind.of.is_none() || !known_kind.name_field.is_empty()))
        {
            if let Some(known) = self.frame.nodes.get_mut(node) {
                known.known = Some(rows.clone());
            }
            return;
        }
        let found = all
            .iter()
            .find(|(known, _)| self.reader.knowledge.reaches(kind, *known))
            .or_else(|| all.iter().find(|(known, _)| self.can_link(kind, *known)));
        if let Some((known, rows)) = found {
            let earlier = self.frame.add(Node { known: Some(rows.clone()), ..Node::new(*known) });
            self.link(node, earlier, Sense::Exists, Manner::Of, Vec::new());
        }
    }
}
