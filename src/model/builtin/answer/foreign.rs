//! The answer of a tool that no knowledge file speaks of: its own words, quoted.

use minijinja::context;
use serde_json::Value;

use super::super::evidence::Outcome;
use super::super::foreign::Choice;
use super::super::forms;
use super::Material;
use super::references::refs;
use super::values::cell;

/// What the tool said, or what is missing to call it.
pub(super) fn answer(material: &Material<'_>, choice: &Choice) -> String {
    let forms = &material.knowledge.forms;
    match choice {
        Choice::Missing { title, argument, description, values } => forms::fill(
            forms,
            "argument",
            context! { tool => title, argument => argument, description => description, values => values.join(", ") },
        ),
        Choice::Several(tools) => {
            let names: Vec<String> = tools.iter().map(|tool| format!("`{tool}`")).collect();
            forms::fill(forms, "tool_several", context! { tools => names.join(", "), first => tools.first() })
        }
        Choice::Unreadable { reason } => forms::fill(forms, "call_unreadable", context! { reason => reason }),
        Choice::Unknown { said } => forms::fill(forms, "tool_unknown", context! { said => said }),
        Choice::Call { tool, title, arguments } => {
            let Some(done) = material.calls.iter().find(|done| done.name == *tool && done.arguments == *arguments)
            else {
                return String::new();
            };
            let references = refs(&[done.call]);
            match &done.outcome {
                Outcome::Failed(failure) => {
                    let reason = if failure.reason.is_empty() { &failure.error } else { &failure.reason };
                    let mut text = forms::fill(
                        forms,
                        "tool_failed",
                        context! { tool => title, reason => reason.trim_end_matches('.'), refs => references.as_str() },
                    );
                    for suggestion in &failure.suggestions {
                        text.push_str(&format!("\n- {suggestion}"));
                    }
                    text
                }
                Outcome::Content(content) => {
                    let intro =
                        forms::fill(forms, "tool_said", context! { tool => title, refs => references.as_str() });
                    let shown = shown(content, &references);
                    if shown.contains('\n') { format!("{intro}\n\n{shown}") } else { format!("{} {shown}", intro) }
                }
            }
        }
    }
}

fn shown(content: &Value, references: &str) -> String {
    match content {
        Value::String(text) if !text.trim().contains('\n') => text.trim().to_owned(),
        Value::String(text) => format!("```text\n{}\n```", text.trim().replace("```", "'''")),
        Value::Object(fields) => {
            let lines: Vec<String> = fields.iter().map(|(name, value)| entry(name, value, references)).collect();
            lines.join("\n")
        }
        Value::Array(items) => {
            items.iter().map(|item| format!("- {}", cell(&text(item)))).collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => content.to_string(),
    }
}

fn entry(name: &str, value: &Value, references: &str) -> String {
    let name = name.replace('_', " ");
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => {
            let lines: Vec<String> = items.iter().map(|item| format!("  - {}", cell(&text(item)))).collect();
            format!("- {name}:\n{}", lines.join("\n"))
        }
        _ => format!("- {name}: {} {references}", text(value)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{} {}", name.replace('_', " "), text(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
