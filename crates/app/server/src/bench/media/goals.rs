//! What is required of a server on two cores that the load shares.

use super::report::Report;
use super::scene::{OPUS_CALLS, Scene};
use super::trial::Measured;

/// Figures that depend on the number of calls are required at this one.
pub(super) const CALLS_REQUIRED: u32 = 400;
/// Clean recorded calls that are aimed at.
pub(super) const CLEAN_AIM: u32 = 1200;

/// A figure and its bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// For JSON.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) bound: f64,
    /// Whether the bound is the least that is required, and not the most.
    pub(super) is_least: bool,
    /// NaN if it was not measured.
    figure: fn(&Report) -> f64,
}

/// A goal beside what was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) goal: Goal,
    pub(super) figure: f64,
}

impl Verdict {
    pub(super) fn is_met(&self) -> bool {
        let Goal { bound, is_least, .. } = self.goal;
        if is_least { self.figure >= bound } else { self.figure <= bound }
    }
}

pub(super) fn verdicts(report: &Report) -> Vec<Verdict> {
    GOALS.iter().map(|goal| Verdict { goal: *goal, figure: (goal.figure)(report) }).collect()
}

const fn most(
    name: &'static str,
    title: &'static str,
    bound: f64,
    unit: &'static str,
    figure: fn(&Report) -> f64,
) -> Goal {
    Goal { name, title, unit, bound, is_least: false, figure }
}

const GOALS: [Goal; 14] = [
    most("relay", "bridged: times the bare forwarder", 1.4, "", |report| ratio(report, Scene::Relay)),
    most("recorded", "bridged and recorded: times the bare forwarder", 1.7, "", |report| {
        ratio(report, Scene::Recorded)
    }),
    most("transcoded", "G.722 ↔ G.711: CPU for each second of a call", 2.6, "ms", |report| {
        figure(report, Scene::Transcoded, Measured::cpu_ms)
    }),
    most("opus", "Opus 16 kHz ↔ G.711, 100 calls: times libopus and the relay", 1.2, "", |report| {
        report.opus_ratio().unwrap_or(f64::NAN)
    }),
    most("browser_delay", "one-way delay between browser and phone, G.711, p99", 2.0, "ms", |report| {
        figure(report, Scene::Browser, |run| run.heard.p99_ms)
    }),
    most(
        "browser_opus_delay",
        "the same, Opus ↔ G.711, 100 calls, what codecs look ahead included",
        30.0,
        "ms",
        |report| report.median(Scene::BrowserOpus, OPUS_CALLS).map_or(f64::NAN, |run| run.heard.p99_ms),
    ),
    most("browser_first", "a browser's INVITE to the first audio, p99", 500.0, "ms", |report| {
        figure(report, Scene::Browser, |run| run.heard.first_p99_ms)
    }),
    most("delay_p50", "one-way delay of recorded calls, p50", 0.2, "ms", |report| {
        figure(report, Scene::Recorded, |run| run.heard.p50_ms)
    }),
    most("delay_p99", "one-way delay of recorded calls, p99", 0.6, "ms", |report| {
        figure(report, Scene::Recorded, |run| run.heard.p99_ms)
    }),
    most("memory", "memory for each recorded call", 48.0, "kB", |report| {
        figure(report, Scene::Recorded, Measured::memory_kb)
    }),
    // One for every twenty calls would be far too many, but some of tokio's come when there is much to do.
    most("threads", "threads added by the calls", (CALLS_REQUIRED / 20) as f64, "", |report| {
        figure(report, Scene::Recorded, |run| run.threads_added() as f64)
    }),
    most("music", "waiting with music: times the bare sender", 1.4, "", |report| {
        ratio(report, Scene::Waiting)
    }),
    most("beats", "beats late at half load, load on a core of its own, p99.9", 2.0, "ms", |report| {
        report.apart.as_ref().map_or(f64::NAN, |apart| apart.beats.quantile_ms(0.999))
    }),
    Goal {
        name: "clean",
        title: "recorded calls at once, clean",
        unit: "",
        bound: 800.0,
        is_least: true,
        figure: |report| {
            let greatest = |limit: &super::report::Tried| f64::from(limit.greatest.unwrap_or(0));
            report.limit.as_ref().map_or(f64::NAN, greatest)
        },
    },
];

fn figure(report: &Report, scene: Scene, figure: impl Fn(&Measured) -> f64) -> f64 {
    report.median(scene, CALLS_REQUIRED).map_or(f64::NAN, figure)
}

fn ratio(report: &Report, scene: Scene) -> f64 {
    report.ratio(scene, CALLS_REQUIRED).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::super::report::Tried;
    use super::super::trial::tests::measured;
    use super::*;

    /// A report in which each part costs so many microseconds, and so many calls were clean.
    fn report(forwarder: u64, recorded: u64, clean: u32) -> Report {
        let mut report = Report::new(1);
        let costs = [(Scene::Forwarder, forwarder), (Scene::Recorded, recorded), (Scene::Transcoded, 2_600)];
        for (scene, cost) in costs {
            report.add(measured(scene, CALLS_REQUIRED, cost));
            report.add(measured(scene, 100, 9_000));
        }
        report.limit = Some(Tried { runs: Vec::new(), greatest: Some(clean) });
        report
    }

    fn is_met(report: &Report, name: &str) -> bool {
        verdicts(report).iter().find(|verdict| verdict.goal.name == name).unwrap().is_met()
    }

    #[test]
    fn a_goal_is_met_up_to_its_bound_at_the_required_number_of_calls() {
        let good = report(500, 850, 800);
        for name in ["recorded", "transcoded", "delay_p50", "delay_p99", "memory", "threads", "clean"] {
            assert!(is_met(&good, name), "{name}");
        }
        assert!(!is_met(&report(500, 860, 800), "recorded"));
        assert!(!is_met(&report(500, 850, 750), "clean"));
        for name in ["relay", "music", "beats"] {
            assert!(!is_met(&good, name), "{name} was not measured");
        }
    }
}
