//! Callers whom an agent sends on to somebody else: with the phone's transfer key, or from the page.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, Party, TransferOutcome, TransferTarget, What};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, Sipp, wait_until_heard};
use serde_json::json;

const CALLER: &str = "+15550100123";

#[tokio::test]
async fn the_transfer_key_of_a_sip_phone_sends_the_caller_on() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut key = Sipp::agent(&hotline, "1002", "agent_transfers.xml").await?.listen(&hotline).await?;
    let mut other = hotline.registered("1003").await?;
    hotline.set_state("1002", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1002", AgentState::Talking).await?;
    hotline.set_state("1003", "ready").await?;
    other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    other.ring().await?;
    other.answer().await?;
    key.passed().await?;
    watch.agent("1002", AgentState::WrapUp).await?;
    caller.say(Speech::tone(440.0)).await?;
    other.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&other, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.ended_by), (Some("1003"), Some(Party::Caller)));
    let transfer = record.transfers.first().context("a transfer")?;
    assert_eq!((transfer.by.as_str(), &transfer.to), ("1002", &TransferTarget::Agent("1003".to_owned())));
    assert_eq!((transfer.outcome, transfer.attended), (TransferOutcome::Done, false));
    assert_eq!(record.recordings.len(), 1, "one conversation, one recording");
    Ok(())
}

#[tokio::test]
async fn a_caller_sent_on_from_the_page_comes_back_when_nobody_takes_over() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    let mut other = hotline.ready("1003").await?;
    let call = watch.call_of(CALLER).await?;
    let path = format!("/api/v1/calls/{call}/transfer");
    let desk = hotline.desk("1001").await?;
    desk.post(&path, &json!({ "to": "1003" })).await?;
    other.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    caller.forget_heard();
    other.ring().await?;
    // The ringing of the country, here the USA: 440 and 480 Hz.
    wait_until_heard(&caller, 440.0).await?;
    wait_until_heard(&caller, 480.0).await?;
    other.reject(603).await?;
    watch.event("the failure", |event| matches!(event.what, What::CallTransferFailed { .. })).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    let refused = desk.post(&path, &json!({ "to": "9999" })).await.expect_err("nobody is there");
    assert!(refused.to_string().contains("no such extension"), "{refused}");
    let stranger = hotline.desk("1003").await?;
    assert!(stranger.post(&path, &json!({ "to": "1003" })).await.is_err(), "only who talks may");
    agent.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(
        (record.agent.as_deref(), record.transfers[0].outcome),
        (Some("1001"), TransferOutcome::Failed)
    );
    Ok(())
}

#[tokio::test]
async fn a_caller_can_be_sent_into_the_flow_of_a_number() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    let call = watch.call_of(CALLER).await?;
    let mut next = hotline.ready("1002").await?;
    let desk = hotline.desk("1001").await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    desk.post(&format!("/api/v1/calls/{call}/transfer"), &json!({ "to": "4100" })).await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    next.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    next.answer().await?;
    watch.agent("1002", AgentState::Talking).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&next, 440.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.queues.len(), record.agent.as_deref()), (2, Some("1002")));
    Ok(())
}
