//! Which ids, amounts and dates of an answer stand in a result of the session, and in which call's.
//!
//! A claim is a piece of text that looks like an id (`CUST-001`), an amount (`$12,450.00`) or a date (`2025-10-06`).
//! It is supported if the same value, written in any of the usual ways, occurs in a result.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
use serde_json::Value;

use crate::protocol::{CallId, Json, TurnId};

use super::List;

/// Values kept from results.
const MOST_VALUES: usize = 1_000_000;
/// Values in a layer.
const LAYER: usize = 4096;
/// What the normal forms of amounts begin with.
const AMOUNT: &str = "amount:";
/// What the normal forms of days begin with.
const DAY: &str = "date:";
/// Results longer than this are left out, bytes: they would be read while the screen waits.
const MOST_BYTES: usize = 1024 * 1024;

/// What results have said.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Hashes of the normal forms of values, with the first call of each layer whose result has it; the oldest layer first.
    /// Full layers never change, so that copies share them.
    layers: List<Arc<HashMap<u64, CallId>>>,
    fresh: Arc<HashMap<u64, CallId>>,
    /// The ids and days that were named, with the first turn whose answer may use them.
    named: Arc<HashMap<String, TurnId>>,
    /// Whether something was left out: then nothing counts as unsupported, because absence would prove nothing.
    incomplete: bool,
}

/// A piece of an answer that can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Byte range in the answer.
    pub range: Range<usize>,
    /// Whether a result has it.
    pub mark: Mark,
}

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The result of this call has it.
    Supported(CallId),
    /// It is the total or mean of a column of a table in the same text, each cell of which some result has.
    AddedUp,
    /// An id or a day that this or an earlier question named, or a day of a trusted server's instructions; no amount is
    /// vouched for by naming it.
    Named,
    /// No result of the session has it.
    Unsupported,
}

/// The figures that the tables of an answer add up to.
#[derive(Clone, Debug, Default)]
pub struct Totals(HashSet<String>);

impl Evidence {
    /// Takes in the result of a call.
    pub fn add(&mut self, call: CallId, result: &Json) {
        if result.bytes() > MOST_BYTES {
            self.incomplete = true;
            return;
        }
        // The other members say the same in other words, or nothing of the matter: they need not be taken apart.
        let [body] = result.members(["structuredContent"]);
        let body = body.filter(|body| body.get() != "null").map(Json::from);
        self.add_value(call, &body.as_ref().unwrap_or(result).value());
    }

    /// Takes in the ids and days that the question of `turn` names; they are no inventions in its answer and later ones.
    pub fn add_question(&mut self, turn: TurnId, question: &str) {
        // "tkt-1001" is written in capitals in the answer.
        let forms = scan(question).into_iter().chain(scan(&question.to_uppercase())).map(|(_, form)| form);
        self.name(turn, forms.filter(|form| !form.starts_with(AMOUNT)));
    }

    /// Takes in the days that the instructions of a trusted server name ("Data as of"), for the answers from `turn` on. Ids
    /// in them vouch for nothing: a server speaks of its records in results.
    pub fn add_instructions(&mut self, turn: TurnId, instructions: &str) {
        let forms = scan(instructions).into_iter().map(|(_, form)| form);
        self.name(turn, forms.filter(|form| form.starts_with(DAY)));
    }

    fn name(&mut self, turn: TurnId, forms: impl Iterator<Item = String>) {
        let fresh: Vec<String> = forms.filter(|form| !self.named.contains_key(form)).collect();
        if !fresh.is_empty() {
            Arc::make_mut(&mut self.named).extend(fresh.into_iter().map(|form| (form, turn)));
        }
    }

