//! A flow file: refused with places, or checked and run for a caller who does what the file's own characters say.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotline_base::{FlowId, Now, Pii, QueueId};
use hotline_ivr::{
    Action, CallbackExit, CustomerField, Digit, Facts, Flow, Flows, HoursExit, Input, Language, LocalTime,
    PromptName, QueueExit, QueueFact, RecordExit, Recorded, Reply, Request, RequestTag, Session, StreamExit,
    Surroundings, TransferExit, WebhookExit, World, check, draft, graph, longest_way,
};

/// More than a call's steps, so that its limit is met.
const MAX_EVENTS: usize = 2000;

/// A text: what is refused has places in it, and what could be read of it is checked; what reads well is checked, drawn and run, and comes to an end.
pub fn ivr_flow(input: &[u8]) {
    let Ok(text) = core::str::from_utf8(input) else { return };
    let flow = match draft("fuzz.yaml", text) {
        (Some(flow), mistakes) if mistakes.is_empty() => flow,
        (read, mistakes) => {
            assert!((1..=100).contains(&mistakes.len()));
            assert!(mistakes.iter().all(|one| one.line > 0 && one.column > 0 && !one.to_string().is_empty()));
            assert!(read.as_ref().is_none_or(|flow| !flow.is_whole()));
            if let Some(flow) = &read {
                is_sound(flow);
            }
            return;
        }
    };
    let name = flow.name().clone();
    let drawn = graph(&flow);
    assert_eq!(drawn.nodes.len(), flow.exits().count());
    let sound = is_sound(&flow);
    let flows: Flows = [flow].into_iter().collect();
    let way = longest_way(&flows, &name, &|_, _| Some(Duration::from_secs(2)));
    assert!(way.is_none_or(|way| !way.steps.is_empty()));
    run(flows, &name, text, sound);
}

/// Whether the check finds no error in a world that has all prompts, queues and schedules.
fn is_sound(flow: &Flow) -> bool {
    let languages: Vec<Language> = flow.languages().cloned().collect();
    let nothing = BTreeSet::new();
    let world = World {
        entries: &BTreeSet::from([flow.name().clone()]),
        unread: &BTreeSet::new(),
        queues: &flow.queues().cloned().collect(),
        extensions: &nothing,
        agents: &nothing,
        skills: &nothing,
        skilled: &|_, _| 10,
        schedules: &nothing,
        prompts: &languages.into_iter().map(|language| (language, BTreeSet::<PromptName>::new())).collect(),
        speech: true,
        routed: &|_| true,
    };
    let found = check(&[flow.clone()].into_iter().collect(), &world);
    assert!(found.len() <= 100);
    assert!(found.iter().all(|one| one.line > 0 && !one.problem.is_empty() && !one.remedy.is_empty()));
    // Whether a call comes to a step that is not there depends on steps alone.
    let harmless = |problem: &str| problem.starts_with("no prompt") || problem.starts_with("queues announce");
    found.iter().all(|one| !one.is_error() || harmless(&one.problem))
}

/// Always open, nobody known.
struct Around;

impl Surroundings for Around {
    fn queue(&self, _: &QueueId, _: QueueFact) -> i64 {
        7
    }

    fn hours(&self, schedule: &str, _: Now) -> HoursExit {
        if schedule.len().is_multiple_of(2) { HoursExit::Open } else { HoursExit::Closed }
    }

    fn local_time(&self, _: Now) -> LocalTime {
        LocalTime { year: 2026, month: 11, day: 30, weekday: 1, hour: 9, minute: 5 }
    }

    fn customer(&self, _: &CustomerField) -> Option<Pii<String>> {
        None
    }
}

/// Runs the flow; one that checks clean never leads to a step that is not there and never reads what is not set.
fn run(flows: Flows, name: &FlowId, text: &str, sound: bool) {
    let mut session = Session::new(Arc::new(flows), name, Facts::default()).expect("the flow is there");
    let mut now = Now::default();
    session.start(now, &Around);
    let mut request = RequestTag(0);
    let mut wanted = 0;
    for (number, byte) in text.bytes().cycle().take(MAX_EVENTS).enumerate() {
        while let Some(action) = session.poll_action() {
            if let Action::Hangup { cause } = action {
                assert!(!sound || cause != hotline_ivr::HangupCause::MissingStep, "{text}");
            }
            if let Some(asked) = asked(&action) {
                (request, wanted) = asked;
            }
        }
        while session.poll_step().is_some() {}
        if session.is_finished() {
            return;
        }
        let choice = usize::from(byte).wrapping_add(number.wrapping_mul(7));
        if let Some(input) = happening(choice, byte, request, wanted) {
            session.handle_input(now, &Around, input);
        }
        if choice.is_multiple_of(2)
            && let Some((at, _)) = session.poll_timeout()
        {
            assert!(at > now.mono, "a timer in the past would spin");
            now = now + at.since(now.mono);
            session.handle_timeout(now, &Around);
        }
    }
    session.handle_input(now, &Around, Input::CallEnded);
    assert!(session.is_finished(), "a call that has ended is over");
}

/// What an action wants to be told of, and how many values.
fn asked(action: &Action) -> Option<(RequestTag, usize)> {
    if let Action::Ask(tag, request) = action {
        let wanted = match request {
            Request::Customer { fields, .. } => fields.len(),
            Request::Http { paths, .. } => paths.len(),
            Request::Webhook(_) | Request::Callback { .. } => 0,
        };
        return Some((*tag, wanted));
    }
    if let Action::Record { tag, .. } | Action::OpenStream(tag, _) = action {
        return Some((*tag, 0));
    }
    None
}

/// What happens to the call next.
fn happening(choice: usize, byte: u8, request: RequestTag, wanted: usize) -> Option<Input> {
    let pick = |count: usize| choice / 11 % count;
    Some(match choice % 11 {
        0 | 1 => Input::Answered,
        2 | 3 => Input::Digit(Digit::new(char::from(byte)).or_else(|| Digit::new('1'))?),
        4 => Input::QueueExited(QueueExit::ALL[pick(3)]),
        5 => Input::TransferFailed(TransferExit::ALL[pick(3)]),
        6 => Input::Recorded(
            request,
            Recorded { exit: RecordExit::ALL[pick(RecordExit::ALL.len())], name: "r".to_owned() },
        ),
        7 => Input::StreamEnded(request, StreamExit::ALL[pick(StreamExit::ALL.len())], BTreeMap::new()),
        8 => Input::Replied(
            request,
            match pick(4) {
                0 => Reply::Found(vec![Some(text_of(byte).into()); wanted]),
                1 => Reply::NotFound,
                2 => Reply::Webhook(WebhookExit::Done),
                _ => Reply::Callback(CallbackExit::Booked),
            },
        ),
        9 => Input::AgentLeft,
        10 => Input::Connected,
        _ => return None,
    })
}

fn text_of(byte: u8) -> &'static str {
    if byte.is_multiple_of(2) { "12" } else { "true" }
}
