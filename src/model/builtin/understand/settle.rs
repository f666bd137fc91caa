//! Decides, when a whole clause is known, what was still open: names, searched text, wanted fields, rankings, counts.

use super::super::frame::{Filter, Head, How, Mention, Node, NodeId, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::place::{Clause, Conn, Unknown};

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
        self.sorted(&clause, &mut heads, items);
        self.rankings(&mut clause, &mut heads, items);
        self.again(&clause, &mut heads);
        self.days_left(&clause, &mut heads);
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
            if self.is_label(clause, &unknown) || self.is_place(clause, items, &unknown) {
                continue;
            }
            if self.is_text(clause, &unknown) {
                clause.texts.push((unknown.at, unknown.raw));
            } else if !self.managed(clause, items, &unknown) {
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
        // Before the records only the word next to them describes them: "outlook tickets", not "gimme all tickets".
        let stray = clause.placed.iter().all(|placed| placed.at > unknown.at + 1) && !clause.placed.is_empty();
        searchable
            && (beside_topic || (unknown.conn == Conn::None && !stray) || unknown.conn == Conn::With)
            && !clause.roles.contains(&Role::WhatAbout)
    }

    /// "servers in Denver"
    fn is_place(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let inside =
            unknown.at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(|item| item.low == "in");
        let placed = clause.placed.iter().rev().filter(|placed| inside && placed.at < unknown.at).find_map(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            kind.fields.iter().find(|field| field.place).map(|field| (placed.node, field.name.clone()))
        });
        let Some((node, field)) = placed else { return false };
        self.apply(clause, node, Filter::new(&field, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// "the SolidWorks licence": a name beside records that have names of their own and belong to somebody.
    fn is_label(&mut self, clause: &mut Clause, unknown: &Unknown) -> bool {
        let Some(placed) = clause.placed.iter().find(|placed| placed.at == unknown.at + 1).cloned() else {
            return false;
        };
        let Some(kind) = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)) else { return false };
        let labelled =
            kind.key.is_empty() && !kind.single && !kind.label.is_empty() && !kind.person_question && kind.of.is_some();
        if !labelled || unknown.conn == Conn::Of {
            return false;
        }
        self.apply(clause, placed.node, Filter::new(&kind.label, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// "Sarah Whitfield's customers": whoever has customers is no customer.
    fn managed(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let possessive = items.get(unknown.at).is_some_and(|item| item.possessive);
        let Some(placed) = clause.placed.iter().find(|placed| possessive && placed.at == unknown.at + 1).cloned()
        else {
            return false;
        };
        let Some(kind) = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)) else { return false };
        let person = kind.fields.iter().find(|field| field.person).map(|field| field.name.clone());
        let Some(field) = person.filter(|_| kind.person_question && !kind.key.is_empty()) else { return false };
        self.apply(clause, placed.node, Filter::new(&field, Test::Like(unknown.raw.clone())), Conn::And);
        true
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

    fn days_left(&mut self, clause: &Clause, heads: &mut [Head]) {
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
                // "logged for X since September": the verb said which date is meant.
                let asked = heads
                    .iter()
                    .filter(|head| head.node == node)
                    .flat_map(|head| &head.fields)
                    .find(|field| self.is_date(known.kind, field));
                let date = of_value.or(asked).unwrap_or(&kind.date);
                (!date.is_empty() && known.named.is_none()).then(|| (node, date.clone()))
            });
            if let Some((id, field)) = dated
                && let Some(node) = self.frame.nodes.get_mut(id)
            {
                for head in heads.iter_mut().filter(|head| head.node == id) {
                    head.fields.retain(|known| *known != field);
                }
                node.wanted.retain(|known| *known != field);
                node.filters.push(Filter::new(&field, Test::Dates(span.clone())));
            }
        }
    }
}
