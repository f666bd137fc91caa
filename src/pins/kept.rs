//! Pins over sessions: a file for each configured server in the state folder, mode 0600, replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::folders;
use crate::protocol::ServerName;

use super::Pins;

/// The longest file that is read, bytes; nothing we write comes near it.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;
/// Files kept; of more, the one that was not written for the longest time goes.
const MOST_FILES: usize = 256;

/// Where pins are kept: in files over sessions, and in memory for as long as a session lasts, so that a file that fails
/// makes no tool of this session one that was never seen.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    folder: Option<PathBuf>,
    /// What is known of each server at each place.
    held: BTreeMap<(ServerName, String), Held>,
}

#[derive(Clone, Debug)]
struct Held {
    pins: Pins,
    file: FileState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileState {
    /// It is written when the pins change.
    Sound,
    /// It could not be read: it stays as it is, to be looked at.
    Unreadable,
}

#[derive(Serialize, Deserialize)]
struct Page {
    /// For whoever looks into the folder.
    server: ServerName,
    tools: Pins,
}

impl Kept {
    /// In the user's state folder; nowhere without a home folder.
    #[must_use]
    pub fn in_state_folder() -> Self {
        Self { folder: folders::state().map(|state| state.join("callboard").join("pins")), ..Self::default() }
    }

    /// In this folder.
    #[must_use]
    pub fn inside(folder: &Path) -> Self {
        Self { folder: Some(folder.to_path_buf()), ..Self::default() }
    }

    /// The pins of a server that is reached at `place`: another command or address is another server.
    ///
    /// # Errors
    /// A file that cannot be read, in words with what to do, once; its server's tools count as never seen then.
    pub fn load(&mut self, server: &ServerName, place: &str) -> Result<Pins, String> {
        let key = (server.clone(), place.to_owned());
        if let Some(held) = self.held.get(&key) {
            return Ok(held.pins.clone());
        }
        let pins = match self.path(server, place) {
            None => Ok(Pins::default()),
            Some(path) => read(&path).map_err(|error| {
                format!(
                    "What the tools of {server} were cannot be read from {}: {error}. They count as seen for the first time, \
                     and nothing is remembered of them; remove the file once you have looked at it.",
                    path.display()
                )
            }),
        };
        let file = if pins.is_ok() { FileState::Sound } else { FileState::Unreadable };
        self.held.insert(key, Held { pins: pins.clone().unwrap_or_default(), file });
        pins
    }

    /// Keeps pins; those of tools that only the file knows stay. A file that could not be read is left alone.
    ///
    /// # Errors
    /// The file cannot be written, in words.
    pub fn keep(&mut self, server: &ServerName, place: &str, pins: &Pins) -> Result<(), String> {
        let held = self.held.entry((server.clone(), place.to_owned()));
        let held = held.or_insert_with(|| Held { pins: Pins::default(), file: FileState::Sound });
        held.pins.clone_from(pins);
        let is_sound = held.file == FileState::Sound;
        let Some(path) = self.path(server, place).filter(|_| is_sound) else { return Ok(()) };
        write(&path, server, pins).map_err(|error| {
            format!(
                "What the tools of {server} are now is not remembered: {} cannot be written: {error}",
                path.display()
            )
        })
    }

    fn path(&self, server: &ServerName, place: &str) -> Option<PathBuf> {
        // The place may hold a secret, so only its hash is on the disk.
        let hash = blake3::hash(format!("{server}\0{place}").as_bytes()).to_hex();
        self.folder.as_ref().map(|folder| folder.join(format!("{}.json", &hash[..32])))
    }
}

fn read(path: &Path) -> io::Result<Pins> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Pins::default()),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(LONGEST_FILE).read_to_string(&mut text)?;
    Ok(serde_json::from_str::<Page>(&text)?.tools)
}

