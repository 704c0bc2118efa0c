//! Runs one scenario with many seeds, and one seed again when it fails.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many seeds there are to be, whatever the scenario wants: `make seeds`.
const MORE: &str = "HOTLINE_SEEDS";
/// Names the seed to run alone, with every message printed.
const REPLAY: &str = "HOTLINE_SIM_SEED";

/// Runs `scenario` with the seeds from 0 up to `count`. The first that fails is run again with every message
/// printed, and named; `HOTLINE_SIM_SEED=<n>` runs only that one, `HOTLINE_SEEDS=<n>` so many. The scenario gets the seed and whether to print.
///
/// # Panics
/// With what the scenario panicked with.
pub fn for_each_seed(count: u64, mut scenario: impl FnMut(u64, bool)) {
    if let Some(seed) = std::env::var(REPLAY).ok().and_then(|seed| seed.parse().ok()) {
        scenario(seed, true);
        return;
    }
    let more = std::env::var(MORE).ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..more.unwrap_or(count) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| scenario(seed, false))) {
            eprintln!("seed {seed} failed; replay with {REPLAY}={seed}. Again, with every message:");
            if catch_unwind(AssertUnwindSafe(|| scenario(seed, true))).is_ok() {
                eprintln!("the second run passed: something does not follow from the seed");
            }
            resume_unwind(panic);
        }
    }
}
