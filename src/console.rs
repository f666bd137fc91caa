//! The console as a command.
use crate::config::Settings;
use crate::failure::Failure;
/// Opens the console.
pub fn open(_: &Settings) -> Result<(), Failure> {
    Err(Failure::usage("no console yet".into()))
}
