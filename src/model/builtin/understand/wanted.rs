//! What is wanted in the end: records, fields of them, records that a text is searched in.

use super::super::frame::{Filter, Head, Manner, Node, NodeId, Sense, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::lexicon::Strength;
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Conn, Part, Placed};

impl Builder<'_> {
    pub(super) fn heads_of(&mut self, clause: &Clause, items: &[Item]) -> Vec<Head> {
        let mut heads = Vec::new();
        let placed: Vec<&Placed> = clause.placed.iter().filter(|placed| placed.part == Part::Head).collect();
        for (at, node, conn) in &clause.named {
            let kind = self.kind_of(*node);
            let checked = self.frame.nodes.get(*node).is_some_and(|node| !node.checks.is_empty());
            let has_fields =
                clause.fields.iter().any(|(_, fields)| fields.iter().any(|(known, _)| Some(*known) == kind));
            let same_kind = placed.iter().any(|placed| self.kind_of(placed.node) == kind);
            let shown_too =
                placed.iter().all(|placed| placed.at > *at) && *conn != Conn::Of && is_followed_by_more(items, *at);
            let elsewhere = !clause.fields.is_empty() && !has_fields;
            let alone = placed.is_empty() && clause.texts.is_empty() && !elsewhere;
            let wanted = alone
                || checked
                || (has_fields && placed.is_empty())
                || (!placed.is_empty() && shown_too && !same_kind);
            let other_named_fields = has_fields
                && placed.iter().all(|placed| {
                    !clause
                        .fields
                        .iter()
                        .any(|(_, fields)| fields.iter().any(|(known, _)| Some(*known) == self.kind_of(placed.node)))
                });
            if wanted || (other_named_fields && !same_kind) {
                heads.push(Head::list(*node));
            }
        }
        for placed in placed {
            let kind = self.kind_of(placed.node);
            // "Which customer is CUST-001": the records wanted are the named ones.
            let named = clause.named.iter().map(|(_, node, _)| *node).find(|node| self.kind_of(*node) == kind);
            let free = self.frame.nodes.get(placed.node).is_some_and(Node::is_free);
            if let (Some(named), true) = (named, free) {
                let mention = self.frame.nodes.get(named).and_then(|node| node.named.clone());
                if let Some(node) = self.frame.nodes.get_mut(placed.node) {
                    node.named = mention;
                }
            }
            heads.push(self.head_of(placed, None, None));
        }
        heads
    }

    pub(super) fn wanted_fields(&mut self, clause: &mut Clause, heads: &mut Vec<Head>, items: &[Item]) {
        for (at, fields) in std::mem::take(&mut clause.fields) {
            let fits = |node: NodeId| {
                let kind = self.kind_of(node)?;
                let field = fields.iter().find(|(known, _)| *known == kind)?;
                self.field_name(field.0, field.1).map(str::to_owned)
            };
            // The nearest wanted records that have such a field.
            let mut order: Vec<usize> = (0..heads.len()).collect();
            order.sort_by_key(|index| {
                let node = heads[*index].node;
                let position = clause
                    .placed
                    .iter()
                    .find(|placed| placed.node == node)
                    .map(|placed| placed.at)
                    .or_else(|| clause.named.iter().find(|(_, known, _)| *known == node).map(|(at, ..)| *at));
                position.map_or(usize::MAX, |position| position.abs_diff(at))
            });
            if let Some((index, field)) =
                order.into_iter().find_map(|index| fits(heads[index].node).map(|field| (index, field)))
            {
                // "who reported TKT-1009", "who reported the printing problem"
                let told = self.frame.nodes.get(heads[index].node);
                let told = told.filter(|node| node.named.is_some() || node.known.is_some() || !clause.texts.is_empty());
                let field = match told.and_then(|node| self.doer(clause, node.kind, &field)) {
                    Some((doer, kind)) => {
                        heads[index].names = Some(kind);
                        doer
                    }
                    None => field,
                };
                if let Some(node) = self.frame.nodes.get_mut(heads[index].node) {
                    node.wanted.push(field.clone());
                }
                heads[index].fields.push(field);
                continue;
            }
            // "which account manager has the most open tickets": a field of those whose tickets they are.
            let counted = clause.rankings.iter().any(|ranking| matches!(ranking.by.as_str(), "count" | "total"));
            let parted = heads.iter().enumerate().filter(|_| counted).find_map(|(index, head)| {
                let kind = self.kind_of(head.node)?;
                Some((index, self.parting_field(kind, &fields)?))
            });
            if let Some((index, field)) = parted {
                self.want(heads[index].node, &field);
                heads[index].fields.push(field);
                continue;
            }
            let before = heads.len();
            let asked: usize = heads.iter().map(|head| head.fields.len()).sum();
            self.field_alone(clause, heads, at, &fields);
            let settled = std::mem::take(&mut clause.settled);
            if !settled && heads.len() == before && heads.iter().map(|head| head.fields.len()).sum::<usize>() == asked {
                self.leave_out(items, at);
            }
        }
    }

    /// "who reported TKT-1009": whoever it belongs to did that, on its date. The field that says so, and its kind.
    pub(super) fn doer(&self, clause: &Clause, kind: KindId, field: &str) -> Option<(String, KindId)> {
        let kind = self.reader.knowledge.kind(kind);
        let deed = clause.roles.contains(&Role::Who) && kind.date == field;
        let people = |(field, target): (&String, &KindId)| {
            self.reader.knowledge.kind(*target).person_question.then(|| (field.clone(), *target))
        };
        kind.refs.iter().filter(|_| deed).find_map(people)
    }

    /// A field of records that were not spoken of otherwise: "account manager for TKT-1001".
    pub(super) fn field_alone(
        &mut self,
        clause: &mut Clause,
        heads: &mut Vec<Head>,
        at: usize,
        fields: &[(KindId, FieldId)],
    ) {
        // Of what an earlier clause named: "… and when was their last activity?"
        let named_before = || {
            self.named.iter().rev().find_map(|node| {
                let field = fields.iter().find(|(kind, _)| self.kind_of(*node) == Some(*kind))?;
                Some((*node, self.field_name(field.0, field.1)?.to_owned()))
            })
        };
        if clause.named.is_empty()
            && heads.is_empty()
            && let Some((node, field)) = named_before()
        {
            if let Some(known) = self.frame.nodes.get_mut(node) {
                known.wanted.push(field.clone());
            }
            heads.push(Head { fields: vec![field], ..Head::list(node) });
            return;
        }
        // "the address and phone of Brightside": beside its people the company itself.
        let named_here = clause.named.iter().find_map(|(_, node, _)| {
            let field = fields.iter().find(|(kind, _)| self.kind_of(*node) == Some(*kind))?;
            Some((*node, self.field_name(field.0, field.1)?.to_owned()))
        });
        if let Some((node, name)) = named_here {
            if let Some(known) = self.frame.nodes.get_mut(node) {
                known.wanted.push(name.clone());
            }
            heads.push(Head { fields: vec![name], ..Head::list(node) });
            return;
        }
        let wanted_before = self
            .frame
            .heads
            .iter()
            .position(|head| fields.iter().any(|(kind, _)| self.kind_of(head.node) == Some(*kind)));
        if let (true, true, Some(index)) = (clause.named.is_empty(), heads.is_empty(), wanted_before) {
            let node = self.frame.heads[index].node;
            let field = fields.iter().find(|(kind, _)| self.kind_of(node) == Some(*kind));
            let name = field.and_then(|(kind, field)| self.field_name(*kind, *field)).map(str::to_owned);
            if let Some(name) = name {
                if let Some(known) = self.frame.nodes.get_mut(node) {
                    known.wanted.push(name.clone());
                }
                self.frame.heads[index].fields.push(name);
                clause.settled = true;
            }
            return;
        }
        let around: Vec<NodeId> =
            clause.named.iter().map(|(_, node, _)| *node).chain(heads.iter().map(|head| head.node)).collect();
        let ties = |kind: KindId| {
            around.iter().any(|node| self.kind_of(*node).is_some_and(|other| self.can_link(kind, other)))
        };
        let before = |kind: KindId| {
            self.context.is_some_and(|context| {
                context
                    .named
                    .iter()
                    .chain(&context.heads)
                    .any(|(known, _)| *known == kind || self.can_link(kind, *known))
            })
        };
        let chosen = fields
            .iter()
            .find(|(kind, _)| ties(*kind))
            .or_else(|| fields.iter().find(|(kind, _)| around.is_empty() && before(*kind)))
            .or_else(|| {
                // "how much is overdue in total": a figure that is known of all.
                let summed = clause.roles.contains(&Role::Sum) || !clause.rankings.is_empty();
                let total = |(kind, field): &&(KindId, FieldId)| {
                    let known = self.reader.knowledge.kind(*kind);
                    let made = known.fields.get(*field).is_some_and(|field| field.instead.is_some());
                    // "total billed per customer"
                    let grouped = !clause.groups.is_empty() && made;
                    let listed = self.is_number(*kind, *field) && self.can_list(*kind) && known.single;
                    grouped || summed && (made || listed)
                };
                fields.iter().find(|field| around.is_empty() && total(field))
            });
        let Some((kind, field)) = chosen.copied() else { return };
        let Some(name) = self.field_name(kind, field).map(str::to_owned) else { return };
        // "the resolution time of TKT-1014's customer": the facet takes the place of the bare customer.
        let bare = heads.iter().position(|head| {
            let known = self.frame.nodes.get(head.node);
            known.is_some_and(|known| self.is_facet_of(kind, known.kind) && known.is_free()) && head.fields.is_empty()
        });
        if let Some(index) = bare {
            if let Some(known) = self.frame.nodes.get_mut(heads[index].node) {
                known.kind = kind;
                known.wanted.push(name.clone());
            }
            heads[index].fields.push(name);
            return;
        }
        // "who reported it?"
        let doer = self.doer(clause, kind, &name);
        let (name, names) = doer.map_or((name, None), |(field, names)| (field, Some(names)));
        let mut node = Node::new(kind);
        node.wanted.push(name.clone());
        let node = self.frame.add(node);
        if clause.named.is_empty()
            && let Some(head) = heads.first()
        {
            self.link(node, head.node, Sense::Exists, Manner::Of, Vec::new());
        }
        clause.placed.push(Placed { at, node, part: Part::Head, plural: false, described: 0, names: None });
        heads.push(Head { fields: vec![name], names, ..Head::list(node) });
    }

    // ---- text

    /// "average resolution time of network tickets": the records behind a figure are searched.
    fn counted_records(&mut self, heads: &[Head], text: &str) -> bool {
        let knowledge = self.reader.knowledge;
        let found = heads.iter().find_map(|head| {
            let kind = knowledge.kind(self.kind_of(head.node)?);
            let records = kind.fields.iter().find_map(|field| field.instead.as_ref())?.kind;
            knowledge.kind(records).text.then_some((head.node, records))
        });
        let Some((head, records)) = found else { return false };
        let node = self.frame.add(Node { text: text.to_owned(), ..Node::new(records) });
        self.link(head, node, Sense::Exists, Manner::Of, Vec::new())
    }

    /// "the DHCP invoice": records that cannot be searched are told apart by their description.
    fn labelled(&mut self, clause: &mut Clause, text: &str) {
        let described = clause.placed.iter().find_map(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            let label = !kind.label.is_empty() && kind.label != kind.name_field && !kind.single;
            label.then(|| (placed.node, kind.label.clone()))
        });
        let Some((node, label)) = described else { return self.leave_out_words(text) };
        for word in text.split_whitespace() {
            let say = format!("about “{word}”");
            let filter = Filter { say, ..Filter::new(&label, Test::Like(word.to_owned())) };
            if let Some(node) = self.frame.nodes.get_mut(node) {
                node.filters.push(filter);
            }
        }
    }

    pub(super) fn searched_text(&mut self, clause: &mut Clause, heads: &mut Vec<Head>, items: &[Item]) {
        if clause.texts.is_empty() {
            return;
        }
        // "printing problems" are found by "printing": the other word stands in every ticket and article.
        let telling = |at: usize| {
            items
                .get(at)
                .is_none_or(|item| item.is_topic() || item.kind().is_none_or(|(_, how)| how == Strength::Strong))
        };
        if clause.texts.iter().any(|(at, _)| telling(*at)) {
            clause.texts.retain(|(at, _)| telling(*at));
        }
        let text = clause.texts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
        let knowledge = self.reader.knowledge;
        let searchable = |placed: &&Placed| self.kind_of(placed.node).is_some_and(|kind| knowledge.kind(kind).text);
        // "the article for the VPN ticket": the words beside records describe these.
        let last = clause.texts.last().map_or(0, |(at, _)| *at);
        let beside = clause.placed.iter().filter(searchable).find(|placed| placed.at == last + 1);
        let searched = beside.or_else(|| clause.placed.iter().find(searchable)).map(|placed| placed.node);
        let target = match searched {
            Some(node) => node,
            None if heads.is_empty() => {
                let named = clause.named.iter().filter_map(|(_, node, _)| self.kind_of(*node)).next();
                // What a customer has trouble with is in its tickets; otherwise the knowledge base is asked.
                let fitting = |kind: &KindId| {
                    knowledge.kind(*kind).text
                        && !knowledge.kind(*kind).key.is_empty()
                        && knowledge.kind(*kind).of.is_none()
                };
                let kind = (0..knowledge.kinds.len()).filter(fitting).find(|kind| match named {
                    Some(named) => knowledge.reaches(*kind, named),
                    // "what is going on with …" is asked of what happened.
                    None if !clause.composites.is_empty() => !knowledge.kind(*kind).ranked,
                    None => knowledge.kind(*kind).ranked && !knowledge.kind(*kind).ids.is_empty(),
                });
                let Some(kind) = kind else { return };
                let node = self.frame.add(Node::new(kind));
                clause.placed.push(Placed { at: 0, node, part: Part::Head, plural: true, described: 0, names: None });
                heads.push(Head::list(node));
                node
            }
            // "tickets like the one about a slow MacBook"
            None => match heads
                .iter()
                .map(|head| head.node)
                .find(|node| self.kind_of(*node).is_some_and(|kind| self.is_searched(kind)))
            {
                Some(node) => node,
                None if self.counted_records(heads, &text) => return,
                None => return self.labelled(clause, &text),
            },
        };
        let Some(kind) = self.kind_of(target) else { return };
        // A facet that only describes what is searched: the steps of the best article.
        match knowledge.kind(kind).of.filter(|_| {
            !knowledge.sources.iter().any(|source| source.kind == kind && source.takes.contains_key("text"))
        }) {
            Some(base) => {
                let articles =
                    clause.placed.iter().map(|placed| placed.node).find(|node| self.kind_of(*node) == Some(base));
                let articles = articles.unwrap_or_else(|| {
                    let mut node = Node::new(base);
                    node.limit = Some(knowledge.kind(kind).top.unwrap_or(1));
                    self.frame.add(node)
                });
                if let Some(node) = self.frame.nodes.get_mut(articles) {
                    node.text = text;
                }
                self.link(target, articles, Sense::Exists, Manner::Of, Vec::new());
            }
            None => {
                let several = alternatives(clause, items);
                let ranked = knowledge.kind(kind).ranked;
                if let Some(node) = self.frame.nodes.get_mut(target) {
                    if several.len() > 1 && !ranked && node.any.is_empty() {
                        node.any = several.into_iter().map(|text| vec![about(text)]).collect();
                    } else {
                        node.text = text;
                    }
                }
            }
        }
    }
}

