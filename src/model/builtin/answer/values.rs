//! Values as an answer shows them: money with two decimals, days without clock times, words without underscores.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::super::knowledge::Kind;
use super::super::rows::{self, Row};

/// More hours than this are hard to read as such.
const LONG_HOURS: f64 = 72.0;
/// Longer values are cut in tables.
const CELL: usize = 90;

/// An amount with thousands separators and two decimals.
pub(crate) fn money(amount: Decimal) -> String {
    let text = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero).to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{cents:0<2}")
}

/// Whether a field holds an amount of money.
pub(super) fn is_money(kind: &Kind, field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or(field);
    kind.measure == field
        || ["amount", "outstanding_balance", "total_billed", "total_paid", "total_pending", "total_outstanding"]
            .iter()
            .any(|name| last == *name || last.ends_with("_amount"))
}

/// A value for a table's cell or a line.
pub(super) fn shown(kind: &Kind, row: &Row, field: &str) -> Option<String> {
    if let Some(value) = rows::flagged(kind, row, field) {
        return Some(value.replace('_', " "));
    }
    let value = row.get(field)?;
    let unit = kind.field(field).map(|field| field.unit.as_str()).unwrap_or_default();
    let text = plain(kind, field, value)?;
    // Many hours are also said in days.
    let days = value.as_f64().filter(|hours| unit == "hours" && *hours > LONG_HOURS).map(|hours| hours / 24.0);
    if let Some(days) = days {
        return Some(format!("{text} {unit} ({days:.1} days)"));
    }
    let one = text == "1" || text == "-1";
    Some(match unit {
        "" => text,
        unit if one => format!("{text} {}", unit.trim_end_matches('s')),
        unit => format!("{text} {unit}"),
    })
}

fn plain(kind: &Kind, field: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
        Value::Number(number) if is_money(kind, field) => {
            Some(rows::decimal(value).map_or_else(|| number.to_string(), money))
        }
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(word(kind, field, text)),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().filter_map(|item| plain(kind, field, item)).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        Value::Object(fields) => {
            let parts: Vec<String> = fields.iter().filter_map(|(name, value)| plain(kind, name, value)).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
    }
}

/// Text: the day of a time stamp, words of an enumeration without underscores, anything else as it is.
fn word(kind: &Kind, field: &str, text: &str) -> String {
    if let (Some(day), Some('T')) = (rows::day(text), text.chars().nth(10)) {
        return day.to_string();
    }
    let enumerated = kind.field(field).is_some_and(|known| known.values.iter().any(|value| value == text));
    if enumerated { text.replace('_', " ") } else { text.to_owned() }
}

/// Text in one line for a table, with what would break the table made harmless.
pub(super) fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if line.chars().count() <= CELL {
        return line;
    }
    let cut: String = line.chars().take(CELL - 1).collect();
    format!("{}…", cut.trim_end())
}

/// The name of a field in words: its own, or its path without what says nothing.
pub(super) fn label(kind: &Kind, field: &str) -> String {
    if let Some((field, letters)) = field.split_once('@') {
        let period = match letters {
            "4" => "year",
            "7" => "month",
            _ => "day",
        };
        return format!("{period} ({})", label(kind, field));
    }
    if let Some(known) = kind.field(field).filter(|field| !field.called.is_empty()) {
        return known.called.clone();
    }
    let unit = kind.field(field).map(|field| field.unit.as_str()).unwrap_or_default();
    let last = field.rsplit('.').next().unwrap_or(field);
    let last = last.strip_suffix(&format!("_{unit}")).filter(|_| !unit.is_empty()).unwrap_or(last);
    let own = format!("{}_id", kind.name);
    // A field of a field is called by both, unless the first is what the record is about.
    if let Some((parent, _)) = field
        .split_once('.')
        .filter(|(parent, _)| !parent.starts_with(&kind.name) && *parent != "summary" && *parent != "specs")
    {
        return format!("{} {}", parent.replace('_', " "), last.replace('_', " "));
    }
    if last == own { "id".to_owned() } else { last.strip_suffix("_id").unwrap_or(last).replace('_', " ") }
}

/// The `money` filter of forms.
pub(crate) fn money_of(value: &minijinja::Value) -> String {
    let text = value.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).map_or(text, money)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_separators_and_two_decimals() {
        for (amount, shown) in
            [("0", "0.00"), ("1320", "1,320.00"), ("14400.5", "14,400.50"), ("-1234567.891", "-1,234,567.89")]
        {
            assert_eq!(money(Decimal::from_str(amount).unwrap()), shown);
        }
    }

    #[test]
    fn cells_stay_in_one_line_of_the_table() {
        assert_eq!(cell("a | b\n c"), "a \\| b c");
        assert_eq!(cell(&"x".repeat(200)).chars().count(), CELL);
    }
}
