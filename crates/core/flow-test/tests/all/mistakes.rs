//! What is wrong with a file of tests is said with its place and what would be right.

use hotline_flow_test::parse;

/// The mistakes of a file, as `line:column: problem = remedy`.
fn mistakes(text: &str) -> Vec<String> {
    let found = parse("ivr-flows/main.test.yaml", text).err().unwrap_or_default();
    found.iter().map(|one| format!("{}:{}: {} = {}", one.line, one.column, one.problem, one.remedy)).collect()
}

/// The mistakes of one test with these lines below its name.
fn of_test(lines: &str) -> Vec<String> {
    let lines: String = lines.trim_end().lines().map(|line| format!("    {line}\n")).collect();
    mistakes(&format!("flow: main\ntests:\n  - name: it\n{lines}"))
}

/// The only mistake of a step.
fn of_step(step: &str) -> String {
    let found = of_test(&format!("steps:\n- {step}"));
    assert_eq!(found.len(), 1, "{step}: {found:?}");
    found[0].clone()
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let found = mistakes(
        "flow: mian\ntests:\n  - name: a\n    callr: x\n    at: 2026-02-30 09:00\n    hours: {office: opne}\n    \
         queues: {sales: {waitng: 1}}\n    steps:\n      - presses: x\n      - hear: [a]\n      - queue: ful\n    \
         ends: {hangup: norml}\n  - name: a\n    ends: conected\n",
    );
    let expected = [
        "1:7: the tests are for flow `mian` but their file for `main` = name the file `mian.test.yaml`",
        "4:5: unknown key `callr` in test = did you mean `caller`?",
        "5:9: `2026-02-30 09:00` is no day and time = write `2026-11-30 09:05`",
        "6:21: `opne` is no answer of a calendar = did you mean `open`?",
        "7:22: queues have no figure `waitng` = did you mean `waiting`?",
        "9:18: `x` are no keys = 1 to 64 of 0–9, *, # and A–D, in quotes",
        "10:9: `hear` is no step of a test = did you mean `hears`?",
        "11:16: `ful` is no way out of a queue = did you mean `full`?",
        "12:20: `norml` is no cause = did you mean `normal`?",
        "14:11: a call cannot end by `conected` = did you mean `connected`?",
    ];
    assert_eq!(found, expected);
}

#[test]
fn steps_that_make_no_sense_are_refused() {
    for (step, problem) in [
        ("presses", "`presses` without a value"),
        ("wait", "`wait` is no step of a test"),
        ("{hears: a, presses: 1}", "`hears` and `presses` in one step"),
        ("{hears: a, after_s: 1}", "`after_s` beside `hears`"),
        ("{presses: 1, within_s: 1}", "`within_s` beside `presses`"),
        ("{after_s: 1}", "a step without anything"),
        ("{silence: -1}", "unexpected number -1"),
        ("{silence: 90000}", "unexpected number 90000"),
        ("{transferred: {}}", "not exactly one to whom the call goes"),
        ("{asks: FETCH https://x}", "`FETCH https://x` is no question"),
        ("{asks: {http: https://x, customer: 1}}", "not exactly one question"),
        ("{replies: {}}", "not exactly one answer"),
        ("{replies: found}", "`found` is no answer"),
        ("{hears: [{numbr: 5}]}", "nothing can be heard as `numbr`"),
        ("{hears: [{money: 5}]}", "money without `currency`"),
        ("{hears: [{money: 5, currency: \"E R\"}]}", "`E R` cannot be a currency"),
        ("{hears: [{date: \"it's\"}]}", "this cannot be heard as date"),
        ("{hears: [{recorded: false}]}", "this can only be `true`"),
        ("{connected: 5}", "this can only be `true`"),
        ("{variables: {x: [1]}}", "this is no value of a variable"),
        ("{survey: {friendly: 10}}", "unexpected number 10"),
        ("{queue: agent_left}", "`agent_left` is no way out of a queue"),
    ] {
        let found = of_step(step);
        assert!(found.contains(problem), "{step}: {found}");
    }
}

#[test]
fn a_test_says_something_and_has_its_own_name() {
    assert_eq!(of_test("caller: 1"), ["3:5: a test that expects nothing = add `steps: […]` or `ends: …`"]);
    let twice =
        mistakes("flow: main\ntests:\n  - {name: a, ends: connected}\n  - {name: a, ends: connected}\n");
    assert_eq!(twice, ["4:5: two tests are named `a` = give each its own name; the first is in line 3"]);
    assert!(mistakes("flow: main\ntests: []\n")[0].contains("1 to 1000 of them"));
    assert!(
        mistakes("flow: main\ntests:\n  - {name: ' ', ends: connected}\n")[0]
            .contains("cannot be a test's name")
    );
    assert_eq!(mistakes("{}").len(), 2);
}
