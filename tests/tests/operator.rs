//! Starting twice, stopping twice, taking the demonstration away, starting again after a crash.

use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result};
use hotline_api_types::{EndKind, RecordingState};
use hotline_call::{CallEvent, Event, EventKind};
use hotline_phone::{PhoneEvent, Speech};
use hotline_store::Store;
use hotline_tests::{Center, Hotline, PATIENCE, binary, eventually, hears, listen, wait_until_heard, within};
use tokio::process::Command;

const CALLER: &str = "+15550100123";

/// Starts the program in a directory where it should end by itself; what it said when it ended.
async fn refused_start(directory: &Path) -> Result<String> {
    let mut command = Command::new(binary()?);
    command.current_dir(directory).env_remove("HOTLINE_CONFIG").kill_on_drop(true);
    let output: Output = within("the program to end", async { Ok(command.output().await?) }).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let words: Vec<&str> = said.lines().filter(|line| line.starts_with("hotline: ")).collect();
    let [line] = words.as_slice() else { panic!("one line was expected: {said}") };
    Ok((*line).to_owned())
}

fn replace(hotline: &Hotline, file: &str, change: impl FnOnce(&str) -> String) -> Result<()> {
    let path = hotline.directory().join(file);
    let text = std::fs::read_to_string(&path)?;
    let changed = change(&text);
    anyhow::ensure!(changed != text, "{file} has not changed");
    Ok(std::fs::write(path, changed)?)
}

#[tokio::test]
async fn a_second_start_says_what_is_in_use_and_harms_no_recording() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(CALLER).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;

    let line = refused_start(hotline.directory()).await?;
    assert!(line.contains(&hotline.sip().to_string()), "{line}");
    // At other ports only the files are the same.
    let (sip, http) = (hotline.sip().to_string(), hotline.http().to_string());
    let anywhere = format!("{}:0", hotline.sip().ip());
    replace(&hotline, "config/hotline.yaml", |text| text.replace(&sip, &anywhere).replace(&http, &anywhere))?;
    let line = refused_start(hotline.directory()).await?;
    assert!(line.contains("recordings") && line.contains("in use by another server"), "{line}");

    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.recordings[0].state, RecordingState::Finished, "{record:?}");
    let sound = listen(watch.client(), &call).await?;
    assert!(hears(&sound.customer, 440.0) && hears(&sound.agent, 1000.0));
    Ok(())
}

#[tokio::test]
async fn published_passwords_go_with_the_demonstration() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let signed_in = hotline.admin().await?;
    hotline.desk("1001").await?;
    hotline.terminate()?;
    assert!(hotline.ended().await?.success());

    // The harness writes the section last.
    replace(&hotline, "config/center.yaml", |text| {
        text.split_once("\ndemo:").map_or(String::new(), |(center, _)| format!("{center}\n"))
    })?;
    hotline.restart().await?;
    assert!(hotline.admin().await.is_err(), "the administrator's password was published");
    assert!(hotline.desk("1001").await.is_err(), "the agent's password was published");
    assert!(signed_in.get("/api/v1/live").await.is_err(), "the token was made with a published password");
    let output = hotline.output();
    let (_, password) = output.split_once("sign in as `admin` with the password ").context(output.clone())?;
    let password = password.lines().next().unwrap_or_default();
    // It is the right one, and must be changed before it is good for more.
    let first = hotline_api_client::Client::sign_in(hotline.http(), "admin", password).await;
    let refusal = first.expect_err("a program cannot go on with it").to_string();
    assert!(refusal.contains("password_change_required"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_second_signal_hangs_up_and_says_so_in_the_record() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4000").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(CALLER).await?;
    hotline.terminate()?;
    eventually("the server to say that it stops", async || {
        Ok(hotline.output().contains("draining").then_some(()))
    })
    .await?;
    hotline.terminate()?;
    caller.expect(&PhoneEvent::Ended, PATIENCE).await?;
    assert!(hotline.ended().await?.success());
    hotline.restart().await?;
    let record = hotline_tests::record_of(&hotline.admin().await?, &call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, EndKind::Shutdown);
    Ok(())
}

#[tokio::test]
async fn after_a_crash_no_number_names_another_event_and_places_in_line_are_not_kept() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    hotline.set_state("1001", "not_ready").await?;
    let mut watch = hotline.watch().await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    watch.queued(CALLER).await?;
    let is_position = |what: &hotline_api_types::What| {
        matches!(what, hotline_api_types::What::CallPosition { position: 1, .. })
    };
    let seen = watch.event("the place in line", |event| is_position(&event.what)).await?.seq;
    let database = hotline.directory().join("data/hotline.db");
    let store = Store::open(&format!("sqlite://{}", database.display())).await?;
    let kept = async |wanted: fn(&CallEvent) -> bool| -> Result<Option<u64>> {
        let of_call = |event: &Event| matches!(&event.kind, EventKind::Call { what, .. } if wanted(what));
        Ok(store.events_after(0, 1000).await?.into_iter().find(of_call).map(|event| event.seq))
    };
    eventually("the journal", async || kept(|what| matches!(what, CallEvent::Queued { .. })).await).await?;
    hotline.kill().await?;
    hotline.restart().await?;
    let ended = kept(|what| matches!(what, CallEvent::Ended { .. })).await?.context("the call is closed")?;
    assert!(ended > seen + 50_000, "{seen} was seen, {ended} comes after");
    let live = hotline.admin().await?.get("/api/v1/live").await?;
    assert!(live["seq"].as_u64() >= Some(ended), "{ended} is followed by {}", live["seq"]);
    assert_eq!(kept(|what| matches!(what, CallEvent::Position { .. })).await?, None);
    Ok(())
}
