//! Which tool gives the records, with which arguments, in how many calls.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::catalog::{Argument, Catalog, Tool};
use super::frame::{DateSpan, Filter, Test};
use super::knowledge::{KindId, Knowledge, Source, Takes};

/// What is known of a field before the records are fetched.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bound {
    /// One value.
    Value(String),
    /// One call for each of these.
    Each(Vec<String>),
    /// Days.
    Days(DateSpan),
    /// True or false.
    Flag(bool),
    /// A number.
    Number(usize),
    /// Any value but these.
    Except(Vec<String>),
}

/// The fields that are known.
pub(super) type Bindings = BTreeMap<String, Bound>;

/// A way to fetch: the calls, and the fields the server takes care of.
#[derive(Debug)]
pub(super) struct Access<'k> {
    pub source: &'k Source,
    /// The tool's model name.
    pub tool: String,
    /// One set of arguments a call.
    pub calls: Vec<Map<String, Value>>,
    /// Fields the server filters by.
    pub pushed: Vec<String>,
}

/// The best way to fetch records of a kind, given what is known and which fields are wanted.
pub(super) fn choose<'k>(
    knowledge: &'k Knowledge,
    catalog: &Catalog<'_>,
    kind: KindId,
    bindings: &Bindings,
    wanted: &[String],
    today: Date,
) -> Option<Access<'k>> {
    let mut best: Option<((bool, bool, usize, usize), Access<'k>)> = None;
    let key = &knowledge.kind(kind).key;
    for source in knowledge.sources.iter().filter(|source| source.kind == kind) {
        let special = !source.only_for.is_empty();
        if special && (wanted.is_empty() || !wanted.iter().all(|field| source.only_for.contains(field))) {
            continue;
        }
        if !source.needs.iter().all(|field| bindings.contains_key(field)) {
            continue;
        }
        let Some(tool) = catalog.reading(&source.tool) else { continue };
        let Some(access) = access(source, tool, bindings, today) else { continue };
        // Records that were named are asked for by their ids; a list of all is no answer to that.
        let unnamed = matches!(bindings.get(key), Some(Bound::Each(_))) && !access.pushed.contains(key);
        let score = (unnamed, !special, access.calls.len(), usize::MAX - access.pushed.len());
        if best.as_ref().is_none_or(|(known, _)| score < *known) {
            best = Some((score, access));
        }
    }
    best.map(|(_, access)| access)
}

/// Whether any connected tool gives records of a kind.
pub(super) fn served(knowledge: &Knowledge, catalog: &Catalog<'_>, kind: KindId) -> bool {
    knowledge.sources.iter().any(|source| source.kind == kind && catalog.reading(&source.tool).is_some())
}

