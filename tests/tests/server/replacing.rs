//! A phone takes the place of another (INVITE with Replaces, RFC 3891).

use anyhow::Result;
use hotline_api_types::{AgentState, EndKind, OfferOutcome};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, DeskPhone, PATIENCE, field, status};

const CALLER: &str = "+15550100123";

fn replaces(invite: &str) -> Result<String> {
    Ok(format!("Require: replaces\nReplaces: {}\n", DeskPhone::dialog(invite)?))
}

#[tokio::test]
async fn a_call_that_rings_at_a_colleague_s_phone_is_picked_up() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let ringing = DeskPhone::register(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.queued(CALLER).await?;
    let invite = ringing.rings().await?;
    watch.agent("1001", AgentState::Ringing).await?;

    let mut other = DeskPhone::register(&hotline, "1002").await?;
    hotline.set_state("1002", "not_ready").await?;
    let unknown = "Replaces: nobody@nowhere;to-tag=1;from-tag=2\n";
    assert_eq!(status(&other.call("1001", unknown).await?), Some(481));
    let answer = other.call("1001", &replaces(&invite)?).await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    let cancel = ringing.told("CANCEL").await?;
    let reason = field(&cancel, "Reason").unwrap_or_default();
    assert!(reason.contains("cause=200"), "the phone shows no missed call: {cancel}");
    watch.agent("1001", AgentState::Ready).await?;
    watch.agent("1002", AgentState::Talking).await?;

    caller.hang_up().await?;
    other.told("BYE").await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.agent.as_deref(), Some("1002"));
    let outcomes: Vec<_> = record.offers.iter().map(|offer| offer.outcome).collect();
    assert_eq!(outcomes, [OfferOutcome::Elsewhere, OfferOutcome::Answered]);
    assert_eq!(record.cause.map(|cause| cause.kind), Some(EndKind::Completed));
    Ok(())
}

#[tokio::test]
async fn an_agent_moves_a_talk_to_another_phone_and_nobody_else_can() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let first = DeskPhone::register(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.queued(CALLER).await?;
    let invite = first.rings().await?;
    first.take(&invite).await?;
    watch.agent("1001", AgentState::Talking).await?;

    let mut stranger = DeskPhone::register(&hotline, "1002").await?;
    assert_eq!(status(&stranger.call("1001", &replaces(&invite)?).await?), Some(403));
    let mut second = DeskPhone::register(&hotline, "1001").await?;
    let answer = second.call("1001", &replaces(&invite)?).await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    first.told("BYE").await?;

    caller.hang_up().await?;
    second.told("BYE").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.offers.len()), (Some("1001"), 1));
    assert_eq!(record.recordings.len(), 1, "the recording goes on");
    assert_eq!(record.cause.map(|cause| cause.kind), Some(EndKind::Completed));
    Ok(())
}
