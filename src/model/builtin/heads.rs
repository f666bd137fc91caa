//! What was asked, worked out from the records: order, limit, groups, counts, names beside ids.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::access::Bound;
use super::frame::{Ask, Head, NodeId, Order};
use super::knowledge::{Kind, KindId};
use super::rows::{self, Row};
use super::run::{Found, Run, State};

/// A head with everything its answer needs.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub kind: KindId,
    /// The records, in order, cut to the limit.
    pub rows: Vec<Row>,
    /// How many there were before the limit.
    pub all: usize,
    pub found: Found,
    /// For each value of the grouping field, or each counted record: value, number, an example to refer to.
    pub groups: Vec<Group>,
    /// The records that the conditions on other records rest on: their node, and the fields that tie them.
    pub evidence: Vec<Evidence>,
    /// The records that these are a part of, where the size of the part was asked for.
    pub whole: Option<Found>,
    /// Records after the limit that are equal to the last one before it.
    pub ties: Vec<Row>,
    /// To whom the question gives the record, where it names both.
    pub owner: Option<Found>,
    /// The records that stand beside these without being counted.
    pub beside: Option<Found>,
    /// Exact total and the number of records it is made of, by currency.
    pub totals: Vec<Total>,
}

/// Records that narrow others: the overdue invoices of "customers with an overdue invoice".
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub node: NodeId,
    /// The field of the narrowed records, and of these.
    pub on: (String, String),
    pub rows: Vec<Row>,
}

/// Records with one value in common.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub value: String,
    pub rows: Vec<Row>,
}

impl Group {
    /// The exact sum of a field.
    pub(super) fn total(&self, field: &str) -> Decimal {
        self.rows.iter().filter_map(|row| row.number(field)).sum()
    }
}

/// An exact sum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Total {
    pub currency: String,
    pub sum: Decimal,
    pub count: usize,
}

/// What a head comes to now; none while calls have to be made first.
pub(super) fn evaluate(run: &mut Run<'_>, head: &Head) -> Option<Answered> {
    // Both are asked for side by side.
    let answered = counted(run, head);
    let beside = head.beside.map(|node| run.resolve(node));
    let mut answered = answered?;
    answered.beside = match beside {
        Some(State::Waiting) => return None,
        Some(State::Ready(found)) => Some(found),
        None => None,
    };
    Some(answered)
}

fn counted(run: &mut Run<'_>, head: &Head) -> Option<Answered> {
    if let Some(Order::CountOf { node, descending }) = &head.order {
        return by_count(run, head, *node, *descending);
    }
    // Both are asked for side by side.
    let (own, whole) =
        (run.resolve(head.node), if let Ask::Share(whole) = head.ask { Some(run.resolve(whole)) } else { None });
    let State::Ready(found) = own else { return None };
    let mut answered = answered(run, head, found)?;
    match whole {
        Some(State::Waiting) => return None,
        Some(State::Ready(found)) => answered.whole = Some(found),
        None => {}
    }
    if let Ask::GroupBy(field) = &head.ask {
        group(run, head, field, &mut answered)?;
    }
    Some(answered)
}

fn answered(run: &mut Run<'_>, head: &Head, mut found: Found) -> Option<Answered> {
    let mut rows = std::mem::take(&mut found.rows);
    // A name may have turned out to be of another kind: a contact instead of a company.
    let kind = rows.first().map_or_else(|| run.kind_of(head.node), |row| row.kind);
    let known = run.knowledge().kind(kind);
    if let Some(Order::Field { field, descending }) = &head.order {
        rows.sort_by(|a, b| rows::compare(known, a, b, field, *descending));
    }
    // What has no such figure has no part in a mean.
    if let (Ask::GroupBy(_), Some(mean)) = (&head.ask, &head.mean) {
        rows.retain(|row| row.number(mean).is_some());
    }
    let all = rows.len();
    let totals = match &head.ask {
        Ask::Sum(field) | Ask::Average(field) => totals(&rows, field, &known.currency),
        Ask::List | Ask::Count | Ask::Share(_) | Ask::GroupBy(_) => Vec::new(),
    };
    let mut ties = Vec::new();
    if let Some(limit) = head.limit
        && !matches!(head.ask, Ask::GroupBy(_))
    {
        rows.drain(..head.skip.min(rows.len()));
        ties = equal_beyond(known, head, &rows, limit);
        rows.truncate(limit);
    }
    if let Some(names) = head.names {
        run.names(kind, names, &[rows.as_slice(), &ties].concat())?;
    }
    let (evidence, owner) = (run.evidence(head.node), run.owner(head.node));
    Some(Answered {
        kind,
        rows,
        all,
        found,
        groups: Vec::new(),
        evidence,
        whole: None,
        ties,
        owner,
        beside: None,
        totals,
    })
}

/// Of records in order those after the limit with the same figure as the last one before it.
fn equal_beyond(kind: &Kind, head: &Head, rows: &[Row], limit: usize) -> Vec<Row> {
    let Some(Order::Field { field, .. }) = &head.order else { return Vec::new() };
    let (shown, rest) = rows.split_at(limit.min(rows.len()));
    let Some(last) = shown.last().filter(|last| last.get(field).is_some()) else { return Vec::new() };
    let same = |row: &&Row| row.get(field).is_some() && rows::compare(kind, last, row, field, false).is_eq();
    rest.iter().take_while(same).cloned().collect()
}

