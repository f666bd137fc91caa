//! The plan at work: which records are there, which calls are needed next.
//!
//! Nothing is kept between steps. The same question with the same results always gives the same calls, so a call
//! that was made is found again by its tool and arguments, and what is not found is what has to be called now.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::access::{self, Access, Bindings, Bound};
use super::catalog::Catalog;
use super::evidence::{Done, Failure, Outcome};
use super::frame::{Filter, Frame, How, Link, Manner, Mention, Node, NodeId, Sense, Test};
use super::heads::Evidence;
use super::knowledge::{KindId, Knowledge};
use super::rows::{self, Row};
use crate::protocol::CallId;

/// A call to be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Planned {
    pub tool: String,
    pub arguments: Value,
    /// What for, from the knowledge files.
    pub why: String,
}

/// What became of a node so far.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Calls have to be made first.
    Waiting,
    Ready(Found),
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub rows: Vec<Row>,
    pub problems: Vec<Problem>,
    /// The calls that were looked at.
    pub calls: Vec<CallId>,
    /// How many the server says there are, if more than were read.
    pub total: Option<u64>,
    /// What was said and what was taken instead, if the name was not quite right.
    pub instead: Option<(String, String)>,
}

/// Why something could not be found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem {
    /// A call failed; `said` is what it was about.
    Failed { call: CallId, failure: Failure, said: String },
    /// No connected server gives such records.
    NoServer { kind: KindId },
    /// No tool gives such records without more being known.
    TooVague { kind: KindId },
    /// A name fits several records.
    Ambiguous { said: String, rows: Vec<Row> },
    /// There would be more calls than make sense.
    TooMany { kind: KindId, calls: usize },
}

/// More calls than this for one list are not made.
const MOST_CALLS: usize = 25;
/// Of records ranked by fitness only so many are looked at more closely.
const MOST_BEST: usize = 3;
/// How many pages of a list are read.
const MOST_PAGES: usize = 5;

