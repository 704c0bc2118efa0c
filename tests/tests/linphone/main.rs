//! The server and linphone, a softphone that shares no code with it: SHA-256, calls, hold, both transfers, digits by INFO.

mod phone;

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, Party, TransferOutcome, TransferTarget, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Queue, Watch, eventually, hears, level, listen, wait_until_heard,
};

use crate::phone::{Linphone, VOICE_HZ};

const CALLER: &str = "+14155550123";
const CALLER_HZ: f64 = 440.0;
/// Louder than this, a tone is there.
const HEARD_DBFS: f64 = -24.0;

/// Phones are asked for SHA-256 first, as is the default.
fn center() -> Center {
    Center::new().edit("config/center.yaml", "[MD5, SHA-256]", "[SHA-256, MD5]").sales(Queue::music_only)
}

/// A server with linphone as the phone of agent 1001, who is ready.
async fn with_agent() -> Result<(Hotline, Watch, Linphone)> {
    let hotline = center().start().await?;
    let watch = hotline.watch().await?;
    let agent = Linphone::agent(&hotline, "1001").await?;
    hotline.set_state("1001", "ready").await?;
    Ok((hotline, watch, agent))
}

/// A caller who talks to that agent, and the call's id.
async fn talking(hotline: &Hotline, watch: &mut Watch, agent: &mut Linphone) -> Result<(Phone, String)> {
    let caller = hotline.caller(CALLER).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(CALLER).await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;
    wait_until_heard(&caller, VOICE_HZ).await?;
    Ok((caller, call))
}

#[tokio::test]
async fn an_agent_takes_a_queued_call_with_linphone_and_both_are_heard_and_recorded() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let log = agent.log()?;
    assert!(log.contains("algorithm=SHA-256, username=\"1001\""), "the proof is of another kind: {log}");
    let (caller, call) = talking(&hotline, &mut watch, &mut agent).await?;
    eventually("linphone to hear the caller", async || {
        Ok((level(&agent.heard(), CALLER_HZ) > HEARD_DBFS).then_some(()))
    })
    .await?;
    agent.command("terminate").await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.ended_by), (Some("1001"), Some(Party::Agent)));
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, CALLER_HZ) && hears(&sound.agent, VOICE_HZ));
    drop(caller);
    Ok(())
}

#[tokio::test]
async fn a_caller_whom_linphone_holds_hears_music_and_then_the_agent_again() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let (caller, call) = talking(&hotline, &mut watch, &mut agent).await?;
    agent.command("pause").await?;
    watch.agent("1001", AgentState::Hold).await?;
    caller.forget_heard();
    let held =
        eventually("a second of sound", async || Ok(Some(caller.heard()).filter(|heard| heard.len() > 8000)));
    let held = held.await?;
    assert!(!hears(&held[4000..], VOICE_HZ));
    assert!(held[4000..].iter().any(|sample| sample.unsigned_abs() > 300), "there is no music");
    agent.command("resume").await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.forget_heard();
    wait_until_heard(&caller, VOICE_HZ).await?;
    caller.hang_up().await?;
    agent.says("ended").await?;
    assert_eq!(watch.over(&call).await?.cause.context("a cause")?.kind, EndKind::Completed);
    Ok(())
}

#[tokio::test]
async fn an_agent_asks_a_colleague_with_linphone_and_sends_the_caller_into_that_talk() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut colleague = hotline.registered("1003").await?;
    let (caller, call) = talking(&hotline, &mut watch, &mut agent).await?;
    agent.command("pause").await?;
    watch.agent("1001", AgentState::Hold).await?;
    agent.dial("1003").await?;
    colleague.wait_for("the question", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    colleague.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.says("Media streams established").await?;
    agent.command("transfer 1 --to-call 2").await?;
    watch.event("the transfer", |event| matches!(event.what, What::CallTransferred { .. })).await?;
    caller.forget_heard();
    colleague.say(Speech::tone(700.0)).await?;
    wait_until_heard(&caller, 700.0).await?;
    wait_until_heard(&colleague, CALLER_HZ).await?;
    watch.agent("1001", AgentState::WrapUp).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let transfer = record.transfers.first().context("a transfer")?;
    assert_eq!((transfer.by.as_str(), &transfer.to), ("1001", &TransferTarget::Agent("1003".to_owned())));
    assert_eq!((transfer.outcome, transfer.attended), (TransferOutcome::Done, true));
    assert!(agent.log()?.contains("Replaces="), "it was no attended transfer");
    Ok(())
}

#[tokio::test]
async fn an_agent_sends_a_caller_on_with_linphone() -> Result<()> {
    let (hotline, mut watch, mut agent) = with_agent().await?;
    let mut colleague = hotline.ready("1003").await?;
    let (caller, call) = talking(&hotline, &mut watch, &mut agent).await?;
    agent.command("transfer 1 sip:1003@hotline.test").await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    watch.event("the transfer", |event| matches!(event.what, What::CallTransferred { .. })).await?;
    wait_until_heard(&colleague, CALLER_HZ).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let transfer = record.transfers.first().context("a transfer")?;
    assert_eq!((transfer.outcome, transfer.attended), (TransferOutcome::Done, false));
    Ok(())
}

#[tokio::test]
async fn digits_that_linphone_sends_by_info_choose_in_the_menu() -> Result<()> {
    let hotline = center().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = Linphone::agent(&hotline, "1001").await?;
    let mut colleague = hotline.ready("1002").await?;
    agent.dial("4300").await?;
    agent.says("Media streams established").await?;
    let call = watch.call_of("1001").await?;
    agent.command("1").await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    wait_until_heard(&colleague, VOICE_HZ).await?;
    colleague.hang_up().await?;
    agent.says("ended").await?;
    let record = watch.over(&call).await?;
    let menu = record.path.iter().find(|step| step.step == "menu").context("the menu")?;
    assert_eq!(menu.input.as_deref(), Some("1"));
    let log = agent.log()?;
    assert!(log.contains("application/dtmf-relay") && log.contains("\nINFO "), "no INFO was sent: {log}");
    Ok(())
}
