//! What the operator made of the calls that an answer rests on, said before the answer.

use minijinja::context;
use serde_json::{Map, Value};

use super::super::evidence::{Done, Outcome};
use super::super::forms;
use super::Material;
use super::references::refs;
use crate::protocol::DeliveredForm;

/// One sentence for each call that was changed, and for each result that no server gave.
pub(super) fn notes(material: &Material<'_>) -> String {
    material
        .calls
        .iter()
        .flat_map(|done| [changed(material, done), given(material, done)])
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

fn changed(material: &Material<'_>, done: &Done) -> Option<String> {
    let forms = &material.knowledge.forms;
    let (asked, sent) = (done.arguments.as_object()?, done.sent.as_ref()?.as_object()?);
    let said = |name: &str, values: minijinja::Value| forms::fill(forms, name, values);
    let label = |name: &String| name.replace('_', " ");
    let mut changes: Vec<String> = Vec::new();
    for (name, from) in differing(asked, sent) {
        let (label, from) = (label(name), plain(from));
        changes.push(match sent.get(name).map(plain) {
            Some(to) => said("changed_value", context! { name => label, from, to }),
            None => said("changed_removed", context! { name => label, from }),
        });
    }
    for (name, to) in differing(sent, asked).filter(|(name, _)| !asked.contains_key(*name)) {
        changes.push(said("changed_added", context! { name => label(name), to => plain(to) }));
    }
    let n = done.call.0;
    Some(said("changed", context! { n, changes => changes.join(", "), refs => refs(&[done.call]) }))
}

fn given(material: &Material<'_>, done: &Done) -> Option<String> {
    let form = match (done.form, &done.outcome) {
        (DeliveredForm::Edited, _) => "edited",
        (DeliveredForm::Synthetic, Outcome::Content(_)) => "given",
        (DeliveredForm::Synthetic, Outcome::Failed(_)) => return None,
        (DeliveredForm::Original | DeliveredForm::Denied | DeliveredForm::Truncated, _) => return None,
    };
    let n = done.call.0;
    Some(forms::fill(&material.knowledge.forms, form, context! { n, refs => refs(&[done.call]) }))
}

/// The members of `a` that are not the same in `b`.
fn differing<'a>(a: &'a Map<String, Value>, b: &Map<String, Value>) -> impl Iterator<Item = (&'a String, &'a Value)> {
    a.iter().filter(|(name, value)| b.get(*name) != Some(*value))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
