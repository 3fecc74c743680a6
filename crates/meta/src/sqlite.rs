//! SQLite: readers beside one writer that commits in groups.
//!
//! SQLite has one writer at a time, and what a commit costs is its fsync. So one thread owns the writing connection and
//! drains a queue: `BEGIN IMMEDIATE`, up to [`GROUP`] requests each under a savepoint of its own, `COMMIT`, and only then
//! are the requests answered. Sixty-four clients share one fsync, and a request that fails takes nobody with it.
//!
//! Reads run on the calling thread with a connection of their own; in WAL mode they never wait for the writer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};
use tokio::sync::oneshot;

use crate::database::{Backend, Error, Row, Scope, Sql, Value, Work};
use crate::schema;

/// Requests that share a commit at most: more would only make the first ones wait longer.
const GROUP: usize = 64;

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;

/// Idle reading connections that are kept open.
const READERS: usize = 8;

pub(crate) struct SqliteBackend {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    writer: mpsc::Sender<Request>,
}

struct Request {
    work: Work<'static>,
    answer: oneshot::Sender<Result<(), Error>>,
}

impl SqliteBackend {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = connect(path, false)?;
        schema::migrate(&mut SqliteSql(&mut connection), schema::Dialect::Sqlite)?;
        let (writer, requests) = mpsc::channel();
        thread::Builder::new()
            .name("meta-writer".to_owned())
            .spawn(move || write_loop(&mut connection, &requests))
            .map_err(|error| Error::unavailable("the writing thread did not start", error))?;
        Ok(Self { path: path.to_owned(), readers: Mutex::default(), writer })
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn read(&self, mut work: Work<'static>) -> Result<(), Error> {
        let idle = self.readers.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path, true)?,
        };
        connection.execute_batch("BEGIN").map_err(|error| fault(&error))?;
        let result = work(&mut SqliteSql(&mut connection)).map(drop);
        // A connection whose transaction does not end is dropped, not given to the next reader.
        if connection.execute_batch("ROLLBACK").is_ok() {
            let mut readers = self.readers.lock();
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        result
    }

    async fn write(&self, _scope: &Scope, work: Work<'static>) -> Result<(), Error> {
        let (answer, outcome) = oneshot::channel();
        self.writer
            .send(Request { work, answer })
            .map_err(|_| Error::unavailable("the writing thread has ended", "no receiver"))?;
        outcome.await.map_err(|error| Error::unavailable("the writing thread has ended", error))?
    }
}

fn connect(path: &Path, read_only: bool) -> Result<Connection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= if read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    };
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| Error::unavailable(format!("{} does not open", path.display()), error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(|error| fault(&error))?;
    // As in PostgreSQL: a pattern means its letters as they are written.
    connection.execute_batch("PRAGMA case_sensitive_like = ON").map_err(|error| fault(&error))?;
    if !read_only {
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(|error| fault(&error))?;
    }
    Ok(connection)
}

fn write_loop(connection: &mut Connection, requests: &mpsc::Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut group = vec![first];
        group.extend(requests.try_iter().take(GROUP - 1));
        let mut done = Vec::with_capacity(group.len());
        let outcome = run_group(connection, group, &mut done);
        if outcome.is_err() && !connection.is_autocommit() {
            // Whatever failed, the next group starts outside a transaction.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for (answer, result) in done {
            let result = match &outcome {
                Ok(()) => result,
                Err(error) => Err(Error::unavailable("the group of writes did not commit", error.to_string())),
            };
            // A caller that went away does not need its answer.
            let _ = answer.send(result);
        }
    }
}

type Answered = (oneshot::Sender<Result<(), Error>>, Result<(), Error>);

fn run_group(
    connection: &mut Connection,
    group: Vec<Request>,
    done: &mut Vec<Answered>,
) -> Result<(), rusqlite::Error> {
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    for Request { mut work, answer } in group {
        let result = match &begun {
            Ok(()) => run_one(connection, &mut work),
            Err(error) => Err(fault(error)),
        };
        done.push((answer, result));
    }
    begun?;
    connection.execute_batch("COMMIT")
}

fn run_one(connection: &mut Connection, work: &mut Work<'static>) -> Result<(), Error> {
    connection.execute_batch("SAVEPOINT request").map_err(|error| fault(&error))?;
    // A panic in one request must not end the writer of all others.
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut SqliteSql(connection))))
        .unwrap_or_else(|_| Err(Error::unavailable("a transaction panicked", "see the log")));
    let end = if matches!(result, Ok(true)) { "RELEASE request" } else { "ROLLBACK TO request; RELEASE request" };
    connection.execute_batch(end).map_err(|error| fault(&error))?;
    result.map(drop)
}

pub(crate) struct SqliteSql<'a>(pub(crate) &'a mut Connection);

impl Sql for SqliteSql<'_> {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached(&translate(sql)).map_err(|error| fault(&error))?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values)).map_err(|error| fault(&error))?;
        let mut read = Vec::new();
        while let Some(row) = rows.next().map_err(|error| fault(&error))? {
            let values = (0..columns)
                .map(|column| {
                    Ok(match row.get_ref(column).map_err(|error| fault(&error))? {
                        ValueRef::Null => Value::Null,
                        ValueRef::Integer(value) => Value::Int(value),
                        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                        other => return Err(Error::corrupt(format!("a column holds {:?}", other.data_type()))),
                    })
                })
                .collect::<Result<_, Error>>()?;
            read.push(Row(values));
        }
        Ok(read)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let mut statement = self.0.prepare_cached(&translate(sql)).map_err(|error| fault(&error))?;
        let changed = statement.execute(params_from_iter(values)).map_err(|error| fault(&error))?;
        Ok(changed as u64)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Null => rusqlite::types::Null.to_sql(),
            Self::Int(value) => value.to_sql(),
            Self::Text(value) => value.to_sql(),
        }
    }
}

/// `$1` is a *name* to SQLite, numbered by first appearance; `?1` is what we mean. `/*by x*/` pins the index of a list
/// query, which SQLite otherwise leaves when one owner has most rows; PostgreSQL reads a comment there. A row cannot be
/// locked here and need not be: there is one writer.
fn translate(sql: &str) -> String {
    let sql = sql.strip_suffix(" FOR SHARE").or_else(|| sql.strip_suffix(" FOR UPDATE")).unwrap_or(sql);
    sql.replace('$', "?").replace("/*by ", "INDEXED BY ").replace("*/", " ")
}

fn fault(error: &rusqlite::Error) -> Error {
    let text = error.to_string();
    match error.sqlite_error() {
        Some(inner) if inner.code == ErrorCode::ConstraintViolation => Error::duplicate(text),
        Some(inner) if matches!(inner.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::corrupt(format!("the database file is damaged: {text}"))
        }
        _ => Error::unavailable("the database refused a statement", text),
    }
}
