//! `get_ticket_metrics`: how many tickets there were in a period, and how long their resolution took.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    clock::{day, days_before},
    data::{
        IdPatterns,
        record::{CustomerId, Priority, Ticket, TicketStatus},
    },
    nearest::known_customer,
    schema::{self, Object},
    tool::{Answer, Author, Card, Desk},
};

const PERIODS: [&str; 3] = ["last_7_days", "last_30_days", "last_90_days"];
const ALL_TIME: &str = "all_time";

#[derive(Clone, Copy, Deserialize)]
enum Period {
    #[serde(rename = "last_7_days")]
    Week,
    #[serde(rename = "last_30_days")]
    Month,
    #[serde(rename = "last_90_days")]
    Quarter,
}

#[derive(Deserialize)]
pub(super) struct Metrics {
    time_period: Period,
    all_time: bool,
    customer_id: Option<CustomerId>,
}

impl Period {
    /// The period's word, and how many days before today it begins.
    fn reach(self) -> (&'static str, i64) {
        match self {
            Self::Week => (PERIODS[0], 7),
            Self::Month => (PERIODS[1], 30),
            Self::Quarter => (PERIODS[2], 90),
        }
    }
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let mut period = schema::one_of(&PERIODS, "The period in which the tickets were opened; last_7_days if not given.");
    period["default"] = json!(PERIODS[0]);
    let mut all_time = schema::flag("True: count all tickets, whatever time_period says.");
    all_time["default"] = json!(false);
    let input = Object::default()
        .may("time_period", period)
        .may("all_time", all_time)
        .may("customer_id", schema::id(&ids.customer, "Count only tickets of this customer."));
    let reported = [PERIODS[0], PERIODS[1], PERIODS[2], ALL_TIME];
    let output = Object::default()
        .must("time_period", schema::one_of(&reported, "The period that was counted."))
        .must("start_date", schema::date("Its first day."))
        .must("as_of", schema::as_of())
        .may("customer_id", schema::id(&ids.customer, "Whose tickets were counted, if only one customer's."))
        .must("total_tickets", schema::count("Tickets opened in the period."))
        .must("open_tickets", schema::count("Those that nobody has begun with."))
        .must("in_progress_tickets", schema::count("Those being worked on."))
        .must("resolved_tickets", schema::count("Those that are resolved."))
        .must(
            "avg_resolution_time_hours",
            schema::or_null(schema::number(
                "Mean hours from opening to resolution of the resolved ones; null if there are none.",
            )),
        )
        .must("by_priority", schema::counts("Tickets by priority."))
        .must("by_category", schema::counts("Tickets by category."));
    Card {
        name: "get_ticket_metrics",
        title: "Get ticket metrics",
        description: "Returns counts of the tickets opened in a period, by status, priority and category, and their mean \
                      resolution time. Use it for workload and trends, not to find tickets.",
        input: input.closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

pub(super) async fn get_ticket_metrics(desk: Desk, wanted: Metrics) -> Answer {
    if let Some(customer) = &wanted.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let (period, days) = wanted.time_period.reach();
    let first = (!wanted.all_time).then(|| days_before(desk.as_of, days));
    let tickets = desk.store.tickets_opened(wanted.customer_id.as_ref(), first, desk.as_of).await?;
    let counted = |status| tickets.iter().filter(|ticket| ticket.status == status).count();
    let mut answer = json!({
        "time_period": if wanted.all_time { ALL_TIME } else { period },
        "start_date": first.unwrap_or_else(|| earliest(&tickets, desk.as_of)),
        "as_of": desk.as_of,
        "total_tickets": tickets.len(),
        "open_tickets": counted(TicketStatus::Open),
        "in_progress_tickets": counted(TicketStatus::InProgress),
        "resolved_tickets": counted(TicketStatus::Resolved),
        "avg_resolution_time_hours": mean_hours(&tickets),
        "by_priority": by_priority(&tickets),
        "by_category": by_category(&tickets),
    });
    if let Some(customer) = wanted.customer_id {
        answer["customer_id"] = json!(customer);
    }
    Ok(answer)
}

fn earliest(tickets: &[Ticket], as_of: Date) -> Date {
    tickets.iter().map(|ticket| day(ticket.created_date)).min().unwrap_or(as_of)
}

/// Mean hours to resolution, to one decimal.
fn mean_hours(tickets: &[Ticket]) -> Option<f64> {
    let seconds: Vec<i64> = tickets
        .iter()
        .filter(|ticket| ticket.status == TicketStatus::Resolved)
        .map(|ticket| {
            // A ticket without its own date was last touched when it was resolved.
            let resolved = ticket.resolved_date.unwrap_or(ticket.last_updated);
            resolved.as_second() - ticket.created_date.as_second()
        })
        .collect();
    let count = i64::try_from(seconds.len()).ok().filter(|count| *count > 0)?;
    let tenths = (seconds.iter().sum::<i64>() + count * 180) / (count * 360);
    Some(tenths as f64 / 10.0)
}

fn by_priority(tickets: &[Ticket]) -> Map<String, Value> {
    let all = [Priority::Critical, Priority::High, Priority::Medium, Priority::Low];
    let count = |priority| tickets.iter().filter(|ticket| ticket.priority == priority).count();
    all.into_iter().map(|priority| (priority.as_str().to_owned(), json!(count(priority)))).collect()
}

fn by_category(tickets: &[Ticket]) -> Value {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for ticket in tickets {
        *counts.entry(&ticket.category).or_default() += 1;
    }
    json!(counts)
}
