//! What holds for those that a list leaves out: who is not among those that owe, owes nothing.

use minijinja::context;

use super::super::forms;
use super::super::heads::Answered;
use super::references::refs;
use super::scribe::Scribe;

/// Who was asked about and is not in the list, with what that means.
pub(super) fn note(scribe: &Scribe<'_>, answered: &Answered) -> Option<String> {
    let rest = answered.found.rest.as_ref().filter(|rest| !rest.ids.is_empty())?;
    let names: Vec<String> = rest.ids.iter().map(|id| scribe.id(id)).collect();
    let refs = refs(&answered.found.calls);
    Some(forms::fill(
        &scribe.knowledge.forms,
        "rest",
        context! { says => rest.says.as_ref(), names => names.join(", "), refs },
    ))
}
