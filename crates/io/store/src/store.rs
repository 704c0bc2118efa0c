//! Opening: the URL, the pools with their settings, the migrations.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::db::{Db, sql};
use crate::{Complaint, DatabaseFault, FileProblem, OpenError, StoreError};

pub(crate) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

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
        let db = match Place::of(url)? {
            Place::File(file) => open_sqlite(file).await?,
            Place::Server => open_postgres(url).await?,
        };
        let store = Self { db };
        store.fill_roles().await.map_err(OpenError::Roles)?;
        Ok(store)
    }

    /// Opens the database at `url` for reading alone: nothing is made and nothing is brought up to date, and the database
    /// itself refuses what would write. For programs that look at what a server keeps, beside that server or without one.
    ///
    /// # Errors
    /// [`OpenError`], with the file or server in its message; [`OpenError::Earlier`] and [`OpenError::Later`] if
    /// the tables are not those of this version.
    pub async fn open_for_reading(url: &str) -> Result<Self, OpenError> {
        let db = match Place::of(url)? {
            Place::File(file) => read_sqlite(file).await?,
            Place::Server => read_postgres(url).await?,
        };
        Ok(Self { db })
    }

    /// Whether the database answers: reads what a sign-in reads first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.fetch(sql("SELECT name FROM app_user LIMIT 1")).await.map(drop)
    }

    /// What is wrong with the database's files, or with settings on which it depends that what was acknowledged is on disk; none
    /// if all is well. Reads all of an SQLite file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn condition(&self) -> Result<Vec<Complaint>, StoreError> {
        match &self.db {
            Db::Sqlite { readers, .. } => {
                let said: Vec<String> = sqlx::query_scalar("PRAGMA quick_check").fetch_all(readers).await?;
                Ok(said.into_iter().filter(|line| line != "ok").map(Complaint::Damaged).collect())
            }
            Db::Postgres(pool) => {
                let off = "SELECT name FROM pg_settings WHERE setting = 'off'
                    AND name IN ('fsync', 'synchronous_commit', 'full_page_writes')";
                let off: Vec<String> = sqlx::query_scalar(off).fetch_all(pool).await?;
                Ok(off.into_iter().map(Complaint::SettingOff).collect())
            }
        }
    }

    /// Waits for running statements and closes the connections, also those of the clones.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// Where a database is.
pub(crate) enum Place<'u> {
    /// An SQLite file.
    File(&'u Path),
    /// A PostgreSQL server, which the URL describes.
    Server,
}

impl<'u> Place<'u> {
    pub(crate) fn of(url: &'u str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            Ok(Self::File(Path::new(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Server)
        } else {
            Err(OpenError::Scheme)
        }
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
    keep_before_changes(&mut first, file).await?;
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

/// Copies a database whose tables are about to be changed, so that one can go back to the program of before: beside it, with
/// `.before-` and the last change behind its name.
async fn keep_before_changes(connection: &mut SqliteConnection, file: &Path) -> Result<(), OpenError> {
    let database = file.display().to_string();
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    // Anything else than tables of an earlier version is found out, and told, by those who bring it up to date.
    if !matches!(check_tables(connection, &SQLITE, &database).await, Err(OpenError::Earlier { .. })) {
        return Ok(());
    }
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut *connection).await.map_err(refused)?;
    let last = SQLITE.iter().map(|change| change.version).max().unwrap_or_default();
    let mut copy = file.as_os_str().to_owned();
    copy.push(format!(".before-{last:04}"));
    if tables == 0 || Path::new(&copy).exists() {
        return Ok(());
    }
    // Under another name until it is whole.
    let mut partial = copy.clone();
    partial.push(".partial");
    let system =
        |error| OpenError::File { file: PathBuf::from(&partial), problem: FileProblem::System(error) };
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(system(error)),
        _ => {}
    }
    let name = Path::new(&partial).display().to_string();
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut *connection).await.map_err(refused)?;
    std::fs::rename(&partial, &copy).map_err(system)
}

