//! An agent who works at a number outside: another server of ours is the network there.

use anyhow::{Context, Result};
use hotline_api_types::{Agent, AgentState, Device, Devices, DialOutcome, Number, OfferOutcome, Party, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, hears, level, listen, sip_password, wait_until_heard, wait_until_told,
};
use serde_json::json;

const CENTER: &str = "config/center.yaml";
const CALLER: &str = "+15550100123";
/// The number of the agent's phone in the network outside.
const MOBILE: &str = "4500";

/// A network in which a phone answers at [`MOBILE`], and a center that reaches it by an account there.
async fn outside() -> Result<(Hotline, Hotline, Phone)> {
    let network =
        Center::new().edit(CENTER, "numbers:\n", "numbers:\n  \"4500\": {flow: straight}\n").start().await?;
    let login = format!("{{username: \"1003\", password: \"{}\"}}", sip_password("1003"));
    let trunks = format!(
        "  mobile: {{servers: [\"{}\"], login: {login}, register: true, domain: hotline.test}}\n",
        network.sip()
    );
    let routes = "routes:\n  - {numbers: [\"45*\"], trunks: [mobile]}\n";
    let agent = "{name: Agent 1001, sip_password";
    let hotline = Center::new()
        .edit(CENTER, "trunks:\n", &format!("trunks:\n{trunks}"))
        .edit(CENTER, "demo:\n", &format!("{routes}demo:\n"))
        .edit(CENTER, agent, &format!("{{name: Agent 1001, outside_numbers: [\"{MOBILE}\"], sip_password"))
        .start()
        .await?;
    let mobile = network.ready("1001").await?;
    Ok((network, hotline, mobile))
}

async fn choose(hotline: &Hotline, device: serde_json::Value) -> Result<serde_json::Value> {
    Ok(hotline.desk("1001").await?.put("/api/v1/agents/1001/device", &device).await?)
}

async fn taken(mobile: &mut Phone) -> Result<()> {
    mobile.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    mobile.answer().await?;
    mobile.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_takes_calls_at_a_mobile_phone() -> Result<()> {
    let (_network, hotline, mut mobile) = outside().await?;
    let mut watch = hotline.watch().await?;
    choose(&hotline, json!({ "kind": "outside", "number": MOBILE })).await?;
    hotline.set_state("1001", "ready").await?;
    let agent = watch.agent("1001", AgentState::Ready).await?;
    assert_eq!(agent.device, Device::Outside { number: Number::decided(MOBILE.to_owned()) });
    assert!(agent.registered, "the number can be called without any phone registered");
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    taken(&mut mobile).await?;
    wait_until_told(&mobile, "en/take_call").await?;
    watch.agent("1001", AgentState::Ringing).await?;
    mobile.say(Speech::tone(1000.0)).await?;
    caller.forget_heard();
    mobile.press('1').await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&caller, 1000.0).await?;
    wait_until_heard(&mobile, 440.0).await?;
    mobile.hang_up().await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1001", AgentState::WrapUp).await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.agent.as_deref(), record.ended_by), (Some("1001"), Some(Party::Agent)));
    assert_eq!(record.offers[0].outcome, OfferOutcome::Answered);
    let dial = record.dials.first().context("the call over the trunk")?;
    let dialled = (dial.device_of.as_deref(), dial.number.as_str(), dial.outcome);
    assert_eq!(dialled, (Some("1001"), MOBILE, DialOutcome::Answered));
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0));
    watch.agrees_with_live().await
}

