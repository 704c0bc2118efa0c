//! The counters inside the core, which knows no metrics: it keeps numbers under short names and is asked for them.
//!
//! They are one family: `hotline_core_<name>_total`. No name in the table of [`Metric`](crate::Metric) begins like
//! this, so the core can name a new counter without looking there.

use std::collections::BTreeMap;

use metrics::{Counter, Unit};

/// What every name of the family begins with.
pub const CORE_PREFIX: &str = "hotline_core_";

/// Brings the core's counters to the metrics. Make it after [`Metrics::install`](crate::Metrics::install).
#[derive(Default)]
pub struct CoreCounters {
    known: BTreeMap<&'static str, Counter>,
}

impl CoreCounters {
    /// Shows these values, each under its name: lower case letters, digits and `_`. A counter that was not seen
    /// before is described by its name in words.
    pub fn show(&mut self, counters: impl IntoIterator<Item = (&'static str, u64)>) {
        for (name, value) in counters {
            self.known.entry(name).or_insert_with(|| describe(name)).absolute(value);
        }
    }
}

fn describe(name: &str) -> Counter {
    debug_assert!(
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
        "{name} is no name for a metric"
    );
    let exported = format!("{CORE_PREFIX}{name}_total");
    let help = format!("Inside call processing: {}.", name.replace('_', " "));
    metrics::describe_counter!(exported.clone(), Unit::Count, help);
    metrics::counter!(exported)
}
