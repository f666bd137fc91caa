//! From the items of a question to what is wanted: the only place that decides what a sentence means.
//!
//! Three steps for each clause: `place` walks over the items and notes records, conditions and connections; `settle`
//! decides what is still open when the whole clause is known; `link` ties records together.

mod beside;
mod clause;
mod company;
mod compare;
mod conditions;
mod deeds;
mod detail;
mod earlier;
mod fields;
mod figures;
mod finish;
mod follow;
mod kinds;
mod link;
mod loose;
mod names;
mod owner;
mod parting;
mod people;
mod place;
mod ranking;
mod settle;
mod several;
mod unused;
mod waiting;
mod wanted;

use std::collections::HashMap;

pub(super) use beside::others_of;

use super::dialogue::Context;
use super::frame::{Ask, Frame, Head, NodeId};
use super::knowledge::{KindId, Role};
use super::reading::{self, Binding, Item, Reader, What};
use super::text::Gap;

/// What a question comes to.
#[derive(Debug)]
pub(super) enum Understood {
    /// Something to find out.
    Plan(Frame),
    /// Something to say without any call.
    Talk(Talk),
    /// Something is missing: a record of this kind, for records of that kind.
    Missing { of: KindId, for_kind: KindId },
    /// A word fits records of several kinds: what was said, and the kinds.
    Unclear { said: String, kinds: Vec<KindId> },
    /// Words that would change the answer have no place in what was understood.
    Unplaced(Vec<String>),
    /// The words say nothing about the domain.
    Foreign,
}

/// Talk that needs no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    Greeting,
    Thanks,
    Abilities,
    Change,
    /// The day that the data stand at.
    Today,
    /// Orders to the assistant itself.
    Orders,
}

/// The work on one question.
struct Builder<'a> {
    reader: &'a Reader<'a>,
    context: Option<&'a Context>,
    earlier: &'a [Context],
    frame: Frame,
    /// Records named in earlier clauses of this question.
    named: Vec<NodeId>,
    /// What is missing for a complete plan.
    missing: Option<(KindId, KindId)>,
    /// What fits several kinds.
    unclear: Option<(String, Vec<KindId>)>,
    title: String,
    /// How often a record was asked about again that is shown whole.
    repeated: usize,
}

/// Understands a question in its conversation.
pub(super) fn understand(reader: &Reader<'_>, question: &str, earlier: &[Context]) -> Understood {
    let mut understood = meant(reader, question, earlier);
    if let Understood::Plan(frame) = &mut understood {
        beside::add(reader.knowledge, frame);
    }
    understood
}

fn meant(reader: &Reader<'_>, question: &str, earlier: &[Context]) -> Understood {
    let mut items = reading::read(reader, question);
    if let Some(talk) = talk(&items) {
        return Understood::Talk(talk);
    }
    let mut builder = Builder::new(reader, earlier);
    builder.with_person(&mut items);
    if let Some(frame) = builder.refined(&items) {
        return Understood::Plan(frame);
    }
    for clause in clauses(&items) {
        builder.clause_with_effect(clause);
    }
    builder.finished()
}

/// Understands the steps of a composite or runbook as one question; each step's heads carry its title.
pub(super) fn understand_steps(reader: &Reader<'_>, steps: &[(String, String)]) -> Understood {
    let mut builder = Builder::new(reader, &[]);
    for (title, ask) in steps {
        builder.step(title, ask);
    }
    builder.finished()
}

impl<'a> Builder<'a> {
    fn new(reader: &'a Reader<'a>, earlier: &'a [Context]) -> Self {
        Self {
            reader,
            context: earlier.last(),
            earlier,
            frame: Frame::default(),
            named: Vec::new(),
            missing: None,
            unclear: None,
            title: String::new(),
            repeated: 0,
        }
    }
}

