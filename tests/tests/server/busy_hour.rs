//! `kill -9` in a busy hour: what is in the database afterwards does not contradict itself, and everything goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{
    AgentTimes, CallState, CallbackList, DecisionList, EndKind, OfferOutcome, QueueOutcome, ReasonList,
    Record, RecordingState, What,
};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{
    Center, Hotline, PATIENCE, Sipp, SippRun, Watch, eventually, free_port, in_time, records, takes,
    wait_until_told,
};
use serde_json::json;

const CENTER: &str = "config/center.yaml";
const LONG: Duration = Duration::from_secs(120);
const CUSTOMERS: [&str; 2] = ["+15550100123", "+15550100124"];
const OF_SALES: u32 = 30;
const OF_SUPPORT: u32 = 15;
/// With the two who asked to be called back.
const CALLS: usize = 47;

/// 1 leads from the queue `later` to a callback by it.
const FLOW: &str = r#"flow: patience
languages: [en]
start: answer
steps:
  answer: {answer: {then: wait}}
  wait: {queue: {name: later, keys: {1: note}, exits: {full: bye, timeout: bye, no_agents: bye}}}
  note: {callback: {queue: later, number: call.caller, exits: {booked: noted, refused: bye}}}
  noted: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;

/// How long the talks of an agent's phone are.
const SHORT: (&str, &str) = ("talk", "400");
const ENDLESS: (&str, &str) = ("talk", "90000");

/// A busy hour.
struct Hour {
    hotline: Hotline,
    customer: Phone,
    phones: Vec<SippRun>,
    callers: Vec<SippRun>,
}

async fn start() -> Result<(Hotline, Phone)> {
    let plan = Center::new().agents(10).flow("4500", "patience", FLOW);
    let at = SocketAddr::new(plan.addresses().outside(), free_port(plan.addresses().outside())?);
    let routes = "routes:\n  - {numbers: [\"+1*\"], trunks: [out], caller_id: \"+15550100\"}\ndemo:\n";
    let queues = "reasons: {lunch: {class: meal, daily_quota_s: 3600}}\nqueues:\n  \
                  later: {name: later, ring_timeout_s: 10, wrap_up_s: 0, members: [\"1010\"]}\n";
    let hotline = plan
        .sales(|queue| queue.members(&["1001", "1002", "1003", "1004", "1005"]).wrap_up_s(0).music_only())
        .support(|queue| queue.members(&["1002", "1006", "1007"]).wrap_up_s(1).music_only())
        .agent("1007", "daily_cap: 2")
        .edit("config/hotline.yaml", "timeout_s: 10", "timeout_s: 120")
        .edit(CENTER, "trunks:\n", &format!("trunks:\n  out: {{servers: [\"{at}\"]}}\n"))
        .edit(CENTER, "demo:\n", routes)
        .edit(CENTER, "queues:\n", queues)
        .start()
        .await?;
    let customer = hotline.customer(at).await?;
    Ok((hotline, customer))
}

