//! `callboard doctor`: looks at everything the console depends on, and says of each thing how it is and what to do.

mod endpoint;
mod servers;
mod surroundings;

use std::time::Duration;

use serde_json::json;

use crate::cli::Common;
use crate::config::{self, Settings};
use crate::failure::{Exit, Failure, Form};
use crate::sanitise::clean_line;
use crate::stdout::{say, say_json};
use crate::wording::count;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    /// What part of the whole it belongs to, such as `server`.
    area: &'static str,
    /// Which thing.
    what: String,
    mark: Mark,
    /// How it is.
    says: String,
    /// What to do about it.
    advice: Option<String>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Ok,
    /// It works, but not as well as it could, or not as expected.
    Warn,
    /// It does not work; the command fails this way.
    Fail(Exit),
}

/// How much the model endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Nothing: only whether one is set.
    Configured,
    /// Whether it can do what the console needs, with this long for each question.
    Live(Duration),
}

impl Finding {
    fn ok(area: &'static str, what: impl Into<String>, says: impl Into<String>) -> Self {
        Self { area, what: what.into(), mark: Mark::Ok, says: says.into(), advice: None }
    }

    fn warn(area: &'static str, what: impl Into<String>, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { mark: Mark::Warn, advice: Some(advice.into()), ..Self::ok(area, what, says) }
    }

    fn fail(
        area: &'static str,
        what: impl Into<String>,
        says: impl Into<String>,
        advice: impl Into<String>,
        exit: Exit,
    ) -> Self {
        Self { mark: Mark::Fail(exit), ..Self::warn(area, what, says, advice) }
    }
}

impl Mark {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

/// Looks at everything and prints it as it becomes known.
///
/// # Errors
/// Something does not work; the exit code is that of the failures if they agree, else 1.
pub async fn run(common: &Common, depth: Depth, form: Form) -> Result<(), Failure> {
    let mut report = Report { findings: Vec::new(), form };
    report.add(surroundings::terminal())?;
    let settings = match config::resolve(common) {
        Ok(settings) => {
            report.add(surroundings::settings(common, &settings))?;
            settings
        }
        Err(failure) => {
            let advice =
                "correct it; until then nothing but this command starts. The rest is looked at without settings";
            report.add([Finding::fail("settings", "config.toml", failure.message, advice, Exit::Failed)])?;
            Settings::default()
        }
    };
    report.add(surroundings::state())?;
    report.add(surroundings::clock())?;
    report.add(servers::look(&settings).await)?;
    report.add(endpoint::look(&settings, depth).await)?;
    report.end()
}

struct Report {
    findings: Vec<Finding>,
    form: Form,
}

impl Report {
    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), Failure> {
        for finding in findings {
            if self.form == Form::Text {
                let Finding { area, what, says, .. } = &finding;
                say(&clean_line(&format!("{:<4}  {area:<9} {what:<12} {says}", finding.mark.as_str())))?;
                if let Some(advice) = &finding.advice {
                    say(&clean_line(&format!("{:29}→ {advice}", "")))?;
                }
            }
            self.findings.push(finding);
        }
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        let exits: Vec<Exit> = self
            .findings
            .iter()
            .filter_map(|finding| match finding.mark {
                Mark::Fail(exit) => Some(exit),
                Mark::Ok | Mark::Warn => None,
            })
            .collect();
        let warned = self.findings.iter().filter(|finding| finding.mark == Mark::Warn).count();
        let summary = format!(
            "{}: {} ok, {}, {} failed",
            count(self.findings.len(), "check"),
            self.findings.len() - warned - exits.len(),
            count(warned, "warning"),
            exits.len()
        );
        match self.form {
            Form::Json => {
                let rows: Vec<_> = self
                    .findings
                    .iter()
                    .map(|finding| {
                        json!({
                            "area": finding.area, "what": finding.what, "mark": finding.mark.as_str(),
                            "says": finding.says, "advice": finding.advice,
                        })
                    })
                    .collect();
                say_json(&json!({"checks": rows}).to_string())?;
            }
            Form::Text => say(&format!("\n{summary}"))?,
        }
        let Some(first) = exits.first() else { return Ok(()) };
        let exit = if exits.iter().all(|exit| exit == first) { *first } else { Exit::Failed };
        Err(Failure { exit, message: summary })
    }
}