impl Builder<'_> {
    /// One step on its own: what other steps named is not carried over.
    fn step(&mut self, title: &str, ask: &str) {
        let from = self.frame.heads.len();
        let named = std::mem::take(&mut self.named);
        let items = reading::read(self.reader, &ask.replace('{', "§").replace('}', ""));
        for clause in clauses(&items) {
            self.clause(clause);
        }
        self.named = named;
        for head in self.frame.heads.iter_mut().skip(from) {
            title.clone_into(&mut head.title);
        }
    }

    fn finished(self) -> Understood {
        if let (Some((said, kinds)), true) = (self.unclear, self.frame.heads.is_empty()) {
            return Understood::Unclear { said, kinds };
        }
        match self.missing {
            Some((of, for_kind)) if self.frame.heads.is_empty() => Understood::Missing { of, for_kind },
            _ if !self.frame.needed.is_empty() && self.frame.nodes.iter().any(|node| !node.is_free()) => {
                Understood::Unplaced(self.frame.needed)
            }
            _ if self.frame.heads.is_empty() => Understood::Foreign,
            _ if !self.frame.needed.is_empty() => Understood::Unplaced(self.frame.needed),
            _ => Understood::Plan(self.frame),
        }
    }

    fn add_head(&mut self, mut head: Head) {
        head.title.clone_from(&self.title);
        // The same records asked about again: one more field of them.
        let nodes = &self.frame.nodes;
        let alike = |node: NodeId| {
            let both = nodes.get(node).zip(nodes.get(head.node));
            node == head.node || head.ask == Ask::List && both.is_some_and(|(one, other)| one.is_same(other))
        };
        let same = self.frame.heads.iter_mut().find(|known| known.title == head.title && alike(known.node));
        match same {
            Some(known) if !known.fields.is_empty() && !head.fields.is_empty() => known.fields.extend(head.fields),
            // Shown whole, it holds the field too.
            Some(_) => self.repeated += 1,
            None => self.frame.heads.push(head),
        }
    }
}

/// Words that only greet, thank, ask what can be done, or ask for a change.
fn talk(items: &[Item]) -> Option<Talk> {
    let content: Vec<&Item> = items.iter().filter(|item| !is_noise(item)).collect();
    let only = |role: Role| !content.is_empty() && content.iter().all(|item| item.has(role) || item.has(Role::Ignore));
    if items.iter().any(|item| item.has(Role::Abilities)) && items.iter().filter(|item| item.is_content()).count() == 0
    {
        return Some(Talk::Abilities);
    }
    if items.iter().any(|item| item.has(Role::Orders)) {
        return Some(Talk::Orders);
    }
    if items.iter().any(|item| item.has(Role::Today))
        && items.iter().all(|item| item.is_small() || item.has(Role::Today) || matches!(item.what, What::Days(_)))
    {
        return Some(Talk::Today);
    }
    if asks_for_change(items) {
        return Some(Talk::Change);
    }
    if only(Role::Greet) && content.iter().any(|item| item.has(Role::Greet)) {
        return Some(Talk::Greeting);
    }
    if content.iter().any(|item| item.has(Role::Thanks))
        && content.iter().all(|item| {
            item.is_small() && !item.has(Role::Change) && !item.has(Role::Pronoun) || item.has(Role::Thanks)
        })
    {
        return Some(Talk::Thanks);
    }
    None
}

fn is_noise(item: &Item) -> bool {
    item.has(Role::Ignore) && !item.has(Role::Greet) && !item.has(Role::Thanks) && item.is_small()
}

/// A verb of change at the start, with something that could be changed behind it.
fn asks_for_change(items: &[Item]) -> bool {
    let mut rest = items.iter().skip_while(|item| is_opening(item)).peekable();
    let Some(verb) = rest.next().filter(|item| item.has(Role::Change)) else { return false };
    let next: Vec<&Item> = rest.take(4).collect();
    let Some(first) = next.first() else { return false };
    if first.gap == Gap::Stop {
        return false;
    }
    let article = matches!(
        first.low.as_str(),
        "a" | "an" | "the" | "this" | "that" | "my" | "our" | "new" | "it" | "all" | "another"
    );
    let object = |item: &&&Item| {
        item.kind().is_some()
            || matches!(item.what, What::Record(_))
            || !item.fields().is_empty()
            || item.is_topic()
            || !item.values().is_empty()
            || matches!(item.what, What::Unknown { .. })
            || matches!(item.low.as_str(), "everything" | "anything")
    };
    let target = if article { next.iter().skip(1).find(object) } else { next.first().filter(object) };
    // "open tickets", "issue 3", "call notes": a verb that is also an adjective or noun needs an article.
    let double = !verb.values().is_empty() || verb.kind().is_some() || !verb.fields().is_empty();
    match target {
        Some(_) if double => article,
        Some(_) => true,
        None => article && matches!(first.low.as_str(), "it"),
    }
}

