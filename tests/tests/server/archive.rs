//! `hotline recordings`: what an operator finds out of what was recorded, with a server running, killed, and stopped.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context, Result};
use hotline_phone::{PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, binary, eventually, wait_until_heard, within};
use tokio::process::Command;

const CALLER: &str = "+15550100123";

/// Runs `hotline recordings` with one of its tasks beside the server.
async fn recordings(hotline: &Hotline, task: &str) -> Result<(Output, String)> {
    let mut command = Command::new(binary()?);
    command.current_dir(hotline.directory()).args(["recordings", task]).env_remove("HOTLINE_CONFIG");
    let output = within("the program to end", async { Ok(command.output().await?) }).await?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output, said))
}

async fn verify(hotline: &Hotline, code: i32, words: &str) -> Result<()> {
    let (output, said) = recordings(hotline, "verify").await?;
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
    Ok(())
}

/// A call whose two sides talk.
async fn talk(hotline: &Hotline) -> Result<(hotline_phone::Phone, hotline_phone::Phone)> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(CALLER).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    Ok((caller, agent))
}

#[tokio::test]
async fn an_altered_recording_is_found_and_a_running_one_is_let_be() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (caller, agent) = talk(&hotline).await?;
    verify(&hotline, 0, "0 whole, 0 mended, 1 under way, 0 not whole").await?;
    let call = watch.call_of(CALLER).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    drop(agent);
    verify(&hotline, 0, "1 whole").await?;
    let (output, said) = recordings(&hotline, "repair").await?;
    assert_eq!(output.status.code(), Some(1), "not while the server runs: {said}");

    let path = &record.recordings.first().context("a recording")?.path;
    let file = hotline.recordings().join(path);
    let mut bytes = std::fs::read(&file)?;
    bytes[1000] ^= 0x40;
    std::fs::write(&file, bytes)?;
    verify(&hotline, 1, &format!("{path}: altered")).await
}

#[tokio::test]
async fn what_a_kill_cut_off_is_mended_without_a_start() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let (_caller, agent) = talk(&hotline).await?;
    let before = agent.heard().len();
    eventually("two seconds of talk", async || Ok((agent.heard().len() > before + 16_000).then_some(())))
        .await?;
    hotline.kill().await?;
    verify(&hotline, 0, "1 under way").await?;
    let (output, said) = recordings(&hotline, "repair").await?;
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Mended 1 recordings; closed the records of 1 calls."), "{said}");
    verify(&hotline, 0, "0 whole, 1 mended").await?;
    hotline.restart().await?;

    // A loss of power may cut off what no note and no journal calls unfinished.
    hotline.kill().await?;
    let recording = files(&hotline.recordings())?.pop().context("a recording")?;
    let file = std::fs::File::options().write(true).open(&recording)?;
    file.set_len(file.metadata()?.len() - 4000)?;
    verify(&hotline, 1, "cut off").await?;
    let (output, said) = recordings(&hotline, "repair").await?;
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Mended 1 recordings; closed the records of 0 calls."), "{said}");
    verify(&hotline, 0, "0 whole, 1 mended").await?;
    hotline.restart().await
}

/// All recordings below a directory.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "wav") {
            found.push(path);
        }
    }
    Ok(found)
}
