//! Walks over a clause: each record, condition and connection is put where it belongs, as far as that is clear.

use super::super::frame::{Filter, Head, Mention, Node, Order, Sense, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::lexicon::{Naming, Strength};
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conn, Except, Part, Period, Placed, Unknown, ordinal};
use super::conditions::joins_values;
use super::deeds::is_deed;

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
            // A search cannot leave words out; the answer says so.
            let negated = at.checked_sub(1).and_then(|before| items.get(before));
            let turned = negated.is_some_and(|before| before.has(Role::Not));
            let fits = item
                .values()
                .iter()
                .any(|(kind, ..)| clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(*kind)));
            // "tickets about backups that are not done", "about macs that are unresolved": a condition again.
            let says_not = item.values().iter().any(|(_, filter, _)| filter.negated);
            if (turned || says_not) && fits && !item.is_topic() {
                clause.in_text = false;
                clause.negated = turned;
                return self.item(clause, items, at, item);
            }
            if negated.is_some_and(|before| before.has(Role::Not) || before.has(Role::Except) || before.has(Role::No)) {
                self.leave_out_words(&format!("{} {}", items[at - 1].raw, item.raw));
            } else if !item.is_small() {
                clause.texts.push((at, item.raw.clone()));
            }
            return;
        }
        clause.in_text = false;
        let ordinal =
            ordinal(&item.low).is_some() && items.get(at + 1).is_some_and(|next| next.superlative().is_some());
        if ordinal {
            return;
        }
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
        if item.has(Role::Unrecorded) {
            return self.need(&item.raw);
        }
        let composites = item.composites();
        // "invoices they pay late": beside its records a condition, no report.
        let condition = item
            .values()
            .iter()
            .any(|(kind, ..)| clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(*kind)));
        if !composites.is_empty() && !condition {
            clause.composites.extend(composites);
            return;
        }
        if let Some(index) = item.superlative()
            && self.ranking(clause, items, at, index)
        {
            return;
        }
        let values = self.values_of(items, at, item);
        let did = self.was_done(items, at);
        if self.is_field_of_named(items, item) {
            self.field(clause, items, at, item, item.fields());
            return;
        }
        if item.has(Role::About) && self.opens_text(clause, items, at) {
            clause.in_text = true;
            return;
        }
        if self.nothing_of(clause, items, at) {
            return;
        }
        match item.kind() {
            Some((kind, Strength::Strong)) if !did => {
                // "phone number" names the people and what of them is wanted.
                let own: Vec<(KindId, FieldId)> =
                    item.fields().into_iter().filter(|(known, _)| *known == kind).collect();
                let known = self.reader.knowledge.kind(kind);
                let figure = |(_, field): &(KindId, FieldId)| {
                    known.fields.get(*field).is_some_and(|field| field.number && field.name != known.measure)
                };
                // "what did Marcus write": the word for what he made says who made it.
                if let Some(person) = self.person_field(&own).filter(|_| !clause.unknown.is_empty()) {
                    self.kind(clause, items, at, kind, None);
                    self.person_named(clause, items, at, person);
                    return;
                }
                if !own.is_empty() && (known.measure.is_empty() && !known.single || own.iter().all(figure)) {
                    clause.fields.push((at, own));
                }
                self.kind(clause, items, at, kind, None);
                // "the finance manager": a word for the people that says which.
                let own: Vec<Filter> =
                    values.into_iter().filter(|(known, ..)| *known == kind).map(|(_, filter, _)| filter).collect();
                let node = clause
                    .placed
                    .last()
                    .filter(|placed| self.kind_of(placed.node) == Some(kind))
                    .map(|placed| placed.node);
                for filter in own {
                    if let Some(node) = node {
                        self.apply(clause, node, filter, Conn::And);
                    }
                }
                return;
            }
            Some((_, Strength::Strong)) => {}
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
        self.done_by(clause, at, &values);
        if !values.is_empty() && (!asked_when || item.fields().is_empty()) && !self.field_with_days(items, at, item) {
            return self.value(clause, items, at, item, values);
        }
        let fields = item.fields();
        if self.never_did(clause, items, at, &fields) {
            return;
        }
        if !fields.is_empty() && !self.is_total(item) && self.field(clause, items, at, item, fields) {
            // "paid in September" says both what and when.
            if !values.is_empty() && self.field_with_days(items, at, item) {
                let field = clause.fields.pop();
                // "expiring this year" says itself what "expiring" alone only implies.
                let implied = |test: &Test| matches!(test, Test::WithinDays(_) | Test::UntilDay(_));
                let values: Vec<_> = values.into_iter().filter(|(_, filter, _)| !implied(&filter.test)).collect();
                if !values.is_empty() {
                    self.value(clause, items, at, item, values);
                }
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

    /// What a word states; of "did Hannah resolve" what "resolved" states.
    fn values_of(&self, items: &[Item], at: usize, item: &Item) -> Vec<(KindId, Filter, Naming)> {
        if is_deed(items, at) || self.was_done(items, at) { self.past_of(item) } else { item.values() }
    }

    /// "total" asks for a sum even where a field is called so.
    fn is_total(&self, item: &Item) -> bool {
        item.has(Role::Sum) || item.has(Role::Average)
    }

    fn roles(&mut self, clause: &mut Clause, items: &[Item], at: usize, item: &Item) {
        if self.parted_by(clause, items, at) {
            return;
        }
        let grouping = item.has(Role::Per) && self.groups_here(clause, items, at);
        let relative = super::is_relative(items, at);
        for role in [
            Role::Count,
            Role::Sum,
            Role::Average,
            Role::Share,
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
        let opening =
            items.get(..at).unwrap_or_default().iter().all(|item| {
                item.is_small() && (item.has(Role::Ignore) || item.has(Role::Greet) || item.has(Role::And))
            });
        let interrogative = items.get(..at).unwrap_or_default().iter().any(|item| {
            matches!(item.low.as_str(), "what" | "which" | "how" | "when" | "where" | "why" | "who" | "whose")
        });
        // "can you show me all machines" wants them shown.
        let polite = matches!(item.low.as_str(), "can" | "could")
            && items.get(at + 1).is_some_and(|next| matches!(next.low.as_str(), "you" | "i" | "we"));
        if opening && !interrogative && item.has(Role::Yesno) && !polite {
            clause.roles.insert(Role::Yesno);
        }
        if item.has(Role::Beyond) {
            self.leave_out(items, at);
        }
        // "with neither tickets nor assets"
        let neither = item.low == "neither" && clause.conn == Conn::With;
        let nor = item.low == "nor"
            && clause.placed.last().is_some_and(|placed| matches!(placed.part, Part::Narrows(_, Sense::Missing, _)));
        if neither || nor {
            clause.conn = Conn::No;
            return;
        }
        if item.has(Role::Not) && !item.has(Role::Except) {
            clause.negated = true;
        }
        if item.has(Role::Except) {
            clause.except = Except::Open;
            clause.negated = false;
        } else if clause.except == Except::Done && (item.has(Role::Of) || item.has(Role::With)) {
            clause.except = Except::No;
        }
        if item.has(Role::Per) || item.low == "by" {
            let next = items.iter().skip(at + 1).find(|item| item.low != "the").map_or("", |item| item.low.as_str());
            clause.period = match next {
                "month" | "calendar" => Some(Period::Month),
                "year" => Some(Period::Year),
                "day" | "date" => Some(Period::Day),
                _ => clause.period,
            };
        }
        clause.conn = if grouping {
            Conn::Per
        } else if joins_values(items, at) {
            clause.conn
        } else if item.has(Role::Except) {
            Conn::None
        } else if item.has(Role::No) {
            Conn::No
        // "who has worked on it": what follows was done, not had.
        } else if item.has(Role::With)
            && self.person_field(&items.get(at + 1).map(Item::fields).unwrap_or_default()).is_none()
        {
            if clause.conn == Conn::No || clause.except == Except::Open { Conn::No } else { Conn::With }
        // "ticket counts of Aurora"
        } else if item.has(Role::Of) || item.has(Role::Count) && !clause.placed.is_empty() && item.raw.ends_with(" of")
        {
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
        let sure = sure || (item.low == "by" && closed && !(clause.placed.is_empty() && clause.waiting.is_empty()));
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

    /// Records named by the question.
    pub(super) fn record(&mut self, clause: &mut Clause, at: usize, mention: &Mention) {
        let conn = std::mem::take(&mut clause.conn);
        if clause.except != Except::No || conn == Conn::No {
            let mut node = Node::new(mention.kind);
            node.named = Some(mention.clone());
            let node = self.frame.add(node);
            clause.excluded.push((at, node));
            if clause.except == Except::Open {
                clause.except = Except::Done;
            }
            return;
        }
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
            if let Some(last) = clause.named.last_mut() {
                last.0 = at;
            }
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
        let conn = if clause.except != Except::No || conn == Conn::No { Conn::Except } else { conn };
        // "who besides Marcus has critical tickets": what follows is wanted again.
        if clause.except == Except::Open {
            clause.except = Except::Done;
        }
        clause.unknown.push(Unknown { at, raw: item.raw.clone(), capital, quoted: false, conn });
    }

    /// A head, for callers that need one without a clause's words.
    pub(super) fn head_of(&self, placed: &Placed, order: Option<Order>, limit: Option<usize>) -> Head {
        Head { order, limit, ..Head::list(placed.node) }
    }
}
