//! What the person who runs the server is told when something is wrong with files, ports or disks.

use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result};
use hotline_phone::{Phone, PhoneEvent, Speech};
use hotline_tests::{Center, Hotline, PATIENCE, Watch, binary, root, wait_until_heard, within};
use tokio::process::Command;

/// Runs the program to its end in the center's directory.
async fn run(directory: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(binary()?);
    command.current_dir(directory).args(arguments).env_remove("HOTLINE_CONFIG").kill_on_drop(true);
    within("the program to end", async { Ok(command.output().await?) }).await
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starting with a mistake in `file` ends with code 2 and names the place and the remedy.
async fn mistake(center: Center, place: &str, words: &[&str]) -> Result<()> {
    let directory = center.write()?;
    for arguments in [&[][..], &["check"][..]] {
        let output = run(directory.path(), arguments).await?;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(place), "{arguments:?} does not name {place}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?} does not say `{word}`: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mistake_in_the_servers_file_is_shown_with_its_place() -> Result<()> {
    let center = Center::new().edit("config/hotline.yaml", "ports: 20000-20999", "ports: 9-8");
    mistake(center, "config/hotline.yaml:5:10", &["9-8", "FIRST-LAST"]).await
}

#[tokio::test]
async fn a_mistake_in_the_centers_file_is_shown_with_its_place_and_what_was_meant() -> Result<()> {
    let center = Center::new().edit("config/center.yaml", "{flow: straight}", "{flow: strait}");
    mistake(center, "config/center.yaml:9:18", &["strait", "did you mean `straight`?"]).await
}

#[tokio::test]
async fn a_mistake_in_a_flow_is_shown_with_its_place() -> Result<()> {
    let center = Center::new().edit("ivr-flows/straight.yaml", "{then: sales}", "{then: sale}");
    mistake(center, "ivr-flows/straight.yaml:7:20", &["sale", "sales"]).await
}

/// A file that cannot be read keeps none of the others from being judged.
#[tokio::test]
async fn mistakes_of_all_flows_of_a_folder_are_shown_at_once() -> Result<()> {
    let unread = "flow: one\nlanguages: [en]\nstart: a\nsteps:\n  a: {sya: {prompts: [x]}}\n";
    let wrong = "flow: two\nlanguages: [en]\nstart: a\nsteps:\n  a: {say: {prompts: [greting], then: b}}\n  \
                 b: {goto: c}\n  c: {goto: b}\n";
    let directory = Center::new().file("drafts/one.yaml", unread).file("drafts/two.yaml", wrong).write()?;
    let output = run(directory.path(), &["check", "drafts"]).await?;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for wanted in [
        "drafts/one.yaml:5:7: unknown kind of step `sya`",
        "drafts/two.yaml:5:23: no prompt `greting`",
        "run in a circle",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("center.yaml"), "drafts need not have the flows of the center's numbers: {said}");
    let schema = run(directory.path(), &["schema", "ivr"]).await?;
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout)?;
    assert_eq!(schema["title"], "Hotline IVR flow");
    Ok(())
}

#[tokio::test]
async fn text_that_is_no_yaml_is_shown_with_its_place() -> Result<()> {
    let center = Center::new().edit("config/center.yaml", "trunks:", "trunks: [\n\t");
    mistake(center, "config/center.yaml:", &[]).await
}

#[tokio::test]
async fn every_mistake_of_every_file_is_shown_at_once() -> Result<()> {
    let center = Center::new()
        .edit("config/center.yaml", "{flow: straight}", "{flow: strait}")
        .edit("config/center.yaml", "ring_timeout_s: 10", "ring_timeout_s: 1")
        .edit("ivr-flows/second.yaml", "hangup: {cause: normal}", "hangup: {cause: bored}");
    mistake(center, "config/center.yaml:", &["strait", "ring_timeout_s", "ivr-flows/second.yaml:", "bored"])
        .await
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() -> Result<()> {
    let directory = Center::new().write()?;
    std::fs::remove_file(directory.path().join("config/center.yaml"))?;
    let output = run(directory.path(), &[]).await?;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("config/center.yaml"), "{}", said(&output));
    Ok(())
}

#[tokio::test]
async fn a_good_configuration_passes_the_check() -> Result<()> {
    let directory = Center::new().write()?;
    let output = run(directory.path(), &["check"]).await?;
    assert!(output.status.success(), "{}", said(&output));
    Ok(())
}

/// The tests of flow `straight`, of which the second is wrong.
const FLOW_TESTS: &str = "flow: straight
tests:
  - name: a caller waits for sales
    steps: [queued: sales, queue: full]
    ends: {hangup: normal}
  - name: a caller waits for support
    steps: [queued: support]
";

#[tokio::test]
async fn tests_beside_flows_are_run_and_those_that_fail_are_explained() -> Result<()> {
    let directory = Center::new().file("ivr-flows/straight.test.yaml", FLOW_TESTS).write()?;
    let good = run(directory.path(), &["test", "--filter", "waits for sales"]).await?;
    assert!(good.status.success(), "{}", said(&good));

    let failing = run(directory.path(), &["test", "--coverage", "--junit", "result.xml"]).await?;
    assert_eq!(failing.status.code(), Some(1), "{}", said(&failing));
    let report = String::from_utf8_lossy(&failing.stdout);
    for words in [
        "ivr-flows/straight.test.yaml:7:13: test `a caller waits for support` failed",
        "expected: the call waits in queue support",
        "happened: the call waits in queue sales",
        "no test reaches step `sales`: exit `timeout`",
    ] {
        assert!(report.contains(words), "`{words}` is not in: {report}");
    }
    let junit = std::fs::read_to_string(directory.path().join("result.xml"))?;
    assert!(junit.contains("name=\"a caller waits for support\"") && junit.contains("<failure "), "{junit}");
    Ok(())
}

/// One clear line on the terminal that has all these words.
fn one_line(output: &Output, words: &[&str]) {
    let said = said(output);
    assert!(!output.status.success() && output.status.code().is_some(), "{said}");
    let line = said.lines().find(|line| line.starts_with("hotline: ")).unwrap_or_default();
    assert!(words.iter().all(|word| line.contains(word)), "{words:?} are not in one line: {said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_port_that_another_server_uses_is_named() -> Result<()> {
    let hotline = Center::new().start().await?;
    let (sip, http) = (hotline.sip().to_string(), hotline.http().to_string());
    for (center, port) in [(with_listen(0, &sip), &sip), (with_listen(1, &http), &http)] {
        let output = run(center?.path(), &[]).await?;
        one_line(&output, &[port.as_str()]);
    }
    Ok(())
}

/// A center whose SIP (0) or HTTP (1) listens at `address`.
fn with_listen(which: usize, address: &str) -> Result<tempfile::TempDir> {
    let directory = Center::new().write()?;
    let path = directory.path().join("config/hotline.yaml");
    let text = std::fs::read_to_string(&path)?;
    let place = text.match_indices(":0\n").nth(which).context("a port")?.0;
    let start = text[..place].rfind(' ').context("an address")? + 1;
    std::fs::write(&path, format!("{}{address}{}", &text[..start], &text[place + 2..]))?;
    Ok(directory)
}

#[tokio::test]
async fn a_directory_for_recordings_that_cannot_be_written_is_named() -> Result<()> {
    let center = Center::new().file("recordings", "a file where the directory should be");
    one_line(&run(center.write()?.path(), &[]).await?, &["recordings"]);
    let center =
        Center::new().edit("config/hotline.yaml", "recordings: recordings", "recordings: /proc/recordings");
    one_line(&run(center.write()?.path(), &[]).await?, &["/proc/recordings"]);
    Ok(())
}

#[tokio::test]
async fn a_demonstration_center_is_not_shown_to_the_world() -> Result<()> {
    let directory = Center::new().write()?;
    let path = directory.path().join("config/hotline.yaml");
    let text = std::fs::read_to_string(&path)?;
    let text = text.replacen("listen: 127.", "external: 192.0.2.1:5060\n  listen: 0.0.0.0:0 # ", 1);
    std::fs::write(&path, text)?;
    let output = run(directory.path(), &[]).await?;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("sip.listen") && said(&output).contains("loopback"), "{}", said(&output));
    Ok(())
}

async fn connected(hotline: &Hotline, watch: &mut Watch, number: &str) -> Result<(Phone, Phone, String)> {
    let mut agent = hotline.ready("1001").await?;
    let mut caller = hotline.caller(number).await?;
    caller.dial("4100").await?;
    caller.expect(&PhoneEvent::Up, PATIENCE).await?;
    let call = watch.queued(number).await?;
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await?;
    caller.say(Speech::tone(440.0)).await?;
    wait_until_heard(&agent, 440.0).await?;
    Ok((caller, agent, call))
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_leaves_the_call_alone_and_raises_an_alarm() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    // Whatever day it is: a file stands where the directory of the year has to be made.
    let year =
        watch.client().get("/api/v1/live").await?["at"].as_str().context("at")?.split_at(4).0.to_owned();
    std::fs::create_dir_all(hotline.recordings())?;
    std::fs::write(hotline.recordings().join(year), "in the way")?;
    let (caller, agent, call) = connected(&hotline, &mut watch, "+15550100123").await?;
    watch.state("an alarm", |live| live.alarms.iter().any(|alarm| alarm.kind == "recording_failed")).await?;
    let live = watch.client().get("/api/v1/live").await?;
    assert_eq!(live["alarms"][0]["kind"], "recording_failed", "{live}");
    // The call goes on.
    caller.forget_heard();
    agent.say(Speech::tone(1000.0)).await?;
    wait_until_heard(&caller, 1000.0).await?;
    caller.hang_up().await?;
    let record = watch.over(&call).await?;
    assert_eq!(record.cause.context("a cause")?.kind, hotline_api_types::EndKind::Completed);
    assert_eq!(record.recordings.len(), 1, "the failure is on record: {:?}", record.recordings);
    assert_eq!(record.recordings[0].state, hotline_api_types::RecordingState::Failed);
    watch.agrees_with_live().await
}

#[tokio::test]
async fn the_demonstration_succeeds_by_itself() -> Result<()> {
    let output = run(&root(), &["demo", "--alone"]).await?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", said(&output));
    for words in ["INVITE", "Call record", "Recording", "customer │"] {
        assert!(told.contains(words), "it does not show `{words}`: {told}");
    }
    Ok(())
}
