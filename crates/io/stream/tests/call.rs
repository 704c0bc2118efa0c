//! A phone on loopback, a media thread, a stream and the service of `docs/examples`: all that lies between a caller and a bot.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "what runs it as a program")]
#[path = "../../../../docs/examples/stream-echo.rs"]
mod stream_echo;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline_audio::{Rate, Tone, tone_dbfs, ulaw};
use hotline_base::{CallId, LegId, Pii, Rng, WallTime};
use hotline_media::{
    Codec, Command, Direction, EngineConfig, Event as MediaEvent, Opus, PromptLibrary, Remote,
};
use hotline_media_rt::{Identity, MediaConfig, MediaRuntime};
use hotline_record_io::{Recorder, RecorderConfig};
use hotline_rtp::Header;
use hotline_stream::{Control, End, Event, Start, StreamRequest, Streams, StreamsConfig, Values};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

const CALLER: LegId = LegId(1);

/// Sends 20 ms of a tone.
async fn talk(phone: &UdpSocket, port: u16, packet: u16, tone: &mut Tone) {
    let payload: Vec<u8> = tone.by_ref().take(160).map(ulaw::encode).collect();
    let timestamp = u32::from(packet) * 160;
    let header = Header { marker: packet == 0, payload_type: 0, sequence: packet, timestamp, ssrc: 7 };
    phone.send_to(&header.packet(&payload), ("127.0.0.1", port)).await.unwrap();
}

/// What came meanwhile.
fn listen(phone: &UdpSocket, heard: &mut Vec<i16>) {
    let mut datagram = [0; 2048];
    while let Ok(length) = phone.try_recv(&mut datagram) {
        let (_, payload) = Header::parse(&datagram[..length]).unwrap();
        heard.extend(datagram[payload].iter().map(|byte| ulaw::decode(*byte)));
    }
}

fn remote(phone: &UdpSocket) -> Remote {
    Remote {
        address: phone.local_addr().unwrap(),
        rtcp: None,
        rtcp_mux: false,
        codec: Codec::Pcmu,
        opus: Opus::default(),
        payload_type_send: 0,
        payload_type_receive: 0,
        telephone_event_send: None,
        telephone_event_receive: Some(101),
        telephone_event_clock_factor: 1,
        comfort_noise_receive: None,
        srtp: None,
        dtls: None,
        direction: Direction::SendReceive,
        ptime_ms: 20,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_on_the_telephone_hears_the_beep_and_the_echo_of_a_service() {
    let root = tempfile::tempdir().unwrap();
    let (told, mut media_events) = mpsc::unbounded_channel();
    let tell = move |event| {
        drop(told.send(event));
        None
    };
    let recorder = Recorder::start(RecorderConfig::new(root.path().to_path_buf()), tell.clone()).unwrap();
    let local = IpAddr::from([127, 0, 0, 1]);
    let (engine, identity) = (EngineConfig::default(), Identity::generate().unwrap());
    let config = MediaConfig { threads: 1, bind: local, ports: 0..=0, engine, identity };
    let media = MediaRuntime::start(&config, &Arc::new(PromptLibrary::default()), &recorder, tell).unwrap();
    let handle = media.handle();
    let call = CallId::generate(WallTime(0), &mut Rng::from_number(1));
    handle.send(Command::OpenLeg { leg: CALLER, call }).unwrap();
    let Some(MediaEvent::LegOpened { port, .. }) = media_events.recv().await else { panic!("no port") };
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    handle.send(Command::SetRemote { leg: CALLER, remote: remote(&phone) }).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(stream_echo::serve(listener));
    let start = Start {
        call: call.to_string(),
        flow: "main".to_owned(),
        step: "echo".to_owned(),
        language: "en".to_owned(),
        rate: Rate::Wide,
        parameters: Pii::new(Values::new()),
    };
    let streams = Streams::new(&StreamsConfig::default()).unwrap();
    let mut stream = streams.connect(StreamRequest { url, headers: Vec::new(), start });
    handle.attach(CALLER, stream.leg.take().unwrap()).unwrap();

    let (mut heard, mut tone) = (Vec::new(), Tone::new(500.0, -10.0, 8000));
    let mut beats = tokio::time::interval(Duration::from_millis(20));
    for packet in 0..150 {
        beats.tick().await;
        talk(&phone, port, packet, &mut tone).await;
        listen(&phone, &mut heard);
    }
    let is_heard = |samples: &[i16], hz: f64| tone_dbfs(samples, hz, 8000) > -15.0;
    let beep = heard.chunks(400).position(|part| is_heard(part, 880.0)).expect("the beep");
    let echo = heard.chunks(400).position(|part| is_heard(part, 500.0)).expect("the echo");
    assert!(beep < echo, "the beep comes first");
    let settled = &heard[heard.len() - 4000..];
    assert!((tone_dbfs(settled, 500.0, 8000) + 10.0).abs() < 2.0, "{}", tone_dbfs(settled, 500.0, 8000));
    assert_eq!(stream.events.recv().await, Some(Event::Started));
    stream.control.send(Control::Dtmf { digit: Pii::new('5'), duration_ms: 100 }).await.unwrap();
    assert!(matches!(stream.events.recv().await, Some(Event::Ended(End::Result(_)))));
    media.stop();
}
