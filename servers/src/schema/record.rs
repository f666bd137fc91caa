//! What the records look like. The validator checks data files against these, and the tools' answers are made of them.

use serde_json::{Value, json};

use super::{Object, count, date, flag, id, list, one_of, text, texts, timestamp};
use crate::{
    data::{IdPatterns, record::*},
    money,
};

/// A whole ticket.
pub(crate) fn ticket(ids: &IdPatterns) -> Object {
    let note = Object::default()
        .must("at", timestamp("When it was written."))
        .must("author", text("Who wrote it."))
        .must("text", text("What was written."));
    Object::default()
        .must("ticket_id", id(&ids.ticket, "The ticket."))
        .must("customer_id", id(&ids.customer, "Whose ticket it is."))
        .may("asset_id", id(&ids.asset, "The machine it is about."))
        .must("subject", text("One line that says what is wrong."))
        .must("description", text("What the customer reported."))
        .must("status", one_of(TicketStatus::WORDS, "How far the work is."))
        .must("priority", one_of(Priority::WORDS, "How urgent it is."))
        .must("category", text("What kind of problem it is."))
        .must("os", text("The operating system concerned."))
        .must("assignee", text("Who works on it."))
        .must("created_date", timestamp("When it was opened (UTC)."))
        .must("last_updated", timestamp("When it last changed (UTC)."))
        .may("resolved_date", timestamp("When it was resolved (UTC)."))
        .may("resolution", text("How it was resolved."))
        .must("tags", texts("Keywords."))
        .may("notes", list(note.closed(), "What was noted during the work, oldest first."))
}

/// A whole customer.
pub(crate) fn customer(ids: &IdPatterns) -> Object {
    Object::default()
        .must("customer_id", id(&ids.customer, "The customer."))
        .must("company_name", text("The company."))
        .must("email", email("The account's e-mail address."))
        .must("phone", text("The account's telephone number."))
        .must("status", one_of(CustomerStatus::WORDS, "Whether the account is in use."))
        .must("tier", one_of(Tier::WORDS, "The plan the customer pays for."))
        .must("industry", text("What the company does."))
        .must("account_manager", text("Who looks after the account."))
        .must("created_date", date("Since when the account exists."))
        .must("last_activity", date("When the account was last active."))
        .must("address", text("Postal address."))
        .must("sla_terms", sla_terms())
        .must("contacts", list(contact(), "People at the customer."))
}

/// What a customer has been promised.
pub(crate) fn sla_terms() -> Value {
    let terms = Object::default()
        .must("level", one_of(SlaLevel::WORDS, "The level of the agreement."))
        .must("response_time_hours", count("Hours until somebody answers."))
        .must("resolution_time_hours", count("Hours until the problem is solved."))
        .must("support_hours", text("When support can be reached."))
        .must("dedicated_support", flag("Whether a named engineer looks after the customer."))
        .must("escalation_contacts", texts("Whom to call when a deadline is in danger."));
    super::with_description(terms.closed(), "What the customer has been promised.")
}

/// A person at a customer.
pub(crate) fn contact() -> Value {
    Object::default()
        .must("name", text("Name."))
        .must("email", email("E-mail address."))
        .must("role", text("What the person does there."))
        .must("phone", text("Telephone number."))
        .closed()
}

/// An invoice as it is written in a file: amounts are texts with two decimals.
pub(crate) fn stored_invoice(ids: &IdPatterns) -> Object {
    invoice(ids, &json!({ "type": "string", "pattern": money::PATTERN }))
}

/// An invoice as it is shown: amounts are numbers.
pub(crate) fn shown_invoice(ids: &IdPatterns) -> Object {
    invoice(ids, &amount("What is to be paid for it."))
}

/// An amount of money in an answer.
pub(crate) fn amount(description: &str) -> Value {
    json!({ "type": "number", "multipleOf": 0.01, "description": description })
}

/// An ISO 4217 currency code.
pub(crate) fn currency() -> Value {
    json!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "Currency of the amounts (ISO 4217)." })
}

