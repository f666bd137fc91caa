//! Settings: flag, then environment, then the user's file, then the default. Of a project only its server files count, between
//! those of a flag and the user's own ([`servers::Sources`]): what else it could set would send keys or skip questions.

mod origin;
pub mod servers;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::Common;
use crate::failure::Failure;
use crate::folders;
use crate::orchestrator::{Gate, Others, Policy, Rules};
use crate::protocol::Stepping;
use crate::query::Query;
use crate::ui::{Mouse, Theme};

use servers::Projects;

pub use origin::{Origin, Origins};

/// The file's content; every key is optional. A key that is not here is a warning, not an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    model: Option<String>,
    base_url: Option<String>,
    theme: Option<String>,
    mouse: Option<bool>,
    record: Option<bool>,
    policy: Option<String>,
    data: Option<PathBuf>,
    db: Option<PathBuf>,
    as_of: Option<String>,
    assistant: Option<PathBuf>,
    servers: Option<PathBuf>,
    rules: RuleTexts,
}

/// Expressions, as they stand in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RuleTexts {
    deny: Vec<String>,
    ask: Vec<String>,
    allow: Vec<String>,
}

const KEYS: &[&str] = &[
    "model",
    "base_url",
    "theme",
    "mouse",
    "record",
    "policy",
    "data",
    "db",
    "as_of",
    "assistant",
    "servers",
    "rules",
];

/// Everything that can be set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The model's name as it was asked for.
    pub model: Option<String>,
    /// The endpoint.
    pub base_url: Option<String>,
    /// Colours of the console.
    pub theme: Theme,
    /// Whether the console takes the mouse at the start.
    pub mouse: Mouse,
    /// Whether sessions are recorded.
    pub record: Record,
    /// Which calls wait for a yes: mode, rules, and whether stepping is on from the start.
    pub gate: Gate,
    /// The bundled servers' data set.
    pub data: Option<PathBuf>,
    /// The bundled servers' database file.
    pub db: Option<PathBuf>,
    /// The bundled servers' today.
    pub as_of: Option<String>,
    /// The built-in assistant's extra knowledge.
    pub assistant: Option<PathBuf>,
    /// A file with more servers, or others in place of bundled ones, that was named for this start.
    pub servers: Option<PathBuf>,
    /// The user's own file of servers, which need not exist: `servers` in the settings file, or `mcp.json` beside it.
    pub user_servers: Option<PathBuf>,
    /// Whether project files count without having been asked about.
    pub projects: Projects,
    /// What was odd about the settings; shown once.
    pub warnings: Vec<String>,
    /// Where each of them stands.
    pub origins: Origins,
}

/// Whether sessions are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Yes.
    #[default]
    On,
    /// No.
    Off,
}

