//! Every check and every test, one after the other, with one count at the end.
//!
//! All steps run even if one fails, so that one run tells everything. A check counts as one; test runners tell
//! their own numbers, and one that tells none has failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

/// What passed and what did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// How a step tells its count, and on which stream.
#[derive(Clone, Copy, Debug)]
enum Tells {
    /// By its exit code alone.
    Nothing,
    /// `Summary [ 1.2s] 61 tests run: 59 passed (1 slow), 2 failed, 0 skipped`, on standard error.
    Nextest,
    /// `Tests  1 failed | 11 passed (12)`, on standard output.
    Vitest,
    /// `test result: ok. 3 passed; 0 failed; …`, once for each crate, on standard output.
    Doctests,
}

struct Step {
    name: &'static str,
    /// Program and arguments.
    line: &'static str,
    tells: Tells,
}

const fn check(name: &'static str, line: &'static str) -> Step {
    Step { name, line, tells: Tells::Nothing }
}

/// `--all-targets` builds the binary too, with exactly the features that the tests build it with, so nothing is
/// compiled twice: whole-process tests start `debug/hotline`.
const STEPS: &[Step] = &[
    check("formatting", "cargo fmt --all --check"),
    check("rules of the house", "cargo run --quiet --locked --package xtask -- tidy"),
    check("dependencies", "cargo deny --locked check bans licenses sources"),
    check("lints", "cargo clippy --workspace --all-targets --locked -- -D warnings"),
    check("documentation", "cargo doc --workspace --no-deps --locked --document-private-items"),
    check("pages", "npm --prefix web run check"),
    Step { name: "tests of the pages", line: "npm --prefix web test", tells: Tells::Vitest },
    check("speed of the live board", "node web/e2e/speed.mjs"),
    check("build", "cargo build --workspace --all-targets --locked"),
    Step {
        name: "tests",
        line: "cargo nextest run --workspace --locked --no-fail-fast --status-level slow",
        tells: Tells::Nextest,
    },
    check("the interface against its description", "tests/contract/run.sh"),
    Step {
        name: "documentation tests",
        line: "cargo test --workspace --doc --locked",
        tells: Tells::Doctests,
    },
];

/// What a whole run found.
pub(crate) struct Outcome {
    pub(crate) count: Count,
    /// The names of the steps that did not pass.
    pub(crate) broken: Vec<&'static str>,
}

/// Runs every step; `say` is told where it is.
///
/// # Errors
/// If a program cannot be started.
pub(crate) fn run(say: impl Fn(&str)) -> Result<Outcome> {
    let mut outcome = Outcome { count: Count::default(), broken: Vec::new() };
    for step in STEPS {
        say(&format!("── {}: {}", step.name, step.line));
        let started = Instant::now();
        let (good, told) = step.run(&say).with_context(|| format!("starting `{}`", step.line))?;
        let count = judge(step.tells, good, told);
        outcome.count.passed += count.passed;
        outcome.count.failed += count.failed;
        if count.failed > 0 {
            outcome.broken.push(step.name);
        }
        let word = if count.failed > 0 { "FAILED" } else { "passed" };
        say(&format!("── {} {word} in {} s", step.name, started.elapsed().as_secs()));
    }
    Ok(outcome)
}

/// A step's count. A runner that ended badly or silently has failed, whatever it said.
fn judge(tells: Tells, good: bool, told: Option<Count>) -> Count {
    let failure = Count { passed: 0, failed: 1 };
    match (tells, told) {
        (Tells::Nothing, _) if good => Count { passed: 1, failed: 0 },
        (Tells::Nothing, _) | (Tells::Nextest | Tells::Vitest | Tells::Doctests, None) => failure,
        (Tells::Nextest | Tells::Vitest | Tells::Doctests, Some(count)) => {
            let unexplained = !good && count.failed == 0;
            Count { failed: count.failed + u64::from(unexplained), ..count }
        }
    }
}

