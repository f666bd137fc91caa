//! The last steps of a clause: ties to named and earlier records, names beside ids, counts and sums, composites.

use super::super::dialogue::mention_of;
use super::super::frame::{Ask, Filter, Head, Link, Manner, Node, NodeId, Order, Sense, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::{Binding, Item, Reader};
use super::clause::{Clause, Conn, Part, Period};
use super::{Builder, it};

impl Builder<'_> {
    // ---- named records

    pub(super) fn tie_named(&mut self, clause: &Clause, heads: &[Head], items: &[Item]) {
        for (at, named, conn) in &clause.named {
            let inner = clause
                .placed
                .iter()
                .rev()
                .find(|placed| placed.at < *at)
                .filter(|placed| matches!(placed.part, Part::Narrows(..)) && *conn == Conn::Of)
                .map(|placed| placed.node)
                .filter(|node| self.kinds_link(*node, *named));
            if let Some(node) = inner {
                self.tie(node, *named);
                continue;
            }
            for head in heads {
                if !self.is_owner(clause, items, *at, *named, head.node) {
                    continue;
                }
                let tied = self.is_tied(head.node) || self.depends(head.node, *named);
                if head.node != *named && self.kind_of(head.node) != self.kind_of(*named) && !tied {
                    self.tie(head.node, *named);
                }
            }
        }
    }

    fn kinds_link(&self, from: NodeId, to: NodeId) -> bool {
        match (self.kind_of(from), self.kind_of(to)) {
            (Some(a), Some(b)) => a != b && self.can_link(a, b),
            _ => false,
        }
    }

    /// Whether a head already belongs to a head of the same clause, as "their customers" do.
    fn is_tied(&self, node: NodeId) -> bool {
        self.frame.nodes.get(node).is_some_and(|node| {
            node.known.is_some()
                || node.links.iter().any(|link| {
                    link.manner == Manner::Of && self.frame.nodes.get(link.to).is_some_and(|to| to.named.is_some())
                })
        })
    }

    fn tie(&mut self, node: NodeId, named: NodeId) {
        let or_else = self.other_readings(node, named);
        // The text of an article is found by the ticket; a ticket that only lends its customer is fetched for that.
        self.link(node, named, Sense::Exists, Manner::Of, or_else);
    }

    // ---- names beside ids

    pub(super) fn names(&mut self, clause: &Clause, heads: &mut [Head]) {
        for head in heads.iter_mut() {
            let Some(kind) = self.kind_of(head.node) else { continue };
            let wanted = clause.placed.iter().find(|placed| placed.node == head.node).and_then(|placed| placed.names);
            let who = clause.roles.contains(&Role::Who)
                && head.fields.is_empty()
                && clause.named.is_empty()
                && self.reader.knowledge.kind(kind).label.is_empty();
            let base = wanted.or_else(|| {
                self.reader
                    .knowledge
                    .kind(kind)
                    .of
                    .filter(|base| who && self.reader.knowledge.kind(*base).person_question)
            });
            head.names = head.names.or(base);
        }
    }

    // ---- what is asked of the records

    pub(super) fn asks(&mut self, clause: &Clause, heads: &mut [Head], items: &[Item]) {
        let grouped = clause.groups.first().copied();
        let grouped_field = clause.grouped_fields.first().map(|(_, fields)| fields.clone());
        let yesno = clause.roles.contains(&Role::Yesno);
        for (index, head) in heads.iter_mut().enumerate() {
            head.yesno = yesno;
            let Some(kind) = self.kind_of(head.node) else { continue };
            let known = self.reader.knowledge.kind(kind);
            head.mean = match &head.ask {
                Ask::Average(field) => Some(field.clone()),
                _ => Some(&known.measure).filter(|_| clause.roles.contains(&Role::Average)).cloned(),
            }
            .filter(|field| !field.is_empty());
            if let Some(field) = grouped_field.as_ref().and_then(|fields| self.parting_field(kind, fields)) {
                self.want(head.node, &field);
                head.ask = Ask::GroupBy(field);
                continue;
            }
            if let Some((field, _)) = grouped.and_then(|group| self.reader.knowledge.join(kind, group)) {
                head.ask = Ask::GroupBy(field);
                continue;
            }
            // "does TechCorp or Aurora have more open tickets": each for itself.
            const COMPARES: [&str; 6] = ["more", "most", "fewer", "fewest", "less", "compare"];
            let compares = items.iter().any(|item| COMPARES.contains(&item.low.as_str()));
            let apart = || self.owners_apart(head.node).or_else(|| self.owners_told_apart(head.node));
            if let (true, Some(field)) = (compares && !known.single, apart()) {
                self.want(head.node, &field);
                head.ask = Ask::GroupBy(field);
                continue;
            }
            if let Some(month) = compares.then(|| self.months_apart(head.node)).flatten() {
                head.ask = Ask::GroupBy(format!("{month}@7"));
                continue;
            }
            if let (Some(period), false) = (clause.period, known.date.is_empty() || known.single) {
                let letters = match period {
                    Period::Day => 10,
                    Period::Month => 7,
                    Period::Year => 4,
                };
                head.ask = Ask::GroupBy(format!("{}@{letters}", known.date));
                continue;
            }
            // "are all of TechCorp's assets under warranty" asks how large a part is, too.
            let all = yesno && items.iter().any(|item| matches!(item.low.as_str(), "all" | "every"));
            if (clause.roles.contains(&Role::Share) || all) && index == 0 {
                match self.whole(clause, head.node) {
                    Some(whole) => head.ask = Ask::Share(whole),
                    None if all => {}
                    None => self.need("percentage"),
                }
                if let Ask::Share(_) = head.ask {
                    continue;
                }
            }
            // "the article with the lowest helpful count": one of them, no total.
            if head.order.is_some() && head.limit.is_some() && !clause.roles.contains(&Role::Sum) {
                continue;
            }
            if head.ask != Ask::List || index > 0 && !clause.roles.contains(&Role::Sum) {
                continue;
            }
            let measure = head
                .fields
                .iter()
                .find(|field| **field == known.measure)
                .cloned()
                .or_else(|| (!known.measure.is_empty()).then(|| known.measure.clone()));
            let one = known.single && self.is_of_one(head.node)
                || self
                    .frame
                    .nodes
                    .get(head.node)
                    .and_then(|node| node.named.as_ref())
                    .is_some_and(|one| one.count() == 1);
            let other_field = !head.fields.is_empty() && head.fields.iter().all(|field| *field != known.measure);
            // "how many are pending and how many overdue"
            let several_values = self.frame.nodes.get(head.node).and_then(|node| {
                let several =
                    |filter: &&Filter| !filter.negated && matches!(&filter.test, Test::In(values) if values.len() > 1);
                node.filters.iter().find(several).map(|filter| filter.field.clone())
            });
            let counted = clause.roles.contains(&Role::Count) || compares;
            if let (Some(field), true) = (several_values, counted && !known.single) {
                head.ask = Ask::GroupBy(field);
                continue;
            }
            // "how many seats", "total overdue amount", "how much has X paid": the named figure, if it is one.
            let figure = head.fields.iter().find(|field| known.field(field).is_some_and(|field| field.number)).cloned();
            let several = !one && !known.single || known.single && !self.is_of_one(head.node);
            if let (Some(figure), true) = (&figure, several && !head.yesno) {
                let average = clause.roles.contains(&Role::Average);
                if average {
                    head.ask = Ask::Average(figure.clone());
                    continue;
                }
                if clause.roles.contains(&Role::Sum) || clause.roles.contains(&Role::Count) {
                    head.ask = Ask::Sum(figure.clone());
                    continue;
                }
            }
            if clause.roles.contains(&Role::Sum) && !other_field {
                match measure {
                    Some(measure) if one => head.fields = vec![measure],
                    Some(measure) => head.ask = Ask::Sum(measure),
                    None => {}
                }
            } else if clause.roles.contains(&Role::Average) && !other_field {
                if let Some(measure) = measure {
                    head.ask = Ask::Average(measure);
                }
            } else if clause.roles.contains(&Role::Count) && !other_field && !known.single && !one {
                head.ask = Ask::Count;
            }
        }
    }

    /// The field that tells the records of several named owners apart.
    fn owners_apart(&self, node: NodeId) -> Option<String> {
        let known = self.frame.nodes.get(node)?;
        let owner = known
            .links
            .iter()
            .filter_map(|link| self.frame.nodes.get(link.to))
            .find(|to| to.named.as_ref().is_some_and(|mention| mention.count() > 1))?;
        self.reader.knowledge.join(known.kind, owner.kind).map(|(field, _)| field)
    }

    /// The records that those of a node are a part of: without what was said after their word.
    fn whole(&mut self, clause: &Clause, node: NodeId) -> Option<NodeId> {
        let mut whole = self.frame.nodes.get(node)?.clone();
        let described = clause.placed.iter().find(|placed| placed.node == node).map_or(0, |placed| placed.described);
        if described < whole.filters.len() {
            whole.filters.truncate(described);
        } else if !whole.filters.is_empty() {
            whole.filters.clear();
        } else if !whole.any.is_empty() {
            whole.any.clear();
        } else {
            whole.links.pop()?;
        }
        Some(self.frame.add(whole))
    }

    /// Whether a facet is wanted of one record only.
    fn is_of_one(&self, node: NodeId) -> bool {
        self.frame.nodes.get(node).is_some_and(|node| {
            node.links.iter().any(|link| {
                self.frame
                    .nodes
                    .get(link.to)
                    .is_some_and(|to| to.named.is_some() || to.known.as_ref().is_some_and(|rows| rows.len() == 1))
            })
        })
    }

    /// A tie to records that nothing narrows says nothing: "warranties of all assets".
    pub(super) fn drop_empty_conditions(&mut self) {
        let free: Vec<bool> = self.frame.nodes.iter().map(Node::is_free).collect();
        for index in 0..self.frame.nodes.len() {
            let Some(kind) = self.kind_of(index) else { continue };
            let can_list = self.can_list(kind);
            let kinds: Vec<KindId> = self.frame.nodes.iter().map(|node| node.kind).collect();
            if let Some(node) = self.frame.nodes.get_mut(index) {
                let empty = |link: &Link| {
                    free.get(link.to).copied().unwrap_or_default()
                        && link.sense == Sense::Exists
                        && link.manner == Manner::Of
                        && can_list
                        && kinds.get(link.to).is_some()
                };
                node.links.retain(|link| !empty(link) || kinds.get(link.to) == Some(&kind));
            }
        }
    }

    /// Whether the head can be answered at all; notes what is missing.
    pub(super) fn is_possible(&mut self, clause: &Clause, head: &Head) -> bool {
        let Some(node) = self.frame.nodes.get(head.node) else { return false };
        let kind = node.kind;
        let knowledge = self.reader.knowledge;
        let Some(base) = knowledge.kind(kind).of else { return true };
        let tied = !node.links.is_empty() || node.named.is_some() || node.known.is_some() || !node.text.is_empty();
        let found_by = |source: &super::super::knowledge::Source| {
            source.kind == kind
                && !source.needs.is_empty()
                && source.needs.iter().all(|field| node.filters.iter().any(|filter| filter.field == *field))
        };
        if tied || self.can_list(kind) || knowledge.sources.iter().any(found_by) {
            return true;
        }
        // "the customer with the shortest response time": of all of them.
        let ranked = matches!(head.order, Some(Order::Field { .. })) && head.limit.is_some();
        if (clause.roles.contains(&Role::Every) || ranked) && self.can_list(base) {
            let all = self.frame.add(Node::new(base));
            return self.link(head.node, all, Sense::Exists, Manner::Of, Vec::new());
        }
        self.missing = Some((base, kind));
        false
    }

    // ---- composites

    /// A word such as "everything" stands for several questions about what was named. True if it was taken so.
    pub(super) fn composites(&mut self, clause: &mut Clause) -> bool {
        // "everything overdue" is no overview.
        let figure = clause.roles.contains(&Role::Sum) || clause.roles.contains(&Role::Average);
        if !clause.waiting.is_empty()
            || figure
            || clause.composites.is_empty()
            // "what is going on with the imaging archive": words to search for.
            || !clause.texts.is_empty() && clause.named.is_empty()
            || (!clause.placed.is_empty() && clause.named.is_empty())
        {
            return false;
        }
        let knowledge = self.reader.knowledge;
        let earlier = self.named.last().copied();
        let about = clause.named.first().map(|(_, node, _)| *node).or(earlier);
        let binding =
            about.and_then(|node| self.frame.nodes.get(node).and_then(|node| node.named.clone())).or_else(|| {
                self.context.filter(|_| clause.roles.contains(&Role::Pronoun)).and_then(|context| {
                    context
                        .named
                        .iter()
                        .chain(&context.heads)
                        .find(|(_, rows)| rows.len() == 1)
                        .and_then(|(_, rows)| mention_of(knowledge, &rows[0]))
                })
            });
        let chosen = clause
            .composites
            .iter()
            .filter_map(|index| knowledge.composites.get(*index))
            .find(|composite| composite.kind == binding.as_ref().map(|mention| mention.kind))
            .or_else(|| {
                clause
                    .composites
                    .iter()
                    .filter_map(|index| knowledge.composites.get(*index))
                    .find(|composite| composite.kind.is_none() && binding.is_none())
            });
        let Some(composite) = chosen else {
            if let (None, Some(kind)) = (
                &binding,
                clause
                    .composites
                    .iter()
                    .filter_map(|index| knowledge.composites.get(*index))
                    .find_map(|composite| composite.kind),
            ) {
                self.missing = Some((kind, kind));
            }
            return binding.is_none();
        };
        let bindings = binding.map(|mention| it(Binding::Mention(mention))).unwrap_or_default();
        let reader = Reader {
            bindings: &bindings,
            knowledge: self.reader.knowledge,
            directory: self.reader.directory,
            today: self.reader.today,
        };
        let mut inner = Builder {
            reader: &reader,
            context: None,
            earlier: &[],
            frame: std::mem::take(&mut self.frame),
            named: Vec::new(),
            missing: None,
            unclear: None,
            title: self.title.clone(),
            repeated: 0,
        };
        for ask in &composite.ask {
            inner.step("", ask);
        }
        self.frame = inner.frame;
        true
    }

    // ---- helpers for follow-ups

    /// The order a ranking word puts records of a kind in.
    pub(super) fn order_of(&self, kind: KindId, by: &str, descending: bool) -> Option<Order> {
        let known = self.reader.knowledge.kind(kind);
        let field = match by {
            "date" => &known.date,
            "measure" => &known.measure,
            "urgency" => &known.urgency,
            "rank" | "count" => return None,
            field => return Some(Order::Field { field: field.to_owned(), descending }),
        };
        (!field.is_empty()).then(|| Order::Field { field: field.clone(), descending })
    }
}
