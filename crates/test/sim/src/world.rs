//! One simulated world: what happens next, in virtual time, until nothing does.

mod desk;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_acd::{AgentState, AgentView, Device};
use hotline_base::{AgentId, CallId, LegId, Now, Pii, PlayId, Rng, Time, WallTime};
use hotline_call::{
    AlarmKind, CallEvent, CallRecord, CallState, CallView, CallbackState, Command, CommandError, Controller,
    Event, EventKind, Found, RecordingState, Reply, Request, Source,
};
use hotline_media::{Digit, Event as MediaEvent, Speech};
use hotline_sip::{Datagram, Login, Transmit};

use crate::agenda::Agenda;
use crate::center::{self, Blocks, CALLBACK_KEY, NUMBER, OUTSIDE, QUEUE_KEY, Rules, SERVER};
use crate::lamp::{Lamp, LampId};
use crate::media::MediaPlane;
use crate::moment::Moment;
use crate::network::{Faults, Network};
use crate::phone::{Act, Manners, Phone, PhoneId, PickUp};
use crate::restores::Restores;
use crate::watch::Watch;

/// After how many steps without time passing the world is taken to spin.
const STEPS_AT_ONE_TIME_MAX: u32 = 2_000;
/// How long after everybody has gone home the last timer may fire: longer than any SIP timer and registration.
const CLOSING_TIME: Duration = Duration::from_secs(2 * 3600);
/// Silence after which the media plane reports a phone as gone.
const SILENCE: Duration = Duration::from_secs(10);

/// What can happen.
#[derive(Debug)]
enum Happening {
    Arrives(Datagram),
    Media(MediaEvent),
    PlayEnds(LegId, PlayId),
    Reply(Reply),
    Popped {
        offer: LegId,
        written: bool,
    },
    Act(PhoneId, Act),
    /// This audio address has been silent for [`SILENCE`].
    Silent(SocketAddr),
}

/// What a day left behind.
#[derive(Debug, PartialEq)]
pub struct Day {
    /// All events, in order.
    pub events: Vec<Event>,
    /// All that the core sent, in order.
    pub sent: Vec<Transmit>,
    /// The records, in the order in which the calls began.
    pub records: Vec<CallRecord>,
    /// All that the core counted, by name.
    pub counters: Vec<(&'static str, u64)>,
    /// What calls and agents were doing whenever another process went on with the core.
    pub restored: BTreeSet<&'static str>,
}

/// A center with its callers and agents.
pub struct World {
    now: Now,
    rng: Rng,
    agenda: Agenda<Happening>,
    network: Network,
    controller: Controller,
    restores: Restores,
    media: MediaPlane,
    /// Media events keep their order.
    last_media_event: Time,
    phones: Vec<Phone>,
    by_address: BTreeMap<SocketAddr, PhoneId>,
    lamps: Vec<Lamp>,
    agents: usize,
    watch: Watch,
    cues: Vec<(Moment, PhoneId, Duration, Act)>,
    /// The controller was given something since the last check.
    core_moved: bool,
    blocks: Blocks,
    loud: bool,
}

impl World {
    /// A world in which everything follows from `seed`. `loud` prints every message. Agents' phones are on, but
    /// nobody has signed in: see [`World::open`].
    #[must_use]
    pub fn new(seed: u64, loud: bool, rules: Rules) -> Self {
        let mut rng = Rng::from_number(seed);
        let now = Now { mono: Time(1_000_000), wall: WallTime(1_700_000_000_000_000) };
        let center = Arc::new(center::center(&rules));
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let endpoint = center::endpoint(&rules);
        let controller = Controller::new(now, center.clone(), endpoint.clone(), rng.fork(), secret, 0);
        let restores = Restores::never(seed, center, endpoint, secret);
        let faults = Faults::any(&mut rng);
        let network = Network::new(faults, rng.fork());
        let mut world = Self {
            now,
            rng,
            agenda: Agenda::default(),
            network,
            controller,
            restores,
            media: MediaPlane::new(rules.media_ports),
            last_media_event: Time::ZERO,
            phones: Vec::new(),
            by_address: BTreeMap::new(),
            lamps: Vec::new(),
            agents: rules.agents,
            watch: Watch::new(rules.strategy),
            cues: Vec::new(),
            core_moved: false,
            blocks: rules.blocks,
            loud,
        };
        for number in 0..rules.agents {
            let id = center::agent_id(number);
            let (username, password) = (Pii::from(id.as_str()), Pii::new(center::password(number)));
            let pick_up = PickUp::After(Duration::from_secs(1));
            let manners = Manners { pick_up, keys: vec![], hang_up_after: None };
            world.add_phone(id.as_str(), 2, Some(Login { username, password }), manners);
        }
        for number in 0..rules.outside {
            let pick_up = PickUp::After(Duration::from_secs(1));
            let manners = Manners { pick_up, keys: vec![], hang_up_after: None };
            let id = world.add_phone(&format!("outside{number}"), 3, None, manners);
            assert_eq!(world.phone(id).address, center::outside_address(&rules, number));
        }
        world.say(format_args!("seed {seed}: {faults:?}"));
        world
    }

