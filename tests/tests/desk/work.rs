//! An agent's whole call by the page: hold, asking a colleague, conference, handing over, what became of it; and the pages
//! of customers. In both languages, with axe on each page.

use anyhow::{Context, Result};
use hotline_api_types::What;
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{
    ADMIN, ADMIN_PASSWORD, Center, Hotline, PATIENCE, Queue, desk_password, eventually, rings, takes,
};
use serde_json::json;

use crate::page::{Page, Seat};
use crate::{KNOWN, UNKNOWN, agent_seat};

/// What the page says in one language.
struct Words {
    locale: &'static str,
    dark: bool,
    /// The disposition in its group, and the field for it.
    disposition: &'static str,
    note: &'static str,
    tomorrow: &'static str,
    saved: &'static str,
    follow_ups: &'static str,
    done: &'static str,
    /// Of a person in the room.
    on_hold: &'static str,
    talking: &'static str,
}

const ENGLISH: Words = Words {
    locale: "en-US",
    dark: false,
    disposition: "Disposition",
    note: "Note on this call",
    tomorrow: "Tomorrow at 9",
    saved: "Saved",
    follow_ups: "Follow-ups",
    done: "Mark done",
    on_hold: "On hold",
    talking: "Talking",
};

const CHINESE: Words = Words {
    locale: "zh-CN",
    dark: true,
    disposition: "通话小结",
    note: "通话备注",
    tomorrow: "明天 9 点",
    saved: "已保存",
    follow_ups: "待跟进",
    done: "标记完成",
    on_hold: "保持中",
    talking: "通话中",
};

/// What the agents of the queue are to say.
const SCRIPT: &str = r#"script: "Good day {name} of **{company}**""#;

async fn start() -> Result<Hotline> {
    let hotline = Center::new()
        .sales(|queue: Queue| {
            queue.music_only().ring_timeout_s(60).wrap_up_s(30).members(&["1001"]).keys(SCRIPT)
        })
        .edit(
            "config/center.yaml",
            "queues:\n",
            "dispositions: {sold: Sold, lost: {name: Lost, codes: {late: Too late}}}\nqueues:\n",
        )
        .start()
        .await?;
    let ada = json!({"name": "Ada Lovelace", "company": "Analytical Engines", "email": "ada@example.org",
        "numbers": [KNOWN], "note": "Prefers mornings.", "vip": true});
    hotline.admin().await?.post("/api/v1/customers", &ada).await?;
    Ok(hotline)
}

/// Nothing on the page is in the way of those who do not see it or use no mouse.
async fn is_accessible(page: &mut Page, what: &str) -> Result<()> {
    page.is_accessible().await.with_context(|| what.to_owned())?;
    page.order("screenshot", json!({"name": what})).await.map(drop)
}

async fn press(page: &mut Page, keys: &str) -> Result<()> {
    page.order("press", json!({"keys": keys})).await.map(drop)
}

/// Waits until somebody stands in the room so.
async fn stands(page: &mut Page, seat: &str, standing: &str) -> Result<()> {
    let selector = format!("[data-seat={seat}][data-standing={standing}]");
    page.order("find", json!({"selector": selector})).await.map(drop)
}

/// A caller whom Ada's number knows, in talk with the agent of the page.
async fn in_talk(hotline: &Hotline, page: &mut Page, phone: &mut Phone) -> Result<Phone> {
    let caller = hotline.caller(KNOWN).await?;
    caller.dial("4100").await?;
    assert_eq!(page.pop().await?["name"], "Ada Lovelace");
    takes(phone).await?;
    page.state("talking").await?;
    stands(page, "other", "talking").await?;
    Ok(caller)
}

