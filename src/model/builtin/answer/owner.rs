//! Whether a named record belongs to whom the question gave it to.

use minijinja::context;

use super::super::forms;
use super::super::frame::Head;
use super::super::heads::Answered;
use super::super::rows::{self, Row};
use super::references::refs;
use super::scribe::Scribe;
use crate::protocol::CallId;

/// That it belongs to somebody else; where the question was right, only if that was what it asked.
pub(super) fn note(scribe: &Scribe<'_>, head: &Head, answered: &Answered) -> Option<String> {
    let node = scribe.frame.nodes.get(head.node)?;
    let said = scribe.frame.nodes.get(node.owner?)?;
    let found = answered.owner.as_ref()?;
    let (field, other) = scribe.knowledge.join(answered.kind, said.kind)?;
    let owners = rows::distinct(&found.rows, &other);
    let [row] = answered.rows.as_slice() else { return None };
    let plain = head.yesno && node.checks.is_empty() && head.fields.is_empty();
    let owner = row.text(&field)?;
    if owners.contains(&owner) {
        let (subject, owner) = (scribe.subject(row), scribe.id(&owner));
        let refs = refs(&row.calls().collect::<Vec<_>>());
        return plain.then(|| forms::fill(&scribe.knowledge.forms, "own_owner", context! { subject, owner, refs }));
    }
    let name = match found.rows.as_slice() {
        [one] => scribe.subject(one),
        _ => said.named.as_ref().map(|mention| mention.said.clone())?,
    };
    let calls: Vec<CallId> = row.calls().chain(found.rows.iter().flat_map(Row::calls)).collect();
    let (subject, owner) = (scribe.subject(row), scribe.id(&owner));
    Some(forms::fill(
        &scribe.knowledge.forms,
        "other_owner",
        context! { subject, owner, name, plain, refs => refs(&calls) },
    ))
}
