//! What every core crate shares: typed ids, time as an argument, timer queues, bounded queues, personal data
//! and seeded randomness.
//!
//! Must never know: sockets, files, clocks, threads, SIP, audio, queues. Start reading at [`Now`].

mod bounded;
mod given;
mod id;
mod pii;
mod request;
mod rng;
mod time;
mod timer;

pub use bounded::BoundedQueue;
pub use given::Given;
pub use id::{
    AgentId, BridgeId, CallId, CustomerId, FlowId, GroupId, HoursId, LegId, NumberId, PlayId, QueueId,
    RecordingId, ReservationId, SkillId, TrunkId, VoiceMessageId, numbers_of, shard_of,
};
pub use pii::Pii;
pub use request::RequestId;
pub use rng::Rng;
pub use time::{Now, Time, WallTime};
pub use timer::TimerQueue;