/// Resolves all settings.
///
/// # Errors
/// A settings file that cannot be read, with line and field; a value that is none of the allowed ones.
pub fn resolve(common: &Common) -> Result<Settings, Failure> {
    let path = common.config.clone().or_else(default_path);
    let (file, mut origins, mut warnings) = match &path {
        Some(path) if path.exists() || common.config.is_some() => read(path)?,
        _ => (File::default(), Origins::default(), Vec::new()),
    };
    let model = common.model.clone().filter(|name| !name.is_empty()).or_else(|| std::env::var("OPENAI_MODEL").ok());
    origins.given("model", model.as_ref().filter(|name| !name.is_empty()), "--model", Some("OPENAI_MODEL"));
    origins.given("base_url", common.base_url.as_ref(), "--base-url", Some("OPENAI_BASE_URL"));
    origins.given("data", common.data.as_ref(), "--data", Some("CALLBOARD_DATA"));
    origins.given("db", common.db.as_ref(), "--db", None);
    origins.given("as_of", common.as_of.as_ref(), "--as-of", None);
    origins.given("assistant", common.assistant.as_ref(), "--assistant", None);
    origins.given("policy", common.policy.as_ref(), "--policy", None);
    let theme = match (std::env::var_os("NO_COLOR").filter(|value| !value.is_empty()), file.theme.as_deref()) {
        (Some(_), _) | (None, Some("none")) => Theme::Plain,
        (None, None | Some("dark")) => Theme::Dark,
        (None, Some("light")) => Theme::Light,
        (None, Some(other)) => {
            let wrong = format!("{other:?} is none of dark, light, none; dark is used");
            warnings.push(origins.tell("theme", &wrong));
            Theme::Dark
        }
    };
    let policy = match common.policy.as_deref().or(file.policy.as_deref()) {
        None | Some("ask-writes") => Policy::AskWrites,
        Some("ask-all") => Policy::AskAll,
        Some("auto") => Policy::Auto,
        Some("read-only") => Policy::ReadOnly,
        Some(other) => {
            let wrong = format!("{other:?} is no approval mode; use ask-all, ask-writes, auto or read-only");
            return Err(Failure::usage(origins.tell("policy", &wrong)));
        }
    };
    Ok(Settings {
        model: [model, file.model].into_iter().flatten().find(|text| !text.is_empty()),
        base_url: common.base_url.clone().or(file.base_url).filter(|text| !text.is_empty()),
        theme,
        mouse: if file.mouse == Some(false) { Mouse::Free } else { Mouse::Captured },
        record: if common.no_record || file.record == Some(false) { Record::Off } else { Record::On },
        gate: Gate::new(policy, rules(&file.rules, &origins)?, if common.step { Stepping::On } else { Stepping::Off })
            .with_others(if common.trust_results { Others::Trusted } else { Others::Ask }),
        data: path_of(&common.data, file.data),
        db: path_of(&common.db, file.db),
        as_of: common.as_of.clone().or(file.as_of).filter(|text| !text.is_empty()),
        assistant: path_of(&common.assistant, file.assistant),
        servers: path_of(&common.servers, None),
        user_servers: user_servers(file.servers, path.as_deref(), &origins, &mut warnings),
        projects: if common.trust_project { Projects::Trusted } else { Projects::Approved },
        warnings,
        origins,
    })
}

/// The rules of the settings file.
fn rules(texts: &RuleTexts, origins: &Origins) -> Result<Rules, Failure> {
    let parse = |kind: &str, texts: &[String]| {
        let parse = |(index, text): (usize, &String)| {
            text.parse::<Query>().map_err(|error| {
                let wrong = format!("{text:?} is no usable {kind} rule: {error}");
                Failure::usage(origins.tell(&format!("rules.{kind}.{index}"), &wrong))
            })
        };
        texts.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()
    };
    Ok(Rules {
        deny: parse("deny", &texts.deny)?,
        ask: parse("ask", &texts.ask)?,
        allow: parse("allow", &texts.allow)?,
    })
}

/// The file the settings name, else `mcp.json` beside them.
fn user_servers(
    named: Option<PathBuf>,
    settings: Option<&Path>,
    origins: &Origins,
    warnings: &mut Vec<String>,
) -> Option<PathBuf> {
    let usual = settings.and_then(Path::parent).map(|folder| folder.join("mcp.json"));
    let named = named.filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = named.as_ref().filter(|path| Some(*path) != usual.as_ref() && !path.exists()) {
        warnings.push(origins.tell("servers", &format!("there is no file {}", path.display())));
    }
    named.or(usual)
}

/// The option's path, else the file's; an empty one is none.
fn path_of(option: &Option<PathBuf>, file: Option<PathBuf>) -> Option<PathBuf> {
    option.clone().or(file).filter(|path| !path.as_os_str().is_empty())
}

/// `$XDG_CONFIG_HOME/callboard/config.toml`, or `~/.config/callboard/config.toml`.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    folders::config().map(|dir| dir.join("callboard").join("config.toml"))
}

