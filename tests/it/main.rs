//! Tests of the whole, in one binary: it links once.

mod mock_endpoint;
mod openai_endpoint;
mod real_peers;
mod replaying;
mod tidy;
