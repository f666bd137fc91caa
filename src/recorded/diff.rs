//! `callboard diff`: what differs between two sessions.

use serde_json::json;

use crate::compare::{AnswerDiff, Comparison, Fate, Pair, Side, compare};
use crate::failure::{Failure, Form};
use crate::sanitise::clean_line;
use crate::stdout::{say, say_json};
use crate::wording::count;

use super::unless_damaged;

/// `callboard diff A B`.
///
/// # Errors
/// They differ, and how has been printed; one is damaged or cannot be read.
pub fn diff(left: &str, right: &str, form: Form) -> Result<(), Failure> {
    let (left, right) = (super::read(left)?, super::read(right)?);
    let comparison = compare(&left.session, &right.session);
    match form {
        Form::Json => say_json(
            &json!({
                "left": left.header.id, "right": right.header.id, "same": comparison.is_same(),
                "damage": {"left": left.damage.words(), "right": right.damage.words()},
                "calls": comparison.calls, "answers": comparison.answers,
            })
            .to_string(),
        )?,
        Form::Text => lines(&comparison).iter().try_for_each(|line| say(&clean_line(line)))?,
    }
    if !comparison.is_same() {
        let differing = comparison.calls.iter().filter(|pair| pair.fate != Fate::Same || pair.moved).count();
        let is_damaged = !left.damage.is_none() || !right.damage.is_none();
        return Err(Failure::failed(format!(
            "{} and {} differ: {differing} of {}, {}{}",
            left.header.id,
            right.header.id,
            count(comparison.calls.len(), "call"),
            count(comparison.answers.len(), "turn"),
            if is_damaged { "; what differs may only be damaged, see above" } else { "" }
        )));
    }
    // That what is left of them is the same says nothing of the rest.
    [left, right].iter().try_for_each(|one| unless_damaged(&one.header.id, &one.damage, "compared"))
}

/// The comparison as lines of text, not sanitised.
#[must_use]
pub fn lines(comparison: &Comparison) -> Vec<String> {
    let mut lines: Vec<String> = comparison.calls.iter().flat_map(pair_lines).collect();
    for answer in &comparison.answers {
        lines.push(answer_line(answer));
        lines.extend(answer.lines.iter().map(|line| {
            let mark = match line.side {
                Side::Both => ' ',
                Side::Left => '-',
                Side::Right => '+',
            };
            format!("    {mark} {}", line.text)
        }));
    }
    lines
}

fn answer_line(answer: &AnswerDiff) -> String {
    let word = match (answer.left, answer.right) {
        (Some(_), Some(_)) if answer.lines.is_empty() => "reordered",
        (Some(_), Some(_)) if answer.moved => "other answer, reordered",
        (Some(_), Some(_)) => "other answer",
        (_, None) => "removed",
        (None, _) => "added",
    };
    row(answer.left, answer.right, word, &format!("> {}", answer.question))
}

/// A line that begins with who has it, `-` for who has not.
fn row<Id: std::fmt::Display>(left: Option<Id>, right: Option<Id>, word: &str, rest: &str) -> String {
    let shown = |id: Option<Id>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("{:<5} {:<5} {word:<14} {rest}", shown(left), shown(right))
}

fn pair_lines(pair: &Pair) -> Vec<String> {
    let word = match &pair.fate {
        Fate::Same if pair.moved => "reordered",
        Fate::Same => "same",
        Fate::Changed { verdict, .. } => verdict.as_str(),
        Fate::Added => "added",
        Fate::Removed => "removed",
    };
    let also = if pair.moved && pair.fate != Fate::Same { ", reordered" } else { "" };
    let call = format!("{} {}", pair.name, pair.arguments);
    let mut lines = vec![row(pair.left, pair.right, &format!("{word}{also}"), &call)];
    if let Fate::Changed { changes, .. } = &pair.fate {
        lines.extend(changes.iter().map(|change| format!("    {}", change.line())));
    }
    lines
}
