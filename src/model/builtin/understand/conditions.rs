//! Conditions: which records each belongs to, what "or" and "not" do to them.

use super::super::frame::{DateSpan, Filter, NodeId, Test};
use super::super::knowledge::{KindId, Role};
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conditions, Conn, Except};

impl Builder<'_> {
    pub(super) fn value(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        item: &Item,
        values: Vec<(KindId, Filter, Naming)>,
    ) {
        if self.left_out_by_value(clause, items, at, &values) {
            return;
        }
        let negated = std::mem::take(&mut clause.negated);
        let turn = |mut filter: Filter| {
            filter.negated ^= negated;
            filter
        };
        let text_only = self.only_text_wanted(clause);
        if text_only && item.is_topic() && negated {
            return self.leave_out_words(&format!("not {}", item.raw));
        }
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
            if joined == Conn::Or {
                clause.alternatives.insert(at);
            }
            if joined != Conn::None
                || item.gap != Gap::None
                || items.get(at.wrapping_sub(1)).is_some_and(|before| matches!(before.low.as_str(), "vs" | "versus"))
            {
                clause.joined.insert(at);
            }
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
                // "customers that don't have 24x7 support"
                let without = clause.conn == Conn::No;
                clause.conn = if without { Conn::None } else { clause.conn };
                let turned = filters.into_iter().map(|filter| Filter { negated: filter.negated ^ without, ..filter });
                self.impose(clause, node, fits, turned.collect());
            }
            return;
        }
        if item.is_topic() && clause.placed.is_empty() && clause.named.is_empty() {
            clause.texts.push((at, item.raw.clone()));
        }
        if clause.conn == Conn::No && !clause.placed.is_empty() {
            clause.conn = Conn::None;
            clause.without.insert(at);
        }
        clause.waiting.push((at, conditions));
    }

    /// "all but the paid ones", "invoices without the overdue ones", "assets except laptops".
    fn left_out_by_value(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        values: &[(KindId, Filter, Naming)],
    ) -> bool {
        let excepted = clause.except != Except::No;
        if !excepted && clause.conn != Conn::No {
            return false;
        }
        let conditions: Conditions = values.iter().map(|(kind, filter, _)| (*kind, filter.clone())).collect();
        let placed = |kind: KindId| clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(kind));
        // "except those with open tickets": the condition belongs to what follows.
        if self.next_kind(items, at).is_some_and(|next| !placed(next) && self.fitting(&conditions, next).is_some()) {
            return false;
        }
        let target = clause.placed.iter().rev().find_map(|placed| {
            let kind = self.kind_of(placed.node)?;
            self.fitting(&conditions, kind).filter(|(fits, _)| *fits == kind).map(|(_, filters)| (placed.node, filters))
        });
        let Some((node, filters)) = target else { return false };
        let turned = std::mem::take(&mut clause.negated);
        for mut filter in filters {
            filter.negated ^= !turned;
            self.apply(clause, node, filter, Conn::And);
        }
        clause.conn = Conn::None;
        if excepted {
            clause.except = Except::Done;
        }
        true
    }

    /// Whether only articles or steps are wanted so far: then technical words are for the search.
    pub(super) fn only_text_wanted(&self, clause: &Clause) -> bool {
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
            && let (Some(mut values), Some(more)) = (values_of(&same.test), values_of(&filter.test))
        {
            for value in more {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            same.test = if values.len() == 1 { same.test.clone() } else { Test::In(values) };
            if !filter.say.is_empty() && !same.say.contains(&filter.say) {
                same.say = format!("{} or {}", same.say, filter.say);
            }
            return;
        }
        if joined == Conn::Or
            && let Some((before, other)) = last
            && before == node
            && (other != field || !known.any.is_empty() || known.filters.iter().any(|known| known.field == field))
        {
            if let Some(position) = known.filters.iter().rposition(|known| known.field == other) {
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

    /// "within 30 days" and "already over", counted from today.
    pub(super) fn dated(&self, mut filter: Filter) -> Filter {
        let today = self.reader.today;
        let after = |days: i64| today.checked_add(jiff::Span::new().days(days)).ok();
        match filter.test {
            Test::WithinDays(days) => {
                let said = format!("within {days} days");
                filter.test = Test::Dates(DateSpan { from: Some(today), to: after(days), said });
            }
            Test::UntilDay(days) => {
                filter.test = Test::Dates(DateSpan { from: None, to: after(days), said: "until now".to_owned() });
            }
            Test::In(_)
            | Test::Like(_)
            | Test::Is(_)
            | Test::Dates(_)
            | Test::Numbers(..)
            | Test::Missing
            | Test::Against(..) => {}
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
                // "high severity tickets": the field's word beside its value.
                || (!item.fields().is_empty() && item.kind().is_none() && offset == 0);
            if !passes {
                return None;
            }
        }
        None
    }
}

/// The values that a test compares with.
fn values_of(test: &Test) -> Option<Vec<String>> {
    match test {
        Test::In(values) => Some(values.clone()),
        Test::Like(value) => Some(vec![value.clone()]),
        Test::Is(_)
        | Test::Dates(_)
        | Test::WithinDays(_)
        | Test::UntilDay(_)
        | Test::Numbers(..)
        | Test::Missing
        | Test::Against(..) => None,
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

/// "with gold or platinum SLA": what stands between two values says nothing of the records behind them.
pub(super) fn joins_values(items: &[Item], at: usize) -> bool {
    let value = |item: Option<&Item>| item.is_some_and(|item| !item.values().is_empty() && item.kind().is_none());
    let joins = items.get(at).is_some_and(|item| item.has(Role::And) || item.has(Role::Or));
    joins && value(at.checked_sub(1).and_then(|before| items.get(before))) && value(items.get(at + 1))
}
