//! The smaller pieces of a clause: fields, days, numbers, and where searched text begins and ends.

use super::super::frame::{DateSpan, Filter, How, Mention, Test};
use super::super::knowledge::{FieldId, KindId, Role};
use super::super::reading::{Item, What};
use super::super::text::Gap;
use super::Builder;
use super::clause::{Clause, Conn};

impl Builder<'_> {
    // ---- fields

    /// Whether a field's word is followed by days: then it says which date is meant.
    pub(super) fn field_with_days(&self, items: &[Item], at: usize, item: &Item) -> bool {
        let dated = |(kind, field): (KindId, FieldId)| {
            self.field_name(kind, field).is_some_and(|name| self.is_date(kind, name))
        };
        item.fields().into_iter().any(dated)
            && items
                .iter()
                .skip(at + 1)
                .take(2)
                .take_while(|item| item.gap == Gap::None)
                .any(|item| matches!(item.what, What::Days(_)))
    }

    /// Notes a field. False if its word means nothing here.
    pub(super) fn field(
        &mut self,
        clause: &mut Clause,
        items: &[Item],
        at: usize,
        item: &Item,
        fields: Vec<(KindId, FieldId)>,
    ) -> bool {
        let names: Vec<&str> = fields.iter().filter_map(|(kind, field)| self.field_name(*kind, *field)).collect();
        let beside = |other: &Item| {
            other.values().iter().any(|(kind, filter, _)| {
                fields.iter().any(|(known, _)| known == kind) && names.contains(&filter.field.as_str())
            })
        };
        let after: Vec<&Item> = items.iter().skip(at + 1).take_while(|item| item.gap == Gap::None).take(3).collect();
        let value_after = after.iter().find(|item| !item.is_small()).is_some_and(|item| beside(item));
        let value_before = at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(beside);
        if clause.conn == Conn::Per {
            clause.fields_grouped(at, fields);
            return true;
        }
        // "who owns serial number APMBA-0033481": the field only says how the record is named.
        let names = items.get(at + 1).is_some_and(|next| {
            let said = match &next.what {
                What::Record(Mention { kind, how: How::Fields(by, _), .. }) => Some((*kind, by)),
                _ => None,
            };
            next.gap == Gap::None
                && said.is_some_and(|(kind, by)| {
                    fields.iter().any(|(known, field)| {
                        *known == kind
                            && self.field_name(*known, *field).is_some_and(|name| by.iter().any(|by| by == name))
                    })
                })
        });
        if value_after || value_before || names {
            return true;
        }
        let before = items.get(at.saturating_sub(3)..at).unwrap_or_default();
        if before.iter().any(|item| {
            ["sort", "order", "rank"].iter().any(|word| item.low.starts_with(word))
                || item.raw.to_lowercase().starts_with("sort")
        }) {
            clause.sorts.push((at, fields));
            return true;
        }
        if matches!(item.low.as_str(), "called" | "named" | "name") && self.called(clause, items, at) {
            return true;
        }
        // "no updates in the last 30 days": not none at all.
        let dated = items.get(at + 1).is_some_and(|next| next.gap == Gap::None && matches!(next.what, What::Days(_)));
        let dated = dated
            || items.get(at + 2).is_some_and(|next| {
                items.get(at + 1).is_some_and(Item::is_small) && matches!(next.what, What::Days(_))
            });
        if clause.conn == Conn::No && dated {
            let since = fields
                .iter()
                .any(|(kind, field)| self.field_name(*kind, *field).is_some_and(|name| self.is_date(*kind, name)));
            if !since {
                self.need(&item.raw);
                return true;
            }
            clause.conn = Conn::None;
            clause.negated = true;
            clause.fields.push((at, fields));
            return true;
        }
        // "tickets where …" says more about the tickets, not where they are.
        let relative = item.low == "where"
            && at.checked_sub(1).and_then(|before| items.get(before)).is_some_and(|before| before.kind().is_some());
        if relative {
            clause.conn = Conn::With;
            return true;
        }
        if self.nothing_recorded(clause, items, at, &fields) {
            return true;
        }
        let known =
            |(kind, _): &(KindId, FieldId)| clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(*kind));
        if clause.conn == Conn::No && !clause.placed.is_empty() && !fields.iter().any(known) {
            self.leave_out(items, at);
            return true;
        }
        // "customers handled by Daniel Osei": of the records spoken of; a person of things before one of people.
        let people = |kind: KindId| self.reader.knowledge.kind(kind).person_question;
        let mut persons: Vec<(KindId, FieldId)> = fields.clone();
        persons.sort_by_key(|(kind, field)| (!known(&(*kind, *field)), people(*kind)));
        if let Some(person) = self.person_field(&persons)
            && self.person_named(clause, items, at, person)
        {
            return true;
        }
        if self.value_given(clause, items, at, &fields) {
            return true;
        }
        // Words such as "read" or "opened" are fields only beside their own kind.
        // "Linh Tran's email" is no order to send one.
        let owned = at
            .checked_sub(1)
            .and_then(|before| items.get(before))
            .is_some_and(|before| before.possessive || before.has(Role::Pronoun));
        let asked = clause.roles.contains(&Role::Who) || owned;
        if (item.has(Role::Change) && !asked) || item.has(Role::Ignore) || item.has(Role::Of) || item.has(Role::With) {
            let near = |kind: &KindId| {
                clause.placed.iter().any(|placed| self.kind_of(placed.node) == Some(*kind))
                    || clause.named.iter().any(|(_, node, _)| self.kind_of(*node) == Some(*kind))
            };
            if !fields.iter().any(|(kind, _)| near(kind)) {
                return false;
            }
        }
        clause.fields.push((at, fields));
        true
    }

    pub(super) fn field_name(&self, kind: KindId, field: FieldId) -> Option<&str> {
        self.reader.knowledge.kind(kind).fields.get(field).map(|field| field.name.as_str())
    }

    pub(super) fn person_field(&self, fields: &[(KindId, FieldId)]) -> Option<(KindId, String)> {
        fields.iter().find_map(|(kind, field)| {
            let known = self.reader.knowledge.kind(*kind).fields.get(*field)?;
            known.person.then(|| (*kind, known.name.clone()))
        })
    }

    /// "category network": the word after the field is its value.
    fn value_given(&mut self, clause: &mut Clause, items: &[Item], at: usize, fields: &[(KindId, FieldId)]) -> bool {
        let given: Vec<(KindId, String)> = fields
            .iter()
            .filter_map(|(kind, field)| {
                let known = self.reader.knowledge.kind(*kind).fields.get(*field)?;
                known.given.then(|| (*kind, known.name.clone()))
            })
            .collect();
        let Some((position, item)) =
            items.iter().enumerate().skip(at + 1).find(|(_, item)| !(item.is_small() && item.has(Role::Ignore)))
        else {
            return false;
        };
        let value = matches!(item.what, What::Unknown { .. } | What::Quoted)
            || (item.is_topic() && item.kind().is_none())
            || matches!(item.kind(), Some((_, super::super::lexicon::Strength::Weak)));
        if given.is_empty() || !value || item.gap == Gap::Stop {
            return false;
        }
        clause.use_up(position);
        let conditions: Vec<(KindId, Filter)> =
            given.into_iter().map(|(kind, field)| (kind, Filter::new(&field, Test::Like(item.raw.clone())))).collect();
        self.place_or_wait(clause, at, conditions);
        true
    }

    // ---- days and numbers

    pub(super) fn days(&mut self, clause: &mut Clause, items: &[Item], at: usize, span: &DateSpan) {
        if self.took(clause, span) {
            return;
        }
        // "expires within 30 days", "created since Monday": the field before says which date.
        let hint = clause.fields.last().filter(|(position, _)| at - position <= 2).cloned();
        let dated: Vec<(KindId, String)> = hint
            .iter()
            .flat_map(|(_, fields)| fields)
            .filter_map(|(kind, field)| Some((*kind, self.field_name(*kind, *field)?.to_owned())))
            .filter(|(kind, field)| self.is_date(*kind, field))
            .collect();
        if dated.is_empty() {
            clause.days.push((at, span.clone()));
            return;
        }
        clause.fields.pop();
        // "not updated since Monday"
        let negated = std::mem::take(&mut clause.negated);
        let filter = |field: &str| Filter { negated, ..Filter::new(field, Test::Dates(span.clone())) };
        let conditions: Vec<(KindId, Filter)> = dated.into_iter().map(|(kind, field)| (kind, filter(&field))).collect();
        let joined = if items.get(..at).unwrap_or_default().iter().rev().take(3).any(|item| item.has(Role::Or)) {
            Conn::Or
        } else {
            Conn::And
        };
        // "tickets of premium customers created in September": tickets are created on a day, customers are there.
        let happened: Vec<(KindId, Filter)> =
            conditions.iter().filter(|(kind, _)| !self.reader.knowledge.kind(*kind).standing).cloned().collect();
        let eventful = self.nearest_fitting(clause, &happened);
        let eventful = eventful.filter(|(node, fits, _)| self.kind_of(*node) == Some(*fits));
        let target = eventful.or_else(|| self.nearest_fitting(clause, &conditions));
        match target {
            Some((node, fits, filters)) if self.kind_of(node) == Some(fits) => {
                filters.into_iter().for_each(|filter| self.apply(clause, node, filter, joined));
            }
            Some((node, fits, filters)) => self.impose(clause, node, fits, filters),
            None => clause.waiting.push((at, conditions)),
        }
    }

    /// Whether a field holds dates.
    pub(super) fn is_date(&self, kind: KindId, field: &str) -> bool {
        let known = self.reader.knowledge.kind(kind);
        known.date == field
            || known.date_of.values().any(|date| date == field)
            || ["date", "updated", "activity", "expires", "period"].iter().any(|part| field.contains(part))
    }

    // ---- searched text

    /// Whether words after "about" are to be searched for; "about CUST-001" and "about their SLA" are not.
    pub(super) fn opens_text(&self, clause: &Clause, items: &[Item], at: usize) -> bool {
        let Some(next) = items.iter().skip(at + 1).find(|item| !(item.is_small() && item.has(Role::Ignore))) else {
            return false;
        };
        // "tickets that mention INV-2024-002": there the id is only a word of the text.
        let mentions = items.get(at).is_some_and(|item| item.raw.to_lowercase().starts_with("mention"));
        let plain = matches!(next.what, What::Unknown { .. } | What::Quoted | What::Phrase(_))
            && !next.has(Role::Pronoun)
            || mentions && matches!(next.what, What::Record(_));
        let searchable =
            clause.placed.iter().any(|placed| self.kind_of(placed.node).is_some_and(|kind| self.is_searched(kind)))
                || clause.weak.iter().any(|(_, kind, _)| self.reader.knowledge.kind(*kind).text);
        plain && searchable
    }

    /// Whether records of a kind, or those they describe, can be searched by text.
    pub(super) fn is_searched(&self, kind: KindId) -> bool {
        let known = self.reader.knowledge.kind(kind);
        known.text || known.of.is_some_and(|base| self.reader.knowledge.kind(base).text)
    }

    /// Where text that is searched for ends: at a named record, a day, a name after "for", or a new wish.
    pub(super) fn ends_text(&self, clause: &Clause, items: &[Item], at: usize) -> bool {
        let Some(item) = items.get(at) else { return true };
        let mentioned = at.checked_sub(1).and_then(|before| items.get(before));
        if mentioned.is_some_and(|before| before.has(Role::About) && before.raw.to_lowercase().starts_with("mention"))
            && matches!(item.what, What::Record(_))
        {
            return false;
        }
        if matches!(item.what, What::Record(_) | What::Days(_)) || item.gap == Gap::Stop {
            return true;
        }
        if clause.texts.is_empty() {
            return false;
        }
        let next = items.iter().skip(at + 1).find(|item| !(item.is_small() && item.has(Role::Ignore)));
        let joins = item.has(Role::And) || item.gap == Gap::Comma;
        if joins {
            let new = next.filter(|_| item.has(Role::And)).or(Some(item));
            return new.is_some_and(|next| {
                next.has(Role::Who)
                    || next.has(Role::Pronoun)
                    || matches!(next.kind(), Some((_, super::super::lexicon::Strength::Strong)))
                    || !next.fields().is_empty() && !next.is_topic()
            });
        }
        let ties = item.has(Role::Of) || item.has(Role::With);
        ties && next.is_some_and(|next| {
            matches!(next.what, What::Record(_) | What::Unknown { capital: true })
                || next.has(Role::Pronoun)
                || matches!(next.kind(), Some((_, super::super::lexicon::Strength::Strong)))
        })
    }
}

impl Clause {
    fn fields_grouped(&mut self, at: usize, fields: Vec<(KindId, FieldId)>) {
        self.conn = Conn::None;
        self.grouped_fields.push((at, fields));
    }
}