fn read(path: &Path) -> Result<(File, Origins, Vec<String>), Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("the settings file {shown} cannot be read: {error}")))?;
    let mut file: File = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let field = text.lines().nth(line - 1).and_then(|line| line.split('=').next()).unwrap_or_default().trim();
        Failure::usage(format!("the settings file {shown}, line {line}, field {field:?}: {}", error.message()))
    })?;
    // Wherever the program is started, a path means the same.
    let folder = path.parent().unwrap_or(Path::new(""));
    for path in [&mut file.data, &mut file.db, &mut file.assistant, &mut file.servers].into_iter().flatten() {
        if !path.as_os_str().is_empty() {
            *path = folder.join(&path);
        }
    }
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let origins = Origins::of_file(path, &text);
    if let Some((key, lost)) = table.iter().find_map(|(key, value)| lost_rules(key, value)) {
        let wrong = format!("{lost}; rules stand in [rules], and would be lost here");
        return Err(Failure::usage(origins.tell(&key, &wrong)));
    }
    let warnings = table
        .keys()
        .filter(|key| !KEYS.contains(&key.as_str()))
        .map(|key| origins.tell(key, &format!("an unknown key; known are {}", KEYS.join(", "))))
        .collect();
    Ok((file, origins, warnings))
}

/// Rules in a place where they would count for nothing, which must not pass for a typing error: where, and in words.
fn lost_rules(key: &str, value: &toml::Value) -> Option<(String, String)> {
    let is_rule = |key: &str| matches!(key, "deny" | "ask" | "allow");
    if is_rule(key) {
        return Some((key.to_owned(), format!("{key:?} stands outside of [rules]")));
    }
    let inside = value.as_table().filter(|_| !KEYS.contains(&key))?.keys().find(|key| is_rule(key))?;
    Some((format!("{key}.{inside}"), format!("{inside:?} stands in [{key}], which is no known section")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (PathBuf, Settings) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).expect("written");
        let settings = resolve(&Common { config: Some(path), ..Common::default() }).expect("settings");
        (dir.path().to_path_buf(), settings)
    }

    #[test]
    fn the_sample_of_the_readme_is_true() {
        let readme = include_str!("../README.md");
        let mut samples = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let sample = samples.find(|sample| sample.contains("model =")).expect("a sample");
        let (dir, settings) = resolved(sample);
        assert_eq!(settings.warnings, Vec::<String>::new());
        assert_eq!((settings.data, settings.base_url), (None, None));
        assert_eq!(settings.user_servers, Some(dir.join("mcp.json")));
    }

    #[test]
    fn a_rule_that_would_be_lost_is_an_error() {
        for (text, told) in [
            ("deny = ['tool:x']", "\"deny\" stands outside of [rules]"),
            ("[rule]\ndeny = ['tool:x']", "\"deny\" stands in [rule], which is no known section"),
        ] {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("config.toml");
            std::fs::write(&path, text).expect("written");
            let failure = resolve(&Common { config: Some(path), ..Common::default() }).expect_err("refused");
            assert!(failure.message.contains(told), "{}", failure.message);
        }
    }

    #[test]
    fn a_mistake_is_told_with_the_line_it_is_in() {
        let text = "theme = 'dark'\n[rules]\ndeny = ['tool:x']\nbogus = 1\n";
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).expect("written");
        let failure = resolve(&Common { config: Some(path), ..Common::default() }).expect_err("refused");
        assert!(failure.message.contains("line 4, field \"bogus\""), "{}", failure.message);
    }

    #[test]
    fn paths_of_a_file_count_from_its_folder_and_those_of_options_do_not() {
        let text = "data = 'd'\ndb = 'x.sqlite'\nassistant = '../a'\nservers = '/etc/mcp.json'";
        let (dir, settings) = resolved(text);
        assert_eq!((settings.data, settings.db), (Some(dir.join("d")), Some(dir.join("x.sqlite"))));
        assert_eq!(settings.assistant, Some(dir.join("../a")));
        assert_eq!(settings.user_servers, Some("/etc/mcp.json".into()));
        assert_eq!(path_of(&Some("here".into()), Some("/there".into())), Some("here".into()));
    }

    #[test]
    fn an_empty_setting_is_none() {
        let (dir, settings) = resolved("data = ''\ndb = ''\nas_of = ''\nassistant = ''\nservers = ''\nmodel = ''");
        assert_eq!((settings.data, settings.db, settings.as_of), (None, None, None));
        assert_eq!((settings.assistant, settings.servers, settings.model), (None, None, None));
        assert_eq!(settings.user_servers, Some(dir.join("mcp.json")), "the file's place is then the usual one");
    }
}
