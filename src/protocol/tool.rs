//! What a server says of a tool.

use serde::{Deserialize, Serialize};

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
    /// The server's own claims about effects.
    #[serde(default)]
    pub annotations: Annotations,
    /// BLAKE3 of name, description, schemas and annotations, hex: changes when the definition does.
    #[serde(default)]
    pub hash: String,
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
