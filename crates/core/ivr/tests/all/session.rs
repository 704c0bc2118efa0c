//! What a caller is given for what he does, step by step.

use std::sync::Arc;

use crate::caller::{Caller, flow};
use hotline_base::Pii;
use hotline_ivr::{
    ANSWER_LIMIT, Facts, Flow, HangupCause, Input, KeySequence, Language, MAX_STEPS_WITHOUT_INPUT,
    MAX_TYPED_AHEAD, PLAYBACK_LIMIT, PlayTag, QueueExit, StepExit, Timer,
};

/// A question with one retry of each sort, and three ways out.
const MENU: &str = r#"
first:
  menu:
    prompts: [a]
    timeout_s: 4
    choices: {1: one, "*": star}
    no_input: {retries: [[b, a]], then: silent}
    invalid: {retries: [[c, a]], then: wrong}
one: {hangup: {cause: normal}}
star: {hangup: {cause: busy}}
silent: {hangup: {cause: unavailable}}
wrong: {hangup: {cause: rejected}}
"#;

const COLLECT: &str = r##"
first:
  collect:
    prompts: [a]
    into: number
    min_digits: 2
    max_digits: 4
    terminator: "#"
    timeout_s: 6
    next_digit_s: 2
    sensitive: true
    no_input: {then: silent}
    invalid: {retries: [[b]], then: wrong}
    then: next
next:
  say: {prompts: [c], then: end}
end: {hangup: {cause: normal}}
silent: {hangup: {cause: unavailable}}
wrong: {hangup: {cause: rejected}}
"##;

fn menu() -> Arc<Flow> {
    flow(MENU)
}

fn collect() -> Arc<Flow> {
    flow(COLLECT)
}

#[test]
fn a_key_during_the_prompt_stops_it_and_counts() {
    let mut caller = Caller::new(&menu());
    caller.press("1");
    assert_eq!(caller.given(), ["play en: a", "stop", "hangup normal"]);
    assert!(caller.session.is_finished());
}

#[test]
fn without_barge_in_the_prompt_is_heard_out_and_the_key_still_counts() {
    let mut caller = Caller::new(&flow(&MENU.replace("timeout_s: 4", "barge_in: false")));
    caller.press("1");
    assert_eq!(caller.given(), ["play en: a"]);
    caller.listen();
    assert_eq!(caller.given(), ["hangup normal"]);
}

#[test]
fn silence_and_wrong_keys_are_counted_apart() {
    let mut caller = Caller::new(&menu());
    caller.listen();
    assert_eq!(caller.wait(), Timer::FirstDigit);
    caller.press("9");
    assert_eq!(caller.given(), ["play en: a", "play en: b a", "stop", "play en: c a"]);
    caller.listen();
    caller.wait();
    assert_eq!(caller.given(), ["hangup unavailable"]);
    assert_eq!(caller.path[0].exit, StepExit::NoInput);
    assert_eq!(caller.path[0].input, None);
}

#[test]
fn the_path_tells_times_keys_and_exits() {
    let mut caller = Caller::new(&menu());
    caller.listen();
    caller.pass(3);
    caller.press("*");
    let step = &caller.path[0];
    assert_eq!((step.step.as_str(), step.exit), ("first", StepExit::Choice(keys("*"))));
    assert_eq!(step.left.mono.since(step.entered.mono).as_secs(), 5);
    assert_eq!(step.input, Some(Pii::from("*")));
    assert_eq!(caller.path[1].exit, StepExit::Hangup(HangupCause::Busy));
}

#[test]
fn the_time_to_think_begins_when_the_prompt_is_over() {
    let mut caller = Caller::new(&menu());
    assert_eq!(caller.session.poll_timeout().map(|(_, timer)| timer), Some(Timer::Playback));
    caller.listen();
    caller.pass(3);
    assert_eq!(caller.given(), ["play en: a"]);
    caller.pass(1);
    assert_eq!(caller.given(), ["play en: b a"]);
}

