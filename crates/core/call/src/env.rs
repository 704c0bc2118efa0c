//! What a call may touch beside itself: the SIP endpoint, the ACD, timers and the outputs of this turn.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hotline_acd::Acd;
use hotline_base::{
    AgentId, BridgeId, CallId, Given, HoursId, LegId, Now, PlayId, RecordingId, RequestId, Rng, Time,
    TimerQueue, numbers_of,
};
use hotline_hours::Override;
use hotline_ivr::Flows;
use hotline_media::{self as media, LegFailure};
use hotline_sip::Endpoint;
use serde::{Deserialize, Serialize};

use crate::alarm::{Alarm, AlarmCause, AlarmKind, FileMistake};
use crate::callbacks::Callbacks;
use crate::cause::{Cause, Requested};
use crate::center::Center;
use crate::command::{CommandError, Request};
use crate::controller::{CallTimer, Counters, MessageOutcome, NextDay};
use crate::event::{Event, EventKind, Party};
use crate::guests::Guests;
use crate::places::KeptPlaces;
use crate::sessions::Sessions;
use crate::sound::{LineQuality, Measured};
use crate::trunk::{Change, Outer, Trunks};

/// Which leg of a call a SIP session carries. Once somebody outside whom an agent has called takes the call, that one is
/// the `Caller`, and the calling agent the `Agent`: who is served is on the first leg of a call from then on, whoever
/// called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Caller,
    Agent,
    /// Somebody outside who is called, or to whom the caller was sent.
    Callee,
    /// The agent who sends the caller on, until somebody has taken over.
    Transferor,
    /// Somebody who listens to the others, and may talk to them.
    Supervisor,
}

/// Whose phone a media leg leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LegOwner {
    pub(crate) party: Party,
    /// The agent, if it is one's.
    pub(crate) agent: Option<AgentId>,
}

impl LegOwner {
    pub(crate) fn agent(agent: &AgentId) -> Self {
        Self { party: Party::Agent, agent: Some(agent.clone()) }
    }
}

/// A media leg.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) call: CallId,
    pub(crate) owner: LegOwner,
    /// Whether a packet has come from its phone: one that never sent anything cannot fall silent.
    pub(crate) heard: bool,
    /// What it had counted when it told last how it sounds.
    pub(crate) measured: Measured,
    /// The request of a client for which it was opened, until it is open.
    pub(crate) cause: Option<RequestId>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Env {
    pub(crate) center: Given<Arc<Center>>,
    pub(crate) sip: Endpoint,
    pub(crate) acd: Acd,
    pub(crate) timers: TimerQueue<(CallId, CallTimer)>,
    pub(crate) sessions: Sessions,
    pub(crate) trunks: Trunks,
    /// Legs from `OpenLeg` to `LegClosed`.
    pub(crate) legs: BTreeMap<LegId, Leg>,
    /// Recordings from `StartRecording` to their end.
    pub(crate) recordings: BTreeMap<RecordingId, CallId>,
    pub(crate) alarms: BTreeMap<AlarmKind, Alarm>,
    pub(crate) counters: Counters,
    /// What somebody decided about opening hours, until it is over or taken back.
    pub(crate) by_hand: BTreeMap<HoursId, Override>,
    pub(crate) next_day: NextDay,
    pub(crate) events: VecDeque<Event>,
    pub(crate) media: VecDeque<media::Command>,
    pub(crate) requests: VecDeque<Request>,
    /// Messages of which it has become known whether a phone has them.
    pub(crate) messages: VecDeque<MessageOutcome>,
    /// How the lines of agents who talk sound; taken in the turn in which it comes.
    pub(crate) lines: VecDeque<LineQuality>,
    pub(crate) rng: Rng,
    /// Who waits to be called back.
    pub(crate) callbacks: Callbacks,
    /// Places in line of callers who were cut off.
    pub(crate) places: KeptPlaces,
    /// Which phones of agents take a call by themselves when asked by headers, by their contact: learnt.
    pub(crate) phones_that_answer: BTreeMap<AgentId, (String, bool)>,
    /// Guests who have not called yet; a server that goes on with a saved state has none.
    #[serde(skip)]
    pub(crate) guests: Guests,
    /// The request of a client for which all is done; within a turn.
    #[serde(skip)]
    cause: Option<Cause>,
    seq: u64,
    next_id: u64,
}

