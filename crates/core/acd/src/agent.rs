//! One agent: what it is when free, what occupies it, and the one state that follows from both.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{AgentId, CallId, GroupId, Now, Pii, QueueId, ReservationId, SkillId, Time, WallTime};
use serde::{Deserialize, Serialize};

use crate::queue::Serves;
use crate::recent::History;
use crate::session::Session;
use crate::wrap_up::{AfterCall, LastCall};
use crate::{AgentConfig, Disposition, Help, WrapUp, reasons};

/// The longest not-ready reason an agent may choose, in bytes.
pub const REASON_BYTES_MAX: usize = 64;

/// What an agent is while no call occupies it. Asking for another one during a call or wrap-up takes effect
/// after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// Not at work.
    LoggedOut,
    /// At work, takes no calls from queues.
    NotReady {
        /// Why not.
        reason: NotReadyReason,
    },
    /// Takes calls.
    Ready,
}

/// Why an agent takes no calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotReadyReason {
    /// Has just signed in.
    SignedIn,
    /// What the agent gave as the reason: break, training… At most [`REASON_BYTES_MAX`].
    Chosen(Arc<str>),
    /// Let the phone ring.
    Missed,
    /// The phone failed too often in a row. Not the agent's doing.
    PhoneFault,
    /// The phone was gone for longer than [`Config::phone_grace`](crate::Config::phone_grace). Not the agent's doing.
    PhoneLost,
}

impl NotReadyReason {
    /// The reason as a stable word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Chosen(reason) => reason,
            Self::Missed => "missed",
            Self::PhoneFault => "phone_fault",
            Self::PhoneLost => "phone_lost",
        }
    }

    fn told(word: &str) -> Self {
        [Self::SignedIn, Self::Missed, Self::PhoneFault, Self::PhoneLost]
            .into_iter()
            .find(|reason| reason.as_str() == word)
            .unwrap_or_else(|| Self::Chosen(word.into()))
    }
}

/// Which way a conversation came about, seen from the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// Somebody outside the center called.
    In,
    /// The agent called somebody outside the center.
    Out,
    /// Between two agents.
    Internal,
}

impl Direction {
    /// The word that stands for it in reports. Never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Internal => "internal",
        }
    }

    fn told(word: &str) -> Option<Self> {
        [Self::In, Self::Out, Self::Internal].into_iter().find(|direction| direction.as_str() == word)
    }
}

/// The state of an agent. Exactly one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    /// Not at work.
    LoggedOut,
    /// At work, takes no calls from queues.
    NotReady {
        /// Why not.
        reason: NotReadyReason,
    },
    /// Takes calls.
    Ready,
    /// Would take calls, but its phone has gone; once that is back it is ready again.
    OfflineGrace,
    /// Chosen for a call; the phone does not ring yet.
    Reserved {
        /// The call on offer.
        call: CallId,
    },
    /// The phone rings.
    Ringing {
        /// The call on offer.
        call: CallId,
    },
    /// In a conversation.
    Talking {
        /// Which way it came about.
        direction: Direction,
        /// The call from a queue; `None` for a call outside the queues.
        call: Option<CallId>,
    },
    /// In a conversation whose caller is on hold.
    Hold {
        /// The call on hold.
        call: CallId,
    },
    /// After-call work.
    WrapUp {
        /// The call that it belongs to.
        call: CallId,
        /// When it ends by itself, or is overdue for want of the disposition; `None` if it is so, or is ended by hand.
        until: Option<WallTime>,
        /// Whether it waits for the call's disposition.
        #[serde(default)]
        disposition: Disposition,
        /// How often the agent can still make it longer.
        #[serde(default)]
        extensions_left: u8,
    },
}

