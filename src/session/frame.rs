//! JSON-RPC messages as a session keeps them. The answer to a call is its result in an envelope, byte for byte: the two are
//! kept once.

use std::borrow::Cow;
use std::sync::Arc;

use crate::protocol::{Direction, Json};

/// Results shorter than this many bytes are not worth the bookkeeping.
const LEAST_SHARED: usize = 256;
/// What stands before the result in a JSON-RPC response.
const RESULT: &str = "\"result\":";

/// One JSON-RPC message.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When, µs.
    pub at_us: u64,
    /// Which way.
    pub direction: Direction,
    text: Text,
}

#[derive(Clone, Debug)]
enum Text {
    Whole(Arc<str>),
    /// A response, in three parts of which the call has the middle one too.
    Around {
        head: Box<str>,
        result: Json,
        tail: Box<str>,
    },
}

impl Frame {
    pub(super) fn new(at_us: u64, direction: Direction, text: &str) -> Self {
        Self { at_us, direction, text: Text::Whole(text.into()) }
    }

    /// The message, one line, as it was on the wire.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match &self.text {
            Text::Whole(text) => Cow::Borrowed(text),
            Text::Around { head, result, tail } => Cow::Owned([head, result.text(), tail].concat()),
        }
    }

    /// The beginning of the message: at least `bytes` of it and little more, or all if it is shorter. A long result is not
    /// copied for it, so that it can be asked for in every frame of the screen.
    #[must_use]
    pub fn start(&self, bytes: usize) -> Cow<'_, str> {
        match &self.text {
            Text::Whole(text) => Cow::Borrowed(first(text, bytes)),
            Text::Around { head, .. } if head.len() >= bytes => Cow::Borrowed(first(head, bytes)),
            Text::Around { head, result, tail } => {
                let of_result = first(result.text(), bytes - head.len());
                let of_tail = first(tail, (bytes - head.len()).saturating_sub(of_result.len()));
                Cow::Owned([head, of_result, of_tail].concat())
            }
        }
    }

    /// The same as `result`, sharing its memory with this message if it is what the message brought.
    pub(super) fn share(&mut self, result: &Json) -> Json {
        match &self.text {
            Text::Around { result: known, .. } if known == result => return known.clone(),
            Text::Whole(text) if result.bytes() >= LEAST_SHARED => {
                if let Some((head, tail)) = around(text, result.text()) {
                    self.text = Text::Around { head: head.into(), result: result.clone(), tail: tail.into() };
                }
            }
            Text::Whole(_) | Text::Around { .. } => {}
        }
        result.clone()
    }
}

/// The beginning of `text`, `bytes` long or up to the end of the character there.
fn first(text: &str, bytes: usize) -> &str {
    &text[..text.ceil_char_boundary(bytes)]
}

/// What stands before and after the result of a response, if that is `result` to the byte.
fn around<'t>(text: &'t str, result: &str) -> Option<(&'t str, &'t str)> {
    let at = text.find(RESULT)? + RESULT.len();
    let rest = text[at..].trim_start();
    let tail = rest.strip_prefix(result)?;
    Some((&text[..text.len() - rest.len()], tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_and_the_result_it_brought_are_kept_once_and_read_as_before() {
        let result = Json::parse(&format!(r#"{{"content":[],"note":"{}"}}"#, "x".repeat(LEAST_SHARED))).expect("JSON");
        for (before, after) in [(r#"{"id":7,"result":"#, "}"), (r#"{ "result": "#, r#", "id": 7 }"#)] {
            let text = format!("{before}{}{after}", result.text());
            let mut frame = Frame::new(5, Direction::Received, &text);
            let first = frame.share(&result);
            assert_eq!(frame.text(), text);
            let again = Json::parse(result.text()).expect("JSON");
            let kept = frame.share(&again);
            assert_eq!((first.text().as_ptr(), &kept), (kept.text().as_ptr(), &result), "one text for all three");
            assert_ne!(kept.text().as_ptr(), again.text().as_ptr());
        }
    }

    #[test]
    fn the_beginning_of_a_message_is_read_without_the_rest_of_it() {
        let long = "é🦀".repeat(LEAST_SHARED);
        let result = Json::parse(&format!("[\"{long}\"]")).expect("JSON");
        let text = format!(r#"{{"id":"7é","result":{} }}"#, result.text());
        let whole = Frame::new(5, Direction::Received, &text);
        let mut shared = whole.clone();
        shared.share(&result);
        assert!(matches!(shared.text, Text::Around { .. }));
        for bytes in (0..80).chain(text.len() - 8..text.len() + 8) {
            let start = shared.start(bytes);
            assert_eq!(start, whole.start(bytes), "{bytes}");
            assert!(text.starts_with(start.as_ref()), "{bytes}: {start}");
            let least = bytes.min(text.len());
            assert!((least..least + 4).contains(&start.len()), "{bytes}: {} bytes", start.len());
        }
        assert!(matches!(whole.start(90), Cow::Borrowed(_)));
    }

    #[test]
    fn a_message_that_brought_something_else_stays_as_it_is() {
        let long = "x".repeat(LEAST_SHARED);
        let result = Json::parse(&format!("[\"{long}\"]")).expect("JSON");
        for text in [
            format!(r#"{{"id":7,"result":["{long}", 1]}}"#),
            format!(r#"{{"id":7,"error":["{long}"]}}"#),
            r#"{"id":7,"result":"#.to_owned(),
            "no JSON".to_owned(),
        ] {
            let mut frame = Frame::new(5, Direction::Received, &text);
            assert_eq!((frame.share(&result), frame.text().as_ref()), (result.clone(), text.as_str()));
        }
    }
}
