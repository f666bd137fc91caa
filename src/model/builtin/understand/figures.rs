//! Numbers as conditions: amounts, lengths and counts, above, below or between.

use super::super::frame::{Ask, Count, Filter, Head, Limit, Node, Order, Test};
use super::super::knowledge::{Figured, KindId, Role};
use super::super::reading::{Figure, Item, Unit, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conditions, Conn};

/// A number that some figure of the records is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub at: usize,
    /// What the numbers count.
    pub unit: Unit,
    pub least: Option<Limit>,
    pub most: Option<Limit>,
}

impl Range {
    /// The comparison with a field of that unit.
    fn test(&self, unit: &str) -> Test {
        let limit =
            |limit: Limit| Limit { number: Figure { number: limit.number, unit: self.unit }.in_unit(unit), ..limit };
        Test::Numbers(self.least.map(limit), self.most.map(limit))
    }
}

const LEAST: [(&str, bool); 17] = [
    ("over", false),
    ("above", false),
    ("more than", false),
    ("exceeding", false),
    ("exceeds", false),
    ("exceed", false),
    ("greater than", false),
    ("bigger than", false),
    ("larger than", false),
    ("higher than", false),
    ("longer than", false),
    ("slower than", false),
    ("older than", false),
    ("beyond", false),
    ("at least", true),
    ("no less than", true),
    ("not less than", true),
];
const MOST: [(&str, bool); 16] = [
    ("no more than", true),
    ("not more than", true),
    ("not over", true),
    ("at most", true),
    ("up to", true),
    ("maximum of", true),
    ("below", false),
    ("under", false),
    ("less than", false),
    ("lower than", false),
    ("smaller than", false),
    ("fewer than", false),
    ("shorter than", false),
    ("faster than", false),
    ("quicker than", false),
    ("within", true),
];

impl Builder<'_> {
    pub(super) fn number(&mut self, clause: &mut Clause, items: &[Item], at: usize, figure: Figure) {
        let Some((least, most)) = compared(clause, items, at, figure) else {
            clause.numbers.push((at, figure));
            return;
        };
        // "more than two tickets" counts records, "over 2000 dollars" does not.
        let counted = items.get(at + 1).is_some_and(|item| item.gap == Gap::None)
            && self
                .next_kind(items, at)
                .is_some_and(|kind| self.reader.knowledge.kind(kind).measure.is_empty() || is_small(figure))
            && figure.unit == Unit::Plain;
        if let (true, Some(count)) = (counted, count(least, most)) {
            clause.count = Some(count);
            clause.count_at = at;
            return;
        }
        clause.ranges.push(Range { at, unit: figure.unit, least, most });
    }

    /// Numbers are compared with the figure named beside them, else with the measure of the nearest records.
    pub(super) fn ranges(&mut self, clause: &mut Clause, items: &[Item]) {
        for range in std::mem::take(&mut clause.ranges) {
            let test = range.test("");
            if let Some(conditions) = self.named_figure(clause, &range) {
                self.place_or_wait(clause, range.at, conditions);
                continue;
            }
            // "resolved in less than 10 hours"
            let length = Some(range.unit).filter(|unit| matches!(unit, Unit::Hours | Unit::Days));
            if let Some((node, field)) = length.and_then(|_| self.length_of(clause, true)) {
                self.apply(clause, node, Filter::new(&field, range.test("hours")), Conn::And);
                continue;
            }
            let measure = |kind: KindId| {
                Some(self.reader.knowledge.kind(kind).measure.clone()).filter(|measure| !measure.is_empty())
            };
            let before = clause.placed.iter().rev().filter(|placed| placed.at < range.at);
            let after = clause.placed.iter().filter(|placed| placed.at >= range.at);
            let measured = before
                .chain(after)
                .find_map(|placed| self.kind_of(placed.node).and_then(measure).map(|measure| (placed.node, measure)));
            match measured {
                Some((node, field)) => self.apply(clause, node, Filter::new(&field, test), Conn::And),
                None => self.need(items.get(range.at).map_or("", |item| item.raw.as_str())),
            }
        }
    }

    /// The figure whose name stands beside the number; its word is used up.
    fn named_figure(&self, clause: &mut Clause, range: &Range) -> Option<Conditions> {
        let index = clause.fields.iter().position(|(at, fields)| {
            at.abs_diff(range.at) <= 3 && fields.iter().any(|(kind, field)| self.is_number(*kind, *field))
        })?;
        let (_, fields) = clause.fields.remove(index);
        let numbers = fields.into_iter().filter(|(kind, field)| self.is_number(*kind, *field));
        let conditions = numbers.filter_map(|(kind, field)| {
            let unit = self.reader.knowledge.kind(kind).fields.get(field).map(|field| field.unit.as_str())?;
            Some((kind, Filter::new(self.field_name(kind, field)?, range.test(unit))))
        });
        Some(conditions.collect())
    }

    pub(super) fn is_number(&self, kind: KindId, field: usize) -> bool {
        let known = self.reader.knowledge.kind(kind);
        known.fields.get(field).is_some_and(|field| field.number || field.name == known.measure)
    }
}

