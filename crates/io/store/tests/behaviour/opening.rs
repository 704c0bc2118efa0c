//! Opening a database: migrations, and what is said when it cannot be opened.

use std::collections::BTreeSet;

use hotline_store::{CallFilter, OpenError, Store, StoreError};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

use crate::bench::{Backend, Bench, runtime};
use crate::sample::{call_id, offered_record, record};

pub(crate) async fn the_tables_are_made_once_and_kept(bench: Bench) {
    let call = call_id(1);
    bench.store.save_record(&record(call)).await.unwrap();
    bench.store.close().await;
    let (again, at_once) = tokio::join!(Store::open(&bench.url), Store::open(&bench.url));
    assert_eq!(again.unwrap().get_call(call).await.unwrap(), Some(record(call)));
    assert_eq!(at_once.unwrap().get_call(call).await.unwrap(), Some(record(call)));
}

pub(crate) async fn a_call_stored_before_agents_were_listed_is_found_by_them(bench: Bench) {
    let stored = offered_record(1, &["1001", "1002"], Some("1002"));
    bench.store.save_record(&stored).await.unwrap();
    // As the first version left it.
    bench
        .raw(
            "DROP TABLE call_agent; CREATE INDEX call_agent ON call (agent, started_at, id);
            DELETE FROM _sqlx_migrations WHERE version = 2;",
        )
        .await
        .unwrap();
    let store = Store::open(&bench.url).await.unwrap();
    keeps_a_copy_of_before(&bench).await;
    for agent in ["1001", "1002"] {
        let filter = CallFilter { agent: Some(agent.into()), ..CallFilter::default() };
        let page = store.list_calls(&filter, None, 10).await.unwrap();
        assert_eq!(page.calls, std::slice::from_ref(&stored), "{agent}");
    }
}

/// With an SQLite file there is a way back to the program of before.
async fn keeps_a_copy_of_before(bench: &Bench) {
    if !bench.url.starts_with("sqlite://") {
        return;
    }
    let names = std::fs::read_dir(bench.directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let copies: Vec<_> = names.filter(|path| path.display().to_string().contains(".db.before-")).collect();
    let [copy] = copies.as_slice() else { panic!("one copy expected: {copies:?}") };
    let url = format!("sqlite://{}", copy.display());
    let error = Store::open_for_reading(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::Earlier { .. }), "the tables of before: {error}");
}

pub(crate) async fn tables_of_a_later_version_are_refused(bench: Bench) {
    bench
        .raw(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'later', TRUE, '', 0)",
        )
        .await
        .unwrap();
    let error = Store::open(&bench.url).await.unwrap_err();
    assert!(matches!(error, OpenError::Later { .. }), "{error}");
}

pub(crate) async fn who_only_reads_finds_everything_and_changes_nothing(bench: Bench) {
    let call = call_id(1);
    bench.store.save_record(&record(call)).await.unwrap();
    // Beside the server.
    let reading = Store::open_for_reading(&bench.url).await.unwrap();
    assert_eq!(reading.get_call(call).await.unwrap(), Some(record(call)));
    let refused = reading.save_record(&record(call_id(2))).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    bench.store.save_record(&record(call_id(3))).await.unwrap();
    assert_eq!(reading.get_call(call_id(3)).await.unwrap(), Some(record(call_id(3))));
    reading.close().await;
    // And without it.
    bench.store.close().await;
    let reading = Store::open_for_reading(&bench.url).await.unwrap();
    assert_eq!(reading.get_call(call).await.unwrap(), Some(record(call)));
    assert_eq!(reading.get_call(call_id(2)).await.unwrap(), None);
}

pub(crate) async fn who_only_reads_is_told_of_tables_of_another_version(bench: Bench) {
    let last = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    bench.raw(last).await.unwrap();
    let error = Store::open_for_reading(&bench.url).await.unwrap_err();
    assert!(matches!(error, OpenError::Earlier { .. }), "{error}");
    bench
        .raw(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'later', TRUE, '', 0)",
        )
        .await
        .unwrap();
    let error = Store::open_for_reading(&bench.url).await.unwrap_err();
    assert!(matches!(error, OpenError::Later { .. }), "{error}");
    bench.raw("DROP TABLE _sqlx_migrations").await.unwrap();
    let error = Store::open_for_reading(&bench.url).await.unwrap_err();
    assert!(matches!(error, OpenError::Earlier { .. }), "{error}");
}

