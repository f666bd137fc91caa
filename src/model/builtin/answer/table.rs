//! Records as a Markdown table, or one record as a list of its fields.

use serde_json::Value;

use super::super::frame::{Head, Order, Test};
use super::super::heads::Evidence;
use super::super::knowledge::Kind;
use super::super::rows::{self, Row};
use super::references::{own_refs, refs};
use super::scribe::{Grammar, Scribe};
use super::values;

/// More rows than this are not shown; their number is.
const MOST_ROWS: usize = 50;
/// More columns than this make a table unreadable at 80 characters.
const MOST_COLUMNS: usize = 8;

/// A table of records, each with the reference to the call that says so.
pub(super) fn table(scribe: &Scribe<'_>, head: &Head, rows: &[Row], evidence: &[Evidence]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let kind = scribe.kind(first.kind);
    let columns = columns(scribe, head, kind, rows);
    let mut out = String::new();
    let mut names: Vec<String> = columns.iter().map(|column| values::label(kind, column)).collect();
    names.extend(evidence.iter().map(|evidence| {
        let facet = scribe
            .frame
            .nodes
            .get(evidence.node)
            .map(|node| scribe.kind(node.kind))
            .filter(|facet| facet.of == Some(first.kind) && !facet.date.is_empty());
        facet.map_or_else(
            || scribe.describe_alone(evidence.node, Grammar::Many),
            |facet| values::label(facet, &facet.date),
        )
    }));
    out.push_str(&format!("| {} |\n|{}\n", names.join(" | "), " --- |".repeat(names.len())));
    for row in rows.iter().take(MOST_ROWS) {
        let mut cells: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let text = cell(scribe, kind, row, column, &columns);
                if index == 0 { format!("{text} {}", own_refs(row)).trim().to_owned() } else { text }
            })
            .collect();
        cells.extend(evidence.iter().map(|evidence| because(scribe, row, evidence)));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    if rows.len() > MOST_ROWS {
        out.push_str(&format!("\n… and {} more.\n", rows.len() - MOST_ROWS));
    }
    out.trim_end().to_owned()
}

/// The records that make a row meet a condition, with where they stand.
fn because(scribe: &Scribe<'_>, row: &Row, evidence: &Evidence) -> String {
    let value = row.text(&evidence.on.0);
    let fitting: Vec<&Row> =
        evidence.rows.iter().filter(|other| value.is_some() && other.text(&evidence.on.1) == value).collect();
    let names: Vec<String> = fitting
        .iter()
        .take(4)
        .map(|other| {
            let kind = scribe.kind(other.kind);
            // Of a facet its date says more than the id of what it describes.
            let date = other.text(&kind.date).filter(|_| kind.of == Some(row.kind));
            // What was asked of it, where it has neither key nor figure.
            let asked = || {
                let filter = scribe.frame.nodes.get(evidence.node)?.filters.first()?;
                values::shown(kind, other, &filter.field)
            };
            let own = date.or_else(|| other.text(&kind.key)).or_else(|| other.text(&kind.measure));
            let key = own.or_else(asked).unwrap_or_default();
            format!("{key} {}", refs(&[other.call]))
        })
        .collect();
    let more = if fitting.len() > 4 { " …" } else { "" };
    format!("{}{more}", names.join(", "))
}

fn cell(scribe: &Scribe<'_>, kind: &Kind, row: &Row, column: &str, columns: &[String]) -> String {
    let Some(text) = values::shown(kind, row, column) else { return String::new() };
    let text = values::cell(&text);
    // An id of another record is shown with its name, and where the name comes from.
    let foreign = kind.refs.contains_key(column);
    let beside = |name: &str| columns.iter().any(|other| row.get(other).and_then(Value::as_str) == Some(name));
    match scribe.name(&text).filter(|(name, _)| foreign && !beside(name)) {
        Some((name, call)) if call == row.call || row.fields.values().any(|value| value.as_str() == Some(name)) => {
            format!("{} {text}", values::cell(name))
        }
        Some((name, call)) => format!("{} {text} {}", values::cell(name), refs(&[call])),
        None => text,
    }
}

