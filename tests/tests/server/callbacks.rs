//! Callers who are called back and keep their place: agents first, then the customer.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use hotline_api_types::{
    AgentState, CallbackList, Direction, QueueOutcome, Record, RecordedChannel, Source, What,
};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Queue, Watch, eventually, free_port, hears, listen, records, rings, takes,
    wait_until_heard, wait_until_told,
};
use serde_json::json;

const CENTER: &str = "config/center.yaml";
const CUSTOMER: &str = "+15550100123";
const OTHER: &str = "+15550100124";

/// 1 in the queue asks to be called back, 1 again says that the number is right.
const FLOW: &str = r#"flow: patience
languages: [en]
start: answer
steps:
  answer: {answer: {then: wait}}
  wait: {queue: {name: sales, keys: {1: confirm}, exits: {full: bye, timeout: bye, no_agents: bye}}}
  confirm:
    menu:
      prompts: [{digits: call.caller}, menu]
      choices: {1: note}
      no_input: {then: wait}
      invalid: {then: wait}
  note: {callback: {queue: sales, number: call.caller, exits: {booked: noted, refused: bye}}}
  noted: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;

/// A center whose trunk leads to one phone: whatever number is called, this one rings.
async fn start(sales: impl FnOnce(Queue) -> Queue) -> Result<(Hotline, Phone)> {
    let plan = Center::new().sales(sales).flow("4500", "patience", FLOW);
    let at = SocketAddr::new(plan.addresses().outside(), free_port(plan.addresses().outside())?);
    let routes = "routes:\n  - {numbers: [\"+1*\"], trunks: [out], caller_id: \"+15550100\"}\ndemo:\n";
    let hotline = plan
        .edit(CENTER, "trunks:\n", &format!("trunks:\n  out: {{servers: [\"{at}\"]}}\n"))
        .edit(CENTER, "demo:\n", routes)
        .edit(CENTER, "queues:\n", "hours: {office: {zone: UTC, weekly: {}}}\nqueues:\n")
        .start()
        .await?;
    let customer = hotline.customer(at).await?;
    Ok((hotline, customer))
}

/// Somebody waits, asks to be called back, confirms the number, and is let go.
async fn books(hotline: &Hotline, watch: &mut Watch) -> Result<String> {
    let mut caller = hotline.caller(CUSTOMER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CUSTOMER).await?;
    caller.press('1').await?;
    wait_until_told(&caller, "en/menu").await?;
    caller.press('1').await?;
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Left), "a callback is not abandoned");
    let open = open(hotline).await?;
    let [wish] = open.callbacks.as_slice() else { panic!("one wish: {open:?}") };
    assert_eq!((&wish.call, wish.number.as_str(), wish.queue.as_str()), (&call, CUSTOMER, "sales"));
    Ok(wish.id.clone())
}

async fn open(hotline: &Hotline) -> Result<CallbackList> {
    Ok(serde_json::from_value(hotline.admin().await?.get("/api/v1/callbacks").await?)?)
}

async fn none_is_open(hotline: &Hotline) -> Result<()> {
    eventually("the wish to be met", async || Ok(open(hotline).await?.callbacks.is_empty().then_some(())))
        .await
}

/// The call that is made for the wish.
async fn attempt(watch: &mut Watch, wish: &str) -> Result<String> {
    let event = watch
        .event(
            "the call back",
            |event| matches!(&event.what, What::CallCallingBack { callback, .. } if callback == wish),
        )
        .await?;
    watch.from_here();
    event.call.context("a call's event names it")
}

/// The calls that were made for wishes and are over.
async fn attempts(hotline: &Hotline) -> Result<Vec<Record>> {
    let all = records(&hotline.admin().await?).await?;
    Ok(all.into_iter().filter(|record| record.direction == Direction::Out).collect())
}

