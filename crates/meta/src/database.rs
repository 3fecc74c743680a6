//! What both databases have in common: values, rows, transactions, errors.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use model::{AccountId, BucketName};
use parking_lot::Mutex;
use thiserror::Error;

use crate::images::CountCache;
use crate::postgres::PostgresBackend;
use crate::sqlite::SqliteBackend;

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        // Numbers of records are made by us and far below 2^63; a larger one is stored as the largest.
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<AccountId> for Value {
    fn from(value: AccountId) -> Self {
        Self::from(value.number())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list of values for a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::database::Value::from($value)),*] };
}
pub(crate) use values;

/// A row that a statement returned.
#[derive(Debug, Clone)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            other => Err(Error::corrupt(format!("column {column} holds {other:?} where a number belongs"))),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str, Error> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value),
            other => Err(Error::corrupt(format!("column {column} holds {other:?} where a text belongs"))),
        }
    }

    /// A count or size, which is never negative.
    pub(crate) fn size(&self, column: usize) -> Result<u64, Error> {
        u64::try_from(self.int(column)?).map_err(|_| Error::corrupt(format!("column {column} is negative")))
    }

    pub(crate) fn account(&self, column: usize) -> Result<AccountId, Error> {
        self.size(column).map(AccountId::new)
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, Error> {
        from_json(self.text(column)?)
    }
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("records of ours have no map keys that are not text")
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::corrupt(format!("a record is not of its shape: {error}")))
}

/// Why the records did not answer.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The database is away or overloaded; later it may answer.
    Unavailable,
    /// A row does not hold what the schema promises.
    Corrupt,
    /// Two rows would have the same key.
    Duplicate,
    /// The database ended the transaction to let another one go on; it can be run again.
    Conflict,
}

impl Error {
    pub(crate) fn unavailable(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind: Kind::Unavailable, message: message.into(), source: Some(source.into()) }
    }

    /// What stands in the records is not what belongs there.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self { kind: Kind::Corrupt, message: message.into(), source: None }
    }

    pub(crate) fn duplicate(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Duplicate, message: "a row with this key exists".to_owned(), source: Some(source.into()) }
    }

    pub(crate) fn conflict(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "the transaction met another one".to_owned();
        Self { kind: Kind::Conflict, message, source: Some(source.into()) }
    }

    /// True when the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::Conflict)
    }

    /// True when a row with this key exists already.
    pub fn is_duplicate(&self) -> bool {
        self.kind == Kind::Duplicate
    }

    pub(crate) fn is_conflict(&self) -> bool {
        self.kind == Kind::Conflict
    }
}

/// What writes exclude each other: two writes of one scope never run at once, on any node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The images, tasks, tags, roles and tokens of an account.
    Account(AccountId),
    /// The objects and uploads of a bucket.
    Bucket(BucketName),
    /// The record of calls.
    Audit,
    /// Everything that belongs to nobody: accounts, flows, settings.
    Shared,
}

impl Scope {
    pub(crate) fn lock_name(&self) -> String {
        match self {
            Self::Account(account) => format!("account/{account}"),
            Self::Bucket(bucket) => format!("bucket/{bucket}"),
            Self::Audit => "audit".to_owned(),
            Self::Shared => "shared".to_owned(),
        }
    }
}

/// One statement after another on a connection. Statements are written with `$1`, `$2` … in both databases.
pub(crate) trait Sql {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error>;
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error>;
}

/// An open transaction.
pub struct Tx<'a> {
    sql: &'a mut dyn Sql,
    counts: &'a Mutex<CountCache>,
}

impl Tx<'_> {
    pub(crate) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.sql.query(sql, values)
    }

    pub(crate) fn query_one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.sql.query(sql, values)?.into_iter().next())
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        self.sql.execute(sql, values)
    }

    pub(crate) fn counts(&self) -> &Mutex<CountCache> {
        self.counts
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// How many rows there are in all.
    pub total: u64,
    /// Place of the last row in the order of age, when the page is full and another may follow.
    pub last: Option<i64>,
}

/// The work of a transaction, as the databases see it: `false` asks for a rollback.
pub(crate) type Work<'a> = Box<dyn FnMut(&mut dyn Sql) -> Result<bool, Error> + Send + 'a>;

#[async_trait]
pub(crate) trait Backend: Send + Sync {
    async fn read(&self, work: Work<'static>) -> Result<(), Error>;
    async fn write(&self, scope: &Scope, work: Work<'static>) -> Result<(), Error>;

    /// The rows of one statement, which needs no transaction around it.
    async fn query(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        let slot: Arc<Mutex<Vec<Row>>> = Arc::default();
        let inner = Arc::clone(&slot);
        let work = move |tx: &mut dyn Sql| {
            *inner.lock() = tx.query(sql, &values)?;
            Ok(true)
        };
        self.read(Box::new(work)).await?;
        let rows = std::mem::take(&mut *slot.lock());
        Ok(rows)
    }
}

/// The records of one deployment.
#[derive(Clone)]
pub struct Meta {
    backend: Arc<dyn Backend>,
    counts: Arc<Mutex<CountCache>>,
}

impl Meta {
    /// Opens the records in a SQLite file, which is made when there is none.
    pub fn open_sqlite(path: &Path) -> Result<Self, Error> {
        Ok(Self::over(SqliteBackend::open(path)?))
    }

    /// Opens the records in a PostgreSQL database, whose tables are made when there are none.
    pub async fn open_postgres(address: &str) -> Result<Self, Error> {
        Ok(Self::over(PostgresBackend::open(address).await?))
    }

    fn over(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend), counts: Arc::default() }
    }

    /// Runs `work` over one consistent state of the records.
    pub async fn read<T, E>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (slot, work) = self.capture(move |tx| work(tx));
        settle(&slot, self.backend.read(work).await)
    }

    /// The rows of one statement that reads: cheaper than [`Meta::read`], for what a call looks up beside its work.
    pub(crate) async fn query(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Error> {
        self.backend.query(sql, values.to_vec()).await
    }

    /// Runs `work` as one durable transaction. It may run more than once, when the database asks for it: its only
    /// effects must be those on the `Tx`.
    pub async fn write<T, E>(
        &self,
        scope: Scope,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (slot, work) = self.capture(move |tx| work(tx));
        settle(&slot, self.backend.write(&scope, work).await)
    }

    /// Turns typed work into the databases' form: what it returns waits in a slot until the transaction has ended.
    fn capture<T: Send + 'static, E: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> (Slot<T, E>, Work<'static>) {
        let slot: Slot<T, E> = Arc::default();
        let counts = Arc::clone(&self.counts);
        let inner = Arc::clone(&slot);
        let work = Box::new(move |sql: &mut dyn Sql| {
            let result = work(&mut Tx { sql, counts: &counts });
            let commit = result.is_ok();
            *inner.lock() = Some(result);
            Ok(commit)
        });
        (slot, work)
    }
}

type Slot<T, E> = Arc<Mutex<Option<Result<T, E>>>>;

fn settle<T, E: From<Error>>(slot: &Slot<T, E>, outcome: Result<(), Error>) -> Result<T, E> {
    outcome?;
    slot.lock().take().expect("a transaction that ended well ran its work")
}
