//! Fuzzes for as long as one likes: `hotline-fuzz SECONDS [TARGET…]`. Each target gets that long; without names,
//! all of them do. The seed is the time of day unless `HOTLINE_FUZZ_SEED` gives one.

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use hotline_fuzz::{Failure, TARGETS, Target, corpus, run};

/// Inputs between two looks at the clock, each from a seed of its own.
const ROUND: u64 = 1000;

fn main() -> ExitCode {
    match fuzz() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            say(&format!("hotline-fuzz: {problem}"));
            ExitCode::FAILURE
        }
    }
}

/// How many targets panicked.
fn fuzz() -> Result<usize, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().ok_or("give the seconds for each target")?.parse()?;
    let names: Vec<String> = arguments.collect();
    let named = |name: &String| {
        let found = TARGETS.iter().find(|target| target.name == name);
        found.ok_or_else(|| format!("there is no target `{name}`"))
    };
    let targets: Vec<&Target> = match names.as_slice() {
        [] => TARGETS.iter().collect(),
        names => names.iter().map(named).collect::<Result<_, _>>()?,
    };
    let seed = match std::env::var("HOTLINE_FUZZ_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs(),
    };
    let mut failures = 0;
    for target in targets {
        let seeds = corpus(target)?;
        let (inputs, failure) = attack(target, &seeds, seed, Duration::from_secs(seconds));
        say(&format!("{}: {inputs} inputs from seed {seed} on", target.name));
        if let Some(failure) = failure {
            say(&format!("FOUND: {failure}"));
            failures += 1;
        }
    }
    Ok(failures)
}

/// Rounds from one seed after the other until the time is over.
fn attack(target: &Target, seeds: &[Vec<u8>], seed: u64, time: Duration) -> (u64, Option<Failure>) {
    let end = Instant::now() + time;
    let mut inputs = 0;
    for round in 0.. {
        if Instant::now() >= end {
            break;
        }
        if let Err(failure) = run(target, seeds, seed.wrapping_add(round), ROUND) {
            return (inputs + failure.iteration, Some(failure));
        }
        inputs += ROUND;
    }
    (inputs, None)
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
