//! The loop with the real core, fed by hand: who gets a turn, and what is done with what nobody takes.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hotline_base::{Rng, WallTime};
use hotline_call::{AlarmKind, Command, Controller, TrunkFault};
use hotline_config::load;
use hotline_media_rt::{AddError, SendError};
use hotline_messages::Messages;
use hotline_shard::{
    Clock, Handle, INCOMING_MAX, MEDIA_EVENTS_MAX, OVERLOAD, Parts, Shard, SoundParts, Stop,
};
use hotline_sip::{EndpointConfig, Flow, Transport};
use hotline_sip_net::{ClientAuth, Incoming, Listen, Network, NetworkConfig};
use hotline_sip_trace::{Limits, Settings, Tracer};
use hotline_speech::{CacheConfig, Engine, Speech, SpeechConfig};
use hotline_store::{SPOOL_BYTES_MAX, Store, Writer};
use hotline_stream::{Streams, StreamsConfig};
use hotline_web_client::{Client, ClientConfig};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A shard that is not running yet, and everything around it.
struct Stage {
    shard: Shard,
    handle: Handle,
    incoming: mpsc::Sender<Incoming>,
    /// A media plane with nothing to tell.
    _media_events: mpsc::Sender<hotline_media::Event>,
    sip: SocketAddr,
    stop: Stop,
    _directory: TempDir,
}

