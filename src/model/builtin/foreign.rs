//! Tools that no knowledge file speaks of: found by the words of their names and descriptions, called with arguments
//! taken from the question by their schemas. A tool that may write is only called when the question names it.

mod arguments;
mod naming;
mod order;

use arguments::{by_form, filled};
use naming::Named;

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::catalog::{Argument, Catalog, Tool};
use super::knowledge::{Knowledge, Role};
use super::text::stem;

/// What to do about a question that such a tool can answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// Call it.
    Call { tool: String, title: String, arguments: Value },
    /// An argument is missing.
    Missing { title: String, argument: String, description: String, values: Vec<String> },
    /// Any of these may be meant, by their names for a model.
    Several(Vec<String>),
    /// No tool has this name.
    Unknown { said: String },
    /// The arguments that were written out are no JSON.
    Unreadable { reason: String },
}

impl Choice {
    /// The argument that has to be asked for.
    pub(super) fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing { argument, .. } => Some(argument),
            Self::Call { .. } | Self::Several(_) | Self::Unknown { .. } | Self::Unreadable { .. } => None,
        }
    }

    fn several(tools: &[&Tool<'_>]) -> Self {
        Self::Several(tools.iter().map(|tool| tool.definition.model_name.clone()).collect())
    }
}

/// What a tool must score to be meant.
const ENOUGH: f64 = 2.0;
/// What part of the best score another tool must have to be meant as well.
const CLOSE: f64 = 0.9;
/// Verbs of questions and of tools' names, by what they mean; others say nothing about what a tool does.
const VERBS: [&[&str]; 6] = [
    &["list", "enumerate"],
    &["read", "open", "cat"],
    &["search", "find"],
    &["write", "save", "create", "edit"],
    &["remove", "delete", "clear"],
    &["move", "rename"],
];
/// Where in [`VERBS`] those begin that change something: nothing else does what they say.
const CHANGES: usize = 3;

/// What makes a line a call that the operator wants, whatever else it says.
pub(super) const COMMAND: &str = "/call";

/// What a line asks to call: `/call SERVER__TOOL {JSON}`.
pub(super) fn requested(question: &str) -> Option<&str> {
    let rest = question.trim().strip_prefix(COMMAND)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest.trim())
}

/// The tool for a question, if one is named or, where nothing else was understood, one fits well.
pub(super) fn choose(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    question: &str,
    nothing_else: bool,
) -> Option<Choice> {
    if let Some(choice) = requested(question).and_then(|line| order::ordered(catalog, line)) {
        return Some(choice);
    }
    let known: HashSet<&str> = knowledge.sources.iter().map(|source| source.tool.as_str()).collect();
    let is_strange = |tool: &&Tool<'_>| !known.contains(tool.definition.tool.as_str());
    // The names of the bundled servers are everyday words; those of configured ones stand before their tools' names.
    let is_configured = |tool: &&Tool<'_>| tool.definition.model_name != tool.definition.tool.as_str();
    let servers: Vec<&str> = catalog
        .tools
        .iter()
        .filter(|tool| is_strange(tool) || is_configured(tool))
        .map(|tool| tool.definition.server.as_str())
        .collect();
    let words = Words::of(question, &servers);
    match naming::named(catalog, &words, nothing_else) {
        Named::One(tool) => return Some(filled(knowledge, tool, &words, Wish::Named)),
        Named::Several(tools) => return Some(Choice::several(&tools)),
        Named::None => {}
    }
    if let Some(said) = requested(question) {
        return Some(Choice::Unknown { said: said.split_whitespace().next().unwrap_or_default().to_owned() });
    }
    if !nothing_else {
        return None;
    }
    if let Some(said) = naming::nowhere(catalog, &words) {
        return Some(Choice::Unknown { said });
    }
    let is_here = |tool: &&Tool<'_>| words.server.as_deref().is_none_or(|server| naming::is_of(tool, server));
    let strange: Vec<&Tool<'_>> = catalog
        .tools
        .iter()
        .filter(is_strange)
        .filter(is_here)
        .filter(|tool| tool.definition.annotations.read_only)
        .collect();
    let rarity = rarity(&strange);
    let small = |roles: &[Role]| -> HashSet<String> {
        roles.iter().filter_map(|role| knowledge.role_words.get(role)).flatten().map(|word| stem(word)).collect()
    };
    let small = Small {
        ignored: small(&[Role::Ignore]),
        joints: small(&[Role::Of, Role::With, Role::And, Role::Not, Role::Yesno, Role::Pronoun]),
    };
    let mut scored: Vec<(f64, &Tool<'_>)> =
        strange.into_iter().map(|tool| (score(knowledge, tool, &words, &rarity, &small), tool)).collect();
    scored.retain(|(score, _)| *score >= ENOUGH);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, tool) = *scored.first()?;
    // Where two fit about as well, taking one of them would be a guess.
    let equal: Vec<&Tool<'_>> =
        scored.iter().filter(|(score, _)| *score >= best * CLOSE).map(|(_, tool)| *tool).collect();
    if equal.len() > 1 {
        return Some(Choice::several(&equal));
    }
    Some(filled(knowledge, tool, &words, Wish::Found))
}

