//! A call that succeeds: heard, recorded, on record, and seen by those who watch.

use anyhow::{Context, Result};
use hotline_api_types::{
    AgentState, CallState, EndKind, Event, OfferOutcome, Party, QueueOutcome, Record, RecordingState, Source,
    What,
};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{Bursts, Center, Hotline, PATIENCE, Watch, hears, listen, record_of, wait_until_heard};

const CALLER: &str = "+15550100123";
const CALLER_HZ: f64 = 440.0;
const AGENT_HZ: f64 = 1000.0;

/// A call through the shipped menu to an agent who has answered.
async fn connected(hotline: &Hotline, watch: &mut Watch) -> Result<(Phone, Phone, String)> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4000").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.press('1').await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    watch.agent("1001", AgentState::Ringing).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    Ok((caller, agent, call))
}

#[tokio::test]
async fn a_caller_and_an_agent_hear_each_other_and_both_are_recorded() -> Result<()> {
    let hotline = Center::new().sales(|sales| sales.wrap_up_s(1)).start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, mut agent, call) = connected(&hotline, &mut watch).await?;
    caller.forget_heard();
    caller.say(Speech::tone(CALLER_HZ)).await?;
    agent.say(Speech::tone(AGENT_HZ)).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert!(!hears(&agent.heard(), AGENT_HZ), "the agent hears itself");
    assert!(!hears(&caller.heard(), CALLER_HZ), "the caller hears itself");

    watch.agent("1001", AgentState::WrapUp).await?;
    watch.agent("1001", AgentState::Ready).await?;
    watch.over(&call).await?;
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, CALLER_HZ), "the caller is not on the left");
    assert!(!hears(&sound.customer, AGENT_HZ), "the agent is on the left");
    assert!(hears(&sound.agent, AGENT_HZ), "the agent is not on the right");
    assert!(!hears(&sound.agent, CALLER_HZ), "the caller is on the right");
    Ok(())
}

#[tokio::test]
async fn callers_of_a_queue_that_is_not_to_be_recorded_are_heard_and_leave_no_recording() -> Result<()> {
    let unrecorded = "announce_position: false, record: false";
    let center = Center::new().sales(|sales| sales.music_only().wrap_up_s(1));
    let center = center.edit("config/center.yaml", "announce_position: false", unrecorded);
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, mut agent, call) = connected(&hotline, &mut watch).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1001", AgentState::WrapUp).await?;
    watch.agent("1001", AgentState::Ready).await?;
    let record = record_of(watch.client(), &call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Completed);
    assert!(record.recordings.is_empty(), "{:?}", record.recordings);
    Ok(())
}

#[tokio::test]
async fn the_two_channels_of_a_recording_are_aligned() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, agent, call) = connected(&hotline, &mut watch).await?;
    let bursts = Bursts::speak(&caller, &agent, 5).await?;
    caller.hang_up().await?;
    watch.over(&call).await?;
    let sound = listen(watch.client(), &call).await?;
    let off = bursts.misalignment_ms(&sound.customer, &sound.agent)?;
    assert!(off.abs() <= 40.0, "the channels are {off:.1} ms apart");
    Ok(())
}

#[tokio::test]
async fn the_record_of_a_call_tells_its_whole_course() -> Result<()> {
    let hotline = Center::new().sales(|sales| sales.wrap_up_s(2)).start().await?;
    let mut watch = hotline.watch().await?;
    // An open page, so that there is a screen pop to be written.
    let _page = Watch::open(hotline.desk("1001").await?).await?;
    let (caller, agent, call) = connected(&hotline, &mut watch).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    agent.hang_up().await?;
    watch.over(&call).await?;
    drop(caller);

    let record = record_of(watch.client(), &call).await?;
    assert_eq!((record.caller.as_str(), record.called.as_str()), (CALLER, "4000"));
    assert_eq!((record.number.as_deref(), record.flow.as_deref()), (Some("4000"), Some("main")));
    assert_eq!(record.source, Source::Trunk("carrier".into()));
    assert_eq!(record.agent.as_deref(), Some("1001"));
    assert_eq!(record.ended_by, Some(Party::Agent));
    let cause = record.cause.clone().context("a cause")?;
    assert_eq!((cause.kind, cause.sip_status, cause.q850), (EndKind::Completed, Some(200), 16));
    let path: Vec<&str> = record.path.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(path, ["answer", "greeting", "menu", "connect_sales", "sales"]);
    assert_eq!(record.path[2].input.as_deref(), Some("1"));
    let [visit] = record.queues.as_slice() else { panic!("one stay in a queue: {:?}", record.queues) };
    assert_eq!((visit.queue.as_str(), visit.outcome), ("sales", Some(QueueOutcome::Answered)));
    let recording = record.recordings.first().context("a recording")?;
    assert_eq!((recording.state, recording.gap_ms), (RecordingState::Finished, Some(0)));
    in_order(&record)?;
    let file = hotline.recordings().join(&recording.path);
    assert_eq!(Some(std::fs::metadata(file)?.len()), recording.bytes);
    wrapped_up_for_two_seconds(&mut watch).await
}

