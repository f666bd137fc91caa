//! `find_similar_tickets`: tickets that look like a given one, so that their resolution may help.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    data::{
        IdPatterns,
        record::{Priority, Ticket, TicketId, TicketStatus},
    },
    nearest::unknown,
    schema::{self, Object},
    store::{Kind, Window},
    tool::{Answer, Author, Card, Desk},
};

/// What each likeness counts for; together 1.
const TAGS: f64 = 0.4;
const CATEGORY: f64 = 0.2;
const SYSTEM: f64 = 0.15;
const PRIORITY: f64 = 0.05;
const TEXT: f64 = 0.2;

/// Below this two tickets have nothing to do with each other.
const LEAST: f64 = 0.2;

#[derive(Deserialize)]
pub(super) struct Similar {
    ticket_id: TicketId,
    #[serde(flatten)]
    window: Window,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default().must("ticket_id", schema::id(&ids.ticket, "The ticket to compare with."));
    let similar = Object::default()
        .must("ticket_id", schema::id(&ids.ticket, "The ticket."))
        .must("subject", schema::text("One line that says what is wrong."))
        .must("status", schema::one_of(TicketStatus::WORDS, "How far the work is."))
        .must("priority", schema::one_of(Priority::WORDS, "How urgent it is."))
        .must("similarity_score", schema::score("How alike the two are: 0 not at all, 1 the same."))
        .must("common_tags", schema::texts("Tags that both have."));
    let output = Object::default()
        .must("reference_ticket_id", schema::id(&ids.ticket, "The ticket that was compared with."))
        .must("reference_ticket_subject", schema::text("Its subject."))
        .must("similar_tickets", schema::list(similar.described("A ticket like it."), "Most alike first."))
        .must("total_found", schema::count("How many tickets are alike, on all pages together."));
    Card {
        name: "find_similar_tickets",
        title: "Find similar tickets",
        description: "Returns tickets like a given one, scored by shared tags, category, operating system, priority and text. \
                      Use it to see whether a problem is known, or how it was resolved before.",
        input: schema::paged(input, 5).closed(),
        output: schema::output([output]),
        author: Author::Others,
    }
}

pub(super) async fn find_similar_tickets(desk: Desk, wanted: Similar) -> Answer {
    let Some(reference) = desk.store.ticket(&wanted.ticket_id).await? else {
        return Err(unknown(&desk.store, Kind::Ticket, wanted.ticket_id.as_str()).await);
    };
    let reference_terms = terms(&reference);
    let mut similar: Vec<(f64, Ticket)> = desk
        .store
        .kindred_tickets(&reference)
        .await?
        .into_iter()
        .map(|ticket| (likeness(&reference, &reference_terms, &ticket), ticket))
        .filter(|(score, _)| *score >= LEAST)
        .collect();
    // Equal scores keep the order of ids.
    similar.sort_by(|a, b| b.0.total_cmp(&a.0));
    let page = wanted.window.of(similar);
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(score, ticket)| {
            json!({
                "ticket_id": ticket.ticket_id,
                "subject": ticket.subject,
                "status": ticket.status,
                "priority": ticket.priority,
                "similarity_score": score,
                "common_tags": common_tags(&reference, ticket),
            })
        })
        .collect();
    Ok(json!({
        "reference_ticket_id": reference.ticket_id,
        "reference_ticket_subject": reference.subject,
        "similar_tickets": shown,
        "total_found": page.total,
    }))
}

/// How alike two tickets are, 0 to 1, to two decimals.
fn likeness(reference: &Ticket, reference_terms: &BTreeSet<String>, other: &Ticket) -> f64 {
    let own: BTreeSet<String> = reference.tags.iter().map(|tag| tag.to_lowercase()).collect();
    let others: BTreeSet<String> = other.tags.iter().map(|tag| tag.to_lowercase()).collect();
    let system = match (reference.os.eq_ignore_ascii_case(&other.os), family(&reference.os) == family(&other.os)) {
        (true, _) => 1.0,
        (false, true) => 0.6,
        (false, false) => 0.0,
    };
    let score = TAGS * overlap(&own, &others)
        + CATEGORY * f64::from(u8::from(reference.category.eq_ignore_ascii_case(&other.category)))
        + SYSTEM * system
        + PRIORITY * f64::from(u8::from(reference.priority == other.priority))
        + TEXT * overlap(reference_terms, &terms(other));
    (score.min(1.0) * 100.0).round() / 100.0
}

/// The share of the smaller set that is in the other one too.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let smaller = a.len().min(b.len());
    if smaller == 0 {
        return 0.0;
    }
    a.intersection(b).count() as f64 / smaller as f64
}

fn common_tags<'a>(reference: &Ticket, other: &'a Ticket) -> Vec<&'a str> {
    let shared = |tag: &&String| reference.tags.iter().any(|own| own.eq_ignore_ascii_case(tag));
    other.tags.iter().filter(shared).map(String::as_str).collect()
}

/// The first word of a system's name: `Windows 11` and `Windows Server 2022` are of one family.
fn family(os: &str) -> String {
    os.split_whitespace().next().unwrap_or_default().to_lowercase()
}

/// The longer words of subject and description, cut so that their endings do not matter.
fn terms(ticket: &Ticket) -> BTreeSet<String> {
    format!("{} {}", ticket.subject, ticket.description)
        .to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(|word| word.chars().take(6).collect())
        .collect()
}