/// Words that say little, by their stems.
struct Small {
    /// Those that say something where a tool's name has them.
    ignored: HashSet<String>,
    /// Those that never do.
    joints: HashSet<String>,
}

/// How sure it is that this tool is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// The question names it.
    Named,
    /// Its name and description fit the question.
    Found,
}

/// A question as plain words, without those that only say which server is meant.
struct Words {
    question: String,
    raw: Vec<String>,
    low: Vec<String>,
    stems: Vec<String>,
    server: Option<String>,
}

impl Words {
    fn of(question: &str, servers: &[&str]) -> Self {
        let mut raw: Vec<String> = question
            .split_whitespace()
            .map(|word| {
                word.trim_matches(|c: char| matches!(c, '?' | '!' | ',' | '"' | '“' | '”' | ';' | ':'))
                    .trim_end_matches('.')
                    .to_owned()
            })
            .filter(|word| !word.is_empty())
            .collect();
        let mut low: Vec<String> = raw.iter().map(|word| word.to_lowercase()).collect();
        let (server, said) = naming::server(&low, servers).unzip();
        for at in said.into_iter().flatten().rev() {
            raw.remove(at);
            low.remove(at);
        }
        let stems = low.iter().map(|word| stem(word)).collect();
        Self { question: question.to_owned(), raw, low, stems, server }
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

fn score(knowledge: &Knowledge, tool: &Tool<'_>, words: &Words, rarity: &HashMap<String, f64>, small: &Small) -> f64 {
    const PLAIN: [&str; 12] =
        ["get", "list", "show", "find", "search", "fetch", "tool", "run", "data", "inform", "return", "request"];
    let name = parts(tool.definition.tool.as_str());
    let about = description(tool);
    let mut sum = 0.0;
    let mut in_name = false;
    for stem in words.stems.iter().collect::<HashSet<_>>() {
        if small.joints.contains(stem) || (small.ignored.contains(stem) && !name.contains(stem)) {
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
    let verb = |words: &[String]| VERBS.iter().position(|verbs| words.iter().any(|word| is_verb(word, verbs)));
    let fits = match (verb(&words.stems), verb(&name)) {
        (Some(asked), Some(done)) if asked == done => {
            in_name = true;
            2.5
        }
        // What only lists is not what reads.
        (Some(_), Some(_)) | (Some(CHANGES..), None) => return 0.0,
        (Some(_), None) => -1.5,
        (None, _) => 0.0,
    };
    // Words of the description alone may be chance; of two that fit the plainer one is meant.
    let beside = name.iter().filter(|part| !words.stems.contains(part)).count();
    let given = |argument: &Argument| by_form(knowledge, argument, words, &HashSet::new()).is_some();
    let takes = if tool.arguments.iter().any(given) { 0.5 } else { 0.0 };
    let total = (if in_name { sum + fits } else { sum * 0.5 }) + takes - 0.2 * beside as f64;
    // A question that has every word of the name means that tool.
    if beside == 0 { total * 1.25 } else { total }
}

fn is_verb(word: &str, verbs: &[&str]) -> bool {
    verbs.iter().any(|verb| stem(verb) == word)
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

    fn of(server: &str, name: &str, description: &str, schema: &str) -> ToolDefinition {
        let model_name = format!("{server}__{name}");
        ToolDefinition { model_name, server: server.into(), ..tool(name, description, schema, true) }
    }

    fn ask(question: &str) -> Option<Choice> {
        let path = r#"{"properties":{"path":{"type":"string"}},"required":["path"]}"#;
        let tools = [
            of(
                "far",
                "greet",
                "Greets somebody kindly",
                r#"{"properties":{"name":{"type":"string"},"mood":{"type":"string","enum":["glad","sad"]}}}"#,
            ),
            of("far", "ping", "Answers", "{}"),
            of("near", "ping", "Answers", "{}"),
            of(
                "near",
                "note",
                "Takes a note",
                r#"{"properties":{"title":{"type":"string"},"body":{"type":"string"}},"required":["title","body"]}"#,
            ),
            of("disk", "list_directory", "Get a listing of all files and directories in a path", path),
            of(
                "disk",
                "list_directory_with_sizes",
                "Get a listing of all files and directories in a path, including sizes",
                path,
            ),
            of("disk", "list_allowed_directories", "List the directories that may be read", "{}"),
            of("disk", "read_file", "Read the contents of a file", path),
            of("disk", "get_file_info", "Retrieve metadata about a file or directory", path),
            of("disk", "read_text_file", "Read the contents of a file as text", path),
            of("disk", "search_files", "Search for files below a directory", path),
            of(
                "mykb",
                "search_solutions",
                "Searches articles",
                r#"{"properties":{"query":{"type":"string"}},"required":["query"]}"#,
            ),
            tool("search_solutions", "Searches articles", r#"{"properties":{"query":{"type":"string"}}}"#, true),
            of(
                "far",
                "weigh_it",
                "Weighs",
                r#"{"properties":{"s":{"type":"string"},"city":{"type":"string"},"limit":{"type":"integer"}}}"#,
            ),
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
            Some(Choice::Several(tools)) => format!("one of {}", tools.join(" ")),
            Some(Choice::Unknown { said }) => format!("no {said}"),
            Some(Choice::Unreadable { reason }) => format!("no JSON: {reason}"),
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
    fn a_tool_is_named_with_its_server_in_any_of_the_usual_ways() {
        for question in [
            "use the greet tool of far with name Bob",
            "greet with name Bob on far",
            "greet Bob on far",
            "call far__greet {\"name\": \"Bob\"}",
            "/call far__greet name=Bob",
            "/call far.greet Bob",
            "/call greet Bob",
            "please run greet on the far server with name Bob",
        ] {
            assert_eq!(arguments(question), r#"greet {"name":"Bob"}"#, "{question}");
        }
        assert_eq!(arguments("/call far__greet name=Bob mood=glad"), r#"greet {"name":"Bob","mood":"glad"}"#);
        assert_eq!(
            arguments("/call near__note title=To do body=call Bob back"),
            r#"note {"title":"To do","body":"call Bob back"}"#
        );
        assert_eq!(arguments("call ping of near"), "ping {}");
    }

    #[test]
    fn a_server_that_is_named_is_asked_also_where_a_bundled_one_has_a_tool_of_the_name() {
        for question in [
            "use the search_solutions tool of mykb with query printer",
            "search_solutions query=printer on mykb",
            "call mykb__search_solutions with query printer",
        ] {
            let Some(Choice::Call { tool, arguments, .. }) = ask(question) else { panic!("{question}") };
            assert_eq!(
                (tool.as_str(), arguments.to_string()),
                ("mykb__search_solutions", r#"{"query":"printer"}"#.into())
            );
        }
    }

    #[test]
    fn short_names_of_arguments_are_names_and_a_value_that_does_not_fit_goes_nowhere_else() {
        assert_eq!(arguments("use the weigh_it tool of far with s hello"), r#"weigh_it {"s":"hello"}"#);
        assert_eq!(arguments("use the weigh_it tool of far with s hello, limit abc"), "weigh_it needs limit");
        assert_eq!(
            arguments("use the weigh_it tool of far with limit 3 and s hello"),
            r#"weigh_it {"s":"hello","limit":3}"#
        );
    }

    #[test]
    fn what_is_written_out_is_taken_to_the_letter() {
        assert_eq!(
            arguments("/call near__note title=Visit in far body=Stop! Now, on far. The title deed?"),
            r#"note {"title":"Visit in far","body":"Stop! Now, on far. The title deed?"}"#
        );
        assert_eq!(
            arguments(r#"/call near__note {"title": "body work", "body": "with name=Bob on far."}"#),
            r#"note {"title":"body work","body":"with name=Bob on far."}"#
        );
        assert_eq!(arguments(r#"/call near__note {"title": "body work"}"#), "note needs body");
        assert!(arguments(r#"/call near__note {"title": "a", }"#).starts_with("no JSON: "));
    }

    #[test]
    fn nothing_is_guessed_where_more_than_one_tool_may_be_meant_or_none_has_the_name() {
        assert_eq!(arguments("call ping"), "one of far__ping near__ping");
        assert_eq!(arguments("/call pong {}"), "no pong");
        assert_eq!(arguments("/call"), "no ");
        assert_eq!(arguments("use the wave tool of moon with name Bob"), "no wave");
    }

    #[test]
    fn what_is_to_be_done_with_files_chooses_the_tool_and_a_path_looks_like_one() {
        assert_eq!(arguments("list the files in /tmp/w"), r#"list_directory {"path":"/tmp/w"}"#);
        assert_eq!(arguments("read the file /tmp/w/a.txt"), r#"read_file {"path":"/tmp/w/a.txt"}"#);
        assert_eq!(arguments("call list_directory for everything there is"), "list_directory needs path");
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
