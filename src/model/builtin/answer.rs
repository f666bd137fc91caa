//! From records to Markdown: a sentence that answers, then a list or table, each statement with its reference.
//!
//! Only what stands in a result is said; sums and counts say from what they are made.

mod beside;
mod figures;
mod foreign;
mod lead;
mod names;
mod owner;
mod problems;
mod references;
mod rest;
mod scribe;
mod sent;
mod table;
pub(super) mod values;

use std::collections::BTreeMap;

use minijinja::context;
use serde_json::Value;

use super::catalog::Catalog;
use super::dialogue::Turn;
use super::evidence::Done;
use super::forms;
use super::frame::{Ask, Frame, Head};
use super::heads::Answered;
use super::knowledge::Knowledge;
use super::understand::{Talk, Understood};
use scribe::Scribe;

/// One asked thing, answered.
pub(super) struct Part {
    title: String,
    lead: String,
    block: String,
    /// Whether it only says what could not be found.
    failed: bool,
}

/// Everything an answer is made of.
pub(super) struct Material<'a> {
    pub knowledge: &'a Knowledge,
    pub catalog: &'a Catalog<'a>,
    /// How many resources went with the question.
    pub attached: usize,
    /// The calls of the turn.
    pub calls: &'a [Done],
    /// "Now" of the data.
    pub today: jiff::civil::Date,
    /// The calls of the whole conversation.
    pub all_calls: Vec<&'a Done>,
}

/// The whole answer of a turn whose calls are done.
pub(super) fn compose(material: &Material<'_>, turn: &Turn) -> String {
    let forms = &material.knowledge.forms;
    let mut parts = Vec::new();
    // Whoever attached something must not read a whole answer as made from it.
    if material.attached > 0 {
        parts.push(forms::fill(forms, "attached", context! { n => material.attached }));
    }
    if turn.unread && turn.foreign.is_none() {
        parts.push(forms::fill(forms, "too_long", context! { most => super::dialogue::MOST_WORDS }));
    }
    parts.extend([sent::notes(material), composed(material, turn)]);
    join(&parts)
}

fn composed(material: &Material<'_>, turn: &Turn) -> String {
    if let Some(words) = &turn.refusal {
        return words.clone();
    }
    if let Some(choice) = &turn.foreign {
        return foreign::answer(material, choice);
    }
    match &turn.understood {
        Understood::Talk(talk) => talk_text(material, *talk),
        Understood::Foreign => {
            forms::fill(&material.knowledge.forms, "foreign", context! { abilities => abilities(material) })
        }
        Understood::Unclear { said, kinds } => unclear(material.knowledge, said, kinds),
        Understood::Missing { of, for_kind, .. } => missing(material.knowledge, *of, *for_kind),
        Understood::Unplaced(words) => {
            let words = quoted(words);
            forms::fill(
                &material.knowledge.forms,
                "unplaced",
                context! { words => words.join(", "), several => words.len() > 1 },
            )
        }
        Understood::Plan(frame) => planned(material, turn, frame),
    }
}

fn planned(material: &Material<'_>, turn: &Turn, frame: &Frame) -> String {
    let instead = problems::instead(material.knowledge, &turn.instead);
    let text = answered(material, turn, frame);
    let text = if instead.is_empty() { text } else { format!("{instead} {text}") };
    let note = |name: &str, words: &[String]| {
        let words = quoted(words);
        let several = words.len() > 1;
        let fill = || forms::fill(&material.knowledge.forms, name, context! { words => words.join(", "), several });
        if words.is_empty() { String::new() } else { fill() }
    };
    join(&[note("unanswered", &frame.unanswered), note("left_out", &frame.left_out), text])
}

fn quoted(words: &[String]) -> Vec<String> {
    words.iter().map(|word| format!("“{word}”")).collect()
}

fn answered(material: &Material<'_>, turn: &Turn, frame: &Frame) -> String {
    let scribe = Scribe::new(material.knowledge, frame, &material.all_calls, turn);
    let parts: Vec<Part> = turn
        .answers
        .iter()
        .filter_map(|(head, answered)| answered.as_ref().map(|answered| part(&scribe, material, turn, head, answered)))
        .collect();
    let mut parts = without_repeats(parts);
    let titled = parts.iter().any(|part| !part.title.is_empty()) || parts.len() > 3;
    if let [part] = parts.as_mut_slice() {
        return join(&[std::mem::take(&mut part.lead), std::mem::take(&mut part.block)]);
    }
    if titled {
        let opening = overview(&scribe, material, turn);
        let sections = parts.into_iter().map(|part| {
            let title = if part.title.is_empty() {
                String::new()
            } else {
                forms::fill(&material.knowledge.forms, "heading", context! { title => part.title })
            };
            join(&[title, part.lead, part.block])
        });
        return join(&[vec![opening], sections.collect()].concat());
    }
    let leads: Vec<&str> = parts.iter().map(|part| part.lead.as_str()).collect();
    let open_lead = leads.iter().any(|lead| lead.contains('\n') || lead.ends_with(':'));
    if open_lead {
        let all: Vec<String> = parts.iter().map(|part| join(&[part.lead.clone(), part.block.clone()])).collect();
        return join(&all);
    }
    let mut all = vec![leads.join(" ")];
    all.extend(parts.into_iter().map(|part| part.block));
    join(&all)
}

