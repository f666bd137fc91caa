//! Arguments of an unknown tool, out of the question by the tool's schema.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::catalog::{Argument, Tool};
use super::super::knowledge::Knowledge;
use super::super::{dates, frame, mention, text};
use super::{Choice, Words, parts};

pub(super) fn filled(knowledge: &Knowledge, tool: &Tool<'_>, words: &Words) -> Choice {
    let title = tool.definition.tool.to_string();
    let mut out: Map<String, Value> = object_in(&words.question).unwrap_or_default();
    let mut used: HashSet<usize> = words
        .stems
        .iter()
        .enumerate()
        .filter(|(at, stem)| {
            let low = &words.low[*at];
            parts(&title).contains(stem)
                || *low == title.to_lowercase()
                || *low == tool.definition.model_name.to_lowercase()
                || knowledge
                    .tool_synonyms
                    .get(*stem)
                    .is_some_and(|others| others.iter().any(|other| parts(&title).contains(other)))
        })
        .map(|(at, _)| at)
        .collect();
    for argument in &tool.arguments {
        if let Some((value, at)) = marked(argument, words) {
            out.entry(argument.name.clone()).or_insert(value);
            used.extend(at);
        }
    }
    for argument in &tool.arguments {
        if out.contains_key(&argument.name) {
            continue;
        }
        if let Some((value, at)) = by_form(knowledge, argument, words, &used) {
            out.insert(argument.name.clone(), value);
            used.extend(at);
        }
    }
    let open: Vec<&Argument> = tool
        .arguments
        .iter()
        .filter(|argument| {
            argument.required
                && !out.contains_key(&argument.name)
                && argument.kind == "string"
                && argument.values.is_empty()
        })
        .collect();
    if let [argument] = open[..]
        && let Some(rest) = rest(words, &used)
    {
        out.insert(argument.name.clone(), json!(rest));
    }
    if let Some(missing) = tool.arguments.iter().find(|argument| argument.required && !out.contains_key(&argument.name))
    {
        return Choice::Missing {
            title,
            argument: missing.name.clone(),
            description: missing.description.clone(),
            values: missing.values.clone(),
        };
    }
    // In the schema's order, whatever order they were found in.
    let mut sorted = Map::new();
    for argument in &tool.arguments {
        if let Some(value) = out.shift_remove(&argument.name) {
            sorted.insert(argument.name.clone(), value);
        }
    }
    sorted.extend(out);
    Choice::Call { tool: tool.definition.model_name.clone(), title, arguments: Value::Object(sorted) }
}

/// A JSON object at the end of the question.
pub(super) fn object_in(question: &str) -> Option<Map<String, Value>> {
    let start = question.find('{')?;
    match serde_json::from_str(question.get(start..)?.trim()) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

/// `name=value`, or the value after the argument's name.
pub(super) fn marked(argument: &Argument, words: &Words) -> Option<(Value, Vec<usize>)> {
    let name = argument.name.to_lowercase();
    for (at, word) in words.low.iter().enumerate() {
        if let Some((left, _)) = word.split_once('=')
            && left == name
        {
            let start = words.raw.get(at)?.split_once('=')?.1.to_owned();
            // What was asked for and then given is the rest of the line.
            let tail = if argument.kind == "string" {
                words.raw.get(at + 1..).unwrap_or_default().to_vec()
            } else {
                Vec::new()
            };
            let value = [vec![start], tail].concat().join(" ");
            return Some((typed(argument, value.trim())?, (at..words.raw.len()).collect()));
        }
        if *word == name && name.len() > 1 && argument.kind != "boolean" {
            let next = words.raw.get(at + 1).filter(|next| !matches!(next.as_str(), "=" | ":" | "is" | "of" | "to"));
            let (at_value, raw) = match next {
                Some(raw) => (at + 1, raw),
                None => (at + 2, words.raw.get(at + 2)?),
            };
            if let Some(value) = typed(argument, raw).filter(|value| argument.kind != "string" || value.is_string()) {
                let rest = argument.kind == "string"
                    && argument.values.is_empty()
                    && argument.format.is_none()
                    && argument.pattern.is_none();
                if rest {
                    return Some((json!(words.raw.get(at_value..)?.join(" ")), (at..words.raw.len()).collect()));
                }
                return Some((value, vec![at, at_value]));
            }
        }
    }
    None
}

pub(super) fn typed(argument: &Argument, raw: &str) -> Option<Value> {
    match argument.kind.as_str() {
        "integer" => dates::number(&raw.to_lowercase()).or_else(|| raw.parse().ok()).map(|number| json!(number)),
        "number" => raw
            .parse::<i64>()
            .ok()
            .map(|number| json!(number))
            .or_else(|| raw.parse::<f64>().ok().map(|number| json!(number)))
            .or_else(|| dates::number(&raw.to_lowercase()).map(|number| json!(number))),
        "boolean" => match raw.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(json!(true)),
            "false" | "no" | "off" => Some(json!(false)),
            _ => None,
        },
        "string" => argument
            .values
            .iter()
            .find(|value| plain(value) == plain(raw))
            .map(|value| json!(value))
            .or_else(|| argument.values.is_empty().then(|| json!(raw))),
        _ => None,
    }
}