/// One evaluation of a frame.
pub(super) struct Run<'a> {
    knowledge: &'a Knowledge,
    catalog: &'a Catalog<'a>,
    frame: &'a Frame,
    today: Date,
    done: &'a [Done],
    /// Whether calls can still be made.
    open: bool,
    memo: Vec<Option<State>>,
    planned: Vec<Planned>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        knowledge: &'a Knowledge,
        catalog: &'a Catalog<'a>,
        frame: &'a Frame,
        today: Date,
        done: &'a [Done],
        open: bool,
    ) -> Self {
        Self { knowledge, catalog, frame, today, done, open, memo: vec![None; frame.nodes.len()], planned: Vec::new() }
    }

    /// The calls to be made before the heads are complete.
    pub(super) fn planned(self) -> Vec<Planned> {
        self.planned
    }

    /// What is known of a node now; notes the calls it still needs.
    pub(super) fn resolve(&mut self, id: NodeId) -> State {
        if let Some(Some(state)) = self.memo.get(id) {
            return state.clone();
        }
        // A tie in a circle says nothing; it must not be followed for ever.
        if let Some(slot) = self.memo.get_mut(id) {
            *slot = Some(State::Ready(Found::default()));
        }
        let state = self.fresh(id);
        if let Some(slot) = self.memo.get_mut(id) {
            *slot = Some(state.clone());
        }
        state
    }

    fn fresh(&mut self, id: NodeId) -> State {
        let Some(node) = self.frame.nodes.get(id) else { return State::Ready(Found::default()) };
        if let Some(rows) = &node.known {
            let calls = calls_of(rows);
            let rows = self.kept(node, &node.filters, rows.clone(), &[]);
            return State::Ready(Found { rows, calls, ..Found::default() });
        }
        if !access::served(self.knowledge, self.catalog, node.kind) && self.open {
            return problem(Problem::NoServer { kind: node.kind });
        }
        match &node.named {
            Some(mention) => self.named(node, mention),
            None => self.listed(node),
        }
    }

    // ---- records that were named

    fn named(&mut self, node: &Node, mention: &Mention) -> State {
        let key = &self.knowledge.kind(node.kind).key;
        match &mention.how {
            How::Ids(ids) => {
                let bound = Bindings::from([(key.clone(), Bound::Each(ids.clone()))]);
                let state = self.fetch(node, &[], bound, &mention.said);
                self.with_filters(node, state)
            }
            How::OneOf(ids) => {
                let bound = Bindings::from([(key.clone(), Bound::Each(ids.clone()))]);
                let state = self.fetch(node, &[], bound, &mention.said);
                self.one_of(state, &mention.said)
            }
            How::Fields(fields, value) => self.by_fields(node, fields, value, &mention.said),
        }
    }

    /// Named records that must also meet conditions.
    fn with_filters(&self, node: &Node, state: State) -> State {
        match state {
            State::Ready(mut found) if !node.filters.is_empty() => {
                found.rows = self.kept(node, &node.filters, found.rows, &[]);
                State::Ready(found)
            }
            state => state,
        }
    }

    /// Of several ids only one need exist.
    fn one_of(&self, state: State, said: &str) -> State {
        let State::Ready(mut found) = state else { return State::Waiting };
        match found.rows.len() {
            0 => {}
            1 => found.problems.clear(),
            _ => {
                found.problems =
                    vec![Problem::Ambiguous { said: said.to_owned(), rows: std::mem::take(&mut found.rows) }];
            }
        }
        State::Ready(found)
    }

    /// Looks in one field after another, then once more with the nearest name the server offers.
    fn by_fields(&mut self, node: &Node, fields: &[String], value: &str, said: &str) -> State {
        let mut last = Found::default();
        for field in fields {
            let bound = Bindings::from([(field.clone(), Bound::Value(value.to_owned()))]);
            match self.fetch(node, &[Filter::new(field, Test::Like(value.to_owned()))], bound, said) {
                State::Waiting => return State::Waiting,
                State::Ready(found) if found.rows.is_empty() => {
                    last.calls.extend(found.calls);
                    if last.problems.is_empty() {
                        last.problems = found.problems;
                    }
                }
                State::Ready(found) => return State::Ready(self.the_one(found, field, value, said)),
            }
        }
        let Some(field) = fields.first() else { return State::Ready(last) };
        let Some(near) = self.near_name(&last, value) else {
            return if node.person && last.is_missing() {
                self.as_person(node, value, said, last)
            } else {
                State::Ready(last)
            };
        };
        let bound = Bindings::from([(field.clone(), Bound::Value(near.clone()))]);
        match self.fetch(node, &[], bound, said) {
            State::Waiting => State::Waiting,
            State::Ready(mut found) => {
                found.instead = Some((said.to_owned(), near.clone()));
                State::Ready(self.the_one(found, field, &near, said))
            }
        }
    }

    /// A name that is no company's may be that of somebody who works on tickets, a contact, or an account manager.
    fn as_person(&mut self, node: &Node, value: &str, said: &str, missing: Found) -> State {
        for kind in 0..self.knowledge.kinds.len() {
            let known = self.knowledge.kind(kind);
            let contact = known.person_question && known.key.is_empty() && !known.name_field.is_empty();
            let person = known.fields.iter().find(|field| field.person).map(|field| field.name.as_str());
            let Some(field) = person.or(contact.then_some(known.name_field.as_str())) else { continue };
            let by_person = person.is_some()
                && self.knowledge.sources.iter().any(|source| source.kind == kind && source.takes.contains_key(field));
            if !(by_person || contact || kind == node.kind) || !access::served(self.knowledge, self.catalog, kind) {
                continue;
            }
            let asked = Node::new(kind);
            let bound = Bindings::from([(field.to_owned(), Bound::Value(value.to_owned()))]);
            let filter = Filter::new(field, Test::Like(value.to_owned()));
            match self.fetch(&asked, &[filter], bound, said) {
                State::Waiting => return State::Waiting,
                State::Ready(found) if found.rows.is_empty() => {}
                State::Ready(found) => return State::Ready(found),
            }
        }
        State::Ready(missing)
    }

    /// The best of the names the server offers, if it is near enough to be a slip of the finger.
    fn near_name(&self, found: &Found, value: &str) -> Option<String> {
        let wanted = value.to_lowercase();
        let near = found.problems.iter().find_map(|problem| match problem {
            Problem::Failed { failure, .. } if failure.not_found => Some(&failure.near),
            _ => None,
        })?;
        let likeness = |name: &str| {
            let name = name.to_lowercase();
            let parts = name.split_whitespace().map(|part| strsim::normalized_damerau_levenshtein(&wanted, part));
            parts.chain([strsim::normalized_damerau_levenshtein(&wanted, &name)]).fold(0.0, f64::max)
        };
        let near: Vec<String> = near.iter().map(|name| name.split(" (").next().unwrap_or(name).to_owned()).collect();
        let looks_like_id = |name: &str| name.chars().any(|c| c.is_ascii_digit()) && !name.contains(' ');
        let names = near.iter().filter(|name| !looks_like_id(name)).map(|name| (likeness(name), name));
        names.filter(|(likeness, _)| *likeness >= 0.7).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone())
    }

    fn the_one(&self, mut found: Found, field: &str, value: &str, said: &str) -> Found {
        if found.rows.len() > 1 {
            let exact: Vec<Row> = found
                .rows
                .iter()
                .filter(|row| row.text(field).is_some_and(|text| text.eq_ignore_ascii_case(value)))
                .cloned()
                .collect();
            if exact.len() == 1 {
                found.rows = exact;
            } else {
                let rows = std::mem::take(&mut found.rows);
                found.problems = vec![Problem::Ambiguous { said: said.to_owned(), rows }];
            }
        }
        found
    }

    // ---- records under conditions

    fn listed(&mut self, node: &Node) -> State {
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
    fn either(&mut self, node: &Node) -> Option<State> {
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

    fn set(&mut self, node: &Node, filters: &[Filter]) -> State {
        let mut filters = filters.to_vec();
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
                State::Ready(found) => text = found.rows.first().and_then(|row| row.text(other)).unwrap_or_default(),
            }
        }
        // Named records narrow most, and their ids are often known already.
        for (link, field, other) in &joins {
            if link.sense == Sense::Missing || !self.is_definite(link.to) {
                continue;
            }
            match self.keys(link.to, other) {
                Keys::Waiting => waiting = true,
                Keys::Known(values) => narrow(&mut bound, field, values),
                Keys::None(found) if !link.or_else.is_empty() && found.is_missing() => {
                    filters.extend(link.or_else.clone())
                }
                Keys::None(found) => return State::Ready(found),
            }
        }
        if waiting {
            return State::Waiting;
        }
        self.joined(node, &filters, bound, &text, &joins)
    }

    /// "The phone number of Linh Tran": the contact was found on the way to the company.
    fn same_person(&mut self, node: &Node) -> Option<State> {
        let to = node
            .links
            .iter()
            .map(|link| link.to)
            .find(|to| self.frame.nodes.get(*to).is_some_and(|target| target.person))?;
        match self.resolve(to) {
            State::Waiting => Some(State::Waiting),
            State::Ready(found) => {
                found.rows.first().is_some_and(|row| row.kind == node.kind).then_some(State::Ready(found))
            }
        }
    }

    /// Fetches with what is known, waiting for linked records where that saves calls, then keeps those that belong.
    fn joined(
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
                    continue;
                }
                match self.resolve(*to) {
                    State::Waiting => waiting = true,
                    State::Ready(found) if found.rows.is_empty() => return State::Ready(found),
                    State::Ready(found) => {
                        let mut values = rows::distinct(&found.rows, other);
                        if self.is_ranked(*to) {
                            values.truncate(MOST_BEST);
                        }
                        let mut with = fetched_by.clone();
                        narrow(&mut with, field, values);
                        if with.get(field) == Some(&Bound::Each(Vec::new())) {
                            return State::Ready(Found { calls: found.calls, ..Found::default() });
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
                for (to, ..) in &loose {
                    self.resolve(*to);
                }
                return State::Waiting;
            }
        };
        for (link, field, other) in joins {
            match self.keys(link.to, other) {
                Keys::Waiting => waiting = true,
                Keys::Known(values) => {
                    let has = |row: &Row| {
                        rows::distinct(std::slice::from_ref(row), field).iter().any(|value| values.contains(value))
                    };
                    let carried = found.rows.iter().any(|row| row.get(field).is_some());
                    if carried || link.sense == Sense::Missing {
                        found.rows.retain(|row| has(row) == (link.sense == Sense::Exists));
                    }
                }
                Keys::None(_) if link.sense == Sense::Missing => {}
                Keys::None(other) if !link.or_else.is_empty() && other.is_missing() => {}
                Keys::None(other) => {
                    found.rows.clear();
                    found.problems.extend(other.problems);
                }
            }
        }
        if waiting {
            return State::Waiting;
        }
        let score = &self.knowledge.kind(node.kind).score;
        if !score.is_empty() {
            rows::fitting(&mut found.rows, score);
        }
        if let (Some(limit), true) = (node.limit, self.knowledge.kind(node.kind).ranked) {
            found.rows.truncate(limit);
        }
        State::Ready(found)
    }

    fn is_ranked(&self, id: NodeId) -> bool {
        self.frame.nodes.get(id).is_some_and(|node| self.knowledge.kind(node.kind).ranked)
    }

    /// Whether a node stands for records that were named or are known.
    fn is_definite(&self, id: NodeId) -> bool {
        self.frame.nodes.get(id).is_some_and(|node| node.named.is_some() || node.known.is_some())
    }

    /// The values of a field of a node's records, without fetching them if their ids were given.
    fn keys(&mut self, id: NodeId, field: &str) -> Keys {
        let Some(node) = self.frame.nodes.get(id) else { return Keys::None(Found::default()) };
        let key = &self.knowledge.kind(node.kind).key;
        if let (Some(Mention { how: How::Ids(ids), .. }), true, true) =
            (&node.named, field == key, node.filters.is_empty())
        {
            return Keys::Known(ids.clone());
        }
        match self.resolve(id) {
            State::Waiting => Keys::Waiting,
            State::Ready(found) => {
                let values = rows::distinct(&found.rows, field);
                if values.is_empty() { Keys::None(found) } else { Keys::Known(values) }
            }
        }
    }

    // ---- calls

    fn fetch(&mut self, node: &Node, filters: &[Filter], bindings: Bindings, said: &str) -> State {
        let choice = access::choose(self.knowledge, self.catalog, node.kind, &bindings, &node.wanted, self.today);
        let choice = choice.or_else(|| {
            // A condition with several values may be needed to be allowed to ask at all: one call for each.
            let mut wider = bindings.clone();
            for filter in filters.iter().filter(|filter| !filter.negated) {
                if let Test::In(values) = &filter.test {
                    wider.entry(filter.field.clone()).or_insert_with(|| Bound::Each(values.clone()));
                }
            }
            access::choose(self.knowledge, self.catalog, node.kind, &wider, &node.wanted, self.today)
        });
        let Some(access) = choice else {
            let served = access::served(self.knowledge, self.catalog, node.kind);
            return problem(if served {
                Problem::TooVague { kind: node.kind }
            } else {
                Problem::NoServer { kind: node.kind }
            });
        };
        if access.calls.len() > MOST_CALLS {
            return problem(Problem::TooMany { kind: node.kind, calls: access.calls.len() });
        }
        let mut found = Found::default();
        let mut waiting = false;
        for arguments in &access.calls {
            waiting |= self.read(node, &access, arguments, said, &mut found);
        }
        if waiting {
            return State::Waiting;
        }
        found.rows = self.kept(node, filters, found.rows, &access.pushed);
        found.rows = self.without_doubles(node.kind, found.rows);
        State::Ready(found)
    }

    /// Reads one call's result and, if the list goes on, its further pages. True if a call has to be made first.
    fn read(
        &mut self,
        node: &Node,
        access: &Access<'_>,
        arguments: &Map<String, Value>,
        said: &str,
        found: &mut Found,
    ) -> bool {
        let mut arguments = arguments.clone();
        let mut count = 0;
        for _ in 0..MOST_PAGES {
            let Some(done) = self.made(access, &arguments) else { return self.open };
            found.calls.push(done.call);
            let content = match &done.outcome {
                Outcome::Failed(failure) => {
                    let what = if said.is_empty() { subject(&arguments) } else { said.to_owned() };
                    found.problems.push(Problem::Failed { call: done.call, failure: failure.clone(), said: what });
                    return false;
                }
                Outcome::Content(content) => content.clone(),
            };
            let call = done.call;
            let rows = self.rows_of(node.kind, access, &arguments, &content, call);
            count += rows.len();
            let total = total(&content).filter(|_| place(access, &content).is_some_and(Value::is_array));
            found.rows.extend(rows);
            let pages = self.catalog.reading(&access.source.tool).is_some_and(|tool| tool.argument("offset").is_some());
            let more = total.is_some_and(|total| usize::try_from(total).is_ok_and(|total| total > count));
            let ranked = self.knowledge.kind(node.kind).ranked;
            if ranked {
                return false;
            }
            if !more || !pages || arguments.contains_key("limit") && node.limit.is_some() || count == 0 {
                found.total = total.filter(|_| more).or(found.total);
                return false;
            }
            arguments.insert("offset".to_owned(), json!(count));
        }
        false
    }

    /// The answered call with these arguments, or a note that it has to be made.
    fn made(&mut self, access: &Access<'_>, arguments: &Map<String, Value>) -> Option<&'a Done> {
        let arguments = Value::Object(arguments.clone());
        let found = self.done.iter().find(|done| done.name == access.tool && same(&done.arguments, &arguments));
        if found.is_none() && self.open {
            let planned = Planned { tool: access.tool.clone(), arguments, why: access.source.why.clone() };
            if !self.planned.contains(&planned) {
                self.planned.push(planned);
            }
        }
        found
    }

    fn rows_of(
        &self,
        kind: KindId,
        access: &Access<'_>,
        arguments: &Map<String, Value>,
        content: &Value,
        call: CallId,
    ) -> Vec<Row> {
        records(access, content)
            .into_iter()
            .filter_map(|(record, parent)| record.as_object().map(|object| (object, parent)))
            .map(|(object, parent)| {
                let mut fields = object.clone();
                for name in &access.source.carry {
                    if let (None, Some(value)) = (fields.get(name), parent.get(name)) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                for name in &access.source.stamp {
                    let argument = access.source.takes.get(name).and_then(|takes| match takes {
                        super::knowledge::Takes::Value(argument) => arguments.get(argument),
                        _ => None,
                    });
                    if let (None, Some(value)) = (fields.get(name), argument) {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                for (from, to) in &access.source.renames {
                    if let Some(value) = fields.shift_remove(from) {
                        fields.insert(to.clone(), value);
                    }
                }
                Row { kind, fields: Arc::new(fields), call }
            })
            .collect()
    }

    /// The rows that meet the conditions the server did not take care of.
    fn kept(&self, node: &Node, filters: &[Filter], rows: Vec<Row>, pushed: &[String]) -> Vec<Row> {
        let kind = self.knowledge.kind(node.kind);
        let left: Vec<&Filter> =
            filters.iter().filter(|filter| filter.negated || !pushed.contains(&filter.field)).collect();
        rows.into_iter().filter(|row| left.iter().all(|filter| rows::meets(kind, row, filter))).collect()
    }

    /// Each record once, by its key; records without a key are all different.
    fn without_doubles(&self, kind: KindId, rows: Vec<Row>) -> Vec<Row> {
        let key = &self.knowledge.kind(kind).key;
        let mut seen: Vec<String> = Vec::new();
        rows.into_iter()
            .filter(|row| match row.text(key) {
                Some(id) if seen.contains(&id) => false,
                Some(id) => {
                    seen.push(id);
                    true
                }
                None => true,
            })
            .collect()
    }
}

/// Adds what a link says of a field to what other links say of it.
fn narrow(bound: &mut Bindings, field: &str, mut values: Vec<String>) {
    if let Some(Bound::Each(known)) = bound.get(field) {
        values.retain(|value| known.contains(value));
    }
    bound.insert(field.to_owned(), Bound::Each(values));
}

enum Keys {
    Waiting,
    Known(Vec<String>),
    None(Found),
}

impl Found {
    /// Whether the server said that there is no such record.
    pub(super) fn is_missing(&self) -> bool {
        self.rows.is_empty()
            && self
                .problems
                .iter()
                .any(|problem| matches!(problem, Problem::Failed { failure, .. } if failure.not_found))
    }
}

fn problem(problem: Problem) -> State {
    State::Ready(Found { problems: vec![problem], ..Found::default() })
}

fn calls_of(rows: &[Row]) -> Vec<CallId> {
    let mut calls: Vec<CallId> = rows.iter().map(|row| row.call).collect();
    calls.sort_unstable();
    calls.dedup();
    calls
}

/// Two argument objects are the same whatever the order of their members.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key) == Some(value))
        }
        _ => a == b,
    }
}

