//! The `asset` server: machines, their warranties, licences and history.

mod history;
mod license;
mod warranty;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    data::{
        IdPatterns,
        record::{Asset, AssetId, AssetStatus, AssetType, CustomerId},
    },
    nearest::{known_customer, nearest, unknown},
    schema::{self, Object, record},
    store::{AssetFilter, Kind, Window},
    tool::{Answer, Author, Card, Desk, Server, Tool, with_list},
    tool_error::ToolError,
};

pub(crate) const SERVER: Server = Server {
    name: "asset",
    instructions: "Servers, workstations and laptops of all customers: warranty, licences, maintenance. lookup_asset finds an asset by \
                   hostname, serial number or customer. Licence keys are never shown whole. All tools only read.",
    tools,
};

fn tools(ids: &IdPatterns) -> Vec<Tool> {
    vec![
        Tool::new(lookup_card(ids), lookup_asset),
        Tool::new(warranty::card(ids), warranty::check_warranty),
        Tool::new(license::card(ids), license::get_software_licenses),
        Tool::new(history::card(ids), history::get_asset_history),
    ]
}

#[derive(Deserialize)]
struct Lookup {
    asset_id: Option<AssetId>,
    serial_number: Option<String>,
    hostname: Option<String>,
    customer_id: Option<CustomerId>,
    asset_type: Option<AssetType>,
    status: Option<AssetStatus>,
    #[serde(flatten)]
    window: Window,
}

fn lookup_card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("asset_id", schema::id(&ids.asset, "The asset's id."))
        .may("serial_number", schema::words("The maker's serial number."))
        .may("hostname", schema::words("Its name on the network; a part of it is enough."))
        .may("customer_id", schema::id(&ids.customer, "Assets of this customer; lookup_customer finds the id by name."))
        .may("asset_type", schema::one_of(AssetType::WORDS, "Only assets of this type."))
        .may("status", schema::one_of(AssetStatus::WORDS, "Only assets with this status."));
    let one = shown_schema(ids).must("as_of", schema::as_of());
    let several = Object::default()
        .must("assets", schema::list(shown_schema(ids).described("An asset."), "Ordered by id."))
        .must("total_count", schema::count("How many assets fit, on all pages together."))
        .must("as_of", schema::as_of());
    Card {
        name: "lookup_asset",
        title: "Look up an asset",
        description: "Returns the asset with specs, warranty and remaining warranty days; if several fit, {assets, total_count}. Use it to \
                      turn a hostname or serial number into an asset_id, or to list a customer's machines. At least one argument is \
                      needed; several are joined by AND.",
        input: schema::paged(input, 50).closed(),
        output: schema::output([one, several]),
        author: Author::Ours,
    }
}

async fn lookup_asset(desk: Desk, wanted: Lookup) -> Answer {
    let filter = AssetFilter {
        asset_id: wanted.asset_id.as_ref(),
        serial_number: wanted.serial_number.as_deref().filter(|text| !text.trim().is_empty()),
        hostname: wanted.hostname.as_deref().filter(|text| !text.trim().is_empty()),
        customer_id: wanted.customer_id.as_ref(),
        asset_type: wanted.asset_type,
        status: wanted.status,
    };
    let named = filter.asset_id.is_some() || filter.serial_number.is_some() || filter.hostname.is_some();
    if !named && filter.customer_id.is_none() && filter.asset_type.is_none() && filter.status.is_none() {
        let arguments = ["asset_id", "serial_number", "hostname", "customer_id", "asset_type", "status"];
        return Err(ToolError::no_criteria(&arguments));
    }
    if let Some(customer) = filter.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let found = desk.store.assets(&filter, wanted.window).await?;
    match (found.total, found.items.first()) {
        (1, Some(asset)) => {
            let mut value = shown(asset, desk.as_of);
            value["as_of"] = json!(desk.as_of);
            Ok(value)
        }
        (0, _) if named => Err(not_found(&desk, &filter).await),
        (total, _) => {
            let assets: Vec<Value> = found.items.iter().map(|asset| shown(asset, desk.as_of)).collect();
            let answer = json!({ "assets": [], "total_count": total, "as_of": desk.as_of });
            Ok(with_list(answer, "assets", assets))
        }
    }
}

/// Says which asset is not there, and which ones are near.
async fn not_found(desk: &Desk, filter: &AssetFilter<'_>) -> ToolError {
    if let Some(id) = filter.asset_id {
        match desk.store.asset(id).await {
            Ok(None) => return unknown(&desk.store, Kind::Asset, id.as_str()).await,
            Ok(Some(asset)) => {
                let reason =
                    format!("{id} is {} of {}; it does not fit the other criteria", asset.hostname, asset.customer_id);
                return ToolError::contradiction("asset_id", id.as_str(), "lookup_asset", reason);
            }
            Err(error) => return error.into(),
        }
    }
    let names = match desk.store.asset_names().await {
        Ok(names) => names,
        Err(error) => return error.into(),
    };
    let serial = |(_, serial, _): &(String, String, String)| serial.clone();
    let host = |(_, _, host): &(String, String, String)| host.clone();
    let (argument, wanted, texts): (_, _, Vec<String>) = match (filter.serial_number, filter.hostname) {
        (Some(wanted), _) => ("serial_number", wanted, names.iter().map(serial).collect()),
        (None, wanted) => ("hostname", wanted.unwrap_or_default(), names.iter().map(host).collect()),
    };
    let near = nearest(wanted, texts.iter().map(String::as_str), 3);
    let near_ids: Vec<&str> = near
        .iter()
        .filter_map(|near| texts.iter().position(|text| text == near))
        .map(|at| names[at].0.as_str())
        .collect();
    let mut error = ToolError::new("asset_not_found", format!("No asset that fits has the {argument} {wanted:?}"))
        .with(argument, wanted)
        .with("nearest_ids", json!(near_ids));
    if let Some(id) = near_ids.first() {
        error = error.suggest(format!("Call lookup_asset with asset_id {id}, the nearest one"));
    }
    error
        .suggest("Call lookup_asset with hostname and a shorter part of the name")
        .suggest("Call lookup_asset with customer_id to list a customer's machines")
        .follow_up("lookup_asset")
}

/// An asset as it is answered with: licence keys masked, warranty days counted.
fn shown(asset: &Asset, as_of: Date) -> Value {
    let mut value = json!(asset);
    value["licenses"] = asset.licenses.iter().map(license::masked).collect();
    value["warranty"] = warranty::dated(&asset.warranty, as_of);
    value
}

/// The schema of what [`shown`] makes.
fn shown_schema(ids: &IdPatterns) -> Object {
    record::shown_asset(ids, license::schema().closed(), warranty::schema().closed())
}

async fn asset(desk: &Desk, id: &AssetId) -> Result<Asset, ToolError> {
    match desk.store.asset(id).await? {
        Some(asset) => Ok(asset),
        None => Err(unknown(&desk.store, Kind::Asset, id.as_str()).await),
    }
}

/// Refuses an asset of somebody else than the customer that was asked for; `tool` is the one that was called.
fn owned(asset: Asset, customer: Option<&CustomerId>, tool: &str) -> Result<Asset, ToolError> {
    match customer {
        Some(customer) if *customer != asset.customer_id => {
            let reason = format!("{} belongs to {}, not to {customer}", asset.asset_id, asset.customer_id);
            Err(ToolError::contradiction("asset_id", asset.asset_id.as_str(), tool, reason))
        }
        Some(_) | None => Ok(asset),
    }
}
