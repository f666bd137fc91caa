//! Whose a named record is said to be: "did TechCorp pay INV-2025-001", "TechCorp's ticket TKT-1001".

use super::super::frame::NodeId;
use super::Builder;
use super::clause::{Clause, Conn, Part};

impl Builder<'_> {
    /// Notes with a named record the owner that stands beside it. Whoever names both asks about the record; whether it is
    /// the owner's is for the answer to say.
    pub(super) fn owners(&mut self, clause: &mut Clause) {
        let named = clause.named.clone();
        for (at, owner, conn) in &named {
            let owned = named.iter().find(|(other, node, other_conn)| {
                let later = if other > at { *other_conn } else { *conn };
                *node != *owner && !matches!(later, Conn::And | Conn::Or) && self.is_owned(*node, *owner)
            });
            let Some(owned) = owned.map(|(_, node, _)| *node).filter(|node| self.speaks_of(clause, *node, *owner))
            else {
                continue;
            };
            if let Some(node) = self.frame.nodes.get_mut(owned) {
                node.owner = Some(*owner);
                clause.named.retain(|(_, node, _)| node != owner);
            }
        }
    }

    /// Whether records of a node name one of the owner's kind in a field of theirs.
    fn is_owned(&self, node: NodeId, owner: NodeId) -> bool {
        let (Some(kind), Some(owner)) = (self.kind_of(node), self.kind_of(owner)) else { return false };
        let person = self.reader.knowledge.kind(owner).person_question;
        person && self.reader.knowledge.kind(kind).refs.values().any(|target| *target == owner)
    }

    /// Whether nothing else is asked for than the record itself and its fields.
    fn speaks_of(&self, clause: &Clause, node: NodeId, owner: NodeId) -> bool {
        let (kind, owner) = (self.kind_of(node), self.kind_of(owner));
        let has = |fields: &[(usize, usize)], wanted| fields.iter().any(|(known, _)| Some(*known) == wanted);
        let only = |placed: &super::clause::Placed| placed.part != Part::Head || self.kind_of(placed.node) == kind;
        clause.placed.iter().all(only)
            && clause.fields.iter().all(|(_, fields)| has(fields, kind) || !has(fields, owner))
    }
}
