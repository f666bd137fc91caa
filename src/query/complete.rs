//! What may stand in place of the word at the cursor.

use std::ops::Range;

use super::operand::{CLAIMS, STATES};
use super::syntax::{OPERATORS, PATH_FIELDS, PLAIN_FIELDS};

/// The word up to `cursor`, as character positions: what a completion replaces.
#[must_use]
pub fn word_at(text: &str, cursor: usize) -> Range<usize> {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let is_break = |c: &char| c.is_whitespace() || matches!(c, '|' | '(' | ')' | '"');
    let mut start = before.iter().rposition(is_break).map_or(0, |at| at + 1);
    while before.get(start) == Some(&'!') {
        start += 1;
    }
    start..before.len()
}

/// Words that continue the one at `cursor` (a character position), best first: fields, then operators of a complete field,
/// then values. Each replaces [`word_at`]. Nothing inside quotes or a value of one's own.
///
/// `known` gives the values that a field of that name has so far; for `arg` and `result`, the names inside.
#[must_use]
pub fn complete(text: &str, cursor: usize, known: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
    let before: String = text.chars().take(cursor).collect();
    if before.replace("\\\"", "").matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let range = word_at(text, cursor);
    let word: String = text.chars().skip(range.start).take(range.len()).collect();
    let lower = word.to_lowercase();
    if let Some((field, value)) = lower.split_once([':', '=']) {
        let field = field.trim_end_matches('!');
        let values: Vec<String> = match field {
            "status" => STATES.iter().map(|(name, _)| (*name).to_owned()).collect(),
            "ann" => CLAIMS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            "kind" => vec!["call".to_owned(), "step".to_owned()],
            "server" | "tool" | "model" => known(field),
            _ => Vec::new(),
        };
        // Cut at the sign, for capitals may be longer than what they become.
        let head = word.find([':', '=']).map_or("", |sign| &word[..=sign]);
        let fitting = values.iter().filter(|name| name.to_lowercase().starts_with(value) && *name != value);
        return fitting.map(|name| format!("{head}{}", quoted(name))).collect();
    }
    let path = lower.split_once('.').filter(|(field, _)| PATH_FIELDS.contains(field));
    if let Some((field, name)) = path {
        let names = known(field);
        if names.iter().any(|known| *known == word[field.len() + 1..]) {
            return with_operators(&word, OPERATORS.iter().map(|(text, _)| *text));
        }
        let fitting = names.iter().filter(|known| known.to_lowercase().starts_with(name));
        return fitting.map(|known| format!("{field}.{}", quoted(known))).collect();
    }
    if let Some((name, field)) = PLAIN_FIELDS.iter().find(|(name, _)| *name == lower) {
        let operators =
            OPERATORS.iter().map(|(text, _)| *text).filter(|text| field.has_order() || !text.starts_with(['<', '>']));
        return with_operators(name, operators);
    }
    let plain = PLAIN_FIELDS.iter().map(|(name, _)| format!("{name}:"));
    let paths = PATH_FIELDS.iter().map(|name| format!("{name}."));
    plain.chain(paths).filter(|name| name.starts_with(&lower) && *name != lower).collect()
}

/// A field with each operator, the one that is meant most often first.
fn with_operators<'a>(field: &str, operators: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = operators.map(|operator| format!("{field}{operator}")).collect();
    found.sort_by_key(|word| (!word.ends_with(':'), word.len()));
    found
}

/// A value as it is written: in quotes if it would be taken apart otherwise.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(text: &str, cursor: usize) -> Vec<String> {
        let known = |field: &str| -> Vec<String> {
            let names: &[&str] = match field {
                "server" => &["billing", "Kiosk 7"],
                "arg" => &["customer_id", "limit"],
                _ => &[],
            };
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        super::complete(text, cursor, &known)
    }

    #[test]
    fn values_and_names_that_the_session_knows_are_offered() {
        assert_eq!(complete("server:", 7), ["server:billing", "server:\"Kiosk 7\""]);
        assert_eq!(complete("server!=K", 9), ["server!=\"Kiosk 7\""]);
        assert_eq!(complete("arg.c", 5), ["arg.customer_id"]);
        assert!(complete("arg.limit", 9).contains(&"arg.limit>=".to_owned()));
        assert!(complete("result.x", 8).is_empty());
    }

    #[test]
    fn fields_operators_and_values_are_offered_where_they_may_stand() {
        assert_eq!(complete("s", 1), ["server:", "status:", "step:"]);
        assert_eq!(complete("tool:x | !st", 12), ["status:", "step:"]);
        assert_eq!(complete("(ar", 3), ["arg."]);
        assert_eq!(complete("status:c", 8), ["status:cancelled"]);
        assert_eq!(complete("ann:", 4).len(), 4);
        assert_eq!(complete("dur", 3)[0], "dur:");
        assert!(complete("dur", 3).contains(&"dur>=".to_owned()) && !complete("tool", 4).contains(&"tool>".to_owned()));
        assert!(complete("\"st", 3).is_empty() && complete("arg.x=s", 7).is_empty());
        assert_eq!(complete("", 0).len(), PLAIN_FIELDS.len() + PATH_FIELDS.len());
        assert_eq!(complete("s tool:x", 1), ["server:", "status:", "step:"]);
        assert_eq!(word_at("a !sta b", 6), 3..6);
        assert_eq!(complete("x", 99), Vec::<String>::new());
    }
}
