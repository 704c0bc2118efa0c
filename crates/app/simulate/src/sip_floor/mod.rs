//! The upper level: the whole core as it runs in production, with SIP messages as bytes. What lies between it and people,
//! sockets and audio, takes no time; the database knows nobody.

mod carrier;
mod phone;
mod plane;
mod speech;
mod stage;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::NotReadyReason;
use hotline_base::{AgentId, CallId, LegId, Now, PlayId, QueueId, Rng, Time};
use hotline_call::{Answer, CallEvent, Center, Command, Controller, Event, EventKind, Reply, Request};
use hotline_ivr::{RecordExit, Recorded, StreamExit};
use hotline_media::{Digit, Event as MediaEvent};
use hotline_sip::{Datagram, Message, Transmit};

use crate::Caller;
use crate::acd_floor::BREAK;
use crate::agenda::Agenda;
use crate::floor::{Floor, Ring, Wish, caller_of};
use carrier::Carrier;
use phone::{Phone, Wants};
use plane::Plane;
use speech::Wire;
use stage::SERVER;

/// How long callers listen before they press their first key.
const FIRST_KEY: Duration = Duration::from_secs(3);
/// And how long before each further one.
const NEXT_KEY: Duration = Duration::from_secs(2);

/// What will happen by itself.
#[derive(Debug)]
enum Later {
    PlayEnds(LegId, PlayId),
    Key(CallId, Digit),
    /// The phone of this number registers again, unless it was lost since this start.
    Registration(usize, u64),
}

/// Callers and agents around a [`Controller`].
pub(crate) struct SipFloor {
    controller: Controller,
    carrier: Carrier,
    phones: Vec<Phone>,
    by_agent: BTreeMap<AgentId, usize>,
    by_address: BTreeMap<SocketAddr, usize>,
    plane: Plane,
    callers: Arc<[Caller]>,
    direct: BTreeMap<QueueId, String>,
    wire: Wire,
    agenda: Agenda<Later>,
    events: VecDeque<Event>,
    rings: VecDeque<Ring>,
}

impl SipFloor {
    /// An empty center before its day.
    pub(crate) fn new(now: Now, center: &Center, callers: Arc<[Caller]>, mut rng: Rng) -> Self {
        let direct = stage::direct_numbers(center);
        let center = Arc::new(stage::center(center, &direct));
        let endpoint = stage::endpoint(&center);
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let controller = Controller::new(now, Arc::clone(&center), endpoint, rng.fork(), secret, 0);
        let phone = |(number, agent)| Phone::new(agent, stage::phone(number), &center.domain);
        let phones: Vec<Phone> = center.agents.keys().enumerate().map(phone).collect();
        Self {
            controller,
            carrier: Carrier::new(&center.domain),
            by_agent: phones
                .iter()
                .enumerate()
                .map(|(number, phone)| (phone.agent.clone(), number))
                .collect(),
            by_address: phones.iter().enumerate().map(|(number, phone)| (phone.address, number)).collect(),
            phones,
            plane: Plane::new(),
            callers,
            direct,
            wire: Wire::new(),
            agenda: Agenda::default(),
            events: VecDeque::new(),
            rings: VecDeque::new(),
        }
    }

    /// Carries everything away until nobody has anything left to say.
    fn settle(&mut self, now: Now) {
        self.drain_controller(now);
        while let Some(Transmit { flow, bytes }) = self.wire.pop_front() {
            if flow.remote == SERVER {
                self.controller.handle_datagram(now, Datagram { flow: flow.reversed(), bytes });
                self.drain_controller(now);
                continue;
            }
            let message = Message::parse(bytes).expect("the server writes SIP");
            match self.by_address.get(&flow.remote) {
                Some(&phone) => self.tell_phone(now, phone, &message),
                None => self.carrier.hear(&mut self.wire, &message),
            }
        }
    }

    fn tell_phone(&mut self, now: Now, number: usize, message: &Message) {
        let phone = &mut self.phones[number];
        if phone.is_lost {
            return;
        }
        match phone.hear(&mut self.wire, message) {
            Some(Wants::Answer(ring)) => self.rings.push_back(ring),
            Some(Wants::Registration(after)) => {
                self.agenda.put(now.mono + after, Later::Registration(number, phone.started()));
            }
            None => {}
        }
    }

