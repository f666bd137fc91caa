//! Customers in the store.

use sqlx::{QueryBuilder, Sqlite};

use super::{Conditions, Page, Store, StoreError, Window, awake, folded};
use crate::data::record::{Customer, CustomerId, CustomerStatus, Tier};

/// Which customers are wanted; what is not given does not matter.
#[derive(Debug, Default)]
pub(crate) struct CustomerFilter<'a> {
    pub customer_id: Option<&'a CustomerId>,
    /// The address of the account or of one of its contacts.
    pub email: Option<&'a str>,
    /// A part of the company's name.
    pub company_name: Option<&'a str>,
    pub tier: Option<Tier>,
    pub status: Option<CustomerStatus>,
}

impl Store {
    pub async fn customer(&self, id: &CustomerId) -> Result<Option<Customer>, StoreError> {
        self.one("SELECT body FROM customer WHERE customer_id = $1", id.as_str()).await
    }

    pub async fn has_customer(&self, id: &CustomerId) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar("SELECT 1 FROM customer WHERE customer_id = $1").bind(id.as_str());
        let found: Option<i64> = awake(query.fetch_optional(&mut *self.connection().await?)).await?;
        Ok(found.is_some())
    }

    /// The customers that fit, ordered by id.
    pub async fn customers(&self, filter: &CustomerFilter<'_>, window: Window) -> Result<Page<Customer>, StoreError> {
        let from = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" FROM customer");
            let mut conditions = Conditions::of(query);
            conditions.equals("customer_id", filter.customer_id.map(CustomerId::as_str));
            if let Some(email) = filter.email {
                conditions.compare(
                    "customer_id IN (SELECT customer_id FROM customer_email WHERE email_key",
                    " = ",
                    Some(folded(email)),
                );
                conditions.query.push(")");
            }
            conditions.contains("company_key", filter.company_name);
            conditions.equals("tier", filter.tier.map(Tier::as_str));
            conditions.equals("status", filter.status.map(CustomerStatus::as_str));
        };
        self.page(from, "customer_id", window).await
    }

    /// Every company as (id, name), ordered by id.
    pub async fn companies(&self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT customer_id, company_name FROM customer ORDER BY customer_id";
        Ok(awake(sqlx::query_as(sql).fetch_all(&mut *self.connection().await?)).await?)
    }
}
