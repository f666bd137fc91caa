//! Records that refer to each other by their ids, where most of them only have the same owner.

use super::super::frame::{How, Mention, Node, Sense};
use super::super::rows::{self, Row};
use super::{Found, Run, State};

impl Run<'_> {
    /// "The invoice for TKT-1004": of its customer's invoices the one that names it, if one does.
    pub(super) fn exactly(&mut self, node: &Node, found: &mut Found) {
        let knowledge = self.knowledge;
        for link in &node.links {
            let Some(target) = self.frame.nodes.get(link.to) else { continue };
            let (own, theirs) = (knowledge.exact(node.kind, target.kind), knowledge.exact(target.kind, node.kind));
            if link.sense == Sense::Missing || own.or(theirs).is_none() {
                continue;
            }
            let ids = match &target.named {
                Some(Mention { how: How::Ids(ids), .. }) => ids.clone(),
                // "Invoices for network tickets": those that name one of them.
                Some(_) | None => match self.resolve(link.to) {
                    State::Ready(found) => rows::distinct(&found.rows, &knowledge.kind(target.kind).key),
                    State::Waiting => continue,
                },
            };
            let (field, wanted) = match (own, theirs) {
                (Some(own), _) => (own.to_owned(), ids.clone()),
                // "The ticket of INV-2025-007": there the named record says which one.
                (None, Some(theirs)) => match self.resolve(link.to) {
                    State::Ready(named) => (knowledge.kind(node.kind).key.clone(), rows::distinct(&named.rows, theirs)),
                    State::Waiting => continue,
                },
                (None, None) => continue,
            };
            let names = |row: &Row| row.text(&field).is_some_and(|id| wanted.contains(&id));
            if found.rows.iter().any(names) {
                found.rows.retain(names);
            } else if !found.rows.is_empty() {
                const NAMED: usize = 6;
                let said = if ids.len() > NAMED { format!("those {}", ids.len()) } else { ids.join(", ") };
                found.loose = Some(said.into());
            }
        }
    }
}
