//! The audit log and its chain.

use hotline_base::Pii;
use hotline_store::{AuditEntry, AuditFilter, AuditVerdict};
use serde_json::json;
use tokio::task::JoinSet;

use crate::bench::Bench;
use crate::sample::at;

fn entry(number: u64) -> AuditEntry {
    AuditEntry {
        at: at(number),
        actor: "anna".to_owned(),
        action: "customer.update".to_owned(),
        subject: format!("customer {number}"),
        detail: Pii::new(json!({ "name": ["王小明", "a\u{0}b"], "number": number })),
    }
}

async fn append(bench: &Bench, count: u64) {
    for number in 1..=count {
        assert_eq!(bench.store.append_audit(&entry(number)).await.unwrap(), number);
    }
}

pub(crate) async fn entries_come_back_newest_first(bench: Bench) {
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 0 });
    append(&bench, 5).await;
    let page = bench.store.list_audit(&AuditFilter::default(), None, 2).await.unwrap();
    assert_eq!(page.iter().map(|row| row.seq).collect::<Vec<_>>(), [5, 4]);
    assert_eq!(page[1].entry, entry(4));
    let rest = bench.store.list_audit(&AuditFilter::default(), Some(4), 100).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.seq).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 5 });
}

pub(crate) async fn entries_are_found_by_who_what_and_when(bench: Bench) {
    for (number, actor, action) in [
        (1, "anna", "call.move"),
        (2, "bob", "call.move"),
        (3, "anna", "call.withdraw"),
        (4, "anna", "caller"),
    ] {
        let (actor, action) = (actor.to_owned(), action.to_owned());
        bench.store.append_audit(&AuditEntry { actor, action, ..entry(number) }).await.unwrap();
    }
    let found = async |filter: AuditFilter| -> Vec<u64> {
        let rows = bench.store.list_audit(&filter, None, 10).await.unwrap();
        rows.iter().map(|row| row.seq).collect()
    };
    let (actor, action) = (|name: &str| Some(name.to_owned()), |name: &str| Some(name.to_owned()));
    assert_eq!(found(AuditFilter { actor: actor("anna"), ..AuditFilter::default() }).await, [4, 3, 1]);
    assert_eq!(found(AuditFilter { action: action("call."), ..AuditFilter::default() }).await, [3, 2, 1]);
    assert_eq!(found(AuditFilter { action: action("call.move"), ..AuditFilter::default() }).await, [2, 1]);
    let both = AuditFilter { from: Some(at(2)), until: Some(at(4)), actor: actor("anna"), action: None };
    assert_eq!(found(both).await, [3]);
}

pub(crate) async fn writers_at_the_same_time_make_one_chain(bench: Bench) {
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let store = bench.store.clone();
        writers.spawn(async move {
            for number in 0..10 {
                store.append_audit(&entry(writer * 10 + number)).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 40 });
}

pub(crate) async fn a_changed_row_breaks_the_chain(bench: Bench) {
    append(&bench, 4).await;
    bench.disarm_audit().await;
    bench.raw("UPDATE audit SET actor = 'bob' WHERE seq = 2").await.unwrap();
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Broken { seq: 3 });
    bench.raw("UPDATE audit SET actor = 'anna' WHERE seq = 2").await.unwrap();
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 4 });
    // The last row has no successor; the head knows its hash.
    bench.raw("UPDATE audit SET at = at + 1 WHERE seq = 4").await.unwrap();
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Broken { seq: 4 });
}

pub(crate) async fn a_missing_row_breaks_the_chain(bench: Bench) {
    append(&bench, 4).await;
    bench.disarm_audit().await;
    bench.raw("DELETE FROM audit WHERE seq = 4").await.unwrap();
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Broken { seq: 4 });
    bench.raw("DELETE FROM audit WHERE seq = 2").await.unwrap();
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Broken { seq: 2 });
}

pub(crate) async fn rows_cannot_be_changed_or_deleted(bench: Bench) {
    append(&bench, 2).await;
    for statement in ["UPDATE audit SET actor = 'bob' WHERE seq = 1", "DELETE FROM audit WHERE seq = 1"] {
        let error = bench.raw(statement).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert_eq!(bench.store.verify_audit().await.unwrap(), AuditVerdict::Intact { rows: 2 });
}
