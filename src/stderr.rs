//! Standard error for commands: words on the way, which nobody has to read.

use std::io::Write;

/// Prints one line, sanitised by the caller. If nobody reads any more it is dropped: what was to be done goes on.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
