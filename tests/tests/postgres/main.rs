//! The server on a real PostgreSQL: a whole call, a server that is killed, and a database that goes away and comes
//! back while people talk.

mod cluster;

use anyhow::Result;
use hotline_api_types::{AgentState, EndKind, Live, Party, RecordingState, What};
use hotline_call::{CallEvent, Event, EventKind};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_store::Store;
use hotline_tests::{
    Center, Hotline, PATIENCE, Queue, Watch, eventually, hears, listen, record_of, records, wait_until_heard,
};

use crate::cluster::Cluster;

const CALLER: &str = "+14155550123";
const SECOND_CALLER: &str = "+14155550199";
const CALLER_HZ: f64 = 440.0;
const AGENT_HZ: f64 = 1000.0;

/// Dials, and lets the agent answer.
async fn connect(watch: &mut Watch, caller: &Phone, number: &str, agent: &mut Phone) -> Result<String> {
    caller.dial("4100").await?;
    let call = watch.call_of(number).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    watch.event("the connection", |event| is_connection(event.call.as_deref(), &event.what, &call)).await?;
    Ok(call)
}

fn is_connection(of: Option<&str>, what: &What, call: &str) -> bool {
    of == Some(call) && matches!(what, What::CallConnected { .. })
}

/// Waits until nothing is left of the call; its record may wait for the database.
async fn gone(watch: &mut Watch, call: &str) -> Result<()> {
    let ended = |what: &What| matches!(what, What::CallEnded { .. });
    watch.event("the end", |event| event.call.as_deref() == Some(call) && ended(&event.what)).await?;
    watch.state("the call to be gone", |live| live.calls.iter().all(|other| other.id != call)).await
}

async fn start(cluster: &Cluster) -> Result<(Hotline, Phone, Phone)> {
    let hotline = Center::new().database(&cluster.url()).sales(Queue::music_only).start().await?;
    let agent = hotline.ready("1001").await?;
    let caller = hotline.caller(CALLER).await?;
    agent.say(Speech::tone(AGENT_HZ)).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    Ok((hotline, agent, caller))
}

#[tokio::test]
async fn a_call_on_postgresql_is_recorded_and_a_killed_server_closes_the_next_one() -> Result<()> {
    let cluster = Cluster::start().await?;
    let (mut hotline, mut agent, mut caller) = start(&cluster).await?;
    let mut watch = hotline.watch().await?;
    let first = connect(&mut watch, &caller, CALLER, &mut agent).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    agent.hang_up().await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    let record = watch.over(&first).await?;
    assert_eq!(record.ended_by, Some(Party::Agent));
    assert!(hears(&listen(watch.client(), &first).await?.agent, AGENT_HZ));

    watch.agent("1001", AgentState::Ready).await?;
    watch.from_here();
    let second = connect(&mut watch, &caller, CALLER, &mut agent).await?;
    caller.forget_heard();
    wait_until_heard(&caller, AGENT_HZ).await?;
    recording_is_in_journal(&cluster.url(), &second).await?;
    hotline.kill().await?;
    hotline.restart().await?;

    let admin = hotline.admin().await?;
    let record = record_of(&admin, &second).await?;
    let cause = record.cause.unwrap();
    assert_eq!((cause.kind, record.agent.as_deref()), (EndKind::ServerRestart, Some("1001")));
    assert_eq!(record.recordings[0].state, RecordingState::Mended);
    listen(&admin, &second).await?;
    assert_eq!(records(&admin).await?.len(), 2);
    let live: Live = serde_json::from_value(admin.get("/api/v1/live").await?)?;
    assert!(live.calls.is_empty(), "{:?}", live.calls);
    assert!(live.agents.iter().all(|agent| agent.call.is_none()), "{:?}", live.agents);
    Ok(())
}

