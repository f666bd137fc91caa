//! What a server file would do, in words: to be read before it is allowed to, and without its secrets in lists.

use super::approvals::Standing;
use super::entry::Entry;
use super::file::ServerFile;
use super::secrets::Secrets;
use super::sources::Source;

/// Everything a file would start or call, variables as they are written: every command, argument, variable and address; and
/// what of `behind`, the files that count less than it, and of the bundled servers it would take the place of.
#[must_use]
pub fn portrait(file: &ServerFile, behind: &[Source]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, entry) in &file.entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(reason) => {
                lines.push(format!("{name}: cannot be used: {reason}"));
                continue;
            }
        };
        lines.push(name.clone());
        let mut fact = |what: &str, value: String| lines.push(format!("  {what:<8} {value}"));
        match (displaced(name, behind), entry.disabled) {
            (Some(other), false) => fact("REPLACES", other),
            (Some(other), true) => fact("STOPS", other),
            (None, true) => fact("is", "switched off".to_owned()),
            (None, false) => {}
        }
        if let Some(other) = looks_like(name) {
            fact("BEWARE", format!("it is not the bundled server {other}, though its name looks like it"));
        }
        if entry.command.is_some() {
            fact("runs", command_line(entry));
        }
        if let Some(cwd) = &entry.cwd {
            fact("in", quoted(cwd));
        }
        for (variable, value) in &entry.env {
            fact("with", format!("{variable}={}", quoted(value)));
        }
        if let Some(url) = &entry.url {
            fact("calls", url.clone());
        }
        for (header, value) in &entry.headers {
            fact("sending", format!("{header}: {value}"));
        }
        if entry.is_trusted() {
            fact("TRUSTED", "a tool that it says only reads runs without a question".to_owned());
        }
    }
    lines
}

/// The server in force that one of this name would take the place of.
fn displaced(name: &str, behind: &[Source]) -> Option<String> {
    let has = |source: &&Source| {
        source.standing == Standing::Approved && source.file.entries.iter().any(|(other, _)| other == name)
    };
    match behind.iter().find(has) {
        Some(source) => Some(format!("the server {name} of {}", source.file.path.display())),
        None => callboard_servers::NAMES.contains(&name).then(|| format!("the bundled server {name}")),
    }
}

/// The bundled server that one of this name could be taken for: the same but for capitals and signs, or for letters that
/// another alphabet writes alike.
fn looks_like(name: &str) -> Option<&'static str> {
    let other = |bundled: &&&str| {
        let is_alike = |(ours, theirs): (char, char)| ours == theirs || !theirs.is_ascii();
        let bare = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase);
        let bare: Vec<char> = bare.collect();
        name != **bundled && bare.len() == bundled.len() && bundled.chars().zip(bare).all(is_alike)
    };
    callboard_servers::NAMES.iter().find(other).copied()
}

/// Where a server is, for a list: variables as they are written, nothing of `env`, `headers`, or an address's query, and no
/// secret.
#[must_use]
pub fn place(entry: &Entry) -> String {
    let place = match (&entry.command, &entry.url) {
        (Some(_), _) => command_line(entry),
        (None, Some(url)) => without_secrets(url),
        (None, None) => String::new(),
    };
    let mut secrets = Secrets::default();
    secrets.args(&entry.args);
    entry.url.iter().for_each(|url| secrets.address(url));
    secrets.hide(&place)
}

fn command_line(entry: &Entry) -> String {
    let words = entry.command.iter().chain(&entry.args).map(|word| quoted(word));
    words.collect::<Vec<_>>().join(" ")
}

/// A word as it is if it can only be one word, else in quotes.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\'' | '\\');
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("{word:?}") }
}

