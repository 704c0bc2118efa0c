//! The server and baresip, a softphone that shares no code with it: as agent and as caller.

mod phone;
mod told;

use anyhow::{Context, Result, ensure};
use hotline_api_types::{AgentState, EndKind, OfferOutcome, Party, TransferOutcome, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_sdp::Codec;
use hotline_tests::{
    Center, Certificate, Hotline, PATIENCE, Queue, Watch, eventually, hears, level, listen, record_of,
    wait_until_heard,
};

use crate::phone::{Baresip, VOICE_HZ};

const CALLER: &str = "+14155550123";
const CALLER_HZ: f64 = 440.0;
/// Louder than this, a tone is there.
const HEARD_DBFS: f64 = -24.0;

/// baresip 1.0 gives up a registration that is challenged for SHA-256, even as the second choice.
fn center() -> Center {
    Center::new().edit("config/center.yaml", "[MD5, SHA-256]", "[MD5]").sales(Queue::music_only)
}

/// A server with baresip as the phone of agent 1001, who is ready.
async fn with_agent() -> Result<(Hotline, Watch, Baresip)> {
    let hotline = center().start().await?;
    let watch = hotline.watch().await?;
    let agent = Baresip::agent(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    Ok((hotline, watch, agent))
}

async fn wait_until_baresip_hears(phone: &Baresip, frequency_hz: f64) -> Result<()> {
    eventually(&format!("baresip to hear {frequency_hz} Hz"), async || {
        Ok((level(&phone.heard().await?, frequency_hz) > HEARD_DBFS).then_some(()))
    })
    .await
}

#[tokio::test]
async fn an_agent_answers_with_baresip_and_both_are_heard_and_recorded() -> Result<()> {
    let (hotline, watch, agent) = with_agent().await?;
    both_are_heard_and_recorded(hotline.caller(CALLER).await?, watch, agent).await
}

/// The caller has G.711 and the phone nothing but G.722.
#[tokio::test]
async fn an_agent_answers_with_baresip_in_wide_band() -> Result<()> {
    let hotline = center().start().await?;
    let watch = hotline.watch().await?;
    let agent = Baresip::wide_band_agent(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller_with(CALLER, Codec::Pcmu).await?;
    both_are_heard_and_recorded(caller, watch, agent).await
}

/// The caller has G.711 and the phone nothing but Opus. Both sides report what they hear.
#[tokio::test]
async fn an_agent_answers_with_baresip_in_opus_and_reports() -> Result<()> {
    let hotline = center().start().await?;
    let watch = hotline.watch().await?;
    let mut agent = Baresip::full_band_agent(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller_with(CALLER, Codec::Pcmu).await?;
    let mut waiting = hotline.watch().await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    caller.dial("4100").await?;
    let call = waiting.call_of(CALLER).await?;
    agent.answer().await?;
    wait_until_heard(&caller, VOICE_HZ).await?;
    wait_until_baresip_hears(&agent, CALLER_HZ).await?;
    // Each side reports every few seconds; the way there and back is known from the second report on.
    eventually("some reports", async || Ok((agent.heard().await?.len() > 14 * 8000).then_some(()))).await?;
    caller.hang_up().await?;
    agent.says("session closed").await?;
    waiting.over(&call).await?;
    let sounds = eventually("the record of both legs", async || {
        let record = record_of(watch.client(), &call).await?;
        Ok((record.sounds.len() == 2).then_some(record.sounds))
    })
    .await?;
    let sound = sounds.iter().find(|sound| sound.party == Party::Agent).context("the agent's sound")?;
    assert_eq!((sound.codec.as_str(), sound.peer_lost), ("opus", Some(0)), "{sound:?}");
    assert!(sound.round_trip_us.is_some_and(|us| us < 200_000), "{sound:?}");
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, CALLER_HZ) && hears(&sound.agent, VOICE_HZ));
    Ok(())
}

#[tokio::test]
async fn an_agent_answers_with_baresip_over_tcp() -> Result<()> {
    let hotline = center().start().await?;
    let watch = hotline.watch().await?;
    let agent = Baresip::agent_over(&hotline, "1001", "TCP", None).await?;
    hotline.set_state("1001", "ready").await?;
    both_are_heard_and_recorded(hotline.caller(CALLER).await?, watch, agent).await
}

#[tokio::test]
async fn an_agent_answers_with_baresip_over_tls() -> Result<()> {
    let center = center();
    let certificate = Certificate::of(center.addresses().server())?;
    let center = center
        .sip("listen:\n  - HERE:0\n  - {transport: tls, address: HERE:0}\ntls: {certificate: tls.pem, key: key.pem}")
        .file("tls.pem", &certificate.certificate)
        .file("key.pem", &certificate.key);
    let hotline = center.start().await?;
    let watch = hotline.watch().await?;
    let agent = Baresip::agent_over(&hotline, "1001", "TLS", Some(&certificate.authority)).await?;
    hotline.set_state("1001", "ready").await?;
    both_are_heard_and_recorded(hotline.caller(CALLER).await?, watch, agent).await
}

async fn both_are_heard_and_recorded(caller: Phone, mut watch: Watch, mut agent: Baresip) -> Result<()> {
    caller.say(Speech::tone(CALLER_HZ)).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.answer().await?;
    wait_until_heard(&caller, VOICE_HZ).await?;
    wait_until_baresip_hears(&agent, CALLER_HZ).await?;
    assert_eq!(watch.agent("1001", AgentState::Talking).await?.call, Some(call.clone()));

    caller.hang_up().await?;
    agent.says("session closed").await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.ended_by), (Some("1001"), Some(Party::Caller)));
    assert_eq!(record.cause.map(|cause| (cause.kind, cause.q850)), Some((EndKind::Completed, 16)));
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, CALLER_HZ) && !hears(&sound.customer, VOICE_HZ));
    assert!(hears(&sound.agent, VOICE_HZ) && !hears(&sound.agent, CALLER_HZ));
    Ok(())
}