#[test]
fn keys_typed_ahead_skip_the_menus_they_answer() {
    let two = r#"
first: {answer: {then: hello}}
hello: {say: {prompts: [a], then: menu}}
menu:
  menu: {prompts: [b], choices: {1: deeper}, no_input: {then: end}, invalid: {then: end}}
deeper:
  menu: {prompts: [c], choices: {2: queue}, no_input: {then: end}, invalid: {then: end}}
queue: {queue: {name: sales, exits: {full: end, timeout: end, no_agents: end}}}
end: {hangup: {cause: normal}}
"#;
    let mut caller = Caller::new(&flow(two));
    caller.press("12");
    caller.input(Input::Answered);
    // The greeting was not interrupted: the keys came before it. They are used after it.
    assert_eq!(caller.given(), ["answer", "play en: a"]);
    caller.listen();
    assert_eq!(caller.given(), ["enqueue sales"]);
}

#[test]
fn keys_typed_ahead_are_bounded_and_forgotten_after_a_wrong_one() {
    let mut caller = Caller::new(&flow(&MENU.replace("timeout_s: 4", "barge_in: false")));
    caller.press(&"9".repeat(MAX_TYPED_AHEAD + 5));
    assert_eq!(caller.session.ignored_inputs(), 5);
    caller.listen();
    assert_eq!(caller.given(), ["play en: a", "play en: c a"], "one wrong key, one retry");
    caller.press("1");
    caller.listen();
    assert_eq!(caller.given(), ["hangup normal"]);
}

#[test]
fn a_number_ends_by_terminator_by_length_or_by_silence() {
    for (keys, silence, expected) in
        [("12#", false, "12"), ("1234", false, "1234"), ("123", true, "123"), ("12#", false, "12")]
    {
        let mut caller = Caller::new(&collect());
        caller.press(keys);
        if silence {
            assert_eq!(caller.wait(), Timer::NextDigit);
        }
        assert_eq!(caller.given(), ["play en: a", "stop", "play en: c"], "{keys}");
        assert_eq!(caller.session.variable("number").unwrap().written(), expected);
    }
}

#[test]
fn a_number_that_is_too_short_or_has_other_keys_is_wrong() {
    for keys in ["1#", "#", "1*"] {
        let mut caller = Caller::new(&collect());
        caller.press(keys);
        assert_eq!(caller.given(), ["play en: a", "stop", "play en: b"], "{keys}");
        caller.press(keys);
        assert_eq!(caller.given(), ["stop", "hangup rejected"], "{keys}");
        assert_eq!(caller.session.variable("number"), None);
    }
    let mut caller = Caller::new(&collect());
    caller.press("1");
    caller.wait();
    assert_eq!(caller.given(), ["play en: a", "stop", "play en: b"]);
}

#[test]
fn silence_at_a_number_is_no_input() {
    let mut caller = Caller::new(&collect());
    caller.listen();
    assert_eq!(caller.wait(), Timer::FirstDigit);
    assert_eq!(caller.given(), ["play en: a", "hangup unavailable"]);
}

#[test]
fn a_terminator_out_of_habit_does_not_reach_the_next_step() {
    let mut caller = Caller::new(&collect());
    caller.press("1234#");
    assert_eq!(caller.given(), ["play en: a", "stop", "play en: c"]);

    let late = COLLECT.replace("min_digits: 2", "barge_in: false\n    min_digits: 2");
    let mut caller = Caller::new(&flow(&late));
    caller.press("1234#");
    caller.listen();
    assert_eq!(caller.given(), ["play en: a", "play en: c"], "typed ahead");

    let mut caller = Caller::new(&collect());
    caller.press("1234");
    caller.pass(3);
    caller.press("#");
    assert_eq!(caller.given(), ["play en: a", "stop", "play en: c", "stop", "hangup normal"], "too late");
}

#[test]
fn sensitive_keys_reach_neither_path_nor_log() {
    let mut caller = Caller::new(&collect());
    caller.press("731#");
    assert_eq!(caller.path[0].input, Some(Pii::from("***")));
    let shown = format!("{:?} {:?}", caller.session, Input::Digit(hotline_ivr::Digit::new('7').unwrap()));
    assert!(!shown.contains("731") && !shown.contains("'7'"), "{shown}");
    assert_eq!(caller.session.variable("number").unwrap().written(), "731");
}

