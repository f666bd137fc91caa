//! Neighbouring unknown words as one name.

use super::super::text::Gap;
use super::{Item, What};

/// Neighbouring unknown words are one name; a capital known word beside them belongs to it: "Harbor Support Group".
pub(super) fn join_names(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    let mut pending: Vec<Item> = items.into_iter().rev().collect();
    while let Some(item) = pending.pop() {
        let joins = match out.last() {
            Some(last) => joined(last, &item, pending.last()),
            None => false,
        };
        match out.last_mut() {
            Some(last) if joins => {
                last.raw = format!("{} {}", last.raw, item.raw);
                last.possessive = item.possessive;
                let capital = matches!(last.what, What::Unknown { capital: true }) || starts_capital(&item);
                last.what = What::Unknown { capital };
            }
            _ => out.push(item),
        }
    }
    out
}

pub(super) fn starts_capital(item: &Item) -> bool {
    item.raw.chars().next().is_some_and(char::is_uppercase)
}

pub(super) fn joined(last: &Item, item: &Item, after: Option<&Item>) -> bool {
    if item.gap != Gap::None || last.possessive {
        return false;
    }
    let unknown = |item: &Item| matches!(item.what, What::Unknown { .. });
    let name = |item: &Item| matches!(item.what, What::Unknown { capital: true });
    if unknown(last) && unknown(item) {
        return name(last) == name(item) || (name(last) && starts_capital(item));
    }
    // "Baker & Sons"
    if name(last) && item.raw == "&" {
        return after.is_some_and(starts_capital);
    }
    let known_capital = |item: &Item| {
        matches!(item.what, What::Phrase(_))
            && starts_capital(item)
            && item.raw.len() > 2
            && item.raw.chars().skip(1).any(char::is_lowercase)
    };
    (name(last) || last.raw.ends_with('&')) && known_capital(item)
}
