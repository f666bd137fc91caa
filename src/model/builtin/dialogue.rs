//! The conversation so far, worked out again from its messages: what was asked, what was found, what was left open.

mod context;

use std::collections::HashMap;

use jiff::civil::Date;

use super::catalog::Catalog;
use super::directory::Directory;
use super::evidence::{Exchange, Outcome};
use super::frame::{Frame, Head, How, Mention};
use super::heads::{self, Answered};
use super::knowledge::{KindId, Knowledge};
use super::reading::Reader;
use super::rows::{Row, day};
use super::run::{Found, Planned, Run};
use super::sent::{self, Changed};
use super::suggestion::{self, Meant};
use super::understand::{self, Understood};
use super::{foreign, runbook};
use crate::protocol::CallId;
use context::context_of;

/// Words of a question that are read; the answer says so if there are more.
pub(super) const MOST_WORDS: usize = 150;
/// Bytes of a question that are read, for text without spaces.
const MOST_BYTES: usize = 4000;
/// Questions of the conversation that are worked through again for each step.
pub(super) const MOST_EXCHANGES: usize = 16;

/// What the last question leaves for the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub frame: Option<Frame>,
    /// The records that were wanted, by kind.
    pub heads: Vec<(KindId, Vec<Row>)>,
    /// The records that were named.
    pub named: Vec<(KindId, Vec<Row>)>,
    /// Names and what they turned out to be.
    pub resolved: Vec<(Mention, Mention)>,
    /// The records of the first list, in the order shown.
    pub shown: Vec<Row>,
    pub pending: Option<Pending>,
    /// Whether something it named does not exist; such a name must not narrow the next question.
    pub unfound: bool,
}

/// What the assistant asked back.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// Which of these records is meant by what was said in the question.
    Record { question: String, said: String, rows: Vec<Row> },
    /// Which record the question is about.
    Missing { question: String },
    /// Which of these kinds a word of the question speaks of.
    Kind { question: String, kinds: Vec<KindId> },
    /// An argument of a tool that no file knows.
    Argument { question: String, name: String },
}

/// A question and where its answer stands.
pub(super) struct Turn {
    pub question: String,
    pub understood: Understood,
    /// Each head with its records; none while calls have to be made first.
    pub answers: Vec<(Head, Option<Answered>)>,
    pub planned: Vec<Planned>,
    /// Whether the question was a runbook, with its name.
    pub runbook: Option<String>,
    /// What a runbook says when it cannot run.
    pub refusal: Option<String>,
    pub foreign: Option<foreign::Choice>,
    /// Names that nothing has exactly, with what was taken instead.
    pub instead: Vec<Taken>,
    /// Names that were looked for in the text of records, with whether it was found there.
    pub spoken_of: Vec<(String, bool)>,
    /// Whether the question was longer than what is read of it.
    pub unread: bool,
    /// Whether calls were sent otherwise than planned; what is understood is what was sent then.
    pub changed: bool,
}

/// A name that was not quite right.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub said: String,
    pub name: String,
    pub calls: Vec<CallId>,
}

/// Works through the conversation up to its last question. The last exchange is the one to be answered.
pub(super) fn follow(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    exchanges: &[Exchange],
    today: Date,
    open: bool,
) -> (Option<Turn>, Directory) {
    let mut directory = Directory::default();
    let mut contexts: Vec<Context> = Vec::new();
    let Some((last, earlier)) = exchanges.split_last() else { return (None, directory) };
    for exchange in earlier {
        let turn = turn(knowledge, catalog, &mut directory, &contexts, exchange, today, false);
        let next = context_of(knowledge, catalog, &turn, exchange, today);
        learn(knowledge, &mut directory, &next);
        // Talk in between does not make the records forgotten.
        if next.frame.is_some() || next.pending.is_some() {
            contexts.push(next);
        }
    }
    (Some(turn(knowledge, catalog, &mut directory, &contexts, last, today, open)), directory)
}

