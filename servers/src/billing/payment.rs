//! `check_payment_status`: whether an invoice is paid, and which ones are late.

use serde_json::{Value, json};

use super::{Selection, Wanted, days_overdue, overdue_members, select, standing, wanted_input};
use crate::{
    data::{
        IdPatterns,
        record::{Invoice, InvoiceStatus},
    },
    schema::{self, Object, record},
    tool::{Answer, Author, Card, Desk},
};

pub(super) fn card(ids: &IdPatterns) -> Card {
    let one = Object::default()
        .must("invoice_id", schema::id(&ids.invoice, "The invoice."))
        .must("customer_id", schema::id(&ids.customer, "Who has to pay it."))
        .must("payment_status", schema::one_of(InvoiceStatus::WORDS, "Where the payment stands on the day as_of."))
        .must("amount", record::amount("What is to be paid."))
        .must("currency", record::currency())
        .must("issue_date", schema::date("When it was issued."))
        .must("due_date", schema::date("Until when it has to be paid."))
        .must("paid_date", schema::or_null(schema::date("When it was paid; null if it is not.")));
    let one = overdue_members(one).must("as_of", schema::as_of());
    let summary = Object::default()
        .must("total_invoices", schema::count("How many invoices were looked at."))
        .must("paid", schema::count("Those that are paid."))
        .must("pending", schema::count("Those that are unpaid and not yet due."))
        .must("overdue", schema::count("Those that are unpaid and past due."));
    let overdue = Object::default()
        .must("invoice_id", schema::id(&ids.invoice, "The invoice."))
        .must("customer_id", schema::id(&ids.customer, "Who has to pay it."))
        .must("amount", record::amount("What is to be paid."))
        .must("currency", record::currency())
        .must("due_date", schema::date("When it should have been paid."))
        .must("days_overdue", schema::count("Days since then."));
    let several = Object::default()
        .may("customer_id", schema::id(&ids.customer, "Whose invoices were looked at, if only one customer's."))
        .must("summary", summary.described("Counts over all invoices looked at."))
        .must("overdue_invoices", schema::list(overdue.described("An overdue invoice."), "Longest overdue first."))
        .must("as_of", schema::as_of());
    Card {
        name: "check_payment_status",
        title: "Check payment status",
        description: "Returns whether one invoice is paid (invoice_id), or counts by payment status and the overdue invoices of a customer \
                      (customer_id) or of all customers (status). Use it to find who pays late. limit and offset apply to \
                      overdue_invoices.",
        input: wanted_input(ids),
        output: schema::output([one, several]),
        author: Author::Ours,
    }
}

pub(super) async fn check_payment_status(desk: Desk, wanted: Wanted) -> Answer {
    let invoices = match select(&desk, &wanted).await? {
        Selection::One(invoice) => return Ok(one(&invoice, &desk)),
        Selection::Several(invoices) => invoices,
    };
    let counted = |status| invoices.iter().filter(|invoice| standing(invoice, desk.as_of) == status).count();
    let summary = json!({
        "total_invoices": invoices.len(),
        "paid": counted(InvoiceStatus::Paid),
        "pending": counted(InvoiceStatus::Pending),
        "overdue": counted(InvoiceStatus::Overdue),
    });
    let mut overdue: Vec<&Invoice> = invoices.iter().filter(|invoice| days_overdue(invoice, desk.as_of) > 0).collect();
    overdue.sort_by(|a, b| (a.due_date, &a.invoice_id).cmp(&(b.due_date, &b.invoice_id)));
    let overdue: Vec<Value> = wanted
        .window
        .of(overdue)
        .items
        .into_iter()
        .map(|invoice| {
            json!({
                "invoice_id": invoice.invoice_id,
                "customer_id": invoice.customer_id,
                "amount": invoice.amount.shown(),
                "currency": invoice.currency,
                "due_date": invoice.due_date,
                "days_overdue": days_overdue(invoice, desk.as_of),
            })
        })
        .collect();
    let mut answer = json!({ "summary": summary, "overdue_invoices": overdue, "as_of": desk.as_of });
    if let Some(customer) = wanted.customer_id {
        answer["customer_id"] = json!(customer);
    }
    Ok(answer)
}

fn one(invoice: &Invoice, desk: &Desk) -> Value {
    let days = days_overdue(invoice, desk.as_of);
    json!({
        "invoice_id": invoice.invoice_id,
        "customer_id": invoice.customer_id,
        "payment_status": standing(invoice, desk.as_of),
        "amount": invoice.amount.shown(),
        "currency": invoice.currency,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "paid_date": invoice.paid_date,
        "is_overdue": days > 0,
        "days_overdue": days,
        "as_of": desk.as_of,
    })
}
