//! A report for people: what was asked, which calls were made, how to make each again, what was answered.

use std::fmt::Write as _;

use crate::protocol::{Ending, Json};
use crate::sanitise::{clean_block, clean_line};
use crate::session::{Call, Turn};

use super::Material;
use super::json::status;

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
    if !material.select.is_empty() {
        row(&mut out, "only calls with", &material.select.to_string());
    }
    for (turn, calls) in material.turns() {
        turn_section(&mut out, material, turn, &calls);
    }
    if !material.removed.is_empty() {
        let _ = writeln!(out, "## Removed from this report\n");
        for removed in &material.removed {
            let _ = writeln!(
                out,
                "- {} `{}`, {} times",
                clean_line(&removed.kind),
                clean_line(&removed.mark),
                removed.count
            );
        }
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
    out.push('\n');
    for call in calls {
        call_section(out, call);
    }
    let answer = turn.answer(&material.session).map(|step| step.text.trim_end()).unwrap_or_default();
    let _ = writeln!(out, "### Answer\n");
    match (answer, turn.ending) {
        ("", ending) => {
            let ending = ending.map_or("open", Ending::as_str);
            let reason = turn.reason.as_deref().unwrap_or("no reason given");
            let _ = writeln!(out, "None: {ending}, {}.\n", clean_line(reason));
        }
        (text, _) => {
            let _ = writeln!(out, "{}\n", clean_block(text));
        }
    }
}

fn call_section(out: &mut String, call: &Call) {
    let ms = call.duration_us.unwrap_or(0) / 1000;
    let (server, tool) = (clean_line(call.server.as_str()), clean_line(call.tool.as_str()));
    let _ = writeln!(out, "### [{}] {server} {tool}: {}, {ms} ms\n", call.id.0, status(call));
    let command = format!("callboard call {} {} {}", quoted(&server), quoted(&tool), quoted(call.arguments.text()));
    fenced(out, "sh", &command);
    for (verdict, by) in &call.decisions {
        let _ = writeln!(out, "Decided by {}: {verdict:?}.\n", clean_line(by));
    }
    if let Some(failure) = &call.failure {
        let _ = writeln!(out, "It failed: {}\n", clean_line(&failure.message));
    }
    if let Some(result) = &call.result {
        fenced(out, "json", &pretty(result));
    }
}

fn pretty(result: &Json) -> String {
    let body = crate::compare::body(result);
    serde_json::to_string_pretty(&body).unwrap_or_else(|_| result.text().to_owned())
}

/// A code block whose fence is longer than any inside it.
fn fenced(out: &mut String, language: &str, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
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