impl Env {
    pub(crate) fn new(
        now: Now,
        center: Arc<Center>,
        sip: Endpoint,
        acd: Acd,
        rng: Rng,
        last_seq: u64,
    ) -> Self {
        let next_day = NextDay::after(now, &center.zone);
        Self {
            center: Given::new(center),
            sip,
            acd,
            timers: TimerQueue::new(),
            sessions: Sessions::default(),
            trunks: Trunks::default(),
            legs: BTreeMap::new(),
            recordings: BTreeMap::new(),
            alarms: BTreeMap::new(),
            counters: Counters::default(),
            by_hand: BTreeMap::new(),
            next_day,
            events: VecDeque::new(),
            media: VecDeque::new(),
            requests: VecDeque::new(),
            guests: Guests::default(),
            messages: VecDeque::new(),
            lines: VecDeque::new(),
            rng,
            callbacks: Callbacks::default(),
            places: KeptPlaces::default(),
            phones_that_answer: BTreeMap::new(),
            cause: None,
            seq: last_seq,
            next_id: 0,
        }
    }

    /// Counts ids from where those of `shard` begin.
    pub(crate) fn with_shard(self, shard: u8) -> Self {
        Self { next_id: numbers_of(shard), sip: self.sip.with_shard(shard), ..self }
    }

