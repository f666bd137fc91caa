//! Resources and prompts that were fetched: their texts, which are as untrusted as any result.

use serde_json::Value;

use crate::protocol::{Json, PromptGot, ResourceRead, ServerName};
use crate::wording::content_words;

/// A resource or a prompt as its server gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A resource.
    Resource(ResourceRead),
    /// A prompt.
    Prompt(PromptGot),
}

impl Document {
    /// The server it is from.
    #[must_use]
    pub fn server(&self) -> &ServerName {
        match self {
            Self::Resource(read) => &read.server,
            Self::Prompt(got) => &got.server,
        }
    }

    /// Its URI or name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Resource(read) => &read.uri,
            Self::Prompt(got) => &got.name,
        }
    }

    /// The result as it was received.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn result(&self) -> Result<&Json, &str> {
        let (result, problem) = match self {
            Self::Resource(read) => (&read.result, &read.problem),
            Self::Prompt(got) => (&got.result, &got.problem),
        };
        result.as_ref().ok_or(problem.as_deref().unwrap_or("it came without a result"))
    }

    /// Its text: the contents of a resource, the messages of a prompt; what is no text is named in its place.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn text(&self) -> Result<String, &str> {
        let value = self.result()?.value();
        let (list, content) = match self {
            Self::Resource(_) => ("contents", None),
            Self::Prompt(_) => ("messages", Some("content")),
        };
        let items = value.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let texts =
            items.iter().map(|item| content_words(content.and_then(|content| item.get(content)).unwrap_or(item)));
        Ok(texts.collect::<Vec<_>>().join("\n\n"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_of_a_prompt_and_of_a_resource_are_joined_and_the_rest_is_named() {
        let result = json!({"messages": [
            {"role": "user", "content": {"type": "text", "text": "one"}},
            {"role": "user", "content": {"type": "resource", "resource": {"uri": "a:b", "text": "two"}}},
            {"role": "user", "content": {"type": "image", "mimeType": "image/png", "data": "AAAA"}},
        ]});
        let got = |result| PromptGot {
            server: "s".into(),
            name: "p".into(),
            arguments: json!({}).into(),
            result,
            problem: Some("no".into()),
        };
        let text = Document::Prompt(got(Some(result.into())));
        assert_eq!(text.text().as_deref(), Ok("one\n\ntwo\n\n[image/png, about 3 bytes]"));
        assert_eq!(Document::Prompt(got(None)).text(), Err("no"));
        let result = Some(json!({"contents": [{"uri": "a:b", "text": "x"}]}).into());
        let read = ResourceRead { server: "s".into(), uri: "a:b".into(), result, problem: None };
        assert_eq!(Document::Resource(read).text().as_deref(), Ok("x"));
    }
}
