//! Runs a suite of questions through a session: each conversation starts fresh, its last turn is judged.

use crate::eval::{CallMade, Outcome, Report, Result as Judged, Suite, judge};
use crate::failure::Failure;
use crate::headless::{self, Interrupt};
use crate::link::{Link, News};
use crate::mcp::process;
use crate::protocol::{Command, Ending, Event};
use crate::session::{Session, Turn};

/// Asks every conversation of `suite` over `link` and judges what comes.
///
/// # Errors
/// The session broke off, or a signal stopped it.
pub async fn run(mut link: Link, suite: &Suite, name: &str) -> Result<Report, Failure> {
    let mut interrupt = Interrupt::listen()?;
    let mut report = Report { suite: name.to_owned(), ..Report::default() };
    let asked = tokio::select! {
        asked = ask(&mut link, suite, &mut report) => asked,
        name = interrupt.next() => Err(headless::stopped_by(name)),
    };
    headless::send(&link, Command::Quit).await;
    loop {
        tokio::select! {
            news = link.news.recv() => if news.is_none() { break },
            _ = interrupt.next() => {
                process::kill_all();
                break;
            }
        }
    }
    asked.map(|()| report)
}

async fn ask(link: &mut Link, suite: &Suite, report: &mut Report) -> Result<(), Failure> {
    let mut session = Session::default();
    for intent in &suite.intents {
        for turns in &intent.phrasings {
            headless::send(link, Command::ClearConversation).await;
            let before = session.calls.len();
            for question in turns {
                headless::send(link, Command::Submit(question.as_str().into())).await;
                finish_turn(link, &mut session).await?;
            }
            let Some(turn) = session.turns.last() else { continue };
            let (outcome, failed) = outcome(&session, turn, before);
            let mut wrong = judge(intent, &outcome);
            wrong.extend(failed);
            report.results.push(Judged {
                intent: intent.name.clone(),
                turns: turns.clone(),
                wrong,
                calls: outcome.calls.len(),
                duration_us: turn.ended_us.unwrap_or(turn.started_us) - turn.started_us,
            });
        }
    }
    session.model().clone_into(&mut report.model);
    Ok(())
}

async fn finish_turn(link: &mut Link, session: &mut Session) -> Result<(), Failure> {
    while let Some(news) = link.news.recv().await {
        // Only a replay sends anything else.
        let News::Record(record) = news else { continue };
        session.apply(&record);
        if let (Event::CallHeld(held), Some(call)) = (&record.event, record.scope.call) {
            headless::send(link, headless::deny(call, held)).await;
        }
        if matches!(record.event, Event::TurnEnded(_)) {
            return Ok(());
        }
    }
    Err(Failure::failed("the session broke off in the middle of the suite".into()))
}

fn outcome(session: &Session, turn: &Turn, before: usize) -> (Outcome, Option<String>) {
    let calls = turn
        .calls
        .iter()
        .filter_map(|id| session.call(*id))
        .map(|call| CallMade { tool: call.tool.to_string(), arguments: call.arguments.value() })
        .collect();
    let answer = turn.answer(session).map(|step| renumbered(&step.text, before)).unwrap_or_default();
    let failed = match turn.ending {
        Some(Ending::Answered) => None,
        Some(ending) => {
            Some(format!("the turn ended {}: {}", ending.as_str(), turn.reason.as_deref().unwrap_or_default()))
        }
        None => Some("the turn has no end".to_owned()),
    };
    (Outcome { calls, answer }, failed)
}

/// References as they would be if the conversation were the first of its session: a suite cannot know what ran before it.
fn renumbered(answer: &str, before: usize) -> String {
    let mut pieces = answer.split('[');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push('[');
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        match piece[..digits].parse::<usize>() {
            Ok(number) if number > before && piece[digits..].starts_with(']') => {
                out.push_str(&(number - before).to_string());
                out.push_str(&piece[digits..]);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_count_from_the_start_of_the_conversation() {
        assert_eq!(renumbered("three [7], two [8][9]; [2] and [x] stay", 6), "three [1], two [2][3]; [2] and [x] stay");
    }
}