/// The first text among the arguments: what the call was about.
fn subject(arguments: &Map<String, Value>) -> String {
    arguments.values().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// Where in a result the records are.
fn place<'v>(access: &Access<'_>, content: &'v Value) -> Option<&'v Value> {
    access.source.rows.iter().find_map(|path| {
        let outer = path.split(".*.").next().unwrap_or(path);
        if outer.is_empty() { Some(content) } else { content.get(outer) }
    })
}

/// The records in a result, each with the object around it: `customers.*.contacts` are those of each customer.
fn records<'v>(access: &Access<'_>, content: &'v Value) -> Vec<(&'v Value, &'v Value)> {
    for path in &access.source.rows {
        if let Some((outer, inner)) = path.split_once(".*.") {
            let Some(list) = content.get(outer).and_then(Value::as_array) else { continue };
            let each = |parent: &'v Value| {
                let items = parent.get(inner).and_then(Value::as_array).into_iter().flatten();
                items.map(move |item| (item, parent)).collect::<Vec<_>>()
            };
            return list.iter().flat_map(each).collect();
        }
        match if path.is_empty() { Some(content) } else { content.get(path) } {
            Some(Value::Array(items)) => return items.iter().map(|item| (item, content)).collect(),
            Some(value @ Value::Object(_)) => return vec![(value, content)],
            Some(_) | None => {}
        }
    }
    Vec::new()
}

