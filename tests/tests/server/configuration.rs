//! A center that is changed while calls run: through the API, on disk, by `hotline apply`, and by servers that are killed meanwhile.

use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{AgentState, Config, Live, What};
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, Hotline, PATIENCE, Sipp, binary, eventually, free_port, sip_password, within};
use serde_json::{Value, json};
use tokio::process::Command;

const CONFIG: &str = "/api/v1/config";
const CALLER: &str = "+15550100123";

/// Callers come straight into the queue `night`.
const NIGHT: &str = "flow: night
languages: [en]
start: answer
steps:
  answer:
    answer: {then: line}
  line:
    queue: {name: night, exits: {full: end, timeout: end, no_agents: end}}
  end:
    hangup: {cause: normal}
";

/// Puts an entry there that is not there yet.
async fn put(admin: &Client, path: &str, value: Value) -> Result<()> {
    admin.put_if(&format!("{CONFIG}/{path}"), &value, "*").await?;
    Ok(())
}

/// Changes a key of an entry.
async fn set(admin: &Client, path: &str, key: &str, to: Value) -> Result<()> {
    let path = format!("{CONFIG}/{path}");
    let (shown, tag) = admin.get_tagged(&path).await?;
    let mut value = shown["value"].clone();
    value[key] = to;
    admin.put_if(&path, &value, &tag).await?;
    Ok(())
}

async fn config(admin: &Client) -> Result<(Config, String)> {
    let (config, tag) = admin.get_tagged(CONFIG).await?;
    Ok((serde_json::from_value(config)?, tag))
}

#[tokio::test]
async fn agents_queues_and_numbers_that_come_while_calls_run_are_there_for_the_next_call() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let admin = hotline.admin().await?;
    let mut watch = hotline.watch().await?;
    let mut waiting = hotline.caller(CALLER).await?;
    waiting.dial("4100").await?;
    watch.queued(CALLER).await?;

    put(
        &admin,
        "agents/1004",
        json!({ "name": "Dee", "sip_password": sip_password("1004"), "digest": ["MD5"] }),
    )
    .await?;
    put(&admin, "queues/night", json!({ "name": "Night", "wrap_up_s": 1, "members": ["1004"] })).await?;
    admin.put_if("/api/v1/flows/night", &json!({ "text": NIGHT }), "*").await?;
    put(&admin, "numbers/4500", json!({ "flow": "night" })).await?;
    watch.event("the change", |event| matches!(event.what, What::CenterChanged {})).await?;
    watch.state("the agent to be shown", |live| live.agents.iter().any(|agent| agent.name == "Dee")).await?;

    let mut dee = hotline.ready("1004").await?;
    let mut caller = hotline.caller("+15550100124").await?;
    caller.dial("4500").await?;
    dee.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    dee.answer().await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.agent("1004", AgentState::Talking).await?;

    // Who waited all the time is served, by whoever serves that queue from here on.
    set(&admin, "queues/sales", "members", json!(["1002"])).await?;
    let mut bob = hotline.ready("1002").await?;
    bob.wait_for("the caller who waited", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    bob.answer().await?;
    waiting.wait_for("the agent", PATIENCE, |event| *event == PhoneEvent::Up).await?;

    // The agent is gone from the configuration, and the talk goes on to its end.
    let (_, tag) = admin.get_tagged("/api/v1/config/queues/night").await?;
    let named = admin.delete_if("/api/v1/config/queues/night", &tag).await.map_err(|error| error.to_string());
    ensure!(named.clone().is_err_and(|refusal| refusal.contains("night.yaml")), "a flow names it: {named:?}");
    let (_, tag) = admin.get_tagged("/api/v1/config/numbers/4500").await?;
    admin.put_if("/api/v1/config/numbers/4500", &json!({ "flow": "straight" }), &tag).await?;
    let (shown, tag) = config(&admin).await?;
    admin.put_if(CONFIG, &json!({ "text": shown.text, "flows": { "night": null } }), &tag).await?;
    let (_, tag) = admin.get_tagged("/api/v1/config/queues/night").await?;
    admin.delete_if("/api/v1/config/queues/night", &tag).await?;
    let (_, tag) = admin.get_tagged("/api/v1/config/agents/1004").await?;
    admin.delete_if("/api/v1/config/agents/1004", &tag).await?;
    watch.agent("1004", AgentState::Talking).await?;
    dee.hang_up().await?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    watch.agent("1004", AgentState::LoggedOut).await?;
    let live: Live = serde_json::from_value(admin.get("/api/v1/live").await?)?;
    ensure!(live.agents.iter().all(|agent| agent.id != "1004"), "{:?}", live.agents);
    ensure!(hotline.registered("1004").await.is_err(), "the phone of nobody is not registered");

    // The number leads elsewhere for the next call.
    let next = hotline.caller("+15550100125").await?;
    next.dial("4500").await?;
    let call = watch.queued("+15550100125").await?;
    ensure!(watch.events().iter().any(|event| event.call.as_ref() == Some(&call)
        && matches!(&event.what, What::CallQueued { queue, .. } if queue == "sales")));

    let before = config(&admin).await?.0;
    hotline.kill().await?;
    hotline.restart().await?;
    let after = config(&hotline.admin().await?).await?.0;
    assert_eq!((after.text, after.version), (before.text, before.version));
    Ok(())
}