impl Step {
    /// Whether it ended well, and its count if it told one.
    fn run(&self, say: &impl Fn(&str)) -> Result<(bool, Option<Count>)> {
        let mut words = self.line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).stdin(Stdio::null()).env("RUSTDOCFLAGS", "-D warnings").env("NO_COLOR", "1");
        match self.tells {
            Tells::Nothing => Ok((command.status()?.success(), None)),
            Tells::Nextest => self.listen(command.stderr(Stdio::piped()), say),
            Tells::Vitest | Tells::Doctests => self.listen(command.stdout(Stdio::piped()), say),
        }
    }

    /// Passes the step's lines on and reads the count from them.
    fn listen(&self, command: &mut Command, say: &impl Fn(&str)) -> Result<(bool, Option<Count>)> {
        let mut child = command.spawn()?;
        let stream: Option<Box<dyn std::io::Read>> = match (child.stdout.take(), child.stderr.take()) {
            (Some(out), _) => Some(Box::new(out)),
            (None, Some(err)) => Some(Box::new(err)),
            (None, None) => None,
        };
        let mut told: Option<Count> = None;
        for line in BufReader::new(stream.context("the output is piped")?).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            say(&line);
            if let Some(Count { passed, failed }) = read_count(self.tells, &line) {
                let sum = told.get_or_insert_default();
                sum.passed += passed;
                sum.failed += failed;
            }
        }
        Ok((child.wait()?.success(), told))
    }
}

fn read_count(tells: Tells, line: &str) -> Option<Count> {
    let line = plain(line);
    let line = line.trim();
    let is_count = match tells {
        Tells::Nothing => false,
        Tells::Nextest => line.contains(" run: "),
        Tells::Vitest => line.starts_with("Tests "),
        Tells::Doctests => line.starts_with("test result: "),
    };
    if !is_count {
        return None;
    }
    let failures = ["failed", "timed out", "exec failed"].iter().filter_map(|what| before(line, what)).sum();
    Some(Count { passed: before(line, "passed").unwrap_or_default(), failed: failures })
}

/// The line without colours, which some runners write to pipes too.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, text)| text))
}

/// The number before a word, as in "2 failed". "1 exec failed" is no "failed".
fn before(line: &str, what: &str) -> Option<u64> {
    let (head, _) = line.split_once(&format!(" {what}"))?;
    head.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn count(passed: u64, failed: u64) -> Count {
        Count { passed, failed }
    }

    #[test]
    fn reads_what_the_runners_say() {
        let told = |tells, line| read_count(tells, line).unwrap();
        assert_eq!(
            told(Tells::Nextest, "     Summary [  41.314s] 61 tests run: 61 passed, 0 skipped"),
            count(61, 0)
        );
        let bad = "Summary [ 1s] 61/70 tests run: 57 passed (1 slow), 2 failed, 1 exec failed, 1 timed out";
        assert_eq!(told(Tells::Nextest, bad), count(57, 4));
        assert_eq!(
            told(Tells::Nextest, "Summary [ 1s] 1 test run: 0 passed, 1 failed, 0 skipped"),
            count(0, 1)
        );
        assert_eq!(told(Tells::Vitest, "      Tests  1 failed | 11 passed (12)"), count(11, 1));
        assert_eq!(told(Tells::Vitest, "      Tests  12 passed (12)"), count(12, 0));
        let coloured =
            "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m98 passed\u{1b}[39m\u{1b}[22m (98)";
        assert_eq!(told(Tells::Vitest, coloured), count(98, 0));
        let doc = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(told(Tells::Doctests, doc), count(3, 0));
        assert_eq!(read_count(Tells::Nextest, "PASS [ 0.0s] a::run::b"), None);
    }

    #[test]
    fn silence_and_a_bad_end_are_failures() {
        assert_eq!(judge(Tells::Nothing, true, None), count(1, 0));
        assert_eq!(judge(Tells::Nothing, false, None), count(0, 1));
        assert_eq!(judge(Tells::Nextest, true, None), count(0, 1));
        assert_eq!(judge(Tells::Nextest, false, Some(count(5, 0))), count(5, 1));
        assert_eq!(judge(Tells::Nextest, false, Some(count(5, 2))), count(5, 2));
        assert_eq!(judge(Tells::Vitest, true, Some(count(5, 0))), count(5, 0));
    }
}