/// The file must be there and stays as it is; SQLite's own two beside it are made where a server would have made them.
async fn read_sqlite(file: &Path) -> Result<Db, OpenError> {
    let problem = |problem| OpenError::File { file: file.to_owned(), problem: FileProblem::System(problem) };
    // A directory can be opened, and is refused when it is read.
    File::open(file).and_then(|file| file.take(1).read_to_end(&mut Vec::new())).map_err(problem)?;
    let database = file.display().to_string();
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(SQLITE_BUSY_LIMIT)
        .disable_statement_logging();
    let mut first = SqliteConnection::connect_with(&options).await.map_err(refused)?;
    check_tables(&mut first, &SQLITE, &database).await?;
    first.close().await.map_err(refused)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(CONNECT_LIMIT)
        .connect_with(options)
        .await
        .map_err(refused)?;
    Ok(Db::Sqlite { writer: readers.clone(), readers })
}

/// SQLite reports every such failure as "unable to open database file"; the system says which it is.
pub(crate) fn check_file(file: &Path) -> Result<(), FileProblem> {
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
    let options = postgres_options(url)?;
    let database = server_name(&options);
    let mut connection = connect_postgres(&options).await?;
    POSTGRES.run(&mut connection).await.map_err(|error| migration_failed(error, &database))?;
    postgres_pool(connection, options).await
}

/// The server itself refuses whatever would write.
async fn read_postgres(url: &str) -> Result<Db, OpenError> {
    let options = postgres_options(url)?.options([("default_transaction_read_only", "on")]);
    let mut connection = connect_postgres(&options).await?;
    check_tables(&mut connection, &POSTGRES, &server_name(&options)).await?;
    postgres_pool(connection, options).await
}

pub(crate) fn postgres_options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options =
        PgConnectOptions::from_str(url).map_err(|error| OpenError::Url(DatabaseFault::new(error)))?;
    Ok(options.disable_statement_logging())
}

/// A plain connection, before there is a pool, which would hide the cause behind its own timeout.
pub(crate) async fn connect_postgres(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let connect = PgConnection::connect_with(options);
    match tokio::time::timeout(CONNECT_LIMIT, connect).await {
        Ok(result) => result.map_err(|error| server_refused(options, error)),
        Err(_) => Err(server_refused(options, sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    }
}

/// The pool takes the place of the first connection.
async fn postgres_pool(first: PgConnection, options: PgConnectOptions) -> Result<Db, OpenError> {
    first.close().await.map_err(|error| server_refused(&options, error))?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(CONNECT_LIMIT)
        .connect_with(options.clone())
        .await
        .map_err(|error| server_refused(&options, error))?;
    Ok(Db::Postgres(pool))
}

fn server_refused(options: &PgConnectOptions, error: sqlx::Error) -> OpenError {
    OpenError::Refused { database: server_name(options), source: DatabaseFault::new(error) }
}

/// Server and database for people, without user and password.
pub(crate) fn server_name(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or("(default)");
    match options.get_socket() {
        Some(socket) => format!("{database} at {}", socket.display()),
        None => format!("{database} at {}:{}", options.get_host(), options.get_port()),
    }
}

/// Whether the tables are those of this version.
async fn check_tables(
    connection: &mut impl Migrate,
    tables: &Migrator,
    database: &str,
) -> Result<(), OpenError> {
    let database = database.to_owned();
    let applied = match connection.list_applied_migrations(&tables.table_name).await {
        Ok(applied) => applied,
        Err(MigrateError::Execute(error)) if is_missing_table(&error) => Vec::new(),
        Err(error) => return Err(OpenError::Refused { database, source: fault_of(error) }),
    };
    if applied.iter().any(|applied| !tables.version_exists(applied.version)) {
        return Err(OpenError::Later { database });
    }
    let is_applied = |version| applied.iter().any(|applied| applied.version == version);
    if tables.iter().all(|change| is_applied(change.version)) {
        Ok(())
    } else {
        Err(OpenError::Earlier { database })
    }
}

/// SQLite has one code for this and other mistakes in a statement, of which ours has none.
fn is_missing_table(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("1" | "42P01"))
}

fn fault_of(error: MigrateError) -> DatabaseFault {
    if let MigrateError::Execute(error) = error {
        return DatabaseFault::new(error);
    }
    DatabaseFault::new(sqlx::Error::Migrate(Box::new(error)))
}

pub(crate) fn migration_failed(error: MigrateError, database: &str) -> OpenError {
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
