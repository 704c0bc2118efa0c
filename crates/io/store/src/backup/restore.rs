//! Filling a database from lines of JSON, all of it or nothing.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Postgres, SqliteConnection,
    Transaction,
};

use super::{TABLES, is_name};
use crate::store::{self, POSTGRES, Place, SQLITE};
use crate::{DatabaseFault, FileProblem, OpenError, StoreError, TextProblem};

/// A database that is being filled. Dropped before [`Restoring::finish`], it leaves what was there before.
pub struct Restoring {
    target: Target,
    database: String,
}

enum Target {
    /// A new file beside the old one, whose place it takes at the end.
    Sqlite { connection: SqliteConnection, filled: PathBuf, file: PathBuf },
    /// In one transaction.
    Postgres(Transaction<'static, Postgres>),
}

impl Restoring {
    /// Makes the tables of `version` at `url`, where none may be unless `replace`.
    ///
    /// # Errors
    /// [`OpenError::Occupied`] if there is a database already, [`OpenError::Later`] if this program does not know that version of
    /// the tables, and the others of opening.
    pub async fn begin(url: &str, version: i64, replace: bool) -> Result<Self, OpenError> {
        match Place::of(url)? {
            Place::File(file) => begin_sqlite(file, version, replace).await,
            Place::Server => begin_postgres(url, version, replace).await,
        }
    }