    /// Another phone of an agent.
    pub fn add_second_phone(&mut self, agent: PhoneId) -> PhoneId {
        let id = center::agent_id(agent.0);
        let (username, password) = (Pii::from(id.as_str()), Pii::new(center::password(agent.0)));
        let pick_up = PickUp::Refuse { after: Duration::ZERO, status: 486 };
        let manners = Manners { pick_up, keys: vec![], hang_up_after: None };
        self.add_phone(id.as_str(), 2, Some(Login { username, password }), manners)
    }

    /// The phone at `by` asks for the place of the one at `from`, again and again until it has it or is forbidden to: a bad
    /// network may not yet have told the server of the dialog. False if that did not happen.
    pub fn take_over(&mut self, by: PhoneId, from: PhoneId) -> bool {
        const TRIES: u32 = 20;
        for _ in 0..TRIES {
            if let (None, Some(dialog)) = (&self.phones[by.0].talk, self.phones[from.0].dialog()) {
                self.later(Duration::ZERO, by, Act::Replace(dialog));
            }
            let settled = |world: &Self| {
                let phone = &world.phones[by.0];
                phone.failed == Some(403) || phone.talk.as_ref().is_some_and(|talk| talk.is_up)
            };
            if self.run_until(Duration::from_secs(2), settled) {
                return true;
            }
        }
        false
    }

    /// How many calls the server has.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.controller.calls()
    }

    /// A caller who dials the center's number now, and stays.
    pub fn call_in(&mut self) -> PhoneId {
        let caller = self.add_caller(None);
        let number = self.number();
        self.later(Duration::ZERO, caller, number);
        caller
    }

    /// A caller's phone at the trunk, which presses the queue's key soon after it is answered.
    pub fn add_caller(&mut self, hang_up_after: Option<Duration>) -> PhoneId {
        let name = format!("+4917000{:03}", self.phones.len());
        let keys = vec![(Duration::from_millis(400), QUEUE_KEY)];
        self.add_phone(&name, 1, None, Manners { pick_up: PickUp::Never, keys, hang_up_after })
    }

    /// A caller's phone at the trunk, whose number can be dialled, which presses the key for being called back.
    pub fn add_caller_for_later(&mut self) -> PhoneId {
        let name = format!("{OUTSIDE}7000{:03}", self.phones.len());
        let keys = vec![(Duration::from_millis(400), CALLBACK_KEY)];
        self.add_phone(&name, 1, None, Manners { pick_up: PickUp::Never, keys, hang_up_after: None })
    }

    /// How the wishes to be called back stand, or ended, in the order in which they were booked.
    #[must_use]
    pub fn callbacks(&self) -> Vec<CallbackState> {
        self.watch.wishes().values().cloned().collect()
    }

    /// Agents' phones, in the order of their numbers.
    #[must_use]
    pub fn agent(&self, number: usize) -> PhoneId {
        assert!(number < self.agents, "there are {} agents", self.agents);
        PhoneId(number)
    }

    /// Whoever is called by the trunks that calls go out by, in their order.
    #[must_use]
    pub const fn outside(&self, number: usize) -> PhoneId {
        PhoneId(self.agents + number)
    }

