//! Records that were named: by id, by one of several possible ids, by a name, by a person's name.

use super::super::access::{self, Bindings, Bound};
use super::super::frame::{Filter, How, Mention, Node, Test};
use super::super::mention;
use super::super::rows::Row;
use super::{Found, Problem, Run, State};

impl Run<'_> {
    pub(super) fn named(&mut self, node: &Node, mention: &Mention) -> State {
        let key = &self.knowledge.kind(node.kind).key;
        match &mention.how {
            How::Ids(ids) => {
                if let Some(said) = ids.iter().find(|id| !mention::whole(self.knowledge, id)) {
                    return super::problem(Problem::Malformed { said: said.clone(), kind: node.kind });
                }
                let bound = Bindings::from([(key.clone(), Bound::Each(ids.clone()))]);
                let state = only(self.fetch(node, &[], bound, &mention.said), key, ids);
                self.with_filters(node, state)
            }
            How::OneOf(ids) => {
                let bound = Bindings::from([(key.clone(), Bound::Each(ids.clone()))]);
                let state = only(self.fetch(node, &[], bound, &mention.said), key, ids);
                self.one_of(state, &mention.said)
            }
            How::Each(mentions) => self.each(node, mentions),
            How::Fields(fields, value) => self.by_fields(node, fields, value, &mention.said),
        }
    }

    /// Several records, each named in its own way; what one lacks does not hide the others.
    fn each(&mut self, node: &Node, mentions: &[Mention]) -> State {
        let mut all = Found::default();
        let mut waiting = false;
        for mention in mentions {
            match self.named(node, mention) {
                State::Waiting => waiting = true,
                State::Ready(found) => {
                    all.rows.extend(found.rows);
                    all.problems.extend(found.problems);
                    all.calls.extend(found.calls);
                    all.changed.extend(found.changed);
                    all.instead = all.instead.or(found.instead);
                }
            }
        }
        if waiting {
            return State::Waiting;
        }
        all.rows = self.without_doubles(node.kind, all.rows);
        State::Ready(all)
    }

    /// Named records that must also meet conditions.
    pub(super) fn with_filters(&self, node: &Node, state: State) -> State {
        match state {
            State::Ready(mut found) if !node.filters.is_empty() => {
                found.rows = self.kept(node, &node.filters, found.rows, &[]);
                State::Ready(found)
            }
            state => state,
        }
    }

    /// Of several ids only one need exist.
    pub(super) fn one_of(&self, state: State, said: &str) -> State {
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
    pub(super) fn by_fields(&mut self, node: &Node, fields: &[String], value: &str, said: &str) -> State {
        let mut last = Found::default();
        for field in fields {
            let bound = Bindings::from([(field.clone(), Bound::Value(value.to_owned()))]);
            match self.fetch(node, &[Filter::new(field, Test::Like(value.to_owned()))], bound, said) {
                State::Waiting => return State::Waiting,
                State::Ready(found) if found.rows.is_empty() => {
                    last.calls.extend(found.calls);
                    last.changed.extend(found.changed);
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
                found.instead = Some(Box::new((said.to_owned(), near.clone())));
                State::Ready(self.the_one(found, field, &near, said))
            }
        }
    }

    /// A name that is no company's may be that of somebody who works on tickets, a contact, or an account manager.
    pub(super) fn as_person(&mut self, node: &Node, value: &str, said: &str, missing: Found) -> State {
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
    pub(super) fn near_name(&self, found: &Found, value: &str) -> Option<String> {
        let wanted = value.to_lowercase();
        let near = found.problems.iter().find_map(|problem| match problem {
            Problem::Failed { failure, .. } if failure.not_found => Some(&failure.near),
            _ => None,
        })?;
        // Every word that was said must be like some word of the name: "Techtron Industries" is no TechCorp.
        let likeness = |name: &str| {
            let name = name.to_lowercase();
            let nearest = |word: &str| {
                let parts = name.split_whitespace().map(|part| strsim::normalized_damerau_levenshtein(word, part));
                parts.fold(0.0, f64::max)
            };
            let words = wanted.split_whitespace().map(nearest).fold(1.0, f64::min);
            // "Tech Corp"
            let split = wanted.split_whitespace().count() != name.split_whitespace().count();
            let whole = strsim::normalized_damerau_levenshtein(&wanted.replace(' ', ""), &name.replace(' ', ""));
            let first = name.split_whitespace().next().unwrap_or_default();
            let joined = strsim::normalized_damerau_levenshtein(&wanted.replace(' ', ""), first);
            if split { words.max(whole).max(joined) } else { words }
        };
        let near: Vec<String> = near.iter().map(|name| name.split(" (").next().unwrap_or(name).to_owned()).collect();
        let looks_like_id = |name: &str| name.chars().any(|c| c.is_ascii_digit()) && !name.contains(' ');
        let names = near.iter().filter(|name| !looks_like_id(name)).map(|name| (likeness(name), name));
        names.filter(|(likeness, _)| *likeness >= 0.7).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone())
    }

    pub(super) fn the_one(&self, mut found: Found, field: &str, value: &str, said: &str) -> Found {
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
}

/// The records with these ids, whatever else a list held.
fn only(state: State, key: &str, ids: &[String]) -> State {
    match state {
        State::Ready(mut found) => {
            let ids = found.asked_for(key, ids.to_vec());
            found.rows.retain(|row| row.text(key).is_none_or(|id| ids.contains(&id)));
            State::Ready(found)
        }
        State::Waiting => State::Waiting,
    }
}
