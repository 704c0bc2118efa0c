//! The agent's and the administrator's pages in a real browser, while real calls run.

mod admin;
mod page;
mod phone;
mod softphone;
mod supervisor;
mod voices;
mod work;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, What};
use hotline_base::Rng;
use hotline_phone::{LadderEntry, Phone, PhoneConfig, PhoneEvent, Speech};
use hotline_sdp::Codec;
use hotline_sip::uri::Host;
use hotline_tests::{
    ADMIN, ADMIN_PASSWORD, Center, DOMAIN, Hotline, PATIENCE, Queue, Watch, desk_password, eventually,
    sip_password, wait_until_heard, within,
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::page::{Page, Seat};

const KNOWN: &str = "+14155550123";
const UNKNOWN: &str = "+442079460000";
const AGENT_HZ: f64 = 1000.0;
const LADDER_MAX: usize = 64;
/// What a browser on a busy machine may need to draw a card; a person sees and hears both at once.
const DRAWN_MAX: Duration = Duration::from_secs(1);

async fn start(wrap_up_s: u32) -> Result<Hotline> {
    let hotline = Center::new().sales(|queue: Queue| queue.music_only().wrap_up_s(wrap_up_s)).start().await?;
    let ada = json!({"name": "Ada Lovelace", "company": "Analytical Engines", "email": "ada@example.org",
        "numbers": ["+1 415 555 0123"], "note": "Prefers mornings."});
    hotline.admin().await?.post("/api/v1/customers", &ada).await?;
    Ok(hotline)
}

fn agent_seat(password: &str) -> Seat<'_> {
    Seat { user: "desk1001", password, ready: true, locale: "en-US", dark: false }
}

/// Dials the menu, and presses 1 for `sales` when the address book has been asked.
async fn call_in(watch: &mut Watch, caller: &mut Phone, number: &str) -> Result<String> {
    watch.from_here();
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(number).await?;
    watch
        .event("the address book's answer", |event| {
            event.call.as_ref() == Some(&call) && matches!(event.what, What::CallCustomer { .. })
        })
        .await?;
    caller.press('1').await?;
    Ok(call)
}

async fn incoming(phone: &mut Phone) -> Result<()> {
    phone.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    Ok(())
}

/// The phone of 1001, which notes when each message came.
async fn watched_phone(hotline: &Hotline) -> Result<(Phone, mpsc::Receiver<LadderEntry>)> {
    let (sender, ladder) = mpsc::channel(LADDER_MAX);
    let config = PhoneConfig {
        name: "agent 1001".to_owned(),
        user: "1001".to_owned(),
        display: None,
        domain: Host::parse(DOMAIN).context("the domain")?,
        server: hotline.sip(),
        bind: SocketAddr::new(hotline.addresses().phones(), 0),
        password: Some(sip_password("1001")),
        codecs: Codec::ALL.to_vec(),
        speech: Speech::tone(AGENT_HZ),
        web: None,
        ladder: Some(sender),
    };
    let mut phone = Phone::start(config, Rng::from_seed([7; 32])).await?;
    phone.register().await?;
    Ok((phone, ladder))
}

