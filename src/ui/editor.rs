//! A text in the operator's own editor: a private file, the program in `$VISUAL` or `$EDITOR`, and the file read back.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tokio::process::{Child, Command};

/// An editor that runs on a text.
#[derive(Debug)]
pub(super) struct Editor {
    /// The program.
    pub child: Child,
    file: PathBuf,
}

impl Editor {
    /// Opens `text` in the editor; the terminal must be given back before.
    ///
    /// # Errors
    /// A file that cannot be written, or an editor that cannot be started, with its name.
    pub fn open(text: &str) -> Result<Self, String> {
        let file = private_file(text).map_err(|error| format!("No file for the editor: {error}"))?;
        let wanted = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let program = wanted("VISUAL").or_else(|| wanted("EDITOR")).unwrap_or_else(|| "vi".to_owned());
        // The variable may hold arguments, as every other program understands it.
        let child = Command::new("sh").arg("-c").arg(format!("{program} \"$1\"")).arg("sh").arg(&file).spawn();
        match child {
            Ok(child) => Ok(Self { child, file }),
            Err(error) => {
                remove(&file);
                Err(format!("The editor {program} cannot be started: {error}"))
            }
        }
    }

    /// What stands in the file now that the editor is done.
    ///
    /// # Errors
    /// The editor failed, or the file is no text.
    pub fn take(self, status: io::Result<std::process::ExitStatus>) -> Result<String, String> {
        let text = match status {
            Ok(status) if status.success() => {
                fs::read_to_string(&self.file).map_err(|error| format!("What was written cannot be read: {error}"))
            }
            Ok(status) => Err(format!("The editor ended with {status}; nothing was taken.")),
            Err(error) => Err(format!("The editor was lost: {error}")),
        };
        remove(&self.file);
        text
    }
}

fn private_file(text: &str) -> io::Result<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir());
    let path = folder.unwrap_or_else(std::env::temp_dir).join(format!(
        "callboard-{}-{}.json",
        std::process::id(),
        ulid::Ulid::generate()
    ));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

fn remove(path: &Path) {
    // It was private, and the operator's text has been read.
    let _ = fs::remove_file(path);
}
