//! Invoices in the store.

use jiff::civil::Date;
use sqlx::QueryBuilder;

use super::{Conditions, Store, StoreError};
use crate::data::record::{CustomerId, Invoice, InvoiceId, InvoiceStatus};

/// Where an invoice stands on a certain day: its status as reckoned, not as recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub status: InvoiceStatus,
    pub as_of: Date,
}

/// Which invoices are wanted; what is not given does not matter.
#[derive(Debug, Default)]
pub(crate) struct InvoiceFilter<'a> {
    pub customer_id: Option<&'a CustomerId>,
    pub standing: Option<Standing>,
    /// First and last day of issue.
    pub issued: (Option<Date>, Option<Date>),
}

impl Store {
    pub async fn invoice(&self, id: &InvoiceId) -> Result<Option<Invoice>, StoreError> {
        self.one("SELECT body FROM invoice WHERE invoice_id = $1", id.as_str()).await
    }

    /// The invoices that fit, newest first.
    pub async fn invoices(&self, filter: &InvoiceFilter<'_>) -> Result<Vec<Invoice>, StoreError> {
        let mut query = QueryBuilder::new("SELECT body FROM invoice");
        let mut conditions = Conditions::of(&mut query);
        conditions.equals("customer_id", filter.customer_id.map(CustomerId::as_str));
        if let Some(standing) = filter.standing {
            let today = Some(standing.as_of.to_string());
            match standing.status {
                InvoiceStatus::Paid => conditions.plain("status = 'paid'"),
                InvoiceStatus::Pending => {
                    conditions.plain("status <> 'paid'");
                    conditions.compare("due_date", " >= ", today);
                }
                InvoiceStatus::Overdue => {
                    conditions.plain("status <> 'paid'");
                    conditions.compare("due_date", " < ", today);
                }
            }
        }
        conditions.compare("issue_date", " >= ", filter.issued.0.map(|day| day.to_string()));
        conditions.compare("issue_date", " <= ", filter.issued.1.map(|day| day.to_string()));
        query.push(" ORDER BY issue_date DESC, invoice_id");
        self.all(query).await
    }
}