fn invoice(ids: &IdPatterns, amount: &Value) -> Object {
    let item =
        Object::default().must("description", text("What was done or delivered.")).must("amount", amount.clone());
    Object::default()
        .must("invoice_id", id(&ids.invoice, "The invoice."))
        .must("customer_id", id(&ids.customer, "Who has to pay it."))
        .may("ticket_id", id(&ids.ticket, "The ticket whose work it bills."))
        .must("amount", amount.clone())
        .must("currency", currency())
        .must("status", one_of(InvoiceStatus::WORDS, "The status as recorded by accounting."))
        .must("issue_date", date("When it was issued."))
        .must("due_date", date("Until when it has to be paid."))
        .may("paid_date", date("When it was paid."))
        .must("description", text("What it is for."))
        .must("line_items", list(item.closed(), "Its positions; they add up to the amount."))
}

/// An article without its content.
pub(crate) fn article(ids: &IdPatterns) -> Object {
    Object::default()
        .must("article_id", id(&ids.article, "The article."))
        .must("title", text("Its title."))
        .must("category", text("What kind of problem it is about."))
        .must("tags", texts("Keywords."))
        .must("products", texts("Products it applies to."))
        .must("author", text("Who wrote it."))
        .must("created_date", date("When it was written."))
        .must("last_updated", date("When it last changed."))
        .must("views", count("How often it was read."))
        .must("helpful_count", count("How many readers found it helpful."))
        .may("related_tickets", list(id(&ids.ticket, "A ticket."), "Tickets it helped with."))
}

/// An asset as it is written in a file.
pub(crate) fn stored_asset(ids: &IdPatterns) -> Object {
    let license = license(Object::default().must("license_key", text("The key.")));
    asset(ids, license.closed(), warranty().closed())
}

/// An asset as it is shown: licence keys are masked, the warranty counts its days.
pub(crate) fn shown_asset(ids: &IdPatterns, license: Value, warranty: Value) -> Object {
    asset(ids, license, warranty)
}

/// A licence; `key` holds the member that shows or stores its key.
pub(crate) fn license(key: Object) -> Object {
    key.must("name", text("The software."))
        .must("seats", count("For how many users."))
        .may("expires", date("Until when it runs; without it, for ever."))
}

/// A warranty without anything reckoned.
pub(crate) fn warranty() -> Object {
    Object::default()
        .must("start_date", date("First day."))
        .must("end_date", date("Last day."))
        .must("coverage_type", text("What is covered, and how."))
}

/// Something that was done to an asset.
pub(crate) fn maintenance() -> Object {
    Object::default()
        .must("date", date("When."))
        .must("event_type", text("What kind of event."))
        .must("description", text("What was done."))
        .must("details", text("More about it."))
}

fn asset(ids: &IdPatterns, license: Value, warranty: Value) -> Object {
    let specs = Object::default()
        .must("cpu", text("Processor."))
        .must("ram_gb", count("Memory in GB."))
        .must("storage", text("Disks."));
    Object::default()
        .must("asset_id", id(&ids.asset, "The asset."))
        .must("customer_id", id(&ids.customer, "Whose it is."))
        .must("asset_type", one_of(AssetType::WORDS, "What it is."))
        .must("hostname", text("Its name on the network."))
        .must("serial_number", text("The maker's serial number."))
        .must("manufacturer", text("Who made it."))
        .must("model", text("The model."))
        .must("status", one_of(AssetStatus::WORDS, "Whether it is in use."))
        .must("location", text("Where it stands."))
        .must("os", text("Its operating system."))
        .must("specs", super::with_description(specs.closed(), "What is inside."))
        .must("purchase_date", date("When it was bought."))
        .may("assigned_user", text("Who uses it."))
        .must("warranty", super::with_description(warranty, "How long and how it is covered."))
        .may("licenses", list(license, "Software licences on it."))
        .may("maintenance", list(maintenance().closed(), "What was done to it."))
}

fn email(description: &str) -> Value {
    json!({ "type": "string", "format": "email", "description": description })
}
