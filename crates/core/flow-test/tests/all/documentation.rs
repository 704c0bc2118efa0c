//! The example of `docs/flow-tests.md` is as good as it looks.

use crate::suite::{coverage, flows, run_all, tests};

/// The blocks of YAML that are whole files.
fn examples(page: &str) -> Vec<&str> {
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.filter(|block| block.starts_with("flow: ")).collect()
}

#[test]
fn the_example_passes() {
    let examples = examples(include_str!("../../../../../docs/flow-tests.md"));
    let [flow, test] = examples[..] else { panic!("{} examples", examples.len()) };
    let flows = flows(&[("orders.yaml", flow)]);
    let outcomes = run_all(&flows, &tests("orders.test.yaml", test));
    for outcome in &outcomes {
        assert!(outcome.failure.is_none(), "{}", outcome.failure.as_ref().unwrap());
    }
    assert!(coverage(&flows, &outcomes).percent() >= 75);
}