    /// The number of the last event.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) fn emit(&mut self, now: Now, kind: EventKind) {
        self.seq += 1;
        self.events.push_back(Event { seq: self.seq, at: now.wall, kind });
    }

    pub(crate) fn arm(&mut self, call: CallId, timer: CallTimer, at: Time) {
        self.timers.set((call, timer), at);
    }

    pub(crate) fn disarm(&mut self, call: CallId, timer: CallTimer) {
        self.timers.cancel(&(call, timer));
    }

    /// Disarms whatever is armed for this call.
    pub(crate) fn disarm_all(&mut self, call: CallId) {
        self.timers.cancel_range((call, CallTimer::FIRST)..=(call, CallTimer::LAST));
    }

    /// Whether a packet has come from the phone of this leg.
    pub(crate) fn is_heard(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| leg.heard)
    }

    /// Does something for a request of a client.
    pub(crate) fn set_cause(&mut self, cause: Option<Cause>) {
        self.sip.set_cause(cause.as_ref().map(|cause| cause.request.clone()));
        self.cause = cause;
    }

    /// The request for which all is done at the moment.
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.cause.as_ref().map(|cause| cause.request.clone())
    }

    /// What is to be noted of `call` before anything else: for which request it happens.
    pub(crate) fn note_cause(&mut self, call: CallId) -> Option<Requested> {
        self.cause.as_mut()?.note(call)
    }

    /// Asks the media plane for a port for `call`.
    pub(crate) fn open_leg(&mut self, call: CallId, owner: LegOwner) -> LegId {
        let leg = LegId(self.next_id());
        let cause = self.cause.as_ref().map(|cause| cause.request.clone());
        self.legs.insert(leg, Leg { call, owner, heard: false, measured: Measured::default(), cause });
        self.media.push_back(media::Command::OpenLeg { leg, call });
        leg
    }

    /// Gives a port back. The leg is known until the media plane confirms.
    pub(crate) fn close_leg(&mut self, leg: LegId) {
        self.media.push_back(media::Command::CloseLeg { leg });
    }

    pub(crate) fn next_play(&mut self) -> PlayId {
        PlayId(self.next_id())
    }

    pub(crate) fn next_bridge(&mut self) -> BridgeId {
        BridgeId(self.next_id())
    }

    pub(crate) fn raise(&mut self, now: Now, kind: AlarmKind, cause: AlarmCause) {
        let alarm = Alarm { kind: kind.clone(), since: now.wall, cause };
        if self.alarms.contains_key(&kind) {
            return;
        }
        self.alarms.insert(kind, alarm.clone());
        self.emit(now, EventKind::AlarmRaised(alarm));
    }

    /// Gives these flows to all calls that begin from here on.
    pub(crate) fn change_flows(&mut self, flows: Arc<Flows>) {
        self.center = Given::new(Arc::new(Center { flows, ..Center::clone(&self.center) }));
    }

    /// The files of center or flows cannot be used. Said anew whenever it is another mistake that comes first.
    pub(crate) fn raise_flows(&mut self, now: Now, first: FileMistake) {
        let cause = AlarmCause::Files(first);
        let standing = self.alarms.get(&AlarmKind::FlowsInvalid);
        if standing.is_some_and(|alarm| alarm.cause != cause) {
            self.alarms.remove(&AlarmKind::FlowsInvalid);
        }
        self.raise(now, AlarmKind::FlowsInvalid, cause);
    }

    /// What somebody decides about opening hours counts from the next question on.
    pub(crate) fn override_hours(
        &mut self,
        hours: HoursId,
        decided: Option<Override>,
    ) -> Result<(), CommandError> {
        if !self.center.hours.contains_key(&hours) {
            return Err(CommandError::UnknownHours);
        }
        match decided {
            Some(decided) => drop(self.by_hand.insert(hours, decided)),
            None => drop(self.by_hand.remove(&hours)),
        }
        Ok(())
    }

    /// Takes back everything that a call held, whatever state it was in.
    pub(crate) fn sweep(&mut self, now: Now, call: CallId) {
        for session in self.sessions.of(call) {
            self.sessions.remove(&session);
            self.sip.hang_up(now, session, None);
        }
        let recordings: Vec<RecordingId> = self
            .recordings
            .iter()
            .filter(|(_, owner)| **owner == call)
            .map(|(recording, _)| *recording)
            .collect();
        for recording in recordings {
            self.recordings.remove(&recording);
            self.media.push_back(media::Command::StopRecording { recording });
        }
        let legs: Vec<LegId> =
            self.legs.iter().filter(|(_, leg)| leg.call == call).map(|(leg, _)| *leg).collect();
        for leg in legs {
            self.close_leg(leg);
        }
        self.disarm_all(call);
        self.trunks.leave_all(call);
        self.forget_attempt(now, call);
        self.acd.forget_call(now, call);
    }

    /// Lets the trunks act, and tells operators what has changed by it.
    pub(crate) fn with_trunks(&mut self, now: Now, act: impl FnOnce(&mut Trunks, &mut Outer<'_>)) {
        let center = Arc::clone(&self.center);
        let Self { trunks, sip, requests, .. } = self;
        act(trunks, &mut Outer { center: &center, sip, requests });
        while let Some(change) = self.trunks.poll_change() {
            match change {
                Change::Usable(trunk) => self.clear(now, &AlarmKind::TrunkUnusable(trunk)),
                Change::Unusable(trunk, fault) => {
                    // Said anew: another reason has come.
                    self.alarms.remove(&AlarmKind::TrunkUnusable(trunk.clone()));
                    self.raise(now, AlarmKind::TrunkUnusable(trunk), AlarmCause::Trunk(fault));
                }
            }
        }
    }

    /// Whether the media plane still has a leg of this call.
    pub(crate) fn has_legs(&self, call: CallId) -> bool {
        self.legs.values().any(|leg| leg.call == call)
    }

    /// The recordings of a call that are not closed.
    pub(crate) fn recordings_of(&self, call: CallId) -> impl Iterator<Item = RecordingId> {
        let all = self.recordings.iter();
        all.filter(move |(_, owner)| **owner == call).map(|(recording, _)| *recording)
    }

    /// The media plane could not open a leg; without a failure it did not answer at all.
    pub(crate) fn raise_media(&mut self, now: Now, cause: Option<LegFailure>) {
        match cause {
            Some(failure) => {
                self.raise(now, AlarmKind::MediaPortsExhausted, AlarmCause::Leg(failure));
            }
            None => self.raise(now, AlarmKind::MediaSilent, AlarmCause::MediaSilent),
        }
    }

    pub(crate) fn clear(&mut self, now: Now, kind: &AlarmKind) {
        if self.alarms.remove(kind).is_some() {
            self.emit(now, EventKind::AlarmCleared(kind.clone()));
        }
    }

    fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}
