//! `callboard verify`: makes the read-only calls of a recording again and compares what comes with what came.

mod programs;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::compare::{Change, Outcome, Verdict, unanswered, verdict};
use crate::direct::{Muster, muster_aloud, run};
use crate::failure::{Failure, Form};
use crate::launch::Fleet;
use crate::mcp::{ServerSpec, Servers};
use crate::protocol::{ToolDefinition, secret_marks};
use crate::recording::damage::Damage;
use crate::sanitise::clean_line;
use crate::session::{Call, Session};
use crate::stdout::{say, say_json};
use crate::wording::{count, duration};

use programs::{Replaced, replaced};

/// What became of one recorded call.
#[derive(Debug)]
pub struct Checked {
    /// `c1`, `c2`, …
    pub call: String,
    /// Server and tool.
    pub name: String,
    /// What came of it.
    pub finding: Finding,
    /// How long the call took this time, µs.
    pub duration_us: u64,
}

/// What came of making a call again.
#[derive(Debug)]
pub enum Finding {
    /// It was made and compared.
    Compared {
        /// How the outcomes relate.
        verdict: Verdict,
        /// Where they differ.
        changes: Vec<Change>,
    },
    /// It was not made, and why; that is no failure.
    Skipped(String),
    /// It could not be made, and why.
    Impossible(String),
}

/// What a finding says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// It came out as recorded.
    Ok,
    /// It came out otherwise, or could not be made.
    Failed,
    /// Nothing: it was not made.
    Open,
}

impl Checked {
    fn judgement(&self) -> Judgement {
        match &self.finding {
            Finding::Compared { verdict: Verdict::Identical, .. } => Judgement::Ok,
            Finding::Compared { .. } | Finding::Impossible(_) => Judgement::Failed,
            Finding::Skipped(_) => Judgement::Open,
        }
    }

    fn word(&self) -> &'static str {
        match &self.finding {
            Finding::Compared { verdict, .. } => verdict.as_str(),
            Finding::Skipped(_) => "skipped",
            Finding::Impossible(_) => "impossible",
        }
    }

    fn lines(&self) -> Vec<String> {
        match &self.finding {
            Finding::Compared { changes, .. } => changes.iter().map(Change::line).collect(),
            Finding::Skipped(reason) | Finding::Impossible(reason) => vec![reason.clone()],
        }
    }
}

/// What came of the calls of a recording.
#[derive(Debug)]
struct Report {
    /// The session's id.
    session: String,
    /// Servers that are not what they were. That alone is no failure.
    replaced: Vec<Replaced>,
    /// Its calls, in order.
    calls: Vec<Checked>,
    /// Why the calls alone do not prove anything: lines that cannot be read, or nothing to compare.
    problems: Vec<String>,
}

impl Report {
    fn new(session: String, calls: Vec<Checked>, replaced: Vec<Replaced>, damage: &Damage) -> Self {
        let mut problems: Vec<String> =
            damage.first.iter().map(|problem| format!("the recording is damaged, {problem}")).collect();
        let untold = damage.untold();
        if untold > 0 {
            problems.push(format!("the recording is damaged in {untold} more places"));
        }
        if calls.is_empty() {
            problems.push("there is nothing to compare: the recording has no calls".to_owned());
        } else if calls.iter().all(|call| call.judgement() == Judgement::Open) {
            problems.push(format!("there is nothing to compare: {} skipped", count(calls.len(), "call")));
        }
        Self { session, replaced, calls, problems }
    }

    fn number(&self, judgement: Judgement) -> usize {
        self.calls.iter().filter(|call| call.judgement() == judgement).count()
    }

    fn failed(&self) -> usize {
        self.number(Judgement::Failed)
    }

    /// What became of the calls, in a line.
    fn sum(&self) -> String {
        let parts = [(Judgement::Ok, "ok"), (Judgement::Failed, "failed"), (Judgement::Open, "skipped")];
        let parts = parts.map(|(judgement, word)| format!("{} {word}", self.number(judgement)));
        format!("{}: {}", count(self.calls.len(), "call"), parts.join(", "))
    }

    fn is_ok(&self) -> bool {
        self.failed() == 0 && self.problems.is_empty()
    }

    /// Why it is not ok.
    fn failure(&self) -> String {
        let failed = self.failed();
        let calls = (failed > 0).then(|| format!("{failed} of {} came out otherwise", count(self.calls.len(), "call")));
        let first = self.problems.first().cloned();
        let more = self.problems.len().saturating_sub(1);
        let more = (more > 0).then(|| format!("and {} more", count(more, "problem")));
        let words: Vec<String> = [calls, first, more].into_iter().flatten().collect();
        let why = words.join("; ");
        match self.number(Judgement::Ok) {
            // What could be read is as it was, and that is all that can be said.
            ok @ 1.. if failed == 0 => {
                format!("{} of {} came out as recorded, but {why}", count(ok, "call"), self.session)
            }
            _ => format!("{} was not verified: {why}", self.session),
        }
    }
}