fn turn(
    knowledge: &Knowledge,
    catalog: &Catalog<'_>,
    directory: &mut Directory,
    contexts: &[Context],
    exchange: &Exchange,
    today: Date,
    open: bool,
) -> Turn {
    let whole = settled(knowledge, directory, contexts.last(), &exchange.question);
    let mut missing = None;
    let whole = match suggestion::meant(knowledge, catalog, &whole, contexts.last()) {
        Some(Meant::Question(question)) => question,
        Some(Meant::Whose { of, kind }) => {
            missing = Some(Understood::Missing { of, for_kind: kind });
            knowledge.kind(kind).many.clone()
        }
        None => whole,
    };
    let question = first_words(&whole).to_owned();
    let unread = question.len() < whole.trim().len();
    let bindings = HashMap::new();
    let reader = Reader { knowledge, directory, today, bindings: &bindings };
    let mut refusal = None;
    let mut name = None;
    let understood = match runbook::requested(&question) {
        Some((wanted, arguments)) => match runbook::understand(&reader, wanted, arguments) {
            Ok(understood) => {
                name = Some(wanted.to_owned());
                understood
            }
            Err(words) => {
                refusal = Some(words);
                Understood::Foreign
            }
        },
        None if foreign::requested(&question).is_some() => Understood::Foreign,
        None => missing.unwrap_or_else(|| understand::understand(&reader, &question, contexts)),
    };
    let foreign = match (&understood, &refusal) {
        (_, Some(_)) => None,
        (
            Understood::Talk(
                understand::Talk::Greeting
                | understand::Talk::Thanks
                | understand::Talk::Abilities
                | understand::Talk::Today
                | understand::Talk::Orders,
            ),
            _,
        ) => None,
        (understood, None) => foreign::choose(knowledge, catalog, &whole, matches!(understood, Understood::Foreign)),
    };
    let mut turn = Turn {
        question,
        understood,
        answers: Vec::new(),
        planned: Vec::new(),
        runbook: name,
        refusal,
        foreign,
        instead: Vec::new(),
        spoken_of: Vec::new(),
        unread,
        changed: false,
    };
    if turn.foreign.is_none()
        && let Understood::Plan(frame) = &turn.understood
    {
        let mut run = Run::new(knowledge, catalog, frame, today, &exchange.calls, open);
        for head in &frame.heads {
            let answered = heads::evaluate(&mut run, head);
            turn.answers.push((head.clone(), answered));
        }
        // "vpn drops at home": what nobody is called by may be a word of the question, which is read again then.
        let missing = frame.nodes.iter().enumerate().filter_map(|(id, node)| {
            let Some(Mention { how: How::Fields(_, name), .. }) = &node.named else { return None };
            let missing = run.known(id).is_some_and(Found::is_missing);
            (missing && !name.contains(char::is_uppercase)).then_some(name)
        });
        let mut is_fresh = false;
        for name in missing {
            is_fresh |= directory.nobody(name);
        }
        if is_fresh {
            return self::turn(knowledge, catalog, directory, contexts, exchange, today, open);
        }
        turn.instead = (0..frame.nodes.len())
            .filter_map(|node| run.known(node))
            .filter_map(|found| {
                let (said, name) = *found.instead.clone()?;
                Some(Taken { said, name, calls: found.calls.clone() })
            })
            .collect();
        turn.spoken_of = (0..frame.nodes.len())
            .filter_map(|node| run.known(node))
            .filter_map(|found| Some((found.spoken_of.as_deref()?.to_owned(), !found.rows.is_empty())))
            .collect();
        let changed: Vec<Vec<Changed>> = (0..frame.nodes.len())
            .map(|node| run.known(node).map(|found| found.changed.clone()).unwrap_or_default())
            .collect();
        turn.planned = run.planned();
        turn.changed = changed.iter().any(|changes| !changes.is_empty());
        if turn.changed {
            turn.understood = Understood::Plan(sent::spoken(knowledge, frame, &changed));
        }
    }
    turn
}

/// The part of a question that is read. Planning looks at words together with others, so that its time grows faster than
/// their number.
fn first_words(question: &str) -> &str {
    let question = question.trim();
    let mut used = 0;
    for word in question.split_inclusive(char::is_whitespace).take(MOST_WORDS) {
        used += word.len();
    }
    question.get(..used.min(question.floor_char_boundary(MOST_BYTES))).unwrap_or(question).trim_end()
}

