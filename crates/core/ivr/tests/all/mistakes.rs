//! What an author is told about a flow that is wrong: all of it, where, and what would be right.

use std::fmt::Write as _;

use crate::caller::{Known, flow};
use hotline_ivr::{Diagnostic, MAX_BYTES, parse};

fn mistakes(text: &str) -> Vec<Diagnostic> {
    parse("ivr-flows/test.yaml", text).expect_err("a mistake")
}

/// `line:column: problem = remedy` of each.
fn told(text: &str) -> Vec<String> {
    let found = mistakes(text);
    found.iter().map(|one| format!("{}:{}: {} = {}", one.line, one.column, one.problem, one.remedy)).collect()
}

#[test]
fn all_mistakes_are_told_at_once_in_the_files_order() {
    let text = r#"flow: test
languages: [en]
start: first
steps:
  first:
    say: {promts: [a], then: second}
  second:
    menu:
      prompts: []
      timeout_s: soon
      choices: {12: first, 1: first, 1: second}
      no_input: {then: first}
  third:
    queu: {name: sales}
  fourth:
    queue: {name: 0123x y, exits: {full: first, timeout: first}}
  fifth: {hangup: {cause: norml}}
"#;
    assert_eq!(
        told(text),
        [
            "6:10: say without `prompts` = add `prompts: …`",
            "6:11: unknown key `promts` in say = did you mean `prompts`?",
            "9:7: menu without `invalid` = add `invalid: …`",
            "9:16: 0 prompts = 1 to 16 of them",
            "10:18: unexpected text `soon` = expected seconds from 1 to 120",
            "11:17: `12` is no key of a telephone = 0 to 9, \"*\", \"#\" or A to D",
            "11:38: `1` is there twice = keep one; the first is in line 11",
            "14:5: unknown kind of step `queu` = did you mean `queue`?",
            "16:19: `0123x y` cannot be a queue's name = 1 to 64 letters, digits, `_` or `-`",
            "16:35: exits without `no_agents` = add `no_agents: …`",
            "17:27: unknown cause `norml` = did you mean `normal`?",
        ]
    );
}

#[test]
fn a_diagnostic_shows_the_lines_and_underlines_the_word() {
    let text = "flow: test\nlanguages: [en]\nstart: first\nsteps:\n  first: {hangup: {cause: 17}}\n";
    assert_eq!(
        mistakes(text)[0].to_string(),
        "ivr-flows/test.yaml:5:27: unexpected number 17\n    4 | steps:\n    5 |   first: {hangup: {cause: 17}}\n      |                           ^^\n      = expected a cause, in quotes if it is a number or a special character"
    );
}

#[test]
fn the_flow_is_named_like_its_file() {
    let text = "flow: other\nlanguages: [en]\nstart: a\nsteps:\n  a: {hangup: {cause: normal}}\n";
    assert_eq!(
        told(text),
        ["1:7: the flow is named `other` but its file `test` = write `flow: test` or rename the file"]
    );
    assert!(parse("deep/folder/other.yml", text).is_ok());
}

#[test]
fn wrong_shapes_are_told_apart() {
    let cases = [
        ("", "1:1"),
        ("just text", "1:1"),
        ("[a, list]", "1:1"),
        ("flow: test\nlanguages: en\nstart: a\nsteps: {a: {hangup: {cause: normal}}}", "2:12"),
        ("flow: test\nlanguages: [en, en]\nstart: a\nsteps: {a: {hangup: {cause: normal}}}", "2:17"),
        ("flow: test\nlanguages: [en]\nstart: a\nsteps: {}", "4:8"),
        ("flow: test\nlanguages: [en]\nstart: a\nsteps: {a: hangup}", "4:9"),
        ("flow: test\nlanguages: [en]\nstart: a\nsteps: {a: {answer: {then: b}, say: {}}}", "4:9"),
        ("flow: test\nlanguages: [en]\nstart: 7\nsteps: {a: {hangup: {cause: normal}}}", "3:8"),
        (
            "flow: test\nlanguages: [en]\nstart: a\nsteps: {a: {transfer: {extension: 1001, exits: {busy: a, no_answer: a, unavailable: a}}}}",
            "4:35",
        ),
    ];
    for (text, place) in cases {
        let first = told(text).into_iter().next().unwrap();
        assert!(first.starts_with(&format!("{place}: ")), "{text}\n{first}");
    }
}

#[test]
fn a_number_may_not_need_more_digits_than_it_may_have() {
    let text = "flow: test\nlanguages: [en]\nstart: a\nsteps:\n  a:\n    collect:\n      prompts: [p]\n      into: n\n      min_digits: 5\n      max_digits: 4\n      no_input: {then: b}\n      invalid: {then: b}\n      then: b\n  b: {hangup: {cause: normal}}\nvariables: {n: text}\n";
    assert_eq!(told(text), ["10:19: at most 4 digits but at least 5 = 5 or more"]);
}