#[tokio::test]
async fn whoever_is_called_back_keeps_the_place_and_talks_with_the_agent_whose_phone_rang_first() -> Result<()>
{
    let (hotline, mut customer) = start(|queue| queue.wrap_up_s(600)).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.registered("1001").await?;
    let waits = hotline.caller(OTHER).await?;
    waits.dial("4500").await?;
    wait_until_told(&waits, "en/number_2").await.context("the wish is still in line")?;

    hotline.set_state("1001", "ready").await?;
    agent
        .wait_for("the agent first", PATIENCE, |event| *event == PhoneEvent::Incoming(CUSTOMER.to_owned()))
        .await?;
    agent.ring().await?;
    let call = attempt(&mut watch, &wish).await?;
    watch.agent("1001", AgentState::Ringing).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    let shown = PhoneEvent::Incoming("+15550100".to_owned());
    customer.wait_for("the customer next", PATIENCE, |event| *event == shown).await?;
    customer.ring().await?;
    customer.answer().await?;
    customer.expect(&PhoneEvent::Up, PATIENCE).await?;
    customer.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&customer, 1000.0).await?;
    watch.agent("1001", AgentState::Talking).await?;
    none_is_open(&hotline).await?;
    watch.agrees_with_live().await?;
    customer.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1001", AgentState::WrapUp).await.context("the call was the queue's")?;

    let record = watch.over(&call).await?;
    assert_eq!((record.direction, record.source), (Direction::Out, Source::Agent("1001".to_owned())));
    let visit = record.queues.first().context("a stay in the queue")?;
    assert_eq!((visit.queue.as_str(), visit.outcome), ("sales", Some(QueueOutcome::Answered)));
    let legs = record.recordings[0].legs.iter().map(|leg| (leg.speaker.as_str(), leg.channel));
    let channels = [("customer", RecordedChannel::Left), ("agent:1001", RecordedChannel::Right)];
    assert_eq!(legs.collect::<Vec<_>>(), channels);
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0));
    hotline.desk("1001").await?.delete("/api/v1/agents/1001/wrap-up").await?;
    takes(&mut agent).await.context("who waited behind is next")
}

#[tokio::test]
async fn an_agent_who_does_not_take_it_is_not_asked_again_and_another_is() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("callback: {retries: 0}")).await?;
    let mut watch = hotline.watch().await?;
    books(&hotline, &mut watch).await?;
    let mut first = hotline.ready("1001").await?;
    rings(&mut first).await?;
    let mut second = hotline.ready("1002").await?;
    first.reject(603).await?;
    takes(&mut second).await?;
    takes(&mut customer).await?;
    second.hang_up().await?;
    customer.expect(&PhoneEvent::Ended, PATIENCE).await?;
    none_is_open(&hotline).await
}

