//! What is in a recording: the whole conversation, the right voices on the right side, and nothing that was not to be
//! kept.

use anyhow::{Context, Result};
use hotline_api_client::Client;
use hotline_api_types::{AgentState, RecordedChannel, RecordedMarkKind, Recording, RecordingState, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Watch, eventually, hears, listen, loudness, wait_until_heard,
};
use serde_json::json;

const CALLER: &str = "+15550100123";

/// A caller at 440 Hz who talks to agent 1001 at 1000 Hz, and the call.
async fn talk(hotline: &Hotline, watch: &mut Watch) -> Result<(Phone, Phone, String)> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    let call = watch.call_of(CALLER).await?;
    Ok((caller, agent, call))
}

/// The only recording of a call, and the files there are.
async fn only(watch: &mut Watch, call: &str) -> Result<Recording> {
    let mut record = watch.over(call).await?;
    assert_eq!(record.recordings.len(), 1, "one conversation, one recording: {:?}", record.recordings);
    record.recordings.pop().context("a recording")
}

fn kinds(recording: &Recording) -> Vec<RecordedMarkKind> {
    recording.marks.iter().map(|mark| mark.kind).collect()
}

#[tokio::test]
async fn hold_and_transfer_go_on_in_one_file_with_the_customer_left_and_both_agents_right() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, agent, call) = talk(&hotline, &mut watch).await?;
    agent.hold(true).await?;
    watch.event("the hold", |event| matches!(event.what, What::CallHeld { .. })).await?;
    agent.hold(false).await?;
    watch.event("its end", |event| matches!(event.what, What::CallRetrieved { .. })).await?;
    let mut other = hotline.ready("1003").await?;
    let path = format!("/api/v1/calls/{call}/transfer");
    hotline.desk("1001").await?.post(&path, &json!({ "to": "1003" })).await?;
    other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    other.answer().await?;
    watch.event("the transfer", |event| matches!(event.what, What::CallTransferred { .. })).await?;
    other.say(Speech::tone(1700.0)).await?;
    wait_until_heard(&caller, 1700.0).await?;
    wait_until_heard(&other, 440.0).await?;
    caller.hang_up().await?;

    let recording = only(&mut watch, &call).await?;
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0) && hears(&sound.agent, 1700.0));
    assert!(!hears(&sound.customer, 1000.0) && !hears(&sound.customer, 1700.0), "the customer is left");
    assert!(!hears(&sound.agent, 440.0), "the agents are right");
    let heard: Vec<_> = recording.legs.iter().map(|leg| (leg.speaker.as_str(), leg.channel)).collect();
    let (left, right) = (RecordedChannel::Left, RecordedChannel::Right);
    assert_eq!(heard, [("customer", left), ("agent:1001", right), ("agent:1003", right)]);
    let [customer, first, second] = &recording.legs[..] else { panic!("three legs") };
    let duration = recording.duration_ms.context("a length")?;
    assert_eq!((customer.from_ms, customer.to_ms, second.to_ms), (0, duration, duration));
    assert!(first.from_ms == 0 && first.to_ms <= second.from_ms + 1000, "{:?}", recording.legs);
    use RecordedMarkKind::{Held, Retrieved, Transferred};
    assert_eq!(kinds(&recording), [Held, Retrieved, Transferred]);
    assert_eq!(recording.marks[0].by.as_deref(), Some("agent:1001"));
    assert_eq!(recording.gaps, []);
    assert!(recording.marks.windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
    // The second agent's tone begins after the transfer.
    let sent_on = usize::try_from(recording.marks[2].at_ms)? * 8;
    assert!(!hears(&sound.agent[..sent_on], 1700.0) && hears(&sound.agent[sent_on..], 1700.0));
    Ok(())
}