pub(super) fn plain(text: &str) -> String {
    text.to_lowercase().replace(['_', '-'], " ")
}

/// A value whose form says where it belongs: a number, one of the enumerated words, an id, a date, an address.
pub(super) fn by_form(
    knowledge: &Knowledge,
    argument: &Argument,
    words: &Words,
    used: &HashSet<usize>,
) -> Option<(Value, Vec<usize>)> {
    if !argument.values.is_empty() {
        let question = format!(" {} ", plain(&words.low.join(" ")));
        let value = argument
            .values
            .iter()
            .filter(|value| question.contains(&format!(" {} ", plain(value))))
            .max_by_key(|value| value.len())?;
        return Some((json!(value), Vec::new()));
    }
    let free = |at: &usize| !used.contains(at);
    let find = |test: &dyn Fn(&str) -> Option<Value>| {
        (0..words.raw.len())
            .filter(free)
            .find_map(|at| words.raw.get(at).and_then(|raw| test(raw)).map(|value| (value, vec![at])))
    };
    match (argument.kind.as_str(), argument.format.as_deref()) {
        ("integer" | "number", _) if argument.required => find(&|raw| typed(argument, raw)),
        ("string", Some("date")) => {
            find(&|raw| raw.parse::<jiff::civil::Date>().ok().map(|day| json!(day.to_string())))
        }
        ("string", Some("email")) => find(&|raw| raw.contains('@').then(|| json!(raw))),
        ("string", Some("uri" | "url")) => find(&|raw| raw.contains("://").then(|| json!(raw))),
        ("string", _) if argument.name == "path" || argument.name.ends_with("_path") => {
            find(&|raw| raw.contains('/').then(|| json!(raw)))
        }
        ("string", _) => {
            let kind = knowledge
                .kinds
                .iter()
                .position(|kind| !kind.key.is_empty() && kind.key == argument.name && !kind.ids.is_empty())?;
            let typed = text::words(&words.question, &knowledge.synonyms);
            let mention = (0..typed.len()).find_map(|at| {
                mention::mention_at(knowledge, &typed, at, 0).filter(|(mention, _)| mention.kind == kind)
            })?;
            match mention.0.how {
                frame::How::Ids(ids) => ids.first().map(|id| (json!(id), Vec::new())),
                frame::How::OneOf(_) | frame::How::Fields(..) | frame::How::Each(_) => None,
            }
        }
        _ => None,
    }
}

/// The words that were not used for anything: quoted text first, else what is left after the tool's words.
pub(super) fn rest(words: &Words, used: &HashSet<usize>) -> Option<String> {
    let quote = |open: char, close: char| {
        let start = words.question.find(open)? + open.len_utf8();
        let end = words.question.get(start..)?.rfind(close)? + start;
        words.question.get(start..end).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(text) = quote('"', '"').or_else(|| quote('“', '”')) {
        return Some(text);
    }
    const LEAD: [&str; 22] = [
        "please", "the", "a", "an", "of", "for", "to", "with", "call", "run", "use", "tool", "me", "can", "could",
        "you", "in", "about", "what", "is", "and", "that",
    ];
    let left: Vec<usize> = (0..words.raw.len()).filter(|at| !used.contains(at)).collect();
    let start = left.iter().position(|at| !LEAD.contains(&words.low[*at].as_str()))?;
    let left: Vec<&str> = left.get(start..)?.iter().map(|at| words.raw[*at].as_str()).collect();
    Some(left.join(" ")).filter(|text| !text.is_empty())
}
