//! The server, built from its configuration: what is started in which order, and stopped in the reverse.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hotline_api::{HoursByHand, Ports, Prompts, Webhook, Webhooks};
use hotline_base::{Now, Rng, WallTime};
use hotline_call::{Browsers, Controller, TrunkFault};
use hotline_config::{Configuration, Server as ServerSettings, Services, Sip, SipListener, TtsEngine};
use hotline_flow_files::{FlowFiles, Parts as FlowParts};
use hotline_media::{EngineConfig, Event as MediaEvent};
use hotline_media_rt::{Identity, LoadConfig, MediaConfig, MediaHandle, MediaRuntime, load_prompts};
use hotline_messages::Messages;
use hotline_record_io::{Recorder, RecorderConfig};
use hotline_shard::SoundParts;
use hotline_shard::{
    Clock, Handle, INCOMING_MAX, Locate, MEDIA_EVENTS_MAX, Parts, Restarted, Shard, Stop, adopt_messages,
    close_interrupted, resume,
};
use hotline_sip::{Destination, EndpointConfig, Listener};
use hotline_sip_net::{
    Incoming, Listen, Listening, LocateError, Network, NetworkConfig, Receivers, Resolver,
};
use hotline_sip_trace::{Agent, Handle as TraceHandle, Limits, Settings, Tap, Tracer};
use hotline_speech::{CacheConfig, Engine, Speech, SpeechConfig};
use hotline_store::{SPOOL_BYTES_MAX, Store, Writer};
use hotline_stream::{Streams, StreamsConfig};
use hotline_telemetry::{Metric, Metrics};
use hotline_web_client::{Client, ClientConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::https::{self, Doors};
use crate::in_force::InForce;
use crate::recording_days::Closer;
use crate::retention::Sweeper;
use crate::sounds::Files;
use crate::supervision::Supervision;
use crate::{banner, doctor, files, gauges, lock, records, reports, sounds, traces, users};

/// How long running calls may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long a stopped server may take to write what it still holds.
const CLOSE: Duration = Duration::from_secs(10);
/// The spool's name, beside an embedded database or in the working directory.
const SPOOL: &str = "journal.spool";
/// Held by the server that writes the spool.
const SPOOL_LOCK: &str = "journal.lock";
/// Held by the server that writes recordings, in their directory.
const RECORDINGS_LOCK: &str = ".lock";

/// Where a server is reached.
pub(crate) struct Places {
    /// Where SIP is listened on, with the real ports, in the order of the configuration.
    pub(crate) sip: Vec<Listening>,
    /// Where HTTP is listened on, with the real port.
    pub(crate) http: SocketAddr,
    /// The same of HTTPS.
    pub(crate) https: Option<SocketAddr>,
}

/// A running server.
pub(crate) struct Server {
    /// Where it is reached.
    pub(crate) at: Places,
    parts: Supervision,
    stop: Stop,
    shard: JoinHandle<()>,
    api: JoinHandle<()>,
    api_stop: CancellationToken,
    media: MediaRuntime,
    recorder: Recorder,
    writer: Writer,
    store: Store,
    locks: [File; 2],
}

/// Runs a server until it is told to stop or a part of it fails, then lets the running calls end.
///
/// # Errors
/// The server could not start, or a part of it ended by itself: what remains would look alive and take no calls.
pub(crate) async fn run(configuration: Configuration, server_file: &Path) -> Result<()> {
    let began = Instant::now();
    let mut signals = Signals::listen()?;
    let mut server = Server::start(&configuration, server_file).await?;
    banner::started(&configuration, &server.at);
    info!(milliseconds = began.elapsed().as_millis(), "started");
    let failed = tokio::select! {
        () = signals.next() => None,
        part = server.parts.failed() => Some(part),
    };
    if let Some(part) = failed {
        error!(part, "a part of the server has ended by itself");
    }
    let seconds = DRAIN.as_secs();
    info!("stopping: no new calls, running ones have {seconds} s; stop again to end them at once");
    server.stop(signals.next()).await;
    match failed {
        None => Ok(()),
        Some(part) => bail!("{part} ended by itself, so the server was stopped; the log says why"),
    }
}

/// What tells the server to stop: Ctrl-C and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

impl Server {
    /// Starts every part. First what another server may have: only one that has all of it may touch the files.
    pub(crate) async fn start(configuration: &Configuration, server_file: &Path) -> Result<Self> {
        // What is made before counts nothing.
        let (metrics, (incoming_sender, incoming)) = (Metrics::install()?, mpsc::channel(INCOMING_MAX));
        let ((network, receivers), mut doors) = listen(configuration, incoming_sender).await?;
        let at = doors.places(&network)?;
        let (locks, clock) = (lock_files(&configuration.server)?, Clock::start());
        let ((store, writer), last_seq) = open_storage(configuration, clock).await?;

        let (media_sender, media_events) = mpsc::channel(MEDIA_EVENTS_MAX);
        let sounds = sounds::look(&configuration.server.storage.sounds).unwrap_or_default();
        let (recorder, media, browsers) = start_media(configuration, media_sender)?;

        let (parts, (handle, asks, live)) = (Supervision::default(), Handle::channel());
        parts.watch("the SIP receiver", receivers.run());
        doors.watch(&parts, &handle, network.trouble());
        let known = (endpoint(configuration, &at.sip, &doors)?, browsers);
        let (trace, traces) = start_trace(configuration, &known.0, &parts, clock)?;
        let (controller, hours) = take_over(configuration, &store, known, (clock.now(), last_seq)).await?;
        let (media_handle, waker) = (media.handle(), media.handle());
        let client = web_client(configuration)?;
        let (webhooks, tracing) = (webhooks(configuration, client.clone()), client.clone());
        let shard = Shard::new(Parts {
            controller,
            clock,
            locate: locator(configuration, &network),
            network: network.clone(),
            incoming,
            media: Box::new(move |command| media_handle.post(command)),
            wake_media: Box::new(move || waker.wake()),
            media_events,
            store: store.clone(),
            sound: sound(configuration, &client, &store, media.handle()).await?,
            client,
            writer: writer.clone(),
            asks,
            live,
            lines: handle.lines(),
            trace,
        });
        let (stop, api_stop) = (Stop::default(), CancellationToken::new());
        let shard = parts.watch("call processing", shard.run(stop.clone(), DRAIN));
        watch_writer(&parts, &writer);
        let traces_out = traces::start(configuration, tracing, handle.subscribe(), (&parts, &api_stop));
        tokio::spawn(gauges::collect(handle.clone(), media.handle(), recorder.gauge(), metrics.clone()));
        let (in_force, files) = (InForce::new(configuration), (configuration, server_file));
        let (kept, watched) = ((&store, &handle, clock), (&parts, &api_stop));
        keep_house(configuration, &in_force, kept, watched);
        let (renewed, asked) = mpsc::channel(sounds::ASKED_MAX);
        let ports = Ports {
            prompts: prompts(configuration, renewed),
            flows: flow_files(files, &in_force, kept, ((media.handle(), sounds), asked), watched).await?,
            center: in_force.center(),
            shard: handle,
            store: store.clone(),
            writer: writer.clone(),
            recordings: configuration.server.storage.recordings.clone(),
            recording_keys: configuration.server.recordings.keys.clone(),
            traces,
            hours: Arc::new(hours),
            passwords: configuration.server.http.passwords,
            token_age_max: configuration.server.http.token_age_max,
            metrics: Arc::new(move || metrics.render()),
            doctor: doctor::port(in_force.clone()),
            webhooks,
            traces_out,
            https_port: doors.https_port()?,
            challenges: Arc::clone(&doors.challenges),
            turn: https::turn(&configuration.server),
            phones: https::phones(network),
        };
        let api = parts.watch("the HTTP interface", serve_api(doors, ports, api_stop.clone()));
        Ok(Self { at, parts, stop, shard, api, api_stop, media, recorder, writer, store, locks })
    }

    /// Stops in the reverse order, so that nothing is lost: calls, media, recordings, records, database. Running
    /// calls are ended when `at_once` comes.
    pub(crate) async fn stop(self, at_once: impl Future<Output = ()>) {
        self.stop.drain.cancel();
        let mut shard = self.shard;
        let ended = tokio::select! {
            ended = &mut shard => ended,
            () = at_once => {
                warn!("running calls are ended now");
                self.stop.at_once.cancel();
                shard.await
            }
        };
        if let Err(error) = ended {
            error!(%error, "call processing");
        }
        self.api_stop.cancel();
        if let Err(error) = self.api.await {
            error!(%error, "the HTTP interface");
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
        // From here on another server may start.
        drop(self.locks);
    }
}

/// The database, with the people of a demonstration and without what a former process left open; and the last number of its journal.
async fn open_storage(configuration: &Configuration, clock: Clock) -> Result<((Store, Writer), u64)> {
    let (store, writer) = open_store(configuration).await?;
    users::prepare(&store, configuration.demo.as_ref()).await?;
    let last_seq = close_former_calls(&store, configuration, clock.now().wall).await?;
    adopt(&store, &configuration.server.storage.recordings).await?;
    Ok(((store, writer), last_seq))
}

/// Puts messages that a killed server left into their mailboxes.
async fn adopt(store: &Store, recordings: &Path) -> Result<()> {
    let adopted = adopt_messages(store, recordings).await?;
    if adopted > 0 {
        Metric::MessagesAdopted.increment(adopted as u64);
        warn!(adopted, "messages of callers were on no list; they are in their mailboxes");
    }
    Ok(())
}

fn watch_writer(parts: &Supervision, writer: &Writer) {
    let mut availability = writer.availability();
    // The writer's task holds the other end as long as it lives.
    parts.watch("the journal's writer", async move { while availability.changed().await.is_ok() {} });
}

/// What is done once a day.
fn keep_house(
    configuration: &Configuration,
    in_force: &InForce,
    (store, handle, clock): (&Store, &Handle, Clock),
    (parts, stop): (&Supervision, &CancellationToken),
) {
    tokio::spawn(records::fill_search(store.clone()));
    parts.watch("the counting anew of calls", reports::nightly(store.clone(), move || clock.now().wall));
    let sweeper = Sweeper::new(configuration, in_force.kept(), store.clone(), (handle.clone(), clock));
    parts.watch("the sweep of what is too old", sweeper.run(stop.clone()));
    let closer = Closer::new(configuration, store.clone(), clock);
    parts.watch("the chain of recordings", closer.run(stop.clone()));
}

/// The sockets of SIP and HTTP; nobody is answered yet.
async fn listen(
    configuration: &Configuration,
    incoming: mpsc::Sender<Incoming>,
) -> Result<((Network, Receivers), Doors)> {
    let settings = &configuration.server;
    files::allow(settings);
    let Sip { listen, tls, limits, .. } = settings.sip.clone();
    let listen = listen.into_iter().map(|one| {
        let SipListener { transport, address, client_auth, .. } = one;
        Listen { transport, address, client_auth }
    });
    let network = NetworkConfig { tls, limits, ..NetworkConfig::new(listen.collect()) };
    let network = Network::bind(network, incoming)?;
    Ok((network, Doors::open(settings).await?))
}

/// The way to web services.
fn web_client(configuration: &Configuration) -> Result<Client> {
    let Services { roots, keys } = configuration.server.services.clone();
    Ok(Client::new(&ClientConfig { roots, keys, ..ClientConfig::default() })?)
}

/// Speaks texts and connects callers with services of sound.
async fn sound(
    configuration: &Configuration,
    client: &Client,
    store: &Store,
    media: MediaHandle,
) -> Result<SoundParts> {
    let settings = &configuration.server.tts;
    let engine = match &settings.engine {
        TtsEngine::Espeak { program, voices } => {
            Engine::Espeak { program: program.clone(), voices: voices.clone() }
        }
        TtsEngine::Command { program, arguments } => {
            Engine::Command { program: program.clone(), arguments: arguments.clone() }
        }
        TtsEngine::Web { url, headers } => {
            Engine::Web { client: client.clone(), url: url.clone(), headers: headers.clone() }
        }
    };
    let cache = CacheConfig { age_max: settings.age_max, ..CacheConfig::new(&settings.folder) };
    let cache = CacheConfig { keep: !settings.age_max.is_zero(), ..cache };
    let Services { roots, keys } = configuration.server.services.clone();
    let speech = Speech::start(SpeechConfig { engine, cache, limits: Default::default() }).await?;
    let streams = Streams::new(&StreamsConfig { roots, keys, ..StreamsConfig::default() })?;
    let reading = LoadConfig { normalize_dbfs: configuration.server.storage.normalize_dbfs.map(f64::from) };
    let lines = media.clone();
    Ok(SoundParts {
        speech,
        streams,
        attach: Arc::new(move |leg, line| lines.attach(leg, line)),
        add_prompt: Arc::new(move |name, path| media.add_prompt(name, path, reading)),
        messages: Messages::new(configuration.server.storage.recordings.clone()),
        recordings: configuration.server.storage.recordings.clone(),
        store: store.clone(),
    })
}

/// Asks DNS where trunks' servers are. A system without DNS can have trunks by address.
fn locator(configuration: &Configuration, network: &Network) -> Arc<Locate> {
    let resolver = Resolver::new(&configuration.server.sip.dns, Arc::clone(network.names()));
    Arc::new(move |destination: Destination| {
        let resolver = resolver.clone();
        Box::pin(async move {
            let answer = match resolver {
                Ok(resolver) => resolver.locate(&destination).await,
                Err(error) => Err(error),
            };
            answer.map_err(|error| match error {
                LocateError::Unknown => TrunkFault::NameUnknown(destination),
                LocateError::Unanswered(said) => TrunkFault::NameUnanswered { server: destination, said },
            })
        })
    })
}

/// Locks what one server at a time may write.
pub(crate) fn lock_files(settings: &ServerSettings) -> Result<[File; 2]> {
    let recordings = &settings.storage.recordings;
    let journal = journal_directory(settings);
    Ok([lock::take(recordings, RECORDINGS_LOCK)?, lock::take(&journal, SPOOL_LOCK)?])
}

/// Whom events are sent to.
fn webhooks(configuration: &Configuration, client: Client) -> Webhooks {
    let hooks = configuration.server.webhooks.iter().map(|hook| Webhook {
        name: hook.name.clone(),
        url: hook.url.clone(),
        key: hook.key.clone(),
        types: hook.types.clone(),
        timeout: hook.timeout,
    });
    Webhooks { hooks: hooks.collect(), client }
}

async fn serve_api(doors: Doors, ports: Ports, stop: CancellationToken) {
    if let Err(error) = hotline_api::serve((doors.http, doors.https), ports, stop).await {
        error!(%error, "the API stopped");
    }
}

/// Opens the database and brings in what an earlier process left.
pub(crate) async fn open_store(configuration: &Configuration) -> Result<(Store, Writer)> {
    let store = Store::open(&configuration.server.storage.database).await?;
    let spool = journal_directory(&configuration.server).join(SPOOL);
    let writer = Writer::start(store.clone(), &spool, SPOOL_BYTES_MAX).await?;
    Ok((store, writer))
}

/// Where the journal's spool is: beside an embedded database, else in the working directory.
fn journal_directory(settings: &ServerSettings) -> PathBuf {
    let path = settings.storage.database.strip_prefix("sqlite://");
    let directory = path.and_then(|path| Path::new(path).parent()).unwrap_or(Path::new(""));
    if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.to_owned() }
}

/// Goes on where a former process stopped. What is decided by hand about opening hours counts from the first call on.
async fn take_over(
    configuration: &Configuration,
    store: &Store,
    (endpoint, browsers): (EndpointConfig, Browsers),
    (now, last_seq): (Now, u64),
) -> Result<(Controller, HoursByHand)> {
    let mut center = configuration.center.clone();
    center.browsers = Some(browsers);
    let (center, rng) = (Arc::new(center), Rng::from_seed(entropy()?));
    let nonce_secret = nonce_secret(store).await?;
    let mut controller = Controller::new(now, center, endpoint, rng, nonce_secret, last_seq);
    let hours = HoursByHand::open(store, &configuration.center.hours, now.wall).await?;
    for command in hours.commands().await {
        controller.handle_command(now, command)?;
    }
    let contacts = resume(store, &mut controller, now).await?;
    info!(contacts, "phones are reached where they registered");
    Ok((controller, hours))
}

/// Looks after the files of center and flows from here on.
async fn flow_files(
    (configuration, server_file): (&Configuration, &Path),
    in_force: &InForce,
    (store, shard, clock): (&Store, &Handle, Clock),
    ((media, sounds), asked): ((MediaHandle, Files), mpsc::Receiver<oneshot::Sender<()>>),
    (parts, stop): (&Supervision, &CancellationToken),
) -> Result<FlowFiles> {
    let telling = in_force.clone();
    let made_of = FlowParts {
        configuration: Arc::new(configuration.clone()),
        server_file: server_file.to_owned(),
        publish: Box::new(move |configuration| telling.publish(configuration)),
        store: store.clone(),
        shard: shard.clone(),
        clock,
        center: Box::new(in_force.tests()),
    };
    let flows = FlowFiles::start(made_of).await?;
    parts.watch("the watch over the files of center and flows", flows.clone().watch(stop.clone()));
    let sounds = sounds::Watch::new(configuration, media, flows.clone(), sounds, asked);
    parts.watch("the watch over sound files", sounds.run(stop.clone()));
    Ok(flows)
}

/// Where prompts are uploaded to.
fn prompts(configuration: &Configuration, renewed: mpsc::Sender<oneshot::Sender<()>>) -> Prompts {
    let storage = &configuration.server.storage;
    Prompts { folder: storage.sounds.clone(), level_dbfs: storage.normalize_dbfs.map(f64::from), renewed }
}

async fn close_former_calls(store: &Store, configuration: &Configuration, now: WallTime) -> Result<u64> {
    let recordings = (&*configuration.server.storage.recordings, &configuration.server.recordings.keys);
    let Restarted { calls, recordings, last_seq } = close_interrupted(store, recordings, now).await?;
    if calls > 0 || recordings > 0 {
        warn!(calls, recordings, "the server had stopped during calls; their records are closed");
    }
    Ok(last_seq)
}

/// How browsers find and know the audio of this server.
fn browsers(
    configuration: &Configuration,
    identity: &Identity,
    tcp: Option<&TcpListener>,
) -> Result<Browsers> {
    let media = &configuration.server.media;
    let mut addresses = vec![media.external];
    // Whoever is on the same network may not reach the address that is known outside.
    if !media.listen.is_unspecified() && media.listen != media.external {
        addresses.push(media.listen);
    }
    let hotline_media::Fingerprint { value, .. } = identity.fingerprint();
    let fingerprint = hotline_sdp::Fingerprint { hash: hotline_sdp::Hash::Sha256, value };
    // With port 0 the real one is known only now.
    let bound = tcp.map(TcpListener::local_addr).transpose()?;
    let told = media.tcp.and_then(|tcp| tcp.external);
    let tcp = bound.map(|bound| told.unwrap_or(SocketAddr::new(media.external, bound.port())));
    Ok(Browsers { fingerprint, addresses, tcp: tcp.into_iter().collect() })
}

fn start_media(
    configuration: &Configuration,
    events: mpsc::Sender<MediaEvent>,
) -> Result<(Recorder, MediaRuntime, Browsers)> {
    let settings = &configuration.server;
    let identity = Identity::generate()?;
    let tcp = settings.media.tcp.map(|tcp| {
        let bound = TcpListener::bind(tcp.listen);
        bound.with_context(|| format!("cannot listen for audio of browsers by TCP on {}", tcp.listen))
    });
    let tcp = tcp.transpose()?;
    let browsers = browsers(configuration, &identity, tcp.as_ref())?;
    let tell = move |event| match events.try_send(event) {
        // After the end nobody listens any more.
        Ok(()) | Err(TrySendError::Closed(_)) => None,
        // It is offered again; only keys are then dropped.
        Err(TrySendError::Full(event)) => Some(event),
    };
    let reading = LoadConfig { normalize_dbfs: settings.storage.normalize_dbfs.map(f64::from) };
    let mut prompts = load_prompts(&settings.storage.sounds, reading)?;
    prompts.insert_tones(&configuration.country);
    let prompts = Arc::new(prompts);
    let config = RecorderConfig {
        format: settings.recordings.format,
        keys: settings.recordings.keys.clone(),
        ..RecorderConfig::new(settings.storage.recordings.clone())
    };
    let recorder = Recorder::start(config, tell.clone())?;
    let config = MediaConfig {
        threads: settings.media.threads,
        bind: settings.media.listen,
        ports: settings.media.ports.clone(),
        engine: EngineConfig {
            rtp_timeout: settings.media.timeout,
            parties_max: settings.media.parties_max,
            ..EngineConfig::default()
        },
        identity,
    };
    let mut media = MediaRuntime::start(&config, &prompts, &recorder, tell)?;
    if let Some(tcp) = tcp {
        media.listen(tcp)?;
    }
    Ok((recorder, media, browsers))
}

/// The trace of SIP messages: its end for the call task, and the one for those who look.
fn start_trace(
    configuration: &Configuration,
    endpoint: &EndpointConfig,
    parts: &Supervision,
    clock: Clock,
) -> Result<(Tap, TraceHandle)> {
    let sip = &configuration.server.sip;
    let limits =
        Limits { bytes: sip.trace.bytes, dialog_messages: sip.trace.dialog_messages, age: sip.trace.age };
    let collector = sip
        .hep
        .as_ref()
        .map(|hep| (hep.collector, Agent { capture_id: hep.capture_id, password: hep.password.clone() }));
    let settings = Settings { limits, collector, advertised: endpoint.listeners[0].advertised };
    let (tap, handle, tracer) = Tracer::open(settings).context("a socket for the HEP collector")?;
    parts.watch("the SIP trace", tracer.run(move || clock.now()));
    Ok((tap, handle))
}

fn endpoint(configuration: &Configuration, listening: &[Listening], doors: &Doors) -> Result<EndpointConfig> {
    let listeners = configuration.server.sip.listen.iter().zip(listening).map(|(configured, bound)| {
        let mut advertised = configured.external;
        // With port 0 the real one is known only now.
        if advertised.port() == 0 {
            advertised.set_port(bound.local.port());
        }
        Listener { transport: bound.transport, local: bound.local, advertised }
    });
    let mut listeners: Vec<Listener> = listeners.collect();
    let first = listeners.first().expect("a configuration without a listener is refused").advertised;
    listeners.extend(doors.phones(first)?);
    let mut endpoint = EndpointConfig::new(&configuration.center.domain.to_string(), first);
    endpoint.listeners = listeners;
    endpoint.user_agent = format!("Hotline/{}", env!("CARGO_PKG_VERSION"));
    endpoint.trunks.clone_from(&configuration.trunks);
    endpoint.users.clone_from(&configuration.sip_users);
    endpoint.names = configuration.center.sip_names();
    endpoint.probes = configuration.server.sip.keepalive;
    Ok(endpoint)
}

/// The secret of this center's nonces, made once: a nonce must be known again after a restart.
async fn nonce_secret(store: &Store) -> Result<[u8; 32]> {
    const NAME: &str = "sip_nonce_secret";
    let fresh: String = entropy()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let stored = store.state_or(NAME, &fresh).await?;
    let mut secret = [0; 32];
    let digits = stored.len() == 2 * secret.len() && stored.bytes().all(|byte| byte.is_ascii_hexdigit());
    anyhow::ensure!(digits, "`{NAME}` in the database is damaged; delete it, and a new one is made");
    for (byte, pair) in secret.iter_mut().zip(stored.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    Ok(secret)
}

/// 32 bytes that nobody can guess.
fn entropy() -> Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(seed)
}
