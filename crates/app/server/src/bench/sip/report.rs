//! The result, as a table for people and as JSON.

use serde_json::{Value, json};

use crate::banner;
use crate::bench::crowd::Losses;
use crate::bench::load::Plan;
use crate::bench::process::{Used, machine};
use crate::bench::rounded;
use crate::bench::stage::Stage;
use crate::bench::tally::{Tally, Times};
use crate::cli::BenchSip;

/// What a server is to bear at a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// Calls a second without a failure.
    pub(super) rate: u32,
    /// Processor time of the server for each call, in milliseconds.
    cpu_ms: f64,
    /// From the INVITE that comes in to the one that goes out to the agent, in milliseconds.
    to_agent_p50_ms: f64,
    to_agent_p99_ms: f64,
}

/// What is required on two cores that the load shares.
pub(super) const REQUIRED: Figures =
    Figures { rate: 400, cpu_ms: 1.5, to_agent_p50_ms: 1.0, to_agent_p99_ms: 3.0 };
/// What is aimed at.
const AIM: Figures = Figures { rate: 1000, cpu_ms: 0.6, to_agent_p50_ms: 0.6, to_agent_p99_ms: 2.0 };

/// One rate, measured.
pub(super) struct Measured {
    pub(super) plan: Plan,
    pub(super) tally: Tally,
    pub(super) used: Used,
    pub(super) losses: Losses,
}

impl Measured {
    fn cpu_ms(&self) -> f64 {
        self.used.server.as_secs_f64() * 1000.0 / self.tally.completed as f64
    }

    fn recording_ms(&self) -> f64 {
        self.used.recording.as_secs_f64() * 1000.0 / self.tally.completed as f64
    }

    /// Every call was completed, nothing had to be repeated or was lost, and the agents' phones rang in time.
    fn is_borne(&self) -> bool {
        self.tally.completed == self.plan.calls
            && self.tally.repeated == 0
            && self.losses.is_none()
            && self.tally.to_agent.quantile_ms(0.99) < REQUIRED.to_agent_p99_ms
    }

    fn meets(&self, figures: &Figures) -> bool {
        let quantile = |part| self.tally.to_agent.quantile_ms(part);
        self.plan.rate() >= figures.rate
            && self.is_borne()
            && self.cpu_ms() <= figures.cpu_ms
            && quantile(0.5) <= figures.to_agent_p50_ms
            && quantile(0.99) <= figures.to_agent_p99_ms
    }

    fn json(&self) -> Value {
        let Self { plan, tally, used, losses } = self;
        let times = |times: &Times| {
            let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|part| rounded(times.quantile_ms(part)));
            json!({"p50_ms": p50, "p90_ms": p90, "p99_ms": p99, "max_ms": rounded(times.max_ms())})
        };
        json!({
            "rate": plan.rate(),
            "offered": tally.offered,
            "completed": tally.completed,
            "failed": tally.failed(),
            "failures": tally.failures,
            "repeated_messages": tally.repeated,
            "cpu_ms_per_call": rounded(self.cpu_ms()),
            "recording_cpu_ms_per_call": rounded(self.recording_ms()),
            "invite_to_agent": times(&tally.to_agent),
            "invite_to_200": times(&tally.to_answer),
            "memory_kib": used.rss_kib,
            "journal_entries_lost": losses.journal,
            "recordings_failed": losses.recordings,
            "generator_cores": rounded(used.own_cores),
            "generator_late_ms": rounded(tally.latest.as_secs_f64() * 1000.0),
            "other_cores": rounded(used.other_cores),
            "borne": self.is_borne(),
        })
    }
}

/// All rates.
pub(super) struct Report {
    machine: String,
    directory: String,
    agents: u32,
    pages: usize,
    talk_ms: u64,
    seconds: u32,
    rates: Vec<Measured>,
}

