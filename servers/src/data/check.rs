//! The validator: everything that is wrong in a data folder, in one go.
//!
//! Reading a record proves its types. Here its form is checked in full, and that records agree with each other.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::{
    IdPatterns, Problem, Profile,
    load::{self, Documents},
    placed::{Placed, Placements, duplicates},
    record::{AssetId, CustomerId, InvoiceStatus, TicketId, TicketStatus},
    source::Source,
};
use crate::{
    clock::day,
    money::Money,
    schema::{self, Object, record},
};

/// The sections every article has, in their order.
const SECTIONS: [&str; 5] = ["Symptoms", "Causes", "Resolution", "Verification", "Prevention"];

/// Lists every problem of a data set; an empty list means that it is sound.
pub(crate) fn check(source: &Source) -> Vec<Problem> {
    let documents = match load::documents(source) {
        Ok(documents) => documents,
        Err(problems) => return problems,
    };
    let profile = match load::profile_of(&documents.dataset) {
        Ok(profile) => profile,
        Err(problems) => return problems,
    };
    let mut problems = check_records(&documents, &profile);
    problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    problems
}

fn check_records(documents: &Documents, profile: &Profile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let placed = load::placements(documents, &profile.id_patterns, &mut problems);
    forms(&placed, &profile.id_patterns, &mut problems);
    problems.extend(duplicates(&placed));
    let known = Known::of(&placed);
    tickets(&placed, &known, profile.as_of, &mut problems);
    customers(&placed, profile.as_of, &mut problems);
    invoices(&placed, &known, profile.as_of, &mut problems);
    currencies(&placed, &mut problems);
    assets(&placed, &known, &mut problems);
    articles(&placed, &known, &mut problems);
    problems
}

/// What other records may refer to, and whose it is.
struct Known<'a> {
    customers: HashSet<&'a CustomerId>,
    tickets: HashMap<&'a TicketId, &'a CustomerId>,
    assets: HashMap<&'a AssetId, &'a CustomerId>,
}

impl<'a> Known<'a> {
    fn of(placed: &'a Placements<'_>) -> Self {
        let tickets = placed.tickets.iter().map(|place| &place.record);
        let assets = placed.assets.iter().map(|place| &place.record);
        Self {
            customers: placed.customers.iter().map(|place| &place.record.customer_id).collect(),
            tickets: tickets.map(|ticket| (&ticket.ticket_id, &ticket.customer_id)).collect(),
            assets: assets.map(|asset| (&asset.asset_id, &asset.customer_id)).collect(),
        }
    }
}

/// Reports the problems of one record.
struct Report<'a, 'p, T> {
    place: &'a Placed<'a, T>,
    id: &'a str,
    problems: &'p mut Vec<Problem>,
}

impl<T> Report<'_, '_, T> {
    /// Unless `holds`, the member at `pointer` is a problem.
    fn expect(&mut self, holds: bool, pointer: &str, message: impl FnOnce() -> String) {
        if !holds {
            let message = format!("{}: {}", self.id, message());
            self.problems.push(self.place.problem(pointer, message));
        }
    }

    fn customer(&mut self, known: &Known<'_>, customer: &CustomerId) {
        self.expect(known.customers.contains(customer), "/customer_id", || format!("there is no customer {customer}"));
    }

    /// Checks a reference to something that belongs to a customer, who must be `owner`.
    fn belongs(&mut self, pointer: &str, what: &str, found: Option<&&CustomerId>, owner: &CustomerId) {
        match found {
            None => self.expect(false, pointer, || format!("there is no {what}")),
            Some(other) => {
                self.expect(*other == owner, pointer, || format!("{what} belongs to {other}, not to {owner}"));
            }
        }
    }
}

/// Checks ids, e-mail addresses, unknown words and the like of records that could be read.
fn forms(placed: &Placements<'_>, ids: &IdPatterns, problems: &mut Vec<Problem>) {
    form(&placed.tickets, record::ticket(ids), "ticket_id", problems);
    form(&placed.customers, record::customer(ids), "customer_id", problems);
    form(&placed.invoices, record::stored_invoice(ids), "invoice_id", problems);
    form(&placed.assets, record::stored_asset(ids), "asset_id", problems);
    let article = record::article(ids).must("content", schema::text("Markdown."));
    form(&placed.articles, article, "article_id", problems);
}

