//! Opening: the URL, the pools with their settings, the migrations.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::db::{Db, sql};
use crate::{DatabaseFault, FileProblem, OpenError, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections that read the SQLite file beside the writer.
const SQLITE_READERS: u32 = 4;
/// How long SQLite waits for a lock that another process holds.
const SQLITE_BUSY_LIMIT: Duration = Duration::from_secs(2);
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 8;
/// How long SQLite may take to make or open its file at the start: a busy disk takes its time to keep what it is given.
const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// How long a statement waits for a connection before the database counts as unavailable.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// The database of this server. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
}

impl Store {
    /// Opens the database at `url` and brings its tables up to date. `sqlite://path` makes the file if it is
    /// not there (its directory must be); `postgres://user:password@host:port/database` must exist, and also
    /// takes a socket directory as `?host=/path`.
    ///
    /// # Errors
    /// [`OpenError`], with the file or server in its message.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let db = if let Some(path) = url.strip_prefix("sqlite://") {
            open_sqlite(Path::new(path)).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await?
        } else {
            return Err(OpenError::Scheme);
        };
        let store = Self { db };
        store.fill_roles().await.map_err(OpenError::Roles)?;
        Ok(store)
    }

    /// Whether the database answers: reads what a sign-in reads first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.fetch(sql("SELECT name FROM app_user LIMIT 1")).await.map(drop)
    }

    /// Waits for running statements and closes the connections, also those of the clones.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

async fn open_sqlite(file: &Path) -> Result<Db, OpenError> {
    check_file(file).map_err(|problem| OpenError::File { file: file.to_owned(), problem })?;
    let database = file.display().to_string();
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Every commit is on disk before it is acknowledged.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(SQLITE_BUSY_LIMIT)
        .disable_statement_logging();
    // The file is made and brought up to date by a connection that has time; it stays until the others are there.
    let mut first = match tokio::time::timeout(OPEN_LIMIT, SqliteConnection::connect_with(&options)).await {
        Ok(result) => result.map_err(refused)?,
        Err(_) => return Err(refused(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    };
    SQLITE.run(&mut first).await.map_err(|error| migration_failed(error, &database))?;
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(CONNECT_LIMIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await
        .map_err(refused)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(CONNECT_LIMIT)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .map_err(refused)?;
    first.close().await.map_err(refused)?;
    Ok(Db::Sqlite { writer, readers })
}

/// SQLite reports every such failure as "unable to open database file"; the system says which it is.
fn check_file(file: &Path) -> Result<(), FileProblem> {
    let directory = match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if !directory.is_dir() {
        return Err(FileProblem::NoDirectory(directory));
    }
    match std::fs::OpenOptions::new().append(true).create(true).open(file) {
        Ok(_) => Ok(()),
        Err(error) => Err(FileProblem::System(error)),
    }
}

async fn open_postgres(url: &str) -> Result<Db, OpenError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| OpenError::Url(DatabaseFault::new(error)))?
        .disable_statement_logging();
    let database = server_name(&options);
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    // A plain connection first: a pool would hide the cause behind its own timeout.
    let connect = PgConnection::connect_with(&options);
    let mut connection = match tokio::time::timeout(CONNECT_LIMIT, connect).await {
        Ok(result) => result.map_err(refused)?,
        Err(_) => return Err(refused(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    };
    POSTGRES.run(&mut connection).await.map_err(|error| migration_failed(error, &database))?;
    connection.close().await.map_err(refused)?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(CONNECT_LIMIT)
        .connect_with(options)
        .await
        .map_err(refused)?;
    Ok(Db::Postgres(pool))
}

/// Server and database for people, without user and password.
fn server_name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or("(default)");
    match options.get_socket() {
        Some(socket) => format!("{database} at {}", socket.display()),
        None => format!("{database} at {}:{}", options.get_host(), options.get_port()),
    }
}

fn migration_failed(error: MigrateError, database: &str) -> OpenError {
    let database = database.to_owned();
    if matches!(error, MigrateError::VersionMissing(_)) {
        return OpenError::Later { database };
    }
    OpenError::Migrate { database, source: DatabaseFault::new(sqlx::Error::Migrate(Box::new(error))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_server_holds_no_password() {
        let options = PgConnectOptions::from_str("postgres://ann:geheim@db.example:5433/hotline").unwrap();
        assert_eq!(server_name(&options), "hotline at db.example:5433");
    }
}
