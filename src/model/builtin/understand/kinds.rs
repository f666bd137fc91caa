//! The records a clause speaks of: which part each kind plays, and which words together name one kind.

use super::super::frame::{Filter, Manner, Node, NodeId, Sense};
use super::super::knowledge::{KindId, Role};
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conn, Except, Part, Placed, Ranking, is_plural};

/// A sorted list is shown whole.
const ALL: usize = 200;

impl Builder<'_> {
    pub(super) fn kind(&mut self, clause: &mut Clause, items: &[Item], at: usize, kind: KindId, own: Option<Filter>) {
        let conn = match std::mem::take(&mut clause.conn) {
            Conn::None if self.did(clause, items, at, kind) => {
                // "who never opened a ticket"
                if std::mem::take(&mut clause.negated) { Conn::No } else { Conn::With }
            }
            // "customers with a server but no open ticket": nothing is left out there, something is missing.
            Conn::None if clause.except == Except::Open && self.is_new(clause, kind) => {
                clause.except = Except::No;
                Conn::No
            }
            Conn::With if clause.negated && !clause.placed.is_empty() => {
                clause.negated = false;
                Conn::No
            }
            conn => conn,
        };
        // "invoices except overdue invoices": the second word says nothing new.
        let said_before = clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(kind));
        if clause.except != Except::No && conn != Conn::No && own.is_none() && said_before {
            return;
        }
        if own.is_none() && self.is_apposition(clause, items, at, kind) {
            clause.conn = conn;
            return;
        }
        if conn == Conn::Per {
            clause.groups.push(kind);
            return;
        }
        let plural = is_plural(items.get(at));
        let sorts =
            |item: &Item| ["sort", "order", "rank"].iter().any(|word| item.raw.to_lowercase().starts_with(word));
        if items.get(at.saturating_sub(3)..at).unwrap_or_default().iter().any(sorts)
            && !self.reader.knowledge.kind(kind).measure.is_empty()
        {
            clause.rankings.push(Ranking {
                at: 0,
                by: "measure".to_owned(),
                descending: true,
                count: Some(ALL),
                skip: 0,
                said: String::new(),
            });
        }
        if let Some(node) = self.compound(clause, items, at, kind, conn, plural) {
            self.take_waiting(clause, node, at);
            if let Some(filter) = own {
                self.apply(clause, node, filter, conn);
            }
            return;
        }
        // "premium customers' invoices", "of all platinum customers the unpaid invoices", "laptop tickets"
        let owner = clause.placed.last().filter(|last| last.part == Part::Head && conn == Conn::None);
        let owner = owner.filter(|last| {
            let possessive = items.get(last.at).is_some_and(|item| item.possessive);
            possessive || clause.fronted == Some(last.node) || self.describes_next(items, last.at, at)
        });
        if let Some(base) = owner.and_then(|last| self.kind_of(last.node))
            && base != kind
            && self.can_link(kind, base)
        {
            let node = self.facet_of_last(clause, kind, at, plural);
            return self.take_waiting(clause, node, at);
        }
        // "who has a balance" asks for balances with names; "who has an invoice" for customers.
        let facet = conn == Conn::With
            && self.reader.knowledge.kind(kind).of.is_some_and(|base| self.reader.knowledge.kind(base).person_question);
        if facet && clause.roles.contains(&Role::Who) {
            clause.roles.insert(Role::With);
        } else if clause.placed.is_empty()
            && clause.roles.contains(&Role::Who)
            && matches!(conn, Conn::With | Conn::No)
            // "who else has the same problem as TKT-1001": such tickets, whoever has them.
            && !(self.reader.knowledge.kind(kind).ranked && self.reader.knowledge.kind(kind).of.is_some())
        {
            self.person_head(clause, kind);
        }
        let node = self.frame.add(Node::new(kind));
        if conn == Conn::Of && clause.placed.is_empty() {
            clause.fronted = Some(node);
        }
        let part = self.part(clause, items, at, kind, conn);
        // "engineers with no open tickets": whoever has none is no record here, and those with some are not meant.
        let people = clause.fields.iter().any(|(_, fields)| self.person_field(fields).is_some());
        if conn == Conn::No && part == Part::Head && (people || !clause.placed.is_empty()) {
            let without = items.get(..at).unwrap_or_default().iter().rev().find(|item| item.has(Role::No));
            self.need(without.map_or("no", |item| item.raw.as_str()));
        }
        clause.placed.push(Placed { at, node, part, plural, described: 0, names: None });
        self.take_waiting(clause, node, at);
        if let Some(filter) = own {
            self.apply(clause, node, filter, conn);
        }
        if let (Some(placed), Some(known)) = (clause.placed.last_mut(), self.frame.nodes.get(node)) {
            placed.described = known.filters.len();
        }
        if let Part::Narrows(anchor, sense, manner) = part {
            self.link(anchor, node, sense, manner, Vec::new());
            if let (Some(count), Some(link)) = (
                clause.count.take(),
                self.frame
                    .nodes
                    .get_mut(anchor)
                    .and_then(|anchor| anchor.links.iter_mut().find(|link| link.to == node)),
            ) {
                link.count = Some(count);
            }
        }
        if matches!(conn, Conn::Their | Conn::OfTheir) {
            self.link_to_earlier(clause, node);
        }
    }

    /// "server tickets": a word for some records in the singular, right before that for others.
    fn describes_next(&self, items: &[Item], last: usize, at: usize) -> bool {
        let noun = items.get(last).is_some_and(|item| item.values().iter().any(|(.., naming)| *naming == Naming::Noun));
        noun && last + 1 == at && !is_plural(items.get(last)) && items.get(at).is_some_and(|item| item.gap == Gap::None)
    }

    /// Whether records of the kind were not spoken of yet, after others that may have such.
    fn is_new(&self, clause: &Clause, kind: KindId) -> bool {
        let ties = |node: NodeId| self.kind_of(node).is_some_and(|other| other != kind && self.can_link(other, kind));
        clause.placed.iter().any(|placed| matches!(placed.part, Part::Narrows(_, _, Manner::With)))
            && clause.placed.iter().any(|placed| placed.part == Part::Head && ties(placed.node))
            && !clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(kind))
    }

    /// "their invoices" after records of this clause.
    pub(super) fn link_to_earlier(&mut self, clause: &mut Clause, node: NodeId) {
        let Some(kind) = self.kind_of(node) else { return };
        let anchor = clause.placed.last().and_then(|placed| match placed.part {
            Part::Narrows(anchor, ..) => Some(anchor),
            Part::Head => None,
        });
        let others = clause
            .placed
            .iter()
            .rev()
            .filter(|placed| placed.node != node && Some(placed.node) != anchor && placed.part == Part::Head);
        let earlier: Vec<NodeId> = others.map(|placed| placed.node).collect();
        // "similar tickets to TKT-1001 and their customers": those of the similar ones, which are not TKT-1001 itself.
        let others = |(_, named, _): &(usize, NodeId, Conn)| {
            earlier.iter().any(|other| {
                let of = self.kind_of(*other).map(|other| self.reader.knowledge.kind(other));
                of.is_some_and(|other| !other.single && !other.key.is_empty() && other.of == self.kind_of(*named))
            })
        };
        if !clause.named.iter().all(others) {
            return;
        }
        let known = earlier
            .into_iter()
            .find(|other| self.kind_of(*other).is_some_and(|other| other != kind && self.can_link(kind, other)));
        if let Some(other) = known {
            clause.roles.remove(&Role::Pronoun);
            self.link(node, other, Sense::Exists, Manner::Of, Vec::new());
        }
    }

    /// "who has …": the kind that "who" asks for becomes what is wanted.
    pub(super) fn person_head(&mut self, clause: &mut Clause, beside: KindId) {
        let knowledge = self.reader.knowledge;
        let person = (0..knowledge.kinds.len()).find(|kind| {
            let known = knowledge.kind(*kind);
            known.person_question && !known.key.is_empty() && *kind != beside && self.can_link(*kind, beside)
        });
        if let Some(kind) = person {
            let node = self.frame.add(Node::new(kind));
            clause.placed.push(Placed { at: 0, node, part: Part::Head, plural: true, described: 0, names: None });
        }
    }

    /// A kind's word beside a record of that kind says nothing new: "ticket TKT-1005", "customer TechCorp".
    pub(super) fn is_apposition(&self, clause: &Clause, items: &[Item], at: usize, kind: KindId) -> bool {
        let same = |other: KindId| other == kind;
        let after =
            items.iter().enumerate().skip(at + 1).find(|(_, item)| !(item.has(Role::Ignore) && item.is_small()));
        let inside = items.get(at + 1..).unwrap_or_default().iter().take(2).any(|next| next.low == "in");
        if let Some((_, item)) = after
            && item.gap < Gap::Stop
            // "any asset in Portland" names a place.
            && !inside
        {
            match &item.what {
                What::Record(mention) if same(mention.kind) => return true,
                What::Unknown { .. } | What::Quoted if item.gap == Gap::None && !is_plural(items.get(at)) => {
                    return !self.reader.knowledge.kind(kind).name_field.is_empty()
                        && !self.reader.knowledge.kind(kind).key.is_empty();
                }
                _ => {}
            }
        }
        let before = at.checked_sub(1).and_then(|at| items.get(at));
        let beside = before.is_some_and(|item| {
            matches!(&item.what, What::Record(mention) if mention.kind == kind) && !item.possessive
        });
        beside && clause.conn == Conn::None && items.get(at).is_some_and(|item| item.gap == Gap::None)
    }

    /// Two kinds side by side are one: "similar tickets", "tickets similar to", "customer contacts".
    pub(super) fn compound(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        kind: KindId,
        conn: Conn,
        plural: bool,
    ) -> Option<NodeId> {
        let last = clause.placed.last()?.clone();
        let gap = items.get(at).map_or(Gap::None, |item| item.gap);
        let known = self.kind_of(last.node)?;
        let knowledge = self.reader.knowledge;
        if known == kind
            && matches!(conn, Conn::And | Conn::Or)
            && items.get(at).is_some_and(|item| item.values().iter().any(|(.., naming)| *naming == Naming::Noun))
        {
            return Some(last.node);
        }
        let says_which = items.get(at).is_some_and(|item| item.values().iter().any(|(own, ..)| *own == kind));
        if known == kind && says_which && matches!(conn, Conn::None | Conn::Of | Conn::With) {
            return Some(last.node);
        }
        let free = self.frame.nodes.get(last.node).is_some_and(Node::is_free);
        let absorbs = knowledge.kind(kind).absorbs.contains(&known);
        // "assets with a warranty that …": the warranties carry the assets' names.
        if conn == Conn::With && absorbs && free && knowledge.kind(kind).single {
            if let Some(node) = self.frame.nodes.get_mut(last.node) {
                node.kind = kind;
            }
            clause.having = Some(last.node);
            return Some(last.node);
        }
        // "which laptop has the longest warranty": the warranties of those, put in order.
        let ranked = clause.rankings.iter().any(|ranking| ranking.at > last.at && ranking.at < at);
        if conn == Conn::With && absorbs && ranked && knowledge.kind(kind).single && last.part == Part::Head {
            return Some(self.facet_of_last(clause, kind, at, false));
        }
        if gap != Gap::None || conn != Conn::None {
            return None;
        }
        let between = items.get(last.at + 1..at).unwrap_or_default();
        if between.iter().any(|item| matches!(item.low.as_str(), "do" | "does" | "did")) {
            clause.conn = Conn::Of;
            return None;
        }
        if known == kind || knowledge.kind(known).absorbs.contains(&kind) {
            return Some(last.node);
        }
        if !absorbs && !free && self.is_facet_of(kind, known) && last.part == Part::Head {
            return Some(self.facet_of_last(clause, kind, at, plural));
        }
        if absorbs || (free && self.is_facet_of(kind, known)) {
            if let Some(node) = self.frame.nodes.get_mut(last.node) {
                node.kind = kind;
            }
            if let Some(placed) = clause.placed.last_mut() {
                let asked = items
                    .get(..placed.at)
                    .unwrap_or_default()
                    .iter()
                    .any(|item| matches!(item.low.as_str(), "which" | "what"));
                let named = knowledge.kind(known).person_question
                    && (placed.plural || asked || clause.roles.contains(&Role::Who));
                placed.names = (named && !absorbs).then_some(known);
                // "customer owes" is one customer; "similar tickets" are several.
                placed.plural |= plural && absorbs;
            }
            return Some(last.node);
        }
        None
    }

    /// "what do premium customers owe": the balances are wanted, of those customers.
    pub(super) fn facet_of_last(&mut self, clause: &mut Clause, kind: KindId, at: usize, plural: bool) -> NodeId {
        let node = self.frame.add(Node::new(kind));
        let mut names = None;
        if let Some(last) = clause.placed.last_mut() {
            last.part = Part::Narrows(node, Sense::Exists, Manner::Of);
            let base = last.node;
            names = self
                .frame
                .nodes
                .get(base)
                .map(|base| base.kind)
                .filter(|base| self.reader.knowledge.kind(*base).person_question);
            self.link(node, base, Sense::Exists, Manner::Of, Vec::new());
        }
        clause.placed.push(Placed { at, node, part: Part::Head, plural, described: 0, names });
        node
    }

    pub(super) fn part(&mut self, clause: &mut Clause, items: &[Item], at: usize, kind: KindId, conn: Conn) -> Part {
        let conn = if clause.conn == Conn::Of { std::mem::take(&mut clause.conn) } else { conn };
        let Some(last) = clause.placed.last().cloned() else { return Part::Head };
        // "with an expired warranty but no open tickets": both say something of the same records.
        let before: Vec<&Item> = items
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|item| item.is_small() || !item.values().is_empty() && item.kind().is_none())
            .collect();
        let again = before
            .iter()
            .any(|item| item.has(Role::And) || matches!(item.low.as_str(), "but" | "nor") || item.gap == Gap::Comma);
        let shared = match last.part {
            Part::Narrows(first, _, Manner::With)
                if again && self.kind_of(first).is_some_and(|first| self.can_link(first, kind)) =>
            {
                Some(first)
            }
            Part::Narrows(..) | Part::Head => None,
        };
        // "no tickets or no assets": either of the two is more than one list can say.
        if conn == Conn::No && shared.is_none() && matches!(last.part, Part::Narrows(_, Sense::Missing, _)) {
            let or = before.iter().find(|item| item.has(Role::Or)).map(|item| item.raw.clone());
            or.iter().for_each(|or| self.need(or));
        }
        let anchor = shared.unwrap_or(last.node);
        let Some(anchor_kind) = self.kind_of(anchor) else { return Part::Head };
        let ties = self.can_link(anchor_kind, kind);
        match conn {
            Conn::With | Conn::No if ties => {
                let sense = if conn == Conn::No { Sense::Missing } else { Sense::Exists };
                let constrained =
                    self.fits_waiting(clause, kind) || sense == Sense::Missing || self.is_conditioned(items, at, kind);
                // "customers with their SLA", "CUST-001 with contacts": shown beside, not a condition.
                let inner = matches!(last.part, Part::Narrows(..));
                let shown = !constrained
                    && !inner
                    && (self.reader.knowledge.kind(kind).of == Some(anchor_kind) || !clause.named.is_empty());
                if shown {
                    let plain = !self.frame.nodes.get(anchor).is_some_and(Node::is_free);
                    clause.conn = if plain { Conn::Their } else { Conn::None };
                    Part::Head
                } else {
                    Part::Narrows(anchor, sense, Manner::With)
                }
            }
            Conn::Of | Conn::OfTheir if ties => {
                // Facets side by side narrow what stands before all of them.
                Part::Narrows(anchor, Sense::Exists, Manner::Of)
            }
            Conn::And | Conn::Or => match last.part {
                Part::Narrows(first, sense, manner)
                    if self.kind_of(first).is_some_and(|first| first != kind && self.can_link(first, kind)) =>
                {
                    Part::Narrows(first, sense, manner)
                }
                // "assets with an expired warranty and open tickets": they have both.
                Part::Head if conn == Conn::And && ties && clause.having == Some(last.node) => {
                    let constrained = self.fits_waiting(clause, kind) || self.is_conditioned(items, at, kind);
                    if constrained { Part::Narrows(last.node, Sense::Exists, Manner::With) } else { Part::Head }
                }
                Part::Narrows(..) | Part::Head => Part::Head,
            },
            Conn::With | Conn::No | Conn::Of | Conn::OfTheir | Conn::None | Conn::Their | Conn::Per | Conn::Except => {
                Part::Head
            }
        }
    }

    /// Whether a condition on the kind follows directly: "assets with a warranty that has expired".
    pub(super) fn is_conditioned(&self, items: &[Item], at: usize, kind: KindId) -> bool {
        items
            .iter()
            .skip(at + 1)
            .take_while(|item| !item.has(Role::And) && item.kind().is_none() && item.gap == Gap::None)
            .any(|item| {
                item.values().iter().any(|(known, ..)| *known == kind)
                    || item.fields().iter().any(|(known, _)| *known == kind)
                    || matches!(item.what, What::Days(_))
            })
    }
}
