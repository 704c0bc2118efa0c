//! Reading the database as it was at one moment, while others go on writing.

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite};

use crate::db::{Db, within};
use crate::{Store, StoreError};

/// The database at one moment.
pub struct Snapshot {
    connection: Connection,
    version: i64,
}

/// In a reading transaction, which ends when the connection is closed.
enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Store {
    /// The database as it is now. What is written from here on is not in it, and nobody who writes waits for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let connection = within(async {
            Ok(match &self.db {
                Db::Sqlite { readers, .. } => {
                    let mut connection = readers.acquire().await?;
                    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
                    Connection::Sqlite(connection)
                }
                Db::Postgres(pool) => {
                    let mut connection = pool.acquire().await?;
                    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                    sqlx::raw_sql(begin).execute(&mut *connection).await?;
                    Connection::Postgres(connection)
                }
            })
        })
        .await?;
        let mut snapshot = Snapshot { connection, version: 0 };
        // The first thing that is read fixes the moment.
        let newest = "SELECT CAST(max(version) AS TEXT) FROM _sqlx_migrations";
        let version = snapshot.texts(newest.to_owned()).await?.pop().and_then(|text| text.parse().ok());
        snapshot.version = version.unwrap_or_default();
        Ok(snapshot)
    }
}

impl Snapshot {
    /// The version of the tables.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The names of a table's columns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn columns(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        let statement = match &self.connection {
            Connection::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"),
            Connection::Postgres(_) => format!(
                "SELECT column_name::text FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        self.texts(statement).await
    }

    /// Gives each row of a table to `each` as a JSON array of the values of `columns`, in no order; how many there are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or the first error of `each`.
    pub async fn rows<E: From<StoreError>>(
        &mut self,
        table: &str,
        columns: &[String],
        mut each: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E> {
        let columns = columns.join(",");
        let mut count = 0;
        let mut take = |row: String| {
            count += 1;
            each(&row)
        };
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let statement = format!("SELECT json_array({columns}) FROM {table}");
                let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut **connection);
                while let Some(row) = within(rows.try_next()).await? {
                    take(row.try_get(0).map_err(StoreError::from)?)?;
                }
            }
            Connection::Postgres(connection) => {
                let statement = format!("SELECT json_build_array({columns})::text FROM {table}");
                let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut **connection);
                while let Some(row) = within(rows.try_next()).await? {
                    take(row.try_get(0).map_err(StoreError::from)?)?;
                }
            }
        }
        Ok(count)
    }

    /// Lets go of the moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn close(self) -> Result<(), StoreError> {
        // Not given back to the pool: it is still in its transaction.
        within(async {
            match self.connection {
                Connection::Sqlite(connection) => connection.close().await,
                Connection::Postgres(connection) => connection.close().await,
            }
        })
        .await
    }

    async fn texts(&mut self, statement: String) -> Result<Vec<String>, StoreError> {
        let query = AssertSqlSafe(statement);
        within(async {
            match &mut self.connection {
                Connection::Sqlite(connection) => {
                    sqlx::query_scalar(query).fetch_all(&mut **connection).await
                }
                Connection::Postgres(connection) => {
                    sqlx::query_scalar(query).fetch_all(&mut **connection).await
                }
            }
        })
        .await
    }
}
