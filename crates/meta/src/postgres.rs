//! PostgreSQL: the same transactions, for many nodes over one database.
//!
//! A transaction is a synchronous function, so it runs on a blocking thread that waits for each statement. A write takes
//! a transaction-wide advisory lock named after its scope before anything else: that gives it what SQLite's single
//! writer gives, for the rows of that scope, without serialization failures for clients to see. Should the database end
//! a transaction all the same (a deadlock, a serialization failure), it is run again.
//!
//! A round trip is what most calls here cost, so none is made to say that a transaction begins: that goes out with its
//! first statement. Nor does a read wait to hear that it is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use async_trait::async_trait;
use bytes::BytesMut;
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Config, NoTls, Statement};

use crate::database::{Backend, Error, Row, Scope, Sql, Value, Work};
use crate::schema;

/// Connections of one node.
const CONNECTIONS: usize = 16;

/// How often a transaction is run again that the database ended.
const ATTEMPTS: usize = 8;

pub(crate) struct PostgresBackend {
    pool: Pool,
}

impl PostgresBackend {
    pub(crate) async fn open(address: &str) -> Result<Self, Error> {
        let config = Config::from_str(address)
            .map_err(|error| Error::unavailable("the address of the database is not well formed", error))?;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::unavailable("the pool of connections could not be made", error))?;
        let backend = Self { pool };
        let migrate = Box::new(|sql: &mut dyn Sql| {
            schema::migrate(sql, schema::Dialect::Postgres)?;
            Ok(true)
        });
        backend.write(&Scope::Shared, migrate).await?;
        Ok(backend)
    }

    async fn client(&self) -> Result<Client, Error> {
        self.pool.get().await.map_err(|error| Error::unavailable("no connection to the database", error))
    }
}

#[async_trait]
impl Backend for PostgresBackend {
    async fn read(&self, mut work: Work<'static>) -> Result<(), Error> {
        let client = self.client().await?;
        blocking(move |handle| {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            let mut sql = PostgresSql { client: &client, handle, begin: Some(begin) };
            let result = guarded(&mut work, &mut sql).map(drop);
            if sql.begin.is_none() {
                handle.spawn(end(client));
            }
            result
        })
        .await
    }

    async fn query(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await.map_err(fault)?;
        rows(&client.query(&statement, &parameters(&values)).await.map_err(fault)?)
    }

    async fn write(&self, scope: &Scope, mut work: Work<'static>) -> Result<(), Error> {
        let client = self.client().await?;
        let lock = scope.lock_name();
        blocking(move |handle| {
            let mut sql = PostgresSql { client: &client, handle, begin: None };
            let mut attempt = 1;
            loop {
                match run(&mut sql, &lock, &mut work) {
                    Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                    other => return other,
                }
            }
        })
        .await
    }
}

fn run(sql: &mut PostgresSql<'_>, lock: &str, work: &mut Work<'static>) -> Result<(), Error> {
    sql.begin = Some("BEGIN");
    let result = sql
        .query("SELECT 1::BIGINT FROM pg_advisory_xact_lock(hashtextextended($1, 0))", &[Value::from(lock)])
        .and_then(|_| guarded(work, sql));
    match result {
        Ok(true) => sql.batch("COMMIT"),
        other => {
            sql.batch("ROLLBACK")?;
            other.map(drop)
        }
    }
}

/// Ends a read. A connection that cannot is not used again.
async fn end(client: Client) {
    if let Err(error) = client.batch_execute("ROLLBACK").await {
        tracing::warn!(%error, "a connection to the database is given up");
        drop(Client::take(client));
    }
}

/// Runs the work of a transaction. A panic in it must not give the connection back with the transaction open.
fn guarded(work: &mut Work<'static>, sql: &mut PostgresSql<'_>) -> Result<bool, Error> {
    catch_unwind(AssertUnwindSafe(|| work(sql)))
        .unwrap_or_else(|_| Err(Error::unavailable("a transaction panicked", "see the log")))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&Handle) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || work(&handle))
        .await
        .unwrap_or_else(|error| Err(Error::unavailable("a transaction panicked", error)))
}

struct PostgresSql<'a> {
    client: &'a Client,
    handle: &'a Handle,
    /// What begins the transaction, until it has begun.
    begin: Option<&'static str>,
}

impl PostgresSql<'_> {
    fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.handle.block_on(self.client.batch_execute(sql)).map_err(fault)
    }

    /// Sends a statement, and before it what begins the transaction, if it is the first.
    fn send<T>(&mut self, statement: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        let begin = self.begin.take();
        let done = self.handle.block_on(async {
            let Some(begin) = begin else { return statement.await };
            // Both are on their way before either is answered, in this order.
            let (begun, done) = tokio::join!(biased; self.client.batch_execute(begin), statement);
            begun.and(done)
        });
        done.map_err(fault)
    }

    fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        self.handle.block_on(self.client.prepare_cached(sql)).map_err(fault)
    }
}

impl Sql for PostgresSql<'_> {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let (client, statement) = (self.client, self.prepared(sql)?);
        rows(&self.send(client.query(&statement, &parameters(values)))?)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let (client, statement) = (self.client, self.prepared(sql)?);
        self.send(client.execute(&statement, &parameters(values)))
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn rows(rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Error> {
    let one = |row: &tokio_postgres::Row| {
        let values = row.columns().iter().enumerate().map(|(column, about)| read(row, column, about.type_()));
        Ok(Row(values.collect::<Result<_, Error>>()?))
    };
    rows.iter().map(one).collect()
}

fn read(row: &tokio_postgres::Row, column: usize, kind: &Type) -> Result<Value, Error> {
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(|value| value.map_or(Value::Null, Value::Int)),
        Type::TEXT => row.try_get::<_, Option<String>>(column).map(|value| value.map_or(Value::Null, Value::Text)),
        _ => return Err(Error::corrupt(format!("a column has the type {kind}"))),
    };
    value.map_err(fault)
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(kind, out),
            // A NUL cannot stand in a PostgreSQL text, and no text that passed its rule has one.
            Self::Text(value) => value.replace('\0', "\u{fffd}").to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::TEXT)
    }

    to_sql_checked!();
}

fn fault(error: tokio_postgres::Error) -> Error {
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => Error::duplicate(error),
        Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
            Error::conflict(error)
        }
        _ => Error::unavailable("the database refused a statement", error),
    }
}
