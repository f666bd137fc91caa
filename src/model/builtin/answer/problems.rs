//! What could not be found, in the servers' words, with what they suggest.

use minijinja::context;

use super::super::catalog::Catalog;
use super::super::dialogue::Taken;
use super::super::evidence::Failure;
use super::super::forms;
use super::super::knowledge::Knowledge;
use super::super::run::{Found, Problem};
use super::references::refs;
use super::scribe::Scribe;
use super::values;
use crate::protocol::CallId;

/// All problems of a part, each once.
pub(super) fn text(scribe: &Scribe<'_>, catalog: &Catalog<'_>, found: &Found) -> String {
    let _ = catalog;
    let mut out: Vec<String> = Vec::new();
    for problem in &found.problems {
        let text = one(scribe, problem);
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out.join("\n\n")
}

fn one(scribe: &Scribe<'_>, problem: &Problem) -> String {
    let forms = &scribe.knowledge.forms;
    let many = |kind: &usize| {
        let kind = scribe.kind(*kind);
        kind.noun.clone().unwrap_or_else(|| kind.many.clone())
    };
    match problem {
        Problem::Failed { call, kind, failure, said } => failed(scribe, *call, &many(kind), failure, said),
        Problem::NoServer { kind } => forms::fill(forms, "no_server", context! { what => many(kind) }),
        Problem::TooVague { kind } => forms::fill(forms, "too_vague", context! { what => many(kind) }),
        Problem::TooMany { kind, calls } => {
            forms::fill(forms, "too_many", context! { what => many(kind), calls => calls })
        }
        Problem::Malformed { said, kind } => {
            let kind = scribe.kind(*kind);
            let forms_of: Vec<String> =
                kind.ids.iter().map(|id| format!("`{}`", id.form.replace("%Y", "YYYY"))).collect();
            let one = kind.one.as_str();
            forms::fill(forms, "malformed", context! { said, one, forms => forms_of.join(", ") })
        }
        Problem::Ambiguous { said, rows } => {
            let calls: Vec<CallId> = rows.iter().map(|row| row.call).collect();
            let what = rows.first().map(|row| scribe.kind(row.kind).many.clone()).unwrap_or_default();
            let mut text = forms::fill(
                forms,
                "ambiguous",
                context! { said => said, n => rows.len(), what => what, refs => refs(&calls) },
            );
            for (index, row) in rows.iter().enumerate() {
                text.push_str(&format!("\n{}. {} {}", index + 1, scribe.subject(row), refs(&[row.call])));
            }
            // A blank line before a list, for strict readers of Markdown.
            text.replacen("\n1. ", "\n\n1. ", 1)
        }
    }
}

fn failed(scribe: &Scribe<'_>, call: CallId, many: &str, failure: &Failure, said: &str) -> String {
    let forms = &scribe.knowledge.forms;
    let references = refs(&[call]);
    let reason = if failure.reason.is_empty() { &failure.error } else { &failure.reason };
    let reason = reason.trim().trim_end_matches('.');
    let mut text = if failure.refused {
        forms::fill(forms, "refused", context! { what => said, reason => reason, refs => references.as_str() })
    } else if failure.not_found {
        forms::fill(forms, "not_found", context! { reason => reason, refs => references.as_str() })
    } else {
        forms::fill(forms, "failed", context! { many, said, reason, refs => references.as_str() })
    };
    if !failure.near.is_empty() {
        let near: Vec<String> = failure.near.iter().map(|name| values::cell(name)).collect();
        text.push(' ');
        text.push_str(&forms::fill(forms, "near", context! { names => near.join(", "), refs => references.as_str() }));
    }
    if !failure.suggestions.is_empty() {
        text.push_str(&format!("\n\n{}\n", forms::fill(forms, "suggestions", context! {})));
        for suggestion in &failure.suggestions {
            text.push_str(&format!("\n- {} {references}", suggestion.trim()));
        }
    }
    text
}

/// That names were not quite right and what was taken instead.
pub(super) fn instead(knowledge: &Knowledge, taken: &[Taken]) -> String {
    let one = |taken: &Taken| {
        forms::fill(
            &knowledge.forms,
            "instead",
            context! { said => taken.said.as_str(), taken => taken.name.as_str(), refs => refs(&taken.calls) },
        )
    };
    let mut notes: Vec<String> = taken.iter().map(one).collect();
    notes.dedup();
    notes.join(" ")
}
