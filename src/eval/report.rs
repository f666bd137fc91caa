//! The results of a suite: by intent, as a table, as JSON, as JUnit.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::junit;

/// One conversation judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Result {
    /// The intent's name.
    pub intent: String,
    /// What was asked, turn by turn.
    pub turns: Vec<String>,
    /// What is wrong, from [`judge`](super::judge), or that the model failed; empty if all is well.
    pub wrong: Vec<String>,
    /// Calls of the last turn.
    pub calls: usize,
    /// How long the last turn took, in µs.
    pub duration_us: u64,
}

/// All results of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The suite's name, such as its file.
    pub suite: String,
    /// The model's name.
    pub model: String,
    /// In the order in which they were judged.
    pub results: Vec<Result>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentSummary {
    /// The intent's name.
    pub intent: String,
    /// How many of its phrasings went well.
    pub passed: usize,
    /// How many phrasings it has.
    pub total: usize,
    /// Calls of all of them together.
    pub calls: usize,
}

impl Report {
    /// How many conversations went well.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.results.iter().filter(|result| result.wrong.is_empty()).count()
    }

    /// Whether at least `percent` of the conversations went well; an empty report never does.
    #[must_use]
    pub fn reaches(&self, percent: u32) -> bool {
        let total = self.results.len();
        total > 0
            && self.passed().saturating_mul(100) >= total.saturating_mul(usize::try_from(percent).unwrap_or(usize::MAX))
    }

    /// The results by intent, in order of first appearance.
    #[must_use]
    pub fn intents(&self) -> Vec<IntentSummary> {
        let mut out: Vec<IntentSummary> = Vec::new();
        for result in &self.results {
            let passed = usize::from(result.wrong.is_empty());
            match out.iter_mut().find(|summary| summary.intent == result.intent) {
                Some(summary) => {
                    summary.passed += passed;
                    summary.total += 1;
                    summary.calls += result.calls;
                }
                None => {
                    out.push(IntentSummary { intent: result.intent.clone(), passed, total: 1, calls: result.calls })
                }
            }
        }
        out
    }

    /// A table for people: success by intent, then what failed and why.
    #[must_use]
    pub fn table(&self) -> String {
        let intents = self.intents();
        let width = intents.iter().map(|summary| summary.intent.chars().count()).max().unwrap_or(0).max(6);
        let mut out = format!("{:width$}  passed      calls\n", "intent");
        for summary in &intents {
            let rate = format!("{}/{}", summary.passed, summary.total);
            let calls = tenths(summary.calls, summary.total);
            let _ = writeln!(
                out,
                "{:width$}  {rate:>6} {:>4}  {calls:>5}",
                summary.intent,
                percent(summary.passed, summary.total)
            );
        }
        let total = self.results.len();
        let calls = self.results.iter().map(|result| result.calls).sum();
        let rate = format!("{}/{total}", self.passed());
        let _ = writeln!(
            out,
            "{:width$}  {rate:>6} {:>4}  {:>5}",
            "all",
            percent(self.passed(), total),
            tenths(calls, total)
        );
        for result in self.results.iter().filter(|result| !result.wrong.is_empty()) {
            let _ = write!(out, "\n{}: {}\n", result.intent, result.turns.join(" → "));
            for wrong in &result.wrong {
                let _ = writeln!(out, "  {wrong}");
            }
        }
        out
    }

    /// The whole report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let intents: Vec<Value> = self
            .intents()
            .iter()
            .map(|summary| json!({ "intent": summary.intent, "passed": summary.passed, "total": summary.total, "calls": summary.calls }))
            .collect();
        let results: Vec<Value> = self
            .results
            .iter()
            .map(|result| {
                json!({
                    "intent": result.intent, "turns": result.turns, "ok": result.wrong.is_empty(), "wrong": result.wrong,
                    "calls": result.calls, "duration_us": result.duration_us,
                })
            })
            .collect();
        json!({
            "suite": self.suite, "model": self.model, "passed": self.passed(), "total": self.results.len(),
            "intents": intents, "results": results,
        })
    }

    /// The report as JUnit XML: an intent is a test suite, a phrasing a test case.
    #[must_use]
    pub fn junit(&self) -> String {
        junit::write(self)
    }
}

/// Whole percent, rounded down, so that 100 means all.
fn percent(part: usize, whole: usize) -> String {
    (part * 100).checked_div(whole).map_or_else(|| "-".to_owned(), |percent| format!("{percent}%"))
}

/// A mean with one decimal.
fn tenths(sum: usize, count: usize) -> String {
    (sum * 10).checked_div(count).map_or_else(|| "-".to_owned(), |tenths| format!("{}.{}", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let result = |intent: &str, wrong: &[&str], calls| Result {
            intent: intent.to_owned(),
            turns: vec!["show <x> & \"y\"".to_owned()],
            wrong: wrong.iter().map(|text| (*text).to_owned()).collect(),
            calls,
            duration_us: 1500,
        };
        Report {
            suite: "everyday".to_owned(),
            model: "built-in".to_owned(),
            results: vec![result("a", &[], 1), result("a", &["search was not called"], 2), result("b", &[], 0)],
        }
    }

    #[test]
    fn rates_are_counted_by_intent_and_in_all() {
        let report = report();
        assert_eq!(report.intents()[0], IntentSummary { intent: "a".to_owned(), passed: 1, total: 2, calls: 3 });
        assert!(report.reaches(66) && !report.reaches(67));
        assert!(!Report::default().reaches(0));
        assert!(report.table().contains("a          1/2  50%    1.5"), "{}", report.table());
        assert_eq!(report.json()["passed"], 2);
    }

    #[test]
    fn junit_is_escaped_and_counts_failures() {
        let xml = report().junit();
        assert!(xml.contains("tests=\"3\" failures=\"1\""), "{xml}");
        assert!(xml.contains("show &lt;x&gt; &amp; &quot;y&quot;"), "{xml}");
    }
}
