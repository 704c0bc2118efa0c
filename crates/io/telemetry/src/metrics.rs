//! The process-wide recorder, and its text for Prometheus. Serving that text over HTTP is the API's.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{Kind, Metric};

/// How often [`Metrics::upkeep`] must be called at least, so that unread histograms stay small.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Bounds of histogram buckets in seconds: from one commit on a fast disk to a statement's time limit.
const SECONDS_BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0];

/// Bounds for beats, which are to be punctual to the millisecond.
const LATENESS_BUCKETS: [f64; 10] = [0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/// The recorder could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("cannot install the metrics recorder; was it installed already?")]
pub struct MetricsError(#[from] BuildError);

/// The installed recorder. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder of this process and makes every metric known, so that a counter that never moved
    /// reads 0 and not "absent".
    ///
    /// # Errors
    /// [`MetricsError`] if this process has a recorder.
    pub fn install() -> Result<Self, MetricsError> {
        let beats = Matcher::Full(Metric::MediaBeatLateness.name().to_owned());
        let handle = PrometheusBuilder::new()
            .set_buckets(&SECONDS_BUCKETS)?
            .set_buckets_for_metric(beats, &LATENESS_BUCKETS)?
            .install_recorder()?;
        for metric in Metric::ALL {
            let (name, unit, help) = (metric.name(), metric.unit(), metric.help());
            match metric.kind() {
                Kind::Counter => {
                    metrics::describe_counter!(name, unit, help);
                    if metric.labels().is_empty() {
                        metric.increment(0);
                    }
                }
                Kind::Gauge => {
                    metrics::describe_gauge!(name, unit, help);
                    metric.gauge().increment(0.0);
                }
                Kind::Histogram => metrics::describe_histogram!(name, unit, help),
            }
        }
        Ok(Self { handle })
    }

    /// All metrics in Prometheus's text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds new histogram values into their buckets. Call every [`UPKEEP_EVERY`].
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CoreCounters;

    // One test: the recorder belongs to the process.
    #[test]
    fn a_scrape_shows_every_metric_with_its_help_and_value() {
        let metrics = Metrics::install().unwrap();
        assert!(Metrics::install().is_err(), "a second recorder is refused");
        Metric::JournalLost.increment(3);
        Metric::JournalSpool.set(17.0);
        Metric::JournalCommit.record(0.004);
        Metric::ApiSignIns.increment_for(["refused"]);
        let mut core = CoreCounters::default();
        for (started, timeouts) in [(1, 0), (5, 2)] {
            core.show([("calls_started", started), ("sip_timeouts", timeouts)]);
        }
        metrics.upkeep();
        let text = metrics.render();
        for line in [
            "# HELP hotline_journal_lost_total Events and records lost because the writer's queue was full.",
            "# TYPE hotline_journal_lost_total counter",
            "hotline_journal_lost_total 3",
            "hotline_journal_refused_total 0",
            "hotline_journal_spool_bytes 17",
            "hotline_api_sign_ins_total{outcome=\"refused\"} 1",
            "# HELP hotline_core_calls_started_total Inside call processing: calls started.",
            "# TYPE hotline_core_calls_started_total counter",
            "hotline_core_calls_started_total 5",
            "hotline_core_sip_timeouts_total 2",
            "hotline_journal_commit_seconds_bucket{le=\"0.002\"} 0",
            "hotline_journal_commit_seconds_bucket{le=\"0.005\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "no line {line:?} in\n{text}");
        }
    }
}
