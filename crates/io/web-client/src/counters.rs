//! Handles of the metrics that are counted on every request.

use std::time::Instant;

use hotline_telemetry::Metric;
use metrics::{Counter, Gauge, Histogram};

use crate::Failure;

/// What a client counts. Make it after the recorder of metrics is installed.
pub(crate) struct Counters {
    under_way: Gauge,
    time: Histogram,
    pub(crate) retries: Counter,
}

/// A request that is under way. Dropping it says that it is not: without an outcome nobody waited for it.
pub(crate) struct UnderWay<'c> {
    counters: &'c Counters,
    since: Instant,
    outcome: &'static str,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            under_way: Metric::WebRequestsUnderWay.gauge(),
            time: Metric::WebRequestTime.histogram(),
            retries: Metric::WebRetries.counter(),
        }
    }

    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.under_way.increment(1.0);
        UnderWay { counters: self, since: Instant::now(), outcome: "dropped" }
    }
}

impl UnderWay<'_> {
    pub(crate) fn end<T>(mut self, outcome: Result<&T, &Failure>) {
        self.outcome = outcome.map_or_else(|failure| failure.label(), |_| "ok");
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counters.under_way.decrement(1.0);
        self.counters.time.record(self.since.elapsed().as_secs_f64());
        Metric::WebRequests.increment_for([self.outcome]);
    }
}
