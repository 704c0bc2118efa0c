//! What the machine tells, and the words in which others tell it things.

use core::time::Duration;

use hotline_base::{AgentId, CallId, QueueId, ReservationId, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    AgentState, Class, Decision, Device, Help, HelpOutcome, MergeId, Presence, StateSpan, StateTimes,
};

/// Something that others must do or may show. Drain after every input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// An agent's state, what it becomes next, where it is reached, or whether it can be, changed.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// The state it is in.
        state: AgentState,
        /// Since when.
        since: WallTime,
        /// What it becomes once free, if that is anything but ready; `None` while it is free.
        pending: Option<Presence>,
        /// Where it is reached.
        device: Device,
        /// True while that can be called.
        registered: bool,
        /// Set while the agent wants help.
        help: Option<Help>,
    },
    /// An agent who is gone from the configuration has finished what it had, and is forgotten.
    AgentRemoved {
        /// Who.
        agent: AgentId,
    },
    /// More or fewer than before wait to be called back from a queue.
    CallbacksChanged {
        /// The queue.
        queue: QueueId,
        /// How many do.
        waiting: u32,
    },
    /// An agent has signed in.
    SessionStarted {
        /// Who.
        agent: AgentId,
        /// When.
        at: WallTime,
    },
    /// A state of an agent is over. None is told of a state that lasted no time.
    StateEnded(StateSpan),
    /// An agent no longer wants help.
    HelpEnded {
        /// Who.
        agent: AgentId,
        /// Since when, and who helped.
        help: Help,
        /// Until when.
        ended: WallTime,
        /// How it ended.
        outcome: HelpOutcome,
    },
    /// An agent is signed out, with no call left: where the seconds went.
    SessionEnded {
        /// Who.
        agent: AgentId,
        /// When the agent signed in.
        started: WallTime,
        /// When it was signed out.
        ended: WallTime,
        /// Time in each state.
        times: StateTimes,
    },
    /// Ring this agent for this call, and tell what became of it.
    Offer {
        /// Name of the offer in all that follows.
        reservation: ReservationId,
        /// The call on offer.
        call: CallId,
        /// To whom.
        agent: AgentId,
        /// From which queue.
        queue: QueueId,
        /// How long to let the phone ring. Other phones may ring for the same call.
        ring_timeout: Duration,
        /// Why this call and this agent.
        because: Decision,
    },
    /// Stop ringing this phone; the agent is free again.
    OfferWithdrawn {
        /// The offer.
        reservation: ReservationId,
        /// The call that was on offer.
        call: CallId,
        /// To whom.
        agent: AgentId,
        /// Why.
        cause: WithdrawCause,
    },
    /// Nobody could be offered this caller when it joined, or when a step of the queue's plan began: it waits.
    Passed {
        /// The caller.
        call: CallId,
        /// In which queue.
        queue: QueueId,
        /// Why nobody.
        because: Decision,
    },
    /// Where a caller stands: on joining, and whenever the position changes. Only for the first
    /// [`POSITIONS_TOLD_MAX`](crate::POSITIONS_TOLD_MAX) of a queue; others are told when they come so far.
    Position {
        /// The caller.
        call: CallId,
        /// In which queue.
        queue: QueueId,
        /// 1 is next.
        position: u32,
        /// How many wait, this caller included.
        waiting: u32,
    },
    /// The caller has waited as long as the queue allows and is offered to nobody any more; take it out with
    /// [`leave`](crate::Acd::leave). Comes after offers that are under way, which are let finish.
    LimitReached {
        /// The caller.
        call: CallId,
        /// Its queue.
        queue: QueueId,
        /// Which limit.
        limit: Limit,
    },
    /// A person moved a caller to another queue, with its place in line.
    Moved {
        /// The caller.
        call: CallId,
        /// Out of this queue.
        from: QueueId,
        /// Into this one.
        to: QueueId,
    },
    /// A person gave a caller to an agent: it waits for that one alone.
    Assigned {
        /// The caller.
        call: CallId,
        /// In which queue.
        queue: QueueId,
        /// For whom it waits.
        agent: AgentId,
    },
    /// A caller's place in line has changed: a person said so, or a step of the plan gave it credit.
    Prioritised {
        /// The caller.
        call: CallId,
        /// In which queue.
        queue: QueueId,
        /// Whether it goes before all ordinary callers.
        class: Class,
        /// Its whole head start.
        credit: Duration,
    },
    /// Queues or groups have one staff for a while.
    Merged {
        /// The name of the merge.
        merge: MergeId,
    },
    /// They have their own again.
    Split {
        /// The name of the merge.
        merge: MergeId,
    },
    /// A person should look at this.
    Alarm(AlarmKind),
}

