//! Callers whom an agent sends into a talk with a colleague: REFER with Replaces (RFC 3891).

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, TransferOutcome, TransferTarget};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, Sipp, wait_until_heard};

use crate::{CARRIER, ended, nothing_is_left};

#[tokio::test]
async fn a_caller_is_sent_into_the_talk_with_a_colleague() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut run = Sipp::agent(&hotline, "1002", "agent_consults.xml").await?.listen(&hotline).await?;
    let mut colleague = hotline.registered("1003").await?;
    hotline.set_state("1002", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    colleague.wait_for("the question", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    run.passed().await?;
    watch.agent("1002", AgentState::WrapUp).await?;
    caller.say(Speech::tone(440.0)).await?;
    colleague.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&colleague, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let record = ended(&mut watch).await?;
    let transfer = record.transfers.first().context("a transfer")?;
    assert_eq!((transfer.by.as_str(), &transfer.to), ("1002", &TransferTarget::Agent("1003".to_owned())));
    assert_eq!((transfer.outcome, transfer.attended), (TransferOutcome::Done, true));
    nothing_is_left(&hotline).await
}
