//! Carriers and agents' phones as SIPp plays them: each scenario checks every message that the server sends.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, OfferOutcome, Party, QueueOutcome, Record, What};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Sipp, Watch, eventually, hears, level, listen, record_of, wait_until_heard,
};

const CARRIER: &str = "+15550100777";

fn carrier(hotline: &Hotline, scenario: &str, number: &str) -> Sipp {
    Sipp::carrier(hotline, scenario).key("caller", CARRIER).dialling(number)
}

async fn ended(watch: &mut Watch) -> Result<Record> {
    let call = watch.call_of(CARRIER).await?;
    watch.over(&call).await
}

#[tokio::test]
async fn a_carrier_reaches_an_agent_who_hangs_up() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, "carrier_waits_for_bye.xml", "4100").start(&hotline)?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.hang_up().await?;
    run.passed().await?;
    let record = ended(&mut watch).await?;
    assert_eq!((record.caller.as_str(), record.ended_by), (CARRIER, Some(Party::Agent)));
    assert_eq!(record.caller_name.as_deref(), Some("Carrier"));
    Ok(())
}

#[tokio::test]
async fn keys_sent_as_info_choose_in_the_menu() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, "carrier_presses_info.xml", "4000").start(&hotline)?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.hang_up().await?;
    run.passed().await?;
    let record = ended(&mut watch).await?;
    let menu = record.path.iter().find(|step| step.step == "menu").context("the menu")?;
    assert_eq!(menu.input.as_deref(), Some("1"));
    Ok(())
}

#[tokio::test]
async fn an_offer_in_the_answer_is_as_good_as_one_in_the_invite() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, "carrier_offers_late.xml", "4100").start(&hotline)?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.hang_up().await?;
    run.passed().await?;
    assert_eq!(ended(&mut watch).await?.cause.context("a cause")?.kind, EndKind::Completed);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_gives_up_while_an_extension_rings_is_told_so_and_the_phone_is_silenced() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = Sipp::agent(&hotline, "1001", "agent_never_answers.xml").await?.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    carrier(&hotline, "carrier_cancels.xml", "1001").run(&hotline).await?;
    phone.passed().await?;
    let record = ended(&mut watch).await?;
    let cause = record.cause.as_ref().context("a cause")?;
    assert_eq!((cause.kind, cause.sip_status, cause.q850), (EndKind::HungUpEarly, Some(487), 16));
    assert_eq!(record.offers[0].outcome, OfferOutcome::CallerGone);
    let agent = watch.agent("1001", AgentState::Ready).await?;
    assert_eq!(agent.call, None);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_an_agent_is_rung_leaves_the_agent_ready() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = Sipp::agent(&hotline, "1001", "agent_never_answers.xml").await?.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Ringing).await?;
    caller.hang_up().await?;
    phone.passed().await?;
    let record = ended(&mut watch).await?;
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Abandoned);
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Abandoned));
    assert_eq!(record.offers[0].outcome, OfferOutcome::CallerGone);
    watch.agent("1001", AgentState::Ready).await?;
    watch.agrees_with_live().await
}

#[tokio::test]
async fn an_agent_with_a_sip_phone_answers_and_hangs_up() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = Sipp::agent(&hotline, "1002", "agent_hangs_up.xml").await?.listen(&hotline).await?;
    hotline.set_state("1002", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    phone.passed().await?;
    let record = ended(&mut watch).await?;
    assert_eq!((record.agent.as_deref(), record.ended_by), (Some("1002"), Some(Party::Agent)));
    watch.agent("1002", AgentState::Ready).await?;
    Ok(())
}

#[tokio::test]
async fn an_agent_who_is_hung_up_on_goes_to_wrap_up() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = Sipp::agent(&hotline, "1002", "agent_listens.xml").await?.listen(&hotline).await?;
    hotline.set_state("1002", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1002", AgentState::Talking).await?;
    caller.hang_up().await?;
    phone.passed().await?;
    watch.agent("1002", AgentState::WrapUp).await?;
    assert_eq!(ended(&mut watch).await?.ended_by, Some(Party::Caller));
    Ok(())
}

#[tokio::test]
async fn a_caller_on_hold_hears_music_until_taken_back() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut phone = Sipp::agent(&hotline, "1001", "agent_holds.xml").await?.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    let mut caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.event("the hold", |event| matches!(event.what, What::CallHeld { by: Party::Agent })).await?;
    caller.forget_heard();
    eventually("music", async || Ok((hotline_tests::loudness(&caller.heard()) > -40.0).then_some(())))
        .await?;
    watch.agent("1001", AgentState::Hold).await?;
    watch.event("the end of the hold", |event| matches!(event.what, What::CallRetrieved { .. })).await?;
    phone.passed().await?;
    ended(&mut watch).await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_taken_back_from_hold_hears_the_agent_and_no_music() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;
    agent.hold(true).await?;
    watch.agent("1001", AgentState::Hold).await?;
    agent.hold(false).await?;
    watch.agent("1001", AgentState::Talking).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.forget_heard();
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let record = ended(&mut watch).await?;
    let sound = listen(watch.client(), &record.id).await?;
    assert!(hears(&sound.agent, 1000.0) && !hears(&sound.agent, 440.0));
    assert!(level(&sound.customer, 440.0) > -20.0);
    Ok(())
}

