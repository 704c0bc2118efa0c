//! Leaders move callers, change their places, take them out of line, and let queues share their staff. All of it is audited.

use anyhow::{Context, Result};
use hotline_api_client::{Client, ClientError};
use hotline_api_types::{
    AgentState, AuditPage, MergeList, OfferOutcome, QueueOutcome, Record, Timestamp, What,
};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{ADMIN, Center, Hotline, PATIENCE, Watch, eventually, rings, takes, wait_until_told};
use serde_json::{Value, json};

const CALLER: &str = "+15550100123";
const OTHER: &str = "+15550100124";

/// Whoever is taken out of line hears so.
const FLOW: &str = r#"flow: withdrawn
languages: [en]
start: answer
steps:
  answer: {answer: {then: wait}}
  wait: {queue: {name: sales, exits: {full: bye, timeout: bye, no_agents: bye, withdrawn: told}}}
  told: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;

/// 1002 serves `sales`, 1001 `support`, 1003 neither.
fn center() -> Center {
    Center::new().sales(|queue| queue.members(&["1002"])).support(|queue| queue.members(&["1001"])).flow(
        "4500",
        "withdrawn",
        FLOW,
    )
}

async fn dials(hotline: &Hotline, caller: &str, number: &str) -> Result<Phone> {
    let mut phone = hotline.caller(caller).await?;
    phone.dial(number).await?;
    phone.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(phone)
}

fn outcomes(record: &Record) -> Vec<(&str, Option<QueueOutcome>)> {
    record.queues.iter().map(|visit| (visit.queue.as_str(), visit.outcome)).collect()
}

/// The last act that was audited: who, what, to whom, and how.
async fn audited(admin: &Client, action: &str, subject: &str) -> Result<Value> {
    let page: AuditPage = serde_json::from_value(admin.get("/api/v1/audit?limit=1").await?)?;
    let last = page.entries.into_iter().next().context("an entry")?;
    assert_eq!((&*last.actor, &*last.action, &*last.subject), (ADMIN, action, subject));
    Ok(last.detail)
}

async fn refused<T>(answer: impl Future<Output = Result<T, ClientError>>, why: &str) {
    let error = answer.await.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(why), "{error}");
}

async fn position(watch: &mut Watch, call: &str, position: u32) -> Result<()> {
    watch
        .state(&format!("{call} at place {position}"), |live| {
            live.calls.iter().any(|known| known.id == call && known.position == Some(position))
        })
        .await
}

#[tokio::test]
async fn a_caller_is_moved_to_another_queue_and_to_one_agent() -> Result<()> {
    let hotline = center().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let (mut support, mut nobodys) = (hotline.ready("1001").await?, hotline.ready("1003").await?);
    let caller = dials(&hotline, CALLER, "4100").await?;
    let call = watch.queued(CALLER).await?;
    let path = format!("/api/v1/calls/{call}/move");
    refused(admin.post(&path, &json!({ "queue": "nowhere" })), "no such queue").await;
    refused(admin.post(&path, &json!({ "queue": "support", "agent": "1001" })), "fields are wrong").await;
    let desk = hotline.desk("1001").await?;
    refused(desk.post(&path, &json!({ "queue": "support" })), "may not").await;
    admin.post(&path, &json!({ "queue": "support" })).await?;
    assert_eq!(audited(&admin, "call.move", &call).await?["queue"], "support");
    rings(&mut support).await?;
    watch.agrees_with_live().await?;

    admin.post(&path, &json!({ "agent": "1003" })).await?;
    support.expect(&PhoneEvent::Ended, PATIENCE).await.context("it is another's call")?;
    watch
        .event(
            "the word of it",
            |event| matches!(&event.what, What::CallAssigned { agent } if agent == "1003"),
        )
        .await?;
    takes(&mut nobodys).await?;
    assert_eq!(audited(&admin, "call.move", &call).await?["agent"], "1003");
    watch.agent("1001", AgentState::Ready).await.context("without blame")?;
    refused(admin.post(&path, &json!({ "queue": "sales" })), "does not wait").await;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let expected = [("sales", Some(QueueOutcome::Moved)), ("support", Some(QueueOutcome::Answered))];
    assert_eq!(outcomes(&record), expected);
    assert_eq!(record.offers.last().map(|offer| offer.outcome), Some(OfferOutcome::Answered));
    watch.agrees_with_live().await
}

