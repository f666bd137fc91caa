//! Standard output for commands: a reader that has gone away is no reason to fail, a full disk is.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;
use crate::sanitise::clean_json;

/// Prints one line. If nobody reads any more it is dropped, and the command ends in order all the same.
///
/// # Errors
/// The line could not be written for another reason, such as a full disk.
pub fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output cannot be written: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints one line of JSON, with hidden characters escaped.
///
/// # Errors
/// Those of [`say`].
pub fn say_json(json: &str) -> Result<(), Failure> {
    say(&clean_json(json))
}