/// The two wait in `later`, one after the other, and ask to be called back, the later one first.
async fn book(hotline: &Hotline, watch: &mut Watch) -> Result<()> {
    let mut callers = Vec::new();
    for number in CUSTOMERS {
        let mut caller = hotline.caller(number).await?;
        caller.dial("4500").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        watch.queued(number).await?;
        callers.push(caller);
    }
    for caller in callers.iter_mut().rev() {
        caller.press('1').await?;
        wait_until_told(caller, "en/goodbye").await?;
        caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    Ok(())
}

async fn callbacks(hotline: &Hotline) -> Result<CallbackList> {
    Ok(serde_json::from_value(hotline.admin().await?.get("/api/v1/callbacks").await?)?)
}

async fn phone(hotline: &Hotline, agent: &str, scenario: &str, put: (&str, &str)) -> Result<SippRun> {
    let sipp = Sipp::agent(hotline, agent, scenario).await?.put(put.0, put.1);
    let run = sipp.calls(1000).timeout(LONG).listen(hotline).await?;
    hotline.set_state(agent, "ready").await?;
    Ok(run)
}

fn callers(hotline: &Hotline, number: &str, series: &str, count: u32) -> Result<SippRun> {
    let sipp = Sipp::carrier(hotline, "callers_wait_for_bye.xml").dialling(number).key("series", series);
    let (rate, most) = ("30", count.to_string());
    sipp.calls(count)
        .argument("-r")
        .argument(rate)
        .argument("-l")
        .argument(&most)
        .timeout(LONG)
        .start(hotline)
}

async fn busy() -> Result<(Hour, Watch)> {
    let (hotline, customer) = start().await?;
    let mut watch = hotline.watch().await?;
    book(&hotline, &mut watch).await?;
    let admin = hotline.admin().await?;
    let lunch = json!({ "state": "not_ready", "reason": "lunch" });
    admin.put("/api/v1/agents/1008/state", &lunch).await?;
    let callers =
        vec![callers(&hotline, "4100", "01", OF_SALES)?, callers(&hotline, "4200", "02", OF_SUPPORT)?];
    watch
        .state("all callers in line", |live| {
            live.queues.iter().map(|queue| queue.length).sum::<usize>() == (OF_SALES + OF_SUPPORT) as usize
        })
        .await?;
    let mut phones = Vec::new();
    for (agent, scenario, put) in [
        ("1005", "agent_talks.xml", ENDLESS),
        ("1006", "agent_talks.xml", ENDLESS),
        ("1004", "agent_never_answers.xml", SHORT),
        ("1001", "agent_talks.xml", SHORT),
        ("1002", "agent_talks.xml", SHORT),
        ("1003", "agent_talks.xml", SHORT),
        ("1007", "agent_talks.xml", SHORT),
    ] {
        phones.push(phone(&hotline, agent, scenario, put).await?);
    }
    Ok((Hour { hotline, customer, phones, callers }, watch))
}

fn ended(watch: &Watch) -> usize {
    watch.events().iter().filter(|event| matches!(event.what, What::CallEnded { .. })).count()
}

fn taken_by(watch: &Watch, whom: &str) -> usize {
    let is_talk = |what: &What| matches!(what, What::CallConnected { agent, .. } if agent == whom);
    watch.events().iter().filter(|event| is_talk(&event.what)).count()
}

/// Reads on until many calls are over, and others wait, ring and talk.
async fn in_full_swing(watch: &mut Watch) -> Result<()> {
    let is_there = |watch: &Watch| {
        let count = |state| watch.live().calls.iter().filter(|call| call.state == state).count();
        ended(watch) >= 14
            && taken_by(watch, "1007") >= 2
            && count(CallState::Queued) >= 5
            && count(CallState::Connected) >= 2
            && count(CallState::Offered) >= 1
    };
    while !is_there(watch) {
        let so_far = ended(watch);
        watch.from_here();
        watch.event("more calls", |_| true).await.with_context(|| format!("{so_far} calls are over"))?;
    }
    Ok(())
}

/// Nothing of a call is left open.
fn complete(record: &Record) -> Result<()> {
    ensure!(record.ended_at.is_some() && record.cause.is_some(), "{} has no end", record.id);
    for offer in &record.offers {
        let is_over = offer.outcome != OfferOutcome::Pending && offer.ended_at.is_some();
        ensure!(is_over, "{}: {offer:?}", record.id);
    }
    let answered = record.offers.iter().filter(|offer| offer.outcome == OfferOutcome::Answered).count();
    ensure!(answered <= 1, "{}: {:?}", record.id, record.offers);
    for visit in &record.queues {
        ensure!(visit.left_at.is_some() && visit.outcome.is_some(), "{}: {visit:?}", record.id);
    }
    let answers = record.queues.iter().filter(|visit| visit.outcome == Some(QueueOutcome::Answered)).count();
    ensure!(answers == answered, "{}: {:?} {:?}", record.id, record.offers, record.queues);
    ensure!(record.recordings.iter().all(|recording| recording.state != RecordingState::Open));
    Ok(())
}

async fn times(admin: &Client, agent: &str) -> Result<AgentTimes> {
    Ok(serde_json::from_value(admin.get(&format!("/api/v1/agents/{agent}/states")).await?)?)
}

/// Every second of a finished session is in one state, and each call that the agent had is in it.
async fn no_second_is_missing(admin: &Client, agent: &str, all: &[Record]) -> Result<()> {
    let times = times(admin, agent).await?;
    let session = times.sessions.first().with_context(|| format!("a session of {agent}"))?;
    let mut at = session.started_at;
    for span in &times.states {
        ensure!(span.from == at && span.until >= span.from, "{agent}: {span:?} does not follow {at:?}");
        at = span.until;
    }
    ensure!(session.ended_at == Some(at), "{agent}: {session:?} does not end at {at:?}");
    let talked: BTreeSet<&str> = times
        .states
        .iter()
        .filter(|span| span.state == "talking")
        .filter_map(|span| span.call.as_deref())
        .collect();
    let answered = |record: &&Record| {
        let mut offers = record.offers.iter();
        offers.any(|offer| offer.agent == agent && offer.outcome == OfferOutcome::Answered)
    };
    let had: BTreeSet<&str> = all.iter().filter(answered).map(|record| record.id.as_str()).collect();
    ensure!(talked == had, "{agent} talked in {talked:?} and took {had:?}");
    Ok(())
}

#[tokio::test]
async fn after_a_kill_in_a_busy_hour_nothing_is_lost_or_twice_and_all_goes_on() -> Result<()> {
    let (mut hour, mut watch) = busy().await?;
    in_full_swing(&mut watch).await?;
    let wishes = callbacks(&hour.hotline).await?;
    let before = records(watch.client()).await?;
    hour.hotline.kill().await?;
    hour.callers.clear();
    hour.hotline.restart().await?;

    let admin = hour.hotline.admin().await?;
    let after: BTreeMap<String, Record> =
        records(&admin).await?.into_iter().map(|record| (record.id.clone(), record)).collect();
    for record in &before {
        assert_eq!(after.get(&record.id), Some(record), "a finished call is as it was");
    }
    let all: Vec<Record> = records(&admin).await?;
    assert_eq!((all.len(), after.len()), (CALLS, CALLS), "each call has one record");
    for record in &all {
        complete(record)?;
    }
    let cut =
        |record: &&Record| record.cause.as_ref().is_some_and(|cause| cause.kind == EndKind::ServerRestart);
    assert!(all.iter().filter(cut).count() >= 8, "some waited, rang and talked");
    for agent in ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"] {
        no_second_is_missing(&admin, agent, &all).await?;
    }
    assert_eq!(callbacks(&hour.hotline).await?.callbacks, wishes.callbacks);
    goes_on(hour, &admin).await
}

