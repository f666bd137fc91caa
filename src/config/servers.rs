//! Servers from a file in the format everyone knows: `mcpServers` (or VS Code's `servers`), one entry each.

mod entry;
mod variables;

use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::mcp::ServerSpec;
use crate::protocol::ServerName;

pub use entry::{Entry, RESTARTS};
pub use variables::Variables;

/// What a file asks for.
#[derive(Debug, Default)]
pub struct Configured {
    /// Servers to start. One whose entry cannot be used is [`crate::mcp::Reach::Nowhere`], so that its lane says why.
    pub specs: Vec<ServerSpec>,
    /// Names that are switched off, bundled ones too.
    pub disabled: Vec<ServerName>,
    /// What is odd: each names file, server and field.
    pub warnings: Vec<String>,
    /// Values of configured variables and of those that were put in, to be kept out of recordings.
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
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut variables = Variables::new(&lookup, folder);
    for (name, entry) in entries {
        for key in entry
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
            .filter(|key| !entry::KEYS.contains(&key.as_str()))
        {
            configured.warnings.push(format!("{shown}, server {name:?}: unknown field {key:?}"));
        }
        let parsed = Entry::parse(entry);
        if parsed.as_ref().is_ok_and(|entry| entry.disabled) {
            configured.disabled.push(name.as_str().into());
            continue;
        }
        let spec = parsed.and_then(|entry| entry.spec(name, &mut variables, &mut configured.secrets));
        configured.specs.push(spec.unwrap_or_else(|reason| entry::unusable(name, format!("{shown}, {reason}"))));
    }
    Ok(configured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::Reach;

    #[test]
    fn one_bad_server_does_not_cost_the_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        let text = r#"{"mcpServers":{"good":{"command":"x","args":["${A:-1}"],"colour":1},"bad":{"args":[]},"off":{"command":"x","disabled":true},"unset":{"command":"${NOPE}"}}}"#;
        std::fs::write(&path, text).expect("written");
        let configured = read(&path, |_| None).expect("readable");
        let places: Vec<String> = configured.specs.iter().map(ServerSpec::place).collect();
        assert_eq!(places, ["x 1", "", ""]);
        let reasons: Vec<&str> = configured.specs[1..]
            .iter()
            .map(|spec| if let Reach::Nowhere(reason) = &spec.reach { reason } else { "reached" })
            .collect();
        assert!(reasons[0].ends_with("mcp.json, field \"command\" is missing (or \"url\")"), "{reasons:?}");
        assert!(reasons[1].ends_with("mcp.json, field \"command\": the variable NOPE is not set"), "{reasons:?}");
        assert_eq!(configured.disabled, ["off".into()]);
        assert_eq!(configured.warnings.len(), 1);
        assert!(configured.warnings[0].contains("\"good\": unknown field \"colour\""), "{:?}", configured.warnings);
    }
}
