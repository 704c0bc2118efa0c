//! Several calls at once: more callers than agents, callers who lose patience, agents who are wanted twice.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, CallState, EndKind, Event, OfferOutcome, QueueOutcome, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, Watch, eventually, wait_until_heard, wait_until_told};

fn number(n: usize) -> String {
    format!("+1555010{n:04}")
}

/// Callers who wait in this order.
async fn queue_up(hotline: &Hotline, watch: &mut Watch, count: usize) -> Result<Vec<(Phone, String)>> {
    let mut callers = Vec::new();
    for n in 0..count {
        let mut caller = hotline.caller(&number(n)).await?;
        caller.dial("4100").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        let call = watch.queued(&number(n)).await?;
        callers.push((caller, call));
    }
    Ok(callers)
}

/// The agent takes one call and hears who it is by the tone; then the caller hangs up.
async fn serve(agent: &mut Phone, callers: &mut [(Phone, String)]) -> Result<usize> {
    let incoming =
        agent.wait_for("a call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    let PhoneEvent::Incoming(from) = incoming else { unreachable!("waited for it") };
    let who = (0..callers.len()).find(|n| number(*n) == from).context("a known caller")?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    let tone = 400.0 + 200.0 * who as f64;
    agent.forget_heard();
    callers[who].0.say(Speech::tone(tone)).await?;
    wait_until_heard(agent, tone).await?;
    callers[who].0.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    Ok(who)
}

#[tokio::test]
async fn more_callers_than_agents_are_all_served_in_the_order_they_came() -> Result<()> {
    let hotline = Center::new().sales(|sales| sales.wrap_up_s(0)).start().await?;
    let mut watch = hotline.watch().await?;
    let mut callers = queue_up(&hotline, &mut watch, 5).await?;
    watch.agrees_with_live().await?;
    let mut agent = hotline.ready("1001").await?;
    for expected in 0..callers.len() {
        assert_eq!(serve(&mut agent, &mut callers).await?, expected);
    }
    for (_, call) in &callers {
        let record = watch.over(call).await?;
        assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Completed);
        assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Answered));
    }
    watch.agent("1001", AgentState::Ready).await?;
    assert!(watch.live().calls.is_empty() && watch.live().queues.iter().all(|queue| queue.length == 0));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_caller_is_told_the_place_in_line_on_joining_and_whenever_it_changes() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let callers = queue_up(&hotline, &mut watch, 3).await?;
    let last = callers[2].1.clone();
    let place = |position: u32| {
        let last = last.clone();
        move |event: &Event| {
            event.call.as_ref() == Some(&last)
                && matches!(event.what, What::CallPosition { position: told, .. } if told == position)
        }
    };
    watch.event("the third place", place(3)).await?;
    wait_until_told(&callers[2].0, "en/number_3").await?;
    callers[0].0.hang_up().await?;
    watch.event("the second place", place(2)).await?;
    wait_until_told(&callers[2].0, "en/number_2").await?;
    callers[1].0.hang_up().await?;
    watch.event("the first place", place(1)).await?;
    wait_until_told(&callers[2].0, "en/you_are_next").await?;
    wait_until_told(&callers[2].0, "music/waiting").await?;
    let record = watch.over(&callers[1].1).await?;
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Abandoned);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_gives_up_is_on_record_with_the_time_that_was_waited() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let callers = queue_up(&hotline, &mut watch, 1).await?;
    let (caller, call) = &callers[0];
    let began = std::time::Instant::now();
    eventually("two seconds of waiting", async || Ok((caller.heard().len() > 16_000).then_some(()))).await?;
    let waited = began.elapsed();
    caller.hang_up().await?;
    let record = watch.over(call).await?;
    let visit = &record.queues[0];
    assert_eq!(visit.outcome, Some(QueueOutcome::Abandoned));
    let told = u128::from(visit.waited_ms.context("waited_ms")?);
    assert!(
        told + 50 >= waited.as_millis() && told < waited.as_millis() + 5000,
        "{told} ms, really {waited:?}"
    );
    assert_eq!(watch.live().queues.iter().map(|queue| queue.length).sum::<usize>(), 0);
    Ok(())
}

#[tokio::test]
async fn two_calls_for_one_agent_come_one_after_the_other() -> Result<()> {
    let hotline = Center::new().sales(|sales| sales.wrap_up_s(0)).start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let (first, second) = (hotline.caller(&number(0)).await?, hotline.caller(&number(1)).await?);
    first.dial("4100").await?;
    second.dial("4200").await?;
    let calls = [watch.queued(&number(0)).await?, watch.queued(&number(1)).await?];
    let mut callers = vec![(first, calls[0].clone()), (second, calls[1].clone())];
    let one = serve(&mut agent, &mut callers).await?;
    let other = serve(&mut agent, &mut callers).await?;
    assert_eq!(one + other, 1, "each was served once");
    for call in &calls {
        let record = watch.over(call).await?;
        let outcomes: Vec<OfferOutcome> = record.offers.iter().map(|offer| offer.outcome).collect();
        assert_eq!(outcomes, [OfferOutcome::Answered], "the agent was offered a call while busy");
    }
    Ok(())
}

#[tokio::test]
async fn the_next_caller_takes_the_place_of_one_who_hangs_up_while_an_agent_is_rung() -> Result<()> {
    let hotline = Center::new().sales(|sales| sales.wrap_up_s(0)).start().await?;
    let mut watch = hotline.watch().await?;
    let mut callers = queue_up(&hotline, &mut watch, 2).await?;
    let mut agent = hotline.ready("1001").await?;
    agent.wait_for("the first", PATIENCE, |event| *event == PhoneEvent::Incoming(number(0))).await?;
    agent.ring().await?;
    watch.agent("1001", AgentState::Ringing).await?;
    callers[0].0.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert_eq!(serve(&mut agent, &mut callers).await?, 1);
    let record = watch.over(&callers[0].1).await?;
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Abandoned);
    watch.over(&callers[1].1).await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_whom_every_agent_declines_keeps_the_place_and_is_served_in_the_end() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (mut first, mut second) = (hotline.ready("1001").await?, hotline.ready("1002").await?);
    let mut callers = queue_up(&hotline, &mut watch, 1).await?;
    let call = callers[0].1.clone();
    first.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    first.reject(486).await?;
    second.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    second.reject(603).await?;
    let is_waiting = |state: CallState| state == CallState::Queued;
    watch
        .state("the caller to wait again", |live| live.calls.iter().any(|call| is_waiting(call.state)))
        .await?;
    let mut third = hotline.ready("1003").await?;
    serve(&mut third, &mut callers).await?;
    let record = watch.over(&call).await?;
    let outcomes: Vec<OfferOutcome> = record.offers.iter().map(|offer| offer.outcome).collect();
    assert_eq!(outcomes, [OfferOutcome::Busy, OfferOutcome::Rejected, OfferOutcome::Answered]);
    assert_eq!(record.queues.len(), 1, "the caller left the line");
    Ok(())
}

#[tokio::test]
async fn a_call_ends_when_the_agents_phone_loses_power() -> Result<()> {
    let hotline = Center::new().edit("config/hotline.yaml", "timeout_s: 10", "timeout_s: 5").start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut callers = queue_up(&hotline, &mut watch, 1).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&callers[0].0, 1000.0).await?;
    drop(agent);
    let record = watch.over(&callers[0].1).await?;
    callers[0].0.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::MediaLost);
    Ok(())
}
