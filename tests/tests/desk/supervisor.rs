//! Supervisors and admins at their pages while real calls run: they listen in, steer callers, find records, change flows.

use anyhow::{Context, Result};
use hotline_api_types::{AgentState, What};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{
    Center, Hotline, PATIENCE, Watch, desk_password, eventually, takes, wait_until_heard, within,
};
use serde_json::{Value, json};

use crate::page::{Page, Seat};

const TALKER: &str = "+14155550123";
const WAITER: &str = "+442079460000";
/// What the caller, the agent and the supervisor say.
const TONES: [f64; 3] = [440.0, 1000.0, 1600.0];
/// Pages, and the words of each that say it is there.
const PAGES: [(&str, &str, [&str; 2]); 10] = [
    ("/live", "board", ["Longest wait", "最长等待"]),
    ("/calls", "records", ["Words in notes, names", "备注、姓名关键词"]),
    ("/reports?by=interval", "reports", ["How each figure is made", "指标定义"]),
    ("/wall", "wall", ["Calls by quarter of an hour", "每 15 分钟呼入量"]),
    ("/flows/straight", "flow", ["Test call", "测试呼叫"]),
    ("/admin/users", "users", ["New user", "新建用户"]),
    ("/admin/users/desk1001", "user", ["New one-time password", "重置为一次性密码"]),
    ("/admin/roles/supervisor", "role", ["See call records", "查看通话记录"]),
    ("/admin/audit", "audit", ["Signed in", "登录"]),
    ("/admin/doctor", "doctor", ["How long things are kept", "数据保留期限"]),
];

/// 1001 serves `sales`, nobody is there for `support`, 1003 leads.
async fn start() -> Result<Hotline> {
    let leads = ("role: agent, agent: \"1003\"", "role: admin, agent: \"1003\"");
    Center::new()
        .sales(|queue| queue.music_only().members(&["1001"]).keys("record: true"))
        .support(|queue| queue.music_only().members(&["1002"]))
        .edit("config/center.yaml", leads.0, leads.1)
        .start()
        .await
}

fn seat<'s>(user: &'s str, password: &'s str, locale: &'s str) -> Seat<'s> {
    Seat { user, password, ready: false, locale, dark: false }
}

/// A caller talks with 1001.
async fn talk(hotline: &Hotline, watch: &mut Watch, agent: &mut Phone) -> Result<(Phone, String)> {
    let mut caller = hotline.caller(TALKER).await?;
    caller.dial("4100").await?;
    takes(agent).await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1001", AgentState::Talking).await?;
    let call = watch.call_of(TALKER).await?;
    caller.say(Speech::tone(TONES[0])).await?;
    agent.say(Speech::tone(TONES[1])).await?;
    Ok((caller, call))
}

