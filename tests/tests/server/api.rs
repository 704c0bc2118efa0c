//! What people may do over HTTP, and what an agent's page is told before the phone rings.

use std::time::SystemTime;

use anyhow::{Context, Result};
use hotline_api_client::{Client, ClientError};
use hotline_api_types::{AgentState, Customer, Pop, What};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{ADMIN, Center, Hotline, PATIENCE, Watch, wait_until_told, within};
use serde_json::json;

const CALLER: &str = "+15550100123";
/// How much later than the phone's task the page's may be woken.
const READING: std::time::Duration = std::time::Duration::from_millis(100);

fn refused<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> u16 {
    match outcome {
        Err(ClientError::Refused { status, .. }) => status.as_u16(),
        other => panic!("it was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn nobody_sees_or_does_anything_without_signing_in() -> Result<()> {
    let hotline = Center::new().start().await?;
    let nobody = Client::new(hotline.http());
    for path in
        ["live", "events", "calls", "calls/x", "calls/x/recording", "agents/1001", "customers?q=a", "audit"]
    {
        assert_eq!(refused(nobody.get(&format!("/api/v1/{path}")).await), 401, "{path}");
    }
    assert_eq!(refused(nobody.put("/api/v1/agents/1001/state", &json!({"state": "ready"})).await), 401);
    assert_eq!(refused(nobody.post("/api/v1/customers", &json!({"name": "A"})).await), 401);
    assert_eq!(refused(Client::sign_in(hotline.http(), ADMIN, "wrong-password").await), 401);
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_done_once_also_after_a_kill() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let client = hotline.admin().await?;
    let ada = json!({"name": "Ada", "numbers": ["+15550100123"]});
    let first = client.post_once("/api/v1/customers", &ada, "key-1").await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let again = client.post_once("/api/v1/customers", &ada, "key-1").await?;
    assert_eq!(again, first);
    let other = json!({"name": "Bea"});
    assert_eq!(refused(client.post_once("/api/v1/customers", &other, "key-1").await), 422);
    let found = client.get("/api/v1/customers?q=Ada").await?;
    assert_eq!(found["customers"].as_array().map(Vec::len), Some(1), "{found}");
    Ok(())
}

#[tokio::test]
async fn an_agent_is_master_of_its_own_state_only() -> Result<()> {
    let hotline = Center::new().start().await?;
    let desk = hotline.desk("1001").await?;
    let ready = json!({"state": "ready"});
    assert_eq!(refused(desk.put("/api/v1/agents/1002/state", &ready).await), 403);
    assert_eq!(desk.put("/api/v1/agents/1001/state", &ready).await?["state"], "ready");
    let other = hotline.admin().await?.get("/api/v1/agents/1002").await?;
    assert_eq!(other["state"], "logged_out");
    assert_eq!(refused(desk.get("/api/v1/audit").await), 403);
    Ok(())
}

/// A caller who has chosen the queue in a menu, so that there was time to look the number up.
async fn through_the_menu(hotline: &Hotline) -> Result<Phone> {
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, "en/menu").await?;
    caller.press('1').await?;
    Ok(caller)
}

/// The pop in the agent's own stream, with the moment it was read.
async fn pop(page: &mut Watch) -> Result<(Pop, SystemTime)> {
    let event =
        page.event("the pop", |event| matches!(&event.what, What::CallOffered { pop: Some(_), .. })).await?;
    let read = SystemTime::now();
    let What::CallOffered { pop: Some(pop), .. } = event.what else { unreachable!("waited for it") };
    Ok((*pop, read))
}

#[tokio::test]
async fn the_customer_pops_up_on_the_page_before_the_phone_rings() -> Result<()> {
    let hotline = Center::new().start().await?;
    let desk = hotline.desk("1001").await?;
    let ada = json!({"name": "Ada Lovelace", "company": "Engines", "numbers": ["+1 (555) 010-0123"]});
    let customer: Customer = serde_json::from_value(desk.post("/api/v1/customers", &ada).await?)?;
    assert_eq!(customer.numbers, [CALLER]);
    let mut page = Watch::open(desk).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = through_the_menu(&hotline).await?;
    let ringing = tokio::spawn(async move {
        let invited =
            agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await;
        (SystemTime::now(), invited, agent)
    });
    let (pop, popped) = pop(&mut page).await?;
    let (rang, invited, agent) = within("the phone", async { Ok(ringing.await?) }).await?;
    invited?;
    assert_eq!(pop.customer.context("a customer")?.id, customer.id);
    assert_eq!((pop.caller.as_str(), pop.queue.as_deref(), pop.lookup_done), (CALLER, Some("sales"), true));
    // Two tasks of one busy process read the page and the phone; the server's own order is in the record below.
    assert!(popped < rang + READING, "the page knew {:?} after the phone", popped.duration_since(rang));
    agent.answer().await?;
    page.agent("1001", AgentState::Talking).await?;
    let call = pop.call;
    caller.hang_up().await?;
    let mut watch = hotline.watch().await?;
    let record = hotline_tests::record_of(watch.client(), &call).await?;
    assert_eq!(record.customer, Some(customer.id));
    let offer = &record.offers[0];
    assert!(offer.popped_at.context("popped_at")? <= offer.invited_at.context("invited_at")?);
    watch.agrees_with_live().await
}

#[tokio::test]
async fn an_unknown_caller_can_be_made_a_customer_during_the_call() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut page = Watch::open(hotline.desk("1001").await?).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = through_the_menu(&hotline).await?;
    let (pop, _) = pop(&mut page).await?;
    assert_eq!((pop.customer, pop.lookup_done), (None, true));
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    page.agent("1001", AgentState::Talking).await?;
    let draft = json!({"name": "Grace Hopper", "numbers": [CALLER]});
    let made: Customer = serde_json::from_value(page.client().post("/api/v1/customers", &draft).await?)?;
    page.event(
        "the customer on the call",
        |event| matches!(&event.what, What::CallCustomer { customer: Some(id) } if *id == made.id),
    )
    .await?;
    caller.hang_up().await?;
    let record = hotline_tests::record_of(&hotline.admin().await?, &pop.call).await?;
    assert_eq!(record.customer, Some(made.id));
    Ok(())
}

