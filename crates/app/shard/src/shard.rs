//! The loop. In each turn: outputs of the core first, then one input, in this order of priority: commands,
//! media, timers, datagrams, answers. Every input is bounded by its channel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hotline_call::{CallEvent, Command, Controller, Event, EventKind, Reply, Request};
use hotline_media as media;
use hotline_sip::Datagram;
use hotline_sip_net::{Received, UdpTransport};
use hotline_store::{Availability, JournalEntry, Store, Writer};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::clock::Clock;
use crate::handle::{Ask, Live};
use crate::lookup::Lookups;

/// Datagrams that may wait for the shard.
pub const DATAGRAMS_MAX: usize = 8192;
/// Media events that may wait for the shard.
pub const MEDIA_EVENTS_MAX: usize = 65_536;
/// How long the loop sleeps when the core waits for nothing.
const IDLE: Duration = Duration::from_secs(60);

/// What a shard is made of.
pub struct Parts {
    /// The core.
    pub controller: Controller,
    /// The clock that the core's times come from.
    pub clock: Clock,
    /// Where datagrams go.
    pub transport: UdpTransport,
    /// Where datagrams come from.
    pub datagrams: mpsc::Receiver<Received>,
    /// Takes commands to the media plane; never blocks.
    pub media: Box<dyn Fn(media::Command) + Send>,
    /// What the media plane reports.
    pub media_events: mpsc::Receiver<media::Event>,
    /// For lookups.
    pub store: Store,
    /// For events and records.
    pub writer: Writer,
    /// Commands and questions.
    pub asks: mpsc::Receiver<Ask>,
    /// The live stream.
    pub live: broadcast::Sender<Arc<Live>>,
}

/// The task. [`Shard::run`] it to the end.
pub struct Shard {
    parts: Parts,
    lookups: Lookups,
    availability: watch::Receiver<Availability>,
}

impl Shard {
    /// A shard that has not begun.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let lookups = Lookups::new(parts.store.clone());
        let availability = parts.writer.availability();
        Self { parts, lookups, availability }
    }

    /// Runs until `stop`, then until the last call is over or `deadline` has passed; whoever still talks is
    /// told, and every record reaches the writer.
    pub async fn run(mut self, stop: CancellationToken, deadline: Duration) {
        tokio::select! {
            () = self.serve() => {}
            () = stop.cancelled() => {}
        }
        info!(calls = self.parts.controller.calls(), "draining");
        self.core(|core, now| drop(core.handle_command(now, Command::Drain)));
        let drained = async {
            while self.parts.controller.calls() > 0 {
                self.turn().await;
            }
        };
        if tokio::time::timeout(deadline, drained).await.is_err() {
            self.core(|core, now| drop(core.handle_command(now, Command::HangUpAll)));
            let closed = async {
                while self.parts.controller.calls() > 0 {
                    self.turn().await;
                }
            };
            if tokio::time::timeout(CLOSE, closed).await.is_err() {
                error!(calls = self.parts.controller.calls(), "calls could not be closed in time");
            }
        }
        self.flush().await;
    }

    async fn serve(&mut self) {
        loop {
            self.turn().await;
        }
    }

    /// One turn: what the core wants is done, then one input is given to it.
    async fn turn(&mut self) {
        self.flush().await;
        let now = self.parts.clock.now();
        let wait = self.parts.controller.poll_timeout().map_or(IDLE, |(at, _)| at - now.mono);
        tokio::select! {
            biased;
            Some(ask) = self.parts.asks.recv() => self.on_ask(ask),
            Some(event) = self.parts.media_events.recv() => self.core(|core, now| core.handle_media(now, event)),
            () = tokio::time::sleep(wait) => self.core(Controller::handle_timeout),
            Some(received) = self.parts.datagrams.recv() => {
                let Received { local, remote, bytes } = received;
                self.core(|core, now| core.handle_datagram(now, Datagram { local, remote, bytes }));
            }
            reply = self.lookups.next() => self.core(|core, now| core.handle_reply(now, reply)),
            Ok(()) = self.availability.changed() => {
                let command = match &*self.availability.borrow_and_update() {
                    Availability::Available => Command::StoreAvailable,
                    Availability::Unavailable { detail } => Command::StoreUnavailable(detail.to_string()),
                };
                self.core(|core, now| drop(core.handle_command(now, command)));
            }
        }
    }

    fn on_ask(&mut self, ask: Ask) {
        match ask {
            Ask::Command(command, reply) => {
                let mut outcome = Ok(());
                self.core(|core, now| outcome = core.handle_command(now, command));
                // Whoever asked may have gone away meanwhile.
                drop(reply.send(outcome));
            }
            Ask::Counters(reply) => drop(reply.send(self.parts.controller.counters())),
            Ask::Snapshot(reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.snapshot(now)));
            }
        }
    }

    /// Gives the core one input. A defect that panics costs the call it was about, not the server.
    fn core(&mut self, input: impl FnOnce(&mut Controller, hotline_base::Now)) {
        let now = self.parts.clock.now();
        let controller = &mut self.parts.controller;
        if catch_unwind(AssertUnwindSafe(|| input(controller, now))).is_err() {
            error!("a defect in the core: the call it was about is ended");
            controller.handle_defect(now);
        }
    }

    /// Carries out everything that the core has decided.
    async fn flush(&mut self) {
        while let Some(event) = self.parts.controller.poll_event() {
            self.publish(event);
        }
        while let Some(request) = self.parts.controller.poll_request() {
            self.on_request(request);
        }
        while let Some(command) = self.parts.controller.poll_media() {
            (self.parts.media)(command);
        }
        while let Some(transmit) = self.parts.controller.poll_transmit() {
            self.parts.transport.send(transmit.remote, &transmit.bytes).await;
        }
    }

    fn publish(&mut self, event: Event) {
        self.parts.writer.write(JournalEntry::Event(event.clone()));
        let pop = match &event.kind {
            EventKind::Call { what: CallEvent::Offered { offer, .. }, .. } => {
                self.parts.controller.screen_pop(*offer)
            }
            EventKind::Call { .. }
            | EventKind::Agent { .. }
            | EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_) => None,
        };
        // Nobody may be listening, which is no error.
        drop(self.parts.live.send(Arc::new(Live { event, pop })));
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::FindCustomer { call, number } => {
                let reply: Option<Reply> = self.lookups.find_customer(call, number);
                if let Some(reply) = reply {
                    self.core(|core, now| core.handle_reply(now, reply));
                }
            }
            Request::SaveRecord(record) => self.parts.writer.write(JournalEntry::Record(record)),
        }
    }
}

/// How long the last goodbyes may take at shutdown: the recordings must be closed.
const CLOSE: Duration = Duration::from_secs(6);
