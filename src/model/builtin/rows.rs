//! Records out of results, each with the call that said so, and what can be asked of their fields.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::frame::{Filter, Side, Test};
use super::knowledge::{Kind, KindId, Matching};
use super::text::stem;
use crate::protocol::CallId;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub kind: KindId,
    pub fields: Arc<Map<String, Value>>,
    /// The call whose result it stands in.
    pub call: CallId,
    /// The call that gave what was added from another record.
    pub beside: Option<CallId>,
}

impl Row {
    /// The calls that say what it says.
    pub(super) fn calls(&self) -> impl Iterator<Item = CallId> + use<> {
        [Some(self.call), self.beside].into_iter().flatten()
    }

    /// A field, with dots for fields of fields.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return None;
        }
        if let Some(value) = self.fields.get(path) {
            return Some(value);
        }
        let mut parts = path.split('.');
        let mut value = self.fields.get(parts.next()?)?;
        for part in parts {
            value = value.get(part)?;
        }
        Some(value)
    }

    /// A field's text: of a string, number or flag.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        scalar(self.get(path)?)
    }

    /// A field as an exact number; of a list how long it is.
    pub(super) fn number(&self, path: &str) -> Option<Decimal> {
        row_number(self, path)
    }

    /// A field's day.
    pub(super) fn day(&self, path: &str) -> Option<Date> {
        day(&self.text(path)?)
    }
}

/// The text of a value that is no list and no object.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number, or text that is one.
pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
        }
        Value::String(text) => Decimal::from_str(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The day that a date or time stamp begins with.
pub(super) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// Whether a record meets a condition.
pub(super) fn meets(kind: &Kind, row: &Row, filter: &Filter) -> bool {
    holds(kind, row, filter) != filter.negated
}

fn holds(kind: &Kind, row: &Row, filter: &Filter) -> bool {
    match &filter.test {
        Test::In(values) => {
            if let Some(value) = flagged(kind, row, &filter.field) {
                return values.iter().any(|wanted| same(wanted, value));
            }
            let partial = kind.field(&filter.field).is_some_and(|field| field.matching == Matching::Partial);
            any_text(row.get(&filter.field), |text| {
                values.iter().any(|wanted| if partial { contains(text, wanted) } else { same(text, wanted) })
            })
        }
        Test::Like(part) => any_text(row.get(&filter.field), |text| contains(text, part)),
        Test::Is(wanted) => row.get(&filter.field).and_then(Value::as_bool) == Some(*wanted),
        Test::Dates(span) => row
            .day(&filter.field)
            .is_some_and(|day| span.from.is_none_or(|from| day >= from) && span.to.is_none_or(|to| day <= to)),
        Test::WithinDays(_) | Test::UntilDay(_) => true,
        Test::Numbers(least, most) => row.number(&filter.field).is_some_and(|number| {
            least.is_none_or(|least| number > least.number || least.included && number == least.number)
                && most.is_none_or(|most| number < most.number || most.included && number == most.number)
        }),
        Test::Missing => row.get(&filter.field).is_none_or(is_empty),
        Test::Against(side, other) => beyond(row, &filter.field, other).is_some_and(|beyond| match side {
            Side::Above => beyond,
            Side::NotAbove => !beyond,
        }),
    }
}

/// Whether one field lies above another of the same record; none if one of the two is missing.
fn beyond(row: &Row, field: &str, other: &str) -> Option<bool> {
    match (row.number(field), row.number(other)) {
        (Some(number), Some(limit)) => Some(number > limit),
        _ => Some(row.day(field)? > row.day(other)?),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value that a flag of the record decides: an unpaid invoice past its day is overdue whatever its status says.
pub(super) fn flagged<'k>(kind: &'k Kind, row: &Row, field: &str) -> Option<&'k str> {
    let flags = &kind.field(field)?.flags;
    flags.iter().find(|(_, flag)| row.get(flag).and_then(Value::as_bool) == Some(true)).map(|(value, _)| value.as_str())
}

fn any_text(value: Option<&Value>, test: impl Fn(&str) -> bool + Copy) -> bool {
    match value {
        Some(Value::Array(items)) => items.iter().any(|item| any_text(Some(item), test)),
        Some(Value::Object(fields)) => fields.values().any(|field| any_text(Some(field), test)),
        Some(value) => scalar(value).is_some_and(|text| test(&text)),
        None => false,
    }
}

fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
    plain(a) == plain(b)
}

