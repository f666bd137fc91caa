//! Servers from a file in the format everyone knows: `mcpServers` (or VS Code's `servers`) with `command, args, env, cwd`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::mcp::{Era, Limits, Naming, ServerSpec, process};
use crate::protocol::ServerName;

/// Restarts of a server before it counts as failed.
pub const RESTARTS: u32 = 5;

const KEYS: &[&str] = &["type", "command", "args", "env", "cwd", "disabled", "era", "timeout_ms", "url", "headers"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    r#type: Option<String>,
    command: Option<String>,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    disabled: bool,
    era: Option<String>,
    timeout_ms: Option<u64>,
    url: Option<String>,
}

/// What a file asks for.
#[derive(Debug, Default)]
pub struct Configured {
    /// Servers to start.
    pub specs: Vec<ServerSpec>,
    /// Names that are switched off, bundled ones too.
    pub disabled: Vec<ServerName>,
    /// What is odd: each names file, server and field, and disables at most that server.
    pub warnings: Vec<String>,
    /// Servers whose entry cannot be used; a warning says why.
    pub left_out: Vec<ServerName>,
    /// Values of configured variables and of those that were expanded, to be kept out of recordings.
    pub secrets: Vec<(String, String)>,
}

/// Reads a file; `lookup` gives environment variables.
///
/// # Errors
/// A file that cannot be read or is no JSON, with its line.
pub fn read(path: &Path, lookup: impl Fn(&str) -> Option<String>) -> Result<Configured, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("the server file {shown} cannot be read: {error}")))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("the server file {shown}, line {}, is no JSON: {error}", error.line()))
    })?;
    let Some(entries) = value.get("mcpServers").or_else(|| value.get("servers")).and_then(Value::as_object) else {
        return Err(Failure::usage(format!("the server file {shown} has no object \"mcpServers\" (or \"servers\")")));
    };
    let mut configured = Configured::default();
    for (name, entry) in entries {
        let place = format!("{shown}, server {name:?}");
        for key in
            entry.as_object().into_iter().flatten().map(|(key, _)| key).filter(|key| !KEYS.contains(&key.as_str()))
        {
            configured.warnings.push(format!("{place}: unknown field {key:?}"));
        }
        match spec(name, entry, &lookup, &mut configured.secrets) {
            Ok(Some(spec)) => configured.specs.push(spec),
            Ok(None) => configured.disabled.push(name.as_str().into()),
            Err(reason) => {
                configured.warnings.push(format!("{place}: {reason}; this server is left out"));
                configured.left_out.push(name.as_str().into());
                configured.disabled.push(name.as_str().into());
            }
        }
    }
    Ok(configured)
}

fn spec(
    name: &str,
    entry: &Value,
    lookup: &impl Fn(&str) -> Option<String>,
    secrets: &mut Vec<(String, String)>,
) -> Result<Option<ServerSpec>, String> {
    let entry = Entry::deserialize(entry).map_err(|error| error.to_string())?;
    if entry.disabled {
        return Ok(None);
    }
    if entry.url.is_some() || entry.r#type.as_deref().is_some_and(|kind| kind != "stdio") {
        return Err("field \"url\": only servers on stdio can be used".into());
    }
    let command = entry.command.ok_or("field \"command\" is missing")?;
    let mut looked_up = Vec::new();
    let mut expanded = |field: &str, text: &str| {
        expand(text, lookup, &mut looked_up).map_err(|reason| format!("field {field:?}: {reason}"))
    };
    let args = entry.args.iter().map(|arg| expanded("args", arg)).collect::<Result<Vec<_>, _>>()?;
    let mut env = BTreeMap::new();
    for (variable, text) in &entry.env {
        let value = expanded("env", text)?;
        secrets.push((variable.clone(), value.clone()));
        env.insert(variable.clone(), value);
    }
    let command = PathBuf::from(expanded("command", &command)?);
    let cwd = entry.cwd.as_deref().map(|cwd| expanded("cwd", cwd)).transpose()?.map(PathBuf::from);
    secrets.extend(looked_up.into_iter().filter(|(name, _)| !process::ALLOWED.contains(&name.as_str())));
    let era = match entry.era.as_deref() {
        None | Some("auto") => Era::Auto,
        Some("legacy") => Era::Legacy,
        Some("modern") => Era::Modern,
        Some(other) => return Err(format!("field \"era\": {other:?} is none of auto, legacy, modern")),
    };
    let mut limits = Limits::default();
    if let Some(ms) = entry.timeout_ms {
        limits.call = std::time::Duration::from_millis(ms.max(1));
        limits.call_total = limits.call_total.max(limits.call);
    }
    Ok(Some(ServerSpec {
        name: name.into(),
        command,
        args,
        env,
        cwd,
        era,
        naming: Naming::Prefixed,
        limits,
        restarts: RESTARTS,
    }))
}

