//! How long a caller may need to reach a person, and how a flow is drawn.

use core::time::Duration;

use hotline_ivr::{Flow, Flows, Way, graph, longest_way, parse};

fn flow(name: &str, top: &str, steps: &str) -> Flow {
    let steps: String = steps.trim().lines().map(|line| format!("  {}\n", line.trim())).collect();
    let text = format!("flow: {name}\nlanguages: [en, zh]\n{top}\nstart: first\nsteps:\n{steps}");
    parse(&format!("{name}.yaml"), &text).unwrap_or_else(|all| panic!("{}", all[0]))
}

/// Prompt `a` lasts 1 s, `b` 2 s in English and 3 s in Chinese; others are not known.
fn way(flows: impl IntoIterator<Item = Flow>, name: &str) -> Option<Way> {
    let flows: Flows = flows.into_iter().collect();
    longest_way(&flows, &name.into(), &|language, prompt| match (prompt.as_str(), language.as_str()) {
        ("a", _) => Some(Duration::from_secs(1)),
        ("b", "en") => Some(Duration::from_secs(2)),
        ("b", _) => Some(Duration::from_secs(3)),
        _ => None,
    })
}

/// Seconds, and the steps with what each takes.
fn told(way: &Way) -> (f64, String) {
    let steps: Vec<String> = way
        .steps
        .iter()
        .map(|step| format!("{}.{} {}", step.flow, step.step, step.duration.as_secs_f64()))
        .collect();
    (way.duration.as_secs_f64(), steps.join(", "))
}

const EXITS: &str = "exits: {full: end, timeout: end, no_agents: end}";

#[test]
fn a_caller_may_let_every_limit_run_out() {
    let steps = format!(
        "first: {{answer: {{then: hello}}}}
         hello: {{say: {{prompts: [a, b, unknown], then: menu}}}}
         menu: {{menu: {{prompts: [a], timeout_s: 5, choices: {{1: sales, 2: menu}}, no_input: {{retries: [[b], [b]], then: end}}, invalid: {{retries: [[a]], then: end}}}}}}
         sales: {{queue: {{name: sales, {EXITS}}}}}
         end: {{hangup: {{cause: normal}}}}"
    );
    let way = way([flow("main", "", &steps)], "main").unwrap();
    // Four seconds of greeting; the question, two silences and one wrong key with 5 s each.
    assert_eq!(
        told(&way),
        (4.0 + 6.0 + 8.0 + 8.0 + 6.0, "main.first 0, main.hello 4, main.menu 28, main.sales 0".to_owned())
    );
    assert_eq!(way.unknown_lengths, 1);
    assert_eq!(way.steps[2].exit, "choice 1");
}

#[test]
fn the_longer_of_two_ways_counts_and_loops_count_once() {
    let steps = format!(
        "first: {{hours: {{schedule: s, exits: {{open: sales, closed: ask, holiday: end}}}}}}
         ask: {{lookup: {{customer: call.caller, timeout_s: 4, exits: {{found: say, not_found: sales, failed: say}}}}}}
         say: {{say: {{prompts: [a], then: again}}}}
         again: {{menu: {{prompts: [a], choices: {{1: ask, 2: desk}}, no_input: {{then: end}}, invalid: {{then: end}}}}}}
         desk: {{transfer: {{extension: \"1\", exits: {{busy: end, no_answer: say, unavailable: end}}}}}}
         sales: {{queue: {{name: sales, {EXITS}}}}}
         end: {{hangup: {{cause: normal}}}}"
    );
    let way = way([flow("main", "", &steps)], "main").unwrap();
    assert_eq!(
        told(&way),
        (11.0, "main.first 0, main.ask 4, main.say 1, main.again 6, main.desk 0".to_owned())
    );
}

#[test]
fn flows_that_are_called_count_with_their_longest_way() {
    let main = flow(
        "main",
        "",
        &format!(
            "first: {{call: {{flow: pin, then: sales}}}}
             sales: {{queue: {{name: sales, {EXITS}}}}}
             end: {{hangup: {{cause: normal}}}}"
        ),
    );
    let pin = flow(
        "pin",
        "variables: {pin: text}",
        "first: {collect: {prompts: [a], into: pin, min_digits: 4, max_digits: 4, next_digit_s: 2, no_input: {then: back}, invalid: {retries: [[a]], then: back}, then: back}}
         back: {return: {}}",
    );
    // Twice the prompt, 5 s for the first digit and 2 s for each of three more.
    let (seconds, steps) = told(&way([main.clone(), pin], "main").unwrap());
    assert_eq!((seconds, steps.as_str()), (24.0, "main.first 24, main.sales 0"));
    let desk = flow(
        "pin",
        "",
        "first: {say: {prompts: [b], then: desk}}
         desk: {transfer: {extension: \"1\", exits: {busy: end, no_answer: end, unavailable: end}}}
         end: {hangup: {cause: normal}}",
    );
    let (seconds, steps) = told(&way([main, desk], "main").unwrap());
    assert_eq!((seconds, steps.as_str()), (3.0, "main.first 0, pin.first 3, pin.desk 0"));
}

#[test]
fn no_way_is_told_where_nobody_is_reached() {
    let only_said =
        flow("main", "", "first: {say: {prompts: [a], then: end}}\nend: {hangup: {cause: normal}}");
    assert_eq!(way([only_said.clone()], "main"), None);
    assert_eq!(way([only_said], "other"), None);
    let around = flow("main", "", "first: {transfer: {flow: main}}");
    assert_eq!(way([around], "main"), None);
}

#[test]
fn a_flow_is_drawn_with_places_in_its_file() {
    let drawn = graph(&flow(
        "main",
        "",
        "first: {menu: {prompts: [a, {number: 3}], choices: {1: sales}, no_input: {then: gone}, invalid: {then: end}}}
         sales: {condition: {if: call.seconds > 3, then: end, else: end}}
         end: {hangup: {cause: busy}}",
    ));
    let nodes: Vec<String> = drawn
        .nodes
        .iter()
        .map(|node| format!("{}:{} {} {}: {}", node.line, node.column, node.step, node.kind, node.title))
        .collect();
    assert_eq!(
        nodes,
        ["6:3 first menu: a, (value)", "7:3 sales condition: call.seconds > 3", "8:3 end hangup: busy",]
    );
    let edges: Vec<String> = drawn
        .edges
        .iter()
        .map(|edge| format!("{}:{} {} {} {}", edge.line, edge.column, edge.from, edge.exit, edge.to))
        .collect();
    assert_eq!(
        edges,
        [
            "6:58 first choice 1 sales",
            "6:83 first no_input gone",
            "6:106 first invalid end",
            "7:51 sales case 1 end",
            "7:62 sales else end",
        ]
    );
    assert_eq!(drawn.start.as_str(), "first");
}