async fn invited_at(ladder: &mut mpsc::Receiver<LadderEntry>) -> Result<SystemTime> {
    within("the INVITE at the phone", async {
        loop {
            let entry = ladder.recv().await.context("the phone is switched off")?;
            if entry.label == "INVITE" {
                return Ok(entry.at);
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_page_is_told_who_calls_before_the_phone_is() -> Result<()> {
    let hotline = start(2).await?;
    let (phone, mut ladder) = watched_phone(&hotline).await?;
    let password = desk_password("1001");
    let mut page = Page::open(&hotline, agent_seat(&password), "known-caller").await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(KNOWN).await?;
    let call = call_in(&mut watch, &mut caller, KNOWN).await?;
    let invited = invited_at(&mut ladder).await?;
    let pop = page.pop().await?;
    assert_eq!((&pop["name"], &pop["call"]), (&json!("Ada Lovelace"), &json!(call)));
    for text in ["Analytical Engines", KNOWN, "sales"] {
        assert!(pop["text"].as_str().unwrap().contains(text), "{text} is missing in {pop}");
    }
    // The page's clock and the phone's are one. What the server promises is when it tells whom, see below; that
    // the browser then draws the card is up to the browser.
    let shown = UNIX_EPOCH + Duration::from_millis(pop["at"].as_u64().unwrap());
    assert!(
        shown < invited + DRAWN_MAX,
        "the phone rang for {:?} before the card",
        shown.duration_since(invited)
    );

    phone.ring().await?;
    page.state("ringing").await?;
    phone.answer().await?;
    page.state("talking").await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    phone.hold(true).await?;
    page.state("hold").await?;
    phone.hold(false).await?;
    page.state("talking").await?;
    phone.hang_up().await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    page.state("wrap_up").await?;
    page.see("End wrap-up").await?;
    page.state("ready").await?;

    let record = watch.over(&call).await?;
    let offer = &record.offers[0];
    let (popped, sent) = (offer.popped_at.unwrap(), offer.invited_at.unwrap());
    assert!(popped <= sent, "told at {popped:?}, rung at {sent:?}");
    // The list of the agent's calls has the new one without being asked for.
    page.see("Completed").await
}

#[tokio::test]
async fn an_agent_goes_ready_and_not_ready_by_clicking() -> Result<()> {
    let hotline = start(1).await?;
    let _phone = hotline.registered("1001").await?;
    let mut watch = hotline.watch().await?;
    let password = desk_password("1001");
    let seat = Seat { ready: false, ..agent_seat(&password) };
    let mut page = Page::open(&hotline, seat, "clicking").await?;
    page.click("button", "Ready").await?;
    page.state("ready").await?;
    watch.agent("1001", AgentState::Ready).await?;
    page.click("button", "Not ready").await?;
    page.click("menuitem", "Break").await?;
    page.state("not_ready").await?;
    assert_eq!(watch.agent("1001", AgentState::NotReady).await?.reason.as_deref(), Some("break"));
    Ok(())
}

#[tokio::test]
async fn a_new_caller_becomes_a_customer_and_is_known_the_next_time() -> Result<()> {
    let hotline = start(1).await?;
    let mut phone = hotline.registered("1001").await?;
    let password = desk_password("1001");
    let mut page = Page::open(&hotline, agent_seat(&password), "new-caller").await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(UNKNOWN).await?;
    call_in(&mut watch, &mut caller, UNKNOWN).await?;
    assert_eq!(page.pop().await?["name"], "Unknown caller");
    incoming(&mut phone).await?;
    phone.answer().await?;
    page.state("talking").await?;
    page.order("name", json!({"text": "Grace Hopper"})).await?;
    page.order("note", json!({"text": "Wants a compiler."})).await?;
    assert_eq!(page.order("save", json!({})).await?["status"], 201);
    caller.hang_up().await?;
    page.state("ready").await?;

    let admin = hotline.admin().await?;
    let found = admin.get("/api/v1/customers?number=%2B442079460000").await?;
    assert_eq!(
        (&found["customers"][0]["name"], &found["customers"][0]["note"]),
        (&json!("Grace Hopper"), &json!("Wants a compiler."))
    );
    call_in(&mut watch, &mut caller, UNKNOWN).await?;
    assert_eq!(page.pop().await?["name"], "Grace Hopper");
    caller.hang_up().await.context("the second call")
}

#[tokio::test]
async fn the_page_speaks_chinese_in_the_dark() -> Result<()> {
    let hotline = start(3).await?;
    let mut phone = hotline.registered("1001").await?;
    let password = desk_password("1001");
    let seat = Seat { locale: "zh-CN", dark: true, ..agent_seat(&password) };
    let mut page = Page::open(&hotline, seat, "chinese").await?;
    let caller = hotline.caller(KNOWN).await?;
    caller.dial("4100").await?;
    let pop = page.pop().await?;
    assert!(pop["text"].as_str().unwrap().contains("被叫号码"), "{pop}");
    incoming(&mut phone).await?;
    phone.answer().await?;
    page.state("talking").await?;
    page.see("通话中").await?;
    caller.hang_up().await?;
    page.state("wrap_up").await?;
    page.see("结束话后处理").await
}

#[tokio::test]
async fn an_administrator_sees_the_call_live_and_listens_to_it_afterwards() -> Result<()> {
    let hotline = start(1).await?;
    let mut phone = hotline.ready("1001").await?;
    phone.say(Speech::tone(AGENT_HZ)).await?;
    let seat = Seat { user: ADMIN, password: ADMIN_PASSWORD, ready: false, locale: "en-US", dark: false };
    let mut page = Page::open(&hotline, seat, "administrator").await?;
    let mut watch = hotline.watch().await?;
    let caller = hotline.caller(KNOWN).await?;
    caller.dial("4100").await?;
    let call = watch.call_of(KNOWN).await?;
    incoming(&mut phone).await?;
    phone.answer().await?;
    page.see(KNOWN).await?;
    page.see("Talking").await?;
    page.order("screenshot", json!({"name": "live"})).await?;
    wait_until_heard(&caller, AGENT_HZ).await?;
    // Long enough to be heard when it is played.
    eventually("two seconds of talk", async || Ok((caller.heard().len() > 16_000).then_some(()))).await?;
    caller.hang_up().await?;
    watch.over(&call).await?;

    page.order("open", json!({"path": "/calls"})).await?;
    page.see("Completed").await?;
    page.click("button", "Play").await?;
    let heard = page.order("listen", json!({})).await?;
    assert!(heard["duration_s"].as_f64().unwrap() > 1.5, "{heard}");
    page.order("screenshot", json!({"name": "calls"})).await?;
    page.order("open", json!({"path": format!("/calls/{call}")})).await?;
    page.see("Course").await?;
    page.order("screenshot", json!({"name": "call"})).await.map(drop)
}
