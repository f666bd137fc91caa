//! Totals, means, groups and counts in words.

use minijinja::context;

use super::super::forms;
use super::super::frame::{Ask, Head, NodeId, Order};
use super::super::heads::{Answered, Group};
use super::super::knowledge::Kind;
use super::super::rows::{self, Row};
use super::references::{own_refs, refs};
use super::scribe::{Grammar, Scribe};
use super::{lead, values};
use crate::protocol::CallId;

pub(super) fn totals(scribe: &Scribe<'_>, head: &Head, answered: &Answered, field: &str) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(answered.kind);
    let what = |n: usize| scribe.describe(head.node, if n == 1 { Grammar::One } else { Grammar::Many });
    let references = refs(&lead::calls(answered));
    if answered.totals.is_empty() {
        return forms::fill(forms, "sum_none", context! { what => what(0), refs => references });
    }
    let average = matches!(head.ask, Ask::Average(_));
    let sentences: Vec<String> = answered
        .totals
        .iter()
        .map(|total| {
            let number = if average { total.sum / rust_decimal::Decimal::from(total.count) } else { total.sum };
            let shown = if values::is_money(kind, field) { values::money(number) } else { number.round_dp(1).normalize().to_string() };
            let unit = if total.currency.is_empty() { kind.field(field).map(|field| field.unit.as_str()).unwrap_or_default() } else { &total.currency };
            let total_text = format!("{shown} {unit}").trim().to_owned();
            let form = if average { "average" } else { "sum" };
            forms::fill(forms, form, context! { total => total_text, label => values::label(kind, field), n => total.count, what => what(total.count), refs => references.as_str() })
        })
        .collect();
    sentences.join(" ")
}

pub(super) fn grouped(scribe: &Scribe<'_>, head: &Head, answered: &Answered, field: &str) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(answered.kind);
    let what = scribe.describe(head.node, if answered.all == 1 { Grammar::One } else { Grammar::Many });
    let references = refs(&lead::calls(answered));
    if let (Some(Order::Totals { descending }), Some(first)) = (&head.order, answered.groups.first()) {
        let currency = rows::distinct(&first.rows, &kind.currency).join(", ");
        let total = format!("{} {currency}", values::money(first.total(&kind.measure)));
        return forms::fill(
            forms,
            "group_total",
            context! { value => scribe.id(&first.value), several => answered.groups.len(), descending => *descending, total => total.trim(), n => answered.all, what, label => values::label(kind, &kind.measure), refs => references },
        );
    }
    if head.limit.is_some()
        && let Some(first) = answered.groups.first()
    {
        let most = first.rows.len();
        let names: Vec<String> = answered
            .groups
            .iter()
            .filter(|group| group.rows.len() == most)
            .map(|group| scribe.id(&group.value))
            .collect();
        return forms::fill(
            forms,
            "group_first",
            context! { value => names.join(", "), several => names.len() > 1, fewest => head.order == Some(Order::Groups { descending: false }), n => most, all => answered.all, what => what, refs => references },
        );
    }
    forms::fill(
        forms,
        "group",
        context! { n => answered.all, what => what, mean => head.mean.as_ref().map(|mean| values::label(kind, mean)), label => values::label(kind, field), refs => references },
    )
}

pub(super) fn most(scribe: &Scribe<'_>, answered: &Answered, node: usize, descending: bool) -> String {
    let Some(first) = answered.groups.first() else {
        return forms::fill(
            &scribe.knowledge.forms,
            "list",
            context! { n => 0, what => scribe.describe(node, Grammar::Many), refs => refs(&answered.found.calls) },
        );
    };
    let n = first.rows.len();
    let winners: Vec<&Group> = answered.groups.iter().filter(|group| group.rows.len() == n).collect();
    let names: Vec<String> = winners.iter().map(|group| scribe.id(&group.value)).collect();
    let calls: Vec<CallId> = winners
        .iter()
        .flat_map(|group| group.rows.iter().map(|row| row.call))
        .chain(answered.rows.iter().map(|row| row.call))
        .collect();
    let what = scribe.describe(node, if n == 1 { Grammar::One } else { Grammar::Many });
    forms::fill(
        &scribe.knowledge.forms,
        "most",
        context! { subject => names.join(", "), several => names.len() > 1, descending => descending, n => n, what => what, refs => refs(&calls) },
    )
}