fn access<'k>(source: &'k Source, tool: &Tool<'_>, bindings: &Bindings, today: Date) -> Option<Access<'k>> {
    let mut fixed = Map::new();
    let mut pushed = Vec::new();
    let mut each: Option<(String, String, Vec<String>)> = None;
    let mut criteria = false;
    for (field, takes) in &source.takes {
        let Some(bound) = bindings.get(field) else { continue };
        if let (Bound::Each(values), Takes::Value(argument)) = (bound, takes) {
            if each.is_none()
                && tool.argument(argument).is_some_and(|known| values.iter().all(|value| fits(known, value)))
            {
                each = Some((field.clone(), argument.clone(), values.clone()));
                pushed.push(field.clone());
                criteria = true;
            }
            continue;
        }
        let Some(arguments) = arguments(tool, takes, bound, today) else { continue };
        criteria |= !matches!(bound, Bound::Number(_));
        // Days that begin later than today are only narrowed by the server; the rest is sorted out here.
        let whole = !matches!((takes, bound), (Takes::DaysAhead { .. }, Bound::Days(span)) if span.from != Some(today));
        if whole && !matches!(bound, Bound::Number(_)) {
            pushed.push(field.clone());
        }
        fixed.extend(arguments);
    }
    for (field, arguments) in &source.otherwise {
        if !bindings.contains_key(field) {
            let known = arguments.iter().filter(|(name, _)| tool.argument(name).is_some());
            fixed.extend(known.map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    let mut calls = match &each {
        Some((_, argument, values)) => values
            .iter()
            .map(|value| {
                let mut call = fixed.clone();
                call.insert(argument.clone(), typed(tool.argument(argument), value));
                call
            })
            .collect(),
        None => vec![fixed],
    };
    if !criteria && !source.all {
        let cover = tool.argument(source.cover.as_deref()?)?;
        let values: Vec<Value> = if cover.kind == "boolean" {
            vec![json!(true), json!(false)]
        } else {
            let field = source
                .takes
                .iter()
                .find(|(_, takes)| **takes == Takes::Value(cover.name.clone()))
                .map(|(field, _)| field);
            let except = match field.and_then(|field| bindings.get(field)) {
                Some(Bound::Except(values)) => values.as_slice(),
                _ => &[],
            };
            cover.values.iter().filter(|value| !except.contains(value)).map(|value| json!(value)).collect()
        };
        calls = values.into_iter().map(|value| Map::from_iter([(cover.name.clone(), value)])).collect();
    }
    let complete = |call: &Map<String, Value>| {
        tool.arguments.iter().filter(|argument| argument.required).all(|argument| call.contains_key(&argument.name))
    };
    if calls.is_empty() || !calls.iter().all(complete) {
        return None;
    }
    Some(Access { source, tool: tool.definition.model_name.clone(), calls, pushed })
}

fn fits(argument: &Argument, value: &str) -> bool {
    argument.values.is_empty() || argument.values.iter().any(|known| known == value)
}

/// A value in the type its argument has.
fn typed(argument: Option<&Argument>, value: &str) -> Value {
    match argument.map(|argument| argument.kind.as_str()) {
        Some("integer") => value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number)),
        Some("boolean") => value.parse::<bool>().map_or_else(|_| json!(value), |flag| json!(flag)),
        Some(_) | None => json!(value),
    }
}

fn arguments(tool: &Tool<'_>, takes: &Takes, bound: &Bound, today: Date) -> Option<Map<String, Value>> {
    let one = |name: &str, value: Value| Some(Map::from_iter([(name.to_owned(), value)]));
    match (takes, bound) {
        (Takes::Value(name), Bound::Value(value)) => {
            let argument = tool.argument(name).filter(|argument| fits(argument, value))?;
            one(name, typed(Some(argument), value))
        }
        (Takes::Value(name), Bound::Flag(flag)) => tool.argument(name).and_then(|_| one(name, json!(flag))),
        (Takes::Value(name), Bound::Number(number)) => {
            let most = tool.argument(name)?.maximum.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
            one(name, json!((*number).min(most)))
        }
        (Takes::Span { from, to }, Bound::Days(span)) => {
            let mut out = Map::new();
            if let Some(day) = span.from {
                out.insert(from.clone(), json!(day.to_string()));
            }
            if let Some(day) = span.to {
                out.insert(to.clone(), json!(day.to_string()));
            }
            (!out.is_empty()).then_some(out)
        }
        (Takes::DaysAhead { days_ahead }, Bound::Days(DateSpan { from: Some(from), to: Some(to), .. }))
            if *from >= today =>
        {
            let days = today.until((jiff::Unit::Day, *to)).ok()?.get_days();
            one(days_ahead, json!(days))
        }
        (Takes::Period { period }, Bound::Days(span)) => {
            let days = span.from?.until((jiff::Unit::Day, today)).ok()?.get_days();
            let argument = tool.argument(period)?;
            let fitting = argument.values.iter().filter_map(|value| Some((value, days_of(value)?))).min_by_key(
                |(_, length)| {
                    // The shortest period that covers the days asked for, else the longest there is.
                    if *length >= days { length - days } else { 100_000 - length }
                },
            )?;
            one(period, json!(fitting.0))
        }
        _ => None,
    }
}

/// 30 of `last_30_days`.
fn days_of(value: &str) -> Option<i32> {
    value.split('_').find_map(|part| part.parse().ok())
}

/// What the conditions on a node say of fields before anything is fetched.
pub(super) fn bindings(filters: &[Filter], text: &str, limit: Option<usize>) -> Bindings {
    let mut out = Bindings::new();
    for filter in filters {
        if let (true, Test::In(values)) = (filter.negated, &filter.test) {
            out.insert(filter.field.clone(), Bound::Except(values.clone()));
        }
        if filter.negated {
            continue;
        }
        if matches!(filter.test, Test::Numbers(..)) {
            // Known to matter, although no tool takes it.
            out.entry(filter.field.clone()).or_insert_with(|| Bound::Except(Vec::new()));
        }
        let bound = match &filter.test {
            Test::In(values) => match values.as_slice() {
                [value] => Bound::Value(value.clone()),
                _ => continue,
            },
            Test::Like(value) => Bound::Value(value.clone()),
            Test::Is(flag) => Bound::Flag(*flag),
            Test::Dates(span) => Bound::Days(span.clone()),
            Test::WithinDays(_) | Test::UntilDay(_) | Test::Numbers(..) | Test::Missing | Test::Against(..) => continue,
        };
        out.insert(filter.field.clone(), bound);
    }
    if !text.is_empty() {
        out.insert("text".to_owned(), Bound::Value(text.to_owned()));
    }
    if let Some(limit) = limit {
        out.insert("limit".to_owned(), Bound::Number(limit));
    }
    out
}
