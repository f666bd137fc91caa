//! The header line and the limits of format `callboard.session` version 1.
//!
//! Adding an event kind is always allowed: old readers keep unknown kinds byte for byte. A change that an old reader must
//! not ignore adds a word to `need`; one that an old writer must not append to adds a word to `need_write`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::rfc3339;
use crate::protocol::{Event, Record, SessionId};

/// The value of `fmt`.
pub const FORMAT: &str = "callboard.session";
/// The value of `v`.
pub const VERSION: u32 = 1;
/// Features this version understands in `need` and `need_write`.
pub const KNOWN_FEATURES: &[&str] = &[];
/// Payloads longer than this many bytes are kept beside the file, named by their BLAKE3.
pub const BLOB_THRESHOLD: usize = 64 * 1024;

/// Line 1 of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub fmt: String,
    /// [`VERSION`].
    pub v: u32,
    /// Features a reader must know.
    #[serde(default)]
    pub need: Vec<String>,
    /// Features a writer must know besides.
    #[serde(default)]
    pub need_write: Vec<String>,
    /// The session's ULID.
    pub id: SessionId,
    /// When it was created, RFC 3339.
    pub created: String,
    /// Program name and version.
    pub app: String,
    /// The model's name.
    pub model: String,
    /// Server name to the command line or URL it is started with; environment variables by name only.
    pub servers: BTreeMap<String, String>,
    /// The approval policy in force at the start.
    pub policy: String,
    /// The session and record this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<ForkedFrom>,
    /// The session whose questions it asks again, its tools answered from that one's recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mock_of: Option<SessionId>,
    /// Fields of later versions. Raw JSON cannot pass through a flattened map, so they are parsed.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// Where a session was forked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkedFrom {
    /// The parent session.
    pub session: SessionId,
    /// The last record of the parent that belongs to this session too.
    pub record: u64,
}

impl Header {
    /// The header of the file `path`, which has none, as far as its first record tells what would stand in it.
    #[must_use]
    pub fn stand_in(path: &Path, first: &Record) -> Self {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (id, app, model) = match &first.event {
            Event::SessionStarted(started) => (started.id.clone(), started.app.clone(), started.model.clone()),
            _ => (SessionId::from(stem.as_str()), String::new(), String::new()),
        };
        Self {
            fmt: FORMAT.to_owned(),
            v: VERSION,
            need: Vec::new(),
            need_write: Vec::new(),
            id,
            created: rfc3339(first.unix_ms),
            app,
            model,
            servers: BTreeMap::new(),
            policy: String::new(),
            forked_from: None,
            mock_of: None,
            more: BTreeMap::new(),
        }
    }

    /// The features of `need` this version does not know: such a file is shown as far as it goes, with a warning.
    #[must_use]
    pub fn lacks_to_read(&self) -> Vec<&str> {
        unknown(&self.need)
    }

    /// What a reader has to be told if there are such features.
    #[must_use]
    pub fn may_be_missing(&self) -> Option<String> {
        let lacks = self.lacks_to_read().join(", ");
        let words = || format!("it needs {lacks}, which this version does not have; some of it may be missing");
        (!lacks.is_empty()).then(words)
    }

    /// The features this version lacks to append: such a file is opened read-only.
    #[must_use]
    pub fn lacks_to_write(&self) -> Vec<&str> {
        let mut lacks = unknown(&self.need);
        lacks.extend(unknown(&self.need_write));
        lacks
    }
}

fn unknown(features: &[String]) -> Vec<&str> {
    features.iter().map(String::as_str).filter(|feature| !KNOWN_FEATURES.contains(feature)).collect()
}

/// What stands in `d` instead of a payload that is kept beside the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// BLAKE3 of the payload, 64 hex digits: the name of the file in `<ulid>.blobs/`.
    #[serde(rename = "$blob")]
    pub hash: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl BlobRef {
    /// Reads a reference; `None` if `text` is a payload itself or its name could lead anywhere else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let reference: Self = text.starts_with(r#"{"$blob":"#).then(|| serde_json::from_str(text).ok())??;
        let safe = reference.hash.len() == 64 && reference.hash.bytes().all(|b| b.is_ascii_hexdigit());
        safe.then_some(reference)
    }
}
