//! Tests of the whole, in one binary: it links once.

mod answers;
mod console;
mod deviations;
mod fleet;
mod hostile;
mod mock_endpoint;
mod offers;
mod openai_endpoint;
mod orchestrator;
mod processes;
mod prune;
mod real_peers;
mod recordings;
mod remote;
mod replaying;
mod servers;
mod session_folds;
mod settings;
mod setup;
mod terminal;
mod tidy;
