//! The request as it is sent: our conversation and tools in the words of chat completions. Pure.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::{Message, Request, asked};
use crate::protocol::{ModelCall, ToolDefinition};

use super::schema;

/// The most tools a request may offer; OpenAI refuses more.
pub const MAX_TOOLS: usize = 128;

/// The longest description that endpoints with a limit take, in characters.
const SHORT_DESCRIPTION: usize = 1024;

/// What a request can do without. An endpoint that refuses one is asked without it from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Omittable {
    /// `stream_options`, which asks for token counts.
    StreamOptions,
    /// `parallel_tool_calls`.
    ParallelToolCalls,
    /// `reasoning_content` in earlier answers.
    ReasoningContent,
    /// Descriptions of tools beyond 1024 characters.
    LongDescriptions,
}

/// What an endpoint has refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Refused(u8);

/// The body of `POST /chat/completions`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Body {
    model: String,
    messages: Vec<WireMessage>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum WireMessage {
    System {
        content: String,
    },
    User {
        content: String,
    },
    Assistant {
        /// `null` beside calls, a string otherwise: the two forms every back end takes.
        content: Option<String>,
        #[serde(skip_serializing_if = "String::is_empty")]
        reasoning_content: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<WireCall>,
    },
    Tool {
        tool_call_id: String,
        content: String,
    },
}

#[derive(Clone, Debug, Serialize)]
struct WireCall {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    function: WireFunctionCall,
}

#[derive(Clone, Debug, Serialize)]
struct WireFunctionCall {
    name: String,
    arguments: String,
}

#[derive(Clone, Debug, Serialize)]
struct WireTool {
    #[serde(rename = "type")]
    kind: &'static str,
    function: WireFunction,
}

#[derive(Clone, Debug, Serialize)]
struct WireFunction {
    name: String,
    description: String,
    parameters: Value,
}

impl Omittable {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::StreamOptions, Self::ParallelToolCalls, Self::ReasoningContent, Self::LongDescriptions];

    /// Its name in the protocol, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::StreamOptions => "stream_options",
            Self::ParallelToolCalls => "parallel_tool_calls",
            Self::ReasoningContent => "reasoning_content",
            Self::LongDescriptions => "long tool descriptions",
        }
    }

    /// Whether a refusal (lower-cased) complains about this one.
    pub fn is_refused_in(self, words: &str) -> bool {
        match self {
            Self::StreamOptions | Self::ParallelToolCalls | Self::ReasoningContent => words.contains(self.name()),
            Self::LongDescriptions => {
                words.contains("description")
                    && ["too long", "maximum length", "above_max_length", "at most"]
                        .iter()
                        .any(|say| words.contains(say))
            }
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::StreamOptions => 1,
            Self::ParallelToolCalls => 2,
            Self::ReasoningContent => 4,
            Self::LongDescriptions => 8,
        }
    }
}

impl Refused {
    /// The set from its bits.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The set as bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set with one more.
    pub fn with(self, extra: Omittable) -> Self {
        Self(self.0 | extra.bit())
    }

    /// Whether it is in the set.
    pub fn has(self, extra: Omittable) -> bool {
        self.0 & extra.bit() != 0
    }
}

impl Body {
    /// Builds the request without what the endpoint has refused. Tools beyond [`MAX_TOOLS`] are left out.
    pub fn build(model: &str, request: &Request, refused: Refused) -> Self {
        let wanted = |which: Omittable| !refused.has(which);
        let stream_options = wanted(Omittable::StreamOptions).then_some(StreamOptions { include_usage: true });
        let has_tools = !request.tools.is_empty();
        let parallel_tool_calls = (has_tools && wanted(Omittable::ParallelToolCalls)).then_some(true);
        Self {
            model: model.to_owned(),
            messages: request.messages.iter().map(|message| wire_message(message, refused)).collect(),
            stream: true,
            stream_options,
            tools: request.tools.iter().take(MAX_TOOLS).map(|tool| wire_tool(tool, refused)).collect(),
            parallel_tool_calls,
        }
    }
}

fn wire_message(message: &Message, refused: Refused) -> WireMessage {
    match message {
        Message::System { text } => WireMessage::System { content: text.clone() },
        Message::User(question) => WireMessage::User { content: asked::content(question) },
        Message::Assistant { text, reasoning, calls } => WireMessage::Assistant {
            content: (calls.is_empty() || !text.is_empty()).then(|| text.clone()),
            reasoning_content: if refused.has(Omittable::ReasoningContent) { String::new() } else { reasoning.clone() },
            tool_calls: calls.iter().map(wire_call).collect(),
        },
        Message::Tool { provider_id, call: _, name: _, text, result: _, ok: _, sent: _, form: _ } => {
            WireMessage::Tool { tool_call_id: provider_id.clone(), content: text.clone() }
        }
    }
}

fn wire_call(call: &ModelCall) -> WireCall {
    WireCall {
        id: call.provider_id.clone(),
        kind: "function",
        function: WireFunctionCall { name: call.name.clone(), arguments: sendable(&call.arguments) },
    }
}

/// Many back ends parse earlier arguments again for their prompt template and fail the request if that fails,
/// so text that is no object is wrapped into one; the model still sees what it wrote.
fn sendable(arguments: &str) -> String {
    match serde_json::from_str::<Map<String, Value>>(arguments) {
        Ok(_) => arguments.to_owned(),
        Err(_) if arguments.trim().is_empty() => "{}".to_owned(),
        Err(_) => json!({ "not_a_json_object": arguments }).to_string(),
    }
}