fn form<T: Serialize>(placed: &[Placed<'_, T>], shape: Object, id_field: &str, problems: &mut Vec<Problem>) {
    let schema = shape.closed();
    for place in placed {
        let written = match place.pointer.as_str() {
            "" => Some(&place.document.value),
            pointer => place.document.value.pointer(pointer),
        };
        let value = written.unwrap_or(&Value::Null);
        problems.extend(load::violations(place.document, &place.pointer, value, &schema, id_field));
    }
}

fn tickets(placed: &Placements<'_>, known: &Known<'_>, as_of: Date, problems: &mut Vec<Problem>) {
    for place in &placed.tickets {
        let ticket = &place.record;
        let mut report = Report { place, id: ticket.ticket_id.as_str(), problems };
        report.customer(known, &ticket.customer_id);
        if let Some(asset) = &ticket.asset_id {
            report.belongs("/asset_id", &format!("asset {asset}"), known.assets.get(asset), &ticket.customer_id);
        }
        report.expect(ticket.created_date <= ticket.last_updated, "/last_updated", || {
            "lies before created_date".to_owned()
        });
        report.expect(day(ticket.last_updated) <= as_of, "/last_updated", || format!("lies after as_of ({as_of})"));
        let resolved = ticket.status == TicketStatus::Resolved;
        report.expect(resolved == ticket.resolution.is_some(), "/resolution", || {
            format!("a ticket has a resolution exactly when it is resolved; this one is {}", ticket.status.as_str())
        });
        report.expect(resolved == ticket.resolved_date.is_some(), "/resolved_date", || {
            format!("a ticket has a resolved_date exactly when it is resolved; this one is {}", ticket.status)
        });
        if let Some(at) = ticket.resolved_date {
            report.expect(ticket.created_date <= at && at <= ticket.last_updated, "/resolved_date", || {
                "does not lie between created_date and last_updated".to_owned()
            });
        }
        for (index, note) in ticket.notes.iter().enumerate() {
            report.expect(
                ticket.created_date <= note.at && note.at <= ticket.last_updated,
                &format!("/notes/{index}/at"),
                || "does not lie between created_date and last_updated".to_owned(),
            );
        }
    }
}

fn customers(placed: &Placements<'_>, as_of: Date, problems: &mut Vec<Problem>) {
    for place in &placed.customers {
        let customer = &place.record;
        let mut report = Report { place, id: customer.customer_id.as_str(), problems };
        report.expect(customer.created_date <= customer.last_activity, "/last_activity", || {
            "lies before created_date".to_owned()
        });
        report.expect(customer.last_activity <= as_of, "/last_activity", || format!("lies after as_of ({as_of})"));
        report.expect(!customer.contacts.is_empty(), "/contacts", || "has no contact".to_owned());
    }
}

fn invoices(placed: &Placements<'_>, known: &Known<'_>, as_of: Date, problems: &mut Vec<Problem>) {
    for place in &placed.invoices {
        let invoice = &place.record;
        let mut report = Report { place, id: invoice.invoice_id.as_str(), problems };
        report.customer(known, &invoice.customer_id);
        if let Some(ticket) = &invoice.ticket_id {
            let owner = known.tickets.get(ticket);
            report.belongs("/ticket_id", &format!("ticket {ticket}"), owner, &invoice.customer_id);
        }
        let sum: Money = invoice.line_items.iter().map(|item| item.amount).sum();
        report.expect(sum == invoice.amount, "/amount", || {
            format!("is {}, but the line items add up to {sum}", invoice.amount)
        });
        report.expect(invoice.issue_date <= invoice.due_date, "/due_date", || "lies before issue_date".to_owned());
        let paid = invoice.status == InvoiceStatus::Paid;
        report.expect(paid == invoice.paid_date.is_some(), "/paid_date", || {
            format!("an invoice has a paid_date exactly when it is paid; this one is {}", invoice.status.as_str())
        });
        if let Some(at) = invoice.paid_date {
            report.expect(invoice.issue_date <= at && at <= as_of, "/paid_date", || {
                format!("does not lie between issue_date and as_of ({as_of})")
            });
        }
    }
}

/// Amounts of one customer can only be added up when they are in one currency.
fn currencies(placed: &Placements<'_>, problems: &mut Vec<Problem>) {
    let mut first: HashMap<&CustomerId, &str> = HashMap::new();
    for place in &placed.invoices {
        let invoice = &place.record;
        let usual = *first.entry(&invoice.customer_id).or_insert(&invoice.currency);
        let mut report = Report { place, id: invoice.invoice_id.as_str(), problems };
        report.expect(usual == invoice.currency, "/currency", || {
            format!("is {}, but {} is billed in {usual}", invoice.currency, invoice.customer_id)
        });
    }
}

fn assets(placed: &Placements<'_>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    for place in &placed.assets {
        let asset = &place.record;
        let mut report = Report { place, id: asset.asset_id.as_str(), problems };
        report.customer(known, &asset.customer_id);
        report.expect(asset.warranty.start_date <= asset.warranty.end_date, "/warranty/end_date", || {
            "lies before start_date".to_owned()
        });
        for (index, event) in asset.maintenance.iter().enumerate() {
            report.expect(asset.purchase_date <= event.date, &format!("/maintenance/{index}/date"), || {
                format!("lies before the asset was bought ({})", asset.purchase_date)
            });
        }
    }
}

fn articles(placed: &Placements<'_>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    for place in &placed.articles {
        let article = &place.record;
        let mut report = Report { place, id: article.article_id.as_str(), problems };
        let file = format!("kb/{}.md", article.article_id);
        report.expect(place.document.file == file, "/article_id", || format!("the file should be {file}"));
        for (index, ticket) in article.related_tickets.iter().enumerate() {
            report.expect(known.tickets.contains_key(ticket), &format!("/related_tickets/{index}"), || {
                format!("there is no ticket {ticket}")
            });
        }
        report.expect(article.created_date <= article.last_updated, "/last_updated", || {
            "lies before created_date".to_owned()
        });
        for section in SECTIONS {
            let heading = crate::markdown::section(&article.content, section);
            report.expect(heading.is_some(), "/content", || format!("has no section \"{section}\""));
        }
        let steps = crate::markdown::steps(&article.content, "Resolution");
        report.expect(!steps.is_empty(), "/content", || "the section \"Resolution\" has no numbered steps".to_owned());
    }
}
