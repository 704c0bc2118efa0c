//! All media threads, and the way to them.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use hotline_base::{CallId, LegId, Rng};
use hotline_media::{Command, Engine, EngineConfig, Event, PromptId, PromptLibrary, Voice};
use hotline_record_io::{Outbox, Recorder};

use crate::clock::Clock;
use crate::connection::{TcpCounters, TcpGauge};
use crate::desk::{Desk, Gauge, HandshakeCounters};
use crate::doorman::{Arrival, Doorman, DoormanHandle};
use crate::handshake::Terms;
use crate::identity::Identity;
use crate::lateness::BeatsByLateness;
use crate::line::LegEnd;
use crate::lines::Lines;
use crate::load::LoadConfig;
use crate::names::Names;
use crate::ports::Ports;
use crate::routes::Routes;
use crate::shelf::{AddError, Shelf, Ticket};
use crate::sockets::{Sockets, Waker};
use crate::thread::{Gauges, MediaThread};

/// Commands waiting for one thread. Legs are opened only below half of it, so that there is room to close them.
const COMMANDS_MAX: usize = 16_384;

/// Lines that wait to be given to their legs. Beyond, a further one is refused.
const LINES_MAX: usize = 256;

/// Connections of browsers that wait to be given to their legs. Beyond, a further one is closed.
const ARRIVALS_MAX: usize = 64;

/// What an administrator may change.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// How many media threads; one for each core is enough.
    pub threads: usize,
    /// The local address of all RTP sockets.
    pub bind: IpAddr,
    /// RTP takes the even ones. `0..=0` lets the system choose.
    pub ports: RangeInclusive<u16>,
    /// Limits and times of the engines.
    pub engine: EngineConfig,
    /// By what browsers know this server.
    pub identity: Identity,
}

