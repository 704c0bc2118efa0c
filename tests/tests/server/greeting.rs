//! What agent and caller are told before they hear each other.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, EndKind, OfferOutcome, QueueOutcome, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Watch, eventually, hears, level, rings, root, takes, tells, wait_until_heard,
    wait_until_told,
};
use serde_json::json;

const CALLER: &str = "+15550100123";
/// At which prompts are faint.
const CALLER_HZ: f64 = 3000.0;
const AGENT_HZ: f64 = 1000.0;

/// Agents are told the queue, the wait and the customer's class; callers the agent's number.
const GREETING: &str = "greeting: {whisper: [support_greeting], whisper_wait: true, \
                        whisper_class: {gold: thank_you_calling}, agent_number: true}";

async fn start() -> Result<(Hotline, Watch)> {
    let hotline = Center::new().sales(|queue| queue.music_only().keys(GREETING)).start().await?;
    let watch = hotline.watch().await?;
    Ok((hotline, watch))
}

async fn dials(hotline: &Hotline) -> Result<Phone> {
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok(caller)
}

#[tokio::test]
async fn the_agent_is_told_who_waits_and_the_caller_who_comes_before_they_hear_each_other() -> Result<()> {
    let (hotline, mut watch) = start().await?;
    let card = json!({ "name": "Ada", "numbers": [CALLER], "class": "gold" });
    hotline.admin().await?.post("/api/v1/customers", &card).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = dials(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    rings(&mut agent).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    agent.say(Speech::tone(AGENT_HZ)).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    let mut told = Vec::new();
    for prompt in ["en/support_greeting", "en/waited", "en/thank_you_calling"] {
        told.push(wait_until_told(&agent, prompt).await?);
    }
    assert!(told.is_sorted(), "queue, wait, class: {told:?}");
    let number = wait_until_told(&caller, "en/agent_number").await?;
    assert!(number < wait_until_told(&caller, "en/agent_comes").await?);
    wait_until_heard(&agent, CALLER_HZ).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    let class_at = told[2];
    assert!(level(&agent.heard()[..class_at], CALLER_HZ) < -30.0, "the greeting is for the agent alone");
    watch
        .event("the talk", |event| {
            event.call.as_ref() == Some(&call) && matches!(event.what, What::CallConnected { .. })
        })
        .await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Answered));
    let answered = record.connected_at.context("a talk")?.as_unix_millis();
    let offered = record.offers[0].ringing_at.context("the ringing")?.as_unix_millis();
    assert!(answered - offered > 1000, "they talk when all is said: {} ms", answered - offered);
    Ok(())
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_the_agent_is_greeted_has_abandoned_and_the_agent_is_free() -> Result<()>
{
    let (hotline, mut watch) = start().await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = dials(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    takes(&mut agent).await?;
    wait_until_told(&agent, "en/support_greeting").await?;
    caller.hang_up().await?;
    agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Abandoned);
    assert_eq!(record.queues[0].outcome, Some(QueueOutcome::Abandoned));
    assert_eq!(record.offers[0].outcome, OfferOutcome::CallerGone);
    assert!(record.recordings.is_empty() && record.connected_at.is_none());
    watch.agent("1001", AgentState::Ready).await?;
    watch.agrees_with_live().await
}

#[tokio::test]
async fn an_agent_who_hangs_up_while_being_greeted_has_rejected_and_the_caller_gets_the_next() -> Result<()> {
    let keys = format!("{GREETING}, comfort: {{prompts: [agents_busy], every_s: 5}}");
    let center = Center::new()
        .sales(|queue| queue.music_only().keys(&keys))
        .agent("1003", "extension: \"1111117777\"");
    let hotline = center.start().await?;
    let mut watch = hotline.watch().await?;
    let mut first = hotline.ready("1003").await?;
    let caller = dials(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    takes(&mut first).await?;
    wait_until_told(&caller, "en/agent_number").await?;
    first.hang_up().await?;
    wait_until_told(&caller, "en/agents_busy").await.context("the caller waits on")?;
    assert!(!tells(&caller.heard(), "en/number_7")?, "it is not told on who would have come");
    let mut second = hotline.ready("1002").await?;
    takes(&mut second).await?;
    caller.say(Speech::tone(CALLER_HZ)).await?;
    wait_until_heard(&second, CALLER_HZ).await?;
    assert!(!hears(&first.heard(), CALLER_HZ));
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    let offers: Vec<_> = record.offers.iter().map(|offer| (offer.agent.as_str(), offer.outcome)).collect();
    assert_eq!(offers, [("1003", OfferOutcome::Rejected), ("1002", OfferOutcome::Answered)]);
    Ok(())
}

/// How long a prompt of `sounds/` lasts.
fn seconds(prompt: &str) -> Result<f64> {
    let reader = hound::WavReader::open(root().join("sounds").join(format!("{prompt}.wav")))?;
    Ok(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate))
}

/// 工号: digit by digit, and 1 as 幺.
#[tokio::test]
async fn in_mandarin_the_agent_is_told_queue_wait_and_class_and_the_caller_the_agents_number() -> Result<()> {
    let hotline = Center::new()
        .edit("config/center.yaml", "language: en", "language: zh")
        .sales(|queue| queue.music_only().keys(GREETING))
        .start()
        .await?;
    let mut watch = hotline.watch().await?;
    let card = json!({ "name": "李", "numbers": [CALLER], "class": "gold" });
    hotline.admin().await?.post("/api/v1/customers", &card).await?;
    let caller = dials(&hotline).await?;
    let call = watch.queued(CALLER).await?;
    eventually("two seconds of music", async || Ok((caller.heard().len() > 16_000).then_some(()))).await?;
    let mut agent = hotline.ready("1001").await?;
    caller.forget_heard();
    takes(&mut agent).await?;
    let to_agent = ["zh/support_greeting", "zh/waited", "zh/duration_second", "zh/thank_you_calling"];
    let mut told = Vec::new();
    for prompt in to_agent {
        told.push(wait_until_told(&agent, prompt).await?);
    }
    assert!(told.is_sorted(), "queue, wait, class: {told:?}");
    let to_caller = ["zh/agent_number", "zh/digit_1", "zh/number_0", "zh/agent_comes"];
    let mut told = Vec::new();
    for prompt in to_caller {
        told.push(wait_until_told(&caller, prompt).await?);
    }
    assert!(told[0] < told[1] && told[1] < told[3] && told[2] < told[3], "工号 1001 为您服务: {told:?}");
    let event = watch
        .event("the talk", |event| {
            event.call.as_ref() == Some(&call) && matches!(event.what, What::CallConnected { .. })
        })
        .await?;
    assert!(matches!(&event.what, What::CallConnected { agent, .. } if agent == "1001"));
    agent.say(Speech::tone(AGENT_HZ)).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    for phone in [&agent, &caller] {
        for other in ["en/support_greeting", "en/waited", "en/agent_number", "en/agent_comes"] {
            assert!(!tells(&phone.heard(), other)?, "{other}");
        }
    }
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.language, "zh");
    let waited = record.queues[0].waited_ms.context("a wait")?;
    let longest: f64 = to_agent.iter().map(|prompt| seconds(prompt)).sum::<Result<f64>>()?;
    let talks = record.connected_at.context("a talk")?.as_unix_millis();
    let rang = record.offers[0].ringing_at.context("the ringing")?.as_unix_millis();
    let greeted = (talks - rang) as f64 / 1000.0;
    assert!(greeted >= longest, "all is said before they talk: {greeted} s, and {longest} s is said");
    assert!(greeted < longest + 8.0, "{greeted} s for {longest} s, after {waited} ms");
    Ok(())
}
