//! Deletes recordings: which of them may go, and what stays whatever its age.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::list::{self, Listed};
use super::writer::blob_dir;

/// A folder in which a session may be beginning right now is not taken away, even if it is empty.
const FRESH: Duration = Duration::from_hours(48);

/// Which recordings may go: those that both bounds let go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nothing has been written to it for this long; however young, if absent.
    pub older_than: Option<Duration>,
    /// As many of the newest stay, whatever their age.
    pub keep: usize,
}

/// Whether it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The recordings are deleted.
    Deleted,
    /// Nothing is touched; what would be deleted is told.
    Told,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Pruned {
    /// What was deleted, or would be, newest first, as everything here.
    pub deleted: Vec<Deleted>,
    /// What the bounds let go and stays all the same.
    pub spared: Vec<Spared>,
    /// What could not be deleted, whole or in part.
    pub failed: Vec<Spared>,
    /// How many recordings stay because of the bounds.
    pub kept: usize,
}

/// A recording that was deleted.
#[derive(Debug, Serialize)]
pub struct Deleted {
    /// The session.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// When it was created, RFC 3339.
    pub created: String,
    /// What it was about.
    pub about: String,
    /// What it took, with its large payloads, bytes.
    pub bytes: u64,
}

/// A recording that is still there.
#[derive(Debug, Serialize)]
pub struct Spared {
    /// The session, or the name of its file.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl Pruned {
    /// What all that was deleted took, bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.deleted.iter().map(|deleted| deleted.bytes).sum()
    }
}

/// Deletes what `bounds` let go of the recordings below `dir`, each with the payloads beside it. A recording that is being
/// written, one that another that stays goes on from, and a file that is no recording stay; a fork whose header cannot be read
/// names nothing that it goes on from. No link is followed, so that nothing outside of `dir` is touched.
///
/// # Errors
/// The file system's words about `dir` itself; what is wrong with a recording stands in the outcome.
pub fn prune(dir: &Path, bounds: Bounds, effect: Effect, now: SystemTime) -> io::Result<Pruned> {
    let mut pruned = Pruned::default();
    let mut gone_on_from = HashSet::new();
    let mut newer = 0;
    let bound = list::sessions(dir)?.into_iter().map(|listed| {
        let age = age(&listed.path, now);
        let is_bound = newer < bounds.keep || bounds.older_than.is_some_and(|bound| age < bound);
        newer += usize::from(listed.is_recording);
        (listed, age, is_bound)
    });
    for (listed, age, is_bound) in forks_first(bound.collect()) {
        let parent = listed.forked_from.as_ref().map(|from| from.session.to_string());
        let end = if is_bound {
            End::Kept
        } else if !listed.is_recording {
            End::Spared(listed.problem.clone().unwrap_or_else(|| "it is no recording".to_owned()))
        } else if gone_on_from.contains(&listed.id) {
            End::Spared("a session that stays goes on from it".to_owned())
        } else {
            delete(&listed.path, effect)
        };
        if !matches!(end, End::Deleted(_) | End::Gone) {
            gone_on_from.extend(parent);
        }
        let stays = |reason| Spared { id: listed.id.clone(), path: listed.path.clone(), reason };
        match end {
            End::Kept => pruned.kept += usize::from(listed.is_recording),
            End::Gone => {}
            End::Spared(reason) => pruned.spared.push(stays(reason)),
            End::Failed(reason) => pruned.failed.push(stays(reason)),
            End::Deleted(bytes) => {
                if effect == Effect::Deleted && age > FRESH {
                    leave(dir, &listed.path);
                }
                let about = listed.about();
                let Listed { id, path, created, .. } = listed;
                pruned.deleted.push(Deleted { id, path, created, about, bytes });
            }
        }
    }
    pruned.deleted.sort_by(|a, b| b.path.file_name().cmp(&a.path.file_name()));
    for stay in [&mut pruned.spared, &mut pruned.failed] {
        stay.sort_by(|a, b| b.path.file_name().cmp(&a.path.file_name()));
    }
    Ok(pruned)
}

/// Each before what it goes on from, whatever their names say of their age: a clock can have been set back.
fn forks_first(mut all: Vec<(Listed, Duration, bool)>) -> Vec<(Listed, Duration, bool)> {
    let parents: HashMap<String, String> = all
        .iter()
        .filter_map(|(listed, ..)| Some((listed.id.clone(), listed.forked_from.as_ref()?.session.to_string())))
        .collect();
    // Files that name each other in a circle have no first; so many steps are enough for all others.
    let depth = |listed: &Listed| {
        std::iter::successors(parents.get(&listed.id), |parent| parents.get(*parent)).take(parents.len()).count()
    };
    all.sort_by_cached_key(|(listed, ..)| Reverse(depth(listed)));
    all
}

/// What becomes of a recording.
enum End {
    Kept,
    Spared(String),
    Failed(String),
    /// Somebody else has deleted it.
    Gone,
    /// With what it took, bytes.
    Deleted(u64),
}

/// Since the last time that something was written to it; a time to come, and one that cannot be had, count as now.
fn age(path: &Path, now: SystemTime) -> Duration {
    let written = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    written.ok().and_then(|written| now.duration_since(written).ok()).unwrap_or_default()
}

fn delete(path: &Path, effect: Effect) -> End {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => End::Gone,
        _ => End::Failed(format!("it cannot be deleted: {error}")),
    };
    // While we hold its lock nobody begins to write it.
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return failed(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return End::Spared("it is being written".to_owned()),
        Err(TryLockError::Error(error)) => return failed(error),
    }
    let blobs = Some(blob_dir(path)).filter(|blobs| fs::symlink_metadata(blobs).is_ok_and(|found| found.is_dir()));
    let size = || -> io::Result<u64> {
        Ok(file.metadata()?.len() + blobs.as_deref().map(size).transpose()?.unwrap_or_default())
    };
    let bytes = match size() {
        Ok(bytes) => bytes,
        Err(error) => return failed(error),
    };
    if effect == Effect::Deleted {
        // The payloads first: what is left if this is cut off is listed, and goes the next time.
        let gone = blobs.map_or(Ok(()), fs::remove_dir_all).and_then(|()| fs::remove_file(path));
        if let Err(error) = gone {
            return failed(error);
        }
    }
    End::Deleted(bytes)
}

/// What the payloads beside a recording take, bytes.
fn size(blobs: &Path) -> io::Result<u64> {
    fs::read_dir(blobs)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

/// Takes away the folders of day, month and year that are empty now.
fn leave(dir: &Path, path: &Path) {
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != dir && folder.starts_with(dir));
    for folder in folders {
        // One that is not empty refuses, and so do those above it.
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
