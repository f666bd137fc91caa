//! A report for people: what was asked, which calls were made, how to make each again, what was answered.

use std::fmt::Write as _;

use crate::protocol::{Ending, Json};
use crate::sanitise::{clean_block, clean_line};
use crate::session::{Call, CallState, Turn, Worth};
use crate::wording::{duration, fence};

use super::{CUT, Material, Removed};

/// The report.
pub(super) fn render(material: &Material) -> String {
    let (header, session) = (&material.header, &material.session);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# Callboard session {}\n", clean_line(header.id.as_str()));
    let _ = writeln!(out, "| | |\n| --- | --- |");
    row(&mut out, "recorded", &header.created);
    row(&mut out, "by", &header.app);
    row(&mut out, "model", session.model());
    for server in &session.servers {
        let version = server.ready.as_ref().map_or_else(
            || "never ready".to_owned(),
            |ready| format!("{} {}, MCP {}, {} tools", ready.name, ready.version, ready.protocol, server.tools.len()),
        );
        row(&mut out, &format!("server {}", server.name), &version);
    }
    if let Some(words) = material.damage.words() {
        row(&mut out, "damaged", &words);
    }
    if !material.select.is_empty() {
        row(&mut out, "only calls with", &material.select.to_string());
    }
    for (turn, calls) in material.turns() {
        turn_section(&mut out, material, turn, &calls);
    }
    out
}

/// The section that lists what was removed; nothing if nothing was.
pub(super) fn removed(removed: &[Removed]) -> String {
    let mut out = String::new();
    if !removed.is_empty() {
        let _ = writeln!(out, "## Removed from this report\n");
    }
    for removed in removed {
        let _ = writeln!(out, "- {}", clean_line(&removed.words()));
    }
    out
}

fn row(out: &mut String, name: &str, value: &str) {
    let cell = |text: &str| clean_line(text).replace('|', "\\|");
    let _ = writeln!(out, "| {} | {} |", cell(name), cell(value));
}

fn turn_section(out: &mut String, material: &Material, turn: &Turn, calls: &[&Call]) {
    let _ = writeln!(out, "\n## {}\n", turn.id);
    for line in clean_block(&turn.question).lines() {
        let _ = writeln!(out, "> {line}");
    }
    for attached in &*turn.attached {
        let _ = writeln!(out, ">\n> Attached: {}", clean_line(&attached.to_string()));
    }
    out.push('\n');
    for call in calls {
        call_section(out, call);
    }
    let answer = turn.answer(&material.session).map(|step| step.text.trim_end()).unwrap_or_default();
    let _ = writeln!(out, "### Answer\n");
    // Above it, where nothing that it begins and does not end can hide it.
    for warning in Worth::of(&material.session, turn).warnings() {
        let _ = writeln!(out, "**{}**\n", clean_line(&warning));
    }
    match (answer, turn.ending) {
        ("", Some(ending)) => {
            let reason = turn.reason.as_deref().unwrap_or("no reason given");
            let _ = writeln!(out, "None: {}, {}.\n", ending.as_str(), clean_line(reason));
        }
        ("", None) => {
            let _ = writeln!(out, "None: {CUT}, before the turn does.\n");
        }
        (text, Some(Ending::Answered)) => {
            let _ = writeln!(out, "{}\n", clean_block(text));
        }
        (text, Some(ending @ (Ending::Stopped | Ending::Failed | Ending::Limited))) => {
            let why = turn.reason.as_ref().map(|reason| format!(": {}", clean_line(reason))).unwrap_or_default();
            let _ = writeln!(out, "*The turn ended as {}{why}.*\n\n{}\n", ending.as_str(), clean_block(text));
        }
        (text, None) => {
            let _ = writeln!(out, "{}\n\n*So far: {CUT}, before the turn does.*\n", clean_block(text));
        }
    }
    if let Some(words) = material.left_out_words(turn) {
        let _ = writeln!(out, "*{words}*\n");
    }
}

fn call_section(out: &mut String, call: &Call) {
    let (server, tool) = (clean_line(call.server.as_str()), clean_line(call.tool.as_str()));
    let _ = writeln!(out, "### [{}] {server} {tool}: {}\n", call.id.0, standing(call));
    let command = format!("callboard call {} {} {}", quoted(&server), quoted(&tool), quoted(call.arguments.text()));
    fenced(out, "sh", &command);
    if call.arguments != call.proposed {
        let _ = writeln!(out, "The model wanted:\n");
        fenced(out, "json", call.proposed.text());
    }
    for (verdict, by) in &call.decisions {
        let _ = writeln!(out, "- {} by {}", verdict.words(), clean_line(by));
    }
    if !call.decisions.is_empty() {
        out.push('\n');
    }
    if let Some(reason) = call.held_reason.as_ref().filter(|_| matches!(call.state, CallState::Held(_))) {
        let _ = writeln!(out, "It waited for a decision: {}\n", clean_line(reason));
    }
    if let Some(refusal) = &call.refusal {
        let _ = writeln!(out, "It was refused, and the model told: {}\n", clean_line(refusal));
    } else if let Some(failure) = &call.failure {
        let what = if call.state == CallState::Cancelled { "It was cancelled" } else { "It failed" };
        let _ = writeln!(out, "{what}: {}\n", clean_line(&failure.message));
    }
    if let Some(result) = &call.result {
        fenced(out, "json", &pretty(result));
    }
    if let Some(edited) = &call.edited {
        let _ = writeln!(out, "The model got instead:\n");
        fenced(out, "json", &pretty(edited));
    }
}

/// Where it stands, what the operator made of it, and how long its server took or that it had nothing to do with it.
fn standing(call: &Call) -> String {
    let by_hand = call.by_hand().map(|words| format!(", {words}")).unwrap_or_default();
    let took = match (call.was_sent(), call.duration_us) {
        (false, _) => ", never sent".to_owned(),
        (true, Some(us)) => format!(", {}", duration(us)),
        (true, None) => String::new(),
    };
    let at_end = if call.state.is_final() { "" } else { " when the recording ends" };
    format!("{}{at_end}{by_hand}{took}", call.state.as_str())
}

fn pretty(result: &Json) -> String {
    let body = crate::compare::body(result);
    serde_json::to_string_pretty(&body).unwrap_or_else(|_| result.text().to_owned())
}

/// A code block whose fence is longer than any inside it.
fn fenced(out: &mut String, language: &str, text: &str) {
    let fence = fence(text);
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}\n", clean_block(text));
}

/// A word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_the_shell_and_a_fence_its_content() {
        assert_eq!(quoted("get_invoice"), "get_invoice");
        assert_eq!(quoted(r#"{"a":"it's"}"#), r#"'{"a":"it'\''s"}'"#);
        let mut out = String::new();
        fenced(&mut out, "json", "a ```` b");
        assert!(out.starts_with("`````json\n") && out.ends_with("`````\n\n"), "{out}");
    }
}
