//! What a line of the input may become: commands, and the names that some of them take.

use crate::ui::command::{self, Verb};
use crate::ui::state::State;
use crate::ui::text;

/// Something the line may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole line then, without a blank at its end.
    pub line: String,
    /// What may follow it, for people.
    pub arguments: String,
    /// A sentence about it.
    pub help: String,
}

/// What the line may become, best first; empty where nothing can be added.
#[must_use]
pub fn candidates(state: &State) -> Vec<Candidate> {
    let line = state.input.text();
    let found = match command::split(&line) {
        Some((_, "")) if !line.ends_with(char::is_whitespace) => commands(&line),
        Some((word, arguments)) => names(state, word, arguments, &line),
        None => Vec::new(),
    };
    match found.as_slice() {
        [only] if only.line == line.trim_start() && only.arguments.is_empty() => Vec::new(),
        _ => found,
    }
}

/// Completes the line as far as it is clear, and says what may follow where it is not.
pub(super) fn complete(state: &mut State) {
    let found = candidates(state);
    let Some(first) = found.first() else { return };
    let common = found.iter().fold(first.line.as_str(), |common, candidate| {
        let same = common.chars().zip(candidate.line.chars()).take_while(|(a, b)| a == b);
        &common[..same.map(|(c, _)| c.len_utf8()).sum()]
    });
    let blank = if found.len() == 1 && !first.arguments.is_empty() { " " } else { "" };
    let completed = format!("{common}{blank}");
    if completed == state.input.text() {
        let lines: Vec<&str> = found.iter().map(|candidate| candidate.line.as_str()).collect();
        state.notice = Some(format!("Type on: {}", text::fit(&lines.join("   "), 200)));
        return;
    }
    state.input.set(&completed);
}

fn commands(line: &str) -> Vec<Candidate> {
    let sign = line.trim_start().chars().next().unwrap_or('/');
    let candidate = |spec: &&command::Spec| Candidate {
        line: format!("{sign}{}", spec.word),
        arguments: spec.arguments.to_owned(),
        help: spec.help.to_owned(),
    };
    command::completions(line).iter().map(candidate).collect()
}

/// The arguments with the blank behind them, which says that the last of them is over.
fn typed_with_blank(typed: &str, line: &str) -> String {
    let blank = if line.ends_with(char::is_whitespace) { " " } else { "" };
    format!("{typed}{blank}")
}

/// Names that a command takes as its first argument.
fn names(state: &State, word: &str, typed: &str, line: &str) -> Vec<Candidate> {
    let Ok(spec) = command::find(word) else { return Vec::new() };
    if let (Verb::Trust, Some(("no", begun))) = (spec.verb, typed_with_blank(typed, line).split_once(' ')) {
        let sign = line.trim_start().chars().next().unwrap_or('/');
        let fitting = state.session.trusted.iter().filter(|file| file.starts_with(begun.trim_start()));
        let candidate = |file: &String| Candidate {
            line: format!("{sign}{} no {file}", spec.word),
            arguments: String::new(),
            help: "Take back your yes to this file".to_owned(),
        };
        return fitting.map(candidate).collect();
    }
    let is_over = typed.contains(char::is_whitespace) || (!typed.is_empty() && line.ends_with(char::is_whitespace));
    if is_over {
        return Vec::new();
    }
    let named = |name: &str, arguments: &str, help: &str| (name.to_owned(), arguments.to_owned(), help.to_owned());
    let servers = state.session.servers.iter().map(|server| server.name.as_str()).filter(|name| !name.is_empty());
    let all: Vec<(String, String, String)> = match spec.verb {
        Verb::Run => {
            let runbooks = state.options.runbooks.iter();
            runbooks.map(|runbook| named(&runbook.name, &runbook.parameters, &runbook.summary)).collect()
        }
        Verb::Restart => servers.map(|name| named(name, "", "Stop it and start it again")).collect(),
        Verb::Tools => servers.map(|name| named(name, "", "The tools of this server")).collect(),
        Verb::Resources => servers.map(|name| named(name, "[URI]", "What it has to read")).collect(),
        Verb::Prompts => servers.map(|name| named(name, "[NAME]", "What it has prepared")).collect(),
        Verb::Step => vec![
            named("on", "", "Hold every call and every result"),
            named("all", "", "The same, and stop around the model too"),
            named("off", "", "Hold only what the mode, a rule or a breakpoint asks for"),
        ],
        Verb::Trust => vec![
            named("yes", "", "Let the servers of the project's file start, until it changes"),
            named("no", "[FILE]", "Refuse them, until it changes; or take back the yes to a file"),
        ],
        Verb::Answer
        | Verb::Call
        | Verb::Detach
        | Verb::Help
        | Verb::Servers
        | Verb::Model
        | Verb::Clear
        | Verb::Note
        | Verb::Stop
        | Verb::Sessions
        | Verb::Query
        | Verb::Problems
        | Verb::Notices
        | Verb::Quit => Vec::new(),
    };
    let sign = line.trim_start().chars().next().unwrap_or('/');
    let typed = typed.to_lowercase();
    let fitting = all.into_iter().filter(|(name, ..)| name.to_lowercase().starts_with(&typed));
    fitting
        .map(|(name, arguments, help)| Candidate { line: format!("{sign}{} {name}", spec.word), arguments, help })
        .collect()
}
