//! What of a question had no effect: parts that nothing was found out for, and words without which it is another question.

use super::super::frame::{Ask, Head, Node, NodeId, Order};
use super::super::knowledge::{KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Ranking};

/// More records than this are not asked about again with a single word.
const MOST_ASKED_AGAIN: usize = 3;

/// What a clause can change.
#[derive(PartialEq)]
struct Effect([usize; 9]);

impl Builder<'_> {
    /// Understands one clause; if it asked for something and changed nothing, the answer will say so.
    pub(super) fn clause_with_effect(&mut self, items: &[Item]) {
        let before = self.effect();
        self.clause(items);
        if self.effect() == before && asks(items) {
            let words: Vec<&str> = items.iter().map(|item| item.raw.as_str()).collect();
            self.frame.unanswered.push(words.join(" "));
        }
    }

    fn effect(&self) -> Effect {
        let (heads, nodes) = (&self.frame.heads, &self.frame.nodes);
        let asked =
            |head: &Head| head.fields.len() + usize::from(head.order.is_some()) + usize::from(head.ask != Ask::List);
        let said = |node: &Node| {
            let ties = node.links.len() + node.any.len() + usize::from(!node.text.is_empty());
            node.filters.len() + node.checks.len() + ties + usize::from(node.named.is_some())
        };
        Effect([
            heads.len(),
            heads.iter().map(asked).sum(),
            nodes.iter().map(said).sum(),
            self.frame.left_out.len(),
            self.frame.needed.len(),
            usize::from(self.missing.is_some()),
            usize::from(self.unclear.is_some()),
            self.named.len(),
            self.repeated,
        ])
    }

    /// Notes a word without which the question would be another one.
    pub(super) fn need(&mut self, words: &str) {
        if !self.frame.needed.iter().any(|known| known == words) {
            self.frame.needed.push(words.to_owned());
        }
    }

    /// "overdue invoices per account manager": a field that the records do not have parts them no further.
    pub(super) fn ungrouped(&mut self, clause: &Clause, heads: &[Head], items: &[Item]) {
        let grouped = heads.iter().any(|head| matches!(head.ask, Ask::GroupBy(_)));
        // "per customer and priority": a table of numbers has no place for the second.
        let others = heads.iter().filter_map(|head| match &head.ask {
            Ask::GroupBy(by) => Some(head.fields.iter().filter(move |field| *field != by)),
            Ask::List | Ask::Count | Ask::Sum(_) | Ask::Average(_) | Ask::Share(_) => None,
        });
        for field in others.flatten() {
            self.leave_out_words(&field.replace(['_', '.'], " "));
        }
        if let (Some((at, _)), false) = (clause.grouped_fields.first(), grouped) {
            let word = items.get(*at).map_or("", |item| item.raw.as_str());
            self.need(&format!("per {word}"));
        }
    }

    /// A name that narrows nothing and is not shown was not understood.
    pub(super) fn names_in_use(&mut self, clause: &Clause, heads: &[Head]) {
        for (_, node, _) in &clause.named {
            let Some(mention) = self.frame.nodes.get(*node).and_then(|known| known.named.clone()) else { continue };
            let linked = self.frame.nodes.iter().flat_map(|other| &other.links).any(|link| link.to == *node);
            let shown = heads.iter().chain(&self.frame.heads).any(|head| {
                head.node == *node
                    || self.frame.nodes.get(head.node).is_some_and(|other| other.named.as_ref() == Some(&mention))
            });
            if !heads.is_empty() && !linked && !shown {
                self.need(&mention.said);
            }
        }
    }

    /// "and who did it?", "and how?", "why?": asked of the records just spoken of.
    pub(super) fn elliptic(&mut self, clause: &Clause, items: &[Item], heads: &mut Vec<Head>) {
        let open = heads.is_empty()
            && items.iter().all(|item| item.is_small() || question_word(&item.low))
            && clause.placed.is_empty()
            && clause.named.is_empty()
            && clause.fields.is_empty()
            && clause.texts.is_empty()
            && clause.days.is_empty()
            && clause.composites.is_empty();
        let asked = items.iter().find(|item| question_word(&item.low));
        let Some(asked) = asked else { return };
        if asked.low == "why" {
            self.reasons(heads);
        }
        if asked.has(Role::Who) {
            self.whose(clause, heads);
        }
        if !open {
            return;
        }
        let fields = |builder: &Self, kind: KindId| builder.reader.knowledge.kind(kind).asks.get(&asked.low).cloned();
        let before = self
            .frame
            .heads
            .iter()
            .enumerate()
            .rev()
            .find_map(|(index, head)| Some((index, head.node, fields(self, self.kind_of(head.node)?)?)));
        if let Some((index, node, fields)) = before {
            if let Some(known) = self.frame.nodes.get_mut(node) {
                known.wanted.extend(fields.iter().cloned());
            }
            let head = &mut self.frame.heads[index];
            let fresh: Vec<String> = fields.into_iter().filter(|field| !head.fields.contains(field)).collect();
            head.fields.extend(fresh);
            self.frame.left_out.retain(|word| *word != asked.raw);
            return;
        }
        let Some(context) = self.context.filter(|_| self.frame.heads.is_empty()) else { return };
        let rows = context.heads.iter().chain(&context.named).find_map(|(kind, rows)| {
            let fields = fields(self, *kind).filter(|_| (1..=MOST_ASKED_AGAIN).contains(&rows.len()))?;
            Some((rows, fields))
        });
        let Some((rows, fields)) = rows else { return };
        for mention in rows.iter().filter_map(|row| super::super::dialogue::mention_of(self.reader.knowledge, row)) {
            let node = Node { named: Some(mention.clone()), wanted: fields.clone(), ..Node::new(mention.kind) };
            let node = self.frame.add(node);
            heads.push(Head { fields: fields.clone(), ..Head::list(node) });
        }
        self.frame.left_out.retain(|word| *word != asked.raw);
    }

    /// "who owns tc-fs01": of a named record that is nobody itself.
    fn whose(&mut self, clause: &Clause, heads: &mut [Head]) {
        let plain = clause.placed.is_empty() && clause.fields.is_empty() && clause.texts.is_empty();
        for head in heads.iter_mut().filter(|head| plain && head.fields.is_empty()) {
            let Some(node) = self.frame.nodes.get_mut(head.node).filter(|node| node.checks.is_empty()) else {
                continue;
            };
            let kind = self.reader.knowledge.kind(node.kind);
            let Some(fields) = kind.asks.get("who").filter(|_| node.named.is_some() && !kind.person_question) else {
                continue;
            };
            node.wanted.extend(fields.iter().cloned());
            head.fields.clone_from(fields);
        }
    }

    /// "why is TKT-1001 still open": what the named record tells of its reasons.
    fn reasons(&mut self, heads: &mut [Head]) {
        for head in heads.iter_mut() {
            let Some(node) = self.frame.nodes.get_mut(head.node).filter(|node| node.named.is_some()) else { continue };
            let Some(fields) = self.reader.knowledge.kind(node.kind).asks.get("why") else { continue };
            node.checks.clear();
            node.wanted.extend(fields.iter().cloned());
            head.fields.clone_from(fields);
            self.frame.left_out.retain(|word| !word.eq_ignore_ascii_case("why"));
        }
    }

    /// "… and which is the oldest?", "… and who is the worst?": one of the records that an earlier part asked for.
    pub(super) fn best_of_earlier(&mut self, clause: &mut Clause, heads: &mut Vec<Head>) {
        let alone = heads.is_empty() && clause.placed.is_empty() && clause.named.is_empty() && clause.texts.is_empty();
        let ranking = clause.rankings.first().or(clause.stray.first()).filter(|_| alone).cloned();
        let (Some(ranking), Some(last)) = (ranking, self.frame.heads.last().cloned()) else {
            for stray in std::mem::take(&mut clause.stray) {
                self.need(&stray.said);
            }
            return;
        };
        let Some((node, order)) = self.order_in(&last, &ranking) else { return self.need(&ranking.said) };
        let Some(known) = self.frame.nodes.get(node).cloned() else { return };
        let again = self.frame.add(known);
        clause.rankings.clear();
        clause.stray.clear();
        let limit = ranking.count.or(Some(1));
        heads.push(Head { order: Some(order), limit, skip: ranking.skip, names: last.names, ..Head::list(again) });
    }

    /// By what the records of an earlier part are put in order; a figure that was added up there comes first.
    fn order_in(&self, last: &Head, ranking: &Ranking) -> Option<(NodeId, Order)> {
        let kind = self.kind_of(last.node)?;
        let order = match &last.ask {
            Ask::Sum(field) | Ask::Average(field) if matches!(ranking.by.as_str(), "measure" | "count") => {
                Some(Order::Field { field: field.clone(), descending: ranking.descending })
            }
            Ask::List | Ask::Count | Ask::Sum(_) | Ask::Average(_) | Ask::Share(_) | Ask::GroupBy(_) => {
                self.order_of(kind, &ranking.by, ranking.descending)
            }
        };
        Some((last.node, order?))
    }
}

/// A word that asks for one thing about what was spoken of.
fn question_word(low: &str) -> bool {
    matches!(low, "who" | "whom" | "how" | "why" | "when" | "where")
}

/// Whether a clause asks for something, so that it must not be passed over: not "thanks", not "I am in a hurry".
fn asks(items: &[Item]) -> bool {
    let opens = items.iter().find(|item| !item.has(Role::And) && !item.has(Role::Ignore) || question_word(&item.low));
    let question = opens.is_some_and(|item| question_word(&item.low) || item.has(Role::Who));
    let wish = items.iter().any(|item| {
        item.kind().is_some() || item.superlative().is_some() || !item.fields().is_empty() || !item.values().is_empty()
    });
    let social = items.iter().any(|item| item.has(Role::Thanks) || item.has(Role::Greet));
    (question || wish) && !social
}
