//! Repository chores. `cargo run -p xtask -- tidy` checks what no compiler and no lint does; `-- test` checks
//! and tests everything.
//!
//! Start reading at `tidy.rs` and `test.rs`.

mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// True if nothing is wrong.
fn run() -> Result<bool> {
    let task = std::env::args().nth(1).unwrap_or_default();
    match task.as_str() {
        "tidy" => {
            let report = tidy::run()?;
            report.problems.iter().for_each(|problem| say(&problem.to_string()));
            say(&format!("tidy: {}, {} problems", report.summary, report.problems.len()));
            Ok(report.problems.is_empty())
        }
        "test" => {
            let test::Outcome { count, broken } = test::run(say)?;
            broken.iter().for_each(|step| say(&format!("FAILED: {step}")));
            say(&format!("{} passed, {} failed", count.passed, count.failed));
            Ok(count.failed == 0)
        }
        other => bail!("no task `{other}`; there are: tidy, test"),
    }
}

#[expect(clippy::print_stdout, reason = "a chore speaks to the terminal")]
fn say(line: &str) {
    println!("{line}");
}
