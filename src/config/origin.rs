//! Where each setting was made, so that a mistake in it can be told with the place to correct.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Option(&'static str),
    /// In the environment.
    Variable(&'static str),
    /// In the settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line of the value, from 1.
        line: usize,
        /// The key, with its section.
        key: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, line, key } => {
                write!(f, "the settings file {}, line {line}, field {key:?}", path.display())
            }
        }
    }
}

/// Where each value of the settings stands, by its key in the settings file.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Of all values of a settings file; the items of a list are keys too, such as `rules.deny.0`.
    pub(super) fn of_file(path: &Path, text: &str) -> Self {
        let mut lines = BTreeMap::new();
        // What is no TOML has been told by whoever read it.
        if let Ok(table) = DeTable::parse(text) {
            note_table(table.get_ref(), "", text, &mut lines);
        }
        let origin = |(key, line): (String, usize)| {
            (key.clone(), Origin::File { path: path.to_path_buf(), line, key: key.clone() })
        };
        Self(lines.into_iter().map(origin).collect())
    }

    /// Notes that a value was given on the command line, or by `variable` where that says the same, in place of the file's.
    pub(super) fn given(
        &mut self,
        key: &str,
        value: Option<impl AsRef<OsStr>>,
        option: &'static str,
        variable: Option<&'static str>,
    ) {
        let Some(value) = value else { return };
        let is_of = |variable: &&str| std::env::var_os(variable).is_some_and(|set| set == value.as_ref());
        let origin = variable.filter(is_of).map_or(Origin::Option(option), Origin::Variable);
        self.0.insert(key.to_owned(), origin);
    }

    /// Forgets where a value stood that something else takes the place of.
    pub(crate) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// What is wrong with a value, after the place where it stands.
    #[must_use]
    pub fn tell(&self, key: &str, wrong: &str) -> String {
        self.0.get(key).map_or_else(|| wrong.to_owned(), |origin| format!("{origin}: {wrong}"))
    }
}

fn note_table(table: &DeTable<'_>, above: &str, text: &str, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        note(value, format!("{above}{}", key.get_ref()), text, lines);
    }
}

fn note(value: &Spanned<DeValue<'_>>, key: String, text: &str, lines: &mut BTreeMap<String, usize>) {
    if let Some(table) = value.get_ref().as_table() {
        note_table(table, &format!("{key}."), text, lines);
    }
    for (index, item) in value.get_ref().as_array().into_iter().flat_map(|items| items.iter()).enumerate() {
        note(item, format!("{key}.{index}"), text, lines);
    }
    let before = text.get(..value.span().start).unwrap_or_default();
    lines.insert(key, before.matches('\n').count() + 1);
}
