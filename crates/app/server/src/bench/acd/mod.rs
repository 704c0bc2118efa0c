//! `hotline bench acd`: how long the routing takes to decide, in a center of the greatest size that is promised.

mod center;

use std::time::Duration;

use anyhow::{Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use super::process::machine;
use super::rounded;
use super::tally::Times;
use crate::{banner, cli};
use center::{Center, Size};

/// What half of all decisions and what all but one in a thousand may take, in microseconds.
const REQUIRED_P50_US: f64 = 50.0;
const REQUIRED_P999_US: f64 = 1000.0;

/// Measures, says what was found, and fails if that was asked for.
pub(crate) fn acd(options: &cli::BenchAcd) -> Result<()> {
    let size =
        Size { agents: options.agents, queues: options.queues, callers: options.callers, rate: options.rate };
    super::tell("filling the queues");
    let mut center = Center::new(size, processor_time);
    let (free, waiting) = center.counts();
    super::tell("measuring");
    let times = center.run(options.turns);
    let rows = [
        ("decisions: at least one offer was made", &times.decisions),
        ("callers who joined and found nobody", &times.passes),
        ("ringing, answers, time", &times.others),
    ];
    let quantile_us = |times: &Times, part| times.quantile_ms(part) * 1000.0;
    let decisions = &times.decisions;
    let is_met =
        quantile_us(decisions, 0.5) < REQUIRED_P50_US && quantile_us(decisions, 0.999) < REQUIRED_P999_US;
    let quantiles = |times: &Times| [0.5, 0.99, 0.999, 1.0].map(|part| quantile_us(times, part));
    if options.json {
        let row = |(what, times): (&str, &Times)| -> Value {
            let [p50, p99, p999, max] = quantiles(times).map(rounded);
            json!({"what": what, "count": times.len(), "p50_us": p50, "p99_us": p99, "p999_us": p999, "max_us": max})
        };
        let required = json!({"p50_us": REQUIRED_P50_US, "p999_us": REQUIRED_P999_US});
        let report = json!({
            "machine": machine(), "optimised": !cfg!(debug_assertions), "agents": size.agents, "queues": size.queues,
            "waiting": waiting, "rate": size.rate, "times": rows.map(row), "required": required, "required_met": is_met,
        });
        banner::print(&format!("{report:#}"));
    } else {
        banner::print(&format!(
            "{} agents signed in ({free} of them free), {} queues, {waiting} callers waiting, {} offers a second of the \
             center's time.\nProcessor time of one input, in microseconds, on {}.",
            size.agents,
            size.queues,
            size.rate,
            machine()
        ));
        if cfg!(debug_assertions) {
            banner::print(
                "This program is built without optimisation: the figures say nothing about a release.",
            );
        }
        banner::print("\n  inputs       p50       p99     p99.9       max");
        for (what, times) in rows {
            let [p50, p99, p999, max] = quantiles(times);
            banner::print(&format!(
                "{:>8}  {p50:>8.1}  {p99:>8.1}  {p999:>8.1}  {max:>8.1}  {what}",
                times.len()
            ));
        }
        let met = if is_met { "met" } else { "not met" };
        banner::print(&format!(
            "required  {REQUIRED_P50_US:>8.1}            {REQUIRED_P999_US:>8.1}            of a decision: {met}"
        ));
    }
    if options.require && !is_met {
        bail!("the required figures are not met");
    }
    Ok(())
}

/// What this thread has taken of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_center_is_busy_and_every_input_is_timed() {
        let size = Size { agents: 60, queues: 12, callers: 200, rate: 100 };
        let mut center = Center::new(size, processor_time);
        let (_, waiting) = center.counts();
        assert!(waiting > 100, "{waiting} wait");
        let times = center.run(50);
        assert!(times.decisions.len() >= 40, "{} decisions", times.decisions.len());
        assert!(times.passes.len() >= 40 && times.others.len() >= 80);
    }
}
