//! The judgement of one outcome.

use serde_json::{Map, Value};

use super::suite::Intent;

/// What a model did in the last turn of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Its calls, in order.
    pub calls: Vec<CallMade>,
    /// Its answer.
    pub answer: String,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallMade {
    /// The tool's name on its server.
    pub tool: String,
    /// Its arguments, an object.
    pub arguments: Value,
}

/// What is wrong with an outcome, in words; empty if nothing is.
#[must_use]
pub fn judge(intent: &Intent, outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let count = outcome.calls.len();
    if count < intent.min_calls {
        wrong.push(format!("{count} calls, expected at least {}", intent.min_calls));
    }
    if count > intent.max_calls {
        wrong.push(format!("{count} calls, expected at most {}", intent.max_calls));
    }
    for tool in &intent.tools {
        if !outcome.calls.iter().any(|call| call.tool == *tool) {
            wrong.push(format!("{tool} was not called"));
        }
    }
    for (tool, sets) in &intent.arguments {
        for wanted in sets {
            let mut calls = outcome.calls.iter().filter(|call| call.tool == *tool);
            if calls.clone().next().is_some() && !calls.any(|call| has(&call.arguments, wanted)) {
                wrong.push(format!("{tool} was not called with {}", Value::Object(wanted.clone())));
            }
        }
    }
    let answer = outcome.answer.to_lowercase();
    for choices in &intent.contains {
        if !choices.iter().any(|text| answer.contains(&text.to_lowercase())) {
            wrong.push(format!("the answer lacks {:?}", choices.join(" or ")));
        }
    }
    for text in &intent.not_contains {
        if answer.contains(&text.to_lowercase()) {
            wrong.push(format!("the answer must not say {text:?}"));
        }
    }
    wrong
}

/// Whether a call's arguments contain all of these; texts are compared without letter case.
fn has(arguments: &Value, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, value)| arguments.get(name).is_some_and(|given| same(given, value)))
}

fn same(given: &Value, wanted: &Value) -> bool {
    match (given, wanted) {
        (Value::String(a), Value::String(b)) => a.eq_ignore_ascii_case(b),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => given == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Suite;
    use super::*;

    fn wrong(calls: &[(&str, Value)], answer: &str) -> Vec<String> {
        let suite = Suite::parse(
            "s",
            r#"
            [[intent]]
            name = "a"
            tools = ["search"]
            arguments = { search = { priority = "critical" } }
            min_calls = 1
            max_calls = 2
            contains = ["TKT-1", ["open", "in progress"]]
            not_contains = ["sorry"]
            phrasings = ["x"]
        "#,
        )
        .unwrap();
        let calls =
            calls.iter().map(|(tool, arguments)| CallMade { tool: (*tool).to_owned(), arguments: arguments.clone() });
        judge(&suite.intents[0], &Outcome { calls: calls.collect(), answer: answer.to_owned() })
    }

    #[test]
    fn a_good_outcome_has_nothing_wrong() {
        let calls = [("search", json!({"priority": "Critical", "limit": 5})), ("other", json!({}))];
        assert!(wrong(&calls, "tkt-1 is In Progress").is_empty());
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(wrong(&[], "TKT-1 open"), ["0 calls, expected at least 1", "search was not called"]);
        let call = [("search", json!({"priority": "low"}))];
        assert_eq!(wrong(&call, "TKT-1 open"), ["search was not called with {\"priority\":\"critical\"}"]);
        let call = [("search", json!({"priority": "critical"}))];
        assert_eq!(
            wrong(&call, "sorry"),
            [
                "the answer lacks \"TKT-1\"",
                "the answer lacks \"open or in progress\"",
                "the answer must not say \"sorry\""
            ]
        );
    }
}
