//! Callboard: a full-screen terminal support console that shows every MCP tool call an assistant makes.

pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod direct;
pub mod failure;
pub mod headless;
pub mod launch;
pub mod link;
pub mod mcp;
pub mod model;
pub mod orchestrator;
pub mod protocol;
pub mod recording;
pub mod sanitise;
pub mod session;
pub mod stdout;
