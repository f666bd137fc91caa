//! Small things about words that screens, commands and reports say alike.

use std::time::Duration;

use serde_json::Value;

/// `1 call`, `2 calls`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A duration in µs for people: `840 µs`, `12 ms`, `3.4 s`, `2 m 05 s`.
#[must_use]
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", us / 1_000_000, us / 100_000 % 10),
        _ => format!("{} m {:02} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// A limit of time as it was set: `250 ms`, `20 s`, `1.5 s`.
#[must_use]
pub fn limit(limit: Duration) -> String {
    match (limit.as_secs(), limit.subsec_millis()) {
        (0, milliseconds) => format!("{milliseconds} ms"),
        (seconds, 0) => format!("{seconds} s"),
        (seconds, milliseconds) => format!("{seconds}.{} s", format!("{milliseconds:03}").trim_end_matches('0')),
    }
}

/// A size in bytes for people: `512 B`, `3.2 KiB`, `1.0 MiB`.
#[must_use]
pub fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{}.{} KiB", count / 1024, count % 1024 * 10 / 1024),
        _ => format!("{}.{} MiB", count / 1_048_576, count % 1_048_576 * 10 / 1_048_576),
    }
}

/// A block of MCP content as people read it: its text, or what it is and how much of it there is
/// (`[image/png, about 120 bytes]`).
#[must_use]
pub fn content_words(block: &Value) -> String {
    let word = |key: &str| block.get(key).and_then(Value::as_str);
    if let Some(text) = word("text").or_else(|| block.pointer("/resource/text").and_then(Value::as_str)) {
        return text.to_owned();
    }
    let part = block.get("resource").unwrap_or(block);
    let of_part = |key: &str| part.get(key).and_then(Value::as_str);
    let what = of_part("mimeType").or_else(|| word("type")).unwrap_or("unknown content");
    let what = of_part("uri").map_or_else(|| what.to_owned(), |uri| format!("{what} at {uri}"));
    // Base64 has four characters for three bytes.
    match of_part("blob").or_else(|| of_part("data")) {
        Some(data) => format!("[{what}, about {} bytes]", data.len() / 4 * 3),
        None => format!("[{what}]"),
    }
}

/// The first line of a text that says something; empty if none does.
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// A fence for a code block that nothing in `text` can end.
#[must_use]
pub fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!([fence(""), fence("a ``` b"), fence("````\n``")], ["```", "````", "`````"]);
    }

    #[test]
    fn a_limit_is_said_as_it_was_set() {
        let said = |ms| limit(Duration::from_millis(ms));
        assert_eq!([said(250), said(20_000), said(1500), said(61_050)], ["250 ms", "20 s", "1.5 s", "61.05 s"]);
    }

    #[test]
    fn what_is_no_text_is_named() {
        let words = |block: Value| content_words(&block);
        assert_eq!(words(json!({"type": "text", "text": "one"})), "one");
        assert_eq!(words(json!({"type": "resource", "resource": {"uri": "a:b", "text": "two"}})), "two");
        let image = json!({"type": "image", "mimeType": "image/png", "data": "AAAAAAAA"});
        assert_eq!(words(image), "[image/png, about 6 bytes]");
        let link = json!({"type": "resource_link", "uri": "a:b", "name": "b"});
        assert_eq!(words(link), "[resource_link at a:b]");
        let blob = json!({"type": "resource", "resource": {"uri": "a:b", "mimeType": "x/y", "blob": "AAAA"}});
        assert_eq!(words(blob), "[x/y at a:b, about 3 bytes]");
        assert_eq!([words(json!({"type": "hologram"})), words(json!(7))], ["[hologram]", "[unknown content]"]);
    }

    #[test]
    fn one_is_not_many_and_blank_lines_say_nothing() {
        assert_eq!([count(0, "call"), count(1, "call"), count(2, "call")], ["0 calls", "1 call", "2 calls"]);
        assert_eq!((first_line("\n  \nfirst\nsecond"), first_line(" \n")), ("first", ""));
    }
}
