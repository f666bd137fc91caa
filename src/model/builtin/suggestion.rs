//! What a server suggested, typed back as a question: "Call again with ticket_id TKT-1009, the nearest existing id".

use super::catalog::Catalog;
use super::dialogue::Context;
use super::knowledge::{KindId, Knowledge, Takes};

/// What a suggestion comes to.
pub(super) enum Meant {
    /// This question.
    Question(String),
    /// Records of a kind, of some record of another kind that is still to be named.
    Whose { of: KindId, kind: KindId },
}

/// What is meant if the question is a suggestion; none if it is none.
pub(super) fn meant(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    asked: &str,
    context: Option<&Context>,
) -> Option<Meant> {
    let plain = asked.trim().trim_start_matches(['-', '*', ' ']);
    let rest = plain.strip_prefix("Call ").or_else(|| plain.strip_prefix("call "))?;
    let (tool, rest) = rest.split_once(" with ").unwrap_or((rest, ""));
    let tool = tool.trim().trim_matches('`');
    let again = tool == "again";
    if !again && catalog.reading(tool).is_none() {
        return None;
    }
    let rest = rest.strip_prefix("the ").unwrap_or(rest).trim().trim_end_matches(']');
    let rest = rest.split(" [").next().unwrap_or(rest);
    let (argument, value) = rest.split_once(' ').unwrap_or((rest, ""));
    let Some((kind, field)) = taken(knowledge, tool, again, argument) else {
        // "with a shorter part of the name": which record is still to be said.
        let kind = knowledge.sources.iter().find(|source| source.tool == tool)?.kind;
        return Some(Meant::Whose { of: kind, kind });
    };
    let known = knowledge.kind(kind);
    let Some(value) = value_of(value) else {
        // Whose, of what: the one thing that was not said.
        let of = known.refs.get(&field).copied().unwrap_or(kind);
        return Some(Meant::Whose { of, kind });
    };
    let resumed = context.is_some_and(|context| context.frame.is_some());
    Some(Meant::Question(if again && resumed && !value.contains(' ') {
        format!("what about {value}")
    } else if field == known.key || field == known.name_field {
        format!("{} {value}", known.one)
    } else {
        format!("{value} {}", known.many)
    }))
}

/// The kind of record and its field that an argument of a tool stands for.
fn taken(knowledge: &Knowledge, tool: &str, again: bool, argument: &str) -> Option<(KindId, String)> {
    let sources = knowledge.sources.iter().filter(|source| again || source.tool == tool);
    let mut found = sources.filter_map(|source| {
        let takes = |(field, takes): (&String, &Takes)| {
            matches!(takes, Takes::Value(name) if name == argument).then(|| (source.kind, field.clone()))
        };
        source.takes.iter().find_map(takes)
    });
    // The kind whose own key it is says most.
    let all: Vec<(KindId, String)> = found.by_ref().collect();
    let own =
        all.iter().find(|(kind, field)| knowledge.kind(*kind).key == *field && knowledge.kind(*kind).of.is_none());
    own.or(all.first()).cloned()
}

/// What stands for the argument: ids, a quoted name, a word; not "a shorter part of the name".
fn value_of(text: &str) -> Option<String> {
    let text = text.split(", the nearest").next().unwrap_or(text);
    let text = [" to ", " alone", " and "].iter().fold(text, |text, end| text.split(end).next().unwrap_or(text)).trim();
    if text.starts_with('"') {
        return Some(text.trim_matches('"').to_owned());
    }
    let ids = text.chars().any(|c| c.is_ascii_digit());
    let word = !text.is_empty() && !text.contains(' ') && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let placeholder = matches!(text, "or" | "alone" | "and");
    ((ids || word) && !placeholder).then(|| text.to_owned())
}
