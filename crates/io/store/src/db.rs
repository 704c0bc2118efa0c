//! The two databases behind one small query layer. The only code that knows that there are two.
//!
//! sqlx's `Any` driver does not translate placeholders and hides what the drivers can do; repositories generic
//! over `sqlx::Database` drag a dozen bounds through every function; two hand-written copies drift apart. So
//! every statement is written once, in the dialect that SQLite (3.35 or later) and PostgreSQL share:
//! `$1` placeholders (sqlx accepts them for both), `ON CONFLICT`, `RETURNING`, row comparison, and three types
//! of value: text, 64-bit number, truth. What is left to tell apart is which pool runs it.

use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, Database, Decode, Encode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction,
    Type,
};

use crate::{StoreError, TextProblem};

/// The longest one statement or commit may take before the database counts as unavailable.
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);

/// A database, ready for statements. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// One connection writes, others read beside it (WAL).
    Sqlite {
        /// Exactly one connection: SQLite allows one writer, and queueing here is fairer than in its lock.
        writer: SqlitePool,
        /// Read-only connections.
        readers: SqlitePool,
    },
    /// One pool for both.
    Postgres(PgPool),
}

impl Db {
    /// Reads rows outside of any transaction.
    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        statement.check()?;
        within(async {
            Ok(match self {
                Self::Sqlite { readers, .. } => {
                    let rows = statement.query::<Sqlite>().fetch_all(readers).await?;
                    rows.into_iter().map(Row::Sqlite).collect()
                }
                Self::Postgres(pool) => {
                    let rows = statement.query::<Postgres>().fetch_all(pool).await?;
                    rows.into_iter().map(Row::Postgres).collect()
                }
            })
        })
        .await
    }

    /// Reads the first row, if there is one.
    pub(crate) async fn fetch_first(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(statement).await?.into_iter().next())
    }

    /// Carries out one writing statement by itself; how many rows it touched.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64, StoreError> {
        statement.check()?;
        within(async {
            Ok(match self {
                Self::Sqlite { writer, .. } => {
                    statement.query::<Sqlite>().execute(writer).await?.rows_affected()
                }
                Self::Postgres(pool) => statement.query::<Postgres>().execute(pool).await?.rows_affected(),
            })
        })
        .await
    }

    /// Begins a writing transaction. Dropped without [`Tx::commit`], it leaves no trace.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        within(async {
            Ok(match self {
                // A deferred transaction could fail at its first write if another process wrote meanwhile.
                Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
                Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
            })
        })
        .await
    }

    /// Waits for running statements and closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                // Last, so that SQLite can fold its WAL into the file.
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A writing transaction.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Reads rows, or those that a statement returns by `RETURNING`.
    pub(crate) async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        statement.check()?;
        within(async {
            Ok(match self {
                Self::Sqlite(tx) => {
                    let rows = statement.query::<Sqlite>().fetch_all(&mut **tx).await?;
                    rows.into_iter().map(Row::Sqlite).collect()
                }
                Self::Postgres(tx) => {
                    let rows = statement.query::<Postgres>().fetch_all(&mut **tx).await?;
                    rows.into_iter().map(Row::Postgres).collect()
                }
            })
        })
        .await
    }

    /// Reads the first row, if there is one.
    pub(crate) async fn fetch_first(&mut self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch(statement).await?.into_iter().next())
    }

    /// Carries out a writing statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        statement.check()?;
        within(async {
            Ok(match self {
                Self::Sqlite(tx) => statement.query::<Sqlite>().execute(&mut **tx).await?.rows_affected(),
                Self::Postgres(tx) => statement.query::<Postgres>().execute(&mut **tx).await?.rows_affected(),
            })
        })
        .await
    }

    /// Makes everything durable; on return it is on disk.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        within(async {
            match self {
                Self::Sqlite(tx) => tx.commit().await,
                Self::Postgres(tx) => tx.commit().await,
            }
        })
        .await
    }
}

/// Bounds the wait for a server that went silent without closing its connection.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(STATEMENT_LIMIT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()),
    }
}

