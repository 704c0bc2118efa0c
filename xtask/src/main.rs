//! Repository chores. `cargo run -p xtask -- tidy` checks what no compiler and no lint does.
//!
//! Start reading at `tidy.rs`.

mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let task = std::env::args().nth(1).unwrap_or_default();
    let report = match task.as_str() {
        "tidy" => tidy::run()?,
        other => bail!("no task `{other}`; there is: tidy"),
    };
    for problem in &report.problems {
        say(&problem.to_string());
    }
    say(&format!("tidy: {}, {} problems", report.summary, report.problems.len()));
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stderr, reason = "a chore speaks to the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}
