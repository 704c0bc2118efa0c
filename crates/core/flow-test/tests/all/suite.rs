//! Flows and tests as texts, run.

use std::sync::Arc;

use hotline_flow_test::{Coverage, Failure, NoCenter, Outcome, TestFile, parse, run};
use hotline_ivr::Flows;

pub(crate) fn flows(texts: &[(&str, &str)]) -> Arc<Flows> {
    let flows = texts.iter().map(|(file, text)| {
        hotline_ivr::parse(file, text).unwrap_or_else(|all| {
            panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })
    });
    Arc::new(flows.collect())
}

pub(crate) fn tests(file: &str, text: &str) -> TestFile {
    parse(file, text).unwrap_or_else(|all| {
        panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

pub(crate) fn run_all(flows: &Arc<Flows>, file: &TestFile) -> Vec<Outcome> {
    file.tests().iter().map(|test| run(flows, file, test, &NoCenter)).collect()
}

/// A flow with these steps, which begins at `first`.
pub(crate) fn flow(steps: &str) -> Arc<Flows> {
    let steps: String = steps.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!(
        "flow: test\nlanguages: [en, zh]\nstart: first\nvariables: {{x: text, count: integer, balance: decimal, \
         secret: {{type: text, sensitive: true}}}}\nsteps:\n{steps}"
    );
    flows(&[("test.yaml", &text)])
}

/// One test of that flow, from its lines below the name.
pub(crate) fn one(flows: &Arc<Flows>, lines: &str) -> Outcome {
    let lines: String = lines.trim_end().lines().map(|line| format!("    {line}\n")).collect();
    let file = tests("test.test.yaml", &format!("flow: test\ntests:\n  - name: it\n{lines}"));
    run(flows, &file, &file.tests()[0], &NoCenter)
}

pub(crate) fn passes(flows: &Arc<Flows>, lines: &str) -> Outcome {
    let outcome = one(flows, lines);
    if let Some(failure) = &outcome.failure {
        panic!("{failure}");
    }
    outcome
}

pub(crate) fn fails(flows: &Arc<Flows>, lines: &str) -> Failure {
    one(flows, lines).failure.unwrap_or_else(|| panic!("passed:\n{lines}"))
}

pub(crate) fn coverage(flows: &Flows, outcomes: &[Outcome]) -> Coverage {
    let mut coverage = Coverage::new(flows);
    outcomes.iter().for_each(|outcome| coverage.add(outcome));
    coverage
}
