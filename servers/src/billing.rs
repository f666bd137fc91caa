//! The `billing` server: invoices, payments, and what is still owed.
//!
//! An invoice is overdue when it is not paid and today is past its due date, whatever its recorded status says.

mod balance;
mod history;
mod payment;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::days_between,
    data::{
        IdPatterns,
        record::{CustomerId, Invoice, InvoiceId, InvoiceStatus},
    },
    nearest::{known_customer, unknown},
    schema::{self, Object, record},
    store::{InvoiceFilter, Kind, Standing, Window},
    tool::{Answer, Author, Card, Desk, Server, Tool, with_list},
    tool_error::ToolError,
};

pub(crate) const SERVER: Server = Server {
    name: "billing",
    instructions: "Invoices, payments and balances. Amounts are exact. An invoice is overdue when it is unpaid and past its due date on \
                   the day as_of. All tools only read.",
    tools,
};

fn tools(ids: &IdPatterns) -> Vec<Tool> {
    vec![
        Tool::new(invoice_card(ids), get_invoice),
        Tool::new(payment::card(ids), payment::check_payment_status),
        Tool::new(history::card(ids), history::get_billing_history),
        Tool::new(balance::card(ids), balance::calculate_outstanding_balance),
    ]
}

/// Which invoices a call is about.
#[derive(Deserialize)]
struct Wanted {
    invoice_id: Option<InvoiceId>,
    customer_id: Option<CustomerId>,
    status: Option<InvoiceStatus>,
    #[serde(flatten)]
    window: Window,
}

/// The invoices that a call is about.
enum Selection {
    One(Box<Invoice>),
    /// Newest first.
    Several(Vec<Invoice>),
}

fn wanted_input(ids: &IdPatterns) -> Value {
    let input = Object::default()
        .may("invoice_id", schema::id(&ids.invoice, "The one invoice that is meant."))
        .may("customer_id", schema::id(&ids.customer, "The invoices of this customer; lookup_customer finds the id by name."))
        .may(
            "status",
            schema::one_of(
                InvoiceStatus::WORDS,
                "Only invoices that are paid, pending (unpaid, not yet due) or overdue (unpaid, past due) on the day as_of; alone, across all customers.",
            ),
        );
    schema::paged(input, 50).closed()
}

/// Finds the invoices a call is about.
async fn select(desk: &Desk, wanted: &Wanted) -> Result<Selection, ToolError> {
    let store = &desk.store;
    if let Some(customer) = &wanted.customer_id {
        known_customer(store, customer).await?;
    }
    if let Some(id) = &wanted.invoice_id {
        let Some(invoice) = store.invoice(id).await? else {
            return Err(unknown(store, Kind::Invoice, id.as_str()).await);
        };
        return match mismatch(&invoice, wanted, desk.as_of) {
            Some(error) => Err(error),
            None => Ok(Selection::One(Box::new(invoice))),
        };
    }
    if wanted.customer_id.is_none() && wanted.status.is_none() {
        return Err(ToolError::no_criteria(&["invoice_id", "customer_id", "status"]));
    }
    let filter = InvoiceFilter {
        customer_id: wanted.customer_id.as_ref(),
        standing: wanted.status.map(|status| Standing { status, as_of: desk.as_of }),
        issued: (None, None),
    };
    Ok(Selection::Several(store.invoices(&filter).await?))
}

/// The invoice exists but contradicts the other arguments.
fn mismatch(invoice: &Invoice, wanted: &Wanted, as_of: Date) -> Option<ToolError> {
    let id = &invoice.invoice_id;
    let contradicts = |reason| ToolError::contradiction("invoice_id", id.as_str(), "get_invoice", reason);
    if let Some(customer) = wanted.customer_id.as_ref().filter(|customer| **customer != invoice.customer_id) {
        return Some(contradicts(format!("{id} belongs to {}, not to {customer}", invoice.customer_id)));
    }
    let standing = standing(invoice, as_of);
    let other = wanted.status.filter(|status| *status != standing)?;
    Some(contradicts(format!("{id} is {}, not {}", standing.as_str(), other.as_str())))
}

/// The status of an invoice on a day.
fn standing(invoice: &Invoice, as_of: Date) -> InvoiceStatus {
    match invoice.status {
        InvoiceStatus::Paid => InvoiceStatus::Paid,
        InvoiceStatus::Pending | InvoiceStatus::Overdue if as_of > invoice.due_date => InvoiceStatus::Overdue,
        InvoiceStatus::Pending | InvoiceStatus::Overdue => InvoiceStatus::Pending,
    }
}

/// How many days an invoice has been overdue; none if it is not.
fn days_overdue(invoice: &Invoice, as_of: Date) -> i64 {
    match standing(invoice, as_of) {
        InvoiceStatus::Overdue => days_between(invoice.due_date, as_of),
        InvoiceStatus::Paid | InvoiceStatus::Pending => 0,
    }
}

/// An invoice as it is answered with: amounts are numbers, and what follows from today is added.
fn shown(invoice: &Invoice, as_of: Date) -> Value {
    let mut value = json!(invoice);
    value["amount"] = invoice.amount.shown();
    value["line_items"] = invoice
        .line_items
        .iter()
        .map(|item| json!({ "description": item.description, "amount": item.amount.shown() }))
        .collect();
    let days = days_overdue(invoice, as_of);
    value["is_overdue"] = json!(days > 0);
    value["days_overdue"] = json!(days);
    value
}

/// The schema of what [`shown`] makes.
fn shown_schema(ids: &IdPatterns) -> Object {
    overdue_members(record::shown_invoice(ids))
}

fn overdue_members(object: Object) -> Object {
    object
        .must("is_overdue", schema::flag("Whether it is unpaid and past its due date on the day as_of."))
        .must("days_overdue", schema::count("Days since the due date if it is overdue, otherwise 0."))
}

fn invoice_card(ids: &IdPatterns) -> Card {
    let several = Object::default()
        .may("customer_id", schema::id(&ids.customer, "Whose invoices these are, if only one customer's."))
        .must("invoices", schema::list(shown_schema(ids).described("An invoice."), "Newest first."))
        .must("total_invoices", schema::count("How many invoices fit, on all pages together."))
        .must("as_of", schema::as_of());
    Card {
        name: "get_invoice",
        title: "Get invoices",
        description: "Returns one invoice with its line items (invoice_id), or {invoices, total_invoices} of a customer (customer_id) or \
                      of all customers (status). Use it for what was billed. At least one of the three is needed.",
        input: wanted_input(ids),
        output: schema::output([shown_schema(ids).must("as_of", schema::as_of()), several]),
        author: Author::Ours,
    }
}

async fn get_invoice(desk: Desk, wanted: Wanted) -> Answer {
    match select(&desk, &wanted).await? {
        Selection::One(invoice) => {
            let mut value = shown(&invoice, desk.as_of);
            value["as_of"] = json!(desk.as_of);
            Ok(value)
        }
        Selection::Several(invoices) => {
            let page = wanted.window.of(invoices);
            let shown: Vec<Value> = page.items.iter().map(|invoice| shown(invoice, desk.as_of)).collect();
            let mut value = json!({ "invoices": [], "total_invoices": page.total, "as_of": desk.as_of });
            if let Some(customer) = wanted.customer_id {
                value["customer_id"] = json!(customer);
            }
            Ok(with_list(value, "invoices", shown))
        }
    }
}
