//! Numbers as they are typed: `1,320.50`, `$5k`, `two thousand`, `2.5 million`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::super::dates;
use super::super::text::{Gap, Word};

/// A number, and whether it was said to be money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model::builtin) struct Figure {
    pub number: Decimal,
    pub unit: Unit,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model::builtin) enum Unit {
    Plain,
    Money,
    Hours,
    Days,
}

impl Figure {
    /// The number in the unit of a field, where both are lengths of time.
    pub(in crate::model::builtin) fn in_unit(self, unit: &str) -> Decimal {
        match (self.unit, unit) {
            (Unit::Days, "hours") => self.number * Decimal::from(24),
            (Unit::Hours, "days") => self.number / Decimal::from(24),
            (Unit::Plain | Unit::Money | Unit::Hours | Unit::Days, _) => self.number,
        }
    }

    /// The number as a count of records.
    pub(in crate::model::builtin) fn count(self) -> Option<usize> {
        self.number.is_integer().then(|| self.number.to_usize()).flatten()
    }
}

/// The number that starts at `at`, and how many words it covers.
pub(in crate::model::builtin) fn figure_at(words: &[Word], at: usize) -> Option<(Figure, usize)> {
    let word = words.get(at)?;
    let before = at.checked_sub(1).and_then(|before| words.get(before)).map_or("", |word| word.low.as_str());
    let (mut number, mut used) = match plain(&word.low) {
        Some(number) => (number, 1),
        // "longer than a day"
        None if before == "than" && matches!(word.low.as_str(), "a" | "an") => {
            words.get(at + 1).and_then(|next| duration(&next.low))?;
            (Decimal::ONE, 1)
        }
        None => return None,
    };
    while let Some(factor) =
        words.get(at + used).filter(|next| next.gap == Gap::None).and_then(|next| factor(&next.low))
    {
        number = number.checked_mul(factor)?;
        used += 1;
    }
    let next = words.get(at + used).filter(|next| next.gap == Gap::None);
    if let Some((unit, factor)) = next.and_then(|next| duration(&next.low)) {
        return Some((Figure { number: number.checked_mul(factor)?, unit }, used + 1));
    }
    if next.is_some_and(|next| matches!(next.low.as_str(), "gb" | "tb" | "percent" | "%")) {
        return Some((Figure { number, unit: Unit::Plain }, used + 1));
    }
    let money = word.money || words.get(at + used).is_some_and(|next| next.gap == Gap::None && is_currency(&next.low));
    if money && words.get(at + used).is_some_and(|next| is_currency(&next.low)) {
        used += 1;
    }
    Some((Figure { number, unit: if money { Unit::Money } else { Unit::Plain } }, used))
}

fn plain(low: &str) -> Option<Decimal> {
    if let Some(number) = dates::number(low) {
        return Some(number.into());
    }
    let digits = low.trim_end_matches(|c: char| c.is_alphabetic() || c == '+');
    let factor = match low.get(digits.len()..)? {
        "" | "+" => Decimal::ONE,
        "k" => Decimal::ONE_THOUSAND,
        "m" | "mio" => Decimal::from(1_000_000),
        _ => return None,
    };
    let number: Decimal = digits.parse().ok().filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    number.checked_mul(factor)
}

fn factor(low: &str) -> Option<Decimal> {
    match low {
        "hundred" => Some(Decimal::ONE_HUNDRED),
        "thousand" | "grand" | "k" => Some(Decimal::ONE_THOUSAND),
        "million" => Some(Decimal::from(1_000_000)),
        _ => None,
    }
}

/// A unit of time, as hours or days.
fn duration(low: &str) -> Option<(Unit, Decimal)> {
    match low {
        "h" | "hr" | "hrs" | "hour" | "hours" => Some((Unit::Hours, Decimal::ONE)),
        "day" | "days" => Some((Unit::Days, Decimal::ONE)),
        "week" | "weeks" => Some((Unit::Days, Decimal::from(7))),
        _ => None,
    }
}

/// Whether a word says that the number before it is money.
pub(in crate::model::builtin) fn is_currency(low: &str) -> bool {
    matches!(low, "dollar" | "dollars" | "usd" | "buck" | "bucks" | "euro" | "euros" | "eur" | "pounds" | "gbp" | "chf")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::text::words;
    use super::*;

    fn read(text: &str) -> String {
        figure_at(&words(text, &BTreeMap::new()), 0)
            .map_or_else(String::new, |(figure, used)| format!("{} {:?} {used}", figure.number, figure.unit))
    }

    #[test]
    fn amounts_are_read_in_every_usual_form() {
        assert_eq!(read("5000"), "5000 Plain 1");
        assert_eq!(read("$5k"), "5000 Money 1");
        assert_eq!(read("1,320.50 USD"), "1320.50 Money 2");
        assert_eq!(read("two thousand dollars"), "2000 Money 3");
        assert_eq!(read("1.5 million"), "1500000.0 Plain 2");
        assert_eq!(read("tickets"), "");
    }
}
