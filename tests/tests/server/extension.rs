//! Agents dialled by their extension, by callers, flows and each other, and the phones they do it with.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, Source};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, PATIENCE, hears, listen, wait_until_heard, wait_until_told};
use serde_json::json;

const CALLER: &str = "+15550100123";

#[tokio::test]
async fn an_agent_dialled_by_extension_talks_and_is_recorded() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1002").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("1002").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    caller.wait_for("ringing", PATIENCE, |event| *event == PhoneEvent::Progress(180)).await?;
    agent.answer().await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1002", AgentState::Talking).await?;
    caller.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    watch.agrees_with_live().await?;
    caller.hang_up().await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.number, record.flow), (Some("1002"), None, None));
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0));
    watch.agent("1002", AgentState::Ready).await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_of_a_busy_extension_is_told_so() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1002").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("1002").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    watch.agent("1002", AgentState::Talking).await?;
    let mut second = hotline.caller("+15550100124").await?;
    second.dial("1002").await?;
    second.expect(&PhoneEvent::Failed(486), PATIENCE).await?;
    let call = watch.call_of("+15550100124").await?;
    let record = watch.over(&call).await?;
    let cause = record.cause.context("a cause")?;
    assert_eq!((cause.kind, cause.sip_status, cause.q850), (EndKind::NotAnswered, Some(486), 17));
    Ok(())
}

/// Whose call is up already cannot be told by a status: the tones of the USA say it, 440 and 480 Hz, then 480 and 620.
#[tokio::test]
async fn an_agent_who_calls_from_the_page_hears_ringing_and_busy() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = hotline.ready("1001").await?;
    let mut colleague = hotline.ready("1002").await?;
    let answer = hotline.desk("1001").await?.post("/api/v1/calls", &json!({ "to": "1002" })).await?;
    let call = answer["id"].as_str().context("the call's id")?.to_owned();
    phone.wait_for("the own call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    phone.answer().await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.ring().await?;
    wait_until_heard(&phone, 440.0).await?;
    phone.forget_heard();
    colleague.reject(486).await?;
    wait_until_heard(&phone, 620.0).await?;
    phone.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let cause = watch.over(&call).await?.cause.context("a cause")?;
    assert_eq!((cause.kind, cause.sip_status, cause.q850), (EndKind::NotAnswered, Some(200), 17));
    Ok(())
}

#[tokio::test]
async fn a_caller_of_an_extension_without_a_phone_is_told_so() -> Result<()> {
    let hotline = Center::new().start().await?;
    hotline.set_state("1003", "ready").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("1003").await?;
    caller.expect(&PhoneEvent::Failed(480), PATIENCE).await?;
    Ok(())
}

#[tokio::test]
async fn a_flow_goes_on_when_the_extension_does_not_take_the_call() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4400").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.reject(486).await?;
    wait_until_told(&caller, "en/agents_busy").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    let record = watch.over(&call).await?;
    let path: Vec<&str> = record.path.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(path, ["answer", "operator", "sorry", "end"]);
    Ok(())
}

#[tokio::test]
async fn an_agent_calls_another_with_its_own_password() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut first = hotline.ready("1001").await?;
    let mut second = hotline.ready("1002").await?;
    first.dial("1002").await?;
    let came =
        second.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    assert_eq!(came, PhoneEvent::Incoming("1001".into()));
    second.answer().await?;
    first.expect(&PhoneEvent::Up, PATIENCE).await?;
    second.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&first, 1000.0).await?;
    first.hang_up().await?;
    let call = watch.call_of("1001").await?;
    assert_eq!(watch.over(&call).await?.source, Source::Agent("1001".into()));
    Ok(())
}

#[tokio::test]
async fn a_phone_may_prove_its_password_with_either_digest() -> Result<()> {
    for order in ["[SHA-256]", "[MD5]", "[SHA-256, MD5]"] {
        let hotline =
            Center::new().edit("config/center.yaml", "digest: [MD5, SHA-256]", &format!("digest: {order}"));
        hotline.start().await?.registered("1001").await.with_context(|| order.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_phone_that_signs_off_is_not_rung() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = hotline.ready("1001").await?;
    phone.unregister().await?;
    let gone = watch.agent("1001", AgentState::OfflineGrace).await?;
    assert!(!gone.registered);
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let call = watch.queued(CALLER).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert!(record.offers.is_empty(), "{:?}", record.offers);
    phone.register().await?;
    watch.agent("1001", AgentState::Ready).await?;
    Ok(())
}
