//! A caller from a trunk that does not know telephone-events presses keys as sounds.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use hotline_audio::{SAMPLE_RATE_HZ, Tone, dtmf, ulaw};
use hotline_rtp::Header;
use hotline_tests::{Center, Wire, field, status};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval};

const CALLER: &str = "+15550100123";
/// Samples of one packet.
const PACKET: usize = 160;

fn request(method: &str, to: &str, cseq: &str, branch: &str, sdp: &str) -> String {
    let sdp = sdp.replace('\n', "\r\n");
    format!(
        "{method} sip:4000@hotline.test SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-{branch};rport\nMax-Forwards: 70\n\
         From: <sip:{CALLER}@HERE>;tag=a\nTo: {to}\nCall-ID: tones@HERE\nCSeq: {cseq}\nContact: <sip:{CALLER}@HERE>\n\
         Content-Type: application/sdp\nContent-Length: {}\n\n{sdp}",
        sdp.len()
    )
}

/// Where the server listens, as its session description says.
fn media_address(answer: &str) -> Result<SocketAddr> {
    let line = |start: &str| answer.lines().find_map(|line| line.strip_prefix(start));
    let address = line("c=IN IP4 ").context("an address")?.trim();
    let port = line("m=audio ").and_then(|rest| rest.split(' ').next()).context("a port")?;
    Ok(format!("{address}:{port}").parse()?)
}

/// Silence, then a key, again and again: the menu may still be on its way.
fn sound(key: char) -> Result<Vec<i16>> {
    let [row, column] = dtmf::tones(key).context("a key")?;
    let tone = |hz| Tone::new(hz, -14.0, SAMPLE_RATE_HZ).take(SAMPLE_RATE_HZ as usize / 10);
    let pressed = tone(row).zip(tone(column)).map(|(row, column)| row + column);
    Ok(std::iter::repeat_n(0, SAMPLE_RATE_HZ as usize).chain(pressed).collect())
}

#[tokio::test]
async fn a_key_pressed_as_a_sound_chooses_from_the_menu() -> Result<()> {
    let hotline = Center::new().start().await?;
    let mut watch = hotline.watch().await?;
    let address = hotline.addresses().carrier();
    let (wire, audio) = (Wire::open(&hotline, address).await?, UdpSocket::bind((address, 0)).await?);
    let port = audio.local_addr()?.port();
    let sdp =
        format!("v=0\no=- 1 1 IN IP4 {address}\ns=-\nc=IN IP4 {address}\nt=0 0\nm=audio {port} RTP/AVP 0\n");
    wire.send(&request("INVITE", "<sip:4000@hotline.test>", "1 INVITE", "one", &sdp)).await?;
    let answer = wire.receive_final().await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    assert!(!answer.contains("telephone-event"), "{answer}");
    let to = field(&answer, "To").context("a To")?;
    wire.send(&request("ACK", to, "1 ACK", "two", "")).await?;

    let (server, sound) = (media_address(&answer)?, sound('1')?);
    let speaker = tokio::spawn(async move {
        let mut beat = interval(Duration::from_millis(20));
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for (packet, frame) in (0_u32..).zip(sound.chunks(PACKET).cycle()) {
            beat.tick().await;
            let payload: Vec<u8> = frame.iter().map(|sample| ulaw::encode(*sample)).collect();
            let (sequence, timestamp) = (packet as u16, packet * PACKET as u32);
            let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 7 };
            if audio.send_to(&header.packet(&payload), server).await.is_err() {
                return;
            }
        }
    });
    watch.queued(CALLER).await?;
    speaker.abort();
    wire.send(&request("BYE", to, "2 BYE", "three", "")).await?;
    Ok(())
}
