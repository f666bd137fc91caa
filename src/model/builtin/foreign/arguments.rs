//! Arguments of an unknown tool, out of the question by the tool's schema.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::catalog::{Argument, Tool};
use super::super::knowledge::Knowledge;
use super::super::{dates, frame, mention, text};
use super::{Choice, Wish, Words, naming, parts};

pub(super) fn filled(knowledge: &Knowledge, tool: &Tool<'_>, words: &Words, wish: Wish) -> Choice {
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
    if let Some(at) = naming::at(words, tool, true) {
        used.insert(at);
        used.extend(words.low.get(at + 1).filter(|next| *next == "tool").map(|_| at + 1));
        // What stands before a tool's name only says that it is to be called.
        used.extend(0..at);
    }
    for argument in &tool.arguments {
        if let Some((value, at)) = marked(argument, tool, words) {
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
    // What follows an argument's name and is no value of it is no value of another.
    let unfit = tool.arguments.iter().find(|argument| {
        let is_said = || words.low.iter().any(|word| *word == argument.name.to_lowercase());
        matches!(argument.kind.as_str(), "integer" | "number") && !out.contains_key(&argument.name) && is_said()
    });
    if let Some(argument) = unfit.filter(|_| wish == Wish::Named) {
        return missing(tool, argument);
    }
    let is_open = |argument: &&Argument| {
        !out.contains_key(&argument.name) && argument.kind == "string" && argument.values.is_empty()
    };
    let open: Vec<&Argument> = tool.arguments.iter().filter(is_open).collect();
    let required: Vec<&Argument> = open.iter().filter(|argument| argument.required).copied().collect();
    // Of a tool that was named, words that are left over belong somewhere, if there is but one place.
    let place = match (required.as_slice(), open.as_slice()) {
        ([argument], _) => Some(argument),
        ([], [argument]) if wish == Wish::Named => Some(argument),
        _ => None,
    };
    if let Some(argument) = place
        && let Some(rest) = rest(words, &used).filter(|rest| takes(argument, rest))
    {
        out.insert(argument.name.clone(), json!(rest));
    }
    complete(tool, out)
}

/// The call with these arguments, or which one it lacks.
pub(super) fn complete(tool: &Tool<'_>, mut out: Map<String, Value>) -> Choice {
    let title = tool.definition.tool.to_string();
    if let Some(open) = tool.arguments.iter().find(|argument| argument.required && !out.contains_key(&argument.name)) {
        return missing(tool, open);
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

fn missing(tool: &Tool<'_>, argument: &Argument) -> Choice {
    Choice::Missing {
        title: tool.definition.tool.to_string(),
        argument: argument.name.clone(),
        description: argument.description.clone(),
        values: argument.values.clone(),
    }
}

/// Whether words that nothing marks can be the value of an argument: a name, a path or an id is one word, and a path looks
/// like one.
fn takes(argument: &Argument, rest: &str) -> bool {
    const PATHS: [&str; 7] = ["path", "file", "filename", "dir", "directory", "folder", "source"];
    const ONE: [&str; 8] = ["id", "uri", "url", "email", "date", "key", "code", "token"];
    let name = argument.name.to_lowercase();
    let last = parts(&name).pop().unwrap_or_default();
    let is_one_word = !rest.contains(char::is_whitespace);
    if PATHS.contains(&last.as_str()) {
        return is_one_word && rest.contains(['/', '.', '~']);
    }
    let is_bound = argument.format.is_some() || argument.pattern.is_some() || ONE.contains(&last.as_str());
    is_one_word || !is_bound
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
pub(super) fn marked(argument: &Argument, tool: &Tool<'_>, words: &Words) -> Option<(Value, Vec<usize>)> {
    let name = argument.name.to_lowercase();
    // A text goes on to the next argument's name.
    let end = |from: usize| {
        let is_name = |word: &String| {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            tool.arguments.iter().any(|other| other.name != argument.name && other.name.to_lowercase() == name)
        };
        let next = words.low.iter().skip(from).position(is_name).map_or(words.low.len(), |at| from + at);
        let is_joint = |at: usize| at > from && matches!(words.low[at - 1].as_str(), "and" | "with");
        if next < words.low.len() && is_joint(next) { next - 1 } else { next }
    };
    for (at, word) in words.low.iter().enumerate() {
        if let Some((left, _)) = word.split_once('=')
            && left == name
        {
            let start = words.raw.get(at)?.split_once('=')?.1.to_owned();
            // What was asked for and then given is the rest of the line.
            let tail = if argument.kind == "string" {
                words.raw.get(at + 1..end(at + 1)).unwrap_or_default().to_vec()
            } else {
                Vec::new()
            };
            let value = [vec![start], tail].concat().join(" ");
            return Some((typed(argument, value.trim())?, (at..end(at + 1)).collect()));
        }
        // One letter is a name only where a name is to be expected.
        let is_name = name.len() > 1 || (at > 0 && matches!(words.low[at - 1].as_str(), "with" | "and"));
        if *word == name && is_name && argument.kind != "boolean" {
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
                    let end = end(at_value);
                    return Some((json!(words.raw.get(at_value..end)?.join(" ")), (at..end).collect()));
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
