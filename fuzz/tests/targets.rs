//! Runs every target for a while. `HOTLINE_FUZZ_SEED` and `HOTLINE_FUZZ_ITERATIONS` make it another or a longer
//! while.

use hotline_fuzz::{Failure, TARGETS, Target, corpus, run};

/// Enough to find shallow damage in seconds.
const ITERATIONS: u64 = 20_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn no_target_panics() {
    let seed = setting("HOTLINE_FUZZ_SEED", 1);
    let iterations = setting("HOTLINE_FUZZ_ITERATIONS", ITERATIONS);
    for target in TARGETS {
        println!("{}: seed {seed}, {iterations} iterations", target.name);
        let seeds = corpus(target).unwrap();
        if let Err(failure) = run(target, &seeds, seed, iterations) {
            panic!("{failure}");
        }
    }
}

/// The mutator finds a bug that takes two changes, says which input it was, and finds it again from the seed.
#[test]
fn a_planted_bug_is_found_and_repeats() {
    let target = Target {
        name: "planted",
        body: |input| assert!(!input.windows(4).any(|window| window == b"<>;;"), "planted"),
        corpora: &[],
        dictionary: &["<>", ";"],
    };
    let seeds = [b"a plain seed".to_vec()];
    let failure: Failure = run(&target, &seeds, 1, 1_000_000).unwrap_err();
    assert!(failure.to_string().contains("<>;;"), "{failure}");
    assert_eq!(run(&target, &seeds, 1, 1_000_000), Err(failure));
}