#[tokio::test]
async fn an_agent_who_hangs_up_while_the_number_rings_has_rejected_and_the_wish_waits_on() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("callback: {retries: 0}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut first = hotline.ready("1001").await?;
    takes(&mut first).await?;
    rings(&mut customer).await?;
    first.hang_up().await?;
    customer.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = attempt(&mut watch, &wish).await?;
    watch.over(&call).await?;
    let open = open(&hotline).await?.callbacks;
    assert_eq!(open.first().map(|wish| wish.tries), Some(0), "the customer is not to blame: {open:?}");
    let mut second = hotline.ready("1002").await?;
    takes(&mut second).await?;
    takes(&mut customer).await?;
    none_is_open(&hotline).await?;
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_customer_who_is_not_reached_is_tried_again_as_often_as_the_queue_says() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("callback: {retries: 1, retry_s: 1}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    let mut began = Vec::new();
    for tries in 1..=2 {
        takes(&mut agent).await?;
        rings(&mut customer).await?;
        customer.reject(486).await?;
        agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
        let call = attempt(&mut watch, &wish).await?;
        let record = watch.over(&call).await?;
        assert!(record.queues.is_empty() && record.recordings.is_empty(), "the wish waits, not the call");
        began.push((record.started_at.as_unix_millis(), record.ended_at.context("an end")?.as_unix_millis()));
        let agent = watch.agent("1001", AgentState::Ready).await.context("nobody is to blame")?;
        assert_eq!(agent.wrap_up, None);
        let open = open(&hotline).await?.callbacks;
        if tries == 1 {
            assert_eq!(open.first().map(|wish| wish.tries), Some(1), "{open:?}");
        }
    }
    assert!(began[1].0 - began[0].1 >= 1000, "the second try comes later: {began:?}");
    none_is_open(&hotline).await?;
    assert_eq!(attempts(&hotline).await?.len(), 2);
    seen_to(&hotline, &wish).await
}

/// Who was not reached is on the list to work on, until somebody has seen to it.
async fn seen_to(hotline: &Hotline, wish: &str) -> Result<()> {
    let missed = open(hotline).await?.missed;
    let [one] = missed.as_slice() else { panic!("one is missed: {missed:?}") };
    assert_eq!((one.id.as_str(), one.number.as_str(), one.tries), (wish, CUSTOMER, 1));
    assert!(one.missed_at > Some(one.requested_at) && one.not_before.is_none());
    let admin = hotline.admin().await?;
    let path = format!("/api/v1/callbacks/{wish}");
    admin.delete(&path).await?;
    assert_eq!(admin.get("/api/v1/audit?limit=1").await?["entries"][0]["action"], "callback.settle");
    assert!(open(hotline).await?.missed.is_empty());
    assert!(admin.delete(&path).await.is_err(), "it is done");
    Ok(())
}

#[tokio::test]
async fn nobody_is_called_back_while_the_queue_is_closed() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("hours: office")).await?;
    let admin = hotline.admin().await?;
    let by_hand = async |open: bool| {
        let body = json!({ "open": open, "until": null });
        admin.put("/api/v1/hours/office/override", &body).await
    };
    by_hand(true).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    by_hand(false).await?;
    let mut agent = hotline.ready("1001").await?;
    let waits = hotline.caller(OTHER).await?;
    waits.dial("4200").await?;
    agent
        .expect(&PhoneEvent::Incoming(OTHER.to_owned()), PATIENCE)
        .await
        .context("of the queue that is open")?;
    agent.ring().await?;
    waits.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    by_hand(true).await?;
    takes(&mut agent).await?;
    takes(&mut customer).await?;
    attempt(&mut watch, &wish).await?;
    none_is_open(&hotline).await
}

