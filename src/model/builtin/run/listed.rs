//! Records under conditions: fetched with the fewest calls, then kept if they belong to the others.

use rust_decimal::Decimal;

use super::super::access::{self, Bindings, Bound};
use super::super::frame::{Filter, How, Link, Mention, Node, NodeId, Sense};
use super::super::rows::{self, Row};
use super::readings::Readings;
use super::{Found, Keys, MOST_BEST, Run, State};

impl Run<'_> {
    pub(super) fn listed(&mut self, node: &Node) -> State {
        if node.any.is_empty() {
            return self.set(node, &node.filters);
        }
        if let Some(state) = self.either(node) {
            return state;
        }
        let mut all = Found::default();
        let mut waiting = false;
        for alternative in &node.any {
            let filters: Vec<Filter> = node.filters.iter().chain(alternative).cloned().collect();
            match self.set(node, &filters) {
                State::Waiting => waiting = true,
                State::Ready(found) => {
                    all.rows.extend(found.rows);
                    all.problems.extend(found.problems);
                    all.calls.extend(found.calls);
                    all.changed.extend(found.changed);
                }
            }
        }
        if waiting {
            return State::Waiting;
        }
        all.rows = self.without_doubles(node.kind, all.rows);
        State::Ready(all)
    }

    /// One call for all alternatives, where the tool takes them together.
    pub(super) fn either(&mut self, node: &Node) -> Option<State> {
        let joined: Vec<Filter> = node.any.iter().flatten().cloned().collect();
        let one_each = node.any.iter().all(|alternative| alternative.len() == 1);
        let bindings = access::bindings(&joined, "", None);
        if !one_each || bindings.len() != joined.len() {
            return None;
        }
        let access = access::choose(self.knowledge, self.catalog, node.kind, &bindings, &[], self.today)?;
        let all_pushed = joined.iter().all(|filter| access.pushed.contains(&filter.field));
        if !access.source.either || !all_pushed || access.calls.len() != 1 {
            return None;
        }
        let filters: Vec<Filter> = node.filters.iter().cloned().chain(joined).collect();
        Some(self.set(node, &filters))
    }

    pub(super) fn set(&mut self, node: &Node, filters: &[Filter]) -> State {
        let filters = filters.to_vec();
        let mut bound = Bindings::new();
        let mut text = node.text.clone();
        let mut joins: Vec<(&Link, String, String)> = Vec::new();
        let mut waiting = false;
        if let Some(state) = self.same_person(node) {
            return state;
        }
        for link in &node.links {
            let Some(target) = self.frame.nodes.get(link.to) else { continue };
            if let Some((field, other)) = self.knowledge.join(node.kind, target.kind) {
                joins.push((link, field, other));
                continue;
            }
            let Some((_, other)) = self.knowledge.fill(node.kind, target.kind) else { continue };
            match self.resolve(link.to) {
                State::Waiting => waiting = true,
                State::Ready(found) if found.rows.is_empty() => return State::Ready(found),
                State::Ready(found) => text = found.rows.first().map(|row| words_of(row, other)).unwrap_or_default(),
            }
        }
        let mut readings: Vec<Filter> = Vec::new();
        let mut left_out: Vec<(Filter, Found)> = Vec::new();
        // Named records narrow most, and their ids are often known already.
        for (link, field, other) in &joins {
            if !self.is_definite(link.to) {
                continue;
            }
            if link.sense == Sense::Missing {
                match self.keys(link.to, other) {
                    Keys::Waiting => waiting = true,
                    Keys::None(found) if !link.or_else.is_empty() && found.is_missing() => {
                        left_out.extend(link.or_else.iter().cloned().map(|filter| (filter, found.clone())));
                    }
                    // Leaving out what is not known would be leaving out nothing.
                    Keys::None(found) => return State::Ready(found),
                    Keys::Known(_) => {}
                }
                continue;
            }
            match self.keys(link.to, other) {
                Keys::Waiting => waiting = true,
                Keys::Known(values) => narrow(&mut bound, field, values),
                Keys::None(found) if !link.or_else.is_empty() && found.is_missing() => readings = link.or_else.clone(),
                Keys::None(found) => return State::Ready(found),
            }
        }
        if waiting {
            return State::Waiting;
        }
        self.by_readings(node, filters, bound, &text, &joins, Readings { instead: readings, left_out })
    }

    /// "The phone number of Linh Tran": the contact was found on the way to the company.
    pub(super) fn same_person(&mut self, node: &Node) -> Option<State> {
        let to = node
            .links
            .iter()
            .map(|link| link.to)
            .find(|to| self.frame.nodes.get(*to).is_some_and(|target| target.person))?;
        match self.resolve(to) {
            State::Waiting => Some(State::Waiting),
            State::Ready(mut found) => {
                if found.rows.first().is_none_or(|row| row.kind != node.kind) {
                    return None;
                }
                let kind = self.knowledge.kind(node.kind);
                found.rows = self.kept(node, &node.filters, found.rows, &[]);
                found.rows.retain(|row| {
                    node.any.is_empty() || node.any.iter().any(|all| all.iter().all(|one| rows::meets(kind, row, one)))
                });
                Some(State::Ready(found))
            }
        }
    }

    /// Fetches with what is known, waiting for linked records where that saves calls, then keeps those that belong.
    pub(super) fn joined(
        &mut self,
        node: &Node,
        filters: &[Filter],
        bound: Bindings,
        text: &str,
        joins: &[(&Link, String, String)],
    ) -> State {
        let own = |bound: &Bindings| {
            let mut all = access::bindings(filters, text, node.limit);
            all.extend(bound.clone());
            all
        };
        // Dozens of calls for known ids are not made where one list will do.
        let each: Vec<String> = bound
            .iter()
            .filter(|(_, value)| matches!(value, Bound::Each(values) if values.len() > 1))
            .map(|(field, _)| field.clone())
            .collect();
        let mut fetched_by = bound.clone();
        for field in each {
            let mut without = fetched_by.clone();
            without.remove(&field);
            let calls = |run: &Self, bound: &Bindings| {
                access::choose(run.knowledge, run.catalog, node.kind, &own(bound), &node.wanted, run.today)
                    .map(|access| access.calls.len())
            };
            if let (Some(fewer), Some(many)) = (calls(self, &without), calls(self, &fetched_by))
                && fewer + 1 < many
            {
                fetched_by = without;
            }
        }
        let choose = |run: &Self, bound: &Bindings| {
            access::choose(run.knowledge, run.catalog, node.kind, &own(bound), &node.wanted, run.today)
                .map(|access| access.calls.len())
        };
        let alone = choose(self, &fetched_by);
        let loose: Vec<(NodeId, Sense, String, String)> = joins
            .iter()
            .filter(|(link, ..)| !self.is_definite(link.to))
            .map(|(link, field, other)| (link.to, link.sense, field.clone(), other.clone()))
            .collect();
        let mut waiting = false;
        if alone != Some(1) {
            for (to, sense, field, other) in &loose {
                if *sense == Sense::Missing {
                    // Needed in any case, so it is fetched side by side.
                    self.keys(*to, other);
                    continue;
                }
                let link = joins.iter().map(|(link, ..)| *link).find(|link| link.to == *to);
                let keys = match link {
                    Some(link) => self.keys_of(link, other),
                    None => self.keys(*to, other),
                };
                match keys {
                    Keys::Waiting => waiting = true,
                    Keys::None(found) => return State::Ready(Found { rows: Vec::new(), ..found }),
                    Keys::Known(mut values) => {
                        if self.is_ranked(*to) {
                            values.truncate(MOST_BEST);
                        }
                        let mut with = fetched_by.clone();
                        narrow(&mut with, field, values);
                        if with.get(field) == Some(&Bound::Each(Vec::new())) {
                            return State::Ready(Found::default());
                        }
                        if choose(self, &with).is_some_and(|calls| alone.is_none_or(|alone| calls <= alone)) {
                            fetched_by = with;
                        }
                    }
                }
            }
        }
        if waiting {
            return State::Waiting;
        }
        let state = self.fetch(node, filters, own(&fetched_by), "");
        let mut found = match state {
            State::Ready(found) => found,
            State::Waiting => {
                // Records to compare with can be fetched side by side.
                for (to, _, _, other) in &loose {
                    self.keys(*to, other);
                }
                return State::Waiting;
            }
        };
        for (link, field, other) in joins {
            match self.keys_of(link, other) {
                Keys::Waiting => waiting = true,
                Keys::Known(values) => {
                    let values = found.asked_for(field, values);
                    if link.sense == Sense::Exists && filters.is_empty() {
                        found.leave_out(field, &values);
                    }
                    let has = |row: &Row| {
                        rows::distinct(std::slice::from_ref(row), field).iter().any(|value| values.contains(value))
                    };
                    let carried = found.rows.iter().any(|row| row.get(field).is_some());
                    if carried || link.sense == Sense::Missing {
                        found.rows.retain(|row| has(row) == (link.sense == Sense::Exists));
                    }
                }
                Keys::None(other) if link.sense == Sense::Missing => {
                    // What could not be looked up must not count as missing.
                    if !other.problems.is_empty() && !other.is_missing() {
                        found.rows.clear();
                    }
                    if link.or_else.is_empty() {
                        found.problems.extend(other.problems);
                    }
                }
                Keys::None(other) if !link.or_else.is_empty() && other.is_missing() => {
                    if found.rows.is_empty() {
                        found.problems.extend(other.problems);
                    }
                }
                Keys::None(other) => {
                    found.rows.clear();
                    found.problems.extend(other.problems);
                }
            }
        }
        if waiting {
            return State::Waiting;
        }
        self.exactly(node, &mut found);
        let score = &self.knowledge.kind(node.kind).score;
        if !score.is_empty() && !text.is_empty() {
            found.weaker = rows::fitting(&mut found.rows, score);
            let kind = self.knowledge.kind(node.kind);
            let fits = |least: Option<Decimal>, row: &Row| {
                least.is_none_or(|least| row.number(score).is_none_or(|fit| fit >= least))
            };
            if node.text.is_empty() {
                found.rows.retain(|row| fits(kind.fit, row));
            } else {
                let (rows, mut weaker): (Vec<Row>, Vec<Row>) =
                    std::mem::take(&mut found.rows).into_iter().partition(|row| fits(kind.least, row));
                weaker.append(&mut found.weaker);
                (found.rows, found.weaker) = (rows, weaker);
            }
        }
        if score.is_empty() && !node.text.is_empty() {
            rows::without_chance(&mut found.rows, &node.text);
            found.weaker = rows::without_some_words(&mut found.rows, &node.text);
        }
        if let (Some(limit), true) = (node.limit, self.knowledge.kind(node.kind).ranked || !node.text.is_empty()) {
            found.rows.truncate(limit);
        }
        if let Some(best) = &node.best {
            let kind = self.knowledge.kind(node.kind);
            found.rows.sort_by(|a, b| rows::compare(kind, a, b, &best.field, best.descending));
            found.rows.truncate(best.count);
        }
        State::Ready(found)
    }

    /// The one node that a node without conditions of its own is tied to.
    pub(super) fn leads_on(&self, node: &Node) -> Option<NodeId> {
        let plain = node.filters.is_empty()
            && node.any.is_empty()
            && node.text.is_empty()
            && node.named.is_none()
            && node.known.is_none();
        match node.links.as_slice() {
            [link] if plain && link.sense == Sense::Exists && link.or_else.is_empty() => Some(link.to),
            _ => None,
        }
    }

    /// The values of a field of linked records, those with as many records as are asked for.
    fn keys_of(&mut self, link: &Link, field: &str) -> Keys {
        let keys = self.keys(link.to, field);
        let (Some(count), Keys::Known(mut values)) = (link.count, keys) else { return self.keys(link.to, field) };
        let State::Ready(found) = self.resolve(link.to) else { return Keys::Waiting };
        let number = |value: &String| {
            let has = |row: &&Row| rows::distinct(std::slice::from_ref(*row), field).contains(value);
            found.rows.iter().filter(has).count()
        };
        values.retain(|value| (count.least..=count.most).contains(&number(value)));
        if values.is_empty() { Keys::None(Found { rows: Vec::new(), ..found }) } else { Keys::Known(values) }
    }

    pub(super) fn is_ranked(&self, id: NodeId) -> bool {
        self.frame.nodes.get(id).is_some_and(|node| self.knowledge.kind(node.kind).ranked)
    }

    /// Whether a node stands for records that were named or are known.
    pub(super) fn is_definite(&self, id: NodeId) -> bool {
        self.frame.nodes.get(id).is_some_and(|node| node.named.is_some() || node.known.is_some())
    }

    /// The values of a field of a node's records, without fetching them if their ids were given.
    pub(super) fn keys(&mut self, id: NodeId, field: &str) -> Keys {
        let Some(node) = self.frame.nodes.get(id) else { return Keys::None(Found::default()) };
        let key = &self.knowledge.kind(node.kind).key;
        if let (Some(Mention { how: How::Ids(ids), .. }), true, true) =
            (&node.named, field == key, node.filters.is_empty())
        {
            return Keys::Known(ids.clone());
        }
        // Records that only lead on, such as "their customers", need not be fetched: what leads to them has their ids.
        if let (Some(link), true) = (self.leads_on(node), field == key)
            && let Some((own, other)) =
                self.frame.nodes.get(link).and_then(|to| self.knowledge.join(node.kind, to.kind))
            && own == *key
        {
            return self.keys(link, &other);
        }
        match self.resolve(id) {
            State::Waiting => Keys::Waiting,
            State::Ready(found) => {
                let values = rows::distinct(&found.rows, field);
                if values.is_empty() { Keys::None(found) } else { Keys::Known(values) }
            }
        }
    }
}

/// Adds what a link says of a field to what other links say of it.
fn narrow(bound: &mut Bindings, field: &str, mut values: Vec<String>) {
    if let Some(Bound::Each(known)) = bound.get(field) {
        values.retain(|value| known.contains(value));
    }
    bound.insert(field.to_owned(), Bound::Each(values));
}

/// The words of a record by the first of several recipes that gives any: `category + tags, subject`.
fn words_of(row: &Row, recipes: &str) -> String {
    let field = |name: &str| rows::distinct(std::slice::from_ref(row), name.trim()).join(" ");
    let recipe = |recipe: &str| recipe.split('+').map(field).collect::<Vec<_>>().join(" ");
    let mut words: Vec<String> = Vec::new();
    let found = recipes.split(',').map(recipe).find(|text| !text.trim().is_empty()).unwrap_or_default();
    for word in found.split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}
