//! Tools that no knowledge file speaks of: found by the words of their names and descriptions, called with arguments
//! taken from the question by their schemas. A tool that may write is only called when the question names it.

mod arguments;

use arguments::filled;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::catalog::{Catalog, Tool};
use super::knowledge::{Knowledge, Role};
use super::text::stem;

/// What to do about a question that such a tool can answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// Call it.
    Call { tool: String, title: String, arguments: Value },
    /// An argument is missing.
    Missing { title: String, argument: String, description: String, values: Vec<String> },
}

impl Choice {
    /// The argument that has to be asked for.
    pub(super) fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing { argument, .. } => Some(argument),
            Self::Call { .. } => None,
        }
    }
}

/// What a tool must score to be meant.
const ENOUGH: f64 = 2.0;

/// The tool for a question, if one is named or, where nothing else was understood, one fits well.
pub(super) fn choose(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    question: &str,
    nothing_else: bool,
) -> Option<Choice> {
    let words = Words::of(question);
    let named = catalog.tools.iter().find(|tool| words.names(tool));
    if let Some(tool) = named {
        return Some(filled(knowledge, tool, &words));
    }
    if !nothing_else {
        return None;
    }
    let known: HashSet<&str> = knowledge.sources.iter().map(|source| source.tool.as_str()).collect();
    let strange: Vec<&Tool<'_>> = catalog
        .tools
        .iter()
        .filter(|tool| !known.contains(tool.definition.tool.as_str()) && tool.definition.annotations.read_only)
        .collect();
    let rarity = rarity(&strange);
    let small: HashSet<String> = [Role::Ignore, Role::Of, Role::With, Role::And, Role::Not, Role::Yesno, Role::Pronoun]
        .iter()
        .filter_map(|role| knowledge.role_words.get(role))
        .flatten()
        .map(|word| stem(word))
        .collect();
    let scored = strange.into_iter().map(|tool| (score(knowledge, tool, &words, &rarity, &small), tool));
    let (best, tool) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best >= ENOUGH).then(|| filled(knowledge, tool, &words))
}

/// A question as plain words.
struct Words {
    question: String,
    raw: Vec<String>,
    low: Vec<String>,
    stems: Vec<String>,
}

impl Words {
    fn of(question: &str) -> Self {
        let raw: Vec<String> = question
            .split_whitespace()
            .map(|word| {
                word.trim_matches(|c: char| matches!(c, '?' | '!' | ',' | '"' | '“' | '”' | ';' | ':'))
                    .trim_end_matches('.')
                    .to_owned()
            })
            .filter(|word| !word.is_empty())
            .collect();
        let low: Vec<String> = raw.iter().map(|word| word.to_lowercase()).collect();
        let stems = low.iter().map(|word| stem(word)).collect();
        Self { question: question.to_owned(), raw, low, stems }
    }

    /// Whether the question names the tool: by a name of several parts, or by a plain word where a tool's name stands.
    fn names(&self, tool: &Tool<'_>) -> bool {
        let names = [tool.definition.tool.as_str().to_lowercase(), tool.definition.model_name.to_lowercase()];
        self.low.iter().enumerate().any(|(at, word)| {
            let before = at.checked_sub(1).and_then(|at| self.low.get(at)).map_or("", String::as_str);
            let called = at == 0 || matches!(before, "call" | "run" | "use" | "tool" | "please" | "invoke");
            names.contains(word) && (word.contains(['_', '-']) || called)
        })
    }
}

/// The words of a tool's name.
fn parts(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_lower {
            spaced.push(' ');
        }
        before_lower = c.is_lowercase();
        spaced.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    spaced.split_whitespace().map(stem).collect()
}

fn description(tool: &Tool<'_>) -> Vec<String> {
    let title = tool.definition.title.as_deref().unwrap_or_default();
    let text = format!("{title} {}", tool.definition.description);
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 2)
        .map(|word| stem(&word.to_lowercase()))
        .collect()
}

/// How much a word says: less, the more tools have it.
fn rarity(tools: &[&Tool<'_>]) -> HashMap<String, f64> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for tool in tools {
        let all: HashSet<String> = parts(tool.definition.tool.as_str()).into_iter().chain(description(tool)).collect();
        for word in all {
            *counts.entry(word).or_default() += 1;
        }
    }
    let total = tools.len().max(1) as f64;
    counts.into_iter().map(|(word, count)| (word, (1.0 + total / count as f64).ln())).collect()
}