/// `callboard verify FILE`.
///
/// # Errors
/// A call came out otherwise or could not be made; the recording is damaged or has nothing to compare: what was found has
/// been printed. No such session; a report that cannot be written.
pub async fn verify(fleet: &Fleet, wanted: &str, form: Form, junit: Option<&Path>) -> Result<(), Failure> {
    let recorded = super::read(wanted)?;
    let (calls, replaced) = check(fleet, &recorded.session).await;
    let report = Report::new(recorded.header.id.to_string(), calls, replaced, &recorded.damage);
    match form {
        Form::Json => say_json(&as_json(&report).to_string())?,
        Form::Text => table(&report).iter().try_for_each(|line| say(&clean_line(line)))?,
    }
    if let Some(path) = junit {
        std::fs::write(path, as_junit(&report)).map_err(|error| {
            Failure::failed(format!("the JUnit report {} cannot be written: {error}", path.display()))
        })?;
    }
    if report.is_ok() { Ok(()) } else { Err(Failure::failed(report.failure())) }
}

async fn check(fleet: &Fleet, session: &Session) -> (Vec<Checked>, Vec<Replaced>) {
    let used: Vec<ServerSpec> =
        fleet.specs.iter().filter(|spec| session.calls.iter().any(|call| call.server == spec.name)).cloned().collect();
    let (mut servers, muster) = muster_aloud(&used, &fleet.secrets).await;
    let (clock, mut checked) = (Clock::start(), Vec::new());
    for call in &session.calls {
        let began_us = clock.now_us();
        let finding = match may_run(call, &muster) {
            Ok(tool) => rerun(&mut servers, call, tool).await,
            Err(finding) => finding,
        };
        let duration_us = clock.now_us().saturating_sub(began_us);
        checked.push(Checked {
            call: call.id.to_string(),
            name: format!("{} {}", call.server, call.tool),
            finding,
            duration_us,
        });
    }
    drop(servers.stop().await);
    (checked, replaced(session, &used, &muster, &fleet.secrets))
}

/// The tool of a call that may be made again: one that was sent, has an end, and only reads, then and now.
fn may_run<'m>(call: &Call, muster: &'m Muster) -> Result<&'m ToolDefinition, Finding> {
    let skipped = |reason: &str| Err(Finding::Skipped(reason.to_owned()));
    if let Some(reason) = unanswered(call) {
        return skipped(reason);
    }
    if call.result.is_none() {
        return skipped("it has no result to compare with");
    }
    if !call.read_only {
        return skipped("the tool may change something");
    }
    if !secret_marks(&call.arguments.value()).is_empty() {
        return skipped("its arguments hold a secret that was kept out of the recording");
    }
    if let Some(lost) = muster.lost.get(&call.server) {
        return Err(Finding::Impossible(format!("server {} could not be started: {}", call.server, lost.reason)));
    }
    let Some(listed) = muster.listed.get(&call.server) else {
        return Err(Finding::Impossible(format!("there is no server {} now", call.server)));
    };
    match listed.tools.iter().find(|tool| tool.tool == call.tool) {
        None => Err(Finding::Impossible(format!("server {} has no tool {} any more", call.server, call.tool))),
        Some(tool) if !tool.effects().read_only => skipped("the server no longer says that the tool only reads"),
        Some(tool) => Ok(tool),
    }
}

/// Makes a recorded call again and compares.
async fn rerun(servers: &mut Servers, call: &Call, tool: &ToolDefinition) -> Finding {
    let Value::Object(arguments) = call.arguments.value() else {
        return Finding::Skipped("its arguments are no object".to_owned());
    };
    match run(servers, &call.server, tool.tool.as_str(), arguments).await {
        Err(failure) => Finding::Impossible(failure.message),
        Ok(end) => {
            let (verdict, changes) = verdict(&Outcome::of_call(call), &Outcome::of_end(&end));
            Finding::Compared { verdict, changes }
        }
    }
}

fn table(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> =
        report.replaced.iter().map(|replaced| format!("note    {}", replaced.line())).collect();
    for row in &report.calls {
        let (mark, took) = match row.judgement() {
            Judgement::Ok => ("ok    ", duration(row.duration_us)),
            Judgement::Failed => ("FAILED", duration(row.duration_us)),
            // It took no time, and to say so would look like a call.
            Judgement::Open => ("-     ", String::new()),
        };
        let line = format!("{mark}  {:<5} {:<14} {:<36} {took}", row.call, row.word(), row.name);
        lines.push(line.trim_end().to_owned());
        lines.extend(row.lines().iter().map(|line| format!("        {line}")));
    }
    lines.extend(report.problems.iter().map(|problem| format!("FAILED  {problem}")));
    lines.push(report.sum());
    lines
}

