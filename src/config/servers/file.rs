//! One server file: its text, the servers written in it, and what is odd about it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::cst::CstRootNode;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::entry::{Entry, Misfit};

/// Bytes a server file may have.
const LARGEST: u64 = 1024 * 1024;
/// What else is known to stand at the top of such files.
const KNOWN: &[&str] = &["mcpServers", "servers", "$schema"];

/// Whose file it is, which decides over its place in the order and whether it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Named with `--servers`.
    Option,
    /// Found in the project that the program was started in: somebody else may have written it.
    Project,
    /// The user's own.
    User,
}

impl Origin {
    /// As it is told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Option => "--servers",
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

/// A server file that has been read.
#[derive(Clone, Debug)]
pub struct ServerFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub origin: Origin,
    /// The hash of its bytes, as hexadecimal digits.
    pub hash: String,
    /// Its servers, each with its name; an entry that has not the form it should have is its reason.
    pub entries: Vec<(String, Result<Entry, String>)>,
    /// What is odd: each names file, server and field.
    pub warnings: Vec<String>,
}

impl ServerFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, is no JSON (with comments), or names no servers.
    pub fn read(path: &Path, origin: Origin) -> Result<Self, String> {
        let text = text(path)?;
        let mut file = Self {
            path: path.to_path_buf(),
            origin,
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            entries: Vec::new(),
            warnings: Vec::new(),
        };
        let shown = path.display();
        let value = parse(path, &text)?.to_serde_value().unwrap_or_default();
        let Some((key, entries)) = ["mcpServers", "servers"].iter().find_map(|key| {
            let entries = value.get(key).and_then(Value::as_object)?;
            Some((key, entries))
        }) else {
            return Err(format!("the server file {shown} has no object \"mcpServers\" (or \"servers\")"));
        };
        for other in value.as_object().into_iter().flat_map(|object| object.keys()).filter(|other| other != key) {
            match other.as_str() {
                "inputs" => file.warnings.push(format!(
                    "{shown}: \"inputs\" are asked for by VS Code only; servers that use one cannot start here"
                )),
                other if KNOWN.contains(&other) => {}
                other => file.warnings.push(format!("{shown}: unknown key {other:?}")),
            }
        }
        let layout = Layout::of(&text);
        for name in layout.twice(key) {
            file.warnings.push(format!("{shown}: the server {name:?} stands there twice; the last one counts"));
        }
        for (name, entry) in entries {
            let keys = entry.as_object().into_iter().flat_map(|entry| entry.keys());
            for key in keys.filter(|key| !Entry::knows(key)) {
                file.warnings.push(format!("{shown}, server {name:?}: unknown field {key:?}"));
            }
            if let Ok(Some(oddity)) = judge_name(name) {
                file.warnings.push(format!("{shown}, server {name:?}: {oddity}"));
            }
            let located = |misfit: Misfit| {
                let path = [*key, name].into_iter().chain(misfit.path.iter().map(String::as_str));
                format!("line {}, {misfit}", layout.line(path))
            };
            let parsed = judge_name(name).and_then(|_| Entry::parse(entry).map_err(located));
            file.entries.push((name.clone(), parsed));
        }
        Ok(file)
    }

    /// The folder its relative paths count from: that of the project, or its own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let is_editor_folder = folder.file_name().is_some_and(|name| name == ".vscode" || name == ".cursor");
        match folder.parent() {
            Some(project) if is_editor_folder => project,
            Some(_) | None => folder,
        }
    }
}

/// Whether a name can be one, and what is inconvenient about it.
///
/// # Errors
/// It can be none, in words.
pub fn judge_name(name: &str) -> Result<Option<&'static str>, String> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(format!("{name:?} is no name for a server"));
    }
    let is_usual = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let oddity = "a name of letters, digits, -, _ and . needs no quotes in commands and expressions";
    Ok((!name.chars().all(is_usual)).then_some(oddity))
}

/// Where in a file something stands.
struct Layout<'t> {
    text: &'t str,
    top: Option<Object<'t>>,
}

impl<'t> Layout<'t> {
    /// Of a text that has been parsed already; of any other nothing is known.
    fn of(text: &'t str) -> Self {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &options()).ok().and_then(|parsed| parsed.value);
        let top = parsed.and_then(|value| if let Ast::Object(top) = value { Some(top) } else { None });
        Self { text, top }
    }

    /// The line that the last known part of a path begins in.
    fn line<'p>(&self, path: impl Iterator<Item = &'p str>) -> usize {
        let (mut at, mut object) = (0, self.top.as_ref());
        for name in path {
            let found =
                object.and_then(|object| object.properties.iter().rfind(|property| property.name.as_str() == name));
            let Some(property) = found else { break };
            (at, object) = (property.start(), property.value.as_object());
        }
        self.text[..at].lines().count().max(1) + usize::from(self.text[..at].ends_with('\n'))
    }

    /// The names that stand in the object under `key` more than once.
    fn twice(&self, key: &str) -> Vec<String> {
        let entries = self.top.as_ref().and_then(|top| top.get_object(key));
        let names: Vec<&str> =
            entries.into_iter().flat_map(|entries| &entries.properties).map(|entry| entry.name.as_str()).collect();
        let mut twice: Vec<String> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) && !twice.iter().any(|known| known == name) {
                twice.push((*name).to_owned());
            }
        }
        twice
    }
}

