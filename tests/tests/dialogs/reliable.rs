//! Reliable provisional responses, sent and taken (RFC 3262), and what may happen before the answer (RFC 3311).

use anyhow::Result;
use hotline_api_types::{EndKind, Party};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, Sipp, eventually};

use crate::{NUMBER, carrier, ended, ended_of_agent, kind, nothing_is_left, trunk, with_trunk};

/// A carrier calls an extension, whose phone is taken up when it has sent so many PRACKs.
async fn is_told_reliably(scenario: &str, pracks: usize) -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, scenario, "1001").start(&hotline)?;
    phone.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    phone.ring().await?;
    eventually("the PRACKs", async || {
        Ok((run.messages().matches("\nPRACK sip:").count() >= pracks).then_some(()))
    })
    .await?;
    phone.answer().await?;
    run.passed().await?;
    assert_eq!(ended(&mut watch).await?.ended_by, Some(Party::Caller));
    nothing_is_left(&hotline).await
}

#[tokio::test]
async fn a_carrier_that_insists_on_prack_is_told_reliably_that_the_phone_rings() -> Result<()> {
    is_told_reliably("carrier_requires_prack.xml", 2).await
}

#[tokio::test]
async fn a_carrier_that_insists_on_prack_and_offers_late_gets_our_offer_with_the_ringing() -> Result<()> {
    is_told_reliably("carrier_requires_prack_and_offers_late.xml", 1).await
}

#[tokio::test]
async fn early_media_of_a_trunk_that_insists_on_prack_changes_before_the_answer() -> Result<()> {
    let (hotline, server) = with_trunk().await?;
    let mut watch = hotline.watch().await?;
    let mut run = trunk("trunk_requires_prack.xml", server).listen(&hotline).await?;
    let mut phone = hotline.ready("1001").await?;
    phone.dial(NUMBER).await?;
    phone.wait_for("early media", PATIENCE, |event| *event == PhoneEvent::Progress(183)).await?;
    phone.wait_for("the answer", PATIENCE, |event| *event == PhoneEvent::Up).await?;
    phone.hang_up().await?;
    run.passed().await?;
    assert_eq!(kind(&ended_of_agent(&mut watch, "1001").await?), Some(EndKind::Completed));
    nothing_is_left(&hotline).await
}

#[tokio::test]
async fn a_phone_that_insists_on_prack_changes_its_audio_while_it_rings() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut run = Sipp::agent(&hotline, "1001", "agent_requires_prack.xml").await?.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller(crate::CARRIER).await?;
    caller.say(Speech::tone(440.0)).await?;
    caller.dial("4100").await?;
    watch.agent("1001", hotline_api_types::AgentState::Talking).await?;
    caller.hang_up().await?;
    run.passed().await?;
    assert_eq!(kind(&ended(&mut watch).await?), Some(EndKind::Completed));
    nothing_is_left(&hotline).await
}
