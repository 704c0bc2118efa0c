//! What is done to what a caller says: a soft voice is made louder for the agent, and keys are kept from the agent and the recording.

use anyhow::Result;
use hotline_audio::dtmf::{Detector, tones};
use hotline_audio::{SAMPLE_RATE_HZ, Tone};
use hotline_phone::{PhoneEvent, Speech};
use hotline_sdp::Codec;
use hotline_tests::{Center, PATIENCE, eventually, level, listen};

const CALLER: &str = "+15550100123";
const CALLER_HZ: f64 = 440.0;
const SOFT_DBFS: f64 = -38.0;
/// Speech of the caller that has been brought to −20 dBFS is louder than this, and softer as it was spoken.
const LOUD_DBFS: f64 = -26.0;
/// Every key that is pressed as a sound.
const KEYS: &str = "0123456789*#";

/// Words of a soft voice: a tone of 300 ms and a gap of 100 ms, again and again.
fn words(seconds: usize) -> Vec<i16> {
    let tone = Tone::new(CALLER_HZ, SOFT_DBFS, SAMPLE_RATE_HZ).take(seconds * 8000);
    tone.enumerate().map(|(at, sample)| if at % 3200 < 2400 { sample } else { 0 }).collect()
}

fn keys() -> Vec<i16> {
    let mut sound = Vec::new();
    for [low, high] in KEYS.chars().filter_map(tones) {
        let (low, high) = (Tone::new(low, -10.0, SAMPLE_RATE_HZ), Tone::new(high, -8.0, SAMPLE_RATE_HZ));
        sound.extend(low.zip(high).map(|(low, high)| low.saturating_add(high)).take(640));
        sound.extend([0; 560]);
    }
    sound
}

fn detected(sound: &[i16]) -> String {
    let mut detector = Detector::default();
    sound.iter().filter_map(|sample| detector.push(*sample)).map(|press| press.key).collect()
}

/// A caller says soft words, then presses keys as sounds. Gives how loud the agent heard the words, which keys it heard, and
/// the recording of the caller.
async fn heard(speech: &str) -> Result<(f64, String, Vec<i16>)> {
    let queues = format!("{speech}queues:\n");
    let hotline = Center::new().edit("config/center.yaml", "queues:\n", &queues).start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready_with("1001", Codec::Pcmu).await?;
    let mut caller = hotline.caller_with(CALLER, Codec::Pcmu).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    // The end is told by another tone, which may be brought to the level too.
    let end_hz = 2600.0;
    let sound = [words(6), keys(), Tone::new(end_hz, -12.0, SAMPLE_RATE_HZ).take(4000).collect()].concat();
    agent.forget_heard();
    caller.say(Speech::samples(sound)).await?;
    eventually("the caller to end", async || Ok((level(&agent.heard(), end_hz) > LOUD_DBFS).then_some(())))
        .await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.over(&call).await?;
    let recorded = listen(watch.client(), &call).await?.customer;
    let heard = agent.heard();
    Ok((level(&heard, CALLER_HZ), detected(&heard), recorded))
}

#[tokio::test]
async fn a_soft_caller_is_made_louder_for_the_agent_if_the_center_wishes_it() -> Result<()> {
    let (plain, keys, _) = heard("").await?;
    assert!((plain - SOFT_DBFS).abs() < 2.0, "{plain} dBFS");
    assert_eq!(keys, KEYS, "keys are heard unless they are hidden");
    let (leveled, _, recorded) = heard("speech: {agc: customer, agc_gain_max_db: 30}\n").await?;
    assert!(leveled > LOUD_DBFS, "{leveled} dBFS");
    let recorded = level(&recorded, CALLER_HZ);
    assert!((recorded - SOFT_DBFS).abs() < 2.0, "recorded as it came: {recorded} dBFS");
    Ok(())
}

#[tokio::test]
async fn keys_of_the_caller_reach_neither_the_agent_nor_the_recording_if_they_are_hidden() -> Result<()> {
    let (_, keys, recorded) = heard("speech: {hide_keys: customer}\n").await?;
    assert_eq!((keys.as_str(), detected(&recorded).as_str()), ("", ""));
    assert!((level(&recorded, CALLER_HZ) - SOFT_DBFS).abs() < 2.0, "the rest is recorded");
    Ok(())
}
