//! The few rules of the house that the compiler cannot state (`src/lib.rs`): who may name whom, and how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines a file may have before its tests.
const LONGEST_FILE: usize = 400;

/// Files that are tests as a whole, declared with `#[cfg(test)]` by their parent.
const TEST_MODULES: &[&str] = &["turn/playbooks.rs", "ui/fixtures.rs", "ui/screens.rs", "ui/behaviour.rs"];

/// Module to the modules of ours it may name. What is not listed may name anything.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("protocol", &["protocol"]),
    ("clock", &[]),
    ("sanitise", &[]),
    ("wording", &[]),
    ("folders", &[]),
    ("stdout", &["failure", "sanitise"]),
    ("stderr", &[]),
    ("schema", &["protocol"]),
    ("link", &["clock", "protocol", "session"]),
    ("pins", &["pins", "protocol", "compare", "folders"]),
    ("session", &["session", "protocol", "wording"]),
    ("recording", &["recording", "protocol", "session", "query", "link", "clock", "folders"]),
    ("model", &["model", "protocol", "clock", "sanitise", "web", "wording"]),
    ("web", &[]),
    ("mcp", &["mcp", "protocol", "clock", "schema", "web", "wording"]),
    (
        "orchestrator",
        &[
            "orchestrator",
            "protocol",
            "session",
            "recording",
            "model",
            "mcp",
            "pins",
            "link",
            "clock",
            "compare",
            "query",
            "schema",
            "wording",
        ],
    ),
    ("ui", &["ui", "protocol", "session", "link", "clock", "query", "sanitise", "schema", "wording"]),
    ("query", &["query", "protocol", "session"]),
    ("compare", &["compare", "protocol", "session", "mcp"]),
];

/// Crate to the only places that may name it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("async_openai", &["src/model/openai"]),
    ("rmcp", &["src/mcp", "servers/"]),
    ("ratatui", &["src/ui"]),
    ("crossterm", &["src/ui"]),
    ("tui_textarea", &["src/ui"]),
    ("tui_markdown", &["src/ui"]),
    ("sqlx", &["servers/src/store"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `dir`, as a path from the root, with its text.
fn sources(dir: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a readable folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(dir), &mut found);
    found.sort();
    assert!(!found.is_empty(), "no sources below {dir}");
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            (name, fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

/// The text before the tests, without comments.
fn code(text: &str) -> String {
    let before_tests = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Our modules that code names; `{` for several at once in braces, which nobody may.
fn named(code: &str) -> Vec<&str> {
    let is_brace = |rest: &str| rest.starts_with('{');
    let word = |rest: &str| rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    code.split("crate::").skip(1).map(|rest| &rest[..if is_brace(rest) { 1 } else { word(rest) }]).collect()
}

#[test]
fn a_group_in_braces_does_not_hide_what_it_names() {
    assert_eq!(named("use crate::ui::x;\nuse crate::{mcp, ui};\nlet x = crate::link();"), ["ui", "{", "link"]);
}

#[test]
fn modules_name_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (name, text) in sources("src") {
        let module = name.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = MAY_NAME.iter().find(|(known, _)| *known == module) else { continue };
        for named in named(&code(&text)) {
            if !allowed.contains(&named) {
                wrong.push(format!("{name} names {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_library_stays_behind_its_door() {
    let mut wrong = Vec::new();
    for (name, text) in sources("src").into_iter().chain(sources("servers/src")) {
        for (library, places) in ONLY_IN {
            let named = code(&text).contains(&format!("{library}::"));
            if named && !places.iter().any(|place| name.starts_with(place)) {
                wrong.push(format!("{name} names {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_too_long_and_no_folder_has_a_mod_file() {
    let mut wrong = Vec::new();
    for (name, text) in sources("src").into_iter().chain(sources("servers/src")) {
        let before_tests = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
        let lines = before_tests.lines().count();
        if lines > LONGEST_FILE && !TEST_MODULES.iter().any(|module| name.ends_with(module)) {
            wrong.push(format!("{name} has {lines} lines before its tests"));
        }
        if name.ends_with("/mod.rs") {
            wrong.push(format!("{name} should be named after its module"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{name} does not open with what it is"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn clocks_are_read_in_one_place() {
    let mut wrong = Vec::new();
    for (name, text) in sources("src") {
        let reads = ["SystemTime::now", "Zoned::now", "Timestamp::now"].iter().any(|read| code(&text).contains(read));
        if reads && name != "src/clock.rs" {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_readme_lists_the_keys_of_the_key_table() {
    let (start, end) = ("keeps them up to date -->\n", "<!-- /keys -->");
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(start).expect("the place for the keys");
    let (listed, after) = rest.split_once(end).expect("the end of the keys");
    let keys = format!("\n{}\n", callboard::ui::keys_markdown());
    if std::env::var_os("CALLBOARD_UPDATE_README").is_some() {
        fs::write(&path, format!("{before}{start}{keys}{end}{after}")).expect("the README is written");
        return;
    }
    assert!(listed == keys, "the keys have changed: run `CALLBOARD_UPDATE_README=1 cargo test --test it readme`");
}
