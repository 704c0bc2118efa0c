//! Where SIP users are reached, and what a server must find again.

use hotline_base::{Pii, WallTime};
use hotline_store::{JournalEntry, KeptContacts, SPOOL_BYTES_MAX, StoredContacts, Writer};

use crate::bench::Bench;

const NOW: WallTime = WallTime(1_700_000_000_000_000);

fn kept(user: &str, seconds: i64, payload: &str) -> StoredContacts {
    let expires_at = WallTime(NOW.0 + seconds * 1_000_000);
    StoredContacts { user: user.into(), kept: Some(KeptContacts { expires_at, payload: Pii::from(payload) }) }
}

fn gone(user: &str) -> StoredContacts {
    StoredContacts { user: user.into(), kept: None }
}

async fn start(bench: &Bench) -> Writer {
    let spool = bench.directory.path().join("spool");
    Writer::start(bench.store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap()
}

fn write(writer: &Writer, all: &[StoredContacts]) {
    for one in all {
        writer.write(JournalEntry::Contacts(one.clone()));
    }
}

pub(crate) async fn the_last_that_was_told_of_a_user_is_kept(bench: Bench) {
    let writer = start(&bench).await;
    let (first, second) = (kept("1001", 60, "{\"old\":1}"), kept("1001", 90, "{\"new\":\"\\u0000\"}"));
    write(&writer, &[first, kept("1003", 60, "c"), kept("1002", 60, "b"), second.clone(), gone("1003")]);
    write(&writer, &[gone("1009")]);
    writer.flush().await.unwrap();
    assert_eq!(bench.store.contacts(NOW).await.unwrap(), [second, kept("1002", 60, "b")]);
    assert_eq!(writer.lost(), 0);
}

pub(crate) async fn contacts_that_have_expired_are_forgotten(bench: Bench) {
    let writer = start(&bench).await;
    write(&writer, &[kept("1001", 60, "a"), kept("1002", 61, "b")]);
    writer.flush().await.unwrap();
    let later = WallTime(NOW.0 + 60_000_000);
    assert_eq!(bench.store.contacts(later).await.unwrap(), [kept("1002", 61, "b")]);
    assert_eq!(bench.store.contacts(NOW).await.unwrap().len(), 1, "they were deleted");
}

pub(crate) async fn contacts_told_during_an_outage_are_kept_in_order(bench: Bench) {
    let writer = start(&bench).await;
    let mut availability = writer.availability();
    write(&writer, &[kept("1001", 60, "before")]);
    writer.flush().await.unwrap();
    let outage = bench.begin_outage().await;
    write(
        &writer,
        &[kept("1001", 61, "first"), kept("1002", 60, "b"), kept("1001", 62, "last"), gone("1002")],
    );
    writer.flush().await.unwrap();
    crate::writer::wait_for(&mut availability, false).await;
    outage.end().await;
    crate::writer::wait_for(&mut availability, true).await;
    assert_eq!(bench.store.contacts(NOW).await.unwrap(), [kept("1001", 62, "last")]);
}

pub(crate) async fn a_state_is_made_once(bench: Bench) {
    let (a, b) = tokio::join!(bench.store.state_or("secret", "a"), bench.store.state_or("secret", "b"));
    let made = a.unwrap();
    assert_eq!(b.unwrap(), made);
    assert_eq!(bench.store.state_or("secret", "c").await.unwrap(), made);
    assert_eq!(bench.store.state_or("other", "c").await.unwrap(), "c");
}

pub(crate) async fn a_state_that_was_left_is_taken_once(bench: Bench) {
    assert_eq!(bench.store.take_state("left").await.unwrap(), None);
    bench.store.put_state("left", "1").await.unwrap();
    bench.store.put_state("left", "2").await.unwrap();
    assert_eq!(bench.store.take_state("left").await.unwrap().as_deref(), Some("2"));
    assert_eq!(bench.store.take_state("left").await.unwrap(), None);
}