fn wire_tool(tool: &ToolDefinition, refused: Refused) -> WireTool {
    let said = match (&tool.title, tool.description.is_empty()) {
        (Some(title), true) => title.as_str(),
        (Some(_) | None, _) => tool.description.as_str(),
    };
    let description = if refused.has(Omittable::LongDescriptions) { shortened(said) } else { said.to_owned() };
    WireTool {
        kind: "function",
        function: WireFunction {
            name: tool.model_name.clone(),
            description,
            parameters: schema::parameters(&tool.input_schema.value()),
        },
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHORT_DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(SHORT_DESCRIPTION - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::protocol::DeliveredForm;
    use crate::protocol::{Annotations, CallId, Json};

    fn tool(name: &str) -> ToolDefinition {
        ToolDefinition {
            model_name: name.to_owned(),
            server: "ticket".into(),
            tool: name.into(),
            title: Some("A title".to_owned()),
            description: String::new(),
            input_schema: Json::default(),
            output_schema: None,
            annotations: Annotations::default(),
            believed: true,
            hash: String::new(),
        }
    }

    fn request(messages: Vec<Message>, tools: Vec<ToolDefinition>) -> Request {
        Request {
            messages: messages.into_iter().map(Arc::new).collect(),
            tools: Arc::from(tools),
            briefings: Arc::from([]),
            today: "2026-11-22".to_owned(),
        }
    }

    fn call(id: &str, arguments: &str) -> ModelCall {
        ModelCall { provider_id: id.to_owned(), name: "get_ticket".to_owned(), arguments: arguments.to_owned() }
    }

    fn built(request: &Request, refused: Refused) -> Value {
        serde_json::to_value(Body::build("m", request, refused)).unwrap()
    }

    #[test]
    fn a_conversation_is_written_in_the_words_of_the_protocol() {
        let conversation = request(
            vec![
                Message::System { text: "Be brief.".to_owned() },
                Message::User("TKT-1001?".into()),
                Message::Assistant {
                    text: String::new(),
                    reasoning: "Look it up.".to_owned(),
                    calls: vec![call("call_a", r#"{"id":"TKT-1001"}"#)],
                },
                Message::Tool {
                    provider_id: "call_a".to_owned(),
                    call: CallId(1),
                    name: "get_ticket".to_owned(),
                    text: "open".to_owned(),
                    result: Some(Json::from(json!({ "content": [] }))),
                    ok: true,
                    sent: None,
                    form: DeliveredForm::Original,
                },
                Message::Assistant { text: String::new(), reasoning: String::new(), calls: Vec::new() },
            ],
            vec![tool("get_ticket")],
        );
        assert_eq!(
            built(&conversation, Refused::default()),
            json!({
                "model": "m",
                "messages": [
                    { "role": "system", "content": "Be brief." },
                    { "role": "user", "content": "TKT-1001?" },
                    { "role": "assistant", "content": null, "reasoning_content": "Look it up.", "tool_calls": [
                        { "id": "call_a", "type": "function",
                          "function": { "name": "get_ticket", "arguments": "{\"id\":\"TKT-1001\"}" } }
                    ] },
                    { "role": "tool", "tool_call_id": "call_a", "content": "open" },
                    { "role": "assistant", "content": "" }
                ],
                "stream": true,
                "stream_options": { "include_usage": true },
                "tools": [{ "type": "function", "function": {
                    "name": "get_ticket", "description": "A title",
                    "parameters": { "type": "object", "properties": {} } } }],
                "parallel_tool_calls": true
            })
        );
    }

    #[test]
    fn text_beside_calls_is_kept() {
        let conversation = request(
            vec![Message::Assistant {
                text: "One moment.".to_owned(),
                reasoning: String::new(),
                calls: vec![call("a", "{}")],
            }],
            Vec::new(),
        );
        let body = built(&conversation, Refused::default());
        assert_eq!(body["messages"][0]["content"], "One moment.");
        assert!(body["messages"][0].get("reasoning_content").is_none());
    }

    #[test]
    fn without_tools_nothing_is_said_of_tools() {
        let body = built(&request(Vec::new(), Vec::new()), Refused::default());
        assert!(body.get("tools").is_none() && body.get("parallel_tool_calls").is_none());
    }

    #[test]
    fn at_most_128_tools_are_offered() {
        let tools = (0..130).map(|number| tool(&format!("tool_{number}"))).collect();
        let body = built(&request(Vec::new(), tools), Refused::default());
        let offered = body["tools"].as_array().unwrap();
        assert_eq!(offered.len(), 128);
        assert_eq!(offered[127]["function"]["name"], "tool_127");
    }

    #[test]
    fn what_was_refused_is_left_out() {
        let mut long = tool("a");
        long.description = "d".repeat(3000);
        let conversation = request(
            vec![Message::Assistant { text: "t".to_owned(), reasoning: "r".to_owned(), calls: Vec::new() }],
            vec![long],
        );
        let everything = built(&conversation, Refused::default());
        assert_eq!(everything["tools"][0]["function"]["description"].as_str().map(str::len), Some(3000));
        let refused = Omittable::ALL.iter().fold(Refused::default(), |refused, which| refused.with(*which));
        let body = built(&conversation, refused);
        assert!(body.get("stream_options").is_none() && body.get("parallel_tool_calls").is_none());
        assert!(body["messages"][0].get("reasoning_content").is_none());
        assert_eq!(body["tools"][0]["function"]["description"].as_str().map(|text| text.chars().count()), Some(1024));
    }

    #[test]
    fn arguments_that_are_no_object_are_wrapped_for_back_ends_that_parse_them() {
        assert_eq!(sendable(r#"{"a": 1}"#), r#"{"a": 1}"#);
        assert_eq!(sendable(" "), "{}");
        assert_eq!(sendable("{\"a\":"), r#"{"not_a_json_object":"{\"a\":"}"#);
        assert_eq!(sendable("[1]"), r#"{"not_a_json_object":"[1]"}"#);
    }
}
