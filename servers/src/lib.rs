//! The five MCP servers bundled with Callboard, and the sample data they serve.
//!
//! ```text
//!   wire ── JSON-RPC lines ──► host ── checks arguments, opens the records, catches panics ──► a tool
//!                                                                                               │
//!   ticket  customer  billing  kb  asset        one server a module; none names another         │
//!                                                                                               ▼
//!   data ── reads and validates the files ──► store ── SQLite, the only place with SQL ◄────────┘
//! ```
//!
//! A server is a list of tools; everything that is the same for all of them is in `host`. To add a server, write its
//! module, put it into [`NAMES`] and `SERVERS`, and, if it keeps records of its own, add them to `data` and `store`.

mod arguments;
mod asset;
mod billing;
mod clock;
mod customer;
mod data;
mod host;
mod kb;
mod markdown;
mod money;
mod nearest;
mod schema;
mod store;
mod ticket;
mod tool;
mod tool_error;
mod wire;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::io::{AsyncRead, AsyncWrite};

pub use data::Problem;

use data::source::Source;
use host::{Host, Origin};
use store::Place;
use tool::Server;

/// The names of the servers, in the order in which they are shown.
pub const NAMES: [&str; 5] = ["ticket", "customer", "billing", "kb", "asset"];

const SERVERS: [Server; 5] = [ticket::SERVER, customer::SERVER, billing::SERVER, kb::SERVER, asset::SERVER];

/// What a server works with; the default is the sample data, in memory, on its own day.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// A folder with a data set of one's own.
    pub data: Option<PathBuf>,
    /// A file to keep the records in; it is filled once and may be shared by several processes.
    pub db: Option<PathBuf>,
    /// The day that counts as today: `YYYY-MM-DD` or `today`.
    pub as_of: Option<String>,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no server of that name.
    #[error("there is no server {0:?}; the servers are ticket, customer, billing, kb and asset")]
    UnknownServer(String),
    /// The data set cannot be read.
    #[error("the data set cannot be read:\n  {}", lines(.0))]
    Data(Vec<Problem>),
    /// The day to reckon with is not one.
    #[error("{wanted:?} is not a day: give YYYY-MM-DD or today ({reason})")]
    AsOf {
        /// What was given.
        wanted: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The records cannot be kept in the file.
    #[error("{0}")]
    Db(String),
    /// The asynchronous runtime could not be started.
    #[error("the runtime cannot be started: {0}")]
    Runtime(#[from] io::Error),
}

/// Serves one server on standard input and output until the input ends.
///
/// Standard output carries nothing but JSON-RPC. The call blocks; it makes its own runtime.
///
/// # Errors
/// The server cannot start: unknown name, unreadable data, bad day.
pub fn serve(name: &str, options: &ServeOptions) -> Result<(), ServeError> {
    let host = host(name, options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (reader, writer) = rmcp::transport::stdio_pipes();
        wire::serve(host, Box::new(reader), Box::new(writer)).await;
    });
    // A blocking read of a terminal or a file may still be waiting; it must not keep the process alive.
    runtime.shutdown_background();
    Ok(())
}

/// Serves one server over any stream, such as one end of `tokio::io::duplex`, until the other end is closed.
///
/// # Errors
/// The same as of [`serve`].
pub async fn serve_stream<S>(name: &str, options: &ServeOptions, stream: S) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let host = host(name, options)?;
    let (reader, writer) = tokio::io::split(stream);
    wire::serve(host, Box::new(reader), Box::new(writer)).await;
    Ok(())
}

/// Says whether a text can be given as the day that counts as today.
///
/// # Errors
/// It is neither a date nor `today`.
pub fn check_day(wanted: &str) -> Result<(), ServeError> {
    let day = clock::as_of(Some(wanted), jiff::civil::Date::ZERO);
    day.map(drop).map_err(|error| ServeError::AsOf { wanted: wanted.to_owned(), reason: error.to_string() })
}

/// Looks whether the records of a data folder, or of the sample, can be kept in `file`, which is neither made nor changed.
///
/// # Errors
/// It cannot be read or written, is something else, or holds another data set. A data set that cannot be read is no error
/// here: [`check`] tells of that.
pub fn check_db(file: &Path, dir: Option<&Path>) -> Result<(), ServeError> {
    let Ok(profile) = data::load::profile(&Source::of(dir)) else { return Ok(()) };
    store::look(file, &profile.name).map_err(|unusable| ServeError::Db(unusable.to_string()))
}

/// Lists every problem of a data folder, or of the sample; an empty list means that it is sound.
pub fn check(dir: Option<&Path>) -> Vec<Problem> {
    data::check::check(&Source::of(dir))
}

/// Writes the sample data set into `dir`, to be edited; returns the files written.
///
/// # Errors
/// One of the files exists already (nothing is written then), or a file cannot be written.
pub fn export(dir: &Path) -> io::Result<Vec<PathBuf>> {
    data::source::export(dir)
}

fn host(name: &str, options: &ServeOptions) -> Result<Host, ServeError> {
    let server = SERVERS.iter().find(|server| server.name == name);
    let server = server.ok_or_else(|| ServeError::UnknownServer(name.to_owned()))?;
    let source = Source::of(options.data.as_deref());
    let (profile, loaded) = match &source {
        // The sample is known to be sound: its records are read when they are needed.
        Source::Sample => (data::load::profile(&source).map_err(ServeError::Data)?, None),
        Source::Folder(_) => {
            let data = data::load::load(&source).map_err(ServeError::Data)?;
            (data.profile.clone(), Some(Arc::new(data)))
        }
    };
    let as_of = clock::as_of(options.as_of.as_deref(), profile.as_of).map_err(|error| ServeError::AsOf {
        wanted: options.as_of.clone().unwrap_or_default(),
        reason: error.to_string(),
    })?;
    let place = options.db.clone().map_or(Place::Memory, Place::File);
    Ok(Host::new(server, Origin { profile, loaded, place, as_of }))
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n  ")
}
