//! Assets in the store.

use sqlx::{QueryBuilder, Sqlite};

use super::{Conditions, Page, Store, StoreError, Window, awake, folded};
use crate::data::record::{Asset, AssetId, AssetStatus, AssetType, CustomerId};

/// Which assets are wanted; what is not given does not matter.
#[derive(Debug, Default)]
pub(crate) struct AssetFilter<'a> {
    pub asset_id: Option<&'a AssetId>,
    pub serial_number: Option<&'a str>,
    /// A part of the name.
    pub hostname: Option<&'a str>,
    pub customer_id: Option<&'a CustomerId>,
    pub asset_type: Option<AssetType>,
    pub status: Option<AssetStatus>,
}

impl Store {
    pub async fn asset(&self, id: &AssetId) -> Result<Option<Asset>, StoreError> {
        self.one("SELECT body FROM asset WHERE asset_id = $1", id.as_str()).await
    }

    /// The assets that fit, ordered by id.
    pub async fn assets(&self, filter: &AssetFilter<'_>, window: Window) -> Result<Page<Asset>, StoreError> {
        let from = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" FROM asset");
            restrict(query, filter);
        };
        self.page(from, "asset_id", window).await
    }

    /// Every asset, or every one of a customer, by the end of its warranty.
    pub async fn assets_by_warranty(&self, customer: Option<&CustomerId>) -> Result<Vec<Asset>, StoreError> {
        let mut query = QueryBuilder::new("SELECT body FROM asset");
        restrict(&mut query, &AssetFilter { customer_id: customer, ..AssetFilter::default() });
        query.push(" ORDER BY warranty_end, asset_id");
        self.all(query).await
    }

    /// Every serial number and hostname with its asset's id.
    pub async fn asset_names(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let sql = "SELECT asset_id, serial_key, hostname_key FROM asset ORDER BY asset_id";
        Ok(awake(sqlx::query_as(sql).fetch_all(&mut *self.connection().await?)).await?)
    }
}

fn restrict(query: &mut QueryBuilder<Sqlite>, filter: &AssetFilter<'_>) {
    let mut conditions = Conditions::of(query);
    conditions.equals("asset_id", filter.asset_id.map(AssetId::as_str));
    conditions.equals("serial_key", filter.serial_number.map(folded).as_deref());
    conditions.contains("hostname_key", filter.hostname);
    conditions.equals("customer_id", filter.customer_id.map(CustomerId::as_str));
    conditions.equals("asset_type", filter.asset_type.map(AssetType::as_str));
    conditions.equals("status", filter.status.map(AssetStatus::as_str));
}
