//! Ids and names as newtypes, so that a call cannot be passed where a turn is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position in a list that starts with the first id.
            #[must_use]
            pub fn index(self) -> usize {
                usize::try_from(self.0.saturating_sub(1)).unwrap_or(usize::MAX)
            }

            /// The id of the element at `index` (0-based).
            #[must_use]
            pub fn from_index(index: usize) -> Self {
                Self(<$inner>::try_from(index).unwrap_or(<$inner>::MAX).saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                text.strip_prefix($prefix)
                    .and_then(|digits| digits.parse().ok())
                    .filter(|number| *number > 0)
                    .map(Self)
                    .ok_or_else(|| format!(concat!("expected {} and a number from 1, got {:?}"), $prefix, text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

numbered!(
    /// One question to its answer, `t1`, `t2`, … in a session.
    TurnId, u32, "t"
);
numbered!(
    /// One model request, `s1`, `s2`, … in a session.
    StepId, u32, "s"
);
numbered!(
    /// One tool use, `c1`, `c2`, … in a session: ours, neither the provider's id nor the JSON-RPC id.
    CallId, u64, "c"
);
numbered!(
    /// Something a server wanted of the operator, `i1`, `i2`, … in a session.
    InputId, u64, "i"
);

/// The position of a record in its session, 0-based, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordIndex(pub u64);

impl fmt::Display for RecordIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it was configured or received; sanitise it before it is shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

named!(
    /// A server's configured name, such as `ticket`.
    ServerName
);
named!(
    /// A tool's name as its server announces it, such as `search_tickets`.
    ToolName
);
named!(
    /// A session's ULID.
    SessionId
);

impl SessionId {
    /// Its last six characters: the end of a ULID is what tells two sessions apart.
    #[must_use]
    pub fn tail(&self) -> &str {
        self.0.char_indices().rev().nth(5).map_or(&self.0, |(at, _)| &self.0[at..])
    }
}
