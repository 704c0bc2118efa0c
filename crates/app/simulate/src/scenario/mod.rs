//! What a day is to be like: who calls when and how patiently, who works when and how.

mod read;
mod terms;

use std::ops::Range;
use std::time::Duration;

use hotline_base::{AgentId, QueueId, WallTime};

use crate::Distribution;

pub use read::{CREWS_MAX, RATE_MAX, STREAMS_MAX, parse};

/// A day. Times are counted from its midnight, in the zone of the center.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its midnight.
    pub midnight: WallTime,
    /// Everything that happens by chance follows from this number.
    pub seed: u64,
    /// Callers who are answered this soon count for the service level.
    pub answer_within: Duration,
    /// Who calls.
    pub streams: Vec<Stream>,
    /// Who works.
    pub crews: Vec<Crew>,
}

/// Callers who want the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// The queue that they want.
    pub queue: QueueId,
    /// The number that they dial; without one they come to the queue at once.
    pub number: Option<String>,
    /// What they press on the way, one key after the other.
    pub keys: String,
    /// From when on how many come in half an hour on average. In order of time; the last holds until [`Stream::until`].
    pub profile: Vec<(Duration, f64)>,
    /// When the last may come.
    pub until: Duration,
    /// How long one waits in the queue before giving up.
    pub patience: Distribution,
    /// How long one talks with an agent.
    pub talk: Distribution,
    /// How long the agent has to do afterwards; the queue's own wrap-up time is the most that it has for that. Without
    /// it, always that time.
    pub wrap_up: Option<Distribution>,
}

/// Agents who work the same hours in the same manner.
#[derive(Clone, Debug, PartialEq)]
pub struct Crew {
    /// Who.
    pub agents: Vec<AgentId>,
    /// From when to when.
    pub shift: Range<Duration>,
    /// Breaks within the shift, in order of time.
    pub breaks: Vec<Range<Duration>>,
    /// How long the phone rings until it is picked up.
    pub pick_up: Distribution,
    /// Of so many calls in a hundred the agent does not hear the phone.
    pub missed_percent: f64,
    /// How long an agent who missed a call, or whose phone failed, takes to notice and be ready again.
    pub back_after: Distribution,
    /// How often the phone is lost in an hour of work, on average.
    pub losses_per_hour: f64,
    /// How long it then is away.
    pub loss: Distribution,
}

impl Crew {
    /// Agents who pick up in three seconds and never fail.
    #[must_use]
    pub fn new(agents: Vec<AgentId>, shift: Range<Duration>) -> Self {
        Self {
            agents,
            shift,
            breaks: Vec::new(),
            pick_up: Distribution::Constant(Duration::from_secs(3)),
            missed_percent: 0.0,
            back_after: Distribution::Constant(Duration::from_secs(60)),
            losses_per_hour: 0.0,
            loss: Distribution::Constant(Duration::from_secs(120)),
        }
    }
}
