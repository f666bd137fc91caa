//! What somebody did or never did: "customers who were never invoiced", "who have not paid us", "did Hannah resolve".

use super::super::frame::Filter;
use super::super::knowledge::{FieldId, Instead, KindId, Role, Source};
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::super::text::{Word, stem};
use super::Builder;
use super::clause::{Clause, Conn, Part};

impl Builder<'_> {
    /// "customers opened tickets", "who reported cases": what they did makes the tie, its verb is used up.
    pub(super) fn did(&self, clause: &mut Clause, items: &[Item], at: usize, kind: KindId) -> bool {
        let Some(last) = clause.placed.last().cloned() else { return false };
        let knowledge = self.reader.knowledge;
        let who = self
            .kind_of(last.node)
            .filter(|who| knowledge.kind(*who).person_question && *who != kind && self.can_link(*who, kind));
        let owns = items.get(last.at).is_some_and(|item| item.possessive) || clause.fronted == Some(last.node);
        if who.is_none() || last.part != Part::Head || owns {
            return false;
        }
        let date = &knowledge.kind(kind).date;
        let verb = |item: &Item| {
            item.has(Role::Change)
                || item
                    .fields()
                    .iter()
                    .any(|(known, field)| *known == kind && self.field_name(*known, *field) == Some(date))
        };
        let Some(offset) = items.get(last.at + 1..at).and_then(|between| between.iter().position(verb)) else {
            return false;
        };
        clause.fields.retain(|(position, _)| *position != last.at + 1 + offset);
        true
    }

    /// "customers who were never invoiced": without such records. True if it was taken so.
    pub(super) fn never_did(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        fields: &[(KindId, FieldId)],
    ) -> bool {
        let knowledge = self.reader.knowledge;
        let who = clause.placed.last().and_then(|placed| self.kind_of(placed.node));
        let (true, Some(who)) = (clause.negated, who.filter(|who| knowledge.kind(*who).person_question)) else {
            return false;
        };
        let verb = fields.iter().find(|(kind, field)| {
            let known = knowledge.kind(*kind);
            *kind != who && known.of.is_none() && self.field_name(*kind, *field) == Some(&known.date)
        });
        let own = fields.iter().any(|(kind, _)| *kind == who);
        let Some((kind, _)) = verb.filter(|(kind, _)| !own && self.can_link(who, *kind)).copied() else { return false };
        // "never opened a ticket": the records follow.
        if self.next_kind(items, at).is_some() {
            return false;
        }
        clause.negated = false;
        clause.conn = Conn::No;
        self.kind(clause, items, at, kind, None);
        true
    }

    /// "customers who have not paid us": without the records that such a figure is made of. True if it was taken so.
    pub(super) fn nothing_of(&mut self, clause: &mut Clause, items: &[Item], at: usize) -> bool {
        // "customers who owe nothing"
        let nothing = items.get(at + 1).is_some_and(|next| next.low == "nothing");
        let Some(who) = self.people_spoken_of(clause).filter(|_| clause.negated || nothing) else { return false };
        let knowledge = self.reader.knowledge;
        // "customers who do not owe us anything": not among those that are listed as owing.
        let listed = |facet: KindId| {
            let leaves_out = |source: &Source| source.kind == facet && source.all && !source.rest.is_empty();
            self.is_facet_of(facet, who) && knowledge.sources.iter().any(leaves_out)
        };
        if let Some((facet, _)) = items.get(at).and_then(Item::kind).filter(|(facet, _)| listed(*facet)) {
            clause.negated = false;
            clause.conn = Conn::No;
            self.kind(clause, items, at, facet, None);
            return true;
        }
        let figure = items.get(at).and_then(|item| {
            let made = |(kind, field): (KindId, FieldId)| {
                knowledge.kind(kind).fields.get(field)?.instead.clone().filter(|_| kind != who)
            };
            item.fields().into_iter().find_map(made)
        });
        let Some(Instead { kind, filters, .. }) = figure.filter(|figure| self.can_link(who, figure.kind)) else {
            return false;
        };
        clause.negated = false;
        clause.conn = Conn::No;
        self.kind(clause, items, at, kind, None);
        let node = clause.placed.last().filter(|placed| self.kind_of(placed.node) == Some(kind)).map(|last| last.node);
        for filter in filters {
            if let Some(node) = node {
                self.apply(clause, node, filter, Conn::And);
            }
        }
        true
    }

    /// "did Hannah fix": a verb that is a noun elsewhere, and whose past form says how records stand.
    pub(super) fn was_done(&self, items: &[Item], at: usize) -> bool {
        let named = at.checked_sub(1).and_then(|before| items.get(before));
        let who = named.is_some_and(|item| matches!(item.what, What::Unknown { .. }));
        let did = items.get(..at).unwrap_or_default().iter().any(|item| item.low == "did");
        let verb = items.get(at).filter(|item| item.kind().is_some() && item.raw.eq_ignore_ascii_case(&item.low));
        who && did && verb.is_some_and(|verb| !self.past_of(verb).is_empty())
    }

    /// What the past form of a verb states.
    pub(super) fn past_of(&self, item: &Item) -> Vec<(KindId, Filter, Naming)> {
        let past = if item.low.ends_with('e') { format!("{}d", item.low) } else { format!("{}ed", item.low) };
        let word = Word { raw: past.clone(), stem: stem(&past), low: past, ..Word::default() };
        let found = self.reader.knowledge.lexicon.longest(&[word], 0);
        found.into_iter().flat_map(|found| found.meaning).filter_map(|meaning| meaning.value()).collect()
    }

    /// The kind of those people that the clause is about so far.
    fn people_spoken_of(&self, clause: &Clause) -> Option<KindId> {
        let placed = clause.placed.last().filter(|placed| placed.part == Part::Head)?;
        let kind = self.kind_of(placed.node)?;
        let people = self.reader.knowledge.kind(kind);
        (people.person_question && !people.key.is_empty()).then_some(kind)
    }
}

/// "did Hannah resolve", "did their customers open", "did not open a ticket": what somebody did, not how records stand.
pub(super) fn is_deed(items: &[Item], at: usize) -> bool {
    let before = items.get(..at).unwrap_or_default();
    let did = before.iter().any(|item| item.low == "did");
    // "did not open", "did ever open"
    let subject =
        before.iter().rev().find(|item| !item.has(Role::Not) && !matches!(item.low.as_str(), "ever" | "also"));
    let acts = subject.is_some_and(|item| {
        let we = matches!(item.low.as_str(), "we" | "you" | "they" | "i" | "he" | "she" | "did");
        we || item.kind().is_some() || matches!(item.what, What::Record(_) | What::Unknown { .. })
    });
    did && acts && items.get(at).is_some_and(|item| item.has(Role::Change))
}
