//! Lines of callers and agents, all played by SIPp: who is served by whom, in which order, and what is on record afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{AgentState, DecisionList, EndKind, OfferOutcome, QueueOutcome, Record, Timestamp};
use hotline_tests::{Center, Hotline, Sipp, SippRun, Watch, in_time, records};

/// For lines that take longer to be served than a single call.
const LONG: Duration = Duration::from_secs(90);
/// How late something may be told on a busy machine.
const SLACK_MS: i64 = 250;

/// Phones that have no sound of their own are not hung up on for it.
fn center() -> Center {
    Center::new().edit("config/hotline.yaml", "timeout_s: 10", "timeout_s: 120")
}

/// An agent's phone that plays this scenario again and again.
async fn phone(hotline: &Hotline, agent: &str, scenario: &str, put: (&str, &str)) -> Result<SippRun> {
    let sipp = Sipp::agent(hotline, agent, scenario).await?.put(put.0, put.1);
    // More calls than will come: it is ended with the test.
    sipp.calls(1000).timeout(LONG).listen(hotline).await
}

/// The same, and the agent takes calls.
async fn ready(hotline: &Hotline, agent: &str, scenario: &str, put: (&str, &str)) -> Result<SippRun> {
    let run = phone(hotline, agent, scenario, put).await?;
    hotline.set_state(agent, "ready").await?;
    Ok(run)
}

/// Callers who dial `number` one after the other, `rate` a second. Their numbers begin with +1555 and `series`.
fn callers(hotline: &Hotline, scenario: &str, (number, series): (&str, &str), count: u32, rate: u32) -> Sipp {
    let sipp = Sipp::carrier(hotline, scenario).dialling(number).key("series", series).calls(count);
    let (rate, most) = (rate.to_string(), count.to_string());
    sipp.argument("-r").argument(&rate).argument("-l").argument(&most).timeout(LONG)
}

async fn finished(client: &Client, count: usize) -> Result<Vec<Record>> {
    in_time(LONG, "all records", async || {
        let all = records(client).await?;
        Ok((all.len() >= count).then_some(all))
    })
    .await
}

fn outcomes(record: &Record) -> Vec<(&str, OfferOutcome)> {
    record.offers.iter().map(|offer| (offer.agent.as_str(), offer.outcome)).collect()
}

fn visits(record: &Record) -> Vec<(&str, Option<QueueOutcome>)> {
    record.queues.iter().map(|visit| (visit.queue.as_str(), visit.outcome)).collect()
}

fn millis(at: Timestamp) -> i64 {
    at.as_unix_millis()
}

/// One caller who was served at once by one agent.
struct Served {
    queue: String,
    agent: String,
    entered: i64,
    offered: i64,
    ended: i64,
}

fn served(record: &Record) -> Result<Served> {
    let [visit] = record.queues.as_slice() else { anyhow::bail!("one stay in a queue: {:?}", record.queues) };
    let [offer] = record.offers.as_slice() else { anyhow::bail!("one offer: {:?}", record.offers) };
    ensure!(visit.outcome == Some(QueueOutcome::Answered), "{visit:?}");
    ensure!(offer.outcome == OfferOutcome::Answered, "{offer:?}");
    ensure!(record.cause.as_ref().map(|cause| cause.kind) == Some(EndKind::Completed), "{:?}", record.cause);
    Ok(Served {
        queue: visit.queue.clone(),
        agent: offer.agent.clone(),
        entered: millis(visit.entered_at),
        offered: millis(offer.offered_at),
        ended: millis(record.ended_at.context("an end")?),
    })
}

const SALES: [&str; 6] = ["1001", "1002", "1003", "1004", "1005", "1006"];
const SUPPORT: [&str; 6] = ["1003", "1004", "1005", "1006", "1007", "1008"];
const AFTER_SALES_S: u32 = 1;
const AFTER_SUPPORT_S: u32 = 2;

