//! Calls over a network that loses three of ten datagrams in each direction: from a carrier to agents' phones, both lossy.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotline_api_types::{AgentState, What};
use hotline_tests::{Center, Hotline, Queue, Sipp, SippRun, free_port, records};
use serde_json::json;

use crate::{CARRIER, carrier, kind, nothing_is_left_after};

/// Of a hundred datagrams.
const LOST: u32 = 30;
const CALLS: u32 = 60;
const AGENTS: usize = 12;
/// An answer that nobody acknowledges is given up after 32 s, and each call waits for an agent before.
const LONG: Duration = Duration::from_secs(120);

/// All agents' phones at one port; registered over a good network, and bad from then on.
async fn phones(hotline: &Hotline) -> Result<SippRun> {
    let address = hotline.addresses().phones();
    let port = free_port(address)?;
    for agent in agents() {
        Sipp::at(address, "register.xml").port(port).user(&agent).run(hotline).await?;
    }
    // More than will come: it is ended with the test.
    let phones = Sipp::at(address, "lossy_agent.xml").port(port).calls(100 * CALLS).losing(LOST);
    phones.timeout(LONG).listen(hotline).await
}

fn agents() -> impl Iterator<Item = String> {
    (1001..).take(AGENTS).map(|agent: u32| agent.to_string())
}

#[tokio::test]
async fn every_call_over_a_network_that_loses_datagrams_comes_to_an_end() -> Result<()> {
    let queue = |sales: Queue| sales.music_only().wrap_up_s(0);
    let hotline = Center::new().agents(AGENTS).sales(queue).start().await?;
    let _phones = phones(&hotline).await?;
    let admin = hotline.admin().await?;
    let is_ready = json!({ "state": "ready" });
    let mut watch = hotline.watch().await?;
    for agent in agents() {
        admin.put(&format!("/api/v1/agents/{agent}/state"), &is_ready).await?;
    }
    watch.agent("1012", AgentState::Ready).await?;
    let mut callers = carrier(&hotline, "lossy_carrier.xml", "4100").calls(CALLS).losing(LOST);
    callers = callers.argument("-r").argument("5").timeout(LONG);
    let mut callers = callers.start(&hotline)?;
    // Agents whose phone lost an offer are set to not ready.
    loop {
        watch.from_here();
        let gave_up = watch.event("an agent who gave up", |event| {
            matches!(&event.what, What::AgentChanged { agent } if agent.state == AgentState::NotReady)
        });
        tokio::select! {
            ended = callers.ended() => {
                ended?;
                break;
            }
            Ok(event) = gave_up => {
                let What::AgentChanged { agent } = event.what else { unreachable!("waited for it") };
                admin.put(&format!("/api/v1/agents/{}/state", agent.id), &is_ready).await?;
            }
        }
    }
    nothing_is_left_after(&hotline, LONG).await?;

    let records = records(&admin).await?;
    let mut ends = BTreeMap::<String, u32>::new();
    for record in &records {
        ensure!(record.caller == CARRIER, "a call of nobody: {record:?}");
        let kind = kind(record).with_context(|| format!("{record:?} has no end"))?;
        *ends.entry(format!("{kind:?}")).or_default() += 1;
    }
    let talked = records.iter().filter(|record| record.agent.is_some()).count();
    eprintln!("{} calls, {talked} talks, {ends:?}", records.len());
    // An INVITE that was lost seven times has left nothing. SIPp sends no second ACK, as a real phone would: some
    // callers give up.
    ensure!(records.len() >= 50 && talked >= records.len() / 2, "{talked} talks, {ends:?}");
    Ok(())
}
