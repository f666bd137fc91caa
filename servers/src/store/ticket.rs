//! Tickets in the store.

use jiff::civil::Date;
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use super::{Conditions, Page, Store, StoreError, Window, category_key, folded, text};
use crate::data::record::{CustomerId, Priority, Ticket, TicketId, TicketStatus};

/// Which tickets are wanted; what is not given does not matter.
#[derive(Debug, Default)]
pub(crate) struct TicketFilter<'a> {
    pub words: Option<text::Words>,
    pub ticket_id: Option<&'a TicketId>,
    pub customer_id: Option<&'a CustomerId>,
    pub status: Option<TicketStatus>,
    pub priority: Option<Priority>,
    pub category: Option<&'a str>,
    pub os: Option<&'a str>,
    pub assignee: Option<&'a str>,
    pub tag: Option<&'a str>,
    /// First and last day on which the ticket was opened.
    pub opened: (Option<Date>, Option<Date>),
}

impl Store {
    pub async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, StoreError> {
        self.one("SELECT body FROM ticket WHERE ticket_id = $1", id.as_str()).await
    }

    /// The tickets that fit, as they are kept, best match first where words are looked for, otherwise newest first.
    pub async fn tickets(&self, filter: &TicketFilter<'_>, window: Window) -> Result<Page<Value>, StoreError> {
        let order = match filter.words {
            Some(_) => "text.words DESC, text.score, ticket.created_date DESC, ticket.ticket_id",
            None => "ticket.created_date DESC, ticket.ticket_id",
        };
        let from = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" FROM ticket");
            if let Some(words) = &filter.words {
                query.push(" JOIN ");
                text::TICKET.push_hits(query, words);
                query.push(" ON text.id = ticket.ticket_id");
            }
            restrict(query, filter);
        };
        self.page(from, order, window).await
    }

    /// Tickets that may resemble `ticket`: they share a tag, the category or the system with it.
    pub async fn kindred_tickets(&self, ticket: &Ticket) -> Result<Vec<Ticket>, StoreError> {
        let mut query = QueryBuilder::new("SELECT body FROM ticket WHERE ticket_id <> ");
        query.push_bind(ticket.ticket_id.to_string());
        query.push(" AND (category_key = ").push_bind(category_key(&ticket.category));
        query.push(" OR os_key = ").push_bind(folded(&ticket.os));
        if !ticket.tags.is_empty() {
            query.push(" OR ticket_id IN (SELECT ticket_id FROM ticket_tag WHERE tag_key IN (");
            let mut tags = query.separated(", ");
            for tag in &ticket.tags {
                tags.push_bind(folded(tag));
            }
            query.push("))");
        }
        query.push(") ORDER BY ticket_id");
        self.all(query).await
    }

    /// Every ticket that was opened from `first` to `last`, both included.
    pub async fn tickets_opened(
        &self,
        customer: Option<&CustomerId>,
        first: Option<Date>,
        last: Date,
    ) -> Result<Vec<Ticket>, StoreError> {
        let mut query = QueryBuilder::new("SELECT body FROM ticket");
        let filter = TicketFilter { customer_id: customer, opened: (first, Some(last)), ..TicketFilter::default() };
        restrict(&mut query, &filter);
        query.push(" ORDER BY created_date, ticket_id");
        self.all(query).await
    }
}

fn restrict(query: &mut QueryBuilder<Sqlite>, filter: &TicketFilter<'_>) {
    let mut conditions = Conditions::of(query);
    conditions.equals("ticket.ticket_id", filter.ticket_id.map(TicketId::as_str));
    conditions.equals("ticket.customer_id", filter.customer_id.map(CustomerId::as_str));
    conditions.equals("ticket.status", filter.status.map(TicketStatus::as_str));
    conditions.equals("ticket.priority", filter.priority.map(Priority::as_str));
    if let Some(category) = filter.category {
        // A category that exists is meant exactly; anything else may be a part of one.
        let key = category_key(category);
        conditions.compare("(ticket.category_key", " = ", Some(key.clone()));
        conditions.query.push(" OR (ticket.category_key LIKE ").push_bind(super::anywhere(&key));
        conditions.query.push(" ESCAPE '\\' AND NOT EXISTS (SELECT 1 FROM ticket AS t WHERE t.category_key = ");
        conditions.query.push_bind(key).push(")))");
    }
    conditions.contains("ticket.os_key", filter.os);
    conditions.contains("ticket.assignee_key", filter.assignee);
    if let Some(tag) = filter.tag {
        conditions.compare(
            "ticket.ticket_id IN (SELECT ticket_id FROM ticket_tag WHERE tag_key",
            " = ",
            Some(folded(tag)),
        );
        conditions.query.push(")");
    }
    conditions.compare("ticket.created_day", " >= ", filter.opened.0.map(|day| day.to_string()));
    conditions.compare("ticket.created_day", " <= ", filter.opened.1.map(|day| day.to_string()));
}
