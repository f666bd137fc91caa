//! Commands of the input line: one table for running, completing and listing them.

use super::state::RunbookEntry;
use super::text;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// All keys.
    Help,
    /// The tools of the servers.
    Tools,
    /// The servers and how they are.
    Servers,
    /// The model, or another one.
    Model,
    /// Begin a new conversation.
    Clear,
    /// Put a note into the session.
    Note,
    /// Restart a server.
    Restart,
    /// Stop the running turn.
    Stop,
    /// Hold calls before they are sent.
    Step,
    /// Run a runbook, or list them.
    Run,
    /// The recorded sessions.
    Sessions,
    /// What can be written where calls are chosen.
    Query,
    /// What is wrong with the recording.
    Problems,
    /// Leave.
    Quit,
}

/// One command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What it does.
    pub verb: Verb,
    /// Its word.
    pub word: &'static str,
    /// Its arguments, for people.
    pub arguments: &'static str,
    /// A sentence for lists.
    pub help: &'static str,
}

const fn spec(verb: Verb, word: &'static str, arguments: &'static str, help: &'static str) -> Spec {
    Spec { verb, word, arguments, help }
}

/// All commands.
pub static COMMANDS: &[Spec] = &[
    spec(Verb::Help, "help", "", "All keys and commands"),
    spec(Verb::Tools, "tools", "[SERVER]", "The tools of the connected servers"),
    spec(Verb::Servers, "servers", "", "The servers, how they are and how they were started"),
    spec(Verb::Model, "model", "[NAME]", "Which model answers, or another from now on"),
    spec(Verb::Clear, "clear", "", "Forget the conversation and begin a new one"),
    spec(Verb::Note, "note", "TEXT", "Put a note into the recording"),
    spec(Verb::Restart, "restart", "SERVER", "Stop a server and start it again"),
    spec(Verb::Stop, "stop", "", "Stop the running turn"),
    spec(Verb::Run, "run", "[NAME ARGS]", "Run a runbook, or list them"),
    spec(Verb::Step, "step", "[on|all|off]", "Hold every call and result until it is let go"),
    spec(Verb::Sessions, "sessions", "", "Choose a recorded session to replay"),
    spec(Verb::Query, "query", "", "What can be written to filter calls, for breakpoints and for rules"),
    spec(Verb::Problems, "problems", "", "What is wrong with the recording shown"),
    spec(Verb::Quit, "quit", "", "End the session"),
];

/// The word and the rest of a command line; `None` if `line` is a question.
#[must_use]
pub fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let rest = line.strip_prefix(['/', ':'])?;
    let (word, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    // A path or a smiley is no command.
    word.chars().all(|c| c.is_ascii_alphabetic()).then_some((word, arguments.trim()))
}

/// The command of a word, or what may have been meant.
///
/// # Errors
/// A sentence that names near commands.
pub fn find(word: &str) -> Result<&'static Spec, String> {
    let word = word.to_lowercase();
    let matching: Vec<_> = COMMANDS.iter().filter(|spec| spec.word.starts_with(&word)).collect();
    if let Some(exact) = matching.iter().find(|spec| spec.word == word) {
        return Ok(exact);
    }
    if let ([only], false) = (matching.as_slice(), word.is_empty()) {
        return Ok(only);
    }
    let near: Vec<_> = if matching.is_empty() {
        COMMANDS.iter().filter(|spec| strsim::damerau_levenshtein(spec.word, &word) <= 2).collect()
    } else {
        matching
    };
    let names = near.iter().map(|spec| format!("/{}", spec.word)).collect::<Vec<_>>().join(" ");
    let shown = text::fit(&word, 20);
    Err(match near.len() {
        0 => format!("There is no command /{shown}. /help lists them all."),
        _ => format!("There is no command /{shown}. Did you mean {names}?"),
    })
}

/// What a line that begins a command may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The words, without the sign before them: `tools`, `run warranty-watch`.
    pub words: String,
    /// What may follow, for people; empty if nothing does.
    pub arguments: String,
    /// A sentence for lists.
    pub help: String,
}

/// What a line may become: commands, and after `/run` the runbooks; empty if it is neither or has further arguments.
#[must_use]
pub fn offers(line: &str, runbooks: &[RunbookEntry]) -> Vec<Offer> {
    let Some((word, arguments)) = split(line) else { return Vec::new() };
    let word = word.to_lowercase();
    let named = !word.is_empty() && find(&word).is_ok_and(|spec| spec.verb == Verb::Run);
    let begun = arguments.is_empty() == line.ends_with(' ') && !arguments.contains(char::is_whitespace);
    if named && begun && line.trim_start().contains(' ') {
        let offer = |runbook: &RunbookEntry| Offer {
            words: format!("run {}", runbook.name),
            arguments: runbook.parameters.clone(),
            help: runbook.summary.clone(),
        };
        return runbooks.iter().filter(|runbook| runbook.name.starts_with(arguments)).map(offer).collect();
    }
    if !arguments.is_empty() || line.ends_with(' ') {
        return Vec::new();
    }
    let offer = |spec: &Spec| Offer {
        words: spec.word.to_owned(),
        arguments: spec.arguments.to_owned(),
        help: spec.help.to_owned(),
    };
    COMMANDS.iter().filter(|spec| spec.word.starts_with(&word)).map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_a_question() {
        assert_eq!(split("/tools kb"), Some(("tools", "kb")));
        assert_eq!(split(" :quit "), Some(("quit", "")));
        assert_eq!(split("what about /tools"), None);
        assert_eq!(split("/etc/hosts is gone"), None);
    }

    #[test]
    fn unknown_words_say_what_is_near() {
        assert_eq!(find("tool").map(|spec| spec.word), Ok("tools"));
        assert!(find("tolos").is_err_and(|words| words.contains("/tools")));
        assert!(find("s").is_err_and(|words| words.contains("/servers /stop /step")));
        assert!(find("frobnicate").is_err_and(|words| words.contains("/help")));
    }

    #[test]
    fn runbooks_are_offered_after_run() {
        let runbook = |name: &str| RunbookEntry {
            name: name.to_owned(),
            parameters: "CUSTOMER".to_owned(),
            summary: String::new(),
        };
        let runbooks = [runbook("customer-360"), runbook("warranty-watch")];
        let words = |line: &str| offers(line, &runbooks).into_iter().map(|offer| offer.words).collect::<Vec<_>>();
        assert_eq!(words("/run "), ["run customer-360", "run warranty-watch"]);
        assert_eq!(words("/run wa"), ["run warranty-watch"]);
        assert_eq!(words("/ru"), ["run"]);
        assert!(words("/run warranty-watch ").is_empty());
        assert!(words("/run customer-360 CUST").is_empty());
        assert!(words("/tools k").is_empty());
    }
}
