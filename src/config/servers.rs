//! Servers from files in the format everyone knows: `mcpServers` (or VS Code's `servers`), one entry each.
//!
//! Files are found and put in order by [`Sources`]; those of a project count only once the user has said yes to every byte
//! of them ([`Approvals`]), because a project's file is somebody else's list of programs to run.

mod approvals;
pub mod edit;
mod entry;
mod file;
pub mod import;
mod portrait;
mod secrets;
mod sources;
mod store;
mod variables;

pub use approvals::{Approvals, Standing};
pub use entry::{Entry, RESTARTS, unusable};
pub use file::{Origin, ServerFile, judge_name};
pub use portrait::{place, portrait};
pub use secrets::Secrets;
pub use sources::{PROJECT_FILES, Projects, Resolved, Source, Sources, project_files, project_root};
pub use store::canonical;
pub use variables::Variables;
