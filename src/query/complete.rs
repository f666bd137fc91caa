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
/// then values of a field that has only a few. Each replaces [`word_at`]. Nothing inside quotes or a value of one's own.
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Vec<String> {
    let before: String = text.chars().take(cursor).collect();
    if before.replace("\\\"", "").matches('"').count() % 2 == 1 {
        return Vec::new();
    }
    let range = word_at(text, cursor);
    let word: String = text.chars().skip(range.start).take(range.len()).collect();
    let lower = word.to_lowercase();
    if let Some((field, value)) = lower.split_once([':', '=']) {
        let field = field.trim_end_matches('!');
        let values: Vec<&str> = match field {
            "status" => STATES.iter().map(|(name, _)| *name).collect(),
            "ann" => CLAIMS.iter().map(|(name, _)| *name).collect(),
            "kind" => vec!["call", "step"],
            _ => Vec::new(),
        };
        let head = &word[..word.len() - value.len()];
        let fitting = values.into_iter().filter(|name| name.starts_with(value) && *name != value);
        return fitting.map(|name| format!("{head}{name}")).collect();
    }
    if let Some((name, field)) = PLAIN_FIELDS.iter().find(|(name, _)| *name == lower) {
        let operators =
            OPERATORS.iter().map(|(text, _)| *text).filter(|text| field.has_order() || !text.starts_with(['<', '>']));
        let mut found: Vec<String> = operators.map(|operator| format!("{name}{operator}")).collect();
        // The operator that is meant most often comes first.
        found.sort_by_key(|word| (!word.ends_with(':'), word.len()));
        return found;
    }
    let plain = PLAIN_FIELDS.iter().map(|(name, _)| format!("{name}:"));
    let paths = PATH_FIELDS.iter().map(|name| format!("{name}."));
    plain.chain(paths).filter(|name| name.starts_with(&lower) && *name != lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