#[tokio::test]
async fn calls_go_on_without_the_database_and_are_written_once_and_in_order_when_it_is_back() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let (hotline, mut agent, caller) = start(&cluster).await?;
    let mut watch = hotline.watch().await?;
    let first = connect(&mut watch, &caller, CALLER, &mut agent).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;

    cluster.stop().await?;
    // Something to be written, which is when the server finds out.
    agent.hold(true).await?;
    watch.agent("1001", AgentState::Hold).await?;
    watch
        .event(
            "the alarm",
            |event| matches!(&event.what, What::AlarmRaised { alarm } if alarm.kind == "store_unavailable"),
        )
        .await?;
    let live: Live = serde_json::from_value(watch.client().get("/api/v1/live").await?)?;
    assert!(live.alarms.iter().any(|alarm| alarm.kind == "store_unavailable"), "{:?}", live.alarms);
    agent.hold(false).await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.forget_heard();
    agent.forget_heard();
    wait_until_heard(&caller, AGENT_HZ).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    caller.hang_up().await?;
    gone(&mut watch, &first).await?;

    // A call that begins and ends while the database is away.
    watch.agent("1001", AgentState::Ready).await?;
    let other = hotline.caller(SECOND_CALLER).await?;
    let second = connect(&mut watch, &other, SECOND_CALLER, &mut agent).await?;
    other.hang_up().await?;
    gone(&mut watch, &second).await?;

    cluster.run().await?;
    watch
        .event(
            "the end of the alarm",
            |event| matches!(&event.what, What::AlarmCleared { kind } if kind == "store_unavailable"),
        )
        .await?;
    for call in [&first, &second] {
        let record = record_of(watch.client(), call).await?;
        assert_eq!(record.cause.unwrap().kind, EndKind::Completed);
        assert_eq!(record.recordings[0].state, RecordingState::Finished);
    }
    assert_eq!(records(watch.client()).await?.len(), 2);
    journal_is_complete(&cluster.url(), &[&first, &second]).await
}

/// Waits until the journal, which is written a little later, has the call's recording.
async fn recording_is_in_journal(url: &str, call: &str) -> Result<()> {
    let store = Store::open(url).await?;
    eventually("the recording in the journal", async || {
        let events = store.events_after(0, usize::MAX).await?;
        let started = |what: &CallEvent| matches!(what, CallEvent::RecordingStarted { .. });
        Ok(events.iter().filter_map(|event| call_event(event, call)).any(started).then_some(()))
    })
    .await?;
    store.close().await;
    Ok(())
}

/// Every event once, in the order of its number, and both calls from their first to their last one.
async fn journal_is_complete(url: &str, calls: &[&str]) -> Result<()> {
    let store = Store::open(url).await?;
    let is_cleared = |event: &Event| matches!(event.kind, EventKind::AlarmCleared(_));
    let events = eventually("the last event in the journal", async || {
        let events = store.events_after(0, usize::MAX).await?;
        Ok(Some(events).filter(|events| events.iter().any(is_cleared)))
    })
    .await?;
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    // Places in line are told live only, so numbers may be left out; none comes twice or late.
    assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
    for id in calls {
        let of_call: Vec<&CallEvent> = events.iter().filter_map(|event| call_event(event, id)).collect();
        assert!(matches!(of_call.first(), Some(CallEvent::Started { .. })), "{of_call:?}");
        let ends = of_call.iter().filter(|what| matches!(what, CallEvent::Ended { .. })).count();
        assert_eq!(ends, 1, "{of_call:?}");
    }
    store.close().await;
    Ok(())
}

fn call_event<'e>(event: &'e Event, id: &str) -> Option<&'e CallEvent> {
    match &event.kind {
        EventKind::Call { call, what } => (call.to_string() == id).then_some(what),
        EventKind::Agent { .. }
        | EventKind::AgentRemoved { .. }
        | EventKind::CallbacksChanged { .. }
        | EventKind::AlarmRaised(_)
        | EventKind::AlarmCleared(_)
        | EventKind::CenterChanged => None,
    }
}
