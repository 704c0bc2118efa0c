//! What many flows that run at once take of the memory.
#![expect(clippy::unwrap_used, reason = "the flow is written here")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hotline_base::{FlowId, Now, Pii, QueueId};
use hotline_ivr::{
    Action, CustomerField, Digit, Facts, Flows, HoursExit, Input, LocalTime, QueueFact, Session,
    Surroundings, parse,
};

/// Bytes that are in use.
static USED: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

#[expect(unsafe_code, reason = "the allocator's interface is unsafe")]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        USED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps what `alloc` demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps what `dealloc` demands.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Nothing that the flow reads.
struct Nowhere;

impl Surroundings for Nowhere {
    fn queue(&self, _queue: &QueueId, _fact: QueueFact) -> i64 {
        0
    }

    fn hours(&self, _schedule: &str, _now: Now) -> HoursExit {
        HoursExit::Open
    }

    fn local_time(&self, _now: Now) -> LocalTime {
        LocalTime::default()
    }

    fn customer(&self, _: &CustomerField) -> Option<Pii<String>> {
        None
    }
}

const FLOW: &str = r##"flow: main
languages: [en]
variables: {account: text, tries: {type: integer, initial: 0}}
start: answer
steps:
  answer: {answer: {then: ask}}
  ask:
    collect:
      prompts: [a]
      into: account
      min_digits: 4
      max_digits: 8
      terminator: "#"
      no_input: {then: bye}
      invalid: {then: bye}
      then: count
  count: {set: {values: {tries: "tries + 1"}, then: menu}}
  menu: {menu: {prompts: [a, {digits: account}], choices: {1: ask}, no_input: {then: bye}, invalid: {then: bye}}}
  bye: {hangup: {cause: normal}}
"##;

/// Answered, with an account of eight digits, in the menu that says it back.
fn in_the_menu(flows: &Arc<Flows>) -> Session {
    let facts = Facts { caller: Pii::from("+4930123456"), called: Pii::from("4000"), ..Facts::default() };
    let mut session = Session::new(Arc::clone(flows), &FlowId::from("main"), facts).unwrap();
    session.start(Now::default(), &Nowhere);
    session.handle_input(Now::default(), &Nowhere, Input::Answered);
    for key in "12345678".chars().filter_map(Digit::new) {
        session.handle_input(Now::default(), &Nowhere, Input::Digit(key));
    }
    let mut last = None;
    while let Some(action) = session.poll_action() {
        last = Some(action);
    }
    while session.poll_step().is_some() {}
    assert!(matches!(last, Some(Action::Play { .. })), "{last:?}");
    session
}

#[test]
fn ten_thousand_flows_that_run_take_less_than_a_hundred_megabytes() {
    let flows = Arc::new([parse("main.yaml", FLOW).unwrap()].into_iter().collect());
    let before = USED.load(Ordering::Relaxed);
    let sessions: Vec<Session> = (0..10_000).map(|_| in_the_menu(&flows)).collect();
    let used = USED.load(Ordering::Relaxed) - before;
    assert_eq!(sessions.len(), 10_000);
    assert!(used < 100_000_000, "{} bytes each", used / sessions.len());
    assert!(used / sessions.len() < 4096, "{} bytes each", used / sessions.len());
}