    fn add_value(&mut self, call: CallId, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.insert(call, amount_form(&number.to_string())),
            Value::String(text) => {
                for claim in scan(text) {
                    self.insert(call, claim.1);
                }
                if let Some(plain) = plain_number(text) {
                    self.insert(call, plain);
                }
            }
            Value::Array(items) => {
                items.iter().for_each(|item| self.add_value(call, item));
                self.add_totals(call, items);
            }
            Value::Object(fields) => fields.values().for_each(|field| self.add_value(call, field)),
        }
    }

    /// The total of a column of one result counts as said by it: anybody can add it up there.
    fn add_totals(&mut self, call: CallId, items: &[Value]) {
        let mut totals: HashMap<&str, Decimal> = HashMap::new();
        for (key, value) in items.iter().filter_map(Value::as_object).flatten() {
            if let Some(number) = value.as_number().and_then(|number| number.to_string().parse::<Decimal>().ok()) {
                let total = totals.entry(key).or_default();
                *total = total.checked_add(number).unwrap_or(*total);
            }
        }
        for total in totals.into_values() {
            self.insert(call, amount_form(&total.to_string()));
        }
    }

    fn insert(&mut self, call: CallId, form: String) {
        if self.layers.len() * LAYER >= MOST_VALUES {
            self.incomplete = true;
            return;
        }
        if self.fresh.len() >= LAYER {
            self.layers.push(std::mem::take(&mut self.fresh));
        }
        Arc::make_mut(&mut self.fresh).entry(hash(&form)).or_insert(call);
    }

    /// The claims of the whole answer of `turn`, in order.
    #[must_use]
    pub fn check(&self, turn: TurnId, text: &str) -> Vec<Claim> {
        self.check_part(turn, text, &self.totals(text))
    }

    /// The claims of a part of the answer of `turn`, in order; `totals` are those of the whole answer.
    #[must_use]
    pub fn check_part(&self, turn: TurnId, text: &str, totals: &Totals) -> Vec<Claim> {
        let mark = |form: &str| match self.find(form) {
            Some(call) => Mark::Supported(call),
            None if totals.0.contains(form) => Mark::AddedUp,
            None if self.named.get(form).is_some_and(|first| *first <= turn) => Mark::Named,
            None => Mark::Unsupported,
        };
        scan(text)
            .into_iter()
            // What the question said, in quotation marks, is no statement.
            .filter(|(range, _)| !(text[..range.start].ends_with('“') && text[range.end..].starts_with('”')))
            .map(|(range, form)| Claim { range, mark: mark(&form) })
            .filter(|claim| claim.mark != Mark::Unsupported || !self.incomplete)
            .collect()
    }

    fn find(&self, form: &str) -> Option<CallId> {
        let hash = hash(form);
        let layers = self.layers.iter().chain([&self.fresh]);
        layers.into_iter().find_map(|layer| layer.get(&hash)).copied()
    }

    /// Totals and means of the columns of the tables in `text`, where every amount of the column stands in a result: they
    /// can be worked out again from what is shown.
    #[must_use]
    pub fn totals(&self, text: &str) -> Totals {
        let mut out = HashSet::new();
        let mut columns: Vec<Column> = Vec::new();
        for line in text.lines().chain([""]) {
            let Some(row) = line.trim().strip_prefix('|') else {
                columns.drain(..).for_each(|column| column.close(&mut out));
                continue;
            };
            for (index, cell) in row.trim_end_matches('|').split('|').enumerate() {
                if columns.len() <= index {
                    columns.push(Column::default());
                }
                if let (Some(column), [(_, form)]) = (columns.get_mut(index), scan(cell).as_slice()) {
                    column.take(form, self.find(form).is_some());
                }
            }
        }
        Totals(out)
    }

    /// The distinct unsupported pieces of `text`, the answer of `turn`, as written.
    #[must_use]
    pub fn unsupported<'t>(&self, turn: TurnId, text: &'t str) -> Vec<&'t str> {
        let mut seen = HashSet::new();
        self.check(turn, text)
            .into_iter()
            .filter(|claim| claim.mark == Mark::Unsupported)
            .map(|claim| &text[claim.range])
            .filter(|piece| seen.insert(*piece))
            .collect()
    }
}

