//! `get_billing_history`: what a customer was billed in a period, and what of it is paid.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{balance::currency_of, shown, shown_schema};
use crate::{
    arguments::in_order,
    data::{
        IdPatterns,
        record::{CustomerId, Invoice, InvoiceStatus},
    },
    money::Money,
    nearest::known_customer,
    schema::{self, Object, record},
    store::{InvoiceFilter, Window},
    tool::{Answer, Author, Card, Desk, with_list},
};

#[derive(Deserialize)]
pub(super) struct History {
    customer_id: CustomerId,
    start_date: Option<Date>,
    end_date: Option<Date>,
    #[serde(flatten)]
    window: Window,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .must("customer_id", schema::id(&ids.customer, "The customer; lookup_customer finds the id by name."))
        .may("start_date", schema::date("Only invoices issued on this day or later, YYYY-MM-DD."))
        .may("end_date", schema::date("Only invoices issued on this day or earlier, YYYY-MM-DD."));
    let summary = Object::default()
        .must("total_invoices", schema::count("How many invoices there are, on all pages together."))
        .must("total_billed", record::amount("The sum of all of them."))
        .must("total_paid", record::amount("The sum of the paid ones."))
        .must("total_pending", record::amount("The sum of the unpaid ones, overdue or not."))
        .must("currency", schema::or_null(record::currency()));
    let output = Object::default()
        .must("customer_id", schema::id(&ids.customer, "The customer."))
        .must("start_date", schema::or_null(schema::date("The first day asked for; null if open.")))
        .must("end_date", schema::or_null(schema::date("The last day asked for; null if open.")))
        .must("invoices", schema::list(shown_schema(ids).described("An invoice."), "Newest first."))
        .must("summary", summary.described("Sums over the whole period."))
        .must("as_of", schema::as_of());
    Card {
        name: "get_billing_history",
        title: "Get billing history",
        description: "Returns a customer's invoices issued in a period, newest first, with exact sums billed, paid and unpaid. Use it to \
                      look back; for what is owed now use calculate_outstanding_balance.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([output]),
        author: Author::Ours,
    }
}

pub(super) async fn get_billing_history(desk: Desk, wanted: History) -> Answer {
    in_order(wanted.start_date, wanted.end_date)?;
    known_customer(&desk.store, &wanted.customer_id).await?;
    let filter = InvoiceFilter {
        customer_id: Some(&wanted.customer_id),
        standing: None,
        issued: (wanted.start_date, wanted.end_date),
    };
    let invoices = desk.store.invoices(&filter).await?;
    let currency = currency_of(&invoices)?;
    let sum = |counts: fn(&Invoice) -> bool| -> Money {
        let counted = invoices.iter().filter(|invoice| counts(invoice));
        counted.map(|invoice| invoice.amount).sum()
    };
    let summary = json!({
        "total_invoices": invoices.len(),
        "total_billed": sum(|_| true).shown(),
        "total_paid": sum(|invoice| invoice.status == InvoiceStatus::Paid).shown(),
        "total_pending": sum(|invoice| invoice.status != InvoiceStatus::Paid).shown(),
        "currency": currency,
    });
    let page = wanted.window.of(invoices);
    let shown: Vec<Value> = page.items.iter().map(|invoice| shown(invoice, desk.as_of)).collect();
    let answer = json!({
        "customer_id": wanted.customer_id,
        "start_date": wanted.start_date,
        "end_date": wanted.end_date,
        "invoices": [],
        "summary": summary,
        "as_of": desk.as_of,
    });
    Ok(with_list(answer, "invoices", shown))
}
