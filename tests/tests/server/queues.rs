//! Who gets a call, and why: skills, the customer's own agent, emergencies, tiers, plans, weights, several phones at once.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, DecisionList, OfferOutcome, Record, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, DeskPhone, Hotline, PATIENCE, Watch, eventually, field, rings, takes, wait_until_heard,
};

const CALLER: &str = "+15550100123";
const OTHER: &str = "+15550100124";
const THIRD: &str = "+15550100125";

/// A center in which French is spoken: by 1002 a little, by 1003 well.
fn french() -> Center {
    Center::new()
        .edit("config/center.yaml", "queues:\n", "skills: {french: French}\nqueues:\n")
        .agent("1002", "skills: {french: 2}")
        .agent("1003", "skills: {french: 7}")
}

/// A flow that leads into `queue`, with more keys of that step.
fn flow(name: &str, queue: &str, more: &str) -> String {
    format!(
        "flow: {name}\nlanguages: [en]\nstart: answer\nsteps:\n  answer: {{answer: {{then: wait}}}}\n  \
         wait: {{queue: {{name: {queue}, {more}exits: {{full: bye, timeout: bye, no_agents: bye}}}}}}\n  \
         bye: {{hangup: {{cause: normal}}}}\n"
    )
}

async fn dials(hotline: &Hotline, caller: &str, number: &str) -> Result<Phone> {
    let mut phone = hotline.caller(caller).await?;
    phone.dial(number).await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(phone)
}

async fn decisions(hotline: &Hotline, call: &str) -> Result<DecisionList> {
    let path = format!("/api/v1/calls/{call}/decisions");
    let list: DecisionList = serde_json::from_value(hotline.admin().await?.get(&path).await?)?;
    for made in &list.decisions {
        assert_eq!(made.replayed, made.agent, "the record gives the same agent again");
    }
    Ok(list)
}

/// What is said of each agent who could not have the call when it was offered the `nth` time.
fn refused(list: &DecisionList, nth: usize) -> Vec<(&str, &str)> {
    let decision = &list.decisions[nth].decision;
    decision.refused.iter().map(|one| (one.agent.as_str(), one.words.as_str())).collect()
}

/// Who was offered the call, and what became of it.
fn offers(record: &Record) -> Vec<(&str, OfferOutcome)> {
    record.offers.iter().map(|offer| (offer.agent.as_str(), offer.outcome)).collect()
}

/// How long the caller was in its first queue before the call was offered the `nth` time.
fn waited_ms(record: &Record, nth: usize) -> i64 {
    record.offers[nth].offered_at.as_unix_millis() - record.queues[0].entered_at.as_unix_millis()
}

async fn offered(watch: &mut Watch, call: &str, to: &str) -> Result<()> {
    watch
        .event(&format!("the offer to {to}"), |event| {
            event.call.as_deref() == Some(call)
                && matches!(&event.what, What::CallOffered { agent, .. } if agent == to)
        })
        .await?;
    Ok(())
}

/// A call for which two phones ring.
struct BothRing {
    hotline: Hotline,
    watch: Watch,
    /// That of 1001.
    first: Phone,
    /// That of 1002.
    second: Phone,
    caller: Phone,
    call: String,
}

/// Somebody calls `sales`, which has these further keys, and both agents who are ready are rung.
async fn both_ring(keys: &str) -> Result<BothRing> {
    let hotline = Center::new().sales(|queue| queue.keys(keys)).start().await?;
    let mut watch = hotline.watch().await?;
    let (mut first, mut second) = (hotline.ready("1001").await?, hotline.ready("1002").await?);
    let caller = dials(&hotline, CALLER, "4100").await?;
    let call = watch.queued(CALLER).await?;
    rings(&mut first).await?;
    rings(&mut second).await?;
    Ok(BothRing { hotline, watch, first, second, caller, call })
}

#[tokio::test]
async fn the_skills_that_a_flow_asks_for_choose_the_agent_and_the_reasons_can_be_read() -> Result<()> {
    let flow = flow("french", "sales", "skills: {french: 3}, ");
    let hotline = french().flow("4500", "french", &flow).start().await?;
    let mut watch = hotline.watch().await?;
    let (_first, _second) = (hotline.ready("1001").await?, hotline.ready("1002").await?);
    let mut third = hotline.ready("1003").await?;
    let _caller = dials(&hotline, CALLER, "4500").await?;
    takes(&mut third).await?;
    let call = watch.queued(CALLER).await?;
    let list = decisions(&hotline, &call).await?;
    let decision = &list.decisions.last().context("a decision")?.decision;
    assert_eq!(decision.words, "1003 is the only one who can take the call");
    assert_eq!(
        refused(&list, list.decisions.len() - 1),
        [("1001", "does not have french"), ("1002", "french 2, needs 3")]
    );
    assert_eq!(list.waits_because, None, "it waits no more");
    Ok(())
}