async fn ask(desk: &Client, call: &str, what: &str) -> Result<()> {
    let reason = if what == "pause" { json!({ "reason": "a card number" }) } else { json!({}) };
    desk.post(&format!("/api/v1/calls/{call}/recording/{what}"), &reason).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_said_in_a_pause_is_nowhere_in_the_file_and_time_goes_on() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, agent, call) = talk(&hotline, &mut watch).await?;
    let desk = hotline.desk("1001").await?;
    let stranger = hotline.desk("1002").await?;
    assert!(ask(&stranger, &call, "pause").await.is_err(), "only who talks may");
    ask(&desk, &call, "pause").await?;
    let paused = watch.event("the pause", |event| matches!(event.what, What::RecordingPaused { .. })).await?;
    let What::RecordingPaused { by, reason, .. } = &paused.what else { unreachable!("it was waited for") };
    assert_eq!((by.as_str(), reason.as_deref()), ("1001", Some("a card number")));
    caller.say(Speech::tone(2600.0)).await?;
    agent.say(Speech::tone(1700.0)).await?;
    wait_until_heard(&agent, 2600.0).await?;
    wait_until_heard(&caller, 1700.0).await?;
    caller.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    // What is on its way when the pause ends is still in it.
    let heard = caller.heard().len();
    eventually("half a second more", async || Ok((caller.heard().len() > heard + 4000).then_some(())))
        .await?;
    ask(&desk, &call, "resume").await?;
    let resumed = |event: &hotline_api_types::Event| matches!(event.what, What::RecordingResumed { .. });
    watch.event("the end of the pause", resumed).await?;
    let heard = caller.heard().len();
    eventually("half a second more", async || Ok((caller.heard().len() > heard + 4000).then_some(())))
        .await?;
    caller.hang_up().await?;

    let recording = only(&mut watch, &call).await?;
    let sound = listen(watch.client(), &call).await?;
    assert!(!hears(&sound.customer, 2600.0) && !hears(&sound.agent, 1700.0), "nothing of the pause is kept");
    assert_eq!(kinds(&recording), [RecordedMarkKind::Paused, RecordedMarkKind::Resumed]);
    assert_eq!(recording.marks[0].reason.as_deref(), Some("a card number"));
    let place = |mark: usize| usize::try_from(recording.marks[mark].at_ms).map(|ms| ms * 8);
    let (from, to) = (place(0)? + 8, place(1)? - 8);
    for side in [&sound.customer, &sound.agent] {
        assert!(side[from..to].iter().all(|sample| *sample == 0), "silence");
        assert!(
            loudness(&side[..from - 1000]) > -30.0 && loudness(&side[..to + 2000]) > -30.0,
            "sound around it"
        );
    }
    let admin = hotline.admin().await?;
    let audit = admin.get("/api/v1/audit").await?.to_string();
    assert!(audit.contains("recording.pause") && audit.contains("recording.resume"), "{audit}");
    Ok(())
}

/// One channel of µ-law takes a quarter of the space.
#[tokio::test]
async fn a_center_may_have_its_recordings_mixed_and_in_ulaw() -> Result<()> {
    let section = "recordings: {channels: mono, coding: ulaw}\nstorage:";
    let hotline = Center::new().edit("config/hotline.yaml", "storage:", section).start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, _agent, call) = talk(&hotline, &mut watch).await?;
    caller.hang_up().await?;
    let recording = only(&mut watch, &call).await?;
    assert_eq!(recording.state, RecordingState::Finished);
    let file = std::fs::read(hotline.recordings().join(&recording.path))?;
    let played = watch.client().get_bytes(&format!("/api/v1/calls/{call}/recording")).await?;
    assert_eq!(played, file);
    // Format 7, one channel, then the samples behind 58 bytes.
    assert_eq!((&file[..4], &file[20..24]), (&b"RIFF"[..], &[7, 0, 1, 0][..]));
    let length = u32::from_le_bytes(file[54..58].try_into()?) as usize;
    assert_eq!(length as u64 / 8, recording.duration_ms.context("a length")?);
    let sound: Vec<i16> =
        file[58..58 + length].iter().map(|byte| hotline_audio::ulaw::decode(*byte)).collect();
    assert!(hears(&sound, 440.0) && hears(&sound, 1000.0));
    Ok(())
}
