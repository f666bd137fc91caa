//! `callboard export`: a recording in another format, to a file or standard output.

use std::path::PathBuf;

use crate::export::{Format, Material, Redacted, redact};
use crate::failure::Failure;
use crate::query::{ParseError, Query};
use crate::sanitise::clean_line;
use crate::session::Session;
use crate::stderr::tell;

use super::Recorded;

/// What is to be exported, and how.
#[derive(Debug)]
pub struct ExportOrder {
    /// `last`, an id's beginning or a file.
    pub session: String,
    /// The format.
    pub format: Format,
    /// Which calls; empty for all.
    pub select: String,
    /// Where to; standard output if absent.
    pub output: Option<PathBuf>,
    /// Whether personal data stays in.
    pub privacy: Privacy,
}

/// Whether an export shows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Secrets, e-mail addresses, telephone numbers and home folders are replaced.
    Redacted,
    /// It is as recorded.
    Open,
}

/// `callboard export`. What was removed is listed on stderr.
///
/// # Errors
/// No such session, a selection that is no expression, or a file that cannot be written. An existing file stays as it is.
pub fn export(order: &ExportOrder) -> Result<(), Failure> {
    let select: Query = order.select.parse().map_err(|error: ParseError| {
        let pointer = " ".repeat(error.column);
        Failure::usage(format!("--select: {error}\n  {}\n  {pointer}^", order.select))
    })?;
    let Recorded { header, session, records, damage: _ } = super::read(&order.session)?;
    let (material, left_out) = match order.privacy {
        Privacy::Open => (Material { header, records, session, select }, 0),
        Privacy::Redacted => {
            let Redacted { header, records, left_out } = redact(&header, &records);
            let session = Session::fold(&records);
            (Material { header, records, session, select }, left_out)
        }
    };
    if material.is_empty() && !material.select.is_empty() {
        tell(&clean_line(&format!("callboard: no call of the session has {}", material.select)));
    }
    let (text, removed) = material.render(order.format);
    match &order.output {
        None => crate::stdout::say(text.trim_end_matches('\n'))?,
        Some(path) => {
            let write = || {
                use std::io::Write as _;
                std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
            };
            let shown = path.display();
            write().map_err(|error| Failure::failed(format!("the export cannot be written to {shown}: {error}")))?;
            tell(&clean_line(&format!("written to {shown}")));
        }
    }
    for removed in &removed {
        tell(&clean_line(&format!("removed {} {}: {}", removed.kind, removed.times(), removed.mark)));
    }
    if left_out > 0 {
        tell(&format!("left out {left_out} records that could not be shown without what was removed from them"));
    }
    Ok(())
}