fn write(path: &Path, server: &ServerName, pins: &Pins) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let private = |path: &Path| OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    // Two sessions may see new tools at once; the lock goes with the file.
    let lock = private(&folder.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    let mut tools = pins.clone();
    tools.fill_from(read(path)?);
    if !path.exists() {
        make_room(folder)?;
    }
    let part = path.with_extension("part");
    let mut file = private(&part)?;
    file.write_all(serde_json::to_string(&Page { server: server.clone(), tools })?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}

fn make_room(folder: &Path) -> io::Result<()> {
    let mut pages: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    pages.sort_by_key(|path| fs::metadata(path).and_then(|about| about.modified()).ok());
    let over = (pages.len() + 1).saturating_sub(MOST_FILES);
    pages.iter().take(over).try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::tool;
    use super::*;
    use crate::pins::Sight;

    #[test]
    fn pins_are_there_in_the_next_session_and_only_for_the_same_configured_server() {
        let dir = tempfile::tempdir().expect("a folder");
        let session = || Kept::inside(&dir.path().join("pins"));
        let (mut kept, server) = (session(), ServerName::from("desk"));
        let mut pins = kept.load(&server, "desk --token=x").expect("none yet");
        pins.see(&tool("look", "Looks."));
        kept.keep(&server, "desk --token=x", &pins).expect("kept");
        let mut again = session().load(&server, "desk --token=x").expect("kept");
        assert!(matches!(again.see(&tool("look", "Sends.")), Sight::Changed(_)));
        let mut other = session().load(&server, "desk --token=y").expect("none yet");
        assert_eq!(other.see(&tool("look", "Sends.")), Sight::First);
        for entry in fs::read_dir(dir.path().join("pins")).expect("a folder").flatten() {
            let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.path());
            let text = fs::read_to_string(entry.path()).expect("text");
            assert!(!text.contains("token"), "{text}");
        }
    }

    #[test]
    fn two_sessions_that_see_different_tools_do_not_forget_for_each_other() {
        let dir = tempfile::tempdir().expect("a folder");
        let (session, server) = (|| Kept::inside(dir.path()), ServerName::from("desk"));
        for name in ["look", "write"] {
            let mut pins = Pins::default();
            pins.see(&tool(name, ""));
            session().keep(&server, "desk", &pins).expect("kept");
        }
        let pins = session().load(&server, "desk").expect("kept");
        assert!(pins.holds(&tool("look", "")) && pins.holds(&tool("write", "")));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_of_and_not_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let server = ServerName::from("desk");
        Kept::inside(dir.path()).keep(&server, "desk", &Pins::default()).expect("kept");
        let mut kept = Kept::inside(dir.path());
        let path = kept.path(&server, "desk").expect("a path");
        fs::write(&path, "not JSON").expect("written");
        assert!(kept.load(&server, "desk").is_err_and(|words| words.contains("remove the file")));
        let mut pins = Pins::default();
        pins.see(&tool("look", "Looks."));
        assert_eq!(kept.keep(&server, "desk", &pins), Ok(()), "it has been told");
        assert!(kept.load(&server, "desk").expect("this session knows").holds(&tool("look", "Looks.")));
        assert_eq!(fs::read_to_string(&path).expect("text"), "not JSON");
    }

    #[test]
    fn without_a_folder_a_session_still_knows_what_it_saw_at_a_place_it_has_left() {
        let (mut kept, server, mut pins) = (Kept::default(), ServerName::from("desk"), Pins::default());
        pins.see(&tool("look", "Looks."));
        kept.keep(&server, "here", &pins).expect("kept");
        assert_eq!(kept.load(&server, "there"), Ok(Pins::default()));
        assert_eq!(kept.load(&server, "here"), Ok(pins));
    }

    #[test]
    fn only_so_many_servers_are_remembered() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut kept = Kept::inside(dir.path());
        for number in 0..MOST_FILES + 3 {
            kept.keep(&"desk".into(), &number.to_string(), &Pins::default()).expect("kept");
        }
        let pages = fs::read_dir(dir.path()).expect("a folder").flatten();
        let is_page = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
        assert_eq!(pages.filter(|entry| is_page(&entry.path())).count(), MOST_FILES);
    }
}