/// The text of a server file, of bounded length.
///
/// # Errors
/// The operating system's words; a file too large, or none that is text.
pub fn text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("the server file {shown} cannot be read: {error}");
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    // A pipe or a device could keep the program waiting for ever.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(format!("the server file {shown} cannot be read: it is no ordinary file"));
    }
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if read as u64 > LARGEST {
        return Err(format!("the server file {shown} is larger than {} KiB", LARGEST / 1024));
    }
    Ok(text)
}

/// Parses JSON that may have comments and trailing commas, to be read or changed in place.
///
/// # Errors
/// Where it is none, in words.
pub fn parse(path: &Path, text: &str) -> Result<CstRootNode, String> {
    CstRootNode::parse(text, &options()).map_err(|error| {
        let (line, column) = (error.line_display(), error.column_display());
        format!("the server file {}, line {line}, column {column}, is no JSON: {}", path.display(), error.kind())
    })
}

fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServerFile, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        std::fs::write(&path, text).expect("written");
        ServerFile::read(&path, Origin::User)
    }

    #[test]
    fn the_form_of_vs_code_is_read_with_its_comments() {
        let text = "{ // mine\n \"inputs\": [], \"servers\": {\"a\": {\"type\": \"stdio\", \"command\": \"x\",},},\n}";
        let file = read(text).expect("readable");
        assert_eq!(file.entries[0].0, "a");
        assert_eq!(file.entries[0].1.as_ref().expect("an entry").command.as_deref(), Some("x"));
        assert_eq!(file.warnings.len(), 1);
        assert!(file.warnings[0].contains("\"inputs\" are asked for by VS Code only"), "{:?}", file.warnings);
    }

    #[test]
    fn servers_keep_their_order_and_unknown_fields_are_told() {
        let file =
            read(r#"{"mcpServers":{"b":{"command":"x","colour":1},"a":{"args":3}},"more":1}"#).expect("readable");
        let names: Vec<&str> = file.entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(file.entries[1].1.is_err());
        let warnings = file.warnings.join("\n");
        assert!(warnings.contains("unknown key \"more\"") && warnings.contains("\"b\": unknown field \"colour\""));
    }

    #[test]
    fn what_is_no_server_file_is_told_with_its_line() {
        for (text, reason) in [
            ("{\n\"mcpServers\": {\n'a': 1}}", "line 3, column 1, is no JSON"),
            ("{}", "has no object \"mcpServers\""),
            ("", "has no object \"mcpServers\""),
            (&"[".repeat(100_000), "is no JSON"),
            (&" ".repeat(2_000_000), "is larger than 1024 KiB"),
        ] {
            let error = read(text).expect_err("refused");
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_field_without_its_form_is_told_with_its_line() {
        let text = "{\"mcpServers\": {\n  \"a\": {\n    \"command\": \"x\",\n    \"env\": {\n      \"PORT\": 1 } },\n  \"b\": 1 } }";
        let file = read(text).expect("readable");
        let told: Vec<&str> =
            file.entries.iter().filter_map(|(_, entry)| entry.as_ref().err()).map(String::as_str).collect();
        let port = "line 5, field \"env.PORT\": it must be text, in quotes, not a number";
        assert_eq!(told, [port, "line 6, it must be an object, not a number"]);
    }

    #[test]
    fn names_that_stand_there_twice_or_can_be_none_are_told() {
        let file = read(
            r#"{"mcpServers":{"a":{"command":"x"},"a":{"command":"y"},"":{"command":"x"},"a b/c":{"command":"x"}}}"#,
        )
        .expect("readable");
        let usable = file.entries.iter().map(|(name, entry)| (name.as_str(), entry.is_ok())).collect::<Vec<_>>();
        assert_eq!(usable, [("a", true), ("", false), ("a b/c", true)]);
        assert_eq!(file.entries[0].1.as_ref().expect("an entry").command.as_deref(), Some("y"));
        let warnings = file.warnings.join("\n");
        assert!(
            warnings.contains("\"a\" stands there twice") && warnings.contains("\"a b/c\": a name of"),
            "{warnings}"
        );
    }

    #[test]
    fn a_folder_of_an_editor_is_not_where_its_project_is() {
        let file = |path: &str| ServerFile {
            path: path.into(),
            origin: Origin::Project,
            hash: String::new(),
            entries: Vec::new(),
            warnings: Vec::new(),
        };
        assert_eq!(file("/p/.vscode/mcp.json").folder(), Path::new("/p"));
        assert_eq!(file("/p/.mcp.json").folder(), Path::new("/p"));
    }
}
