//! How records, conditions and calls are said in words.

use std::collections::HashMap;

use super::super::dialogue::Turn;
use super::super::evidence::Done;
use super::super::forms;
use super::super::frame::{Filter, Frame, How, Limit, Link, Manner, Mention, Node, NodeId, Sense, Side, Test};
use super::super::knowledge::{Kind, KindId, Knowledge};
use super::super::rows::Row;
use super::names::Names;
use super::values;
use crate::protocol::CallId;

/// One or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    One,
    Many,
}

/// The conditions on records, by where they stand in a phrase.
#[derive(Default)]
struct Said {
    before: String,
    beside: String,
    relative: String,
}

/// What is needed to say things: the knowledge, the frame, and names that results gave.
pub(super) struct Scribe<'a> {
    pub knowledge: &'a Knowledge,
    pub frame: &'a Frame,
    names: Names,
    /// Names as they were said, with what was taken for them.
    taken: HashMap<String, String>,
    /// Names that were looked for in the text of records, with whether it was found there.
    spoken_of: &'a [(String, bool)],
}

impl<'a> Scribe<'a> {
    pub(super) fn new(knowledge: &'a Knowledge, frame: &'a Frame, calls: &[&Done], turn: &'a Turn) -> Self {
        let taken = turn.instead.iter().map(|taken| (taken.said.clone(), taken.name.clone())).collect();
        Self { knowledge, frame, names: Names::of(knowledge, calls), taken, spoken_of: &turn.spoken_of }
    }

