//! JSON kept as the text it arrived in, so that big integers, key order and spacing survive.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// One JSON value as text. Cheap to clone; parsed only where somebody looks inside.
#[derive(Clone)]
pub struct Json(Arc<RawValue>);

impl Json {
    /// Checks that `text` is one JSON value and keeps it as it is.
    ///
    /// # Errors
    /// What serde_json says of text that is no JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Box<RawValue>>(text).map(|raw| Self(Arc::from(raw)))
    }

    /// The same for text that somebody has just written: no object in it may have a key twice.
    ///
    /// # Errors
    /// What serde_json says of text that is no JSON, or which key is there twice; either with line and column.
    pub fn parse_written(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Distinct>(text)?;
        Self::parse(text)
    }

    /// The text exactly as it was received.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Length of the text in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text().len()
    }

    /// The parsed value. Integers beyond 64 bits become floats here; the text keeps them.
    /// Nesting over 128 levels, which `parse` accepts, gives the text as a JSON string.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_else(|_| Value::String(self.text().to_owned()))
    }

    /// The members of an object that have these names, unparsed; none if it is no object. Of equal names the last counts.
    #[must_use]
    pub fn members<const N: usize>(&self, names: [&str; N]) -> [Option<&RawValue>; N] {
        serde_json::Deserializer::from_str(self.text()).deserialize_map(Members(names)).unwrap_or([None; N])
    }

    /// Whether this is the result of a tool that says it failed: `isError` is true (MCP, Tools, error handling).
    #[must_use]
    pub fn is_tool_error(&self) -> bool {
        let [told] = self.members(["isError"]);
        says_failed(told)
    }
}

/// Whether the `isError` of a tool's result says that it failed.
#[must_use]
pub fn says_failed(is_error: Option<&RawValue>) -> bool {
    is_error.is_some_and(|told| told.get() == "true")
}

struct Members<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(key) = map.next_key::<String>()? {
            match self.0.iter().position(|name| *name == key) {
                Some(position) => found[position] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(Arc::from(raw.to_owned()))
    }
}

/// Any value whose objects have each key once; nothing of it is kept.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("the key {key:?} is there twice")));
            }
            keys.insert(key);
            fields.next_value::<Self>()?;
        }
        Ok(self)
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        let text = value.to_string();
        Self::parse(&text).unwrap_or_default()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl Default for Json {
    fn default() -> Self {
        Self(Arc::from(RawValue::NULL.to_owned()))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(Arc::from(raw)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_written_twice_is_refused_with_its_place() {
        let refused = |text: &str| Json::parse_written(text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(
            refused("{\"a\": 1, \"b\": [{\"a\": -1.5e9}, null, true, \"a\"], \"c\": 123456789012345678901}"),
            Ok(())
        );
        assert_eq!(
            refused("{\"a\": 1,\n  \"a\": 2}"),
            Err("the key \"a\" is there twice at line 2 column 5".to_owned())
        );
        assert_eq!(
            refused("[{\"x\": {\"k\": 1, \"\\u006b\": 2}}]"),
            Err("the key \"k\" is there twice at line 1 column 24".to_owned()),
        );
        assert!(refused("{\"a\":").is_err_and(|words| words.contains("line 1 column 5")));
    }
}
