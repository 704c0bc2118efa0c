//! Runs every target for a while, those that strangers reach first for half a minute. `HOTLINE_FUZZ_SEED` makes it another while; `make fuzz` is the long one.

use std::time::{Duration, Instant};

use hotline_fuzz::{Failure, TARGETS, Target, corpus, run};

fn seed() -> u64 {
    std::env::var("HOTLINE_FUZZ_SEED").map_or(1, |value| value.parse().expect("the seed is a number"))
}

/// What takes the bytes of strangers before anything else does.
const EXPOSED: [&str; 5] = ["sip_message", "sip_stream", "sip_endpoint", "sip_uri", "sip_digest"];
/// How long those are attacked.
const EXPOSED_FOR: Duration = Duration::from_secs(30);

fn attack(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let seeds = corpus(target).expect("the corpus is beside the tests");
    let least = if EXPOSED.contains(&name) { EXPOSED_FOR } else { Duration::ZERO };
    let begun = Instant::now();
    for round in 0.. {
        // A failure names its seed and input.
        if let Err(failure) = run(target, &seeds, seed() + round, target.inputs) {
            panic!("{failure}");
        }
        if begun.elapsed() >= least {
            return;
        }
    }
}

/// One test for each target, so that they run side by side and a failure has a name.
macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            attack(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), tested);
        }
    };
}

targets! {
    sip_message
    sip_stream
    sip_endpoint
    sip_trace
    rtp
    rtcp
    srtp
    browser
    media_engine
    sip_uri
    sip_digest
    sdp
    yaml
    ivr_flow
    scenario
    hours
    spoken
    flow_test
}

/// The coverage-guided fuzzer drives the same bodies.
#[test]
fn every_target_has_its_program_for_cargo_fuzz() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cargo-fuzz/fuzz_targets");
    for target in TARGETS {
        let program = std::fs::read_to_string(folder.join(format!("{}.rs", target.name))).unwrap();
        assert!(program.contains(&format!("body::{}", target.name)), "{}", target.name);
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), TARGETS.len());
}

/// The mutator finds a bug that takes two changes, says which input it was, and finds it again from the seed.
#[test]
fn a_planted_bug_is_found_and_repeats() {
    let target = Target {
        name: "planted",
        body: |input| assert!(!input.windows(4).any(|window| window == b"<>;;"), "planted"),
        corpora: &[],
        dictionary: &["<>", ";"],
        inputs: 1_000_000,
    };
    let seeds = [b"a plain seed".to_vec()];
    let failure: Failure = run(&target, &seeds, 1, target.inputs).unwrap_err();
    assert!(failure.to_string().contains("<>;;"), "{failure}");
    assert_eq!(run(&target, &seeds, 1, target.inputs), Err(failure));
}
