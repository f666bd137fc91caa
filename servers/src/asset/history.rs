//! `get_asset_history`: what was done to an asset, and how old it is.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::json;

use crate::{
    clock::days_between,
    data::{
        IdPatterns,
        record::{AssetId, AssetStatus},
    },
    schema::{self, Object, record},
    store::Window,
    tool::{Answer, Author, Card, Desk},
};

#[derive(Deserialize)]
pub(super) struct History {
    asset_id: AssetId,
    #[serde(flatten)]
    window: Window,
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input =
        Object::default().must("asset_id", schema::id(&ids.asset, "The asset; lookup_asset finds it by hostname."));
    let output = Object::default()
        .must("asset_id", schema::id(&ids.asset, "The asset."))
        .must("serial_number", schema::text("The maker's serial number."))
        .must("hostname", schema::text("Its name on the network."))
        .must("current_status", schema::one_of(AssetStatus::WORDS, "Whether it is in use."))
        .must("history", schema::list(record::maintenance().described("An event."), "Newest first."))
        .must("total_events", schema::count("How many events there are, on all pages together."))
        .must("asset_age_days", schema::whole("Days since it was bought."))
        .must("as_of", schema::as_of());
    Card {
        name: "get_asset_history",
        title: "Get asset history",
        description: "Returns what was done to an asset, newest first, and its age in days. Use it to see whether a fault has happened \
                      before or what changed last.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([output]),
        author: Author::Ours,
    }
}

pub(super) async fn get_asset_history(desk: Desk, wanted: History) -> Answer {
    let mut asset = super::asset(&desk, &wanted.asset_id).await?;
    // Events of one day stay in the order in which they were written down, latest first.
    asset.maintenance.reverse();
    asset.maintenance.sort_by_key(|event| Reverse(event.date));
    let page = wanted.window.of(asset.maintenance);
    Ok(json!({
        "asset_id": asset.asset_id,
        "serial_number": asset.serial_number,
        "hostname": asset.hostname,
        "current_status": asset.status,
        "history": page.items,
        "total_events": page.total,
        "asset_age_days": days_between(asset.purchase_date, desk.as_of),
        "as_of": desk.as_of,
    }))
}