/// A problem that several parts share is said once.
fn without_repeats(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        let same = |known: &Part| {
            let both = known.block.is_empty() && part.block.is_empty();
            known.lead == part.lead && known.block == part.block
                || both && part.failed && known.failed && reason(&known.lead) == reason(&part.lead)
        };
        if !out.iter().any(same) {
            out.push(part);
        }
    }
    // What kept everything from being found out needs no heading.
    if let [part] = out.as_mut_slice()
        && part.failed
    {
        part.title.clear();
    }
    out
}

/// The sentence that says why something failed, without its reference.
fn reason(lead: &str) -> &str {
    lead.split(" [").next().unwrap_or(lead)
}

fn join(parts: &[String]) -> String {
    parts.iter().map(|part| part.trim_end()).filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn part(scribe: &Scribe<'_>, material: &Material<'_>, turn: &Turn, head: &Head, answered: &Answered) -> Part {
    let title = if head.title.is_empty() && turn.answers.len() > 3 {
        let kind = scribe.kind(answered.kind);
        let twice = turn
            .answers
            .iter()
            .filter(|(other, _)| scribe.frame.nodes.get(other.node).is_some_and(|node| node.kind == answered.kind))
            .count()
            > 1;
        let name = if twice {
            scribe.describe_alone(head.node, scribe::Grammar::Many)
        } else {
            kind.noun
                .clone()
                .unwrap_or_else(|| if answered.rows.len() == 1 { kind.one.clone() } else { kind.many.clone() })
        };
        let mut letters = name.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    } else {
        head.title.clone()
    };
    let mut lead = String::new();
    let troubles = problems::text(scribe, material.catalog, &answered.found);
    if !troubles.is_empty() && answered.rows.is_empty() {
        lead.push_str(&troubles);
        return Part { title, lead, block: String::new(), failed: true };
    }
    let shown_elsewhere = shown_elsewhere(scribe, turn, head);
    lead.push_str(&lead::lead(scribe, head, answered));
    let mut block = lead::block(scribe, head, answered, &shown_elsewhere);
    if !troubles.is_empty() {
        block = join(&[block, troubles]);
    }
    Part { title, lead, block, failed: false }
}

/// Fields of a record that other parts of the answer show in full.
fn shown_elsewhere(scribe: &Scribe<'_>, turn: &Turn, head: &Head) -> Vec<String> {
    let Some(node) = scribe.frame.nodes.get(head.node) else { return Vec::new() };
    let mut out = Vec::new();
    for (other, _) in &turn.answers {
        let Some(kind) = scribe.frame.nodes.get(other.node).map(|node| scribe.kind(node.kind)) else { continue };
        if kind.of == Some(node.kind) {
            out.extend(
                kind.columns.iter().filter_map(|column| column.split_once('.').map(|(whole, _)| whole.to_owned())),
            );
            out.push(format!("{}s", kind.name));
        }
    }
    out
}

/// The first sentence over several parts: how many of what.
fn overview(scribe: &Scribe<'_>, material: &Material<'_>, turn: &Turn) -> String {
    let mut counts: Vec<String> = Vec::new();
    let mut about = None;
    for (head, answered) in &turn.answers {
        let Some(answered) = answered else { continue };
        let kind = scribe.kind(answered.kind);
        let node = scribe.frame.nodes.get(head.node);
        if let (Some(row), true) = (answered.rows.first(), node.is_some_and(|node| scribe.is_one_named(node))) {
            about.get_or_insert_with(|| scribe.subject(row));
            continue;
        }
        if let (None, Some(node), false) = (&about, node, turn.changed) {
            about = node
                .links
                .iter()
                .filter_map(|link| scribe.frame.nodes.get(link.to))
                .find_map(|to| scribe.one_named(to));
        }
        if kind.single && answered.rows.len() <= 1 || head.ask != Ask::List {
            continue;
        }
        let n = answered.all;
        let grammar = if n == 1 { scribe::Grammar::One } else { scribe::Grammar::Many };
        // Whose they are goes without saying only where all of them were asked for together.
        let noun =
            if turn.changed { scribe.describe(head.node, grammar) } else { scribe.describe_alone(head.node, grammar) };
        let words = format!(
            "{} {noun} {}",
            if n == 0 { "no".to_owned() } else { n.to_string() },
            references::refs(&lead::calls(answered))
        );
        if answered.found.problems.is_empty() && !counts.contains(&words) {
            counts.push(words);
        }
    }
    if counts.is_empty() {
        return String::new();
    }
    forms::fill(&material.knowledge.forms, "overview", context! { it => about, parts => counts.join(", ") })
}

// ---- talk

fn talk_text(material: &Material<'_>, talk: Talk) -> String {
    let name = match talk {
        Talk::Greeting => "greeting",
        Talk::Thanks => "thanks",
        Talk::Change => {
            let writing: Vec<String> = material
                .catalog
                .tools
                .iter()
                .filter(|tool| !tool.definition.annotations.read_only)
                .map(|tool| format!("`{}`", tool.definition.tool))
                .collect();
            let read = if writing.is_empty() {
                "these servers only read".to_owned()
            } else {
                format!("I call a tool that changes data only when it is named, such as {}", writing.join(", "))
            };
            return forms::fill(&material.knowledge.forms, "change", context! { servers_read => read });
        }
        Talk::Today => {
            return forms::fill(&material.knowledge.forms, "today", context! { as_of => material.today.to_string() });
        }
        Talk::Orders => "orders",
        Talk::Abilities => return abilities(material),
    };
    forms::fill(&material.knowledge.forms, name, context! { abilities => abilities(material) })
}

/// What can be asked of the servers that are connected now.
fn abilities(material: &Material<'_>) -> String {
    let knowledge = material.knowledge;
    let mut servers: Vec<(String, Vec<String>)> = Vec::new();
    for tool in &material.catalog.tools {
        let server = tool.definition.server.to_string();
        let known = knowledge.sources.iter().find(|source| source.tool == tool.definition.tool.as_str());
        let word = known.map_or_else(
            || format!("`{}`", tool.definition.tool),
            |source| {
                let kind = knowledge.kind(source.kind);
                kind.noun.clone().unwrap_or_else(|| kind.many.clone())
            },
        );
        match servers.iter_mut().find(|(name, _)| *name == server) {
            Some((_, words)) if words.contains(&word) => {}
            Some((_, words)) => words.push(word),
            None => servers.push((server, vec![word])),
        }
    }
    if servers.is_empty() {
        return forms::fill(&knowledge.forms, "abilities_none", context! {});
    }
    let list: Vec<String> = servers.iter().map(|(name, words)| format!("- **{name}**: {}", words.join(", "))).collect();
    let text = forms::fill(&knowledge.forms, "abilities", context! { servers => list.join("\n") });
    let intro = forms::fill(&knowledge.forms, "examples_intro", context! {});
    let served = |tool: &str| material.catalog.reading(tool).is_some();
    let examples: Vec<String> = knowledge
        .examples
        .iter()
        .filter(|(tool, _)| served(tool))
        .map(|(_, question)| format!("- {question}"))
        .collect();
    if examples.is_empty() { text } else { format!("{text}\n\n{intro}\n{}", examples.join("\n")) }
}

fn unclear(knowledge: &Knowledge, said: &str, kinds: &[usize]) -> String {
    let intro = forms::fill(&knowledge.forms, "unclear", context! { said => said });
    let lines: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| format!("{}. {}", index + 1, knowledge.kind(*kind).many))
        .collect();
    format!("{intro}\n\n{}", lines.join("\n"))
}