#[tokio::test]
async fn a_skill_that_a_flow_computes_chooses_the_agent_and_one_that_nobody_can_have_leads_out() -> Result<()>
{
    let skill = format!("\"{{{{ 'french' if call.caller == '{CALLER}' else 'latin' }}}}\"");
    let flow = flow("computed", "sales", &format!("skills: {{{skill}: 3}}, "));
    let hotline = french().flow("4500", "computed", &flow).start().await?;
    let mut watch = hotline.watch().await?;
    let (_first, mut third) = (hotline.ready("1001").await?, hotline.ready("1003").await?);
    let mut other = dials(&hotline, OTHER, "4500").await?;
    other.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let call = watch.call_of(OTHER).await?;
    let record = watch.over(&call).await?;
    let exit = record.path.iter().find(|step| step.step == "wait").map(|step| step.exit.as_str());
    assert_eq!((exit, record.queues.len()), (Some("no_agents"), 0), "it does not wait for nobody");
    let _caller = dials(&hotline, CALLER, "4500").await?;
    takes(&mut third).await
}

#[tokio::test]
async fn the_customers_own_agent_is_asked_first_and_the_others_after_it() -> Result<()> {
    let own = "agent: \"'1002'\", agent_wait_s: 2, ";
    let center = Center::new().flow("4500", "own", &flow("own", "sales", own)).flow(
        "4501",
        "only",
        &flow("only", "sales", &format!("{own}agent_only: true, ")),
    );
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let mut first = hotline.ready("1001").await?;
    let mut second = hotline.ready("1002").await?;

    let caller = dials(&hotline, CALLER, "4500").await?;
    rings(&mut second).await?;
    second.reject(603).await?;
    takes(&mut first).await.context("who has let the call go is not waited for")?;
    let call = watch.queued(CALLER).await?;
    caller.hang_up().await?;
    first.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(offers(&record), [("1002", OfferOutcome::Rejected), ("1001", OfferOutcome::Answered)]);
    let list = decisions(&hotline, &call).await?;
    assert_eq!(refused(&list, 0)[0], ("1001", "the call is held for 1002 for another 2 s"));

    hotline.set_state("1002", "not_ready").await?;
    watch.agent("1001", AgentState::Ready).await?;
    let _caller = dials(&hotline, OTHER, "4500").await?;
    takes(&mut first).await?;
    first.hang_up().await?;
    let call = watch.queued(OTHER).await?;
    let record = watch.over(&call).await?;
    assert!(waited_ms(&record, 0) < 2000, "nobody waits for an agent who takes no calls");

    watch.from_here();
    watch.agent("1001", AgentState::Ready).await?;
    let _caller = dials(&hotline, THIRD, "4501").await?;
    let call = watch.queued(THIRD).await?;
    let waits =
        eventually("why it waits", async || Ok(decisions(&hotline, &call).await?.waits_because)).await?;
    assert!(waits.refused.iter().any(|one| one.agent == "1001" && one.gate == "STICKY_HELD"), "{waits:?}");
    takes(&mut first).await?;
    first.hang_up().await?;
    let record = watch.over(&call).await?;
    assert!(waited_ms(&record, 0) >= 2000, "{} ms: it was held for the agent", waited_ms(&record, 0));
    Ok(())
}

#[tokio::test]
async fn an_emergency_goes_before_all_and_a_head_start_before_those_who_came_a_little_earlier() -> Result<()>
{
    let center = Center::new()
        .sales(|queue| queue.wrap_up_s(0))
        .flow("4500", "gold", &flow("gold", "sales", "priority_credit_s: \"600\", "))
        .flow("4501", "alarm", &flow("alarm", "sales", "emergency: true, "));
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.registered("1001").await?;
    let mut callers = Vec::new();
    for (caller, number) in [(CALLER, "4100"), (OTHER, "4500"), (THIRD, "4501")] {
        callers.push((dials(&hotline, caller, number).await?, watch.queued(caller).await?));
    }
    let last = callers.first().map(|(_, call)| call.clone()).context("a caller")?;
    watch
        .state("the first to be the last", |live| {
            live.calls.iter().any(|call| call.id == last && call.position == Some(3))
        })
        .await?;
    hotline.set_state("1001", "ready").await?;
    for (caller, call) in callers.iter_mut().rev() {
        takes(&mut agent).await?;
        watch
            .event("the talk", |event| {
                event.call.as_ref() == Some(call) && matches!(event.what, What::CallConnected { .. })
            })
            .await?;
        caller.hang_up().await?;
    }
    Ok(())
}

