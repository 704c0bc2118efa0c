//! Several answers to one INVITE, and answers that come too late.

use anyhow::Result;
use hotline_api_types::{AgentState, EndKind, OfferOutcome};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, PATIENCE, Sipp};

use crate::{CARRIER, NUMBER, ended, ended_of_agent, kind, nothing_is_left, trunk, with_trunk};

#[tokio::test]
async fn of_two_phones_that_answer_the_second_is_hung_up_on() -> Result<()> {
    let (hotline, server) = with_trunk().await?;
    let mut watch = hotline.watch().await?;
    let mut run = trunk("trunk_forks.xml", server).listen(&hotline).await?;
    let mut phone = hotline.ready("1001").await?;
    phone.dial(NUMBER).await?;
    phone.wait_for("the answer", PATIENCE, |event| *event == PhoneEvent::Up).await?;
    hotline_tests::eventually("the other answer to be hung up on", async || {
        Ok(run.messages().contains("\nBYE ").then_some(()))
    })
    .await?;
    phone.hang_up().await?;
    run.passed().await?;
    assert_eq!(kind(&ended_of_agent(&mut watch, "1001").await?), Some(EndKind::Completed));
    nothing_is_left(&hotline).await
}

#[tokio::test]
async fn an_answer_that_crosses_our_cancel_is_acknowledged_and_hung_up_on() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut run = Sipp::agent(&hotline, "1001", "agent_answers_late.xml").await?.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Ringing).await?;
    watch.event("ringing", |event| matches!(event.what, hotline_api_types::What::CallRinging { .. })).await?;
    caller.hang_up().await?;
    run.passed().await?;
    let record = ended(&mut watch).await?;
    assert_eq!(
        (kind(&record), record.offers[0].outcome),
        (Some(EndKind::Abandoned), OfferOutcome::CallerGone)
    );
    watch.agent("1001", AgentState::Ready).await?;
    nothing_is_left(&hotline).await
}
