//! The same dialogs over TCP and TLS.

use anyhow::Result;
use hotline_api_types::EndKind;
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, Certificate, Hotline, PATIENCE, Sipp, TlsRelay, eventually};

use crate::{
    NUMBER, carrier, ended, ended_of_agent, kind, nothing_is_left, takes_the_call, trunk, with_trunk_over,
};

/// What a carrier does over a connection that it opens.
const SCENARIOS: [&str; 3] =
    ["carrier_changes_session.xml", "carrier_offers_late.xml", "carrier_writes_oddly.xml"];

/// A carrier's calls, each over a connection of its own as `over` makes it.
async fn calls_are_taken(hotline: &Hotline, over: impl Fn(Sipp) -> Sipp) -> Result<()> {
    let mut agent = hotline.ready("1001").await?;
    for scenario in SCENARIOS {
        let mut watch = hotline.watch().await?;
        let mut run = over(carrier(hotline, scenario, "1001")).start(hotline)?;
        takes_the_call(&mut agent).await?;
        if scenario != "carrier_changes_session.xml" {
            agent.hang_up().await?;
        }
        run.passed().await?;
        assert_eq!(kind(&ended(&mut watch).await?), Some(EndKind::Completed), "{scenario}");
        if scenario == "carrier_changes_session.xml" {
            agent.expect(&PhoneEvent::Ended, PATIENCE).await?;
        }
    }
    nothing_is_left(hotline).await
}

#[tokio::test]
async fn a_carrier_leads_its_dialogs_over_tcp() -> Result<()> {
    let hotline = Center::new().start().await?;
    calls_are_taken(&hotline, Sipp::over_tcp).await
}

#[tokio::test]
async fn a_carrier_leads_its_dialogs_over_tls() -> Result<()> {
    let center = Center::new();
    let certificate = Certificate::of(center.addresses().server())?;
    let center = center
        .sip("listen:\n  - HERE:0\n  - {transport: tls, address: HERE:0}\ntls: {certificate: tls.pem, key: key.pem}")
        .file("tls.pem", &certificate.certificate)
        .file("key.pem", &certificate.key);
    let hotline = center.start().await?;
    let relay = TlsRelay::open(&hotline, hotline.addresses().carrier(), &certificate).await?;
    calls_are_taken(&hotline, |sipp| sipp.over_tls(&relay)).await
}

#[tokio::test]
async fn a_trunk_that_is_reached_over_tcp_forks_and_insists_on_prack() -> Result<()> {
    // Whoever hangs up waits until the other phone that answered has been hung up on.
    for (scenario, last) in [("trunk_forks.xml", "\nBYE "), ("trunk_requires_prack.xml", "\nACK ")] {
        let (hotline, server) = with_trunk_over(";transport=tcp").await?;
        let mut watch = hotline.watch().await?;
        let mut run = trunk(scenario, server).over_tcp().accept(&hotline).await?;
        let mut phone = hotline.ready("1001").await?;
        phone.dial(NUMBER).await?;
        phone.wait_for("the answer", PATIENCE, |event| *event == PhoneEvent::Up).await?;
        eventually("the end of what follows the answer", async || {
            Ok(run.messages().contains(last).then_some(()))
        })
        .await?;
        phone.hang_up().await?;
        run.passed().await?;
        assert_eq!(kind(&ended_of_agent(&mut watch, "1001").await?), Some(EndKind::Completed), "{scenario}");
        nothing_is_left(&hotline).await?;
    }
    Ok(())
}