/// The caller's audio comes plain and the agent's is encrypted; the hold is a second offer and answer with the same keys.
#[tokio::test]
async fn an_agent_whose_audio_must_be_encrypted_answers_with_baresip_and_holds() -> Result<()> {
    let hotline = center().agent("1001", "encryption: required").start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = Baresip::encrypted_agent(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    caller.dial("4100").await?;
    watch.call_of(CALLER).await?;
    agent.answer().await?;
    wait_until_heard(&caller, VOICE_HZ).await?;
    agent.press("x").await?;
    watch.agent("1001", AgentState::Hold).await?;
    agent.press("X").await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.forget_heard();
    wait_until_heard(&caller, VOICE_HZ).await?;
    caller.hang_up().await?;
    agent.says("session closed").await?;
    both_are_heard_and_recorded(hotline.caller(CALLER).await?, hotline.watch().await?, agent).await
}

#[tokio::test]
async fn an_agent_hangs_up_with_baresip() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;

    agent.hang_up().await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.ended_by, Some(Party::Agent));
    watch.agent("1001", AgentState::WrapUp).await?;
    watch.agent("1001", AgentState::Ready).await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_whom_baresip_holds_hears_music_and_then_the_agent_again() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.answer().await?;
    wait_until_heard(&caller, VOICE_HZ).await?;

    agent.press("x").await?;
    watch.agent("1001", AgentState::Hold).await?;
    caller.forget_heard();
    // A second of what the caller hears on hold: sound, but not the agent's.
    let held =
        eventually("a second of sound", async || Ok(Some(caller.heard()).filter(|heard| heard.len() > 8000)));
    let held = held.await?;
    assert!(!hears(&held[4000..], VOICE_HZ));
    assert!(held[4000..].iter().any(|sample| sample.unsigned_abs() > 300), "there is no music");

    agent.press("X").await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.forget_heard();
    wait_until_heard(&caller, VOICE_HZ).await?;
    let by_agent = |what: &What| matches!(what, What::CallHeld { by: Party::Agent });
    ensure!(watch.events().iter().any(|event| by_agent(&event.what)), "nobody was told of the hold");
    caller.hang_up().await?;
    assert_eq!(watch.over(&call).await?.cause.unwrap().kind, EndKind::Completed);
    Ok(())
}

#[tokio::test]
async fn a_caller_with_baresip_finds_the_way_through_the_menu_by_encrypted_keys() -> Result<()> {
    let hotline = center().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    agent.say(Speech::tone(CALLER_HZ)).await?;
    let mut caller = Baresip::encrypted_caller(&hotline, CALLER).await?;
    caller.dial("4300").await?;
    caller.says("Call established").await?;
    let call = watch.call_of(CALLER).await?;
    caller.press("1").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    wait_until_heard(&agent, VOICE_HZ).await?;
    wait_until_baresip_hears(&caller, CALLER_HZ).await?;

    caller.hang_up().await?;
    agent.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    let record = watch.over(&call).await?;
    let menu = record.path.iter().find(|step| step.step == "menu").unwrap();
    assert_eq!(menu.input.as_deref(), Some("1"));
    assert_eq!(record.ended_by, Some(Party::Caller));
    Ok(())
}

#[tokio::test]
async fn an_agent_sends_a_caller_on_with_baresip() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut colleague = hotline.ready("1003").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;
    agent.press("/transfer sip:1003@hotline.test\n").await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    wait_until_heard(&colleague, CALLER_HZ).await?;
    watch.agent("1001", AgentState::WrapUp).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.agent.as_deref(), Some("1003"));
    let outcomes: Vec<_> = record.transfers.iter().map(|one| (&*one.by, one.outcome, one.attended)).collect();
    assert_eq!(outcomes, [("1001", TransferOutcome::Done, false)]);
    Ok(())
}

#[tokio::test]
async fn baresip_stops_ringing_when_the_caller_gives_up() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.says("Incoming call from").await?;
    caller.hang_up().await?;
    agent.says("session closed").await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.cause.unwrap().kind, EndKind::Abandoned);
    assert_eq!(record.offers[0].outcome, OfferOutcome::CallerGone);
    watch.agent("1001", AgentState::Ready).await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_dials_a_colleague_with_baresip_and_gives_up() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut colleague = hotline.ready("1002").await?;
    agent.dial("1002").await?;
    let incoming = |event: &PhoneEvent| *event == PhoneEvent::Incoming("1001".into());
    colleague.wait_for("the call", PATIENCE, incoming).await?;
    let call = watch.call_of("1001").await?;
    agent.hang_up().await?;
    colleague.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.ended_by, Some(Party::Caller));
    Ok(())
}

#[tokio::test]
async fn a_call_that_baresip_refuses_goes_to_the_next_agent() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut second = hotline.ready("1002").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.says("Incoming call from").await?;
    agent.hang_up().await?;
    second.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    second.answer().await?;
    watch.agent("1002", AgentState::Talking).await?;
    second.hang_up().await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    let record = watch.over(&call).await?;
    let outcomes: Vec<_> = record.offers.iter().map(|offer| (offer.agent.as_str(), offer.outcome)).collect();
    // baresip refuses with 486.
    assert_eq!(outcomes, [("1001", OfferOutcome::Busy), ("1002", OfferOutcome::Answered)]);
    Ok(())
}
