//! The `customer` server: accounts, their service terms and their people.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    data::{
        IdPatterns,
        record::{Customer, CustomerId, CustomerStatus, Tier},
    },
    nearest::{nearest_names, unknown},
    schema::{self, Object, record},
    store::{CustomerFilter, Kind, Window},
    tool::{Answer, Author, Card, Desk, Server, Tool},
    tool_error::ToolError,
};

pub(crate) const SERVER: Server = Server {
    name: "customer",
    instructions: "Customer accounts, service terms and contacts. lookup_customer turns a company name or an e-mail address into a \
                   customer_id, which the other servers understand too. All tools only read.",
    tools,
};

fn tools(ids: &IdPatterns) -> Vec<Tool> {
    vec![
        Tool::new(lookup_card(ids), lookup_customer),
        Tool::new(status_card(ids), check_customer_status),
        Tool::new(sla_card(ids), get_sla_terms),
        Tool::new(contacts_card(ids), list_customer_contacts),
    ]
}

#[derive(Deserialize)]
struct Lookup {
    customer_id: Option<CustomerId>,
    email: Option<String>,
    company_name: Option<String>,
    tier: Option<Tier>,
    status: Option<CustomerStatus>,
    #[serde(flatten)]
    window: Window,
}

fn lookup_card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("customer_id", schema::id(&ids.customer, "The customer's id."))
        .may("email", schema::words("An e-mail address of the account or of any of its contacts."))
        .may("company_name", schema::words("The company's name; a part of it is enough."))
        .may("tier", schema::one_of(Tier::WORDS, "Only customers with this plan."))
        .may("status", schema::one_of(CustomerStatus::WORDS, "Only customers with this status."));
    let several = Object::default()
        .must("customers", schema::list(record::customer(ids).described("A customer."), "Ordered by id."))
        .must("total_count", schema::count("How many customers fit, on all pages together."));
    Card {
        name: "lookup_customer",
        title: "Look up a customer",
        description: "Returns the customer with its service terms and contacts; if several fit, {customers, total_count}. Use it to \
                      turn a company name or an e-mail address into a customer_id, or to list customers by tier or status. At \
                      least one argument is needed; several are joined by AND.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([record::customer(ids), several]),
        author: Author::Ours,
    }
}

async fn lookup_customer(desk: Desk, wanted: Lookup) -> Answer {
    let filter = CustomerFilter {
        customer_id: wanted.customer_id.as_ref(),
        email: wanted.email.as_deref().filter(|text| !text.trim().is_empty()),
        company_name: wanted.company_name.as_deref().filter(|text| !text.trim().is_empty()),
        tier: wanted.tier,
        status: wanted.status,
    };
    let named = filter.customer_id.is_some() || filter.email.is_some() || filter.company_name.is_some();
    if !named && filter.tier.is_none() && filter.status.is_none() {
        return Err(ToolError::no_criteria(&["customer_id", "email", "company_name", "tier", "status"]));
    }
    let found = desk.store.customers(&filter, wanted.window).await?;
    match (found.total, found.items.first()) {
        (1, Some(customer)) => Ok(json!(customer)),
        (0, _) if named => Err(not_found(&desk, &filter).await),
        (total, _) => Ok(json!({ "customers": found.items, "total_count": total })),
    }
}

/// Says which of the criteria nobody fits, and who is near.
async fn not_found(desk: &Desk, filter: &CustomerFilter<'_>) -> ToolError {
    if let Some(id) = filter.customer_id {
        match desk.store.customer(id).await {
            Ok(None) => return unknown(&desk.store, Kind::Customer, id.as_str()).await,
            Ok(Some(customer)) => return contradiction(&customer),
            Err(error) => return error.into(),
        }
    }
    let companies = match desk.store.companies().await {
        Ok(companies) => companies,
        Err(error) => return error.into(),
    };
    let names: Vec<&str> = companies.iter().map(|(_, name)| name.as_str()).collect();
    let (reason, near) = match (filter.company_name, filter.email) {
        (Some(part), _) => (format!("No customer has {part:?} in its company name"), nearest_names(part, &names, 3)),
        (None, Some(email)) => {
            let domain = email.rsplit('@').next().unwrap_or(email);
            let company = domain.split('.').next().unwrap_or(domain);
            (format!("No customer or contact has the e-mail address {email}"), nearest_names(company, &names, 3))
        }
        (None, None) => ("No customer fits".to_owned(), Vec::new()),
    };
    let reason = match (filter.tier, filter.status) {
        (None, None) => reason,
        (tier, status) => format!("{reason} and fits tier and status ({})", words(tier, status)),
    };
    let listed: Vec<Value> = near
        .iter()
        .filter_map(|near| companies.iter().find(|(_, name)| name == near))
        .map(|(id, name)| json!({ "customer_id": id, "company_name": name }))
        .collect();
    let near_ids: Vec<&Value> = listed.iter().map(|company| &company["customer_id"]).collect();
    let mut error = ToolError::new("customer_not_found", reason)
        .with("nearest_ids", json!(near_ids))
        .with("nearest_customers", json!(listed));
    if let Some(name) = near.first() {
        error = error.suggest(format!("Call lookup_customer with company_name {name:?}"));
    }
    error
        .suggest("Call lookup_customer with a shorter part of the company's name")
        .suggest("Call lookup_customer with status active to list the customers")
        .follow_up("lookup_customer")
}

