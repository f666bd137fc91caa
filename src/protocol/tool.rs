//! What a server says of a tool.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Json, ServerName, ToolName};

/// A tool as its server announced it (MCP `tools/list`), with the name the model knows it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// Unique over all servers, `[A-Za-z0-9_-]{1,64}`; never parsed back, always looked up.
    pub model_name: String,
    /// The server that offers it.
    pub server: ServerName,
    /// Its name on that server.
    pub tool: ToolName,
    /// A human title, if the server gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The server's description, at most 64 KiB.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Json,
    /// JSON Schema of `structuredContent`, if declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// The server's own claims about effects; [`ToolDefinition::effects`] is what counts.
    #[serde(default)]
    pub annotations: Annotations,
    /// Whether its server is trusted, so that its claims are believed; written down only where it is not, because in the
    /// first recordings every claim was.
    #[serde(default = "believed", skip_serializing_if = "is_believed")]
    pub believed: bool,
    /// BLAKE3 of [`ToolDefinition::said`], hex: changes when the definition does.
    #[serde(default)]
    pub hash: String,
}

fn believed() -> bool {
    true
}

fn is_believed(believed: &bool) -> bool {
    *believed
}

impl ToolDefinition {
    /// What is to be expected of its calls: what its server claims where that is believed, else the worst.
    #[must_use]
    pub fn effects(&self) -> Annotations {
        if self.believed { self.annotations } else { Annotations::default() }
    }

    /// All that the server says of it that a model or an operator goes by, keys sorted: equal for definitions that mean the
    /// same.
    #[must_use]
    pub fn said(&self) -> Value {
        let Annotations { read_only, destructive, idempotent, open_world } = self.annotations;
        let mut said = json!({
            "name": self.tool,
            "title": self.title,
            "description": self.description,
            "annotations": {
                "readOnlyHint": read_only, "destructiveHint": destructive,
                "idempotentHint": idempotent, "openWorldHint": open_world,
            },
        });
        // The macro would make a second copy of schemas, and one may be large.
        said["inputSchema"] = self.input_schema.value();
        said["outputSchema"] = self.output_schema.as_ref().map_or(Value::Null, Json::value);
        said.sort_all_objects();
        said
    }
}

/// MCP tool annotations; absent ones are taken as the specification's defaults (a tool may destroy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotations {
    /// `readOnlyHint`, default false.
    pub read_only: bool,
    /// `destructiveHint`, default true.
    pub destructive: bool,
    /// `idempotentHint`, default false.
    pub idempotent: bool,
    /// `openWorldHint`, default true.
    pub open_world: bool,
}

impl Default for Annotations {
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}
