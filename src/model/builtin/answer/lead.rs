//! The sentence that answers, and the block under it.

use minijinja::context;
use serde_json::{Value, json};

use super::super::forms;
use super::super::frame::{Ask, Head, Mention, Order, Test};
use super::super::heads::Answered;
use super::super::rows::{self, Row};
use super::references::{own_refs, refs};
use super::scribe::{Grammar, Scribe};
use super::{beside, figures, json_value, owner, rest, table, values};
use crate::protocol::CallId;

/// The calls that a part rests on: those of its records, or those that found none.
pub(super) fn calls(answered: &Answered) -> Vec<CallId> {
    if answered.rows.is_empty() && answered.groups.is_empty() {
        return answered.found.calls.clone();
    }
    answered
        .rows
        .iter()
        .flat_map(Row::calls)
        .chain(answered.groups.iter().flat_map(|group| group.rows.iter().flat_map(Row::calls)))
        .collect()
}

/// The sentence, with whose the record is, who else there is, and what was not counted.
pub(super) fn lead(scribe: &Scribe<'_>, head: &Head, answered: &Answered) -> String {
    let sentence = plain(scribe, head, answered);
    let notes = [
        owner::note(scribe, head, answered),
        Some(sentence),
        rest::note(scribe, answered),
        beside::note(scribe, head, answered),
    ];
    notes.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn plain(scribe: &Scribe<'_>, head: &Head, answered: &Answered) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(answered.kind);
    let what = |n: usize| scribe.describe_as(head.node, kind, if n == 1 { Grammar::One } else { Grammar::Many });
    match &head.ask {
        Ask::Sum(field) | Ask::Average(field) => return figures::totals(scribe, head, answered, field),
        Ask::GroupBy(field) => return figures::grouped(scribe, head, answered, field),
        Ask::Share(whole) => return figures::share(scribe, head, answered, *whole),
        Ask::List | Ask::Count => {}
    }
    if let Some(Order::CountOf { node, descending }) = &head.order {
        let asked = answered.rows.iter().flat_map(|row| head.fields.iter().map(move |name| (row, name)));
        let fields = asked.map(|(row, name)| field(scribe, row, name, &own_refs(row)));
        let most = figures::most(scribe, answered, *node, *descending);
        return std::iter::once(most).chain(fields).collect::<Vec<_>>().join(" ");
    }
    if let Some(row) = single(scribe, head, answered) {
        return one(scribe, head, row);
    }
    if let (Some(Order::Field { field, descending }), Some(row)) = (&head.order, answered.rows.first()) {
        let label = values::label(kind, field);
        // What no record holds puts nothing in order.
        if values::shown(kind, row, field).is_none() {
            return self::field(scribe, row, field, &refs(&calls(answered)));
        }
        // Of a list it is the length that is put in order.
        let length = row.get(field).and_then(Value::as_array).map(|items| items.len().to_string());
        let dated = length.is_none() && values::shown(kind, row, field).is_some_and(|text| rows::day(&text).is_some());
        let graded =
            dated || kind.field(field).is_some_and(|field| !field.order.is_empty()) || row.number(field).is_some();
        let name = if answered.rows.len() == answered.all && answered.all > 1 {
            "sorted"
        // What has no name of its own is shown, not named.
        } else if answered.rows.len() > 1
            || [&kind.key, &kind.label, &kind.name_field].iter().all(|name| name.is_empty())
        {
            "first_of"
        } else if dated {
            "first_by_date"
        } else {
            "first"
        };
        let first = forms::fill(
            forms,
            name,
            context! {
                subject => scribe.subject(row), n => answered.all, what => what(answered.all), label => label.as_str(), descending => *descending, dated => dated, graded => graded,
                value => length.unwrap_or_else(|| with_currency(scribe, row, field)), refs => refs(&calls(answered)), shown => answered.rows.len(),
                nth => ["", "second ", "third ", "fourth ", "fifth "].get(head.skip).copied().unwrap_or_default(),
            },
        );
        let equal: Vec<String> = answered.ties.iter().map(|row| scribe.subject(row)).collect();
        if equal.is_empty() {
            return first;
        }
        let refs = refs(&answered.ties.iter().flat_map(Row::calls).collect::<Vec<_>>());
        let ties = forms::fill(forms, "ties", context! { names => equal.join(", "), label, refs });
        return format!("{first} {ties}");
    }
    let plain = scribe.frame.nodes.get(head.node).is_some_and(|node| node.filters.is_empty());
    let asked = scribe.frame.nodes.get(head.node).and_then(|node| node.named.as_ref()).map_or(0, Mention::count);
    if plain && asked > 1 && answered.all > 0 && head.ask == Ask::List && !head.yesno {
        let many = if asked == 1 { &kind.one } else { &kind.many };
        let refs = refs(&calls(answered));
        return forms::fill(forms, "list_named", context! { n => answered.all, asked, many, refs });
    }
    let own = format!("list.{}", kind.name);
    let mut text = forms::fill(
        forms,
        if plain && forms::has(forms, &own) { &own } else { "list" },
        context! {
            total => in_all(scribe, answered),
            n => answered.all, what => what(answered.all), refs => refs(&calls(answered)), shown => answered.rows.len(),
            yesno => head.yesno && answered.found.loose.is_none(), order_note => "",
        },
    );
    if let Some(ids) = &answered.found.loose {
        let loose = forms::fill(forms, "loose", context! { what => kind.many.as_str(), ids => ids.as_ref() });
        // Who asks whether there is one is told first that there is none.
        text = if head.yesno { format!("{loose} {text}") } else { format!("{text} {loose}") };
    }
    if !answered.found.note.is_empty() {
        text.push(' ');
        text.push_str(&answered.found.note);
    }
    if !answered.found.weaker.is_empty() {
        let weaker = &answered.found.weaker;
        let names: Vec<String> = weaker
            .iter()
            .map(|row| match row.text(&kind.score) {
                Some(score) => format!("{} ({score})", scribe.subject(row)),
                None => scribe.subject(row),
            })
            .collect();
        let calls: Vec<CallId> = weaker.iter().flat_map(Row::calls).collect();
        text.push(' ');
        text.push_str(&forms::fill(forms, "weaker", context! { names => names.join(", "), refs => refs(&calls) }));
    }
    if let Some(total) = answered.found.total {
        let read = answered.all;
        text.push(' ');
        text.push_str(&forms::fill(forms, "unread", context! { read => read, total => total }));
    }
    text
}

/// The exact total of the records' measure, if there are several and they have one currency.
fn in_all(scribe: &Scribe<'_>, answered: &Answered) -> Option<String> {
    let kind = scribe.kind(answered.kind);
    let numbers: Vec<rust_decimal::Decimal> =
        answered.rows.iter().filter_map(|row| row.number(&kind.measure)).collect();
    let currencies = rows::distinct(&answered.rows, &kind.currency);
    let whole = answered.rows.len() > 1
        && numbers.len() == answered.rows.len()
        && answered.all == answered.rows.len()
        && answered.found.total.is_none();
    match currencies.as_slice() {
        [currency] if whole => Some(format!("{} {currency}", values::money(numbers.into_iter().sum()))),
        _ => None,
    }
}

/// The record, if the answer is about exactly one that was named, or about the one facet of it.
fn single<'r>(scribe: &Scribe<'_>, head: &Head, answered: &'r Answered) -> Option<&'r Row> {
    let [row] = answered.rows.as_slice() else { return None };
    let node = scribe.frame.nodes.get(head.node)?;
    let kind = scribe.kind(node.kind);
    let listed = !node.filters.is_empty() || !node.any.is_empty();
    let of_one =
        node.links.iter().any(|link| scribe.frame.nodes.get(link.to).is_some_and(|to| scribe.is_one_named(to)));
    let named = scribe.is_one_named(node);
    let facet = kind.single && (of_one || kind.absorbs.is_empty());
    let asked = !head.fields.is_empty() && head.ask == Ask::List;
    // "the customer of TKT-1012": one record by its own key.
    let by_key = node.links.iter().any(|link| {
        let to = scribe.frame.nodes.get(link.to);
        to.is_some_and(|to| {
            scribe.is_one_named(to)
                && scribe
                    .knowledge
                    .join(node.kind, to.kind)
                    .is_some_and(|(field, _)| field == kind.key && !kind.refs.contains_key(&kind.key))
        })
    });
    let whole = kind.single && kind.of.is_none()
        || node.links.iter().any(|link| scribe.frame.nodes.get(link.to).is_some_and(|to| to.person));
    (named || whole || (by_key && !listed) || (facet && (of_one || !listed)) || (asked && answered.all == 1))
        .then_some(row)
        .filter(|_| head.ask == Ask::List && answered.all == 1)
}

/// About one record: a field that was asked for, a yes or no, or what it is.
fn one(scribe: &Scribe<'_>, head: &Head, row: &Row) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(row.kind);
    let checks = scribe.frame.nodes.get(head.node).map(|node| node.checks.as_slice()).unwrap_or_default();
    let refs = own_refs(row);
    if !checks.is_empty() {
        let yes = checks.iter().all(|check| rows::meets(kind, row, check));
        let own = format!("one.{}", kind.name);
        let whole = if forms::has(forms, &own) { sentence(scribe, row) } else { String::new() };
        let against = checks.iter().find_map(|check| match &check.test {
            Test::Against(_, other) => Some((&check.field, other)),
            _ => None,
        });
        if let Some((name, other)) = against {
            // "did Hannah fix it within the SLA": what else was asked about is said first.
            let before = checks.iter().take_while(|check| check.field != *name);
            let before: Vec<String> = before.map(|check| field(scribe, row, &check.field, &refs)).collect();
            let both = [name, other].map(|name| field(scribe, row, name, &refs)).join(" ");
            let known = |name: &String| row.get(name).is_some_and(|value| !value.is_null());
            let status = kind.field("status").map(|_| field(scribe, row, "status", &refs)).unwrap_or_default();
            let both = if known(name) { both } else { format!("{status} {both}") };
            let both = before.into_iter().chain([both]).collect::<Vec<_>>().join(" ");
            return if known(name) && known(other) {
                forms::fill(forms, "check", context! { yes => yes, sentence => both })
            } else {
                both
            };
        }
        let name = checks.first().map(|check| check.field.clone()).unwrap_or_default();
        let said = values::shown(kind, row, &name).is_some_and(|value| whole.contains(&value));
        let sentence = if kind.single && !whole.is_empty() || said { whole } else { field(scribe, row, &name, &refs) };
        let sentence = sentence.strip_prefix("The ").map_or(sentence.clone(), |rest| format!("the {rest}"));
        let mut out = forms::fill(forms, "check", context! { yes => yes, sentence => sentence });
        for more in head.fields.iter().filter(|more| **more != name) {
            out.push_str(&format!(" {}", field(scribe, row, more, &refs)));
        }
        return out;
    }
    let asked = format!("asked.{}", kind.name);
    if !head.fields.is_empty() && forms::has(forms, &asked) {
        let record = json_value(&json!(*row.fields));
        return forms::fill(
            forms,
            &asked,
            context! { subject => scribe.subject(row), r => record, refs => refs, field => head.fields.first() },
        );
    }
    let found = || {
        let list = scribe.describe(head.node, Grammar::One);
        forms::fill(forms, "list", context! { n => 1, what => list, refs => refs.as_str(), yesno => true, shown => 1 })
    };
    let listed = head.yesno && scribe.frame.nodes.get(head.node).is_some_and(|node| node.named.is_none());
    if !head.fields.is_empty() && listed {
        let sentences = head.fields.iter().map(|name| field(scribe, row, name, &refs));
        return std::iter::once(found()).chain(sentences).collect::<Vec<_>>().join(" ");
    }
    if !head.fields.is_empty() {
        let sentences: Vec<String> = head.fields.iter().map(|name| field(scribe, row, name, &refs)).collect();
        return sentences.join(" ");
    }
    format!("{}{}", matched(scribe, head, row).unwrap_or_default(), sentence(scribe, row))
}

fn field(scribe: &Scribe<'_>, row: &Row, name: &str, refs: &str) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(row.kind);
    let label = values::label(kind, name);
    let subject = scribe.subject(row);
    let listed = matches!(row.get(name), Some(Value::Array(items)) if items.iter().any(Value::is_object));
    if listed {
        return forms::fill(forms, "field_many", context! { label => label, subject => subject, refs => refs });
    }
    if values::shown(kind, row, name).is_none() {
        return forms::fill(forms, "field_none", context! { label => label, subject => subject, refs => refs });
    }
    let value = with_currency(scribe, row, name).split_whitespace().collect::<Vec<_>>().join(" ");
    let value = if kind.refs.contains_key(name) { scribe.id(&value) } else { value };
    let long = value.chars().count() > 90 || kind.long.iter().any(|long| long == name);
    let several =
        label.ends_with('s') && !label.ends_with("ss") && !label.ends_with("status") && !label.ends_with("os");
    forms::fill(
        forms,
        if long { "field_long" } else { "field" },
        context! { several => several, label => label, subject => subject, value => value, refs => refs },
    )
}

fn with_currency(scribe: &Scribe<'_>, row: &Row, field: &str) -> String {
    let kind = scribe.kind(row.kind);
    let value = values::shown(kind, row, field).unwrap_or_default();
    let currency = row.text(&kind.currency).filter(|_| values::is_money(kind, field)).unwrap_or_default();
    format!("{value} {currency}").trim().to_owned()
}

/// The line of a list in the record that holds what was named: the contact with that e-mail address.
fn matched(scribe: &Scribe<'_>, head: &Head, row: &Row) -> Option<String> {
    let said = &scribe.frame.nodes.get(head.node)?.named.as_ref()?.said;
    let has = |item: &&Value| {
        item.as_object().is_some_and(|fields| {
            fields.values().any(|value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(said)))
        })
    };
    let item = row.fields.values().filter_map(Value::as_array).flatten().find(has)?;
    let line = table::list_item(scribe.kind(row.kind), item)?;
    Some(format!("{line} {}. ", own_refs(row)))
}

