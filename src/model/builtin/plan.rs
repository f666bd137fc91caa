//! One step: the next calls with the reason for each, or the answer.

use std::collections::BTreeSet;

use minijinja::context;
use serde_json::Value;

use super::answer::{self, Material};
use super::catalog::Catalog;
use super::dialogue::{self, Turn};
use super::evidence::{self, Done, Exchange};
use super::foreign::Choice;
use super::forms;
use super::knowledge::{Knowledge, Takes};
use super::run::Planned;
use crate::model::Request;
use crate::protocol::{Annotations, Json, ModelAnswered, ModelCall, ToolDefinition};

/// Works out what comes next.
pub(super) fn step(knowledge: &Knowledge, request: &Request) -> ModelAnswered {
    let exchanges = evidence::exchanges(&request.messages, dialogue::MOST_EXCHANGES + 1);
    let Some((last, earlier)) = exchanges.split_last() else { return said(String::new()) };
    let today = dialogue::today(&request.briefings, earlier, &request.today);
    // A last request without tools still has to be answered from what was found.
    let open = !request.tools.is_empty();
    let remembered = if open { Vec::new() } else { remembered_tools(knowledge, &exchanges) };
    let catalog = Catalog::new(if open { &request.tools } else { &remembered });
    let (turn, _) = dialogue::follow(knowledge, &catalog, &exchanges, today, open);
    let Some(turn) = turn else { return said(String::new()) };
    let calls = next_calls(&turn, last, open);
    if !calls.is_empty() {
        return calling(knowledge, &turn, &calls, last);
    }
    let material = Material {
        knowledge,
        catalog: &catalog,
        today,
        attached: last.attached,
        calls: &last.calls,
        all_calls: last.calls.iter().chain(earlier.iter().rev().flat_map(|exchange| &exchange.calls)).collect(),
    };
    said(answer::compose(&material, &turn))
}

fn said(text: String) -> ModelAnswered {
    ModelAnswered { text, ..ModelAnswered::default() }
}

fn next_calls(turn: &Turn, exchange: &Exchange, open: bool) -> Vec<Planned> {
    if !open {
        return Vec::new();
    }
    match &turn.foreign {
        Some(Choice::Call { tool, title, arguments }) => {
            let made = exchange.calls.iter().any(|done| done.name == *tool && done.arguments == *arguments);
            if made {
                Vec::new()
            } else {
                vec![Planned { tool: tool.clone(), arguments: arguments.clone(), why: format!("ask `{title}`") }]
            }
        }
        Some(Choice::Missing { .. } | Choice::Several(_) | Choice::Unknown { .. } | Choice::Unreadable { .. }) => {
            Vec::new()
        }
        None => turn.planned.clone(),
    }
}

/// The calls with the plan in words.
fn calling(knowledge: &Knowledge, turn: &Turn, calls: &[Planned], exchange: &Exchange) -> ModelAnswered {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for call in calls {
        let about = arguments(&call.arguments);
        match reasons.iter_mut().find(|(why, _)| *why == call.why) {
            Some((_, all)) if about.is_empty() || all.contains(&about) => {}
            Some((_, all)) => all.push(about),
            None => reasons.push((call.why.clone(), if about.is_empty() { Vec::new() } else { vec![about] })),
        }
    }
    let steps: Vec<String> = reasons
        .into_iter()
        .map(|(why, about)| if about.is_empty() { why } else { format!("{why} ({})", about.join("; ")) })
        .collect();
    let form = if exchange.calls.is_empty() { "plan" } else { "plan_next" };
    let text = forms::fill(&knowledge.forms, form, context! { steps => steps.join("; ") });
    let text = match &turn.runbook {
        Some(name) if exchange.calls.is_empty() => format!("Runbook {name}. {text}"),
        Some(_) | None => text,
    };
    let made = exchange.calls.len();
    let calls = calls
        .iter()
        .enumerate()
        .map(|(index, call)| ModelCall {
            provider_id: format!("b{}-{}", exchange.question.len(), made + index + 1),
            name: call.tool.clone(),
            arguments: call.arguments.to_string(),
        })
        .collect();
    ModelAnswered { text: format!("{text}\n"), calls, ..ModelAnswered::default() }
}

/// Arguments in a few words.
fn arguments(arguments: &Value) -> String {
    let Some(fields) = arguments.as_object() else { return String::new() };
    let parts: Vec<String> = fields
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{} {text}", name.replace('_', " ")),
            other => format!("{} {other}", name.replace('_', " ")),
        })
        .collect();
    parts.join(", ")
}

/// Tools as the knowledge files know them, for reading results when no tools may be called any more.
fn remembered_tools(knowledge: &Knowledge, exchanges: &[Exchange]) -> Vec<ToolDefinition> {
    let done: Vec<&Done> = exchanges.iter().flat_map(|exchange| &exchange.calls).collect();
    let mut out: Vec<ToolDefinition> = Vec::new();
    for source in &knowledge.sources {
        let calls: Vec<&&Done> =
            done.iter().filter(|done| done.name == source.tool || done.name.ends_with(&source.tool)).collect();
        let Some(first) = calls.first() else { continue };
        let mut names: BTreeSet<&str> = source.cover.iter().map(String::as_str).collect();
        for takes in source.takes.values() {
            match takes {
                Takes::Value(name) | Takes::DaysAhead { days_ahead: name } | Takes::Period { period: name } => {
                    names.insert(name);
                }
                Takes::Span { from, to } => names.extend([from.as_str(), to.as_str()]),
            }
        }
        let properties: serde_json::Map<String, Value> = names
            .into_iter()
            .map(|name| {
                let used: Vec<Value> = calls.iter().filter_map(|done| done.arguments.get(name).cloned()).collect();
                let cover = source.cover.as_deref() == Some(name);
                (name.to_owned(), if cover { serde_json::json!({ "enum": used }) } else { serde_json::json!({}) })
            })
            .collect();
        out.push(ToolDefinition {
            model_name: first.name.clone(),
            server: "".into(),
            tool: source.tool.as_str().into(),
            title: None,
            description: String::new(),
            input_schema: Json::from(serde_json::json!({ "properties": properties })),
            output_schema: None,
            annotations: Annotations { read_only: true, ..Annotations::default() },
            believed: true,
            hash: String::new(),
        });
    }
    out
}
