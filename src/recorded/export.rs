//! `callboard export`: a recording in another format, to a file or standard output.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::export::{Format, Material, Redacted, redact};
use crate::failure::Failure;
use crate::query::{ParseError, Query};
use crate::sanitise::clean_line;
use crate::session::Session;
use crate::stderr::tell;

use super::{Recorded, unless_damaged};

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
    /// What becomes of a file that is there already.
    pub existing: Existing,
    /// Whether personal data stays in.
    pub privacy: Privacy,
}

/// What becomes of a file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays as it is, and the export fails.
    Kept,
    /// The export takes its place.
    Replaced,
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
/// No such session, a selection that is no expression or holds of no call, or a file that cannot be written; nothing is
/// written then. A damaged recording, what is left of which has been exported.
pub fn export(order: &ExportOrder) -> Result<(), Failure> {
    let select: Query = order.select.parse().map_err(|error: ParseError| {
        let pointer = " ".repeat(error.column);
        Failure::usage(format!("--select: {error}\n  {}\n  {pointer}^", order.select))
    })?;
    let Recorded { header, session, records, damage } = super::read(&order.session)?;
    let id = header.id.clone();
    let (material, left_out) = match order.privacy {
        Privacy::Open => (Material { header, records, session, select, damage: damage.clone() }, 0),
        Privacy::Redacted => {
            let Redacted { header, records, left_out } = redact(&header, &records);
            let session = Session::fold(&records);
            (Material { header, records, session, select, damage: damage.clone() }, left_out)
        }
    };
    if material.is_empty() && !material.select.is_empty() {
        let what = format!("no call of {id} has {}, so nothing is written", material.select);
        return Err(Failure::failed(what));
    }
    let (text, removed) = material.render(order.format);
    match &order.output {
        None => crate::stdout::say(text.trim_end_matches('\n'))?,
        Some(path) => {
            write(path, &text, order.existing)?;
            tell(&clean_line(&format!("written to {}", path.display())));
        }
    }
    for removed in &removed {
        tell(&clean_line(&format!("removed {}", removed.words())));
    }
    if left_out > 0 {
        tell(&format!("left out {left_out} records that could not be shown without what was removed from them"));
    }
    unless_damaged(&id, &damage, "exported")
}

fn write(path: &Path, text: &str, existing: Existing) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    match existing {
        Existing::Kept => options.write(true).create_new(true),
        Existing::Replaced => options.write(true).create(true).truncate(true),
    };
    let shown = path.display();
    if path.is_dir() {
        return Err(Failure::usage(format!("{shown} is a folder; name a file in it")));
    }
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::failed(match error.kind() {
            ErrorKind::AlreadyExists => format!("{shown} exists already; --force writes over it"),
            _ => format!("the export cannot be written to {shown}: {error}"),
        })
    })
}
