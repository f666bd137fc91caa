//! The records as they are written in the data files and kept in the store.
//!
//! Answers are built from these; what an answer adds (overdue days, masked keys) is not here.

use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Defines one newtype per kind of id.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

/// Defines an enumeration whose values have fixed words in files, schemas and answers.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub(crate) enum $name {
            $(#[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the contract.
            pub const WORDS: &[&str] = &[$($word),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

ids! {
    /// Names a ticket, for example `TKT-1001`.
    TicketId,
    /// Names a customer, for example `CUST-001`.
    CustomerId,
    /// Names an invoice, for example `INV-2025-001`.
    InvoiceId,
    /// Names an article, for example `KB-001`.
    ArticleId,
    /// Names an asset, for example `AST-SRV-001`.
    AssetId,
}

words! {
    /// How far the work on a ticket is.
    TicketStatus { Open = "open", InProgress = "in_progress", Resolved = "resolved" }
    /// How urgent a ticket is.
    Priority { Critical = "critical", High = "high", Medium = "medium", Low = "low" }
    /// Whether a customer may use the services.
    CustomerStatus { Active = "active", Suspended = "suspended", Pending = "pending" }
    /// The plan a customer pays for.
    Tier { Basic = "basic", Standard = "standard", Premium = "premium" }
    /// The level of a service agreement.
    SlaLevel { Bronze = "bronze", Silver = "silver", Gold = "gold", Platinum = "platinum" }
    /// Whether an invoice has been paid.
    InvoiceStatus { Paid = "paid", Pending = "pending", Overdue = "overdue" }
    /// What an asset is.
    AssetType { Server = "server", Workstation = "workstation", Laptop = "laptop" }
    /// Whether an asset is in use.
    AssetStatus { Active = "active", Maintenance = "maintenance", Retired = "retired" }
}

/// A support ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ticket {
    pub ticket_id: TicketId,
    pub customer_id: CustomerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_id: Option<AssetId>,
    pub subject: String,
    pub description: String,
    pub status: TicketStatus,
    pub priority: Priority,
    pub category: String,
    pub os: String,
    pub assignee: String,
    pub created_date: Timestamp,
    pub last_updated: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_date: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    pub tags: Vec<String>,
    #[serde(default)]
    pub notes: Vec<Note>,
}

/// What somebody wrote on a ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    pub at: Timestamp,
    pub author: String,
    pub text: String,
}

/// A customer account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customer {
    pub customer_id: CustomerId,
    pub company_name: String,
    pub email: String,
    pub phone: String,
    pub status: CustomerStatus,
    pub tier: Tier,
    pub industry: String,
    pub account_manager: String,
    pub created_date: Date,
    pub last_activity: Date,
    pub address: String,
    pub sla_terms: SlaTerms,
    pub contacts: Vec<Contact>,
}

/// What a customer has been promised.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlaTerms {
    pub level: SlaLevel,
    pub response_time_hours: u32,
    pub resolution_time_hours: u32,
    pub support_hours: String,
    pub dedicated_support: bool,
    pub escalation_contacts: Vec<String>,
}

/// A person at a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    pub name: String,
    pub email: String,
    pub role: String,
    pub phone: String,
}

/// An invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invoice {
    pub invoice_id: InvoiceId,
    pub customer_id: CustomerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<TicketId>,
    pub amount: Money,
    pub currency: String,
    pub status: InvoiceStatus,
    pub issue_date: Date,
    pub due_date: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_date: Option<Date>,
    pub description: String,
    pub line_items: Vec<LineItem>,
}

/// One position of an invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineItem {
    pub description: String,
    pub amount: Money,
}

/// An article of the knowledge base; its content is Markdown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Article {
    pub article_id: ArticleId,
    pub title: String,
    pub category: String,
    pub tags: Vec<String>,
    pub products: Vec<String>,
    pub author: String,
    pub created_date: Date,
    pub last_updated: Date,
    pub views: u64,
    pub helpful_count: u64,
    #[serde(default)]
    pub related_tickets: Vec<TicketId>,
    pub content: String,
}

/// A machine that is looked after.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    pub asset_id: AssetId,
    pub customer_id: CustomerId,
    pub asset_type: AssetType,
    pub hostname: String,
    pub serial_number: String,
    pub manufacturer: String,
    pub model: String,
    pub status: AssetStatus,
    pub location: String,
    pub os: String,
    pub specs: Specs,
    pub purchase_date: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_user: Option<String>,
    pub warranty: Warranty,
    #[serde(default)]
    pub licenses: Vec<License>,
    #[serde(default)]
    pub maintenance: Vec<Maintenance>,
}

/// What is inside an asset.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Specs {
    pub cpu: String,
    pub ram_gb: u32,
    pub storage: String,
}

/// How long and how an asset is covered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warranty {
    pub start_date: Date,
    pub end_date: Date,
    pub coverage_type: String,
}

/// A software licence on an asset; the key leaves the program only masked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct License {
    pub name: String,
    pub license_key: String,
    pub seats: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

/// Something that was done to an asset.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Maintenance {
    pub date: Date,
    pub event_type: String,
    pub description: String,
    pub details: String,
}
