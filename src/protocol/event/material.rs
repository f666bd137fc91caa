//! Events of what a server offers besides tools: resources and prompts.

use serde::{Deserialize, Serialize};

use crate::protocol::{Json, RejectedTool, ServerName};

/// Payload of `resources.listed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcesListed {
    /// The server.
    pub server: ServerName,
    /// Its resources in its order, then its templates.
    pub resources: Vec<Resource>,
    /// Those that could not be taken, each with why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedTool>,
    /// Why there is no list, or why it is not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A resource, or a template for the addresses of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its URI, or a URI template (RFC 6570).
    pub uri: String,
    /// Which of the two.
    #[serde(default)]
    pub form: ResourceForm,
    /// Its name.
    pub name: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
}

/// Whether a resource can be read as it is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceForm {
    /// Yes.
    #[default]
    Fixed,
    /// After its variables have been put in.
    Template,
}

/// Payload of `prompts.listed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptsListed {
    /// The server.
    pub server: ServerName,
    /// Its prompts in its order.
    pub prompts: Vec<Prompt>,
    /// Those that could not be taken, each with why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedTool>,
    /// Why there is no list, or why it is not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A prompt that a server has prepared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it has to be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<PromptArgument>,
}

/// An argument of a prompt; its value is text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the prompt cannot do without it.
    #[serde(default)]
    pub required: bool,
}

/// Payload of `resource.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRead {
    /// The server.
    pub server: ServerName,
    /// The URI that was asked for.
    pub uri: String,
    /// The MCP `ReadResourceResult` as it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Payload of `prompt.got`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptGot {
    /// The server.
    pub server: ServerName,
    /// The prompt.
    pub name: String,
    /// What it was told, an object of texts.
    pub arguments: Json,
    /// The MCP `GetPromptResult` as it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
