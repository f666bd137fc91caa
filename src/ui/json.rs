//! JSON for the Data pane: flat nodes over the text as it arrived, folds, a table form and search.
//!
//! Nothing is re-serialised: numbers, key order and escapes are shown as the text has them.

mod doc;
mod table;
mod tree;

pub use doc::{Doc, Kind, Node};
pub use table::{Column, Table, cell_text};
pub use tree::Tree;

/// Text longer than this is not taken apart, bytes.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
