//! The center as configured: numbers, queues, agents, flows. Checked before it gets here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{AgentConfig, Config as AcdConfig};
use hotline_base::{AgentId, FlowId, GroupId, HoursId, NumberId, Pii, QueueId, SkillId, TrunkId};
use hotline_hours::{Schedule, Zone};
use hotline_ivr::Flows;
use hotline_media::Supervision;
use hotline_sip::uri::Host;

use crate::crm::CrmLink;
use crate::event::Part;
use crate::guests::Web;
use crate::number::DialPlan;
use crate::queue::Queue;
use crate::screening::{Callers, Screening};
use crate::speech::SpeechPolicy;
use crate::staff::{PickUpBy, Staffing};
use crate::trunk::{Route, Trunk};
use crate::voice::{Encryption, Voice};

/// Everything call control has to know about the center.
#[derive(Clone, Debug)]
pub struct Center {
    /// How numbers are dialled here.
    pub dial_plan: DialPlan,
    /// Numbers by their normalised form.
    pub numbers: BTreeMap<String, Number>,
    /// The flows; calls go on with those with which they began.
    pub flows: Arc<Flows>,
    /// The areas of callers' normalised numbers by their beginnings; the longest that fits counts.
    pub areas: BTreeMap<String, String>,
    /// Queues by id.
    pub queues: BTreeMap<QueueId, Queue>,
    /// Agents by id, which is also their SIP user.
    pub agents: BTreeMap<AgentId, Agent>,
    /// What agents may choose from.
    pub staffing: Staffing,
    /// Trunks by id.
    pub trunks: BTreeMap<TrunkId, Trunk>,
    /// What visitors of web pages may do.
    pub web: Web,
    /// Which numbers outside can be dialled, the first that fits counts.
    pub routes: Vec<Route>,
    /// Opening hours by id.
    pub hours: BTreeMap<HoursId, Schedule>,
    /// The zone of the times that flows read.
    pub zone: Zone,
    /// Who is blocked.
    pub screening: Screening,
    /// Where another system shows customers.
    pub crm: Option<CrmLink>,
    /// BCP 47 language of calls that no number gives one.
    pub language: String,
    /// The domain of our own SIP URIs, also the digest realm.
    pub domain: Host,
    /// The address that SDP names.
    pub media_address: IpAddr,
    /// How browsers find and know this server's audio; `None` if none may call or be called.
    pub browsers: Option<Browsers>,
    /// How audio is agreed on with phones.
    pub voice: Voice,
    /// What is done to what is said in talks of calls that came through no queue.
    pub speech: SpeechPolicy,
    /// How many may hear each other in one call, supervisors counted.
    pub parties_max: usize,
    /// Whether agents are told that somebody listens to them.
    pub tells_of_listening: bool,
    /// What is recorded.
    pub recording: RecordingPolicy,
    /// Limits and waits of call control.
    pub timing: Timing,
}

/// How browsers find and know the audio of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browsers {
    /// That of the server's certificate.
    pub fingerprint: hotline_sdp::Fingerprint,
    /// Under which addresses its media ports are reached, the preferred first.
    pub addresses: Vec<IpAddr>,
    /// Where it takes connections of browsers from networks that let no UDP out.
    pub tcp: Vec<SocketAddr>,
}

/// From when on a call of a caller is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingStart {
    /// From the first talk with somebody.
    FirstTalk,
    /// From the answer on: what the caller says to flows and in queues, too.
    Answer,
}

/// What of a talk is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingPolicy {
    /// From when on a call of a caller is recorded.
    pub start: RecordingStart,
    /// Whether an agent's call to somebody is recorded while another call of the agent waits. The other call's recording
    /// goes on in any case.
    pub consult: bool,
    /// After so long a pause ends by itself.
    pub pause_max: Duration,
}

impl Default for RecordingPolicy {
    fn default() -> Self {
        // A card number takes a minute to read out.
        Self { start: RecordingStart::FirstTalk, consult: true, pause_max: Duration::from_secs(120) }
    }
}