#[tokio::test]
async fn after_a_kill_whoever_waits_is_called_back_once() -> Result<()> {
    let (mut hotline, mut customer) = start(|queue| queue.keys("callback: {retries: 1, retry_s: 1}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    assert_eq!(open(&hotline).await?.callbacks.first().map(|wish| wish.id.clone()), Some(wish.clone()));
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut agent).await?;
    takes(&mut customer).await?;
    let call = attempt(&mut watch, &wish).await?;
    customer.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.over(&call).await?;
    none_is_open(&hotline).await?;

    hotline.kill().await?;
    hotline.restart().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let waits = hotline.caller(OTHER).await?;
    waits.dial("4500").await?;
    watch.queued(OTHER).await?;
    wait_until_told(&waits, "en/you_are_next").await?;
    agent.expect(&PhoneEvent::Incoming(OTHER.to_owned()), PATIENCE).await?;
    assert_eq!(attempts(&hotline).await?.len(), 1);
    Ok(())
}

/// Somebody calls, waits, and is `call` in line.
async fn waits(hotline: &Hotline, watch: &mut Watch, number: &str) -> Result<Phone> {
    let mut caller = hotline.caller(number).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.queued(number).await?;
    Ok(caller)
}

/// Who waits asks to be called back.
async fn asks(caller: &mut Phone) -> Result<()> {
    caller.press('1').await?;
    wait_until_told(caller, "en/menu").await?;
    caller.press('1').await?;
    Ok(caller.expect(&PhoneEvent::Ended, PATIENCE).await?)
}

/// The agent's phone is rung for this number.
async fn is_rung_for(agent: &mut Phone, number: &str) -> Result<()> {
    agent.wait_for(number, PATIENCE, |event| *event == PhoneEvent::Incoming(number.to_owned())).await?;
    Ok(())
}

#[tokio::test]
async fn after_a_kill_the_line_is_as_it_was_and_whoever_calls_then_is_behind() -> Result<()> {
    let (mut hotline, mut customer) = start(|queue| queue.wrap_up_s(0)).await?;
    let mut watch = hotline.watch().await?;
    let mut early = waits(&hotline, &mut watch, CUSTOMER).await?;
    let mut late = waits(&hotline, &mut watch, OTHER).await?;
    // The later one asks first.
    asks(&mut late).await?;
    asks(&mut early).await?;
    assert_eq!(open(&hotline).await?.callbacks.len(), 2);
    hotline.kill().await?;
    hotline.restart().await?;
    let mut watch = hotline.watch().await?;
    let _new = waits(&hotline, &mut watch, "+15550100125").await?;
    let mut agent = hotline.ready("1001").await?;
    for number in [CUSTOMER, OTHER] {
        is_rung_for(&mut agent, number).await?;
        agent.ring().await?;
        agent.answer().await?;
        agent.expect(&PhoneEvent::Up, PATIENCE).await?;
        takes(&mut customer).await?;
        customer.hang_up().await?;
        agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    is_rung_for(&mut agent, "+15550100125").await.context("who came after the restart")
}

#[tokio::test]
async fn what_a_leader_did_with_a_wish_holds_after_a_kill() -> Result<()> {
    let plan = |queue: Queue| queue.members(&["1001"]);
    let (mut hotline, mut customer) = start(plan).await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut first = waits(&hotline, &mut watch, CUSTOMER).await?;
    asks(&mut first).await?;
    let mut second = waits(&hotline, &mut watch, OTHER).await?;
    asks(&mut second).await?;
    for wish in open(&hotline).await?.callbacks {
        admin.post(&format!("/api/v1/calls/{}/move", wish.id), &json!({ "queue": "support" })).await?;
        if wish.number == OTHER {
            let path = format!("/api/v1/calls/{}/priority", wish.id);
            admin.post(&path, &json!({ "credit_s": 600, "emergency": false })).await?;
        }
    }
    let moved = || async {
        let list = open(&hotline).await?.callbacks;
        Ok(list.iter().all(|wish| wish.queue == "support").then_some(()))
    };
    eventually("the other queue to be kept", moved).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    // Serves `support` only.
    let mut agent = hotline.ready("1002").await?;
    is_rung_for(&mut agent, OTHER).await.context("it has a head start")?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    takes(&mut customer).await
}

#[tokio::test]
async fn a_trunk_that_takes_no_calls_is_no_try() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("callback: {retries: 0}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut agent).await?;
    rings(&mut customer).await?;
    customer.reject(503).await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = attempt(&mut watch, &wish).await?;
    watch.over(&call).await?;
    eventually("the next try to be noted", async || {
        let list = open(&hotline).await?.callbacks;
        let wish = list.first().context("the wish waits")?;
        assert_eq!(wish.tries, 0, "{wish:?}");
        Ok(wish.not_before)
    })
    .await?;
    watch.agent("1001", AgentState::Ready).await?;
    Ok(())
}

#[tokio::test]
async fn a_wish_that_is_noted_is_kept_though_the_queue_is_full_by_then() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("waiting_max: 1")).await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CUSTOMER).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.queued(CUSTOMER).await?;
    caller.press('1').await?;
    wait_until_told(&caller, "en/menu").await?;
    let waits = hotline.caller(OTHER).await?;
    waits.dial("4500").await?;
    watch.queued(OTHER).await.context("the place is free by now")?;
    caller.press('1').await?;
    wait_until_told(&caller, "en/goodbye").await?;
    waits.hang_up().await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut agent).await?;
    takes(&mut customer).await
}

