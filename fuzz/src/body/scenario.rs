//! A scenario from a file, and the callers that it says come.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hotline_acd::{Member, QueueConfig};
use hotline_base::{AgentId, QueueId};
use hotline_call::{Agent, Center, Queue};
use hotline_simulate::{CALLERS_MAX, callers, parse};
use hotline_sip::uri::Host;
use hotline_yaml::Source;

/// A center that has what the seeds name.
static CENTER: LazyLock<Center> = LazyLock::new(|| {
    let ids = ["1001", "1002"].map(AgentId::from);
    let agents = ids.iter().map(|id| (id.clone(), Agent::new(id.as_str(), id.as_str())));
    let sales = QueueId::from("sales");
    let members = ids.iter().cloned().map(Member::new).collect();
    let queue = Queue::new(QueueConfig::new(sales.clone(), members), "music/waiting".into());
    Center {
        queues: BTreeMap::from([(sales, queue)]),
        agents: agents.collect(),
        ..Center::new(Host::parse("hotline.example").expect("a host name"), "en")
    }
});

/// Refused with places, or a day whose callers come in order while they may.
pub fn scenario(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let mut scenario = match parse(&Source::new("fuzz.yaml", text), &CENTER) {
        Ok(scenario) => scenario,
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "what is refused has a mistake");
            assert!(mistakes.iter().all(|one| one.line > 0 && one.column > 0 && !one.to_string().is_empty()));
            return;
        }
    };
    // A day of millions takes seconds to draw.
    scenario
        .streams
        .iter_mut()
        .flat_map(|stream| &mut stream.profile)
        .for_each(|(_, rate)| *rate = rate.min(100.0));
    let callers = callers(&scenario);
    assert!(callers.len() <= CALLERS_MAX && callers.is_sorted_by_key(|caller| caller.at));
    let last = scenario.streams.iter().map(|stream| stream.until).max().unwrap_or_default();
    assert!(callers.iter().all(|caller| caller.at < last), "{text}");
}
