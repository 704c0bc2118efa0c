//! Every kind of step and every exit can be reached by a test.

use crate::suite::{coverage, flows, run_all, tests};

#[test]
fn every_kind_of_step_and_every_exit_can_be_tested() {
    let flows = flows(&[
        ("every.yaml", include_str!("../flows/every.yaml")),
        ("inner.yaml", include_str!("../flows/inner.yaml")),
    ]);
    let outcomes = run_all(&flows, &tests("every.test.yaml", include_str!("../flows/every.test.yaml")));
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.failure.as_ref()?.to_string())).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let coverage = coverage(&flows, &outcomes);
    let missed: Vec<String> = coverage
        .flows()
        .flat_map(|(name, flow)| flow.unreached().into_iter().map(move |missed| format!("{name}: {missed}")))
        .collect();
    // No call can take these: what is computed there always works, or never does.
    let never = [
        "every: step `count`: exit `failed`",
        "every: step `known`: exit `failed`",
        "every: step `overflow`: exit `done`",
    ];
    assert_eq!(missed, never);
}

#[test]
fn fields_that_the_center_has_added_are_read_and_taken() {
    let flows = flows(&[("fields.yaml", include_str!("../flows/fields.yaml"))]);
    let outcomes = run_all(&flows, &tests("fields.test.yaml", include_str!("../flows/fields.test.yaml")));
    let failures: Vec<String> =
        outcomes.iter().filter_map(|outcome| Some(outcome.failure.as_ref()?.to_string())).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let coverage = coverage(&flows, &outcomes);
    assert!(coverage.flows().all(|(_, flow)| flow.unreached().is_empty()));
}
