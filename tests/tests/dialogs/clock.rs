//! What takes as long as a standard says: refreshes of sessions and their end without any (RFC 4028), re-INVITEs that cross
//! (RFC 3261 §14), answers that nobody acknowledges (§13.3.1.4). All at one server and at the same time, as each takes up to a
//! minute.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotline_api_types::{EndKind, Record};
use hotline_tests::{Center, Hotline, Sipp, SippRun, Watch};

use crate::{kind, nothing_is_left};

/// Longer than the longest of them: a session of 90 s without a refresh ends after 60 s.
const LONG: Duration = Duration::from_secs(90);
/// Repetitions of an answer in 32 s are ten; a busy machine sends fewer.
const REPETITIONS_MIN: usize = 5;

fn carrier(hotline: &Hotline, scenario: &str, caller: &str) -> Result<SippRun> {
    Sipp::carrier(hotline, scenario).key("caller", caller).dialling("4100").timeout(LONG).start(hotline)
}

async fn agent(hotline: &Hotline, agent: &str, scenario: &str) -> Result<SippRun> {
    let run = Sipp::agent(hotline, agent, scenario).await?.timeout(LONG).listen(hotline).await?;
    hotline.set_state(agent, "ready").await?;
    Ok(run)
}

async fn record(watch: &mut Watch, caller: &str) -> Result<Record> {
    let call = watch.call_of(caller).await?;
    watch.over(&call).await
}

#[tokio::test]
async fn sessions_are_refreshed_and_end_when_refreshes_and_acknowledgements_stay_away() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut meets = agent(&hotline, "1001", "agent_meets_refresh.xml").await?;
    let mut stops = agent(&hotline, "1002", "agent_stops_refreshing.xml").await?;
    let (met, stopped) = (hotline.caller("+15550100001").await?, hotline.caller("+15550100002").await?);
    met.dial("1001").await?;
    stopped.dial("1002").await?;
    watch.agent("1001", hotline_api_types::AgentState::Talking).await?;
    watch.agent("1002", hotline_api_types::AgentState::Talking).await?;
    // They wait in the queue all the while.
    let mut refreshes = carrier(&hotline, "carrier_refreshes.xml", "+15550100003")?;
    let mut refreshed = carrier(&hotline, "carrier_is_refreshed.xml", "+15550100004")?;
    let mut silent = carrier(&hotline, "carrier_never_acks.xml", "+15550100005")?;

    silent.passed().await?;
    let answers = silent.messages().matches("\nSIP/2.0 200 OK").count();
    ensure!(answers >= REPETITIONS_MIN, "the 200 was sent {answers} times:\n{}", silent.messages());
    refreshed.passed().await?;
    meets.passed().await.context("glare")?;
    stops.passed().await?;
    refreshes.passed().await?;
    for (caller, expected) in [
        ("+15550100001", EndKind::Completed),
        ("+15550100002", EndKind::SessionExpired),
        ("+15550100003", EndKind::SessionExpired),
        ("+15550100004", EndKind::Abandoned),
        ("+15550100005", EndKind::Unreachable),
    ] {
        let record = record(&mut watch, caller).await?;
        assert_eq!(kind(&record), Some(expected), "{caller}");
    }
    nothing_is_left(&hotline).await
}
