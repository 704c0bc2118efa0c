//! Runs every target for some seconds. `HOTLINE_FUZZ_SEED` makes it another while; `make fuzz` is the long one.

use hotline_fuzz::{Failure, TARGETS, Target, corpus, run};

fn seed() -> u64 {
    std::env::var("HOTLINE_FUZZ_SEED").map_or(1, |value| value.parse().expect("the seed is a number"))
}

fn attack(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let seeds = corpus(target).expect("the corpus is beside the tests");
    if let Err(failure) = run(target, &seeds, seed(), target.inputs) {
        panic!("{failure}");
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
    media_engine
    sip_uri
    sip_digest
    sdp
    yaml
    ivr_flow
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
