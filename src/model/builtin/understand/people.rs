//! People of whom there are no records of their own: who works on a ticket, who looks after a customer.

use super::super::frame::{Filter, Test};
use super::super::knowledge::{KindId, Role};
use super::super::lexicon::Naming;
use super::super::reading::{Item, What};
use super::Builder;
use super::clause::{Clause, Conn, Unknown};

impl Builder<'_> {
    /// "Sarah Whitfield's customers", "customers of Grace and Daniel": whoever has customers is no customer.
    pub(super) fn managed(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let owned = |placed: &&super::clause::Placed| owners(items, unknown.at, placed.at);
        let of = |placed: &&super::clause::Placed| {
            let between = items.get(placed.at + 1..unknown.at).unwrap_or_default();
            let tied = between.first().is_some_and(|item| matches!(item.low.as_str(), "of" | "under"));
            let more = |item: &Item| item.is_small() || matches!(item.what, What::Unknown { .. });
            // "which customers does Sarah have"
            let has = between.first().is_some_and(|item| matches!(item.low.as_str(), "does" | "do" | "did"))
                && items.get(unknown.at + 1).is_some_and(|item| item.has(Role::With));
            placed.plural && placed.at < unknown.at && (tied || has) && between.iter().all(more)
        };
        // "does Sarah have other customers"
        let asked = |placed: &&super::clause::Placed| {
            let low = |at: Option<usize>| at.and_then(|at| items.get(at)).map_or("", |item| item.low.as_str());
            let between = items.get(unknown.at + 1..placed.at).unwrap_or_default();
            matches!(low(unknown.at.checked_sub(1)), "does" | "do" | "did")
                && placed.at > unknown.at
                && between.first().is_some_and(|item| item.has(Role::With))
                && between.iter().all(Item::is_small)
        };
        let looked_after = |placed: &super::clause::Placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            let person = kind.fields.iter().find(|field| field.person)?;
            (kind.person_question && !kind.key.is_empty()).then(|| (placed.node, person.name.clone()))
        };
        let placed = clause.placed.iter().filter(|placed| owned(placed) || of(placed) || asked(placed));
        let Some((node, field)) = placed.into_iter().find_map(looked_after) else { return false };
        self.belongs_to(clause, unknown, node);
        self.apply(clause, node, Filter::new(&field, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// "notes by Priya": of records that belong to no company the name beside them is who made them.
    pub(super) fn made_by(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let by = unknown.at.checked_sub(1).and_then(|before| items.get(before));
        let by = by.is_some_and(|item| matches!(item.low.as_str(), "by" | "from" | "of"));
        let made = clause.placed.iter().rev().filter(|placed| by && placed.at + 2 == unknown.at).find_map(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            let person = kind.fields.iter().find(|field| field.person)?;
            let owned = kind.refs.values().any(|target| self.reader.knowledge.kind(*target).person_question);
            (!owned && !kind.person_question && kind.of.is_some()).then(|| (placed.node, person.name.clone()))
        });
        let Some((node, field)) = made else { return false };
        self.apply(clause, node, Filter::new(&field, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// "what other tickets does he have": whoever the last answer named where it was asked who.
    pub(super) fn person_spoken_of(&self) -> Option<String> {
        let context = self.context?;
        let frame = context.frame.as_ref()?;
        frame.heads.iter().find_map(|head| {
            let node = frame.nodes.get(head.node)?;
            let kind = self.reader.knowledge.kind(node.kind);
            let field = head.fields.iter().find(|name| kind.field(name).is_some_and(|field| field.person))?;
            let (_, rows) = context.heads.iter().find(|(known, _)| *known == node.kind)?;
            let mut names: Vec<String> = rows.iter().filter_map(|row| row.text(field)).collect();
            names.dedup();
            if let [name] = names.as_slice() { Some(name.clone()) } else { None }
        })
    }

    /// Puts the person spoken of before in the place of "he" and "she"; without one the question cannot be understood.
    pub(super) fn with_person(&mut self, items: &mut [Item]) {
        let person = self.person_spoken_of();
        for item in items.iter_mut() {
            let subject =
                matches!(item.low.as_str(), "he" | "she" | "him") && matches!(item.what, What::Unknown { .. });
            let owner = matches!(item.low.as_str(), "his" | "her") && item.has(Role::Pronoun);
            match &person {
                Some(name) if subject || owner => {
                    (item.raw, item.what, item.possessive) = (name.clone(), What::Unknown { capital: true }, owner);
                }
                None if subject => self.need(&item.raw),
                Some(_) | None => {}
            }
        }
    }

    /// "everything Priya closed", "did Hannah fix": whoever stands before what was done did it. Notes who that is.
    pub(super) fn done_by(&mut self, clause: &mut Clause, at: usize, values: &[(KindId, Filter, Naming)]) {
        let subject = clause.unknown.last().filter(|last| last.at + 1 == at && last.conn == Conn::None && !last.quoted);
        let Some(name) = subject.map(|subject| subject.raw.clone()) else { return };
        let doers: Vec<(KindId, Filter)> = values
            .iter()
            .filter_map(|(kind, filter, _)| {
                let known = self.reader.knowledge.kind(*kind);
                let person = known.fields.iter().find(|field| field.person)?;
                let done = match &filter.test {
                    Test::In(values) => !filter.negated && values.iter().any(|value| known.date_of.contains_key(value)),
                    _ => false,
                };
                done.then(|| (*kind, Filter::new(&person.name, Test::Like(name.clone()))))
            })
            .collect();
        if doers.is_empty() || clause.negated {
            return;
        }
        clause.unknown.pop();
        self.place_or_wait(clause, at, doers);
    }

    /// Names joined to the one that was just taken: of "neither Marcus nor Elena works on" the first.
    pub(super) fn joined_names(&self, clause: &mut Clause, items: &[Item], at: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut first = at;
        while let Some(last) = clause.unknown.last() {
            let between = items.get(last.at + 1..first).unwrap_or_default();
            let joins = |item: &Item| item.has(Role::And) || item.has(Role::Or) || item.low == "nor";
            let joined = match between {
                [one] => joins(one),
                [] => items.get(first).is_some_and(|item| item.gap == super::super::text::Gap::Comma),
                _ => false,
            };
            if !joined {
                break;
            }
            first = last.at;
            names.extend(clause.unknown.pop().map(|unknown| unknown.raw));
        }
        names
    }
}

/// Whether a name and those joined to it own what stands behind them: "Grace's and Daniel's customers".
fn owners(items: &[Item], name: usize, owned: usize) -> bool {
    let between = items.get(name..owned).unwrap_or_default();
    let possessive = between.last().is_some_and(|last| last.possessive);
    possessive
        && between
            .iter()
            .all(|item| matches!(item.what, What::Unknown { .. }) || item.has(Role::And) || item.has(Role::Or))
}