/// "about wifi or network": the searched words, parted where either of them is enough.
fn alternatives(clause: &Clause, items: &[Item]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last = 0;
    for (at, text) in &clause.texts {
        let or = items.get(last..*at).unwrap_or_default().iter().any(|item| item.has(Role::Or));
        match out.last_mut().filter(|_| !or) {
            Some(words) => *words = format!("{words} {text}"),
            None => out.push(text.clone()),
        }
        last = *at;
    }
    out
}

fn about(text: String) -> Filter {
    Filter { say: format!("about “{text}”"), ..Filter::new("text", Test::Like(text)) }
}

/// "TKT-1001 and its customer", "CUST-001's details and SLA": the named record is wanted too.
fn is_followed_by_more(items: &[Item], at: usize) -> bool {
    let Some(item) = items.get(at) else { return false };
    let mut after =
        items.iter().skip(at + 1).skip_while(|next| next.is_small() && next.has(Role::Ignore) && !next.has(Role::And));
    let described = item.possessive
        && items.get(at + 1).is_some_and(|next| next.is_small() && next.has(Role::Ignore) && is_description(&next.low));
    let joined = after.next().is_some_and(|next| (next.has(Role::And) || next.low == "with") && next.is_small());
    joined || described
}

fn is_description(low: &str) -> bool {
    matches!(low, "information" | "info" | "details" | "detail" | "data" | "profile" | "record" | "records")
}
