//! Backups: what is in them, and what is there after they were restored, also in the other database.

use std::collections::{BTreeMap, BTreeSet};

use hotline_base::Pii;
use hotline_store::{
    AuditEntry, AuditVerdict, CallFilter, OpenError, Restoring, Snapshot, Store, StoreError, TABLES,
};

use crate::bench::{Backend, Bench, runtime};
use crate::sample::{at, call_id, offered_record, record, started};

/// Columns and sorted rows by table.
type Lines = BTreeMap<&'static str, (Vec<String>, Vec<String>)>;

async fn read(snapshot: &mut Snapshot) -> Lines {
    let mut lines = Lines::new();
    for table in TABLES {
        let columns = snapshot.columns(table).await.unwrap();
        let mut rows = Vec::new();
        let each = |row: &str| -> Result<(), StoreError> {
            rows.push(row.to_owned());
            Ok(())
        };
        let count = snapshot.rows(table, &columns, each).await.unwrap();
        assert_eq!(count, rows.len() as u64);
        rows.sort();
        lines.insert(table, (columns, rows));
    }
    lines
}

async fn lines_of(store: &Store) -> (i64, Lines) {
    let mut snapshot = store.snapshot().await.unwrap();
    let lines = read(&mut snapshot).await;
    let version = snapshot.version();
    snapshot.close().await.unwrap();
    (version, lines)
}

async fn fill(url: &str, version: i64, lines: &Lines, replace: bool) {
    let mut restoring = Restoring::begin(url, version, replace).await.unwrap();
    for table in TABLES {
        let (columns, rows) = &lines[table];
        restoring.clear(table).await.unwrap();
        for portion in rows.chunks(2) {
            restoring.insert(table, columns, portion).await.unwrap();
        }
    }
    restoring.finish().await.unwrap();
}

fn entry(subject: &str) -> AuditEntry {
    AuditEntry {
        at: at(1),
        actor: "ann".to_owned(),
        action: "customer.update".to_owned(),
        subject: subject.to_owned(),
        detail: Pii::new(serde_json::json!({ "name": "王小明 \"x\" \u{1f600}" })),
    }
}

async fn write_something(store: &Store) {
    store.save_record(&record(call_id(1))).await.unwrap();
    store.save_record(&offered_record(2, &["1001", "1002"], Some("1002"))).await.unwrap();
    store.append_audit(&entry("a")).await.unwrap();
    store.append_audit(&entry("b")).await.unwrap();
    store.append_events(&[started(7, call_id(3))]).await.unwrap();
}

pub(crate) async fn a_backup_is_the_database_at_one_moment(bench: Bench) {
    write_something(&bench.store).await;
    let mut snapshot = bench.store.snapshot().await.unwrap();
    bench.store.save_record(&record(call_id(9))).await.unwrap();
    let lines = read(&mut snapshot).await;
    assert_eq!(lines["call"].1.len(), 2);
    assert_eq!(lines["audit"].1.len(), 2);
    snapshot.close().await.unwrap();
    assert_eq!(lines_of(&bench.store).await.1["call"].1.len(), 3);
}

pub(crate) async fn a_restored_database_is_what_was_backed_up(bench: Bench) {
    write_something(&bench.store).await;
    let (version, lines) = lines_of(&bench.store).await;
    // What came after the backup is gone again.
    bench.store.save_record(&record(call_id(9))).await.unwrap();
    bench.store.append_audit(&entry("c")).await.unwrap();
    bench.store.close().await;
    fill(&bench.url, version, &lines, true).await;
    let store = Store::open(&bench.url).await.unwrap();
    assert_eq!(lines_of(&store).await.1, lines);
    assert_eq!(store.get_call(call_id(1)).await.unwrap(), Some(record(call_id(1))));
    assert_eq!(store.get_call(call_id(9)).await.unwrap(), None);
    assert_eq!(store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 2 });
    assert_eq!(store.append_audit(&entry("d")).await.unwrap(), 3);
    assert_eq!(store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 3 });
    assert_eq!(store.list_calls(&CallFilter::default(), None, 10).await.unwrap().calls.len(), 2);
}

pub(crate) async fn a_restore_that_is_broken_off_leaves_what_was_there(bench: Bench) {
    write_something(&bench.store).await;
    let (version, lines) = lines_of(&bench.store).await;
    let refused = Restoring::begin(&bench.url, version, false).await.err().unwrap();
    assert!(matches!(refused, OpenError::Occupied { .. }), "{refused}");
    let refused = Restoring::begin(&bench.url, 9999, true).await.err().unwrap();
    assert!(matches!(refused, OpenError::Later { .. }), "{refused}");
    bench.store.close().await;

    let mut restoring = Restoring::begin(&bench.url, version, true).await.unwrap();
    let (columns, rows) = &lines["call"];
    restoring.insert("call", columns, rows).await.unwrap();
    let strange = ["[1]".to_owned()];
    for (table, columns) in [("call", ["id; DROP"]), ("pg_user", ["id"]), ("call", ["no_such_column"])] {
        let columns = columns.map(str::to_owned);
        restoring.insert(table, &columns, &strange).await.unwrap_err();
    }
    drop(restoring);
    let store = Store::open(&bench.url).await.unwrap();
    assert_eq!(lines_of(&store).await.1, lines);
}

pub(crate) async fn a_backup_of_earlier_tables_is_brought_up_to_date(bench: Bench) {
    let (_, lines) = lines_of(&bench.store).await;
    bench.store.close().await;
    // The first version knew no class of a customer and no roles.
    let mut restoring = Restoring::begin(&bench.url, 1, true).await.unwrap();
    let columns = ["id", "name", "search", "changed_at"].map(str::to_owned);
    let row = serde_json::json!([call_id(1).to_string(), "王小明", "王小明", 1]).to_string();
    restoring.insert("customer", &columns, &[row]).await.unwrap();
    restoring.finish().await.unwrap();
    let store = Store::open(&bench.url).await.unwrap();
    let (_, now) = lines_of(&store).await;
    assert_eq!(now["customer"].1.len(), 1);
    assert_eq!(now["role"], lines["role"]);
}

pub(crate) fn every_table_is_backed_up_and_fits_the_other_database(postgres: &Backend) {
    runtime().block_on(async {
        let sqlite = Bench::new(&Backend::sqlite(), "backup_from").await;
        let listed = sqlite
            .texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlx%'")
            .await;
        assert_eq!(
            listed.into_iter().collect::<BTreeSet<_>>(),
            TABLES.iter().map(|t| (*t).to_owned()).collect()
        );

        write_something(&sqlite.store).await;
        let (version, lines) = lines_of(&sqlite.store).await;
        let there = Bench::new(postgres, "backup_there").await;
        there.store.close().await;
        fill(&there.url, version, &lines, true).await;
        let store = Store::open(&there.url).await.unwrap();
        assert_eq!(store.get_call(call_id(1)).await.unwrap(), Some(record(call_id(1))));
        assert_eq!(store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 2 });
        let (_, on_postgres) = lines_of(&store).await;

        let back = Bench::new(&Backend::sqlite(), "backup_back").await;
        back.store.close().await;
        fill(&back.url, version, &on_postgres, true).await;
        let store = Store::open(&back.url).await.unwrap();
        assert_eq!(lines_of(&store).await.1, lines);
    });
}
