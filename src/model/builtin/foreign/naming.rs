//! Which tool a question names, with or without its server: `call far__greet`, `the greet tool of far`, `greet … on far`.

use super::super::catalog::{Catalog, Tool};
use super::{Words, parts};

/// Words after which a tool's name stands.
const CALLS: [&str; 7] = ["call", "run", "use", "tool", "please", "invoke", super::COMMAND];
/// Words after which a server's name stands.
const OF: [&str; 8] = ["of", "on", "from", "at", "via", "in", "using", "with"];

/// The tools a question names.
pub(super) enum Named<'c, 'a> {
    /// This one.
    One(&'c Tool<'a>),
    /// One of these, which have the same name on several servers.
    Several(Vec<&'c Tool<'a>>),
    /// None.
    None,
}

/// The tool that the words name; a plain word at the beginning of a question counts only if `nothing_else` was understood.
pub(super) fn named<'c, 'a>(catalog: &'c Catalog<'a>, words: &Words, nothing_else: bool) -> Named<'c, 'a> {
    let is_here = |tool: &&Tool<'_>| words.server.as_deref().is_none_or(|server| is_of(tool, server));
    let found: Vec<&Tool<'a>> =
        catalog.tools.iter().filter(is_here).filter(|tool| at(words, tool, nothing_else).is_some()).collect();
    // A name with its server says more than one without.
    let whole: Vec<&Tool<'a>> = found.iter().filter(|tool| with_server(words, tool)).copied().collect();
    match (found.as_slice(), whole.as_slice()) {
        ([], _) => Named::None,
        ([tool], _) | (_, [tool]) => Named::One(tool),
        (several, _) if several.iter().all(|tool| tool.definition.tool == several[0].definition.tool) => {
            Named::Several(found)
        }
        ([tool, ..], _) => Named::One(tool),
    }
}

/// What a question calls a tool although no tool's name has that word: `use the wave tool`.
pub(super) fn nowhere(catalog: &Catalog<'_>, words: &Words) -> Option<String> {
    let at = words.low.iter().position(|word| word == "tool")?;
    let said = at.checked_sub(1).filter(|_| at > 1 || words.low.len() == at + 1)?;
    let is_called = words.low.iter().take(said).any(|word| CALLS.contains(&word.as_str()));
    let is_known = |tool: &Tool<'_>| parts(tool.definition.tool.as_str()).contains(&words.stems[said]);
    (is_called && !catalog.tools.iter().any(is_known)).then(|| words.raw[said].clone())
}

/// Where the words name the tool.
pub(super) fn at(words: &Words, tool: &Tool<'_>, nothing_else: bool) -> Option<usize> {
    let plain = tool.definition.tool.as_str().to_lowercase();
    let before =
        |at: usize, back: usize| at.checked_sub(back).and_then(|at| words.low.get(at)).map_or("", String::as_str);
    words.low.iter().enumerate().position(|(at, word)| {
        if forms(tool).contains(word) {
            return true;
        }
        if *word != plain {
            return false;
        }
        let is_article = matches!(before(at, 1), "the" | "a" | "its");
        let verb = if is_article { before(at, 2) } else { before(at, 1) };
        let is_called = CALLS.contains(&verb) || words.low.get(at + 1).is_some_and(|next| next == "tool");
        word.contains(['_', '-']) || is_called || (at == 0 && (nothing_else || words.server.is_some()))
    })
}

/// The name with its server, in all the ways one may write that.
pub(super) fn forms(tool: &Tool<'_>) -> [String; 5] {
    let (server, name) = (tool.definition.server.as_str(), tool.definition.tool.as_str());
    let joined = |sign: &str| format!("{server}{sign}{name}").to_lowercase();
    [tool.definition.model_name.to_lowercase(), joined("__"), joined("."), joined("/"), joined(":")]
}

fn with_server(words: &Words, tool: &Tool<'_>) -> bool {
    words.low.iter().any(|word| forms(tool).contains(word))
}

pub(super) fn is_of(tool: &Tool<'_>, server: &str) -> bool {
    tool.definition.server.as_str().eq_ignore_ascii_case(server)
}

/// The server that words name as such, with the positions of the words that do: `on far`, `of the far server`.
pub(super) fn server(low: &[String], servers: &[&str]) -> Option<(String, Vec<usize>)> {
    low.iter().enumerate().find_map(|(at, word)| {
        let server = servers.iter().find(|server| server.eq_ignore_ascii_case(word))?;
        let is_article = at > 0 && low[at - 1] == "the";
        let first = at.checked_sub(if is_article { 2 } else { 1 })?;
        let after = low.get(at + 1).filter(|next| *next == "server").map(|_| at + 1);
        OF.contains(&low[first].as_str()).then(|| ((*server).to_owned(), (first..=after.unwrap_or(at)).collect()))
    })
}
