//! The format of the files under `data/assistant`: what may stand in them, and where a mistake is.

use std::fmt;
use std::ops::Range;

use super::raw::KnowledgeFile;

/// Why the assistant's files cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    /// The file's name, or the folder's.
    pub file: String,
    /// The line, from 1; 0 if the whole file is meant.
    pub line: usize,
    /// The field, such as `kind.refs`; empty if the file is no TOML at all.
    pub field: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The line of a byte position, from 1.
pub(super) fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
}

/// Reads one file.
///
/// # Errors
/// With line and field where the TOML or its meaning is wrong.
pub(super) fn parse(file: &str, text: &str) -> Result<KnowledgeFile, LoadError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_of(text, &span));
        LoadError {
            file: file.to_owned(),
            line,
            field: field_at(text, line),
            message: error.message().trim().replace('\n', ", "),
        }
    })
}

/// The table and key that stand on or before a line: what a reader would look for.
pub(super) fn field_at(text: &str, line: usize) -> String {
    let mut table = "";
    let mut key = "";
    for row in text.lines().take(line) {
        let row = row.trim();
        if row.starts_with('[') {
            table = row.trim_matches(['[', ']']);
            key = "";
        } else if let Some((left, _)) = row.split_once('=')
            && !left.trim().is_empty()
            && left.trim().chars().all(|c| c.is_alphanumeric() || "_-. \"'".contains(c))
        {
            key = left.trim();
        }
    }
    [table, key].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}
