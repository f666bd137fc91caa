//! Callboard: a full-screen terminal support console that shows every MCP tool call an assistant makes.

pub mod clock;
pub mod link;
pub mod model;
pub mod protocol;
pub mod session;
pub mod ui;
