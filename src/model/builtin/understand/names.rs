//! Unknown words as names: of places, of records, of people, of companies.

use super::super::frame::{Filter, How, Manner, Mention, Node, NodeId, Sense, Test};
use super::super::knowledge::{KindId, Role};
use super::super::reading::Item;
use super::Builder;
use super::clause::{Clause, Conn, Unknown};

impl Builder<'_> {
    /// "servers in Denver"
    pub(super) fn is_place(&mut self, clause: &mut Clause, items: &[Item], unknown: &Unknown) -> bool {
        let before = unknown.at.checked_sub(1).and_then(|before| items.get(before));
        // "customers from Boston"
        let from = before.is_some_and(|item| item.low == "from");
        let inside = before.is_some_and(|item| {
            let again = item.has(Role::Or) || item.has(Role::And);
            let first = unknown.at.checked_sub(2).and_then(|before| items.get(before));
            // "in Denver or Boston"
            let place = again
                && first.is_some_and(|first| {
                    let say = format!("in {}", first.raw);
                    self.frame.nodes.iter().flat_map(|node| node.any.iter().flatten()).any(|filter| filter.say == say)
                });
            item.low == "in" || from || place
        });
        // "healthcare customers"
        let before = |placed: &&super::clause::Placed| {
            let kind = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind));
            let whole = kind.is_some_and(|kind| kind.person_question && !kind.key.is_empty());
            let whose = items.get(unknown.at).is_some_and(|item| item.possessive);
            placed.at == unknown.at + 1 && whole && placed.plural && !whose && unknown.conn != Conn::Except
        };
        let placed = clause.placed.iter().rev();
        let placed = placed.filter(|placed| inside && placed.at < unknown.at || before(placed)).find_map(|placed| {
            let kind = self.reader.knowledge.kind(self.kind_of(placed.node)?);
            // "assets from TechCorp" are whose, "customers from Boston" are where.
            if from && !kind.person_question {
                return None;
            }
            let places: Vec<&str> =
                kind.fields.iter().filter(|field| field.place).map(|field| field.name.as_str()).collect();
            (!places.is_empty()).then_some((placed.node, places))
        });
        let Some((node, places)) = placed else { return false };
        let say = format!("in {}", unknown.raw);
        let filter = |field: &str| Filter { say: say.clone(), ..Filter::new(field, Test::Like(unknown.raw.clone())) };
        match places.as_slice() {
            [field] => self.apply(clause, node, filter(field), Conn::And),
            // "customers in healthcare", "customers in Denver": whichever of the fields says so.
            _ => {
                self.belongs_to(clause, unknown, node);
                if let Some(node) = self.frame.nodes.get_mut(node) {
                    node.any.extend(places.into_iter().map(|field| vec![filter(field)]));
                }
            }
        }
        true
    }

    /// "tickets from Phoenix customers", "tickets of Grace's customers": what stands before the name belongs to what it
    /// describes.
    pub(super) fn belongs_to(&mut self, clause: &mut Clause, unknown: &Unknown, node: NodeId) {
        let before = clause.placed.iter().rev().find(|placed| placed.at < unknown.at).map(|placed| placed.node);
        if let (Conn::Of, Some(before)) = (unknown.conn, before.filter(|before| *before != node))
            && self.link(before, node, Sense::Exists, Manner::Of, Vec::new())
            && let Some(placed) = clause.placed.iter_mut().find(|placed| placed.node == node)
        {
            placed.part = super::clause::Part::Narrows(before, Sense::Exists, Manner::Of);
        }
    }

    /// "the creative director": a word before what somebody does belongs to it.
    pub(super) fn is_title(&mut self, clause: &Clause, items: &[Item], unknown: &Unknown) -> bool {
        let Some(next) = items.get(unknown.at + 1).filter(|next| next.gap == super::super::text::Gap::None) else {
            return false;
        };
        let titled = clause.placed.iter().find_map(|placed| {
            let kind = self.kind_of(placed.node)?;
            let known = self.reader.knowledge.kind(kind);
            let values = next.values();
            let (_, filter, _) = values.iter().find(|(own, ..)| *own == kind)?;
            (known.person_question && known.key.is_empty()).then(|| (placed.node, filter.field.clone()))
        });
        let Some((node, field)) = titled else { return false };
        let title = Filter::new(&field, Test::Like(format!("{} {}", unknown.raw, next.raw)));
        if let Some(node) = self.frame.nodes.get_mut(node) {
            node.filters.retain(|known| known.field != field);
            node.filters.push(title);
        }
        true
    }

    /// "the SolidWorks licence": a name beside records that have names of their own and belong to somebody.
    pub(super) fn is_label(&mut self, clause: &mut Clause, unknown: &Unknown) -> bool {
        let Some(placed) = clause.placed.iter().find(|placed| placed.at == unknown.at + 1).cloned() else {
            return false;
        };
        let Some(kind) = self.kind_of(placed.node).map(|kind| self.reader.knowledge.kind(kind)) else { return false };
        let labelled =
            kind.key.is_empty() && !kind.single && !kind.label.is_empty() && !kind.person_question && kind.of.is_some();
        if !labelled {
            return false;
        }
        self.apply(clause, placed.node, Filter::new(&kind.label, Test::Like(unknown.raw.clone())), Conn::And);
        true
    }

    /// A name that is no company may be a person, or words of the text.
    pub(super) fn other_readings(&self, node: NodeId, named: NodeId) -> Vec<Filter> {
        let Some(mention) = self.frame.nodes.get(named).and_then(|node| node.named.as_ref()) else {
            return Vec::new();
        };
        if let How::Each(all) = &mention.how {
            return self.several_people(node, all);
        }
        let Mention { how: How::Fields(fields, value), kind, .. } = mention else { return Vec::new() };
        let knowledge = self.reader.knowledge;
        if fields.first() != Some(&knowledge.kind(*kind).name_field)
            || knowledge
                .kind(*kind)
                .field(&knowledge.kind(*kind).name_field)
                .is_some_and(|field| field.looks_like.is_some())
        {
            return Vec::new();
        }
        let Some(kind) = self.kind_of(node).map(|kind| knowledge.kind(kind)) else { return Vec::new() };
        let capital = value.chars().next().is_some_and(char::is_uppercase);
        let person = kind
            .fields
            .iter()
            .find(|field| field.person)
            .map(|field| Filter::new(&field.name, Test::Like(value.clone())));
        let text = kind.text.then(|| Filter::new("text", Test::Like(value.clone())));
        // "seats of Veeam": records without a key of their own are called by their label.
        let labelled = kind.key.is_empty() && kind.of.is_some() && !kind.single && !kind.label.is_empty();
        let label = labelled.then(|| Filter::new(&kind.label, Test::Like(value.clone())));
        let place = kind
            .fields
            .iter()
            .find(|field| field.place && kind.refs.values().any(|target| knowledge.kind(*target).person_question))
            .map(|field| Filter { say: format!("at {value}"), ..Filter::new(&field.name, Test::Like(value.clone())) });
        // People are written small as well; what nobody is called by may be a word of the text.
        let readings = [label, place, person, text].into_iter().flatten();
        readings.take(if capital { 1 } else { 2 }).collect()
    }

    /// "tickets by Priya and Tom"
    fn several_people(&self, node: NodeId, all: &[Mention]) -> Vec<Filter> {
        let names = all.iter().map(|mention| match &mention.how {
            How::Fields(_, value) => Some(value.clone()),
            How::Ids(_) | How::OneOf(_) | How::Each(_) => None,
        });
        let kind = self.kind_of(node).map(|kind| self.reader.knowledge.kind(kind));
        let person = kind.and_then(|kind| kind.fields.iter().find(|field| field.person));
        let (Some(person), Some(names)) = (person, names.collect::<Option<Vec<_>>>()) else { return Vec::new() };
        vec![Filter::new(&person.name, Test::In(names))]
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
        let meant = unknown.capital || clause.roles.contains(&Role::Who);
        node.person = asked && meant && (2..=3).contains(&unknown.raw.split_whitespace().count());
        node.named = Some(Mention { kind, said: unknown.raw.clone(), how: How::Fields(vec![field], unknown.raw) });
        let node = self.frame.add(node);
        if unknown.conn == Conn::Except {
            clause.excluded.push((unknown.at, node));
            return;
        }
        clause.named.push((unknown.at, node, unknown.conn));
        clause.named.sort_by_key(|(at, ..)| *at);
    }
}
