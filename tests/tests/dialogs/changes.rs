//! Changes of a session that is up, and of a registration.

use anyhow::Result;
use hotline_api_types::EndKind;
use hotline_tests::{Center, Sipp};

use crate::{carrier, ended, kind, nothing_is_left, takes_the_call};

#[tokio::test]
async fn a_carrier_changes_the_session_in_every_way() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, "carrier_changes_session.xml", "4100").start(&hotline)?;
    takes_the_call(&mut agent).await?;
    run.passed().await?;
    assert_eq!(kind(&ended(&mut watch).await?), Some(EndKind::Completed));
    nothing_is_left(&hotline).await
}

#[tokio::test]
async fn a_carrier_that_writes_oddly_is_understood_and_its_route_kept() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let mut agent = hotline.ready("1001").await?;
    let mut run = carrier(&hotline, "carrier_writes_oddly.xml", "4100").start(&hotline)?;
    takes_the_call(&mut agent).await?;
    agent.hang_up().await?;
    run.passed().await?;
    assert_eq!(ended(&mut watch).await?.caller_name.as_deref(), Some("Car, \"rier\" <x>"));
    nothing_is_left(&hotline).await
}

#[tokio::test]
async fn an_agent_registers_looks_changes_its_registration_and_leaves() -> Result<()> {
    let hotline = Center::new().start().await?;
    let phone = Sipp::at(hotline.addresses().phones(), "agent_registers_and_leaves.xml").user("1001");
    phone.run(&hotline).await?;
    let agent = hotline.admin().await?.get("/api/v1/agents/1001").await?;
    assert_eq!(agent["registered"].as_bool(), Some(false), "{agent}");
    Ok(())
}