pub(super) fn groups(scribe: &Scribe<'_>, answered: &Answered, label: &str, mean: Option<&str>) -> String {
    let kind = scribe.kind(answered.kind);
    let summed = answered.groups.iter().flat_map(|group| &group.rows).all(|row| row.number(&kind.measure).is_some());
    let measure = Some(&kind.measure).filter(|measure| summed && !measure.is_empty() && !answered.groups.is_empty());
    let mut columns = vec![label.to_owned(), "number".to_owned()];
    columns.extend(measure.map(|measure| format!("sum of {}", values::label(kind, measure))));
    columns.extend(mean.map(|mean| format!("mean of {}", values::label(kind, mean))));
    let mut out = format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len()));
    for group in &answered.groups {
        let calls: Vec<CallId> = group.rows.iter().map(|row| row.call).collect();
        let name = match scribe.name(&group.value) {
            Some((name, call)) => format!("{name} ({}) {}", group.value, refs(&[call])),
            None => group.value.replace('_', " "),
        };
        let mean = mean.map(|mean| format!(" {} |", mean_of(kind, group, mean)));
        let sum = measure.map(|measure| {
            let sum = group.total(measure);
            let currencies = rows::distinct(&group.rows, &kind.currency).join(", ");
            let sum = format!("{} {currencies}", values::money(sum));
            format!(" {} in all |", sum.trim_end())
        });
        out.push_str(&format!(
            "| {} | {} {} |{}\n",
            values::cell(&name),
            group.rows.len(),
            refs(&calls),
            format!("{}{}", sum.unwrap_or_default(), mean.unwrap_or_default())
        ));
    }
    out.trim_end().to_owned()
}

/// The mean of a field over a group's records, with its unit or currency.
fn mean_of(kind: &Kind, group: &Group, field: &str) -> String {
    let count = rust_decimal::Decimal::from(group.rows.len());
    let Some(mean) = group.total(field).checked_div(count) else { return String::new() };
    if values::is_money(kind, field) {
        return format!("{} {}", values::money(mean), rows::distinct(&group.rows, &kind.currency).join(", "));
    }
    let unit = kind.field(field).map(|field| field.unit.as_str()).unwrap_or_default();
    format!("{} {unit}", mean.round_dp(1).normalize()).trim().to_owned()
}

/// Of what the sums of groups are made: of each that has several its records, with nothing but the figure.
pub(super) fn added(scribe: &Scribe<'_>, answered: &Answered) -> String {
    const MOST: usize = 60;
    let kind = scribe.kind(answered.kind);
    let several =
        |group: &&Group| group.rows.len() > 1 && group.rows.iter().all(|row| row.number(&kind.measure).is_some());
    let groups: Vec<&Group> = answered.groups.iter().filter(several).collect();
    if kind.measure.is_empty() || groups.iter().map(|group| group.rows.len()).sum::<usize>() > MOST {
        return String::new();
    }
    let line = |row: &Row| {
        let owner = || kind.refs.keys().find_map(|field| row.text(field)).map(|id| scribe.id(&id));
        let name = row.text(&kind.key).or_else(owner).unwrap_or_default();
        let figure = values::shown(kind, row, &kind.measure).unwrap_or_default();
        format!("| {} {} | {figure} |", values::cell(&name), own_refs(row))
    };
    let tables = groups.into_iter().map(|group| {
        let title = values::cell(&scribe.id(&group.value.replace('_', " ")));
        let lines: Vec<String> = group.rows.iter().map(line).collect();
        format!("| {title} | {} |\n| --- | --- |\n{}", values::label(kind, &kind.measure), lines.join("\n"))
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

/// How large a part some records are of others.
pub(super) fn share(scribe: &Scribe<'_>, head: &Head, answered: &Answered, whole: NodeId) -> String {
    let all = answered.whole.as_ref().map_or(0, |found| found.rows.len());
    let mut calls = lead::calls(answered);
    calls.extend(answered.whole.iter().flat_map(|found| found.calls.iter().copied()));
    let percent = rust_decimal::Decimal::from(answered.all * 100)
        .checked_div(rust_decimal::Decimal::from(all))
        .map_or_else(|| "0".to_owned(), |percent| percent.round_dp(1).normalize().to_string());
    let grammar = |n: usize| if n == 1 { Grammar::One } else { Grammar::Many };
    let what = scribe.describe(head.node, grammar(answered.all));
    let whole = scribe.describe(whole, grammar(all));
    let refs = refs(&calls);
    forms::fill(
        &scribe.knowledge.forms,
        "share",
        context! { yesno => head.yesno, percent, n => answered.all, all, what, whole, refs },
    )
}