fn missing(knowledge: &Knowledge, of: usize, for_kind: usize) -> String {
    let base = knowledge.kind(of);
    let what = knowledge.kind(for_kind);
    if of == for_kind {
        return forms::fill(&knowledge.forms, "missing_self", context! { of => base.one.as_str() });
    }
    let mail = base.fields.iter().any(|field| field.looks_like == Some(super::knowledge::Look::Email));
    let host = base.fields.iter().any(|field| field.looks_like == Some(super::knowledge::Look::Host));
    let more = if mail {
        "an e-mail address"
    } else if host {
        "a host name"
    } else {
        ""
    };
    let what = what.noun.clone().unwrap_or_else(|| what.many.clone());
    forms::fill(&knowledge.forms, "missing", context! { of => base.one.as_str(), what => what, more => more })
}

/// Values of a JSON result for a form.
fn json_value(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => {
            let whole = number.as_i64().map(minijinja::Value::from);
            whole.or_else(|| number.as_f64().map(minijinja::Value::from)).unwrap_or_default()
        }
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(json_value).collect::<Vec<_>>().into(),
        Value::Object(fields) => {
            let fields: BTreeMap<String, minijinja::Value> =
                fields.iter().map(|(name, value)| (name.clone(), json_value(value))).collect();
            fields.into()
        }
    }
}
