//! First, last, most, sorted: by which figure records are put in order.

use super::super::frame::{Ask, Best, Head, Manner, NodeId, Order, Sense, Test};
use super::super::knowledge::Role;
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::super::text::{Gap, Word, stem};
use super::Builder;
use super::clause::{Clause, Conn, Part, Placed, Ranking, is_plural, ordinal};

impl Builder<'_> {
    /// Notes "latest", "top 2", "most"; false if the word is none here.
    pub(super) fn ranking(&mut self, clause: &mut Clause, items: &[Item], at: usize, index: usize) -> bool {
        let Some(known) = self.reader.knowledge.superlatives.get(index) else { return false };
        if self.most_of_value(clause, items, at) {
            return true;
        }
        if self.compares_named(clause, items, at, index) {
            return true;
        }
        let next =
            items.iter().skip(at + 1).find(|item| !(item.is_small() && (item.has(Role::Ignore) || item.low == "of")));
        let number = |item: Option<&Item>| match item.map(|item| &item.what) {
            Some(What::Number(figure)) => figure.count().filter(|number| (1..=200).contains(number)),
            _ => None,
        };
        let after = number(items.get(at + 1));
        let before = at.checked_sub(1).and_then(|before| number(items.get(before)));
        // "the latest TechCorp ticket"
        let named = |item: &&Item| matches!(item.what, What::Record(_) | What::Unknown { .. });
        let next = match next.filter(named) {
            Some(_) => items.iter().skip(at + 1).find(|item| !item.is_small() && !named(item)).or(next),
            None => next,
        };
        let ranks = next.is_some_and(|item| {
            item.kind().is_some()
                || !item.values().is_empty()
                || !item.fields().is_empty()
                || item.superlative().is_some()
        });
        let verbs_only = items.iter().skip(at + 1).all(|item| {
            // "… the most in 2025", "… last by TechCorp"
            (item.is_small() || matches!(item.what, What::Days(_)) || named(&item)) && item.gap == Gap::None
        });
        // "which ticket is the oldest one still not resolved"
        let said_of = items
            .get(at.saturating_sub(2)..at)
            .unwrap_or_default()
            .iter()
            .any(|item| matches!(item.low.as_str(), "is" | "are" | "was" | "were"));
        let closing = (next.is_none() || verbs_only || said_of && !ranks)
            && (!clause.placed.is_empty() || !clause.fields.is_empty());
        let words_after = next.is_some_and(|item| item.has(Role::And)) && !clause.placed.is_empty();
        let said = items.get(at).map(|item| item.raw.clone()).unwrap_or_default();
        if !(ranks || after.is_some() || closing || words_after) {
            // "and who is the worst?"; a word such as "last" says too many other things.
            let alone = items.get(at).is_some_and(|item| {
                item.kind().is_none() && item.values().is_empty() && item.fields().is_empty() && !item.is_topic()
            });
            let ends = items.iter().skip(at + 1).all(Item::is_small);
            if alone && ends && !matches!(known.by.as_str(), "rank") {
                let (by, descending) = (known.by.clone(), known.descending);
                clause.stray.push(Ranking { at, by, descending, count: None, skip: 0, said });
            }
            return false;
        }
        if after.is_some() {
            clause.use_up(at + 1);
        }
        if before.is_some() {
            clause.numbers.pop();
        }
        let counted = after.or(before);
        let singular = self.next_word(items, at).is_some_and(|item| !is_plural(Some(item)));
        let one = (closing || self.next_word(items, at).is_none())
            && (clause.placed.last().is_some_and(|placed| !placed.plural)
                || items
                    .get(at.saturating_sub(2)..at)
                    .unwrap_or_default()
                    .iter()
                    .any(|item| matches!(item.low.as_str(), "is" | "was")));
        let skip = at.checked_sub(1).and_then(|before| items.get(before)).and_then(|item| ordinal(&item.low));
        let count = counted.or((singular || one || skip.is_some()).then_some(1));
        let skip = skip.unwrap_or_default();
        // "which customer did we bill the most": by how much, if the records have such a figure.
        let by = if closing && !ranks && known.by == "count" { "total" } else { known.by.as_str() };
        clause.rankings.push(Ranking { at, by: by.to_owned(), descending: known.descending, count, skip, said });
        true
    }

    /// The next word that names a kind or a value that names one.
    fn next_word<'i>(&self, items: &'i [Item], at: usize) -> Option<&'i Item> {
        items.iter().skip(at + 1).find(|item| {
            item.kind().is_some() && !self.is_field_of_named(items, item)
                || item.values().iter().any(|(.., naming)| *naming == Naming::Noun)
        })
    }

    pub(super) fn rankings(&mut self, clause: &mut Clause, heads: &mut [Head], items: &[Item]) {
        for ranking in std::mem::take(&mut clause.rankings) {
            self.rank(clause, heads, &ranking);
        }
        // "show 5 tickets"
        for (at, number) in &clause.numbers {
            let next = items.get(at + 1).is_some_and(|item| item.kind().is_some() || !item.values().is_empty());
            match (next, number.count().filter(|number| (1..=200).contains(number)), heads.first_mut()) {
                (true, Some(number), Some(head)) => head.limit = head.limit.or(Some(number)),
                _ => self.leave_out(items, *at),
            }
        }
    }

    /// "the customer with the most critical tickets": who has most of them, not which of them is most critical.
    pub(super) fn most_of_value(&mut self, clause: &mut Clause, items: &[Item], at: usize) -> bool {
        let Some((item, next)) = items.get(at).zip(items.get(at + 1)) else { return false };
        let counts = clause.conn == Conn::With && is_plural(Some(next));
        let Some(value) = item.raw.to_lowercase().strip_prefix("most ").filter(|_| counts).map(str::to_owned) else {
            return false;
        };
        let word = Word { raw: value.clone(), stem: stem(&value), low: value, ..Word::default() };
        let found = self.reader.knowledge.lexicon.longest(&[word], 0);
        let values: Vec<_> =
            found.into_iter().flat_map(|found| found.meaning).filter_map(|meaning| meaning.value()).collect();
        let fits = |(kind, ..): &(usize, _, _)| next.kind().is_some_and(|(next, _)| next == *kind);
        if !values.iter().any(fits) {
            return false;
        }
        let said = item.raw.clone();
        clause.rankings.push(Ranking { at, by: "count".to_owned(), descending: true, count: Some(1), skip: 0, said });
        self.value(clause, items, at, item, values);
        true
    }

    /// "ordered by priority": highest and latest first, names from A to Z, unless it is said otherwise.
    pub(super) fn sorted(&self, clause: &Clause, heads: &mut [Head], items: &[Item]) {
        let rising = items.iter().any(|item| matches!(item.low.as_str(), "ascending" | "lowest" | "rising"));
        for (_, fields) in &clause.sorts {
            for head in heads.iter_mut() {
                let kind = self.kind_of(head.node);
                let Some(field) = fields.iter().find(|(known, _)| Some(*known) == kind) else { continue };
                let Some(name) = self.field_name(field.0, field.1) else { continue };
                let known = self.reader.knowledge.kind(field.0);
                let graded = known.field(name).is_some_and(|field| !field.order.is_empty())
                    || self.is_date(field.0, name)
                    || known.measure == name;
                head.order = Some(Order::Field { field: name.to_owned(), descending: graded && !rising });
            }
        }
    }

    pub(super) fn rank(&mut self, clause: &mut Clause, heads: &mut [Head], ranking: &Ranking) {
        let after = clause.placed.iter().find(|placed| placed.at > ranking.at).cloned();
        let target = after.or_else(|| clause.placed.last().cloned());
        let Some(target) = target else {
            // "which is the oldest", of records named or found before, is settled by the follow-up.
            if !heads.is_empty() && !self.rank_named(heads, ranking) {
                self.need(&ranking.said);
            }
            return;
        };
        let Some(kind) = self.kind_of(target.node) else { return };
        if ranking.by == "count" && self.rank_spoken_of(clause, heads, ranking, &target) {
            return;
        }
        let known = self.reader.knowledge.kind(kind);
        // "who raised the most tickets": not the dates are counted, but whose they are.
        let counts = matches!(ranking.by.as_str(), "count" | "total" | "frequency");
        if let (true, Some(head)) = (counts, heads.iter_mut().find(|head| head.node == target.node)) {
            for field in &mut head.fields {
                if let Some((doer, names)) = self.doer(clause, kind, field) {
                    (*field, head.names) = (doer, Some(names));
                }
            }
        }
        let near_field = heads
            .iter()
            .find(|head| head.node == target.node)
            .and_then(|head| head.fields.iter().find(|field| known.field(field).is_some()))
            .cloned();
        // Of records that come by fitness the top ones are the first.
        let by_fitness = known.ranked && known.measure.is_empty() && near_field.is_none() && ranking.by == "measure";
        // "top three engineers by number of tickets"
        let person = near_field.as_ref().is_some_and(|field| known.field(field).is_some_and(|field| field.person));
        if person && matches!(ranking.by.as_str(), "measure" | "count") && self.rank_by_count(heads, ranking, &target) {
            return;
        }
        if ranking.by == "total" {
            if !self.rank_by_total(heads, ranking, &target) {
                self.rank(clause, heads, &Ranking { by: "count".to_owned(), ..ranking.clone() });
            }
            return;
        }
        // "the most common category"
        if ranking.by == "frequency" && self.rank_by_count(heads, ranking, &target) {
            return;
        }
        let field = match ranking.by.as_str() {
            "frequency" => None,
            _ if by_fitness => None,
            "date" => Some(self.date_meant(target.node)),
            "measure" => near_field.clone().or_else(|| Some(known.measure.clone())),
            "urgency" => Some(known.urgency.clone()),
            "rank" => None,
            "count" if known.single && !known.measure.is_empty() => Some(known.measure.clone()),
            "count" => near_field.clone().filter(|field| known.field(field).is_some_and(|field| field.number)),
            field => Some(field.to_owned()),
        }
        .filter(|field| !field.is_empty());
        if ranking.by == "count" && field.is_none() && self.rank_by_count(heads, ranking, &target) {
            return;
        }
        let field = field.or_else(|| {
            (ranking.by == "measure" && !by_fitness && self.narrowing_measure(clause, &target).is_none())
                .then(|| {
                    // The longest warranty is the one that ends last; the largest machine is not the newest.
                    let dated = [&known.date].into_iter().filter(|_| known.single && known.of.is_some());
                    std::iter::once(&known.urgency).chain(dated).find(|field| !field.is_empty()).cloned()
                })
                .flatten()
        });
        if field.is_none()
            && ranking.by == "measure"
            && !by_fitness
            && self.narrowing_measure(clause, &target).is_none()
        {
            return self.need(&ranking.said);
        }
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
        head.skip = ranking.skip;
        match field {
            Some(field) => {
                // What another record holds has to be fetched to be compared.
                if known.field(&field).is_some_and(|field| field.taken_from.is_some()) {
                    self.want(target.node, &field);
                }
                head.order = Some(Order::Field { field, descending: ranking.descending });
            }
            // "the customer that pays late most often": nothing here can be counted.
            None if ranking.by != "rank" && !by_fitness => self.need(&ranking.said),
            None => {
                if let Some(node) = self.frame.nodes.get_mut(target.node) {
                    node.limit = ranking.count.or(node.limit);
                }
            }
        }
    }

    /// The date that "latest" means: of paid invoices the day they were paid.
    fn date_meant(&self, node: NodeId) -> String {
        let Some(node) = self.frame.nodes.get(node) else { return String::new() };
        let kind = self.reader.knowledge.kind(node.kind);
        let of_value = node.filters.iter().filter(|filter| !filter.negated).find_map(|filter| match &filter.test {
            Test::In(values) => values.iter().find_map(|value| kind.date_of.get(value)),
            _ => None,
        });
        of_value.unwrap_or(&kind.date).clone()
    }

    /// Records with a figure that narrow the target: "top customers by balance".
    pub(super) fn narrowing_measure(&self, clause: &Clause, target: &Placed) -> Option<Placed> {
        let measured = |placed: &&Placed| {
            matches!(placed.part, Part::Narrows(anchor, ..) if anchor == target.node)
                && self.kind_of(placed.node).is_some_and(|kind| !self.reader.knowledge.kind(kind).measure.is_empty())
        };
        clause.placed.iter().find(measured).cloned()
    }

    /// "customer with the highest balance": the balances are put in order and the customers are named.
    pub(super) fn swap_with_narrowing(
        &mut self,
        heads: &mut [Head],
        ranking: &Ranking,
        target: &Placed,
        field: Option<String>,
    ) {
        let Part::Narrows(anchor, ..) = target.part else { return };
        if !heads.iter().any(|head| head.node == anchor) {
            // "tickets of the customer with the highest balance"
            if let (Some(node), Some(field)) = (self.frame.nodes.get_mut(target.node), field) {
                node.best = Some(Best { field, descending: ranking.descending, count: ranking.count.unwrap_or(1) });
            }
            return;
        }
        let Some(head) = heads.iter_mut().find(|head| head.node == anchor) else { return };
        let free = self
            .frame
            .nodes
            .get(anchor)
            .is_some_and(|node| node.filters.is_empty() && node.named.is_none() && node.links.len() <= 1);
        if let Some(node) = self.frame.nodes.get_mut(anchor) {
            node.links.retain(|link| link.to != target.node);
        }
        // "top 2 customers by balance and their contacts": theirs, not those of all customers.
        for node in &mut self.frame.nodes {
            for link in node.links.iter_mut().filter(|link| link.to == anchor) {
                link.to = target.node;
            }
        }
        head.node = target.node;
        head.limit = ranking.count.or(Some(1));
        head.skip = ranking.skip;
        head.order = field.map(|field| Order::Field { field, descending: ranking.descending });
        head.names = self.kind_of(anchor);
        if !free {
            self.link(target.node, anchor, Sense::Exists, Manner::Of, Vec::new());
        }
    }

    /// "tickets by customer tier": a field of others parts them. True if it was put so.
    pub(super) fn parted_by(&mut self, clause: &mut Clause, items: &[Item], at: usize) -> bool {
        let sorts = |item: &Item| ["sort", "order", "rank"].iter().any(|word| item.low.starts_with(word));
        let by = items.get(at).is_some_and(|item| item.low == "by" || item.low == "per");
        let (Some(kind), Some(field)) = (items.get(at + 1).and_then(Item::kind), items.get(at + 2)) else {
            return false;
        };
        let fields: Vec<_> = field.fields().into_iter().filter(|(known, _)| *known == kind.0).collect();
        if !by || fields.is_empty() || field.gap != Gap::None || items.iter().any(sorts) {
            return false;
        }
        clause.grouped_fields.push((at + 2, fields));
        clause.use_up(at + 1);
        clause.use_up(at + 2);
        true
    }

    /// "which customer did we bill the most": the invoices of each are added up.
    fn rank_by_total(&mut self, heads: &mut [Head], ranking: &Ranking, target: &Placed) -> bool {
        let Part::Narrows(anchor, Sense::Exists, _) = target.part else { return false };
        let (Some(kind), Some(base)) = (self.kind_of(target.node), self.kind_of(anchor)) else { return false };
        let known = self.reader.knowledge.kind(kind);
        let each = self.reader.knowledge.join(kind, base).filter(|_| !known.measure.is_empty() && !known.single);
        let plain = self.frame.nodes.get(anchor).is_some_and(|node| node.filters.is_empty() && node.links.len() == 1);
        let head = heads.iter_mut().find(|head| head.node == anchor);
        let (Some((field, _)), Some(head), true) = (each, head, plain) else { return false };
        head.node = target.node;
        head.ask = Ask::GroupBy(field);
        head.order = Some(Order::Totals { descending: ranking.descending });
        head.limit = ranking.count.or(Some(1));
        true
    }

    pub(super) fn rank_by_count(&self, heads: &mut [Head], ranking: &Ranking, target: &Placed) -> bool {
        if let Part::Narrows(anchor, ..) = target.part
            && let Some(head) = heads.iter_mut().find(|head| head.node == anchor)
        {
            head.order = Some(Order::CountOf { node: target.node, descending: ranking.descending });
            head.limit = ranking.count.or(Some(1));
            return true;
        }
        let Some(head) = heads.iter_mut().find(|head| head.node == target.node) else { return false };
        let Some(field) = head.fields.first().cloned() else { return false };
        head.ask = Ask::GroupBy(field);
        head.order = Some(Order::Groups { descending: ranking.descending });
        head.limit = ranking.count.or(Some(1));
        true
    }
}