#[tokio::test]
async fn a_caller_who_is_moved_while_the_agent_is_greeted_waits_in_the_other_queue() -> Result<()> {
    let greeting = "greeting: {whisper: [support_greeting, thank_you_calling]}";
    let center = center().sales(|queue| queue.members(&["1002"]).keys(greeting));
    let hotline = center.start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let (mut first, mut second) = (hotline.ready("1002").await?, hotline.ready("1001").await?);
    let caller = dials(&hotline, CALLER, "4100").await?;
    let call = watch.queued(CALLER).await?;
    takes(&mut first).await?;
    wait_until_told(&first, "en/support_greeting").await?;
    admin.post(&format!("/api/v1/calls/{call}/move"), &json!({ "queue": "support" })).await?;
    first.expect(&PhoneEvent::Ended, PATIENCE).await?;
    takes(&mut second).await?;
    watch.agent("1002", AgentState::Ready).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let expected = [("sales", Some(QueueOutcome::Moved)), ("support", Some(QueueOutcome::Answered))];
    assert_eq!(outcomes(&record), expected);
    watch.agrees_with_live().await
}

#[tokio::test]
async fn the_last_in_line_becomes_the_first_and_hears_so() -> Result<()> {
    let hotline = center().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let _first = dials(&hotline, CALLER, "4100").await?;
    let early = watch.queued(CALLER).await?;
    let second = dials(&hotline, OTHER, "4100").await?;
    let late = watch.queued(OTHER).await?;
    position(&mut watch, &late, 2).await?;
    let raise = async |call: &str, credit_s: u32, emergency: bool| {
        let body = json!({ "credit_s": credit_s, "emergency": emergency });
        admin.post(&format!("/api/v1/calls/{call}/priority"), &body).await
    };
    raise(&late, 600, false).await?;
    let detail = audited(&admin, "call.prioritise", &late).await?;
    assert_eq!((&detail["credit_s"], &detail["emergency"]), (&json!(600), &json!(false)));
    position(&mut watch, &late, 1).await?;
    watch
        .event("the word of it", |event| {
            event.call.as_ref() == Some(&late)
                && matches!(event.what, What::CallPrioritised { emergency: false, credit_s: 600 })
        })
        .await?;
    raise(&early, 0, true).await?;
    position(&mut watch, &late, 2).await?;
    raise(&early, 0, false).await?;
    position(&mut watch, &late, 1).await?;
    wait_until_told(&second, "en/you_are_next").await?;
    refused(raise(&early, 90_000, false), "fields are wrong").await;
    let mut agent = hotline.ready("1002").await?;
    agent.expect(&PhoneEvent::Incoming(OTHER.to_owned()), PATIENCE).await?;
    Ok(())
}

#[tokio::test]
async fn a_caller_is_taken_out_of_line_but_not_from_a_ringing_phone() -> Result<()> {
    let hotline = center().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = dials(&hotline, CALLER, "4500").await?;
    let call = watch.queued(CALLER).await?;
    admin.post(&format!("/api/v1/calls/{call}/withdraw"), &json!({})).await?;
    wait_until_told(&caller, "en/goodbye").await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    audited(&admin, "call.withdraw", &call).await?;
    let record = watch.over(&call).await?;
    assert_eq!(outcomes(&record), [("sales", Some(QueueOutcome::Withdrawn))]);
    let wait = record.path.iter().find(|step| step.step == "wait").context("the queue")?;
    assert_eq!(wait.exit, "withdrawn");

    let mut agent = hotline.ready("1002").await?;
    let _caller = dials(&hotline, OTHER, "4500").await?;
    rings(&mut agent).await?;
    let call = watch.queued(OTHER).await?;
    watch.agent("1002", AgentState::Ringing).await?;
    let path = format!("/api/v1/calls/{call}/withdraw");
    refused(admin.post(&path, &json!({})), "does not wait").await;
    Ok(())
}

#[tokio::test]
async fn queues_share_their_staff_for_a_while_and_are_split_again() -> Result<()> {
    let hotline = center().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = dials(&hotline, CALLER, "4100").await?;
    watch.queued(CALLER).await?;
    let live: Value = admin.get("/api/v1/live").await?;
    let now: Timestamp = serde_json::from_value(live["at"].clone())?;
    let until = Timestamp::from_unix_millis(now.as_unix_millis() + 3_600_000);
    let merge = "/api/v1/merges/storm";
    refused(admin.put(merge, &json!({ "queues": ["sales"], "until": until })), "two").await;
    refused(admin.put(merge, &json!({ "queues": ["sales", "support"], "until": now })), "fields").await;
    admin.put(merge, &json!({ "queues": ["sales", "support"], "until": until })).await?;
    audited(&admin, "staff.merge", "storm").await?;
    takes(&mut agent).await.context("it serves both")?;
    let list: MergeList = serde_json::from_value(admin.get("/api/v1/merges").await?)?;
    assert_eq!(list.merges[0].queues, ["sales", "support"]);
    admin.delete(merge).await?;
    audited(&admin, "staff.split", "storm").await?;
    refused(admin.delete(merge), "404").await;
    let _waits = dials(&hotline, OTHER, "4100").await?;
    watch.queued(OTHER).await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1001", AgentState::Ready).await?;
    let _own = dials(&hotline, "+15550100777", "4200").await?;
    agent.expect(&PhoneEvent::Incoming("+15550100777".to_owned()), PATIENCE).await?;
    watch.agrees_with_live().await
}