impl AgentState {
    /// The word that stands for it in reports and for programs outside. Never changes.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::NotReady { .. } => "not_ready",
            Self::Ready => "ready",
            Self::OfflineGrace => "offline_grace",
            Self::Reserved { .. } => "reserved",
            Self::Ringing { .. } => "ringing",
            Self::Talking { .. } => "talking",
            Self::Hold { .. } => "hold",
            Self::WrapUp { .. } => "wrap_up",
        }
    }

    /// The state that [`as_str`](Self::as_str), [`detail`](Self::detail) and [`call`](Self::call) told of, without what they do
    /// not tell; `None` if no state has these words.
    #[must_use]
    pub fn told(word: &str, detail: Option<&str>, call: Option<CallId>) -> Option<Self> {
        Some(match (word, call) {
            ("logged_out", None) => Self::LoggedOut,
            ("not_ready", None) => Self::NotReady { reason: NotReadyReason::told(detail?) },
            ("ready", None) => Self::Ready,
            ("offline_grace", None) => Self::OfflineGrace,
            ("reserved", Some(call)) => Self::Reserved { call },
            ("ringing", Some(call)) => Self::Ringing { call },
            ("talking", call) => Self::Talking { direction: Direction::told(detail?)?, call },
            ("hold", Some(call)) => Self::Hold { call },
            ("wrap_up", Some(call)) => {
                let disposition = if detail.is_some() { Disposition::Missing } else { Disposition::Settled };
                Self::WrapUp { call, until: None, disposition, extensions_left: 0 }
            }
            _ => return None,
        })
    }

    /// What else reports tell apart: the reason for being not ready, which way a talk came about, after-call work that is
    /// overdue.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::NotReady { reason } => Some(reason.as_str()),
            Self::Talking { direction, .. } => Some(direction.as_str()),
            Self::WrapUp { disposition: Disposition::Missing, .. } => Some("disposition_missing"),
            Self::WrapUp { disposition: Disposition::Settled | Disposition::Awaited, .. }
            | Self::LoggedOut
            | Self::Ready
            | Self::OfflineGrace
            | Self::Reserved { .. }
            | Self::Ringing { .. }
            | Self::Hold { .. } => None,
        }
    }

    /// The call that it is about; `None` for a talk outside the queues.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Talking { call, .. } => *call,
            Self::Reserved { call }
            | Self::Ringing { call }
            | Self::Hold { call }
            | Self::WrapUp { call, .. } => Some(*call),
            Self::LoggedOut | Self::NotReady { .. } | Self::Ready | Self::OfflineGrace => None,
        }
    }

    /// True if the time goes on in the same state: an extension of after-call work begins nothing new.
    pub(crate) fn goes_on(&self, before: &Self) -> bool {
        match (self, before) {
            (
                Self::WrapUp { call, disposition, .. },
                Self::WrapUp { call: call_before, disposition: disposition_before, .. },
            ) => {
                let missing = |disposition: &Disposition| *disposition == Disposition::Missing;
                call == call_before && missing(disposition) == missing(disposition_before)
            }
            (_, _) => self == before,
        }
    }

    /// True while no call and no after-call work occupies the agent, at work or not.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        match self {
            Self::LoggedOut | Self::NotReady { .. } | Self::Ready | Self::OfflineGrace => true,
            Self::Reserved { .. }
            | Self::Ringing { .. }
            | Self::Talking { .. }
            | Self::Hold { .. }
            | Self::WrapUp { .. } => false,
        }
    }
}

/// Why offers to an agent are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DelayCause {
    /// The agent let the phone ring.
    Missed,
    /// The agent rejected an offer.
    Rejected,
    /// The phone was busy.
    Busy,
    /// The phone could not be reached.
    PhoneFault,
    /// This server could not ring the phone.
    ServerFault,
}

/// Offers to an agent are held back for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// Until when.
    pub until: WallTime,
    /// Why.
    pub cause: DelayCause,
}

/// Where an agent is reached: chosen by the agent, apart from who that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Device {
    /// At whatever has registered for the agent: a desk phone, a softphone.
    #[default]
    Phone,
    /// At a number outside, normalised: a mobile phone, say.
    Outside(Pii<String>),
}

/// An agent as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// Who.
    pub id: AgentId,
    /// The person's name.
    pub name: Pii<String>,
    /// The one state it is in.
    pub state: AgentState,
    /// Since when.
    pub since: WallTime,
    /// What it becomes once free, if that is anything but ready; `None` while it is free.
    pub pending: Option<Presence>,
    /// Where it is reached.
    pub device: Device,
    /// True while that can be called: its phone is registered, or calls go out to its number.
    pub registered: bool,
    /// Set while offers are held back.
    pub delay: Option<Delay>,
    /// The queues it serves.
    pub queues: BTreeSet<QueueId>,
    /// When it signed in.
    pub signed_in: Option<WallTime>,
    /// Whether its phone rings or talks outside the queues, signed in or not.
    pub outside: bool,
    /// Set while it wants help.
    pub help: Option<Help>,
    /// What it can do, and at which level.
    pub skills: BTreeMap<SkillId, u8>,
    /// The groups that it belongs to.
    pub groups: BTreeSet<GroupId>,
    /// Calls from queues that it took since the day began.
    pub calls_today: u32,
    /// The most of them on one day.
    pub daily_cap: Option<u32>,
}

