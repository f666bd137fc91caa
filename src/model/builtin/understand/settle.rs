//! Decides, when a whole clause is known, what was still open: names, searched text, wanted fields, rankings, counts.

use super::super::frame::{Best, DateSpan, Filter, Head, How, Node, NodeId, Order, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conn, Unknown};

impl Builder<'_> {
    pub(super) fn settle(&mut self, mut clause: Clause, items: &[Item]) {
        self.compared(items);
        self.weak_kinds(&mut clause, items);
        self.job_titles(&mut clause, items);
        self.unknown_words(&mut clause, items);
        self.join_named(&mut clause, items);
        self.owners(&mut clause);
        self.ranges(&mut clause, items);
        if self.composites(&mut clause) {
            self.remember(&clause);
            return;
        }
        self.waiting_conditions(&mut clause, items);
        let mut heads = self.heads_of(&clause, items);
        self.wanted_fields(&mut clause, &mut heads, items);
        self.own_number(&clause, &mut heads, items);
        self.elliptic(&clause, items, &mut heads);
        self.other_days_too(&mut clause, &mut heads);
        self.best_of_earlier(&mut clause, &mut heads);
        self.searched_text(&mut clause, &mut heads, items);
        self.sorted(&clause, &mut heads, items);
        self.rankings(&mut clause, &mut heads, items);
        self.again(&clause, &mut heads);
        self.days_left(&clause, &mut heads, items);
        self.tie_named(&clause, &heads, items);
        self.exclude(&clause, &heads, items);
        self.tie_earlier(&clause, &heads, items);
        self.by_records(&clause, &mut heads);
        self.names(&clause, &mut heads);
        self.asks(&clause, &mut heads, items);
        self.undated(&heads, items);
        self.ungrouped(&clause, &heads, items);
        self.narrow_to_best(&heads);
        self.drop_empty_conditions();
        self.missing_references();
        self.nothing_else(&clause, items);
        if clause.negated {
            self.need("not");
        }
        if clause.count.is_some() {
            self.need(items.get(clause.count_at).map_or("", |item| item.raw.as_str()));
        }
        self.names_in_use(&clause, &heads);
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
                clause.conn = conn;
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
            // "techcorp or aurora"
            let name = |item: &Item| matches!(item.what, What::Record(_) | What::Unknown { .. });
            // "Grace's and Daniel's customers"
            let first = items.get(unknown.at + 1).is_some_and(|next| next.has(Role::And) || next.has(Role::Or))
                && items.get(unknown.at + 2).is_some_and(name);
            let again = first
                || matches!(unknown.conn, Conn::And | Conn::Or)
                    && unknown.at.checked_sub(2).and_then(|first| items.get(first)).is_some_and(name);
            let tied = again || matches!(unknown.conn, Conn::Of | Conn::Except);
            let named = !again && capital || (!clause.named.is_empty() && !tied);
            if named && !unknown.capital && !unknown.quoted && !self.is_text(clause, items, &unknown) {
                self.leave_out(items, unknown.at);
                continue;
            }
            // "customer Kestrel Logistics" is a name too.
            let content = items
                .iter()
                .enumerate()
                .filter(|(at, item)| item.is_content() && !(item.kind().is_some() && at + 1 == unknown.at))
                .count();
            let who = clause.roles.contains(&Role::Who)
                && before(items, &unknown).is_some_and(|low| matches!(low, "is" | "was" | "are"));
            let spoken_of = who || clause.roles.contains(&Role::WhatAbout) || is_shown(items, &unknown);
            let alone = content == 1 && (unknown.capital || spoken_of || items.len() == 1);
            if foreign && !alone {
                continue;
            }
            // Records are named in Latin letters here; a sentence in another script is no company's name.
            let latin = unknown.raw.chars().any(|c| c.is_alphabetic() && c < '\u{250}');
            if !latin && !unknown.quoted {
                if !foreign {
                    self.leave_out(items, unknown.at);
                }
                continue;
            }
            // "Acme Corp CUST-003": the id says which company is meant.
            let by_id = clause.named.iter().any(|(_, node, conn)| {
                let mention = self.frame.nodes.get(*node).and_then(|node| node.named.as_ref());
                let company = |kind: KindId| !self.reader.knowledge.kind(kind).name_field.is_empty();
                *conn == Conn::None
                    && mention.is_some_and(|mention| matches!(mention.how, How::Ids(_)) && company(mention.kind))
            });
            if by_id && unknown.conn != Conn::And && unknown.capital {
                self.leave_out(items, unknown.at);
                continue;
            }
            if self.is_title(clause, items, &unknown)
                || self.is_label(clause, &unknown)
                || self.is_place(clause, items, &unknown)
            {
                continue;
            }
            // "vpn drops at home": of trouble in words a name that nobody has is one of these words.
            let said = self.reader.directory.is_nobody(&unknown.raw) && clause.placed.is_empty();
            let trouble = !clause.texts.is_empty() || !clause.composites.is_empty();
            if said && trouble || self.is_text(clause, items, &unknown) {
                let after = items.iter().enumerate().skip(unknown.at + 1).take_while(|(_, item)| describes(item));
                // "imaging archive problem": a verb between the words is none here.
                let between: Vec<(usize, String)> = after
                    .filter(|(_, item)| item.has(Role::Change) && item.is_small())
                    .map(|(at, item)| (at, item.raw.clone()))
                    .collect();
                clause.texts.push((unknown.at, unknown.raw));
                clause.texts.extend(between);
            } else if unknown.conn == Conn::Except && !unknown.capital && !unknown.quoted {
                // "where nobody has written a note": leaving out what nobody knows would leave out nothing.
                self.need(&unknown.raw);
            } else if clause.roles.contains(&Role::Pronoun)
                && !unknown.capital
                && !unknown.quoted
                && unknown.conn == Conn::None
                && !is_subject(items, &unknown)
            {
                // "do any of them owe dosh": of whom is said already.
                self.leave_out(items, unknown.at);
            } else if !self.managed(clause, items, &unknown) && !self.made_by(clause, items, &unknown) {
                self.company(clause, unknown);
            }
        }
        clause.texts.sort_by_key(|(at, _)| *at);
    }

    /// "who is the Head of Radiology at Aurora": words before a name are what the person does there.
    fn job_titles(&mut self, clause: &mut Clause, items: &[Item]) {
        let knowledge = self.reader.knowledge;
        let people = (0..knowledge.kinds.len()).find(|kind| {
            let known = knowledge.kind(*kind);
            known.person_question && known.key.is_empty() && known.field("role").is_some()
        });
        let only_people = clause.placed.iter().all(|placed| self.kind_of(placed.node) == people);
        let (Some(people), true, true) =
            (people, clause.roles.contains(&Role::Who), only_people && clause.fields.is_empty())
        else {
            return;
        };
        let named = clause.named.first().map(|(at, ..)| *at);
        let company = named.or_else(|| clause.unknown.last().filter(|last| last.conn == Conn::Of).map(|last| last.at));
        let first = clause.unknown.first().map(|first| first.at);
        let (Some(company), Some(first)) = (company, first) else { return };
        if first >= company || clause.unknown.first().is_some_and(|first| first.conn != Conn::None) {
            return;
        }
        let title: Vec<&str> =
            items.get(first..company - 1).unwrap_or_default().iter().map(|item| item.raw.as_str()).collect();
        let title = title.join(" ");
        clause.unknown.retain(|unknown| unknown.at >= company);
        clause.texts.retain(|(at, _)| *at >= company);
        let node = match clause.placed.first() {
            Some(placed) => placed.node,
            None => {
                let node = self.frame.add(Node::new(people));
                clause.placed.push(super::clause::Placed {
                    at: first,
                    node,
                    part: super::clause::Part::Head,
                    plural: false,
                    described: 0,
                    names: None,
                });
                node
            }
        };
        self.apply(clause, node, Filter::new("role", Test::Like(title)), Conn::And);
    }

    fn is_text(&self, clause: &Clause, items: &[Item], unknown: &Unknown) -> bool {
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
        // "the DHCP invoice"
        let described = clause.placed.iter().any(|placed| {
            placed.at == unknown.at + 1
                && self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)).is_some_and(|kind| {
                    !kind.text
                        && !kind.single
                        && !kind.label.is_empty()
                        && kind.label != kind.name_field
                        && !kind.key.is_empty()
                })
        });
        if described && unknown.conn != Conn::Of && !unknown.raw.contains(' ') && (code || !unknown.capital) {
            return true;
        }
        if only_text || code && (searchable || kinds.is_empty()) {
            return true;
        }
        // "priya's tickets"
        let whose = items.get(unknown.at).is_some_and(|item| item.possessive);
        if unknown.capital || whose || is_subject(items, unknown) || matches!(unknown.conn, Conn::Of | Conn::Except) {
            return false;
        }
        // Before the records only the word next to them describes them: "outlook tickets", not "gimme all tickets".
        let apart = |placed: &super::clause::Placed| {
            placed.at > unknown.at + 1
                && !items.get(unknown.at + 1..placed.at).is_some_and(|between| between.iter().all(describes))
        };
        let stray = clause.placed.iter().all(apart) && !clause.placed.is_empty();
        // "techcorp tickets": beside records that are somebody's it may be whose; if not, it is looked for as text after all.
        let whose = clause.texts.is_empty() && clause.placed.iter().any(|placed| self.is_somebodys(placed.node));
        searchable
            && (beside_topic || (unknown.conn == Conn::None && !stray && !whose) || unknown.conn == Conn::With)
            && !clause.roles.contains(&Role::WhatAbout)
    }

    fn is_somebodys(&self, node: NodeId) -> bool {
        let kind = self.kind_of(node).map(|kind| self.reader.knowledge.kind(kind));
        kind.is_some_and(|kind| kind.refs.values().any(|target| self.reader.knowledge.kind(*target).person_question))
    }

    /// "the oldest ticket and its customer": of the one ticket, not of all that it was chosen from.
    fn narrow_to_best(&mut self, heads: &[Head]) {
        for head in heads {
            let Some(Order::Field { field, descending }) = head.order.clone() else { continue };
            let count = head.limit.filter(|limit| *limit <= 20 && head.skip == 0);
            let leads = self.frame.nodes.iter().any(|node| node.links.iter().any(|link| link.to == head.node));
            if let (Some(count), true, Some(node)) = (count, leads, self.frame.nodes.get_mut(head.node)) {
                node.best = Some(Best { field, descending, count });
            }
        }
    }

    fn days_left(&mut self, clause: &Clause, heads: &mut [Head], items: &[Item]) {
        for (at, span) in &clause.days {
            let mut order: Vec<(usize, NodeId)> = clause.placed.iter().map(|placed| (placed.at, placed.node)).collect();
            order.extend(
                heads
                    .iter()
                    .filter(|head| !clause.placed.iter().any(|placed| placed.node == head.node))
                    .map(|head| (0, head.node)),
            );
            order.sort_by_key(|(position, _)| if position < at { at - position } else { 1000 + position });
            let dated = |(_, node): &(usize, NodeId), or_standing: bool| {
                let node = *node;
                let known = self.frame.nodes.get(node)?;
                let kind = self.reader.knowledge.kind(known.kind);
                let of_value =
                    known.filters.iter().filter(|filter| !filter.negated).find_map(|filter| match &filter.test {
                        Test::In(values) => values.iter().find_map(|value| kind.date_of.get(value)),
                        _ => None,
                    });
                // "logged for X since September": the verb said which date is meant.
                let asked = heads
                    .iter()
                    .filter(|head| head.node == node)
                    .flat_map(|head| &head.fields)
                    .find(|field| self.is_date(known.kind, field));
                // "overdue invoices from 2024": where they come from, not when they fell due.
                let from = span.said.to_lowercase().starts_with("from ")
                    || at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(|item| item.low == "from");
                let date = of_value.filter(|_| !from).or(asked).unwrap_or(&kind.date);
                let counts = or_standing || !kind.standing || asked.is_some();
                (counts && !date.is_empty() && known.named.is_none()).then(|| (node, date.clone()))
            };
            let dated =
                order.iter().find_map(|at| dated(at, false)).or_else(|| order.iter().find_map(|at| dated(at, true)));
            let Some((id, field)) = dated else {
                // "the status today" says nothing more; "the articles of last week" cannot be told from others.
                let now = span.from.is_none_or(|from| from <= self.reader.today)
                    && span.to.is_none_or(|to| to >= self.reader.today);
                let named =
                    heads.iter().all(|head| self.frame.nodes.get(head.node).is_some_and(|node| node.named.is_some()));
                if now || named {
                    self.leave_out(items, *at);
                } else {
                    self.need(&span.said);
                }
                continue;
            };
            if let Some(node) = self.frame.nodes.get_mut(id) {
                for head in heads.iter_mut().filter(|head| head.node == id) {
                    head.fields.retain(|known| *known != field);
                }
                node.wanted.retain(|known| *known != field);
                let bounded = |span: &DateSpan| span.from.is_some() && span.to.is_some();
                let other = node.filters.iter().position(|filter| {
                    filter.field == field
                        && !filter.negated
                        && matches!(&filter.test, Test::Dates(known) if bounded(known) && bounded(span))
                });
                // "in August and September": either of the two.
                if let Some(other) = other {
                    let first = node.filters.remove(other);
                    node.any.push(vec![first]);
                    node.any.push(vec![Filter::new(&field, Test::Dates(span.clone()))]);
                    continue;
                }
                node.filters.push(Filter::new(&field, Test::Dates(span.clone())));
            }
        }
    }
}

/// "how many tickets does aurora have": who does something has a name.
fn is_subject(items: &[Item], unknown: &Unknown) -> bool {
    before(items, unknown).is_some_and(|low| matches!(low, "does" | "did" | "do" | "has"))
}

/// "show me kestrel", "info on techcorp": what is to be shown, and has no article, is a name.
fn is_shown(items: &[Item], unknown: &Unknown) -> bool {
    before(items, unknown).is_some_and(|low| matches!(low, "me" | "show" | "about" | "on" | "up" | "find"))
}

/// The word before it.
fn before<'i>(items: &'i [Item], unknown: &Unknown) -> Option<&'i str> {
    let before = unknown.at.checked_sub(1).and_then(|before| items.get(before))?;
    before.raw.rsplit(' ').next()
}

/// Whether a word may be part of a description in front of its noun.
fn describes(item: &Item) -> bool {
    item.gap == Gap::None && (!item.is_small() && item.kind().is_none() || item.has(Role::Change))
}
