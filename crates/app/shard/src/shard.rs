//! The loop. In each turn every source gives its share: commands and questions, media, timers, SIP, answers.
//! What the core decides on an input is carried out before it gets the next. Every source is bounded by its channel.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hotline_base::RequestId;
use hotline_call::{
    CallEvent, CallRecord, Command, CommandError, Controller, Event, EventKind, LineQuality, Reply, Request,
};
use hotline_media as media;
use hotline_media_rt::SendError;
use hotline_sip::{Datagram, MessageId};
use hotline_sip_net::{Incoming, Network};
use hotline_sip_trace::{Tap, Way};
use hotline_store::{Availability, CallbackChange, JournalEntry, Store, Writer};
use hotline_web_client::Client;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::handle::{Ask, Asked, Live, Message, Originate};
use crate::lookup::{Locate, Lookups};
use crate::resume;
use crate::sound::{SoundParts, Sounds};

/// SIP messages and ends of connections that may wait for the shard.
pub const INCOMING_MAX: usize = 8192;
/// SIP messages that wait beyond which new calls are refused: about a tenth of a second of work, well before peers repeat
/// what they sent (T1 is half a second) and make it worse.
pub const OVERLOAD: usize = 2048;
/// SIP messages that wait up to which new calls are taken again.
pub const RELIEF: usize = 256;
/// Media events that may wait for the shard.
pub const MEDIA_EVENTS_MAX: usize = 65_536;
/// Records that may wait for the writer here. Beyond it the writer may lose them; the next start makes them again
/// from the journal.
const RECORDS_WAITING_MAX: usize = 16_384;

/// What one turn takes of each source, so that none keeps the others waiting. A question can cost as much as
/// hundreds of messages.
const ASKS_PER_TURN: usize = 4;
const MEDIA_EVENTS_PER_TURN: usize = 64;
const INCOMING_PER_TURN: usize = 64;
const REPLIES_PER_TURN: usize = 16;

/// How long the loop sleeps when the core waits for nothing.
const IDLE: Duration = Duration::from_secs(60);
/// How long the last goodbyes may take at shutdown: the recordings must be closed.
const CLOSE: Duration = Duration::from_secs(6);
/// How long SIP may repeat what was not confirmed when all calls are over: a BYE goes out again after 0.5 s and 1.5 s
/// (RFC 3261 §17.1.2.2).
const GOODBYE: Duration = Duration::from_secs(2);

/// How long the database may take to keep which nonces were used.
const LEAVE: Duration = Duration::from_secs(2);

/// What a shard is made of.
pub struct Parts {
    /// The core.
    pub controller: Controller,
    /// The clock that the core's times come from.
    pub clock: Clock,
    /// Where SIP messages go.
    pub network: Network,
    /// What comes from there.
    pub incoming: mpsc::Receiver<Incoming>,
    /// Takes commands to the media plane, or refuses them and counts that; never blocks.
    pub media: Box<dyn Fn(media::Command) -> Result<(), SendError> + Send>,
    /// Tells the media plane that there are commands: once for all that follow from one input.
    pub wake_media: Box<dyn Fn() + Send>,
    /// What the media plane reports.
    pub media_events: mpsc::Receiver<media::Event>,
    /// For lookups.
    pub store: Store,
    /// Asks DNS.
    pub locate: Arc<Locate>,
    /// For spoken texts and services of sound.
    pub sound: SoundParts,
    /// The way to web services.
    pub client: Client,
    /// For events and records.
    pub writer: Writer,
    /// Commands and questions.
    pub asks: mpsc::Receiver<Asked>,
    /// The live stream.
    pub live: broadcast::Sender<Arc<Live>>,
    /// How lines of agents sound.
    pub lines: broadcast::Sender<LineQuality>,
    /// Sees every SIP message.
    pub trace: Tap,
}

