//! How a command fails: an exit code, a code for machines, and words for people.

use std::process::ExitCode;

use serde_json::json;

use crate::protocol::{ModelFailureCode, Withheld};
use crate::sanitise::{clean_block, clean_json};
use crate::stderr::tell;

/// Exit codes (`product.md`, "Commands").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did not work.
    Failed = 1,
    /// It was asked for wrongly; a console without a terminal too.
    Usage = 2,
    /// The endpoint refused the key.
    Unauthorised = 3,
    /// A server or endpoint could not be reached.
    Unreachable = 4,
    /// The tool ran and reported an error.
    ToolError = 5,
}

/// A command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, to what, and what to do.
    pub message: String,
}

impl Failure {
    /// It did not work.
    #[must_use]
    pub fn failed(message: String) -> Self {
        Self { exit: Exit::Failed, message }
    }

    /// It was asked for wrongly.
    #[must_use]
    pub fn usage(message: String) -> Self {
        Self { exit: Exit::Usage, message }
    }

    /// A model failure's place among the exit codes.
    #[must_use]
    pub fn of_model(code: ModelFailureCode, message: String) -> Self {
        let exit = match code {
            ModelFailureCode::Unauthorised => Exit::Unauthorised,
            ModelFailureCode::Unreachable | ModelFailureCode::TimedOut => Exit::Unreachable,
            ModelFailureCode::NotFound
            | ModelFailureCode::RateLimited
            | ModelFailureCode::BadRequest
            | ModelFailureCode::ContextOverflow
            | ModelFailureCode::ServerError
            | ModelFailureCode::BrokenStream
            | ModelFailureCode::Malformed => Exit::Failed,
        };
        Self { exit, message }
    }

    fn code(&self) -> &'static str {
        match self.exit {
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Unauthorised => "not_authorised",
            Exit::Unreachable => "unreachable",
            Exit::ToolError => "tool_error",
        }
    }

    /// Prints it on stderr, as JSON if `json`, and gives the exit code.
    #[must_use]
    pub fn report(&self, form: Form) -> ExitCode {
        match form {
            Form::Json => {
                let error = json!({"error": {"code": self.code(), "message": self.message}});
                tell(&clean_json(&error.to_string()));
            }
            Form::Text => tell(&format!("callboard: {}", clean_block(&self.message))),
        }
        ExitCode::from(self.exit as u8)
    }
}

/// For whom a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// People.
    Text,
    /// Machines.
    Json,
}
/// Why a project's server is not started, and what lets it where there is no console.
#[must_use]
pub fn waits_for_a_yes(by: &Withheld) -> String {
    let (reason, file) = (by.reason(), &by.file);
    format!("{reason}; `callboard mcp trust {file}` shows it and asks, and --trust-project takes it as it is this once")
}
