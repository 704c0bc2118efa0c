//! What takes effect while the server runs, and what flows get of the server's own configuration.

use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};
use hotline_api_client::Client;
use hotline_api_types::FlowList;
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{Center, Hotline, PATIENCE, eventually, root, wait_until_told};

const TELL: &str = "flow: tell
languages: [en]
start: answer
steps:
  answer: {answer: {then: tell}}
  tell: {say: {prompts: [PROMPT], barge_in: false, then: bye}}
  bye: {hangup: {cause: normal}}
";

/// The sounds of the product with an `en` of which files can be changed.
fn sounds(at: &Path) -> Result<()> {
    std::fs::create_dir(at.join("en"))?;
    for entry in std::fs::read_dir(root().join("sounds"))? {
        let entry = entry?;
        if entry.file_name() != "en" {
            symlink(entry.path(), at.join(entry.file_name()))?;
            continue;
        }
        for file in std::fs::read_dir(entry.path())? {
            let file = file?;
            symlink(file.path(), at.join("en").join(file.file_name()))?;
        }
    }
    Ok(())
}

async fn list(admin: &Client) -> Result<FlowList> {
    Ok(serde_json::from_value(admin.get("/api/v1/flows").await?)?)
}

async fn told(hotline: &Hotline, number: &str, prompt: &str) -> Result<()> {
    let mut caller: Phone = hotline.caller(number).await?;
    caller.dial("4500").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    wait_until_told(&caller, prompt).await?;
    Ok(caller.expect(&PhoneEvent::Ended, PATIENCE).await?)
}

#[tokio::test]
async fn a_sound_file_that_comes_while_the_server_runs_is_heard_by_the_next_caller() -> Result<()> {
    let folder = tempfile::tempdir()?;
    sounds(folder.path())?;
    let (before, after) = (root().join("sounds"), folder.path());
    let hotline = Center::new()
        .flow("4500", "tell", &TELL.replace("PROMPT", "greeting"))
        .edit(
            "config/hotline.yaml",
            &format!("sounds: {}", before.display()),
            &format!("sounds: {}", after.display()),
        )
        .start()
        .await?;
    let admin = hotline.admin().await?;
    told(&hotline, "+15550100001", "en/greeting").await?;

    let flow = hotline.directory().join("ivr-flows/tell.yaml");
    std::fs::write(&flow, TELL.replace("PROMPT", "brand_new"))?;
    eventually("the flow to lack its prompt", async || {
        let list = list(&admin).await?;
        let tell = list.flows.into_iter().find(|flow| flow.name == "tell").context("the flow")?;
        Ok(tell.mistakes.into_iter().find(|mistake| mistake.problem.contains("no prompt `brand_new`")))
    })
    .await?;
    let (goodbye, new) = (before.join("en/goodbye.wav"), after.join("en/brand_new.wav"));
    std::fs::copy(&goodbye, &new)?;
    eventually("the flow to come into force with its prompt", async || {
        let list = list(&admin).await?;
        Ok(list.flows.into_iter().find(|flow| flow.name == "tell" && flow.is_current))
    })
    .await?;
    told(&hotline, "+15550100002", "en/goodbye").await?;

    std::fs::write(&new, "no sound at all")?;
    eventually("the bad file to be told", async || {
        Ok(list(&admin).await?.mistakes.into_iter().find(|mistake| mistake.file.ends_with("brand_new.wav")))
    })
    .await?;
    told(&hotline, "+15550100003", "en/goodbye").await.context("the sound before stays")?;
    std::fs::copy(before.join("en/greeting.wav"), &new)?;
    eventually("all to be good again", async || Ok(list(&admin).await?.mistakes.is_empty().then_some(())))
        .await?;
    told(&hotline, "+15550100004", "en/greeting").await
}

#[tokio::test]
async fn a_flow_asks_for_an_agent_and_for_skills_and_reads_the_expected_wait() -> Result<()> {
    let flow = r#"flow: sticky
languages: [en]
start: answer
steps:
  answer: {answer: {then: ask}}
  ask: {menu: {prompts: [menu], choices: {1: sticky, 2: skilled, 3: wait}, no_input: {then: bye}, invalid: {then: bye}}}
  sticky: {queue: {name: sales, agent: '"1002"', agent_wait_s: 30, exits: {full: bye, timeout: bye, no_agents: bye}}}
  skilled: {queue: {name: sales, skills: {french: 3}, exits: {full: bye, timeout: bye, no_agents: bye}}}
  wait: {condition: {if: "queue.sales.ready == 3 and queue.sales.estimated_wait_s == 0", then: fine, else: bye}}
  fine: {say: {prompts: [goodbye], then: bye}}
  bye: {hangup: {cause: normal}}
"#;
    let hotline = Center::new()
        .edit("config/center.yaml", "queues:\n", "skills: {french: French}\nqueues:\n")
        .agent("1003", "skills: {french: 4}")
        .flow("4500", "sticky", flow)
        .start()
        .await?;
    let mut first = hotline.ready("1001").await?;
    let mut second = hotline.ready("1002").await?;
    let mut third = hotline.ready("1003").await?;
    let dial = async |number: &str, key: char| {
        let mut caller = hotline.caller(number).await?;
        caller.dial("4500").await?;
        caller.expect(&PhoneEvent::Up, PATIENCE).await?;
        caller.press(key).await?;
        anyhow::Ok(caller)
    };
    let waits = dial("+15550100003", '3').await?;
    wait_until_told(&waits, "en/goodbye").await.context("three are ready and nobody waits")?;
    let is_offer = |event: &PhoneEvent| matches!(event, PhoneEvent::Incoming(_));
    let _sticky = dial("+15550100001", '1').await?;
    second.wait_for("the caller's own agent to ring, not the longest idle", PATIENCE, is_offer).await?;
    let _skilled = dial("+15550100002", '2').await?;
    third.wait_for("the one who knows French to ring", PATIENCE, is_offer).await?;
    let _any = {
        let caller = hotline.caller("+15550100009").await?;
        caller.dial("4100").await?;
        caller
    };
    first.wait_for("the one who is left", PATIENCE, is_offer).await?;
    Ok(())
}
