//! The simulated center: one number with a menu, one queue, agents with passwords, one trunk for calls that come in, and
//! as many for calls that go out as a scenario wants.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hotline_acd::{Member, QueueConfig, Strategy, WrapUp};
use hotline_base::{AgentId, CustomerId, FlowId, NumberId, Pii, QueueId, Rng, TrunkId, WallTime};
use hotline_call::{
    Agent, AutoAnswer, BlockList, CallbackRules, CalledFirst, Callers, Center, Customer, DialPlan, Format,
    Greeting, Identity, Listed, Number, Numbers, Pattern, Queue, RecordingPolicy, Refusal, Route, RouteTrunk,
    Screening, Server, SpeechPolicy, Timing, Trunk, Voice,
};
use hotline_hours::Zone;
use hotline_ivr::PromptName;
use hotline_media::Music;
use hotline_sip::digest::{Algorithm, Ha1};
use hotline_sip::uri::Host;
use hotline_sip::{Destination, EndpointConfig, IpPrefix, TrunkConfig, UserConfig};

/// The server's SIP address.
pub(crate) const SERVER: SocketAddr = address(0, 1);
/// The network that callers call from.
const TRUNK_NETWORK: IpAddr = address(1, 0).ip();
/// The digest realm and domain.
pub(crate) const DOMAIN: &str = "hotline.example";
/// The number that leads to the flow.
pub(crate) const NUMBER: &str = "+4930100";
/// What numbers outside begin with.
pub(crate) const OUTSIDE: &str = "+4940";
/// The key that callers press.
pub(crate) const QUEUE_KEY: char = '1';
/// The key that callers press who want to be called back.
pub(crate) const CALLBACK_KEY: char = '9';
/// After-call work in the queue.
pub const WRAP_UP: Duration = Duration::from_secs(5);

const FLOW: &str = "
flow: main
languages: [en]
start: answer
steps:
  answer:
    answer: {then: menu}
  menu:
    menu:
      prompts: [menu]
      choices: {KEY: sales, 9: later}
      no_input: {retries: [[menu]], then: goodbye}
      invalid: {retries: [[menu]], then: goodbye}
  sales:
    queue:
      name: sales
      exits: {full: goodbye, timeout: goodbye, no_agents: goodbye}
  later:
    callback: {queue: sales, number: call.caller, exits: {booked: goodbye, refused: goodbye}}
  goodbye:
    say: {prompts: [goodbye], then: end}
  end:
    hangup: {cause: normal}
";

/// What a scenario may choose about the center.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How many agents there are: `agent0`, `agent1`… with the extensions 1000, 1001…
    pub agents: usize,
    /// How long an agent's phone rings.
    pub ring_timeout: Duration,
    /// The longest wait in the queue.
    pub wait_max: Duration,
    /// The key that leads to the queue.
    pub queue_key: char,
    /// How many media legs there may be at a time.
    pub media_ports: u16,
    /// How many trunks calls can go out by, each with one server, tried in their order.
    pub outside: usize,
    /// The most calls at a time on each of them.
    pub outside_calls_max: Option<u32>,
    /// What is recorded.
    pub recording: RecordingPolicy,
    /// Whether talks of callers who came through the queue are recorded.
    pub record: bool,
    /// What is done to what is said, in the queue and elsewhere.
    pub speech: SpeechPolicy,
    /// Whether agents press a key to take what the queue offers.
    pub confirm_key: bool,
    /// Whose phone rings.
    pub strategy: Strategy,
    /// Whether agents hear whose call it is, and callers who comes.
    pub greets: bool,
    /// Who is called first when somebody is called back.
    pub called_first: CalledFirst,
    /// Whether whoever is called before an agent presses a key to wait for one.
    pub confirm_callback: bool,
    /// Who is blocked.
    pub blocks: Blocks,
}

