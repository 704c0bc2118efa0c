//! Agents at work: after-call work that waits for a disposition, reasons, help, and where every second went.

use anyhow::{Context, Result};
use hotline_api_types::{Agent, AgentState, AgentTimes, Live, ReasonList, Record, WrapUpDisposition};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, Hotline, PATIENCE, Watch, eventually, record_of};
use serde_json::json;

const CALLER: &str = "+15550100123";
const AGENT: &str = "/api/v1/agents/1001";

/// Calls of `sales` must have a disposition; agents choose among two reasons.
fn center() -> Center {
    Center::new()
        .edit(
            "config/center.yaml",
            "queues:\n",
            "reasons: {lunch: {name: Lunch, class: meal, daily_quota_s: 3600}, mail: {}}\n\
             dispositions: {sold: Sold, lost: Not interested}\nqueues:\n",
        )
        .edit(
            "config/center.yaml",
            "sales: {name: sales, ring_timeout_s: 10, wrap_up_s: 1,",
            "sales: {name: sales, ring_timeout_s: 10, \
             wrap_up: {seconds: 1, extend_s: 300, extensions: 1, disposition: required}, dispositions: [sold],",
        )
}

/// Agent 1001 has talked with a caller, and does after-call work that waits for nothing but the disposition.
async fn overdue(hotline: &Hotline, watch: &mut Watch) -> Result<String> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    watch.agent("1001", AgentState::Talking).await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    caller.hang_up().await?;
    watch.state("the disposition to be missing", is_missing).await?;
    Ok(call)
}

fn is_missing(live: &Live) -> bool {
    let wrap_up = |agent: &Agent| agent.wrap_up.as_ref().map(|wrap_up| wrap_up.disposition);
    let agent = live.agents.iter().find(|agent| agent.id == "1001");
    agent.and_then(wrap_up) == Some(WrapUpDisposition::Missing)
}

async fn times(hotline: &Hotline) -> Result<AgentTimes> {
    let answer = hotline.desk("1001").await?.get(&format!("{AGENT}/states")).await?;
    Ok(serde_json::from_value(answer)?)
}

#[tokio::test]
async fn after_call_work_goes_on_until_the_call_has_a_disposition() -> Result<()> {
    let hotline = center().start().await?;
    let mut watch = hotline.watch().await?;
    let call = overdue(&hotline, &mut watch).await?;
    let desk = hotline.desk("1001").await?;
    let early = desk.delete(&format!("{AGENT}/wrap-up")).await;
    assert!(early.is_err_and(|error| error.to_string().contains("must have a disposition first")));
    let path = format!("/api/v1/calls/{call}/disposition");
    let other = desk.put(&path, &json!({ "code": "lost" })).await;
    assert!(other.is_err(), "is none of the queue's");
    desk.post(&format!("{AGENT}/wrap-up/extend"), &json!({})).await?;
    assert!(desk.post(&format!("{AGENT}/wrap-up/extend"), &json!({})).await.is_err(), "once only");
    desk.put(&path, &json!({ "code": "sold", "note": "wants two" })).await?;
    desk.delete(&format!("{AGENT}/wrap-up")).await?;
    watch.agent("1001", AgentState::Ready).await?;
    hotline.set_state("1001", "signed_out").await?;
    watch.agent("1001", AgentState::LoggedOut).await?;

    let times = times(&hotline).await?;
    let record: Record = record_of(&desk, &call).await?;
    let disposition = record.dispositions.first().context("a disposition")?;
    assert_eq!((disposition.agent.as_str(), disposition.code.as_str()), ("1001", "sold"));
    assert_eq!(disposition.note.as_deref(), Some("wants two"));
    let [session] = times.sessions.as_slice() else { panic!("{:?}", times.sessions) };
    let (first, last) = (times.states.first().context("a state")?, times.states.last().context("a state")?);
    assert_eq!((first.from, Some(last.until)), (session.started_at, session.ended_at));
    assert!(times.states.windows(2).all(|two| two[0].until == two[1].from), "{:?}", times.states);
    let states: Vec<(&str, Option<&str>)> =
        times.states.iter().map(|span| (span.state.as_str(), span.detail.as_deref())).collect();
    assert!(states.contains(&("talking", Some("in"))), "{states:?}");
    assert!(states.contains(&("wrap_up", Some("disposition_missing"))), "{states:?}");
    let about = times.states.iter().filter(|span| span.state == "talking").map(|span| span.call.as_deref());
    assert_eq!(about.collect::<Vec<_>>(), [Some(call.as_str())]);
    Ok(())
}

