//! The loop of one media thread.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use hotline_base::{CallId, LegId, Now, RecordingId};
use hotline_media::{Chunk, Command, ConnectFailure, Engine, Event, LegFailure, Sink, Timer, Voice};
use hotline_record_io::{Outbox, RETRY, Tap};

use crate::clock::Clock;
use crate::desk::Reply;
use crate::doorman::Arrival;
use crate::lateness::Lateness;
use crate::lines::Lines;
use crate::ports::Ports;
use crate::routes::Routes;
use crate::shelf::Reader;
use crate::sockets::{Carries, ReadyList, Sockets};

/// A datagram longer than this is cut; no agreed payload is.
pub(crate) const DATAGRAM_MAX: usize = 2048;
/// Commands carried out in one turn, so that audio goes on meanwhile.
const COMMANDS_PER_TURN: usize = 256;

/// Connections of browsers taken in one turn.
const ARRIVALS_PER_TURN: usize = 16;

/// What other threads see of this one.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// Commands sent and not yet carried out.
    pub(crate) commands_waiting: AtomicUsize,
    pub(crate) stopping: AtomicBool,
    pub(crate) beats_late: AtomicU64,
    pub(crate) beats_skipped: AtomicU64,
    pub(crate) lateness: Lateness,
    pub(crate) digits_refused: AtomicU64,
    pub(crate) digits_dropped: AtomicU64,
    pub(crate) send_errors: AtomicU64,
    pub(crate) receive_errors: AtomicU64,
    /// Packets that were not encrypted as was agreed, or came before.
    pub(crate) packets_refused: AtomicU64,
    /// Bugs that cost a leg.
    pub(crate) legs_lost: AtomicU64,
    /// Bugs that cost no leg.
    pub(crate) panics: AtomicU64,
}

/// All that the thread owns.
pub(crate) struct MediaThread<E> {
    pub(crate) engine: Engine,
    pub(crate) sockets: Sockets,
    pub(crate) tap: Tap,
    pub(crate) commands: Receiver<Command>,
    /// What comes back from handshakes.
    pub(crate) replies: Receiver<Reply>,
    /// Connections of browsers.
    pub(crate) arrivals: Receiver<Arrival>,
    pub(crate) lines: Lines,
    pub(crate) prompts: Reader,
    pub(crate) ports: Arc<Ports>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) clock: Clock,
    pub(crate) events: Outbox<E>,
    /// Reports of legs that have no socket for them yet.
    pub(crate) first_reports: Vec<FirstReport>,
}

/// The first report of a leg.
pub(crate) struct FirstReport {
    leg: LegId,
    to: SocketAddr,
    packet: Vec<u8>,
}

/// Where the engine's output goes.
struct Outlet<'a> {
    sockets: &'a mut Sockets,
    tap: &'a mut Tap,
    lines: &'a mut Lines,
    gauges: &'a Gauges,
    first_reports: &'a mut Vec<FirstReport>,
}

impl Sink for Outlet<'_> {
    fn send(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]) {
        self.send_from(leg, Carries::Audio, to, packet);
    }

    fn report(&mut self, leg: LegId, to: SocketAddr, is_muxed: bool, packet: &[u8]) {
        if is_muxed {
            return self.send_from(leg, Carries::Audio, to, packet);
        }
        if self.sockets.wants_reports_at(leg).is_some() {
            return self.first_reports.push(FirstReport { leg, to, packet: packet.to_vec() });
        }
        self.send_from(leg, Carries::Reports, to, packet);
    }

    fn record(&mut self, recording: RecordingId, chunk: Chunk<'_>) {
        self.tap.record(recording, chunk);
    }

    fn line_heard(&mut self, leg: LegId, frame: &[i16]) {
        self.lines.hear(leg, frame);
    }

    fn line_said(&mut self, leg: LegId, frame: &mut [i16]) -> bool {
        self.lines.say(leg, frame)
    }
}

