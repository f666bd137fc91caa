//! Money: exact decimal amounts, written as text in files and in the store, as numbers in answers.

use std::{fmt, iter::Sum, ops::Add, str::FromStr};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// How an amount is written: digits, a point and two digits.
pub(crate) const PATTERN: &str = r"^\d{1,12}\.\d{2}$";

/// An amount of money with two decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Money(Decimal);

impl Money {
    /// The amount as a JSON number with at most two decimals. All sums are made before this step.
    pub fn shown(self) -> Value {
        match self.0.is_integer() {
            true => self.0.to_i64().map_or(Value::Null, Value::from),
            false => self.0.to_f64().map_or(Value::Null, Value::from),
        }
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Money {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::from_str_exact(text).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom(format!("{text:?} is not an amount like \"1250.00\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_add_up_exactly() {
        let sum: Money = ["0.10", "0.20", "1234567.35"].iter().map(|text| text.parse::<Money>().unwrap()).sum();
        assert_eq!(sum.to_string(), "1234567.65");
        assert_eq!(sum.shown().to_string(), "1234567.65");
    }

    #[test]
    fn whole_amounts_are_shown_without_decimals() {
        let amount: Money = "1250.00".parse().unwrap();
        assert_eq!(amount.shown().to_string(), "1250");
    }
}
