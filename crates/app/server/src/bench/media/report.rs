//! The result, as a table for people and as JSON.

use serde_json::{Value, json};

use super::goals::{self, CALLS_REQUIRED, CLEAN_AIM, Goal, Verdict};
use super::scene::{OPUS_CALLS, Scene};
use super::seconds::Heard;
use super::trial::Measured;
use crate::banner;
use crate::bench::process::machine;
use crate::bench::rounded;

/// All that was measured.
pub(super) struct Report {
    pub(super) machine: String,
    pub(super) seconds: u32,
    pub(super) runs: Vec<Measured>,
    /// The search of the greatest clean number of recorded calls.
    pub(super) limit: Option<Tried>,
    /// Recorded calls with server and load on processors of their own.
    pub(super) apart: Option<Measured>,
    /// What libopus alone takes for each second of a call, in milliseconds.
    pub(super) libopus_ms: Option<f64>,
}

/// What the search tried and found.
pub(super) struct Tried {
    pub(super) runs: Vec<Measured>,
    pub(super) greatest: Option<u32>,
}

impl Report {
    pub(super) fn new(seconds: u32) -> Self {
        Self { machine: machine(), seconds, runs: Vec::new(), limit: None, apart: None, libopus_ms: None }
    }

    pub(super) fn add(&mut self, measured: Measured) {
        self.runs.push(measured);
    }

    /// Of all runs of a scene with so many calls, the one of the middle processor time.
    pub(super) fn median(&self, scene: Scene, calls: u32) -> Option<&Measured> {
        let same = |run: &&Measured| run.trial.scene == scene && run.trial.calls == calls;
        let mut runs: Vec<&Measured> = self.runs.iter().filter(same).collect();
        runs.sort_by(|a, b| a.cpu_ms().total_cmp(&b.cpu_ms()));
        runs.get(runs.len() / 2).copied()
    }

    /// How many times as much as the kernel alone it takes.
    pub(super) fn ratio(&self, scene: Scene, calls: u32) -> Option<f64> {
        let floor = self.median(scene.floor()?, calls)?;
        Some(self.median(scene, calls)?.cpu_ms() / floor.cpu_ms())
    }

    /// How many times as much as libopus and the relay together the translation between Opus and G.711 takes.
    pub(super) fn opus_ratio(&self) -> Option<f64> {
        let relay = self.median(Scene::Relay, OPUS_CALLS)?.cpu_ms();
        Some(self.median(Scene::Opus, OPUS_CALLS)?.cpu_ms() / (self.libopus_ms? + relay))
    }

    /// What was measured, without repetitions: scene and number of calls.
    pub(super) fn rows(&self) -> Vec<(u32, Scene)> {
        let mut rows: Vec<(u32, Scene)> =
            self.runs.iter().map(|run| (run.trial.calls, run.trial.scene)).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Every run, those of the search included.
    pub(super) fn all_runs(&self) -> impl Iterator<Item = &Measured> {
        let tried = self.limit.iter().flat_map(|tried| &tried.runs);
        self.runs.iter().chain(tried).chain(&self.apart)
    }

    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        goals::verdicts(self)
    }

    pub(super) fn json(&self) -> Value {
        let goal = |verdict: &Verdict| {
            let Goal { name, bound, unit, is_least, .. } = verdict.goal;
            let bound_name = if is_least { "at_least" } else { "at_most" };
            json!({"goal": name, bound_name: bound, "unit": unit, "measured": rounded(verdict.figure),
                   "met": verdict.is_met()})
        };
        let limit = self.limit.as_ref().map(|tried| {
            json!({"calls": tried.greatest, "aim": CLEAN_AIM,
                   "tried": tried.runs.iter().map(run_json).collect::<Vec<Value>>()})
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "optimised": !cfg!(debug_assertions),
            "machine": self.machine,
            "seconds": self.seconds,
            "runs": self.runs.iter().map(run_json).collect::<Vec<Value>>(),
            "clean": limit,
            "apart": self.apart.as_ref().map(run_json),
            "goals_at_calls": CALLS_REQUIRED,
            "goals": self.verdicts().iter().map(goal).collect::<Vec<Value>>(),
        })
    }

    pub(super) fn print_begin(&self) {
        let Self { machine, seconds, .. } = self;
        banner::print(&format!(
            "Calls from a trunk to SIP phones, G.711 on both legs, 20 ms, all talk all the time; each row with a server of its own.\n\
             {seconds} s for each row; server and load share this machine: {machine}."
        ));
        if cfg!(debug_assertions) {
            banner::print(UNOPTIMISED);
        }
        banner::print(
            "\n                                CPU ms for a second  times    calls     delay, ms       memory       beats late\n  \
             calls                             of a call: all rec.   bare   a core     p50     p99   kB a call  threads  p99.9, ms  steal  other",
        );
    }

    /// One run, as soon as it is known; below it what was not as it should be.
    pub(super) fn print_row(&self, run: &Measured) {
        let (trial, heard, used) = (run.trial, run.heard, run.used);
        let cpu_ms = run.cpu_ms();
        let floor = trial.scene.floor().and_then(|floor| self.median(floor, trial.calls));
        banner::print(&format!(
            "{:>7}  {:<24}{:>14.2} {:>6.2} {:>6} {:>8.0}  {:>6} {:>7} {:>10.1} {:>8} {:>10} {:>5.1}% {:>6.2}",
            trial.calls,
            trial.scene.title(),
            cpu_ms,
            run.recording_ms(),
            cell(floor.map_or(f64::NAN, |floor| cpu_ms / floor.cpu_ms()), 2),
            1000.0 / cpu_ms,
            cell(heard.p50_ms, 2),
            cell(heard.p99_ms, 2),
            run.memory_kb(),
            used.threads,
            cell(run.beats.quantile_ms(0.999), 1),
            used.steal * 100.0,
            used.other_cores,
        ));
        if trial.scene.is_of_browsers() {
            let (p50, p99) = (cell(heard.first_p50_ms, 0), cell(heard.first_p99_ms, 0));
            banner::print(&format!(
                "         from the INVITE to the first audio: p50 {p50} ms, p99 {p99} ms"
            ));
        }
        for fault in run.faults() {
            banner::print(&format!("         {fault}"));
        }
    }