fn members(queue: &str) -> &'static [&'static str] {
    if queue == "sales" { &SALES } else { &SUPPORT }
}

/// Nobody is offered to an agent while somebody who came earlier waits for the same.
fn in_order(line: &[Served]) -> Result<()> {
    for (first, second) in line.iter().flat_map(|first| line.iter().map(move |second| (first, second))) {
        let could_have = members(&first.queue).contains(&second.agent.as_str());
        let is_earlier = first.entered + SLACK_MS < second.offered && first.entered < second.entered;
        ensure!(
            !could_have || !is_earlier || first.offered <= second.offered + SLACK_MS,
            "{} came at {} and was offered at {}; {} at {} and {}",
            first.queue,
            first.entered,
            first.offered,
            second.queue,
            second.entered,
            second.offered
        );
    }
    Ok(())
}

/// Between two calls each agent has the after-call work of the queue of the first.
fn with_wrap_up(line: &[Served]) -> Result<()> {
    let mut of_agents: BTreeMap<&str, Vec<&Served>> = BTreeMap::new();
    for one in line {
        of_agents.entry(&one.agent).or_default().push(one);
    }
    for (agent, mut calls) in of_agents {
        calls.sort_by_key(|call| call.offered);
        for pair in calls.windows(2) {
            let work = if pair[0].queue == "sales" { AFTER_SALES_S } else { AFTER_SUPPORT_S };
            let pause = pair[1].offered - pair[0].ended;
            ensure!(
                pause >= i64::from(work) * 1000 - 20,
                "{agent}: {pause} ms after a call of {}",
                pair[0].queue
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn forty_callers_of_two_queues_that_share_agents_are_each_served_once_and_in_order() -> Result<()> {
    let hotline = center()
        .agents(8)
        .sales(|queue| queue.members(&SALES).wrap_up_s(AFTER_SALES_S).music_only())
        .support(|queue| queue.members(&SUPPORT).wrap_up_s(AFTER_SUPPORT_S).music_only())
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let mut early = callers(&hotline, "callers_wait_for_bye.xml", ("4100", "01"), 20, 20).start(&hotline)?;
    let mut phones = Vec::new();
    for agent in SALES.into_iter().chain(["1007", "1008"]) {
        phones.push(ready(&hotline, agent, "agent_talks.xml", ("talk", "700")).await?);
    }
    let mut late = callers(&hotline, "callers_wait_for_bye.xml", ("4200", "02"), 20, 20).start(&hotline)?;
    early.passed().await?;
    late.passed().await?;
    let admin = hotline.admin().await?;
    let all = finished(&admin, 40).await?;
    assert_eq!(all.len(), 40, "each call has one record");
    assert_eq!(all.iter().map(|record| &record.id).collect::<BTreeSet<_>>().len(), 40);
    let line: Vec<Served> = all.iter().map(served).collect::<Result<_>>()?;
    assert_eq!(line.iter().filter(|one| one.queue == "sales").count(), 20);
    assert!(line.iter().all(|one| members(&one.queue).contains(&one.agent.as_str())));
    in_order(&line)?;
    with_wrap_up(&line)?;
    for record in &all {
        let path = format!("/api/v1/calls/{}/decisions", record.id);
        let list: DecisionList = serde_json::from_value(admin.get(&path).await?)?;
        assert!(list.decisions.iter().all(|made| made.replayed == made.agent), "{list:?}");
        let chosen: Vec<_> = list.decisions.iter().filter_map(|made| made.agent.as_deref()).collect();
        assert_eq!(chosen, [record.offers[0].agent.as_str()]);
    }
    for agent in SALES.into_iter().chain(["1007", "1008"]) {
        watch.agent(agent, AgentState::Ready).await?;
    }
    watch.agrees_with_live().await
}

/// The reasons why each agent but the one who has it could not take the call that `record` is of.
async fn refused(admin: &Client, record: &Record) -> Result<BTreeMap<String, String>> {
    let path = format!("/api/v1/calls/{}/decisions", record.id);
    let list: DecisionList = serde_json::from_value(admin.get(&path).await?)?;
    let last = list.decisions.last().context("a decision")?;
    let gates = last.decision.refused.iter();
    Ok(gates.map(|one| (one.agent.clone(), format!("{} {}", one.gate, one.words))).collect())
}

#[tokio::test]
async fn an_agent_who_is_busy_rejects_or_does_not_answer_is_treated_by_the_cause() -> Result<()> {
    let keys = "strategy: linear";
    let hotline = center()
        .agents(5)
        .sales(|queue| queue.keys(keys).ring_timeout_s(3).wrap_up_s(0).music_only())
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let status = |status: &'static str| ("status", status);
    let _phones = [
        ready(&hotline, "1001", "agent_rejects.xml", status("486")).await?,
        ready(&hotline, "1002", "agent_rejects.xml", status("603")).await?,
        ready(&hotline, "1003", "agent_never_answers.xml", status("")).await?,
        ready(&hotline, "1004", "agent_rejects.xml", status("503")).await?,
        ready(&hotline, "1005", "agent_talks.xml", ("talk", "300")).await?,
    ];
    let admin = hotline.admin().await?;
    callers(&hotline, "callers_wait_for_bye.xml", ("4100", "01"), 1, 1).run(&hotline).await?;
    let first = finished(&admin, 1).await?.remove(0);
    let expected = [
        ("1001", OfferOutcome::Busy),
        ("1002", OfferOutcome::Rejected),
        ("1003", OfferOutcome::NoAnswer),
        ("1004", OfferOutcome::PhoneFault),
        ("1005", OfferOutcome::Answered),
    ];
    assert_eq!(outcomes(&first), expected);
    assert_eq!(visits(&first), [("sales", Some(QueueOutcome::Answered))], "the place is kept");
    watch
        .state("1003 to be set not ready", |live| {
            live.agents.iter().any(|agent| agent.id == "1003" && agent.reason.as_deref() == Some("missed"))
        })
        .await?;

    callers(&hotline, "callers_wait_for_bye.xml", ("4100", "02"), 1, 1).run(&hotline).await?;
    let second = finished(&admin, 2).await?.remove(0);
    assert_eq!(outcomes(&second), [("1005", OfferOutcome::Answered)], "the others are let be for a while");
    let gates = refused(&admin, &second).await?;
    let told = |agent: &str| gates.get(agent).cloned().unwrap_or_default();
    assert!(told("1001").starts_with("RNA_DELAY") && told("1001").contains("busy"), "{gates:?}");
    assert!(told("1002").starts_with("RNA_DELAY") && told("1002").contains("reject"), "{gates:?}");
    assert!(told("1003").starts_with("NOT_READY"), "{gates:?}");
    assert!(told("1004").starts_with("RNA_DELAY"), "{gates:?}");
    for agent in ["1001", "1002", "1004"] {
        watch.agent(agent, AgentState::Ready).await.context("nobody but who let it ring is set not ready")?;
    }
    watch.agrees_with_live().await
}

#[tokio::test]
async fn callers_who_lose_patience_are_abandoned_and_those_behind_them_move_up() -> Result<()> {
    let hotline =
        center().sales(|queue| queue.wrap_up_s(0).music_only().keys("short_abandon_s: 1")).start().await?;
    let mut watch = hotline.watch().await?;
    let mut hasty = callers(&hotline, "callers_lose_patience.xml", ("4100", "01"), 10, 50);
    hasty = hasty.put("patience", "1500");
    let mut hasty = hasty.start(&hotline)?;
    in_line(&mut watch, 10).await?;
    let mut patient = callers(&hotline, "callers_wait_for_bye.xml", ("4100", "02"), 5, 50).start(&hotline)?;
    in_line(&mut watch, 15).await?;
    hasty.passed().await?;
    let gone = finished(watch.client(), 10).await?;
    for record in &gone {
        assert_eq!(visits(record), [("sales", Some(QueueOutcome::Abandoned))]);
        assert_eq!(record.cause.as_ref().context("a cause")?.kind, EndKind::Abandoned);
        assert!(record.offers.is_empty());
    }
    watch
        .state("the patient ones to move up", |live| {
            let mut places: Vec<u32> = live.calls.iter().filter_map(|call| call.position).collect();
            places.sort_unstable();
            places == [1, 2, 3, 4, 5]
        })
        .await?;
    let _phone = ready(&hotline, "1001", "agent_talks.xml", ("talk", "200")).await?;
    patient.passed().await?;
    let all = finished(watch.client(), 15).await?;
    let mut line: Vec<Served> = all.iter().take(5).map(served).collect::<Result<_>>()?;
    line.sort_by_key(|one| one.offered);
    assert!(line.is_sorted_by_key(|one| one.entered), "in the order in which they came");
    watch.agrees_with_live().await
}

async fn in_line(watch: &mut Watch, count: usize) -> Result<()> {
    let wanted = format!("{count} callers in line");
    watch.state(&wanted, |live| live.queues.iter().map(|queue| queue.length).sum::<usize>() == count).await
}

/// From `sales` to `support` when it is full or the wait is over, and from there to the end.
const LADDER: &str = r#"flow: ladder
languages: [en]
start: answer
steps:
  answer: {answer: {then: first}}
  first: {queue: {name: sales, exits: {full: second, timeout: second, no_agents: second}}}
  second: {queue: {name: support, exits: {full: sorry, timeout: sorry, no_agents: sorry}}}
  sorry: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;

#[tokio::test]
async fn a_line_flows_over_by_its_length_and_by_the_wait_and_keeps_the_place() -> Result<()> {
    let hotline = center()
        .flow("4500", "ladder", LADDER)
        .sales(|queue| queue.members(&["1001"]).wait_max_s(3).keys("waiting_max: 3").music_only())
        .support(|queue| queue.members(&["1002"]).wrap_up_s(0).music_only())
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let mut all = callers(&hotline, "callers_wait_for_bye.xml", ("4500", "01"), 6, 2).start(&hotline)?;
    in_line(&mut watch, 6).await?;
    watch
        .state("all in the second queue", |live| {
            live.queues.iter().any(|queue| queue.id == "support" && queue.length == 6)
        })
        .await?;
    let _phone = ready(&hotline, "1002", "agent_talks.xml", ("talk", "200")).await?;
    all.passed().await?;
    let records = finished(watch.client(), 6).await?;
    let answered = ("support", Some(QueueOutcome::Answered));
    let exit = |record: &Record| {
        record.path.iter().find(|step| step.step == "first").map(|step| step.exit.clone()).unwrap_or_default()
    };
    let by_length = records.iter().filter(|record| exit(record) == "full");
    assert!(by_length.clone().count() == 3 && by_length.clone().all(|record| visits(record) == [answered]));
    let by_wait: Vec<&Record> = records.iter().filter(|record| exit(record) == "timeout").collect();
    assert_eq!(by_wait.len(), 3);
    for record in &by_wait {
        assert_eq!(visits(record), [("sales", Some(QueueOutcome::TimedOut)), answered]);
        let waited = record.queues[0].waited_ms.context("a wait")?;
        assert!((3000..4000).contains(&waited), "{waited} ms");
    }
    // Who waited before is served before those who came to the second queue earlier, but to the first later.
    let mut by_offer: Vec<&Record> = records.iter().collect();
    by_offer.sort_by_key(|record| record.offers.last().map(|offer| millis(offer.offered_at)));
    assert!(by_offer.is_sorted_by_key(|record| millis(record.started_at)), "the place is kept");
    watch.agrees_with_live().await
}