/// Quotas, calls of the day, callbacks and agents.
async fn goes_on(mut hour: Hour, admin: &Client) -> Result<()> {
    let hotline = &hour.hotline;
    let reasons: ReasonList = serde_json::from_value(admin.get("/api/v1/reasons?agent=1008").await?)?;
    let left = reasons.reasons[0].left_ms.context("a quota")?;
    assert!((3_400_000..3_599_500).contains(&left), "{left} ms of lunch are left");

    let mut watch = hotline.watch().await?;
    hour.phones.clear();
    let _capped = phone(hotline, "1007", "agent_talks.xml", SHORT).await?;
    let caller = hotline.caller("+15550100900").await?;
    caller.dial("4200").await?;
    let call = watch.queued("+15550100900").await?;
    let path = format!("/api/v1/calls/{call}/decisions");
    let waits = eventually("why it waits", async || {
        let list: DecisionList = serde_json::from_value(admin.get(&path).await?)?;
        Ok(list.waits_because)
    })
    .await?;
    let gate = waits.refused.iter().find(|one| one.agent == "1007").map(|one| one.gate.as_str());
    assert_eq!(gate, Some("DAILY_CAP"), "{waits:?}");
    caller.hang_up().await?;
    watch.over(&call).await?;

    let _phones = [
        phone(hotline, "1001", "agent_talks.xml", SHORT).await?,
        phone(hotline, "1004", "agent_talks.xml", SHORT).await?,
        phone(hotline, "1005", "agent_talks.xml", SHORT).await?,
    ];
    callers(hotline, "4100", "03", 6)?.passed().await?;
    let all = in_time(LONG, "the new records", async || {
        let all = records(admin).await?;
        Ok((all.len() == CALLS + 7).then_some(all))
    })
    .await?;
    for record in &all[..6] {
        complete(record)?;
        assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Answered));
    }
    let mut agent = hotline.ready("1010").await?;
    for number in CUSTOMERS {
        let is_due = |event: &PhoneEvent| *event == PhoneEvent::Incoming(number.to_owned());
        agent.wait_for(number, PATIENCE, is_due).await.context("in the order of the places")?;
        agent.ring().await?;
        agent.answer().await?;
        agent.expect(&PhoneEvent::Up, PATIENCE).await?;
        takes(&mut hour.customer).await?;
        hour.customer.hang_up().await?;
        agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    }
    eventually("both wishes to be met", async || {
        Ok(callbacks(hotline).await?.callbacks.is_empty().then_some(()))
    })
    .await
}
