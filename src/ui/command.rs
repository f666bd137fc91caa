//! Commands of the input line: one table for running, completing and listing them.

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
    /// What servers have to read.
    Resources,
    /// What servers have prepared to be asked.
    Prompts,
    /// Call one tool, whichever model answers.
    Call,
    /// Let go of what is attached to the next question.
    Detach,
    /// The model, or another one.
    Model,
    /// Begin a new conversation.
    Clear,
    /// Put a note into the session.
    Note,
    /// Restart a server.
    Restart,
    /// Answer what a server asks.
    Answer,
    /// Stop the running turn.
    Stop,
    /// Hold calls before they are sent.
    Step,
    /// Run a runbook, or list them.
    Run,
    /// A project's server files: see them, and let their servers start or not.
    Trust,
    /// The recorded sessions.
    Sessions,
    /// What can be written where calls are chosen.
    Query,
    /// What is wrong with the recording.
    Problems,
    /// What the console has said.
    Notices,
    /// Leave.
    Quit,
}

impl Verb {
    /// Whether it does something to a session, of which a recording has only the records.
    #[must_use]
    pub fn needs_live(self, arguments: &str) -> bool {
        match self {
            Self::Clear | Self::Note | Self::Restart | Self::Answer | Self::Stop => true,
            Self::Step | Self::Run | Self::Call | Self::Trust | Self::Detach => true,
            Self::Model => !arguments.is_empty(),
            Self::Help | Self::Tools | Self::Servers | Self::Resources | Self::Prompts => false,
            Self::Sessions | Self::Query | Self::Problems | Self::Notices | Self::Quit => false,
        }
    }
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
    spec(
        Verb::Resources,
        "resources",
        "[SERVER [URI]]",
        "What servers have to read; one of it goes with the next question",
    ),
    spec(Verb::Detach, "detach", "", "Let go of the resources that would go with the next question"),
    spec(
        Verb::Prompts,
        "prompts",
        "[SERVER [NAME ARG=TEXT]]",
        "Questions that servers have prepared; one of them goes into the input",
    ),
    spec(Verb::Model, "model", "[NAME]", "Which model answers, or another from now on"),
    spec(Verb::Clear, "clear", "", "Forget the conversation and begin a new one; a running turn stops"),
    spec(Verb::Note, "note", "TEXT", "Put a note into the recording"),
    spec(Verb::Restart, "restart", "SERVER", "Stop a server and start it again"),
    spec(Verb::Answer, "answer", "", "Open what a server asks you"),
    spec(Verb::Stop, "stop", "", "Stop the turn, or give up a question that waits"),
    spec(Verb::Call, "call", "SERVER__TOOL [{JSON}]", "Call a tool yourself, with JSON or with NAME=VALUE"),
    spec(Verb::Run, "run", "[NAME ARGS]", "Run a runbook, or list them"),
    spec(Verb::Step, "step", "[on|all|off]", "Hold every call and result until it is let go"),
    spec(
        Verb::Trust,
        "trust",
        "[yes|no|no FILE]",
        "See what a project's server file would start; allow or refuse it, or take a yes back",
    ),
    spec(Verb::Sessions, "sessions", "", "Choose a recorded session to replay"),
    spec(Verb::Query, "query", "", "What can be written to filter calls, for breakpoints and for rules"),
    spec(Verb::Problems, "problems", "", "What is wrong with the recording shown"),
    spec(Verb::Notices, "notices", "", "What the console has said, newest first"),
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

/// Commands that a line may become, best first; empty if it is no command or already has arguments.
#[must_use]
pub fn completions(line: &str) -> Vec<&'static Spec> {
    match split(line) {
        Some((word, "")) if !line.ends_with(' ') => {
            COMMANDS.iter().filter(|spec| spec.word.starts_with(&word.to_lowercase())).collect()
        }
        _ => Vec::new(),
    }
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
}