impl AgentView {
    /// True while nothing occupies agent or phone, so that a call can be put through directly.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.state.is_idle() && !self.outside
    }
}

/// What occupies an agent on behalf of a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    Free,
    Reserved(Assignment),
    Ringing(Assignment),
    Talking(Assignment),
    Hold(Assignment),
    WrapUp(AfterCall),
}

/// A call in an agent's hands, and the rules it came with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) reservation: ReservationId,
    pub(crate) call: CallId,
    pub(crate) queue: QueueId,
    /// The queue's rules when the call was offered, with the member's length; a later change of the queue does not touch
    /// them.
    pub(crate) wrap_up: WrapUp,
    /// The agent asked for after-call work.
    pub(crate) wrap_up_asked: bool,
    /// The call has its disposition.
    pub(crate) disposed: bool,
}

impl Assignment {
    pub(crate) const fn new(
        reservation: ReservationId,
        call: CallId,
        queue: QueueId,
        wrap_up: WrapUp,
    ) -> Self {
        Self { reservation, call, queue, wrap_up, wrap_up_asked: false, disposed: false }
    }
}

/// A call of the agent's phone that no queue gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The phone rings for it.
    Ringing,
    /// The agent talks.
    Talking(Direction),
}

/// Three facts with separate causes (`presence`: what the agent asked for; `work`: what a queue gave it;
/// `outside`: what its phone does besides), from which the one state is derived.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) config: AgentConfig,
    /// Those it serves, through a merge included.
    pub(crate) queues: BTreeMap<QueueId, Serves>,
    /// Those it belongs to, through a merge included.
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) presence: Presence,
    pub(crate) work: Work,
    pub(crate) outside: BTreeMap<CallId, Outside>,
    pub(crate) device: Device,
    pub(crate) registered: bool,
    /// Was there, and has gone.
    pub(crate) phone_gone: bool,
    pub(crate) delay: Option<Delay>,
    /// Missed offers in a row.
    pub(crate) missed: u32,
    /// Phone faults in a row.
    pub(crate) phone_faults: u32,
    /// How often the agent made itself ready; an exclusion made before the last time no longer holds.
    pub(crate) ready_count: u64,
    /// Gone from the configuration: forgotten as soon as it is free.
    pub(crate) retired: bool,
    pub(crate) session: Option<Session>,
    pub(crate) history: History,
    /// Calls from queues answered since the day began.
    pub(crate) calls_today: u32,
    /// Time since the day began in each reason that the agent gave.
    pub(crate) reasons_today: BTreeMap<Arc<str>, Duration>,
    /// Until when its time is counted: in the session, in the history and in the reasons.
    pub(crate) counted_until: Time,
    /// Set once a call has ended without after-call work, until the next offer.
    pub(crate) last_call: Option<LastCall>,
    pub(crate) help: Option<Help>,
    /// From which queue its call under way or in wrap-up came, and since when it has it.
    pub(crate) handling: Option<(QueueId, Time)>,
    /// Since when it is in its state.
    pub(crate) since: Now,
    /// Max of {end of last wrap-up, became ready, signed in}; meaningful to `LongestIdle` while ready.
    pub(crate) idle_since: Time,
    /// When it was offered a call last.
    pub(crate) last_offer: Option<Time>,
}

impl Agent {
    pub(crate) fn new(config: AgentConfig, now: Now) -> Self {
        Self {
            config,
            queues: BTreeMap::new(),
            groups: BTreeSet::new(),
            presence: Presence::LoggedOut,
            work: Work::Free,
            outside: BTreeMap::new(),
            device: Device::Phone,
            registered: false,
            phone_gone: false,
            delay: None,
            missed: 0,
            phone_faults: 0,
            ready_count: 0,
            retired: false,
            session: None,
            history: History::default(),
            calls_today: 0,
            reasons_today: BTreeMap::new(),
            counted_until: now.mono,
            last_call: None,
            help: None,
            handling: None,
            since: now,
            idle_since: now.mono,
            last_offer: None,
        }
    }

