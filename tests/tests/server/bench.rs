//! `hotline bench`: what an operator measures on the own machine.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use hotline_tests::{Center, binary, eventually};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

/// Several servers one after the other, each started, called, and left to drain.
const PATIENCE: Duration = Duration::from_secs(200);

/// Runs the program to its end in `directory`; what it needs for a while goes to `files`.
async fn bench(directory: &Path, files: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.current_dir(directory).arg("bench").args(arguments);
    command.env_remove("HOTLINE_CONFIG").env("TMPDIR", files).kill_on_drop(true);
    Ok(timeout(PATIENCE, command.output()).await.context("waited for the program to end")??)
}

#[tokio::test]
async fn calls_at_a_steady_rate_are_counted_and_timed_and_nothing_is_left_behind() -> Result<()> {
    let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
    let arguments = ["sip", "--rate", "10,20", "--seconds", "1", "--agents", "12", "--pages", "2", "--json"];
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

/// The two marks between which a page is written.
const PAGE: &str = "# Speed\n\n<!-- hotline bench media: begin; what stands here is written by `hotline bench media --write` -->\n\
                    superseded\n<!-- hotline bench media: end -->\n\nthe rest\n";

#[tokio::test]
async fn calls_are_heard_at_their_far_side_whatever_is_done_with_them_and_the_page_says_what_they_cost()
-> Result<()> {
    let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
    std::fs::write(center.path().join("speed.md"), PAGE)?;
    let parts = "relay,recorded,transcoded,music";
    let times = ["--calls", "3", "--seconds", "1", "--settle", "2"];
    let arguments = [&["media", "--only", parts, "--write", "speed.md", "--json"], &times[..]].concat();
    let output = bench(center.path(), files.path(), &arguments).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let runs = result["runs"].as_array().map_or(&[][..], Vec::as_slice);
    let scenes: Vec<&str> = runs.iter().filter_map(|run| run["scene"].as_str()).collect();
    assert_eq!(scenes, ["forwarder", "relay", "recorded", "transcoded", "sender", "music"], "{result:#}");
    for run in runs {
        let number = |name: &str| run[name].as_f64().unwrap_or_else(|| panic!("{name}: {run:#}"));
        let legs =
            if ["sender", "music"].contains(&run["scene"].as_str().context("a scene")?) { 3.0 } else { 6.0 };
        // 50 a second; how many exactly depends on how soon this machine lets everybody have a turn.
        let about = legs * 30.0..legs * 70.0;
        assert!(
            about.contains(&number("packets_sent")) && about.contains(&number("packets_heard")),
            "{run:#}"
        );
        assert_eq!((number("packets_lost"), number("packets_wrong")), (0.0, 0.0), "{run:#}");
        assert!(number("cpu_ms_per_call_s") < 2000.0 && number("threads") >= 1.0, "{run:#}");
        let is_timed = ["forwarder", "relay", "recorded", "transcoded"]
            .contains(&run["scene"].as_str().context("a scene")?);
        assert_eq!(run["delay"]["p50_ms"].as_f64().is_some_and(|delay| delay > 0.0), is_timed, "{run:#}");
    }
    let page = std::fs::read_to_string(center.path().join("speed.md"))?;
    assert!(
        page.starts_with("# Speed\n") && page.ends_with("\n\nthe rest\n") && !page.contains("superseded"),
        "{page}"
    );
    assert!(page.contains("| bridged, recorded | 3 |"), "{page}");
    let left = std::fs::read_dir(files.path())?.count();
    assert_eq!(left, 0, "files are left in {}", files.path().display());
    Ok(())
}

/// The processes that a process has started.
fn children(pid: u32) -> Result<Vec<String>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let of_thread = std::fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(of_thread.split_whitespace().map(str::to_owned));
    }
    Ok(children)
}

/// In the middle of a row that would take a minute: of the bare forwarder, and of a server with calls.
#[tokio::test]
async fn who_interrupts_a_measurement_waits_for_nothing_and_finds_nothing_left() -> Result<()> {
    let media = ["media", "--only", "recorded", "--calls", "2", "--seconds", "60"];
    let sip = ["sip", "--rate", "2", "--seconds", "60", "--agents", "4", "--pages", "1"];
    for (arguments, signal) in [(&media[..], "-TERM"), (&sip, "-TERM"), (&sip, "-INT")] {
        let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
        let mut command = Command::new(binary()?);
        command.current_dir(center.path()).env_remove("HOTLINE_CONFIG").env("TMPDIR", files.path());
        command.arg("bench").args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut said = BufReader::new(child.stderr.take().context("stderr is a pipe")?).lines();
        let pid = child.id().context("it runs")?;
        let of_its_own = eventually("a process of its own", async || {
            let children = children(pid)?;
            Ok((!children.is_empty()).then_some(children))
        })
        .await?;
        if arguments == sip {
            // Said when the server is up; the calls begin when they have.
            while !said.next_line().await?.context("it goes on")?.contains("registering") {}
        }
        let told = Command::new("kill").args([signal, &pid.to_string()]).status().await?;
        assert!(told.success());
        let status = timeout(Duration::from_secs(10), child.wait()).await.context("it ends at once")??;
        assert_eq!(status.code(), Some(1), "what was interrupted has failed");
        let lives = |pid: &String| Path::new(&format!("/proc/{pid}/exe")).exists();
        eventually("its own to be gone", async || Ok((!of_its_own.iter().any(lives)).then_some(()))).await?;
        assert_eq!(std::fs::read_dir(files.path())?.count(), 0, "files are left");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_required_must_be_measured() -> Result<()> {
    let (center, files) = (Center::new().write()?, tempfile::tempdir()?);
    let output = bench(center.path(), files.path(), &["media", "--calls", "100", "--require"]).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("400 calls"), "{said}");
    let output = bench(center.path(), files.path(), &["sip", "--rate", "10", "--require"]).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("400 calls a second"), "{said}");
    Ok(())
}
