//! Prompts of an administrator's own: a stereo file at 48 kHz is heard at its pitch by every phone, with all that the phone can
//! carry.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use hotline_audio::g722::Decoder;
use hotline_audio::{Rate, Tone, tone_dbfs, ulaw};
use hotline_rtp::Header;
use hotline_tests::{Center, Hotline, PATIENCE, Wire, copied_sounds, field, root, status, wait_until_heard};
use hound::{SampleFormat, WavSpec, WavWriter};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::time::timeout;

const FILE_HZ: u32 = 48_000;
/// On the left and on the right, each at −9 dBFS: mixed down, each at −15.
const LEFT_HZ: f64 = 1000.0;
const RIGHT_HZ: f64 = 5000.0;
const MIXED_DBFS: f64 = -15.0;
/// What 5000 Hz would become if it were not filtered out.
const MIRRORED_HZ: f64 = 3000.0;
/// 20 ms of silence is not the prompt yet; this is enough of it.
const HEARD_MS: usize = 400;

/// The shipped sounds, with such a greeting.
fn sounds() -> Result<TempDir> {
    let directory = copied_sounds()?;
    let spec =
        WavSpec { channels: 2, sample_rate: FILE_HZ, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(directory.path().join("en/greeting.wav"), spec)?;
    let tone = |hz| Tone::new(hz, -9.0, FILE_HZ);
    for (left, right) in tone(LEFT_HZ).zip(tone(RIGHT_HZ)).take(5 * FILE_HZ as usize) {
        writer.write_sample(left)?;
        writer.write_sample(right)?;
    }
    writer.finalize()?;
    Ok(directory)
}

/// A codec as a phone offers it.
struct Offered {
    payload_type: u8,
    rtpmap: &'static str,
    rate: Rate,
    decode: fn(&mut Decoder, &[u8]) -> Vec<i16>,
}

const PCMU: Offered = Offered {
    payload_type: 0,
    rtpmap: "PCMU/8000",
    rate: Rate::Narrow,
    decode: |_, payload| payload.iter().map(|byte| ulaw::decode(*byte)).collect(),
};
const G722: Offered = Offered {
    payload_type: 9,
    rtpmap: "G722/8000",
    rate: Rate::Wide,
    decode: |decoder, payload| payload.iter().flat_map(|byte| decoder.decode(*byte)).collect(),
};
const L16: Offered = Offered {
    payload_type: 112,
    rtpmap: "L16/16000",
    rate: Rate::Wide,
    decode: |_, payload| payload.as_chunks().0.iter().map(|bytes| i16::from_be_bytes(*bytes)).collect(),
};

/// Calls the menu and gives what is heard of its greeting.
async fn greeted(hotline: &Hotline, address: IpAddr, offered: &Offered) -> Result<Vec<i16>> {
    let (wire, audio) = (Wire::open(hotline, address).await?, UdpSocket::bind((address, 0)).await?);
    let Offered { payload_type, rtpmap, .. } = offered;
    let request = |method: &str, to: &str, cseq: u8, sdp: &str| {
        format!(
            "{method} sip:4000@hotline.test SIP/2.0\nVia: SIP/2.0/UDP HERE;branch=z9hG4bK-{payload_type}-{cseq};rport\n\
             Max-Forwards: 70\nFrom: <sip:+15550100123@HERE>;tag=a\nTo: {to}\nCall-ID: {payload_type}@HERE\n\
             CSeq: {cseq} {method}\nContact: <sip:+15550100123@HERE>\nContent-Type: application/sdp\n\
             Content-Length: {}\n\n{sdp}",
            sdp.replace('\n', "\r\n").len()
        )
    };
    let SocketAddr::V4(here) = audio.local_addr()? else { anyhow::bail!("tests run over IPv4") };
    let sdp = format!(
        "v=0\no=- 1 1 IN IP4 {address}\ns=-\nc=IN IP4 {address}\nt=0 0\nm=audio {} RTP/AVP {payload_type}\n\
         a=rtpmap:{payload_type} {rtpmap}\n",
        here.port()
    );
    wire.send(&request("INVITE", "<sip:4000@hotline.test>", 1, &sdp)).await?;
    let answer = wire.receive_final().await?;
    assert_eq!(status(&answer), Some(200), "{answer}");
    let to = field(&answer, "To").context("a To")?;
    wire.send(&request("ACK", to, 1, "")).await?;
    let (mut sound, mut decoder) = (Vec::new(), Decoder::default());
    let mut datagram = [0; 2048];
    while sound.len() < offered.rate.samples(HEARD_MS) {
        let length = timeout(PATIENCE, audio.recv(&mut datagram)).await.context("audio")??;
        let datagram = &datagram[..length];
        if Header::is_report(datagram) {
            continue;
        }
        let payload = datagram.get(hotline_rtp::HEADER_LEN..).context("a header")?;
        let frame = (offered.decode)(&mut decoder, payload);
        // Silence comes before it.
        if !sound.is_empty() || frame.iter().any(|sample| sample.unsigned_abs() > 1000) {
            sound.extend(frame);
        }
    }
    wire.send(&request("BYE", to, 2, "")).await?;
    Ok(sound.split_off(offered.rate.samples(HEARD_MS / 4)))
}

#[tokio::test]
async fn a_stereo_prompt_at_48_khz_is_heard_at_its_pitch_with_all_that_a_phone_carries() -> Result<()> {
    let sounds = sounds()?;
    let shipped = root().join("sounds").display().to_string();
    let own = sounds.path().display().to_string();
    let center = Center::new().edit("config/hotline.yaml", &shipped, &own);
    let hotline = center.start().await?;
    let address = hotline.addresses().carrier();
    for offered in [PCMU, G722, L16] {
        let sound = greeted(&hotline, address, &offered).await?;
        let level = |hz| tone_dbfs(&sound, hz, offered.rate.hz());
        let heard = |hz| (level(hz) - MIXED_DBFS).abs() < 1.0;
        assert!(heard(LEFT_HZ), "{}: {} dBFS", offered.rtpmap, level(LEFT_HZ));
        assert!(level(MIRRORED_HZ) < -40.0, "{}: mirrored at {} dBFS", offered.rtpmap, level(MIRRORED_HZ));
        if offered.rate == Rate::Wide {
            assert!(heard(RIGHT_HZ), "{}: {} dBFS", offered.rtpmap, level(RIGHT_HZ));
        }
    }
    Ok(())
}

/// `normalize_dbfs` brings the speech of every prompt to one level.
#[tokio::test]
async fn prompts_are_brought_to_a_level_on_request() -> Result<()> {
    let sounds = sounds()?;
    let shipped = root().join("sounds").display().to_string();
    let own = format!("{{folder: {:?}, normalize_dbfs: -30}}", sounds.path());
    let hotline = Center::new().edit("config/hotline.yaml", &shipped, &own).start().await?;
    let sound = greeted(&hotline, hotline.addresses().carrier(), &L16).await?;
    // Two tones alike are each 3 dB below both.
    for hz in [LEFT_HZ, RIGHT_HZ] {
        let level = tone_dbfs(&sound, hz, Rate::Wide.hz());
        assert!((level + 33.0).abs() < 1.0, "{hz} Hz at {level} dBFS");
    }
    Ok(())
}

/// A prompt that is uploaded while the server runs.
#[tokio::test]
async fn an_uploaded_mp3_is_named_by_a_flow_and_heard_by_the_next_caller() -> Result<()> {
    let sounds = copied_sounds()?;
    let shipped = root().join("sounds").display().to_string();
    let own = sounds.path().display().to_string();
    let hotline = Center::new().edit("config/hotline.yaml", &shipped, &own).start().await?;
    let admin = hotline.admin().await?;
    let mp3 = std::fs::read(root().join("crates/io/prompt-files/tests/sounds/tone.mp3"))?;
    let flow = "flow: jingle\nlanguages: [en]\nstart: answer\nsteps:\n  answer:\n    answer: {then: play}\n  play:\n    \
                say: {prompts: [jingle, jingle, jingle], then: end}\n  end:\n    hangup: {cause: normal}\n";
    let flow = serde_json::json!({ "text": flow });
    let early = admin.put_if("/api/v1/flows/jingle", &flow, "*").await;
    assert!(early.is_err_and(|refusal| refusal.to_string().contains("no prompt `jingle`")));
    let path = "/api/v1/prompts/en/jingle";
    let saved = admin.put_file(path, mp3, "audio/mpeg", "*").await?;
    admin.put_if("/api/v1/flows/jingle", &flow, "*").await?;
    admin.put_if("/api/v1/config/numbers/4600", &serde_json::json!({ "flow": "jingle" }), "*").await?;
    let caller = hotline.caller("+15550100123").await?;
    caller.dial("4600").await?;
    wait_until_heard(&caller, 1000.0).await?;
    let needed = admin.delete(path).await.map_err(|refusal| refusal.to_string());
    anyhow::ensure!(needed.clone().is_err_and(|refusal| refusal.contains("jingle.yaml")), "{needed:?}");
    assert_eq!(saved["name"], "jingle");
    Ok(())
}
