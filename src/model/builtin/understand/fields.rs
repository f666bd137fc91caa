//! Fields with something beside them: the record they are of, a name, a length of time, or nothing at all.

use super::super::frame::{DateSpan, Filter, Limit, NodeId, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::lexicon::Strength;
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conditions, Conn, Placed};

impl Builder<'_> {
    /// "what happened with TKT-1001": of a ticket its notes, although of a machine it would be the history.
    pub(super) fn is_field_of_named(&self, items: &[Item], item: &Item) -> bool {
        let Some((kind, Strength::Strong)) = item.kind() else { return false };
        let Some(base) = self.reader.knowledge.kind(kind).of else { return false };
        let named = |wanted: KindId| {
            items.iter().any(|item| matches!(&item.what, What::Record(mention) if mention.kind == wanted))
        };
        // "which ticket has the most notes", "which articles did Marcus write": of what is spoken of.
        let spoken = |wanted: KindId| items.iter().any(|item| item.kind().is_some_and(|(kind, _)| kind == wanted));
        let listed = self.can_list(kind);
        // "KB-004", "who wrote it?"
        let before = |wanted: KindId| {
            let rows = self.context.iter().flat_map(|context| context.named.iter().chain(&context.heads));
            rows.into_iter().any(|(kind, _)| *kind == wanted)
        };
        if !listed && !before(base) && item.fields().iter().any(|(other, _)| *other != kind && before(*other)) {
            return true;
        }
        !named(base)
            && item.fields().iter().any(|(other, _)| *other != kind && (named(*other) || !listed && spoken(*other)))
    }

    /// "contacts called Victor": a part of their name.
    pub(super) fn called(&mut self, clause: &mut Clause, items: &[Item], at: usize) -> bool {
        let Some(name) = items.get(at + 1).filter(|item| {
            let capital = item.raw.chars().next().is_some_and(char::is_uppercase);
            matches!(item.what, What::Unknown { .. } | What::Quoted) || matches!(item.what, What::Phrase(_)) && capital
        }) else {
            return false;
        };
        let named = clause.placed.last().and_then(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            let field = if kind.name_field.is_empty() { &kind.label } else { &kind.name_field };
            (!field.is_empty()).then(|| (placed.node, field.clone()))
        });
        let Some((node, field)) = named else { return false };
        clause.use_up(at + 1);
        self.apply(clause, node, Filter::new(&field, Test::Like(name.raw.clone())), Conn::And);
        true
    }

    /// "without an assignee", "not assigned to anyone", "nobody is working on": the field holds nothing.
    pub(super) fn nothing_recorded(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        fields: &[(KindId, FieldId)],
    ) -> bool {
        let person = self.person_field(fields).is_some();
        let next =
            items.iter().skip(at + 1).find(|item| !item.is_small() || Self::is_anyone(item) || item.has(Role::And));
        let anyone = next.is_some_and(Self::is_anyone);
        let ends = next.is_none_or(|next| next.gap == Gap::Stop || next.has(Role::And) || next.kind().is_some());
        let nobody = next.is_some_and(|next| Self::is_anyone(next) && next.has(Role::No));
        // "tickets that neither Marcus nor Elena works on": somebody is named, so that nobody is not meant.
        let named = clause.unknown.last().is_some_and(|last| {
            person && items.get(last.at + 1..at).is_some_and(|between| between.iter().all(Item::is_small))
        });
        let missing = nobody || clause.conn == Conn::No || clause.negated && (anyone || person && ends && !named);
        let fits = |placed: &Placed| {
            self.kind_of(placed.node).is_some_and(|kind| fields.iter().any(|(known, _)| *known == kind))
        };
        if !missing || !clause.placed.is_empty() && !clause.placed.iter().any(fits) {
            return false;
        }
        clause.conn = Conn::None;
        clause.negated = false;
        let conditions: Conditions = fields
            .iter()
            .filter_map(|(kind, field)| Some((*kind, Filter::new(self.field_name(*kind, *field)?, Test::Missing))))
            .collect();
        self.place_or_wait(clause, at, conditions);
        true
    }

    /// All fields with persons that the word at a place may mean.
    pub(super) fn people_fields(&self, items: &[Item], at: usize) -> Vec<(KindId, String)> {
        let fields = items.get(at).map(Item::fields).unwrap_or_default();
        fields.iter().filter_map(|field| self.person_field(std::slice::from_ref(field))).collect()
    }

    /// "assigned to Marcus Bell", "Marcus is working on": the name is a condition, not a company.
    pub(super) fn person_named(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        (kind, field): (KindId, String),
    ) -> bool {
        // "Who is responsible for Aurora": the person is asked for, the name is whose.
        if clause.roles.contains(&Role::Who) {
            return false;
        }
        let mut name: Option<String> = None;
        // "Is Daniel Osei responsible for TechCorp?": the name before is asked about, the one after is whose.
        let asked = clause.roles.contains(&Role::Yesno)
            && clause.unknown.last().is_some_and(|unknown| unknown.capital && at - unknown.at <= 3);
        let other = items.iter().skip(at + 1).any(|item| matches!(item.what, What::Unknown { .. } | What::Record(_)));
        if asked && other {
            let name = clause.unknown.pop().map(|unknown| unknown.raw).unwrap_or_default();
            let all: Conditions = self
                .people_fields(items, at)
                .into_iter()
                .map(|(kind, field)| (kind, Filter::new(&field, Test::Like(name.clone()))))
                .collect();
            clause.waiting.push((at, all));
            return true;
        }
        // "Meridian's tier and account manager" asks for the person; "Marcus is working on" names one.
        let last = items.get(at).and_then(|item| item.raw.split_whitespace().next_back().map(str::to_lowercase));
        let noun = last.is_some_and(|last| field.rsplit('_').next() == Some(last.as_str()));
        // "the account manager of Lumen" is asked for too, "customers with account manager Grace" are not.
        if noun && items.get(at + 1).is_some_and(|next| matches!(next.low.as_str(), "of" | "for" | "at")) {
            return false;
        }
        let (mut turned, mut turn) = (false, None);
        let mut others = Vec::new();
        for (offset, item) in items.iter().enumerate().skip(at + 1).take(4) {
            if item.has(Role::Except) || item.has(Role::Not) {
                (turned, turn) = (true, Some(offset));
            }
            match &item.what {
                What::Unknown { .. } | What::Quoted if item.gap < Gap::Stop => {
                    name = Some(item.raw.clone());
                    clause.use_up(offset);
                    // "assigned to Hannah or Elena"
                    let mut next = offset + 1;
                    while let Some(more) = other_name(items, next) {
                        others.push(more.raw.clone());
                        clause.use_up(next + 1);
                        next += 2;
                    }
                    break;
                }
                _ if item.is_small() && !item.has(Role::And) => {}
                _ => break,
            }
        }
        if name.is_none()
            && !noun
            && let Some(last) = clause.unknown.pop_if(|unknown| unknown.at < at && at - unknown.at <= 3)
        {
            others = self.joined_names(clause, items, last.at);
            name = Some(last.raw);
        }
        let Some(name) = name else { return false };
        // "whose account manager is not Sarah": the word is used up.
        turn.into_iter().for_each(|at| clause.use_up(at));
        let test =
            if others.is_empty() { Test::Like(name) } else { Test::In(others.into_iter().chain([name]).collect()) };
        let mut filter = Filter::new(&field, test);
        // "managed by someone other than Grace"
        filter.negated = std::mem::take(&mut clause.negated) || turned;
        let placed =
            clause.placed.iter().rev().find(|placed| self.kind_of(placed.node) == Some(kind)).map(|placed| placed.node);
        match placed {
            Some(node) => self.apply(clause, node, filter, Conn::And),
            None => clause.waiting.push((at, vec![(kind, filter)])),
        }
        true
    }

    /// The records that took some time, with the field that says how long; `done` if only records are meant of which it was
    /// said that they are done.
    pub(super) fn length_of(&self, clause: &Clause, done: bool) -> Option<(NodeId, String)> {
        clause.placed.iter().rev().find_map(|placed| {
            let node = self.frame.nodes.get(placed.node)?;
            let kind = self.reader.knowledge.kind(node.kind);
            let field = kind.fields.iter().find(|field| field.hours_between.is_some() && !field.or_now)?;
            let [_, end] = field.hours_between.as_ref()?;
            let ends = |filter: &Filter| match &filter.test {
                Test::In(values) => values.iter().any(|value| kind.date_of.get(value) == Some(end)),
                _ => false,
            };
            (!done || node.filters.iter().any(|filter| !filter.negated && ends(filter)))
                .then(|| (placed.node, field.name.clone()))
        })
    }

    /// "resolved within 24 hours": how long it took, not when it was.
    pub(super) fn took(&mut self, clause: &mut Clause, span: &DateSpan) -> bool {
        let low = span.said.to_lowercase();
        let mut words = low.split_whitespace();
        let within = words.next() == Some("within");
        let number = words.next().and_then(|word| match word {
            "a" | "an" => Some(1),
            word => super::super::dates::number(word),
        });
        let hours = match words.next() {
            Some("hour" | "hours" | "h" | "hrs") => 1,
            Some("day" | "days") => 24,
            Some("week" | "weeks") => 168,
            Some(_) | None => return false,
        };
        let (true, Some(number), None) = (within, number, words.next()) else { return false };
        // "created within 3 days" is counted from today; what is done took that long.
        let Some((node, field)) = self.length_of(clause, hours > 1) else { return false };
        let most = Limit { number: (number * hours).into(), included: true };
        self.apply(clause, node, Filter::new(&field, Test::Numbers(None, Some(most))), Conn::And);
        true
    }
}

/// A further name, joined by the word at a place.
fn other_name(items: &[Item], at: usize) -> Option<&Item> {
    let joins = items.get(at).is_some_and(|item| item.has(Role::Or) || item.has(Role::And) || item.low == "nor");
    items.get(at + 1).filter(|next| joins && matches!(next.what, What::Unknown { .. }))
}
