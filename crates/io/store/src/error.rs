//! Errors, sorted by whose fault they are and what follows. No message holds a password or personal data.

use std::fmt;
use std::io;
use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, or not in time. Nothing is wrong with the request: try again.
    #[error("the database is not available")]
    Unavailable(#[source] DatabaseFault),
    /// Somebody else was faster: the thing exists already, or was changed since it was read.
    #[error("it exists already or was changed meanwhile")]
    Conflict,
    /// There is no such thing.
    #[error("there is no such entry")]
    NotFound,
    /// The caller gave a text that is not stored.
    #[error("{field} {problem}")]
    Invalid {
        /// Which text.
        field: &'static str,
        /// What is wrong with it.
        problem: TextProblem,
    },
    /// The database refused a value that this crate let through.
    #[error("the database refused a value")]
    Refused(#[source] DatabaseFault),
    /// A value has no JSON form.
    #[error("the value cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// What is stored cannot be read: damaged, or written by a later version.
    #[error("stored {what} {key} cannot be read")]
    Corrupt {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        key: String,
        /// Where the reading failed; absent for an unknown version or an unknown word.
        source: Option<serde_json::Error>,
    },
    /// A defect in this program or a damaged database.
    #[error("the database reports a defect")]
    Internal(#[source] DatabaseFault),
    /// The spool file cannot be used.
    #[error("cannot use the spool file {}", path.display())]
    Spool {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// True if the same request can never succeed because of what it holds; false if waiting, or mending the
    /// database, may help.
    pub(crate) fn is_about_the_value(&self) -> bool {
        match self {
            Self::Conflict | Self::NotFound | Self::Invalid { .. } | Self::Refused(_) | Self::Encode(_) => {
                true
            }
            Self::Unavailable(_) | Self::Corrupt { .. } | Self::Internal(_) | Self::Spool { .. } => false,
        }
    }
}

/// What the database or its driver said, in one line. The end of a chain of causes: the driver repeats its own
/// causes in its messages.
pub struct DatabaseFault(sqlx::Error);

impl DatabaseFault {
    pub(crate) const fn new(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_database_error() {
            Some(error) => fmt::Display::fmt(error, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DatabaseFault {}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Holds U+0000, which PostgreSQL cannot store.
    #[error("holds a NUL character")]
    Nul,
    /// Longer than so many characters.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// More than so many entries.
    #[error("holds more than {0} entries")]
    TooMany(usize),
    /// Must not be empty.
    #[error("is empty")]
    Empty,
    /// The same entry twice.
    #[error("holds an entry twice")]
    Repeated,
}

/// What is wrong with a database that answers. One line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    /// A setting of PostgreSQL is off on which it depends that what was acknowledged is on disk.
    #[error("PostgreSQL runs with {0} = off: a power cut loses calls")]
    SettingOff(String),
    /// SQLite's file is damaged, in SQLite's words.
    #[error("{0}")]
    Damaged(String),
}

/// Why the database could not be opened. One line that names the file or the server, never a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite://path` nor `postgres://…`.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    Scheme,
    /// A `postgres://` URL that does not parse.
    #[error("the PostgreSQL URL is malformed")]
    Url(#[source] DatabaseFault),
    /// The SQLite file cannot be made or written.
    #[error("cannot open the database file {}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: FileProblem,
    },
    /// SQLite refused the file.
    #[error("cannot open the database {database}")]
    Refused {
        /// The file, or server and database.
        database: String,
        /// What the database said.
        source: DatabaseFault,
    },
    /// The tables were made by a later version of this program.
    #[error("the database {database} was written by a later version of this program")]
    Later {
        /// The file, or server and database.
        database: String,
    },
    /// The tables were made by an earlier version of this program, or not at all, and were to be read only.
    #[error(
        "the database {database} has no tables yet, or those of an earlier version of this program; `hotline` brings them \
         up to date when it starts"
    )]
    Earlier {
        /// The file, or server and database.
        database: String,
    },
    /// A database was to be filled, and there is one already.
    #[error("there is a database at {database} already")]
    Occupied {
        /// The file, or server and database.
        database: String,
    },
    /// The tables could not be brought up to date.
    #[error("cannot bring the tables of {database} up to date")]
    Migrate {
        /// The file, or server and database.
        database: String,
        /// What the database said.
        source: DatabaseFault,
    },
    /// The roles that every center has could not be filled.
    #[error("cannot fill the roles of the database")]
    Roles(#[source] StoreError),
}

/// What is wrong with a database file.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// Its directory is missing.
    #[error("the directory {} does not exist", .0.display())]
    NoDirectory(PathBuf),
    /// The system refuses.
    #[error("{0}")]
    System(io::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match kind_of(&error) {
            Kind::Unavailable => Self::Unavailable(DatabaseFault(error)),
            Kind::Conflict => Self::Conflict,
            Kind::NotFound => Self::NotFound,
            Kind::Refused => Self::Refused(DatabaseFault(error)),
            Kind::Internal => Self::Internal(DatabaseFault(error)),
        }
    }
}

enum Kind {
    Unavailable,
    Conflict,
    NotFound,
    Refused,
    Internal,
}

fn kind_of(error: &sqlx::Error) -> Kind {
    if let Some(error) = error.as_database_error() {
        return database_kind(error);
    }
    // `Protocol`: a connection that broke in the middle of a message.
    let is_away = matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed
    );
    if is_away { Kind::Unavailable } else { Kind::Internal }
}

fn database_kind(error: &dyn DatabaseError) -> Kind {
    if error.is_unique_violation() {
        return Kind::Conflict;
    }
    if error.is_foreign_key_violation() {
        return Kind::NotFound;
    }
    let code = error.code().unwrap_or_default();
    match error.try_downcast_ref::<SqliteError>() {
        Some(_) => sqlite_kind(code.parse().unwrap_or(0)),
        None => postgres_kind(&code),
    }
}

/// By the primary result code, the low byte (<https://sqlite.org/rescode.html>).
fn sqlite_kind(code: u32) -> Kind {
    match code & 0xff {
        // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL
        5 | 6 | 8 | 10 | 13 | 14 | 15 => Kind::Unavailable,
        // TOOBIG, CONSTRAINT, MISMATCH
        18..=20 => Kind::Refused,
        _ => Kind::Internal,
    }
}

/// By the class, the first two characters of the SQLSTATE (PostgreSQL manual, appendix A).
fn postgres_kind(code: &str) -> Kind {
    match (code.get(..2).unwrap_or_default(), code) {
        // Connection, resources, operator intervention, system error; read-only during a failover;
        // serialisation failure and deadlock.
        ("08" | "53" | "57" | "58" | "40", _) | (_, "25006") => Kind::Unavailable,
        // Data exception, integrity, the audit trigger's exception.
        ("22" | "23", _) | (_, "P0001") => Kind::Refused,
        _ => Kind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waiting_can_mend_is_told_from_what_it_cannot() {
        for (kind, expected) in [
            (sqlite_kind(5), "away"),
            // SQLITE_IOERR_FSYNC: the low byte counts.
            (sqlite_kind(1034), "away"),
            (sqlite_kind(13), "away"),
            (sqlite_kind(275), "value"),
            (sqlite_kind(11), "defect"),
            (sqlite_kind(1), "defect"),
            (postgres_kind("57P01"), "away"),
            (postgres_kind("53100"), "away"),
            (postgres_kind("40001"), "away"),
            (postgres_kind("25006"), "away"),
            (postgres_kind("22021"), "value"),
            (postgres_kind("42P01"), "defect"),
            (postgres_kind(""), "defect"),
        ] {
            let told = match kind {
                Kind::Unavailable => "away",
                Kind::Conflict | Kind::NotFound | Kind::Refused => "value",
                Kind::Internal => "defect",
            };
            assert_eq!(told, expected);
        }
    }
}
