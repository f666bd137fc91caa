//! The bytes of an event stream, made regular before they are parsed: line ends, size, and the signs the parser swallows. Pure.

use serde_json::Value;

/// The most bytes one line may have.
const MAX_LINE: usize = 8 * 1024 * 1024;
/// The most bytes a whole stream may have; an answer's events are many times longer than its text.
const MAX_STREAM: usize = 128 * 1024 * 1024;
/// How much of a line is looked at.
const MAX_HEAD: usize = 64 * 1024;

/// The state between two pieces of the stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Framing {
    line: usize,
    stream: usize,
    head: Vec<u8>,
    after_return: bool,
    done: bool,
    error: Option<String>,
}

/// The stream, or a line of it, is longer than any answer can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oversize;

/// What the first bytes of a body tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Only white space so far.
    Blank,
    /// Server-sent events.
    Events,
    /// One JSON document.
    Json,
    /// Something else: a page, or plain text.
    Foreign,
}

impl Opening {
    /// Judges by the first bytes; the content type is often wrong and only breaks ties.
    pub fn of(bytes: &[u8], content_type: &str) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
        let Some(first) = bytes.first() else { return Self::Blank };
        match first {
            b'{' | b'[' => Self::Json,
            b'<' => Self::Foreign,
            _ if content_type.contains("event-stream") => Self::Events,
            // The first letters of `data`, `event`, `error`, `id`, `retry`, and the sign of a comment.
            b':' | b'd' | b'e' | b'i' | b'r' => Self::Events,
            _ => Self::Foreign,
        }
    }
}

impl Framing {
    /// The bytes with every line end as a line feed.
    ///
    /// # Errors
    /// [`Oversize`]; the stream must then be given up.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Oversize> {
        let mut regular = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let second_half = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            if second_half {
                continue;
            }
            if matches!(byte, b'\r' | b'\n') {
                self.end_line();
                regular.push(b'\n');
                continue;
            }
            self.line += 1;
            if self.head.len() < MAX_HEAD {
                self.head.push(byte);
            }
            if byte < b' ' && byte != b'\t' {
                // Some back ends quote what they got as it came; JSON has such signs only escaped.
                regular.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                continue;
            }
            regular.push(byte);
        }
        self.stream += bytes.len();
        if self.line > MAX_LINE || self.stream > MAX_STREAM { Err(Oversize) } else { Ok(regular) }
    }

    /// What must follow when the connection ends regularly, so that a last event without a blank line is not lost.
    /// A line that was cut is no JSON and fails where it is parsed.
    pub fn end(&mut self) -> &'static [u8] {
        self.end_line();
        b"\n\n"
    }

    /// Whether `data: [DONE]` came.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The error some llama.cpp builds send in a field of its own, `error: {…}`, which a parser must ignore.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    fn end_line(&mut self) {
        let line = self.head.trim_ascii();
        if let Some(data) = line.strip_prefix(b"data:") {
            self.done |= data.trim_ascii() == b"[DONE]";
        } else if let Some(error) = line.strip_prefix(b"error:") {
            self.error = Some(String::from_utf8_lossy(error).trim().to_owned());
        }
        self.head.clear();
        self.line = 0;
    }
}

/// A JSON document as one event, so that a whole answer goes the way of a streamed one.
///
/// # Errors
/// What serde_json says of it.
pub(super) fn as_event(document: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let value: Value = serde_json::from_slice(document.strip_prefix("\u{feff}".as_bytes()).unwrap_or(document))?;
    // Some gateways put their only object into an array.
    let value = match value {
        Value::Array(mut items) if items.len() == 1 => items.swap_remove(0),
        other => other,
    };
    Ok(format!("data: {value}\n\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_control_signs_are_written_as_json_writes_them() {
        let (regular, _) = framed("data: {\"error\":\"up\u{1b}[31m\tdown\u{0}\"}\n\n", 3);
        assert_eq!(regular, "data: {\"error\":\"up\\u001b[31m\tdown\\u0000\"}\n\n");
    }

    fn framed(text: &str, size: usize) -> (String, Framing) {
        let mut framing = Framing::default();
        let mut regular = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            regular.extend(framing.push(piece).unwrap());
        }
        (String::from_utf8(regular).unwrap(), framing)
    }

    #[test]
    fn line_ends_become_line_feeds_wherever_the_bytes_are_cut() {
        for size in 1..20 {
            let (regular, framing) = framed("data: a\r\n\r\n: c\rdata: ä\n\ndata: [DONE]\r\n\r\n", size);
            assert_eq!(regular, "data: a\n\n: c\ndata: ä\n\ndata: [DONE]\n\n");
            assert!(framing.is_done());
        }
    }

    #[test]
    fn done_inside_text_is_not_the_end() {
        let (_, framing) = framed("data: {\"a\":\"data: [DONE]\"}\n\n: data: [DONE]\n", 7);
        assert!(!framing.is_done());
        assert!(framed("data:[DONE]\n", 7).1.is_done());
    }

    #[test]
    fn a_last_line_without_an_end_is_seen_at_the_end() {
        let (_, mut framing) = framed("data: [DONE]", 5);
        assert!(!framing.is_done());
        assert_eq!(framing.end(), b"\n\n");
        assert!(framing.is_done());
    }

    #[test]
    fn an_error_field_is_kept() {
        let (_, framing) = framed("error: {\"code\":500}\n\n", 4);
        assert_eq!(framing.error(), Some("{\"code\":500}"));
    }

    #[test]
    fn an_endless_line_is_given_up() {
        let mut framing = Framing::default();
        let piece = vec![b'x'; 1024 * 1024];
        assert!((0..9).any(|_| framing.push(&piece).is_err()));
    }

    #[test]
    fn bodies_are_told_apart_by_their_first_bytes() {
        assert_eq!(Opening::of(b"\n data: {", "application/json"), Opening::Events);
        assert_eq!(Opening::of(b": hello", ""), Opening::Events);
        assert_eq!(Opening::of(b"{\"id\"", "text/event-stream"), Opening::Json);
        assert_eq!(Opening::of(b"<!doctype html>", "text/event-stream"), Opening::Foreign);
        assert_eq!(Opening::of(b"Ollama is running", "text/plain"), Opening::Foreign);
        assert_eq!(Opening::of(b"  \r\n", "text/html"), Opening::Blank);
    }

    #[test]
    fn a_document_becomes_one_event() {
        assert_eq!(as_event(b"{\n  \"a\": \"x\\ny\"\n}").unwrap(), b"data: {\"a\":\"x\\ny\"}\n\n");
        assert_eq!(as_event(b"[{\"error\":{}}]").unwrap(), b"data: {\"error\":{}}\n\n");
        assert!(as_event(b"{} {}").is_err());
    }
}