fn is_small(figure: Figure) -> bool {
    figure.count().is_some_and(|count| count <= 20)
}

type Limits = (Option<Limit>, Option<Limit>);

/// What a number is compared as, by the words around it; none if it only counts.
fn compared(clause: &mut Clause, items: &[Item], at: usize, figure: Figure) -> Option<Limits> {
    let limit = |figure: Figure, included: bool| Some(Limit { number: figure.number, included });
    let words = |from: usize, to: usize| {
        let some = items.get(from..to).unwrap_or_default();
        some.iter().map(|item| item.raw.to_lowercase()).collect::<Vec<_>>().join(" ")
    };
    let before = words(at.saturating_sub(4), at);
    let after = words(at + 1, (at + 3).min(items.len()));
    let ends = |table: &[(&str, bool)]| {
        table
            .iter()
            .find(|(word, _)| before == *word || before.ends_with(&format!(" {word}")))
            .map(|(_, included)| *included)
    };
    let next = items.get(at + 1).map_or("", |item| item.low.as_str());
    let open = before.ends_with("between") || before.ends_with("from");
    if let (true, Some(What::Number(second))) =
        (open && matches!(next, "and" | "to" | "&") || matches!(next, "to"), items.get(at + 2).map(|item| &item.what))
    {
        clause.use_up(at + 2);
        return Some((limit(figure, true), limit(*second, true)));
    }
    if let Some(included) = ends(&MOST) {
        return Some((None, limit(figure, included)));
    }
    if let Some(included) = ends(&LEAST) {
        return Some((limit(figure, included), None));
    }
    if ["or more", "or above", "or higher", "and above", "and up", "and more"]
        .iter()
        .any(|word| after.starts_with(word))
    {
        return Some((limit(figure, true), None));
    }
    if ["or less", "or below", "or under", "or fewer", "and below"].iter().any(|word| after.starts_with(word)) {
        return Some((None, limit(figure, true)));
    }
    (figure.unit == Unit::Money || before.ends_with("exactly")).then(|| (limit(figure, true), limit(figure, true)))
}

/// The numbers of records that fit.
fn count(least: Option<Limit>, most: Option<Limit>) -> Option<Count> {
    let whole =
        |limit: Limit| Figure { number: limit.number, unit: Unit::Plain }.count().map(|count| (count, limit.included));
    let least = match least {
        Some(limit) => whole(limit).map(|(count, included)| if included { count } else { count + 1 })?,
        None => 1,
    };
    let most = match most {
        Some(limit) => whole(limit).map(|(count, included)| if included { count } else { count.saturating_sub(1) })?,
        None => usize::MAX,
    };
    Some(Count { least, most })
}