/// 64 bits tell values apart: a million of them collide once in many million sessions.
fn hash(form: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    form.hash(&mut hasher);
    hasher.finish()
}

/// The amounts of a table's column.
#[derive(Default)]
struct Column {
    total: Decimal,
    count: u32,
    /// Whether an amount stands in no result, so that nothing can rest on the column.
    doubtful: bool,
}

impl Column {
    fn take(&mut self, form: &str, known: bool) {
        let Some(amount) = form.strip_prefix(AMOUNT).and_then(|digits| digits.parse::<Decimal>().ok()) else {
            return;
        };
        // A row of the table that says the total itself.
        if !known && self.count >= 2 && amount == self.total {
            return;
        }
        match self.total.checked_add(amount) {
            Some(total) if known => (self.total, self.count) = (total, self.count + 1),
            Some(_) | None => self.doubtful = true,
        }
    }

    fn close(self, out: &mut HashSet<String>) {
        if self.doubtful || self.count < 2 {
            return;
        }
        let mean = (self.total / Decimal::from(self.count)).round_dp_with_strategy(2, MidpointAwayFromZero);
        out.extend([self.total, mean].map(|figure| amount_form(&figure.to_string())));
    }
}

/// Finds claims: byte range and normal form.
fn scan(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for (start, word) in words(text) {
        let trimmed = word.trim_end_matches(['.', ',', ':', ';', '-', '/', '!', '?']);
        if let Some(form) = id_form(trimmed).or_else(|| date_form(trimmed)).or_else(|| money_form(trimmed)) {
            found.push((start..start + trimmed.len(), form));
        }
    }
    found
}

/// Runs of characters that ids, dates and amounts are made of.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ',' | '$' | '€' | '£' | '_' | ':' | '/' | '+');
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(part)?;
        let end = text[start..].find(|c| !part(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((start, &text[start..end]))
    })
}

/// `TKT-1001`, `INV-2024-012`, `AST-SRV-001`: capital letters, a dash, and a last part of digits.
fn id_form(word: &str) -> Option<String> {
    let mut parts = word.split('-');
    let first = parts.next()?;
    let letters = (2..=6).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_uppercase());
    let rest: Vec<&str> = parts.collect();
    let shaped = !rest.is_empty()
        && rest
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
        && rest.last().is_some_and(|last| last.len() >= 3 && last.bytes().all(|b| b.is_ascii_digit()));
    (letters && shaped).then(|| format!("id:{word}"))
}

/// `2025-10-06`, alone or as the date of a time stamp.
fn date_form(word: &str) -> Option<String> {
    let date = word.get(..10)?;
    let rest = &word[10..];
    let bytes = date.as_bytes();
    let shaped = bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    let ends = rest.is_empty() || rest.starts_with('T');
    (shaped && ends).then(|| format!("{DAY}{date}"))
}

/// `$12,450.00`, or digits with exactly two decimals and nothing else.
fn money_form(word: &str) -> Option<String> {
    let digits = word.trim_start_matches(['$', '€', '£']);
    let with_sign = digits.len() < word.len();
    let (_, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let shaped = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'.')
        && digits.matches('.').count() <= 1;
    (shaped && (with_sign || decimals.len() == 2)).then(|| amount_form(&digits.replace(',', "")))
}

fn plain_number(text: &str) -> Option<String> {
    let shaped = !text.is_empty() && text.len() < 32 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    shaped.then(|| amount_form(text))
}

