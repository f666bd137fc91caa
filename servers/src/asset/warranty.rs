//! `check_warranty`: which assets are covered, and for how long.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::days_between,
    data::{
        IdPatterns,
        record::{Asset, AssetId, CustomerId, Warranty},
    },
    nearest::known_customer,
    schema::{self as shape, Object, record},
    store::Window,
    tool::{Answer, Author, Card, Desk, with_list},
    tool_error::ToolError,
};

/// A warranty with at most this many days left expires soon.
const SOON: i64 = 30;

const STATES: [&str; 3] = ["active", "expired", "not_started"];

#[derive(Deserialize)]
pub(super) struct Check {
    asset_id: Option<AssetId>,
    customer_id: Option<CustomerId>,
    expires_within_days: Option<i64>,
    expired: Option<bool>,
    #[serde(flatten)]
    window: Window,
}

/// A warranty with what follows from today.
pub(super) fn dated(warranty: &Warranty, as_of: Date) -> Value {
    let remaining = days_between(as_of, warranty.end_date);
    let state = match remaining {
        ..0 => STATES[1],
        _ if as_of < warranty.start_date => STATES[2],
        _ => STATES[0],
    };
    json!({
        "status": state,
        "start_date": warranty.start_date,
        "end_date": warranty.end_date,
        "coverage_type": warranty.coverage_type,
        "remaining_days": remaining,
        "is_expired": remaining < 0,
        "expires_soon": (0..=SOON).contains(&remaining),
    })
}

/// The schema of what [`dated`] makes.
pub(super) fn schema() -> Object {
    record::warranty()
        .must("status", shape::one_of(&STATES, "Where it stands on the day as_of."))
        .must("remaining_days", shape::whole("Days until its last day; negative when it has ended."))
        .must("is_expired", shape::flag("Whether it has ended."))
        .must("expires_soon", shape::flag("Whether it ends within 30 days."))
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let within = json!({
        "type": "integer", "minimum": 0, "maximum": 36500,
        "description": "Assets whose warranty ends within this many days from the day as_of; with expired true, ended ones too.",
    });
    let input = Object::default()
        .may("asset_id", shape::id(&ids.asset, "The asset to check."))
        .may("customer_id", shape::id(&ids.customer, "Only assets of this customer."))
        .may("expires_within_days", within)
        .may("expired", shape::flag("True: assets whose warranty has ended; false: assets whose warranty has not."));
    let covered = || {
        Object::default()
            .must("asset_id", shape::id(&ids.asset, "The asset."))
            .must("customer_id", shape::id(&ids.customer, "Whose it is."))
            .must("serial_number", shape::text("The maker's serial number."))
            .must("hostname", shape::text("Its name on the network."))
            .must("manufacturer", shape::text("Who made it."))
            .must("model", shape::text("The model."))
            .must("warranty", schema().described("Its warranty on the day as_of."))
    };
    let several = Object::default()
        .must("assets", shape::list(covered().described("An asset."), "Earliest end of warranty first."))
        .must("total_count", shape::count("How many assets fit, on all pages together."))
        .must("as_of", shape::as_of());
    Card {
        name: "check_warranty",
        title: "Check warranty",
        description: "Returns the warranty of one asset (asset_id), or {assets, total_count} of a customer or of all customers, by what has \
                      expired or expires soon; expired true together with expires_within_days lists both. Use it for anything about cover. At least one \
                      argument is needed.",
        input: shape::paged(input, 50).closed(),
        output: shape::output([covered().must("as_of", shape::as_of()), several]),
        author: Author::Ours,
    }
}

pub(super) async fn check_warranty(desk: Desk, wanted: Check) -> Answer {
    if let Some(id) = &wanted.asset_id {
        let asset = super::asset(&desk, id).await?;
        let asset = super::owned(asset, wanted.customer_id.as_ref(), "check_warranty")?;
        let mut answer = covered(&asset, desk.as_of);
        answer["as_of"] = json!(desk.as_of);
        return Ok(answer);
    }
    if wanted.customer_id.is_none() && wanted.expires_within_days.is_none() && wanted.expired.is_none() {
        return Err(ToolError::no_criteria(&["asset_id", "customer_id", "expires_within_days", "expired"]));
    }
    if let Some(customer) = &wanted.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let mut assets = desk.store.assets_by_warranty(wanted.customer_id.as_ref()).await?;
    assets.retain(|asset| fits(days_between(desk.as_of, asset.warranty.end_date), &wanted));
    let page = wanted.window.of(assets);
    let shown: Vec<Value> = page.items.iter().map(|asset| covered(asset, desk.as_of)).collect();
    let answer = json!({ "assets": [], "total_count": page.total, "as_of": desk.as_of });
    Ok(with_list(answer, "assets", shown))
}

/// Whether a warranty with so many days left is wanted.
fn fits(remaining: i64, wanted: &Check) -> bool {
    let ends_soon = wanted.expires_within_days.map(|days| (0..=days).contains(&remaining));
    match (wanted.expired, ends_soon) {
        (Some(true), ends_soon) => remaining < 0 || ends_soon == Some(true),
        (Some(false), ends_soon) => remaining >= 0 && ends_soon != Some(false),
        (None, ends_soon) => ends_soon != Some(false),
    }
}

fn covered(asset: &Asset, as_of: Date) -> Value {
    json!({
        "asset_id": asset.asset_id,
        "customer_id": asset.customer_id,
        "serial_number": asset.serial_number,
        "hostname": asset.hostname,
        "manufacturer": asset.manufacturer,
        "model": asset.model,
        "warranty": dated(&asset.warranty, as_of),
    })
}
