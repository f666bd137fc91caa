//! What a line of a session file tells without its payload being read: its number, time, kind, turn and call.

use serde::Deserialize;

use crate::protocol::{CallId, TurnId};

/// The keys of a line before its payload.
pub(super) struct Envelope<'a> {
    /// Its number.
    pub index: u64,
    /// When it happened, µs since the session's start.
    pub at_us: u64,
    /// The kind of its event.
    pub kind: &'a str,
    /// Its turn.
    pub turn: Option<TurnId>,
    /// Its call.
    pub call: Option<CallId>,
    /// The payload, not looked at.
    pub data: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Of a line; none if it is no record.
    pub fn of(line: &'a [u8]) -> Option<Self> {
        Self::scan(line).or_else(|| Self::parse(line))
    }

    /// The order every writer of ours keeps, without parsing the payload.
    fn scan(line: &'a [u8]) -> Option<Self> {
        let mut rest = line.strip_prefix(b"{\"i\":")?;
        let index = number(&mut rest)?;
        rest = rest.strip_prefix(b",\"t\":")?;
        let at_us = number(&mut rest)?;
        rest = rest.strip_prefix(b",\"w\":")?;
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
        number(&mut rest)?;
        let kind = text(&mut rest, b",\"k\":\"")?;
        let turn = text(&mut rest, b",\"turn\":\"").map(str::parse).transpose().ok()?;
        text(&mut rest, b",\"step\":\"");
        let call = text(&mut rest, b",\"call\":\"").map(str::parse).transpose().ok()?;
        let data = rest.strip_prefix(b",\"d\":")?;
        // A line that was cut or overwritten does not end this way; a body that is broken inside is found when it is read.
        data.ends_with(b"}").then_some(Self { index, at_us, kind, turn, call, data })
    }

    /// Any other order of keys: the whole line is parsed.
    fn parse(line: &'a [u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Line<'a> {
            i: u64,
            t: u64,
            k: &'a str,
            #[serde(default)]
            turn: Option<TurnId>,
            #[serde(default)]
            call: Option<CallId>,
            #[serde(borrow)]
            d: &'a serde_json::value::RawValue,
        }
        let Line { i, t, k, turn, call, d } = serde_json::from_slice(line).ok()?;
        Some(Self { index: i, at_us: t, kind: k, turn, call, data: d.get().as_bytes() })
    }
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (head, tail) = rest.split_at(digits);
    *rest = tail;
    std::str::from_utf8(head).ok()?.parse().ok()
}

/// A string without escapes after `key`; nothing is taken if it is not there.
fn text<'a>(rest: &mut &'a [u8], key: &[u8]) -> Option<&'a str> {
    let after = rest.strip_prefix(key)?;
    let end = after.iter().position(|byte| *byte == b'"')?;
    *rest = &after[end + 1..];
    std::str::from_utf8(&after[..end]).ok().filter(|text| !text.contains('\\'))
}