/// Who is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Nobody.
    Nobody,
    /// Everybody outside, by the list `all`.
    Callers,
    /// Everybody whom the address book knows, and it knows everybody.
    Customers,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            agents: 1,
            ring_timeout: Duration::from_secs(15),
            wait_max: Duration::from_secs(300),
            queue_key: QUEUE_KEY,
            media_ports: 100,
            outside: 0,
            outside_calls_max: None,
            recording: RecordingPolicy::default(),
            record: true,
            speech: SpeechPolicy::default(),
            confirm_key: false,
            strategy: Strategy::LongestIdle,
            greets: false,
            called_first: CalledFirst::Agent,
            confirm_callback: false,
            blocks: Blocks::Nobody,
        }
    }
}

/// The `host`th address of a network, at the SIP port.
pub(crate) const fn address(network: u8, host: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, network, 0, host)), 5060)
}

pub(crate) fn agent_id(number: usize) -> AgentId {
    AgentId::from(format!("agent{number}").as_str())
}

pub(crate) fn password(number: usize) -> String {
    format!("secret-{number}")
}

/// The extension of an agent.
pub(crate) fn extension(number: usize) -> String {
    (1000 + number).to_string()
}

/// The number outside at which an agent may choose to be reached.
pub(crate) fn device(number: usize) -> Pii<String> {
    Pii::new(format!("{OUTSIDE}9{number}"))
}

/// [`DOMAIN`] as SIP URIs hold it.
pub(crate) fn domain() -> Host {
    Host::parse(DOMAIN).expect("the simulated domain is a host name")
}

/// The address of the server of a trunk that calls go out by: the phones of agents and servers are numbered in this order.
pub(crate) fn outside_address(rules: &Rules, number: usize) -> SocketAddr {
    address(3, u8::try_from(rules.agents + number + 1).expect("few phones"))
}

fn trunk(rules: &Rules, number: usize) -> Trunk {
    let destination = Destination {
        host: outside_address(rules, number).ip().into(),
        port: None,
        transport: None,
        secure: false,
    };
    Trunk {
        id: TrunkId::from(format!("outside{number}").as_str()),
        servers: vec![Server { destination, priority: 0, weight: 0 }],
        login: None,
        account: None,
        probe: None,
        calls_max: rules.outside_calls_max,
        calls_per_second: None,
        response_timeout: Duration::from_secs(4),
        ring_timeout: Duration::from_secs(60),
        numbers: Numbers { format: Format::E164, prefix: String::new(), dial_plan: None },
        caller_id: None,
        identity: Identity::Asserted,
        domain: None,
        voice: Voice::default(),
        headers: Vec::new(),
    }
}

/// All that can be said before a talk.
fn greeting() -> Greeting {
    let whisper = vec![PromptName::from("sales")];
    Greeting { whisper, whisper_wait: true, agent_number: true, ..Greeting::default() }
}

/// Whom the address book knows if it is to be asked about blocked callers.
pub(crate) fn blocked_customer() -> Customer {
    Customer {
        id: CustomerId::generate(WallTime(0), &mut Rng::from_number(1)),
        name: "Mallory".into(),
        company: None,
        email: None,
        numbers: Vec::new(),
        note: None,
        class: None,
        language: None,
        vip: false,
        blocked: true,
        tags: Vec::new(),
        agent: None,
        fields: BTreeMap::new(),
        assets: Vec::new(),
        last_agent: None,
        changed_at: WallTime(0),
    }
}

fn screening(blocks: Blocks) -> Screening {
    match blocks {
        Blocks::Nobody => Screening::default(),
        Blocks::Callers => {
            let callers = Callers::Numbers(Pattern { prefix: "+".to_owned(), open: true });
            let all = Listed { callers, reason: "a quiet day".to_owned(), until: None };
            let list = BlockList { name: "all".to_owned(), refusal: Refusal::Busy, callers: vec![all] };
            Screening { blocked: vec![list], ..Screening::default() }
        }
        Blocks::Customers => Screening { customers: Some(Refusal::Decline), ..Screening::default() },
    }
}

fn main_number() -> Number {
    let (id, flow) = (NumberId::from("main"), FlowId::from("main"));
    Number { id, name: None, flow, language: "en".into(), allow_only: None }
}