#[tokio::test]
async fn all_phones_ring_the_first_has_the_call_and_the_others_are_told_that_it_was_taken() -> Result<()> {
    let hotline = Center::new().sales(|queue| queue.keys("strategy: ring_all")).start().await?;
    let mut watch = hotline.watch().await?;
    let mut page = Watch::open(hotline.desk("1002").await?).await?;
    let mut first = hotline.ready("1001").await?;
    let (second, third) =
        (DeskPhone::register(&hotline, "1002").await?, DeskPhone::register(&hotline, "1003").await?);
    hotline.set_state("1002", "ready").await?;
    hotline.set_state("1003", "ready").await?;
    let caller = dials(&hotline, CALLER, "4100").await?;
    let call = watch.queued(CALLER).await?;
    second.rings().await?;
    third.rings().await?;
    rings(&mut first).await?;
    page.event("the own offer", |event| matches!(event.what, What::CallOffered { pop: Some(_), .. })).await?;
    watch.agent("1002", AgentState::Ringing).await?;
    first.answer().await?;
    first.expect(&PhoneEvent::Up, PATIENCE).await?;
    for phone in [&second, &third] {
        let cancel = phone.told("CANCEL").await?;
        let reason = field(&cancel, "Reason").context("a reason")?;
        assert_eq!(reason, "SIP;cause=200;text=\"Call completed elsewhere\"", "{cancel}");
    }
    page.event("the end of the own offer", |event| {
        matches!(event.what, What::CallOfferFailed { failure: OfferOutcome::Elsewhere, .. })
    })
    .await?;
    watch.agent("1002", AgentState::Ready).await?;
    watch.agent("1003", AgentState::Ready).await?;
    caller.say(Speech::tone(440.0)).await?;
    first.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&first, 440.0).await?;
    wait_until_heard(&caller, 1000.0).await?;
    watch.agrees_with_live().await.context("the call stays connected, whoever lost it")?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let mut offers = offers(&record);
    offers.sort_by_key(|(agent, _)| *agent);
    let elsewhere = OfferOutcome::Elsewhere;
    assert_eq!(offers, [("1001", OfferOutcome::Answered), ("1002", elsewhere), ("1003", elsewhere)]);
    let list = decisions(&hotline, &call).await?;
    let mut chosen: Vec<_> = list.decisions.iter().filter_map(|made| made.agent.as_deref()).collect();
    chosen.sort_unstable();
    assert_eq!(chosen, ["1001", "1002", "1003"], "each offer has its reasons");
    Ok(())
}