/// Whether a text contains a part that begins where a word begins: "CTO" is not in "Director".
fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.to_lowercase(), part.to_lowercase());
    text.match_indices(&part).any(|(at, _)| {
        !part.starts_with(char::is_alphanumeric)
            || !text.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric))
    })
}

/// Orders two records by a field: by its declared order of values, as numbers, or as text; missing values come last.
pub(super) fn compare(kind: &Kind, a: &Row, b: &Row, field: &str, descending: bool) -> Ordering {
    let order = kind.field(field).map(|field| field.order.as_slice()).unwrap_or_default();
    let rank = |row: &Row| row.text(field).and_then(|text| order.iter().position(|value| same(value, &text)));
    let ordering = if order.is_empty() {
        match (row_number(a, field), row_number(b, field)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => match (a.text(field), b.text(field)) {
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => return b.is_some().cmp(&a.is_some()),
            },
        }
    } else {
        rank(a).cmp(&rank(b))
    };
    if descending { ordering.reverse() } else { ordering }
}

fn row_number(row: &Row, field: &str) -> Option<Decimal> {
    match row.get(field)? {
        value @ Value::Number(_) => decimal(value),
        Value::String(text) => Decimal::from_str(text).ok(),
        Value::Array(items) => Some(items.len().into()),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    }
}

/// Of records ranked by fitness those far behind the best are chance; those with less than four fifths of its score are
/// taken out and given back as weaker.
pub(super) fn fitting(rows: &mut Vec<Row>, score: &str) -> Vec<Row> {
    let Some(best) = rows.iter().filter_map(|row| row.number(score)).max() else { return Vec::new() };
    rows.retain(|row| row.number(score).is_none_or(|number| number * Decimal::TWO > best));
    let weak = |row: &Row| row.number(score).is_some_and(|number| number * Decimal::from(5) < best * Decimal::from(4));
    let weaker = rows.iter().filter(|row| weak(row)).cloned().collect();
    rows.retain(|row| !weak(row));
    weaker
}

/// Of records found by several words those that hold all of them count, if there are any; the others are taken out and
/// given back as weaker.
pub(super) fn without_some_words(rows: &mut Vec<Row>, searched: &str) -> Vec<Row> {
    let low = searched.to_lowercase();
    let stems: Vec<String> = low.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(stem).collect();
    let whole = |row: &Row| {
        let words = words_in(row);
        stems.iter().all(|stem| words.iter().any(|word| word.starts_with(stem.as_str())))
    };
    let (all, mut some): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(whole);
    if all.is_empty() || stems.len() < 2 {
        return Vec::new();
    }
    // "file server": where the words stand together, records with both of them somewhere are not meant.
    let (together, apart): (Vec<Row>, Vec<Row>) = all.iter().cloned().partition(|row| {
        let words = words_in(row);
        words.windows(stems.len()).any(|some| some.iter().zip(&stems).all(|(word, stem)| word == stem))
    });
    *rows = if together.is_empty() {
        all
    } else {
        some.splice(..0, apart);
        together
    };
    some
}

/// The words of all texts of a record, as stems.
fn words_in(row: &Row) -> Vec<String> {
    let mut text = String::new();
    row.fields.values().for_each(|value| write_down(value, &mut text));
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(stem).collect()
}

