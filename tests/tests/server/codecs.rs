//! Codecs of both sides: who hears whom, and what is recorded.

use anyhow::{Context, Result};
use hotline_api_types::{Party, SipDirection, SipLadder};
use hotline_phone::{PhoneEvent, Speech};
use hotline_sdp::Codec;
use hotline_tests::{Center, Hotline, PATIENCE, eventually, hears, listen, record_of, wait_until_heard};

const CALLER: &str = "+15550100123";
const CALLER_HZ: f64 = 440.0;
const AGENT_HZ: f64 = 1000.0;

/// A caller and an agent with these codecs hear each other, and both are recorded. Gives the call.
async fn talk(hotline: &Hotline, of_caller: Codec, of_agent: Codec) -> Result<String> {
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready_with("1001", of_agent).await?;
    let mut caller = hotline.caller_with(CALLER, of_caller).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.forget_heard();
    caller.say(Speech::tone(CALLER_HZ)).await?;
    agent.say(Speech::tone(AGENT_HZ)).await?;
    wait_until_heard(&agent, CALLER_HZ).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert!(!hears(&agent.heard(), AGENT_HZ), "the agent hears itself");
    assert!(!hears(&caller.heard(), CALLER_HZ), "the caller hears itself");
    watch.over(&call).await?;
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, CALLER_HZ) && !hears(&sound.customer, AGENT_HZ));
    assert!(hears(&sound.agent, AGENT_HZ) && !hears(&sound.agent, CALLER_HZ));
    Ok(call)
}

#[tokio::test]
async fn a_wide_band_phone_serves_a_telephone_and_the_record_says_how_both_sounded() -> Result<()> {
    let hotline = Center::new().start().await?;
    let call = talk(&hotline, Codec::Pcmu, Codec::G722).await?;
    let admin = hotline.admin().await?;
    let sounds = eventually("the record of both legs", async || {
        let record = record_of(&admin, &call).await?;
        Ok((record.sounds.len() == 2).then_some(record.sounds))
    })
    .await?;
    let of = |party| sounds.iter().find(|sound| sound.party == party).context("a sound");
    let (caller, agent) = (of(Party::Caller)?, of(Party::Agent)?);
    assert_eq!((caller.codec.as_str(), caller.agent.as_deref()), ("PCMU", None));
    assert_eq!((agent.codec.as_str(), agent.agent.as_deref()), ("G722", Some("1001")));
    for sound in [caller, agent] {
        assert!(sound.packets_received > 10 && sound.packets_sent > 10, "{sound:?}");
        assert_eq!(sound.packets_lost, 0, "{sound:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_telephone_serves_a_wide_band_caller() -> Result<()> {
    let hotline = Center::new().start().await?;
    talk(&hotline, Codec::G722, Codec::Pcma).await?;
    Ok(())
}

#[tokio::test]
async fn two_wide_band_phones_talk_and_are_recorded() -> Result<()> {
    let hotline = Center::new().start().await?;
    talk(&hotline, Codec::G722, Codec::G722).await?;
    Ok(())
}

#[tokio::test]
async fn opus_and_linear_phones_talk_to_telephones_and_to_each_other() -> Result<()> {
    let hotline = Center::new().start().await?;
    for (of_caller, of_agent) in [
        (Codec::Pcma, Codec::Opus),
        (Codec::L16, Codec::Opus),
        (Codec::Opus, Codec::Opus),
        (Codec::L16, Codec::G722),
    ] {
        talk(&hotline, of_caller, of_agent)
            .await
            .with_context(|| format!("{of_caller:?} and {of_agent:?}"))?;
    }
    Ok(())
}

/// The trunk's codecs are offered to it and taken from it; its order decides if it is to.
#[tokio::test]
async fn a_trunk_has_codecs_of_its_own() -> Result<()> {
    let peers = "trunks:\n  carrier:\n";
    let audio = "trunks:\n  carrier:\n    audio: {codecs: [PCMA, G722], choice: theirs, packet_ms: 30}\n";
    let hotline = Center::new().edit("config/center.yaml", peers, audio).start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    let path = format!("/api/v1/calls/{call}/sip");
    let ladder: SipLadder = serde_json::from_value(watch.client().get(&path).await?)?;
    let sent = |message: &&hotline_api_types::SipMessage| {
        message.direction == SipDirection::Sent && message.status == Some(200)
    };
    let answer = ladder.messages.iter().find(sent).context("the answer")?;
    let media = answer.sdp.first().context("its description")?;
    assert_eq!(media.codecs, ["PCMA", "telephone-event"], "the first of the caller's that the trunk may use");
    Ok(())
}