async fn a_whole_call(words: &Words) -> Result<()> {
    let hotline = start().await?;
    let (mut ann, mut bob) = (hotline.registered("1001").await?, hotline.registered("1002").await?);
    let password = desk_password("1001");
    let seat = Seat { locale: words.locale, dark: words.dark, ..agent_seat(&password) };
    let mut page = Page::open(&hotline, seat, &format!("work-{}", words.locale)).await?;
    is_accessible(&mut page, "desk-ready").await?;
    let mut caller = in_talk(&hotline, &mut page, &mut ann).await?;
    page.order(
        "find",
        json!({"selector": "article section:has-text('Good day Ada Lovelace of Analytical Engines')"}),
    )
    .await?;
    page.order("find", json!({"selector": "[data-line=good]"})).await?;

    // Held and taken back, by keys.
    press(&mut page, "Alt+h").await?;
    stands(&mut page, "other", "waiting").await?;
    page.see(words.on_hold).await?;
    press(&mut page, "Alt+h").await?;
    stands(&mut page, "other", "talking").await?;

    // A colleague is asked by name, while the customer waits; then all three talk.
    press(&mut page, "F9").await?;
    page.order("type", json!({"text": "1002"})).await?;
    page.order("find", json!({"selector": "li[data-to='1002'] button"})).await?;
    press(&mut page, "Enter").await?;
    stands(&mut page, "asked", "ringing").await?;
    takes(&mut bob).await?;
    stands(&mut page, "attendee", "talking").await?;
    stands(&mut page, "other", "waiting").await?;
    is_accessible(&mut page, "desk-consulting").await?;
    press(&mut page, "Alt+s").await?;
    stands(&mut page, "attendee", "waiting").await?;
    press(&mut page, "Alt+c").await?;
    stands(&mut page, "attendee", "talking").await?;
    stands(&mut page, "other", "talking").await?;
    page.order("screenshot", json!({"name": "desk-conference"})).await?;

    // What became of it, with a day to come back to it; it is saved with the card.
    page.order("choose", json!({"label": words.disposition, "option": "Lost › Too late"})).await?;
    page.order("fill", json!({"label": words.note, "text": "Wants a printed offer."})).await?;
    page.click("button", words.tomorrow).await?;
    page.order("reload", json!({})).await?;
    stands(&mut page, "other", "talking").await?;
    page.see(words.talking).await?;
    press(&mut page, "Control+s").await?;
    page.see(words.saved).await?;

    // The agent leaves; customer and colleague go on.
    press(&mut page, "Alt+x").await?;
    page.state("wrap_up").await?;
    is_accessible(&mut page, "desk-wrap-up").await?;
    press(&mut page, "F2").await?;
    page.state("ready").await?;
    bob.hang_up().await?;
    caller.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;

    // What is to be done tomorrow is done.
    page.click("tab", words.follow_ups).await?;
    page.see("Wants a printed offer.").await?;
    page.click("button", words.done).await?;
    let desk = hotline.desk("1001").await?;
    let follow_ups = eventually("the follow-up to be done", async || {
        let done = desk.get("/api/v1/follow-ups?done=true").await?;
        Ok((!done["follow_ups"][0].is_null()).then_some(done))
    })
    .await?;
    let said = &follow_ups["follow_ups"][0];
    assert_eq!((&said["code"], &said["note"]), (&json!("late"), &json!("Wants a printed offer.")));
    Ok(())
}

#[tokio::test]
async fn an_agent_works_through_a_whole_call_by_keys() -> Result<()> {
    a_whole_call(&ENGLISH).await
}

#[tokio::test]
async fn an_agent_works_through_a_whole_call_in_chinese() -> Result<()> {
    a_whole_call(&CHINESE).await
}

#[tokio::test]
async fn a_call_is_dragged_onto_a_colleague_who_then_has_it() -> Result<()> {
    let hotline = start().await?;
    let (mut ann, mut bob) = (hotline.registered("1001").await?, hotline.registered("1002").await?);
    let password = desk_password("1001");
    let mut page = Page::open(&hotline, agent_seat(&password), "dragging").await?;
    let mut watch = hotline.watch().await?;
    let caller = in_talk(&hotline, &mut page, &mut ann).await?;
    let call = watch.call_of(KNOWN).await?;
    page.order("drag", json!({"from": "[data-seat=other]", "to": "[data-drop=hold]"})).await?;
    watch.event("the hold", |event| matches!(event.what, What::CallHeld { .. })).await?;
    page.order("find", json!({"selector": "[data-seat=other][data-standing=waiting]"})).await?;
    let onto = "li[data-to='1002'] [data-drop=send]";
    page.order("drag", json!({"from": "[data-seat=other]", "to": onto})).await?;
    rings(&mut bob).await?;
    bob.answer().await?;
    page.state("wrap_up").await?;
    caller.hang_up().await?;
    assert_eq!(watch.over(&call).await?.agent.as_deref(), Some("1002"));
    Ok(())
}