    fn drain_controller(&mut self, now: Now) {
        loop {
            if let Some(event) = self.controller.poll_event() {
                self.on_event(now, event);
            } else if let Some(request) = self.controller.poll_request() {
                self.on_request(now, request);
            } else if let Some(command) = self.controller.poll_media() {
                self.plane.handle_command(command);
            } else if let Some(event) = self.plane.poll_event() {
                self.controller.handle_media(now, event);
            } else if let Some((length, leg, play)) = self.plane.poll_playback() {
                self.agenda.put(now.mono + length, Later::PlayEnds(leg, play));
            } else if self.controller.poll_sip_leg().is_none() {
                break;
            }
        }
        while let Some(transmit) = self.controller.poll_transmit() {
            self.wire.push_back(transmit);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is answered")]
    fn on_event(&mut self, now: Now, event: Event) {
        if let EventKind::Call { call, what } = &event.kind {
            match what {
                // Nobody has a page open.
                CallEvent::Offered { offer, .. } => {
                    let told = Command::PopWritten { offer: *offer, written: false };
                    // Refused once the offer is over, and then nobody needs it.
                    let (Ok(()) | Err(_)) = self.controller.handle_command(now, told);
                }
                CallEvent::Started { caller, .. } => self.plan_keys(now, *call, caller.expose()),
                _ => {}
            }
        }
        self.events.push_back(event);
    }

    fn plan_keys(&mut self, now: Now, call: CallId, number: &str) {
        let keys =
            caller_of(number).and_then(|caller| self.callers.get(caller)).map(|caller| caller.keys.as_str());
        let mut at = now.mono + FIRST_KEY;
        for digit in keys.unwrap_or_default().chars().filter_map(Digit::from_char) {
            self.agenda.put(at, Later::Key(call, digit));
            at = at + NEXT_KEY;
        }
    }

    /// The database knows nobody, and nobody outside answers.
    fn on_request(&mut self, now: Now, request: Request) {
        let reply = match request {
            Request::FindCustomer { call, .. } => Reply::Customer { call, found: None },
            Request::Ask { call, tag, .. } => {
                Reply::Answer { call, tag, answer: Answer::Other(hotline_ivr::Reply::Failed) }
            }
            // Nobody is called back: no call goes out.
            Request::BookCallback { call, tag, .. } => Reply::Booked { call, tag, callback: None },
            Request::Speak { call, play, .. } => Reply::Spoken { call, play, prompts: None },
            Request::Stream { call, tag, .. } => {
                let answer = Answer::Streamed(StreamExit::Failed, BTreeMap::new());
                Reply::Answer { call, tag, answer }
            }
            Request::Record { call, tag, .. } => {
                let answer = Answer::Recorded(Recorded { exit: RecordExit::Nothing, name: String::new() });
                Reply::Answer { call, tag, answer }
            }
            Request::StreamDigit { .. }
            | Request::StopRecord { .. }
            | Request::Forget { .. }
            | Request::CallbackChanged { .. }
            | Request::SaveRecord(_)
            | Request::CorrectRecording(_)
            | Request::SaveContacts(_)
            | Request::SaveAgentFact(_)
            | Request::SaveDisposition(_)
            | Request::Locate(_) => return,
        };
        self.controller.handle_reply(now, reply);
    }

    fn happen(&mut self, now: Now, later: Later) {
        match later {
            Later::PlayEnds(leg, play) => self.plane.play_ended(leg, play),
            Later::Key(call, digit) => {
                if let Some(leg) = self.plane.caller(call) {
                    self.controller.handle_media(now, MediaEvent::Digit { leg, digit, duration_ms: 100 });
                }
            }
            Later::Registration(number, start) => {
                let phone = &mut self.phones[number];
                if !phone.is_lost && phone.started() == start {
                    phone.register(&mut self.wire, None);
                }
            }
        }
    }
}

impl Floor for SipFloor {
    fn arrive(&mut self, now: Now, caller: usize) {
        let wanted = &self.callers[caller];
        let number = wanted.number.as_deref().or_else(|| self.direct.get(&wanted.queue).map(String::as_str));
        let Some(number) = number else {
            self.carrier.refused += 1;
            return;
        };
        self.carrier.dial(&mut self.wire, caller, number);
        self.settle(now);
        self.carrier.give_up_unheard(caller);
    }

    fn hang_up(&mut self, now: Now, caller: usize) {
        self.carrier.hang_up(&mut self.wire, caller);
        self.settle(now);
    }

    fn pick_up(&mut self, now: Now, ring: Ring) {
        let Some(&phone) = self.by_agent.get(&ring.agent) else { return };
        if !self.phones[phone].is_lost {
            self.phones[phone].pick_up(&mut self.wire, ring.number);
            self.settle(now);
        }
    }

    fn wish(&mut self, now: Now, agent: &AgentId, wish: Wish) {
        let command = match wish {
            Wish::Ready => Command::SetReady(agent.clone()),
            Wish::Break => Command::SetNotReady(agent.clone(), NotReadyReason::Chosen(BREAK.into())),
            Wish::SignOut => Command::SignOut(agent.clone()),
        };
        // An agent who is told no goes on as before, as people do.
        let (Ok(()) | Err(_)) = self.controller.handle_command(now, command);
        self.settle(now);
    }

    fn plug(&mut self, now: Now, agent: &AgentId, is_there: bool) {
        let Some(&number) = self.by_agent.get(agent) else { return };
        let phone = &mut self.phones[number];
        if is_there {
            phone.start(&mut self.wire);
            self.settle(now);
        } else {
            phone.is_lost = true;
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        while let Some(later) = self.agenda.pop_due(now.mono) {
            self.happen(now, later);
        }
        if self.controller.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            self.controller.handle_timeout(now);
        }
        self.settle(now);
    }

    fn poll_timeout(&self) -> Option<Time> {
        let core = self.controller.poll_timeout().map(|(at, _)| at);
        [core, self.agenda.next_at()].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_ring(&mut self) -> Option<Ring> {
        self.rings.pop_front()
    }

    fn refused(&self) -> u64 {
        self.carrier.refused
    }
}
