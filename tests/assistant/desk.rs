//! The five real servers over in-memory pipes, and the loop that an orchestrator runs: ask, call, ask again.

use std::collections::HashMap;
use std::sync::Arc;

use callboard::model::builtin::BuiltIn;
use callboard::model::{Briefing, Message, Request};
use callboard::protocol::{Annotations, CallId, DeliveredForm, Json, Question, ToolDefinition};
use callboard_servers::ServeOptions;
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use serde_json::Value;

/// What the ticket server tells of its data.
pub const BRIEFING: &str = "Data as of 2025-10-06.";

/// More steps than this for one question are a fault.
const MOST_STEPS: usize = 8;

/// Connected servers and an assistant.
pub struct Desk {
    assistant: BuiltIn,
    clients: HashMap<String, RunningService<RoleClient, ()>>,
    pub tools: Arc<[ToolDefinition]>,
}

/// One question with what was done for it.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub question: String,
    pub answer: String,
    pub plans: Vec<String>,
    pub calls: Vec<Made>,
    /// Steps that had calls.
    pub steps: usize,
    /// The slowest step of the assistant itself, in µs.
    pub planning_us: u128,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub tool: String,
    pub arguments: Value,
}

/// What an operator does with a held call.
pub enum Hand {
    /// Changes its arguments.
    Edit(Value),
    /// Gives the structured result; nothing is sent.
    Answer(Value),
    /// Refuses it.
    Deny(&'static str),
}

/// A conversation at a desk.
pub struct Conversation<'d> {
    desk: &'d Desk,
    pub messages: Vec<Message>,
    next_call: u64,
    /// Servers that fail in the middle of a call.
    pub broken: Vec<String>,
    /// What the operator does with calls, by their number.
    pub operator: HashMap<u64, Hand>,
}

impl Desk {
    /// All five servers with the sample data.
    pub async fn open() -> Self {
        Self::with(&callboard_servers::NAMES).await
    }

    /// Only some of the servers.
    pub async fn with(names: &[&str]) -> Self {
        let mut clients = HashMap::new();
        let mut tools = Vec::new();
        for name in names {
            let (near, far) = tokio::io::duplex(1 << 20);
            let server = (*name).to_owned();
            tokio::spawn(async move {
                callboard_servers::serve_stream(&server, &ServeOptions::default(), far).await.unwrap();
            });
            let client = ().serve(near).await.unwrap();
            for tool in client.list_all_tools().await.unwrap() {
                tools.push(definition(name, &serde_json::to_value(&tool).unwrap()));
            }
            clients.insert((*name).to_owned(), client);
        }
        Self { assistant: BuiltIn::load(None).unwrap(), clients, tools: tools.into() }
    }

    pub fn talk(&self) -> Conversation<'_> {
        Conversation { desk: self, messages: Vec::new(), next_call: 1, broken: Vec::new(), operator: HashMap::new() }
    }

    async fn call(&self, tool: &ToolDefinition, arguments: &Value) -> Json {
        let client = &self.clients[tool.server.as_str()];
        let mut request = CallToolRequestParams::new(tool.tool.to_string());
        request.arguments = arguments.as_object().cloned();
        let result = client.call_tool(request).await.unwrap();
        Json::from(serde_json::to_value(&result).unwrap())
    }
}

fn definition(server: &str, tool: &Value) -> ToolDefinition {
    let text = |key: &str| tool.get(key).and_then(Value::as_str).map(str::to_owned);
    let hint = |key: &str| tool["annotations"][key].as_bool().unwrap_or_default();
    ToolDefinition {
        model_name: text("name").unwrap(),
        server: server.into(),
        tool: text("name").unwrap().into(),
        title: text("title"),
        description: text("description").unwrap_or_default(),
        input_schema: Json::from(&tool["inputSchema"]),
        output_schema: tool.get("outputSchema").map(Json::from),
        annotations: Annotations { read_only: hint("readOnlyHint"), ..Annotations::default() },
        believed: true,
        hash: String::new(),
    }
}

impl Conversation<'_> {
    fn request(&self) -> Request {
        let briefing = Briefing { server: "ticket".into(), instructions: BRIEFING.to_owned() };
        Request {
            messages: self.messages.iter().cloned().map(Arc::new).collect(),
            tools: Arc::clone(&self.desk.tools),
            briefings: vec![briefing].into(),
            today: "2026-11-22".to_owned(),
        }
    }

    /// Asks and runs all calls until there is an answer.
    pub async fn ask(&mut self, question: &str) -> Turn {
        self.ask_all(question.into()).await
    }

    /// The same with what is attached to the question.
    pub async fn ask_all(&mut self, question: Question) -> Turn {
        let mut turn = Turn { question: question.text.clone(), ..Turn::default() };
        self.messages.push(Message::User(question));
        for _ in 0..MOST_STEPS {
            let request = self.request();
            let start = std::time::Instant::now();
            let answered = self.desk.assistant.step(&request);
            turn.planning_us = turn.planning_us.max(start.elapsed().as_micros());
            let done = answered.calls.is_empty();
            self.messages.push(Message::Assistant {
                text: answered.text.clone(),
                reasoning: String::new(),
                calls: answered.calls.clone(),
            });
            if done {
                turn.answer = answered.text;
                return turn;
            }
            turn.steps += 1;
            turn.plans.push(answered.text.trim().to_owned());
            for call in answered.calls {
                let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
                let tool = self.desk.tools.iter().find(|tool| tool.model_name == call.name).unwrap();
                let hand = self.operator.get(&self.next_call);
                let broken = self.broken.contains(&tool.server.to_string());
                let (result, form, sent) = match hand {
                    Some(Hand::Deny(_)) => (None, DeliveredForm::Denied, None),
                    Some(Hand::Answer(body)) => {
                        let given = serde_json::json!({"content": [], "structuredContent": body});
                        (Some(Json::from(given)), DeliveredForm::Synthetic, None)
                    }
                    None if broken => (None, DeliveredForm::Synthetic, None),
                    Some(Hand::Edit(sent)) => {
                        (Some(self.desk.call(tool, sent).await), DeliveredForm::Original, Some(Json::from(sent)))
                    }
                    None => (Some(self.desk.call(tool, &arguments).await), DeliveredForm::Original, None),
                };
                let ok = result.as_ref().is_some_and(|result| result.value()["isError"] != Value::Bool(true));
                let text = match (&result, hand) {
                    (Some(result), _) => result.text().to_owned(),
                    (None, Some(Hand::Deny(reason))) => format!("[call {} was refused]\n{reason}", self.next_call),
                    (None, _) => "the server went away during the call".to_owned(),
                };
                turn.calls.push(Made { tool: tool.tool.to_string(), arguments });
                self.messages.push(Message::Tool {
                    provider_id: call.provider_id,
                    call: CallId(self.next_call),
                    name: call.name,
                    text,
                    result,
                    ok,
                    sent,
                    form,
                });
                self.next_call += 1;
            }
        }
        panic!("no answer after {MOST_STEPS} steps to {:?}: {:?}", turn.question, turn.plans);
    }
}
