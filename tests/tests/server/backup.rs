//! `hotline backup`, `hotline restore` and `hotline doctor`: what an operator does beside a running server, and after a bad day.

use std::process::Output;

use anyhow::{Context, Result};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, Watch, binary, records, wait_until_heard, within};
use serde_json::Value;
use tokio::process::Command;

const CALLER: &str = "+15550100123";
const SECOND_CALLER: &str = "+15550100124";

async fn run(hotline: &Hotline, arguments: &[&str]) -> Result<(Output, String)> {
    let mut command = Command::new(binary()?);
    command.current_dir(hotline.directory()).args(arguments).env_remove("HOTLINE_CONFIG");
    let output = within("the program to end", async { Ok(command.output().await?) }).await?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output, said))
}

async fn expect(hotline: &Hotline, arguments: &[&str], code: i32, words: &str) -> Result<()> {
    let (output, said) = run(hotline, arguments).await?;
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
    Ok(())
}

async fn talk(hotline: &Hotline, watch: &mut Watch, number: &str) -> Result<(String, Phone, Phone)> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(number).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.call_of(number).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.ring().await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    Ok((call, caller, agent))
}

#[tokio::test]
async fn a_center_comes_back_as_it_was_when_it_was_backed_up() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let (first, caller, agent) = talk(&hotline, &mut watch, CALLER).await?;
    caller.hang_up().await?;
    let record = watch.over(&first).await?;
    drop(agent);
    // The second call is up while the backup is written.
    let (second, caller, agent) = talk(&hotline, &mut watch, SECOND_CALLER).await?;
    expect(&hotline, &["backup", "night.tar.gz"], 0, "It holds passwords").await?;
    expect(&hotline, &["backup", "night.tar.gz"], 1, "is there already").await?;
    expect(&hotline, &["restore", "night.tar.gz", "--check"], 0, "is whole").await?;
    expect(&hotline, &["restore", "night.tar.gz", "--replace"], 1, "in use by another server").await?;
    caller.hang_up().await?;
    watch.over(&second).await?;
    drop(agent);
    let audit = watch.client().get("/api/v1/audit?action=backup.create").await?;
    assert_eq!(audit["entries"].as_array().context("rows")?.len(), 1, "{audit}");

    hotline.kill().await?;
    expect(&hotline, &["restore", "night.tar.gz"], 1, "--replace").await?;
    let recording = hotline.recordings().join(&record.recordings.first().context("a recording")?.path);
    let sound = std::fs::read(&recording)?;
    std::fs::remove_file(&recording)?;
    expect(&hotline, &["restore", "night.tar.gz", "--replace"], 0, "Restored: ").await?;
    assert_eq!(std::fs::read(&recording)?, sound);
    hotline.restart().await?;
    let watch = hotline.watch().await?;
    let records = records(watch.client()).await?;
    let ended =
        |call: &str| records.iter().find(|record| record.id == call).and_then(|record| record.cause.clone());
    assert_eq!(ended(&first).map(|cause| cause.kind), record.cause.map(|cause| cause.kind));
    // The one that was up then is closed as what it was: a call that somebody's server did not survive.
    assert_eq!(ended(&second).context("closed")?.kind, hotline_api_types::EndKind::ServerRestart);
    expect(&hotline, &["audit", "verify"], 0, "is whole").await?;
    expect(&hotline, &["recordings", "verify"], 0, "0 not whole").await
}

async fn doctor(hotline: &Hotline) -> Result<Vec<(String, String, String)>> {
    let (_, said) = run(hotline, &["doctor", "--json"]).await?;
    let end = said.rfind(']').with_context(|| said.clone())?;
    let findings: Value = serde_json::from_str(&said[..=end])?;
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = findings.as_array().context("a list")?.iter();
    Ok(findings.map(|one| (text(one, "subject"), text(one, "verdict"), text(one, "says"))).collect())
}

#[tokio::test]
async fn the_doctor_finds_a_running_server_its_phones_and_taken_ports() -> Result<()> {
    let mut hotline = Center::new().start().await?;
    let _agent = hotline.ready("1001").await?;
    expect(&hotline, &["doctor", "--health"], 0, "").await?;
    let findings = doctor(&hotline).await?;
    let bad: Vec<_> = findings.iter().filter(|(_, verdict, _)| verdict == "bad").collect();
    assert!(bad.is_empty(), "{bad:?}");
    let says = |subject: &str| {
        let found = findings.iter().find(|(of, _, _)| of.starts_with(subject));
        found.map_or_else(|| panic!("{subject} among {findings:?}"), |(_, _, says)| says.clone())
    };
    assert!(says("server").contains("is well"));
    assert_eq!(says("SIP over UDP"), "the server answers (200)");
    assert!(says("database files").starts_with("whole"));
    assert!(says("phones").contains("1 of "), "{}", says("phones"));

    let (sip, http) = (hotline.sip(), hotline.http());
    hotline.kill().await?;
    expect(&hotline, &["doctor", "--health"], 1, "no server answers").await?;
    let _taken = std::net::UdpSocket::bind(sip)?;
    let findings = doctor(&hotline).await?;
    let verdict = |subject: &str| {
        let found = findings.iter().find(|(of, _, _)| of.starts_with(subject));
        found.map_or_else(|| panic!("{subject} among {findings:?}"), |(_, verdict, _)| verdict.clone())
    };
    assert_eq!(verdict("SIP over UDP"), "bad");
    assert_eq!(verdict(&format!("pages and API at {http}")), "good");
    Ok(())
}