    /// The agent makes a call from the page; what became of that.
    pub fn originate(&mut self, agent: PhoneId, to: &str) -> Result<CallId, CommandError> {
        let agent = center::agent_id(agent.0);
        let outcome = self.controller.originate(self.now, &agent, to, None);
        self.drain();
        self.check();
        outcome
    }

    /// The agent at `by` sends its caller on to a number.
    ///
    /// # Panics
    /// If that is refused.
    pub fn transfer_to(&mut self, by: PhoneId, to: &str) {
        let call = self.call_of(by);
        let to = Pii::from(to);
        self.command(Command::Transfer { call, by: center::agent_id(by.0), to });
    }

    fn call_of(&self, by: PhoneId) -> CallId {
        let by = center::agent_id(by.0);
        let talking = |view: &&CallView| {
            let CallState::Connected { agent } = &view.state else { return false };
            *agent == by || view.record.source == Source::Agent(by.clone())
        };
        let calls = self.controller.snapshot(self.now).calls;
        calls.iter().find(talking).expect("the agent talks").record.call
    }

    /// A phone.
    #[must_use]
    pub fn phone(&self, id: PhoneId) -> &Phone {
        &self.phones[id.0]
    }

    /// The agent at `by`, whose phone is registered, watches the phone of another from here on.
    pub fn add_lamp(&mut self, by: PhoneId, watched: PhoneId) -> LampId {
        let id = LampId(self.lamps.len());
        let address = center::address(4, u8::try_from(id.0 + 1).expect("few lamps"));
        let (user, password) = (center::agent_id(by.0), center::password(by.0));
        let watched = center::extension(watched.0);
        self.lamps.push(Lamp::new(self.now, address, user.as_str(), password, watched));
        self.drain();
        id
    }

    /// A lamp.
    #[must_use]
    pub fn lamp(&self, id: LampId) -> &Lamp {
        &self.lamps[id.0]
    }

    /// A lamp is pulled out without a word.
    pub fn unplug(&mut self, id: LampId) {
        self.lamps[id.0].unplug();
    }