/// `${VAR}`, `${VAR:-default}` and `${env:VAR}`; anything else stays as it is. Adds name and value of each variable that
/// was put in to `looked_up`.
fn expand(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
    looked_up: &mut Vec<(String, String)>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        match (lookup(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => {
                out.push_str(&value);
                looked_up.push((name.to_owned(), value));
            }
            (None, Some(default)) => out.push_str(default),
            (None, None) => return Err(format!("the variable {name} is not set")),
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_and_an_unset_one_is_named() {
        let lookup = |name: &str| (name == "HOME").then(|| "/h".to_owned());
        let mut seen = Vec::new();
        assert_eq!(expand("${HOME}/x ${env:HOME} ${NO:-d} $5 ${", lookup, &mut seen).as_deref(), Ok("/h/x /h d $5 ${"));
        assert_eq!(expand("${NO}", lookup, &mut seen), Err("the variable NO is not set".into()));
        assert_eq!(seen, vec![("HOME".to_owned(), "/h".to_owned()); 2]);
    }

    fn configured(text: &str) -> Configured {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        std::fs::write(&path, text).expect("written");
        let lookup = |name: &str| (!name.starts_with("NO")).then(|| format!("value of {name}"));
        read(&path, lookup).expect("readable")
    }

    #[test]
    fn whatever_is_expanded_is_secret_unless_every_server_gets_it_anyway() {
        let text = r#"{"mcpServers":{"a":{"command":"${BIN}","args":["--token=${TOKEN}","${HOME}","${NO:-plain}"],
            "env":{"AUTH":"Bearer ${KEY}"},"cwd":"${DIR}/x"}}}"#;
        let mut names: Vec<String> = configured(text).secrets.into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["AUTH", "BIN", "DIR", "KEY", "TOKEN"]);
    }

    #[test]
    fn a_call_may_take_as_long_as_the_file_says() {
        let text =
            r#"{"mcpServers":{"slow":{"command":"x","timeout_ms":900000},"quick":{"command":"x","timeout_ms":5}}}"#;
        let limits: Vec<Limits> = configured(text).specs.iter().map(|spec| spec.limits).collect();
        assert_eq!((limits[0].call.as_millis(), limits[0].call_total), (900_000, limits[0].call));
        assert_eq!((limits[1].call.as_millis(), limits[1].call_total), (5, Limits::default().call_total));
    }

    #[test]
    fn one_bad_server_does_not_cost_the_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        let text = r#"{"mcpServers":{"good":{"command":"x","args":["${A:-1}"],"colour":1},"bad":{"args":[]},"off":{"command":"x","disabled":true},"unset":{"command":"${NOPE}"}}}"#;
        std::fs::write(&path, text).expect("written");
        let configured = read(&path, |_| None).expect("readable");
        assert_eq!(configured.specs.len(), 1);
        assert_eq!(configured.specs[0].args, ["1"]);
        assert_eq!(configured.disabled.len(), 3);
        let warnings = configured.warnings.join("\n");
        for part in ["\"good\": unknown field \"colour\"", "\"bad\": field \"command\" is missing", "NOPE is not set"] {
            assert!(warnings.contains(part), "{warnings}");
        }
    }
}