/// A call that the agent makes on the page rings the mobile phone first; an agent can go back to the registered phone.
#[tokio::test]
async fn an_agent_calls_from_the_mobile_phone_and_goes_back_to_the_desk() -> Result<()> {
    let (_network, hotline, mut mobile) = outside().await?;
    choose(&hotline, json!({ "kind": "outside", "number": MOBILE })).await?;
    let mut desk_phone = hotline.registered("1001").await?;
    let mut colleague = hotline.ready("1002").await?;
    let desk = hotline.desk("1001").await?;
    desk.post("/api/v1/calls", &json!({ "to": "1002" })).await?;
    taken(&mut mobile).await?;
    wait_until_told(&mobile, "en/take_call").await?;
    mobile.press('1').await?;
    colleague.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    colleague.answer().await?;
    colleague.expect(&PhoneEvent::Up, PATIENCE).await?;
    mobile.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&colleague, 1000.0).await?;
    colleague.hang_up().await?;
    mobile.expect(&PhoneEvent::Ended, PATIENCE).await?;

    choose(&hotline, json!({ "kind": "phone" })).await?;
    colleague.dial("1001").await?;
    desk_phone.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_is_reached_at_configured_numbers_only() -> Result<()> {
    let (_network, hotline, _mobile) = outside().await?;
    let desk = hotline.desk("1001").await?;
    let devices: Devices = serde_json::from_value(desk.get("/api/v1/agents/1001/device").await?)?;
    assert_eq!(
        (devices.device, devices.outside_numbers),
        (Device::Phone {}, vec![Number::decided(MOBILE.to_owned())])
    );
    for (device, told) in [
        (json!({ "kind": "outside", "number": "4501" }), "may not be reached at this number"),
        (json!({ "kind": "outside", "number": "x" }), "may not be reached at this number"),
        (json!({ "kind": "outside" }), "the body is not what is expected"),
        (json!({ "kind": "pigeon" }), "the body is not what is expected"),
    ] {
        let refused = choose(&hotline, device.clone()).await.expect_err("refused");
        assert!(refused.to_string().contains(told), "{device}: {refused}");
    }
    let other = hotline.desk("1002").await?;
    let refused = other.put("/api/v1/agents/1001/device", &json!({ "kind": "phone" })).await;
    assert!(refused.expect_err("somebody else's").to_string().contains("you may not do this"));
    Ok(())
}

/// A mailbox presses no key: the call goes to the next agent.
#[tokio::test]
async fn a_caller_does_not_end_up_at_a_mailbox() -> Result<()> {
    let (_network, hotline, mut mobile) = outside().await?;
    let mut watch = hotline.watch().await?;
    choose(&hotline, json!({ "kind": "outside", "number": MOBILE })).await?;
    hotline.set_state("1001", "ready").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    taken(&mut mobile).await?;
    let mut second = hotline.ready("1002").await?;
    let is_missed = |agent: &Agent| agent.id == "1001" && agent.reason.as_deref() == Some("missed");
    watch
        .event(
            "the missed call",
            |event| matches!(&event.what, What::AgentChanged { agent } if is_missed(agent)),
        )
        .await?;
    mobile.expect(&PhoneEvent::Ended, PATIENCE).await?;
    taken(&mut second).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&second, 440.0).await
}

/// A desk phone that sends what nobody answers to a mailbox of its own, or that answers by itself.
#[tokio::test]
async fn a_desk_phone_has_a_caller_only_once_the_agent_has_pressed_the_key_where_that_is_asked() -> Result<()>
{
    let hotline = Center::new()
        .sales(|queue| queue.ring_timeout_s(8).keys("strategy: linear"))
        .agent("1001", "confirm_key: true")
        .agent("1002", "confirm_key: true")
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let (mut mailbox, mut agent) = (hotline.ready("1001").await?, hotline.ready("1002").await?);
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    // At which prompts are faint.
    let of_caller = 3000.0;
    caller.say(Speech::tone(of_caller)).await?;
    taken(&mut mailbox).await?;
    wait_until_told(&mailbox, "en/take_call").await?;
    mailbox.press('2').await?;
    mailbox.expect(&PhoneEvent::Ended, PATIENCE).await.context("the wrong key takes no call")?;
    assert!(level(&mailbox.heard(), of_caller) < -30.0, "a mailbox hears nothing of the caller");
    taken(&mut agent).await?;
    wait_until_told(&agent, "en/take_call").await?;
    agent.say(Speech::tone(1000.0)).await?;
    agent.press('1').await?;
    wait_until_heard(&agent, of_caller).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let offers: Vec<_> = record.offers.iter().map(|offer| (offer.agent.as_str(), offer.outcome)).collect();
    assert_eq!(offers, [("1001", OfferOutcome::NoAnswer), ("1002", OfferOutcome::Answered)]);
    let missed = watch.agent("1001", AgentState::NotReady).await?;
    assert_eq!(missed.reason.as_deref(), Some("missed"));
    watch.agrees_with_live().await
}