    /// Subscriptions that the core keeps.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.controller.subscriptions()
    }

    /// How the person at a phone behaves from here on.
    pub fn manners(&mut self, id: PhoneId) -> &mut Manners {
        &mut self.phones[id.0].manners
    }

    /// For choices of the script that must follow from the seed.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// A time below `most`, by chance.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.rng.below(u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
    }

    /// The main number.
    #[must_use]
    pub fn number(&self) -> Act {
        Act::Dial(NUMBER.to_owned())
    }

    /// An agent's own extension.
    #[must_use]
    pub fn extension(&self, agent: PhoneId) -> Act {
        Act::Dial(center::extension(agent.0))
    }

    /// Something done at a phone, in `after`.
    pub fn later(&mut self, after: Duration, phone: PhoneId, act: Act) {
        self.agenda.put(self.now.mono + after, Happening::Act(phone, act));
    }

    /// Something done at a phone `after` the next such moment of any call.
    pub fn when(&mut self, moment: Moment, phone: PhoneId, after: Duration, act: Act) {
        self.cues.push((moment, phone, after, act));
    }

    /// From here on another process goes on with the core after one in `steps` steps, by chance. Nobody may notice.
    pub const fn restore_often(&mut self, steps: u64) {
        self.restores.one_in(steps);
    }

    /// Another process goes on with the core, under other rules.
    pub fn restore_under(&mut self, rules: Rules) {
        self.restores.configure(Arc::new(center::center(&rules)), center::endpoint(&rules));
        self.controller = self.restores.run(self.now, &self.controller);
        self.drain();
        self.check();
    }

    /// All agents register, sign in and are ready, in the order of their numbers.
    ///
    /// # Panics
    /// If that takes more than a minute.
    pub fn open(&mut self) {
        for agent in 0..self.agents {
            self.later(Duration::ZERO, PhoneId(agent), Act::Register);
        }
        let registered = self.run_until(Duration::from_secs(60), |world| {
            world.controller.snapshot(world.now).agents.iter().all(|agent| agent.registered)
        });
        assert!(registered, "the agents' phones register within a minute");
        for agent in 0..self.agents {
            self.command(Command::SetReady(center::agent_id(agent)));
            self.run_for(Duration::from_millis(10));
        }
    }

    /// A person asks for something.
    ///
    /// # Panics
    /// If it is refused.
    pub fn command(&mut self, command: Command) {
        self.controller.handle_command(self.now, command).expect("the script asks for what is possible");
        self.drain();
        self.check();
    }

    /// Recordings that end from here on miss so much audio, as with a slow disk.
    pub const fn lose_audio(&mut self, gap_ms: u64) {
        self.media.gap_ms = gap_ms;
    }

    /// The disk takes nothing of what is recorded.
    pub fn fail_recordings(&mut self) {
        self.media.fail_recordings();
        self.drain();
    }

    /// The disk takes what there is of recordings that failed.
    pub fn complete_recordings(&mut self) {
        self.media.complete_recordings();
        self.drain();
    }

    /// The media plane tells of no end of a playback from here on.
    pub const fn lose_ends_of_playbacks(&mut self) {
        self.media.is_stuck = true;
    }

    /// True if this alarm stands.
    #[must_use]
    pub fn has_alarm(&self, kind: &AlarmKind) -> bool {
        self.controller.alarms().iter().any(|alarm| alarm.kind == *kind)
    }

    /// As [`World::command`], of what may be refused.
    ///
    /// # Errors
    /// Why it was.
    pub fn try_command(&mut self, command: Command) -> Result<(), CommandError> {
        let outcome = self.controller.handle_command(self.now, command);
        self.drain();
        self.check();
        outcome
    }

    /// The call in which the agent at `phone` talks, and the agent.
    #[must_use]
    pub fn talk_of(&self, phone: PhoneId) -> (CallId, AgentId) {
        (self.call_of(phone), center::agent_id(phone.0))
    }

    /// The agent at `by` sends its caller on to the extension of the agent at `to`.
    ///
    /// # Panics
    /// If that is refused.
    pub fn transfer(&mut self, by: PhoneId, to: PhoneId) {
        self.transfer_to(by, &center::extension(to.0));
    }

    /// The agent is reached at a number outside from here on.
    ///
    /// # Panics
    /// If that is refused.
    pub fn move_outside(&mut self, agent: PhoneId) {
        let device = Device::Outside(center::device(agent.0));
        self.command(Command::SetDevice(center::agent_id(agent.0), device));
    }

    /// The state of an agent.
    #[must_use]
    pub fn agent_state(&self, phone: PhoneId) -> AgentState {
        self.agent_view(phone).state
    }

    /// An agent as others see it.
    #[must_use]
    pub fn agent_view(&self, phone: PhoneId) -> AgentView {
        let id = AgentId::from(self.phones[phone.0].name.as_str());
        self.controller.agent(&id).expect("a configured agent")
    }

    /// True if these two hear each other, and only they, and are recorded.
    #[must_use]
    pub fn are_talking(&self, a: PhoneId, b: PhoneId) -> bool {
        let (a, b) = (&self.phones[a.0], &self.phones[b.0]);
        match (a.server_port(), b.server_port()) {
            (Some(port_a), Some(port_b)) => {
                let (a, b) = ((port_a, a.audio), (port_b, b.audio));
                self.media.are_connected(a, b) && self.media.are_recorded(port_a, port_b)
            }
            (Some(_) | None, None) | (None, Some(_)) => false,
        }
    }

    /// How the recordings of a call that is up are.
    #[must_use]
    pub fn recordings_of(&self, call: CallId) -> Vec<RecordingState> {
        let calls = self.controller.snapshot(self.now).calls;
        let of_call = calls.into_iter().filter(|view| view.record.call == call);
        of_call.flat_map(|view| view.record.recordings.into_iter().map(|recording| recording.state)).collect()
    }

    /// What is done to what a phone says, while it talks.
    #[must_use]
    pub fn speech(&self, phone: PhoneId) -> Option<Speech> {
        self.media.speech(self.phones[phone.0].server_port()?)
    }

    /// True if these two hear each other, and only they, and no recording hears them together.
    #[must_use]
    pub fn are_talking_off_the_record(&self, a: PhoneId, b: PhoneId) -> bool {
        let (a, b) = (&self.phones[a.0], &self.phones[b.0]);
        match (a.server_port(), b.server_port()) {
            (Some(port_a), Some(port_b)) => {
                let (a, b) = ((port_a, a.audio), (port_b, b.audio));
                self.media.are_connected(a, b) && !self.media.are_recorded(port_a, port_b)
            }
            (Some(_) | None, None) | (None, Some(_)) => false,
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(time, |_| false);
    }

    /// Lets time pass until `done`, or until `limit` is over. True if it was done.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now.mono + limit;
        let mut steps_at_one_time = 0;
        while !done(self) {
            let Some(at) = self.next_at().filter(|at| *at <= end) else {
                self.advance(end);
                return false;
            };
            steps_at_one_time = if at > self.now.mono { 0 } else { steps_at_one_time + 1 };
            assert!(
                steps_at_one_time < STEPS_AT_ONE_TIME_MAX,
                "the world spins: {:?}",
                self.controller.poll_timeout()
            );
            self.advance(at);
            self.step();
        }
        true
    }

    /// Everybody hangs up and goes home. Checks that nothing is left, and gives the records in the order in which
    /// the calls began.
    ///
    /// # Panics
    /// If something is left.
    pub fn close(self) -> Vec<CallRecord> {
        self.close_day().records
    }

    /// The same for a world in which one call was made; its record.
    ///
    /// # Panics
    /// If something is left, or there were other calls.
    pub fn close_with_one(self) -> CallRecord {
        let [record] = <[CallRecord; 1]>::try_from(self.close()).expect("one call has one record");
        record
    }

    /// The same as [`Self::close`], and gives all that happened.
    ///
    /// # Panics
    /// If something is left.
    pub fn close_day(mut self) -> Day {
        self.cues.clear();
        for phone in 0..self.phones.len() {
            self.phones[phone].manners.pick_up = PickUp::Refuse { after: Duration::ZERO, status: 486 };
            self.later(Duration::ZERO, PhoneId(phone), Act::HangUp);
            self.later(Duration::ZERO, PhoneId(phone), Act::Unregister);
        }
        for agent in 0..self.agents {
            self.command(Command::SignOut(center::agent_id(agent)));
            self.command(Command::SetDevice(center::agent_id(agent), Device::Phone));
        }
        self.cancel_wishes();
        self.run_until(CLOSING_TIME, |world| world.next_at().is_none());
        // Whoever had planned to call did so, and may have asked to be called back.
        self.cancel_wishes();
        for phone in &self.phones {
            assert!(phone.talk.is_none(), "{} is in a call", phone.name);
            assert_eq!(phone.poll_timeout(), None, "{} has a timer armed", phone.name);
        }
        self.watch.check_end(&self.controller, &self.controller.snapshot(self.now), &self.media);
        Day {
            events: self.watch.events().to_vec(),
            sent: self.watch.sent().to_vec(),
            records: self.watch.records().values().cloned().collect(),
            counters: self.controller.counters(),
            restored: self.restores.met().clone(),
        }
    }

    fn add_phone(&mut self, name: &str, network: u8, login: Option<Login>, manners: Manners) -> PhoneId {
        let id = PhoneId(self.phones.len());
        let host = u8::try_from(id.0 + 1).expect("few phones");
        let address = center::address(network, host);
        self.phones.push(Phone::new(name, address, login, manners, self.rng.fork()));
        self.by_address.insert(address, id);
        id
    }

    fn next_at(&self) -> Option<Time> {
        let core = self.controller.poll_timeout().map(|(at, _)| at);
        let phones = self.phones.iter().filter_map(Phone::poll_timeout).min();
        let lamps = self.lamps.iter().filter_map(Lamp::poll_timeout).min();
        [self.agenda.next_at(), core, phones, lamps].into_iter().flatten().min()
    }

    fn advance(&mut self, to: Time) {
        self.now = self.now + (to - self.now.mono);
    }

    /// One thing that is due.
    fn step(&mut self) {
        let (now, due) = (self.now, self.now.mono);
        if self.agenda.next_at().is_some_and(|at| at <= due) {
            if let Some(happening) = self.agenda.pop() {
                self.happen(happening);
            }
        } else if self.controller.poll_timeout().is_some_and(|(at, _)| at <= due) {
            self.controller.handle_timeout(now);
            self.core_moved = true;
        } else {
            for phone in &mut self.phones {
                if phone.poll_timeout().is_some_and(|at| at <= due) {
                    phone.handle_timeout(now);
                }
            }
            let lamps = self.lamps.iter_mut();
            let due_lamps = lamps.filter(|lamp| lamp.poll_timeout().is_some_and(|at| at <= due));
            due_lamps.for_each(|lamp| lamp.handle_timeout(now));
        }
        if self.restores.is_due() {
            self.say(format_args!("another process goes on"));
            self.controller = self.restores.run(now, &self.controller);
        }
        self.drain();
        if core::mem::take(&mut self.core_moved) {
            self.check();
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.now;
        self.core_moved = match &happening {
            Happening::Arrives(datagram) => datagram.flow.local == SERVER,
            Happening::PlayEnds(..) | Happening::Act(..) => false,
            Happening::Media(_) | Happening::Reply(_) | Happening::Popped { .. } | Happening::Silent(_) => {
                true
            }
        };
        match happening {
            Happening::Arrives(datagram) if datagram.flow.local == SERVER => {
                self.controller.handle_datagram(now, datagram);
            }
            Happening::Arrives(datagram) if !self.by_address.contains_key(&datagram.flow.local) => {
                let lamp = self.lamps.iter_mut().find(|lamp| lamp.address == datagram.flow.local);
                lamp.expect("whoever is written to exists").handle_datagram(now, datagram);
            }
            Happening::Arrives(datagram) => {
                let phone = self.by_address[&datagram.flow.local];
                self.phones[phone.0].handle_datagram(now, datagram);
            }
            Happening::Media(event) => {
                self.say(format_args!("media: {event:?}"));
                self.controller.handle_media(now, event);
            }
            Happening::PlayEnds(leg, play) => self.media.play_ended(leg, play),
            Happening::Reply(reply) => self.controller.handle_reply(now, reply),
            Happening::Popped { offer, written } => {
                // Refused once the offer is over, which the page cannot know.
                let told = self.controller.handle_command(now, Command::PopWritten { offer, written });
                self.say(format_args!("page: {told:?}"));
            }
            Happening::Act(phone, act) => self.act(phone, act),
            Happening::Silent(audio) => {
                if let Some(leg) = self.media.leg_to(audio) {
                    // It was heard before it fell silent.
                    self.controller.handle_media(now, MediaEvent::FirstPacket { leg });
                    self.controller.handle_media(now, MediaEvent::RtpTimeout { leg });
                }
            }
        }
    }

    fn act(&mut self, id: PhoneId, act: Act) {
        self.say(format_args!("{}: {act:?}", self.phones[id.0].name));
        let audio = self.phones[id.0].audio;
        match &act {
            Act::Press(key) => {
                if let (Some(leg), Some(digit)) = (self.media.leg_to(audio), Digit::from_char(*key)) {
                    let pressed = MediaEvent::Digit { leg, digit, duration_ms: 100 };
                    self.tell_media(pressed);
                }
            }
            Act::Vanish => self.agenda.put(self.now.mono + SILENCE, Happening::Silent(audio)),
            Act::Register
            | Act::Unregister
            | Act::Dial(_)
            | Act::Replace(_)
            | Act::PickUp(_)
            | Act::Refuse(..)
            | Act::HangUp
            | Act::Consult(_)
            | Act::Join
            | Act::LoseSip
            | Act::Hold(_)
            | Act::Move(_) => {}
        }
        self.phones[id.0].handle_act(self.now, act);
    }

    /// Carries away everything that was put out.
    fn drain(&mut self) {
        while let Some(event) = self.controller.poll_event() {
            self.on_event(&event);
        }
        while let Some(request) = self.controller.poll_request() {
            self.on_request(request);
        }
        while let Some(command) = self.controller.poll_media() {
            self.say(format_args!("media, please: {command:?}"));
            self.media.handle_command(command);
        }
        while let Some(event) = self.media.poll_event() {
            self.tell_media(event);
        }
        while let Some((length, leg, play)) = self.media.poll_playback() {
            self.agenda.put(self.now.mono + length, Happening::PlayEnds(leg, play));
        }
        while let Some(leg) = self.controller.poll_sip_leg() {
            self.watch.on_sip_leg(leg);
        }
        while let Some(transmit) = self.controller.poll_transmit() {
            self.watch.on_transmit(&transmit);
            self.send(transmit);
        }
        for phone in 0..self.phones.len() {
            while let Some((after, act)) = self.phones[phone].poll_plan() {
                self.later(after, PhoneId(phone), act);
            }
            while let Some(transmit) = self.phones[phone].poll_transmit() {
                self.send(transmit);
            }
        }
        for lamp in 0..self.lamps.len() {
            while let Some(transmit) = self.lamps[lamp].poll_transmit() {
                self.send(transmit);
            }
        }
    }

    fn on_event(&mut self, event: &Event) {
        self.say(format_args!("event {}: {:?}", event.seq, event.kind));
        self.watch.on_event(event);
        let EventKind::Call { what, .. } = &event.kind else { return };
        if let CallEvent::Offered { offer, .. } = what {
            let written = self.rng.chance(2, 3);
            let at = self.now.mono + self.up_to(Duration::from_millis(400));
            self.agenda.put(at, Happening::Popped { offer: *offer, written });
        }
        let moment = Moment::of(what);
        if let Some(cue) = self.cues.iter().position(|(wanted, ..)| Some(*wanted) == moment) {
            let (_, phone, after, act) = self.cues.remove(cue);
            self.later(after, phone, act);
        }
    }

    fn on_request(&mut self, request: Request) {
        self.watch.on_request(self.now.wall, &request);
        match request {
            // The database does not always answer.
            Request::FindCustomer { call, .. } if self.rng.chance(9, 10) => {
                let at = self.now.mono + self.up_to(Duration::from_millis(50));
                let found = (self.blocks == Blocks::Customers)
                    .then(|| Arc::new(Found::alone(center::blocked_customer())));
                self.agenda.put(at, Happening::Reply(Reply::Customer { call, found }));
            }
            Request::BookCallback { call, tag, callback } => {
                let at = self.now.mono + self.up_to(Duration::from_millis(50));
                let callback = Some(Some(callback));
                self.agenda.put(at, Happening::Reply(Reply::Booked { call, tag, callback }));
            }
            Request::CorrectRecording(correction) => self.watch.correct(&correction),
            Request::FindCustomer { .. }
            | Request::Ask { .. }
            | Request::Speak { .. }
            | Request::Stream { .. }
            | Request::StreamDigit { .. }
            | Request::Record { .. }
            | Request::StopRecord { .. }
            | Request::Forget { .. }
            | Request::SaveRecord(_)
            | Request::SaveContacts(_)
            | Request::SaveAgentFact(_)
            | Request::CallbackChanged { .. }
            | Request::SaveDisposition(_)
            | Request::Locate(_) => {}
        }
    }

    /// The media plane answers after a moment, in order.
    fn tell_media(&mut self, event: MediaEvent) {
        let at = (self.now.mono + self.up_to(Duration::from_millis(15))).max(self.last_media_event);
        self.last_media_event = at;
        self.agenda.put(at, Happening::Media(event));
    }

    fn send(&mut self, transmit: Transmit) {
        let Transmit { flow, bytes } = transmit;
        let (from, to) = (flow.local, flow.remote);
        let copies = self.network.carry(from, to);
        if self.loud {
            let first_line = String::from_utf8_lossy(&bytes);
            let first_line = first_line.lines().next().unwrap_or_default().to_owned();
            self.say(format_args!("{} → {}: {first_line} {copies:?}", self.name_at(from), self.name_at(to)));
        }
        for transit in copies {
            let datagram = Datagram { flow: flow.reversed(), bytes: bytes.clone() };
            self.agenda.put(self.now.mono + transit, Happening::Arrives(datagram));
        }
    }

    fn check(&self) {
        self.watch.check(&self.controller.snapshot(self.now), &self.media);
    }

    fn name_at(&self, address: SocketAddr) -> &str {
        let phone = self.by_address.get(&address).map(|phone| self.phones[phone.0].name.as_str());
        phone.unwrap_or(if address == SERVER { "server" } else { "lamp" })
    }

    /// Prints a line of the ladder, if this world is loud.
    fn say(&self, what: core::fmt::Arguments<'_>) {
        if self.loud {
            eprintln!("{:>12.3} {what}", self.now.mono.as_micros() as f64 / 1e6);
        }
    }
}
