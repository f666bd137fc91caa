//! Servers that are set up in other programs already.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::file::{parse, text};

/// A program whose servers can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Claude Desktop.
    ClaudeDesktop,
    /// Claude Code.
    ClaudeCode,
    /// Cursor.
    Cursor,
    /// Visual Studio Code.
    VsCode,
}

impl Program {
    /// All of them, with the word for each on the command line.
    pub const WORDS: &[(&str, Self)] = &[
        ("claude-desktop", Self::ClaudeDesktop),
        ("claude-code", Self::ClaudeCode),
        ("cursor", Self::Cursor),
        ("vscode", Self::VsCode),
    ];

    /// Where it keeps the servers of a user whose home folder is `home`; those that exist.
    #[must_use]
    pub fn files(self, home: &Path) -> Vec<PathBuf> {
        let below: &[&str] = match self {
            Self::ClaudeDesktop => &[
                ".config/Claude/claude_desktop_config.json",
                "Library/Application Support/Claude/claude_desktop_config.json",
            ],
            Self::ClaudeCode => &[".claude.json"],
            Self::Cursor => &[".cursor/mcp.json"],
            Self::VsCode => &[
                ".config/Code/User/mcp.json",
                ".config/Code/User/settings.json",
                "Library/Application Support/Code/User/mcp.json",
                "Library/Application Support/Code/User/settings.json",
            ],
        };
        below.iter().map(|path| home.join(path)).filter(|path| path.is_file()).collect()
    }
}

/// Servers as another program's file has them, each an object.
pub type Found = Vec<(String, Map<String, Value>)>;

/// The servers of a file: under `mcpServers` or `servers`, also below VS Code's `mcp`, and those that Claude Code keeps for the
/// project in `folder`.
///
/// # Errors
/// It cannot be read, or is no JSON.
pub fn servers(path: &Path, folder: Option<&Path>) -> Result<Found, String> {
    let value = parse(path, &text(path)?)?.to_serde_value().unwrap_or_default();
    let project = folder.and_then(|folder| value.get("projects")?.get(folder.to_str()?));
    let places = [
        project.and_then(|project| project.get("mcpServers")),
        value.get("mcpServers"),
        value.get("servers"),
        value.pointer("/mcp/servers"),
    ];
    let mut found = Found::new();
    for (name, entry) in places.into_iter().flatten().filter_map(Value::as_object).flatten() {
        if let (Some(entry), false) = (entry.as_object(), found.iter().any(|(known, _)| known == name)) {
            found.push((name.clone(), entry.clone()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_wherever_the_programs_keep_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file.json");
        let names = |text: &str| {
            std::fs::write(&path, text).expect("written");
            let found = servers(&path, Some(Path::new("/p"))).expect("readable");
            found.into_iter().map(|(name, entry)| format!("{name}={}", entry["command"])).collect::<Vec<_>>()
        };
        let claude = r#"{"mcpServers":{"a":{"command":1},"b":{"command":2}},
            "projects":{"/p":{"mcpServers":{"a":{"command":3}}},"/q":{"mcpServers":{"c":{"command":4}}}}}"#;
        assert_eq!(names(claude), ["a=3", "b=2"]);
        assert_eq!(names(r#"{"mcp":{"servers":{"a":{"command":1}}}} // settings"#), ["a=1"]);
        assert_eq!(names("{}"), [""; 0]);
    }

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".cursor")).expect("made");
        std::fs::write(home.path().join(".cursor/mcp.json"), "{}").expect("written");
        let found: Vec<usize> = Program::WORDS.iter().map(|(_, program)| program.files(home.path()).len()).collect();
        assert_eq!(found, [0, 0, 1, 0]);
    }
}