    pub(super) fn kind(&self, id: KindId) -> &'a Kind {
        self.knowledge.kind(id)
    }

    /// The name that a result gave for an id, with that call.
    pub(super) fn name(&self, id: &str) -> Option<(&str, CallId)> {
        self.names.of_id(id)
    }

    /// A record in words: name and id.
    pub(super) fn subject(&self, row: &Row) -> String {
        let kind = self.kind(row.kind);
        let own_key = !kind.key.is_empty() && !kind.refs.contains_key(&kind.key);
        if let Some(id) = row.text(&kind.key).filter(|_| own_key || kind.of.is_none()) {
            return self.named(kind, &id, row);
        }
        if let Some(name) = row.text(&kind.name_field).filter(|_| kind.key.is_empty()) {
            let company = kind.of.and_then(|base| row.text(&self.kind(base).name_field));
            return company.map_or(name.clone(), |company| format!("{name} ({company})"));
        }
        let base = kind.of.or_else(|| kind.refs.values().next().copied());
        let Some((field, base)) =
            base.and_then(|base| kind.refs.iter().find(|(_, target)| **target == base).map(|(field, _)| (field, base)))
        else {
            return row.text(&kind.label).unwrap_or_else(|| kind.one.clone());
        };
        match row.text(field) {
            Some(id) => self.named(self.kind(base), &id, row),
            None => row.text(&kind.label).unwrap_or_else(|| kind.one.clone()),
        }
    }

    fn named(&self, kind: &Kind, id: &str, row: &Row) -> String {
        let name = |field: &str| row.text(field).filter(|name| !name.is_empty());
        if !kind.name_field.is_empty() {
            let name = name(&kind.name_field).or_else(|| self.name(id).map(|(name, _)| name.to_owned()));
            return name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"));
        }
        match name(&kind.label) {
            Some(label) => format!("{id} “{}”", values::cell(&label)),
            None => id.to_owned(),
        }
    }

    /// An id with its name, if one is known.
    pub(super) fn id(&self, id: &str) -> String {
        self.name(id).map_or_else(|| id.to_owned(), |(name, _)| format!("{name} ({id})"))
    }

    /// What was looked for: "critical tickets of TechCorp Industries (CUST-001) that are not resolved".
    pub(super) fn describe(&self, node: NodeId, grammar: Grammar) -> String {
        let Some(known) = self.frame.nodes.get(node) else { return String::new() };
        let mut ties = String::new();
        known.links.iter().for_each(|link| self.tie(self.kind(known.kind), link, &mut ties));
        if let Some(mention) = &known.named {
            ties.push_str(&format!(" {}", self.mention(mention)));
        }
        if let Some(rows) = &known.known {
            ties.push_str(&format!(" among {}", self.those(rows)));
        }
        self.phrase(known, grammar, &ties)
    }

    /// The same for records that turned out to be of another kind than was thought.
    pub(super) fn describe_as(&self, node: NodeId, kind: &Kind, grammar: Grammar) -> String {
        match self.frame.nodes.get(node) {
            Some(known) if self.kind(known.kind).name != kind.name => {
                let noun = if grammar == Grammar::One { &kind.one } else { &kind.many };
                format!("{noun} of {}", known.named.as_ref().map_or("", |mention| mention.said.as_str()))
            }
            _ => self.describe(node, grammar),
        }
    }

    /// The same without whose they are.
    pub(super) fn describe_alone(&self, node: NodeId, grammar: Grammar) -> String {
        self.frame.nodes.get(node).map(|known| self.phrase(known, grammar, "")).unwrap_or_default()
    }

    fn phrase(&self, node: &Node, grammar: Grammar, ties: &str) -> String {
        let kind = self.kind(node.kind);
        let noun = if grammar == Grammar::One { &kind.one } else { &kind.many };
        let mut said = self.conditions(node, grammar);
        let named = node
            .filters
            .iter()
            .find(|filter| !filter.negated && kind.field(&filter.field).is_some_and(|field| field.noun));
        let own = named.and_then(|filter| match &filter.test {
            Test::In(values) => Some(
                values
                    .iter()
                    .map(|value| if grammar == Grammar::One { value.clone() } else { format!("{value}s") })
                    .collect::<Vec<_>>()
                    .join(" or "),
            ),
            _ => None,
        });
        if own.is_some() {
            said.before.clear();
            node.filters.iter().filter(|filter| !kind.field(&filter.field).is_some_and(|field| field.noun)).for_each(
                |filter| {
                    let mut one = Said::default();
                    self.condition(kind, filter, grammar, &mut one);
                    said.before.push_str(&one.before);
                },
            );
        }
        let noun = own.as_ref().unwrap_or(noun);
        let text = if node.text.is_empty() { String::new() } else { format!(" about “{}”", node.text) };
        format!("{}{noun}{text}{}{ties}{}", said.before, said.beside, said.relative).trim().to_owned()
    }

    fn conditions(&self, node: &Node, grammar: Grammar) -> Said {
        let kind = self.kind(node.kind);
        let mut said = Said::default();
        node.filters.iter().for_each(|filter| self.condition(kind, filter, grammar, &mut said));
        let alternatives: Vec<String> = node
            .any
            .iter()
            .map(|alternative| {
                let mut one = Said::default();
                alternative.iter().for_each(|filter| self.condition(kind, filter, grammar, &mut one));
                format!("{}{}{}", one.before, one.beside, one.relative).trim().to_owned()
            })
            .collect();
        if let Some(best) = &node.best {
            let which = if best.descending { "highest" } else { "lowest" };
            let count = if best.count == 1 { String::new() } else { format!("{} ", best.count) };
            // Where the records themselves are shown in that order the sentence says so already.
            if !self
                .frame
                .heads
                .iter()
                .any(|head| head.order.is_some() && std::ptr::eq(&self.frame.nodes[head.node], node))
            {
                said.before.push_str(&format!("{count}{which} "));
            }
        }
        let mut alternatives = alternatives;
        alternatives.dedup();
        if !alternatives.is_empty() {
            said.beside.push_str(&format!(" {}", alternatives.join(" or ")));
        }
        said
    }

    fn condition(&self, kind: &Kind, filter: &Filter, grammar: Grammar, said: &mut Said) {
        let label = || values::label(kind, &filter.field);
        if !filter.say.is_empty() && !filter.negated {
            said.beside.push_str(&format!(" {}", filter.say));
            return;
        }
        let verb = if grammar == Grammar::One { "is" } else { "are" };
        let mut that = |words: &str| {
            let word = if said.relative.is_empty() { format!("that {verb}") } else { "and".to_owned() };
            said.relative.push_str(&format!(" {word} {words}"));
        };
        match &filter.test {
            Test::In(values) if filter.negated && kind.field(&filter.field).is_some_and(|field| field.person) => {
                said.beside.push_str(&format!(" with {} not {}", label(), values.join(" or ")));
            }
            Test::In(values) if filter.negated => {
                let words: Vec<String> = values.iter().map(|value| adjective(kind, filter, value)).collect();
                that(&format!("not {}", words.join(" or ")));
            }
            // "with assignee Priya or Tom"
            Test::In(values) if kind.field(&filter.field).is_some_and(|field| field.person) => {
                said.beside.push_str(&format!(" with {} {}", label(), values.join(" or ")));
            }
            Test::In(values) => {
                let words: Vec<String> = values.iter().map(|value| adjective(kind, filter, value)).collect();
                said.before.push_str(&format!("{} ", words.join(" or ")));
            }
            Test::Like(value) if filter.field == "text" => said.beside.push_str(&format!(" about “{value}”")),
            Test::Like(value) => {
                let person = kind.field(&filter.field).is_some_and(|field| field.person || field.given);
                if person || filter.negated {
                    let not = if filter.negated { "not " } else { "" };
                    said.beside.push_str(&format!(" with {} {not}{value}", label()));
                } else {
                    said.before.push_str(&format!("{value} "));
                }
            }
            Test::Is(flag) => {
                let not = if *flag == filter.negated { "not " } else { "" };
                that(&format!("{not}{}", label().trim_start_matches("is ")));
            }
            Test::Dates(span) => {
                let verb = kind.field(&filter.field).map(|field| field.verb.clone()).filter(|verb| !verb.is_empty());
                let not = if filter.negated { "not " } else { "" };
                let days = span.said.trim_start_matches("from ");
                // "customer since 2024": the word before is the field's.
                let in_year = if days.bytes().all(|byte| byte.is_ascii_digit()) { "in " } else { "" };
                said.relative.push_str(&format!(" {not}{} {in_year}{days}", verb.unwrap_or_else(label)));
            }
            Test::WithinDays(_) | Test::UntilDay(_) | Test::Numbers(None, None) => {}
            Test::Numbers(least, most) => {
                let not = if filter.negated { "not " } else { "" };
                said.relative.push_str(&format!(" ({} {not}{})", label(), range(least.as_ref(), most.as_ref())));
            }
            Test::Missing => {
                let with = if filter.negated { "with" } else { "without" };
                let label = label();
                let article = if label.ends_with('s') { String::new() } else { format!("{} ", forms::article(&label)) };
                said.beside.push_str(&format!(" {with} {article}{label}"));
            }
            Test::Against(side, other) => {
                let above = (*side == Side::Above) != filter.negated;
                let word = if above { "after" } else { "not after" };
                said.relative.push_str(&format!(" whose {} is {word} their {}", label(), values::label(kind, other)));
            }
        }
    }

    fn tie(&self, kind: &Kind, link: &Link, after: &mut String) {
        let Some(target) = self.frame.nodes.get(link.to) else { return };
        let word = match (link.sense, link.manner) {
            (Sense::Missing, Manner::With) if after.contains(" without ") => "and without",
            (Sense::Missing, Manner::With) => "without",
            (Sense::Missing, Manner::Of) => "other than those of",
            (Sense::Exists, Manner::With) => {
                if after.contains(" with ") {
                    "and with"
                } else {
                    "with"
                }
            }
            // Some of those shown before.
            (Sense::Exists, Manner::Of) if kind.preposition.is_empty() => "of",
            (Sense::Exists, Manner::Of) => &kind.preposition,
        };
        if target.known.is_some() || target.named.is_some() {
            let said = target
                .named
                .as_ref()
                .map(|mention| self.mention(mention))
                .or_else(|| target.known.as_ref().map(|rows| self.those(rows)));
            let spoken_of = |mention: &Mention| self.spoken_of.iter().find(|(said, _)| *said == mention.said);
            if let Some((said, is_found)) = target.named.as_ref().and_then(spoken_of) {
                after.push_str(&format!(" {} “{said}”", if *is_found { "about" } else { "of or about" }));
                return;
            }
            let owner = self.owner(kind, target).filter(|_| link.sense == Sense::Exists && link.manner == Manner::Of);
            after.push_str(&format!(" {word} {}{}", owner.unwrap_or_default(), said.unwrap_or_default()));
            return;
        }
        // "contacts of these customers", not "of the 2 highest balances".
        if let (Some(base), true) = (
            self.kind(target.kind).of,
            target.best.is_some() && self.kind(target.kind).single && link.manner == Manner::Of,
        ) {
            after.push_str(&format!(" {word} these {}", self.kind(base).many));
            return;
        }
        // "with an expired warranty", not "with assets with an expired warranty".
        let facet = self.kind(target.kind).noun.is_some() && word.ends_with("with");
        let said = self.conditions(target, Grammar::Many);
        if facet && !(said.beside.is_empty() && said.relative.is_empty()) {
            after.push_str(&format!("{}{}", said.beside, said.relative));
            return;
        }
        let number = link.count.map(|count| match (count.least, count.most) {
            (least, usize::MAX) => format!("at least {least} "),
            (least, most) if least == most => format!("{least} "),
            (least, most) => format!("{least} to {most} "),
        });
        after.push_str(&format!(" {word} {}{}", number.unwrap_or_default(), self.describe(link.to, Grammar::Many)));
    }

    /// Whose the records of a kind really are that are looked up by records of another: "the customer of " a ticket.
    fn owner(&self, kind: &Kind, target: &Node) -> Option<String> {
        let third = self.knowledge.common(self.knowledge.kind_named(&kind.name)?, target.kind)?;
        // What a customer owes is called by the customer's own name.
        if self.kind(target.kind).of == Some(third) {
            return None;
        }
        let third = self.kind(third);
        Some(format!("the {} of ", if self.is_one_named(target) { &third.one } else { &third.many }))
    }

    fn mention(&self, mention: &Mention) -> String {
        match &mention.how {
            How::Ids(ids) => ids.iter().map(|id| self.id(id)).collect::<Vec<_>>().join(", "),
            How::Each(mentions) => mentions.iter().map(|one| self.mention(one)).collect::<Vec<_>>().join(" and "),
            How::OneOf(_) | How::Fields(..) => {
                let said = self.taken.get(&mention.said).unwrap_or(&mention.said);
                self.names.with(mention.kind, said).unwrap_or_else(|| said.clone())
            }
        }
    }

    fn those(&self, rows: &[Row]) -> String {
        let all: Vec<String> = rows
            .iter()
            .map(|row| {
                let kind = self.kind(row.kind);
                row.text(&kind.key).map_or_else(|| self.subject(row), |id| self.id(&id))
            })
            .collect();
        if all.len() <= 6 { all.join(", ") } else { format!("those {}", all.len()) }
    }

    /// The name of the one record a node stands for.
    pub(super) fn one_named(&self, node: &Node) -> Option<String> {
        node.named.as_ref().filter(|_| self.is_one_named(node)).map(|mention| self.mention(mention))
    }

    /// Whether a node stands for exactly one record that was named.
    pub(super) fn is_one_named(&self, node: &Node) -> bool {
        let one = |mention: &Mention| match &mention.how {
            How::Ids(ids) => ids.len() == 1,
            How::OneOf(_) | How::Fields(..) => true,
            How::Each(_) => false,
        };
        node.named.as_ref().is_some_and(one) || node.known.as_ref().is_some_and(|rows| rows.len() == 1)
    }
}

/// "from 1000 to 2000", "over 5000".
fn range(least: Option<&Limit>, most: Option<&Limit>) -> String {
    let below = |limit: &Limit| format!("{} {}", if limit.included { "at most" } else { "below" }, limit.number);
    match (least, most) {
        (Some(least), Some(most)) => format!("from {} to {}", least.number, most.number),
        (Some(least), None) => format!("{} {}", if least.included { "at least" } else { "over" }, least.number),
        (None, most) => most.map(below).unwrap_or_default(),
    }
}

/// How a value is said before its noun.
fn adjective(kind: &Kind, filter: &Filter, value: &str) -> String {
    let own = kind.field(&filter.field).and_then(|field| field.adjectives.get(value)).cloned();
    own.unwrap_or_else(|| value.replace('_', " "))
}