impl Outlet<'_> {
    fn send_from(&mut self, leg: LegId, carries: Carries, to: SocketAddr, packet: &[u8]) {
        if self.sockets.send(leg, carries, to, packet).is_err() {
            self.gauges.send_errors.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<E: Fn(Event) -> Option<Event>> MediaThread<E> {
    /// Runs until it is told to stop, then closes all legs.
    pub(crate) fn run(mut self) {
        let mut datagram = [0; DATAGRAM_MAX];
        let mut ready = ReadyList::new();
        while !self.gauges.stopping.load(Ordering::Acquire) {
            if let Err(error) = self.turn(&mut ready, &mut datagram) {
                tracing::error!(%error, "a media thread cannot wait for packets and ends");
                break;
            }
        }
        self.stop();
    }

    /// 1. Wait; 2. packets; 3. the beat; 4. commands; 5. events.
    fn turn(&mut self, ready: &mut ReadyList, datagram: &mut [u8]) -> io::Result<()> {
        self.sockets.wait(ready, self.timeout())?;
        let now = self.clock.now();
        self.renew_prompts();
        for (leg, carries) in ready.legs() {
            self.receive(now, leg, carries, datagram);
        }
        for _ in 0..ARRIVALS_PER_TURN {
            let Ok(arrival) = self.arrivals.try_recv() else { break };
            if let Some((leg, carries)) = self.sockets.arrive(arrival) {
                self.receive(now, leg, carries, datagram);
            }
        }
        self.beat(now);
        for _ in 0..COMMANDS_PER_TURN {
            let Ok(reply) = self.replies.try_recv() else { break };
            if let Some((leg, cause)) = self.sockets.handle_reply(reply) {
                self.unconnected(leg, cause);
            }
        }
        for _ in 0..COMMANDS_PER_TURN {
            let Ok(command) = self.commands.try_recv() else { break };
            self.gauges.commands_waiting.fetch_sub(1, Ordering::Relaxed);
            self.carry_out(now, command);
            // At once, so that the next command finds the port that this one gave back.
            self.report();
        }
        self.lines.attach(&mut self.engine);
        if self.gauges.commands_waiting.load(Ordering::Relaxed) > 0 {
            self.sockets.waker().wake();
        }
        self.tap.flush();
        self.report();
        self.show_counters();
        Ok(())
    }

    /// How long to sleep. The turn before took some time, so this is not measured from its `now`.
    fn timeout(&self) -> Option<Duration> {
        let beat = self.engine.poll_timeout().map(|(due, Timer::Beat)| due.since(self.clock.mono()));
        let retry = (!self.events.is_empty()).then_some(RETRY);
        beat.into_iter().chain(retry).min()
    }

    /// Takes one datagram, or all whole packets of a stream that were read at once.
    fn receive(&mut self, now: Now, leg: LegId, carries: Carries, datagram: &mut [u8]) {
        self.receive_one(now, leg, carries, datagram);
        while self.sockets.has_more(leg, carries) {
            self.receive_one(now, leg, carries, datagram);
        }
    }

    fn receive_one(&mut self, now: Now, leg: LegId, carries: Carries, datagram: &mut [u8]) {
        match self.sockets.receive(leg, carries, datagram) {
            Ok(None) => {}
            Ok(Some((length, source))) => self.guarded(now, Some(leg), |engine, out| match carries {
                Carries::Audio | Carries::Connection(_) => {
                    engine.handle_packet(now, leg, source, &mut datagram[..length], out)
                }
                Carries::Reports => engine.handle_report(now, leg, source, &datagram[..length]),
            }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.gauges.packets_refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                self.gauges.receive_errors.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn beat(&mut self, now: Now) {
        if let Some((due, Timer::Beat)) = self.engine.poll_timeout().filter(|(due, _)| *due <= now.mono) {
            // The packets of this turn came first.
            self.gauges.lateness.note(self.clock.mono().since(due));
            self.guarded(now, None, |engine, out| engine.handle_tick(now, out));
            self.lines.release(&mut self.engine);
        }
        for FirstReport { leg, to, packet } in std::mem::take(&mut self.first_reports) {
            if let Err(error) = self.first_report(leg, to, &packet) {
                tracing::debug!(%leg, %error, "a leg has no port for reports");
                self.gauges.send_errors.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Opens a leg's port for reports and sends the first one from it.
    fn first_report(&mut self, leg: LegId, to: SocketAddr, packet: &[u8]) -> io::Result<()> {
        let Some(port) = self.sockets.wants_reports_at(leg) else { return Ok(()) };
        let socket = self.ports.open_reports(port)?;
        self.sockets.open_reports(leg, socket)?;
        self.sockets.send(leg, Carries::Reports, to, packet)?;
        Ok(())
    }

    fn show_counters(&self) {
        let counters = self.engine.counters();
        self.gauges.beats_late.store(counters.beats_late, Ordering::Relaxed);
        self.gauges.beats_skipped.store(counters.beats_skipped, Ordering::Relaxed);
        self.gauges.digits_refused.store(counters.digits_refused, Ordering::Relaxed);
        self.gauges.digits_dropped.store(self.events.digits_dropped(), Ordering::Relaxed);
        let known = self.gauges.legs_lost.swap(counters.legs_lost, Ordering::Relaxed);
        if counters.legs_lost > known {
            tracing::error!(legs = counters.legs_lost - known, "the media engine panicked; legs were closed");
        }
    }

    fn carry_out(&mut self, now: Now, command: Command) {
        // Whoever sent it may have added a prompt just before.
        self.renew_prompts();
        let leg = command_leg(&command);
        if let Command::OpenLeg { leg, call } = command {
            return self.open(now, leg, call);
        }
        if let Command::SetRemote { leg, remote } = &command
            && let Err(cause) = self.sockets.guard(*leg, remote)
        {
            self.unconnected(*leg, cause);
        }
        self.guarded(now, leg, |engine, out| engine.handle_command(now, command, out));
    }

    /// Nothing was passed and nothing will be: call control ends the call.
    fn unconnected(&mut self, leg: LegId, cause: ConnectFailure) {
        tracing::warn!(%leg, %cause, "no encrypted audio with a browser");
        self.events.push(Event::LegUnconnected { leg, cause });
    }

    fn renew_prompts(&mut self) {
        if let Some(prompts) = self.prompts.newer() {
            self.engine.set_prompts(prompts);
        }
    }

    fn open(&mut self, now: Now, leg: LegId, call: CallId) {
        match self.bind(leg) {
            Ok(port) => {
                self.guarded(now, Some(leg), |engine, out| {
                    engine.handle_command(now, Command::OpenLeg { leg, call }, out);
                });
                self.events.push(Event::LegOpened { leg, port });
            }
            Err(cause) => {
                if cause != LegFailure::Duplicate {
                    self.routes.remove(leg);
                }
                self.events.push(Event::LegFailed { leg, cause });
            }
        }
    }

    fn bind(&mut self, leg: LegId) -> Result<u16, LegFailure> {
        self.engine.check_leg(leg)?;
        let (socket, port) = self.ports.open()?;
        self.sockets.open(leg, socket, port).map_err(|error| {
            self.ports.release(port);
            LegFailure::Socket { os_error: error.raw_os_error().unwrap_or(0) }
        })?;
        Ok(port)
    }

    /// A bug that panics costs the leg it happened on, and a line in the log.
    fn guarded(&mut self, now: Now, leg: Option<LegId>, step: impl FnOnce(&mut Engine, &mut Outlet<'_>)) {
        let mut out = Outlet {
            sockets: &mut self.sockets,
            tap: &mut self.tap,
            lines: &mut self.lines,
            gauges: &self.gauges,
            first_reports: &mut self.first_reports,
        };
        let engine = &mut self.engine;
        if catch_unwind(AssertUnwindSafe(|| step(engine, &mut out))).is_ok() {
            return;
        }
        match leg {
            Some(leg) => engine.lose_leg(now, leg, &mut out),
            None => {
                self.gauges.panics.fetch_add(1, Ordering::Relaxed);
                tracing::error!("the media engine panicked");
            }
        }
    }

    fn report(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            if let Event::LegClosed { leg, .. } = event {
                self.routes.remove(leg);
                self.lines.remove(leg);
                if let Some(port) = self.sockets.close(leg) {
                    self.ports.release(port);
                }
            }
            self.events.push(event);
        }
        while let Some((recording, cause)) = self.tap.poll_failed() {
            self.events.push(Event::RecordingFailed { recording, cause });
        }
        self.events.flush();
    }

    /// Closes all legs and hands the ends of their recordings over.
    fn stop(mut self) {
        let now = self.clock.now();
        for leg in self.sockets.legs() {
            self.guarded(now, Some(leg), |engine, out| {
                engine.handle_command(now, Command::CloseLeg { leg }, out);
            });
        }
        self.tap.flush();
        self.report();
        self.events.close();
    }
}

/// The leg that a command is about, if it is one.
fn command_leg(command: &Command) -> Option<LegId> {
    match command {
        Command::OpenLeg { leg, .. }
        | Command::SetRemote { leg, .. }
        | Command::SetSpeech { leg, .. }
        | Command::SetMusic { leg, .. }
        | Command::Play { leg, .. }
        | Command::StopPlay { leg }
        | Command::SendDigit { leg, .. }
        | Command::LeaveRecording { leg }
        | Command::CloseLeg { leg }
        | Command::Bridge { a: leg, .. }
        | Command::JoinRecording { voice: Voice { leg, .. }, .. } => Some(*leg),
        Command::Connect { parties, .. } => parties.first().map(|party| party.leg),
        Command::StartRecording { voices, .. } => voices.first().map(|voice| voice.leg),
        Command::Unbridge { .. } | Command::MarkRecording { .. } | Command::StopRecording { .. } => None,
    }
}
