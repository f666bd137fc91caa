//! Follow-ups that change the last question instead of asking a new one: "only the high priority ones", "what about
//! DataFlow Solutions?", "and last month?", "how many?".

use super::super::dialogue::Context;
use jiff::ToSpan;
use jiff::civil::Date;

use super::super::frame::{Ask, DateSpan, Filter, Frame, Head, Manner, Sense, Test};
use super::super::knowledge::{KindId, Role};
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::Builder;
use super::clause::{Clause, Conn, Except, Unknown};

impl<'a> Builder<'a> {
    /// The last question's frame, changed as the follow-up says; none if this is a question of its own.
    pub(super) fn refined(&mut self, items: &[Item]) -> Option<Frame> {
        // The last question first; one before it, if only that has what the follow-up speaks of.
        let contexts: Vec<&'a Context> = self.earlier.iter().rev().take(3).collect();
        let last = self.context;
        let found = contexts.into_iter().find_map(|context| {
            self.context = Some(context);
            self.refined_from(items, context)
        });
        self.context = last;
        found
    }

    fn refined_from(&mut self, items: &[Item], context: &'a Context) -> Option<Frame> {
        let last = context.frame.as_ref().filter(|frame| !frame.heads.is_empty())?;
        let content: Vec<&Item> = items.iter().filter(|item| item.is_content()).collect();
        let has = |role: Role| items.iter().any(|item| item.has(role));
        let begins =
            items.first().is_some_and(|item| item.has(Role::And) || item.has(Role::WhatAbout)) || has(Role::WhatAbout);
        let narrows = has(Role::Only) || has(Role::Ones) || has(Role::Pronoun);
        // "is it resolved?" asks about the one record, it does not narrow a list.
        let one = context.heads.iter().chain(&context.named).any(|(_, rows)| rows.len() == 1);
        let check = items.first().is_some_and(|item| item.has(Role::Yesno)) && has(Role::Pronoun) && one;
        if content.len() > 6 || has(Role::Who) || check {
            return None;
        }
        let new_name = content.iter().any(|item| matches!(item.what, What::Record(_) | What::Unknown { .. }));
        if context.unfound && !new_name {
            return None;
        }
        // "show them": the same records, shown.
        if content.is_empty() && has(Role::Pronoun) && !has(Role::Change) && items.len() <= 5 && asks_to_show(items) {
            self.resume(last);
            self.frame.heads.iter_mut().for_each(|head| head.ask = Ask::List);
            return Some(std::mem::take(&mut self.frame));
        }
        if let Some(step) = step_in_time(items) {
            self.resume(last);
            let moved = self.moved(step);
            let frame = std::mem::take(&mut self.frame);
            return moved.then_some(frame);
        }
        self.resume(last);
        let parted = self.parted_again(items);
        let frame = std::mem::take(&mut self.frame);
        if parted {
            return Some(frame);
        }
        let kinds: Vec<KindId> =
            last.heads.iter().filter_map(|head| last.nodes.get(head.node)).map(|node| node.kind).collect();
        let other_kind = content.iter().any(|item| {
            item.values().is_empty() && item.kind().is_some_and(|(kind, _)| !kinds.contains(&kind))
                || item.values().iter().any(|(kind, _, naming)| *naming == Naming::Noun && !kinds.contains(kind))
                || !item.composites().is_empty()
        });
        if other_kind {
            return None;
        }
        let names_kind = content.iter().any(|item| item.kind().is_some());
        let named =
            content.iter().any(|item| matches!(item.what, What::Record(_) | What::Unknown { .. } | What::Position(_)));
        let values = content.iter().any(|item| !item.values().is_empty());
        let days = content.iter().any(|item| matches!(item.what, What::Days(_)));
        let ranks = content.iter().any(|item| item.superlative().is_some());
        self.resume(last);
        let left_out = has(Role::Except) || has(Role::Not) || has(Role::No);
        let changed = if named && left_out && !values && !names_kind {
            self.without_record(items)
        } else if named {
            (begins && !names_kind && !values) && self.other_record(items)
        } else if values && (narrows || !names_kind) {
            (narrows || begins || !names_kind) && self.other_conditions(items)
        } else if days && !names_kind {
            self.other_days(items)
        } else if ranks && !names_kind && (narrows || begins || content.len() <= 2) {
            self.other_order(items)
        } else if has(Role::Count) && content.is_empty() {
            self.frame.heads.iter_mut().for_each(|head| head.ask = Ask::Count);
            true
        } else if (has(Role::Sum) || has(Role::Average)) && content.is_empty() {
            self.summed(if has(Role::Average) { Ask::Average } else { Ask::Sum })
        } else {
            false
        };
        let frame = std::mem::take(&mut self.frame);
        self.named.clear();
        changed.then_some(frame)
    }

