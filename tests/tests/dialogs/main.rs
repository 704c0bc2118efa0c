//! Dialogs as carriers and phones of other makers lead them, each played by SIPp message by message: what RFC 3261, 3262,
//! 3311, 3515, 3891 and 4028 allow, over UDP, TCP and TLS, over a network that loses datagrams.

mod changes;
mod clock;
mod connections;
mod forks;
mod loss;
mod reliable;
mod transfers;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use hotline_api_types::{EndKind, Record, Source, What};
use hotline_phone::{Phone, PhoneEvent};
use hotline_tests::{Center, Hotline, PATIENCE, Sipp, Watch, free_port, in_time};

const CARRIER: &str = "+15550100777";
/// A number outside.
const NUMBER: &str = "+15550100200";

fn carrier(hotline: &Hotline, scenario: &str, number: &str) -> Sipp {
    Sipp::carrier(hotline, scenario).key("caller", CARRIER).dialling(number)
}

async fn takes_the_call(agent: &mut Phone) -> Result<()> {
    agent.wait_for("the call", PATIENCE, |event| matches!(event, PhoneEvent::Incoming(_))).await?;
    agent.answer().await.context("answering")?;
    agent.expect(&PhoneEvent::Up, PATIENCE).await.context("the ACK")
}

/// A server whose numbers outside lead to one trunk server, and that server's address.
async fn with_trunk() -> Result<(Hotline, SocketAddr)> {
    with_trunk_over("").await
}

/// With these parameters of its address.
async fn with_trunk_over(parameters: &str) -> Result<(Hotline, SocketAddr)> {
    let plan = Center::new();
    let address = plan.addresses().outside();
    let server = SocketAddr::new(address, free_port(address)?);
    let trunk = format!("trunks:\n  provider: {{servers: [\"sip:{server}{parameters}\"]}}\n");
    let routes = "routes:\n  - {numbers: [\"+1*\"], trunks: [provider], caller_id: \"+15550100\"}\ndemo:\n";
    let center =
        plan.edit("config/center.yaml", "trunks:\n", &trunk).edit("config/center.yaml", "demo:\n", routes);
    Ok((center.start().await?, server))
}

fn trunk(scenario: &str, server: SocketAddr) -> Sipp {
    Sipp::at(server.ip(), scenario).port(server.port())
}

/// The record of the carrier's call, once nothing is left of it.
async fn ended(watch: &mut Watch) -> Result<Record> {
    let call = watch.call_of(CARRIER).await?;
    watch.over(&call).await
}

/// The record of the agent's own call.
async fn ended_of_agent(watch: &mut Watch, agent: &str) -> Result<Record> {
    let is_theirs = |source: &Source| matches!(source, Source::Agent(id) if id == agent);
    let started = watch
        .event(
            "the call",
            |event| matches!(&event.what, What::CallStarted { source, .. } if is_theirs(source)),
        )
        .await?;
    watch.over(&started.call.context("a call's event names it")?).await
}

fn kind(record: &Record) -> Option<EndKind> {
    record.cause.as_ref().map(|cause| cause.kind)
}

/// Nothing is left: no call, and every port for RTP was given back.
async fn nothing_is_left(hotline: &Hotline) -> Result<()> {
    nothing_is_left_after(hotline, PATIENCE).await
}

async fn nothing_is_left_after(hotline: &Hotline, patience: Duration) -> Result<()> {
    let admin = hotline.admin().await?;
    in_time(patience, "nothing to be left", async || {
        let live = admin.get("/api/v1/live").await?;
        let calls = live["calls"].as_array().context("a list of calls")?.len();
        Ok((calls == 0 && hotline.media_ports()?.is_empty()).then_some(()))
    })
    .await
}
