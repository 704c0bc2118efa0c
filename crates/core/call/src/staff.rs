//! What is kept of the work of agents beside the records of calls: sessions, states, help, and what became of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_acd::{Help, HelpOutcome, ReasonConfig, StateSpan};
use hotline_base::{AgentId, CallId, GroupId, Pii, QueueId, SkillId, WallTime};
use serde::{Deserialize, Serialize};

/// The longest note on a call, in bytes.
pub const NOTE_BYTES_MAX: usize = 2000;

/// What the center's agents may choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staffing {
    /// Reasons for being not ready by the words that stand for them; without any, agents may give what they like.
    pub reasons: BTreeMap<Arc<str>, ReasonConfig>,
    /// The names of skills by their ids.
    pub skills: BTreeMap<SkillId, String>,
    /// The names of what can become of a call, by their codes.
    pub dispositions: BTreeMap<String, String>,
    /// How they are shown: those in no group stand beside the groups.
    pub disposition_groups: Vec<DispositionGroup>,
    /// What is said of groups of agents; others have a name alone.
    pub groups: BTreeMap<GroupId, Group>,
    /// Whose ringing calls an agent may take.
    pub pick_up: PickUpBy,
}

/// Who may take a call that rings at the phone of a colleague.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PickUpBy {
    /// Who is in one of the colleague's groups, or leads one. Of a colleague who is in none: everybody.
    #[default]
    Groups,
    /// Every agent.
    Everybody,
}

/// What is said of agents who belong together. Who they are is with the agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How people name it.
    pub label: Option<String>,
    /// The agents who lead it: each oversees it.
    pub leaders: BTreeSet<AgentId>,
}

/// Dispositions that are shown together. A group is no disposition itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispositionGroup {
    /// Names the group.
    pub code: String,
    /// Shown name.
    pub name: String,
    /// Groups within it.
    pub groups: Vec<DispositionGroup>,
    /// The dispositions right in it.
    pub codes: Vec<String>,
}

/// A fact about an agent's work, to be kept once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentFact {
    /// The agent signed in.
    SessionStarted {
        /// Who.
        agent: AgentId,
        /// When.
        at: WallTime,
    },
    /// The agent is signed out.
    SessionEnded {
        /// Who.
        agent: AgentId,
        /// When the agent signed in.
        started: WallTime,
        /// When it was signed out.
        ended: WallTime,
    },
    /// A state is over.
    State(StateSpan),
    /// The agent no longer wants help.
    Help {
        /// Who.
        agent: AgentId,
        /// Since when, in which call, and who helped.
        help: Help,
        /// Until when.
        ended: WallTime,
        /// How it ended.
        outcome: HelpOutcome,
    },
}

/// What became of a call, in the words of the agent who had it. A later one of the same agent takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDisposition {
    /// The call.
    pub call: CallId,
    /// Who says so.
    pub agent: AgentId,
    /// The queue from which the agent had it, if that is known.
    pub queue: Option<QueueId>,
    /// One of the center's codes.
    pub code: String,
    /// In the agent's words. At most [`NOTE_BYTES_MAX`].
    pub note: Option<Pii<String>>,
    /// When.
    pub at: WallTime,
    /// When the agent wants to come back to it.
    #[serde(default)]
    pub follow_up_at: Option<WallTime>,
}