    /// "and the month before?": the spans of the last question, moved by that much.
    fn moved(&mut self, (unit, step): (Unit, i32)) -> bool {
        let mut changed = false;
        let conditions = self.frame.nodes.iter_mut().flat_map(|node| node.filters.iter_mut());
        for filter in conditions.filter(|filter| !filter.negated) {
            let Test::Dates(span) = &mut filter.test else { continue };
            let (Some(from), Some(to)) = (span.from, span.to) else { continue };
            let (Some(first), Some(last)) = (unit.moved(from, step), unit.moved(to, step)) else { continue };
            // A whole month stays a whole month.
            let whole = from == from.first_of_month() && to == to.last_of_month() && unit != Unit::Days(7);
            let last = if whole { last.last_of_month() } else { last };
            *span = DateSpan { from: Some(first), to: Some(last), said: format!("from {first} to {last}") };
            changed = true;
        }
        changed
    }

    /// Starts from the last question, with the records it named by their ids where these are known now.
    fn resume(&mut self, last: &Frame) {
        self.frame = last.clone();
        let Some(context) = self.context else { return };
        for node in &mut self.frame.nodes {
            let found = context.resolved.iter().find(|(mention, _)| Some(mention) == node.named.as_ref());
            if let Some((_, mention)) = found {
                node.named = Some(mention.clone());
            }
        }
        for head in &mut self.frame.heads {
            head.yesno = false;
        }
    }

    /// "how much in total?": of the records before, or of those that they were narrowed by.
    fn summed(&mut self, ask: fn(String) -> Ask) -> bool {
        let Some(node) = self.frame.heads.first().map(|head| head.node) else { return false };
        let links = self.frame.nodes.get(node).map(|node| node.links.clone()).unwrap_or_default();
        let measured = std::iter::once(node).chain(links.into_iter().map(|link| link.to)).find_map(|node| {
            let measure = &self.reader.knowledge.kind(self.kind_of(node)?).measure;
            (!measure.is_empty()).then(|| (node, measure.clone()))
        });
        let Some((node, measure)) = measured else { return false };
        self.frame.heads = vec![Head { ask: ask(measure), ..Head::list(node) }];
        true
    }

    /// "not the ones of TechCorp": the same again without them.
    fn without_record(&mut self, items: &[Item]) -> bool {
        let mut clause = Clause { except: Except::Open, ..Clause::default() };
        for (at, item) in items.iter().enumerate() {
            match &item.what {
                What::Record(mention) => self.record(&mut clause, at, mention),
                What::Unknown { .. } => {
                    self.company(&mut clause, Unknown::name(at, &item.raw, Conn::Except));
                }
                What::Phrase(_) | What::Days(_) | What::Number(_) | What::Quoted | What::Position(_) => {}
            }
        }
        let heads = self.frame.heads.clone();
        self.exclude(&clause, &heads, items);
        !clause.excluded.is_empty()
    }

    /// "what about DataFlow Solutions?": the record takes the place of the one before.
    fn other_record(&mut self, items: &[Item]) -> bool {
        let mut clause = Clause::default();
        for (at, item) in items.iter().enumerate() {
            match &item.what {
                What::Record(mention) => self.record(&mut clause, at, mention),
                What::Position(index) => self.position(&mut clause, at, *index),
                What::Unknown { .. } => {
                    self.company(&mut clause, Unknown::name(at, &item.raw, Conn::Of));
                }
                What::Phrase(_) | What::Days(_) | What::Number(_) | What::Quoted => {}
            }
        }
        let Some((_, new, _)) = clause.named.first() else { return false };
        let Some(kind) = self.kind_of(*new) else { return false };
        let mention = self.frame.nodes.get(*new).and_then(|node| node.named.clone());
        let mut replaced = false;
        for (index, node) in self.frame.nodes.iter_mut().enumerate() {
            if index != *new && node.kind == kind && (node.named.is_some() || node.known.is_some()) {
                node.named.clone_from(&mention);
                node.known = None;
                replaced = true;
            }
        }
        if !replaced {
            for index in 0..self.frame.heads.len() {
                let Some(node) = self.frame.heads.get(index).map(|head| head.node) else { continue };
                replaced |= self.link(node, *new, Sense::Exists, Manner::Of, Vec::new());
            }
        }
        replaced
    }