#[tokio::test]
async fn a_trunk_that_comes_carries_calls_both_ways_and_a_password_that_changes_counts_at_once() -> Result<()>
{
    let plan = Center::new();
    let outside = plan.addresses().outside();
    let server = std::net::SocketAddr::new(outside, free_port(outside)?);
    let hotline = plan.start().await?;
    let (admin, mut watch) = (hotline.admin().await?, hotline.watch().await?);
    let mut stranger = hotline.stranger("+15550100130").await?;
    stranger.dial("4100").await?;
    stranger.wait_for("a refusal", PATIENCE, |event| matches!(event, PhoneEvent::Failed(_))).await?;

    let peers = json!([hotline.addresses().stranger()]);
    put(
        &admin,
        "trunks/second",
        json!({
            "peers": peers, "servers": [server.to_string()], "identity": "asserted",
            "headers": { "X-Account": "account 7, {caller} to {called}" },
        }),
    )
    .await?;
    put(&admin, "routes", json!([{ "numbers": ["+1*"], "trunks": ["second"], "caller_id": "+15550100" }]))
        .await?;
    stranger.dial("4100").await?;
    watch.queued("+15550100130").await?;

    let mut answers = Sipp::at(server.ip(), "trunk_answers.xml").port(server.port()).listen(&hotline).await?;
    let mut phone = hotline.registered("1001").await?;
    phone.dial("+15550100200").await?;
    phone.wait_for("the answer", PATIENCE, |event| *event == PhoneEvent::Up).await?;
    phone.wait_for("the end", PATIENCE, |event| *event == PhoneEvent::Ended).await?;
    answers.passed().await?;

    watch
        .state("the phone", |live| live.agents.iter().any(|agent| agent.id == "1001" && agent.registered))
        .await?;
    set(&admin, "agents/1001", "sip_password", json!("another-password")).await?;
    watch
        .state("no phone", |live| live.agents.iter().any(|agent| agent.id == "1001" && !agent.registered))
        .await?;
    ensure!(hotline.registered("1001").await.is_err(), "the password before is none any more");
    // Others keep theirs, as the masks of the whole text do.
    hotline.registered("1002").await?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_saved_on_disk_counts_and_one_with_a_mistake_raises_an_alarm() -> Result<()> {
    let hotline = Center::new().start().await?;
    let (admin, mut watch) = (hotline.admin().await?, hotline.watch().await?);
    let file = hotline.directory().join("config/center.yaml");
    let good = std::fs::read_to_string(&file)?;
    std::fs::write(&file, good.replacen("wrap_up_s: 1", "wrap_up_s: one", 1))?;
    let alarm = |event: &hotline_api_types::Event| matches!(&event.what, What::AlarmRaised { alarm } if alarm.detail.contains("center.yaml:"));
    watch.event("the alarm", alarm).await?;
    // The queue comes together with the flow that names it, whichever is saved first.
    std::fs::write(hotline.directory().join("ivr-flows/night.yaml"), NIGHT)?;
    let with_night = good
        .replacen("queues:\n", "queues:\n  night: {name: Night, members: [\"1001\"]}\n", 1)
        .replacen("numbers:\n", "numbers:\n  \"4500\": {flow: night}\n", 1);
    std::fs::write(&file, &with_night)?;
    watch.event("the end of the alarm", |event| matches!(event.what, What::AlarmCleared { .. })).await?;
    let taken = eventually("the new text", async || {
        let config = config(&admin).await?.0;
        Ok(Some(config).filter(|config| config.is_current && config.text.contains("night: {name: Night")))
    })
    .await?;
    assert_eq!(taken.version.context("a version")?.author, "file");
    let caller = hotline.caller(CALLER).await?;
    caller.dial("4500").await?;
    watch.queued(CALLER).await?;
    Ok(())
}

/// Changes center and flow together, the same mark in both, for ever; what is refused or unanswered when the server dies is no
/// matter.
async fn change_on(admin: Client, base: String) {
    for mark in 1.. {
        let Ok((_, tag)) = config(&admin).await else { return };
        let text = format!("{base}# mark {mark}\n");
        let flow = format!("{NIGHT}# mark {mark}\n");
        let body = json!({ "text": text, "flows": { "night": flow } });
        if admin.put_if(CONFIG, &body, &tag).await.is_err() {
            return;
        }
    }
}

fn mark(hotline: &Hotline, file: &str) -> Result<String> {
    let text = std::fs::read_to_string(hotline.directory().join(file))?;
    Ok(text.lines().last().filter(|line| line.starts_with("# mark")).unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_server_that_is_killed_during_changes_has_made_each_wholly_or_not_at_all() -> Result<()> {
    let night = "  night: {name: Night, members: [\"1001\"]}\n";
    let mut hotline = Center::new()
        .file("ivr-flows/night.yaml", NIGHT)
        .edit("config/center.yaml", "queues:\n", &format!("queues:\n{night}"))
        .start()
        .await?;
    for round in 0..4_u64 {
        let admin = hotline.admin().await?;
        let (shown, _) = config(&admin).await?;
        let base: String = shown
            .text
            .lines()
            .filter(|line| !line.starts_with("# mark"))
            .map(|line| format!("{line}\n"))
            .collect();
        let before = shown.version.context("a version")?.version;
        let changing = tokio::spawn(change_on(admin.clone(), base));
        eventually("some changes", async || {
            let version = config(&admin).await?.0.version.context("a version")?.version;
            Ok((version > before + round).then_some(()))
        })
        .await?;
        hotline.kill().await?;
        changing.await?;
        hotline.restart().await?;
        let after = config(&hotline.admin().await?).await?.0;
        ensure!(after.is_current && after.mistakes.is_empty(), "{after:?}");
        ensure!(after.version.context("a version")?.version > before);
        let both = (mark(&hotline, "config/center.yaml")?, mark(&hotline, "ivr-flows/night.yaml")?);
        ensure!(!both.0.is_empty() && both.0 == both.1, "{both:?}");
        let text = std::fs::read_to_string(hotline.directory().join("config/center.yaml"))?;
        ensure!(text.contains(&sip_password("1001")), "masks were put back as passwords");
        ensure!(!hotline.directory().join("config/.change.json").exists());
    }
    Ok(())
}

async fn run(hotline: &Hotline, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.current_dir(hotline.directory()).args(arguments).env_remove("HOTLINE_CONFIG").kill_on_drop(true);
    within("the program to end", async { Ok(command.output().await?) }).await
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

fn replace(path: &Path, from: &str, to: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    ensure!(text.contains(from), "{text}");
    Ok(std::fs::write(path, text.replacen(from, to, 1))?)
}

#[tokio::test]
async fn what_is_exported_can_be_kept_in_git_and_applied_again() -> Result<()> {
    let hotline = Center::new().start().await?;
    let (code, text) = said(&run(&hotline, &["export", "--out", "repo"]).await?);
    assert_eq!(code, Some(0), "{text}");
    let repo = hotline.directory().join("repo");
    let center = std::fs::read_to_string(repo.join("center.yaml"))?;
    ensure!(center.contains("sip_password: \"***\"") && !center.contains(&sip_password("1001")), "{center}");
    ensure!(repo.join("flows/straight.yaml").is_file());
    let (code, text) = said(&run(&hotline, &["apply", "repo"]).await?);
    assert_eq!(code, Some(0), "{text}");
    ensure!(text.contains("nothing to change"), "{text}");

    replace(&repo.join("center.yaml"), "name: sales", "name: Bestellungen")?;
    std::fs::write(repo.join("flows/night.yaml"), NIGHT.replace("name: night", "name: sales"))?;
    let (code, text) = said(&run(&hotline, &["apply", "repo", "--dry-run"]).await?);
    assert_eq!(code, Some(3), "{text}");
    ensure!(text.contains("Bestellungen") && text.contains("+++ flows/night.yaml"), "{text}");
    let admin = hotline.admin().await?;
    ensure!(!config(&admin).await?.0.text.contains("Bestellungen"), "a dry run changes nothing");
    let (code, text) = said(&run(&hotline, &["apply", "repo"]).await?);
    assert_eq!(code, Some(0), "{text}");
    ensure!(text.contains("in force as version 2"), "{text}");
    let (code, text) = said(&run(&hotline, &["apply", "repo"]).await?);
    assert_eq!((code, text.contains("nothing to change")), (Some(0), true), "{text}");
    ensure!(
        std::fs::read_to_string(hotline.directory().join("config/center.yaml"))?
            .contains(&sip_password("1001"))
    );

    replace(&repo.join("center.yaml"), "{flow: straight}", "{flow: strait}")?;
    let (code, text) = said(&run(&hotline, &["apply", "repo"]).await?);
    assert_eq!(code, Some(2), "{text}");
    ensure!(text.contains("repo/center.yaml:") && text.contains("did you mean `straight`?"), "{text}");
    Ok(())
}