/// "please can you …", "I want to …"
fn is_opening(item: &Item) -> bool {
    item.is_small()
        && !item.has(Role::Change)
        && (item.has(Role::Ignore) || item.has(Role::Yesno) || item.has(Role::Greet) || item.has(Role::And))
}

/// Splits at sentence ends and where a new question or order begins.
fn clauses(items: &[Item]) -> Vec<&[Item]> {
    const OPENERS: [&str; 30] = [
        "who", "what", "which", "how", "when", "where", "show", "list", "give", "tell", "find", "is", "are", "does",
        "do", "did", "has", "whom", "whose", "get", "check", "display", "can", "could", "also", "any", "was", "were",
        "let", "please",
    ];
    let mut out = Vec::new();
    let mut start = 0;
    for (at, item) in items.iter().enumerate() {
        let opens = OPENERS.contains(&item.low.as_str());
        let before = at.checked_sub(1).and_then(|before| items.get(before));
        let joined = before.is_some_and(|before| before.low == "and" || before.low == "then" || before.low == "but");
        let question_word = opens
            && !matches!(
                item.low.as_str(),
                "do" | "is" | "are" | "does" | "did" | "has" | "can" | "any" | "whose" | "was" | "were"
            );
        let so_far = items.get(start..at).unwrap_or_default();
        let relative = is_relative(items, at)
            || (matches!(item.low.as_str(), "which" | "whose" | "where" | "that") && item.has(Role::With))
            || (item.low == "who"
                && (0..so_far.len()).any(|inner| so_far[inner].low == "who" && is_relative(so_far, inner)));
        let joined = joined && !goes_on(items, at);
        let begins = item.gap == Gap::Stop
            || (joined && opens && !relative && at > start + 1)
            || (item.gap == Gap::Comma && question_word && !relative && at > start + 1);
        if at > start && begins {
            let end = if joined && item.gap != Gap::Stop { at - 1 } else { at };
            out.push(items.get(start..end).unwrap_or_default());
            start = at;
        }
    }
    out.push(items.get(start..).unwrap_or_default());
    out.retain(|clause| !clause.is_empty());
    out
}

/// "customers created before 2025 and are not premium": the verb goes on about the same records.
fn goes_on(items: &[Item], at: usize) -> bool {
    const VERBS: [&str; 7] = ["is", "are", "was", "were", "has", "have", "had"];
    if !items.get(at).is_some_and(|item| VERBS.contains(&item.low.as_str())) {
        return false;
    }
    let rest: Vec<&Item> =
        items.iter().skip(at).take_while(|item| item.gap != Gap::Stop || item.low == items[at].low).collect();
    let subject = |item: &&Item| {
        matches!(item.what, What::Record(_) | What::Unknown { .. })
            || item.has(Role::Pronoun)
            || item.kind().is_some() && item.values().is_empty()
    };
    !rest.iter().any(subject) && rest.iter().any(|item| !item.values().is_empty())
}

/// "customers who have": no question, but more about the customers.
fn is_relative(items: &[Item], at: usize) -> bool {
    let who = items.get(at).is_some_and(|item| item.has(Role::Who) && item.gap == Gap::None);
    who && at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(|before| before.kind().is_some())
}

/// What the placeholder `{it}` of a composite is bound to.
fn it(binding: Binding) -> HashMap<String, Binding> {
    HashMap::from([("it".to_owned(), binding)])
}
