//! Two sessions side by side: their turns aligned by question and occurrence, their calls by server, tool, arguments and
//! occurrence, those of the same question first.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::protocol::{CallId, TurnId};
use crate::session::{Call, Session, Turn};

use super::json::{Change, canonical};
use super::outcome::{Outcome, Verdict, verdict};

/// What differs between two sessions.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The calls of the first in its order, then those only the second has.
    pub calls: Vec<Pair>,
    /// The turns that only one session has, whose answer differs or that stand elsewhere: those of the first in its order, then
    /// those only the second has.
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

/// A turn that is not the same in both sessions.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerDiff {
    /// In the first session.
    pub left: Option<TurnId>,
    /// In the second.
    pub right: Option<TurnId>,
    /// What was asked.
    pub question: String,
    /// Whether it comes at another place in the order of the turns both have.
    pub moved: bool,
    /// The lines of both answers if they differ, the calls counted as in the second; none for a turn that only one session has.
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
    let turns = matched(&questions(left), &questions(right), &vec![None; left.turns.len()]);
    // What was called for the same question is the same call before one like it that was called for another.
    let theirs: HashMap<usize, usize> =
        turns.iter().enumerate().filter_map(|(here, there)| Some(((*there)?, here))).collect();
    let ours_of = |at: usize| theirs.get(&at).map_or_else(|| format!("right {at}"), usize::to_string);
    let calls = matched(&keys(left, |turn| turn.to_string()), &keys(right, ours_of), &vec![None; left.calls.len()]);
    let calls = matched(&keys(left, |_| String::new()), &keys(right, |_| String::new()), &calls);
    let pairs = in_order(&calls, right.calls.len()).into_iter().filter_map(|(here, there, moved)| {
        let (one, other) = (here.and_then(|at| left.calls.get(at)), there.and_then(|at| right.calls.get(at)));
        let fate = match (one, other) {
            (None, _) => Fate::Added,
            (Some(_), None) => Fate::Removed,
            (Some(one), Some(other)) => match verdict(&Outcome::of_call(one), &Outcome::of_call(other)) {
                (Verdict::Identical, _) => Fate::Same,
                (verdict, changes) => Fate::Changed { verdict, changes },
            },
        };
        let call = one.or(other)?;
        Some(Pair {
            left: one.map(|call| call.id),
            right: other.map(|call| call.id),
            name: format!("{} {}", call.server, call.tool),
            arguments: canonical(&call.arguments.value()),
            fate,
            moved,
        })
    });
    let calls: Vec<Pair> = pairs.collect();
    let numbers = calls.iter().filter_map(|pair| Some((pair.left?.0, pair.right?.0))).collect();
    Comparison { answers: answers(left, right, &turns, &numbers), calls }
}

fn questions(session: &Session) -> Vec<String> {
    session.turns.iter().map(|turn| turn.question.clone()).collect()
}

/// What makes two calls the same one: server, tool, arguments, and what `of_turn` says of the position of their turn.
fn keys(session: &Session, of_turn: impl Fn(usize) -> String) -> Vec<String> {
    let key = |call: &Call| {
        let turn = call.turn.map(|turn| of_turn(turn.index())).unwrap_or_default();
        format!("{turn}\0{}\0{}\0{}", call.server, call.tool, canonical(&call.arguments.value()))
    };
    session.calls.iter().map(key).collect()
}

/// Where in `right` the same as each of `left` stands: what `known` has, and for the rest the first of a key with the first,
/// the second with the second.
fn matched(left: &[String], right: &[String], known: &[Option<usize>]) -> Vec<Option<usize>> {
    let taken: HashSet<usize> = known.iter().copied().flatten().collect();
    let free = right.iter().enumerate().filter(|(position, _)| !taken.contains(position));
    let mut theirs: HashMap<(&str, u32), usize> =
        numbered(free.map(|(position, key)| (position, key.as_str()))).map(|(position, key)| (key, position)).collect();
    let open = left.iter().enumerate().filter(|(position, _)| known[*position].is_none());
    let mut found = known.to_vec();
    for (position, key) in numbered(open.map(|(position, key)| (position, key.as_str()))) {
        found[position] = theirs.remove(&key);
    }
    found
}