/// An address without user, password, query and fragment, which may be keys.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let path = &rest[end..];
    let (path, dots) = match path.find(['?', '#']) {
        // A default of a variable may hold a `?` or `#`; what follows it is then left out as well.
        Some(at) => (&path[..at], "?…"),
        None => (path, ""),
    };
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    format!("{scheme}{host}{path}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::servers::Origin;

    fn file(text: &str) -> ServerFile {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        std::fs::write(&path, text).expect("written");
        ServerFile::read(&path, Origin::Project).expect("readable")
    }

    #[test]
    fn everything_that_a_file_would_do_is_in_its_portrait() {
        let text = r#"{"mcpServers":{
            "a":{"command":"sh","args":["-c","rm -rf /","${X}",""],"env":{"NODE_OPTIONS":"--require ./x"},"cwd":"d e","trust":true},
            "b":{"url":"http://x/?k=${KEY}","headers":{"Authorization":"Bearer ${T}"}},
            "ticket":{"disabled":true},"c":{"args":1}}}"#;
        let wanted = [
            "a",
            r#"  runs     sh -c "rm -rf /" ${X} """#,
            r#"  in       "d e""#,
            r#"  with     NODE_OPTIONS="--require ./x""#,
            "  TRUSTED  a tool that it says only reads runs without a question",
            "b",
            "  calls    http://x/?k=${KEY}",
            "  sending  Authorization: Bearer ${T}",
            "ticket",
            "  STOPS    the bundled server ticket",
        ];
        let lines = portrait(&file(text), &[]);
        assert_eq!(lines[..10], wanted);
        assert!(lines[10].starts_with("c: cannot be used"), "{lines:?}");
    }

    #[test]
    fn a_portrait_says_whose_place_a_server_would_take() {
        let theirs =
            file(r#"{"mcpServers":{"ticket":{"command":"x"},"mine":{"command":"x"},"off":{"disabled":true}}}"#);
        let mut mine = file(r#"{"mcpServers":{"mine":{"command":"y"}}}"#);
        mine.path = "/me/mcp.json".into();
        let instead = |standing| {
            let behind = [Source { file: mine.clone(), standing }];
            let lines = portrait(&theirs, &behind).into_iter();
            lines.filter(|line| !line.starts_with("  runs")).collect::<Vec<_>>()
        };
        let bundled = "  REPLACES the bundled server ticket";
        let (yours, off) = ("  REPLACES the server mine of /me/mcp.json", "  is       switched off");
        assert_eq!(instead(Standing::Approved), ["ticket", bundled, "mine", yours, "off", off]);
        assert_eq!(
            instead(Standing::Withheld(crate::protocol::Unapproved::Refused)),
            ["ticket", bundled, "mine", "off", off]
        );
    }

    #[test]
    fn a_portrait_warns_of_a_name_that_looks_like_a_bundled_one() {
        for (name, other) in [("tіcket", "ticket"), ("Ticket", "ticket"), ("_kb", "kb")] {
            let lines = portrait(&file(&format!(r#"{{"mcpServers":{{"{name}":{{"command":"x"}}}}}}"#)), &[]);
            let told = format!("  BEWARE   it is not the bundled server {other}, though its name looks like it");
            assert_eq!(lines[1], told);
        }
        let other = r#"{"mcpServers":{"tickets":{"command":"x"},"ticket":{"command":"x"},"kc":{"command":"x"}}}"#;
        assert!(!portrait(&file(other), &[]).iter().any(|line| line.contains("BEWARE")));
    }

    #[test]
    fn a_list_shows_no_secrets() {
        let key = format!("sk-proj-{}", "a1".repeat(20));
        let text = format!(
            r#"{{"mcpServers":{{"a":{{"command":"x","args":["--key={key}"],"env":{{"K":"hidden"}}}},
            "b":{{"url":"https://me:hidden@x.test/mcp?token=hidden","headers":{{"A":"hidden"}}}}}}}}"#
        );
        let places: Vec<String> =
            file(&text).entries.iter().map(|(_, entry)| place(entry.as_ref().expect("an entry"))).collect();
        assert!(places[0].starts_with("x --key=‹secret:key:"), "{places:?}");
        assert_eq!(places[1], "https://x.test/mcp?…");
    }
}