fn as_json(report: &Report) -> Value {
    let rows: Vec<Value> = report
        .calls
        .iter()
        .map(|row| {
            let changes = match &row.finding {
                Finding::Compared { changes, .. } => json!(changes),
                Finding::Skipped(_) | Finding::Impossible(_) => json!([]),
            };
            let reason = match &row.finding {
                Finding::Compared { .. } => None,
                Finding::Skipped(reason) | Finding::Impossible(reason) => Some(reason),
            };
            let ok = match row.judgement() {
                Judgement::Ok => Some(true),
                Judgement::Failed => Some(false),
                Judgement::Open => None,
            };
            json!({
                "call": row.call, "name": row.name, "ok": ok, "finding": row.word(), "reason": reason,
                "changes": changes, "duration_us": row.duration_us,
            })
        })
        .collect();
    let replaced = report.replaced.iter().map(|replaced| {
        let Replaced { server, change, then, now } = replaced;
        json!({"server": server, "change": change.word(), "then": then, "now": now})
    });
    let replaced: Vec<Value> = replaced.collect();
    json!({
        "session": report.session, "ok": report.is_ok(), "problems": report.problems, "replaced": replaced, "calls": rows,
    })
}

/// JUnit XML, as CI systems read it.
fn as_junit(report: &Report) -> String {
    let (calls, errors) = (&report.calls, report.problems.len());
    let (tests, failed) = (calls.len() + errors, report.failed());
    let skipped = report.number(Judgement::Open);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<testsuite name=\"callboard verify\" tests=\"{tests}\" failures=\"{failed}\" skipped=\"{skipped}\" errors=\"{errors}\">"
    );
    for row in calls {
        let (seconds, rest) = (row.duration_us / 1_000_000, row.duration_us % 1_000_000);
        let (name, class) = (escaped(&format!("{} {}", row.call, row.name)), escaped(&row.name));
        let _ = write!(out, "  <testcase name=\"{name}\" classname=\"{class}\" time=\"{seconds}.{rest:06}\">");
        let text = escaped(&row.lines().join("\n"));
        let _ = match row.judgement() {
            Judgement::Open => write!(out, "<skipped message=\"{text}\"/>"),
            Judgement::Ok => Ok(()),
            Judgement::Failed => write!(out, "<failure message=\"{}\">{text}</failure>", row.word()),
        };
        let _ = writeln!(out, "</testcase>");
    }
    for (number, problem) in (1..).zip(&report.problems) {
        let problem = escaped(problem);
        let _ = write!(out, "  <testcase name=\"recording {number}\" classname=\"recording\" time=\"0\">");
        let _ = writeln!(out, "<error message=\"{problem}\"/></testcase>");
    }
    if !report.replaced.is_empty() {
        let lines: Vec<String> = report.replaced.iter().map(Replaced::line).collect();
        let _ = writeln!(out, "  <system-out>{}</system-out>", escaped(&lines.join("\n")));
    }
    out.push_str("</testsuite>\n");
    out
}

/// Text for XML 1.0: markup as entities, and what it may not contain made visible.
fn escaped(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(clean_line).collect();
    lines.join("\n").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_came_out_as_recorded_are_not_said_to_be_unverified() {
        let row = |verdict| Checked {
            call: "c1".into(),
            name: "desk find".into(),
            finding: Finding::Compared { verdict, changes: Vec::new() },
            duration_us: 1,
        };
        let mut damage = Damage::default();
        damage.add(7, "no record".into());
        let words = |calls| Report::new("01AB".into(), calls, Vec::new(), &damage).failure();
        assert_eq!(
            words(vec![row(Verdict::Identical)]),
            "1 call of 01AB came out as recorded, but the recording is damaged, line 7: no record"
        );
        assert!(
            words(vec![row(Verdict::Identical), row(Verdict::ValuesDiffer)]).starts_with("01AB was not verified: 1")
        );
    }

    #[test]
    fn a_junit_report_is_well_formed_whatever_the_servers_say() {
        let row =
            |finding| Checked { call: "c1".into(), name: "a <b> & \"c\"".into(), finding, duration_us: 1_500_000 };
        let calls = vec![
            row(Finding::Skipped("\u{1b}[31m</testcase>".into())),
            row(Finding::Impossible("gone\nfor good".into())),
            row(Finding::Compared { verdict: Verdict::Identical, changes: Vec::new() }),
        ];
        let mut damage = Damage::default();
        damage.add(7, "no <record>".into());
        let report = as_junit(&Report::new("01AB".into(), calls, Vec::new(), &damage));
        assert!(report.contains("tests=\"4\" failures=\"1\" skipped=\"1\" errors=\"1\""), "{report}");
        assert!(
            report.contains("<error message=\"the recording is damaged, line 7: no &lt;record&gt;\"/>"),
            "{report}"
        );
        assert!(report.contains("time=\"1.500000\"") && !report.contains('\u{1b}'), "{report}");
        assert_eq!(report.matches("</testcase>").count(), 4);
        assert!(report.contains("a &lt;b&gt; &amp; &quot;c&quot;"), "{report}");
    }
}
