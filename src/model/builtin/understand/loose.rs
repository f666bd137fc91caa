//! Conditions that stand alone: about a named record, about several kinds, about what "who" asks for.

use super::super::dialogue::mention_of;
use super::super::frame::{Filter, Head, Manner, Node, NodeId, Sense, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Conditions, Conn, Part, Placed};

impl Builder<'_> {
    pub(super) fn waiting_conditions(&mut self, clause: &mut Clause, items: &[Item]) {
        for (at, conditions) in std::mem::take(&mut clause.waiting) {
            if self.check_named(clause, &conditions, items) {
                continue;
            }
            // "how much of the debt is late": a figure of the records that are wanted.
            let figures = items.get(at).map(Item::fields).unwrap_or_default();
            let figure = |(kind, _): &&(KindId, FieldId)| {
                clause.placed.iter().any(|placed| placed.part == Part::Head && self.kind_of(placed.node) == Some(*kind))
            };
            if figures.iter().any(|field| figure(&field)) && !self.fits_any(clause, &conditions) {
                clause.fields.push((at, figures));
                continue;
            }
            // A node made for an earlier condition may take this one too.
            let made = self.nearest_fitting(clause, &conditions);
            if let Some((node, fits, filters)) = made {
                self.impose(clause, node, fits, filters);
                continue;
            }
            let people = |placed: &&Placed| {
                self.kind_of(placed.node).is_some_and(|kind| self.reader.knowledge.kind(kind).person_question)
            };
            // "unpaid invoices of platinum customers": what is wanted may be theirs.
            let person = clause.placed.iter().filter(|placed| placed.part == Part::Head).find(people);
            let person = person.or_else(|| clause.placed.iter().find(people)).map(|placed| placed.node);
            if let Some(anchor) = person
                && self.records_of(clause, items, at, anchor, &conditions)
            {
                continue;
            }
            if let (Some(anchor), false) = (person, items.get(at).is_some_and(Item::is_topic)) {
                self.narrow_with(clause, at, anchor, &conditions);
                continue;
            }
            let only_text = !clause.placed.is_empty()
                || (items.get(at).is_some_and(Item::is_topic)
                    && clause.texts.iter().any(|(position, _)| *position == at));
            if only_text {
                if !clause.texts.iter().any(|(position, _)| *position == at) {
                    self.leave_out(items, at);
                }
                continue;
            }
            let several = self.several_kinds(clause, &conditions, items);
            if several.len() > 1 {
                let said = items.get(at).map(|item| item.raw.clone()).unwrap_or_default();
                if clause.named.is_empty() {
                    self.unclear = Some((said, several));
                } else {
                    several.into_iter().for_each(|kind| self.head_under(clause, at, kind, &conditions));
                }
                continue;
            }
            let Some(kind) = self.likely_kind(clause, &conditions) else {
                self.leave_out(items, at);
                continue;
            };
            let asked = clause.roles.contains(&Role::Who) && !self.reader.knowledge.kind(kind).person_question;
            if asked {
                self.person_head(clause, kind);
            }
            let node = self.frame.add(Node::new(kind));
            let anchor = clause.placed.last().map(|placed| placed.node).filter(|_| asked);
            let part = anchor.map_or(Part::Head, |anchor| Part::Narrows(anchor, Sense::Exists, Manner::With));
            clause.placed.push(Placed { at, node, part, plural: true, described: 0, names: None });
            if let Some((fits, filters)) = self.fitting(&conditions, kind) {
                self.impose(clause, node, fits, filters);
            }
            if let Some(anchor) = anchor {
                self.link(anchor, node, Sense::Exists, Manner::With, Vec::new());
            }
            // What is only said by its condition is not searched for by the same word.
            clause.texts.retain(|(position, _)| *position != at);
        }
    }

    /// The kinds that a condition alone may equally well speak of; at most one if something says which.
    pub(super) fn several_kinds(&self, clause: &Clause, conditions: &Conditions, items: &[Item]) -> Vec<KindId> {
        // "does DataFlow have anything expiring": warranties and licences.
        let anything = items.iter().any(|item| matches!(item.low.as_str(), "anything" | "everything" | "something"));
        let hinted = clause.roles.contains(&Role::Who)
            || clause.roles.contains(&Role::Sum)
            || !clause.fields.is_empty()
            || self.context.is_some();
        let linkable = |kind: &KindId| {
            clause.named.iter().all(|(_, node, _)| {
                self.kind_of(*node).is_some_and(|named| *kind != named && self.can_link(*kind, named))
            })
        };
        let kinds = |plain: bool| {
            let mut out: Vec<KindId> = Vec::new();
            for (kind, filter) in conditions {
                let known = self.reader.knowledge.kind(*kind);
                if (known.of.is_none() && !known.key.is_empty() || anything && !clause.named.is_empty())
                    && (!plain || !filter.negated)
                    && linkable(kind)
                    && !out.contains(kind)
                {
                    out.push(*kind);
                }
            }
            out
        };
        let firm = kinds(true);
        if hinted || firm.len() == 1 && !anything { Vec::new() } else { kinds(false) }
    }

    /// "everything overdue for premium customers": what is overdue is wanted, of those customers. False if it is not put so.
    fn records_of(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        anchor: NodeId,
        conditions: &Conditions,
    ) -> bool {
        let of = items.get(at + 1).is_some_and(|next| next.has(Role::Of) && next.is_small());
        let after = clause.placed.iter().any(|placed| placed.node == anchor && placed.at > at + 1);
        let base = self.kind_of(anchor);
        let kind = conditions.iter().map(|(kind, _)| *kind).find(|kind| {
            let whole = self.reader.knowledge.kind(*kind).of.is_none();
            whole && base.is_some_and(|base| base != *kind && self.can_link(*kind, base))
        });
        let Some(kind) = kind.filter(|_| of && after) else { return false };
        self.head_under(clause, at, kind, conditions);
        let Some(node) = clause.placed.last().map(|placed| placed.node) else { return false };
        if let Some(placed) = clause.placed.iter_mut().find(|placed| placed.node == anchor) {
            placed.part = Part::Narrows(node, Sense::Exists, Manner::Of);
        }
        self.link(node, anchor, Sense::Exists, Manner::Of, Vec::new())
    }

    /// "premium customers behind on payments": customers with records that meet the condition.
    pub(super) fn narrow_with(&mut self, clause: &mut Clause, at: usize, anchor: NodeId, conditions: &Conditions) {
        let base = self.kind_of(anchor);
        let Some(kind) = conditions
            .iter()
            .map(|(kind, _)| *kind)
            .find(|kind| base.is_some_and(|base| base != *kind && self.can_link(base, *kind)))
        else {
            return;
        };
        let node = self.frame.add(Node::new(kind));
        let sense = if clause.without.contains(&at) { Sense::Missing } else { Sense::Exists };
        clause.placed.push(Placed {
            at,
            node,
            part: Part::Narrows(anchor, sense, Manner::With),
            plural: true,
            described: 0,
            names: None,
        });
        if let Some((fits, filters)) = self.fitting(conditions, kind) {
            self.impose(clause, node, fits, filters);
        }
        self.link(anchor, node, sense, Manner::With, Vec::new());
    }

    /// Records of one kind under a condition, wanted.
    pub(super) fn head_under(&mut self, clause: &mut Clause, at: usize, kind: KindId, conditions: &Conditions) {
        let node = self.frame.add(Node::new(kind));
        clause.placed.push(Placed { at, node, part: Part::Head, plural: true, described: 0, names: None });
        if let Some((fits, filters)) = self.fitting(conditions, kind) {
            self.impose(clause, node, fits, filters);
        }
    }

    fn fits_any(&self, clause: &Clause, conditions: &Conditions) -> bool {
        clause
            .placed
            .iter()
            .any(|placed| self.kind_of(placed.node).is_some_and(|kind| self.fitting(conditions, kind).is_some()))
    }

    /// The kind that a condition alone most likely speaks of.
    pub(super) fn likely_kind(&self, clause: &Clause, conditions: &[(KindId, Filter)]) -> Option<KindId> {
        let kinds: Vec<KindId> = conditions
            .iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| !self.reader.knowledge.kind(*kind).absorbs.contains(kind))
            .collect();
        let linkable = |kind: &KindId| {
            clause.named.iter().all(|(_, node, _)| self.kind_of(*node).is_some_and(|named| self.can_link(*kind, named)))
        };
        let asked =
            |kind: &KindId| clause.fields.iter().any(|(_, fields)| fields.iter().any(|(known, _)| known == kind));
        let before =
            |kind: &KindId| self.context.is_some_and(|context| context.heads.iter().any(|(known, _)| known == kind));
        let person =
            |kind: &KindId| clause.roles.contains(&Role::Who) && self.reader.knowledge.kind(*kind).person_question;
        let find = |test: &dyn Fn(&KindId) -> bool| kinds.iter().find(|kind| linkable(kind) && test(kind)).copied();
        // Without any hint a facet of another kind is not meant first.
        let whole = |kind: &KindId| {
            self.reader.knowledge.kind(*kind).of.is_none() && !self.reader.knowledge.kind(*kind).person_question
        };
        let plain: Vec<KindId> = conditions
            .iter()
            .filter(|(kind, filter)| {
                !filter.negated && self.reader.knowledge.kind(*kind).of.is_none() && linkable(kind)
            })
            .map(|(kind, _)| *kind)
            .collect();
        let only = match plain.as_slice() {
            [kind] if !clause.named.is_empty() => Some(*kind),
            _ => None,
        };
        find(&person)
            .or(only)
            .or_else(|| find(&asked))
            .or_else(|| find(&before))
            .or_else(|| find(&whole))
            .or_else(|| find(&|_| true))
            .or(kinds.first().copied())
    }

    /// "Is TKT-1004 resolved?": the condition is what is asked about the named record.
    pub(super) fn check_named(&mut self, clause: &mut Clause, conditions: &Conditions, items: &[Item]) -> bool {
        if !clause.placed.is_empty() {
            return false;
        }
        self.name_spoken_of(clause, conditions);
        for (at, node, conn) in clause.named.clone() {
            self.since_when(clause, conditions, node, items);
            let person = conditions.iter().any(|(kind, filter)| {
                self.reader.knowledge.kind(*kind).field(&filter.field).is_some_and(|field| field.person)
            });
            let Some(kind) = self.kind_of(node).filter(|_| conn != Conn::Of || person) else { continue };
            let Some((fits, filters)) = self.fitting(conditions, kind).or_else(|| self.facet_fitting(conditions, kind))
            else {
                continue;
            };
            let target = if fits == kind {
                node
            } else {
                let facet = self.frame.add(Node::new(fits));
                self.link(facet, node, Sense::Exists, Manner::Of, Vec::new());
                clause.placed.push(Placed {
                    at,
                    node: facet,
                    part: Part::Head,
                    plural: false,
                    described: 0,
                    names: None,
                });
                facet
            };
            let filters: Vec<Filter> = filters.into_iter().map(|filter| self.dated(filter)).collect();
            if let Some(node) = self.frame.nodes.get_mut(target) {
                node.wanted.extend(filters.iter().map(|filter| filter.field.clone()));
                node.checks.extend(filters);
            }
            return true;
        }
        false
    }

    /// "When was CUST-006 suspended?": how it stands is known, since when is not.
    fn since_when(&mut self, clause: &Clause, conditions: &Conditions, node: NodeId, items: &[Item]) {
        let asked = items.iter().find(|item| item.low == "when");
        let Some(kind) = self.kind_of(node).map(|kind| self.reader.knowledge.kind(kind)) else { return };
        let dated = conditions.iter().any(|(_, filter)| match &filter.test {
            Test::In(values) => values.iter().any(|value| kind.date_of.contains_key(value)),
            _ => false,
        });
        if let (Some(asked), false, true) = (asked, dated, clause.fields.is_empty()) {
            self.leave_out_words(&asked.raw);
        }
    }

    /// "… owe, and since when?": a day that no field asked for gives.
    pub(super) fn undated(&mut self, heads: &[Head], items: &[Item]) {
        let asked = items.iter().find(|item| item.raw.to_lowercase().ends_with("since when"));
        let dated = heads.iter().any(|head| {
            let kind = self.kind_of(head.node);
            let checked = self.frame.nodes.get(head.node).is_some_and(|node| !node.checks.is_empty());
            // A facet that is only asked about is said whole, with its dates.
            let whole = |kind: KindId| checked && self.reader.knowledge.kind(kind).single;
            kind.is_some_and(|kind| whole(kind) || head.fields.iter().any(|field| self.is_date(kind, field)))
        });
        if let (Some(asked), false) = (asked, dated) {
            self.leave_out_words(&asked.raw);
        }
    }

    /// "Was it breached?": the one record that was spoken of before.
    fn name_spoken_of(&mut self, clause: &mut Clause, conditions: &Conditions) {
        let asked = clause.roles.contains(&Role::Pronoun);
        if !asked || !clause.named.is_empty() {
            return;
        }
        let knowledge = self.reader.knowledge;
        // "when was INV-2025-004 paid and was it late": the one that was named before.
        let fitting = |node: &NodeId| {
            let kind = self.kind_of(*node);
            kind.is_some_and(|kind| {
                self.fitting(conditions, kind).is_some() || self.facet_fitting(conditions, kind).is_some()
            })
        };
        if let Some(node) = self.named.iter().rev().copied().find(fitting) {
            clause.named.push((0, node, Conn::None));
            return;
        }
        let Some(context) = self.context.filter(|_| clause.roles.contains(&Role::Yesno)) else { return };
        let one = context.heads.iter().chain(&context.named).filter(|(_, rows)| rows.len() == 1);
        let fits =
            |kind: KindId| self.fitting(conditions, kind).is_some() || self.facet_fitting(conditions, kind).is_some();
        let mention = one
            .filter_map(|(_, rows)| rows.first().and_then(|row| mention_of(knowledge, row)))
            .find(|mention| fits(mention.kind));
        if let Some(mention) = mention {
            let node = self.frame.add(Node { named: Some(mention.clone()), ..Node::new(mention.kind) });
            clause.named.push((0, node, Conn::None));
        }
    }

    /// A facet with one record each, that a condition speaks of.
    pub(super) fn facet_fitting(&self, conditions: &Conditions, kind: KindId) -> Option<(KindId, Vec<Filter>)> {
        let facet = conditions
            .iter()
            .map(|(facet, _)| *facet)
            .find(|facet| self.is_facet_of(*facet, kind) && self.reader.knowledge.kind(*facet).single)?;
        Some((
            facet,
            conditions.iter().filter(|(known, _)| *known == facet).map(|(_, filter)| filter.clone()).collect(),
        ))
    }
}
