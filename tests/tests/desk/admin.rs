//! An administrator at the pages that change the center, while callers call.

use anyhow::{Context, Result};
use hotline_tests::{Center, Hotline, Watch, desk_password};
use serde_json::json;

use crate::page::{Page, Seat};

const CALLER: &str = "+442079460000";
/// Pages, and the words of each that say it is there.
const PAGES: [(&str, &str, [&str; 2]); 9] = [
    ("/admin/numbers", "admin-numbers", ["Flow that answers", "接听流程"]),
    ("/admin/queues/sales", "admin-queue", ["What a caller meets", "无人接听时来电者的历程"]),
    ("/admin/agents", "admin-agents", ["Ctrl+D fills down", "Ctrl+D 向下填充"]),
    ("/admin/hours/~new", "admin-hours", ["The year", "全年日历"]),
    ("/admin/reasons/~new", "admin-reason", ["At most a day", "每日上限"]),
    ("/admin/dispositions", "admin-dispositions", ["Add a group", "添加分组"]),
    ("/admin/trunks", "admin-trunks", ["Last error", "最近错误"]),
    ("/admin/prompts", "admin-prompts", ["Changed", "修改时间"]),
    ("/admin/history", "admin-history", ["Choose a version", "选择一个版本"]),
];

/// `sales` takes callers whom nobody answers; 1003 manages the center.
async fn start() -> Result<Hotline> {
    let manages = ("role: agent, agent: \"1003\"", "role: admin, agent: \"1003\"");
    Center::new()
        .sales(|queue| queue.music_only().members(&["1001"]))
        .edit("config/center.yaml", manages.0, manages.1)
        .start()
        .await
}

fn seat<'s>(password: &'s str, locale: &'s str) -> Seat<'s> {
    Seat { user: "desk1003", password, ready: false, locale, dark: false }
}

#[tokio::test]
async fn a_number_is_added_on_the_page_and_the_next_caller_who_dials_it_waits_in_line() -> Result<()> {
    let hotline = start().await?;
    let mut watch: Watch = hotline.watch().await?;
    let password = desk_password("1003");
    let mut page = Page::open(&hotline, seat(&password, "en-US"), "admin").await?;
    page.order("open", json!({"path": "/admin/numbers/~new"})).await?;
    page.see("What happens to callers").await?;
    page.order("type", json!({"text": "4190"})).await?;
    page.order("fill", json!({"label": "Label", "text": "Service line"})).await?;
    page.see("flow is needed.").await?;
    page.is_accessible().await?;
    page.order("pick", json!({"label": "Flow that answers", "option": "straight"})).await?;
    page.order("press", json!({"keys": "Control+s"})).await?;
    page.see("name: Service line").await?;
    page.is_accessible().await.context("the difference")?;
    page.order("screenshot", json!({"name": "admin-difference"})).await?;
    page.click("button", "Save: in force at once").await?;
    page.order("find", json!({"selector": "h1:text('4190')"})).await?;

    let caller = hotline.caller(CALLER).await?;
    caller.dial("4190").await?;
    watch.queued(CALLER).await?;
    caller.hang_up().await.context("the one who waits")?;
    tour(&mut page, 0).await?;
    drop(page);
    let mut chinese = Page::open(&hotline, seat(&password, "zh-CN"), "admin-zh").await?;
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
