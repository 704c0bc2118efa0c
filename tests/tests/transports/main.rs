//! The built server over TCP, TLS and WebSocket.

mod metrics;
mod tcp;
mod tls;
mod websocket;

use anyhow::{Context, Result};
use hotline_tests::{Hotline, Line, eventually, field};

/// Whether the server takes an agent for registered.
async fn is_registered(hotline: &Hotline, agent: &str) -> Result<bool> {
    let seen = hotline.admin().await?.get(&format!("/api/v1/agents/{agent}")).await?;
    seen["registered"].as_bool().with_context(|| format!("{seen}"))
}

async fn wait_until_unregistered(hotline: &Hotline, agent: &str) -> Result<()> {
    eventually("the agent to be unregistered", async || {
        Ok((!is_registered(hotline, agent).await?).then_some(()))
    })
    .await
}

/// The response to a request: its own Via, From, To, Call-ID and CSeq.
fn response(request: &str, status: &str, more: &str) -> Result<String> {
    let mut text = format!("SIP/2.0 {status}\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let value = field(request, name).with_context(|| format!("no {name} in {request}"))?;
        let tag = if name == "To" && !value.contains("tag=") { ";tag=line" } else { "" };
        text += &format!("{name}: {value}{tag}\n");
    }
    Ok(text + more)
}

/// A 200 to an INVITE with an answer to the offer in it.
fn answer(invite: &str) -> Result<String> {
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let more = format!(
        "Contact: <sip:line@phone.invalid;transport=ws>\nContent-Type: application/sdp\nContent-Length: {}\n\n{sdp}",
        sdp.len()
    );
    response(invite, "200 OK", &more)
}

/// A call to an agent's extension comes by the line over which the agent registered, is answered and hung up there.
async fn is_called_over(hotline: &Hotline, line: &mut Line, agent: &str) -> Result<()> {
    hotline.set_state(agent, "ready").await?;
    let mut caller = hotline.caller("+14155550123").await?;
    caller.dial("4100").await?;
    let invite = line.receive().await?;
    assert!(invite.starts_with("INVITE "), "{invite}");
    line.send(&answer(&invite)?).await?;
    let ack = line.receive().await?;
    assert!(ack.starts_with("ACK "), "{ack}");
    caller.expect(&hotline_phone::PhoneEvent::Up, hotline_tests::PATIENCE).await?;
    caller.hang_up().await?;
    let bye = line.receive().await?;
    assert!(bye.starts_with("BYE "), "{bye}");
    line.send(&response(&bye, "200 OK", "Content-Length: 0\n\n")?).await
}
