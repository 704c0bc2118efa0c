//! The writer: order, durability, outages, kills.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use hotline_call::{CallEvent, CallRecord, Correction, Event, RecordingState};
use hotline_store::{
    Availability, JournalEntry, SPOOL_BYTES_MAX, Store, StoreError, WRITER_QUEUE_MAX, Writer,
};
use tokio::sync::watch;

use crate::bench::{Bench, runtime};
use crate::sample::{call_id, event, finished, record, recording, started, whole_call};

/// Where a case's writer spools.
fn spool(bench: &Bench) -> PathBuf {
    bench.directory.path().join("spool")
}

async fn start(bench: &Bench) -> Writer {
    Writer::start(bench.store.clone(), &spool(bench), SPOOL_BYTES_MAX).await.unwrap()
}

fn spool_bytes(bench: &Bench) -> u64 {
    std::fs::metadata(spool(bench)).unwrap().len()
}

/// Events that say nothing, for counting.
fn ticks(seqs: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    seqs.map(|seq| event(seq, call_id(1), CallEvent::Answered)).collect()
}

fn write(writer: &Writer, events: &[Event]) {
    for event in events {
        writer.write(JournalEntry::Event(event.clone()));
    }
}

async fn journal(store: &Store) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let last = events.last().map_or(0, |event| event.seq);
        let page = store.events_after(last, 1000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

pub(crate) async fn wait_for(availability: &mut watch::Receiver<Availability>, available: bool) {
    availability.wait_for(|now| (*now == Availability::Available) == available).await.unwrap();
}

/// A recording that had failed is complete while its call's record is on its way, or later.
pub(crate) async fn a_correction_follows_the_record_that_it_is_about(bench: Bench) {
    let writer = start(&bench).await;
    let failed = RecordingState::Failed { problem: "no room".to_owned() };
    let cut = CallRecord { recordings: vec![recording(1, failed)], ..record(call_id(1)) };
    let mended = RecordingState::Mended { duration: Duration::from_millis(1980), bytes: 63_404 };
    let known = recording(1, mended.clone());
    let correction = |state, number| Correction {
        recording: recording(number, finished()).id,
        path: known.path.clone(),
        state,
        index: None,
    };
    writer.write(JournalEntry::Record(Box::new(cut.clone())));
    writer.write(JournalEntry::Correction(Box::new(correction(mended, 1))));
    writer.write(JournalEntry::Correction(Box::new(correction(finished(), 2))));
    writer.flush().await.unwrap();
    let recordings = async || bench.store.get_call(cut.call).await.unwrap().unwrap().recordings;
    assert_eq!(recordings().await, std::slice::from_ref(&known));
    writer.write(JournalEntry::Correction(Box::new(correction(finished(), 1))));
    writer.flush().await.unwrap();
    assert_eq!(recordings().await, [known], "how it ended is known");
    assert_eq!(writer.lost(), 0);
}

pub(crate) async fn what_was_flushed_is_in_the_database_in_order(bench: Bench) {
    let writer = start(&bench).await;
    let (first, second) = (call_id(1), call_id(2));
    let events = [whole_call(1, first), whole_call(5, second)].concat();
    write(&writer, &events[..4]);
    writer.write(JournalEntry::Record(Box::new(record(first))));
    write(&writer, &events[4..]);
    writer.flush().await.unwrap();
    assert_eq!(journal(&bench.store).await, events);
    assert_eq!(bench.store.get_call(first).await.unwrap(), Some(record(first)));
    let open = bench.store.open_calls().await.unwrap();
    assert_eq!(open.iter().map(|(call, _)| *call).collect::<Vec<_>>(), [second]);
    assert_eq!(writer.lost(), 0);
    assert_eq!(spool_bytes(&bench), 0);
}

pub(crate) async fn what_was_written_is_there_after_closing(bench: Bench) {
    let writer = start(&bench).await;
    let events = ticks(1..=2000);
    write(&writer, &events);
    writer.close().await.unwrap();
    assert_eq!(journal(&bench.store).await, events);
    writer.flush().await.unwrap_err();
    write(&writer, &ticks(2001..=2001));
    assert_eq!(writer.lost(), 1, "what comes after closing is counted");
    start(&bench).await;
}

pub(crate) async fn an_impossible_entry_does_not_hold_up_the_others(bench: Bench) {
    let taken = CallRecord { recordings: vec![recording(1, finished())], ..record(call_id(1)) };
    bench.store.save_record(&taken).await.unwrap();
    let writer = start(&bench).await;
    write(&writer, &ticks(1..=1));
    let impossible = CallRecord { recordings: taken.recordings, ..record(call_id(2)) };
    writer.write(JournalEntry::Record(Box::new(impossible)));
    write(&writer, &ticks(2..=2));
    writer.write(JournalEntry::Record(Box::new(record(call_id(3)))));
    writer.flush().await.unwrap();
    assert_eq!(journal(&bench.store).await, ticks(1..=2));
    assert_eq!(bench.store.get_call(call_id(2)).await.unwrap(), None);
    assert!(bench.store.get_call(call_id(3)).await.unwrap().is_some());
    assert_eq!(*writer.availability().borrow(), Availability::Available);
}

pub(crate) async fn nothing_is_lost_while_the_database_is_away(bench: Bench) {
    let writer = start(&bench).await;
    let mut availability = writer.availability();
    write(&writer, &ticks(1..=10));
    writer.flush().await.unwrap();

    let outage = bench.begin_outage().await;
    write(&writer, &ticks(11..=900));
    writer.flush().await.unwrap();
    wait_for(&mut availability, false).await;
    let Availability::Unavailable { detail } = availability.borrow().clone() else { unreachable!() };
    assert!(detail.starts_with("the database is not available: "), "{detail}");
    assert!(spool_bytes(&bench) > 0, "what was acknowledged is on disk");
    writer.write(JournalEntry::Record(Box::new(record(call_id(1)))));
    write(&writer, &ticks(901..=1500));
    writer.flush().await.unwrap();

    outage.end().await;
    wait_for(&mut availability, true).await;
    write(&writer, &ticks(1501..=1510));
    // Spooled or written: the last of them is in the database when all are.
    while bench.store.last_seq().await.unwrap() < 1510 {
        tokio::task::yield_now().await;
    }
    writer.close().await.unwrap();
    assert_eq!(journal(&bench.store).await, ticks(1..=1510));
    assert!(bench.store.get_call(call_id(1)).await.unwrap().is_some());
    assert_eq!(writer.lost(), 0);
    // The commit is seen a moment before the spool is cut, and closing may come between: a start cuts it.
    start(&bench).await;
    assert_eq!(spool_bytes(&bench), 0);
}

pub(crate) async fn requests_during_an_outage_fail_as_unavailable(bench: Bench) {
    let outage = bench.begin_outage().await;
    let refused = bench.store.append_events(&ticks(1..=1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let ping = bench.store.ping().await;
    assert!(bench.reads_during_an_outage() == ping.is_ok(), "{ping:?}");
    outage.end().await;
    bench.store.ping().await.unwrap();
    bench.store.append_events(&ticks(1..=1)).await.unwrap();
    assert_eq!(bench.store.last_seq().await.unwrap(), 1);
}

pub(crate) async fn closing_during_an_outage_leaves_the_rest_to_the_next_start(bench: Bench) {
    let writer = start(&bench).await;
    let outage = bench.begin_outage().await;
    let mut events = vec![started(1, call_id(1))];
    events.extend(ticks(2..=700));
    write(&writer, &events);
    writer.close().await.unwrap();
    outage.end().await;
    assert_eq!(bench.store.last_seq().await.unwrap(), 0);
    start(&bench).await;
    assert_eq!(journal(&bench.store).await, events);
    assert_eq!(bench.store.open_calls().await.unwrap().len(), 1);
}

pub(crate) async fn a_full_spool_holds_back_and_loses_nothing_of_the_queue(bench: Bench) {
    const FEW_BYTES: u64 = 2000;
    let writer = Writer::start(bench.store.clone(), &spool(&bench), FEW_BYTES).await.unwrap();
    let outage = bench.begin_outage().await;
    write(&writer, &ticks(1..=5));
    writer.flush().await.unwrap();
    // Far beyond the limit: nobody may be told that it is on disk.
    write(&writer, &ticks(6..=800));
    let flushed = writer.flush();
    tokio::pin!(flushed);
    let mut availability = writer.availability();
    tokio::select! {
        _ = &mut flushed => panic!("acknowledged without a place on disk"),
        () = wait_for(&mut availability, false) => {}
    }
    assert!(spool_bytes(&bench) <= FEW_BYTES);
    outage.end().await;
    flushed.await.unwrap();
    writer.close().await.unwrap();
    drop(start(&bench).await);
    assert_eq!(journal(&bench.store).await, ticks(1..=800));
    assert_eq!(writer.lost(), 0);
}

pub(crate) async fn a_record_is_given_back_by_a_full_queue_and_lost_by_none(bench: Bench) {
    let writer = Writer::start(bench.store.clone(), &spool(&bench), 2000).await.unwrap();
    let outage = bench.begin_outage().await;
    let mut calls = 1;
    let kept = loop {
        for _ in 0..=WRITER_QUEUE_MAX {
            write(&writer, &ticks(1..=1));
        }
        match writer.try_write_record(Box::new(record(call_id(calls)))) {
            Ok(()) => calls += 1,
            Err(record) => break record,
        }
        tokio::task::yield_now().await;
    };
    outage.end().await;
    let mut kept = Some(kept);
    while let Some(record) = kept.take() {
        writer.has_room().await;
        kept = writer.try_write_record(record).err();
    }
    writer.flush().await.unwrap();
    writer.close().await.unwrap();
    drop(start(&bench).await);
    for call in 1..=calls {
        assert!(bench.store.get_call(call_id(call)).await.unwrap().is_some(), "{call} of {calls}");
    }
}

pub(crate) async fn a_killed_server_keeps_what_it_acknowledged(bench: Bench) {
    let mut child = Killable::start(&bench);
    child.read_acknowledged(100);
    let acknowledged = child.kill();
    check_after_kill(&bench, acknowledged).await;
}

pub(crate) async fn a_server_killed_during_an_outage_keeps_what_it_acknowledged(bench: Bench) {
    let mut child = Killable::start(&bench);
    child.read_acknowledged(20);
    let outage = bench.begin_outage().await;
    // A database that is away cannot be asked what it has; the spool tells when the first that it has not was written.
    while spool_bytes(&bench) == 0 {
        child.read_acknowledged(0);
    }
    let acknowledged = child.kill();
    assert!(spool_bytes(&bench) > 0);
    outage.end().await;
    check_after_kill(&bench, acknowledged).await;
    assert_eq!(spool_bytes(&bench), 0);
}

async fn check_after_kill(bench: &Bench, acknowledged: u64) {
    start(bench).await;
    let seqs: Vec<u64> = journal(&bench.store).await.iter().map(|event| event.seq).collect();
    let last = seqs.len() as u64;
    assert!(last >= acknowledged, "{acknowledged} were acknowledged, {last} are there");
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
}

/// A process that writes, flushes and tells what was acknowledged.
struct Killable {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Killable {
    fn start(bench: &Bench) -> Self {
        let mut child = bench.spawn_child("behaviour_on_sqlite");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads until number `least` was acknowledged.
    fn read_acknowledged(&mut self, least: u64) -> u64 {
        self.acknowledged().find(|seq| *seq >= least).expect("the child writes until it is killed")
    }

    /// Kills the process; the last number it acknowledged.
    fn kill(mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.acknowledged().last().unwrap_or(0)
    }

    fn acknowledged(&mut self) -> impl Iterator<Item = u64> {
        self.lines.by_ref().filter_map(|line| line.unwrap().strip_prefix("acknowledged ")?.parse().ok())
    }
}

/// True in the process that [`Killable::start`] makes.
pub(crate) fn is_to_be_killed() -> bool {
    std::env::var_os("STORE_URL").is_some()
}

/// What that process does.
pub(crate) fn acknowledge_until_killed() {
    runtime().block_on(async {
        let store = Store::open(&std::env::var("STORE_URL").unwrap()).await.unwrap();
        let spool = PathBuf::from(std::env::var_os("STORE_SPOOL").unwrap());
        let writer = Writer::start(store, &spool, SPOOL_BYTES_MAX).await.unwrap();
        for seq in (1..).step_by(3) {
            write(&writer, &ticks(seq..=seq + 2));
            writer.flush().await.unwrap();
            // One write: the reader must never see half a line.
            std::io::stdout().write_all(format!("acknowledged {}\n", seq + 2).as_bytes()).unwrap();
        }
    });
}