/// The agent takes the call of this number.
async fn takes_from(agent: &mut Phone, number: &str) -> Result<()> {
    agent.wait_for(number, PATIENCE, |event| *event == PhoneEvent::Incoming(number.to_owned())).await?;
    agent.ring().await?;
    agent.answer().await?;
    Ok(agent.expect(&PhoneEvent::Up, PATIENCE).await?)
}

/// 合大组: the groups are one for a while. 1001 is in the group that `sales` asks for, 1002 in that of `support`.
#[tokio::test]
async fn groups_are_one_for_a_span_callers_keep_their_place_and_they_split_by_hand_and_by_themselves()
-> Result<()> {
    let of = |group: &str| format!("plan: [{{groups: [{group}]}}]");
    let hotline = Center::new()
        .agent("1001", "groups: [early]")
        .agent("1002", "groups: [late]")
        .sales(|queue| queue.members(&["1001", "1002"]).wrap_up_s(0).keys(&of("early")))
        .support(|queue| queue.members(&["1001", "1002"]).wrap_up_s(0).keys(&of("late")))
        .start()
        .await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut late = hotline.ready("1002").await?;
    let first = dials(&hotline, CALLER, "4100").await?;
    let call = watch.queued(CALLER).await?;
    let second = dials(&hotline, OTHER, "4100").await?;
    let behind = watch.queued(OTHER).await?;
    position(&mut watch, &behind, 2).await?;
    let decisions = admin.get(&format!("/api/v1/calls/{call}/decisions")).await?;
    let refused = &decisions["waits_because"]["refused"];
    let gate = refused.as_array().and_then(|all| all.iter().find(|one| one["agent"] == "1002"));
    assert_eq!(gate.context("1002 is refused")?["gate"], "RING_CLOSED", "{decisions}");

    let now = |live: &Value| serde_json::from_value::<Timestamp>(live["at"].clone());
    let in_s = async |seconds: i64| -> Result<Timestamp> {
        let at = now(&admin.get("/api/v1/live").await?)?;
        Ok(Timestamp::from_unix_millis(at.as_unix_millis() + seconds * 1000))
    };
    let merge = "/api/v1/merges/big";
    let body = json!({ "groups": ["early", "late"], "until": in_s(3600).await? });
    admin.put(merge, &body).await?;
    audited(&admin, "staff.merge", "big").await?;
    takes_from(&mut late, CALLER).await.context("the first in line")?;
    position(&mut watch, &behind, 1).await.context("who is behind keeps the place and moves up")?;
    // The agent of the other group has calls of both, too.
    let mut early = hotline.ready("1001").await?;
    takes_from(&mut early, OTHER).await.context("the second in line")?;
    second.hang_up().await?;
    early.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1001", AgentState::Ready).await?;
    let of_support = dials(&hotline, "+15550100777", "4200").await?;
    takes(&mut early).await.context("1001 helps the late ones")?;

    admin.delete(merge).await?;
    audited(&admin, "staff.split", "big").await?;
    watch.agrees_with_live().await.context("talks under way go on")?;
    let waits = dials(&hotline, "+15550100778", "4100").await?;
    let third = watch.queued("+15550100778").await?;
    first.hang_up().await?;
    late.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1002", AgentState::Ready).await?;
    position(&mut watch, &third, 1).await.context("1002 is of the late ones again")?;

    // The span is over by itself.
    admin.put(merge, &json!({ "groups": ["early", "late"], "until": in_s(2).await? })).await?;
    takes(&mut late).await?;
    let is_over = async || {
        let list: MergeList = serde_json::from_value(admin.get("/api/v1/merges").await?)?;
        Ok(list.merges.is_empty().then_some(()))
    };
    eventually("the merge to end", is_over).await?;
    waits.hang_up().await?;
    late.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1002", AgentState::Ready).await?;
    let _last = dials(&hotline, "+15550100779", "4100").await?;
    let last = watch.queued("+15550100779").await?;
    position(&mut watch, &last, 1).await?;
    of_support.hang_up().await?;
    early
        .wait_for("its own caller", PATIENCE, |event| {
            *event == PhoneEvent::Incoming("+15550100779".to_owned())
        })
        .await?;
    watch.agrees_with_live().await
}