fn words(tier: Option<Tier>, status: Option<CustomerStatus>) -> String {
    let words = [tier.map(Tier::as_str), status.map(CustomerStatus::as_str)];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The id exists, but its customer does not fit the other criteria.
fn contradiction(customer: &Customer) -> ToolError {
    let reason = format!(
        "{} is {} ({}, {}); it does not fit the other criteria",
        customer.customer_id,
        customer.company_name,
        customer.tier.as_str(),
        customer.status.as_str()
    );
    ToolError::contradiction("customer_id", customer.customer_id.as_str(), "lookup_customer", reason)
}

#[derive(Deserialize)]
struct One {
    customer_id: CustomerId,
}

#[derive(Deserialize)]
struct Contacts {
    customer_id: CustomerId,
    #[serde(flatten)]
    window: Window,
}

fn one_customer(ids: &IdPatterns) -> Object {
    Object::default().must("customer_id", schema::id(&ids.customer, "The customer; lookup_customer finds it by name."))
}

/// What every answer about one customer begins with.
fn identity(ids: &IdPatterns) -> Object {
    Object::default()
        .must("customer_id", schema::id(&ids.customer, "The customer."))
        .must("company_name", schema::text("The company."))
}

async fn customer(desk: &Desk, id: &CustomerId) -> Result<Customer, ToolError> {
    match desk.store.customer(id).await? {
        Some(customer) => Ok(customer),
        None => Err(unknown(&desk.store, Kind::Customer, id.as_str()).await),
    }
}

fn status_card(ids: &IdPatterns) -> Card {
    let output = identity(ids)
        .must("status", schema::one_of(CustomerStatus::WORDS, "Whether the account is in use."))
        .must("tier", schema::one_of(Tier::WORDS, "The plan the customer pays for."))
        .must("account_manager", schema::text("Who looks after the account."))
        .must("last_activity", schema::date("When the account was last active."))
        .must("created_date", schema::date("Since when the account exists."));
    Card {
        name: "check_customer_status",
        title: "Check customer status",
        description: "Returns whether an account is active, suspended or pending, with its plan and account manager. Use it before \
                      promising a customer anything.",
        input: one_customer(ids).closed(),
        output: schema::output([output]),
        author: Author::Ours,
    }
}

async fn check_customer_status(desk: Desk, wanted: One) -> Answer {
    let customer = customer(&desk, &wanted.customer_id).await?;
    Ok(json!({
        "customer_id": customer.customer_id,
        "company_name": customer.company_name,
        "status": customer.status,
        "tier": customer.tier,
        "account_manager": customer.account_manager,
        "last_activity": customer.last_activity,
        "created_date": customer.created_date,
    }))
}

fn sla_card(ids: &IdPatterns) -> Card {
    let output = identity(ids)
        .must("tier", schema::one_of(Tier::WORDS, "The plan the customer pays for."))
        .must("sla_terms", record::sla_terms());
    Card {
        name: "get_sla_terms",
        title: "Get SLA terms",
        description: "Returns what a customer has been promised: level, response and resolution hours, support hours, escalation \
                      contacts. Use it to judge whether a ticket is late or whom to call.",
        input: one_customer(ids).closed(),
        output: schema::output([output]),
        author: Author::Ours,
    }
}

async fn get_sla_terms(desk: Desk, wanted: One) -> Answer {
    let customer = customer(&desk, &wanted.customer_id).await?;
    Ok(json!({
        "customer_id": customer.customer_id,
        "company_name": customer.company_name,
        "tier": customer.tier,
        "sla_terms": customer.sla_terms,
    }))
}

fn contacts_card(ids: &IdPatterns) -> Card {
    let output = identity(ids)
        .must("contacts", schema::list(record::contact(), "People at the customer."))
        .must("total_contacts", schema::count("How many there are, on all pages together."));
    Card {
        name: "list_customer_contacts",
        title: "List customer contacts",
        description: "Returns the people at a customer with e-mail address, role and telephone number. Use it to find whom to talk to.",
        input: schema::paged(one_customer(ids), 50).closed(),
        output: schema::output([output]),
        author: Author::Ours,
    }
}

async fn list_customer_contacts(desk: Desk, wanted: Contacts) -> Answer {
    let customer = customer(&desk, &wanted.customer_id).await?;
    let page = wanted.window.of(customer.contacts);
    Ok(json!({
        "customer_id": customer.customer_id,
        "company_name": customer.company_name,
        "contacts": page.items,
        "total_contacts": page.total,
    }))
}
