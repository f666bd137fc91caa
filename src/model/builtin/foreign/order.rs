//! A call as the operator writes it out, taken to the letter: `/call SERVER__TOOL {JSON}`, `/call SERVER__TOOL NAME=VALUE …`.

use serde_json::{Map, Value, json};

use super::super::catalog::{Argument, Catalog, Tool};
use super::arguments::{complete, typed};
use super::{Choice, naming};

/// The call; `None` if words follow the tool's name that are neither an object nor begin with an argument of it.
pub(super) fn ordered(catalog: &Catalog<'_>, line: &str) -> Option<Choice> {
    let (said, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (name, rest) = (said.to_lowercase(), rest.trim());
    let is_named = |tool: &&Tool<'_>| tool.definition.tool.as_str().to_lowercase() == name;
    let with_server: Vec<&Tool<'_>> = catalog.tools.iter().filter(|tool| naming::forms(tool).contains(&name)).collect();
    let without: Vec<&Tool<'_>> = catalog.tools.iter().filter(is_named).collect();
    let tool = match (with_server.as_slice(), without.as_slice()) {
        ([], []) => return Some(Choice::Unknown { said: said.to_owned() }),
        ([tool, ..], _) | ([], [tool]) => *tool,
        ([], several) => return Some(Choice::several(several)),
    };
    let arguments = match rest.chars().next() {
        None => Map::new(),
        Some('{') => match serde_json::from_str::<Map<String, Value>>(rest) {
            Ok(arguments) => arguments,
            Err(error) => return Some(Choice::Unreadable { reason: error.to_string() }),
        },
        Some(_) => pairs(tool, rest)?,
    };
    Some(complete(tool, arguments))
}

/// Each argument's text, from behind its `=` to the next argument's name.
fn pairs(tool: &Tool<'_>, text: &str) -> Option<Map<String, Value>> {
    let mut starts: Vec<(usize, usize, &Argument)> = Vec::new();
    for argument in &tool.arguments {
        let sign = format!("{}=", argument.name);
        let begins = |at: &usize| text[..*at].chars().next_back().is_none_or(char::is_whitespace);
        let first = text.match_indices(&sign).map(|(at, _)| at).find(begins);
        starts.extend(first.map(|at| (at, at + sign.len(), argument)));
    }
    starts.sort_unstable_by_key(|(at, ..)| *at);
    if starts.first().is_none_or(|(at, ..)| *at > 0) {
        return None;
    }
    let ends = starts.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
    let value = |((_, from, argument), to): (&(usize, usize, &Argument), usize)| {
        let text = text[*from..to].trim();
        // What is not of its type is told by the tool's schema.
        let value = typed(argument, text).or_else(|| serde_json::from_str(text).ok());
        (argument.name.clone(), value.unwrap_or_else(|| json!(text)))
    };
    Some(starts.iter().zip(ends).map(value).collect())
}