fn in_order(record: &Record) -> Result<()> {
    let offer = record.offers.first().context("an offer")?;
    assert_eq!((offer.agent.as_str(), offer.outcome), ("1001", OfferOutcome::Answered));
    let visit = record.queues.first().context("a stay in a queue")?;
    let recording = record.recordings.first().context("a recording")?;
    let times = [
        ("started_at", Some(record.started_at)),
        ("answered_at", record.answered_at),
        ("queues[0].entered_at", Some(visit.entered_at)),
        ("offers[0].offered_at", Some(offer.offered_at)),
        ("offers[0].popped_at", offer.popped_at),
        ("offers[0].invited_at", offer.invited_at),
        ("offers[0].ringing_at", offer.ringing_at),
        ("offers[0].ended_at", offer.ended_at),
        ("connected_at", record.connected_at),
        ("recordings[0].started_at", Some(recording.started_at)),
        ("ended_at", record.ended_at),
    ];
    for (name, time) in times {
        assert!(time.is_some(), "{name} is missing");
    }
    assert!(times.is_sorted_by_key(|(_, time)| *time), "not in order: {times:#?}");
    let waited = visit.left_at.context("left_at")?.as_unix_millis() - visit.entered_at.as_unix_millis();
    let told = i64::try_from(visit.waited_ms.context("waited_ms")?)?;
    assert!((waited - told).abs() <= 1, "{waited} ms between the times, waited_ms {told}");
    Ok(())
}

async fn wrapped_up_for_two_seconds(watch: &mut Watch) -> Result<()> {
    let entered = |state: AgentState| move |event: &Event| matches!(&event.what, What::AgentChanged { agent } if agent.id == "1001" && agent.state == state);
    let wrap_up = watch.event("wrap-up", entered(AgentState::WrapUp)).await?;
    watch.from_here();
    let ready = watch.event("ready", entered(AgentState::Ready)).await?;
    let lasted = ready.at.as_unix_millis() - wrap_up.at.as_unix_millis();
    assert!((2000..3000).contains(&lasted), "wrap-up lasted {lasted} ms");
    Ok(())
}

#[tokio::test]
async fn those_who_follow_the_events_see_what_those_who_ask_are_told() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    watch.agrees_with_live().await?;
    let (caller, agent, call) = connected(&hotline, &mut watch).await?;
    watch.agrees_with_live().await?;
    agent.hold(true).await?;
    watch.agent("1001", AgentState::Hold).await?;
    watch.agrees_with_live().await?;
    agent.hold(false).await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.hang_up().await?;
    watch.agent("1001", AgentState::WrapUp).await?;
    watch.agrees_with_live().await?;
    watch.over(&call).await?;
    watch.agent("1001", AgentState::Ready).await?;
    watch.agrees_with_live().await?;
    assert!(watch.live().calls.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_recording_plays_while_the_call_runs() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, agent, call) = connected(&hotline, &mut watch).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    watch
        .state("a connected call", |live| live.calls.iter().any(|call| call.state == CallState::Connected))
        .await?;
    hotline_tests::eventually("the tone in the growing file", async || {
        let sound = listen(watch.client(), &call).await?;
        Ok((hotline_tests::level(&sound.customer, CALLER_HZ) > -20.0).then_some(()))
    })
    .await?;
    let live = watch.client().get(&format!("/api/v1/calls/{call}")).await?;
    assert_eq!(live["ended_at"], serde_json::Value::Null, "the call was still up: {live}");
    Ok(())
}
