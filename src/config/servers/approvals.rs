//! Which project files the user has said yes to: by path and by the hash of every byte, so a change is asked about again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::folders;
use crate::protocol::{ProjectVerdict, Unapproved};

use super::file::ServerFile;
use super::store::{canonical, write_private};

/// How a project file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its servers start.
    Approved,
    /// They do not.
    Withheld(Unapproved),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Approval {
    path: PathBuf,
    hash: String,
    verdict: ProjectVerdict,
}

/// Everything the user has said.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Approvals {
    files: Vec<Approval>,
}

impl Approvals {
    /// Where they are kept: beside the recordings; `None` without a home folder.
    #[must_use]
    pub fn path() -> Option<PathBuf> {
        folders::state().map(|dir| dir.join("callboard").join("approvals.json"))
    }

    /// Reads them. None yet is none at all.
    ///
    /// # Errors
    /// A file that cannot be read or understood: then nothing is approved.
    pub fn load() -> Result<Self, String> {
        let Some(path) = Self::path() else { return Ok(Self::default()) };
        let unusable = |error: String| {
            format!("the approvals in {} cannot be used: {error}; until then no project file counts", path.display())
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| unusable(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    /// How a file stands.
    #[must_use]
    pub fn standing(&self, file: &ServerFile) -> Standing {
        let path = canonical(&file.path);
        match self.files.iter().find(|approval| approval.path == path) {
            Some(approval) if approval.hash != file.hash => Standing::Withheld(Unapproved::Changed),
            Some(Approval { verdict: ProjectVerdict::Approved, .. }) => Standing::Approved,
            Some(Approval { verdict: ProjectVerdict::Refused, .. }) => Standing::Withheld(Unapproved::Refused),
            None => Standing::Withheld(Unapproved::New),
        }
    }

    /// Keeps what the user says of a file as it is now.
    ///
    /// # Errors
    /// It cannot be written down; it counts for this session only then.
    pub fn judge(&mut self, file: &ServerFile, verdict: ProjectVerdict) -> Result<(), String> {
        let path = canonical(&file.path);
        self.files.retain(|approval| approval.path != path);
        self.files.push(Approval { path, hash: file.hash.clone(), verdict });
        let Some(kept) = Self::path() else {
            return Err("there is no home folder to keep it in; set XDG_STATE_HOME".into());
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        write_private(&kept, &text).map_err(|error| format!("{} cannot be written: {error}", kept.display()))
    }
}
