//! What a failed tool says in words: the payload of the bundled servers, read with tolerance for everybody else's.

use serde_json::Value;

/// The reason in an MCP result that is an error: of its structured content, else its text; never empty.
#[must_use]
pub fn reason_of(result: &Value) -> String {
    let word = |key: &str| result.get("structuredContent")?.get(key)?.as_str().filter(|text| !text.trim().is_empty());
    let reason = ["reason", "message", "error"].into_iter().find_map(word);
    let reason = reason.map_or_else(|| content_text(result), str::to_owned);
    if reason.trim().is_empty() { "no reason given".to_owned() } else { reason }
}

/// The text blocks of an MCP result, joined.
#[must_use]
pub fn content_text(result: &Value) -> String {
    let blocks = result.get("content").and_then(Value::as_array);
    let texts = blocks.into_iter().flatten().filter_map(|block| block.get("text").and_then(Value::as_str));
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_reason_is_found_wherever_a_server_puts_it() {
        for (result, reason) in [
            (json!({"structuredContent": {"error": "not_found", "reason": "No such ticket."}}), "No such ticket."),
            (json!({"structuredContent": {"message": "Gone."}, "content": []}), "Gone."),
            (
                json!({"structuredContent": {"reason": " "}, "content": [{"type": "text", "text": "Said so."}]}),
                "Said so.",
            ),
            (json!({"content": [{"type": "image"}, {"text": "One."}, {"text": "Two."}]}), "One.\nTwo."),
            (json!({"content": []}), "no reason given"),
            (json!(null), "no reason given"),
        ] {
            assert_eq!(reason_of(&result), reason, "{result}");
        }
    }
}
