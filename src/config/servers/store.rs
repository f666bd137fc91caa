//! Files are written whole or not at all, and keep who may read them.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may read a file that did not exist before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner only: it may hold keys.
    Owner,
    /// Everybody: it is meant to be shared.
    Everybody,
}

/// The same file is the same however it was reached; one that is not there is what it is called.
#[must_use]
pub fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Writes a file that only its owner may read, in a folder that only its owner may enter.
///
/// # Errors
/// The operating system's words; the file is as it was.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    replace(path, text, Readers::Owner)
}

/// Replaces a file at one stroke. One that exists keeps its permissions; a link keeps pointing where it did.
///
/// # Errors
/// The operating system's words; the file is as it was.
pub fn replace(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let path = &canonical(path);
    let mode = match (std::fs::metadata(path), readers) {
        (Ok(metadata), _) => metadata.permissions().mode() & 0o777,
        (Err(_), Readers::Owner) => 0o600,
        (Err(_), Readers::Everybody) => 0o644,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let done = written.and_then(|()| std::fs::rename(&part, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done
}
