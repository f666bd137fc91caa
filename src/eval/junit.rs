//! JUnit XML, as CI systems read it.

use std::fmt::Write as _;

use super::report::{Report, Result};

/// The report as one XML document.
pub(super) fn write(report: &Report) -> String {
    let failures = report.results.len() - report.passed();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"{}\" tests=\"{}\" failures=\"{failures}\">",
        escaped(&report.suite),
        report.results.len()
    );
    for summary in report.intents() {
        let results: Vec<&Result> = report.results.iter().filter(|result| result.intent == summary.intent).collect();
        let name = escaped(&summary.intent);
        let failed = summary.total - summary.passed;
        let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\">", summary.total);
        for result in results {
            case(&mut out, &name, result);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, intent: &str, result: &Result) {
    let name = escaped(&result.turns.join(" → "));
    let seconds = format!("{}.{:06}", result.duration_us / 1_000_000, result.duration_us % 1_000_000);
    let _ = write!(out, "    <testcase classname=\"{intent}\" name=\"{name}\" time=\"{seconds}\"");
    if result.wrong.is_empty() {
        out.push_str("/>\n");
        return;
    }
    let message = escaped(&result.wrong.join("; "));
    let _ = write!(out, ">\n      <failure message=\"{message}\"/>\n    </testcase>\n");
}

/// Text for an attribute; characters that XML cannot hold become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
