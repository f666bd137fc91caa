//! The data set: what the records are, where their files come from, how they are read and what makes them consistent.
//!
//! A data set is a folder of human-editable files. The sample is compiled into the program; `--data DIR` names another.

pub(crate) mod check;
pub(crate) mod document;
pub(crate) mod load;
pub(crate) mod placed;
pub(crate) mod record;
pub(crate) mod source;

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;

use record::{Article, Asset, Customer, Invoice, Ticket};

/// What `dataset.toml` says about the set as a whole.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Profile {
    pub name: String,
    pub as_of: Date,
    pub id_patterns: IdPatterns,
}

/// The regular expression that the ids of each kind match.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IdPatterns {
    pub ticket: String,
    pub customer: String,
    pub invoice: String,
    pub article: String,
    pub asset: String,
}

/// Every record of a data set, in the order of its files.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub profile: Profile,
    pub tickets: Vec<Ticket>,
    pub customers: Vec<Customer>,
    pub invoices: Vec<Invoice>,
    pub assets: Vec<Asset>,
    pub articles: Vec<Article>,
}

/// One thing that is wrong in a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the data folder.
    pub file: String,
    /// The line in that file, counted from 1, where the problem can be pinned down.
    pub line: Option<usize>,
    /// The field within the record, such as `line_items[1].amount`; empty when the whole file is meant.
    pub field: String,
    /// What is wrong, with the id of the record.
    pub message: String,
}

impl Problem {
    pub(crate) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, field: String::new(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}
