//! The simulated center.

use std::collections::BTreeMap;
use std::time::Duration;

use hotline_acd::{Member, QueueConfig, WrapUp};
use hotline_base::{AgentId, QueueId};
use hotline_call::{Agent, Center, Queue};
use hotline_sip::uri::Host;

/// A center with one queue, `calls`, whose agents have this long to do after calls.
pub(crate) fn center(agents: u32, wrap_up: Duration) -> Center {
    let ids: Vec<AgentId> =
        (0..agents).map(|number| AgentId::from(format!("agent{number:03}").as_str())).collect();
    let agent =
        |(number, id): (usize, &AgentId)| (id.clone(), Agent::new(id.as_str(), &(1000 + number).to_string()));
    let id = QueueId::from("calls");
    let routing = QueueConfig {
        wrap_up: WrapUp { length: wrap_up, ..WrapUp::default() },
        waiting_max: 50_000,
        ..QueueConfig::new(id.clone(), ids.iter().cloned().map(Member::new).collect())
    };
    let queue = Queue { record: false, ..Queue::new(routing, "music/waiting".into()) };
    Center {
        queues: BTreeMap::from([(id, queue)]),
        agents: ids.iter().enumerate().map(agent).collect(),
        ..Center::new(Host::parse("hotline.example").expect("a host name"), "en")
    }
}
