//! The `ticket` server: finding tickets, counting them, finding ones that are alike.

mod metrics;
mod similar;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    arguments::{in_order, searchable},
    data::{
        IdPatterns,
        record::{CustomerId, Priority, TicketId, TicketStatus},
    },
    nearest::{known_customer, unknown},
    schema::{self, Object, record},
    store::{Kind, TicketFilter, Window},
    tool::{Answer, Author, Card, Desk, Server, Tool, with_list},
};

pub(crate) const SERVER: Server = Server {
    name: "ticket",
    instructions: "Support tickets of all customers. Start with search_tickets (filters are joined by AND) or, for a known id, \
                   get_ticket_details. All tools only read.",
    tools,
};

fn tools(ids: &IdPatterns) -> Vec<Tool> {
    vec![
        Tool::new(search_card(ids), search_tickets),
        Tool::new(details_card(ids), get_ticket_details),
        Tool::new(metrics::card(ids), metrics::get_ticket_metrics),
        Tool::new(similar::card(ids), similar::find_similar_tickets),
    ]
}

#[derive(Deserialize)]
struct Search {
    query: Option<String>,
    ticket_id: Option<TicketId>,
    customer_id: Option<CustomerId>,
    status: Option<TicketStatus>,
    priority: Option<Priority>,
    category: Option<String>,
    os: Option<String>,
    start_date: Option<Date>,
    end_date: Option<Date>,
    assignee: Option<String>,
    tag: Option<String>,
    #[serde(flatten)]
    window: Window,
}

fn search_card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("query", schema::words("Words to look for in subject, description, tags, notes and resolution; stems and beginnings of words are found too."))
        .may("ticket_id", schema::id(&ids.ticket, "Only this ticket."))
        .may("customer_id", schema::id(&ids.customer, "Only tickets of this customer."))
        .may("status", schema::one_of(TicketStatus::WORDS, "Only tickets with this status."))
        .may("priority", schema::one_of(Priority::WORDS, "Only tickets with this priority."))
        .may("category", schema::words("Only tickets of this category, such as network."))
        .may("os", schema::words("Only tickets about this operating system; a part of its name is enough, such as windows."))
        .may("start_date", schema::date("Only tickets opened on this day or later, YYYY-MM-DD."))
        .may("end_date", schema::date("Only tickets opened on this day or earlier, YYYY-MM-DD."))
        .may("assignee", schema::words("Only tickets of this person; a part of the name is enough."))
        .may("tag", schema::words("Only tickets with this tag."));
    let output = Object::default()
        .must(
            "tickets",
            schema::list(
                record::ticket(ids).described("A ticket."),
                "Best match first with a query, otherwise newest first.",
            ),
        )
        .must("total_count", schema::count("How many tickets fit, on all pages together."))
        .must("filters_applied", json!({ "type": "object", "description": "The filters of this search." }));
    Card {
        name: "search_tickets",
        title: "Search tickets",
        description: "Returns whole tickets that fit all given filters, and how many there are; without filters, all tickets, \
                      newest first. Use it to find tickets by words, customer, status, priority, category, system or date.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

async fn search_tickets(desk: Desk, wanted: Search) -> Answer {
    in_order(wanted.start_date, wanted.end_date)?;
    let words = wanted.query.as_deref().map(|query| searchable("query", query)).transpose()?;
    if let Some(customer) = &wanted.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let filter = TicketFilter {
        words,
        ticket_id: wanted.ticket_id.as_ref(),
        customer_id: wanted.customer_id.as_ref(),
        status: wanted.status,
        priority: wanted.priority,
        category: wanted.category.as_deref(),
        os: wanted.os.as_deref(),
        assignee: wanted.assignee.as_deref(),
        tag: wanted.tag.as_deref(),
        opened: (wanted.start_date, wanted.end_date),
    };
    let found = desk.store.tickets(&filter, wanted.window).await?;
    // An id that does not exist is a mistake; one that other filters exclude is an empty result.
    if let (0, Some(id)) = (found.total, &wanted.ticket_id)
        && desk.store.ticket(id).await?.is_none()
    {
        return Err(unknown(&desk.store, Kind::Ticket, id.as_str()).await);
    }
    let answer = json!({ "tickets": [], "total_count": found.total, "filters_applied": applied(&wanted) });
    Ok(with_list(answer, "tickets", found.items))
}

/// The filters that were given, as they were given.
fn applied(wanted: &Search) -> Map<String, Value> {
    let mut given = Map::new();
    let mut add = |name: &str, filter: Option<Value>| {
        if let Some(filter) = filter {
            given.insert(name.to_owned(), filter);
        }
    };
    let text = |filter: &Option<String>| filter.clone().map(Value::String);
    add("query", text(&wanted.query));
    add("ticket_id", wanted.ticket_id.as_ref().map(|id| json!(id)));
    add("customer_id", wanted.customer_id.as_ref().map(|id| json!(id)));
    add("status", wanted.status.map(|status| json!(status)));
    add("priority", wanted.priority.map(|priority| json!(priority)));
    add("category", text(&wanted.category));
    add("os", text(&wanted.os));
    add("start_date", wanted.start_date.map(|day| json!(day)));
    add("end_date", wanted.end_date.map(|day| json!(day)));
    add("assignee", text(&wanted.assignee));
    add("tag", text(&wanted.tag));
    given
}

#[derive(Deserialize)]
struct Details {
    ticket_id: TicketId,
}

fn details_card(ids: &IdPatterns) -> Card {
    Card {
        name: "get_ticket_details",
        title: "Get ticket details",
        description: "Returns one whole ticket with its notes and resolution. Use it when the ticket's id is known.",
        input: Object::default().must("ticket_id", schema::id(&ids.ticket, "The ticket to return.")).closed(),
        output: schema::output([record::ticket(ids)]),
        author: Author::Others,
    }
}

async fn get_ticket_details(desk: Desk, wanted: Details) -> Answer {
    match desk.store.ticket(&wanted.ticket_id).await? {
        Some(ticket) => Ok(json!(ticket)),
        None => Err(unknown(&desk.store, Kind::Ticket, wanted.ticket_id.as_str()).await),
    }
}
