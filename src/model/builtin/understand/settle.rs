//! Decides, when a whole clause is known, what was still open: names, searched text, wanted fields, rankings, counts.

use super::super::frame::{Ask, Filter, Head, How, Manner, Mention, Node, NodeId, Order, Sense, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::place::{Clause, Conn, Part, Placed, Ranking, Unknown};

impl Builder<'_> {
    pub(super) fn settle(&mut self, mut clause: Clause, items: &[Item]) {
        self.weak_kinds(&mut clause, items);
        self.unknown_words(&mut clause, items);
        if self.composites(&mut clause) {
            self.remember(&clause);
            return;
        }
        self.waiting_conditions(&mut clause, items);
        let mut heads = self.heads_of(&clause, items);
        self.wanted_fields(&mut clause, &mut heads);
        self.searched_text(&mut clause, &mut heads);
        self.rankings(&mut clause, &mut heads, items);
        self.days_left(&clause, &heads);
        self.tie_named(&clause, &heads, items);
        self.tie_earlier(&clause, &heads, items);
        self.names(&clause, &mut heads);
        self.asks(&clause, &mut heads, items);
        self.drop_empty_conditions();
        for head in heads {
            if self.is_possible(&clause, &head) {
                self.add_head(head);
            }
        }
        self.remember(&clause);
    }

    fn remember(&mut self, clause: &Clause) {
        self.named.extend(clause.named.iter().map(|(_, node, _)| *node));
    }

    /// "issues" means tickets only where nothing else is wanted.
    fn weak_kinds(&mut self, clause: &mut Clause, items: &[Item]) {
        let own_trouble = items.iter().any(|item| matches!(item.low.as_str(), "my" | "i")) && !clause.texts.is_empty();
        for (at, kind, conn) in std::mem::take(&mut clause.weak) {
            let named = clause.named.iter().any(|(_, node, _)| self.kind_of(*node) == Some(kind));
            let alone = clause.placed.is_empty() && clause.composites.is_empty() && !named && !own_trouble;
            let narrows = matches!(conn, Conn::With | Conn::No)
                && clause.placed.iter().any(|placed| self.kind_of(placed.node) != Some(kind));
            if alone || narrows {
                clause.set_connection(conn);
                self.kind(clause, items, at, kind, None);
            }
        }
    }

    // ---- unknown words

    fn unknown_words(&mut self, clause: &mut Clause, items: &[Item]) {
        let foreign = clause.placed.is_empty()
            && clause.named.is_empty()
            && clause.fields.is_empty()
            && clause.waiting.is_empty()
            && clause.composites.is_empty()
            && clause.texts.is_empty();
        // Beside a name in capitals a plain unknown word is no second name.
        let capital = clause.unknown.iter().any(|unknown| unknown.capital);
        for unknown in std::mem::take(&mut clause.unknown) {
            let named = capital || (!clause.named.is_empty() && unknown.conn != Conn::Of);
            if named && !unknown.capital && !unknown.quoted && !self.is_text(clause, &unknown) {
                continue;
            }
            let content = items.iter().filter(|item| item.is_content()).count();
            let alone =
                content == 1 && (unknown.capital || clause.roles.contains(&Role::WhatAbout) || items.len() == 1);
            if foreign && !alone {
                continue;
            }
            if self.is_text(clause, &unknown) {
                clause.texts.push((unknown.at, unknown.raw));
            } else {
                self.company(clause, unknown);
            }
        }
        clause.texts.sort_by_key(|(at, _)| *at);
    }

    fn is_text(&self, clause: &Clause, unknown: &Unknown) -> bool {
        let kinds: Vec<KindId> = clause.placed.iter().filter_map(|placed| self.kind_of(placed.node)).collect();
        let text = |kind: &KindId| self.reader.knowledge.kind(*kind).text;
        let only_text = !kinds.is_empty()
            && kinds.iter().all(|kind| {
                text(kind)
                    && (self.reader.knowledge.kind(*kind).ranked || self.reader.knowledge.kind(*kind).of.is_some())
            });
        let beside_topic = clause.texts.iter().any(|(at, _)| at.abs_diff(unknown.at) == 1);
        let letters = unknown.raw.chars().filter(|c| c.is_alphabetic()).count();
        let code = unknown.raw.contains('_')
            || unknown.raw.to_lowercase().starts_with("0x")
            || (letters <= 5 && letters > 1 && unknown.raw.chars().all(|c| c.is_uppercase() || c.is_ascii_digit()));
        let searchable = kinds.iter().any(text) || (kinds.is_empty() && !clause.texts.is_empty());
        if unknown.quoted {
            return searchable;
        }
        if only_text || code && (searchable || kinds.is_empty()) {
            return true;
        }
        if unknown.capital || matches!(unknown.conn, Conn::Of) {
            return false;
        }
        searchable
            && (beside_topic || unknown.conn == Conn::None || unknown.conn == Conn::With)
            && !clause.roles.contains(&Role::WhatAbout)
    }

    /// A name that has to be looked up.
    pub(super) fn company(&mut self, clause: &mut Clause, unknown: Unknown) {
        let knowledge = self.reader.knowledge;
        let kind = (0..knowledge.kinds.len()).find(|kind| {
            let known = knowledge.kind(*kind);
            known.person_question && !known.key.is_empty() && !known.name_field.is_empty()
        });
        let Some(kind) = kind else { return };
        let field = knowledge.kind(kind).name_field.clone();
        let mut node = Node::new(kind);
        let people = |kind: KindId| knowledge.kind(kind).person_question && knowledge.kind(kind).key.is_empty();
        let asked = clause.placed.iter().any(|placed| self.kind_of(placed.node).is_some_and(people))
            || clause.fields.iter().any(|(_, fields)| fields.iter().any(|(kind, _)| people(*kind)))
            || (clause.placed.is_empty() && clause.fields.is_empty());
        node.person = asked && unknown.raw.split_whitespace().count() == 2 && unknown.capital;
        node.named = Some(Mention { kind, said: unknown.raw.clone(), how: How::Fields(vec![field], unknown.raw) });
        let node = self.frame.add(node);
        clause.named.push((unknown.at, node, unknown.conn));
        clause.named.sort_by_key(|(at, ..)| *at);
    }

    // ---- conditions without records

    fn waiting_conditions(&mut self, clause: &mut Clause, items: &[Item]) {
        for (at, conditions) in std::mem::take(&mut clause.waiting) {
            if self.check_named(clause, &conditions) {
                continue;
            }
            // A node made for an earlier condition may take this one too.
            let made = clause.placed.iter().rev().find_map(|placed| {
                let kind = self.kind_of(placed.node)?;
                self.fitting(&conditions, kind).map(|(fits, filters)| (placed.node, fits, filters))
            });
            if let Some((node, fits, filters)) = made {
                self.impose(clause, node, fits, filters);
                continue;
            }
            let only_text = !clause.placed.is_empty()
                || (items.get(at).is_some_and(Item::is_topic)
                    && clause.texts.iter().any(|(position, _)| *position == at));
            if only_text {
                continue;
            }
            let several = self.several_kinds(clause, &conditions);
            if several.len() > 1 {
                let said = items.get(at).map(|item| item.raw.clone()).unwrap_or_default();
                if clause.named.is_empty() {
                    self.unclear = Some((said, several));
                } else {
                    several.into_iter().for_each(|kind| self.head_under(clause, at, kind, &conditions));
                }
                continue;
            }
            let Some(kind) = self.likely_kind(clause, &conditions) else { continue };
            let asked = clause.roles.contains(&Role::Who);
            if asked {
                self.person_head(clause, kind, at);
            }
            let node = self.frame.add(Node::new(kind));
            let anchor = clause.placed.last().map(|placed| placed.node).filter(|_| asked);
            let part = anchor.map_or(Part::Head, |anchor| Part::Narrows(anchor, Sense::Exists, Manner::With));
            clause.placed.push(Placed { at, node, part, plural: true, names: None });
            if let Some((fits, filters)) = self.fitting(&conditions, kind) {
                self.impose(clause, node, fits, filters);
            }
            if let Some(anchor) = anchor {
                self.link(anchor, node, Sense::Exists, Manner::With, Vec::new());
            }
            // What is only said by its condition is not searched for by the same word.
            clause.texts.retain(|(position, _)| *position != at);
        }
    }

    /// The kinds that a condition alone may equally well speak of; at most one if something says which.
    fn several_kinds(&self, clause: &Clause, conditions: &super::place::Conditions) -> Vec<KindId> {
        let hinted = clause.roles.contains(&Role::Who)
            || clause.roles.contains(&Role::Sum)
            || !clause.fields.is_empty()
            || self.context.is_some();
        let linkable = |kind: &KindId| {
            clause.named.iter().all(|(_, node, _)| {
                self.kind_of(*node).is_some_and(|named| *kind != named && self.can_link(*kind, named))
            })
        };
        let kinds = |plain: bool| {
            let mut out: Vec<KindId> = Vec::new();
            for (kind, filter) in conditions {
                let known = self.reader.knowledge.kind(*kind);
                if known.of.is_none()
                    && !known.key.is_empty()
                    && (!plain || !filter.negated)
                    && linkable(kind)
                    && !out.contains(kind)
                {
                    out.push(*kind);
                }
            }
            out
        };
        let firm = kinds(true);
        if hinted || firm.len() == 1 { Vec::new() } else { kinds(false) }
    }

    /// Records of one kind under a condition, wanted.
    fn head_under(&mut self, clause: &mut Clause, at: usize, kind: KindId, conditions: &super::place::Conditions) {
        let node = self.frame.add(Node::new(kind));
        clause.placed.push(Placed { at, node, part: Part::Head, plural: true, names: None });
        if let Some((fits, filters)) = self.fitting(conditions, kind) {
            self.impose(clause, node, fits, filters);
        }
    }

    /// The kind that a condition alone most likely speaks of.
    fn likely_kind(&self, clause: &Clause, conditions: &[(KindId, Filter)]) -> Option<KindId> {
        let kinds: Vec<KindId> = conditions
            .iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| !self.reader.knowledge.kind(*kind).absorbs.contains(kind))
            .collect();
        let linkable = |kind: &KindId| {
            clause.named.iter().all(|(_, node, _)| self.kind_of(*node).is_some_and(|named| self.can_link(*kind, named)))
        };
        let asked =
            |kind: &KindId| clause.fields.iter().any(|(_, fields)| fields.iter().any(|(known, _)| known == kind));
        let before =
            |kind: &KindId| self.context.is_some_and(|context| context.heads.iter().any(|(known, _)| known == kind));
        let person =
            |kind: &KindId| clause.roles.contains(&Role::Who) && self.reader.knowledge.kind(*kind).person_question;
        let find = |test: &dyn Fn(&KindId) -> bool| kinds.iter().find(|kind| linkable(kind) && test(kind)).copied();
        // Without any hint a facet of another kind is not meant first.
        let whole = |kind: &KindId| {
            self.reader.knowledge.kind(*kind).of.is_none() && !self.reader.knowledge.kind(*kind).person_question
        };
        find(&person)
            .or_else(|| find(&asked))
            .or_else(|| find(&before))
            .or_else(|| find(&whole))
            .or_else(|| find(&|_| true))
            .or(kinds.first().copied())
    }

    /// "Is TKT-1004 resolved?": the condition is what is asked about the named record.
    fn check_named(&mut self, clause: &mut Clause, conditions: &super::place::Conditions) -> bool {
        if !clause.placed.is_empty() {
            return false;
        }
        for (at, node, conn) in clause.named.clone() {
            let Some(kind) = self.kind_of(node).filter(|_| conn != Conn::Of) else { continue };
            let Some((fits, filters)) = self.fitting(conditions, kind).or_else(|| self.facet_fitting(conditions, kind))
            else {
                continue;
            };
            let target = if fits == kind {
                node
            } else {
                let facet = self.frame.add(Node::new(fits));
                self.link(facet, node, Sense::Exists, Manner::Of, Vec::new());
                clause.placed.push(Placed { at, node: facet, part: Part::Head, plural: false, names: None });
                facet
            };
            let filters: Vec<Filter> = filters.into_iter().map(|filter| self.dated_filter(filter)).collect();
            if let Some(node) = self.frame.nodes.get_mut(target) {
                node.wanted.extend(filters.iter().map(|filter| filter.field.clone()));
                node.checks.extend(filters);
            }
            return true;
        }
        false
    }

    /// A facet with one record each, that a condition speaks of.
    fn facet_fitting(&self, conditions: &super::place::Conditions, kind: KindId) -> Option<(KindId, Vec<Filter>)> {
        let facet = conditions
            .iter()
            .map(|(facet, _)| *facet)
            .find(|facet| self.is_facet_of(*facet, kind) && self.reader.knowledge.kind(*facet).single)?;
        Some((
            facet,
            conditions.iter().filter(|(known, _)| *known == facet).map(|(_, filter)| filter.clone()).collect(),
        ))
    }

    fn dated_filter(&self, filter: Filter) -> Filter {
        let mut scratch = Node::new(0);
        scratch.filters.push(filter);
        let today = self.reader.today;
        scratch
            .filters
            .into_iter()
            .map(|mut filter| {
                if let Test::WithinDays(days) = filter.test {
                    let to = today.checked_add(jiff::Span::new().days(days)).ok();
                    filter.test = Test::Dates(super::super::frame::DateSpan {
                        from: Some(today),
                        to,
                        said: format!("within {days} days"),
                    });
                }
                filter
            })
            .next()
            .unwrap_or_else(|| Filter::new("", Test::Is(true)))
    }

    // ---- heads

    fn heads_of(&mut self, clause: &Clause, items: &[Item]) -> Vec<Head> {
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

    fn wanted_fields(&mut self, clause: &mut Clause, heads: &mut Vec<Head>) {
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
                if let Some(node) = self.frame.nodes.get_mut(heads[index].node) {
                    node.wanted.push(field.clone());
                }
                heads[index].fields.push(field);
                continue;
            }
            self.field_alone(clause, heads, at, &fields);
        }
    }

    /// A field of records that were not spoken of otherwise: "account manager for TKT-1001".
    fn field_alone(&mut self, clause: &mut Clause, heads: &mut Vec<Head>, at: usize, fields: &[(KindId, FieldId)]) {
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
            .or_else(|| fields.iter().find(|(kind, _)| around.is_empty() && before(*kind)));
        let Some((kind, field)) = chosen.copied() else { return };
        let Some(name) = self.field_name(kind, field).map(str::to_owned) else { return };
        let mut node = Node::new(kind);
        node.wanted.push(name.clone());
        let node = self.frame.add(node);
        if clause.named.is_empty()
            && let Some(head) = heads.first()
        {
            self.link(node, head.node, Sense::Exists, Manner::Of, Vec::new());
        }
        clause.placed.push(Placed { at, node, part: Part::Head, plural: false, names: None });
        let mut head = Head::list(node);
        head.fields.push(name);
        heads.push(head);
    }

    // ---- text

    fn searched_text(&mut self, clause: &mut Clause, heads: &mut Vec<Head>) {
        if clause.texts.is_empty() {
            return;
        }
        let text = clause.texts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
        let knowledge = self.reader.knowledge;
        let searched = clause
            .placed
            .iter()
            .map(|placed| placed.node)
            .find(|node| self.kind_of(*node).is_some_and(|kind| knowledge.kind(kind).text));
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
                    None => knowledge.kind(*kind).ranked && !knowledge.kind(*kind).ids.is_empty(),
                });
                let Some(kind) = kind else { return };
                let node = self.frame.add(Node::new(kind));
                clause.placed.push(Placed { at: 0, node, part: Part::Head, plural: true, names: None });
                heads.push(Head::list(node));
                node
            }
            None => return,
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
                    node.limit = knowledge.kind(kind).top;
                    self.frame.add(node)
                });
                if let Some(node) = self.frame.nodes.get_mut(articles) {
                    node.text = text;
                }
                self.link(target, articles, Sense::Exists, Manner::Of, Vec::new());
            }
            None => {
                if let Some(node) = self.frame.nodes.get_mut(target) {
                    node.text = text;
                }
            }
        }
    }

    // ---- rankings

    fn rankings(&mut self, clause: &mut Clause, heads: &mut Vec<Head>, items: &[Item]) {
        for ranking in std::mem::take(&mut clause.rankings) {
            self.rank(clause, heads, &ranking);
        }
        // "show 5 tickets"
        for (at, number) in &clause.numbers {
            let next = items.get(at + 1).is_some_and(|item| item.kind().is_some() || !item.values().is_empty());
            if let (true, Ok(number), Some(head)) = (next, usize::try_from(*number), heads.first_mut())
                && (1..=200).contains(&number)
            {
                head.limit = head.limit.or(Some(number));
            }
        }
    }

    fn rank(&mut self, clause: &mut Clause, heads: &mut Vec<Head>, ranking: &Ranking) {
        let after = clause.placed.iter().find(|placed| placed.at > ranking.at).cloned();
        let target = after.or_else(|| clause.placed.last().cloned());
        let Some(target) = target else {
            // "which is the oldest", of records named or found before, is settled by the follow-up.
            return;
        };
        let Some(kind) = self.kind_of(target.node) else { return };
        let known = self.reader.knowledge.kind(kind);
        let near_field = heads
            .iter()
            .find(|head| head.node == target.node)
            .and_then(|head| head.fields.iter().find(|field| known.field(field).is_some()))
            .cloned();
        // Of records that come by fitness the top ones are the first.
        let by_fitness = known.ranked && known.measure.is_empty() && near_field.is_none() && ranking.by == "measure";
        let field = match ranking.by.as_str() {
            _ if by_fitness => None,
            "date" => Some(known.date.clone()),
            "measure" => near_field.clone().or_else(|| Some(known.measure.clone())),
            "urgency" => Some(known.urgency.clone()),
            "rank" => None,
            "count" if known.single && !known.measure.is_empty() => Some(known.measure.clone()),
            "count" => near_field
                .clone()
                .filter(|field| known.field(field).is_some_and(|field| !field.person && field.values.is_empty())),
            field => Some(field.to_owned()),
        }
        .filter(|field| !field.is_empty());
        if ranking.by == "count" && field.is_none() && self.rank_by_count(clause, heads, ranking, &target) {
            return;
        }
        let field = field.or_else(|| {
            (ranking.by == "measure" && !by_fitness && self.narrowing_measure(clause, &target).is_none())
                .then(|| [&known.urgency, &known.date].into_iter().find(|field| !field.is_empty()).cloned())
                .flatten()
        });
        let Some(head) = heads.iter_mut().find(|head| head.node == target.node) else {
            self.swap_with_narrowing(heads, ranking, &target, field);
            return;
        };
        if let (None, Some(facet)) =
            (&field, self.narrowing_measure(clause, &target).filter(|_| ranking.by == "measure"))
        {
            let measure = self.kind_of(facet.node).map(|kind| self.reader.knowledge.kind(kind).measure.clone());
            return self.swap_with_narrowing(heads, ranking, &facet, measure);
        }
        head.limit = ranking.count.or(head.limit);
        match field {
            Some(field) => head.order = Some(Order::Field { field, descending: ranking.descending }),
            None => {
                if let Some(node) = self.frame.nodes.get_mut(target.node) {
                    node.limit = ranking.count.or(node.limit);
                }
            }
        }
    }

    /// Records with a figure that narrow the target: "top customers by balance".
    fn narrowing_measure(&self, clause: &Clause, target: &Placed) -> Option<Placed> {
        let measured = |placed: &&Placed| {
            matches!(placed.part, Part::Narrows(anchor, ..) if anchor == target.node)
                && self.kind_of(placed.node).is_some_and(|kind| !self.reader.knowledge.kind(kind).measure.is_empty())
        };
        clause.placed.iter().find(measured).cloned()
    }

    /// "customer with the highest balance": the balances are put in order and the customers are named.
    fn swap_with_narrowing(&mut self, heads: &mut [Head], ranking: &Ranking, target: &Placed, field: Option<String>) {
        let Part::Narrows(anchor, ..) = target.part else { return };
        let Some(head) = heads.iter_mut().find(|head| head.node == anchor) else { return };
        let free = self
            .frame
            .nodes
            .get(anchor)
            .is_some_and(|node| node.filters.is_empty() && node.named.is_none() && node.links.len() <= 1);
        if let Some(node) = self.frame.nodes.get_mut(anchor) {
            node.links.retain(|link| link.to != target.node);
        }
        head.node = target.node;
        head.limit = ranking.count.or(Some(1));
        head.order = field.map(|field| Order::Field { field, descending: ranking.descending });
        head.names = self.kind_of(anchor);
        if !free {
            self.link(target.node, anchor, Sense::Exists, Manner::Of, Vec::new());
        }
    }

    fn rank_by_count(&mut self, clause: &Clause, heads: &mut [Head], ranking: &Ranking, target: &Placed) -> bool {
        if let Part::Narrows(anchor, ..) = target.part {
            if let Some(head) = heads.iter_mut().find(|head| head.node == anchor) {
                head.order = Some(Order::CountOf { node: target.node, descending: ranking.descending });
                head.limit = ranking.count.or(Some(1));
                return true;
            }
        }
        let person = clause.placed.iter().find(|placed| placed.node == target.node).and_then(|_| {
            heads.iter().find(|head| head.node == target.node).and_then(|head| head.fields.first().cloned())
        });
        let Some(head) = heads.iter_mut().find(|head| head.node == target.node) else { return false };
        let Some(field) = person else { return false };
        head.ask = Ask::GroupBy(field);
        head.limit = ranking.count.or(Some(1));
        true
    }

    fn days_left(&mut self, clause: &Clause, heads: &[Head]) {
        for (at, span) in &clause.days {
            let mut order: Vec<(usize, NodeId)> = clause.placed.iter().map(|placed| (placed.at, placed.node)).collect();
            order.extend(
                heads
                    .iter()
                    .filter(|head| !clause.placed.iter().any(|placed| placed.node == head.node))
                    .map(|head| (0, head.node)),
            );
            order.sort_by_key(|(position, _)| if position < at { at - position } else { 1000 + position });
            let dated = order.into_iter().find_map(|(_, node)| {
                let known = self.frame.nodes.get(node)?;
                let kind = self.reader.knowledge.kind(known.kind);
                let of_value =
                    known.filters.iter().filter(|filter| !filter.negated).find_map(|filter| match &filter.test {
                        Test::In(values) => values.iter().find_map(|value| kind.date_of.get(value)),
                        _ => None,
                    });
                let date = of_value.unwrap_or(&kind.date);
                (!date.is_empty() && known.named.is_none()).then(|| (node, date.clone()))
            });
            if let Some((node, field)) = dated
                && let Some(node) = self.frame.nodes.get_mut(node)
            {
                node.filters.push(Filter::new(&field, Test::Dates(span.clone())));
            }
        }
    }
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
