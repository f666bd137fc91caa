//! Walks over a clause: each record, condition and connection is put where it belongs, as far as that is clear.

use std::collections::BTreeSet;

use super::super::frame::{DateSpan, Filter, Head, Manner, Mention, Node, NodeId, Order, Sense, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::lexicon::{Naming, Strength};
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;

/// How the next records are tied to those before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Conn {
    #[default]
    None,
    Of,
    /// "of their": belonging to what belongs to those before.
    OfTheir,
    With,
    No,
    And,
    Or,
    Their,
    Per,
}

/// The part records play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// They are wanted.
    Head,
    /// They narrow the records of that node.
    Narrows(NodeId, Sense, Manner),
}

/// Records of a kind at their place in the clause.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub at: usize,
    pub node: NodeId,
    pub part: Part,
    pub plural: bool,
    /// Records whose names are wanted beside: "which customers owe".
    pub names: Option<KindId>,
}

/// First, last, most: waiting for its records.
#[derive(Clone, Debug)]
pub(super) struct Ranking {
    pub at: usize,
    pub by: String,
    pub descending: bool,
    pub count: Option<usize>,
}

/// A word nobody knows: a name, or something to search for.
#[derive(Clone, Debug)]
pub(super) struct Unknown {
    pub at: usize,
    pub raw: String,
    pub capital: bool,
    pub quoted: bool,
    pub conn: Conn,
}

/// Conditions by the kind they would apply to.
pub(super) type Conditions = Vec<(KindId, Filter)>;

/// What a clause holds.
#[derive(Default)]
pub(super) struct Clause {
    pub placed: Vec<Placed>,
    pub waiting: Vec<(usize, Conditions)>,
    pub weak: Vec<(usize, KindId, Conn)>,
    pub named: Vec<(usize, NodeId, Conn)>,
    pub unknown: Vec<Unknown>,
    pub texts: Vec<(usize, String)>,
    pub fields: Vec<(usize, Vec<(KindId, FieldId)>)>,
    pub days: Vec<(usize, DateSpan)>,
    pub composites: Vec<usize>,
    pub rankings: Vec<Ranking>,
    pub roles: BTreeSet<Role>,
    pub numbers: Vec<(usize, i64)>,
    pub groups: Vec<KindId>,
    pub grouped_fields: Vec<(usize, Vec<(KindId, FieldId)>)>,
    conn: Conn,
    negated: bool,
    in_text: bool,
    used: BTreeSet<usize>,
    last_value: Option<(NodeId, String)>,
}

impl Clause {
    /// How the next records would be tied.
    pub(super) fn connection(&self) -> Conn {
        self.conn
    }

    pub(super) fn clear_connection(&mut self) {
        self.conn = Conn::None;
    }

    pub(super) fn set_connection(&mut self, conn: Conn) {
        self.conn = conn;
    }

    /// Marks an item as dealt with.
    pub(super) fn use_up(&mut self, at: usize) {
        self.used.insert(at);
    }
}