fn score(
    knowledge: &Knowledge,
    tool: &Tool<'_>,
    words: &Words,
    rarity: &HashMap<String, f64>,
    small: &HashSet<String>,
) -> f64 {
    const PLAIN: [&str; 12] =
        ["get", "list", "show", "find", "search", "fetch", "tool", "run", "data", "inform", "return", "request"];
    let name = parts(tool.definition.tool.as_str());
    let about = description(tool);
    let mut sum = 0.0;
    let mut in_name = false;
    for stem in words.stems.iter().collect::<HashSet<_>>() {
        if small.contains(stem.as_str()) && !name.contains(stem) {
            continue;
        }
        let weight = |word: &str| if PLAIN.contains(&word) { 0.1 } else { rarity.get(word).copied().unwrap_or(1.0) };
        let synonyms = knowledge.tool_synonyms.get(stem).map(Vec::as_slice).unwrap_or_default();
        if name.contains(stem) {
            sum += 3.0 * weight(stem);
            in_name |= !PLAIN.contains(&stem.as_str());
        } else if let Some(other) = synonyms.iter().find(|other| name.contains(other)) {
            sum += 2.0 * weight(other);
            in_name = true;
        } else if about.contains(stem) {
            sum += weight(stem);
        } else if let Some(other) = synonyms.iter().find(|other| about.contains(other)) {
            sum += 0.6 * weight(other);
        } else if tool.arguments.iter().any(|argument| {
            argument.values.iter().any(|value| value.to_lowercase().contains(stem.as_str()) && stem.len() > 2)
        }) {
            sum += 1.0;
        }
    }
    // Words of the description alone may be chance.
    if in_name { sum } else { sum * 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Annotations, Json, ToolDefinition};

    fn tool(name: &str, description: &str, schema: &str, read_only: bool) -> ToolDefinition {
        ToolDefinition {
            model_name: name.to_owned(),
            server: "other".into(),
            tool: name.into(),
            title: None,
            description: description.to_owned(),
            input_schema: Json::parse(schema).unwrap(),
            output_schema: None,
            annotations: Annotations { read_only, ..Annotations::default() },
            believed: true,
            hash: String::new(),
        }
    }

    fn ask(question: &str) -> Option<Choice> {
        let tools = [
            tool(
                "echo",
                "Echoes back the input string",
                r#"{"properties":{"message":{"type":"string"}},"required":["message"]}"#,
                true,
            ),
            tool(
                "get-sum",
                "Returns the sum of two numbers",
                r#"{"properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}"#,
                true,
            ),
            tool("get-env", "Returns all environment variables", r#"{"properties":{}}"#, true),
            tool(
                "delete_file",
                "Deletes a file",
                r#"{"properties":{"path":{"type":"string"}},"required":["path"]}"#,
                false,
            ),
        ];
        choose(&Knowledge::load(None).unwrap(), &Catalog::new(&tools), question, true)
    }

    fn arguments(question: &str) -> String {
        match ask(question) {
            Some(Choice::Call { title, arguments, .. }) => format!("{title} {arguments}"),
            Some(Choice::Missing { title, argument, .. }) => format!("{title} needs {argument}"),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn an_unknown_tool_is_found_and_its_arguments_filled() {
        assert_eq!(arguments("echo hello"), r#"echo {"message":"hello"}"#);
        assert_eq!(arguments("please echo \"good morning\""), r#"echo {"message":"good morning"}"#);
        assert_eq!(arguments("add 2 and 40"), r#"get-sum {"a":2,"b":40}"#);
        assert_eq!(arguments("what is the sum of 3 and 4.5?"), r#"get-sum {"a":3,"b":4.5}"#);
        assert_eq!(arguments("show the environment variables"), "get-env {}");
    }

    #[test]
    fn a_missing_argument_is_asked_for_and_completes_the_question() {
        assert_eq!(arguments("add 2"), "get-sum needs b");
        assert_eq!(arguments("add 2 b=40"), r#"get-sum {"a":2,"b":40}"#);
    }

    #[test]
    fn a_tool_that_may_write_is_only_called_by_its_name() {
        assert_eq!(arguments("remove the file /tmp/x"), "none");
        assert_eq!(arguments("call delete_file /tmp/x"), r#"delete_file {"path":"/tmp/x"}"#);
    }

    #[test]
    fn what_no_tool_fits_is_left_alone() {
        assert_eq!(arguments("what is the capital of France"), "none");
        assert_eq!(arguments("tell me a joke"), "none");
    }
}