/// The call goes to the second agent when the first one's phone does `scenario`; gives the record.
async fn passed_on(scenario: &str, status: Option<&str>) -> Result<(Hotline, Watch, Record)> {
    let hotline = Center::new().sales(|sales| sales.ring_timeout_s(3)).start().await?;
    let mut watch = hotline.watch().await?;
    let first = Sipp::agent(&hotline, "1001", scenario).await?.put("status", status.unwrap_or("none"));
    let mut first = first.listen(&hotline).await?;
    hotline.set_state("1001", "ready").await?;
    let mut second = hotline.ready("1002").await?;
    let caller = hotline.caller(CARRIER).await?;
    caller.dial("4100").await?;
    second.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    first.passed().await?;
    second.answer().await?;
    second.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&second, 440.0).await?;
    caller.hang_up().await?;
    let record = ended(&mut watch).await?;
    assert_eq!(record.agent.as_deref(), Some("1002"));
    let offered: Vec<&str> = record.offers.iter().map(|offer| offer.agent.as_str()).collect();
    assert_eq!(offered, ["1001", "1002"]);
    Ok((hotline, watch, record))
}

#[tokio::test]
async fn an_agent_who_does_not_answer_is_set_to_not_ready_and_the_next_is_rung() -> Result<()> {
    let (_hotline, mut watch, record) = passed_on("agent_never_answers.xml", None).await?;
    assert_eq!(record.offers[0].outcome, OfferOutcome::NoAnswer);
    let agent = watch.agent("1001", AgentState::NotReady).await?;
    assert_eq!(agent.reason.as_deref(), Some("missed"));
    Ok(())
}

#[tokio::test]
async fn an_agent_whose_phone_vanishes_while_it_rings_is_passed_over() -> Result<()> {
    let (_hotline, mut watch, record) = passed_on("agent_vanishes.xml", None).await?;
    assert_eq!(record.offers[0].outcome, OfferOutcome::NoAnswer);
    watch.agent("1001", AgentState::NotReady).await?;
    Ok(())
}

#[tokio::test]
async fn a_busy_phone_is_passed_over_and_reported() -> Result<()> {
    let (_hotline, mut watch, record) = passed_on("agent_rejects.xml", Some("486")).await?;
    assert_eq!((record.offers[0].outcome, record.offers[0].sip_status), (OfferOutcome::Busy, Some(486)));
    watch.state("an alarm", |live| live.alarms.iter().any(|alarm| alarm.kind == "phone_busy:1001")).await
}

#[tokio::test]
async fn a_call_that_an_agent_declines_goes_to_the_next() -> Result<()> {
    let (_hotline, mut watch, record) = passed_on("agent_rejects.xml", Some("603")).await?;
    assert_eq!((record.offers[0].outcome, record.offers[0].sip_status), (OfferOutcome::Rejected, Some(603)));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_phone_that_is_unavailable_is_passed_over() -> Result<()> {
    let (_hotline, mut watch, record) = passed_on("agent_rejects.xml", Some("480")).await?;
    assert_eq!((record.offers[0].outcome, record.offers[0].sip_status), (OfferOutcome::Rejected, Some(480)));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_broken_phone_is_not_held_against_the_agent() -> Result<()> {
    let (_hotline, watch, record) = passed_on("agent_rejects.xml", Some("500")).await?;
    assert_eq!(
        (record.offers[0].outcome, record.offers[0].sip_status),
        (OfferOutcome::PhoneFault, Some(500))
    );
    let agent = watch.live().agents.iter().find(|agent| agent.id == "1001").context("the agent")?;
    assert_eq!(agent.state, AgentState::Ready);
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_asked_for_its_options_says_what_it_can() -> Result<()> {
    let hotline = Center::new().start().await?;
    Sipp::carrier(&hotline, "options.xml").run(&hotline).await
}

#[tokio::test]
async fn a_caller_who_hangs_up_at_once_leaves_a_record_and_nothing_else() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    carrier(&hotline, "carrier_hangs_up.xml", "4100").run(&hotline).await?;
    let record = ended(&mut watch).await?;
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Abandoned);
    assert!(record.recordings.is_empty());
    let same = record_of(watch.client(), &record.id).await?;
    assert_eq!(same, record);
    watch.agrees_with_live().await
}