fn total(content: &Value) -> Option<u64> {
    let fields = content.as_object()?;
    fields
        .iter()
        .find(|(key, value)| key.starts_with("total_") && value.is_u64() && !key.ends_with("_events"))
        .and_then(|(_, value)| value.as_u64())
}

// ---- what heads need beyond their own records

impl<'a> Run<'a> {
    pub(super) fn knowledge(&self) -> &'a Knowledge {
        self.knowledge
    }

    pub(super) fn kind_of(&self, node: NodeId) -> KindId {
        self.frame.nodes.get(node).map_or(0, |node| node.kind)
    }

    /// The records that a node's "with" conditions rest on.
    pub(super) fn evidence(&mut self, node: NodeId) -> Vec<Evidence> {
        let Some(known) = self.frame.nodes.get(node) else { return Vec::new() };
        let with = known.links.iter().filter(|link| link.sense == Sense::Exists && link.manner == Manner::With);
        let mut out = Vec::new();
        for link in with {
            let (Some(on), State::Ready(found)) =
                (self.knowledge.join(known.kind, self.kind_of(link.to)), self.resolve(link.to))
            else {
                continue;
            };
            out.push(Evidence { node: link.to, on, rows: found.rows });
        }
        out
    }

    /// Whether a node has conditions besides its tie to another.
    pub(super) fn narrows_itself(&self, node: NodeId, besides: NodeId) -> bool {
        self.frame.nodes.get(node).is_some_and(|node| {
            !node.filters.is_empty()
                || !node.any.is_empty()
                || node.named.is_some()
                || node.links.iter().any(|link| link.to != besides)
        })
    }

    /// Records of a kind by the values of one field; none while calls have to be made first.
    pub(super) fn by_keys(&mut self, kind: KindId, field: &str, values: Bound) -> Option<Found> {
        let wanted = match &values {
            Bound::Each(values) => values.clone(),
            _ => Vec::new(),
        };
        let node = Node::new(kind);
        let by_key = Bindings::from([(field.to_owned(), values)]);
        let calls = |bindings: &Bindings| {
            access::choose(self.knowledge, self.catalog, kind, bindings, &[], self.today)
                .map(|access| access.calls.len())
        };
        // Listing everything may need fewer calls than asking for each.
        let by_list = match (calls(&by_key), calls(&Bindings::new())) {
            (Some(each), Some(all)) => all < each,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let bindings = if by_list { Bindings::new() } else { by_key };
        match self.fetch(&node, &[], bindings, "") {
            State::Waiting => None,
            State::Ready(mut found) => {
                found.rows.retain(|row| {
                    rows::distinct(std::slice::from_ref(row), field).iter().any(|value| wanted.contains(value))
                });
                Some(found)
            }
        }
    }

    /// Sees to it that the names of the records that rows refer to are in the results.
    pub(super) fn names(&mut self, kind: KindId, names: KindId, rows: &[Row]) -> Option<()> {
        let (field, other) = self.knowledge.join(kind, names)?;
        let label = &self.knowledge.kind(names).label;
        let known = self.known_names(names, &other, label);
        let missing: Vec<String> = rows
            .iter()
            .filter(|row| row.get(label).is_none())
            .filter_map(|row| row.text(&field))
            .filter(|id| !known.contains(id))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        if missing.is_empty() || !access::served(self.knowledge, self.catalog, names) {
            return Some(());
        }
        self.by_keys(names, &other, Bound::Each(missing)).map(|_| ())
    }

    /// Ids whose names stand in a result of this turn already.
    fn known_names(&self, _names: KindId, key: &str, label: &str) -> Vec<String> {
        let mut out = Vec::new();
        for done in self.done {
            if let Outcome::Content(content) = &done.outcome {
                collect(content, key, label, &mut out);
            }
        }
        out
    }
}

fn collect(value: &Value, key: &str, label: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::String(id)), Some(_)) = (fields.get(key), fields.get(label)) {
                out.push(id.clone());
            }
            fields.values().for_each(|field| collect(field, key, label, out));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, label, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
