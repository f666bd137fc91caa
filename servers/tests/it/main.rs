//! The five servers, driven by a real client over an in-memory stream.

mod arguments;
mod client;
mod data;
mod errors;
mod protocol;
mod search;
mod stories;
mod tools;
