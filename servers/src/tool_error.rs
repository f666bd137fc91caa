//! What a tool answers when it cannot do what was asked: something that a model, or a person, can act on.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::StoreError;

/// The members of every tool error.
pub(crate) const FIELDS: [&str; 6] =
    ["error", "reason", "suggested_actions", "retryable", "follow_up_tools", "context"];

/// A failed call: the payload of a result with `isError`.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ToolError(Box<Payload>);

#[derive(Clone, Debug, Serialize)]
struct Payload {
    /// A fixed word for programs, such as `ticket_not_found`.
    error: String,
    /// A sentence for people: what happened, to what.
    reason: String,
    suggested_actions: Vec<String>,
    /// Whether the very same call may succeed later.
    retryable: bool,
    follow_up_tools: Vec<String>,
    context: Map<String, Value>,
}

/// One argument that cannot be used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Complaint {
    pub argument: String,
    pub problem: String,
    pub expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Value>,
}

impl ToolError {
    /// `error` is a fixed word for programs, `reason` a sentence for people.
    pub fn new(error: impl Into<String>, reason: impl Into<String>) -> Self {
        Self(Box::new(Payload {
            error: error.into(),
            reason: reason.into(),
            suggested_actions: Vec::new(),
            retryable: false,
            follow_up_tools: Vec::new(),
            context: Map::new(),
        }))
    }

    /// The call had arguments that cannot be used; says each of them and what was expected.
    pub fn bad_arguments(complaints: &[Complaint]) -> Self {
        let reasons: Vec<String> = complaints.iter().map(Complaint::sentence).collect();
        let mut error = Self::new("invalid_arguments", reasons.join("; "));
        for complaint in complaints {
            error = error.suggest(complaint.advice());
        }
        if let [complaint] = complaints {
            error = error.with("argument", complaint.argument.as_str()).with("expected", complaint.expected.as_str());
        }
        error.with("problems", json!(complaints))
    }

    /// One argument cannot be used although its form is right.
    pub fn bad_argument(argument: &str, problem: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::bad_arguments(&[Complaint {
            argument: argument.to_owned(),
            problem: problem.into(),
            expected: expected.into(),
            received: None,
        }])
    }

    /// None of `arguments` was given, but at least one is needed.
    pub fn no_criteria(arguments: &[&str]) -> Self {
        let expected = format!("at least one of {}", arguments.join(", "));
        Self::new("missing_criteria", format!("Nothing to look for; expected {expected}"))
            .suggest(format!("Call again with {expected}"))
            .with("argument", json!(arguments))
            .with("expected", expected)
    }

    /// `id` exists, but what else was asked for does not fit it; `tool` can be called with the id alone.
    pub fn contradiction(argument: &str, id: &str, tool: &str, reason: String) -> Self {
        let noun = argument.strip_suffix("_id").unwrap_or(argument);
        Self::new(format!("{noun}_not_found"), reason)
            .suggest(format!("Call {tool} with {argument} {id} alone"))
            .follow_up(tool)
            .with(argument, id)
            .with("nearest_ids", json!([id]))
    }

    pub fn suggest(mut self, action: impl Into<String>) -> Self {
        self.0.suggested_actions.push(action.into());
        self
    }

    /// Says that the very same call may succeed later.
    pub fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Names a tool that is worth calling next.
    pub fn follow_up(mut self, tool: &str) -> Self {
        self.0.follow_up_tools.push(tool.to_owned());
        self
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.context.insert(name.to_owned(), value.into());
        self
    }

    /// The payload as JSON.
    pub fn payload(&self) -> Value {
        json!(self)
    }
}

impl Complaint {
    fn sentence(&self) -> String {
        format!("{} {}; expected {}", self.argument, self.problem, self.expected)
    }

    fn advice(&self) -> String {
        match self.expected.as_str() {
            "no such argument" => format!("Call again without {}", self.argument),
            expected => format!("Call again with {} as {expected}", self.argument),
        }
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        let failed = Self::new("store_failed", error.to_string());
        match error {
            StoreError::Database(_) => {
                failed.retryable().suggest("Call the tool again; if it fails again, restart the server")
            }
            StoreError::Closed => failed.suggest("Start the server again; it was about to end"),
            StoreError::Unopened { .. } => failed
                .suggest("Start the server with another file for --db, one in a folder that exists and can be written"),
            // It is not ours to remove.
            StoreError::OtherProgram { .. } => failed.suggest("Start the server with another file for --db"),
            StoreError::Record(_) | StoreError::OtherData { .. } | StoreError::OtherLayout { .. } => {
                failed.suggest("Remove the file given with --db; it is filled again at the next start")
            }
        }
    }
}