    pub(crate) fn state(&self) -> AgentState {
        match &self.work {
            Work::Free => match (self.outside_state(), &self.session) {
                (Some(state), Some(_)) => state,
                (Some(_), None) | (None, _) => match &self.presence {
                    Presence::LoggedOut => AgentState::LoggedOut,
                    Presence::NotReady { reason } => AgentState::NotReady { reason: reason.clone() },
                    Presence::Ready if self.phone_gone => AgentState::OfflineGrace,
                    Presence::Ready => AgentState::Ready,
                },
            },
            Work::Reserved(with) => AgentState::Reserved { call: with.call },
            Work::Ringing(with) => AgentState::Ringing { call: with.call },
            Work::Talking(with) => AgentState::Talking { direction: Direction::In, call: Some(with.call) },
            Work::Hold(with) => AgentState::Hold { call: with.call },
            Work::WrapUp(after) => after.state(),
        }
    }

    /// Talking goes before ringing: a second call may ring during a first.
    fn outside_state(&self) -> Option<AgentState> {
        let talking = self.outside.values().find_map(|outside| match outside {
            Outside::Talking(direction) => Some(AgentState::Talking { direction: *direction, call: None }),
            Outside::Ringing => None,
        });
        talking.or_else(|| self.outside.keys().next().map(|call| AgentState::Ringing { call: *call }))
    }

    pub(crate) fn pending(&self) -> Option<Presence> {
        (!self.state().is_idle() && self.presence != Presence::Ready).then(|| self.presence.clone())
    }

    /// Takes calls from queues, now or after the one it has.
    pub(crate) fn is_working(&self) -> bool {
        self.registered && self.presence == Presence::Ready
    }

    /// Its phone has been gone for too long.
    pub(crate) fn phone_lost(&mut self) {
        if self.state() == AgentState::OfflineGrace {
            self.presence = Presence::NotReady { reason: NotReadyReason::PhoneLost };
        }
    }

    /// The sort key for `LongestIdle`, if every gate that concerns the agent alone is open.
    pub(crate) fn offerable(&self) -> Option<Time> {
        let open = self.registered
            && self.delay.is_none()
            && !self.has_enough()
            && self.state() == AgentState::Ready;
        open.then_some(self.idle_since)
    }

    /// True once it has had as many calls today as it may.
    pub(crate) fn has_enough(&self) -> bool {
        self.config.daily_cap.is_some_and(|cap| self.calls_today >= cap)
    }

    pub(crate) fn level(&self, skill: &SkillId) -> u8 {
        self.config.skills.get(skill).copied().unwrap_or(0)
    }

    /// True while it talks in this call, given by a queue or not.
    pub(crate) fn has_call(&self, call: CallId) -> bool {
        let working = match &self.work {
            Work::Talking(with) | Work::Hold(with) | Work::Ringing(with) | Work::Reserved(with) => {
                with.call == call
            }
            Work::Free | Work::WrapUp(_) => false,
        };
        working || self.outside.contains_key(&call)
    }

    pub(crate) fn drop_call(&mut self, call: CallId) {
        self.outside.remove(&call);
        if self.has_call(call) {
            self.work = Work::Free;
        }
    }

    pub(crate) fn view(&self) -> AgentView {
        AgentView {
            id: self.config.id.clone(),
            name: self.config.name.clone(),
            state: self.state(),
            since: self.since.wall,
            pending: self.pending(),
            device: self.device.clone(),
            registered: self.registered,
            delay: self.delay,
            queues: self.queues.keys().cloned().collect(),
            signed_in: self.session.as_ref().map(|session| session.started.wall),
            outside: !self.outside.is_empty(),
            help: self.help.clone(),
            skills: self.config.skills.clone(),
            groups: self.config.groups.clone(),
            calls_today: self.calls_today,
            daily_cap: self.config.daily_cap,
        }
    }

    /// Accounts for the time since the last change and starts the new state. `before` is the state until now.
    pub(crate) fn entered(&mut self, now: Now, before: &AgentState) {
        let state = self.state();
        let from = core::mem::replace(&mut self.counted_until, now.mono);
        if let Some(session) = &mut self.session {
            session.times.add(before, now.mono - from);
        }
        self.history.count(from, now.mono, before);
        reasons::count(&mut self.reasons_today, before, now.mono - from);
        if state.goes_on(before) {
            return;
        }
        self.since = now;
        let was_offered = matches!(before, AgentState::Reserved { .. } | AgentState::Ringing { .. });
        if state == AgentState::Ready && !was_offered {
            self.idle_since = now.mono;
        }
    }
}
