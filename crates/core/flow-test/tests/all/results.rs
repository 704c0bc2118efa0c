//! What is said of a test that failed, and how results are counted and written.

use hotline_flow_test::junit;

use crate::suite::{coverage, fails, flow, one, passes};

const STEPS: &str = r#"
first: {answer: {then: hello}}
hello: {say: {prompts: [a, b], then: menu}}
menu: {menu: {prompts: [c], choices: {1: sales}, no_input: {then: bye}, invalid: {then: bye}}}
sales: {queue: {name: sales, exits: {full: bye, timeout: bye, no_agents: bye}}}
bye: {hangup: {cause: normal}}
"#;

#[test]
fn a_failure_says_where_what_was_expected_what_happened_and_the_call_so_far() {
    let failure = fails(&flow(STEPS), "steps:\n- hears: [a, c]\n- presses: 1\nends: connected");
    let expected = "test.test.yaml:5:18: test `it` failed
    5 |     - hears: [a, c]
      |                  ^
  expected: the caller hears c
  happened: the caller hears b
  the call so far:
       0.0 s  the call is answered
       0.0 s  [test] first: done
       0.0 s  the caller hears a
       2.0 s  the caller hears b";
    assert_eq!(failure.to_string(), expected);
}

/// Steps of a test, what it expected and what happened.
const FAILURES: &[(&str, &str, &str)] = &[
    ("- hears: a\n- presses: 1\n- hears: c", "the caller hears c", "the call waits in queue sales"),
    ("- hears: [a, b, c]\n- silence: 4\n- in_step: bye", "the call is in step `bye`", "it is in step `menu`"),
    ("- hears: a\n- {presses: 1, after_s: 2}", "nothing more before this", "the caller hears b at 2.0 s"),
    ("- hears: a\n- queue: full", "a call that waits in a queue", "the call is in step `hello`"),
    ("- hears: a\n- replies: done", "an open question", "the call is in step `hello`"),
    ("- hears: a\n- agent_left", "a call that somebody has", "the call is in step `hello`"),
    ("- hears: [a, b]\n  within_s: 1", "this within 1 s", "it took 2.0 s"),
    (
        "- hears: a\n- presses: 1\n- ...\n- queued: support",
        "the call waits in queue support",
        "nothing more by itself",
    ),
    (
        "- hears: [a, b, c]\n- presses: 2",
        "a call that goes on, as the test has no `ends`",
        "the flow hung up",
    ),
    ("- hears: a\n- hangs_up\n- presses: 1", "a call that goes on", "it is over: the caller hung up"),
    ("- hears: a\n- language: zh", "language `zh`", "it is `en`"),
    ("- hears: a\n- variables: {count: 1}", "`count` is integer `1`", "`count` has no value"),
    ("- hears: [a, {number: 5}]", "the caller hears {number: 5}", "the caller hears b"),
];

#[test]
fn each_failure_is_said_in_plain_words() {
    let flows = flow(STEPS);
    for (steps, expected, happened) in FAILURES {
        let failure = fails(&flows, &format!("steps:\n{steps}"));
        assert!(failure.expected.contains(expected), "{steps}: expected {}", failure.expected);
        assert!(failure.happened.contains(happened), "{steps}: happened {}", failure.happened);
        assert!(failure.at.line >= 5, "{steps}: line {}", failure.at.line);
    }
}

#[test]
fn the_end_is_awaited_and_compared() {
    let flows = flow(STEPS);
    passes(&flows, "steps:\n- hears: [a, b, c]\nends: {hangup: normal}\nwithin_s: 11");
    for (lines, happened) in [
        ("steps:\n- hears: [a, b, c]\nends: {hangup: busy}", "the flow hung up with `normal`"),
        ("steps:\n- hears: [a, b, c]\nends: connected", "the call goes on in step `menu`"),
        ("steps:\n- hears: [a, b, c]\nends: {hangup: normal}\nwithin_s: 10", "it took 11.0 s"),
        ("ends: {hangup: normal}", "the caller hears a at 0.0 s, which the test does not mention"),
        ("steps:\n- ...\n- queued: sales\nends: {hangup: normal}", "the flow hung up with `normal`"),
    ] {
        let failure = fails(&flows, lines);
        assert!(failure.happened.contains(happened), "{lines}: {}", failure.happened);
    }
}

#[test]
fn what_is_skipped_need_not_be_mentioned() {
    let flows = flow(STEPS);
    passes(&flows, "steps:\n- ...\n- hears: c\n- presses: 1\n- queued: sales");
    passes(&flows, "steps:\n- ...\n- presses: 1\n- ...");
    passes(&flows, "steps: [...]\nends: {hangup: normal}");
}

#[test]
fn hours_that_nobody_knows_fail_the_test() {
    let flows = flow(
        "first: {hours: {schedule: office, exits: {open: bye, closed: bye, holiday: bye}}}\nbye: {hangup: {cause: busy}}",
    );
    let failure = fails(&flows, "ends: {hangup: busy}");
    assert_eq!(failure.happened, "the flow asked for the hours of `office`");
    passes(&flows, "hours: {office: holiday}\nends: {hangup: busy}");
}

#[test]
fn a_circle_ends_with_a_clear_failure() {
    let flows = flow("first: {say: {prompts: [a], then: again}}\nagain: {goto: first}");
    let failure = fails(&flows, "steps:\n- ...\n- queued: sales");
    assert!(failure.happened.contains("`step_limit`"), "{}", failure.happened);
    assert!(failure.transcript.len() <= 300, "{}", failure.transcript.len());
}

#[test]
fn a_flow_that_is_not_there_fails_the_test() {
    let none = std::sync::Arc::default();
    assert_eq!(fails(&none, "ends: connected").happened, "there is no flow `test`");
}

#[test]
fn coverage_names_what_no_test_has_reached() {
    let flows = flow(STEPS);
    let outcome = passes(&flows, "steps:\n- hears: a\n- hangs_up");
    let coverage = coverage(&flows, &[outcome]);
    let (_, covered) = coverage.flows().next().unwrap();
    let missed: Vec<String> = covered.unreached().iter().map(ToString::to_string).collect();
    assert_eq!(missed, ["step `bye`", "step `hello`: exit `done`", "step `menu`", "step `sales`"]);
    assert_eq!((covered.steps(), covered.exits()), ((2, 5), (1, 8)));
    assert_eq!((covered.percent(), coverage.percent()), (23, 23));
}

#[test]
fn junit_has_every_test_and_every_failure() {
    let flows = flow(STEPS);
    let passed = passes(&flows, "steps:\n- hears: a\n- hangs_up");
    let failed = one(&flows, "steps:\n- hears: \"<b> & c\"");
    let xml = junit(&[("ivr-flows/test.test.yaml".to_owned(), vec![passed, failed])]);
    let lines: Vec<&str> = xml.lines().collect();
    assert_eq!(lines[0], "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    assert_eq!(lines[1], "<testsuites name=\"ivr-flows\" tests=\"2\" failures=\"1\" time=\"0.000\">");
    assert!(lines[3].contains("<testcase name=\"it\" classname=\"ivr-flows/test.test.yaml\""), "{xml}");
    assert!(lines[3].contains("line=\"3\" time=\"0.000\"/>"), "{xml}");
    assert!(
        xml.contains("message=\"expected: the caller hears &quot;&lt;b&gt; &amp; c&quot;; happened:"),
        "{xml}"
    );
    assert!(xml.ends_with("</testsuites>\n"), "{xml}");
}