/// One form for `12450`, `12450.0` and `12450.00`.
fn amount_form(digits: &str) -> String {
    let plain = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{AMOUNT}{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: TurnId = TurnId(1);

    fn evidence(body: &str) -> Evidence {
        let mut evidence = Evidence::default();
        let result = Json::parse(&format!(r#"{{"structuredContent":{body}}}"#)).expect("test JSON");
        evidence.add(CallId(3), &result);
        evidence
    }

    #[test]
    fn ids_dates_and_amounts_of_a_result_are_supported_however_they_are_written() {
        let evidence = evidence(r#"{"id":"TKT-1001","due":"2025-09-30T10:00:00Z","amount":12450.5}"#);
        let text = "TKT-1001 is due 2025-09-30, $12,450.50.";
        let claims = evidence.check(TURN, text);
        assert_eq!(claims.len(), 3);
        assert!(claims.iter().all(|claim| claim.mark == Mark::Supported(CallId(3))), "{claims:?}");
    }

    #[test]
    fn a_huge_result_is_left_out_and_then_nothing_counts_as_unsupported() {
        let mut evidence = evidence(r#"{"id":"TKT-1001"}"#);
        let body = format!(r#"{{"id":"TKT-1002","text":"{}"}}"#, "x".repeat(MOST_BYTES));
        evidence.add(CallId(4), &Json::parse(&body).expect("test JSON"));
        let marks: Vec<Mark> =
            evidence.check(TURN, "TKT-1001, TKT-1002, TKT-1003").into_iter().map(|claim| claim.mark).collect();
        assert_eq!(marks, [Mark::Supported(CallId(3))]);
    }

    #[test]
    fn what_no_result_has_is_unsupported() {
        let evidence = evidence(r#"{"id":"TKT-1001"}"#);
        assert_eq!(
            evidence.unsupported(TURN, "TKT-1002 and TKT-1001, $5.00, 2025-01-01"),
            ["TKT-1002", "$5.00", "2025-01-01"]
        );
    }

    #[test]
    fn the_total_of_a_column_is_supported_and_another_sum_is_not() {
        let evidence = evidence(r#"{"invoices":[{"amount":10.1},{"amount":20.2}]}"#);
        assert_eq!(evidence.unsupported(TURN, "30.30 in all, not 30.31"), ["30.31"]);
    }

    #[test]
    fn the_total_of_a_table_in_the_answer_is_added_up_only_from_amounts_that_results_have() {
        let evidence = evidence(r#"{"a":"10.10","b":"20.20","c":"99.00"}"#);
        let table = |last: &str| {
            format!("30.30 in all, 15.15 each\n\n| id | sum |\n| --- | --- |\n| x | 10.10 |\n| y | {last} |")
        };
        let text = table("20.20");
        assert_eq!(evidence.unsupported(TURN, &text), Vec::<&str>::new());
        assert!(evidence.check(TURN, &text).iter().any(|claim| claim.mark == Mark::AddedUp));
        assert_eq!(evidence.unsupported(TURN, &table("20.21")), ["30.30", "15.15", "20.21"]);
        let with_total = |total: &str| format!("{}\n| total | {total} |", table("20.20"));
        assert_eq!(evidence.unsupported(TURN, &with_total("30.30")), Vec::<&str>::new());
        assert_eq!(evidence.unsupported(TURN, &with_total("30.31")), ["30.30", "15.15", "30.31"]);
    }

    #[test]
    fn what_is_only_quoted_is_no_claim() {
        let evidence = evidence(r#"{"id":"TKT-1001"}"#);
        assert_eq!(evidence.unsupported(TURN, "“INV-001” fits 2 invoices, not INV-002"), ["INV-002"]);
    }

    #[test]
    fn ids_and_days_of_the_question_are_no_inventions_but_its_amounts_are_not_vouched_for() {
        let mut evidence = evidence(r#"{"id":"TKT-1001"}"#);
        evidence.add_question(TURN, "was tkt-2002 of 2025-09-01 over $5.00?");
        let text = "TKT-2002 of 2025-09-01, $5.00, TKT-2003";
        assert_eq!(evidence.unsupported(TURN, text), ["$5.00", "TKT-2003"]);
        assert_eq!(evidence.check(TURN, text)[0].mark, Mark::Named);
    }

    #[test]
    fn plain_words_and_counts_are_no_claims() {
        assert!(Evidence::default().check(TURN, "3 tickets, UTF-8, half-open, 24/7, v1.2.3").is_empty());
    }
}