    pub(super) fn print_end(&self) {
        if let Some(apart) = &self.apart {
            banner::print(&format!(
                "\nServer and load on processors of their own, {} recorded calls: 99.9 % of {} beats late by at most {} ms; \
                 the hypervisor took {:.1} %.",
                apart.trial.calls,
                apart.beats.count(),
                cell(apart.beats.quantile_ms(0.999), 1),
                apart.used.steal * 100.0,
            ));
            for fault in apart.faults() {
                banner::print(&format!("  {fault}"));
            }
        }
        banner::print("");
        for verdict in self.verdicts() {
            if !verdict.figure.is_nan() {
                banner::print(&format!("{:<9} {}", met(&verdict), said(&verdict)));
            }
        }
    }
}

/// For a program that says nothing about a release.
pub(super) const UNOPTIMISED: &str =
    "This program is built without optimisation: the figures say nothing about a release.";

/// A number with so many places; a dash for what was not measured.
pub(super) fn cell(value: f64, places: usize) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.places$}") }
}

pub(super) fn met(verdict: &Verdict) -> &'static str {
    if verdict.figure.is_nan() {
        "–"
    } else if verdict.is_met() {
        "met"
    } else {
        "not met"
    }
}

/// A goal in words, with what was measured.
fn said(verdict: &Verdict) -> String {
    let Goal { title, unit, bound, is_least, .. } = verdict.goal;
    let (places, least) = if is_least { (0, "least") } else { (2, "most") };
    format!("{title}: {} {unit}, at {least} {bound} is required", cell(verdict.figure, places))
        .replace(" ,", ",")
}

fn run_json(run: &Measured) -> Value {
    let Heard { counts, p50_ms, p99_ms, p99_worst_ms, late_ms, first_p50_ms, first_p99_ms } = run.heard;
    json!({
        "scene": run.trial.scene.name(),
        "calls": run.trial.calls,
        "pinned": run.trial.is_pinned,
        "cpu_ms_per_call_s": rounded(run.cpu_ms()),
        "recording_cpu_ms_per_call_s": rounded(run.recording_ms()),
        "calls_per_core": rounded(1000.0 / run.cpu_ms()),
        "packets_sent": counts.sent,
        "packets_heard": counts.heard,
        "packets_lost": counts.lost,
        "packets_wrong": counts.wrong,
        "delay": {"p50_ms": rounded(p50_ms), "p99_ms": rounded(p99_ms), "worst_p99_ms": rounded(p99_worst_ms)},
        "invite_to_audio": {"p50_ms": rounded(first_p50_ms), "p99_ms": rounded(first_p99_ms)},
        "memory_kb_per_call": rounded(run.memory_kb()),
        "memory_kib": run.used.rss_kib,
        "threads": run.used.threads,
        "threads_added": run.threads_added(),
        "files": run.used.files,
        "beats": {"count": run.beats.count(), "p50_late_ms": rounded(run.beats.quantile_ms(0.5)),
                  "p99_9_late_ms": rounded(run.beats.quantile_ms(0.999))},
        "load_cores": rounded(run.used.own_cores),
        "load_late_ms": rounded(late_ms),
        "other_cores": rounded(run.used.other_cores),
        "steal": rounded(run.used.steal),
        "datagrams_dropped": run.dropped,
        "clean": run.faults().is_empty(),
        "faults": run.faults(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::trial::tests::measured;
    use super::*;

    #[test]
    fn the_middle_run_counts_and_is_compared_with_the_middle_of_the_bare_ones() {
        let mut report = Report::new(1);
        for (forwarder, relay) in [(500, 900), (400, 600), (900, 650)] {
            report.add(measured(Scene::Forwarder, 100, forwarder));
            report.add(measured(Scene::Relay, 100, relay));
            report.add(measured(Scene::Relay, 50, 9000));
        }
        assert_eq!(report.rows(), [(50, Scene::Relay), (100, Scene::Forwarder), (100, Scene::Relay)]);
        assert_eq!(report.ratio(Scene::Relay, 100).map(|ratio| (ratio * 100.0).round()), Some(130.0));
        assert_eq!(report.ratio(Scene::Relay, 50), None);
        assert_eq!(report.ratio(Scene::Forwarder, 100), None);
        let json = report.json();
        assert_eq!((json["runs"].as_array().map(Vec::len), &json["clean"]), (Some(9), &Value::Null));
    }

    #[test]
    fn a_goal_is_said_with_its_figure() {
        let mut report = Report::new(1);
        report.add(measured(Scene::Transcoded, CALLS_REQUIRED, 2610));
        let verdicts = report.verdicts();
        let [relay, transcoded] = ["relay", "transcoded"]
            .map(|name| verdicts.iter().find(|verdict| verdict.goal.name == name).unwrap());
        assert_eq!((met(relay), met(transcoded)), ("–", "not met"));
        let text = "G.722 ↔ G.711: CPU for each second of a call: 2.61 ms, at most 2.6 is required";
        assert_eq!(said(transcoded), text);
    }
}