/// Why the media threads cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Configuration: there is no thread.
    #[error("media threads: at least one is needed")]
    NoThreads,
    /// Configuration: no leg could ever be opened.
    #[error("media ports {first}-{last}: there is no even port with the odd one after it in the range")]
    NoPorts {
        /// The first port.
        first: u16,
        /// The last port.
        last: u16,
    },
    /// Configuration: the address is not one of this machine's.
    #[error("media address {bind}: cannot be bound")]
    Address {
        /// The address.
        bind: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Environment: the system refused a thread or an event queue.
    #[error("cannot start a media thread")]
    Thread(#[source] io::Error),
    /// Environment: the system has no random numbers.
    #[error("the system gives no random numbers")]
    Randomness(#[source] getrandom::Error),
    /// The certificate for handshakes cannot be used.
    #[error("the certificate for encrypted audio with browsers cannot be used")]
    Identity(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Exhausted: too many commands wait for the thread.
    #[error("the media thread has too many commands waiting")]
    Overloaded,
    /// The media threads have stopped.
    #[error("the media threads have stopped")]
    Stopped,
}

/// What happened since the start, all threads together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaCounters {
    /// Commands refused because too many waited.
    pub commands_refused: u64,
    /// Beats made up for by a late tick.
    pub beats_late: u64,
    /// Beats left out because a tick was too late.
    pub beats_skipped: u64,
    /// How late each beat began.
    pub beats_by_lateness: BeatsByLateness,
    /// Keys refused because too many were waiting or nobody had time for them.
    pub digits_refused: u64,
    /// Packets that the system did not take.
    pub send_errors: u64,
    /// Receives that failed.
    pub receive_errors: u64,
    /// Packets that were not encrypted as was agreed, or came before.
    pub packets_refused: u64,
    /// Handshakes with browsers.
    pub handshakes: HandshakeCounters,
    /// Connections of browsers.
    pub tcp: TcpCounters,
    /// Bugs that panicked; each cost a leg at most.
    pub panics: u64,
    /// Bytes of the prompts that were added while running.
    pub added_prompt_bytes: u64,
    /// Of these, prompts that gave way to others, and such for which there was no room.
    pub added_prompts_evicted: u64,
    /// See there.
    pub added_prompts_refused: u64,
}

/// The running media threads. Dropping it stops them.
pub struct MediaRuntime {
    handle: MediaHandle,
    threads: Vec<JoinHandle<()>>,
    doormen: Vec<DoormanHandle>,
}

/// The way to the media threads; cheap to clone, and never waits.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

struct Shared {
    links: Vec<Link>,
    routes: Arc<Routes>,
    ports: Arc<Ports>,
    shelf: Shelf,
    handshakes: Arc<Gauge>,
    names: Arc<Names>,
    tcp: Arc<TcpGauge>,
    refused: AtomicU64,
}

struct Link {
    commands: SyncSender<Command>,
    lines: SyncSender<(LegId, LegEnd)>,
    arrivals: SyncSender<Arrival>,
    waker: Waker,
    /// There are commands of which the thread was not told.
    is_waiting: AtomicBool,
    gauges: Arc<Gauges>,
}

impl MediaRuntime {
    /// Starts the threads. `events` is called from them and must not wait; an event that it gives back is offered
    /// again, in its order, unless it is a key.
    ///
    /// # Errors
    /// What is wrong with the configuration or the machine, by name.
    pub fn start<E>(
        config: &MediaConfig,
        prompts: &Arc<PromptLibrary>,
        recorder: &Recorder,
        events: E,
    ) -> Result<Self, StartError>
    where
        E: Fn(Event) -> Option<Event> + Send + Clone + 'static,
    {
        let ports = Arc::new(check(config)?);
        let mut rng = seed()?;
        let clock = Clock::start();
        let routes = Arc::new(Routes::default());
        let shelf = Shelf::new(Arc::clone(prompts));
        let (handshakes, names) = (Arc::new(Gauge::default()), Arc::new(Names::default()));
        let terms = Terms::new(&config.identity).map_err(|error| StartError::Identity(Box::new(error)))?;
        let (desk, clerk) = Desk::start(terms, Arc::clone(&handshakes)).map_err(StartError::Thread)?;
        let mut links = Vec::new();
        let mut ready = Vec::new();
        for thread in 0..config.threads {
            let sockets = Sockets::new(&desk, Arc::clone(&names), thread);
            let (sockets, replies) = sockets.map_err(StartError::Thread)?;
            let (link, (commands, new_lines, arrivals)) = link(sockets.waker());
            ready.push(MediaThread {
                engine: Engine::new(config.engine.clone(), rng.fork(), Arc::clone(prompts)),
                sockets,
                tap: recorder.tap(),
                commands,
                replies,
                arrivals,
                lines: Lines::new(new_lines),
                prompts: shelf.reader(),
                ports: Arc::clone(&ports),
                routes: Arc::clone(&routes),
                gauges: Arc::clone(&link.gauges),
                clock,
                events: Outbox::new(events.clone()),
                first_reports: Vec::new(),
            });
            links.push(link);
        }
        let (tcp, refused) = (Arc::default(), AtomicU64::new(0));
        let shared = Shared { links, routes, ports, shelf, handshakes, names, tcp, refused };
        let handle = MediaHandle { shared: Arc::new(shared) };
        let mut runtime = Self { handle, threads: Vec::new(), doormen: Vec::new() };
        for (number, thread) in ready.into_iter().enumerate() {
            let spawned = std::thread::Builder::new().name(format!("media-{number}")).spawn(|| thread.run());
            runtime.threads.push(spawned.map_err(StartError::Thread)?);
        }
        // Last: it ends when the media threads have.
        runtime.threads.push(clerk);
        Ok(runtime)
    }

    /// Takes connections of browsers there from here on, for legs whose description names the address (RFC 6544).
    ///
    /// # Errors
    /// The system refuses a thread or an event queue.
    pub fn listen(&mut self, listener: TcpListener) -> Result<(), StartError> {
        let shared = &self.handle.shared;
        let ways = shared.links.iter().map(|link| (link.arrivals.clone(), link.waker.clone())).collect();
        let doorman = Doorman::start(listener, Arc::clone(&shared.names), ways, Arc::clone(&shared.tcp));
        self.doormen.push(doorman.map_err(StartError::Thread)?);
        Ok(())
    }

    /// The way to the threads.
    #[must_use]
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }

    /// Closes all legs, hands the ends of their recordings to the recorder, and waits for the threads.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        for doorman in self.doormen.drain(..) {
            doorman.stop();
        }
        for link in &self.handle.shared.links {
            link.gauges.stopping.store(true, Ordering::Release);
            link.waker.wake();
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a media thread had panicked");
            }
        }
    }
}

impl Drop for MediaRuntime {
    fn drop(&mut self) {
        self.join();
    }
}

