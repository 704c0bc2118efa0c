//! A queue as call control sees it: what its callers hear, and what is said before two people meet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hotline_acd::QueueConfig;
use hotline_base::HoursId;
use hotline_ivr::PromptName;
use hotline_media::Music;

use crate::crm::CrmLink;
use crate::speech::SpeechPolicy;

/// Prompts in one list of a queue.
pub const QUEUE_PROMPTS_MAX: usize = 16;
/// With it, who is called back says that it is a person; see [`CallbackRules::confirm`].
pub const CALLBACK_KEY: char = '1';
/// What asks for [`CALLBACK_KEY`].
pub const CALLBACK_PROMPT: &str = "callback_confirm";

/// A queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Routing.
    pub routing: QueueConfig,
    /// What waiting callers hear.
    pub music: Music,
    /// What they are told meanwhile.
    pub announcements: Announcements,
    /// What is said before caller and agent hear each other.
    pub greeting: Greeting,
    /// When it takes callers; without, always. Who waits when they are over leaves by the exit `closed`.
    pub hours: Option<HoursId>,
    /// How long the place of a caller who is cut off is kept: who calls again by the same number so soon has it back. Zero
    /// keeps none.
    pub place_kept: Duration,
    /// How its callers are called back who are not reached at once.
    pub callback: CallbackRules,
    /// Whether conversations of callers who came through this queue are recorded.
    pub record: bool,
    /// What is done to what is said in their talks.
    pub speech: SpeechPolicy,
    /// The codes from which its calls get their disposition; if empty, from all of the center.
    pub dispositions: BTreeSet<String>,
    /// Where another system shows its customers; if absent, where the center says.
    pub crm: Option<CrmLink>,
}

impl Queue {
    /// A queue that tells callers their position and records their talks.
    #[must_use]
    pub fn new(routing: QueueConfig, music: Music) -> Self {
        Self {
            routing,
            music,
            announcements: Announcements::default(),
            greeting: Greeting::default(),
            hours: None,
            place_kept: Duration::ZERO,
            callback: CallbackRules::default(),
            record: true,
            speech: SpeechPolicy::default(),
            dispositions: BTreeSet::new(),
            crm: None,
        }
    }
}

/// What is done about somebody who is called back and not reached. The place in line is kept meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackRules {
    /// Who is called first.
    pub first: CalledFirst,
    /// Whether somebody who is called before an agent waits for one only after having pressed [`CALLBACK_KEY`]: a mailbox
    /// presses none. Who does not was not reached.
    pub confirm: bool,
    /// How often the number is called again.
    pub retries: u8,
    /// How long after a call that reached nobody.
    pub retry: Duration,
    /// How old a wish becomes for which nobody has been reached; then it is given up.
    pub keep: Duration,
}

/// Who is called first when somebody is called back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalledFirst {
    /// The agent whose turn it is, then the number: nobody outside waits.
    #[default]
    Agent,
    /// The number, when its turn has presumably come within the ring time of the queue; who answers waits in the place of the
    /// wish. No agent waits.
    Customer,
}

impl Default for CallbackRules {
    fn default() -> Self {
        Self {
            first: CalledFirst::Agent,
            confirm: false,
            retries: 2,
            retry: Duration::from_secs(300),
            keep: Duration::from_hours(96),
        }
    }
}

/// What waiting callers are told. Nothing is said while a phone rings for them: the next word should be the agent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcements {
    /// Whether callers hear their position.
    pub position: bool,
    /// Whether they hear how long they will presumably wait.
    pub wait: bool,
    /// How long after joining the first is said.
    pub after: Duration,
    /// How long nothing is said after something was.
    pub interval: Duration,
    /// After so long position and wait are said again even if they have not changed.
    pub repeat: Option<Duration>,
    /// Whether the music goes on softly meanwhile; if not, what is said cuts it off.
    pub over_music: bool,
    /// Said one after the other, around, each [`comfort_every`](Self::comfort_every) after the last thing that was said. At
    /// most [`QUEUE_PROMPTS_MAX`].
    pub comfort: Vec<PromptName>,
    /// See [`comfort`](Self::comfort).
    pub comfort_every: Duration,
}

impl Default for Announcements {
    fn default() -> Self {
        Self {
            position: true,
            wait: false,
            after: Duration::ZERO,
            interval: Duration::from_secs(15),
            repeat: None,
            over_music: true,
            comfort: Vec::new(),
            comfort_every: Duration::from_secs(45),
        }
    }
}

/// What is said before caller and agent hear each other. Both sides hear their part at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// To the agent: which queue it is, for example. At most [`QUEUE_PROMPTS_MAX`].
    pub whisper: Vec<PromptName>,
    /// To the agent: how long the caller has waited.
    pub whisper_wait: bool,
    /// To the agent: what stands for the customer's class.
    pub whisper_class: BTreeMap<String, PromptName>,
    /// To the caller: the agent's extension (工号).
    pub agent_number: bool,
}
