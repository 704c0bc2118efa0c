//! `kill -9` in the middle of things, and what is there after the restart.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, Party, QueueOutcome, Record, RecordingState};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_store::Store;
use hotline_tests::{
    Center, Hotline, PATIENCE, Watch, eventually, hears, level, listen, records, wait_until_heard,
};

const CALLER: &str = "+15550100123";
/// What a kill may cost of a recording, and what the machine may add between two looks.
const LOST_MAX_S: f64 = 2.0;

async fn calling(hotline: &Hotline) -> Result<Phone> {
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(caller)
}

/// After the restart: one record of the call, closed as interrupted, and nobody in a call.
async fn interrupted(hotline: &mut Hotline, call: &str) -> Result<(Record, Watch)> {
    hotline.kill().await?;
    hotline.restart().await?;
    let watch = hotline.watch().await?;
    let of_call: Vec<Record> =
        records(watch.client()).await?.into_iter().filter(|record| record.id == call).collect();
    let [record] = of_call.as_slice() else { panic!("one record expected: {of_call:?}") };
    let cause = record.cause.as_ref().context("a cause")?;
    assert_eq!((cause.kind, record.ended_by), (EndKind::ServerRestart, Some(Party::System)));
    assert!(record.ended_at.is_some());
    assert!(watch.live().calls.is_empty() && watch.live().queues.iter().all(|queue| queue.length == 0));
    assert!(watch.live().agents.iter().all(|agent| agent.call.is_none()), "{:?}", watch.live().agents);
    Ok((record.clone(), watch))
}

#[tokio::test]
async fn a_call_that_was_up_keeps_its_record_and_its_recording() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = calling(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    let (began, before) = (std::time::Instant::now(), agent.heard().len());
    eventually("four seconds of talk", async || Ok((agent.heard().len() > before + 32_000).then_some(())))
        .await?;
    let talked = began.elapsed();

    let (record, watch) = interrupted(&mut hotline, &call).await?;
    let [recording] = record.recordings.as_slice() else { panic!("one recording: {:?}", record.recordings) };
    assert_eq!(recording.state, RecordingState::Mended);
    let file = hotline.recordings().join(&recording.path);
    assert_eq!(recording.bytes, Some(std::fs::metadata(&file)?.len()));
    let sound = listen(watch.client(), &call).await?;
    assert!(sound.seconds() + LOST_MAX_S >= talked.as_secs_f64(), "{} s of {talked:?}", sound.seconds());
    let told = recording.duration_ms.context("a length")? as f64 / 1000.0;
    assert!((told - sound.seconds()).abs() < 0.1, "{told} s on record, {} s in the file", sound.seconds());
    assert!(hears(&sound.customer, 440.0) && !hears(&sound.customer, 1000.0));
    assert!(hears(&sound.agent, 1000.0) && !hears(&sound.agent, 440.0));
    // Playable by anything: the header of the file on disk is right.
    let reader = hound::WavReader::open(&file)?;
    assert_eq!(reader.duration() as usize, sound.customer.len());
    Ok(())
}

#[tokio::test]
async fn a_caller_who_was_waiting_has_a_record_with_the_wait() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let _caller = calling(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    on_disk(&hotline, &watch, &call).await?;
    let (record, _watch) = interrupted(&mut hotline, &call).await?;
    let [visit] = record.queues.as_slice() else { panic!("one stay in a queue: {:?}", record.queues) };
    assert_eq!(visit.outcome, Some(QueueOutcome::Withdrawn));
    assert!(record.recordings.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_agent_who_was_being_rung_is_free_again() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let _caller = calling(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    watch.agent("1001", AgentState::Ringing).await?;
    on_disk(&hotline, &watch, &call).await?;
    let (record, mut watch) = interrupted(&mut hotline, &call).await?;
    assert_eq!(record.offers.len(), 1);
    assert!(record.offers[0].ended_at.is_some(), "the offer was left open: {:?}", record.offers);
    // The same agent takes the next call.
    let mut agent = hotline.ready("1001").await?;
    let _next = calling(&hotline).await?;
    agent.wait_for("the next call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;
    Ok(())
}

/// Waits until the journal has all that was told of the call: a kill loses what is not yet committed.
async fn on_disk(hotline: &Hotline, watch: &Watch, call: &str) -> Result<()> {
    let told = watch.events().iter().filter(|event| event.call.as_deref() == Some(call)).count();
    let url = format!("sqlite://{}", hotline.directory().join("data/hotline.db").display());
    let store = Store::open(&url).await?;
    let journal = eventually("the journal to have the call", async || {
        let open = store.open_calls().await?;
        let events = open.iter().find(|(id, _)| id.to_string() == call).map_or(0, |(_, events)| events.len());
        Ok((events >= told).then_some(()))
    });
    journal.await?;
    store.close().await;
    Ok(())
}

#[tokio::test]
async fn finished_calls_are_all_there_after_a_kill_and_only_once() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut calls = Vec::new();
    for n in 0..8 {
        let number = format!("+155501003{n:02}");
        let mut caller = hotline.caller(&number).await?;
        caller.dial("4100").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        let call = watch.queued(&number).await?;
        caller.hang_up().await?;
        watch.over(&call).await?;
        calls.push(call);
    }
    let before = records(watch.client()).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let after = records(&hotline.admin().await?).await?;
    assert_eq!(after, before);
    calls.reverse();
    assert_eq!(
        after.iter().map(|record| record.id.clone()).collect::<Vec<_>>(),
        calls,
        "newest first, each once"
    );
    hotline.kill().await?;
    hotline.restart().await?;
    assert_eq!(records(&hotline.admin().await?).await?, before, "a second restart changed the records");
    Ok(())
}

#[tokio::test]
async fn a_recording_that_was_finished_before_the_kill_is_untouched() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = calling(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let file = hotline.recordings().join(&record.recordings[0].path);
    let before = std::fs::read(&file)?;
    hotline.kill().await?;
    hotline.restart().await?;
    assert_eq!(std::fs::read(&file)?, before);
    let sound = listen(&hotline.admin().await?, &call).await?;
    assert!(level(&sound.customer, 440.0) > -20.0);
    Ok(())
}