    /// "only the high priority ones": conditions on the same field are replaced, others are added.
    fn other_conditions(&mut self, items: &[Item]) -> bool {
        let mut changed = false;
        let mut negated = false;
        let mut fresh: Vec<(usize, String)> = Vec::new();
        for item in items {
            // "without the resolved ones"
            if item.has(Role::Not) || item.has(Role::No) || item.has(Role::Except) {
                negated = true;
            }
            let conditions: Vec<(KindId, Filter)> = item
                .values()
                .into_iter()
                .map(|(kind, mut filter, _)| {
                    filter.negated ^= negated;
                    (kind, filter)
                })
                .collect();
            if conditions.is_empty() {
                continue;
            }
            negated = false;
            for index in 0..self.frame.heads.len() {
                let Some(node) = self.frame.heads.get(index).map(|head| head.node) else { continue };
                let Some((fits, filters)) = self.kind_of(node).and_then(|kind| self.fitting(&conditions, kind)) else {
                    continue;
                };
                for filter in &filters {
                    if let Some(known) = self.frame.nodes.get_mut(node)
                        && !fresh.contains(&(node, filter.field.clone()))
                    {
                        known.filters.retain(|old| old.field != filter.field);
                        fresh.push((node, filter.field.clone()));
                    }
                }
                self.impose(&mut Clause::default(), node, fits, filters);
                changed = true;
            }
        }
        // What the question narrows is shown as a list, whatever was asked of it before.
        changed && self.relist(items)
    }

    fn relist(&mut self, items: &[Item]) -> bool {
        let count = items.iter().any(|item| item.has(Role::Count));
        for head in &mut self.frame.heads {
            if head.ask == Ask::Count && !count {
                head.ask = Ask::List;
            } else if count {
                head.ask = Ask::Count;
            }
        }
        true
    }

    fn other_days(&mut self, items: &[Item]) -> bool {
        let Some(span) = items.iter().find_map(|item| match &item.what {
            What::Days(span) => Some(span.clone()),
            _ => None,
        }) else {
            return false;
        };
        let mut changed = false;
        for index in 0..self.frame.heads.len() {
            let Some(id) = self.frame.heads.get(index).map(|head| head.node) else { continue };
            let Some(kind) = self.kind_of(id) else { continue };
            let date = self.reader.knowledge.kind(kind).date.clone();
            let Some(node) = self.frame.nodes.get_mut(id) else { continue };
            if let Some(filter) = node.filters.iter_mut().find(|filter| matches!(filter.test, Test::Dates(_))) {
                filter.test = Test::Dates(span.clone());
                changed = true;
            } else if !date.is_empty() && node.named.is_none() {
                node.filters.push(Filter::new(&date, Test::Dates(span.clone())));
                changed = true;
            }
        }
        changed
    }

    fn other_order(&mut self, items: &[Item]) -> bool {
        let number = items.iter().find_map(|item| match item.what {
            What::Number(figure) => figure.count(),
            _ => None,
        });
        let Some(known) =
            items.iter().find_map(Item::superlative).and_then(|index| self.reader.knowledge.superlatives.get(index))
        else {
            return false;
        };
        let Some(node) = self.frame.heads.first().map(|head| head.node) else { return false };
        let Some(kind) = self.kind_of(node) else { return false };
        let order = self.order_of(kind, &known.by, known.descending);
        self.frame.heads.truncate(1);
        match self.frame.heads.first_mut() {
            Some(head) if order.is_some() || number.is_some() => {
                head.order = order.or(head.order.take());
                head.limit = Some(number.unwrap_or(1));
                head.ask = Ask::List;
                // "how long did the last one take?"
                let asked = items.iter().flat_map(Item::fields).filter(|(known, _)| *known == kind);
                let fields = asked.filter_map(|(kind, field)| {
                    self.reader.knowledge.kind(kind).fields.get(field).map(|field| field.name.clone())
                });
                head.fields.extend(fields);
                true
            }
            Some(_) | None => false,
        }
    }
}

/// A stretch that dates are moved by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days(i32),
    Months(i32),
}

impl Unit {
    fn moved(self, day: Date, step: i32) -> Option<Date> {
        let span = match self {
            Self::Days(days) => (days * step).days(),
            Self::Months(months) => (months * step).months(),
        };
        day.checked_add(span).ok()
    }
}

/// "and the month before", "the previous quarter", "the week after that"; not "last month", which is said of today.
fn step_in_time(items: &[Item]) -> Option<(Unit, i32)> {
    let words: Vec<String> = items.iter().flat_map(|item| item.raw.split(' ')).map(str::to_lowercase).collect();
    if words.len() > 7 {
        return None;
    }
    let at = words
        .iter()
        .position(|word| matches!(word.trim_end_matches('s'), "day" | "week" | "month" | "quarter" | "year"))?;
    let unit = match words.get(at)?.as_str() {
        "day" => Unit::Days(1),
        "week" => Unit::Days(7),
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        _ => Unit::Months(12),
    };
    let near = |word: &str| words.get(at + 1).is_some_and(|next| next == word);
    let step = if near("before") || near("earlier") || at > 0 && matches!(words[at - 1].as_str(), "preceding" | "prior")
    {
        -1
    } else if near("after") || near("later") || at > 0 && words[at - 1] == "following" {
        1
    } else {
        return None;
    };
    Some((unit, step))
}

fn asks_to_show(items: &[Item]) -> bool {
    items.first().is_some_and(|item| {
        matches!(item.low.as_str(), "show" | "list" | "give" | "display" | "see" | "which" | "print" | "them" | "those")
    })
}
