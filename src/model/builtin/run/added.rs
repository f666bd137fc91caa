//! Fields that no result has as such: worked out of others of the record, or taken from a record it refers to.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::super::access::Bound;
use super::super::frame::{Filter, Node, Test};
use super::super::knowledge::KindId;
use super::super::rows::{self, Row};
use super::Run;

impl Run<'_> {
    /// Adds the fields that are worked out of others.
    pub(super) fn work_out(&self, kind: KindId, fields: &mut Map<String, Value>) {
        for field in &self.knowledge.kind(kind).fields {
            let Some([from, to]) = &field.hours_between else { continue };
            let now = || self.today.to_zoned(TimeZone::UTC).ok().map(|now| now.timestamp());
            let end = fields.get(to).and_then(moment).or_else(|| field.or_now.then(now).flatten());
            let (Some(start), Some(end)) = (fields.get(from).and_then(moment), end) else { continue };
            // Tenths of an hour are exact enough and read well.
            let tenths = (end.as_second() - start.as_second()).max(0) / 360;
            let hours = if tenths % 10 == 0 { json!(tenths / 10) } else { json!(tenths as f64 / 10.0) };
            fields.insert(field.name.clone(), hours);
        }
    }

    /// Adds the fields that are taken from other records, as far as conditions speak of them. None while calls have to
    /// be made first.
    pub(super) fn borrow(&mut self, node: &Node, filters: &[Filter], rows: &mut [Row]) -> Option<()> {
        let knowledge = self.knowledge;
        let kind = knowledge.kind(node.kind);
        let spoken = |name: &str| {
            let in_filter = |filter: &Filter| {
                filter.field == name || matches!(&filter.test, Test::Against(_, other) if other == name)
            };
            filters.iter().chain(&node.checks).any(in_filter) || node.wanted.iter().any(|field| field == name)
        };
        for field in kind.fields.iter().filter(|field| spoken(&field.name)) {
            let Some((other, name)) = &field.taken_from else { continue };
            let Some((own, theirs)) = knowledge.join(node.kind, *other) else { continue };
            let without: Vec<Row> = rows.iter().filter(|row| row.get(&field.name).is_none()).cloned().collect();
            let values = rows::distinct(&without, &own);
            if values.is_empty() {
                continue;
            }
            let found = self.by_keys(*other, &theirs, Bound::Each(values))?;
            for row in rows.iter_mut().filter(|row| row.get(&field.name).is_none()) {
                let key = row.text(&own);
                let source = found.rows.iter().find(|source| key.is_some() && source.text(&theirs) == key);
                let Some((value, call)) = source.and_then(|source| Some((source.get(name)?.clone(), source.call)))
                else {
                    continue;
                };
                Arc::make_mut(&mut row.fields).insert(field.name.clone(), value);
                row.beside = Some(call);
            }
        }
        Some(())
    }
}

/// A time stamp, or the start of a day.
fn moment(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|start| start.timestamp());
    text.parse().ok().or_else(day)
}