impl Builder<'_> {
    /// Understands one clause.
    pub(super) fn clause(&mut self, items: &[Item]) {
        let mut clause = Clause::default();
        for (at, item) in items.iter().enumerate() {
            if !clause.used.contains(&at) {
                self.item(&mut clause, items, at, item);
            }
        }
        self.settle(clause, items);
    }

    fn item(&mut self, clause: &mut Clause, items: &[Item], at: usize, item: &Item) {
        if clause.in_text && !self.ends_text(clause, items, at) {
            if !item.is_small() || item.has(Role::Not) {
                clause.texts.push((at, item.raw.clone()));
            }
            return;
        }
        clause.in_text = false;
        match &item.what {
            What::Record(mention) => self.record(clause, at, mention),
            What::Days(span) => self.days(clause, items, at, span),
            What::Number(number) => self.number(clause, items, at, *number),
            What::Position(index) => self.position(clause, at, *index),
            What::Unknown { capital } => self.unknown(clause, items, at, item, *capital),
            What::Quoted => {
                let unknown = Unknown { at, raw: item.raw.clone(), capital: true, quoted: true, conn: clause.conn };
                clause.unknown.push(unknown);
                clause.conn = Conn::None;
            }
            What::Phrase(_) => self.phrase(clause, items, at, item),
        }
    }

    fn phrase(&mut self, clause: &mut Clause, items: &[Item], at: usize, item: &Item) {
        let composites = item.composites();
        if !composites.is_empty() {
            clause.composites.extend(composites);
            return;
        }
        if let Some(index) = item.superlative()
            && self.ranking(clause, items, at, index)
        {
            return;
        }
        let values = item.values();
        if item.has(Role::About) && self.opens_text(clause, items, at) {
            clause.in_text = true;
            return;
        }
        match item.kind() {
            Some((kind, Strength::Strong)) => {
                // "phone number" names the people and what of them is wanted.
                let own: Vec<(KindId, FieldId)> =
                    item.fields().into_iter().filter(|(known, _)| *known == kind).collect();
                if !own.is_empty()
                    && self.reader.knowledge.kind(kind).measure.is_empty()
                    && !self.reader.knowledge.kind(kind).single
                {
                    clause.fields.push((at, own));
                }
                return self.kind(clause, items, at, kind, None);
            }
            Some((kind, Strength::Weak)) if self.fits_waiting(clause, kind) => {
                return self.kind(clause, items, at, kind, None);
            }
            Some((kind, Strength::Weak)) if values.is_empty() => {
                clause.weak.push((at, kind, clause.conn));
                return;
            }
            Some((_, Strength::Weak)) | None => {}
        }
        for role in [Role::Sum, Role::Average, Role::Count] {
            if item.has(role) {
                clause.roles.insert(role);
            }
        }
        let asked_when = items.iter().take(at).any(|item| item.low == "when");
        if !values.is_empty() && !(asked_when && !item.fields().is_empty()) && !self.field_with_days(items, at, item) {
            return self.value(clause, items, at, item, values);
        }
        let fields = item.fields();
        if !fields.is_empty() && !self.is_total(item) && self.field(clause, items, at, item, fields) {
            // "paid in September" says both what and when.
            if !values.is_empty() && self.field_with_days(items, at, item) {
                let field = clause.fields.pop();
                self.value(clause, items, at, item, values);
                clause.fields.extend(field);
            }
            return;
        }
        if item.is_topic() {
            clause.texts.push((at, item.raw.clone()));
            return;
        }
        self.roles(clause, items, at, item);
    }

    /// "total" asks for a sum even where a field is called so.
    fn is_total(&self, item: &Item) -> bool {
        item.has(Role::Sum) || item.has(Role::Average)
    }

    fn roles(&mut self, clause: &mut Clause, items: &[Item], at: usize, item: &Item) {
        let grouping = item.has(Role::Per) && self.groups_here(clause, items, at);
        let relative = super::is_relative(items, at);
        for role in [
            Role::Count,
            Role::Sum,
            Role::Average,
            Role::Every,
            Role::Only,
            Role::Who,
            Role::Pronoun,
            Role::Ones,
            Role::WhatAbout,
            Role::More,
        ] {
            if item.has(role) && !(relative && role == Role::Who) {
                clause.roles.insert(role);
            }
        }
        if at == 0 && item.has(Role::Yesno) {
            clause.roles.insert(Role::Yesno);
        }
        if item.has(Role::Not) {
            clause.negated = true;
        }
        clause.conn = if grouping {
            Conn::Per
        } else if item.has(Role::No) {
            Conn::No
        } else if item.has(Role::With) {
            if clause.conn == Conn::No { Conn::No } else { Conn::With }
        } else if item.has(Role::Of) {
            Conn::Of
        } else if item.has(Role::And) {
            Conn::And
        } else if item.has(Role::Or) {
            Conn::Or
        } else if item.has(Role::Pronoun) {
            if clause.conn == Conn::Of { Conn::OfTheir } else { Conn::Their }
        } else {
            clause.conn
        };
    }

    /// "by status", "per customer": grouping, not belonging.
    fn groups_here(&self, clause: &Clause, items: &[Item], at: usize) -> bool {
        let item = &items[at];
        let sure = !item.has(Role::Of) && !item.has(Role::Every);
        if items
            .iter()
            .any(|item| item.low.starts_with("sort") || item.low.starts_with("order") || item.low == "ranked")
        {
            return false;
        }
        let next_at = items.iter().enumerate().skip(at + 1).find(|(_, item)| !item.has(Role::Ignore)).map(|(at, _)| at);
        // "tickets by customer" with nothing after it groups; "by customer CUST-001" does not.
        let closed = next_at
            .is_some_and(|next| items.get(next + 1).is_none_or(|after| after.gap > Gap::None || after.has(Role::And)));
        let sure = sure || (item.low == "by" && closed && !clause.placed.is_empty());
        let next = items.iter().skip(at + 1).find(|item| !item.has(Role::Ignore));
        let target =
            next.is_some_and(|next| next.kind().is_some() || (!next.fields().is_empty() && next.values().is_empty()));
        let counted = clause.roles.contains(&Role::Count)
            || clause.roles.contains(&Role::Sum)
            || clause.roles.contains(&Role::Average);
        let ranked = !clause.rankings.is_empty();
        target
            && !ranked
            && (sure
                || counted
                || items
                    .iter()
                    .any(|item| matches!(item.low.as_str(), "breakdown" | "broken" | "grouped" | "group" | "split")))
    }

    // ---- kinds

    /// Conditions that wait for records and fit this kind.
    fn fits_waiting(&self, clause: &Clause, kind: KindId) -> bool {
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

    pub(super) fn kind(&mut self, clause: &mut Clause, items: &[Item], at: usize, kind: KindId, own: Option<Filter>) {
        let conn = std::mem::take(&mut clause.conn);
        if own.is_none() && self.is_apposition(clause, items, at, kind) {
            clause.conn = conn;
            return;
        }
        if conn == Conn::Per {
            clause.groups.push(kind);
            return;
        }
        let plural = is_plural(items.get(at));
        if let Some(node) = self.compound(clause, items, at, kind, conn, plural) {
            self.take_waiting(clause, node, at);
            if let Some(filter) = own {
                self.apply(clause, node, filter, conn);
            }
            return;
        }
        // "who has a balance" asks for balances with names; "who has an invoice" for customers.
        let facet = conn == Conn::With
            && self.reader.knowledge.kind(kind).of.is_some_and(|base| self.reader.knowledge.kind(base).person_question);
        if facet && clause.roles.contains(&Role::Who) {
            clause.roles.insert(Role::With);
        } else if clause.placed.is_empty() && clause.roles.contains(&Role::Who) && matches!(conn, Conn::With | Conn::No)
        {
            self.person_head(clause, kind, at);
        }
        let node = self.frame.add(Node::new(kind));
        let part = self.part(clause, items, at, kind, conn);
        clause.placed.push(Placed { at, node, part, plural, names: None });
        self.take_waiting(clause, node, at);
        if let Some(filter) = own {
            self.apply(clause, node, filter, conn);
        }
        if let Part::Narrows(anchor, sense, manner) = part {
            self.link(anchor, node, sense, manner, Vec::new());
        }
        if matches!(conn, Conn::Their | Conn::OfTheir) {
            self.link_to_earlier(clause, node);
        }
    }

    /// "their invoices" after records of this clause.
    fn link_to_earlier(&mut self, clause: &mut Clause, node: NodeId) {
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
        if !clause.named.is_empty() {
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
    pub(super) fn person_head(&mut self, clause: &mut Clause, beside: KindId, at: usize) {
        let knowledge = self.reader.knowledge;
        let person = (0..knowledge.kinds.len()).find(|kind| {
            let known = knowledge.kind(*kind);
            known.person_question && !known.key.is_empty() && *kind != beside && self.can_link(*kind, beside)
        });
        if let Some(kind) = person {
            let node = self.frame.add(Node::new(kind));
            clause.placed.push(Placed { at, node, part: Part::Head, plural: true, names: None });
        }
    }

    /// A kind's word beside a record of that kind says nothing new: "ticket TKT-1005", "customer TechCorp".
    fn is_apposition(&self, clause: &Clause, items: &[Item], at: usize, kind: KindId) -> bool {
        let same = |other: KindId| other == kind;
        let after =
            items.iter().enumerate().skip(at + 1).find(|(_, item)| !(item.has(Role::Ignore) && item.is_small()));
        if let Some((_, item)) = after
            && item.gap < Gap::Stop
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
    fn compound(
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
        let free = self.frame.nodes.get(last.node).is_some_and(Node::is_free);
        let absorbs = knowledge.kind(kind).absorbs.contains(&known);
        // "assets with a warranty that …": the warranties carry the assets' names.
        if conn == Conn::With && absorbs && free && knowledge.kind(kind).single {
            if let Some(node) = self.frame.nodes.get_mut(last.node) {
                node.kind = kind;
            }
            return Some(last.node);
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
                let named =
                    knowledge.kind(known).person_question && (placed.plural || clause.roles.contains(&Role::Who));
                placed.names = (named && !absorbs).then_some(known);
                // "customer owes" is one customer; "similar tickets" are several.
                placed.plural |= plural && absorbs;
            }
            return Some(last.node);
        }
        None
    }

    /// "what do premium customers owe": the balances are wanted, of those customers.
    fn facet_of_last(&mut self, clause: &mut Clause, kind: KindId, at: usize, plural: bool) -> NodeId {
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
        clause.placed.push(Placed { at, node, part: Part::Head, plural, names });
        node
    }

    fn part(&mut self, clause: &mut Clause, items: &[Item], at: usize, kind: KindId, conn: Conn) -> Part {
        let conn = if clause.conn == Conn::Of { std::mem::take(&mut clause.conn) } else { conn };
        let Some(last) = clause.placed.last().cloned() else { return Part::Head };
        let anchor = last.node;
        let Some(anchor_kind) = self.kind_of(anchor) else { return Part::Head };
        let ties = self.can_link(anchor_kind, kind);
        match conn {
            Conn::With | Conn::No if ties => {
                let sense = if conn == Conn::No { Sense::Missing } else { Sense::Exists };
                let constrained =
                    self.fits_waiting(clause, kind) || sense == Sense::Missing || self.is_conditioned(items, at, kind);
                // "customers with their SLA", "CUST-001 with contacts": shown beside, not a condition.
                let shown = !constrained
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
                Part::Narrows(..) | Part::Head => Part::Head,
            },
            Conn::With | Conn::No | Conn::Of | Conn::OfTheir | Conn::None | Conn::Their | Conn::Per => Part::Head,
        }
    }

    /// Whether a condition on the kind follows directly: "assets with a warranty that has expired".
    fn is_conditioned(&self, items: &[Item], at: usize, kind: KindId) -> bool {
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

    /// Conditions that stood before their records.
    fn take_waiting(&mut self, clause: &mut Clause, node: NodeId, at: usize) {
        let Some(kind) = self.kind_of(node) else { return };
        let waiting = std::mem::take(&mut clause.waiting);
        for (position, conditions) in waiting {
            match self.fitting(&conditions, kind) {
                Some((fits, filters)) if position < at => self.impose(clause, node, fits, filters),
                Some(_) | None => clause.waiting.push((position, conditions)),
            }
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

    // ---- conditions

    fn value(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        item: &Item,
        values: Vec<(KindId, Filter, Naming)>,
    ) {
        // "how many tickets did TechCorp open": what they did, not how the tickets stand.
        let did = items.get(..at).unwrap_or_default().iter().any(|item| item.low == "did");
        let named_before = at
            .checked_sub(1)
            .and_then(|before| items.get(before))
            .is_some_and(|item| matches!(item.what, What::Record(_) | What::Unknown { .. }));
        if did && named_before && item.has(Role::Change) {
            return;
        }
        let negated = std::mem::take(&mut clause.negated);
        let turn = |mut filter: Filter| {
            filter.negated ^= negated;
            filter
        };
        let text_only = self.only_text_wanted(clause);
        if text_only && item.is_topic() {
            clause.texts.push((at, item.raw.clone()));
            return;
        }
        let noun = values.iter().find(|(.., naming)| *naming == Naming::Noun).cloned();
        if let Some((kind, filter, _)) = noun {
            let next_same = self.next_kind(items, at).is_some_and(|next| next == kind);
            let record_after = items
                .get(at + 1)
                .is_some_and(|next| matches!(&next.what, What::Record(mention) if mention.kind == kind));
            if record_after {
                return;
            }
            if !next_same {
                return self.kind(clause, items, at, kind, Some(turn(filter)));
            }
        }
        let conditions: Conditions = values.into_iter().map(|(kind, filter, _)| (kind, turn(filter))).collect();
        let joined = joined_by(items, at);
        if let Some(next) = self.next_kind(items, at)
            && self.fitting(&conditions, next).is_some()
        {
            clause.waiting.push((at, conditions));
            return;
        }
        let target = clause.placed.iter().rev().find_map(|placed| {
            self.kind_of(placed.node)
                .and_then(|kind| self.fitting(&conditions, kind))
                .map(|(fits, filters)| (placed.node, fits, filters))
        });
        if let Some((node, fits, filters)) = target {
            let same_kind = self.kind_of(node) == Some(fits);
            if same_kind {
                for filter in filters {
                    self.apply(clause, node, filter, joined);
                }
            } else {
                self.impose(clause, node, fits, filters);
            }
            return;
        }
        if item.is_topic() && clause.placed.is_empty() && clause.named.is_empty() {
            clause.texts.push((at, item.raw.clone()));
        }
        clause.waiting.push((at, conditions));
    }

    /// Whether only articles or steps are wanted so far: then technical words are for the search.
    fn only_text_wanted(&self, clause: &Clause) -> bool {
        !clause.placed.is_empty()
            && clause.placed.iter().all(|placed| {
                self.kind_of(placed.node).is_some_and(|kind| {
                    let kind = self.reader.knowledge.kind(kind);
                    kind.text && (kind.ranked || kind.of.is_some())
                })
            })
    }

    /// Adds a condition; values of one field joined by "and"/"or" are alternatives, other conditions joined by "or" too.
    pub(super) fn apply(&mut self, clause: &mut Clause, node: NodeId, filter: Filter, joined: Conn) {
        let filter = self.dated(filter);
        let field = filter.field.clone();
        let last = clause.last_value.replace((node, field.clone()));
        let Some(known) = self.frame.nodes.get_mut(node) else { return };
        if let Some(same) = known.filters.iter_mut().find(|same| same.field == field && same.negated == filter.negated)
        {
            if let (Some(mut values), Some(more)) = (values_of(&same.test), values_of(&filter.test)) {
                for value in more {
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
                same.test = if values.len() == 1 { same.test.clone() } else { Test::In(values) };
                return;
            }
        }
        if joined == Conn::Or
            && let Some((before, other)) = last
            && before == node
            && other != field
        {
            if let Some(position) = known.filters.iter().position(|known| known.field == other) {
                let first = known.filters.remove(position);
                known.any.push(vec![first]);
            }
            known.any.push(vec![filter]);
            return;
        }
        if !known.filters.contains(&filter) {
            known.filters.push(filter);
        }
    }

    /// "within 30 days" counted from today.
    fn dated(&self, mut filter: Filter) -> Filter {
        if let Test::WithinDays(days) = filter.test {
            let today = self.reader.today;
            let to = today.checked_add(jiff::Span::new().days(days)).ok();
            filter.test = Test::Dates(DateSpan { from: Some(today), to, said: format!("within {days} days") });
        }
        filter
    }

    /// The kind whose word follows, with only conditions and small words between.
    pub(super) fn next_kind(&self, items: &[Item], at: usize) -> Option<KindId> {
        for (offset, item) in items.iter().skip(at + 1).enumerate() {
            if item.gap == Gap::Stop {
                return None;
            }
            if let Some((kind, _)) = item.kind() {
                return Some(kind);
            }
            let values = item.values();
            if let Some((kind, ..)) = values.iter().find(|(.., naming)| *naming == Naming::Noun) {
                return Some(*kind);
            }
            let joins = item.has(Role::And) || item.has(Role::Or);
            let next_is_value =
                items.get(at + offset + 2).is_some_and(|next| !next.values().is_empty() && next.kind().is_none());
            let passes = !values.is_empty()
                || item.superlative().is_some()
                || matches!(item.what, What::Number(_))
                || (joins && next_is_value)
                || (item.is_small()
                    && (item.has(Role::Ignore) || item.has(Role::Not) || item.has(Role::Every))
                    && !item.has(Role::With)
                    && !item.has(Role::Of))
                || (item.fields().iter().any(|_| item.low.starts_with("priorit") || item.low.starts_with("sever"))
                    && item.kind().is_none());
            if !passes {
                return None;
            }
        }
        None
    }

    /// Records named by the question.
    pub(super) fn record(&mut self, clause: &mut Clause, at: usize, mention: &Mention) {
        let conn = std::mem::take(&mut clause.conn);
        // Ids of one kind that follow each other are one list.
        let together = clause.named.last().map(|(_, node, _)| *node).and_then(|node| self.frame.nodes.get_mut(node));
        if let (Some(node), true) = (together, matches!(conn, Conn::And | Conn::Or | Conn::None))
            && let (
                Some(Mention { kind, how: super::super::frame::How::Ids(ids), said }),
                super::super::frame::How::Ids(more),
            ) = (&mut node.named, &mention.how)
            && *kind == mention.kind
        {
            for id in more {
                if !ids.contains(id) {
                    ids.push(id.clone());
                }
            }
            *said = format!("{said}, {}", mention.said);
            return;
        }
        let mut node = Node::new(mention.kind);
        node.named = Some(mention.clone());
        let node = self.frame.add(node);
        clause.named.push((at, node, conn));
    }

    pub(super) fn position(&mut self, clause: &mut Clause, at: usize, index: usize) {
        let row = self.context.and_then(|context| context.shown.get(index)).cloned();
        if let Some(row) = row {
            let mut node = Node::new(row.kind);
            node.named = super::super::dialogue::mention_of(self.reader.knowledge, &row);
            if node.named.is_none() {
                node.known = Some(vec![row]);
            }
            let node = self.frame.add(node);
            clause.named.push((at, node, std::mem::take(&mut clause.conn)));
        }
    }

    fn unknown(&mut self, clause: &mut Clause, items: &[Item], at: usize, item: &Item, capital: bool) {
        let _ = items;
        let conn = std::mem::take(&mut clause.conn);
        clause.unknown.push(Unknown { at, raw: item.raw.clone(), capital, quoted: false, conn });
    }

    /// A head, for callers that need one without a clause's words.
    pub(super) fn head_of(&self, placed: &Placed, order: Option<Order>, limit: Option<usize>) -> Head {
        Head { order, limit, ..Head::list(placed.node) }
    }
}

/// The values that a test compares with.
fn values_of(test: &Test) -> Option<Vec<String>> {
    match test {
        Test::In(values) => Some(values.clone()),
        Test::Like(value) => Some(vec![value.clone()]),
        Test::Is(_) | Test::Dates(_) | Test::WithinDays(_) | Test::Numbers(..) => None,
    }
}

/// The word of connection between an item and the condition before it.
fn joined_by(items: &[Item], at: usize) -> Conn {
    items
        .get(..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|item| item.is_small())
        .find_map(|item| {
            if item.has(Role::Or) {
                Some(Conn::Or)
            } else if item.has(Role::And) {
                Some(Conn::And)
            } else {
                None
            }
        })
        .unwrap_or_default()
}

/// `tickets` against `ticket`.
pub(super) fn is_plural(item: Option<&Item>) -> bool {
    item.is_some_and(|item| item.raw.to_lowercase().ends_with('s') && !item.raw.to_lowercase().ends_with("ss"))
}