fn columns(scribe: &Scribe<'_>, head: &Head, kind: &Kind, rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut add = |field: &str| {
        if !field.is_empty()
            && !columns.iter().any(|known| known == field)
            && rows.iter().any(|row| values::shown(kind, row, field).is_some())
        {
            columns.push(field.to_owned());
        }
    };
    add(&kind.key);
    if kind.key.is_empty() || !head.fields.is_empty() {
        kind.refs
            .keys()
            .filter(|_| kind.key.is_empty() && kind.of.is_some() && rows.len() > 1 && kind.label.is_empty())
            .for_each(|field| add(field));
        add(&kind.label);
    }
    head.fields.iter().for_each(|field| add(field));
    kind.columns.iter().for_each(|field| add(field));
    if let Some(Order::Field { field, .. }) = &head.order {
        add(field);
    }
    for filter in scribe.frame.nodes.get(head.node).map(|node| node.filters.as_slice()).unwrap_or_default() {
        // A single value asked for is the same in every row and was said before.
        let varies = match &filter.test {
            Test::In(values) => values.len() > 1 || filter.negated,
            Test::Is(_) | Test::WithinDays(_) | Test::UntilDay(_) | Test::Missing => false,
            Test::Like(_) | Test::Dates(_) | Test::Numbers(..) | Test::Against(..) => true,
        };
        if varies && kind.field(&filter.field).is_some() {
            add(&filter.field);
        }
    }
    // What is the same for all rows was said before the table.
    let keep = |column: &String| {
        let same =
            rows.len() > 1 && rows.iter().all(|row| row.get(column) == rows.first().and_then(|row| row.get(column)));
        let asked = head.fields.contains(column);
        let base = kind.refs.contains_key(column)
            && scribe.frame.nodes.get(head.node).is_some_and(|node| {
                node.links.iter().any(|link| {
                    scribe.frame.nodes.get(link.to).is_some_and(|to| {
                        to.named.is_some() && (scribe.is_one_named(to) || kind.of.is_some() && rows.len() == 1)
                    })
                })
            });
        asked || *column == kind.key || !((same || rows.len() == 1) && base)
    };
    columns.retain(keep);
    columns.truncate(MOST_COLUMNS.max(head.fields.len() + 1));
    columns
}

/// The fields of one record as a list.
pub(super) fn detail(scribe: &Scribe<'_>, row: &Row, hidden: &[String]) -> String {
    let kind = scribe.kind(row.kind);
    let mut out: Vec<String> = Vec::new();
    let reference = own_refs(row);
    let mut names: Vec<&str> = kind.columns.iter().map(String::as_str).filter(|name| row.get(name).is_some()).collect();
    for name in row.fields.keys() {
        let covered = names
            .iter()
            .any(|known| *known == name || known.split('.').next() == Some(name.as_str()) && known.contains('.'));
        if !covered {
            names.push(name);
        }
    }
    let mut objects: Vec<&str> = Vec::new();
    for name in names {
        let whole = name.split('.').next().unwrap_or(name);
        let base = kind.refs.get(name).copied();
        let said = name == kind.key
            || (!kind.name_field.is_empty() && name == kind.name_field)
            || (base.is_some() && base == kind.of)
            || kind.of.is_some_and(|base| name == scribe.kind(base).name_field)
            || (name == kind.label && !kind.key.is_empty());
        // Hours that are still counted are only shown where they are asked for.
        let running = kind.field(name).is_some_and(|field| field.or_now);
        if said
            || running
            || !kind.section.is_empty()
            || name == "as_of"
            || hidden.iter().any(|field| field == whole)
            || kind.long.iter().any(|long| long == name)
        {
            continue;
        }
        if name.contains('.') {
            // The whole object is shown with all of its fields, once.
            if !objects.contains(&whole) {
                objects.push(whole);
                if let Some(Value::Object(fields)) = row.fields.get(whole) {
                    fields.keys().for_each(|field| line(kind, row, &format!("{whole}.{field}"), scribe, &mut out));
                }
            }
            continue;
        }
        match row.get(name) {
            Some(Value::Array(items)) if items.iter().any(Value::is_object) => {
                out.push(format!("- {}:", values::label(kind, name)));
                out.extend(items.iter().filter_map(|item| list_item(kind, item)).map(|item| format!("  - {item}")));
            }
            Some(Value::Object(fields)) => {
                fields.keys().for_each(|field| line(kind, row, &format!("{name}.{field}"), scribe, &mut out))
            }
            Some(_) => line(kind, row, name, scribe, &mut out),
            None => {}
        }
    }
    for long in &kind.long {
        if let Some(text) = row.text(long).filter(|text| !text.trim().is_empty()) {
            let section = section(&text, &kind.section);
            if section.contains('\n') {
                out.push(format!("\n{section}"));
            } else {
                out.push(format!("- {}: {section}", values::label(kind, long)));
            }
        }
    }
    if let Some(last) = out.last_mut() {
        last.push_str(&format!(" {reference}"));
    }
    out.join("\n")
}

