//! `get_software_licenses`: what software is licensed on an asset, or to a customer.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    data::{
        IdPatterns,
        record::{AssetId, CustomerId, License},
    },
    nearest::known_customer,
    schema::{self as shape, Object, record},
    store::Window,
    tool::{Answer, Author, Card, Desk},
    tool_error::ToolError,
};

/// How many characters of a key are shown, and how long a key has to be for that.
const SHOWN: usize = 4;
const LONG_ENOUGH: usize = 12;

#[derive(Deserialize)]
pub(super) struct Licenses {
    asset_id: Option<AssetId>,
    customer_id: Option<CustomerId>,
    #[serde(flatten)]
    window: Window,
}

/// A licence whose key can be told from others but not used.
pub(super) fn masked(license: &License) -> Value {
    json!({
        "name": license.name,
        "license_key_masked": mask(&license.license_key),
        "seats": license.seats,
        "expires": license.expires,
    })
}

/// The schema of what [`masked`] makes.
pub(super) fn schema() -> Object {
    let masked = Object::default().must("license_key_masked", shape::text("The key, all but its end hidden."));
    record::license(masked).must("expires", shape::or_null(shape::date("Until when it runs; null if for ever.")))
}

/// Hides all letters and digits but the last few; of a short key all.
fn mask(key: &str) -> String {
    let count = key.chars().filter(|letter| letter.is_alphanumeric()).count();
    let mut hidden = if count >= LONG_ENOUGH { count - SHOWN } else { count };
    key.chars()
        .map(|letter| {
            if !letter.is_alphanumeric() || hidden == 0 {
                return letter;
            }
            hidden -= 1;
            '*'
        })
        .collect()
}

pub(super) fn card(ids: &IdPatterns) -> Card {
    let input = Object::default()
        .may("asset_id", shape::id(&ids.asset, "Licences on this asset."))
        .may("customer_id", shape::id(&ids.customer, "Licences on all assets of this customer."));
    let license = schema().must("asset_id", shape::id(&ids.asset, "The asset it is on."));
    let output = Object::default()
        .may("asset_id", shape::id(&ids.asset, "The asset asked about."))
        .may("customer_id", shape::id(&ids.customer, "The customer asked about."))
        .must("licenses", shape::list(license.described("A licence."), "Ordered by asset and name."))
        .must("total_licenses", shape::count("How many licences there are, on all pages together."));
    Card {
        name: "get_software_licenses",
        title: "Get software licences",
        description: "Returns the software licences on an asset (asset_id) or on all assets of a customer (customer_id), with seats and \
                      expiry; keys are masked. Use it before reinstalling software or to see what runs out. One of the two is needed.",
        input: shape::paged(input, 50).closed(),
        output: shape::output([output]),
        author: Author::Ours,
    }
}

pub(super) async fn get_software_licenses(desk: Desk, wanted: Licenses) -> Answer {
    if wanted.asset_id.is_none() && wanted.customer_id.is_none() {
        return Err(ToolError::no_criteria(&["asset_id", "customer_id"]));
    }
    if let Some(customer) = &wanted.customer_id {
        known_customer(&desk.store, customer).await?;
    }
    let mut assets = match &wanted.asset_id {
        Some(id) => {
            let asset = super::asset(&desk, id).await?;
            vec![super::owned(asset, wanted.customer_id.as_ref(), "get_software_licenses")?]
        }
        None => desk.store.assets_by_warranty(wanted.customer_id.as_ref()).await?,
    };
    assets.sort_by(|a, b| a.asset_id.cmp(&b.asset_id));
    let mut licenses = Vec::new();
    for asset in &mut assets {
        asset.licenses.sort_by(|a, b| a.name.cmp(&b.name));
        for license in &asset.licenses {
            let mut shown = masked(license);
            shown["asset_id"] = json!(asset.asset_id);
            licenses.push(shown);
        }
    }
    let page = wanted.window.of(licenses);
    let mut answer = json!({ "licenses": page.items, "total_licenses": page.total });
    if let Some(asset) = wanted.asset_id {
        answer["asset_id"] = json!(asset);
    }
    if let Some(customer) = wanted.customer_id {
        answer["customer_id"] = json!(customer);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown_whole() {
        assert_eq!(mask("ABCDE-12345-FGHIJ"), "*****-*****-*GHIJ");
        assert_eq!(mask("SHORT-KEY"), "*****-***");
        assert_eq!(mask(""), "");
    }
}
