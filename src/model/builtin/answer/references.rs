//! How an answer refers to the calls it rests on: `[1][2]`.

use super::super::rows::Row;
use crate::protocol::CallId;

/// References to the calls that say what a record says.
pub(super) fn own_refs(row: &Row) -> String {
    refs(&row.calls().collect::<Vec<_>>())
}

/// References to calls, in order, each once.
pub(super) fn refs(calls: &[CallId]) -> String {
    let mut calls = calls.to_vec();
    calls.sort_unstable();
    calls.dedup();
    // A long row of references says less than its ends.
    if calls.len() > 6 {
        let shown = calls.iter().take(5).map(|call| format!("[{}]", call.0)).collect::<String>();
        return format!("{shown}…{}", calls.last().map(|call| format!("[{}]", call.0)).unwrap_or_default());
    }
    calls.iter().map(|call| format!("[{}]", call.0)).collect()
}
