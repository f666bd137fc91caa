//! Nothing invented: ids, days and amounts of an answer stand in a result of the conversation.

use callboard::model::Message;
use callboard::protocol::TurnId;
use callboard::session::Evidence;
use serde_json::Value;

use super::desk::{BRIEFING, Desk, Turn};

/// What an answer says that no result says. Sums are allowed where the answer says what they are made of.
pub fn unsupported(messages: &[Message], turn: &Turn) -> Vec<String> {
    // What a server says of itself counts as said by it.
    let mut said = BRIEFING.to_owned();
    let mut numbers: Vec<f64> = Vec::new();
    let mut texts = String::new();
    for message in messages {
        if let Message::Tool { result: Some(result), text, .. } = message {
            said.push_str(result.text());
            said.push_str(text);
            collect(&result.value(), &mut numbers, &mut texts);
        }
    }
    let lines = turn.answer.lines().filter(|line| !sums_up(line));
    let mut wrong = Vec::new();
    for word in turn.answer.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if is_id(word) && !said.contains(word) {
            wrong.push(format!("the id {word} is in no result"));
        }
        if is_day(word) && !said.contains(word) {
            wrong.push(format!("the day {word} is in no result"));
        }
    }
    for word in lines.flat_map(|line| line.split_whitespace()) {
        let plain = word.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
        let Some(amount) = amount(plain) else { continue };
        if !numbers.iter().any(|number| (number - amount).abs() < 0.005) && !said.contains(plain) {
            wrong.push(format!("the amount {plain} is in no result"));
        }
    }
    wrong.extend(marked(messages, turn).into_iter().map(|piece| format!("{piece} would be marked")));
    wrong
}

/// What the console would mark in the answer.
fn marked(messages: &[Message], turn: &Turn) -> Vec<String> {
    // All that was asked until then may be used in it.
    const TURN: TurnId = TurnId(1);
    let mut evidence = Evidence::default();
    evidence.add_instructions(TURN, BRIEFING);
    for message in messages {
        match message {
            Message::User(question) => evidence.add_question(TURN, &question.text),
            Message::Tool { call, result: Some(result), .. } => evidence.add(*call, result),
            Message::Tool { .. } | Message::Assistant { .. } | Message::System { .. } => {}
        }
    }
    evidence.unsupported(TURN, &turn.answer).into_iter().map(str::to_owned).collect()
}

/// A line that says a total and what it is the total of.
fn sums_up(line: &str) -> bool {
    line.contains(" in all ") || line.contains("the sum of ") || line.contains("The mean is ")
}

fn is_id(word: &str) -> bool {
    ["TKT-", "CUST-", "INV-", "KB-", "AST-"].iter().any(|prefix| word.starts_with(prefix))
        && word.ends_with(|c: char| c.is_ascii_digit())
}

fn is_day(word: &str) -> bool {
    word.len() == 10 && word.parse::<jiff::civil::Date>().is_ok()
}

/// `1,234.50`
fn amount(word: &str) -> Option<f64> {
    let (whole, cents) = word.rsplit_once('.')?;
    let shape = cents.len() == 2
        && cents.chars().all(|c| c.is_ascii_digit())
        && whole.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == ',');
    shape.then(|| word.replace(',', "").parse().ok()).flatten()
}

fn collect(value: &Value, numbers: &mut Vec<f64>, texts: &mut String) {
    match value {
        Value::Number(number) => numbers.extend(number.as_f64()),
        Value::String(text) => texts.push_str(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, numbers, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, numbers, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[tokio::test]
async fn an_invented_id_would_be_noticed() {
    let desk = Desk::open().await;
    let mut talk = desk.talk();
    let mut turn = talk.ask("ticket 1005").await;
    assert!(unsupported(&talk.messages, &turn).is_empty());
    turn.answer.push_str(" See TKT-4711 of 2023-01-01 over 12.34 USD.");
    assert_eq!(unsupported(&talk.messages, &turn).len(), 6);
}