impl Builder<'_> {
    /// "average resolution time of high-priority tickets", "how much did we bill in 2025": figures that the kind's own tool
    /// does not give under these conditions are made of the records themselves.
    pub(super) fn by_records(&mut self, clause: &Clause, heads: &mut [Head]) {
        let knowledge = self.reader.knowledge;
        for head in heads.iter_mut() {
            let Some(node) = self.frame.nodes.get(head.node).cloned() else { continue };
            let kind = knowledge.kind(node.kind);
            let figure = kind.fields.iter().find(|field| head.fields.contains(&field.name) && field.instead.is_some());
            let Some(instead) = figure
                .or_else(|| kind.fields.iter().find(|field| field.instead.is_some() && head.fields.is_empty()))
                .and_then(|field| field.instead.as_ref())
            else {
                continue;
            };
            let records = node.links.iter().map(|link| link.to).find(|to| self.kind_of(*to) == Some(instead.kind));
            let conditioned = records.filter(|to| self.frame.nodes.get(*to).is_some_and(|to| !to.is_free()));
            let impossible = kind.of.is_some()
                && node.links.is_empty()
                && node.named.is_none()
                && node.known.is_none()
                && !self.can_list(node.kind);
            // "average resolution time per engineer"
            let fields = clause.grouped_fields.first().map(|(_, fields)| fields.as_slice()).unwrap_or_default();
            let parted = self.parting_field(instead.kind, fields).is_some()
                || clause.groups.first().is_some_and(|group| knowledge.join(instead.kind, *group).is_some());
            let target = match conditioned {
                Some(records) => records,
                None if impossible || parted && instead.ask == Figured::Average => {
                    self.frame.add(Node { links: node.links.clone(), ..Node::new(instead.kind) })
                }
                None => continue,
            };
            if let Some(records) = self.frame.nodes.get_mut(target) {
                records.filters.extend(instead.filters.iter().cloned());
                let dates = knowledge.kind(instead.kind);
                let value = instead.filters.iter().find_map(|filter| match &filter.test {
                    Test::In(values) => values.iter().find_map(|value| dates.date_of.get(value)),
                    _ => None,
                });
                let date = value.unwrap_or(&dates.date).clone();
                let dated = node.filters.iter().filter(|filter| matches!(filter.test, Test::Dates(_)));
                records.filters.extend(dated.map(|filter| Filter { field: date.clone(), ..filter.clone() }));
                let own = node.links.iter().filter(|link| link.to != target).cloned();
                records.links.extend(own);
            }
            // "top 3 customers by revenue": the records of each are added up.
            let each = head.limit.zip(kind.of).and_then(|(_, of)| knowledge.join(instead.kind, of));
            head.node = target;
            head.fields.clear();
            if let (Some((field, _)), Some(Order::Field { descending, .. }), Figured::Sum) =
                (each, &head.order, &instead.ask)
            {
                (head.ask, head.order) = (Ask::GroupBy(field), Some(Order::Totals { descending: *descending }));
                continue;
            }
            head.ask = match instead.ask {
                Figured::Sum => Ask::Sum(instead.field.clone()),
                Figured::Average => Ask::Average(instead.field.clone()),
            };
        }
    }

    /// Notes that a word of the question was not used, so that the answer says so.
    pub(super) fn leave_out(&mut self, items: &[Item], at: usize) {
        let Some(item) = items.get(at) else { return };
        self.leave_out_words(&item.raw);
    }

    pub(super) fn leave_out_words(&mut self, words: &str) {
        if !self.frame.left_out.iter().any(|known| known == words) {
            self.frame.left_out.push(words.to_owned());
        }
    }

    /// Whether a word stands for anybody: "not assigned to anyone".
    pub(super) fn is_anyone(item: &Item) -> bool {
        item.has(Role::Anyone)
    }
}