/// What a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmKind {
    /// Nobody told what became of an offer; the agent was given back. A fault of this program.
    LeaseExpired {
        /// The offer.
        reservation: ReservationId,
        /// The call that was on offer.
        call: CallId,
        /// To whom.
        agent: AgentId,
    },
    /// An agent's phone failed [`PHONE_FAULTS_MAX`](crate::PHONE_FAULTS_MAX) times in a row; the agent was set
    /// not ready.
    PhoneFaults {
        /// Whose phone.
        agent: AgentId,
    },
    /// The phone of an agent who should be free was busy: a call that this server does not see?
    PhoneBusy {
        /// Whose phone.
        agent: AgentId,
    },
    /// A caller waited although this agent could have been offered the call; it is offered now. A fault of this program.
    NotOffered {
        /// The caller.
        call: CallId,
        /// The agent.
        agent: AgentId,
        /// What the gates say.
        because: Decision,
    },
}

/// A limit of a queue for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Limit {
    /// [`wait_max`](crate::QueueConfig::wait_max).
    Wait,
    /// [`unstaffed_max`](crate::QueueConfig::unstaffed_max).
    Unstaffed,
}

/// Why an offer was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithdrawCause {
    /// The caller left the queue.
    CallerLeft(LeaveCause),
    /// Another agent whose phone rang for the call has it.
    AnsweredElsewhere,
    /// A person moved the caller to another queue or agent.
    Moved,
    /// Nobody told in time what became of it.
    LeaseExpired,
}

/// Why a caller leaves a queue unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaveCause {
    /// Hung up.
    Abandoned,
    /// Pressed a key that leads out.
    Exit,
    /// Waited as long as the queue allows: [`Event::LimitReached`].
    WaitExceeded,
    /// The call went elsewhere for another reason: transferred, ended by a person, shut down.
    Withdrawn,
}

/// Why an offer came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferFailure {
    /// Rang for the whole time. If it was never told to ring, the phone is at fault, not the agent.
    NoAnswer,
    /// Rejected by the agent (603, or 480 with a reason).
    Rejected,
    /// The phone is busy (486, or do not disturb).
    Busy,
    /// There is no contact to ring (404).
    NotRegistered,
    /// The network or the phone failed (408, 5xx, no reply).
    PhoneFault,
    /// This server could not ring the phone: no media port, no room for another call. Neither agent nor phone is
    /// at fault.
    ServerFault,
    /// A colleague took the call from the ringing phone, without blame to its agent. The call leaves the queue as answered.
    Elsewhere,
    /// The caller is gone: hung up during the offer. The call leaves the queue as abandoned.
    CallerGone,
}

/// Why the machine will wake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// A reservation expires: the queue's ring time-out and [`LEASE_GRACE`](crate::LEASE_GRACE) after the offer.
    Lease(ReservationId),
    /// An agent's after-call work ends.
    WrapUp(AgentId),
    /// Offers to an agent are no longer held back.
    Delay(AgentId),
    /// The phone of an agent who would take calls has been gone for too long.
    PhoneGrace(AgentId),
    /// A caller has waited as long as the queue allows.
    Wait(CallId),
    /// A caller has waited as long as the queue allows while nobody works.
    Unstaffed(CallId),
    /// A step of the plan or a tier opens for a caller.
    Ring(CallId),
    /// A call is no longer held for its sticky agent.
    Sticky(CallId),
    /// A caller who was held back may be offered.
    HoldBack(CallId),
    /// One more phone rings for a caller.
    NextPhone(CallId),
    /// A merge ends.
    Merge(MergeId),
    /// Callers wait while members could be offered a call: is that right?
    Watch,
}
