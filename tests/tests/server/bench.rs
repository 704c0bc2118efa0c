//! `hotline bench sip`: what an operator measures on the own machine.

use std::path::Path;
use std::process::Output;

use anyhow::Result;
use hotline_tests::{Center, binary, within};
use serde_json::Value;
use tokio::process::Command;

/// Runs the program to its end in `directory`; what it needs for a while goes to `files`.
async fn bench(directory: &Path, files: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.current_dir(directory).args(["bench", "sip"]).args(arguments);
    command.env_remove("HOTLINE_CONFIG").env("TMPDIR", files).kill_on_drop(true);
    within("the program to end", async { Ok(command.output().await?) }).await
}

#[tokio::test]
async fn calls_at_a_steady_rate_are_counted_and_timed_and_nothing_is_left_behind() -> Result<()> {
    let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
    let arguments = ["--rate", "10,20", "--seconds", "1", "--agents", "12", "--pages", "2", "--json"];
    let output = bench(center.path(), files.path(), &arguments).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let rates = result["rates"].as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(rates.len(), 2, "{result:#}");
    for (measured, rate) in rates.iter().zip([10, 20]) {
        assert_eq!(measured["rate"], rate, "{result:#}");
        assert_eq!(measured["offered"], rate, "{result:#}");
        assert_eq!(measured["completed"], rate, "{result:#}");
        assert_eq!(measured["failed"], 0, "{result:#}");
        assert_eq!(measured["journal_entries_lost"], 0, "{result:#}");
        assert_eq!(measured["recordings_failed"], 0, "{result:#}");
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("a number: {result:#}"));
        // A call costs some of a processor, and less than all of it.
        let cpu_ms = number(&measured["cpu_ms_per_call"]);
        assert!(cpu_ms > 0.1 && cpu_ms < 2000.0, "{result:#}");
        assert!(number(&measured["memory_kib"]) > 1000.0, "{result:#}");
        for times in [&measured["invite_to_agent"], &measured["invite_to_200"]] {
            let of = |name: &str| number(&times[name]);
            let sorted = [0.0, of("p50_ms"), of("p90_ms"), of("p99_ms"), of("max_ms")];
            assert!(sorted[1] > 0.0 && sorted.is_sorted(), "{result:#}");
        }
    }
    assert_eq!(result["required"]["rate"], 400);
    assert_eq!(result["required_met"], false, "it was not measured: {result:#}");
    let left = std::fs::read_dir(files.path())?.count();
    assert_eq!(left, 0, "files are left in {}", files.path().display());
    Ok(())
}

#[tokio::test]
async fn what_is_required_must_be_measured() -> Result<()> {
    let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
    let output = bench(center.path(), files.path(), &["--rate", "10", "--require"]).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("400 calls a second"), "{said}");
    Ok(())
}
