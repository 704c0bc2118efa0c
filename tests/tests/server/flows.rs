//! A flow that is changed while calls run.

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{Flow, FlowFigures, FlowList};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{Center, Hotline, PATIENCE, eventually};

/// Callers who are in the menu while the flow is changed.
const RUNNING: usize = 100;

/// A menu that waits for a key, in which 1 leads to `LEADS_TO`.
const MENU: &str = "flow: short_menu
languages: [en, zh]
start: answer
steps:
  answer:
    answer: {then: menu}
  menu:
    menu:
      prompts: [menu]
      timeout_s: 60
      choices: {1: LEADS_TO}
      no_input: {then: LEADS_TO}
      invalid: {then: LEADS_TO}
  LEADS_TO:
    hangup: {cause: normal}
";

async fn flow(admin: &Client, shows: impl Fn(&Flow) -> bool) -> Result<Flow> {
    eventually("the list to show the flow", async || {
        let list: FlowList = serde_json::from_value(admin.get("/api/v1/flows").await?)?;
        Ok(list.flows.into_iter().find(|flow| flow.name == "short_menu" && shows(flow)))
    })
    .await
}

/// As editors save: another file in the place of the old one.
fn save(hotline: &Hotline, text: &str) -> Result<()> {
    let flows = hotline.directory().join("ivr-flows");
    let draft = flows.join("short_menu.yaml~");
    std::fs::write(&draft, text)?;
    Ok(std::fs::rename(draft, flows.join("short_menu.yaml"))?)
}

async fn call(hotline: &Hotline, number: usize) -> Result<(String, Phone)> {
    let name = format!("+1555010{number:04}");
    let mut caller = hotline.caller(&name).await?;
    caller.dial("4300").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    Ok((name, caller))
}

#[tokio::test]
async fn calls_that_run_finish_on_the_flow_they_began_with_and_the_next_gets_the_new_one() -> Result<()> {
    let old = MENU.replace("LEADS_TO", "old_end");
    let hotline = Center::new().file("ivr-flows/short_menu.yaml", &old).start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut running = Vec::new();
    for number in 0..RUNNING {
        running.push(call(&hotline, number).await?);
    }

    save(&hotline, &old.replace("start: answer", "start: nowhere"))?;
    let broken = flow(&admin, |flow| !flow.mistakes.is_empty()).await?;
    assert_eq!((broken.version, broken.is_current), (Some(1), false));
    let mistake = broken.mistakes.first().context("a mistake")?;
    ensure!(mistake.file.ends_with("short_menu.yaml") && mistake.line == 3, "{mistake:?}");
    running.push(call(&hotline, RUNNING).await?);

    save(&hotline, &MENU.replace("LEADS_TO", "new_end"))?;
    let good = flow(&admin, |flow| flow.is_current).await?;
    assert_eq!((good.version, good.author.as_deref()), (Some(2), Some("file")));
    let (next, mut caller) = call(&hotline, RUNNING + 1).await?;
    caller.press('1').await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    let ended = watch.call_of(&next).await?;
    let record = watch.over(&ended).await?;
    assert_eq!(record.path.last().context("a step")?.step, "new_end");

    for (name, mut caller) in running {
        caller.press('1').await?;
        caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
        let ended = watch.call_of(&name).await?;
        let record = watch.over(&ended).await?;
        assert_eq!(record.path.last().context("a step")?.step, "old_end", "{name}");
    }

    let figures = eventually("the figures to count all calls", async || {
        let figures: FlowFigures =
            serde_json::from_value(admin.get("/api/v1/flows/short_menu/figures").await?)?;
        Ok(Some(figures).filter(|figures| figures.calls == RUNNING as u64 + 2))
    })
    .await?;
    assert_eq!(figures.contained, figures.calls, "nobody needed a person");
    let menu = figures.steps.iter().find(|step| step.step == "menu").context("the menu")?;
    assert_eq!((menu.runs, menu.exits[0].exit.as_str()), (figures.calls, "choice 1"));
    Ok(())
}