pub(crate) fn center(rules: &Rules) -> Center {
    let sales = QueueId::from("sales");
    let routing = QueueConfig {
        name: "Sales".into(),
        ring_timeout: rules.ring_timeout,
        wrap_up: WrapUp { length: WRAP_UP, ..WrapUp::default() },
        waiting_max: 50,
        wait_max: Some(rules.wait_max),
        strategy: rules.strategy,
        ..QueueConfig::new(sales.clone(), (0..rules.agents).map(agent_id).map(Member::new).collect())
    };
    let queue = Queue {
        greeting: if rules.greets { greeting() } else { Greeting::default() },
        record: rules.record,
        speech: rules.speech,
        callback: CallbackRules {
            first: rules.called_first,
            confirm: rules.confirm_callback,
            ..CallbackRules::default()
        },
        ..Queue::new(routing, Music::from("music/waiting"))
    };
    let agent = |number: usize| Agent {
        name: format!("Agent {number}"),
        extension: extension(number),
        caller_id: None,
        auto_answer: AutoAnswer::Never,
        outside_numbers: vec![device(number)],
        confirm_outside: true,
        confirm_key: rules.confirm_key,
        skills: BTreeMap::new(),
        groups: std::collections::BTreeSet::new(),
        daily_cap: None,
        encryption: None,
    };
    let trunks: Vec<Trunk> = (0..rules.outside).map(|number| trunk(rules, number)).collect();
    let route = Route {
        numbers: vec![Pattern { prefix: OUTSIDE.to_owned(), open: true }],
        trunks: trunks
            .iter()
            .zip(0_u16..)
            .map(|(trunk, priority)| RouteTrunk { trunk: trunk.id.clone(), priority, weight: 0 })
            .collect(),
        caller_id: Some(NUMBER.to_owned()),
    };
    Center {
        dial_plan: DialPlan::default(),
        numbers: BTreeMap::from([(NUMBER.to_owned(), main_number())]),
        flows: Arc::new([main_flow(rules)].into_iter().collect()),
        areas: BTreeMap::new(),
        staffing: hotline_call::Staffing::default(),
        zone: Zone::utc(),
        queues: BTreeMap::from([(sales, queue)]),
        agents: (0..rules.agents).map(|number| (agent_id(number), agent(number))).collect(),
        trunks: trunks.into_iter().map(|trunk| (trunk.id.clone(), trunk)).collect(),
        routes: if rules.outside > 0 { vec![route] } else { Vec::new() },
        hours: BTreeMap::new(),
        screening: screening(rules.blocks),
        web: hotline_call::Web::default(),
        crm: None,
        language: "en".into(),
        domain: domain(),
        media_address: SERVER.ip(),
        browsers: None,
        voice: Voice::default(),
        speech: rules.speech,
        parties_max: 8,
        tells_of_listening: false,
        recording: rules.recording,
        timing: Timing::default(),
    }
}

fn main_flow(rules: &Rules) -> hotline_ivr::Flow {
    let flow = FLOW.replace("KEY", &rules.queue_key.to_string());
    hotline_ivr::parse("main.yaml", &flow).expect("the simulated flow has no mistakes")
}

pub(crate) fn endpoint(rules: &Rules) -> EndpointConfig {
    let mut config = EndpointConfig::new(DOMAIN, SERVER);
    let network = vec![IpPrefix { addr: TRUNK_NETWORK, len: 16 }];
    config.trunks = vec![TrunkConfig::new("trunk", network)];
    let algorithms = [Algorithm::Sha256, Algorithm::Md5];
    let user = |number: usize| {
        let id = agent_id(number);
        let hash = |algorithm| (algorithm, Ha1::new(algorithm, id.as_str(), DOMAIN, &password(number)));
        let user = UserConfig { agent: id.clone(), ha1: algorithms.into_iter().map(hash).collect() };
        (id.as_str().to_owned(), user)
    };
    config.users = (0..rules.agents).map(user).collect();
    config.names = center(rules).sip_names();
    config
}
