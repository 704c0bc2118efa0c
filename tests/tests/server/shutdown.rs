//! SIGTERM: no new calls, running ones go on, then everything is on disk.

use anyhow::{Context, Result};
use hotline_api_types::{EndKind, RecordingState};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, hears, listen, records, wait_until_heard};

#[tokio::test]
async fn a_server_that_is_told_to_stop_lets_the_running_call_end_and_takes_no_other() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller("+15550100123").await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued("+15550100123").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;

    hotline.terminate()?;
    let mut late = hotline.caller("+15550100124").await?;
    let refused = hotline_tests::eventually("new calls to be refused", async || {
        late.dial("4000").await?;
        let is_answer = |event: &PhoneEvent| matches!(event, PhoneEvent::Up | PhoneEvent::Failed(_));
        if let PhoneEvent::Failed(status) = late.wait_for("an answer", PATIENCE, is_answer).await? {
            return Ok(Some(status));
        }
        late.hang_up().await?;
        Ok(None)
    })
    .await?;
    assert_eq!(refused, 503);

    // Those who talk do not notice.
    caller.forget_heard();
    caller.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    assert!(hotline.is_alive()?);
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert!(hotline.ended().await?.success());

    hotline.restart().await?;
    let client = hotline.admin().await?;
    let record =
        records(&client).await?.into_iter().find(|record| record.id == call).context("the record")?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Completed);
    assert_eq!(record.recordings[0].state, RecordingState::Finished);
    let sound = listen(&client, &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0));
    Ok(())
}

#[tokio::test]
async fn a_second_signal_ends_the_calls_at_once_and_the_record_is_kept() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller("+15550100123").await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued("+15550100123").await?;
    hotline.terminate()?;
    hotline_tests::eventually("the server to say that it stops", async || {
        Ok(hotline.output().contains("stopping").then_some(()))
    })
    .await?;
    hotline.terminate()?;
    hotline.ended().await?;
    hotline.restart().await?;
    let kept = records(&hotline.admin().await?).await?;
    let record = kept.iter().find(|record| record.id == call).context("the record")?;
    let kind = record.cause.as_ref().context("a cause")?.kind;
    assert!(matches!(kind, EndKind::Shutdown | EndKind::ServerRestart), "{kind:?}");
    assert_eq!(kept.len(), 1);
    Ok(())
}