/// The question that is really meant: an answer to what was asked back completes the question before.
fn settled(knowledge: &Knowledge, directory: &mut Directory, context: Option<&Context>, asked: &str) -> String {
    let Some(pending) = context.and_then(|context| context.pending.as_ref()) else { return asked.to_owned() };
    // Who writes out what to do answers nothing.
    if foreign::requested(asked).is_some() || runbook::requested(asked).is_some() {
        return asked.to_owned();
    }
    match pending {
        Pending::Record { question, said, rows } => {
            let Some(row) = chosen(knowledge, rows, asked) else { return asked.to_owned() };
            let kind = knowledge.kind(row.kind);
            if let Some(id) = row.text(&kind.key) {
                let name = row.text(&kind.name_field).unwrap_or_else(|| id.clone());
                directory.prefer(row.kind, said, id, &name);
            }
            question.clone()
        }
        Pending::Missing { question } => {
            let short = asked.split_whitespace().count() <= 5 && !asked.trim_end().ends_with('?');
            if short {
                format!("{} of {}", question.trim_end_matches(['?', '.', '!', ' ']), asked.trim())
            } else {
                asked.to_owned()
            }
        }
        Pending::Kind { question, kinds } => {
            let plain = asked.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            let by_number = number_in(&plain).and_then(|at| kinds.get(at));
            let by_name = || {
                kinds.iter().find(|kind| {
                    plain.ends_with(&knowledge.kind(**kind).many) || plain.ends_with(&knowledge.kind(**kind).one)
                })
            };
            match by_number.or_else(by_name) {
                Some(kind) => {
                    format!("{} {}", question.trim_end_matches(['?', '.', '!', ' ']), knowledge.kind(*kind).many)
                }
                None => asked.to_owned(),
            }
        }
        Pending::Argument { question, name } => {
            format!("{} {name}={asked}", question.trim_end_matches(['?', '.', '!', ' ']))
        }
    }
}

/// The position, from 0, that a short answer names: "2", "the second one".
fn number_in(plain: &str) -> Option<usize> {
    const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
    let number = |word: &str| {
        let position = ORDINALS.iter().position(|ordinal| *ordinal == word).and_then(|at| i64::try_from(at + 1).ok());
        position.or_else(|| super::dates::number(word)).filter(|number| (1..=50).contains(number))
    };
    let short = plain.split_whitespace().count() <= 4;
    plain.split_whitespace().find_map(number).filter(|_| short).and_then(|number| usize::try_from(number - 1).ok())
}

/// The record meant by "2", "the second", an id or a name.
fn chosen<'r>(knowledge: &Knowledge, rows: &'r [Row], asked: &str) -> Option<&'r Row> {
    let plain = asked.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if let Some(row) = number_in(&plain).and_then(|at| rows.get(at)) {
        return Some(row);
    }
    let fits: Vec<&Row> = rows
        .iter()
        .filter(|row| {
            let kind = knowledge.kind(row.kind);
            [&kind.key, &kind.name_field, &kind.label].iter().filter_map(|field| row.text(field)).any(|text| {
                let text = text.to_lowercase();
                !plain.is_empty() && (text == plain || (plain.len() >= 4 && text.contains(&plain)))
            })
        })
        .collect();
    if let [row] = fits[..] { Some(row) } else { None }
}

fn learn(knowledge: &Knowledge, directory: &mut Directory, context: &Context) {
    for (_, rows) in context.named.iter().chain(&context.heads) {
        directory.learn(knowledge, rows);
    }
    for (said, found) in &context.resolved {
        if let How::Ids(ids) = &found.how
            && let ([id], How::Fields(..)) = (ids.as_slice(), &said.how)
        {
            let name = directory.name_of(id).unwrap_or(&said.said).to_owned();
            directory.add(found.kind, &said.said, id.clone(), &name);
        }
    }
}

/// A record by its id.
pub(super) fn mention_of(knowledge: &Knowledge, row: &Row) -> Option<Mention> {
    let kind = knowledge.kind(row.kind);
    let target = kind.refers(row.kind, &kind.key)?;
    let id = row.text(&kind.key)?;
    Some(Mention { kind: target, said: id.clone(), how: How::Ids(vec![id]) })
}

/// "Now" of the data: what a server says in its briefing, else what earlier results say, else the given day.
pub(super) fn today(briefings: &[crate::model::Briefing], earlier: &[Exchange], fallback: &str) -> Date {
    let said = briefings.iter().find_map(|briefing| {
        let rest = briefing.instructions.split("Data as of ").nth(1)?;
        day(rest)
    });
    let found = || {
        earlier.iter().flat_map(|exchange| &exchange.calls).find_map(|done| match &done.outcome {
            Outcome::Content(content) => content.get("as_of").and_then(|value| day(value.as_str()?)),
            Outcome::Failed(_) => None,
        })
    };
    said.or_else(found).or_else(|| day(fallback)).unwrap_or_else(|| jiff::civil::date(1970, 1, 1))
}
