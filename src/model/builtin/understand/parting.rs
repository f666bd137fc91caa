//! By what records are parted where the field is not their own: "open tickets by tier", "debts per account manager".

use super::super::frame::{Filter, NodeId, Test};
use super::super::knowledge::{FieldId, KindId};
use super::Builder;

impl Builder<'_> {
    /// The field of a kind that one of these fields means: its own, or one that it takes from another kind.
    pub(super) fn parting_field(&self, kind: KindId, fields: &[(KindId, FieldId)]) -> Option<String> {
        let own = fields.iter().find(|(other, _)| *other == kind);
        let own = own.and_then(|(kind, field)| self.field_name(*kind, *field)).map(str::to_owned);
        own.or_else(|| {
            fields.iter().find_map(|(other, field)| self.borrowed(kind, *other, self.field_name(*other, *field)?))
        })
    }

    /// The field of a kind that is taken from that field of another.
    fn borrowed(&self, kind: KindId, other: KindId, name: &str) -> Option<String> {
        let from = |(of, field): &(KindId, String)| *of == other && field == name;
        let fields = &self.reader.knowledge.kind(kind).fields;
        fields.iter().find(|field| field.taken_from.as_ref().is_some_and(from)).map(|field| field.name.clone())
    }

    /// "compare the open tickets of Grace's and Daniel's customers": the owners' field that tells them apart.
    pub(super) fn owners_told_apart(&self, node: NodeId) -> Option<String> {
        let known = self.frame.nodes.get(node)?;
        known.links.iter().filter_map(|link| self.frame.nodes.get(link.to)).find_map(|owner| {
            let several =
                |filter: &&Filter| !filter.negated && matches!(&filter.test, Test::In(values) if values.len() > 1);
            let filter = owner.filters.iter().find(several)?;
            self.borrowed(known.kind, owner.kind, &filter.field)
        })
    }

    /// Notes that a field of a node's records is needed.
    pub(super) fn want(&mut self, node: NodeId, field: &str) {
        if let Some(node) = self.frame.nodes.get_mut(node) {
            node.wanted.push(field.to_owned());
        }
    }
}
