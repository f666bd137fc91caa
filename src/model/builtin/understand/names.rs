//! Unknown words as names: of places, of records, of people, of companies.

use super::super::frame::{Filter, How, Manner, Mention, Node, Sense, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Conn, Unknown};

impl Builder<'_> {
    /// "servers in Denver"
    pub(super) fn is_place(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let inside = unknown.at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(|item| {
            let again = item.has(Role::Or) || item.has(Role::And);
            let first = unknown.at.checked_sub(2).and_then(|before| items.get(before));
            // "in Denver or Boston"
            let place = again
                && first.is_some_and(|first| {
                    let say = format!("in {}", first.raw);
                    self.frame.nodes.iter().flat_map(|node| node.any.iter().flatten()).any(|filter| filter.say == say)
                });
            item.low == "in" || place
        });
        // "healthcare customers"
        let before = |placed: &&super::clause::Placed| {
            let kind = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind));
            let whole = kind.is_some_and(|kind| kind.person_question && !kind.key.is_empty());
            let whose = items.get(unknown.at).is_some_and(|item| item.possessive);
            placed.at == unknown.at + 1 && whole && placed.plural && !whose && unknown.conn != Conn::Except
        };
        let placed = clause.placed.iter().rev();
        let placed = placed.filter(|placed| inside && placed.at < unknown.at || before(placed)).find_map(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            let places: Vec<&str> =
                kind.fields.iter().filter(|field| field.place).map(|field| field.name.as_str()).collect();
            (!places.is_empty()).then_some((placed.node, places))
        });
        let Some((node, places)) = placed else { return false };
        let say = format!("in {}", unknown.raw);
        let filter = |field: &str| Filter { say: say.clone(), ..Filter::new(field, Test::Like(unknown.raw.clone())) };
        match places.as_slice() {
            [field] => self.apply(clause, node, filter(field), Conn::And),
            // "customers in healthcare", "customers in Denver": whichever of the fields says so.
            _ => {
                // "tickets from Phoenix customers"
                let before = clause.placed.iter().rev().find(|placed| placed.at < unknown.at).map(|placed| placed.node);
                if let (Conn::Of, Some(before)) = (unknown.conn, before.filter(|before| *before != node))
                    && self.link(before, node, Sense::Exists, Manner::Of, Vec::new())
                    && let Some(placed) = clause.placed.iter_mut().find(|placed| placed.node == node)
                {
                    placed.part = super::clause::Part::Narrows(before, Sense::Exists, Manner::Of);
                }
                if let Some(node) = self.frame.nodes.get_mut(node) {
                    node.any.extend(places.into_iter().map(|field| vec![filter(field)]));
                }
            }
        }
        true
    }

    /// "the SolidWorks licence": a name beside records that have names of their own and belong to somebody.
    pub(super) fn is_label(&mut self, clause: &mut Clause, unknown: &Unknown) -> bool {
        let Some(placed) = clause.placed.iter().find(|placed| placed.at == unknown.at + 1).cloned() else {
            return false;
        };
        let Some(kind) = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)) else { return false };
        let labelled =
            kind.key.is_empty() && !kind.single && !kind.label.is_empty() && !kind.person_question && kind.of.is_some();
        if !labelled {
            return false;
        }
        self.apply(clause, placed.node, Filter::new(&kind.label, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// "Sarah Whitfield's customers": whoever has customers is no customer.
    pub(super) fn managed(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let possessive = items.get(unknown.at).is_some_and(|item| item.possessive);
        let Some(placed) = clause.placed.iter().find(|placed| possessive && placed.at == unknown.at + 1).cloned()
        else {
            return false;
        };
        let Some(kind) = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)) else { return false };
        let person = kind.fields.iter().find(|field| field.person).map(|field| field.name.clone());
        let Some(field) = person.filter(|_| kind.person_question && !kind.key.is_empty()) else { return false };
        self.apply(clause, placed.node, Filter::new(&field, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// A name that has to be looked up.
    pub(super) fn company(&mut self, clause: &mut Clause, unknown: Unknown) {
        let knowledge = self.reader.knowledge;
        let kind = (0..knowledge.kinds.len()).find(|kind| {
            let known = knowledge.kind(*kind);
            known.person_question && !known.key.is_empty() && !known.name_field.is_empty()
        });
        let Some(kind) = kind else { return };
        let field = knowledge.kind(kind).name_field.clone();
        let mut node = Node::new(kind);
        let people = |kind: KindId| knowledge.kind(kind).person_question && knowledge.kind(kind).key.is_empty();
        let asked = clause.placed.iter().any(|placed| self.kind_of(placed.node).is_some_and(people))
            || clause.fields.iter().any(|(_, fields)| fields.iter().any(|(kind, _)| people(*kind)))
            || (clause.placed.is_empty() && clause.fields.is_empty());
        node.person = asked && (2..=3).contains(&unknown.raw.split_whitespace().count()) && unknown.capital;
        node.named = Some(Mention { kind, said: unknown.raw.clone(), how: How::Fields(vec![field], unknown.raw) });
        let node = self.frame.add(node);
        if unknown.conn == Conn::Except {
            clause.excluded.push((unknown.at, node));
            return;
        }
        clause.named.push((unknown.at, node, unknown.conn));
        clause.named.sort_by_key(|(at, ..)| *at);
    }
}