#[tokio::test]
async fn a_kill_ends_the_session_with_what_was_known() -> Result<()> {
    let mut hotline = center().start().await?;
    let mut watch = hotline.watch().await?;
    overdue(&hotline, &mut watch).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let times = times(&hotline).await?;
    let [session] = times.sessions.as_slice() else { panic!("{:?}", times.sessions) };
    let last = times.states.last().context("a state")?;
    assert_eq!(session.ended_at, Some(last.until));
    assert!(times.states.windows(2).all(|two| two[0].until == two[1].from), "{:?}", times.states);
    let agent = hotline.set_state("1001", "ready").await?;
    assert_eq!(agent.state, AgentState::Ready);
    Ok(())
}

/// What is left of the lunch of 1001, in ms.
async fn lunch_left(hotline: &Hotline) -> Result<i64> {
    let reasons: ReasonList =
        serde_json::from_value(hotline.desk("1001").await?.get("/api/v1/reasons").await?)?;
    let lunch = reasons.reasons.iter().find(|reason| reason.reason == "lunch").context("lunch")?;
    Ok(i64::try_from(lunch.left_ms.context("a quota")?)?)
}

/// Midnight in the middle of the test would make another day of it.
#[tokio::test]
async fn after_a_kill_the_day_goes_on_quotas_and_the_most_calls_of_a_day_included() -> Result<()> {
    let center = center().agent("1001", "daily_cap: 1").sales(|queue| queue.members(&["1001", "1002"]));
    let mut hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let call = overdue(&hotline, &mut watch).await?;
    let desk = hotline.desk("1001").await?;
    desk.put(&format!("/api/v1/calls/{call}/disposition"), &json!({ "code": "sold" })).await?;
    desk.put(&format!("{AGENT}/state"), &json!({ "state": "not_ready", "reason": "lunch" })).await?;
    watch.agent("1001", AgentState::NotReady).await?;
    eventually("the lunch to last a while", async || {
        Ok((lunch_left(&hotline).await? <= 3_599_000).then_some(()))
    })
    .await?;
    hotline.set_state("1001", "ready").await?;
    let left = lunch_left(&hotline).await?;
    eventually("the lunch to be kept", async || {
        Ok(times(&hotline)
            .await?
            .states
            .iter()
            .any(|span| span.detail.as_deref() == Some("lunch"))
            .then_some(()))
    })
    .await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let now = lunch_left(&hotline).await?;
    assert!((left - 50..=left).contains(&now), "{now} ms are left, {left} were");
    let _full = hotline.ready("1001").await?;
    let mut other = hotline.ready("1002").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    other
        .wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_)))
        .await
        .context("1001 has had its call of the day")?;
    Ok(())
}

#[tokio::test]
async fn reasons_are_those_of_the_center_and_help_is_answered() -> Result<()> {
    let hotline = center().start().await?;
    let mut watch = hotline.watch().await?;
    let (desk, admin) = (hotline.desk("1001").await?, hotline.admin().await?);
    let ask = async |reason: &str| {
        desk.put(&format!("{AGENT}/state"), &json!({ "state": "not_ready", "reason": reason })).await
    };
    let tea = ask("tea").await;
    assert!(tea.is_err_and(|error| error.to_string().contains("no such reason")));
    ask("lunch").await?;
    let reasons: ReasonList = serde_json::from_value(desk.get("/api/v1/reasons").await?)?;
    let lunch = reasons.reasons.iter().find(|reason| reason.reason == "lunch").context("lunch")?;
    assert_eq!((lunch.taken, lunch.name.as_str(), lunch.class.as_str()), (1, "Lunch", "meal"));
    assert!(lunch.left_ms.is_some_and(|left| left <= 3_600_000), "{lunch:?}");

    desk.post(&format!("{AGENT}/help"), &json!({})).await?;
    watch.state("the wish", |live| live.agents.iter().any(|agent| agent.help.is_some())).await?;
    admin.post(&format!("{AGENT}/help/answer"), &json!({})).await?;
    admin.post(&format!("{AGENT}/help/end"), &json!({ "outcome": "solved" })).await?;
    watch.state("the end of it", |live| live.agents.iter().all(|agent| agent.help.is_none())).await?;
    let times = times(&hotline).await?;
    let help = times.help.first().context("the help")?;
    assert_eq!(help.outcome, "solved");
    assert!(help.answered_at.is_some_and(|at| at >= help.asked_at && at <= help.ended_at));
    Ok(())
}