#[test]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the test is about real time")]
fn attacks_are_refused_quickly() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let before = level - 1;
        writeln!(bomb, "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]").unwrap();
    }
    let many_keys: String = (0..15_000).map(|number| format!("key{number}: {number}\n")).collect();
    let many_steps: String =
        (0..4000).map(|number| format!("  s{number}: {{goto: s{}}}\n", number + 1)).collect();
    let attacks = [
        bomb,
        "x".repeat(10 * 1024 * 1024),
        "[".repeat(MAX_BYTES),
        "{a: ".repeat(MAX_BYTES / 4),
        "- ".repeat(MAX_BYTES / 2),
        "a:\n\tb: 1\n".to_owned(),
        "? ? ? ?".to_owned(),
        "!!binary x".to_owned(),
        "a: .nan\n".to_owned(),
        "&a [*a]".to_owned(),
        "\u{0}\u{1}".to_owned(),
        "%YAML 9.9\n---\nx".to_owned(),
        many_keys,
        format!("flow: test\nlanguages: [en]\nstart: s0\nsteps:\n{many_steps}"),
        "flow: &f test\nlanguages: [*f]\n".to_owned(),
    ];
    for attack in attacks {
        let begun = std::time::Instant::now();
        let found = mistakes(&attack);
        let shown: String = attack.chars().take(40).collect();
        assert!((1..=100).contains(&found.len()), "{shown}: {}", found.len());
        assert!(begun.elapsed().as_secs() < 5, "{shown}: {:?}", begun.elapsed());
        let longest = found.iter().map(|one| one.to_string().len()).max().unwrap();
        assert!(longest < 2000, "{shown}: a diagnostic of {longest} bytes");
    }
}

#[test]
fn names_that_do_not_exist_are_told_with_the_nearest() {
    let flow = flow(
        r#"
first: {answer: {then: menu}}
menu:
  menu:
    prompts: [a, d]
    choices: {1: sales, 2: french, 3: desk}
    no_input: {retries: [[y]], then: en}
    invalid: {then: menu}
sales: {queue: {name: sale, exits: {full: end, timeout: end, no_agents: end}}}
french: {language: {to: fr, then: menu}}
desk: {transfer: {extension: "1002", exits: {busy: end, no_answer: end, unavailable: end}}}
end: {hangup: {cause: normal}}
"#,
    );
    assert_eq!(
        Known::small().problems(&flow),
        [
            "9:20: no prompt `d` in language `en`",
            "9:20: no prompt `d` in language `zh`",
            "11:29: no prompt `y` in language `en`",
            "11:29: no prompt `y` in language `zh`",
            "11:40: unknown step `en`",
            "13:25: unknown queue `sale`",
            "14:27: the flow does not speak `fr`",
            "15:32: unknown extension `1002`",
        ]
    );
}

#[test]
fn steps_that_nobody_reaches_hears_or_leaves_are_told() {
    let problems = |steps: &str| Known::small().problems(&flow(steps));
    let end = "end: {hangup: {cause: normal}}";
    assert_eq!(
        problems(&format!("first: {{goto: end}}\nlost: {{goto: end}}\n{end}")),
        ["6:3: no path leads to step `lost`"]
    );
    assert_eq!(
        problems(&format!("first: {{say: {{prompts: [a], then: end}}}}\n{end}")),
        [""; 0],
        "what is said before the answer is early media"
    );
    assert_eq!(
        problems("first: {goto: second}\nsecond: {goto: first}"),
        ["5:3: steps run in a circle without the caller: `first`, `second`"]
    );
    let silent = "first: {answer: {then: m}}\nm: {menu: {prompts: [a], choices: {1: end}, no_input: {then: m}, invalid: {then: end}}}";
    assert_eq!(
        problems(&format!("{silent}\n{end}")),
        ["6:3: steps run in a circle without the caller: `m`"],
        "nobody presses a key at an empty phone"
    );
    let busy =
        "first: {answer: {then: q}}\nq: {queue: {name: sales, exits: {full: q, timeout: q, no_agents: end}}}";
    assert_eq!(
        problems(&format!("{busy}\n{end}")),
        ["6:3: steps run in a circle without the caller: `q`"],
        "a full queue gives the call back at once"
    );
    let endless = "first: {answer: {then: m}}\nm: {menu: {prompts: [a], choices: {1: n}, no_input: {then: end}, invalid: {then: n}}}\nn: {collect: {prompts: [a], into: x, min_digits: 1, max_digits: 1, no_input: {then: o}, invalid: {then: n}, then: n}}\no: {goto: n}";
    assert_eq!(
        problems(&format!("{endless}\n{end}")),
        ["7:3: steps run in a circle without the caller: `n`, `o`"]
    );
}

#[test]
fn a_path_that_does_not_end_is_told() {
    let steps = "first: {answer: {then: m}}\nm: {menu: {prompts: [a], choices: {1: m}, no_input: {then: m2}, invalid: {then: m}}}\nm2: {menu: {prompts: [b], choices: {1: m}, no_input: {then: w}, invalid: {then: m}}}\nw: {collect: {prompts: [a], into: x, min_digits: 1, max_digits: 1, no_input: {then: nowhere}, invalid: {then: m}, then: m}}";
    assert_eq!(
        Known::small().problems(&flow(steps)),
        ["6:3: a path that does not end: `m`, `m2`, `w`", "8:87: unknown step `nowhere`"]
    );
}

#[test]
fn a_language_without_prompts_or_announcements_is_told() {
    let steps = "first: {answer: {then: q}}\nq: {queue: {name: sales, exits: {full: end, timeout: end, no_agents: end}}}\nend: {hangup: {cause: normal}}";
    let english = [("en".into(), [].into())];
    let found = Known::new(english.into()).problems(&flow(steps));
    assert_eq!(
        found,
        [
            "2:17: no prompts in language `zh`",
            "6:3: queues say to callers and agents `agent_comes`, missing in `en`"
        ]
    );
}
