//! The tables. Columns ending in `_key` are lower-case copies for comparing.

/// Changes whenever the tables do; a shared file of another layout is refused.
pub(super) const LAYOUT: i64 = 1;

pub(super) const MARK: &str = "
CREATE TABLE IF NOT EXISTS data_set (layout BIGINT NOT NULL, name TEXT NOT NULL);
";

pub(super) const RECORDS: &str = "
CREATE TABLE customer (
    customer_id TEXT PRIMARY KEY, company_key TEXT NOT NULL, company_name TEXT NOT NULL,
    status TEXT NOT NULL, tier TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE customer_email (customer_id TEXT NOT NULL, email_key TEXT NOT NULL);
CREATE INDEX customer_email_by_key ON customer_email (email_key);

CREATE TABLE ticket (
    ticket_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL, priority TEXT NOT NULL,
    category_key TEXT NOT NULL, os_key TEXT NOT NULL, assignee_key TEXT NOT NULL,
    created_date TEXT NOT NULL, created_day TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX ticket_by_customer ON ticket (customer_id);
CREATE INDEX ticket_by_day ON ticket (created_day);
CREATE TABLE ticket_tag (ticket_id TEXT NOT NULL, tag_key TEXT NOT NULL);
CREATE INDEX ticket_tag_by_key ON ticket_tag (tag_key, ticket_id);

CREATE TABLE invoice (
    invoice_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL,
    issue_date TEXT NOT NULL, due_date TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX invoice_by_customer ON invoice (customer_id);

CREATE TABLE article (
    article_id TEXT PRIMARY KEY, category_key TEXT NOT NULL, body TEXT NOT NULL
);

CREATE TABLE asset (
    asset_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, asset_type TEXT NOT NULL, status TEXT NOT NULL,
    serial_key TEXT NOT NULL, hostname_key TEXT NOT NULL, warranty_end TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX asset_by_customer ON asset (customer_id);
";