#[tokio::test]
async fn a_supervisor_listens_in_whispers_reads_why_a_caller_waits_and_moves_that_one() -> Result<()> {
    let hotline = start().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut lead = hotline.registered("1003").await?;
    let mut watch = hotline.watch().await?;
    let (talker, _) = talk(&hotline, &mut watch, &mut agent).await?;
    let waiter = hotline.caller(WAITER).await?;
    waiter.dial("4100").await?;
    let waits = watch.queued(WAITER).await?;
    let password = desk_password("1003");
    let mut page = Page::open(&hotline, seat("desk1003", &password, "en-US"), "supervisor").await?;
    page.order("open", json!({"path": "/live"})).await?;

    page.order("row", json!({"text": TALKER, "key": "l"})).await?;
    takes(&mut lead).await?;
    page.see("You listen to").await?;
    wait_until_heard(&lead, TONES[0]).await?;
    wait_until_heard(&lead, TONES[1]).await?;
    lead.say(Speech::tone(TONES[2])).await?;
    page.order("label", json!({"text": "Whisper"})).await?;
    page.see("You whisper to the agent of").await?;
    wait_until_heard(&agent, TONES[2]).await?;
    page.order("absent", json!({"role": "alert"})).await.context("nothing went wrong")?;
    page.is_accessible().await?;

    page.order("act", json!({"text": WAITER, "item": "Why is this caller waiting?"})).await?;
    page.see("Place 1 in line").await?;
    page.see("Agent 1001").await?;
    page.order("screenshot", json!({"name": "why"})).await?;
    page.order("press", json!({"keys": "Escape"})).await?;
    page.order("row", json!({"text": WAITER, "key": "m"})).await?;
    page.order("pick", json!({"label": "To which queue or agent", "option": "support"})).await?;
    page.click("button", "Move").await?;
    watch
        .event("the caller in the other queue", |event| {
            event.call.as_ref() == Some(&waits)
                && matches!(&event.what, What::CallQueued { queue } if queue == "support")
        })
        .await?;
    page.click("button", "Leave the call").await?;
    lead.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;

    // Whoever leads nobody has none of this.
    let password = desk_password("1001");
    let mut desk = Page::open(&hotline, seat("desk1001", &password, "en-US"), "not-a-supervisor").await?;
    for name in ["Live", "Reports", "Flows"] {
        desk.order("absent", json!({"role": "link", "name": name})).await?;
    }
    for path in ["/live", "/reports", "/flows", "/flows/main", "/wall"] {
        desk.order("open", json!({"path": path})).await?;
        desk.see("You are not allowed to do this.").await.context(path)?;
    }
    talker.hang_up().await?;
    waiter.hang_up().await.context("the one who was moved")
}

#[tokio::test]
async fn a_supervisor_listens_by_the_page_alone_and_takes_another_microphone_meanwhile() -> Result<()> {
    let hotline = start().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut watch = hotline.watch().await?;
    let (talker, _) = talk(&hotline, &mut watch, &mut agent).await?;
    let password = desk_password("1003");
    let seat = seat("desk1003", &password, "en-US");
    let mut page = Page::with_phone(&hotline, seat, "supervisor-page-phone", TONES[2]).await?;
    page.click("link", "Live").await?;
    page.order("row", json!({"text": TALKER, "key": "l"})).await?;
    // Nobody presses anything.
    page.phone_is("up").await?;
    page.see("You listen to").await?;
    for tone in [TONES[0], TONES[1]] {
        page.order("hear", json!({"hz": tone})).await?;
    }
    page.order("label", json!({"text": "Whisper"})).await?;
    wait_until_heard(&agent, TONES[2]).await?;

    let before = page.order("devices", json!({})).await?;
    let microphone = page.order("device", json!({"use": 0, "place": 2})).await?;
    let speaker = page.order("device", json!({"use": 1, "place": 2})).await?;
    eventually_uses(&mut page, [&microphone["name"], &speaker["name"]]).await?;
    assert_ne!(before["microphone"], microphone["name"]);
    agent.forget_heard();
    wait_until_heard(&agent, TONES[2]).await?;
    page.order("hear", json!({"hz": TONES[1]})).await?;
    page.order("screenshot", json!({"name": "another-microphone"})).await?;
    page.click("button", "Leave the call").await?;
    page.phone_is("none").await?;
    talker.hang_up().await.context("the caller")
}

