//! Comparisons: of two numbers, of two named records by a figure of theirs.

use super::super::frame::{Head, Node, Order};
use super::super::knowledge::Role;
use super::super::reading::{Item, What};
use super::Builder;
use super::clause::{Clause, Part, Placed, Ranking};

impl Builder<'_> {
    /// "more open tickets than resolved ones": two numbers are compared, which a list of both does not answer.
    pub(super) fn compared(&mut self, items: &[Item]) {
        let more =
            items.iter().position(|item| matches!(item.low.as_str(), "more" | "fewer" | "less") && item.raw.len() <= 5);
        // "is the warranty of this one longer than that of the other"
        let longer = items.iter().enumerate().find(|(at, item)| {
            let low = item.raw.to_lowercase();
            let next = items.iter().skip(at + 1).find(|next| !next.is_small());
            low.ends_with("er than")
                && next.is_some_and(|next| matches!(next.what, What::Record(_) | What::Unknown { .. }))
        });
        if let Some((_, item)) = longer {
            self.need(&item.raw);
        }
        let Some(more) = more else { return };
        let than = items.iter().enumerate().skip(more + 2).find(|(_, item)| item.low == "than").map(|(at, _)| at);
        let number = |at: usize| {
            items
                .get(at + 1)
                .is_some_and(|item| matches!(item.what, What::Number(_) | What::Days(_)) || item.low == "the")
        };
        // "does TechCorp owe more than DataFlow": both are shown beside each other.
        let name = |item: &Item| matches!(item.what, What::Record(_) | What::Unknown { .. });
        let both = than.is_some_and(|at| items.get(at + 1).is_some_and(name) && items.iter().take(at).any(name));
        if than.is_some_and(|at| !number(at)) && !both {
            let (from, to) = (items[more].raw.clone(), "than");
            self.need(&format!("{from} … {to}"));
        }
    }

    /// "is bd-dc01 older than df-db01", "which is newer, A or B": two named records by one figure. True if it is put so.
    pub(super) fn compares_named(&self, clause: &mut Clause, items: &[Item], at: usize, index: usize) -> bool {
        let named = |item: &&Item| matches!(item.what, What::Record(_) | What::Unknown { .. });
        let ends = items.get(at).is_some_and(|item| item.low.ends_with("er"));
        let Some(known) = self.reader.knowledge.superlatives.get(index).filter(|_| ends) else { return false };
        let after = items.get(at + 1..).unwrap_or_default();
        let plain = after.iter().all(|item| item.is_small() || named(&item));
        let others = clause.placed.is_empty() && clause.fields.is_empty();
        if !plain || !others || !after.iter().any(|item| named(&item)) || items.iter().filter(named).count() != 2 {
            return false;
        }
        let said = items.get(at).map(|item| item.raw.clone()).unwrap_or_default();
        let (by, descending) = (known.by.clone(), known.descending);
        clause.rankings.push(Ranking { at, by, descending, count: None, skip: 0, said });
        true
    }

    /// "which of them has the most tickets": of several that the last answer showed. False if there are none.
    pub(super) fn rank_spoken_of(
        &mut self,
        clause: &Clause,
        heads: &mut [Head],
        ranking: &Ranking,
        target: &Placed,
    ) -> bool {
        let asked = clause.roles.contains(&Role::Pronoun) || clause.roles.contains(&Role::Ones);
        let [head] = heads else { return false };
        if !asked || target.part != Part::Head || head.node != target.node || !head.fields.is_empty() {
            return false;
        }
        let (Some(kind), Some(context)) = (self.kind_of(target.node), self.context) else { return false };
        let owners = context.heads.iter().find(|(owner, rows)| {
            let join = self.reader.knowledge.join(*owner, kind);
            *owner != kind
                && rows.len() > 1
                && join.is_some_and(|(own, _)| own == self.reader.knowledge.kind(*owner).key)
        });
        let Some((owner, rows)) = owners.cloned() else { return false };
        head.node = self.frame.add(Node { known: Some(rows), ..Node::new(owner) });
        head.order = Some(Order::CountOf { node: target.node, descending: ranking.descending });
        head.limit = ranking.count.or(Some(1));
        true
    }

    /// Puts records that were named side by side in order; false if they cannot be.
    pub(super) fn rank_named(&self, heads: &mut [Head], ranking: &Ranking) -> bool {
        let [head] = heads else { return false };
        let several =
            self.frame.nodes.get(head.node).and_then(|node| node.named.as_ref().map(|one| (node.kind, one.count())));
        let Some((kind, _)) = several.filter(|(_, count)| *count > 1) else { return false };
        let Some(order) = self.order_of(kind, &ranking.by, ranking.descending) else { return false };
        head.order = Some(order);
        // Both are shown; that speaks for itself.
        head.yesno = false;
        true
    }
}
