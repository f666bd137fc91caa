//! Records that still know where they were written, so that problems with them can be pinned down.

use std::collections::HashMap;

use super::{
    Problem,
    document::Document,
    record::{Article, Asset, Customer, Invoice, Ticket},
};

/// A record and the place it was written at.
pub(crate) struct Placed<'a, T> {
    pub record: T,
    pub document: &'a Document,
    /// JSON pointer of the record within its document.
    pub pointer: String,
}

impl<T> Placed<'_, T> {
    /// A problem with the member of this record that `pointer` names, such as `/line_items/1/amount`.
    pub fn problem(&self, pointer: &str, message: String) -> Problem {
        Problem {
            file: self.document.file.clone(),
            line: self.document.line(&format!("{}{pointer}", self.pointer)),
            field: dotted(pointer),
            message,
        }
    }
}

/// Every record of a data set with its place.
pub(crate) struct Placements<'a> {
    pub tickets: Vec<Placed<'a, Ticket>>,
    pub customers: Vec<Placed<'a, Customer>>,
    pub invoices: Vec<Placed<'a, Invoice>>,
    pub assets: Vec<Placed<'a, Asset>>,
    pub articles: Vec<Placed<'a, Article>>,
}

/// Ids that were used before.
pub(crate) fn duplicates(placed: &Placements<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    repeated(&placed.tickets, "ticket_id", |ticket| ticket.ticket_id.as_str(), &mut problems);
    repeated(&placed.customers, "customer_id", |customer| customer.customer_id.as_str(), &mut problems);
    repeated(&placed.invoices, "invoice_id", |invoice| invoice.invoice_id.as_str(), &mut problems);
    repeated(&placed.assets, "asset_id", |asset| asset.asset_id.as_str(), &mut problems);
    repeated(&placed.articles, "article_id", |article| article.article_id.as_str(), &mut problems);
    problems
}

fn repeated<T>(placed: &[Placed<'_, T>], field: &str, id: impl Fn(&T) -> &str, problems: &mut Vec<Problem>) {
    let mut first: HashMap<&str, &Placed<'_, T>> = HashMap::new();
    for place in placed {
        let id = id(&place.record);
        if let Some(earlier) = first.get(id) {
            let line = earlier.document.line(&earlier.pointer).unwrap_or(1);
            let message = format!("{id} is used twice; first in {} line {line}", earlier.document.file);
            problems.push(place.problem(&format!("/{field}"), message));
        } else {
            first.insert(id, place);
        }
    }
}

/// `/line_items/1/amount` as `line_items[1].amount`.
pub(crate) fn dotted(pointer: &str) -> String {
    let mut field = String::new();
    for step in pointer.split('/').skip(1) {
        if step.chars().all(|letter| letter.is_ascii_digit()) {
            field.push_str(&format!("[{step}]"));
        } else {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(step);
        }
    }
    field
}
