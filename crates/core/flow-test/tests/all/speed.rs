//! Tests of flows are fast enough to be run at each saving of a file.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this measures the machine, not a call"
)]

use std::time::{Duration, Instant};

use hotline_flow_test::{NoCenter, run};

use crate::suite::{flows, tests};

/// A thousand a second are required of a build for production; this one is slower and the machine may be busy.
#[test]
fn a_thousand_tests_take_seconds_at_most() {
    let flows = flows(&[("main.yaml", include_str!("../../../../../ivr-flows/main.yaml"))]);
    let file = tests("main.test.yaml", include_str!("../../../../../ivr-flows/main.test.yaml"));
    let (began, mut count, mut calls) = (Instant::now(), 0, Duration::ZERO);
    while count < 1000 {
        for test in file.tests() {
            let outcome = run(&flows, &file, test, &NoCenter);
            assert!(outcome.failure.is_none());
            calls += outcome.duration;
            count += 1;
        }
    }
    let took = began.elapsed();
    println!("{count} tests, {} s of calls, {took:?}", calls.as_secs());
    assert!(took < Duration::from_secs(5), "{took:?}");
}