fn line(kind: &Kind, row: &Row, field: &str, scribe: &Scribe<'_>, out: &mut Vec<String>) {
    let Some(text) = values::shown(kind, row, field) else { return };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = scribe
        .name(&text)
        .filter(|_| kind.refs.contains_key(field))
        .map_or(text.clone(), |(name, _)| format!("{name} ({text})"));
    out.push(format!("- {}: {text}", values::label(kind, field)));
}

/// The lists among a record's long fields, numbered.
pub(super) fn steps(kind: &Kind, row: &Row) -> String {
    let mut out: Vec<String> = Vec::new();
    for long in &kind.long {
        if let Some(Value::Array(items)) = row.get(long) {
            out.extend(
                items
                    .iter()
                    .filter_map(Value::as_str)
                    .enumerate()
                    .map(|(index, step)| format!("{}. {}", index + 1, step.trim())),
            );
        }
    }
    if let Some(last) = out.last_mut() {
        last.push_str(&format!(" {}", own_refs(row)));
    }
    out.join("\n")
}

/// Records without a name as lines, with their texts in full.
pub(super) fn lines(scribe: &Scribe<'_>, rows: &[Row]) -> String {
    let line = |row: &Row| {
        let kind = scribe.kind(row.kind);
        let parts: Vec<String> = kind.columns.iter().filter_map(|column| values::shown(kind, row, column)).collect();
        format!("- {} {}", parts.join(" · ").split_whitespace().collect::<Vec<_>>().join(" "), own_refs(row))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// An object of a list in one line.
pub(super) fn list_item(kind: &Kind, item: &Value) -> Option<String> {
    match item {
        Value::Object(fields) => {
            let scratch =
                Row { kind: 0, fields: fields.clone().into(), call: crate::protocol::CallId(0), beside: None };
            let flat =
                fields.iter().filter(|(_, value)| !value.is_array() && !value.is_object()).map(|(field, _)| field);
            // Names and texts say what they are; a bare number, day or yes does not.
            let part = |field: &String| {
                let text = values::shown(kind, &scratch, field)?;
                let bare = match &fields[field] {
                    Value::Bool(_) | Value::Number(_) => true,
                    Value::String(text) => rows::decimal(&fields[field]).is_some() || rows::day(text).is_some(),
                    Value::Null | Value::Array(_) | Value::Object(_) => false,
                };
                let bare = bare && !matches!(field.as_str(), "date" | "at");
                Some(if bare { format!("{} {text}", values::label(kind, field)) } else { text })
            };
            let parts: Vec<String> = flat.filter_map(part).collect();
            Some(parts.join(" · ").split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) => None,
    }
}

/// The part of a Markdown text under a heading; the whole text if there is no such heading. Headings become bold,
/// so that they do not compete with those of the answer.
pub(super) fn section(text: &str, heading: &str) -> String {
    let is_heading = |line: &str| line.starts_with('#');
    let mut lines: Vec<&str> = Vec::new();
    let mut inside = heading.is_empty();
    let mut found = inside;
    for line in text.lines() {
        if is_heading(line) && !heading.is_empty() {
            inside = line.to_lowercase().contains(&heading.to_lowercase());
            found |= inside;
            continue;
        }
        if inside {
            lines.push(line);
        }
    }
    let chosen = if found { lines.join("\n") } else { text.to_owned() };
    let plain: Vec<String> =
        chosen
            .trim()
            .lines()
            .map(|line| {
                if is_heading(line) { format!("**{}**", line.trim_start_matches('#').trim()) } else { line.to_owned() }
            })
            .collect();
    plain.join("\n")
}
