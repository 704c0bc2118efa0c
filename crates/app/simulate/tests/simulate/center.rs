//! The simulated center.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hotline_acd::{Member, QueueConfig, WrapUp};
use hotline_base::{AgentId, QueueId};
use hotline_call::{
    Agent, Announcements, AutoAnswer, Center, DialPlan, Greeting, Queue, RecordingPolicy, SpeechPolicy,
    Timing, Voice,
};
use hotline_hours::Zone;
use hotline_sip::uri::Host;

/// A center with one queue, `calls`, whose agents have this long to do after calls.
pub(crate) fn center(agents: u32, wrap_up: Duration) -> Center {
    let ids: Vec<AgentId> =
        (0..agents).map(|number| AgentId::from(format!("agent{number:03}").as_str())).collect();
    let agent = |(number, id): (usize, &AgentId)| {
        let agent = Agent {
            name: id.as_str().to_owned(),
            extension: (1000 + number).to_string(),
            caller_id: None,
            auto_answer: AutoAnswer::Never,
            outside_numbers: Vec::new(),
            confirm_outside: false,
        };
        (id.clone(), agent)
    };
    let id = QueueId::from("calls");
    let routing = QueueConfig {
        wrap_up: WrapUp { length: wrap_up, ..WrapUp::default() },
        waiting_max: 50_000,
        ..QueueConfig::new(id.clone(), ids.iter().cloned().map(Member::new).collect())
    };
    let queue = Queue {
        routing,
        music: "music/waiting".into(),
        announcements: Announcements::default(),
        greeting: Greeting::default(),
        hours: None,
        place_kept: Duration::ZERO,
        record: false,
        speech: SpeechPolicy::default(),
    };
    Center {
        dial_plan: DialPlan::default(),
        numbers: BTreeMap::new(),
        flows: Arc::default(),
        areas: BTreeMap::new(),
        queues: BTreeMap::from([(id, queue)]),
        agents: ids.iter().enumerate().map(agent).collect(),
        trunks: BTreeMap::new(),
        routes: Vec::new(),
        hours: BTreeMap::new(),
        zone: Zone::utc(),
        language: "en".to_owned(),
        domain: Host::parse("hotline.example").expect("a host name"),
        media_address: [127, 0, 0, 1].into(),
        voice: Voice::default(),
        speech: SpeechPolicy::default(),
        recording: RecordingPolicy::default(),
        timing: Timing::default(),
    }
}
