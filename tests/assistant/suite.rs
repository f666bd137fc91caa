//! The shipped suite of everyday questions, against the real servers.

use callboard::eval::{CallMade, Outcome, Report, Result, Suite, judge};

use super::desk::Desk;
use super::evidence::unsupported;

const SUITE: &str = include_str!("../../data/eval/everyday.toml");

#[tokio::test]
async fn everyday_questions_are_answered() {
    let suite = Suite::parse("everyday.toml", SUITE).unwrap();
    assert!(
        suite.intents.len() >= 20 && suite.phrasings() >= 60,
        "{} intents, {}",
        suite.intents.len(),
        suite.phrasings()
    );
    let desk = Desk::open().await;
    let mut report = Report { suite: "everyday".to_owned(), model: "built-in".to_owned(), results: Vec::new() };
    let mut times: Vec<u128> = Vec::new();
    for intent in &suite.intents {
        for turns in &intent.phrasings {
            let mut talk = desk.talk();
            let mut last = super::desk::Turn::default();
            for turn in turns {
                last = talk.ask(turn).await;
            }
            times.push(last.planning_us);
            let calls =
                last.calls.iter().map(|call| CallMade { tool: call.tool.clone(), arguments: call.arguments.clone() });
            let outcome = Outcome { calls: calls.collect(), answer: last.answer.clone() };
            let mut wrong = judge(intent, &outcome);
            wrong.extend(unsupported(&talk.messages, &last));
            report.results.push(Result {
                intent: intent.name.clone(),
                turns: turns.clone(),
                wrong,
                calls: last.calls.len(),
                duration_us: u64::try_from(last.planning_us).unwrap(),
            });
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).or(times.last()).copied().unwrap_or_default();
    println!("{}\nslowest step of a turn: p50 {} µs, p99 {} µs, most {} µs", report.table(), at(50), at(99), at(100));
    assert!(report.reaches(100), "{}", report.table());
}

#[tokio::test]
async fn the_hundredth_question_is_planned_as_fast_as_the_fortieth() {
    let desk = Desk::open().await;
    let mut talk = desk.talk();
    let questions =
        ["critical tickets", "and who are the customers?", "overdue invoices of TechCorp", "assets of CUST-002"];
    let mut times: Vec<u128> = Vec::new();
    for question in questions.iter().cycle().take(100) {
        times.push(talk.ask(question).await.planning_us);
    }
    let middle = |part: &[u128]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part[part.len() / 2]
    };
    let (early, late) = (middle(&times[30..50]), middle(&times[80..]));
    println!("slowest step: questions 31-50 {early} µs, 81-100 {late} µs, first {} µs", times[0]);
    assert!(late < early * 3, "{early} µs, then {late} µs");
}
