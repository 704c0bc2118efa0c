//! The tests beside the shipped flows: all pass, and together they reach every step and take every exit.

use std::path::PathBuf;

use crate::suite::{coverage, flows, run_all, tests};

fn read(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(file);
    std::fs::read_to_string(path).expect("the file is there")
}

#[test]
fn the_shipped_flows_pass_their_tests_which_take_every_exit() {
    let names = ["main", "support"];
    let texts = names.map(|name| (format!("ivr-flows/{name}.yaml"), read(&format!("ivr-flows/{name}.yaml"))));
    let texts: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let flows = flows(&texts);
    let mut outcomes = Vec::new();
    for name in names {
        let file = format!("ivr-flows/{name}.test.yaml");
        outcomes.extend(run_all(&flows, &tests(&file, &read(&file))));
    }
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.failure.as_ref()?.to_string())).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let coverage = coverage(&flows, &outcomes);
    for (name, flow) in coverage.flows() {
        assert_eq!(flow.unreached(), [], "{name}");
    }
    assert_eq!(coverage.percent(), 100);
}
