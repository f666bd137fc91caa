//! What is asked of a server, and what it wants of us before it answers (2026-07-28, `input_required`).

use std::collections::BTreeMap;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, GetExtensions, GetPromptRequest, GetPromptRequestParams,
    ReadResourceRequest, ReadResourceRequestParams,
};
use serde_json::{Map, Value};

use crate::mcp::answers::RawResult;
use crate::mcp::inputs::Question;
use crate::protocol::{Json, Scope, ToolName};

/// Something a server is asked for that it may want input for.
#[derive(Clone, Debug)]
pub enum Wish {
    /// `tools/call`
    Tool {
        /// The tool's own name.
        tool: ToolName,
        /// The arguments.
        arguments: Map<String, Value>,
    },
    /// `resources/read`
    Resource {
        /// Its URI.
        uri: String,
    },
    /// `prompts/get`
    Prompt {
        /// Its name.
        name: String,
        /// What it is told.
        arguments: Map<String, Value>,
    },
}

/// What goes with a wish after the server wanted something: used for the next request and for no other.
#[derive(Debug, Default)]
pub struct Reply {
    /// The answers, by the server's keys.
    pub responses: Option<BTreeMap<String, Value>>,
    /// The server's own note, exactly as it gave it.
    pub state: Option<String>,
}

/// What a server wants before it goes on.
#[derive(Debug)]
pub struct Required {
    /// What it wants of the operator, by its own keys.
    pub questions: Vec<(String, Question)>,
    /// Its own note.
    pub state: Option<String>,
}

impl Wish {
    /// The request, marked with what it belongs to.
    #[must_use]
    pub fn request(&self, scope: Scope, reply: Reply) -> ClientRequest {
        let Reply { responses, state } = reply;
        let mut request = match self {
            Self::Tool { tool, arguments } => {
                let mut params = CallToolRequestParams::new(tool.to_string()).with_arguments(arguments.clone());
                (params.input_responses, params.request_state) = (responses, state);
                ClientRequest::CallToolRequest(CallToolRequest::new(params))
            }
            Self::Resource { uri } => {
                let mut params = ReadResourceRequestParams::new(uri.clone());
                (params.input_responses, params.request_state) = (responses, state);
                ClientRequest::ReadResourceRequest(ReadResourceRequest::new(params))
            }
            Self::Prompt { name, arguments } => {
                let mut params = GetPromptRequestParams::new(name.clone());
                params.arguments = (!arguments.is_empty()).then(|| arguments.clone());
                (params.input_responses, params.request_state) = (responses, state);
                ClientRequest::GetPromptRequest(GetPromptRequest::new(params))
            }
        };
        request.extensions_mut().insert(RawResult(scope));
        request
    }

    /// What is asked for, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Tool { tool, .. } => tool.as_str(),
            Self::Resource { uri } => uri,
            Self::Prompt { name, .. } => name,
        }
    }
}

impl Required {
    /// Reads a result; `None` if it is the answer that was asked for.
    ///
    /// # Errors
    /// What it wants that it cannot have, in words.
    pub fn read(result: &Json) -> Result<Option<Self>, String> {
        const WANTED: &str = r#""input_required""#;
        // Nearly every result is an answer, and to look for the members of a large one takes long.
        let may_want = result.text().contains(WANTED);
        if !may_want || result.members(["resultType"])[0].is_none_or(|kind| kind.get() != WANTED) {
            return Ok(None);
        }
        let value = result.value();
        let requests = value.get("inputRequests").and_then(Value::as_object);
        let mut questions = Vec::new();
        for (key, request) in requests.into_iter().flatten() {
            let method = request.get("method").and_then(Value::as_str).unwrap_or("nothing that has a name");
            if method != "elicitation/create" {
                return Err(format!("it wants {method} before it goes on, which this client does not offer"));
            }
            let params = request.get("params").unwrap_or(&Value::Null);
            let question = Question::read(params).map_err(|reason| format!("it wants input, but {reason}"))?;
            questions.push((key.clone(), question));
        }
        let state = value.get("requestState").and_then(Value::as_str).map(str::to_owned);
        if questions.is_empty() && state.is_none() {
            return Err("it says that it wants input, but not which".to_owned());
        }
        Ok(Some(Self { questions, state }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Option<Required>, String> {
        Required::read(&value.into())
    }

    #[test]
    fn what_a_server_wants_is_read_and_what_we_do_not_offer_is_refused() {
        for answer in [json!({"content": []}), json!({"content": [{"type": "text", "text": "input_required"}]})] {
            assert!(read(answer).is_ok_and(|required| required.is_none()));
        }
        let quoted = json!({"structuredContent": {"resultType": "input_required"}});
        assert!(read(quoted).is_ok_and(|required| required.is_none()), "it is said of the result itself only");
        let form = json!({"method": "elicitation/create", "params": {"message": "m", "requestedSchema": {}}});
        let required =
            read(json!({"resultType": "input_required", "requestState": "a\"\\é", "inputRequests": {"k": form}}));
        let required = required.expect("readable").expect("wanted");
        assert_eq!((required.questions.len(), required.state.as_deref()), (1, Some("a\"\\é")));
        let sampling =
            json!({"resultType": "input_required", "inputRequests": {"k": {"method": "sampling/createMessage"}}});
        assert!(read(sampling).is_err_and(|words| words.contains("sampling/createMessage")));
        assert!(read(json!({"resultType": "input_required"})).is_err());
    }

    #[test]
    fn a_request_carries_the_servers_note_only_when_it_is_given_one() {
        let wish = Wish::Resource { uri: "a:b".into() };
        let text = |reply| serde_json::to_string(&wish.request(Scope::default(), reply)).expect("JSON");
        let note = "{\"x\":  1}\\".to_owned();
        let with = text(Reply { responses: Some(BTreeMap::new()), state: Some(note.clone()) });
        assert!(with.contains(&format!("\"requestState\":{}", json!(note))), "{with}");
        assert!(!text(Reply::default()).contains("requestState"));
    }
}
