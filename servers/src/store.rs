//! Where the records are kept: SQLite, in memory or in a file that several processes share.
//!
//! Each record is stored whole, as JSON, beside the columns it is looked for by. SQL is written only in this module
//! and below. It keeps to what PostgreSQL understands too, except for the tables of the full-text index in `text`.

mod asset;
mod awake;
mod billing;
mod customer;
mod fill;
mod kb;
mod look;
mod tables;
mod text;
mod ticket;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use sqlx::{
    Connection, QueryBuilder, Row, Sqlite, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

pub(crate) use asset::AssetFilter;
pub(crate) use billing::{InvoiceFilter, Standing};
pub(crate) use customer::CustomerFilter;
pub(crate) use look::look;
pub(crate) use text::{Words, is_blank};
pub(crate) use ticket::TicketFilter;

use self::awake::awake;
use crate::data::Dataset;

/// How long one process waits for another that is filling a shared file.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Where the records are kept.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Memory,
    File(PathBuf),
}

/// The records of one data set; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// One connection serves all calls in turn: an in-memory database lives exactly as long as it, and a pool asks the
    /// database whether it is still there after every query, which costs as much as the query. None once it is closed.
    connection: Arc<Mutex<Option<SqliteConnection>>>,
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Window {
    pub limit: u32,
    pub offset: u32,
}

/// A part of a list, and how long the whole list is.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub total: usize,
}

