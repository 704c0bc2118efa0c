//! The server, built from its configuration: what is started in which order, and stopped in the reverse.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hotline_api::Ports;
use hotline_base::{Rng, WallTime};
use hotline_call::Controller;
use hotline_config::Configuration;
use hotline_media::{EngineConfig, Event as MediaEvent};
use hotline_media_rt::{MediaConfig, MediaRuntime, load_prompts};
use hotline_record_io::{Recorder, RecorderConfig, repair};
use hotline_shard::{
    Clock, DATAGRAMS_MAX, Handle, MEDIA_EVENTS_MAX, MendedRecording, Parts, Shard, close_interrupted,
};
use hotline_sip::EndpointConfig;
use hotline_sip_net::UdpTransport;
use hotline_store::{SPOOL_BYTES_MAX, Store, Writer};
use hotline_telemetry::{Metric, Metrics};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{banner, gauges, users};

/// How long running calls may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long a stopped server may take to write what it still holds.
const CLOSE: Duration = Duration::from_secs(10);
/// The spool's name, beside the recordings' directory of an embedded database or in the working directory.
const SPOOL: &str = "journal.spool";

/// A running server.
pub(crate) struct Server {
    /// Where SIP is listened on, with the real port.
    pub(crate) sip: SocketAddr,
    /// Where HTTP is listened on, with the real port.
    pub(crate) http: SocketAddr,
    stop: CancellationToken,
    shard: JoinHandle<()>,
    api: JoinHandle<()>,
    api_stop: CancellationToken,
    media: MediaRuntime,
    recorder: Recorder,
    writer: Writer,
    store: Store,
}

/// Runs a server until it is told to stop, then lets the running calls end.
pub(crate) async fn run(configuration: Configuration) -> Result<()> {
    let began = Instant::now();
    let mut terminate = signal(SignalKind::terminate())?;
    let server = Server::start(&configuration).await?;
    banner::started(&configuration, server.sip, server.http);
    info!(milliseconds = began.elapsed().as_millis(), "started");
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    info!("stopping: no new calls, running ones have {} s; stop again to end them at once", DRAIN.as_secs());
    let again = async {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => drop(interrupted),
            _ = terminate.recv() => {}
        }
    };
    server.stop(again).await;
    Ok(())
}

impl Server {
    /// Starts every part. Nothing is left running if one fails.
    pub(crate) async fn start(configuration: &Configuration) -> Result<Self> {
        let settings = &configuration.server;
        let clock = Clock::start();
        let mut rng = Rng::from_seed(entropy()?);
        let metrics = Metrics::install()?;

        let mended = repair(&settings.storage.recordings)?;
        let (store, writer) = open_store(configuration).await?;
        users::prepare(&store, configuration.demo.as_ref(), &mut rng).await?;
        record_flows(&store, configuration, clock.now().wall).await?;
        let last_seq = close_former_calls(&store, &writer, &mended, clock.now().wall).await?;

        let transport = UdpTransport::bind(settings.sip.listen)?;
        let listener = TcpListener::bind(settings.http.listen).await.with_context(|| {
            format!("cannot listen for HTTP on {}; is another server using the port?", settings.http.listen)
        })?;
        let (sip, http) = (transport.local(), listener.local_addr()?);

        let (media_sender, media_events) = mpsc::channel(MEDIA_EVENTS_MAX);
        let (recorder, media) = start_media(configuration, media_sender)?;

        let (handle, asks, live) = Handle::channel();
        let (datagram_sender, datagrams) = mpsc::channel(DATAGRAMS_MAX);
        let dropped = Metric::SipDatagramsDropped.counter();
        tokio::spawn(transport.clone().receive(datagram_sender, dropped));
        let endpoint = endpoint(configuration, sip);
        let center = Arc::new(configuration.center.clone());
        let controller = Controller::new(clock.now(), center, endpoint, rng.fork(), entropy()?, last_seq);
        let media_handle = media.handle();
        let parts = Parts {
            controller,
            clock,
            transport,
            datagrams,
            media: Box::new(move |command| {
                if let Err(error) = media_handle.send(command) {
                    error!(%error, "a media command was lost");
                }
            }),
            media_events,
            store: store.clone(),
            writer: writer.clone(),
            asks,
            live,
        };
        let stop = CancellationToken::new();
        let shard = tokio::spawn(Shard::new(parts).run(stop.clone(), DRAIN));
        tokio::spawn(gauges::collect(handle.clone(), media.handle(), metrics.clone()));

        let api_stop = CancellationToken::new();
        let ports = Ports {
            shard: handle,
            store: store.clone(),
            recordings: settings.storage.recordings.clone(),
            dial_plan: configuration.center.dial_plan.clone(),
            metrics: Arc::new(move || metrics.render()),
            https: false,
        };
        let api = tokio::spawn(serve_api(listener, ports, api_stop.clone()));
        Ok(Self { sip, http, stop, shard, api, api_stop, media, recorder, writer, store })
    }

