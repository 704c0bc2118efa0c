//! A scenario from a file, and the callers that it says come.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hotline_acd::{Member, QueueConfig};
use hotline_base::{AgentId, QueueId};
use hotline_call::{
    Agent, Announcements, AutoAnswer, Center, DialPlan, Greeting, Queue, RecordingPolicy, SpeechPolicy,
    Timing, Voice,
};
use hotline_hours::Zone;
use hotline_simulate::{CALLERS_MAX, callers, parse};
use hotline_sip::uri::Host;
use hotline_yaml::Source;

/// A center that has what the seeds name.
static CENTER: LazyLock<Center> = LazyLock::new(|| {
    let ids = ["1001", "1002"].map(AgentId::from);
    let agent = |id: &AgentId| Agent {
        name: id.as_str().to_owned(),
        extension: id.as_str().to_owned(),
        caller_id: None,
        auto_answer: AutoAnswer::Never,
        outside_numbers: Vec::new(),
        confirm_outside: false,
    };
    let sales = QueueId::from("sales");
    let queue = Queue {
        routing: QueueConfig::new(sales.clone(), ids.iter().cloned().map(Member::new).collect()),
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
        queues: BTreeMap::from([(sales, queue)]),
        agents: ids.iter().map(|id| (id.clone(), agent(id))).collect(),
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