#[tokio::test]
async fn a_call_is_sent_into_a_queue_from_the_search() -> Result<()> {
    let hotline = start().await?;
    let mut ann = hotline.registered("1001").await?;
    let password = desk_password("1001");
    let mut page = Page::open(&hotline, agent_seat(&password), "to-queue").await?;
    let mut watch = hotline.watch().await?;
    let caller = in_talk(&hotline, &mut page, &mut ann).await?;
    let call = watch.call_of(KNOWN).await?;
    press(&mut page, "F9").await?;
    page.order("type", json!({"text": "sales"})).await?;
    page.order("find", json!({"selector": "li[data-to='queue:sales'] button"})).await?;
    page.order("screenshot", json!({"name": "desk-queue-search"})).await?;
    press(&mut page, "Shift+Enter").await?;
    page.state("wrap_up").await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.transfers.len(), 1, "{record:?}");
    assert_eq!(record.queues.len(), 2, "it waits once more");
    Ok(())
}

#[tokio::test]
async fn an_agent_takes_a_call_that_rings_at_a_colleague() -> Result<()> {
    let hotline = start().await?;
    let (mut ann, mut bob) = (hotline.ready("1001").await?, hotline.registered("1002").await?);
    let caller = hotline.caller(UNKNOWN).await?;
    caller.dial("4100").await?;
    rings(&mut ann).await?;
    let password = desk_password("1002");
    let seat = Seat { user: "desk1002", ready: false, ..agent_seat(&password) };
    let mut page = Page::open(&hotline, seat, "pick-up").await?;
    page.order("find", json!({"selector": "li[data-to='1001'] button"})).await?;
    page.click("button", "Pick up: ").await?;
    takes(&mut bob).await?;
    stands(&mut page, "other", "talking").await?;
    Ok(caller.hang_up().await?)
}

#[tokio::test]
async fn customers_are_found_changed_merged_and_imported() -> Result<()> {
    let hotline = start().await?;
    let admin = hotline.admin().await?;
    admin.post("/api/v1/customers", &json!({"name": "Ada Byron", "numbers": [KNOWN]})).await?;
    for (locale, dark) in [("en-US", false), ("zh-CN", true)] {
        let seat = Seat { user: ADMIN, password: ADMIN_PASSWORD, ready: false, locale, dark };
        let mut page = Page::open(&hotline, seat, &format!("customers-{locale}")).await?;
        page.order("open", json!({"path": "/customers"})).await?;
        page.see("Ada Lovelace").await?;
        is_accessible(&mut page, "customers").await?;
        page.click("link", "Ada Lovelace").await?;
        page.order("find", json!({"selector": "form textarea"})).await?;
        is_accessible(&mut page, "customer").await?;
        page.order("open", json!({"path": "/customers/import"})).await?;
        let file = format!("name,numbers\nGrace Hopper,{UNKNOWN}\n,+15550100\n");
        page.order("upload", json!({"name": "customers.csv", "text": file})).await?;
        page.order("find", json!({"selector": "[data-import=preview] table"})).await?;
        is_accessible(&mut page, "import").await?;
        if locale == "zh-CN" {
            continue;
        }
        page.click("checkbox", "Leave out the 1 lines with mistakes").await?;
        page.click("button", "Import 1 customers").await?;
        page.order("find", json!({"selector": "[data-import=done]"})).await?;
        page.order("open", json!({"path": "/customers"})).await?;
        page.click("link", "Ada Lovelace").await?;
        page.click("button", "Merge").await?;
        page.click("button", "Merge them").await?;
        page.order("open", json!({"path": "/customers"})).await?;
        page.see("Grace Hopper").await?;
    }
    let found = admin.get("/api/v1/customers").await?;
    let names: Vec<&str> =
        found["customers"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["Ada Lovelace", "Grace Hopper"]);
    Ok(())
}
