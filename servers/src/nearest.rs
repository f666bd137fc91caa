//! Finds what somebody probably meant: the nearest ids and names, for errors about unknown ones.

use serde_json::json;

use crate::{
    data::record::CustomerId,
    store::{Kind, Store},
    tool_error::ToolError,
};

/// How many near ids an error names.
const NAMED: usize = 3;

/// The `count` texts most like `wanted`, best first; equally good ones keep their order.
pub(crate) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut ranked: Vec<(f64, &str)> = known
        .map(|text| {
            let folded = text.to_lowercase();
            // Edits tell ids of the same form apart, the common beginning tells names apart.
            let likeness =
                strsim::normalized_damerau_levenshtein(&wanted, &folded) * 2.0 + strsim::jaro_winkler(&wanted, &folded);
            (likeness, text)
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().take(count).map(|(_, text)| text).collect()
}

/// The `count` names most like `wanted`, judged also by each of their words alone.
pub(crate) fn nearest_names<'a>(wanted: &str, names: &[&'a str], count: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| {
        let folded = name.to_lowercase();
        folded
            .split_whitespace()
            .chain([folded.as_str()])
            .map(|part| strsim::jaro_winkler(&wanted, part))
            .fold(0.0, f64::max)
    };
    let mut ranked: Vec<(f64, &str)> = names.iter().map(|name| (likeness(name), *name)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().take(count).map(|(_, name)| name).collect()
}

/// The error for an id that nothing has.
pub(crate) async fn unknown(store: &Store, kind: Kind, id: &str) -> ToolError {
    let known = match store.ids(kind).await {
        Ok(known) => known,
        Err(error) => return error.into(),
    };
    let near = nearest(id, known.iter().map(String::as_str), NAMED);
    let (noun, argument) = kind.words();
    let mut error = ToolError::new(format!("{noun}_not_found"), format!("There is no {noun} {id}"))
        .with(argument, id)
        .with("nearest_ids", json!(near));
    if let Some(first) = near.first() {
        error = error.suggest(format!("Call again with {argument} {first}, the nearest existing id"));
    }
    for (tool, how) in kind.finders() {
        error = error.suggest(format!("Call {tool} with {how}")).follow_up(tool);
    }
    error
}

/// Refuses a customer that does not exist.
///
/// # Errors
/// There is no such customer; names the nearest ones.
pub(crate) async fn known_customer(store: &Store, id: &CustomerId) -> Result<(), ToolError> {
    match store.has_customer(id).await? {
        true => Ok(()),
        false => Err(unknown(store, Kind::Customer, id.as_str()).await),
    }
}

impl Kind {
    /// The word for one record, and the argument that carries its id.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ticket => ("ticket", "ticket_id"),
            Self::Customer => ("customer", "customer_id"),
            Self::Invoice => ("invoice", "invoice_id"),
            Self::Article => ("article", "article_id"),
            Self::Asset => ("asset", "asset_id"),
        }
    }

    /// The tools that find the right id, and with what.
    fn finders(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Ticket => &[("search_tickets", "query or customer_id to find the ticket")],
            Self::Customer => {
                &[("lookup_customer", "company_name (a part of it is enough) or email to find the customer")]
            }
            Self::Invoice => &[("get_invoice", "customer_id to list the invoices of a customer")],
            Self::Article => &[("search_solutions", "query to find the article")],
            Self::Asset => &[("lookup_asset", "hostname (a part of it is enough) or customer_id to find the asset")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_id_differs_least() {
        let known = ["TKT-1001", "TKT-1010", "TKT-1015", "TKT-2001"];
        assert_eq!(nearest("TKT-1051", known.into_iter(), 2), ["TKT-1015", "TKT-1001"]);
        assert_eq!(nearest("tkt-1010", known.into_iter(), 1), ["TKT-1010"]);
    }

    #[test]
    fn a_misspelt_word_of_a_name_is_enough() {
        let names = ["Harbor Logistics", "TechCorp Industries", "DataFlow Solutions"];
        assert_eq!(nearest_names("tehccorp", &names, 1), ["TechCorp Industries"]);
    }
}