fn sentence(scribe: &Scribe<'_>, row: &Row) -> String {
    let forms = &scribe.knowledge.forms;
    let kind = scribe.kind(row.kind);
    let own = format!("one.{}", kind.name);
    let name = if forms::has(forms, &own) { own.as_str() } else { "one" };
    let status = values::shown(kind, row, "status").unwrap_or_default();
    let owner = kind.refs.keys().find_map(|field| row.text(field)).map(|id| scribe.id(&id));
    let record = json_value(&json!(*row.fields));
    forms::fill(
        forms,
        name,
        context! { subject => scribe.subject(row), r => record, refs => own_refs(row), status => status, owner => owner },
    )
}

/// The table or list under the sentence.
pub(super) fn block(scribe: &Scribe<'_>, head: &Head, answered: &Answered, hidden: &[String]) -> String {
    let kind = scribe.kind(answered.kind);
    if let Ask::GroupBy(field) = &head.ask {
        let groups = figures::groups(scribe, answered, &values::label(kind, field), head.mean.as_deref());
        return format!("{groups}\n\n{}", figures::added(scribe, answered)).trim_end().to_owned();
    }
    if let Some(Order::CountOf { node, .. }) = &head.order {
        let counted = scribe.frame.nodes.get(*node).map(|node| scribe.kind(node.kind).many.clone()).unwrap_or_default();
        let records: Vec<Row> = answered.groups.iter().flat_map(|group| group.rows.clone()).collect();
        if answered.groups.len() > 1 {
            return format!(
                "{}\n\n{}",
                figures::groups(scribe, answered, &counted, None),
                table::table(scribe, &Head::list(*node), &records, &[])
            );
        }
        return table::table(scribe, &Head::list(*node), &records, &[]);
    }
    if let Some(row) = single(scribe, head, answered) {
        let lists: Vec<String> = head
            .fields
            .iter()
            .filter_map(|field| match row.get(field) {
                Some(Value::Array(items)) if items.iter().any(Value::is_object) => {
                    let items: Vec<String> = items
                        .iter()
                        .filter_map(|item| table::list_item(kind, item))
                        .map(|item| format!("- {item} {}", own_refs(row)))
                        .collect();
                    Some(items.join("\n"))
                }
                _ => None,
            })
            .collect();
        let checked = scribe.frame.nodes.get(head.node).is_some_and(|node| !node.checks.is_empty());
        return if head.fields.is_empty() && !checked {
            table::detail(scribe, row, hidden)
        } else {
            lists.join("\n\n")
        };
    }
    // "what did Marcus write": texts are read whole, line by line.
    if kind.key.is_empty() && !kind.single && !kind.long.is_empty() {
        return table::lines(scribe, &answered.rows);
    }
    let steps = |row: &Row| kind.long.iter().any(|long| matches!(row.get(long), Some(Value::Array(_))));
    if answered.rows.len() <= 4 && answered.rows.iter().any(steps) {
        let texts: Vec<String> = answered
            .rows
            .iter()
            .map(|row| format!("{}\n\n{}", sentence(scribe, row), table::steps(kind, row)))
            .collect();
        return texts.join("\n\n");
    }
    let whole = !kind.long.is_empty() && kind.single;
    if whole {
        // Texts are shown one after another, not in a table.
        let texts: Vec<String> = answered
            .rows
            .iter()
            .map(|row| format!("{}\n\n{}", sentence(scribe, row), table::detail(scribe, row, hidden)))
            .collect();
        return texts.join("\n\n");
    }
    if head.ask == Ask::Count && answered.rows.len() > 20 {
        return String::new();
    }
    if let Ask::Sum(field) | Ask::Average(field) = &head.ask {
        // What has no such figure is not part of the total.
        let counted: Vec<Row> = answered.rows.iter().filter(|row| row.number(field).is_some()).cloned().collect();
        let shown = Head { fields: vec![field.clone()], ..head.clone() };
        return table::table(scribe, &shown, &counted, &answered.evidence);
    }
    table::table(scribe, head, &answered.rows, &answered.evidence)
}