/// A number that callers dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its id.
    pub id: NumberId,
    /// What people call it, if it has a name.
    pub name: Option<String>,
    /// The flow it starts.
    pub flow: FlowId,
    /// BCP 47 language in which the caller is addressed at first.
    pub language: String,
    /// Who alone may call it; `None` for everyone.
    pub allow_only: Option<Vec<Callers>>,
}

/// Numbers outside at which one agent may be reached.
pub const OUTSIDE_NUMBERS_MAX: usize = 8;

/// What an agent at a number outside presses to take a call.
pub const TAKE_CALL_KEY: char = '1';

/// What such an agent is told about it: a prompt of the center's language.
pub const TAKE_CALL_PROMPT: &str = "take_call";

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Shown name.
    pub name: String,
    /// The digits that reach the agent directly.
    pub extension: String,
    /// The number that is shown when the agent calls somebody outside; else the route's or the trunk's.
    pub caller_id: Option<String>,
    /// Which calls the agent's phone is asked to take by itself.
    pub auto_answer: AutoAnswer,
    /// Numbers outside, normalised, at which the agent may choose to be reached. At most [`OUTSIDE_NUMBERS_MAX`].
    pub outside_numbers: Vec<Pii<String>>,
    /// Whether a call that is taken there is only put through once [`TAKE_CALL_KEY`] is pressed: a mailbox presses none.
    pub confirm_outside: bool,
    /// Whether a call that a queue offers is put through at the agent's own phone only once [`TAKE_CALL_KEY`] is pressed there.
    pub confirm_key: bool,
    /// What the agent can do, each at level 1 to [`hotline_acd::SKILL_LEVEL_MAX`].
    pub skills: BTreeMap<SkillId, u8>,
    /// The groups that the agent belongs to.
    pub groups: BTreeSet<GroupId>,
    /// How many calls from queues the agent takes on one day; `None` for any number.
    pub daily_cap: Option<u32>,
    /// Whether the audio of the agent's phone is encrypted; `None` for as with all phones.
    pub encryption: Option<Encryption>,
}

/// Which calls a phone is asked to take by itself, by headers that many phones know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoAnswer {
    /// None.
    #[default]
    Never,
    /// Those that its agent begins on the page.
    OwnCalls,
    /// Those, and whatever queues offer.
    Always,
}

/// Waits of call control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the INVITE to the agent waits for the screen pop to be written.
    pub pop_wait: Duration,
    /// How long a directly dialled extension rings.
    pub extension_ring: Duration,
    /// How long the media plane may take to open a leg.
    pub media_open: Duration,
    /// How long a call waits for the address book to say whether the caller is blocked; then it is let through.
    pub screening: Duration,
    /// How long a phone in a talk may never send anything before the call is ended.
    pub unheard: Duration,
    /// How long an ended call waits for its recordings and its legs to be closed.
    pub close: Duration,
    /// For how long an agent who is ready may be without a phone before it is not ready; without it for as long as that
    /// lasts.
    pub phone_grace: Option<Duration>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            pop_wait: Duration::from_millis(300),
            extension_ring: Duration::from_secs(30),
            // With the pop's wait it must stay below the two seconds that a reservation outlives its ring time.
            media_open: Duration::from_secs(1),
            // Nobody hears anything until then.
            screening: Duration::from_millis(500),
            unheard: Duration::from_secs(600),
            close: Duration::from_secs(30),
            phone_grace: None,
        }
    }
}

impl Agent {
    /// An agent who is reached at the own phone and has no skills.
    #[must_use]
    pub fn new(name: &str, extension: &str) -> Self {
        Self {
            name: name.to_owned(),
            extension: extension.to_owned(),
            caller_id: None,
            auto_answer: AutoAnswer::Never,
            outside_numbers: Vec::new(),
            confirm_outside: true,
            confirm_key: false,
            skills: BTreeMap::new(),
            groups: BTreeSet::new(),
            daily_cap: None,
            encryption: None,
        }
    }
}

