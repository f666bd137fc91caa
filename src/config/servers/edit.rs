//! Changes a server file in place: what is not changed stays as it was written, comments and unknown keys included.

use std::path::Path;

use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::{Map, Value};

use super::Origin;
use super::file::{parse, text};
use super::store::{Readers, replace, write_private};

/// Whether an entry of the same name gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the change is refused.
    Keep,
    /// It is replaced.
    Replace,
}

/// Writes entries into a file, which is made if it does not exist.
///
/// # Errors
/// A name that is there already, or a file that cannot be read, understood or written; it is as it was then.
pub fn add(
    path: &Path,
    origin: Origin,
    entries: &[(String, Map<String, Value>)],
    existing: Existing,
) -> Result<(), String> {
    let root = match path.exists() {
        true => parse(path, &text(path)?)?,
        false => parse(path, "{}\n")?,
    };
    let servers = match servers(&root) {
        Some(servers) => servers,
        None => {
            let key =
                if path.parent().is_some_and(|folder| folder.ends_with(".vscode")) { "servers" } else { "mcpServers" };
            root.object_value_or_create()
                .and_then(|top| top.object_value_or_create(key))
                .ok_or_else(|| format!("{} has no object {key:?} to write into", path.display()))?
        }
    };
    for (name, entry) in entries {
        let value = input(&Value::Object(entry.clone()));
        match (servers.get(name), existing) {
            (Some(_), Existing::Keep) => {
                return Err(format!(
                    "{} has a server {name:?} already; --replace puts this one in its place",
                    path.display()
                ));
            }
            (Some(old), Existing::Replace) => old.set_value(value),
            (None, Existing::Keep | Existing::Replace) => {
                servers.append(name, value);
            }
        }
    }
    write(path, origin, &root)
}

/// Takes an entry out of a file.
///
/// # Errors
/// There is none, or the file cannot be read, understood or written; it is as it was then.
pub fn remove(path: &Path, origin: Origin, name: &str) -> Result<(), String> {
    let root = parse(path, &text(path)?)?;
    let entry = servers(&root).and_then(|servers| servers.get(name));
    entry.ok_or_else(|| format!("{} has no server {name:?}", path.display()))?.remove();
    write(path, origin, &root)
}

fn servers(root: &CstRootNode) -> Option<CstObject> {
    let top = root.object_value()?;
    ["mcpServers", "servers"].iter().find_map(|key| top.object_value(key))
}

fn write(path: &Path, origin: Origin, root: &CstRootNode) -> Result<(), String> {
    let text = root.to_string();
    let written = match origin {
        Origin::Project => replace(path, &text, Readers::Everybody),
        Origin::User | Origin::Option => write_private(path, &text),
    };
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(bool) => CstInputValue::Bool(*bool),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            CstInputValue::Object(fields.iter().map(|(key, value)| (key.clone(), input(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(command: &str) -> Map<String, Value> {
        Map::from_iter([("command".to_owned(), Value::from(command))])
    }

    #[test]
    fn what_is_not_changed_stays_as_it_was_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        let before = "{\n  // why\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\", \"colour\": 1 }, // mine\n  },\n  \"more\": [1]\n}\n";
        std::fs::write(&path, before).expect("written");
        add(&path, Origin::User, &[("b".into(), entry("y"))], Existing::Keep).expect("added");
        let after = std::fs::read_to_string(&path).expect("readable");
        for kept in ["// why", "\"a\": { \"command\": \"x\", \"colour\": 1 }", "// mine", "\"more\": [1]"] {
            assert!(after.contains(kept), "{after}");
        }
        let error = add(&path, Origin::User, &[("b".into(), entry("z"))], Existing::Keep).expect_err("refused");
        assert!(error.contains("has a server \"b\" already"), "{error}");
        add(&path, Origin::User, &[("b".into(), entry("z"))], Existing::Replace).expect("replaced");
        assert!(std::fs::read_to_string(&path).expect("readable").contains("\"command\": \"z\""));
        remove(&path, Origin::User, "b").expect("removed");
        assert!(remove(&path, Origin::User, "b").is_err());
        let left = std::fs::read_to_string(&path).expect("readable");
        assert!(left.contains("// mine") && !left.contains("\"z\""), "{left}");
    }

    #[test]
    fn a_new_file_is_for_its_owner_only_unless_it_is_the_projects() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, origin, mode, key) in
            [("mine/mcp.json", Origin::User, 0o600, "mcpServers"), (".mcp.json", Origin::Project, 0o644, "mcpServers")]
        {
            let path = dir.path().join(name);
            add(&path, origin, &[("a".into(), entry("x"))], Existing::Keep).expect("added");
            let written: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).expect("readable")).expect("plain JSON");
            assert_eq!(written[key]["a"]["command"], "x");
            let permissions = std::fs::metadata(&path).expect("there").permissions();
            assert_eq!(permissions.mode() & 0o777, mode, "{name}");
        }
    }

    #[test]
    fn a_link_keeps_pointing_where_it_did() {
        let dir = tempfile::tempdir().expect("a folder");
        let (real, link) = (dir.path().join("real.json"), dir.path().join("link.json"));
        std::fs::write(&real, "{}").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        add(&link, Origin::User, &[("a".into(), entry("x"))], Existing::Keep).expect("added");
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        assert!(std::fs::read_to_string(&real).expect("readable").contains("\"a\""));
    }
}
