//! What can be told of a message that cannot be read, because it is too long or no JSON: its own id and whether it is an
//! answer, by its ends. What stands deeper inside is somebody else's.

use rmcp::model::NumberOrString;

use super::line::ENDS;

/// Whether a message with this head asks or tells something, and so answers nothing.
#[must_use]
pub fn has_method(head: &[u8]) -> bool {
    in_head(head, "method").is_some()
}

/// The id of a message with this head and this tail.
#[must_use]
pub fn id(head: &[u8], tail: &[u8]) -> Option<NumberOrString> {
    [in_head(head, "id"), in_tail(tail, "id")].into_iter().flatten().find_map(scalar)
}

/// What follows the key in the outermost object, which begins with `head`.
fn in_head<'a>(head: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let (mut depth, mut rest) = (0_i32, head);
    while let Some((token, after)) = next_token(rest) {
        if let Token::Text(text) = token
            && depth == 1
            && text == key.as_bytes()
            && let Some(value) = after_colon(after)
        {
            return Some(value);
        }
        depth += token.step();
        rest = after;
    }
    None
}

/// What follows the key in the outermost object, which ends with `tail`: from there on exactly one more is closed than opened.
fn in_tail<'a>(tail: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let tail = &tail[tail.len().saturating_sub(ENDS)..];
    let quoted = format!("\"{key}\"");
    // A quote inside a text has a backslash before it, so what looks like a key with a colon is one.
    let keys = (0..tail.len()).rev().filter(|at| tail[*at..].starts_with(quoted.as_bytes()));
    let mut values = keys.filter(|at| *at == 0 || tail[at - 1] != b'\\').map(|at| &tail[at + quoted.len()..]);
    values.find_map(|after| after_colon(after).filter(|value| closes(value) == -1))
}

/// How many more objects and lists are opened than closed.
fn closes(mut rest: &[u8]) -> i32 {
    let mut depth = 0;
    while let Some((token, after)) = next_token(rest) {
        depth += token.step();
        rest = after;
    }
    depth
}

enum Token<'a> {
    Open,
    Close,
    /// Between its quotes, its escapes as they are.
    Text(&'a [u8]),
}

impl Token<'_> {
    fn step(&self) -> i32 {
        match self {
            Self::Open => 1,
            Self::Close => -1,
            Self::Text(_) => 0,
        }
    }
}

/// The next token that is whole, with what comes after it.
fn next_token(piece: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let at = piece.iter().position(|byte| matches!(byte, b'{' | b'[' | b'}' | b']' | b'"'))?;
    let after = &piece[at + 1..];
    match piece[at] {
        b'{' | b'[' => Some((Token::Open, after)),
        b'"' => {
            let mut is_escaped = false;
            let end = after.iter().position(|byte| {
                let is_end = *byte == b'"' && !is_escaped;
                is_escaped = *byte == b'\\' && !is_escaped;
                is_end
            })?;
            Some((Token::Text(&after[..end]), &after[end + 1..]))
        }
        _ => Some((Token::Close, after)),
    }
}

fn after_colon(piece: &[u8]) -> Option<&[u8]> {
    piece.trim_ascii_start().strip_prefix(b":")
}

/// A text or a number that is whole, which what stands after it shows.
fn scalar(piece: &[u8]) -> Option<NumberOrString> {
    let piece = piece.trim_ascii_start();
    let end = match next_token(piece) {
        Some((Token::Text(text), _)) if piece.starts_with(b"\"") => text.len() + 2,
        _ => piece.iter().position(|byte| matches!(byte, b',' | b'}'))?,
    };
    serde_json::from_slice(&piece[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(head: &str, tail: &str) -> Option<i64> {
        match id(head.as_bytes(), tail.as_bytes())? {
            NumberOrString::Number(number) => Some(number),
            NumberOrString::String(text) => panic!("{text}"),
        }
    }

    #[test]
    fn an_id_is_found_at_either_end() {
        assert_eq!(number(r#"{"jsonrpc":"2.0","id" : 7,"result":{"content":["#, r#"xxxxx"}]}}"#), Some(7));
        assert_eq!(number(r#"{"jsonrpc":"2.0","result":{"content":["#, r#"xxx"}]},"id":7}"#), Some(7));
        assert_eq!(number(r#"{"jsonrpc":"2.0","result":{"content":["#, r#"xxx"}],"a":{}},"id":7,"x":[{}]} "#), Some(7));
        let text = id(br#"{"id":"a\"}b","result":"#, b"");
        assert_eq!(text, Some(NumberOrString::String("a\"}b".into())));
    }

    #[test]
    fn an_id_further_inside_is_none_of_the_message() {
        assert_eq!(number(r#"{"result":{"rows":[{"id":5,"x":1}],"#, r#"},{"id":6}]},"id":7}"#), Some(7));
        assert_eq!(number(r#"{"result":{"id":5,"#, r#","id":6}}"#), None);
        assert_eq!(number(r#"{"result":"{\"id\":5,"#, r#"\"id\":6}","a\"id":8}"#), None);
        assert_eq!(number(r#"{"result":["id",5,"#, r#""id",6]}"#), None);
    }

    #[test]
    fn an_id_that_is_cut_is_none() {
        assert_eq!(number(r#"{"jsonrpc":"2.0","id":12"#, "xxx\"}"), None);
        assert_eq!(id(br#"{"id":"ab"#, b""), None);
        assert_eq!(number("", ""), None);
    }

    #[test]
    fn what_asks_or_tells_has_a_method_of_its_own() {
        assert!(has_method(br#"{"jsonrpc":"2.0","method":"notifications/message","params":{"#));
        assert!(!has_method(br#"{"jsonrpc":"2.0","id":1,"result":{"method":"x","#));
    }
}