#[tokio::test]
async fn a_wish_outlives_a_restart_after_which_nobody_has_signed_in_yet() -> Result<()> {
    let (mut hotline, mut customer) = start(|queue| queue.keys("join: signed_in")).await?;
    hotline.set_state("1001", "not_ready").await?;
    let mut watch = hotline.watch().await?;
    books(&hotline, &mut watch).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut agent).await?;
    takes(&mut customer).await?;
    none_is_open(&hotline).await
}

#[tokio::test]
async fn a_wish_that_is_taken_back_is_not_met_also_while_the_agents_phone_rings() -> Result<()> {
    let (hotline, _customer) = start(|queue| queue.keys("callback: {retries: 1}")).await?;
    let mut watch = hotline.watch().await?;
    let admin = hotline.admin().await?;
    let wish = books(&hotline, &mut watch).await?;
    admin.delete(&format!("/api/v1/callbacks/{wish}")).await?;
    let mut agent = hotline.ready("1001").await?;
    let waits = hotline.caller(OTHER).await?;
    waits.dial("4500").await?;
    agent.expect(&PhoneEvent::Incoming(OTHER.to_owned()), PATIENCE).await.context("nobody before it")?;
    agent.ring().await?;
    waits.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    hotline.set_state("1001", "not_ready").await?;

    watch.from_here();
    let wish = books(&hotline, &mut watch).await?;
    hotline.set_state("1001", "ready").await?;
    rings(&mut agent).await?;
    let call = attempt(&mut watch, &wish).await?;
    admin.delete(&format!("/api/v1/callbacks/{wish}")).await?;
    let audit = admin.get("/api/v1/audit?limit=1").await?;
    assert_eq!(
        (&audit["entries"][0]["action"], &audit["entries"][0]["subject"]),
        (&"callback.close".into(), &wish.as_str().into())
    );
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert!(record.dials.is_empty(), "the customer was not called");
    watch.agent("1001", AgentState::Ready).await?;
    none_is_open(&hotline).await?;
    let gone = admin.delete(&format!("/api/v1/callbacks/{wish}")).await;
    assert!(gone.is_err(), "there is none any more");
    watch.agrees_with_live().await
}

#[tokio::test]
async fn where_the_number_is_called_first_whoever_answers_waits_and_has_the_next_agent() -> Result<()> {
    let (hotline, mut customer) = start(|queue| queue.keys("callback: {first: customer}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    rings(&mut customer).await?;
    let call = attempt(&mut watch, &wish).await?;
    let ready = watch.agent("1001", AgentState::Ready).await.context("no agent waits meanwhile")?;
    assert_eq!(ready.id, "1001");
    customer.answer().await?;
    customer.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&customer, "en/you_are_next").await?;
    is_rung_for(&mut agent, CUSTOMER).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    customer.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&customer, 1000.0).await?;
    none_is_open(&hotline).await?;
    watch.agrees_with_live().await?;
    customer.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!((record.direction, record.source), (Direction::Out, Source::Queue("sales".to_owned())));
    let visit = record.queues.first().context("a stay in the queue")?;
    assert_eq!((visit.queue.as_str(), visit.outcome), ("sales", Some(QueueOutcome::Answered)));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn who_is_called_first_and_hangs_up_in_line_is_missed_and_after_a_kill_is_called_again() -> Result<()> {
    let (mut hotline, mut customer) = start(|queue| queue.keys("callback: {first: customer}")).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut customer).await?;
    rings(&mut agent).await?;
    hotline.kill().await?;
    customer.hang_up().await?;
    hotline.restart().await?;
    let list = open(&hotline).await?.callbacks;
    assert_eq!(list.first().map(|known| (known.id.as_str(), known.tries)), Some((wish.as_str(), 0)));

    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut customer).await?;
    let call = attempt(&mut watch, &wish).await?;
    rings(&mut agent).await?;
    customer.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Abandoned));
    none_is_open(&hotline).await?;
    watch.agent("1001", AgentState::Ready).await.context("nobody is to blame")?;
    let since = record.started_at.as_unix_millis();
    let made = attempts(&hotline).await?;
    let made = made.iter().filter(|made| made.started_at.as_unix_millis() >= since);
    assert_eq!(made.count(), 1, "nobody who hung up is called again");
    Ok(())
}