#[tokio::test]
async fn whoever_refuses_leaves_the_other_phones_ringing() -> Result<()> {
    let BothRing { hotline: _hotline, mut watch, first, mut second, caller, call } =
        both_ring("strategy: ring_all").await?;
    first.reject(603).await?;
    watch
        .state("the call to be the second's alone", |live| {
            live.calls.iter().any(|known| known.id == call && known.offered_to == ["1002"])
        })
        .await?;
    watch.agrees_with_live().await?;
    second.answer().await?;
    second.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let mut offers = offers(&record);
    offers.sort_by_key(|(agent, _)| *agent);
    assert_eq!(offers, [("1001", OfferOutcome::Rejected), ("1002", OfferOutcome::Answered)]);
    watch.agrees_with_live().await
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_has_the_call_and_the_other_is_free() -> Result<()> {
    let BothRing { hotline: _hotline, mut watch, mut first, mut second, caller, call } =
        both_ring("strategy: ring_all").await?;
    first.answer().await?;
    second.answer().await?;
    let connected = watch
        .event("the talk", |event| {
            event.call.as_ref() == Some(&call) && matches!(event.what, What::CallConnected { .. })
        })
        .await?;
    let is_first = matches!(&connected.what, What::CallConnected { agent, .. } if agent == "1001");
    let (has, other) = if is_first { (&first, &mut second) } else { (&second, &mut first) };
    other.wait_for("its end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(has, 440.0).await?;
    watch.agent(if is_first { "1002" } else { "1001" }, AgentState::Ready).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let answered = record.offers.iter().filter(|offer| offer.outcome == OfferOutcome::Answered);
    assert_eq!(answered.count(), 1, "{:?}", record.offers);
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_caller_who_gives_up_silences_all_phones() -> Result<()> {
    let BothRing { hotline: _hotline, mut watch, mut first, mut second, caller, call } =
        both_ring("strategy: ring_all").await?;
    caller.hang_up().await?;
    first.expect(&PhoneEvent::Ended, PATIENCE).await?;
    second.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    let gone = |offer: &hotline_api_types::Offer| offer.outcome == OfferOutcome::CallerGone;
    assert!(record.offers.len() == 2 && record.offers.iter().all(gone), "{:?}", record.offers);
    watch.agent("1001", AgentState::Ready).await?;
    watch.agent("1002", AgentState::Ready).await?;
    watch.agrees_with_live().await
}

#[tokio::test]
async fn one_phone_more_rings_after_each_delay_while_the_first_rings_on() -> Result<()> {
    let keys = "strategy: progressive_ring, ring_delay_s: 1";
    let BothRing { hotline: _hotline, mut watch, mut first, mut second, caller, call } =
        both_ring(keys).await?;
    first.answer().await?;
    first.expect(&PhoneEvent::Up, PATIENCE).await?;
    second.expect(&PhoneEvent::Ended, PATIENCE).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(offers(&record), [("1001", OfferOutcome::Answered), ("1002", OfferOutcome::Elsewhere)]);
    let apart = waited_ms(&record, 1) - waited_ms(&record, 0);
    // Each is told once the address book has answered, which is a moment after it was chosen.
    assert!(apart >= 900, "{apart} ms after the first");
    Ok(())
}

#[tokio::test]
async fn a_plan_asks_those_who_know_most_first_and_then_the_others() -> Result<()> {
    let plan = "plan: [{require: {french: 5}}, {after_s: 1, require: {french: 2}}, {after_s: 2}]";
    let hotline = french().sales(|queue| queue.keys(plan)).start().await?;
    let mut watch = hotline.watch().await?;
    let (mut first, mut second) = (hotline.ready("1001").await?, hotline.ready("1002").await?);
    let _caller = dials(&hotline, CALLER, "4100").await?;
    rings(&mut second).await?;
    second.reject(603).await?;
    takes(&mut first).await?;
    let call = watch.queued(CALLER).await?;
    first.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(offers(&record), [("1002", OfferOutcome::Rejected), ("1001", OfferOutcome::Answered)]);
    assert!(waited_ms(&record, 0) >= 1000 && waited_ms(&record, 1) >= 2000, "{:?}", record.offers);
    let list = decisions(&hotline, &call).await?;
    let first_try = &list.decisions[0];
    assert_eq!((first_try.agent.as_deref(), first_try.decision.step), (None, Some(0)));
    assert!(refused(&list, 0).contains(&("1002", "french 2, needs 5")), "{:?}", refused(&list, 0));
    let steps = list.decisions.iter().filter(|made| made.agent.is_some()).map(|made| made.decision.step);
    assert_eq!(steps.collect::<Vec<_>>(), [Some(1), Some(2)]);
    Ok(())
}

#[tokio::test]
async fn a_higher_tier_is_asked_later_and_at_once_while_nobody_works_in_the_first() -> Result<()> {
    let members = "[{agent: \"1001\", tier: 2}, {agent: \"1002\"}]";
    let center = Center::new()
        .sales(|queue| queue.keys("tiers: {wait_s: 2, skip_unstaffed: false}").served_by(members))
        .support(|queue| queue.keys("tiers: {wait_s: 60}").served_by(members));
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    for (caller, number) in [(CALLER, "4100"), (OTHER, "4200")] {
        let _caller = dials(&hotline, caller, number).await?;
        takes(&mut agent).await?;
        let call = watch.queued(caller).await?;
        agent.hang_up().await?;
        let record = watch.over(&call).await?;
        assert_eq!(waited_ms(&record, 0) >= 2000, number == "4100", "{number}: {:?}", record.offers);
        watch.from_here();
    }
    Ok(())
}

#[tokio::test]
async fn of_two_queues_that_share_an_agent_the_heavier_goes_first() -> Result<()> {
    let center = Center::new().support(|queue| queue.keys("weight: 5"));
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.registered("1001").await?;
    let _early = dials(&hotline, CALLER, "4100").await?;
    watch.queued(CALLER).await?;
    let _late = dials(&hotline, OTHER, "4200").await?;
    let heavier = watch.queued(OTHER).await?;
    hotline.set_state("1001", "ready").await?;
    rings(&mut agent).await?;
    offered(&mut watch, &heavier, "1001").await
}