impl Stage {
    /// With a media plane that takes no command.
    async fn set() -> Self {
        // The shipped configuration names its files from the repository's root.
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../..")).unwrap();
        let configuration = load(Path::new("config/hotline.yaml")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        let spool = directory.path().join("spool");
        let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await.unwrap();
        let (incoming, arriving) = mpsc::channel(INCOMING_MAX);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen = Listen { transport: Transport::Udp, address, client_auth: ClientAuth::None };
        // Nothing is received by it: the test says what arrives.
        let (network, _) = Network::bind(NetworkConfig::new(vec![listen]), incoming.clone()).unwrap();
        let sip = network.listening()[0].local;
        let mut endpoint = EndpointConfig::new("hotline.local", sip);
        endpoint.trunks = configuration.trunks;
        let (handle, asks, live) = Handle::channel();
        let (media_events, events) = mpsc::channel(MEDIA_EVENTS_MAX);
        let clock = Clock::start();
        let settings = Settings { limits: Limits::default(), collector: None, advertised: sip };
        let (trace, _, tracer) = Tracer::open(settings).unwrap();
        tokio::spawn(tracer.run(move || clock.now()));
        let center = Arc::new(configuration.center);
        let rng = Rng::from_number(1);
        let shard = Shard::new(Parts {
            controller: Controller::new(clock.now(), center, endpoint, rng, [0; 32], 0),
            clock,
            network,
            incoming: arriving,
            media: Box::new(|_| Err(SendError::Overloaded)),
            wake_media: Box::new(|| {}),
            media_events: events,
            store: store.clone(),
            locate: Arc::new(|_| Box::pin(async { Err(TrunkFault::NoServerAnswers) })),
            sound: SoundParts {
                speech: Speech::start(SpeechConfig {
                    engine: Engine::espeak(),
                    cache: CacheConfig::new(directory.path().join("speech")),
                    limits: hotline_speech::Limits::default(),
                })
                .await
                .unwrap(),
                streams: Streams::new(&StreamsConfig::default()).unwrap(),
                attach: Arc::new(|_, _| Err(SendError::Overloaded)),
                add_prompt: Arc::new(|_, _| Err(AddError::Full)),
                messages: Messages::new(directory.path().join("recordings")),
                recordings: directory.path().join("recordings"),
                store: store.clone(),
            },
            client: Client::new(&ClientConfig::default()).unwrap(),
            writer,
            asks,
            live,
            lines: handle.lines(),
            trace,
        });
        let stop = Stop::default();
        Self { shard, handle, incoming, _media_events: media_events, sip, stop, _directory: directory }
    }

    fn arrives(&self, remote: SocketAddr, text: &str) {
        let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
        let flow = Flow::udp(self.sip, remote);
        self.incoming.try_send(Incoming::Message { flow, bytes }).unwrap();
    }

    fn start(self) -> (Handle, Stop, JoinHandle<()>) {
        let running = tokio::spawn(self.shard.run(self.stop.clone(), PATIENCE));
        (self.handle, self.stop, running)
    }
}

#[tokio::test]
async fn questions_do_not_keep_calls_waiting() {
    let stage = Stage::set().await;
    // As many as fit, all there before the datagram is.
    let asks = 500;
    let answers: Vec<_> = (0..asks)
        .map(|_| {
            let (handle, (done, answer)) = (stage.handle.clone(), oneshot::channel());
            let asking = tokio::spawn(async move { done.send(handle.counters().await.unwrap()).unwrap() });
            (asking, answer)
        })
        .collect();
    tokio::task::yield_now().await;
    stage.arrives(stage.sip, "this is no SIP\n\n");
    let (_, stop, running) = stage.start();
    let mut malformed = Vec::new();
    for (asking, answer) in answers {
        asking.await.unwrap();
        let counters = answer.await.unwrap();
        malformed.push(counters.iter().find(|(name, _)| *name == "sip_malformed").unwrap().1);
    }
    assert_eq!(malformed[0], 0, "the first question was there first");
    let seen_at = malformed.iter().position(|count| *count == 1).unwrap();
    assert!(seen_at <= 16, "the datagram waited for {seen_at} of {asks} questions");
    stop.drain.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_call_for_which_the_media_plane_has_no_room_is_refused_at_once() {
    let stage = Stage::set().await;
    let caller = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = caller.local_addr().unwrap();
    let invite = format!(
        "INVITE sip:4000@{sip} SIP/2.0
Via: SIP/2.0/UDP {address};branch=z9hG4bK1
Max-Forwards: 70
From: <sip:+15550100123@{address}>;tag=1
To: <sip:4000@{sip}>
Call-ID: refused@test
CSeq: 1 INVITE
Contact: <sip:caller@{address}>
Content-Length: 0

",
        sip = stage.sip
    );
    stage.arrives(address, &invite);
    let (_, stop, running) = stage.start();
    let mut buffer = [0; 4096];
    let status = timeout(PATIENCE, async {
        loop {
            let length = caller.recv(&mut buffer).await.unwrap();
            let status = String::from_utf8_lossy(&buffer[8..length.min(11)]).into_owned();
            if status != "100" {
                return status;
            }
        }
    });
    assert_eq!(status.await.expect("a final response in time"), "503");
    stop.drain.cancel();
    stop.at_once.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn the_shard_of_an_idle_server_ends_at_once() {
    let stage = Stage::set().await;
    let (handle, stop, running) = stage.start();
    assert_eq!(handle.alive().await.unwrap(), []);
    assert!(handle.agent("1001".into()).await.unwrap().is_some());
    assert!(handle.agent("9999".into()).await.unwrap().is_none());
    handle.command(Command::SetReady("1001".into())).await.unwrap();
    assert!(handle.snapshot().await.unwrap().at > WallTime(0));
    stop.drain.cancel();
    timeout(PATIENCE, running).await.unwrap().unwrap();
    assert!(handle.alive().await.is_err());
}

/// The messages that come to `socket` until `last` is among them, by status and CSeq.
async fn answers(socket: &UdpSocket, last: &str) -> Vec<String> {
    let mut buffer = [0; 4096];
    let mut all = Vec::new();
    loop {
        let length = timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("an answer in time").unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let line =
            |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        all.push(format!("{} {} {}", &text[8..11], line("CSeq:"), line("Retry-After:")));
        if line("Call-ID:").contains(last) {
            return all;
        }
    }
}

fn request(method: &str, call_id: &str, address: SocketAddr, sip: SocketAddr) -> String {
    format!(
        "{method} sip:4000@{sip} SIP/2.0
Via: SIP/2.0/UDP {address};branch=z9hG4bK{method}{call_id}
Max-Forwards: 70
From: <sip:+15550100123@{address}>;tag=1
To: <sip:4000@{sip}>
Call-ID: {call_id}
CSeq: 1 {method}
Contact: <sip:caller@{address}>
Content-Length: 0

"
    )
}

#[tokio::test]
async fn when_more_waits_than_is_worked_off_new_calls_are_refused_and_the_rest_is_served() {
    let stage = Stage::set().await;
    let caller = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = caller.local_addr().unwrap();
    stage.arrives(address, &request("INVITE", "shed@test", address, stage.sip));
    for number in 0..OVERLOAD {
        stage.arrives(stage.sip, &format!("noise {number}\n\n"));
    }
    // Within the last few that wait, calls are taken again.
    stage.arrives(address, &request("OPTIONS", "asked@test", address, stage.sip));
    stage.arrives(address, &request("INVITE", "taken@test", address, stage.sip));
    let (handle, stop, running) = stage.start();
    let shed = answers(&caller, "shed@test").await;
    assert_eq!(shed, ["503 CSeq: 1 INVITE Retry-After: 5"]);
    let asked = answers(&caller, "asked@test").await;
    assert_eq!(asked, ["200 CSeq: 1 OPTIONS "], "whatever is no new call is served");
    let taken = answers(&caller, "taken@test").await;
    assert_eq!(taken, ["100 CSeq: 1 INVITE "]);
    let alarms = handle.alive().await.unwrap();
    assert!(alarms.iter().all(|alarm| alarm.kind != AlarmKind::Overloaded), "{alarms:?}");
    stop.drain.cancel();
    stop.at_once.cancel();
    running.await.unwrap();
}
