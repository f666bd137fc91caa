//! Standard output for commands: a reader that has gone away is no reason to panic.

use std::io::Write;

/// Prints one line. What cannot be written because nobody reads is dropped; the command ends in order all the same.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
