//! The center as it is simulated: with phones whose passwords are known, one trunk from which everybody calls, and a way
//! straight into each queue. No call goes out of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hotline_base::{AgentId, FlowId, NumberId, QueueId};
use hotline_call::{Center, Number};
use hotline_ivr::{Flow, Flows};
use hotline_sip::digest::{Algorithm, Ha1};
use hotline_sip::{EndpointConfig, IpPrefix, TrunkConfig, UserConfig};

/// The server.
pub(super) const SERVER: SocketAddr = at(0, 1);
/// From where everybody calls.
pub(super) const CARRIER: SocketAddr = at(1, 1);
/// Numbers that lead straight into queues begin with this.
const DIRECT: &str = "+155502";

/// The `host`th address of a network, at the SIP port.
const fn at(network: u8, host: u16) -> SocketAddr {
    let [high, low] = host.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, network, high, low)), 5060)
}

/// The address of an agent's phone.
pub(super) fn phone(number: usize) -> SocketAddr {
    let network = u8::try_from(2 + number / 65_000).expect("fewer agents than addresses");
    at(network, u16::try_from(number % 65_000).expect("less than its divisor") + 1)
}

/// What the agent's phone signs in with.
pub(super) fn password(agent: &AgentId) -> String {
    format!("simulated-{agent}")
}

/// The number that leads straight into each queue.
pub(super) fn direct_numbers(center: &Center) -> BTreeMap<QueueId, String> {
    center.queues.keys().enumerate().map(|(index, id)| (id.clone(), format!("{DIRECT}{index:07}"))).collect()
}

/// The center with these numbers and without ways out.
pub(super) fn center(center: &Center, direct: &BTreeMap<QueueId, String>) -> Center {
    let mut center = center.clone();
    center.trunks.clear();
    center.routes.clear();
    let configured = center.flows.iter().map(|(_, flow)| Flow::clone(flow));
    let flows = direct.keys().map(|queue| flow(queue, &center.language));
    center.flows = Arc::new(configured.chain(flows).collect::<Flows>());
    for (queue, number) in direct {
        let entry = Number {
            id: NumberId::from(queue.as_str()),
            name: None,
            flow: flow_id(queue),
            language: center.language.clone(),
            allow_only: None,
        };
        center.numbers.insert(number.clone(), entry);
    }
    center
}

fn flow_id(queue: &QueueId) -> FlowId {
    FlowId::from(format!("simulated_{queue}").as_str())
}

/// A flow that answers and goes to the queue.
fn flow(queue: &QueueId, language: &str) -> Flow {
    let name = flow_id(queue);
    let text = format!(
        "flow: {name}\nlanguages: [{language}]\nstart: answer\nsteps:\n  answer:\n    answer: {{then: queue}}\n  queue:\n    \
         queue: {{name: \"{queue}\", exits: {{full: end, timeout: end, no_agents: end}}}}\n  end:\n    hangup: {{cause: normal}}\n"
    );
    hotline_ivr::parse(&format!("{name}.yaml"), &text).expect("the flow has no mistakes")
}

/// The server's SIP.
pub(super) fn endpoint(center: &Center) -> EndpointConfig {
    let domain = center.domain.to_string();
    let mut config = EndpointConfig::new(&domain, SERVER);
    config.trunks = vec![TrunkConfig::new("simulation", vec![IpPrefix { addr: CARRIER.ip(), len: 32 }])];
    let user = |agent: &AgentId| {
        let ha1 = Ha1::new(Algorithm::Md5, agent.as_str(), &domain, &password(agent));
        let user = UserConfig { agent: agent.clone(), ha1: vec![(Algorithm::Md5, ha1)] };
        (agent.as_str().to_owned(), user)
    };
    config.users = center.agents.keys().map(user).collect();
    config.names = center.sip_names();
    config
}
