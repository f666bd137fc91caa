//! By what records are parted where the field is not their own: "open tickets by tier", "debts per account manager".

use super::super::frame::{Ask, Filter, NodeId, Order, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::reading::Item;
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

    /// "by priority?", "sort by date": the records of the last question, parted or put in order. False if it is not put so.
    pub(super) fn parted_again(&mut self, items: &[Item]) -> bool {
        let Some(by) = items.iter().position(|item| item.has(Role::Per) || item.raw.to_lowercase().ends_with("by"))
        else {
            return false;
        };
        let (before, after) = (items.get(..by).unwrap_or_default(), items.get(by + 1..).unwrap_or_default());
        let sorts = items.iter().any(|item| {
            let low = item.raw.to_lowercase();
            ["sort", "order", "rank"].iter().any(|word| low.starts_with(word))
        });
        let content: Vec<&Item> = after.iter().filter(|item| item.is_content()).collect();
        let ([item], false) = (content.as_slice(), before.iter().any(Item::is_content)) else { return false };
        let Some(node) = self.frame.heads.first().map(|head| head.node) else { return false };
        let Some(known) = self.frame.nodes.get(node).filter(|known| known.named.is_none()) else { return false };
        let (kind, knowledge) = (known.kind, self.reader.knowledge);
        let joined = || item.kind().and_then(|(other, _)| knowledge.join(kind, other)).map(|(field, _)| field);
        let Some(field) = self.parting_field(kind, &item.fields()).or_else(joined) else { return false };
        self.want(node, &field);
        self.frame.heads.truncate(1);
        let graded = knowledge.kind(kind).field(&field).is_some_and(|field| !field.order.is_empty())
            || self.is_date(kind, &field)
            || knowledge.kind(kind).measure == field;
        let Some(head) = self.frame.heads.first_mut() else { return false };
        if sorts {
            (head.ask, head.order) = (Ask::List, Some(Order::Field { field, descending: graded }));
        } else {
            (head.ask, head.order) = (Ask::GroupBy(field), None);
        }
        head.limit = None;
        true
    }

    /// Notes that a field of a node's records is needed.
    pub(super) fn want(&mut self, node: NodeId, field: &str) {
        if let Some(node) = self.frame.nodes.get_mut(node) {
            node.wanted.push(field.to_owned());
        }
    }
}
