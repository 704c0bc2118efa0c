//! What a case works with: a store on a database of its own, and the means to take that database away.

use std::future::Future;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hotline_store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::postgres::Server;

/// A name and what to do.
pub(crate) type Case = (&'static str, fn(Bench) -> Pin<Box<dyn Future<Output = ()>>>);

/// Cases at a time.
const AT_ONCE: usize = 4;
/// The longest a case may take; only a hanging one gets there.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// A kind of database.
#[derive(Clone)]
pub(crate) enum Backend {
    Sqlite,
    Postgres(Arc<Server>),
}

impl Backend {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(Arc::new(Server::start()))
    }
}

/// A fresh database.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) directory: TempDir,
    backend: Backend,
}

impl Bench {
    pub(crate) async fn new(backend: &Backend, name: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}", directory.path().join("hotline.db").display()),
            Backend::Postgres(server) => server.create_database(&name.replace("::", "_")).await,
        };
        let store = Store::open(&url).await.unwrap();
        Self { store, url, directory, backend: backend.clone() }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn raw(&self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        match &self.backend {
            Backend::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await?;
                statement.execute(&mut connection).await?;
            }
            Backend::Postgres(_) => {
                let mut connection = PgConnection::connect(&self.url).await?;
                statement.execute(&mut connection).await?;
            }
        }
        Ok(())
    }

    /// How many rows of a table have this value in a column, behind the store's back.
    pub(crate) async fn count(&self, table: &str, column: &str, value: &str) -> i64 {
        let query = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE {column} = $1"));
        match &self.backend {
            Backend::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(query).bind(value).fetch_one(&mut connection).await.unwrap()
            }
            Backend::Postgres(_) => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(query).bind(value).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// The texts that a query on SQLite gives.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
        sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap()
    }

    /// How often the whole of a table of calls was read on PostgreSQL, as far as connections that are closed have told. SQLite does not
    /// count; there the plans of the statements are looked at.
    pub(crate) async fn full_scans(&self) -> i64 {
        if matches!(self.backend, Backend::Sqlite) {
            return 0;
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let scans = "SELECT CAST(SUM(seq_scan) AS BIGINT) FROM pg_stat_user_tables
            WHERE relname IN ('call', 'call_term', 'call_search', 'call_agent')";
        sqlx::query_scalar(scans).fetch_one(&mut connection).await.unwrap()
    }

    /// Lets rows of the audit log be changed, as someone with all rights could.
    pub(crate) async fn disarm_audit(&self) {
        let statements = match &self.backend {
            Backend::Sqlite => "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;",
            Backend::Postgres(_) => "DROP TRIGGER audit_append_only ON audit;",
        };
        self.raw(statements).await.unwrap();
    }

    /// Takes the database away: stops the server, or takes SQLite's write lock as another process would.
    pub(crate) async fn begin_outage(&self) -> Outage {
        match &self.backend {
            Backend::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
                Outage::Sqlite(connection)
            }
            Backend::Postgres(server) => {
                server.stop();
                Outage::Postgres(Arc::clone(server))
            }
        }
    }

    /// SQLite's readers go on beside a writer that blocks.
    pub(crate) fn reads_during_an_outage(&self) -> bool {
        matches!(self.backend, Backend::Sqlite)
    }

    /// Another process of this test binary that runs the test `name` and finds this database in its environment.
    pub(crate) fn spawn_child(&self, name: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env("STORE_URL", &self.url)
            .env("STORE_SPOOL", self.directory.path().join("spool"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// A database that is away.
pub(crate) enum Outage {
    Sqlite(SqliteConnection),
    Postgres(Arc<Server>),
}

impl Outage {
    /// Brings it back.
    pub(crate) async fn end(self) {
        match self {
            Self::Sqlite(mut connection) => {
                sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres(server) => server.run(),
        }
    }
}

/// Runs `cases` side by side and panics at the end with the names of those that failed.
pub(crate) fn run_all(backend: &Backend, cases: &[Case]) {
    run(backend, cases, AT_ONCE);
}

/// The same, one after another.
pub(crate) fn run_each_alone(backend: &Backend, cases: &[Case]) {
    run(backend, cases, 1);
}

fn run(backend: &Backend, cases: &[Case], at_once: usize) {
    let runtime = runtime();
    let local = tokio::task::LocalSet::new();
    let failed = local.block_on(&runtime, async {
        let mut running = JoinSet::new();
        let mut failed = Vec::new();
        for &(name, case) in cases {
            while running.len() >= at_once {
                failed.extend(running.join_next().await.and_then(Result::unwrap));
            }
            let backend = backend.clone();
            running.spawn_local(async move {
                let bench = Bench::new(&backend, name).await;
                let body = tokio::task::spawn_local(tokio::time::timeout(CASE_LIMIT, case(bench)));
                let passed = matches!(body.await, Ok(Ok(())));
                println!("{} {name}", if passed { "ok    " } else { "FAILED" });
                (!passed).then_some(name)
            });
        }
        while let Some(finished) = running.join_next().await {
            failed.extend(finished.unwrap());
        }
        failed
    });
    assert!(failed.is_empty(), "{} of {} cases failed: {failed:?}", failed.len(), cases.len());
}

/// One thread: the PostgreSQL server dies with the thread that started it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