async fn eventually_uses(page: &mut Page, [microphone, speaker]: [&Value; 2]) -> Result<()> {
    within("the devices to be in use", async {
        loop {
            let now = page.order("devices", json!({})).await?;
            if (&now["microphone"], &now["speaker"]) == (microphone, speaker) {
                return Ok(());
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_record_is_found_opened_and_heard_and_each_page_is_whole_in_both_languages() -> Result<()> {
    let hotline = start().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut watch = hotline.watch().await?;
    let (caller, call) = talk(&hotline, &mut watch, &mut agent).await?;
    // Long enough to be heard when it is played.
    eventually("two seconds of talk", async || Ok((caller.heard().len() > 16_000).then_some(()))).await?;
    caller.hang_up().await?;
    watch.over(&call).await?;

    let password = desk_password("1003");
    let mut page = Page::open(&hotline, seat("desk1003", &password, "en-US"), "records").await?;
    page.order("open", json!({"path": "/calls"})).await?;
    page.order("enter", json!({"label": "Number", "text": "011 44 20 7946 0000"})).await?;
    page.see("No call is like that.").await?;
    page.order("enter", json!({"label": "Number", "text": "+1 (415) 555-0123"})).await?;
    page.see("Completed").await?;
    page.order("open", json!({"path": format!("/calls/{call}")})).await?;
    page.see("Agent chosen").await?;
    page.click("button", "Play").await?;
    let heard = page.order("listen", json!({})).await?;
    assert!(heard["duration_s"].as_f64().unwrap() > 1.5, "{heard}");
    page.is_accessible().await?;
    page.order("screenshot", json!({"name": "call"})).await?;
    tour(&mut page, 0).await?;
    drop(page);
    let mut chinese = Page::open(&hotline, seat("desk1003", &password, "zh-CN"), "records-zh").await?;
    chinese.order("open", json!({"path": format!("/calls/{call}")})).await?;
    chinese.see("选定坐席").await?;
    chinese.order("screenshot", json!({"name": "call"})).await?;
    tour(&mut chinese, 1).await
}

/// Opens every page, has axe look at it once, and takes its picture.
async fn tour(page: &mut Page, language: usize) -> Result<()> {
    for (path, name, words) in PAGES {
        page.order("open", json!({"path": path})).await?;
        page.see(words[language]).await.context(path)?;
        if language == 0 {
            page.is_accessible().await.context(path)?;
        }
        page.order("screenshot", json!({"name": name})).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_flow_is_tried_changed_and_saved_and_the_next_caller_hears_the_change() -> Result<()> {
    let hotline = start().await?;
    let mut watch = hotline.watch().await?;
    let caller = hotline.caller(WAITER).await?;
    caller.dial("4100").await?;
    watch.queued(WAITER).await?;
    caller.hang_up().await?;

    let password = desk_password("1003");
    let mut page = Page::open(&hotline, seat("desk1003", &password, "en-US"), "flow").await?;
    page.order("open", json!({"path": "/flows/straight"})).await?;
    let before = read_flow(&hotline).await?;
    page.order("write", json!({"text": before.replace("name: sales", "name: slaes")})).await?;
    page.see("unknown queue").await?;
    page.order("write", json!({"text": before.replace("name: sales", "name: support")})).await?;
    page.click("tab", "Test call").await?;
    page.click("button", "Call").await?;
    page.see("waits in queue support").await?;
    page.is_accessible().await?;
    page.order("screenshot", json!({"name": "test-call"})).await?;
    page.click("button", "Save").await?;
    page.see("Save and use").await?;
    page.order("screenshot", json!({"name": "difference"})).await?;
    page.click("button", "Save and use").await?;
    page.see("Version 2").await?;

    let caller = hotline.caller(TALKER).await?;
    caller.dial("4100").await?;
    let waits = watch.queued(TALKER).await?;
    watch
        .state("the caller in the other queue", |live| {
            live.calls.iter().any(|call| call.id == waits && call.queue.as_deref() == Some("support"))
        })
        .await?;
    page.click("tab", "History").await?;
    page.click("button", "Version 1").await?;
    page.click("button", "Use version 1 again").await?;
    page.see("Version 3").await?;
    assert_eq!(read_flow(&hotline).await?, before);
    caller.hang_up().await.context("the one who waits")
}

async fn read_flow(hotline: &Hotline) -> Result<String> {
    let flow = hotline.admin().await?.get("/api/v1/flows/straight").await?;
    flow["text"].as_str().map(str::to_owned).context("the text of the flow")
}
