//! Where the files of a data set come from: compiled in, or a folder.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use super::Problem;

/// The files that hold one kind of record each, and `dataset.toml`. The articles lie in `kb/`.
pub(crate) const DATASET: &str = "dataset.toml";
pub(crate) const TICKETS: &str = "tickets.toml";
pub(crate) const CUSTOMERS: &str = "customers.toml";
pub(crate) const INVOICES: &str = "invoices.toml";
pub(crate) const ASSETS: &str = "assets.toml";
const ARTICLES: &str = "kb";

// Only these are embedded: the folder also holds files of other parts of the program.
const SAMPLE: [(&str, &str); 5] = [
    (DATASET, include_str!("../../../data/dataset.toml")),
    (TICKETS, include_str!("../../../data/tickets.toml")),
    (CUSTOMERS, include_str!("../../../data/customers.toml")),
    (INVOICES, include_str!("../../../data/invoices.toml")),
    (ASSETS, include_str!("../../../data/assets.toml")),
];
// Explains the files to whoever edits them; no record comes from it.
const README: (&str, &str) = ("README.md", include_str!("../../../data/README.md"));
static SAMPLE_ARTICLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../data/kb");

/// Where a data set is read from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Sample,
    Folder(PathBuf),
}

impl Source {
    pub fn of(folder: Option<&Path>) -> Self {
        folder.map_or(Self::Sample, |folder| Self::Folder(folder.to_owned()))
    }

    /// Reads one of the files that every data set has.
    ///
    /// # Errors
    /// The file is missing, unreadable or not UTF-8.
    pub fn file(&self, name: &str) -> Result<Cow<'static, str>, Problem> {
        match self {
            Self::Sample => SAMPLE
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, text)| Cow::Borrowed(*text))
                .ok_or_else(|| Problem::of_file(name, "is not part of the sample")),
            Self::Folder(folder) => read(folder, name).map(Cow::Owned),
        }
    }

    /// Reads every article as (file name, text), ordered by file name.
    ///
    /// # Errors
    /// The folder cannot be listed, or a file in it cannot be read.
    pub fn articles(&self) -> Result<Vec<(String, Cow<'static, str>)>, Vec<Problem>> {
        let folder = match self {
            Self::Sample => return Ok(sample_articles()),
            Self::Folder(folder) => folder,
        };
        let unlisted =
            |error: io::Error| vec![Problem::of_file(ARTICLES, format!("cannot list the articles: {error}"))];
        let mut names = Vec::new();
        for entry in fs::read_dir(folder.join(ARTICLES)).map_err(unlisted)? {
            let name = entry.map_err(unlisted)?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") {
                names.push(format!("{ARTICLES}/{name}"));
            }
        }
        names.sort();
        let mut articles = Vec::new();
        let mut problems = Vec::new();
        for name in names {
            match read(folder, &name) {
                Ok(text) => articles.push((name, Cow::Owned(text))),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(articles) } else { Err(problems) }
    }
}

/// Writes the sample data set below `dir`, so that it can be edited.
///
/// Returns the files written.
///
/// # Errors
/// Nothing is written if one of the files exists already; otherwise any failure to write.
pub(crate) fn export(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<(PathBuf, Cow<'static, str>)> =
        SAMPLE.iter().chain([&README]).map(|(name, text)| (dir.join(name), Cow::Borrowed(*text))).collect();
    files.extend(sample_articles().into_iter().map(|(name, text)| (dir.join(name), text)));
    for (path, _) in &files {
        if path.symlink_metadata().is_ok() {
            let message = format!("{} exists already; export into an empty folder", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
    }
    fs::create_dir_all(dir.join(ARTICLES))?;
    for (path, text) in &files {
        // The file may have appeared since it was looked for: never write over it.
        let mut file = fs::File::create_new(path)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn read(folder: &Path, name: &str) -> Result<String, Problem> {
    let bytes = fs::read(folder.join(name))
        .map_err(|error| Problem::of_file(name, format!("cannot be read in {}: {error}", folder.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::of_file(name, format!("is not UTF-8 text: bad byte at offset {at}"))
    })
}

fn sample_articles() -> Vec<(String, Cow<'static, str>)> {
    let mut articles: Vec<_> = SAMPLE_ARTICLES
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "md"))
        .filter_map(|file| {
            let name = format!("{ARTICLES}/{}", file.path().display());
            file.contents_utf8().map(|text| (name, Cow::Borrowed(text)))
        })
        .collect();
    articles.sort();
    articles
}