/// Nothing that is for those who wait by their own will sends away who was called: neither the end of the opening hours nor the
/// longest wait, and not that nobody works for a while.
#[tokio::test]
async fn who_was_called_first_waits_on_after_closing_time_and_beyond_every_limit() -> Result<()> {
    let keys = "callback: {first: customer}, hours: office, unstaffed_max_s: 6, waiting_max: 1";
    let plan = |queue: Queue| queue.keys(keys).wait_max_s(6).ring_timeout_s(3).music_only();
    let (hotline, mut customer) = start(plan).await?;
    let admin = hotline.admin().await?;
    let by_hand = async |open: bool| {
        let body = json!({ "open": open, "until": null });
        admin.put("/api/v1/hours/office/override", &body).await
    };
    by_hand(true).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut customer).await?;
    let call = attempt(&mut watch, &wish).await?;
    rings(&mut agent).await?;
    by_hand(false).await?;
    customer.forget_heard();
    // The agent lets it ring, and nobody works from then on.
    agent.wait_for("the end of the ringing", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    watch.agent("1001", AgentState::NotReady).await?;
    let longer_than_all = 8 * 8000;
    eventually("eight seconds of music", async || {
        Ok((customer.heard().len() > longer_than_all).then_some(()))
    })
    .await?;
    hotline.set_state("1001", "ready").await?;
    takes(&mut agent).await.context("the customer still waits")?;
    customer.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    none_is_open(&hotline).await?;
    customer.hang_up().await?;
    let record = watch.over(&call).await?;
    let [visit] = record.queues.as_slice() else { panic!("one stay: {:?}", record.queues) };
    assert_eq!(visit.outcome, Some(QueueOutcome::Answered));
    assert!(visit.waited_ms > Some(8000), "{visit:?}");
    watch.agrees_with_live().await
}

/// A mailbox answers, and presses no key: no agent hears it, and the number is called again.
#[tokio::test]
async fn a_mailbox_that_answers_is_not_put_through_and_who_presses_the_key_is() -> Result<()> {
    let keys = "callback: {first: customer, confirm: true, retries: 1, retry_s: 1}";
    let (hotline, mut customer) = start(|queue| queue.keys(keys)).await?;
    let mut watch = hotline.watch().await?;
    let wish = books(&hotline, &mut watch).await?;
    let mut agent = hotline.ready("1001").await?;
    takes(&mut customer).await?;
    let call = attempt(&mut watch, &wish).await?;
    wait_until_told(&customer, "en/callback_confirm").await?;
    customer.expect(&PhoneEvent::Ended, PATIENCE).await.context("it was asked three times")?;
    let record = watch.over(&call).await?;
    assert!(record.queues.is_empty() && record.offers.is_empty(), "it never stood in line: {record:?}");
    assert!(record.recordings.is_empty());
    let ready = watch.agent("1001", AgentState::Ready).await?;
    assert_eq!(ready.call, None);
    let list = open(&hotline).await?.callbacks;
    assert_eq!(list.first().map(|known| (known.id.as_str(), known.tries)), Some((wish.as_str(), 1)));

    customer.forget_heard();
    takes(&mut customer).await?;
    wait_until_told(&customer, "en/callback_confirm").await?;
    customer.press('1').await?;
    is_rung_for(&mut agent, CUSTOMER).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    customer.say(Speech::tone(440.0)).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    wait_until_heard(&customer, 1000.0).await?;
    none_is_open(&hotline).await?;
    let call = attempt(&mut watch, &wish).await?;
    customer.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Answered));
    watch.agrees_with_live().await
}
