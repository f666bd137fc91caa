//! Two sessions side by side: their calls aligned by server, tool, arguments and occurrence, their answers by turn.

use std::collections::HashMap;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::protocol::CallId;
use crate::session::{Call, List, Session};

use super::json::{Change, canonical};
use super::outcome::{Outcome, Verdict, verdict};

/// What differs between two sessions.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The calls of the first in its order, then those only the second has.
    pub calls: Vec<Pair>,
    /// The turns whose question or answer differs.
    pub answers: Vec<AnswerDiff>,
}

/// A call in one session or both.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// In the first session.
    pub left: Option<CallId>,
    /// In the second.
    pub right: Option<CallId>,
    /// Server and tool.
    pub name: String,
    /// The arguments with sorted keys.
    pub arguments: String,
    /// What became of it.
    pub fate: Fate,
    /// Whether it comes at another place in the order of the calls both have.
    pub moved: bool,
}

/// What became of a call from the first session to the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The same call with the same outcome.
    Same,
    /// The same call with another outcome.
    Changed {
        /// How the outcomes relate.
        verdict: Verdict,
        /// Where they differ.
        changes: Vec<Change>,
    },
    /// Only the second session has it.
    Added,
    /// Only the first session has it.
    Removed,
}

/// A turn whose question or answer differs.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerDiff {
    /// The turn's number, from 1.
    pub turn: usize,
    /// The question of whichever session has the turn.
    pub question: String,
    /// The lines of question and answer.
    pub lines: Vec<Line>,
}

/// A line of a text that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Who has it.
    pub side: Side,
    /// The text, without its line end. Not sanitised.
    pub text: String,
}

/// Who has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Both.
    Both,
    /// The first only.
    Left,
    /// The second only.
    Right,
}

impl Comparison {
    /// Whether nothing differs. Times do not count.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.answers.is_empty() && self.calls.iter().all(|pair| pair.fate == Fate::Same && !pair.moved)
    }
}

/// Compares two sessions.
#[must_use]
pub fn compare(left: &Session, right: &Session) -> Comparison {
    let mut theirs: HashMap<(String, u32), usize> = HashMap::new();
    for (position, key) in keys(&right.calls).into_iter().enumerate() {
        theirs.insert(key, position);
    }
    let matched: Vec<Option<usize>> = keys(&left.calls).iter().map(|key| theirs.remove(key)).collect();
    let in_order = longest_rise(&matched.iter().copied().flatten().collect::<Vec<_>>());
    let mut calls: Vec<Pair> = Vec::new();
    for (call, position) in left.calls.iter().zip(matched) {
        let other = position.and_then(|position| right.calls.get(position));
        let fate = match other {
            None => Fate::Removed,
            Some(other) => match verdict(&Outcome::of_call(call), &Outcome::of_call(other)) {
                (Verdict::Identical, _) => Fate::Same,
                (verdict, changes) => Fate::Changed { verdict, changes },
            },
        };
        let moved = position.is_some_and(|position| !in_order.contains(&position));
        calls.push(Pair { left: Some(call.id), right: other.map(|call| call.id), fate, moved, ..described(call) });
    }
    let mut added: Vec<usize> = theirs.into_values().collect();
    added.sort_unstable();
    for call in added.into_iter().filter_map(|position| right.calls.get(position)) {
        calls.push(Pair { right: Some(call.id), ..described(call) });
    }
    Comparison { calls, answers: answers(left, right) }
}

fn described(call: &Call) -> Pair {
    Pair {
        left: None,
        right: None,
        name: format!("{} {}", call.server, call.tool),
        arguments: canonical(&call.arguments.value()),
        fate: Fate::Added,
        moved: false,
    }
}

/// Server, tool and arguments of each call, with how often that has come before.
fn keys(calls: &List<Call>) -> Vec<(String, u32)> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    calls
        .iter()
        .map(|call| {
            let key = format!("{}\0{}\0{}", call.server, call.tool, canonical(&call.arguments.value()));
            let count = seen.entry(key.clone()).and_modify(|count| *count += 1).or_insert(0);
            (key, *count)
        })
        .collect()
}

/// The longest rising subsequence: the calls that keep their order when the others are taken as moved.
fn longest_rise(positions: &[usize]) -> std::collections::HashSet<usize> {
    // For each length, where the best subsequence of it ends; and each element's predecessor.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(positions.len());
    for (at, position) in positions.iter().enumerate() {
        let length = tails.partition_point(|tail| positions[*tail] < *position);
        before.push(length.checked_sub(1).map(|shorter| tails[shorter]));
        if length == tails.len() { tails.push(at) } else { tails[length] = at }
    }
    let last = tails.last().copied();
    std::iter::successors(last, |at| before[*at]).map(|at| positions[at]).collect()
}

fn answers(left: &Session, right: &Session) -> Vec<AnswerDiff> {
    let text = |session: &Session, at: usize| {
        session.turns.get(at).map(|turn| {
            let answer = turn.answer(session).map(|step| step.text.clone()).unwrap_or_default();
            (turn.question.clone(), answer)
        })
    };
    let count = left.turns.len().max(right.turns.len());
    let differing = (0..count).filter_map(|at| {
        let (left, right) = (text(left, at), text(right, at));
        if left == right {
            return None;
        }
        let whole = |side: &Option<(String, String)>| {
            side.as_ref().map(|(question, answer)| format!("> {question}\n{answer}")).unwrap_or_default()
        };
        let lines = text_lines(&whole(&left), &whole(&right));
        let question = left.or(right).map(|(question, _)| question).unwrap_or_default();
        Some(AnswerDiff { turn: at + 1, question, lines })
    });
    differing.collect()
}

/// The lines of two texts, with who has each.
#[must_use]
pub fn text_lines(left: &str, right: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(left, right);
    let line = |change: similar::Change<&str>| Line {
        side: match change.tag() {
            ChangeTag::Equal => Side::Both,
            ChangeTag::Delete => Side::Left,
            ChangeTag::Insert => Side::Right,
        },
        text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_its_order_is_the_longest_rise() {
        let sorted = |positions: &[usize]| {
            let mut kept: Vec<usize> = longest_rise(positions).into_iter().collect();
            kept.sort_unstable();
            kept
        };
        assert_eq!(sorted(&[3, 0, 1, 2]), [0, 1, 2]);
        assert_eq!(sorted(&[0, 5, 1, 2, 4]), [0, 1, 2, 4]);
        assert!(sorted(&[]).is_empty());
    }

    #[test]
    fn lines_tell_who_has_them() {
        let lines = text_lines("same\nold", "same\nnew\n");
        let sides: Vec<(Side, &str)> = lines.iter().map(|line| (line.side, line.text.as_str())).collect();
        assert_eq!(sides, [(Side::Both, "same"), (Side::Left, "old"), (Side::Right, "new")]);
    }
}