    /// Stops in the reverse order, so that nothing is lost: calls, media, recordings, records, database.
    pub(crate) async fn stop(self, at_once: impl Future<Output = ()>) {
        self.stop.cancel();
        let mut shard = self.shard;
        tokio::select! {
            ended = &mut shard => drop(ended),
            () = at_once => {
                shard.abort();
                warn!("running calls were cut off");
            }
        }
        self.api_stop.cancel();
        if let Err(error) = self.api.await {
            error!(%error, "the API's task died");
        }
        let (media, recorder) = (self.media, self.recorder);
        let closed = tokio::task::spawn_blocking(move || {
            media.stop();
            recorder.stop();
        });
        if let Err(error) = closed.await {
            error!(%error, "closing the recordings");
        }
        match tokio::time::timeout(CLOSE, self.writer.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(%error, "the last events"),
            Err(_) => error!("the database did not take the last events in time; they wait in the spool"),
        }
        self.store.close().await;
    }
}

async fn serve_api(listener: TcpListener, ports: Ports, stop: CancellationToken) {
    if let Err(error) = hotline_api::serve(listener, ports, stop).await {
        error!(%error, "the API stopped");
    }
}

/// Opens the database, makes the directory of an embedded one, and brings in what an earlier process left.
async fn open_store(configuration: &Configuration) -> Result<(Store, Writer)> {
    let storage = &configuration.server.storage;
    let directory = storage.database.strip_prefix("sqlite://").and_then(|path| Path::new(path).parent());
    if let Some(directory) = directory.filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("{}: cannot be created", directory.display()))?;
    }
    let store = Store::open(&storage.database).await?;
    let spool = directory.unwrap_or(Path::new("")).join(SPOOL);
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await?;
    Ok((store, writer))
}

async fn record_flows(store: &Store, configuration: &Configuration, now: WallTime) -> Result<()> {
    for flow in &configuration.flows {
        if store.record_flow(&flow.flow, &flow.text, now).await? {
            info!(flow = %flow.flow, "a new version of the flow");
        }
    }
    Ok(())
}

async fn close_former_calls(
    store: &Store,
    writer: &Writer,
    repaired: &[hotline_record_io::Repaired],
    now: WallTime,
) -> Result<u64> {
    let mended: Vec<MendedRecording> = repaired
        .iter()
        .map(|repaired| MendedRecording {
            recording: repaired.recording,
            duration: Duration::from_millis(repaired.duration_ms),
            bytes: repaired.bytes,
        })
        .collect();
    let (calls, last_seq) = close_interrupted(store, writer, &mended, now).await?;
    if calls > 0 {
        warn!(
            calls,
            recordings = mended.len(),
            "the server had stopped during calls; their records are closed"
        );
    }
    Ok(last_seq)
}

fn start_media(
    configuration: &Configuration,
    events: mpsc::Sender<MediaEvent>,
) -> Result<(Recorder, MediaRuntime)> {
    let settings = &configuration.server;
    let tell = move |event| match events.try_send(event) {
        // After the end nobody listens any more.
        Ok(()) | Err(TrySendError::Closed(_)) => None,
        // It is offered again; only keys are then dropped.
        Err(TrySendError::Full(event)) => Some(event),
    };
    let prompts = Arc::new(load_prompts(&settings.storage.sounds)?);
    let recorder = Recorder::start(RecorderConfig::new(settings.storage.recordings.clone()), tell.clone())?;
    let config = MediaConfig {
        threads: settings.media.threads,
        bind: settings.media.listen,
        ports: settings.media.ports.clone(),
        engine: EngineConfig { rtp_timeout: settings.media.timeout, ..EngineConfig::default() },
    };
    let media = MediaRuntime::start(&config, &prompts, &recorder, tell)?;
    Ok((recorder, media))
}

fn endpoint(configuration: &Configuration, listening: SocketAddr) -> EndpointConfig {
    // With port 0 the real one is known only now.
    let mut advertised = configuration.server.sip.external;
    if advertised.port() == 0 {
        advertised.set_port(listening.port());
    }
    let mut endpoint = EndpointConfig::new(&configuration.center.domain.to_string(), advertised);
    endpoint.user_agent = format!("Hotline/{}", env!("CARGO_PKG_VERSION"));
    endpoint.trunks.clone_from(&configuration.trunks);
    endpoint.users.clone_from(&configuration.sip_users);
    endpoint
}

/// 32 bytes that nobody can guess.
fn entropy() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(seed)
}
