//! Conditions that stood before their records, and where they go when these come.

use super::super::frame::{Filter, Manner, Node, NodeId, Sense, Test};
use super::super::knowledge::KindId;
use super::Builder;
use super::clause::{Clause, Conditions, Conn};

impl Builder<'_> {
    /// Conditions that wait for records and fit this kind.
    pub(super) fn fits_waiting(&self, clause: &Clause, kind: KindId) -> bool {
        clause.waiting.iter().any(|(_, conditions)| self.fitting(conditions, kind).is_some())
    }

    /// The conditions that apply to a kind, or to a facet of it.
    pub(super) fn fitting(&self, conditions: &Conditions, kind: KindId) -> Option<(KindId, Vec<Filter>)> {
        let of = |wanted: KindId| -> Vec<Filter> {
            conditions.iter().filter(|(known, _)| *known == wanted).map(|(_, filter)| filter.clone()).collect()
        };
        let own = of(kind);
        if !own.is_empty() {
            return Some((kind, own));
        }
        conditions
            .iter()
            .map(|(facet, _)| *facet)
            .find(|facet| self.is_facet_of(*facet, kind) && self.reader.knowledge.kind(*facet).absorbs.contains(&kind))
            .map(|facet| (facet, of(facet)))
    }

    /// The last records before that conditions apply to, with the kind and the conditions that fit.
    pub(super) fn nearest_fitting(
        &self,
        clause: &Clause,
        conditions: &Conditions,
    ) -> Option<(NodeId, KindId, Vec<Filter>)> {
        clause.placed.iter().rev().find_map(|placed| {
            let (fits, filters) = self.fitting(conditions, self.kind_of(placed.node)?)?;
            Some((placed.node, fits, filters))
        })
    }

    /// Imposes conditions on the last records that they apply to, or lets them wait for such records.
    pub(super) fn place_or_wait(&mut self, clause: &mut Clause, at: usize, conditions: Conditions) {
        match self.nearest_fitting(clause, &conditions) {
            Some((node, fits, filters)) => self.impose(clause, node, fits, filters),
            None => clause.waiting.push((at, conditions)),
        }
    }

    /// Conditions that stood before their records.
    pub(super) fn take_waiting(&mut self, clause: &mut Clause, node: NodeId, at: usize) {
        let Some(kind) = self.kind_of(node) else { return };
        let waiting = std::mem::take(&mut clause.waiting);
        for (position, conditions) in waiting {
            match self.fitting(&conditions, kind) {
                Some((fits, filters)) if position < at && fits == kind && clause.alternatives.contains(&position) => {
                    filters.into_iter().for_each(|filter| self.apply(clause, node, filter, Conn::Or));
                }
                // "if they paid their overdue invoices": two values that nothing joins contradict each other; the nearer counts.
                Some((fits, filters)) if position < at && fits == kind && !clause.joined.contains(&position) => {
                    for filter in &filters {
                        self.give_way(node, filter);
                    }
                    self.impose(clause, node, fits, filters);
                }
                Some((fits, filters)) if position < at => self.impose(clause, node, fits, filters),
                Some(_) | None => clause.waiting.push((position, conditions)),
            }
        }
    }

    /// Takes another value of the same field away, and says so.
    pub(super) fn give_way(&mut self, node: NodeId, filter: &Filter) {
        let Some(known) = self.frame.nodes.get_mut(node) else { return };
        let same = |old: &Filter| {
            old.field == filter.field
                && !old.negated
                && !filter.negated
                && old.test != filter.test
                && matches!((&old.test, &filter.test), (Test::In(_), Test::In(_)))
        };
        let Some(position) = known.filters.iter().position(same) else { return };
        if let Test::In(values) = known.filters.remove(position).test {
            self.leave_out_words(&values.join(", ").replace('_', " "));
        }
    }

    /// Conditions of a kind or of its facet, on a node of the kind.
    pub(super) fn impose(&mut self, clause: &mut Clause, node: NodeId, fits: KindId, filters: Vec<Filter>) {
        let Some(kind) = self.kind_of(node) else { return };
        if fits == kind {
            for filter in filters {
                self.apply(clause, node, filter, Conn::And);
            }
            return;
        }
        // The facet's records carry the asset's own names, so a free asset becomes its warranty.
        let free = self.frame.nodes.get(node).is_some_and(Node::is_free);
        if free && let Some(known) = self.frame.nodes.get_mut(node) {
            known.kind = fits;
            for filter in filters {
                self.apply(clause, node, filter, Conn::And);
            }
            return;
        }
        let existing = self
            .frame
            .nodes
            .get(node)
            .and_then(|known| known.links.iter().map(|link| link.to).find(|to| self.kind_of(*to) == Some(fits)));
        let facet = existing.unwrap_or_else(|| {
            let facet = self.frame.add(Node::new(fits));
            self.link(node, facet, Sense::Exists, Manner::With, Vec::new());
            facet
        });
        for filter in filters {
            self.apply(clause, facet, filter, Conn::And);
        }
    }
}