/// Rows in one INSERT. Only so many different statements are made of any number of rows: each is prepared once and then
/// kept by its connection. SQLite looks for a parameter by its name among all of a statement, so more rows at once would
/// cost more, not less.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// Cuts rows into portions that go into one statement each.
pub(crate) fn portions<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = ROWS.into_iter().find(|length| *length <= rows.len())?;
        let (portion, rest) = rows.split_at(length);
        rows = rest;
        Some(portion)
    })
}

/// SQL text with its arguments. The text is ours; what comes from outside is only ever an argument.
pub(crate) struct Statement {
    text: String,
    arguments: Vec<Argument>,
}

/// Begins a statement.
pub(crate) fn sql(text: &'static str) -> Statement {
    Statement { text: text.to_owned(), arguments: Vec::new() }
}

impl Statement {
    /// The value of the next `$n` that stands in the text.
    pub(crate) fn bind(mut self, value: impl Into<Argument>) -> Self {
        self.arguments.push(value.into());
        self
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// Appends text and a placeholder for `value`.
    pub(crate) fn push_bind(&mut self, text: &'static str, value: impl Into<Argument>) {
        self.arguments.push(value.into());
        self.text.push_str(text);
        write!(self.text, "${}", self.arguments.len()).expect("a String takes any text");
    }

    /// Appends `($n,$n+1,…)`, and a comma before it unless it is the `first`.
    pub(crate) fn push_row<const N: usize>(&mut self, first: bool, row: [Argument; N]) {
        if !first {
            self.push(",");
        }
        for (column, value) in row.into_iter().enumerate() {
            self.push_bind(if column == 0 { "(" } else { "," }, value);
        }
        self.push(")");
    }

    /// Appends a whole statement to a text without arguments.
    #[cfg(test)]
    pub(crate) fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.arguments.extend(other.arguments);
    }

    /// SQLite would store a text with U+0000, PostgreSQL refuses it: both refuse it here.
    fn check(&self) -> Result<(), StoreError> {
        let holds_nul =
            |argument: &Argument| matches!(argument, Argument::Text(Some(text)) if text.contains('\0'));
        if self.arguments.iter().any(holds_nul) {
            return Err(StoreError::Invalid { field: "a text", problem: TextProblem::Nul });
        }
        Ok(())
    }

    fn query<DB: Database>(self) -> Query<'static, DB, DB::Arguments>
    where
        Option<String>: for<'t> Encode<'t, DB> + Type<DB>,
        Option<i64>: for<'t> Encode<'t, DB> + Type<DB>,
        bool: for<'t> Encode<'t, DB> + Type<DB>,
    {
        let query = sqlx::query(AssertSqlSafe(self.text));
        self.arguments.into_iter().fold(query, |query, argument| match argument {
            Argument::Text(value) => query.bind(value),
            Argument::Number(value) => query.bind(value),
            Argument::Truth(value) => query.bind(value),
        })
    }
}

/// One value for a statement.
pub(crate) enum Argument {
    Text(Option<String>),
    Number(Option<i64>),
    Truth(bool),
}

impl From<&str> for Argument {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Argument {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Argument {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Argument {
    fn from(value: i64) -> Self {
        Self::Number(Some(value))
    }
}

impl From<Option<i64>> for Argument {
    fn from(value: Option<i64>) -> Self {
        Self::Number(value)
    }
}

impl From<bool> for Argument {
    fn from(value: bool) -> Self {
        Self::Truth(value)
    }
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The value of a column; an error is a defect in the statement or its reader.
    pub(crate) fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_written_in_order_by_few_kinds_of_statements() {
        let rows: Vec<usize> = (0..153).collect();
        let lengths: Vec<usize> = portions(&rows).map(<[usize]>::len).collect();
        assert_eq!(lengths, [64, 64, 16, 4, 4, 1]);
        assert_eq!(portions(&rows).collect::<Vec<_>>().concat(), rows);
        assert_eq!(portions::<usize>(&[]).count(), 0);
    }
}
