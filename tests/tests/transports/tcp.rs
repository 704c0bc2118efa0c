//! TCP: SIPp as an agent and a carrier, connections that break, and what is no SIP.

use anyhow::Result;
use hotline_phone::PhoneEvent;
use hotline_tests::{Center, Line, PATIENCE, Sipp, field, status};

use crate::{is_called_over, is_registered, wait_until_unregistered};

#[tokio::test]
async fn tcp_an_agent_registers_calls_and_is_hung_up_over_one_connection() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut colleague = hotline.ready("1002").await?;
    let sipp = Sipp::at(hotline.addresses().phones(), "tcp_agent_calls.xml");
    let mut agent = sipp.over_tcp().user("1001").dialling("1002").start(&hotline)?;
    colleague.wait_for("the call", PATIENCE, |event| *event == PhoneEvent::Incoming("1001".into())).await?;
    colleague.answer().await?;
    colleague.expect(&PhoneEvent::Up, PATIENCE).await?;
    colleague.hang_up().await?;
    agent.passed().await?;
    wait_until_unregistered(&hotline, "1001").await
}

#[tokio::test]
async fn tcp_a_carrier_calls_and_hangs_up() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let sipp = Sipp::carrier(&hotline, "carrier_hangs_up.xml").over_tcp();
    sipp.dialling("4000").key("caller", "+14155550111").run(&hotline).await?;
    let call = watch.call_of("+14155550111").await?;
    watch.over(&call).await?;
    Ok(())
}

#[tokio::test]
async fn tcp_a_call_comes_by_the_connection_of_the_registration() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut line = Line::tcp(&hotline, hotline.addresses().phones()).await?;
    line.register("1001").await?;
    is_called_over(&hotline, &mut line, "1001").await
}

#[tokio::test]
async fn tcp_an_agent_whose_connection_is_lost_is_unregistered_at_once() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut line = Line::tcp(&hotline, hotline.addresses().phones()).await?;
    line.register("1001").await?;
    assert!(is_registered(&hotline, "1001").await?);
    drop(line);
    wait_until_unregistered(&hotline, "1001").await
}

#[tokio::test]
async fn tcp_pings_are_answered() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut line = Line::tcp(&hotline, hotline.addresses().phones()).await?;
    line.send_bytes(b"\r\n\r\n").await?;
    line.expect_bytes(b"\r\n").await
}

#[tokio::test]
async fn tcp_garbage_closes_its_connection_and_nothing_else_suffers() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut agent = Line::tcp(&hotline, hotline.addresses().phones()).await?;
    agent.register("1001").await?;
    for garbage in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x16\x03\x01\x02\0\x01", &[0; 5000]] {
        let mut stranger = Line::tcp(&hotline, hotline.addresses().stranger()).await?;
        stranger.send_bytes(garbage).await?;
        stranger.ended().await?;
    }
    assert!(is_registered(&hotline, "1001").await?);
    is_called_over(&hotline, &mut agent, "1001").await
}

#[tokio::test]
async fn tcp_connections_beyond_the_limit_are_closed_and_those_before_go_on() -> Result<()> {
    let center = Center::new().sip("listen: HERE:0\nconnections: {max: 3, per_source: 2}");
    let hotline = center.start().await?;
    let addresses = hotline.addresses();
    let mut agents = Vec::new();
    for agent in ["1001", "1002"] {
        let mut line = Line::tcp(&hotline, addresses.phones()).await?;
        line.register(agent).await?;
        agents.push(line);
    }
    assert!(is_turned_away(Line::tcp(&hotline, addresses.phones()).await).await);
    let mut other = Line::tcp(&hotline, addresses.stranger()).await?;
    other.send(OPTIONS).await?;
    assert_eq!(status(&other.receive().await?), Some(200));
    assert!(is_turned_away(Line::tcp(&hotline, addresses.stranger()).await).await);
    is_called_over(&hotline, &mut agents[0], "1001").await
}

async fn is_turned_away(line: Result<Line>) -> bool {
    match line {
        Ok(mut line) => line.ended().await.is_ok(),
        // The system may tell it before there is a connection.
        Err(_) => true,
    }
}

const OPTIONS: &str = "OPTIONS sip:hotline.test SIP/2.0
Via: SIP/2.0/TRANSPORT HERE;branch=z9hG4bK-options
Max-Forwards: 70
From: <sip:x@HERE>;tag=o
To: <sip:hotline.test>
Call-ID: options@HERE
CSeq: 1 OPTIONS
Content-Length: 0

";

#[tokio::test]
async fn tcp_the_answer_says_where_the_request_came_from() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut line = Line::tcp(&hotline, hotline.addresses().stranger()).await?;
    line.send(&OPTIONS.replace(";branch", ";rport;branch")).await?;
    let answer = line.receive().await?;
    let via = field(&answer, "Via").unwrap_or_default();
    assert!(via.contains(&format!("rport={}", line.here().port())), "{answer}");
    Ok(())
}