pub(crate) fn both_databases_have_the_same_tables(postgres: &Backend) {
    runtime().block_on(async {
        let bench = Bench::new(postgres, "same_tables").await;
        let mut connection = PgConnection::connect(&bench.url).await.unwrap();
        let rows = sqlx::query(
            "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS name
            FROM information_schema.columns WHERE table_schema = 'public'",
        );
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let on_postgres: BTreeSet<String> = rows.iter().map(|row| row.get("name")).collect();

        let bench = Bench::new(&Backend::sqlite(), "same_tables").await;
        let mut connection = SqliteConnection::connect(&bench.url).await.unwrap();
        let rows = sqlx::query(
            "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" OR c.pk THEN '' ELSE '?' END AS name
            FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'",
        );
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let on_sqlite: BTreeSet<String> = rows.iter().map(|row| row.get("name")).collect();

        assert!(on_sqlite.contains("call.record") && on_sqlite.contains("call.agent?"), "{on_sqlite:?}");
        assert_eq!(on_sqlite, on_postgres);
    });
}

/// Otherwise PostgreSQL joins them without an index, and looking up a caller takes as long as reading the whole
/// address book.
pub(crate) fn references_are_collated_like_their_targets(postgres: &Backend) {
    runtime().block_on(async {
        let bench = Bench::new(postgres, "collations").await;
        let mut connection = PgConnection::connect(&bench.url).await.unwrap();
        let rows = sqlx::query(
            "SELECT a.attrelid::regclass || '.' || a.attname AS name, a.attcollation = b.attcollation AS is_same
            FROM pg_constraint k
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
            WHERE k.contype = 'f'",
        );
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            assert!(row.get::<bool, _>("is_same"), "{}", row.get::<String, _>("name"));
        }
    });
}

/// An error with its causes, as the binary prints it.
fn one_line(error: &OpenError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_in_one_line() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().display();
    std::fs::write(directory.path().join("text"), "This is no database, whatever its name says.").unwrap();
    for (url, expected) in [
        (
            format!("sqlite://{path}/data/hotline.db"),
            format!(
                "cannot open the database file {path}/data/hotline.db: the directory {path}/data does not exist"
            ),
        ),
        (
            format!("sqlite://{path}"),
            format!("cannot open the database file {path}: Is a directory (os error 21)"),
        ),
        (
            format!("sqlite://{path}/text"),
            format!("cannot open the database {path}/text: (code: 26) file is not a database"),
        ),
        (
            "mysql://root@localhost".to_owned(),
            "the database URL must begin with sqlite:// or postgres://".to_owned(),
        ),
    ] {
        assert_eq!(one_line(&Store::open(&url).await.unwrap_err()), expected);
    }
}

#[tokio::test]
async fn who_only_reads_makes_no_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().display();
    std::fs::write(directory.path().join("text"), "This is no database, whatever its name says.").unwrap();
    for (name, expected) in [
        (
            "hotline.db",
            format!(
                "cannot open the database file {path}/hotline.db: No such file or directory (os error 2)"
            ),
        ),
        ("", format!("cannot open the database file {path}/: Is a directory (os error 21)")),
        ("text", format!("cannot open the database {path}/text: (code: 26) file is not a database")),
    ] {
        let error = Store::open_for_reading(&format!("sqlite://{path}/{name}")).await.unwrap_err();
        assert_eq!(one_line(&error), expected);
    }
    let files: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["text"]);
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_its_password() {
    // A directory without a socket: nobody listens, and no port is touched.
    let directory = TempDir::new().unwrap();
    let path = directory.path().display();
    let url = format!("postgres://ann:geheim@localhost:5433/hotline?host={path}");
    let line = one_line(&Store::open(&url).await.unwrap_err());
    assert!(line.starts_with(&format!("cannot open the database hotline at {path}: ")), "{line}");
    assert!(!line.contains("geheim") && !line.contains('\n'), "{line}");

    let malformed = Store::open("postgres://ann:geheim@localhost:port/hotline").await.unwrap_err();
    let line = one_line(&malformed);
    assert!(line.starts_with("the PostgreSQL URL is malformed") && !line.contains("geheim"), "{line}");
}