#[tokio::test]
async fn pops_and_calls_of_others_are_not_for_an_agents_eyes() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut other = Watch::open(hotline.desk("1002").await?).await?;
    let mut mine = Watch::open(hotline.desk("1001").await?).await?;
    let mut agent = hotline.ready("1001").await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    let (pop, _) = pop(&mut mine).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    mine.agent("1001", AgentState::Talking).await?;
    assert_eq!(refused(other.client().get(&format!("/api/v1/calls/{}", pop.call)).await), 403);
    hotline.set_state("1002", "ready").await?;
    other.agent("1002", AgentState::Ready).await?;
    assert!(other.events().iter().all(|event| event.call.is_none()), "{:?}", other.events());
    assert!(other.live().calls.is_empty() && other.live().alarms.is_empty());
    Ok(())
}

/// Nobody who follows a link to a call may be told that it does not exist, at whatever moment.
#[tokio::test]
async fn a_call_can_be_looked_up_at_every_moment_of_its_life_and_after() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let client = watch.client().clone();
    for n in 0..5 {
        let number = format!("+155501002{n:02}");
        let mut caller = hotline.caller(&number).await?;
        caller.dial("4100").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        let call = watch.queued(&number).await?;
        caller.hang_up().await?;
        loop {
            let record = client.get(&format!("/api/v1/calls/{call}")).await?;
            let listed = client.get("/api/v1/calls").await?;
            let is_listed =
                listed["calls"].as_array().is_some_and(|calls| calls.iter().any(|c| c["id"] == record["id"]));
            if is_listed {
                break;
            }
        }
    }
    Ok(())
}
