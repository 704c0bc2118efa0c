//! Automatic call distribution: who waits in which queue, what every agent does, which call is offered to which
//! agent, and why. The only owner of agent states, waiting callers and reservations.
//!
//! Must never know: SIP, audio, flows, the database. It speaks of calls and agents by id, is told what became of
//! an offer, and answers with [`Event`]s. Start reading at [`Acd`]; the rules are in `gate.rs` (who may be
//! offered a call), `rank.rs` (which of them is first), `dispatch.rs` (when that is looked at) and `offer.rs` (what
//! follows when it is not taken).

mod acd;
mod agent;
mod caller;
mod config;
mod configure;
mod decision;
mod dispatch;
mod estimate;
mod event;
mod gate;
mod help;
mod merge;
mod moves;
mod offer;
mod plan;
mod presence;
mod progress;
mod queue;
mod rank;
mod reasons;
mod recent;
mod remember;
mod session;
mod slots;
mod waiting;
mod watch;
mod wrap_up;

pub use acd::{Acd, AgentError, Change, Counters};
pub use agent::{
    AgentState, AgentView, Delay, DelayCause, Device, Direction, NotReadyReason, Outside, Presence,
    REASON_BYTES_MAX,
};
pub use caller::{
    CallerKey, CallerKind, CallerView, Class, EnqueueError, Entry, Left, Position, REQUIREMENTS_MAX, Sticky,
};
pub use config::{
    AgentConfig, Config, Join, Member, QueueConfig, ReasonClass, ReasonConfig, SKILL_LEVEL_MAX, Strategy,
    Unanswered, WrapUp, WrapUpMode,
};
pub use decision::{DECISION_LISTED_MAX, Decision, Refusal};
pub use dispatch::{POSITIONS_TOLD_MAX, RING_AT_ONCE_MAX};
pub use estimate::{HANDLE_TIME_UNKNOWN, PATIENCE_ABANDONS_MIN, TURNS_MAX, WaitRange};
pub use event::{AlarmKind, Event, LeaveCause, Limit, OfferFailure, Timer, WithdrawCause};
pub use gate::{Gate, Ring};
pub use help::{Help, HelpAnswer, HelpError, HelpOutcome, LEADER_BYTES_MAX};
pub use merge::{MERGES_MAX, Merge, MergeError, MergeId, Merged};
pub use moves::{MoveError, Place};
pub use offer::{
    BUSY_DELAY, LEASE_GRACE, PHONE_FAULT_DELAY, PHONE_FAULTS_MAX, REJECTED_DELAY, SERVER_FAULT_DELAY,
};
pub use plan::{PLAN_STEPS_MAX, Plan, PlanStep, Preference, Requirement, SkipIf, Tiers};
pub use queue::{QueueCounts, QueueView};
pub use rank::{Candidate, SortKey};
pub use reasons::{REASONS_MAX, ReasonView};
pub use recent::{RECENT, Recent};
pub use session::{StateSpan, StateTimes};
pub use watch::{WATCH_INTERVAL, WATCH_PAIRS_MAX};
pub use wrap_up::Disposition;