#[test]
fn the_language_applies_to_all_that_follows() {
    let steps = r#"
first: {say: {prompts: [a], then: chinese}}
chinese: {language: {to: zh, then: again}}
again: {say: {prompts: [a], then: same}}
same: {language: {to: zh, then: end}}
end: {hangup: {cause: normal}}
"#;
    let mut caller = Caller::new(&flow(steps));
    caller.listen();
    caller.listen();
    assert_eq!(caller.given(), ["play en: a", "language zh", "play zh: a", "hangup normal"]);

    let known = Facts { language: Some(Language::from("zh")), ..Facts::default() };
    assert_eq!(Caller::with_facts(&flow(steps), known).given(), ["play zh: a"]);
    let unknown = Facts { language: Some(Language::from("fr")), ..Facts::default() };
    assert_eq!(Caller::with_facts(&flow(steps), unknown).given(), ["play en: a"]);
}

#[test]
fn a_call_is_answered_once() {
    let steps = r#"
first: {answer: {then: again}}
again: {answer: {then: end}}
end: {hangup: {cause: normal}}
"#;
    let mut caller = Caller::new(&flow(steps));
    caller.input(Input::Answered);
    assert_eq!(caller.given(), ["answer", "hangup normal"]);
}

#[test]
fn what_never_comes_does_not_hold_the_call() {
    let mut caller = Caller::new(&flow("first: {answer: {then: end}}\nend: {hangup: {cause: normal}}"));
    assert_eq!(caller.wait(), Timer::Answer);
    assert_eq!(caller.now.mono.as_micros(), ANSWER_LIMIT.as_micros() as u64);
    assert_eq!(caller.given(), ["answer", "hangup answer_timeout"]);

    let mut caller =
        Caller::new(&flow("first: {say: {prompts: [a], then: end}}\nend: {hangup: {cause: normal}}"));
    assert_eq!(caller.wait(), Timer::Playback);
    assert_eq!(caller.now.mono.as_micros(), PLAYBACK_LIMIT.as_micros() as u64);
    assert_eq!(caller.given(), ["play en: a", "stop", "hangup normal"]);
}

#[test]
fn a_circle_without_the_caller_is_cut() {
    let mut caller = Caller::new(&flow("first: {goto: second}\nsecond: {goto: first}"));
    assert_eq!(caller.given(), ["hangup step_limit"]);
    assert_eq!(caller.path.len(), MAX_STEPS_WITHOUT_INPUT as usize + 1);
    assert_eq!(caller.path.last().unwrap().exit, StepExit::Hangup(HangupCause::StepLimit));
}

#[test]
fn a_step_that_does_not_exist_ends_the_call() {
    let mut caller = Caller::new(&flow("first: {goto: nowhere}"));
    assert_eq!(caller.given(), ["hangup missing_step"]);
    assert_eq!(caller.path.last().unwrap().step.as_str(), "nowhere");
}

#[test]
fn what_does_not_fit_the_step_is_ignored_and_counted() {
    let mut caller = Caller::new(&menu());
    let stray = [
        Input::Answered,
        Input::PlayFinished(PlayTag(99)),
        Input::QueueExited(QueueExit::Full),
        Input::TransferFailed(hotline_ivr::TransferExit::Busy),
        Input::Connected,
    ];
    stray.into_iter().for_each(|input| caller.input(input));
    assert_eq!(caller.given(), ["play en: a"]);
    assert_eq!(caller.session.ignored_inputs(), 5);
    caller.input(Input::CallEnded);
    caller.input(Input::CallEnded);
    caller.press("1");
    assert_eq!(caller.given(), Vec::<String>::new());
    assert_eq!(caller.path.len(), 1);
    assert_eq!(caller.path[0].exit, StepExit::CallEnded);
    assert_eq!(caller.session.poll_timeout(), None);
}

#[test]
fn keys_while_waiting_for_an_agent_do_not_reach_later_menus() {
    let steps = r#"
first: {queue: {name: sales, exits: {full: menu, timeout: menu, no_agents: menu}}}
menu:
  menu: {prompts: [b], choices: {1: end}, no_input: {then: end}, invalid: {then: end}}
end: {hangup: {cause: normal}}
"#;
    let mut caller = Caller::new(&flow(steps));
    caller.press("1");
    caller.input(Input::QueueExited(QueueExit::Timeout));
    assert_eq!(caller.given(), ["enqueue sales", "play en: b"]);
}

