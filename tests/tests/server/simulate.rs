//! `hotline simulate`: a day of the configured center, from the built program.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result};
use hotline_tests::{Center, binary};
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(120);

const SCENARIO: &str = r#"
callers:
  - queue: QUEUE
    profile: {"09:00": 20}
    until: "10:00"
    patience: {exponential: {mean_s: 60}}
    talk: {exponential: {mean_s: 90}}
agents:
  - {queue: QUEUE, shift: "09:00-10:00"}
"#;

async fn simulate(directory: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command
        .current_dir(directory)
        .arg("simulate")
        .args(arguments)
        .env_remove("HOTLINE_CONFIG")
        .kill_on_drop(true);
    Ok(timeout(PATIENCE, command.output()).await.context("waited for the program to end")??)
}

#[tokio::test]
async fn a_day_of_the_configured_center_is_told_journalled_and_can_be_repeated() -> Result<()> {
    let center = Center::new().write()?;
    let write =
        |name: &str, queue: &str| std::fs::write(center.path().join(name), SCENARIO.replace("QUEUE", queue));
    write("day.yaml", "sales")?;
    write("wrong.yaml", "sails")?;
    let mut journals = Vec::new();
    for journal in ["first.jsonl", "again.jsonl"] {
        let output = simulate(center.path(), &["day.yaml", "--seed", "3", "--journal", journal]).await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        for told in ["SL5", "09:15", "calls a second, seed 3", "answered in time / (answered + abandoned)"] {
            assert!(said.contains(told), "{told}\n{said}");
        }
        journals.push(std::fs::read_to_string(center.path().join(journal))?);
    }
    assert!(journals[0].lines().count() > 100 && journals[0] == journals[1]);
    let two =
        simulate(center.path(), &["day.yaml", "--level", "acd", "--with", "config/hotline.yaml"]).await?;
    let said = String::from_utf8_lossy(&two.stdout).into_owned();
    assert!(two.status.success() && said.contains("config/hotline.yaml"), "{said}");
    let wrong = simulate(center.path(), &["wrong.yaml"]).await?;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("there is no queue `sails`") && said.contains("did you mean `sales`?"), "{said}");
    Ok(())
}