/// Pairs of positions, and whether one of them would have to move: those of the first list in its order, then those that only
/// the second has, which is as long as `theirs`.
fn in_order(matched: &[Option<usize>], theirs: usize) -> Vec<(Option<usize>, Option<usize>, bool)> {
    let found: Vec<usize> = matched.iter().copied().flatten().collect();
    let kept = longest_rise(&found);
    let is_moved = |there: usize| !kept.contains(&there);
    let ours = matched.iter().enumerate().map(|(here, there)| (Some(here), *there, there.is_some_and(is_moved)));
    let taken: HashSet<usize> = found.into_iter().collect();
    let added = (0..theirs).filter(|there| !taken.contains(there)).map(|there| (None, Some(there), false));
    ours.chain(added).collect()
}

/// Each key with how often it has come before.
fn numbered<'k>(keys: impl Iterator<Item = (usize, &'k str)>) -> impl Iterator<Item = (usize, (&'k str, u32))> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    keys.map(move |(position, key)| {
        let count = seen.entry(key).and_modify(|count| *count += 1).or_insert(0);
        (position, (key, *count))
    })
}

/// The longest rising subsequence: the calls that keep their order when the others are taken as moved.
fn longest_rise(positions: &[usize]) -> HashSet<usize> {
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

/// The turns that are not the same, of those `matched`; `numbers` are the calls of the second session by their numbers in the
/// first.
fn answers(left: &Session, right: &Session, matched: &[Option<usize>], numbers: &HashMap<u64, u64>) -> Vec<AnswerDiff> {
    let text = |session: &Session, turn: &Turn| turn.answer(session).map(|step| step.text.clone()).unwrap_or_default();
    let pairs = in_order(matched, right.turns.len()).into_iter().filter_map(|(here, there, moved)| {
        let (one, other) = (here.and_then(|at| left.turns.get(at)), there.and_then(|at| right.turns.get(at)));
        let lines = match (one, other) {
            (Some(one), Some(other)) => {
                let (one, other) = (renumbered(&text(left, one), numbers), text(right, other));
                if one == other && !moved {
                    return None;
                }
                if one == other { Vec::new() } else { text_lines(&one, &other) }
            }
            (Some(_), None) | (None, Some(_)) | (None, None) => Vec::new(),
        };
        let question = one.or(other)?.question.clone();
        Some(AnswerDiff { left: one.map(|turn| turn.id), right: other.map(|turn| turn.id), question, moved, lines })
    });
    pairs.collect()
}

/// An answer with its references to calls as the other session counts them: a call that both have is the same one.
fn renumbered(answer: &str, numbers: &HashMap<u64, u64>) -> String {
    let mut parts = answer.split('[');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference =
            part.split_once(']').and_then(|(number, rest)| Some((numbers.get(&number.parse().ok()?)?, rest)));
        match reference {
            Some((number, rest)) => text.push_str(&format!("[{number}]{rest}")),
            None => text.push_str(&format!("[{part}")),
        }
    }
    text
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
    fn what_is_the_same_is_found_wherever_it_stands() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let (left, right) = (keys(&["a", "b", "a"]), keys(&["new", "a", "x", "a", "b"]));
        let pairs = in_order(&matched(&left, &right, &[None; 3]), right.len());
        let expected = [
            (Some(0), Some(1), false),
            (Some(1), Some(4), true),
            (Some(2), Some(3), false),
            (None, Some(0), false),
            (None, Some(2), false),
        ];
        assert_eq!(pairs, expected);
        let known = matched(&left, &right, &[None, None, Some(1)]);
        assert_eq!(known, [Some(3), Some(4), Some(1)], "what is known already stays");
    }

    #[test]
    fn references_to_a_call_that_both_sessions_have_are_the_same() {
        let numbers = HashMap::from([(1, 4), (12, 2)]);
        let text = "[9] [1], [12][1]: a[0] [x] [1";
        assert_eq!(renumbered(text, &numbers), "[9] [4], [2][4]: a[0] [x] [1");
    }

    #[test]
    fn lines_tell_who_has_them() {
        let lines = text_lines("same\nold", "same\nnew\n");
        let sides: Vec<(Side, &str)> = lines.iter().map(|line| (line.side, line.text.as_str())).collect();
        assert_eq!(sides, [(Side::Both, "same"), (Side::Left, "old"), (Side::Right, "new")]);
    }
}