#[test]
fn a_call_continues_from_a_snapshot_in_the_middle_of_a_number() {
    let mut caller = Caller::new(&collect());
    caller.press("12");
    let snapshot = serde_json::to_string(&caller.session).unwrap();
    caller.session = serde_json::from_str(&snapshot).unwrap();
    caller.press("3#");
    assert_eq!(caller.session.variable("number").unwrap().written(), "123");
    assert_eq!(caller.given(), ["play en: a", "stop", "play en: c"]);
}

/// Where two names are the same the higher level counts, and a name that is empty or cannot be computed asks nothing.
#[test]
fn skills_are_computed_when_the_caller_comes_to_the_queue() {
    let mut caller = Caller::new(&flow(
        r#"
first:
  queue:
    name: sales
    skills:
      french: 2
      "{{ 'fre' ~ 'nch' }}": 4
      "speaks_{{ call.language }}": 3
      "{{ '' if call.language == 'en' else 'billing' }}": 5
      "{{ slice('x', 1 // (length(call.caller) - length(call.caller)), 1) }}": 6
    exits: {full: end, timeout: end, no_agents: end}
end: {hangup: {cause: normal}}
"#,
    ));
    assert_eq!(caller.given(), ["enqueue sales {\"french\": 4, \"speaks_en\": 3}"]);
}

fn keys(text: &str) -> KeySequence {
    KeySequence::new(text).expect("keys of a telephone")
}

/// Ways out of a queue by one key and by several.
const QUEUE: &str = r##"
first: {queue: {name: sales, keys: {1: one, "12": two, "*55": three, 7: seven}, exits: {full: end, timeout: end, no_agents: end}}}
one: {hangup: {cause: normal}}
two: {hangup: {cause: busy}}
three: {hangup: {cause: rejected}}
seven: {hangup: {cause: unavailable}}
end: {hangup: {cause: not_found}}
"##;

/// What becomes of a caller in line who presses these keys, with a pause of that many seconds at each blank.
fn leaves_by(presses: &str, pause: u64) -> (Vec<String>, Option<StepExit>) {
    let mut caller = Caller::new(&flow(QUEUE));
    for (number, part) in presses.split(' ').enumerate() {
        if number > 0 {
            caller.pass(pause);
        }
        caller.press(part);
    }
    let given = caller.given();
    (given[1..].to_vec(), caller.path.first().map(|step| step.exit))
}

#[test]
fn several_keys_lead_out_of_a_queue() {
    let out = |cause: &str| vec!["leave queue".to_owned(), format!("hangup {cause}")];
    assert_eq!(leaves_by("12", 0), (out("busy"), Some(StepExit::Choice(keys("12")))));
    assert_eq!(leaves_by("1 2", 2), (out("busy"), Some(StepExit::Choice(keys("12")))));
    assert_eq!(leaves_by("*55", 0), (out("rejected"), Some(StepExit::Choice(keys("*55")))));
    assert_eq!(leaves_by("7", 0), (out("unavailable"), Some(StepExit::Choice(keys("7")))), "at once");
}

#[test]
fn keys_that_begin_a_longer_way_count_once_none_follows() {
    let mut caller = Caller::new(&flow(QUEUE));
    caller.press("1");
    assert_eq!(caller.given(), ["enqueue sales"]);
    assert_eq!(caller.wait(), Timer::QueueKeys);
    assert_eq!(caller.given(), ["leave queue", "hangup normal"]);
    assert_eq!(caller.path[0].input, Some(Pii::from("1")));
}

#[test]
fn keys_that_lead_nowhere_are_forgotten() {
    assert_eq!(leaves_by("*5", 0), (vec![], None), "not yet");
    assert_eq!(leaves_by("*5 5", 4), (vec![], None), "the rest came too late");
    assert_eq!(leaves_by("99*4", 0), (vec![], None));
    let out = leaves_by("*5*55", 0).1;
    assert_eq!(out, Some(StepExit::Choice(keys("*55"))), "a wrong key begins anew");
    assert_eq!(leaves_by("*7", 0).1, Some(StepExit::Choice(keys("7"))), "or is a way out by itself");
}
