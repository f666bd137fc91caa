//! What a company has itself beside its people: its own telephone number and address for mail.

use super::super::frame::{Head, Node, NodeId};
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Part};

impl Builder<'_> {
    /// "phone number of Meridian Legal": the people there have one each, and the company has one too.
    pub(super) fn own_number(&mut self, clause: &Clause, heads: &mut Vec<Head>, items: &[Item]) {
        let knowledge = self.reader.knowledge;
        let shared = clause.placed.iter().filter(|placed| placed.part == Part::Head).find_map(|placed| {
            // "phone of the director at Lumen": one of the people is wanted.
            let kind = self.frame.nodes.get(placed.node).filter(|node| node.filters.is_empty())?.kind;
            let base = knowledge.kind(kind).of.filter(|_| !knowledge.kind(kind).single)?;
            let field = items.iter().map(Item::fields).find_map(|fields| {
                let people = fields.iter().any(|(known, _)| *known == kind);
                fields.into_iter().find(|(known, _)| *known == base).filter(|_| people)
            });
            Some((base, self.field_name(base, field?.1)?.to_owned()))
        });
        let Some((base, field)) = shared.filter(|_| !clause.named.is_empty()) else { return };
        let named: Option<NodeId> =
            clause.named.iter().map(|(_, node, _)| *node).find(|node| self.kind_of(*node) == Some(base));
        // Of a ticket's company its number is looked up by the ticket.
        let node = named.unwrap_or_else(|| self.frame.add(Node::new(base)));
        self.want(node, &field);
        heads.retain(|head| head.node != node);
        heads.insert(0, Head { fields: vec![field], ..Head::list(node) });
    }
}
