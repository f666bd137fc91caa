//! The console as a command.
use crate::config::Settings;
use crate::failure::Failure;
/// Opens the console.
pub fn open(_: &Settings) -> Result<(), Failure> {
    Err(Failure::usage("no console yet".into()))
}

/// Opens the console on a recording.
pub fn replay(_: &Settings, path: &std::path::Path) -> Result<(), Failure> {
    Err(Failure::usage(format!("no console yet to replay {}", path.display())))
}