/// Short words are found at the start of longer ones by chance: "macs" are no machines. Takes out the records that have
/// such a word only so, if there are others.
pub(super) fn without_chance(rows: &mut Vec<Row>, searched: &str) {
    const SHORT: usize = 3;
    let low = searched.to_lowercase();
    let short: Vec<String> =
        low.split(|c: char| !c.is_alphanumeric()).map(stem).filter(|stem| (1..=SHORT).contains(&stem.len())).collect();
    let own = |row: &Row| {
        let mut text = String::new();
        row.fields.values().for_each(|value| write_down(value, &mut text));
        // "MacBook" is made of the word, "machine" only begins alike.
        let is = |word: &str, wanted: &String| {
            let rest = word.get(wanted.len()..).filter(|_| word.to_lowercase().starts_with(wanted.as_str()));
            stem(&word.to_lowercase()) == *wanted || rest.is_some_and(|rest| rest.starts_with(char::is_uppercase))
        };
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        short.iter().all(|wanted| words.iter().any(|word| is(word, wanted)))
    };
    if rows.iter().any(own) {
        rows.retain(own);
    }
}

/// Adds every text in a value to `out`, each on a line of its own.
fn write_down(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.extend([text, "\n"]),
        Value::Array(items) => items.iter().for_each(|item| write_down(item, out)),
        Value::Object(fields) => fields.values().for_each(|field| write_down(field, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The distinct texts of a field, in order of first appearance; lists give each of their elements.
pub(super) fn distinct(rows: &[Row], field: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for row in rows {
        let texts: Vec<String> = match row.get(field) {
            Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
            Some(value) => scalar(value).into_iter().collect(),
            None => Vec::new(),
        };
        for text in texts {
            if !text.is_empty() && !out.contains(&text) {
                out.push(text);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(fields: Value) -> Row {
        let Value::Object(fields) = fields else { panic!("a row is an object") };
        Row { kind: 0, fields: Arc::new(fields), call: CallId(1), beside: None }
    }

    #[test]
    fn a_word_after_a_line_break_is_found() {
        let mut rows = vec![row(json!({"body": "The office\nprinter jams"})), row(json!({"body": "office"}))];
        assert_eq!((without_some_words(&mut rows, "office printer").len(), rows.len()), (1, 1));
    }

    #[test]
    fn words_of_a_list_within_a_record_are_found() {
        let mut rows =
            vec![row(json!({"title": "Office", "tags": [{"tag": "printer"}]})), row(json!({"title": "office"}))];
        assert_eq!((without_some_words(&mut rows, "office printer").len(), rows.len()), (1, 1));
    }

    #[test]
    fn words_that_stand_together_count_before_the_same_words_apart() {
        let mut rows =
            vec![row(json!({"subject": "Server of the file store"})), row(json!({"subject": "File server full"}))];
        let weaker = without_some_words(&mut rows, "file server");
        assert_eq!((rows, weaker.len()), (vec![row(json!({"subject": "File server full"}))], 1));
    }

    #[test]
    fn the_name_of_a_field_is_no_word_of_a_record() {
        let (wanted, other) = (json!({"customer": "x", "title": "customer portal"}), json!({"customer": "portal"}));
        let mut rows = vec![row(wanted), row(other)];
        assert_eq!((without_some_words(&mut rows, "customer portal").len(), rows.len()), (1, 1));
    }

    #[test]
    fn a_short_word_is_not_found_where_another_only_begins_alike() {
        let machine = json!({"subject": "Machines lose the network"});
        let mut rows = vec![row(json!({"subject": "MacBook is slow"})), row(machine.clone())];
        without_chance(&mut rows, "macs");
        assert_eq!(rows, vec![row(json!({"subject": "MacBook is slow"}))]);
        let mut only = vec![row(machine)];
        without_chance(&mut only, "macs");
        assert_eq!(only.len(), 1, "what the server found stands if there is nothing better");
    }
}