impl Report {
    pub(super) fn new(stage: &Stage, options: &BenchSip) -> Self {
        Self {
            machine: machine(),
            directory: stage.directory().display().to_string(),
            agents: options.agents,
            pages: options.pages,
            talk_ms: options.talk_ms,
            seconds: options.seconds,
            rates: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, measured: Measured) {
        self.rates.push(measured);
    }

    /// The highest rate up to which every rate was borne.
    fn limit(&self) -> Option<u32> {
        let mut rates: Vec<&Measured> = self.rates.iter().collect();
        rates.sort_by_key(|measured| measured.plan.rate());
        rates
            .into_iter()
            .take_while(|measured| measured.is_borne())
            .last()
            .map(|measured| measured.plan.rate())
    }

    pub(super) fn is_required_met(&self) -> bool {
        let mut required =
            self.rates.iter().filter(|measured| measured.plan.rate() == REQUIRED.rate).peekable();
        required.peek().is_some() && required.all(|measured| measured.meets(&REQUIRED))
    }

    pub(super) fn json(&self) -> Value {
        let figures = |figures: &Figures| {
            json!({
                "rate": figures.rate,
                "cpu_ms_per_call": figures.cpu_ms,
                "invite_to_agent": {"p50_ms": figures.to_agent_p50_ms, "p99_ms": figures.to_agent_p99_ms},
            })
        };
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "optimised": !cfg!(debug_assertions),
            "machine": self.machine,
            "agents": self.agents,
            "pages": self.pages,
            "talk_ms": self.talk_ms,
            "seconds": self.seconds,
            "recording": true,
            "media": false,
            "rates": self.rates.iter().map(Measured::json).collect::<Vec<Value>>(),
            "limit": self.limit(),
            "required": figures(&REQUIRED),
            "aim": figures(&AIM),
            "required_met": self.is_required_met(),
        })
    }

    pub(super) fn print_begin(&self) {
        let Self { machine, directory, agents, pages, talk_ms, seconds, .. } = self;
        banner::print(&format!(
            "Calls from a trunk, answered, queued, taken at once by one of {agents} agents ({pages} with a page open), \
             talk of {talk_ms} ms,\nhung up by the caller. Every call is journalled and recorded as in production; \
             the generator sends SIP and no media.\n{seconds} s for each rate; server and generator share this machine: \
             {machine}.\nFiles in {directory}."
        ));
        if cfg!(debug_assertions) {
            banner::print(
                "This program is built without optimisation: the figures say nothing about a release.",
            );
        }
        banner::print(
            "\n  calls/s  completed  failed  repeated    CPU ms a call  INVITE to agent's INVITE, ms  INVITE to 200, ms  memory  other\n\
             \x20                                      all recording      p50      p99      max       p50      p99       MiB  cores",
        );
    }

    pub(super) fn print_end(&self) {
        for (name, figures) in [("required", &REQUIRED), ("aim", &AIM)] {
            let Figures { rate, cpu_ms, to_agent_p50_ms, to_agent_p99_ms } = figures;
            banner::print(&format!(
                "{rate:>9}  {name:<9}       0         0  {cpu_ms:>6.2}             {to_agent_p50_ms:>7.2}  {to_agent_p99_ms:>7.2}"
            ));
        }
        match self.limit() {
            Some(limit) => banner::print(&format!(
                "\nBorne up to {limit} calls a second: all completed, nothing repeated, 99 % at an agent within {} ms.",
                REQUIRED.to_agent_p99_ms
            )),
            None => banner::print("\nNone of these rates was borne without failure, repetition or delay."),
        }
        if self.rates.iter().any(|measured| measured.plan.rate() == REQUIRED.rate) {
            let met = if self.is_required_met() { "met" } else { "not met" };
            banner::print(&format!("The required figures are {met}."));
        }
    }
}

/// One line, as soon as it is known; below it what was not as it should be.
pub(super) fn print_row(measured: &Measured) {
    let Measured { plan, tally, used, losses } = measured;
    let (agent, answer) = (&tally.to_agent, &tally.to_answer);
    banner::print(&format!(
        "{:>9}  {:>9}  {:>6}  {:>8}  {:>6.2}    {:>7.2}  {:>7.2}  {:>7.2}  {:>7.2}   {:>7.2}  {:>7.2}    {:>6}  {:>5.2}",
        plan.rate(),
        tally.completed,
        tally.failed(),
        tally.repeated,
        measured.cpu_ms(),
        measured.recording_ms(),
        agent.quantile_ms(0.5),
        agent.quantile_ms(0.99),
        agent.max_ms(),
        answer.quantile_ms(0.5),
        answer.quantile_ms(0.99),
        used.rss_kib / 1024,
        used.other_cores,
    ));
    for (why, count) in &tally.failures {
        banner::print(&format!("           {count} calls: {why}"));
    }
    if !losses.is_none() {
        let Losses { journal, recordings } = losses;
        banner::print(&format!("           lost: {journal} journal entries, {recordings} recordings"));
    }
    let late_ms = tally.latest.as_secs_f64() * 1000.0;
    if late_ms > LATE_MS {
        banner::print(&format!("           the generator was up to {late_ms:.0} ms behind its plan"));
    }
}

/// Beyond so much the rate was no longer steady.
const LATE_MS: f64 = 20.0;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::stage::Line;

    /// A run of `rate` calls, of which each cost 1 ms and 2 % took `late_ms` to the agent, the others 1 ms.
    fn measured(rate: u32, late_ms: u64) -> Measured {
        let mut tally = Tally { offered: rate.into(), completed: rate.into(), ..Tally::default() };
        for call in 0..rate {
            tally.to_agent.add(Duration::from_millis(if call % 50 == 0 { late_ms } else { 1 }));
        }
        let server = Duration::from_millis(rate.into());
        let used = Used { server, own_cores: 0.1, rss_kib: 100_000, ..Used::default() };
        let plan = Plan {
            line: Line::Recorded,
            a_minute: rate * 60,
            calls: rate.into(),
            talk: Duration::ZERO,
            first: 0,
        };
        Measured { plan, tally, used, losses: Losses::default() }
    }

    fn report(rates: Vec<Measured>) -> Report {
        let text = String::new;
        Report { machine: text(), directory: text(), agents: 1, pages: 0, talk_ms: 0, seconds: 1, rates }
    }

    #[test]
    fn the_limit_is_where_the_first_rate_was_not_borne() {
        assert_eq!(report(vec![]).limit(), None);
        assert_eq!(report(vec![measured(600, 2), measured(200, 2), measured(400, 4)]).limit(), Some(200));
        assert_eq!(report(vec![measured(200, 2), measured(400, 2)]).limit(), Some(400));
        let mut failing = measured(200, 2);
        failing.tally.completed -= 1;
        failing.tally.fail("no answer");
        assert_eq!(report(vec![failing]).limit(), None);
    }

    #[test]
    fn what_is_required_is_met_at_its_rate_only() {
        assert!(report(vec![measured(400, 2)]).is_required_met());
        assert!(!report(vec![measured(1000, 2)]).is_required_met());
        assert!(!report(vec![measured(400, 4)]).is_required_met());
        assert!(!report(vec![measured(400, 2), measured(400, 4)]).is_required_met());
        let mut costly = measured(400, 2);
        costly.used.server *= 2;
        assert!(!report(vec![costly]).is_required_met());
        let mut repeating = measured(400, 2);
        repeating.tally.repeated = 1;
        assert!(!report(vec![repeating]).is_required_met());
    }
}
