//! Bodies as they come over HTTP: never more of them than there is room for.

use std::time::Duration;

use futures::{Stream, StreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::Response;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, RequestId};
use rmcp::transport::streamable_http_client::SseError;
use serde_json::{Value, json};
use sse_stream::Sse;
use tokio::time::timeout;

use super::HttpFault;
use crate::mcp::tap::broken;

/// Longest session id and longest id of an event, bytes: they are sent back as headers.
const LONGEST_ID: usize = 4096;

/// Whether the answer has this media type.
pub fn is(response: &Response, media_type: &str) -> bool {
    kind(response).split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
}

/// What the answer says it is.
pub fn kind(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or("something without a content type").chars().take(100).collect()
}

/// How the body is packed, although we ask for it as it is; `None` if it is not.
pub fn coding(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_ENCODING)?;
    let coding: String = String::from_utf8_lossy(value.as_bytes()).trim().chars().take(100).collect();
    (!coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

/// Whether a text can be sent back as the id of a session or of an event.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The session that the server has given in this header.
///
/// # Errors
/// It cannot be sent back.
pub fn session(response: &Response, header: &str) -> Result<Option<String>, HttpFault> {
    let Some(value) = response.headers().get(header) else { return Ok(None) };
    let id = value.to_str().ok().filter(|id| is_id(id));
    id.map(|id| Some(id.to_owned())).ok_or(HttpFault::BadSession(LONGEST_ID))
}

/// The whole body.
///
/// # Errors
/// It has over `most` bytes, or broke off.
pub async fn whole(response: Response, most: usize) -> Result<Vec<u8>, HttpFault> {
    let mut pieces = response.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| HttpFault::of_request(&error))?;
        if bytes.len() + piece.len() > most {
            return Err(HttpFault::TooLong(most));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The beginning of a body, as far as it comes in that time.
pub async fn head(response: Response, most: usize, patience: Duration) -> String {
    let mut pieces = response.bytes_stream();
    let mut bytes: Vec<u8> = Vec::new();
    let read = async {
        while let Some(Ok(piece)) = pieces.next().await {
            bytes.extend_from_slice(&piece[..piece.len().min(most - bytes.len())]);
            if bytes.len() == most {
                break;
            }
        }
    };
    // What has come by then says enough.
    let _ = timeout(patience, read).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The JSON-RPC error in the body of a refusal, as the answer to our request: some servers do not repeat its id.
pub fn error_answer(text: &str, message: &ClientJsonRpcMessage) -> Option<String> {
    let JsonRpcMessage::Request(request) = message else { return None };
    let mut answer: Value = serde_json::from_str(text).ok()?;
    answer.get("error")?.get("code")?;
    let object = answer.as_object_mut()?;
    object.insert("jsonrpc".to_owned(), json!("2.0"));
    object.insert("id".to_owned(), serde_json::to_value(&request.id).ok()?);
    Some(answer.to_string())
}

/// What is wrong with a stream of events.
#[derive(Debug, thiserror::Error)]
enum Torn {
    #[error(transparent)]
    Source(#[from] reqwest::Error),
    #[error("an event has over {0} bytes")]
    TooLong(usize),
}

/// The pieces of a stream of events until one event is too long.
pub fn bounded_events<B: AsRef<[u8]> + Send + 'static>(
    pieces: impl Stream<Item = reqwest::Result<B>> + Send + 'static,
    most: usize,
) -> impl Stream<Item = Result<std::io::Cursor<Vec<u8>>, impl std::error::Error + Send + Sync + 'static>> + Send + 'static
{
    let mut size = EventSize::default();
    let mut is_over = false;
    pieces.map(move |piece| {
        let piece = piece?;
        is_over |= size.add(piece.as_ref()) > most;
        if is_over { Err(Torn::TooLong(most)) } else { Ok(std::io::Cursor::new(piece.as_ref().to_vec())) }
    })
}

/// Whether a stream brought an event that is too long to take.
pub fn is_too_long(error: &SseError) -> bool {
    matches!(error, SseError::Body(cause) if matches!(cause.downcast_ref::<Torn>(), Some(Torn::TooLong(_))))
}

/// What is wrong with a stream, in words.
pub fn words(error: &SseError) -> String {
    let SseError::Body(cause) = error else { return format!("the server's answer is no stream of events: {error}") };
    match cause.downcast_ref::<Torn>() {
        Some(Torn::TooLong(most)) => format!("the server's answer has over {most} bytes, which is too much"),
        Some(Torn::Source(error)) => format!("the server's answer broke off: {}", HttpFault::reason(error)),
        None => format!("the server's answer broke off: {cause}"),
    }
}

/// An event with an error in place of the answer that a stream does not bring.
pub fn broken_event(request: RequestId, words: String) -> Sse {
    let data = serde_json::to_string(&broken(request, words)).ok();
    Sse { data, ..Sse::default() }
}

/// Counts the bytes of the event that is being received.
#[derive(Debug, Default)]
struct EventSize {
    bytes: usize,
    /// The last byte of the piece before.
    last: u8,
    /// Whether the line that is being received has no bytes so far.
    line_is_empty: bool,
}

impl EventSize {
    /// Takes a piece; gives the size of its longest event so far.
    fn add(&mut self, piece: &[u8]) -> usize {
        let mut longest = 0;
        for byte in piece.iter().copied() {
            let is_end = matches!(byte, b'\n' | b'\r');
            let ends_nothing = byte == b'\n' && self.last == b'\r';
            self.last = byte;
            self.bytes += 1;
            if ends_nothing {
                continue;
            }
            if is_end && self.line_is_empty {
                self.bytes = 0;
            }
            self.line_is_empty = is_end;
            longest = longest.max(self.bytes);
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_counted_across_pieces_and_the_next_begins_anew() {
        let mut size = EventSize::default();
        assert_eq!(size.add(b"data: 12"), 8);
        assert_eq!(size.add(b"34\n"), 11);
        assert_eq!(size.add(b"data: 5\n\ndata"), 19);
        assert_eq!(size.add(b": 6\n\n"), 8);
        let mut windows = EventSize::default();
        assert_eq!(windows.add(b"data: 1\r\ndata: 2\r\ndata: 3\r\n\r\n"), 26);
        assert!(windows.add(b"data: 1\r\n") < 12);
    }
}