/// A kind of record that has ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ticket,
    Customer,
    Invoice,
    Article,
    Asset,
}

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the record store failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{file} cannot be opened to keep the records in: {error}")]
    Unopened { file: String, error: sqlx::Error },
    #[error("the record store has been closed")]
    Closed,
    #[error("a stored record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    #[error(
        "{file} was filled with the data set \"{found}\", not \"{wanted}\"; remove the file or name another with --db"
    )]
    OtherData { file: String, found: String, wanted: String },
    #[error("{file} is the database of another program; name another file, or one that does not exist yet")]
    OtherProgram { file: String },
    #[error(
        "{file} was made by another version of the program (layout {found}); remove the file or name another with --db"
    )]
    OtherLayout { file: String, found: i64 },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("the memory"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Store {
    /// Opens the store and, unless that has been done before, fills it with `data`.
    ///
    /// # Errors
    /// The file cannot be opened or written, or holds something else.
    pub async fn open(place: &Place, data: &Dataset) -> Result<Self, StoreError> {
        let options = match place {
            Place::Memory => SqliteConnectOptions::new().in_memory(true),
            Place::File(path) => SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(BUSY_WAIT),
        };
        let connecting = SqliteConnection::connect_with(&options).await;
        let mut connection = connecting.map_err(|error| StoreError::Unopened { file: place.to_string(), error })?;
        fill::fill(&mut connection, place, data).await?;
        Ok(Self { connection: Arc::new(Mutex::new(Some(connection))) })
    }

    /// Gives the database up; a shared file is left tidy.
    pub async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            // The records have been read; a database that cannot say good-bye changes nothing.
            let _ = connection.close().await;
        }
    }

    async fn connection(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, StoreError> {
        MutexGuard::try_map(self.connection.lock().await, Option::as_mut).map_err(|_| StoreError::Closed)
    }

    /// Every id of a kind, in order.
    pub async fn ids(&self, kind: Kind) -> Result<Vec<String>, StoreError> {
        let sql = match kind {
            Kind::Ticket => "SELECT ticket_id FROM ticket ORDER BY ticket_id",
            Kind::Customer => "SELECT customer_id FROM customer ORDER BY customer_id",
            Kind::Invoice => "SELECT invoice_id FROM invoice ORDER BY invoice_id",
            Kind::Article => "SELECT article_id FROM article ORDER BY article_id",
            Kind::Asset => "SELECT asset_id FROM asset ORDER BY asset_id",
        };
        Ok(awake(sqlx::query_scalar(sql).fetch_all(&mut *self.connection().await?)).await?)
    }

    async fn one<T: DeserializeOwned>(&self, sql: &'static str, id: &str) -> Result<Option<T>, StoreError> {
        let row = awake(sqlx::query(sql).bind(id).fetch_optional(&mut *self.connection().await?)).await?;
        row.as_ref().map(|row| read(row, 0)).transpose()
    }

    async fn all<T: DeserializeOwned>(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<T>, StoreError> {
        let rows = awake(query.build().fetch_all(&mut *self.connection().await?)).await?;
        rows.iter().map(|row| read(row, 0)).collect()
    }

    /// A page of what `from`, the end of a SELECT from its FROM on, finds in `order`.
    async fn page<T: DeserializeOwned>(
        &self,
        from: impl Fn(&mut QueryBuilder<Sqlite>),
        order: &str,
        window: Window,
    ) -> Result<Page<T>, StoreError> {
        let (limit, offset) = (window.limit as usize, window.offset as usize);
        let mut query = QueryBuilder::new("SELECT body");
        from(&mut query);
        query.push(" ORDER BY ").push(order);
        // SQLite plans by the value of a bare parameter here, and so plans anew for every call; by a sum it cannot.
        query.push(" LIMIT 0 + ").push_bind(i64::from(window.limit));
        query.push(" OFFSET 0 + ").push_bind(i64::from(window.offset));
        let items: Vec<T> = self.all(query).await?;
        // Most lists end on their first page, and a page that the list ends on tells how long it is.
        let ends_here = items.len() < limit && (offset == 0 || !items.is_empty());
        let total = if ends_here { offset + items.len() } else { self.count(from).await? };
        Ok(Page { items, total })
    }

    async fn count(&self, from: impl Fn(&mut QueryBuilder<Sqlite>)) -> Result<usize, StoreError> {
        let mut query = QueryBuilder::new("SELECT COUNT(*)");
        from(&mut query);
        let count: i64 = awake(query.build_query_scalar().fetch_one(&mut *self.connection().await?)).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

impl Window {
    /// Cuts a page out of a list that is in memory already.
    pub fn of<T>(self, items: Vec<T>) -> Page<T> {
        let total = items.len();
        let skipped = items.into_iter().skip(self.offset as usize);
        Page { items: skipped.take(self.limit as usize).collect(), total }
    }
}

fn read<T: DeserializeOwned>(row: &SqliteRow, column: usize) -> Result<T, StoreError> {
    Ok(serde_json::from_str(row.try_get(column)?)?)
}

/// Text as it is compared: lower case, without spaces at its ends.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A category as it is compared: `Blue Screen`, `blue-screen` and `blue_screen` are one.
fn category_key(category: &str) -> String {
    folded(category).replace(['_', '-'], " ")
}

/// A pattern for LIKE that finds `text` anywhere.
fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The conditions of a query, joined by AND.
struct Conditions<'q> {
    query: &'q mut QueryBuilder<Sqlite>,
    joined_by: &'static str,
}

impl<'q> Conditions<'q> {
    fn of(query: &'q mut QueryBuilder<Sqlite>) -> Self {
        Self { query, joined_by: " WHERE " }
    }

    /// Adds `left operator value` if there is a value.
    fn compare<T>(&mut self, left: &str, operator: &str, value: Option<T>)
    where
        for<'t> T: sqlx::Encode<'t, Sqlite> + sqlx::Type<Sqlite>,
    {
        if let Some(value) = value {
            self.query.push(self.joined_by).push(left).push(operator).push_bind(value);
            self.joined_by = " AND ";
        }
    }

    fn equals(&mut self, column: &str, value: Option<&str>) {
        self.compare(column, " = ", value.map(str::to_owned));
    }

    /// Adds that a folded column contains `part`.
    fn contains(&mut self, column: &str, part: Option<&str>) {
        if let Some(part) = part {
            self.compare(column, " LIKE ", Some(anywhere(&folded(part))));
            self.query.push(" ESCAPE '\\'");
        }
    }

    /// Adds a condition without a value.
    fn plain(&mut self, condition: &str) {
        self.query.push(self.joined_by).push(condition);
        self.joined_by = " AND ";
    }
}