impl Center {
    /// A center without numbers, queues, agents and trunks, in the zone UTC.
    #[must_use]
    pub fn new(domain: Host, language: &str) -> Self {
        Self {
            dial_plan: DialPlan::default(),
            numbers: BTreeMap::new(),
            flows: Arc::default(),
            areas: BTreeMap::new(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            trunks: BTreeMap::new(),
            routes: Vec::new(),
            hours: BTreeMap::new(),
            zone: Zone::utc(),
            web: Web::default(),
            screening: Screening::default(),
            crm: None,
            language: language.to_owned(),
            domain,
            media_address: IpAddr::from([127, 0, 0, 1]),
            browsers: None,
            voice: Voice::default(),
            speech: SpeechPolicy::default(),
            parties_max: 8,
            tells_of_listening: false,
            recording: RecordingPolicy::default(),
            staffing: Staffing::default(),
            timing: Timing::default(),
        }
    }

    /// What the ACD has to know.
    #[must_use]
    pub fn acd_config(&self) -> AcdConfig {
        let agents = self.agents.iter();
        AcdConfig {
            queues: self.queues.values().map(|queue| queue.routing.clone()).collect(),
            agents: agents
                .map(|(id, agent)| AgentConfig {
                    id: id.clone(),
                    name: Pii::from(agent.name.as_str()),
                    skills: agent.skills.clone(),
                    groups: agent.groups.clone(),
                    daily_cap: agent.daily_cap,
                })
                .collect(),
            reasons: self.staffing.reasons.clone(),
            phone_grace: self.timing.phone_grace,
        }
    }

    /// Whether calls of `queue`, or of none, may get this disposition.
    #[must_use]
    pub fn may_dispose(&self, queue: Option<&QueueId>, code: &str) -> bool {
        let own = queue.and_then(|queue| self.queues.get(queue)).map(|queue| &queue.dispositions);
        match own {
            Some(own) if !own.is_empty() => own.contains(code),
            Some(_) | None => self.staffing.dispositions.contains_key(code),
        }
    }

    /// Whether `by` may take a call that rings at the phone of `of`.
    #[must_use]
    pub fn may_pick_up(&self, by: &AgentId, of: &AgentId) -> bool {
        let groups = |agent| self.agents.get(agent).map(|agent| &agent.groups);
        let Some(theirs) = groups(of).filter(|groups| !groups.is_empty()) else { return true };
        let leads = |group| self.staffing.groups.get(group).is_some_and(|group| group.leaders.contains(by));
        match self.staffing.pick_up {
            PickUpBy::Everybody => true,
            PickUpBy::Groups => {
                groups(by).is_some_and(|own| !own.is_disjoint(theirs)) || theirs.iter().any(leads)
            }
        }
    }

    /// The area of a normalised number; empty if unknown.
    #[must_use]
    pub fn area(&self, number: &str) -> &str {
        let fitting = self.areas.iter().filter(|(beginning, _)| number.starts_with(beginning.as_str()));
        fitting.max_by_key(|(beginning, _)| beginning.len()).map_or("", |(_, area)| area)
    }

    /// The first route for a normalised number.
    #[must_use]
    pub fn route(&self, number: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.fits(number))
    }

    /// Whether the parties are told that somebody takes part so.
    pub(crate) fn tells_of(&self, part: Part) -> bool {
        part != Part::Supervising(Supervision::Listen) || self.tells_of_listening
    }

    /// The agents by the names that phones know them by: their ids, and their extensions, which go first.
    #[must_use]
    pub fn sip_names(&self) -> BTreeMap<String, AgentId> {
        let by_id = self.agents.keys().map(|id| (id.as_str().to_owned(), id.clone()));
        let by_extension = self.agents.iter().map(|(id, agent)| (agent.extension.clone(), id.clone()));
        by_id.chain(by_extension).collect()
    }

    /// The agent with this extension.
    #[must_use]
    pub fn agent_by_extension(&self, extension: &str) -> Option<&AgentId> {
        self.agents.iter().find(|(_, agent)| agent.extension == extension).map(|(id, _)| id)
    }
}