fn totals(rows: &[Row], field: &str, currency: &str) -> Vec<Total> {
    let mut out: Vec<Total> = Vec::new();
    for row in rows {
        let Some(number) = row.number(field) else { continue };
        let currency = row.text(currency).unwrap_or_default();
        match out.iter_mut().find(|total| total.currency == currency) {
            Some(total) => {
                total.sum += number;
                total.count += 1;
            }
            None => out.push(Total { currency, sum: number, count: 1 }),
        }
    }
    // Nothing has no currency: it belongs to the one total that there is.
    if let [one, other] = out.as_mut_slice() {
        let nothing = |total: &Total| total.currency.is_empty() && total.sum.is_zero();
        let count = one.count + other.count;
        match (nothing(one), nothing(other)) {
            (_, true) => one.count = count,
            (true, false) => other.count = count,
            (false, false) => return out,
        }
        out.retain(|total| total.count == count);
    }
    out
}

fn group(run: &mut Run<'_>, head: &Head, field: &str, answered: &mut Answered) -> Option<()> {
    let mut groups = grouped(run.knowledge().kind(answered.kind), &answered.rows, field);
    let fewest = head.order == Some(Order::Groups { descending: false });
    if fewest {
        groups.reverse();
    }
    if let Some(Order::Totals { descending }) = head.order {
        let measure = &run.knowledge().kind(answered.kind).measure;
        groups.sort_by_key(|group| {
            let total = group.total(measure);
            if descending { -total } else { total }
        });
        groups.truncate(head.limit.unwrap_or(groups.len()));
    } else if let Some(limit) = head.limit {
        let edge = groups.get(limit.saturating_sub(1)).map_or(0, |group| group.rows.len());
        groups.retain(|group| if fewest { group.rows.len() <= edge } else { group.rows.len() >= edge.max(1) });
    }
    let knowledge = run.knowledge();
    if let Some(target) =
        knowledge.kind(answered.kind).refers(answered.kind, field).filter(|target| *target != answered.kind)
    {
        let some: Vec<Row> = groups.iter().filter_map(|group| group.rows.first().cloned()).collect();
        run.names(answered.kind, target, &some)?;
    }
    answered.groups = groups;
    Some(())
}

/// Groups, largest first; equal ones by their value.
fn grouped(kind: &Kind, rows: &[Row], field: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    // A date cut to its first letters is a month or a year.
    let (field, letters) = match field.split_once('@') {
        Some((field, letters)) => (field, letters.parse::<usize>().ok()),
        None => (field, None),
    };
    let cut =
        |value: String| letters.map_or(value.clone(), |letters| value.get(..letters).unwrap_or(&value).to_owned());
    for row in rows {
        // An unpaid invoice past its day is overdue whatever its status says.
        let flagged = rows::flagged(kind, row, field).map(|value| vec![value.to_owned()]);
        let values = flagged.unwrap_or_else(|| rows::distinct(std::slice::from_ref(row), field));
        for value in values.into_iter().map(cut) {
            match index.get(&value).and_then(|at| groups.get_mut(*at)) {
                Some(group) => group.rows.push(row.clone()),
                None => {
                    index.insert(value.clone(), groups.len());
                    groups.push(Group { value, rows: vec![row.clone()] });
                }
            }
        }
    }
    if letters.is_some() {
        groups.sort_by(|a, b| a.value.cmp(&b.value));
        return groups;
    }
    groups.sort_by(|a, b| b.rows.len().cmp(&a.rows.len()).then_with(|| a.value.cmp(&b.value)));
    groups
}

/// "Customers with the most open tickets": count first, then fetch only the winners.
fn by_count(run: &mut Run<'_>, head: &Head, counted: NodeId, descending: bool) -> Option<Answered> {
    let kind = run.kind_of(head.node);
    let (field, other) = run.knowledge().join(kind, run.kind_of(counted))?;
    let State::Ready(of) = run.resolve(counted) else { return None };
    let mut groups = grouped(run.knowledge().kind(run.kind_of(counted)), &of.rows, &other);
    let narrowed = run.narrows_itself(head.node, counted);
    if narrowed {
        let State::Ready(found) = run.resolve(head.node) else { return None };
        let members = rows::distinct(&found.rows, &field);
        groups.retain(|group| members.contains(&group.value));
    }
    if !descending {
        groups.reverse();
    }
    let limit = head.limit.unwrap_or(groups.len());
    // Those that are equal to the last one belong to the winners too.
    let least = groups.get(limit.saturating_sub(1)).or(groups.last()).map_or(0, |group| group.rows.len());
    groups.retain(|group| if descending { group.rows.len() >= least } else { group.rows.len() <= least });
    let values: Vec<String> = groups.iter().map(|group| group.value.clone()).collect();
    let found = if values.is_empty() { of.clone() } else { run.by_keys(kind, &field, Bound::Each(values))? };
    let rows = found.rows.clone();
    Some(Answered {
        kind,
        all: rows.len(),
        rows,
        found,
        groups,
        evidence: Vec::new(),
        whole: None,
        ties: Vec::new(),
        owner: None,
        beside: None,
        totals: Vec::new(),
    })
}
