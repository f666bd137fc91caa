//! A name that no record has, read in another way: as a person's, or as a word of the text.

use super::super::access::Bindings;
use super::super::frame::{Filter, Link, Node, Test};
use super::super::rows;
use super::{Found, Problem, Run, State};

/// What names may mean that no record has.
pub(super) struct Readings {
    /// Conditions in place of a record; the first that finds something counts.
    pub instead: Vec<Filter>,
    /// Conditions on what is to be left out, each with the search for a record of that name.
    pub left_out: Vec<(Filter, Found)>,
}

impl Run<'_> {
    /// Records under conditions, each reading tried in turn.
    pub(super) fn by_readings(
        &mut self,
        node: &Node,
        mut filters: Vec<Filter>,
        bound: Bindings,
        text: &str,
        joins: &[(&Link, String, String)],
        mut readings: Readings,
    ) -> State {
        let last = readings.instead.pop();
        for reading in readings.instead {
            let with: Vec<Filter> = filters.iter().cloned().chain([reading]).collect();
            match self.joined(node, &with, bound.clone(), text, joins) {
                State::Ready(found) if found.rows.is_empty() => {}
                state => return state,
            }
        }
        let as_text = last.as_ref().and_then(|last| match &last.test {
            Test::Like(said) if last.field == "text" => Some(said.clone()),
            _ => None,
        });
        filters.extend(last);
        match self.joined(node, &filters, bound, text, joins) {
            State::Ready(found) => {
                let found = self.leaving_out(node, found, readings.left_out);
                State::Ready(match as_text {
                    Some(said) => found.read_as_text(said),
                    None => found,
                })
            }
            State::Waiting => State::Waiting,
        }
    }

    /// Without those that a name means in another way; leaving out none of them would be leaving out nothing.
    fn leaving_out(&self, node: &Node, mut found: Found, left_out: Vec<(Filter, Found)>) -> Found {
        let kind = self.knowledge.kind(node.kind);
        for (filter, missing) in left_out {
            if !found.rows.iter().any(|row| rows::meets(kind, row, &filter)) {
                return missing;
            }
            found.rows.retain(|row| !rows::meets(kind, row, &filter));
        }
        found
    }
}

impl Found {
    /// What was found, or not, by looking in the text for a name that none of the records belongs to.
    fn read_as_text(mut self, said: String) -> Self {
        let missing = |problem: &Problem| match problem {
            Problem::Failed { call, failure, .. } if failure.not_found => Some(*call),
            _ => None,
        };
        // That no company has the name is no news then.
        if let Some(calls) = self.problems.iter().map(missing).collect::<Option<Vec<_>>>() {
            self.problems.clear();
            self.calls.splice(0..0, calls);
        }
        self.spoken_of = Some(said.into());
        self
    }
}