impl MediaHandle {
    /// Passes a command to the thread of its leg, and wakes it. All legs of one call are on one thread.
    ///
    /// # Errors
    /// As [`MediaHandle::post`].
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        let posted = self.post(command);
        self.wake();
        posted
    }

    /// Passes a command to the thread of its leg, which sees it when it is woken next.
    ///
    /// # Errors
    /// When too many commands wait, which is counted, or the threads have stopped. The command is then lost:
    /// `OpenLeg` meets this long before any other command does.
    pub fn post(&self, command: Command) -> Result<(), SendError> {
        match &command {
            Command::OpenLeg { leg, call } => {
                let (leg, thread) = (*leg, self.thread_of(*call));
                self.shared.routes.insert(leg, thread);
                // The thread takes the route away when the leg fails or closes.
                self.push(thread, command, COMMANDS_MAX / 2).inspect_err(|_| self.shared.routes.remove(leg))
            }
            Command::SetRemote { leg, .. }
            | Command::SetSpeech { leg, .. }
            | Command::SetMusic { leg, .. }
            | Command::Play { leg, .. }
            | Command::StopPlay { leg }
            | Command::SendDigit { leg, .. }
            | Command::Bridge { a: leg, .. }
            | Command::JoinRecording { voice: Voice { leg, .. }, .. }
            | Command::LeaveRecording { leg }
            | Command::CloseLeg { leg } => {
                self.push(self.shared.routes.thread_of(*leg), command, COMMANDS_MAX)
            }
            // That of any of them: all live on one thread.
            Command::Connect { parties, .. } => {
                let first = parties.first().map_or(0, |party| self.shared.routes.thread_of(party.leg));
                self.push(first, command, COMMANDS_MAX)
            }
            Command::StartRecording { voices, .. } => {
                let thread = voices.first().map_or(0, |voice| self.shared.routes.thread_of(voice.leg));
                self.push(thread, command, COMMANDS_MAX)
            }
            // These name no leg. The threads that do not know them ignore them.
            Command::Unbridge { .. } | Command::MarkRecording { .. } | Command::StopRecording { .. } => (0
                ..self.shared.links.len())
                .try_for_each(|thread| self.push(thread, command.clone(), COMMANDS_MAX)),
        }
    }

    /// Adds a prompt from a WAV file while calls go on, as `tts/<name>`; one that is there already is kept as it is. It can be played
    /// from now on, and surely until its ticket is dropped; then it gives way when the room is needed. Reads and resamples: not for
    /// threads on which others wait.
    ///
    /// # Errors
    /// If the file is no prompt, or there is no room.
    pub fn add_prompt(&self, name: &str, path: &Path, config: LoadConfig) -> Result<Ticket, AddError> {
        let ticket = self.shared.shelf.add(name, path, config)?;
        // So that none of them keeps what gave way.
        for link in &self.shared.links {
            link.waker.wake();
        }
        Ok(ticket)
    }

    /// Whether there is such a prompt.
    #[must_use]
    pub fn has_prompt(&self, id: &PromptId) -> bool {
        self.shared.shelf.has(id)
    }

    /// Reads a file of the folder of sounds again, or for the first time, and puts its prompt into the place of the one before:
    /// `<root>/<folder>/<name>.wav` is `folder/name`. Reads and resamples: not for threads on which others wait.
    ///
    /// # Errors
    /// If the file is no prompt, or there is no room; the sound before stays.
    pub fn renew_prompt(&self, root: &Path, path: &Path, config: LoadConfig) -> Result<PromptId, AddError> {
        let id = self.shared.shelf.renew(root, path, config)?;
        for link in &self.shared.links {
            link.waker.wake();
        }
        Ok(id)
    }

    /// Gives a leg its line: from its next beat on, the other end hears it and speaks to it, until either end is dropped, the leg
    /// closes or a bridge takes it. The leg must be open. A line it had before ends; so does this one if the leg is not
    /// there or in a bridge.
    ///
    /// # Errors
    /// When too many lines wait, which is counted, or the threads have stopped. The line is then over.
    pub fn attach(&self, leg: LegId, line: LegEnd) -> Result<(), SendError> {
        let link = &self.shared.links[self.shared.routes.thread_of(leg)];
        if link.gauges.stopping.load(Ordering::Acquire) {
            return Err(SendError::Stopped);
        }
        match link.lines.try_send((leg, line)) {
            Ok(()) => {
                link.waker.wake();
                Ok(())
            }
            Err(TrySendError::Full(_)) => {
                self.shared.refused.fetch_add(1, Ordering::Relaxed);
                Err(SendError::Overloaded)
            }
            Err(TrySendError::Disconnected(_)) => Err(SendError::Stopped),
        }
    }

    /// Wakes the threads that have commands.
    pub fn wake(&self) {
        for link in &self.shared.links {
            if link.is_waiting.swap(false, Ordering::AcqRel) {
                link.waker.wake();
            }
        }
    }

    /// How many legs hold a port.
    #[must_use]
    pub fn ports_in_use(&self) -> usize {
        self.shared.ports.in_use()
    }

    /// What happened since the start.
    #[must_use]
    pub fn counters(&self) -> MediaCounters {
        let sum = |counter: fn(&Gauges) -> &AtomicU64| -> u64 {
            self.shared.links.iter().map(|link| counter(&link.gauges).load(Ordering::Relaxed)).sum()
        };
        let mut beats_by_lateness = BeatsByLateness::default();
        for link in &self.shared.links {
            link.gauges.lateness.add_to(&mut beats_by_lateness);
        }
        let added = self.shared.shelf.counters();
        MediaCounters {
            added_prompt_bytes: added.bytes as u64,
            added_prompts_evicted: added.evicted,
            added_prompts_refused: added.refused,
            commands_refused: self.shared.refused.load(Ordering::Relaxed),
            beats_late: sum(|gauges| &gauges.beats_late),
            beats_skipped: sum(|gauges| &gauges.beats_skipped),
            beats_by_lateness,
            digits_refused: sum(|gauges| &gauges.digits_refused) + sum(|gauges| &gauges.digits_dropped),
            send_errors: sum(|gauges| &gauges.send_errors),
            receive_errors: sum(|gauges| &gauges.receive_errors),
            packets_refused: sum(|gauges| &gauges.packets_refused),
            handshakes: self.shared.handshakes.read(),
            tcp: self.shared.tcp.read(),
            panics: sum(|gauges| &gauges.panics) + sum(|gauges| &gauges.legs_lost),
        }
    }

    fn push(&self, thread: usize, command: Command, limit: usize) -> Result<(), SendError> {
        let link = &self.shared.links[thread];
        if link.gauges.stopping.load(Ordering::Acquire) {
            return Err(SendError::Stopped);
        }
        if link.gauges.commands_waiting.fetch_add(1, Ordering::Relaxed) >= limit {
            return Err(self.refuse(link, SendError::Overloaded));
        }
        match link.commands.try_send(command) {
            Ok(()) => {
                link.is_waiting.store(true, Ordering::Release);
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err(self.refuse(link, SendError::Overloaded)),
            Err(TrySendError::Disconnected(_)) => Err(self.refuse(link, SendError::Stopped)),
        }
    }

    fn refuse(&self, link: &Link, error: SendError) -> SendError {
        link.gauges.commands_waiting.fetch_sub(1, Ordering::Relaxed);
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
        error
    }

    /// A call's thread follows from its id, whose last eight bytes are random.
    fn thread_of(&self, call: CallId) -> usize {
        let bytes = call.0.into_bytes();
        let random = u64::from_be_bytes(*bytes.last_chunk().expect("an id has sixteen bytes"));
        // The remainder is below the number of threads.
        (random % self.shared.links.len() as u64) as usize
    }
}

