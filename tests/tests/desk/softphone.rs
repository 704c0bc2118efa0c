//! Phones in web pages, as people use them: the agent's in the desk, and the visitor's who calls from a page.

use anyhow::Result;
use hotline_api_types::What;
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, Queue, desk_password, eventually};
use serde_json::json;

use crate::page::{Page, Seat};
use crate::voices::{BROWSER_HZ, CALLER, OTHER_HZ, hear_each_other, is_recorded};

const VISITORS: &str = "web: {numbers: [\"4100\"], callback: sales}\n\
    routes: [{numbers: [\"+1*\"], trunks: [outside]}]\nqueues:\n";

async fn start() -> Result<Hotline> {
    Center::new()
        .sales(|queue: Queue| queue.music_only().ring_timeout_s(60).wrap_up_s(1).members(&["1001"]))
        .edit("config/center.yaml", "trunks:\n", "trunks:\n  outside: {servers: [\"127.0.0.1:9\"]}\n")
        .edit("config/center.yaml", "queues:\n", VISITORS)
        .start()
        .await
}

#[tokio::test]
async fn an_agent_talks_by_the_page_alone_and_keeps_the_call_over_a_reload() -> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let password = desk_password("1001");
    let seat = Seat { user: "desk1001", password: &password, ready: true, locale: "en-US", dark: false };
    let mut page = Page::with_phone(&hotline, seat, "page-phone", BROWSER_HZ).await?;
    page.is_accessible().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    page.pop().await?;
    page.phone_is("ringing").await?;
    page.order("screenshot", json!({"name": "ringing"})).await?;
    page.order("press", json!({"keys": "Alt+a"})).await?;
    page.phone_is("up").await?;
    page.state("talking").await?;
    caller.say(Speech::tone(OTHER_HZ)).await?;
    hear_each_other(&mut page, &caller).await?;

    page.order("reload", json!({})).await?;
    page.phone_is("up").await?;
    hear_each_other(&mut page, &caller).await?;
    page.order("screenshot", json!({"name": "after-reload"})).await?;
    let call = watch.call_of(CALLER).await?;
    page.order("press", json!({"keys": "Alt+x"})).await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    page.phone_is("none").await?;

    is_recorded(&mut watch, &call).await
}

#[tokio::test]
async fn a_call_that_is_declined_on_the_page_goes_back_to_the_queue() -> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let password = desk_password("1001");
    let seat = Seat { user: "desk1001", password: &password, ready: true, locale: "zh-CN", dark: true };
    let mut page = Page::with_phone(&hotline, seat, "page-phone-declines", BROWSER_HZ).await?;
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    page.phone_is("ringing").await?;
    page.click("button", "拒接").await?;
    page.phone_is("none").await?;
    watch.event("the offer to fail", |event| matches!(event.what, What::CallOfferFailed { .. })).await?;
    caller.hang_up().await?;
    Ok(())
}

#[tokio::test]
async fn a_visitor_calls_from_a_page_and_the_agent_sees_who_and_why() -> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    agent.say(Speech::tone(OTHER_HZ)).await?;
    let mut page = Page::visitor(&hotline, "en-US", "visitor", BROWSER_HZ).await?;
    page.is_accessible().await?;
    page.order("call", json!({"name": "Grace", "question": "In blue?"})).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    page.state("talking").await?;
    page.is_accessible().await?;
    page.order("screenshot", json!({"name": "talking"})).await?;
    hear_each_other(&mut page, &agent).await?;
    page.order("hang_up", json!({})).await?;
    agent.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    page.state("over").await?;
    let is_over = |what: &What| matches!(what, What::CallEnded { .. });
    let call = watch.event("the end of the call", |event| is_over(&event.what)).await?.call;
    let record = watch.over(&call.expect("a call")).await?;
    assert_eq!(record.caller_name.as_deref(), Some("Grace"));

    let left = page.order("leave", json!({"phone": "not a number"})).await?;
    assert!(left["said"].as_str().is_some_and(|said| said.contains("cannot call this number")), "{left}");
    let left = page.order("leave", json!({"phone": "+15550100199"})).await?;
    assert_eq!(left["status"], 200, "{left}");
    let admin = hotline.admin().await?;
    eventually("the call-back to be there", async || {
        let found = admin.get("/api/v1/callbacks").await?;
        Ok(found.to_string().contains("15550100199").then_some(()))
    })
    .await
}
