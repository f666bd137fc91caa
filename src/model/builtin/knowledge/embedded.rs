//! The files that are part of the program, and those of a folder.

use std::fs;
use std::path::Path;

use super::LoadError;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/assistant/", $name)))),*]
    };
}

/// Name and text of each file.
pub(super) const FILES: &[(&str, &str)] = files![
    "words.toml",
    "customer.toml",
    "ticket.toml",
    "billing.toml",
    "kb.toml",
    "asset.toml",
    "composites.toml",
    "runbooks.toml",
    "forms.toml",
];

/// The `.toml` files of a folder, by name.
///
/// # Errors
/// If the folder or a file cannot be read.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, LoadError> {
    let fail = |path: &Path, error: &std::io::Error| LoadError {
        file: path.display().to_string(),
        line: 0,
        field: String::new(),
        message: format!("cannot be read: {error}; give a folder with .toml files of the assistant"),
    };
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fail(folder, &error))? {
        let path = entry.map_err(|error| fail(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = fs::read_to_string(&path).map_err(|error| fail(&path, &error))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            out.push((name, text));
        }
    }
    out.sort();
    Ok(out)
}