fn check(config: &MediaConfig) -> Result<Ports, StartError> {
    if config.threads == 0 {
        return Err(StartError::NoThreads);
    }
    let ports = Ports::new(config.bind, &config.ports);
    if ports.is_empty() {
        return Err(StartError::NoPorts { first: *config.ports.start(), last: *config.ports.end() });
    }
    UdpSocket::bind(SocketAddr::new(config.bind, 0))
        .map_err(|source| StartError::Address { bind: config.bind, source })?;
    Ok(ports)
}

fn seed() -> Result<Rng, StartError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(StartError::Randomness)?;
    Ok(Rng::from_seed(seed))
}

/// What a thread finds of what others gave it.
type Waiting = (Receiver<Command>, Receiver<(LegId, LegEnd)>, Receiver<Arrival>);

fn link(waker: Waker) -> (Link, Waiting) {
    let (commands, waiting) = sync_channel(COMMANDS_MAX);
    let (lines, new_lines) = sync_channel(LINES_MAX);
    let (arrivals, new_arrivals) = sync_channel(ARRIVALS_MAX);
    let gauges = Arc::new(Gauges::default());
    let link = Link { commands, lines, arrivals, waker, is_waiting: AtomicBool::new(false), gauges };
    (link, (waiting, new_lines, new_arrivals))
}
