//! Callboard: a full-screen terminal support console that shows every MCP tool call an assistant makes.

pub mod clock;
pub mod link;
pub mod mcp;
pub mod model;
pub mod orchestrator;
pub mod protocol;
pub mod recording;
pub mod session;
