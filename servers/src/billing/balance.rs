//! `calculate_outstanding_balance`: what one customer, or every customer, still owes.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{days_overdue, overdue_members};
use crate::{
    data::{
        IdPatterns,
        record::{CustomerId, Invoice, InvoiceStatus},
    },
    money::Money,
    nearest::known_customer,
    schema::{self, Object, record},
    store::{InvoiceFilter, Window},
    tool::{Answer, Author, Card, Desk, with_list},
    tool_error::ToolError,
};

#[derive(Deserialize)]
pub(super) struct Balance {
    customer_id: Option<CustomerId>,
    #[serde(flatten)]
    window: Window,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default().may(
        "customer_id",
        schema::id(
            &ids.customer,
            "The customer; lookup_customer finds the id by name. Without it, every customer that owes something.",
        ),
    );
    let all = Object::default()
        .must("customers", schema::list(balance(ids).described("A customer that owes."), "Highest balance first."))
        .must("total_count", schema::count("How many customers owe something, on all pages together."))
        .must("total_outstanding", record::amount("What all of them owe together."))
        .must("currency", schema::or_null(record::currency()))
        .must("as_of", schema::as_of());
    Card {
        name: "calculate_outstanding_balance",
        title: "Calculate outstanding balance",
        description: "Returns what a customer still owes, how much of it is overdue, and the unpaid invoices; without customer_id, the same \
                      for every customer that owes something, and the total. Use it for anything about debts and open amounts. limit \
                      and offset apply to customers.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([balance(ids).must("as_of", schema::as_of()), all]),
        author: Author::Ours,
    }
}

fn balance(ids: &IdPatterns) -> Object {
    let unpaid = Object::default()
        .must("invoice_id", schema::id(&ids.invoice, "The invoice."))
        .must("amount", record::amount("What is to be paid."))
        .must("status", schema::one_of(InvoiceStatus::WORDS, "The status as recorded by accounting."))
        .must("due_date", schema::date("Until when it has to be paid."));
    Object::default()
        .must("customer_id", schema::id(&ids.customer, "The customer."))
        .must("outstanding_balance", record::amount("The sum of the unpaid invoices."))
        .must("currency", schema::or_null(record::currency()))
        .must("overdue_amount", record::amount("The sum of the overdue ones."))
        .must("number_of_unpaid_invoices", schema::count("How many are unpaid."))
        .must("number_of_overdue_invoices", schema::count("How many of them are overdue."))
        .must(
            "unpaid_invoices",
            schema::list(overdue_members(unpaid).described("An unpaid invoice."), "Earliest due first."),
        )
}

pub(super) async fn calculate_outstanding_balance(desk: Desk, wanted: Balance) -> Answer {
    if let Some(customer) = &wanted.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let filter = InvoiceFilter { customer_id: wanted.customer_id.as_ref(), ..InvoiceFilter::default() };
    let invoices = desk.store.invoices(&filter).await?;
    match &wanted.customer_id {
        Some(customer) => {
            // The currency of a customer that owes nothing is the one it was billed in before.
            let currency = currency_of(&invoices)?;
            let mut answer = owed(customer, &unpaid(invoices), currency.as_deref(), &desk).1;
            answer["as_of"] = json!(desk.as_of);
            Ok(answer)
        }
        None => everybody(&desk, unpaid(invoices), wanted.window),
    }
}

fn everybody(desk: &Desk, unpaid: Vec<Invoice>, window: Window) -> Answer {
    let currency = currency_of(&unpaid)?;
    let mut by_customer: BTreeMap<CustomerId, Vec<Invoice>> = BTreeMap::new();
    for invoice in unpaid {
        by_customer.entry(invoice.customer_id.clone()).or_default().push(invoice);
    }
    let mut balances: Vec<(Money, Value)> = by_customer
        .iter()
        .map(|(customer, invoices)| owed(customer, invoices, currency.as_deref(), desk))
        .filter(|(balance, _)| !balance.is_zero())
        .collect();
    // Equal balances keep the order of ids.
    balances.sort_by_key(|(balance, _)| Reverse(*balance));
    let total: Money = balances.iter().map(|(balance, _)| *balance).sum();
    let page = window.of(balances);
    let customers: Vec<Value> = page.items.into_iter().map(|(_, shown)| shown).collect();
    let answer = json!({
        "customers": [],
        "total_count": page.total,
        "total_outstanding": total.shown(),
        "currency": currency,
        "as_of": desk.as_of,
    });
    Ok(with_list(answer, "customers", customers))
}

/// The unpaid ones, earliest due first.
fn unpaid(mut invoices: Vec<Invoice>) -> Vec<Invoice> {
    invoices.retain(|invoice| invoice.status != InvoiceStatus::Paid);
    invoices.sort_by(|a, b| (a.due_date, &a.invoice_id).cmp(&(b.due_date, &b.invoice_id)));
    invoices
}

fn owed(customer: &CustomerId, unpaid: &[Invoice], currency: Option<&str>, desk: &Desk) -> (Money, Value) {
    let overdue: Vec<&Invoice> = unpaid.iter().filter(|invoice| days_overdue(invoice, desk.as_of) > 0).collect();
    let balance: Money = unpaid.iter().map(|invoice| invoice.amount).sum();
    let late: Money = overdue.iter().map(|invoice| invoice.amount).sum();
    let invoices: Vec<Value> = unpaid
        .iter()
        .map(|invoice| {
            let days = days_overdue(invoice, desk.as_of);
            json!({
                "invoice_id": invoice.invoice_id,
                "amount": invoice.amount.shown(),
                "status": invoice.status,
                "due_date": invoice.due_date,
                "is_overdue": days > 0,
                "days_overdue": days,
            })
        })
        .collect();
    let shown = json!({
        "customer_id": customer,
        "outstanding_balance": balance.shown(),
        "currency": currency,
        "overdue_amount": late.shown(),
        "number_of_unpaid_invoices": unpaid.len(),
        "number_of_overdue_invoices": overdue.len(),
        "unpaid_invoices": invoices,
    });
    (balance, shown)
}

/// The one currency of some invoices; none if there are no invoices.
///
/// # Errors
/// There are several: they cannot be added up.
pub(super) fn currency_of(invoices: &[Invoice]) -> Result<Option<String>, ToolError> {
    let mut currencies: Vec<&str> = invoices.iter().map(|invoice| invoice.currency.as_str()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    match currencies.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some((*only).to_owned())),
        several => Err(ToolError::new(
            "mixed_currencies",
            format!("The invoices are in {}; their amounts cannot be added up", several.join(", ")),
        )
        .with("currencies", json!(several))
        .suggest("Call get_invoice with customer_id and add up each currency alone")
        .suggest("Call again with the customer_id of one customer")
        .follow_up("get_invoice")),
    }
}
