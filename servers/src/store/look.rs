//! A look at a file before anything is kept in it, so that what cannot be used is told at the start and not with each call.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use rustix::fs::{Access, access};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{Place, StoreError, fill};

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Why the records cannot be kept in a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0} is a folder; name a file in it")]
    Folder(String),
    #[error("{file} cannot be made: there is no folder {folder}; make it, or name another file")]
    NoFolder { file: String, folder: String },
    #[error("{file} cannot be kept up: the folder {folder} cannot be written to; name a file in another one")]
    Closed { file: String, folder: String },
    #[error("{file} cannot be read and written: {error}; give yourself the right to, or name another file")]
    Denied { file: String, error: io::Error },
    #[error("{0} is no SQLite database; name another file, or one that does not exist yet")]
    Foreign(String),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Looks whether the records of the data set of this name can be kept in `file`. It is neither made nor changed.
pub(crate) fn look(file: &Path, data_set: &str) -> Result<(), Unusable> {
    let shown = || file.display().to_string();
    let denied = |error| Unusable::Denied { file: shown(), error };
    if file.is_dir() {
        return Err(Unusable::Folder(shown()));
    }
    // To open a pipe may wait for ever.
    if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Err(Unusable::Foreign(shown()));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Unusable::NoFolder { file: shown(), folder: folder.display().to_string() });
    }
    // SQLite writes beside the file too.
    if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Err(Unusable::Closed { file: shown(), folder: folder.display().to_string() });
    }
    let mut opened = match fs::OpenOptions::new().read(true).write(true).open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(denied)?,
    };
    match magic(&mut opened).map_err(denied)? {
        // An empty file is filled like one that is not there.
        found if found.is_empty() => Ok(()),
        found if found != MAGIC => Err(Unusable::Foreign(shown())),
        _ => kept(file, data_set),
    }
}

fn magic(file: &mut File) -> io::Result<Vec<u8>> {
    let mut found = Vec::with_capacity(MAGIC.len());
    file.take(MAGIC.len() as u64).read_to_end(&mut found)?;
    Ok(found)
}

/// Whether it holds this data set, or none. On a thread of its own: whoever asks may be in a runtime already.
fn kept(file: &Path, data_set: &str) -> Result<(), Unusable> {
    let place = Place::File(file.to_path_buf());
    let asked = std::thread::scope(|scope| scope.spawn(|| asked(&place, file, data_set)).join());
    // A panic over there has been reported, and the servers will say what is wrong.
    asked.unwrap_or(Ok(()))
}

fn asked(place: &Place, file: &Path, data_set: &str) -> Result<(), Unusable> {
    let unopened = |error| StoreError::Unopened { file: place.to_string(), error };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unopened(sqlx::Error::Io(error)))?;
    runtime.block_on(async {
        // One that may only read could not take away the files that SQLite keeps beside it while it is open.
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(unopened)?;
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'data_set'";
        let is_filled: i64 = sqlx::query_scalar(tables).fetch_one(&mut connection).await.map_err(unopened)?;
        let others: i64 =
            sqlx::query_scalar(fill::TABLES_OF_OTHERS).fetch_one(&mut connection).await.map_err(unopened)?;
        let mark = match is_filled {
            0 if others > 0 => return Err(StoreError::OtherProgram { file: place.to_string() }.into()),
            0 => None,
            _ => {
                let mark = sqlx::query("SELECT layout, name FROM data_set").fetch_optional(&mut connection).await;
                mark.map_err(unopened)?
            }
        };
        let fits = mark.map(|mark| {
            let (layout, name) = (mark.try_get(0).map_err(unopened)?, mark.try_get(1).map_err(unopened)?);
            fill::fits(layout, name, place, data_set)
        });
        // What was asked has been answered; a database that cannot say good-bye changes nothing.
        let _ = connection.close().await;
        Ok(fits.transpose().map(drop)?)
    })
}
