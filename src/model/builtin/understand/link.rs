//! Ties records together: directly, by a kind between them, or by making the named records the wanted ones.

use super::super::frame::{Filter, Link, Manner, Node, NodeId, Sense};
use super::super::knowledge::KindId;
use super::Builder;

impl Builder<'_> {
    /// Says that records of one node belong to records of another. False if nothing ties the two kinds.
    pub(super) fn link(
        &mut self,
        from: NodeId,
        to: NodeId,
        sense: Sense,
        manner: Manner,
        or_else: Vec<Filter>,
    ) -> bool {
        let (Some(a), Some(b)) = (self.kind_of(from), self.kind_of(to)) else { return false };
        if from == to || self.depends(to, from) {
            return false;
        }
        let knowledge = self.reader.knowledge;
        let target = if knowledge.reaches(a, b) {
            Some(to)
        } else {
            knowledge.between(a, b).map(|middle| {
                let mut node = Node::new(middle);
                node.links.push(Link {
                    to,
                    sense: Sense::Exists,
                    manner: Manner::Of,
                    or_else: Vec::new(),
                    count: None,
                });
                // Of ranked records between the two only the best is taken.
                node.limit = knowledge.kind(middle).ranked.then(|| knowledge.kind(a).top.unwrap_or(3));
                self.frame.add(node)
            })
        };
        let Some(target) = target else { return false };
        if let Some(node) = self.frame.nodes.get_mut(from)
            && !node.links.iter().any(|link| link.to == target)
        {
            node.links.push(Link { to: target, sense, manner, or_else, count: None });
        }
        true
    }

    /// Whether a node rests on another, directly or not.
    pub(super) fn depends(&self, node: NodeId, on: NodeId) -> bool {
        self.frame
            .nodes
            .get(node)
            .is_some_and(|known| known.links.iter().any(|link| link.to == on || self.depends(link.to, on)))
    }

    /// Whether the two kinds can be tied, directly or by one between them.
    pub(super) fn can_link(&self, a: KindId, b: KindId) -> bool {
        a == b || self.reader.knowledge.reaches(a, b) || self.reader.knowledge.between(a, b).is_some()
    }

    pub(super) fn kind_of(&self, node: NodeId) -> Option<KindId> {
        self.frame.nodes.get(node).map(|node| node.kind)
    }

    /// Whether a facet takes its records by the kind it describes.
    pub(super) fn is_facet_of(&self, facet: KindId, base: KindId) -> bool {
        self.reader.knowledge.kind(facet).of == Some(base)
    }
}