    /// Puts rows into a table: each is a JSON array of the values of `columns`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the table or a column cannot exist, [`StoreError::Refused`] and [`StoreError::Internal`] for rows
    /// that do not fit, [`StoreError::Unavailable`].
    pub async fn insert(
        &mut self,
        table: &str,
        columns: &[String],
        rows: &[String],
    ) -> Result<(), StoreError> {
        if !TABLES.contains(&table) || columns.is_empty() || !columns.iter().all(|column| is_name(column)) {
            return Err(StoreError::Invalid {
                field: "the name of a table or column",
                problem: TextProblem::Empty,
            });
        }
        let names = columns.join(",");
        let array = format!("[{}]", rows.join(","));
        match &mut self.target {
            Target::Sqlite { connection, .. } => {
                let values: Vec<String> =
                    (0..columns.len()).map(|place| format!("json_extract(value, '$[{place}]')")).collect();
                let statement =
                    format!("INSERT INTO {table} ({names}) SELECT {} FROM json_each($1)", values.join(","));
                sqlx::query(AssertSqlSafe(statement)).bind(array).execute(connection).await?;
            }
            Target::Postgres(tx) => {
                let values = postgres_values(&mut *tx, table, columns).await?;
                let statement = format!(
                    "INSERT INTO {table} ({names}) SELECT {values} FROM json_array_elements($1::json)"
                );
                sqlx::query(AssertSqlSafe(statement)).bind(array).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    /// Empties a table of the rows with which a new database begins.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn clear(&mut self, table: &str) -> Result<(), StoreError> {
        // Nothing is in it yet, and it refuses to forget.
        if table == "audit" {
            return Ok(());
        }
        let statement = AssertSqlSafe(format!("DELETE FROM {table}"));
        match &mut self.target {
            Target::Sqlite { connection, .. } => {
                sqlx::query(statement).execute(connection).await.map(drop)?
            }
            Target::Postgres(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// Brings the tables up to date and puts them in the place of what was there, at once. The SQLite file of before is kept
    /// beside with `.before-restore` behind its name.
    ///
    /// # Errors
    /// [`OpenError`]; then what was there before is there still.
    pub async fn finish(self) -> Result<(), OpenError> {
        let database = self.database;
        let refused =
            |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
        let failed = |error| store::migration_failed(error, &database);
        match self.target {
            Target::Sqlite { mut connection, filled, file } => {
                sqlx::raw_sql("COMMIT").execute(&mut connection).await.map_err(refused)?;
                SQLITE.run(&mut connection).await.map_err(failed)?;
                connection.close().await.map_err(refused)?;
                take_place(&filled, &file)
                    .map_err(|error| OpenError::File { file, problem: FileProblem::System(error) })
            }
            Target::Postgres(mut tx) => {
                POSTGRES.run(&mut *tx).await.map_err(failed)?;
                tx.commit().await.map_err(refused)
            }
        }
    }
}

async fn begin_sqlite(file: &Path, version: i64, replace: bool) -> Result<Restoring, OpenError> {
    let database = file.display().to_string();
    if !SQLITE.version_exists(version) {
        return Err(OpenError::Later { database });
    }
    if file.exists() && !replace {
        return Err(OpenError::Occupied { database });
    }
    let filled = beside(file, ".restoring");
    store::check_file(&filled).map_err(|problem| OpenError::File { file: filled.clone(), problem })?;
    let system = |error| OpenError::File { file: filled.clone(), problem: FileProblem::System(error) };
    // What an interrupted try has left.
    std::fs::remove_file(&filled).map_err(system)?;
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    let options = SqliteConnectOptions::new()
        .filename(&filled)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(refused)?;
    let made = SQLITE.run_to(version, &mut connection).await;
    made.map_err(|error| store::migration_failed(error, &database))?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.map_err(refused)?;
    Ok(Restoring { target: Target::Sqlite { connection, filled, file: file.to_owned() }, database })
}

async fn begin_postgres(url: &str, version: i64, replace: bool) -> Result<Restoring, OpenError> {
    let options = store::postgres_options(url)?;
    let database = store::server_name(&options);
    if !POSTGRES.version_exists(version) {
        return Err(OpenError::Later { database });
    }
    // One connection that has time, and of which a transaction is wanted that the changes of tables can be part of.
    store::connect_postgres(&options).await?.close().await.ok();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
    let refused =
        |error| OpenError::Refused { database: database.clone(), source: DatabaseFault::new(error) };
    let mut tx = pool.map_err(refused)?.begin().await.map_err(refused)?;
    // Also tables of other programs that have the same names: they are nobody's to take away.
    let occupied = format!(
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename IN ('{}', '_sqlx_migrations')",
        TABLES.join("', '")
    );
    let occupied: i64 =
        sqlx::query_scalar(AssertSqlSafe(occupied)).fetch_one(&mut *tx).await.map_err(refused)?;
    if occupied > 0 && !replace {
        return Err(OpenError::Occupied { database });
    }
    if replace {
        let drop = format!(
            "DROP TABLE IF EXISTS {}, _sqlx_migrations CASCADE; DROP FUNCTION IF EXISTS audit_refuse",
            TABLES.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *tx).await.map_err(refused)?;
    }
    let made = POSTGRES.run_to(version, &mut *tx).await;
    made.map_err(|error| store::migration_failed(error, &database))?;
    Ok(Restoring { target: Target::Postgres(tx), database })
}

/// What `INSERT … SELECT` takes out of an array for each column, as the type that the column has.
async fn postgres_values(
    connection: &mut PgConnection,
    table: &str,
    columns: &[String],
) -> Result<String, StoreError> {
    let statement = "SELECT column_name::text, data_type::text FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = $1";
    let types: Vec<(String, String)> = sqlx::query_as(statement).bind(table).fetch_all(connection).await?;
    let type_of = |column: &String| {
        let found = types.iter().find(|(name, _)| name == column);
        found.map(|(_, kind)| kind.as_str()).ok_or(StoreError::NotFound)
    };
    let values: Result<Vec<String>, StoreError> = (0..)
        .zip(columns)
        .map(|(place, column): (usize, _)| Ok(format!("(value->>{place})::{}", type_of(column)?)))
        .collect();
    Ok(values?.join(","))
}

fn take_place(filled: &Path, file: &Path) -> std::io::Result<()> {
    let kept = beside(file, ".before-restore");
    // Also if the file itself is gone: SQLite would play a log that was left into the new one.
    for suffix in ["-wal", "-shm"] {
        let (from, to) = (beside(file, suffix), beside(&kept, suffix));
        if from.exists() {
            std::fs::rename(from, to)?;
        } else if to.exists() {
            std::fs::remove_file(to)?;
        }
    }
    if file.exists() {
        // A server that dies here finds no database rather than half of one.
        std::fs::rename(file, kept)?;
    }
    std::fs::rename(filled, file)?;
    let directory = file.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