/// The task. [`Shard::run`] it to the end.
pub struct Shard {
    parts: Parts,
    lookups: Lookups,
    sounds: Sounds,
    availability: watch::Receiver<Availability>,
    /// Records that the writer had no room for, oldest first.
    records: VecDeque<Box<CallRecord>>,
    /// Who waits to hear whether a phone has a message: no more than the core has on their way.
    messages: BTreeMap<MessageId, oneshot::Sender<Result<bool, CommandError>>>,
    load: Load,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    Bearable,
    TooMuch,
}

/// How a shard is told to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new calls; the running ones may go on until the deadline.
    pub drain: CancellationToken,
    /// The running calls are ended now. Counts only after `drain`.
    pub at_once: CancellationToken,
}

impl Shard {
    /// A shard that has not begun.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let lookups = Lookups::new(parts.store.clone(), Arc::clone(&parts.locate), parts.client.clone());
        let availability = parts.writer.availability();
        let sounds = Sounds::new(parts.sound.clone());
        Self {
            parts,
            lookups,
            sounds,
            availability,
            records: VecDeque::new(),
            messages: BTreeMap::new(),
            load: Load::Bearable,
        }
    }

    /// Runs until `stop.drain`, then until the last call is over, `deadline` has passed or `stop.at_once`; whoever
    /// still talks is told, and every record reaches the writer.
    pub async fn run(mut self, stop: Stop, deadline: Duration) {
        self.flush();
        tokio::select! {
            () = self.turn_until(|_| false) => {}
            () = stop.drain.cancelled() => {}
        }
        info!(calls = self.parts.controller.calls(), "draining");
        self.command(Command::Drain);
        tokio::select! {
            () = self.turn_until(|shard| shard.parts.controller.calls() == 0) => {}
            () = tokio::time::sleep(deadline) => {}
            () = stop.at_once.cancelled() => {}
        }
        self.command(Command::HangUpAll);
        let closed = |shard: &Self| shard.parts.controller.calls() == 0 && shard.records.is_empty();
        if timeout(CLOSE, self.turn_until(closed)).await.is_err() {
            let (calls, records) = (self.parts.controller.calls(), self.records.len());
            error!(
                calls,
                records, "not everything was closed in time; the next start goes on from the journal"
            );
        }
        let quiet = timeout(GOODBYE, self.turn_until(|shard| shard.parts.controller.is_quiet())).await;
        info!(confirmed = quiet.is_ok(), "SIP has said goodbye");
        let nonces = self.parts.controller.used_nonces();
        if timeout(LEAVE, resume::leave(&self.parts.store, &nonces)).await.is_err() {
            warn!("the database did not take the used nonces in time");
        }
    }

    /// Turns until `done`. Dropped at any point it loses nothing: what is taken from a source is carried out.
    async fn turn_until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            if self.serve_ready() {
                // Who wants to stop this, and the sockets, get their time too.
                tokio::task::yield_now().await;
            } else {
                self.serve_next().await;
            }
        }
    }

    /// Takes a share of everything that is there; false if there was nothing.
    fn serve_ready(&mut self) -> bool {
        let mut served = false;
        for _ in 0..ASKS_PER_TURN {
            let Ok(ask) = self.parts.asks.try_recv() else { break };
            self.on_ask(ask);
            served = true;
        }
        for _ in 0..MEDIA_EVENTS_PER_TURN {
            let Ok(event) = self.parts.media_events.try_recv() else { break };
            self.on_media_event(event);
            served = true;
        }
        if self.time_left().is_zero() {
            self.core(Controller::handle_timeout);
            served = true;
        }
        self.weigh();
        for _ in 0..INCOMING_PER_TURN {
            let Ok(incoming) = self.parts.incoming.try_recv() else { break };
            self.on_incoming(incoming);
            served = true;
        }
        for _ in 0..REPLIES_PER_TURN {
            let Some(reply) = self.lookups.try_next().or_else(|| self.sounds.try_next()) else { break };
            self.core(|core, now| core.handle_reply(now, reply));
            served = true;
        }
        if self.availability.has_changed().unwrap_or(false) {
            self.on_availability();
            served = true;
        }
        served
    }

    /// Looks at how much waits: beyond a mark new calls are refused until nearly all is worked off.
    fn weigh(&mut self) {
        let waiting = self.parts.incoming.len();
        let is_overloaded = match self.load {
            Load::Bearable => waiting > OVERLOAD,
            Load::TooMuch => waiting > RELIEF,
        };
        let load = if is_overloaded { Load::TooMuch } else { Load::Bearable };
        if load != self.load {
            self.load = load;
            warn!(waiting, is_overloaded, "SIP messages that wait");
            self.command(Command::Overloaded(is_overloaded));
        }
    }

    /// Waits for the next input and takes it.
    async fn serve_next(&mut self) {
        let wait = self.time_left();
        tokio::select! {
            Some(ask) = self.parts.asks.recv() => self.on_ask(ask),
            Some(event) = self.parts.media_events.recv() => self.on_media_event(event),
            // The next turn sees what is due.
            () = tokio::time::sleep(wait) => {}
            Some(incoming) = self.parts.incoming.recv() => self.on_incoming(incoming),
            reply = self.lookups.next() => self.core(|core, now| core.handle_reply(now, reply)),
            reply = self.sounds.next() => self.core(|core, now| core.handle_reply(now, reply)),
            Ok(()) = self.availability.changed() => self.on_availability(),
            () = self.parts.writer.has_room(), if !self.records.is_empty() => self.flush(),
        }
    }

    fn on_media_event(&mut self, event: media::Event) {
        if let media::Event::PlayFinished { play, .. } = &event {
            self.sounds.played(*play);
        }
        self.core(|core, now| core.handle_media(now, event));
    }

    fn time_left(&self) -> Duration {
        let now = self.parts.clock.now().mono;
        self.parts.controller.poll_timeout().map_or(IDLE, |(at, _)| at - now)
    }

    fn on_ask(&mut self, Asked { ask, request }: Asked) {
        // Whoever asked may have gone away meanwhile, which is no error.
        match ask {
            Ask::Command(command, reply) => drop(reply.send(self.on_command(command, request))),
            Ask::Counters(reply) => drop(reply.send(self.parts.controller.counters())),
            Ask::Trunks(reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.trunks(now)));
            }
            Ask::Explain(call, reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.explain(now, call)));
            }
            Ask::Merges(reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.merges(now)));
            }
            Ask::Blocked(reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.blocked(now)));
            }
            Ask::Originate(originate, reply) => {
                let mut outcome = Err(CommandError::NoNewCalls);
                self.core(|core, now| {
                    let Originate { agent, to, caller_id } = &originate;
                    let caller_id = caller_id.as_ref().map(|number| number.expose().as_str());
                    outcome = core.for_request(request, "dial", |core| {
                        core.originate(now, agent, to.expose(), caller_id)
                    });
                });
                drop(reply.send(outcome));
            }
            Ask::Message(message, reply) => self.on_message(&message, reply),
            Ask::Alive(reply) => drop(reply.send(self.parts.controller.alarms())),
            Ask::Agent(agent, reply) => drop(reply.send(self.parts.controller.agent(&agent))),
            Ask::Reasons(agent, reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.reasons(now, &agent)));
            }
            Ask::Snapshot(reply) => {
                let now = self.parts.clock.now();
                drop(reply.send(self.parts.controller.snapshot(now)));
            }
        }
    }

    /// Carries a command out; what is logged meanwhile has the request for which.
    fn on_command(&mut self, command: Command, request: Option<RequestId>) -> Result<(), CommandError> {
        let what = command.name();
        let span = request.as_ref().map(|id| tracing::info_span!("command", %id, what));
        let _entered = span.as_ref().map(tracing::Span::enter);
        let mut outcome = Ok(());
        let is_asked = request.is_some();
        self.core(|core, now| {
            outcome = core.for_request(request, what, |core| core.handle_command(now, command));
        });
        if is_asked {
            match &outcome {
                Ok(()) => tracing::info!("a command is carried out"),
                Err(refusal) => tracing::info!(%refusal, "a command is refused"),
            }
        }
        outcome
    }

    fn on_message(&mut self, message: &Message, reply: oneshot::Sender<Result<bool, CommandError>>) {
        let mut sent = Err(CommandError::TooManyMessages);
        // What becomes of it is known after this turn at the earliest.
        self.guarded(|core, now| sent = core.send_message(now, &message.from, &message.to, &message.text));
        match sent {
            Ok(id) => drop(self.messages.insert(id, reply)),
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
        self.flush();
    }

    fn on_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Message { flow, bytes } => {
                self.parts.trace.message(self.parts.clock.now(), Way::Received, flow, &bytes);
                self.core(|core, now| core.handle_datagram(now, Datagram { flow, bytes }));
            }
            Incoming::Disconnected(flow) => self.core(|core, now| core.handle_disconnect(now, flow)),
        }
    }

    fn on_availability(&mut self) {
        let command = match &*self.availability.borrow_and_update() {
            Availability::Available => Command::StoreAvailable,
            Availability::Unavailable { detail } => Command::StoreUnavailable(detail.to_string()),
        };
        self.command(command);
    }

    /// For commands that are never refused.
    fn command(&mut self, command: Command) {
        self.core(|core, now| {
            if let Err(refusal) = core.handle_command(now, command) {
                error!(%refusal, "call control refused its own server");
            }
        });
    }

    /// Gives the core one input, then carries out everything that it has decided.
    fn core(&mut self, input: impl FnOnce(&mut Controller, hotline_base::Now)) {
        self.guarded(input);
        self.flush();
    }

    /// A defect that panics costs the call it was about, not the server.
    fn guarded(&mut self, input: impl FnOnce(&mut Controller, hotline_base::Now)) {
        let now = self.parts.clock.now();
        let controller = &mut self.parts.controller;
        if catch_unwind(AssertUnwindSafe(|| input(controller, now))).is_err() {
            error!("a defect in the core: the call it was about is ended");
            controller.handle_defect(now);
        }
    }

    /// Carries out what the core has decided, and what follows from that.
    fn flush(&mut self) {
        loop {
            if let Some(event) = self.parts.controller.poll_event() {
                self.publish(event);
            } else if let Some(request) = self.parts.controller.poll_request() {
                self.on_request(request);
            } else if let Some(command) = self.parts.controller.poll_media() {
                self.on_media_command(command);
            } else if let Some(blocked) = self.parts.controller.poll_blocked() {
                warn!(who = ?blocked.who, why = ?blocked.why, "not heard by SIP for a while");
            } else if let Some(outcome) = self.parts.controller.poll_message() {
                if let Some(reply) = self.messages.remove(&outcome.id) {
                    // Whoever asked may have gone away meanwhile.
                    drop(reply.send(Ok(outcome.taken)));
                }
            } else if let Some(line) = self.parts.controller.poll_line() {
                // Nobody may be listening, which is no error.
                drop(self.parts.lines.send(line));
            } else if let Some(leg) = self.parts.controller.poll_sip_leg() {
                self.parts.trace.leg(leg);
            } else if let Some(transmit) = self.parts.controller.poll_transmit() {
                self.parts.trace.message(self.parts.clock.now(), Way::Sent, transmit.flow, &transmit.bytes);
                self.parts.network.send(transmit.flow, transmit.bytes);
            } else {
                break;
            }
        }
        (self.parts.wake_media)();
        self.write_records();
    }

    fn publish(&mut self, event: Event) {
        if is_kept(&event.kind) {
            self.parts.writer.write(JournalEntry::Event(event.clone()));
        }
        if let EventKind::Call { call, what: CallEvent::Ended { .. } } = &event.kind {
            self.parts.trace.over(*call);
        }
        let pop = match &event.kind {
            EventKind::Call {
                what: CallEvent::Offered { offer, .. } | CallEvent::Connected { offer, .. },
                ..
            } => self.parts.controller.screen_pop(*offer),
            EventKind::Call { .. }
            | EventKind::Agent { .. }
            | EventKind::AlarmRaised(_)
            | EventKind::AlarmCleared(_)
            | EventKind::CenterChanged
            | EventKind::AgentRemoved { .. }
            | EventKind::CallbacksChanged { .. } => None,
        };
        // Nobody may be listening, which is no error.
        drop(self.parts.live.send(Arc::new(Live { event, pop: pop.map(Box::new) })));
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::FindCustomer { call, number } => {
                let reply: Option<Reply> = self.lookups.find_customer(call, number);
                if let Some(reply) = reply {
                    self.guarded(|core, now| core.handle_reply(now, reply));
                }
            }
            Request::Ask { call, tag, question } => {
                let reply: Option<Reply> = self.lookups.ask(call, tag, question);
                if let Some(reply) = reply {
                    self.guarded(|core, now| core.handle_reply(now, reply));
                }
            }
            Request::BookCallback { call, tag, callback } => {
                self.lookups.book_callback(call, tag, callback);
            }
            Request::CallbackChanged { id, state } => {
                let at = self.parts.clock.now().wall;
                self.parts.writer.write(JournalEntry::Callback(CallbackChange { id, state, at }));
            }
            Request::Forget { call, tag } => {
                self.lookups.forget(call, tag);
                self.sounds.close(call, tag);
            }
            Request::Speak { call, play, language, texts } => self.sounds.speak(call, play, language, texts),
            Request::Stream { call, tag, leg, language, stream } => {
                self.sounds.open(call, tag, leg, language, stream);
            }
            Request::StreamDigit { call, tag, digit } => self.sounds.digit(call, tag, digit),
            Request::Record { call, tag, leg, message } => self.sounds.record(call, tag, leg, message),
            Request::StopRecord { call, tag } => self.sounds.stop_record(call, tag),
            Request::Locate(destination) => self.lookups.locate(destination),
            Request::SaveRecord(record) => {
                self.sounds.forget(record.call);
                if self.records.len() < RECORDS_WAITING_MAX {
                    self.records.push_back(record);
                } else {
                    self.parts.writer.write(JournalEntry::Record(record));
                }
            }
            Request::CorrectRecording(correction) => {
                // The record may not have got that far.
                if !self.records.iter_mut().any(|record| correction.apply(record)) {
                    self.parts.writer.write(JournalEntry::Correction(correction));
                }
            }
            Request::SaveAgentFact(fact) => self.parts.writer.write(JournalEntry::Agent(fact)),
            Request::SaveDisposition(disposition) => {
                self.parts.writer.write(JournalEntry::Disposition(disposition));
            }
            Request::SaveContacts(contacts) => {
                self.parts.writer.write(JournalEntry::Contacts(resume::stored(contacts)));
            }
        }
    }

    /// A leg that the media plane cannot take has failed; call control must not wait for it.
    fn on_media_command(&mut self, command: media::Command) {
        let opening = if let media::Command::OpenLeg { leg, .. } = &command { Some(*leg) } else { None };
        let Err(problem) = (self.parts.media)(command) else { return };
        error!(%problem, opening = opening.is_some(), "a media command was not taken");
        if let Some(leg) = opening {
            let cause = media::LegFailure::TooManyLegs;
            self.guarded(|core, now| core.handle_media(now, media::Event::LegFailed { leg, cause }));
        }
    }

    /// Records wait here for room in the writer's queue: an event may be lost to a full one, a record may not.
    fn write_records(&mut self) {
        while let Some(record) = self.records.pop_front() {
            if let Err(record) = self.parts.writer.try_write_record(record) {
                self.records.push_front(record);
                return;
            }
        }
    }
}

/// Places in line change for everybody who waits whenever one leaves: they are shown, and no record needs them.
fn is_kept(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::Call { what: CallEvent::Position { .. }, .. })
}
